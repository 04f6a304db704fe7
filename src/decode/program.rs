//! Programs of the user's own that read messages: bytes in, text out. How they are run is known elsewhere; here is what
//! becomes of what they print.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::record::Side;
use crate::text;

use super::document::Value;
use super::reading::Reading;
use super::{Decoder, Fault, Payload, Role};

/// What a tab is shown as.
const TAB: &str = "    ";

/// Whether a program is asked, which takes a process and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// It is not; what it said before is known.
    Never,
    /// It is, and nobody waits for it. A bell rings when it is done.
    Later,
    /// It is, and it is waited for.
    Now,
}

/// Why there is nothing that a program says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It was not asked, or is not done.
    Unknown,
    /// It failed: why, in words. They may be the program's own.
    Failed(Arc<str>),
}

/// Runs a program on messages.
pub trait Runner: Send + Sync {
    /// What it prints for a message, all of which is here.
    ///
    /// # Errors
    /// Where there is nothing.
    fn read(&self, from: Side, payload: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence>;

    /// What is to be called, on any thread, when something is known that was asked for.
    fn when_read(&self, bell: Box<dyn Fn() + Send + Sync>);
}

/// A program that reads messages.
pub struct Program {
    name: String,
    runner: Box<dyn Runner>,
}

impl Program {
    /// The decoder that asks a program. What it holds stays in memory until the process ends.
    #[must_use]
    pub fn decoder(name: &str, runner: impl Runner + 'static) -> Decoder {
        Decoder::Program(Box::leak(Box::new(Self { name: name.to_owned(), runner: Box::new(runner) })))
    }

    /// What the user calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be called, on any thread, when it has read something that was asked for later.
    pub fn when_read(&self, bell: impl Fn() + Send + Sync + 'static) {
        self.runner.when_read(Box::new(bell));
    }

    pub(super) fn message(&self, reading: &mut Reading<'_>) -> Result<(), Fault> {
        if !reading.payload.is_whole {
            return Err(Fault::new(0, "the program reads whole messages, and not all of this one is looked at"));
        }
        let said = self.runner.read(reading.from, reading.payload, reading.limits().ask);
        let said = said.map_err(|silence| match silence {
            Silence::Unknown => Fault::new(0, "the program has not read it yet"),
            Silence::Failed(why) => Fault::new(0, &*why),
        })?;
        let text = said.trim_end().trim_start_matches('\n');
        let json = text
            .starts_with(['{', '['])
            .then(|| reading.tree.read_within(Decoder::Json, Payload::text(text.as_bytes()), 1));
        match json.flatten() {
            Some(json) => reading.tree.graft("JSON", json, None),
            None => text.lines().for_each(|line| {
                let line = text::preview(line.replace('\t', TAB).as_bytes(), reading.limits().text);
                reading.tree.add(None, Value::word(line), None);
            }),
        }
        let first = text.lines().map(str::trim).find(|line| !line.is_empty());
        reading.part(first.unwrap_or("nothing printed"), None, Role::Other);
        Ok(())
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Program {}

impl Hash for Program {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decoded, Limits};
    use super::*;

    /// Says the same of each message, when asked.
    struct Saying(Result<Arc<str>, Silence>);

    impl Runner for Saying {
        fn read(&self, _: Side, _: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence> {
            if ask == Ask::Now { self.0.clone() } else { Err(Silence::Unknown) }
        }

        fn when_read(&self, _: Box<dyn Fn() + Send + Sync>) {}
    }

    fn read(said: Result<&str, &str>, limits: &Limits) -> Result<Decoded, Fault> {
        let said = said.map(Arc::from).map_err(|why| Silence::Failed(Arc::from(why)));
        Program::decoder("mine", Saying(said)).read(Side::Client, Payload::binary(b"\x01\x02"), limits)
    }

    const NOW: Limits = Limits { ask: Ask::Now, ..Limits::DETAIL };

    #[test]
    fn lines_that_a_program_prints_are_rows_and_the_first_is_the_summary() {
        let decoded = read(Ok("\n  1: 150\n  2 {\n    1: \"a\u{1b}[31m\"\n  }\n"), &NOW).unwrap();
        assert_eq!(decoded.summary(), "1: 150");
        let lines: Vec<String> = decoded.document.nodes().iter().map(|node| node.value.to_string()).collect();
        assert_eq!(lines, ["  1: 150", "  2 {", "    1: \"a\\u{1b}[31m\"", "  }"]);
    }

    #[test]
    fn json_that_a_program_prints_is_a_tree() {
        let decoded = read(Ok("{\"user\":{\"id\":7}}\n"), &NOW).unwrap();
        assert_eq!(decoded.summary(), "{\"user\":{\"id\":7}}");
        let keys: Vec<_> = decoded.document.nodes().iter().filter_map(|node| node.key.as_deref()).collect();
        assert!(keys.ends_with(&["user", "id"]), "{keys:?}");
    }

    #[test]
    fn a_program_that_says_nothing_yet_or_fails_is_a_fault() {
        assert_eq!(read(Err("it ended with exit code 3"), &NOW).unwrap_err().why, "it ended with exit code 3");
        assert_eq!(read(Ok("x"), &Limits::ROW).unwrap_err().why, "the program has not read it yet");
        let short = Payload { is_whole: false, ..Payload::text(b"x") };
        let decoder = Program::decoder("mine", Saying(Ok(Arc::from("x"))));
        assert!(decoder.read(Side::Client, short, &NOW).unwrap_err().why.contains("whole messages"));
    }
}
