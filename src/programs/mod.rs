//! Programs of the user's own that read messages: what they print is remembered, and none is run twice for the same bytes.
//!
//! Each message is a process of its own, by the system's shell: its bytes on standard input, text on standard output.
//! Nothing here runs on a session's path, and a program that hangs, floods or fails costs no more than the limits below.

pub mod hook;
mod process;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::decode::{Ask, Decoder, Format, Payload, Program, Runner, Silence};
use crate::record::Side;

/// Threads that run a program: a picture of the screen asks for a few dozen messages at once.
const THREADS: usize = 2;
/// Messages that wait for a program: more than a screen shows. The oldest gives its room away.
const WAITING: usize = 128;
/// Bytes of messages and of what was printed for them that are remembered, of one program.
const REMEMBERED: usize = 16 * 1024 * 1024;
/// What an entry takes besides those bytes.
const ENTRY: usize = 128;

/// What was asked: who sent it, what it is said to be, its bytes.
type Question = (Side, Format, Arc<[u8]>);
type Said = Result<Arc<str>, Arc<str>>;

/// The decoder of a name that runs a command of the user's.
#[must_use]
pub fn decoder(name: &str, command: &str) -> Decoder {
    let desk = Desk { command: command.to_owned(), state: Mutex::default(), asked: Condvar::new() };
    Program::decoder(name, Reader(Arc::new(desk)))
}

struct Reader(Arc<Desk>);

/// What the readers and the threads of a program share.
struct Desk {
    command: String,
    state: Mutex<State>,
    /// Rings when there is something to run.
    asked: Condvar,
}

#[derive(Default)]
struct State {
    threads: usize,
    /// The newest is at the end, and is next: it is what somebody looks at.
    waiting: VecDeque<Question>,
    /// What is being run.
    running: Vec<Question>,
    said: HashMap<Question, Said>,
    /// In the order in which they came.
    order: VecDeque<Question>,
    /// Bytes of what is remembered.
    held: usize,
    bell: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Runner for Reader {
    fn read(&self, from: Side, payload: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence> {
        let question = (from, payload.format, Arc::from(payload.bytes));
        let mut state = self.0.state();
        if let Some(said) = state.said.get(&question) {
            return said.clone().map_err(Silence::Failed);
        }
        match ask {
            Ask::Never => Err(Silence::Unknown),
            Ask::Later => {
                state.wait(question);
                self.0.start(&mut state);
                drop(state);
                self.0.asked.notify_one();
                Err(Silence::Unknown)
            }
            Ask::Now => {
                drop(state);
                let said = self.0.run(&question);
                self.0.state().remember(question, said.clone());
                said.map_err(Silence::Failed)
            }
        }
    }

    fn when_read(&self, bell: Box<dyn Fn() + Send + Sync>) {
        self.0.state().bell = Some(Arc::from(bell));
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, (from, format, bytes): &Question) -> Said {
        let ran = process::run(&self.command, *from, *format, bytes);
        ran.map(Arc::from).map_err(Arc::from)
    }

    /// Starts the threads, if that was not done. Where there can be none, what was asked waits.
    fn start(self: &Arc<Self>, state: &mut State) {
        while state.threads < THREADS {
            let desk = Arc::clone(self);
            if thread::Builder::new().name("decoder".into()).spawn(move || desk.work()).is_err() {
                return;
            }
            state.threads += 1;
        }
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            let Some(question) = state.waiting.pop_back() else {
                state = self.asked.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.running.push(question.clone());
            drop(state);
            let said = self.run(&question);
            state = self.state();
            state.running.retain(|running| *running != question);
            state.remember(question, said);
            if let Some(bell) = state.bell.clone() {
                drop(state);
                bell();
                state = self.state();
            }
        }
    }
}

impl State {
    fn wait(&mut self, question: Question) {
        if self.running.contains(&question) {
            return;
        }
        self.waiting.retain(|waiting| *waiting != question);
        self.waiting.push_back(question);
        if self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
    }

    fn remember(&mut self, question: Question, said: Said) {
        self.held += size(&question, &said);
        self.order.push_back(question.clone());
        if let Some(before) = self.said.insert(question.clone(), said) {
            self.held -= size(&question, &before);
            self.order.pop_back();
        }
        // What was printed last stays, whatever its size: somebody is about to look at it.
        while self.held > REMEMBERED && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(said) = self.said.remove(&oldest) {
                self.held -= size(&oldest, &said);
            }
        }
    }
}

fn size((_, _, bytes): &Question, said: &Said) -> usize {
    let (Ok(text) | Err(text)) = said;
    ENTRY + bytes.len() + text.len()
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::*;
    use crate::decode::{Decoded, Fault, Limits};

    const NOW: Limits = Limits { ask: Ask::Now, ..Limits::DETAIL };

    fn read(decoder: Decoder, bytes: &[u8], limits: &Limits) -> Result<Decoded, Fault> {
        decoder.read(Side::Server, Payload::binary(bytes), limits)
    }

    fn now(command: &str, bytes: &[u8]) -> Result<String, String> {
        read(decoder("mine", command), bytes, &NOW).map(|decoded| decoded.summary()).map_err(|fault| fault.why)
    }

    #[test]
    fn a_program_gets_the_bytes_and_its_text_is_what_they_say() {
        assert_eq!(now("od -An -tx1 | tr -d ' '", b"\x01\xff").unwrap(), "01ff");
        assert_eq!(now("echo $WSPROXY_FROM $WSPROXY_FORMAT", b"").unwrap(), "server binary");
    }

    #[test]
    fn a_program_that_fails_says_why() {
        assert_eq!(now("echo no such message >&2; exit 3", b"x").unwrap_err(), "no such message (exit code 3)");
        assert_eq!(now("exit 4", b"x").unwrap_err(), "the program ended with exit code 4");
        assert!(now("kill -9 $$", b"x").unwrap_err().contains("signal"));
        let missing = now("wsproxy-has-no-such-program", b"x").unwrap_err();
        assert!(missing.contains("not found") && missing.contains("exit code 127"), "{missing}");
        assert_eq!(now("printf '\\377'", b"x").unwrap(), "\u{fffd}");
    }

    #[test]
    fn a_program_that_does_not_read_hangs_or_floods_costs_no_more_than_the_limits() {
        assert_eq!(now("exec 0<&-; echo fine", &vec![b'x'; 1 << 20]).unwrap(), "fine");
        let hung = process::run_for(
            "sleep 1000",
            Side::Client,
            Format::Text,
            &Arc::from(b"x".as_slice()),
            Duration::from_millis(50),
        );
        assert!(hung.unwrap_err().contains("took longer than 50 ms"));
        let child = "sleep 1000 & echo begun; wait";
        let hung =
            process::run_for(child, Side::Client, Format::Text, &Arc::from(b"x".as_slice()), Duration::from_millis(50));
        assert!(hung.unwrap_err().contains("took longer"));
        let flood = now("yes", b"x").unwrap();
        assert_eq!(flood, "y");
    }

    #[test]
    fn who_looks_at_a_message_does_not_wait_and_is_told() {
        let mine = decoder("mine", "tr a-z A-Z");
        let Decoder::Program(program) = mine else { panic!("{mine:?}") };
        let (sender, bell) = sync_channel(1);
        program.when_read(move || {
            let _ = sender.try_send(());
        });
        assert!(read(mine, b"hello", &Limits::ROW).is_err());
        let mut read_later = read(mine, b"hello", &Limits::SHOWN);
        while read_later.is_err() {
            bell.recv_timeout(Duration::from_secs(30)).unwrap();
            read_later = read(mine, b"hello", &Limits::ROW);
        }
        assert_eq!(read_later.unwrap().summary(), "HELLO");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut state = State::default();
        let question = |number: u32| (Side::Client, Format::Binary, Arc::from(number.to_be_bytes().as_slice()));
        for number in 0..64 {
            state.remember(question(number), Ok(Arc::from("x".repeat(1 << 20))));
            state.remember(question(number), Err(Arc::from("again")));
            state.remember(question(number), Ok(Arc::from("x".repeat(1 << 20))));
            let held: usize = state.said.iter().map(|(question, said)| size(question, said)).sum();
            assert_eq!((state.held, state.order.len()), (held, state.said.len()));
            assert!(held <= REMEMBERED);
        }
        assert!(state.said.contains_key(&question(63)) && !state.said.contains_key(&question(0)));
        for number in 0..1000 {
            state.wait(question(number));
            state.wait(question(number));
        }
        assert_eq!((state.waiting.len(), state.waiting.back()), (WAITING, Some(&question(999))));
    }
}
