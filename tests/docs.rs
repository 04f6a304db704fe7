//! What documents show of the program comes from the program: its flags from the parser's table, its lines from a
//! session.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory as _};
use jiff::tz::TimeZone;
use wsproxy::cli::Arguments;
use wsproxy::diagnose::render;
use wsproxy::doctor::{Connected, Plan, Report, Visit};
use wsproxy::export::Printer;
use wsproxy::headless::{self, Colour, Format};

use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Ending, Event, Log, Record, SessionId, Side, Time};
use wsproxy::relay::session::{Output as RelayOutput, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::wire::accept;
use wsproxy::wire::frame;
use wsproxy::wire::head::Head;
use wsproxy::wire::opcode::Opcode;
use wsproxy::wire::request::Request;

use crate::support::document;

#[test]
fn the_command_line_s_page_is_up_to_date() {
    document::check("docs/cli.md", &page(Arguments::command()));
}

#[test]
fn the_readme_s_examples_are_those_of_the_help() {
    document::check_section("README.md", "examples", &examples(&Arguments::command()));
}

#[test]
fn the_readme_s_lines_are_what_a_session_prints() {
    let mut printer = Printer::new(Format::Text, TimeZone::UTC);
    let mut out = Vec::new();
    printer.log(Some(SessionId(1)), &conversation(), &mut out);
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    document::check_section("README.md", "lines", &format!("```\n{lines}```"));
}

#[test]
fn the_readme_s_finding_is_what_the_renderer_writes() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\n\r\n\r\n";
    let (mut session, mut out) = begun();
    let all = [answer.as_bytes(), b"\x81\x05Hello"].concat();
    session.receive(Time(1_767_323_045_000_000), Side::Server, &all, &mut out);
    let finding = out.log.records.iter().find_map(|record| match record {
        Record::Event(_, event) => match event.as_ref() {
            Event::Finding(_, finding) if finding.kind == FindingKind::HttpExtraCrlf => Some(finding.clone()),
            _ => None,
        },
        _ => None,
    });
    let text = render::render(Some(1), "server", &finding.expect("the finding"));
    document::check_section("README.md", "finding", &format!("```text\n{text}```"));
}

/// A session whose request has come.
fn begun() -> (Session, RelayOutput) {
    let at = |millis: u64| Time(1_767_323_045_000_000 + millis * 1000);
    let rules = AddressRules::to("localhost:9999");
    let config = SessionConfig::new(rules);
    let mut out = RelayOutput::default();
    let client = SocketAddr::from(([127, 0, 0, 1], 50_412));
    out.log.event(at(0), Event::SessionOpened { client, path: b"/chat".to_vec() });
    let request = "GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Origin: http://localhost:9000\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let session = Session::begin(config, at(0), request.as_bytes(), &mut out);
    (session, out)
}

/// A short session through the relay, as the engine would drive it.
fn conversation() -> Log {
    let at = |millis: u64| Time(1_767_323_045_000_000 + millis * 1000);
    let (mut session, mut out) = begun();
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";
    session.receive(at(1), Side::Server, answer.as_bytes(), &mut out);
    let mut say = |millis, from, opcode, payload: &[u8]| {
        let key = (from == Side::Client).then_some([0x37, 0xfa, 0x21, payload.len() as u8]);
        let mut bytes = Vec::new();
        frame::write(opcode, payload, key, &mut bytes);
        session.receive(at(millis), from, &bytes, &mut out);
    };
    say(4, Side::Client, Opcode::TEXT, br#"{"say":"hello"}"#);
    say(6, Side::Server, Opcode::TEXT, "{\"said\":\"hello, grün \u{1b}[1mand bold\"}".as_bytes());
    say(7, Side::Server, Opcode::BINARY, &[0, 1, 0xfe, 0xff]);
    say(9, Side::Client, Opcode::CLOSE, b"\x03\xe8bye");
    say(10, Side::Server, Opcode::CLOSE, b"\x03\xe8bye");
    session.finish(at(11), &mut out);
    out.log
}

#[test]
fn the_guide_s_report_is_what_the_doctor_prints() {
    let text = headless::report(&visit(), Format::Text, Colour::Off);
    document::check_section("docs/guide.md", "report", &format!("```text\n{}```", String::from_utf8(text).unwrap()));
}

/// A visit to a server that echoes, with a clock of its own.
fn visit() -> Report {
    let at = |micros: u64| Time(1_767_323_045_000_000 + micros);
    let request = Request {
        authority: "localhost:9999".into(),
        target: "/chat".into(),
        origin: "http://localhost:9999".into(),
        protocols: Vec::new(),
        fields: Vec::new(),
    };
    let (send, expect) = (vec!["hello".to_owned()], vec!["hello".to_owned()]);
    let plan = Plan { request, send, expect, listen: Duration::from_secs(10), patience: Duration::from_secs(10) };
    let mut sent = Vec::new();
    let mut visit = Visit::new(plan, [7; 32], at(0), &mut sent);
    let accept = accept::value_for(Head::new(&sent).value("sec-websocket-key").unwrap());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    visit.receive(at(900), answer.as_bytes(), &mut sent);
    for (micros, bytes) in [
        (1_400, &b"\x81\x05hello"[..]),
        (1_900, b"\x81\x05hello"),
        (2_100, b"\x8a\x0ewsproxy doctor"),
        (2_800, b"\x88\x02\x03\xe8"),
    ] {
        visit.receive(at(micros), bytes, &mut sent);
    }
    visit.end(at(3_000), Ending::Fin, None);
    let connected = Connected { address: "127.0.0.1:9999".into(), tcp: Duration::from_micros(300), tls: None };
    Report::of_visit("ws://localhost:9999/chat".into(), &connected, &visit, Vec::new())
}

fn page(mut command: Command) -> String {
    command.build();
    let mut out = "# The command line\n\nThis page is written by a test from the parser's own table. \
                   `WSPROXY_BLESS=1 cargo test` rewrites it.\n\n```\n"
        .to_owned();
    out += &command.render_usage().to_string().replace("Usage: ", "").replace("\n       ", "\n");
    out += "\n```\n";
    for (heading, arguments) in by_heading(&command) {
        out += &format!("\n## {heading}\n\n| flag | default | what it does |\n|---|---|---|\n");
        for argument in arguments {
            out += &row(argument);
        }
    }
    out += "\n## Commands\n\n| command | what it does |\n|---|---|\n";
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        out += &subcommand_row(subcommand);
    }
    for subcommand in command.get_subcommands().filter(|subcommand| has_flags(subcommand)) {
        let name = subcommand.get_name();
        out += &format!("\n## Flags of `{name}`\n\n| flag | default | what it does |\n|---|---|---|\n");
        subcommand.get_arguments().filter(|argument| is_own(argument)).for_each(|argument| out += &row(argument));
    }
    out += &format!("\n## Examples\n\n{}", examples(&command));
    out += "\n## Exit codes\n\n| code | when |\n|---|---|\n| 0 | fine: it was told to end, its terminal was closed, or nobody reads its lines any \
            more |\n| 1 | a finding was seen of the level that `--fail-on` names, what `--expect` or `--reject` asserts does not hold, or `doctor` found something wrong |\n| 2 | the command line or a file is wrong |\n| 3 | it could not start, or lost output at its end: nobody read it for two seconds, and standard error says how many lines are missing |\n\n`run` exits with the code of its command where that is larger: 127 where there is no such command, and 128 and the number of the signal that it ended by.\n";
    out
}

/// Whether it has flags other than those of the proxy, which `run` takes all.
fn has_flags(subcommand: &Command) -> bool {
    subcommand.get_name() != "run" && subcommand.get_arguments().any(is_own)
}

/// Whether it is a flag, and not one that each command has.
fn is_own(argument: &Arg) -> bool {
    !argument.is_positional() && !matches!(argument.get_id().as_str(), "help" | "version")
}

/// Flags under their headings, in the order of the table.
fn by_heading(command: &Command) -> Vec<(&str, Vec<&Arg>)> {
    let mut sections: Vec<(&str, Vec<&Arg>)> = Vec::new();
    for argument in command.get_arguments() {
        let heading =
            argument.get_help_heading().unwrap_or(if argument.is_positional() { "Arguments" } else { "Flags" });
        match sections.iter_mut().find(|(name, _)| *name == heading) {
            Some((_, arguments)) => arguments.push(argument),
            None => sections.push((heading, vec![argument])),
        }
    }
    sections
}

fn row(argument: &Arg) -> String {
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().filter(|_| is_own(argument)).map(|short| format!("-{short}"));
    let mut flag = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    if argument.get_action().takes_values() {
        let names = argument.get_value_names().unwrap_or_default();
        flag += &names.iter().map(|name| format!(" {name}")).collect::<String>();
        flag = flag.trim_start().to_owned();
    }
    let defaults = argument.get_default_values().iter().filter(|_| argument.get_action().takes_values());
    let defaults: String = defaults.map(|value| format!("`{}`", value.to_string_lossy())).collect();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    format!("| `{}` | {defaults} | {} |\n", cell(&flag), cell(&help))
}

fn subcommand_row(subcommand: &Command) -> String {
    let names = subcommand.get_positionals().flat_map(|argument| argument.get_value_names().unwrap_or_default());
    let names = names.map(|name| format!(" {name}"));
    let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
    format!("| `{}{}` | {} |\n", subcommand.get_name(), cell(&names.collect::<String>()), cell(&about))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The examples of `--help`: a line of words, then the command.
fn examples(command: &Command) -> String {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let blocks = text.lines().skip(1).map(|line| match line.strip_prefix("    ") {
        Some(example) => format!("```\n{example}\n```\n"),
        None => format!("{}:\n", capitalised(line.trim())),
    });
    blocks.collect::<Vec<_>>().join("\n")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
