//! The real program as a child process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// More than anything takes on a slow machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// The program with arguments, its input empty.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsproxy"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let child = command(arguments).spawn().unwrap();
    within_deadline(move || child.wait_with_output().unwrap())
}

/// A program that prints lines; killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts it and listens to its standard output.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(arguments).stderr(Stdio::null()))
    }

    /// Starts another program, and listens to its standard output.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines }
    }

    /// Waits for the next line.
    pub(crate) fn line(&mut self) -> String {
        let mut lines = self.lines.take().unwrap();
        let (lines, line) = within_deadline(move || {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            (lines, line)
        });
        self.lines = Some(lines);
        line
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end: what it still printed, and its exit status.
    pub(crate) fn end(mut self) -> (String, ExitStatus) {
        let mut lines = self.lines.take().unwrap();
        let rest = within_deadline(move || {
            let mut rest = String::new();
            lines.read_to_string(&mut rest).unwrap();
            rest
        });
        (rest, self.child.wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `act` gives, unless it takes too long.
pub(crate) fn within_deadline<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::sync_channel(1);
    thread::spawn(move || done.send(act()));
    result.recv_timeout(DEADLINE).expect("it takes too long")
}
