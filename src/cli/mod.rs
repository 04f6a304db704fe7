//! The command line as it is typed: one table for the parser, `--help`, the man page, completions and docs/cli.md.
//!
//! Nothing is checked here beyond what the parser can say by itself; `config` turns this into something that holds.

#[cfg(unix)]
pub mod ctl;
pub mod explain;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::headless::Colour;
use crate::relay::limits::Limits;

#[cfg(unix)]
use ctl::CtlArguments;
use explain::{Subjects, SubjectsParser};

/// A day: longer waits are the same as none.
const MAX_SECONDS: u64 = 24 * 60 * 60;

/// Frames that nobody would decide one by one.
const MAX_HELD: u64 = 1_000_000;

/// More than one address has ports for.
const MAX_SESSIONS: u64 = 65_535;

const EXAMPLES: &str = "\
Examples:
  the built-in playground; open http://localhost:9000/ in a browser
    wsproxy
  in front of a server of yours; let the client connect to port 9000
    wsproxy localhost:9999
  in front of a server elsewhere, on another port
    wsproxy --listen 8000 --upstream wss://example.org/chat
  one JSON object a line, for scripts
    wsproxy --upstream localhost:9999 --json
  without a browser; what Chrome would make of a server
    wsproxy doctor ws://localhost:9999/chat --send hello
  in a test: exit code 1 if the server does what a browser refuses
    wsproxy --upstream localhost:9999 --headless --fail-on error
  around a test suite, which connects to what is in WSPROXY_URL
    wsproxy run localhost:9999 --fail-on error --expect 'from:server hello' -- npm test";

/// See and touch every WebSocket frame between a browser and a server.
///
/// wsproxy listens on one port and relays to one upstream, bit for bit. The screen shows each frame as it passes, and
/// puts in frames of your own. Plain HTTP on the same port passes through, so a page and its socket stay together.
#[derive(Debug, Parser)]
#[command(name = "wsproxy", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, args_override_self = true)]
pub struct Arguments {
    /// What to do instead of relaying.
    #[command(subcommand)]
    pub command: Option<CliCommand>,

    /// The flags of the proxy.
    #[command(flatten)]
    pub proxy: ProxyArguments,
}

/// Things that are done at once.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print a configuration file in which all is as it is without one, with what each setting means
    Config,
    /// Explain a finding, or list them: all, or those that have a word
    Explain {
        /// Which one, as in `error[ID]`, or words that its text has
        #[arg(value_name = "ID|WORDS", value_parser = SubjectsParser, hide_possible_values = true)]
        subjects: Option<Subjects>,

        /// Print JSON Lines, one for each
        #[arg(long)]
        json: bool,
    },
    /// Print the manual page in roff
    Man,
    /// Write a capture in another format
    Export(ExportArguments),
    /// Run a command whose WebSockets pass through, and judge them
    ///
    /// The proxy listens on a free port, and the command finds it in WSPROXY_URL, as in ws://127.0.0.1:40123. The exit code is
    /// the worse of the two: the command's, and wsproxy's own by --fail-on, --expect and --reject. Lines go to standard
    /// error, and only with --headless or --json.
    Run(Box<RunArguments>),
    /// Look at a capture: the screen, or the lines, of the run that it was written by
    ///
    /// Nothing is relayed, and nothing can be sent. A capture of any size opens at once; one that is still being written is
    /// followed, and so is one that is rotated. One that was cut opens up to the cut.
    Open(OpenArguments),
    /// Be the browser: dial a server, judge what it does, and report
    ///
    /// It dials as Chrome does, with no proxy and no browser between, listens and talks, tries ping, fragments,
    /// compression and close, and says what Chrome would make of it. Exit code 1 if something is wrong.
    Doctor(DoctorArguments),
    /// Steer a proxy that runs with --control: list, inject, hold, edit, subscribe, and more
    #[cfg(unix)]
    Ctl(CtlArguments),
}

/// What is to be made of a capture, as typed.
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What to make of it; by the ending of --output where that has one
    #[arg(long, value_name = "jsonl|har|pcapng|text|csv|md")]
    pub to: Option<String>,

    /// The file to write, which appears when it is whole; standard output without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write over the file of --output where it is there already
    #[arg(long, requires = "output")]
    pub overwrite: bool,

    /// Only what fits a query (see docs/queries.md)
    #[arg(long, value_name = "QUERY")]
    pub filter: Option<String>,

    /// Take this out: a header, ?parameter of the target, .path in JSON, or secrets; repeat it for more
    #[arg(long, value_name = "NAME")]
    pub redact: Vec<String>,

    /// The decoder that reads the messages of all sessions, as of the proxy
    #[arg(long, value_name = "NAME[=COMMAND]")]
    pub decoder: Vec<String>,

    /// Read binary messages by this .proto file or descriptor set; repeat it for more
    #[arg(long, value_name = "[MESSAGE=]FILE")]
    pub proto: Vec<String>,
}

/// The flags of the proxy, and a command, as typed.
#[derive(Args, Debug)]
pub struct RunArguments {
    /// The flags of the proxy.
    #[command(flatten)]
    pub proxy: ProxyArguments,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// The flags of the proxy, as typed.
#[derive(Args, Debug)]
pub struct ProxyArguments {
    /// Whom to relay to, as with --upstream
    #[arg(value_name = "UPSTREAM")]
    pub to: Option<String>,

    /// Take settings from this file, and not from the one in its usual place (see wsproxy config)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where to listen; a bare port listens on this machine only (127.0.0.1 and ::1)
    #[arg(short, long, value_name = "[HOST:]PORT", default_value = "9000")]
    pub listen: String,

    /// Whom to relay to: ws (default), wss, http or https; without it, the built-in playground
    #[arg(short, long, value_name = "[SCHEME://]HOST:PORT[/PATH]")]
    pub upstream: Option<String>,

    /// Take any certificate of the upstream
    #[arg(long, conflicts_with = "ca")]
    pub insecure: bool,

    /// Trust the roots in this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Print a line for each frame and event; the default where standard output is no terminal, or a dumb one
    #[arg(long)]
    pub headless: bool,

    /// Print a JSON object a line instead
    #[arg(long)]
    pub json: bool,

    /// The decoder that reads the messages of all sessions: auto (default) guesses one for each, none reads none, and
    /// NAME=COMMAND gives each message to a program of yours, which prints what it says
    #[arg(long, value_name = "NAME[=COMMAND]")]
    pub decoder: Vec<String>,

    /// Show or print only what fits a query, as from:client len>1000 "a phrase" (see docs/query.md)
    #[arg(long, value_name = "QUERY")]
    pub filter: Option<String>,

    /// Hold messages that fit this query on their way, until they are released, edited or dropped on the screen
    #[arg(long, value_name = "QUERY")]
    pub hold: Option<String>,

    /// Frames that are held of what one side of a session sends; at the limit that side is not read, and TCP slows it down
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().hold_frames as u64,
        value_parser = clap::value_parser!(u64).range(1..=MAX_HELD))]
    pub hold_frames: u64,

    /// Memory for what is held of what one side of a session sends, in bytes or with k, M or G
    #[arg(long, value_name = "BYTES", default_value = "16M")]
    pub hold_bytes: String,

    /// Seconds after which what is held goes on by itself
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().hold_time.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=MAX_SECONDS))]
    pub hold_time: u64,

    /// What pings and pongs do that the hold does not ask for: pass by what is held, or wait for their turn
    #[arg(long, value_name = "HOW", value_enum, default_value_t = HoldControl::Pass)]
    pub hold_control: HoldControl,

    /// Make a socket at this path by which scripts steer the proxy (see docs/control.md); `wsproxy ctl PATH` talks to it
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    pub control: Option<PathBuf>,

    /// Ask a program of yours what becomes of each message that fits the query: it gets and prints lines of JSON, as
    /// docs/control.md has it; repeat it for more
    #[arg(long, num_args = 2, value_names = ["QUERY", "COMMAND"])]
    pub hook: Vec<String>,

    /// Time for such a program to decide of a message, which passes then
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = short_time)]
    pub hook_timeout: Duration,

    /// Act on messages that fit a query, as 'from:server -> drop 5%'; repeat it for more (see docs/rules.md)
    #[arg(long, value_name = "'QUERY -> ACT'", allow_hyphen_values = true)]
    pub rule: Vec<String>,

    /// The same for the rules in a TOML file; repeat it for more
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,

    /// Draw what rules leave to chance from this number, so that a run repeats; without it, from one that is shown
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Memory for what was seen, in bytes or with k, M or G (powers of 1024)
    #[arg(long, value_name = "BYTES", default_value = "256M")]
    pub history: String,

    /// Write all that is seen to this file as well; wsproxy open shows it
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,

    /// Write over the file of --capture where it is there already
    #[arg(long, requires = "capture")]
    pub capture_overwrite: bool,

    /// Go on in a further file when one has so many bytes (512M, 1G) or is so old (30min, 1h, 1d); they are numbered
    #[arg(long, value_name = "BYTES|TIME", requires = "capture")]
    pub capture_rotate: Option<String>,

    /// Keep only so many of these files, the newest
    #[arg(long, value_name = "COUNT", requires = "capture_rotate", value_parser = clap::value_parser!(u32).range(1..))]
    pub capture_keep: Option<u32>,

    /// Do not keep what the screen shows for wsproxy open --last
    #[arg(long)]
    pub no_autosave: bool,

    /// Exit with code 1 if a finding of this level, or a worse one, was seen
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<FailOn>,

    /// Add wsproxy's own log to this file
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// What to do about frames that break a rule
    #[arg(short, long, value_name = "POLICY", value_enum, default_value_t = PolicyName::Faithful)]
    pub policy: PolicyName,

    /// The version of the protocol that the upstream speaks; clients of another are bridged to it
    #[arg(long, value_name = "NAME", value_enum, default_value_t = DialectName::Auto)]
    pub dialect: DialectName,

    /// What becomes of binary messages towards a side that has text only
    #[arg(long, value_name = "HOW", value_enum, default_value_t = BinaryName::Base64)]
    pub bridge_binary: BinaryName,

    /// Leave Host, Origin and Location as they are
    #[arg(long)]
    pub keep_host: bool,

    /// Send this as the Origin in place of wsproxy's own, and where a WebSocket request has none
    #[arg(long, value_name = "VALUE")]
    pub origin: Option<String>,

    /// Another name of wsproxy's own, besides localhost, IP addresses and the host in --listen; repeat it for more
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,

    /// Read binary messages by this .proto file or descriptor set, as the one MESSAGE where it is named; repeat it for more
    #[arg(long, value_name = "[MESSAGE=]FILE")]
    pub proto: Vec<String>,

    /// Ask the upstream nothing on connections of wsproxy's own: not whether it answers, nor why it failed a session
    #[arg(long)]
    pub no_probe: bool,

    /// Take this out of lines, JSON and files: a header, ?parameter of the target, .path in JSON, or secrets for what
    /// usually is one; repeat it for more
    #[arg(long, value_name = "NAME")]
    pub redact: Vec<String>,

    /// Ends and assertions of a run without a screen.
    #[command(flatten)]
    pub ends: EndArguments,

    /// Bounds of memory and time.
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// How a run without a screen ends, and what it is held to.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tests")]
pub struct EndArguments {
    /// End by itself after this time: 30s, 2m, 500ms
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<String>,

    /// End by itself once so many sessions have ended
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub sessions: Option<u64>,

    /// Exit with code 1 unless a frame or event comes that fits this query; repeat it for more
    #[arg(long, value_name = "QUERY")]
    pub expect: Vec<String>,

    /// Exit with code 1 if a frame or event comes that fits this query; repeat it for more
    #[arg(long, value_name = "QUERY")]
    pub reject: Vec<String>,

    /// Report for a CI system: junit=FILE writes its XML, github prints annotations; repeat it for both
    #[arg(long, value_name = "junit=FILE|github")]
    pub report: Vec<String>,
}

/// What pings and pongs do while messages are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HoldControl {
    /// They pass by.
    Pass,
    /// They wait.
    Wait,
}

/// From which level on a finding makes the run a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something breaks in a browser, or data is lost
    Error,
    /// A rule is broken that some peer may insist on
    Warning,
}

/// What is done about frames that break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// Relay them as they came
    Faithful,
    /// Repair them where that can be done
    Repair,
    /// End the session
    Strict,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialectName {
    /// What the client speaks
    Auto,
    /// RFC 6455, version 13
    Rfc6455,
    /// Version 8
    #[value(name = "hybi-08")]
    Hybi08,
    /// Version 7
    #[value(name = "hybi-07")]
    Hybi07,
    /// hybi-00, with two keys
    #[value(name = "hixie-76")]
    Hixie76,
    /// Without a challenge
    #[value(name = "hixie-75")]
    Hixie75,
}

/// What becomes of a binary message for a side that has text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BinaryName {
    /// It is sent as text in base64
    Base64,
    /// It is left out
    Drop,
}

/// What the doctor is asked for, as typed.
#[derive(Args, Debug)]
pub struct DoctorArguments {
    /// The server, as a page would name it: ws://localhost:9999/chat, or wss
    #[arg(value_name = "URL")]
    pub url: String,

    /// Send this text once the socket is open; repeat it for more, the last of several goes in fragments
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Vec<String>,

    /// A message with this text in it must come, or the exit code is 1; repeat it for more
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub expect: Vec<String>,

    /// Time to listen to the open socket: 3, or up to 10 with --expect
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    pub listen: Option<u64>,

    /// Time for each step: connection, handshake, pong, close
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = seconds)]
    pub timeout: u64,

    /// The page's origin; by default the server's own
    #[arg(long, value_name = "VALUE")]
    pub origin: Option<String>,

    /// Ask for this subprotocol; repeat it for more
    #[arg(long, value_name = "NAME")]
    pub protocol: Vec<String>,

    /// Add this line to the request; repeat it for more
    #[arg(long, value_name = "'NAME: VALUE'")]
    pub header: Vec<String>,

    /// Find out which dialects it speaks, over a connection each; it does so by itself where an old one answers
    #[arg(long)]
    pub dialects: bool,

    /// Take any certificate
    #[arg(long, conflicts_with = "ca")]
    pub insecure: bool,

    /// Trust the roots in this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Print JSON Lines, the last of them the report
    #[arg(long)]
    pub json: bool,
}

/// Which capture to look at, and how, as typed.
#[derive(Args, Debug)]
pub struct OpenArguments {
    /// The capture; of a rotated one, the first file, or the name that --capture was given
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// What was seen the last time, by the run that began last and was not given --no-autosave
    #[arg(long, conflicts_with = "file")]
    pub last: bool,

    /// Print a line for each frame and event; the default where standard output is no terminal, or a dumb one
    #[arg(long)]
    pub headless: bool,

    /// Print a JSON object a line instead, as the run with --json did
    #[arg(long)]
    pub json: bool,

    /// Show or print only what fits a query (see docs/queries.md)
    #[arg(long, value_name = "QUERY")]
    pub filter: Option<String>,

    /// The decoder that reads the messages of all sessions: auto (default), none, a name, or NAME=COMMAND
    #[arg(long, value_name = "NAME[=COMMAND]")]
    pub decoder: Vec<String>,

    /// Read binary messages by this .proto file or descriptor set, as the one MESSAGE where it is named; repeat it for more
    #[arg(long, value_name = "[MESSAGE=]FILE")]
    pub proto: Vec<String>,

    /// Exit with code 1 if a finding of this level, or a worse one, was printed with the lines
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<FailOn>,
}

/// Bounds that a user may want to change.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArguments {
    /// Longest head of a request or a response, in bytes or with k, M or G
    #[arg(long, value_name = "BYTES", default_value = "64k")]
    pub max_head: String,

    /// Time for a client to send its whole head
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().head_time.as_secs(),
        value_parser = seconds)]
    pub head_timeout: u64,

    /// Time to connect to the upstream, TLS included
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().dial_time.as_secs(),
        value_parser = seconds)]
    pub dial_timeout: u64,

    /// Time for the upstream to answer a handshake
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().response_time.as_secs(),
        value_parser = seconds)]
    pub response_timeout: u64,

    /// Sessions at a time, and plain HTTP connections besides; one more of either gets a 503
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().sessions as u64,
        value_parser = sessions)]
    pub max_sessions: u64,
}

impl CliCommand {
    /// Writes what was asked for.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn run(&self, out: &mut dyn io::Write) -> io::Result<()> {
        match self {
            Self::Completions { shell } => {
                // clap_complete panics where it can't write, so it writes to memory.
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Arguments::command(), "wsproxy", &mut script);
                out.write_all(&script)
            }
            Self::Explain { subjects, json: true } => explain::write_json(subjects.as_ref(), out),
            Self::Explain { subjects, json: false } => explain::write(subjects.as_ref(), Colour::of_output(), out),
            // It is made of this table by a room above.
            Self::Config => Ok(()),
            Self::Man => clap_mangen::Man::new(Arguments::command()).render(out),
            // It prints as it goes, and has an exit code of its own.
            Self::Doctor(_) | Self::Run(_) | Self::Open(_) | Self::Export(_) => Ok(()),
            #[cfg(unix)]
            Self::Ctl(_) => Ok(()),
        }
    }
}

/// A time that may be a part of a second.
fn short_time(value: &str) -> Result<Duration, String> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = value.parse::<f64>().ok().filter(|seconds| is_plain && (0.01..=3600.0).contains(seconds));
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "write seconds from 0.01 to 3600, 0.5 for example".to_owned())
}

fn seconds(value: &str) -> Result<u64, String> {
    number(value, MAX_SECONDS, 30)
}

fn count(value: &str) -> Result<u64, String> {
    number(value, u64::MAX, 1)
}

fn sessions(value: &str) -> Result<u64, String> {
    number(value, MAX_SESSIONS, 100)
}

fn number(value: &str, most: u64, example: u64) -> Result<u64, String> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("write a whole number from 1 to {most}, {example} for example"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_wrong_number_gets_a_right_one() {
        for value in ["", "x", "0", "-1", "1.5", "86401"] {
            let error = Arguments::try_parse_from(["wsproxy", &format!("--dial-timeout={value}")]).unwrap_err();
            assert!(error.to_string().contains("write a whole number from 1 to 86400, 30 for example"), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn completions_and_manual_name_the_flags() {
        for command in [CliCommand::Completions { shell: Shell::Bash }, CliCommand::Man] {
            let mut out = Vec::new();
            command.run(&mut out).unwrap();
            let text = String::from_utf8(out).unwrap().replace('\\', "");
            assert!(text.contains("--upstream") && text.contains("--response-timeout"), "{text}");
        }
    }
}
