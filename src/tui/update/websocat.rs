//! A websocat command that sends what a client sent, to the same upstream.
//!
//! websocat takes text messages as lines; where a message has lines itself, each ends with a zero byte instead. A binary
//! message is what it reads at once. With `-n` it stays, to show what comes back.

use crate::journal::{Fold, Index, Joined, Row, RowId, SessionSummary};
use crate::record::{FrameRecord, Origin, Seen, Side};
use crate::wire::head::Head;
use crate::wire::opcode::Opcode;

/// Bytes that a pipe hands on in one piece everywhere.
const AT_ONCE: usize = 4096;
/// Bytes of all messages.
const LIMIT: usize = 75_000;

/// The command for some rows: one that sends the client's messages among them, or that only connects where there are
/// none but events. `upstream` is its URL.
///
/// # Errors
/// Where websocat can't send that: why, in a sentence.
pub(crate) fn command<'a>(
    upstream: &str,
    view: &'a Index,
    rows: impl Iterator<Item = Row<'a>>,
) -> Result<String, String> {
    let mut session = None;
    let mut messages = Messages::default();
    let mut others = false;
    for row in rows {
        if session.is_some() && row.session.is_some() && row.session != session {
            return Err("these rows are of several sessions, and a command is for one".to_owned());
        }
        session = session.or(row.session);
        match row.record {
            Seen::Frame(frame) if is_client_data(&frame) => messages.take(view, row)?,
            Seen::Frame(_) | Seen::Raw(_) => others = true,
            _ => {}
        }
    }
    if messages.list.is_empty() && others {
        return Err("websocat sends what a client sends: select a text or binary message of the client's".to_owned());
    }
    let summary = session.and_then(|id| view.session(id));
    let summary = summary.ok_or("this belongs to no session that is remembered")?;
    messages.command(&connection(upstream, summary)?)
}

const fn is_client_data(frame: &FrameRecord) -> bool {
    // The lane is the client's whoever filled it.
    matches!(frame.from, Side::Client) && !frame.header.opcode().is_control() && !matches!(frame.origin, Origin::Proxy)
}

/// The messages of a command.
#[derive(Default)]
struct Messages {
    list: Vec<Vec<u8>>,
    /// Of which kind they are.
    opcode: Option<Opcode>,
    size: usize,
    /// The first fragment of the last one.
    last: Option<RowId>,
}

impl Messages {
    /// Takes a message, by any of its fragments, once.
    fn take<'a>(&mut self, view: &'a Index, row: Row<'a>) -> Result<(), String> {
        let first = view.row_by_id(view.head(Fold::MESSAGES, row.id)).unwrap_or(row);
        let Seen::Frame(frame) = first.record else { return Ok(()) };
        if self.last.replace(first.id) == Some(first.id) {
            return Ok(());
        }
        let opcode = frame.header.opcode();
        if !matches!(opcode, Opcode::TEXT | Opcode::BINARY) {
            return Err(format!("websocat sends text and binary messages, and this is {opcode}"));
        }
        if frame.header.rsv() & 3 != 0 {
            return Err("this message uses an extension, which websocat does not".to_owned());
        }
        if self.opcode.is_some_and(|other| other != opcode) {
            return Err("text and binary messages can't go into one command: select one kind".to_owned());
        }
        let message = whole(view, first, &frame)?;
        self.size += message.len();
        if self.size > LIMIT {
            return Err("this is more than a command can hold: select less".to_owned());
        }
        self.opcode = Some(opcode);
        self.list.push(message);
        Ok(())
    }

    /// The command, with what websocat is told of the connection.
    fn command(&self, connection: &str) -> Result<String, String> {
        match self.opcode {
            None => Ok(format!("websocat {connection}")),
            Some(Opcode::TEXT) => self.text(connection),
            Some(_) => self.binary(connection),
        }
    }

    fn text(&self, connection: &str) -> Result<String, String> {
        let has = |byte: u8| self.list.iter().any(|message| message.contains(&byte));
        if self.list.iter().any(|message| str::from_utf8(message).is_err()) {
            return Err("this text is not UTF-8, and websocat sends none that is not".to_owned());
        }
        let (option, end) = match (has(b'\n'), has(0)) {
            (false, _) => ("", b'\n'),
            (true, false) => (" -0", 0),
            (true, true) => return Err("this text has line ends and zero bytes, and websocat needs one of them".into()),
        };
        let input: Vec<u8> = self.list.iter().flat_map(|message| message.iter().copied().chain([end])).collect();
        let buffer = buffer(self.list.iter().map(Vec::len).max().unwrap_or_default() + 1);
        Ok(format!("{} | websocat --text -n{option}{buffer} {connection}", printf(&input)))
    }

    fn binary(&self, connection: &str) -> Result<String, String> {
        match self.list.as_slice() {
            [message] if message.len() <= AT_ONCE => Ok(format!("{} | websocat -b -n {connection}", printf(message))),
            [_] => Err(format!("websocat reads a binary message at once, and a pipe holds {AT_ONCE} bytes for sure")),
            _ => Err("websocat would join these binary messages: select one".to_owned()),
        }
    }
}

/// The whole message that begins with a row, inflated.
fn whole(view: &Index, first: Row<'_>, frame: &FrameRecord) -> Result<Vec<u8>, String> {
    let fold = Fold { fragments: true, ..Fold::NONE };
    match Joined::new(view, first, frame, fold).said(LIMIT + 1) {
        None => Err("this message is compressed, and what it inflates to is not known".to_owned()),
        Some(said) if said.is_whole || said.bytes.len() > LIMIT => Ok(said.bytes),
        Some(_) => Err("not all of this message came and was kept, so no command can send it".to_owned()),
    }
}

/// websocat's default of 65536 bytes is too little for a long line.
fn buffer(line: usize) -> String {
    if line > 65_536 { format!(" -B {line}") } else { String::new() }
}

/// What was asked of the upstream, as websocat's options and its URL.
fn connection(upstream: &str, summary: &SessionSummary) -> Result<String, String> {
    let authority = upstream.find("://").map_or(0, |at| at + 3);
    let end = upstream.get(authority..).and_then(|rest| rest.find('/')).map_or(upstream.len(), |at| authority + at);
    let base = upstream.get(..end).unwrap_or_default();
    let Some(request) = &summary.request else {
        return Err("the request never came as a whole".to_owned());
    };
    let head = Head::new(&request.forwarded);
    if !head.target().starts_with(b"/") {
        return Err("the request asks for no path, and no command can do that".to_owned());
    }
    let mut options = String::new();
    let fields = [
        ("Sec-WebSocket-Protocol", "--protocol="),
        ("Origin", "--origin="),
        ("Cookie", "-H=Cookie: "),
        ("Authorization", "-H=Authorization: "),
    ];
    for (field, option) in fields {
        if let Some(value) = head.value(field) {
            options.push_str(&quoted(&format!("{option}{}", printable(value)?)));
            options.push(' ');
        }
    }
    Ok(format!("{options}{}", quoted(&format!("{base}{}", printable(head.target())?))))
}

/// What may stand in a URL or in a field.
fn printable(bytes: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    text.ok_or_else(|| "the request has bytes that are not printable ASCII, and no command can ask for that".to_owned())
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command that prints some bytes, in any POSIX shell.
fn printf(bytes: &[u8]) -> String {
    let mut format = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => format.push_str("\\n"),
            b'\\' => format.push_str("\\\\"),
            b'%' => format.push_str("%%"),
            b'-' if at == 0 => format.push_str("\\055"),
            b' '..=b'~' => format.push(char::from(*byte)),
            byte => format.push_str(&format!("\\{byte:03o}")),
        }
    }
    format!("printf '{}'", format.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn shell(command: &str) -> Vec<u8> {
        Command::new("sh").args(["-c", command]).output().unwrap().stdout
    }

    #[test]
    fn a_word_is_one_word_to_the_shell() {
        assert_eq!(quoted("ws://localhost:9999/chat"), "ws://localhost:9999/chat");
        for word in ["a b", "it's", "$(id)", "`id`", "a;b", "", "\\", "ws://h/?a=1&b=2", "!x", "~"] {
            assert_eq!(shell(&format!("printf %s {}", quoted(word))), word.as_bytes(), "{word}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_shell_prints_each_byte_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            prop_assert_eq!(shell(&printf(&bytes)), bytes);
        }

        #[test]
        fn no_text_ends_its_quotes(text in r#"[-'"\\%$`!0-9a-c\n ]{1,40}"#) {
            prop_assert_eq!(shell(&printf(text.as_bytes())), text.as_bytes());
        }
    }
}
