//! A command that runs beside the proxy: it is started, signals are passed on to it, and its end is waited for.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What shells give back where there is no such command, and where it can't be run.
const NOT_FOUND: u8 = 127;
const NOT_RUN: u8 = 126;

/// What shells add to the number of the signal that a command ended by.
const BY_SIGNAL: i32 = 128;

/// The command, to whom signals can be sent from anywhere until it has ended.
#[derive(Clone, Debug)]
pub struct RunningCommand {
    process: u32,
    is_gone: Arc<AtomicBool>,
}

/// Why a command can't be run, and the exit code that says so.
#[derive(Debug, thiserror::Error)]
#[error("can't run {program}")]
pub struct CommandError {
    /// Its name, made safe to show.
    program: String,
    source: io::Error,
}

impl CommandError {
    /// The exit code that a shell gives back.
    #[must_use]
    pub fn code(&self) -> u8 {
        if self.source.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUN }
    }
}

/// Starts a command with its arguments, and with a variable for it. Its streams are those of this process.
///
/// # Errors
/// Where it can't be run.
pub fn start(command: &[OsString], variable: (&str, &str)) -> Result<(RunningCommand, Ended), CommandError> {
    let (program, arguments) = command.split_first().map_or((None, command), |(program, rest)| (Some(program), rest));
    let program = program.map(OsString::as_os_str).unwrap_or_default();
    let (name, value) = variable;
    let child = Command::new(program).args(arguments).env(name, value).spawn().map_err(|source| {
        let program = crate::text::escape(program.as_encoded_bytes());
        CommandError { program, source }
    })?;
    let running = RunningCommand { process: child.id(), is_gone: Arc::default() };
    let is_gone = Arc::clone(&running.is_gone);
    Ok((running, Ended { child, is_gone }))
}

/// The end of a command.
#[derive(Debug)]
pub struct Ended {
    child: Child,
    is_gone: Arc<AtomicBool>,
}

impl Ended {
    /// Waits for it. Gives the exit code as a shell does.
    pub fn wait(mut self) -> u8 {
        let status = self.child.wait();
        self.is_gone.store(true, Ordering::Release);
        status.map_or(NOT_RUN, code)
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| BY_SIGNAL + signal);
    #[cfg(not(unix))]
    let by_signal = None;
    let code = by_signal.or(status.code()).unwrap_or(BY_SIGNAL);
    // Windows has codes of 32 bits, none of which is to become a success.
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// Signals that ask this process to end, which from now on do no more than come.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens for them, in the context of a runtime: before a command is started, so that none gets lost.
    ///
    /// # Errors
    /// Where they can't be listened for.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

#[cfg(unix)]
impl RunningCommand {
    /// Asks it to end.
    pub fn end(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Passes each of the signals on.
    pub fn pass(&self, mut signals: Signals) -> impl Future<Output = ()> + Send + use<> {
        use rustix::process::Signal;
        let command = self.clone();
        // A terminal sends ctrl-c to the command itself.
        let is_at_terminal = io::IsTerminal::is_terminal(&io::stdin());
        async move {
            loop {
                tokio::select! {
                    _ = signals.interrupt.recv() => {
                        if !is_at_terminal {
                            command.signal(Signal::INT);
                        }
                    }
                    _ = signals.terminate.recv() => command.signal(Signal::TERM),
                    _ = signals.hangup.recv() => command.signal(Signal::HUP),
                }
            }
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let process = i32::try_from(self.process).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(process) = process.filter(|_| !self.is_gone.load(Ordering::Acquire)) {
            // It may have ended in this very moment.
            let _ = rustix::process::kill_process(process, signal);
        }
    }
}

#[cfg(not(unix))]
impl RunningCommand {
    /// Nothing asks another process of a console to end.
    pub fn end(&self) {
        let _ = (self.process, &self.is_gone);
    }

    /// The console sends ctrl-c to the command as well.
    pub fn pass(&self, _: Signals) -> impl Future<Output = ()> + Send + use<> {
        async { while tokio::signal::ctrl_c().await.is_ok() {} }
    }
}

/// What asks this process to end.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Nothing has to be done for it.
    ///
    /// # Errors
    /// Never.
    pub fn listen() -> io::Result<Self> {
        Ok(Self)
    }
}
