//! The real binary in a real pseudo-terminal, its screen read through a terminal emulator.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::proxy::DEADLINE;

struct Emulator {
    parser: vt100::Parser,
    /// All that the program wrote, raw.
    raw: Vec<u8>,
    ended: bool,
    /// Whether to read no more, and close the terminal.
    closing: bool,
}

/// A running wsproxy and its screen.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// Its three ends of the terminal, until that is closed.
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    reader: Option<JoinHandle<()>>,
    /// What the program remembers goes here, and never to the home of whoever runs the tests.
    _state: tempfile::TempDir,
    shared: Arc<(Mutex<Emulator>, Condvar)>,
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str], rows: u16, cols: u16) -> Self {
        Self::start_with(arguments, &[], rows, cols)
    }

    pub(crate) fn start_with(arguments: &[&str], environment: &[(&str, &str)], rows: u16, cols: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_wsproxy"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let state = tempfile::tempdir().expect("a temporary directory");
        command.env("XDG_STATE_HOME", state.path());
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let emulator = Emulator {
            parser: vt100::Parser::new(at_least_one(rows), at_least_one(cols), 0),
            raw: Vec::new(),
            ended: false,
            closing: false,
        };
        let shared = Arc::new((Mutex::new(emulator), Condvar::new()));
        let reading = Arc::clone(&shared);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut emulator = reading.0.lock().unwrap();
                emulator.parser.process(&buffer[..read]);
                emulator.raw.extend_from_slice(&buffer[..read]);
                emulator.ended = read == 0 || emulator.closing;
                reading.1.notify_all();
                if emulator.ended {
                    return;
                }
            }
        });
        Self { child, master: Some(pair.master), writer: Some(writer), reader: Some(reader), _state: state, shared }
    }

    /// Types; escape sequences stand for keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("an open terminal");
        writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        writer.flush().expect("the terminal takes keys");
    }

    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        self.shared.0.lock().unwrap().parser.screen_mut().set_size(at_least_one(rows), at_least_one(cols));
        let master = self.master.as_ref().expect("an open terminal");
        master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("a resize");
    }

    /// Waits until the screen shows what `condition` looks for.
    pub(crate) fn until<T>(&self, what: &str, mut condition: impl FnMut(&str) -> Option<T>) -> T {
        let start = Instant::now();
        let mut emulator = self.shared.0.lock().unwrap();
        loop {
            let contents = emulator.parser.screen().contents();
            if let Some(found) = condition(&contents) {
                return found;
            }
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero() && !emulator.ended, "waited in vain for {what}; the screen:\n{contents}");
            emulator = self.shared.1.wait_timeout(emulator, left).unwrap().0;
        }
    }

    /// Waits until what the program wrote is what `condition` looks for.
    pub(crate) fn until_raw(&self, what: &str, condition: impl Fn(&[u8]) -> bool) {
        let start = Instant::now();
        let mut emulator = self.shared.0.lock().unwrap();
        while !condition(&emulator.raw) {
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero() && !emulator.ended, "waited in vain for {what}");
            emulator = self.shared.1.wait_timeout(emulator, left).unwrap().0;
        }
    }

    pub(crate) fn until_shows(&self, text: &str) {
        self.until(text, |screen| screen.contains(text).then_some(()));
    }

    /// The port that the screen names.
    pub(crate) fn port(&self) -> u16 {
        self.until("the address", |screen| {
            let after = screen.split("localhost:").nth(1)?;
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
    }

    /// Waits for the end of the program: its exit code.
    pub(crate) fn wait(&mut self) -> u32 {
        let start = Instant::now();
        let mut emulator = self.shared.0.lock().unwrap();
        while !emulator.ended {
            let left = DEADLINE.saturating_sub(start.elapsed());
            let contents = emulator.parser.screen().contents();
            assert!(!left.is_zero(), "waited in vain for the end; the screen:\n{contents}");
            emulator = self.shared.1.wait_timeout(emulator, left).unwrap().0;
        }
        drop(emulator);
        self.child.wait().expect("an exit status").exit_code()
    }

    /// Reads nothing while `act` goes on, as a terminal that was stopped with ctrl-s.
    pub(crate) fn while_stalled(&mut self, act: impl FnOnce(&mut Self)) {
        let shared = Arc::clone(&self.shared);
        let reading = shared.0.lock().unwrap();
        act(self);
        drop(reading);
    }

    /// Waits for the end of the program without reading what it writes: its exit code.
    pub(crate) fn wait_unread(&mut self) -> u32 {
        let id = self.process_id().to_string();
        let child = &mut self.child;
        std::thread::scope(|scope| {
            let (done, result) = std::sync::mpsc::sync_channel(1);
            scope.spawn(move || done.send(child.wait()));
            let status = result.recv_timeout(DEADLINE);
            if status.is_err() {
                // Else the scope would wait for ever.
                let _ = std::process::Command::new("kill").args(["-9", &id]).status();
            }
            status.expect("the program ends").expect("an exit status").exit_code()
        })
    }

    /// Closes the terminal, as a window is closed over the program. `provoke` makes the program write once more.
    pub(crate) fn close(&mut self, provoke: impl FnOnce(&mut Self)) {
        self.shared.0.lock().unwrap().closing = true;
        provoke(self);
        self.reader.take().expect("an open terminal").join().expect("a reader that ends");
        self.writer = None;
        self.master = None;
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process_id().to_string();
        assert!(std::process::Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Whether the program left the terminal as it found it.
    pub(crate) fn is_restored(&self) -> bool {
        let emulator = self.shared.0.lock().unwrap();
        let screen = emulator.parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    /// Everything that the program wrote to the terminal.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shared.0.lock().unwrap().raw.clone()
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().expect("a running child")
    }
}

fn at_least_one(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a terminal has a size")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already gone where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
