//! A program that decides of messages as they pass: one process for all of them, which gets a line for each and prints a line
//! for each.
//!
//! Nothing waits for it here: a line that it has no room for is refused, and what it does not say in time is nobody's
//! business but the asker's. One that dies is started again, a little later each time; one that prints no sense is ended.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::mem;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::process;

/// Lines that wait for it to read them, and their bytes: what a lane may hold.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of a line that it prints.
const LONGEST: u64 = 32 * 1024 * 1024;
/// Lines without sense, one behind the other, for which it is ended.
const NONSENSE: u32 = 100;
/// Bytes of what it says on standard error that are remembered: the last of them say why it died.
const TROUBLE: usize = 4 * 1024;
/// Time until it is started again: the first time, and at most.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(5);

/// What a line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// A reply.
    Reply,
    /// Something else.
    Nonsense,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// It printed a line.
    Line(&'a [u8]),
    /// It is gone, and why, in words. What it was given and has not replied to is lost.
    Died(&'a str),
}

/// Takes what happens; of a line it says what that was.
pub type Hearer = Box<dyn Fn(Event<'_>) -> Sense + Send + Sync>;

/// A program that runs for as long as this lives.
pub struct Hook(Arc<Desk>);

/// What its threads share.
struct Desk {
    command: String,
    hear: Hearer,
    state: Mutex<State>,
    /// Rings when there is a line to write, or none will come.
    given: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The process that lines go to now, by its turn.
    turn: u64,
    child: Option<Child>,
    is_over: bool,
}

impl Hook {
    /// Starts a command by the system's shell.
    ///
    /// # Errors
    /// No thread can be started for it.
    pub fn start(command: &str, hear: Hearer) -> std::io::Result<Self> {
        let (state, given) = (Mutex::default(), Condvar::new());
        let desk = Arc::new(Desk { command: command.to_owned(), hear, state, given });
        let runner = Arc::clone(&desk);
        thread::Builder::new().name("hook".into()).spawn(move || runner.run())?;
        Ok(Self(desk))
    }

    /// Gives it a line, with its end. Says whether there was room: it may not have read those before.
    #[must_use]
    pub fn give(&self, line: Vec<u8>) -> bool {
        let mut state = self.0.state();
        let has_room = state.waiting.len() < WAITING && state.bytes + line.len() <= WAITING_BYTES;
        if has_room {
            state.bytes += line.len();
            state.waiting.push_back(line);
            self.0.given.notify_all();
        }
        has_room
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        state.child.iter_mut().for_each(process::end);
        self.0.given.notify_all();
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the program again and again.
    fn run(self: &Arc<Self>) {
        let mut pause = SOON;
        loop {
            let (why, has_replied) = self.run_once();
            let mut state = self.state();
            if state.is_over {
                return;
            }
            state.waiting.clear();
            state.bytes = 0;
            drop(state);
            (self.hear)(Event::Died(&why));
            pause = if has_replied { SOON } else { pause };
            let state = self.state();
            let (state, _) = self
                .given
                .wait_timeout_while(state, pause, |state| !state.is_over)
                .unwrap_or_else(PoisonError::into_inner);
            if state.is_over {
                return;
            }
            pause = (pause * 2).min(LATER);
        }
    }

    /// Runs it to its end: why it ended, and whether it ever replied.
    fn run_once(self: &Arc<Self>) -> (String, bool) {
        let mut shell = process::shell(&self.command);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match shell.spawn() {
            Ok(child) => child,
            Err(error) => return (format!("it can't be started: {error}"), false),
        };
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut state = self.state();
        state.turn += 1;
        let turn = state.turn;
        state.child = Some(child);
        drop(state);
        let writer = Arc::clone(self);
        let writing = process::start("hook's input", move || writer.write(turn, stdin));
        let (last_words, said) = sync_channel(1);
        let hearing = process::start("hook's trouble", move || drop(last_words.send(keep_last(stderr))));
        let (why, has_replied) = match writing.and(hearing) {
            Ok(()) => stdout.map_or((None, false), |stdout| self.read(BufReader::new(stdout))),
            Err(why) => (Some(why), false),
        };
        let child = self.state().child.take();
        let status = child.map(|mut child| {
            process::end(&mut child);
            child.wait().map_or_else(|error| error.to_string(), process::ended)
        });
        self.given.notify_all();
        // All that it started was ended with it, so that this is there at once.
        let told = said.recv_timeout(SOON).unwrap_or_default();
        let told =
            String::from_utf8_lossy(&told).lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
        let status = status.unwrap_or_default();
        (
            why.or(told.map(|told| format!("{told} ({status})"))).unwrap_or_else(|| format!("it ended with {status}")),
            has_replied,
        )
    }

    /// Gives the process of a turn its lines, until it or the turn is over.
    fn write(&self, turn: u64, stdin: Option<ChildStdin>) {
        let Some(mut stdin) = stdin else { return };
        loop {
            let mut state = self.state();
            while state.waiting.is_empty() && state.turn == turn && state.child.is_some() && !state.is_over {
                state = self.given.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.turn != turn || state.child.is_none() || state.is_over {
                return;
            }
            let lines = mem::take(&mut state.waiting);
            state.bytes = 0;
            drop(state);
            let written = lines.iter().try_for_each(|line| stdin.write_all(line)).and_then(|()| stdin.flush());
            if written.is_err() {
                // It reads no more; the reader sees its end.
                return;
            }
        }
    }

    /// Hears what it prints: why it is to be ended, where it is, and whether it ever replied.
    fn read(&self, mut stdout: impl BufRead) -> (Option<String>, bool) {
        let (mut line, mut nonsense, mut has_replied) = (Vec::new(), 0, false);
        loop {
            line.clear();
            match (&mut stdout).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return (None, has_replied),
                Ok(count) if count as u64 == LONGEST => {
                    return (Some(format!("it printed a line of more than {} MiB", LONGEST >> 20)), has_replied);
                }
                Ok(_) => {}
            }
            match (self.hear)(Event::Line(line.trim_ascii())) {
                Sense::Reply => (nonsense, has_replied) = (0, true),
                Sense::Nonsense if nonsense < NONSENSE => nonsense += 1,
                Sense::Nonsense => {
                    return (Some(format!("it printed {NONSENSE} lines that are no replies")), has_replied);
                }
            }
        }
    }
}

/// Reads a stream to its end, and gives the last of it.
fn keep_last(stream: Option<impl Read>) -> Vec<u8> {
    let (Some(mut stream), mut kept, mut piece) = (stream, Vec::new(), [0; 1024]) else { return Vec::new() };
    while let Ok(count) = stream.read(&mut piece) {
        if count == 0 {
            break;
        }
        kept.extend_from_slice(piece.get(..count).unwrap_or_default());
        let surplus = kept.len().saturating_sub(TROUBLE);
        kept.drain(..surplus);
    }
    kept
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(30);

    /// A program, and what is heard of it: lines, and ends behind an exclamation mark.
    fn hook(command: &str) -> std::io::Result<(Hook, Receiver<String>)> {
        let (sender, heard) = sync_channel(10_000);
        let hear = move |event: Event<'_>| {
            let (text, sense) = match event {
                Event::Line(line) if line == b"nonsense" => ("?".to_owned(), Sense::Nonsense),
                Event::Line(line) => (String::from_utf8_lossy(line).into_owned(), Sense::Reply),
                Event::Died(why) => (format!("!{why}"), Sense::Nonsense),
            };
            let _ = sender.try_send(text);
            sense
        };
        Ok((Hook::start(command, Box::new(hear))?, heard))
    }

    #[test]
    fn one_process_gets_all_lines_and_is_heard() {
        let (hook, heard) = hook("exec cat").unwrap();
        for line in ["one", "two"] {
            assert!(hook.give(format!("{line}\n").into_bytes()));
            assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), line);
        }
    }

    #[test]
    fn one_that_dies_is_said_and_started_again() {
        let (hook, heard) = hook("read line; echo \"$line $$\"; echo broken >&2; exit 3").unwrap();
        let mut processes = Vec::new();
        for _ in 0..2 {
            assert!(hook.give(b"x\n".to_vec()));
            processes.push(heard.recv_timeout(DEADLINE).unwrap());
            assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), "!broken (exit code 3)");
        }
        assert_ne!(processes[0], processes[1]);
        let (_hook, heard) = self::hook("wsproxy-has-no-such-program").unwrap();
        assert!(heard.recv_timeout(DEADLINE).unwrap().contains("not found"));
    }

    #[test]
    fn one_that_prints_no_sense_is_ended() {
        let (_hook, heard) = hook("yes nonsense").unwrap();
        let died = std::iter::repeat_with(|| heard.recv_timeout(DEADLINE).unwrap()).find(|text| text.starts_with('!'));
        assert_eq!(died.as_deref(), Some("!it printed 100 lines that are no replies"));
        let (_hook, heard) = hook("tr '\\0' x < /dev/zero").unwrap();
        let died = std::iter::repeat_with(|| heard.recv_timeout(DEADLINE).unwrap()).find(|text| text.starts_with('!'));
        assert_eq!(died.as_deref(), Some("!it printed a line of more than 32 MiB"));
    }

    #[test]
    fn one_that_reads_nothing_is_given_no_more_than_there_is_room_for() {
        let (hook, _heard) = hook("sleep 1000").unwrap();
        let line = vec![b'x'; 1 << 20];
        // What is taken at a time is written or not; more is refused.
        let given = (0..1000).take_while(|_| hook.give(line.clone())).count();
        assert!(given <= 2 * WAITING_BYTES / line.len(), "{given}");
    }
}
