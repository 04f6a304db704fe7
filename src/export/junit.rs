//! A run as tests: each session, and each assertion, in the XML of JUnit that CI systems read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::diagnose::{self, render};
use crate::json::{Item, Totals, What};
use crate::record::finding::{FindingKind, Level};
use crate::record::{Event, SessionId, Time};
use crate::text;

use super::checks::Checks;
use super::form::Form;

/// Sessions that are told one by one; the others are counted in a last one.
const SESSIONS: usize = 10_000;
/// Problems of one session that are told, and bytes of those of all sessions.
const PROBLEMS: usize = 20;
const BYTES: usize = 16 * 1024 * 1024;

/// The report.
pub(super) struct Junit {
    checks: Checks,
    /// Findings from this level on fail a session.
    least: Level,
    sessions: BTreeMap<SessionId, Session>,
    more: u64,
    /// Bytes of problems.
    held: usize,
}

#[derive(Default)]
struct Session {
    path: String,
    begun: Option<Time>,
    last: Option<Time>,
    problems: Vec<(&'static str, String)>,
    count: u64,
}

impl Junit {
    pub(super) const fn new(checks: Checks, least: Level) -> Self {
        Self { checks, least, sessions: BTreeMap::new(), more: 0, held: 0 }
    }
}

impl Form for Junit {
    fn wanted(&self, _: &crate::wire::frame::FrameHeader) -> usize {
        0
    }

    fn item(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        let Some(id) = item.session else { return };
        if self.sessions.len() >= SESSIONS && !self.sessions.contains_key(&id) {
            self.more += u64::from(matches!(item.what, What::Event(Event::SessionOpened { .. })));
            return;
        }
        let session = self.sessions.entry(id).or_default();
        session.begun.get_or_insert(item.time);
        session.last = Some(item.time);
        match &item.what {
            What::Event(Event::SessionOpened { path, .. }) => session.path = text::escape(path),
            What::Event(Event::Finding(from, finding)) if diagnose::words(finding.kind).level >= self.least => {
                session.count += 1;
                if session.problems.len() < PROBLEMS && self.held < BYTES {
                    let rendered = render::render(Some(id.0), from.name(), finding);
                    self.held += rendered.len();
                    session.problems.push((finding.kind.id(), rendered));
                }
            }
            _ => {}
        }
    }

    fn lost(&mut self, _: u64, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let checks = self.checks.results();
        let failed = |session: &&Session| session.count > 0;
        let failures = self.sessions.values().filter(failed).count()
            + checks.iter().filter(|check| check.failure.is_some()).count();
        let tests = self.sessions.len() + checks.len();
        let mut page = String::new();
        // A `String` takes all that is written.
        let _ = writeln!(page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        let _ = writeln!(page, "<testsuites tests=\"{tests}\" failures=\"{failures}\">");
        let _ = writeln!(page, "  <testsuite name=\"wsproxy\" tests=\"{tests}\" failures=\"{failures}\">");
        for (id, session) in &self.sessions {
            let name = escaped(&format!("session {id}: {}", session.path));
            let seconds = session.begun.zip(session.last).map_or(0.0, |(begun, last)| last.since(begun).as_secs_f64());
            let _ = write!(page, "    <testcase classname=\"sessions\" name=\"{name}\" time=\"{seconds:.3}\"");
            if session.count == 0 {
                page.push_str("/>\n");
                continue;
            }
            page.push_str(">\n");
            let ids: Vec<_> = session.problems.iter().map(|(id, _)| *id).collect();
            let text: String = session.problems.iter().map(|(_, rendered)| format!("{rendered}\n")).collect();
            let message = escaped(&ids.join(", "));
            let _ = writeln!(page, "      <failure message=\"{message}\">{}</failure>", escaped(&text));
            page.push_str("    </testcase>\n");
        }
        for check in &checks {
            let name = escaped(&check.name);
            let _ = write!(page, "    <testcase classname=\"assertions\" name=\"{name}\"");
            match &check.failure {
                None => page.push_str("/>\n"),
                Some(failure) => {
                    let _ = writeln!(page, ">\n      <failure message=\"{}\"/>\n    </testcase>", escaped(failure));
                }
            }
        }
        if self.more > 0 {
            let _ = writeln!(page, "    <system-out>{} more sessions are not told one by one</system-out>", self.more);
        }
        page.push_str("  </testsuite>\n</testsuites>\n");
        out.write_all(page.as_bytes())
    }
}

/// Text for XML 1.0. Control characters, which it can't have, were escaped before.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}

/// The annotations of GitHub's workflows, on standard output: a command a line.
pub(super) struct Annotations {
    checks: Checks,
    lines: Vec<String>,
    more: u64,
}

/// GitHub shows ten errors and ten warnings of a step, and fifty of a job.
const ANNOTATIONS: usize = 50;

impl Annotations {
    pub(super) const fn new(checks: Checks) -> Self {
        Self { checks, lines: Vec::new(), more: 0 }
    }

    fn add(&mut self, command: &str, title: &str, message: &str) {
        if self.lines.len() == ANNOTATIONS {
            self.more += 1;
            return;
        }
        let (title, message) = (property(title), data(message));
        self.lines.push(format!("::{command} title={title}::{message}\n"));
    }
}

impl Form for Annotations {
    fn wanted(&self, _: &crate::wire::frame::FrameHeader) -> usize {
        0
    }

    fn item(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        let (from, finding) = match &item.what {
            What::Event(Event::Finding(from, finding)) => (from, finding),
            What::Proxy(crate::record::ProxyEvent::Finding(from, finding)) => (from, finding),
            _ => return,
        };
        let command = match diagnose::words(finding.kind).level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => return,
        };
        let rendered = render::render(item.session.map(|id| id.0), from.name(), finding);
        let session = item.session.map_or(String::new(), |id| format!(" in session {id}"));
        self.add(command, &format!("wsproxy: {}{session}", finding.kind.id()), rendered.trim_end());
    }

    fn lost(&mut self, _: u64, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        for check in self.checks.results() {
            if let Some(failure) = &check.failure {
                self.add("error", &format!("wsproxy: {}", check.name), failure);
            }
        }
        for line in &self.lines {
            out.write_all(line.as_bytes())?;
        }
        if self.more > 0 {
            writeln!(out, "::notice title=wsproxy::{} more problems are not annotated", self.more)?;
        }
        Ok(())
    }
}

/// As GitHub's own toolkit escapes what a command says.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::tests::talk;
    use super::super::{Demand, Printer};
    use super::*;
    use crate::query::Query;

    fn reported(report: super::super::ReportKind) -> String {
        let demand = |demand, query: &str| (demand, Query::parse(query).unwrap().unwrap());
        let demands =
            vec![demand(Demand::Expect, "hello"), demand(Demand::Expect, "a<b"), demand(Demand::Reject, "op:close")];
        let checks = Checks::new(demands, &TimeZone::UTC);
        let mut out = Vec::new();
        let mut watching = Printer::silent(TimeZone::UTC).checking(checks.clone());
        watching.log(Some(SessionId(1)), &talk(), &mut out);
        let mut printer = Printer::report(report, checks, Level::Error, TimeZone::UTC);
        printer.log(Some(SessionId(1)), &talk(), &mut out);
        printer.finish(&BTreeMap::new(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn junit_has_a_test_for_each_session_and_assertion() {
        insta::assert_snapshot!(reported(super::super::ReportKind::Junit));
    }

    #[test]
    fn github_gets_an_annotation_for_each_problem_and_broken_assertion() {
        insta::assert_snapshot!(reported(super::super::ReportKind::Github));
    }

    #[test]
    fn nothing_ends_an_attribute_or_a_command() {
        assert_eq!(escaped("<a b=\"&\">\u{1}"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}");
        assert_eq!(property("a:b,c%\n::error::x"), "a%3Ab%2Cc%25%0A%3A%3Aerror%3A%3Ax");
    }
}
