//! What the user asked for, checked: nothing in a `Config` can turn out wrong later but for the world outside.

mod address;
mod capture;
mod decoding;
mod doctor;
mod ends;
mod export;
pub mod file;
mod open;
mod proto;
mod ruling;

use std::fs::{File, OpenOptions};
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::CommandFactory as _;

use crate::cli::{Arguments, BinaryName, DialectName, FailOn, HoldControl, LimitArguments, PolicyName, ProxyArguments};
use crate::decode::Preference;
use crate::engine::hooks::HookConfig;
use crate::engine::recorder::CaptureConfig;
use crate::engine::{EngineConfig, TlsOptions, Upstream};
use crate::export::Redaction;
use crate::headless::{self, Format};
use crate::query::Query;
use crate::record::finding::Level;
use crate::record::{PerSide, Policy};
use crate::relay::bridge::{Binary, Bridging};
use crate::relay::hold::{Condition, Conditions};
use crate::relay::limits::{Budget, Controls, Limits};
use crate::rules::FileRule;
use crate::text;
use crate::wire::dialect::Dialect;

pub use doctor::DoctorConfig;
pub use ends::{Ends, Report};
pub use export::ExportConfig;
pub use open::OpenConfig;

/// Bytes of a head below which no browser's handshake fits.
const LEAST_HEAD: usize = 1024;

/// Bytes of what is held below which hardly a message fits.
const LEAST_HELD: usize = 1024;

/// Lanes that may be full at a time.
const LANES_HELD: usize = 8;

/// Bytes of history below which the screen would show nothing.
const LEAST_HISTORY: usize = 64 * 1024;

/// Where what is seen goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The interactive screen.
    Screen,
    /// Lines on standard output.
    Lines(Format),
    /// Lines on standard error, since standard output is that of a command.
    Aside(Format),
    /// Nothing but the sum of it at the end.
    Quiet,
}

/// What is written to disk of what is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// All of it, to a file that was asked for.
    pub capture: Option<CaptureConfig>,
    /// The directory in which the last runs are found, where this one is to be.
    pub autosaves: Option<PathBuf>,
}

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug)]
pub struct Terminals {
    /// Standard input: keys come from there.
    pub input: bool,
    /// Standard output, and not a dumb one: the screen goes there.
    pub output: bool,
}

impl Terminals {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self { input: std::io::stdin().is_terminal(), output: headless::output_takes_sequences() }
    }
}

/// The checked command line.
#[derive(Debug)]
pub struct Config {
    /// Addresses to listen on.
    pub listen: Vec<SocketAddr>,
    /// Whom to relay to; `None` is the playground.
    pub upstream: Option<Upstream>,
    /// How to trust it.
    pub tls: TlsOptions,
    /// Names of wsproxy's own besides `localhost` and addresses.
    pub names: Vec<String>,
    /// Leave Host, Origin and Location as they are.
    pub keep_host: bool,
    /// A value in place of wsproxy's own origin, and for a WebSocket request without one.
    pub origin: Option<String>,
    /// The upstream's dialect, where it is not the client's.
    pub bridging: Option<Bridging>,
    /// What becomes of binary messages towards an upstream whose dialect is found out.
    pub binary: Binary,
    /// Do not try at the start whether the upstream answers.
    pub no_probe: bool,
    /// Bounds of memory and time.
    pub limits: Limits,
    /// Where what is seen goes.
    pub output: Output,
    /// Who reads the messages of all sessions.
    pub preference: Preference,
    /// What is asked for; `None` for all.
    pub filter: Option<Query>,
    /// What is held from the start.
    pub hold: Conditions,
    /// Programs that are asked about messages.
    pub hooks: Vec<HookConfig>,
    /// Where the control socket is to be.
    #[cfg(unix)]
    pub control: Option<PathBuf>,
    /// The rules that there are from the start.
    pub rules: Vec<FileRule>,
    /// What they leave to chance is drawn from it.
    pub seed: u64,
    /// The level of a finding from which on the run has failed.
    pub fail_on: Option<Level>,
    /// Bytes of memory for what was seen.
    pub history: usize,
    /// What is written to disk of what is seen.
    pub recording: Recording,
    /// What is done about faults at the start.
    pub policy: Policy,
    /// How a run without a screen ends, and what it is held to.
    pub ends: Ends,
    /// What is taken out of what is printed and written.
    pub redaction: Redaction,
    /// The file for wsproxy's own log, open for appending.
    pub log: Option<File>,
}

impl Config {
    /// Checks what was typed. Looks up the name in `--listen` and opens the files that are named.
    ///
    /// # Errors
    /// One sentence that says what is wrong and shows a right value.
    pub fn new(arguments: &ProxyArguments, terminals: Terminals) -> Result<Self> {
        let lines = arguments.json.then_some(Format::Json).or(arguments.headless.then_some(Format::Text));
        Self::with(arguments, output(lines, terminals)?)
    }

    /// Checks what was typed in front of a command, whose standard output is not to be written to.
    ///
    /// # Errors
    /// As `new`.
    pub fn around_command(arguments: &ProxyArguments) -> Result<Self> {
        let output = match (arguments.json, arguments.headless) {
            (true, _) => Output::Aside(Format::Json),
            (false, true) => Output::Aside(Format::Text),
            (false, false) => Output::Quiet,
        };
        Self::with(arguments, output)
    }

    fn with(arguments: &ProxyArguments, output: Output) -> Result<Self> {
        let listen = address::listen(&arguments.listen)?;
        if let Some(flag) = Ends::flag(&arguments.ends).filter(|_| output == Output::Screen) {
            bail!("{flag} is for runs without a screen: add --headless or --json");
        }
        let upstream = upstream(arguments)?;
        if let Some(upstream) = upstream.as_ref().filter(|upstream| address::would_loop(&listen, upstream)) {
            bail!(
                "the upstream {upstream} is where wsproxy itself listens, so each connection would run in a circle: \
                 write another port, as in --listen {}",
                upstream.port.wrapping_add(1).max(1024)
            );
        }
        Ok(Self {
            listen,
            upstream,
            tls: tls(arguments.insecure, arguments.ca.as_ref())?,
            names: names(arguments)?,
            keep_host: arguments.keep_host,
            bridging: bridging(arguments.dialect, binary(arguments.bridge_binary)),
            binary: binary(arguments.bridge_binary),
            no_probe: arguments.no_probe,
            origin: origin(arguments.origin.as_deref())?,
            limits: Limits { hook_time: arguments.hook_timeout, ..limits(&arguments.limits, arguments)? },
            output,
            preference: decoding::preference(&arguments.decoder, &arguments.proto)?,
            filter: arguments.filter.as_deref().map(|text| filter(text, output)).transpose()?.flatten(),
            hold: hold(arguments, output)?,
            hooks: hooks(&arguments.hook)?,
            #[cfg(unix)]
            control: arguments.control.clone(),
            rules: ruling::rules(&arguments.rule, &arguments.rules)?,
            seed: arguments.seed.unwrap_or_else(rand::random),
            history: size("--history", &arguments.history, LEAST_HISTORY)?,
            recording: capture::recording(arguments, output)?,
            fail_on: arguments.fail_on.map(level),
            policy: match arguments.policy {
                PolicyName::Faithful => Policy::Faithful,
                PolicyName::Repair => Policy::Repair,
                PolicyName::Strict => Policy::Strict,
            },
            ends: Ends::new(&arguments.ends)?,
            redaction: redaction(&arguments.redact)?,
            log: log(arguments)?,
        })
    }

    /// What the engine needs to know, once it is clear whom to relay to.
    #[must_use]
    pub fn engine(&self, upstream: Upstream) -> EngineConfig {
        EngineConfig {
            listen: self.listen.clone(),
            upstream,
            tls: self.tls.clone(),
            names: self.names.clone(),
            keep_host: self.keep_host,
            origin: self.origin.clone(),
            bridging: self.bridging,
            binary: self.binary,
            inquires: !self.no_probe,
            limits: self.limits.clone(),
        }
    }

    /// Says who else can connect, where more than this machine can.
    #[must_use]
    pub fn exposure(&self) -> Option<String> {
        let wide = self.listen.iter().find(|address| !address.ip().is_loopback())?;
        Some(format!(
            "listening on {wide}: everyone who can reach this machine can use the proxy and its upstream; \
             --listen {} keeps it to this machine",
            wide.port()
        ))
    }
}

/// The upstream, which may stand by itself or behind its flag.
fn upstream(arguments: &ProxyArguments) -> Result<Option<Upstream>> {
    let flag = arguments.upstream.as_deref().map(address::upstream).transpose()?;
    let Some(value) = &arguments.to else { return Ok(flag) };
    let commands = Arguments::command();
    let commands: Vec<_> = commands.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let bare = address::bare_upstream(value, &commands)?;
    match flag {
        Some(flag) if flag != bare => {
            bail!("there are two upstreams, {bare} and --upstream {flag}, and wsproxy relays to one: leave one out")
        }
        _ => Ok(Some(bare)),
    }
}

fn bridging(dialect: DialectName, binary: Binary) -> Option<Bridging> {
    let dialect = match dialect {
        DialectName::Auto => return None,
        DialectName::Rfc6455 => Dialect::Rfc6455,
        DialectName::Hybi08 => Dialect::Hybi08,
        DialectName::Hybi07 => Dialect::Hybi07,
        DialectName::Hixie76 => Dialect::Hixie76,
        DialectName::Hixie75 => Dialect::Hixie75,
    };
    Some(Bridging { dialect, binary })
}

const fn binary(name: BinaryName) -> Binary {
    match name {
        BinaryName::Base64 => Binary::Base64,
        BinaryName::Drop => Binary::Drop,
    }
}

fn tls(insecure: bool, ca: Option<&PathBuf>) -> Result<TlsOptions> {
    if let Some(path) = ca {
        File::open(path).with_context(|| format!("can't read the file of --ca, {}", path.display()))?;
    }
    Ok(TlsOptions { insecure, ca: ca.cloned() })
}

fn log(arguments: &ProxyArguments) -> Result<Option<File>> {
    let Some(path) = &arguments.log else { return Ok(None) };
    let file = OpenOptions::new().create(true).append(true).open(path);
    Ok(Some(file.with_context(|| format!("can't write the file of --log, {}", path.display()))?))
}

fn origin(value: Option<&str>) -> Result<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    ensure!(
        !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()),
        "--origin {} can't stand in a header: write https://example.org, for example",
        text::escape(value.as_bytes())
    );
    Ok(Some(value.to_owned()))
}

/// The name in `--listen`, and those of `--allow-host`.
fn names(arguments: &ProxyArguments) -> Result<Vec<String>> {
    let allowed = arguments.allow_host.iter().map(|name| address::own_name(name));
    address::listen_name(&arguments.listen).map(Ok).into_iter().chain(allowed).collect()
}

fn query(flag: &str, text: &str) -> Result<Option<Query>> {
    Query::parse(text).map_err(|error| anyhow!("{flag} {}", error.sentence(text)))
}

fn redaction(names: &[String]) -> Result<Redaction> {
    let mut redaction = Redaction::default();
    for name in names {
        redaction.add(name).map_err(|why| anyhow!("--redact {why}"))?;
    }
    Ok(redaction)
}

/// On the screen, rows may be marked, and a reply may come later; what is printed is printed.
fn filter(text: &str, output: Output) -> Result<Option<Query>> {
    let query = query("--filter", text)?;
    ensure!(
        output == Output::Screen
            || !query.as_ref().is_some_and(|query| query.asks_for_replies() || query.asks_for_marks()),
        "--filter {} asks for marks or for later replies, which only the screen knows: leave out marked and is:unreplied",
        text::escape(text.as_bytes())
    );
    Ok(query)
}

/// Of both sides. Nobody could let go what is held where there is neither a screen nor a socket.
fn hold(arguments: &ProxyArguments, output: Output) -> Result<Conditions> {
    let Some(text) = arguments.hold.as_deref() else { return Ok(Conditions::default()) };
    #[cfg(unix)]
    let is_steered = arguments.control.is_some();
    #[cfg(not(unix))]
    let is_steered = false;
    ensure!(
        output == Output::Screen || is_steered,
        "--hold needs the screen, or --control PATH, by which what is held is released: leave --headless and --json away"
    );
    let shown = text::escape(text.as_bytes());
    let condition = Condition::new(query("--hold", text)?).map_err(|why| anyhow!("--hold {shown}: {why}"))?;
    let condition = Arc::new(condition);
    Ok(PerSide::new(Some(Arc::clone(&condition)), Some(condition)))
}

/// Each is a query and a command.
fn hooks(typed: &[String]) -> Result<Vec<HookConfig>> {
    let (pairs, _) = typed.as_chunks::<2>();
    let hook = |[query, command]: &[String; 2]| {
        let shown = text::escape(query.as_bytes());
        ensure!(!command.trim().is_empty(), "--hook {shown} has no command: write --hook 'QUERY' 'COMMAND'");
        let condition =
            Condition::new(self::query("--hook", query)?).map_err(|why| anyhow!("--hook {shown}: {why}"))?;
        Ok(HookConfig { condition: Arc::new(condition), command: command.clone() })
    };
    pairs.iter().map(hook).collect()
}

const fn level(level: FailOn) -> Level {
    match level {
        FailOn::Error => Level::Error,
        FailOn::Warning => Level::Warning,
    }
}

/// The lines that are asked for, or the screen where there is one.
fn output(lines: Option<Format>, terminals: Terminals) -> Result<Output> {
    if let Some(format) = lines.or((!terminals.output).then_some(Format::Text)) {
        return Ok(Output::Lines(format));
    }
    ensure!(
        terminals.input,
        "the screen needs a keyboard, but standard input is no terminal: add --headless for lines"
    );
    Ok(Output::Screen)
}

fn limits(arguments: &LimitArguments, held: &ProxyArguments) -> Result<Limits> {
    Ok(Limits {
        head: size("--max-head", &arguments.max_head, LEAST_HEAD)?,
        head_time: Duration::from_secs(arguments.head_timeout),
        dial_time: Duration::from_secs(arguments.dial_timeout),
        response_time: Duration::from_secs(arguments.response_timeout),
        sessions: usize::try_from(arguments.max_sessions).unwrap_or(usize::MAX),
        ..hold_limits(held)?
    })
}

fn hold_limits(arguments: &ProxyArguments) -> Result<Limits> {
    let default = Limits::default();
    let hold_bytes = size("--hold-bytes", &arguments.hold_bytes, LEAST_HELD)?;
    let all = hold_bytes.saturating_mul(LANES_HELD).max(default.hold_bytes.saturating_mul(LANES_HELD));
    Ok(Limits {
        hold_frames: usize::try_from(arguments.hold_frames).unwrap_or(usize::MAX),
        hold_bytes,
        hold_time: Duration::from_secs(arguments.hold_time),
        hold_control: match arguments.hold_control {
            HoldControl::Pass => Controls::Pass,
            HoldControl::Wait => Controls::Wait,
        },
        hold_all: Budget::new(all),
        ..default
    })
}

/// A count of bytes, with k, M or G behind it for powers of 1024.
fn size(flag: &str, value: &str, least: usize) -> Result<usize> {
    let shown = text::escape(value.as_bytes());
    let digits = value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    let shift = match value.as_bytes().get(digits.len()..) {
        Some(b"") => Some(0),
        Some(b"k" | b"K") => Some(10),
        Some(b"m" | b"M") => Some(20),
        Some(b"g" | b"G") => Some(30),
        _ => None,
    };
    let number = digits.parse::<usize>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let bytes = shift.zip(number).and_then(|(shift, number)| number.checked_mul(1 << shift));
    let bytes = bytes.with_context(|| format!("{flag} {shown} is no count of bytes: write 65536, 64k, 256M or 1G"))?;
    ensure!(bytes >= least, "{flag} {shown} is too little to work with: write {}k or more", least / 1024);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
