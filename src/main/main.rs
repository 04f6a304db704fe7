//! The program: parse, run, exit code.
//!
//! Exit codes: 0 fine, 1 `--fail-on` was met, an assertion does not hold or the doctor found something wrong, 2 the command
//! line or a file is wrong, 3 it could not start, or lost output at its end. `run` exits with that of its command, where that
//! is larger; 126 and 127 are those of a shell for a command that can't be run.
#![forbid(unsafe_code)]

mod doctor;
mod export;
mod open;
mod reports;
mod rules;
mod signals;
#[cfg(unix)]
mod steering;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{self, ExitCode};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use tokio::runtime::{Builder, Runtime};
use wsproxy::cli::{Arguments, CliCommand};
use wsproxy::config::file::Settings;
use wsproxy::config::{self, Config, DoctorConfig, ExportConfig, OpenConfig, Output, Terminals};
use wsproxy::control::{self, Control as _};
use wsproxy::diagnose;
use wsproxy::engine::child::{self, RunningCommand, Signals};
#[cfg(unix)]
use wsproxy::engine::control_socket::ControlSocket;
use wsproxy::engine::handle::Handle;
use wsproxy::engine::hooks::Hooks;
use wsproxy::engine::recorder::Recorder;
use wsproxy::engine::{self, Running, StartError, Upstream, clock};
use wsproxy::export::{Checks, Printer};
use wsproxy::headless;
use wsproxy::journal::Journal;
use wsproxy::playground::{self, Playground};
use wsproxy::record::finding::{FindingKind, Level};
use wsproxy::record::{Log, ProxyEvent};
use wsproxy::tui;
use wsproxy::tui::theme::Colouring;

use self::doctor::doctor;
use self::open::open;
use self::reports::Reports;
use self::signals::{end_signal, on_signal};
#[cfg(unix)]
use self::steering::{control_socket, ctl};

/// Measured against glibc's: a tenth less CPU for a connection, where the heap grows, and a fifth less for a small frame.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What `--fail-on` names was seen, or the doctor found something wrong.
const SEEN: u8 = 1;

/// The command line or a file is wrong.
const WRONG: u8 = 2;

/// It could not start, or lost output at its end.
const FAILED: u8 = 3;

/// Time for which a write may hang once everything has ended. Who reads the last lines may have stopped to.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Time for the screen to go once a signal came. Nobody may read the terminal, so that drawing hangs.
const STALLED: Duration = Duration::from_secs(3);

/// How often, and after what time again, unread drawing is thrown away then.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Why the program ends early.
struct Failure {
    code: u8,
    error: anyhow::Error,
}

trait OrFail<T> {
    fn or_fail(self, code: u8) -> Result<T, Failure>;
}

impl<T> OrFail<T> for anyhow::Result<T> {
    fn or_fail(self, code: u8) -> Result<T, Failure> {
        self.map_err(|error| Failure { code, error })
    }
}

fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let result =
        config::file::read(&typed).or_fail(WRONG).and_then(|(arguments, settings)| start(&arguments, settings));
    match result {
        Ok(code) => code,
        Err(Failure { code, error }) => {
            say_if_read(format!("{error:#}"));
            ExitCode::from(code)
        }
    }
}

/// Does what was asked for.
fn start(arguments: &Arguments, settings: Settings) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Some(CliCommand::Doctor(arguments)) => DoctorConfig::new(arguments).or_fail(WRONG).and_then(doctor),
        Some(CliCommand::Run(arguments)) => {
            let config = Config::around_command(&arguments.proxy).or_fail(WRONG);
            config.and_then(|config| serve(config, settings, &arguments.command)).map(ExitCode::from)
        }
        Some(CliCommand::Export(arguments)) => ExportConfig::new(arguments)
            .or_fail(WRONG)
            .and_then(|config| export::export(&config))
            .map(|()| ExitCode::SUCCESS),
        Some(CliCommand::Open(arguments)) => {
            let config = OpenConfig::new(arguments, Terminals::of_process()).or_fail(WRONG)?;
            settings.keys.take_effect();
            open(config, settings.colours)
        }
        Some(CliCommand::Config) => {
            written_or_unread(io::stdout().lock().write_all(config::file::default_file().as_bytes()))?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(unix)]
        Some(CliCommand::Ctl(arguments)) => ctl(arguments),
        Some(command) => print(command).map(|()| ExitCode::SUCCESS),
        None => {
            let config = Config::new(&arguments.proxy, Terminals::of_process()).or_fail(WRONG);
            config.and_then(|config| serve(config, settings, &[])).map(ExitCode::from)
        }
    }
}

/// Says something on standard error. Where that is a terminal that was closed, there is nobody to say it to.
fn say(words: &str) {
    let _ = writeln!(io::stderr(), "wsproxy: {words}");
}

/// The same for the last words: nobody may read a terminal that was stopped, and they must not keep the program from
/// ending.
fn say_if_read(words: String) {
    let (said, heard) = mpsc::sync_channel(1);
    thread::spawn(move || {
        say(&words);
        let _ = said.send(());
    });
    let _ = heard.recv_timeout(LAST_LINES);
}

fn print(command: &CliCommand) -> Result<(), Failure> {
    written_or_unread(command.run(&mut io::stdout().lock()))
}

/// A reader that went away is no failure.
fn written_or_unread(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("can't write to standard output").or_fail(WRONG),
    }
}

/// What runs, however it is shown.
struct Proxy {
    runtime: Runtime,
    journal: Arc<Journal>,
    handle: Handle,
    running: Running,
    info: tui::Info,
    /// They end when dropped.
    _hooks: Hooks,
    /// Goes when dropped.
    #[cfg(unix)]
    control_socket: Option<ControlSocket>,
    /// Ends when dropped.
    _playground: Option<Playground>,
}

fn serve(mut config: Config, settings: Settings, command: &[OsString]) -> Result<u8, Failure> {
    if let Some(file) = config.log.take() {
        log_to(file);
    }
    #[cfg(unix)]
    engine::descriptors::reserve(config.limits.sessions);
    let journal = Arc::new(Journal::new(config.history));
    if let Some(warning) = config.exposure() {
        say(&warning);
        let mut log = Log::default();
        log.proxy(clock::now(), ProxyEvent::Note(Level::Warning, warning));
        journal.push(None, log);
    }
    // A proxy that can't start is to leave no file behind.
    let proxy = Proxy::start(&config, Arc::clone(&journal))?;
    let recorder = record(&config, &journal)?;
    if let Some(recorder) = &recorder {
        proxy.handle.recorded_by(recorder.status().clone());
    }
    let result = relay(proxy, config, settings, command, &journal);
    // However it ended, what was seen is to be on disk.
    let recorded = recorder.map(Recorder::finish);
    let code = result?;
    if let Some(recorded) = recorded.filter(|recorded| recorded.is_worth_words(journal.counts().sessions)) {
        say_if_read(recorded.outcome());
    }
    Ok(code)
}

/// Shows or prints what is seen, until the end. Gives the exit code.
fn relay(
    proxy: Proxy,
    mut config: Config,
    settings: Settings,
    command: &[OsString],
    journal: &Arc<Journal>,
) -> Result<u8, Failure> {
    let fail_on = config.fail_on;
    if config.output == Output::Screen {
        // Only a person who waits for the first client asks; scripts get the upstream untouched.
        if config.upstream.is_some() && !config.no_probe {
            let _context = proxy.runtime.enter();
            proxy.running.probe();
        }
        settings.keys.take_effect();
        proxy.show(config, settings.colours)?;
        if let Some(summary) = headless::summary(journal) {
            say_if_read(summary);
        }
        return Ok(own_code(journal, fail_on, true));
    }
    let checks = Checks::new(std::mem::take(&mut config.ends.demands), &TimeZone::system());
    let reports = Reports::begin(&config, journal, &checks)?;
    let (printed, ended) = proxy.print(&config, &checks, command)?;
    let holds = tell(&checks);
    reports.finish()?;
    printed?;
    let own = own_code(journal, fail_on, holds);
    Ok(ended.map_or(own, |ended| ended.max(own)))
}

/// wsproxy's own exit code.
fn own_code(journal: &Journal, fail_on: Option<Level>, holds: bool) -> u8 {
    let is_met = |kind: &FindingKind| is_failure(fail_on, *kind);
    if holds && !journal.findings().keys().any(is_met) { 0 } else { SEEN }
}

/// Whether a finding is what `--fail-on` names.
fn is_failure(fail_on: Option<Level>, kind: FindingKind) -> bool {
    fail_on.is_some_and(|least| diagnose::words(kind).level >= least)
}

/// Says which assertions don't hold. Whether all do.
fn tell(checks: &Checks) -> bool {
    let failed: Vec<_> = checks.results().into_iter().filter_map(|check| Some((check.name, check.failure?))).collect();
    for (name, failure) in &failed {
        say_if_read(format!("{name}: {failure}"));
    }
    failed.is_empty()
}

/// Begins to write what is seen to disk.
fn record(config: &Config, journal: &Arc<Journal>) -> Result<Option<Recorder>, Failure> {
    let most = config.history as u64;
    let Some(capture) = config.recording.capture.clone() else {
        let Some(directory) = &config.recording.autosaves else { return Ok(None) };
        // The run is not worth less without it; whoever quits is asked what becomes of what was seen.
        let autosave = Recorder::autosave(directory, most, journal);
        return Ok(autosave.inspect_err(|error| tracing::warn!(%error, "nothing is kept of this run")).ok());
    };
    let on_screen = config.output == Output::Screen;
    // The screen shows it by itself.
    let say = move |words: &str| _ = (!on_screen).then(|| say(words));
    let recorder = Recorder::capture(capture, journal, Box::new(say)).context("--capture").or_fail(WRONG)?;
    config.recording.autosaves.iter().for_each(|directory| recorder.note_in(directory, most));
    Ok(Some(recorder))
}

impl Proxy {
    fn start(config: &Config, journal: Arc<Journal>) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.context("can't start threads").or_fail(FAILED)?;
        let handle = Handle::seeded(config.seed);
        handle.command(control::Command::Policy(config.policy), control::unheard());
        handle.command(control::Command::Hold(config.hold.clone()), control::unheard());
        let hooks = Hooks::start(&config.hooks, &handle, &journal).context("can't start --hook").or_fail(FAILED)?;
        rules::begin(config, &handle);
        let (playground, upstream) = match &config.upstream {
            Some(upstream) => (None, upstream.clone()),
            None => {
                let playground = runtime.block_on(playground::start());
                let playground = playground.context("can't start the playground").or_fail(FAILED)?;
                let upstream = local(playground.addr());
                (Some(playground), upstream)
            }
        };
        let engine = config.engine(upstream.clone());
        let running = runtime.block_on(engine::start(engine, Arc::clone(&journal), handle.clone()));
        let running = running.map_err(start_failure)?;
        rules::tell_seed(config, &journal);
        let addresses = running.addresses().to_vec();
        let (upstream, hold_limits) = (upstream.to_string(), config.limits.of_hold());
        let info = tui::Info { addresses, upstream, playground: playground.is_some(), hold_limits };
        #[cfg(unix)]
        let socket = control_socket(config, &runtime, &handle, &journal)?;
        Ok(Self {
            runtime,
            journal,
            handle,
            running,
            info,
            _hooks: hooks,
            #[cfg(unix)]
            control_socket: socket,
            _playground: playground,
        })
    }

    /// The screen, until the user quits or a signal comes.
    fn show(self, config: Config, colouring: Colouring) -> Result<(), Failure> {
        let Config { preference, filter, redaction, .. } = config;
        let (remote, inbox) = tui::channel();
        // A script may end it too.
        let (mut told, ended) = (self.handle.shutdown(), remote.clone());
        self.runtime.spawn(async move {
            if told.wait_for(|quit| *quit).await.is_ok() {
                ended.quit();
            }
        });
        let handle = self.handle.clone();
        let (on_screen, gone) = mpsc::sync_channel::<()>(1);
        on_signal(&self.runtime, move || {
            handle.shut_down();
            remote.quit();
            thread::spawn(move || leave_if_stalled(&gone));
        })?;
        let world = tui::World {
            source: tui::Source::Journal(Arc::clone(&self.journal)),
            control: Arc::new(self.handle.clone()),
            clock: clock::now,
            preference,
            filter,
            redaction,
            colouring,
        };
        let result = tui::run(inbox, world, self.info);
        drop(on_screen);
        self.handle.shut_down();
        self.runtime.block_on(self.running.finished());
        #[cfg(unix)]
        self.control_socket.iter().for_each(|socket| self.runtime.block_on(socket.finish()));
        // A look-up of a name may still be under way, and nobody waits for it any more.
        self.runtime.shutdown_background();
        result.context("can't use the terminal").or_fail(FAILED)
    }

    /// Lines, until a signal comes, the run ends by itself, or nobody reads them any more; or until a command has ended,
    /// whose exit code is given.
    fn print(
        self,
        config: &Config,
        checks: &Checks,
        command: &[OsString],
    ) -> Result<(Result<(), Failure>, Option<u8>), Failure> {
        let printer = self.printer(config).checking(checks.clone());
        let aside = matches!(config.output, Output::Aside(_) | Output::Quiet);
        let ended = if command.is_empty() {
            // Who reads the greeting may send a signal at once.
            let handle = self.handle.clone();
            on_signal(&self.runtime, move || handle.shut_down())?;
            say(&greeting(&self.info));
            self.end_after(config.ends.time, None);
            None
        } else {
            let (child, ended) = self.run(command)?;
            self.end_after(config.ends.time, Some(child));
            Some(ended)
        };
        let on_terminal = io::stdout().is_terminal();
        let (mut remote, inbox) = headless::channel(&self.journal, printer);
        let (done, printed) = mpsc::sync_channel(1);
        let handle = self.handle.clone();
        thread::spawn(move || {
            let result = if aside {
                // Others say something there as well, so it is not locked.
                headless::run(&inbox, &mut io::stderr())
            } else {
                headless::run(&inbox, &mut io::stdout().lock())
            };
            handle.shut_down();
            let _ = done.send(result);
        });
        self.runtime.block_on(self.running.finished());
        #[cfg(unix)]
        self.control_socket.iter().for_each(|socket| self.runtime.block_on(socket.finish()));
        remote.stop();
        let result = last_lines(&mut remote, &printed);
        let ended = ended.and_then(|ended| ended.recv().ok());
        self.runtime.shutdown_background();
        if config.output == Output::Quiet
            && let Some(summary) = headless::summary(&self.journal)
        {
            say_if_read(summary);
        }
        if !aside && on_terminal && !io::stdout().is_terminal() {
            // It was closed, and nobody reads the lines any more.
            return Ok((Ok(()), ended));
        }
        Ok((result, ended))
    }

    /// What is printed, and what ends it.
    fn printer(&self, config: &Config) -> Printer {
        let printer = match config.output {
            Output::Lines(format) | Output::Aside(format) => Printer::new(format, TimeZone::system()),
            Output::Screen | Output::Quiet => Printer::silent(TimeZone::system()),
        };
        let mut printer = printer.reading(config.preference.clone()).redacted(config.redaction.clone());
        if let Some(query) = &config.filter {
            printer = printer.filtered(query.clone());
        }
        if let Some(sessions) = config.ends.sessions {
            let handle = self.handle.clone();
            printer = printer.ending(sessions, move || handle.shut_down());
        }
        printer
    }

    /// Ends all after a time: the command too, where there is one.
    fn end_after(&self, time: Option<Duration>, child: Option<RunningCommand>) {
        let Some(time) = time else { return };
        let handle = self.handle.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(time).await;
            match child {
                Some(child) => {
                    say(&format!("the command has not ended within {time:?}, the time of --for"));
                    child.end();
                }
                None => handle.shut_down(),
            }
        });
    }

    /// Starts a command, to which signals are passed on. Once it has ended, all else does, and its exit code comes.
    fn run(&self, command: &[OsString]) -> Result<(RunningCommand, mpsc::Receiver<u8>), Failure> {
        let context = self.runtime.enter();
        let signals = Signals::listen().context("can't listen for signals").or_fail(FAILED)?;
        drop(context);
        let started = child::start(command, ("WSPROXY_URL", &url(&self.info)));
        let (running, end) = started.map_err(|error| Failure { code: error.code(), error: error.into() })?;
        self.runtime.spawn(running.pass(signals));
        let (done, ended) = mpsc::sync_channel(1);
        let handle = self.handle.clone();
        thread::spawn(move || {
            let code = end.wait();
            handle.shut_down();
            let _ = done.send(code);
        });
        Ok((running, ended))
    }
}

/// Waits until all is printed, for as long as it goes on.
fn last_lines(remote: &mut headless::Remote, printed: &mpsc::Receiver<io::Result<()>>) -> Result<(), Failure> {
    loop {
        match printed.recv_timeout(LAST_LINES) {
            Ok(result) => return result.context("can't write to standard output").or_fail(WRONG),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(anyhow!("a bug in wsproxy: its last lines were not printed")).or_fail(FAILED);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if let Some(lines) = remote.lost() {
                    return Err(unread(lines)).or_fail(FAILED);
                }
            }
        }
    }
}

fn unread(lines: u64) -> anyhow::Error {
    let (lines, are) = if lines == 1 { ("line".to_owned(), "is") } else { (format!("{lines} lines"), "are") };
    let time = LAST_LINES.as_secs();
    anyhow!(
        "nobody has read standard output for {time} s, so that its last {lines} {are} lost: read it to its end, or send \
         it to a file"
    )
}

/// Helps the screen, which holds the other end of `gone`, out of a write that hangs; ends the program if that does not
/// help. Meanwhile the sessions were closed.
fn leave_if_stalled(gone: &mpsc::Receiver<()>) {
    let mut wait = STALLED;
    for _ in 0..TRIES {
        if gone.recv_timeout(wait) != Err(mpsc::RecvTimeoutError::Timeout) {
            return;
        }
        tui::unblock();
        wait = BETWEEN_TRIES;
    }
    tui::let_go();
    process::exit(0);
}

/// wsproxy's own log, to a file and never to the terminal.
fn log_to(file: File) {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(Mutex::new(file))
        .init();
}

fn local(address: SocketAddr) -> Upstream {
    Upstream { secure: false, host: address.ip().to_string(), port: address.port(), path: String::new() }
}

fn start_failure(error: StartError) -> Failure {
    let code = match error {
        StartError::Bind { .. } => FAILED,
        StartError::Tls(_) => WRONG,
    };
    Failure { code, error: error.into() }
}

/// The URL for a command whose WebSockets are to pass through.
fn url(info: &tui::Info) -> String {
    let address = info.addresses.iter().find(|address| address.is_ipv4()).or(info.addresses.first());
    address.map_or_else(String::new, |address| format!("ws://{address}"))
}

/// Where to go now, in one line.
fn greeting(info: &tui::Info) -> String {
    let own = |address: &SocketAddr| {
        let ip = address.ip();
        ip.is_unspecified() || ip == IpAddr::from(Ipv4Addr::LOCALHOST) || ip == IpAddr::from(Ipv6Addr::LOCALHOST)
    };
    let place = match info.addresses.iter().find(|address| own(address)).or(info.addresses.first()) {
        Some(address) if own(address) => format!("localhost:{}", address.port()),
        Some(address) => address.to_string(),
        None => "nowhere".to_owned(),
    };
    if info.playground {
        format!("listening on http://{place}/, upstream playground, open it in a browser")
    } else {
        format!("listening on http://{place}/, upstream {}, let the client connect to ws://{place}/", info.upstream)
    }
}
