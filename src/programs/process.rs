//! One process that reads one message.

use std::io::{self, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use rustix::process;

use crate::decode::Format;
use crate::record::Side;

/// How long a program may take: a person waits.
const TIME: Duration = Duration::from_secs(5);
/// Bytes of its output that are read; it is ended where it prints more.
const OUTPUT: u64 = 256 * 1024;
/// Bytes of what it says on standard error.
const TROUBLE: u64 = 4 * 1024;

/// The name of the threads at its pipes.
const PIPE: &str = "decoder's pipe";

/// What a command prints for a message.
///
/// # Errors
/// Why there is nothing, in words.
pub(super) fn run(command: &str, from: Side, format: Format, bytes: &Arc<[u8]>) -> Result<String, String> {
    run_for(command, from, format, bytes, TIME)
}

pub(super) fn run_for(
    command: &str,
    from: Side,
    format: Format,
    bytes: &Arc<[u8]>,
    time: Duration,
) -> Result<String, String> {
    let mut running = Running::start(command, from, format).map_err(|error| format!("it can't be started: {error}"))?;
    let (stdin, stdout, stderr) =
        (running.child.stdin.take(), running.child.stdout.take(), running.child.stderr.take());
    let bytes = Arc::clone(bytes);
    // It need not read what it gets.
    start(PIPE, move || drop(stdin.map(|mut stdin| stdin.write_all(&bytes))))?;
    let (sender, receiver) = sync_channel(2);
    let said = sender.clone();
    start(PIPE, move || drop(said.send((Stream::Output, read(stdout, OUTPUT)))))?;
    start(PIPE, move || drop(sender.send((Stream::Trouble, read(stderr, TROUBLE)))))?;
    let (mut output, mut trouble) = (None, Vec::new());
    loop {
        match receiver.recv_timeout(time) {
            Ok((Stream::Output, printed)) if printed.len() as u64 == OUTPUT => return Ok(said_by(&printed)),
            Ok((Stream::Output, printed)) => output = Some(printed),
            Ok((Stream::Trouble, printed)) => trouble = printed,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("the program took longer than {} ms", time.as_millis()));
            }
        }
    }
    let status = running.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(said_by(&output.unwrap_or_default()));
    }
    let why = said_by(&trouble);
    let why = why.lines().map(str::trim).rfind(|line| !line.is_empty());
    let how = ended(status);
    Err(why.map_or_else(|| format!("the program ended with {how}"), |why| format!("{why} ({how})")))
}

/// Which of its streams.
enum Stream {
    Output,
    Trouble,
}

/// A process, and what it starts: ended when nobody waits any more.
struct Running {
    child: Child,
    is_over: bool,
}

impl Running {
    fn start(command: &str, from: Side, format: Format) -> io::Result<Self> {
        let format = match format {
            Format::Text => "text",
            Format::Binary => "binary",
        };
        let mut shell = shell(command);
        shell.env("WSPROXY_FROM", from.name()).env("WSPROXY_FORMAT", format);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell.spawn().map(|child| Self { child, is_over: false })
    }

    fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.is_over = true;
        Ok(status)
    }
}

#[cfg(unix)]
pub(super) fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut shell = Command::new("/bin/sh");
    // A group of its own: it ends with all that it starts, and a ctrl-c in the terminal does not reach it.
    shell.arg("-c").arg(command).process_group(0);
    shell
}

#[cfg(not(unix))]
pub(super) fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    shell
}

impl Drop for Running {
    fn drop(&mut self) {
        // Once it was waited for, its number may be another's.
        if self.is_over {
            return;
        }
        end(&mut self.child);
        let _ = self.child.wait();
    }
}

/// Ends a process that was not waited for, with all that it has started.
pub(super) fn end(child: &mut Child) {
    #[cfg(unix)]
    let _ = process::kill_process_group(process::Pid::from_child(child), process::Signal::KILL);
    let _ = child.kill();
}

/// Starts a thread of that name.
pub(super) fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let started = thread::Builder::new().name(name.into()).spawn(run);
    started.map(drop).map_err(|error| format!("no thread can be started for it: {error}"))
}

/// The first bytes of a stream.
fn read(stream: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // Where reading fails, what came before is there.
        let _ = stream.take(limit).read_to_end(&mut bytes);
    }
    bytes
}

/// Text, not made safe to show.
fn said_by(printed: &[u8]) -> String {
    String::from_utf8_lossy(printed).into_owned()
}

/// How a process ended, in words.
pub(super) fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}
