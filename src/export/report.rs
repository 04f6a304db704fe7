//! What is wrong, in Markdown, for a bug tracker: of each session with a problem what Chrome makes of it, each problem with
//! its bytes, both heads, and the lines around. What is usually secret is taken out of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::diagnose::{self, render};
use crate::json::{self, Item, Totals, What};
use crate::record::finding::{FindingKind, Level};
use crate::record::{Event, HeadEvent, Outcome, ProxyEvent, SessionId, Side, Time, Verdict};
use crate::text;
use crate::wire::frame::FrameHeader;

use super::form::Form;
use super::text::{Lines, counts};

/// Sessions that are told in full: nobody reads more of one report.
const SESSIONS: usize = 20;
/// Problems of one session that are told in full.
const PROBLEMS: usize = 20;
/// Lines before a problem, and behind it, that are shown.
const BEFORE: usize = 6;
const BEHIND: usize = 3;
/// Lines of one session.
const LINES: usize = 80;
/// Bytes of a head that are shown.
const HEAD: usize = 8 * 1024;
/// Sessions of which something is remembered until it is clear whether they have a problem, and bytes of what is.
const OPEN: usize = 4096;
const BYTES: usize = 64 * 1024 * 1024;

/// A report.
pub(super) struct Report {
    lines: Lines,
    sessions: BTreeMap<SessionId, Session>,
    /// Sessions with a problem beyond those that are told.
    more: BTreeSet<SessionId>,
    /// Problems of no session.
    own: Vec<String>,
    upstream: String,
    span: Option<(Time, Time)>,
    lost: u64,
    /// Bytes that are remembered of sessions.
    held: usize,
}

/// What is remembered of a session.
#[derive(Default)]
struct Session {
    path: Vec<u8>,
    client: String,
    request: Option<HeadEvent>,
    response: Option<HeadEvent>,
    verdict: Option<Verdict>,
    /// The worst first.
    problems: Vec<(Level, String)>,
    worst: Option<Level>,
    more_problems: u64,
    recent: VecDeque<String>,
    shown: Vec<String>,
    /// How many of the lines to come are shown.
    follow: usize,
    /// Whether lines between two that are shown were left out.
    has_gap: bool,
}

impl Session {
    fn has_problem(&self) -> bool {
        self.worst.is_some_and(|worst| worst > Level::Note)
            || self.verdict.as_ref().is_some_and(|verdict| verdict.outcome == Outcome::Fails)
    }

    fn line(&mut self, line: String, is_problem: bool) {
        if is_problem {
            self.follow = BEHIND + 1;
            if self.has_gap && !self.shown.is_empty() {
                self.shown.push("…".to_owned());
            }
            self.has_gap = false;
            self.shown.extend(self.recent.drain(..));
        }
        if self.shown.len() >= LINES {
            return;
        }
        if self.follow > 0 {
            self.follow -= 1;
            self.shown.push(line);
            return;
        }
        if self.recent.len() == BEFORE {
            self.recent.pop_front();
            self.has_gap = true;
        }
        self.recent.push_back(line);
    }

    /// Bytes of what is remembered.
    fn size(&self) -> usize {
        let lines = self.recent.iter().chain(&self.shown).map(String::len);
        let problems = self.problems.iter().map(|(_, problem)| problem.len());
        let heads = [&self.request, &self.response].into_iter().flatten().map(HeadEvent::held);
        self.path.len() + lines.chain(problems).chain(heads).sum::<usize>()
    }

    fn problem(&mut self, level: Level, rendered: String, is_full: bool) {
        self.worst = self.worst.max(Some(level));
        if self.problems.len() < PROBLEMS && !is_full {
            let behind = self.problems.partition_point(|(other, _)| *other >= level);
            self.problems.insert(behind, (level, rendered));
        } else {
            self.more_problems += 1;
        }
    }

    fn event(&mut self, id: SessionId, event: &Event, is_full: bool) {
        match event {
            Event::SessionOpened { client, path } => {
                (self.client, self.path) = (client.to_string(), path.clone());
            }
            Event::Head(head) if head.from == Side::Client => self.request = Some(head.clone()),
            Event::Head(head) => self.response = Some(head.clone()),
            Event::Verdict(verdict) => self.verdict = Some(verdict.clone()),
            Event::Finding(from, finding) => {
                let rendered = render::render(Some(id.0), from.name(), finding);
                self.problem(diagnose::words(finding.kind).level, rendered, is_full);
            }
            Event::Stall { stall, over: false } => {
                let lines = render::stall_lines(Some(id.0), stall, None, 100);
                let rendered = lines.iter().map(|line| format!("{}\n", line.text)).collect();
                self.problem(Level::Warning, rendered, is_full);
            }
            _ => {}
        }
    }
}

impl Report {
    /// `zone` is where the time of day is told.
    pub(super) fn new(zone: TimeZone) -> Self {
        Self {
            lines: Lines::new(zone),
            sessions: BTreeMap::new(),
            more: BTreeSet::new(),
            own: Vec::new(),
            upstream: String::new(),
            span: None,
            lost: 0,
            held: 0,
        }
    }

    /// Lets go of a session that is over, where it has no problem or there are enough that have.
    fn settle(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let told = self.sessions.values().filter(|session| session.has_problem()).count();
        if !session.has_problem() {
            self.held = self.held.saturating_sub(session.size());
            self.sessions.remove(&id);
        } else if told > SESSIONS {
            self.held = self.held.saturating_sub(session.size());
            self.sessions.remove(&id);
            if self.more.len() < OPEN {
                self.more.insert(id);
            }
        }
    }
}

impl Form for Report {
    fn wanted(&self, header: &FrameHeader) -> usize {
        self.lines.wanted(header)
    }

    fn tells(&self, item: &Item<'_>) -> bool {
        !matches!(item.what, What::Event(Event::Inflated(_)))
    }

    fn item(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        self.span = Some(self.span.map_or((item.time, item.time), |(first, last)| (first, last.max(item.time))));
        match &item.what {
            What::Proxy(ProxyEvent::Listening { upstream, .. }) => self.upstream.clone_from(upstream),
            What::Proxy(ProxyEvent::Finding(from, finding)) if self.own.len() < PROBLEMS => {
                self.own.push(render::render(None, from.name(), finding));
            }
            _ => {}
        }
        let Some(id) = item.session else { return };
        if self.sessions.len() >= OPEN && !self.sessions.contains_key(&id) {
            return;
        }
        let session = self.sessions.entry(id).or_default();
        let (before, is_full) = (session.size(), self.held >= BYTES);
        let mut line = Vec::new();
        if self.lines.tells(item) && !is_full {
            self.lines.item(item, &mut line);
            let is_problem = match &item.what {
                What::Event(Event::Finding(_, finding)) => diagnose::words(finding.kind).level > Level::Note,
                What::Event(Event::Stall { .. }) => true,
                _ => false,
            };
            session.line(String::from_utf8_lossy(&line).trim_end().to_owned(), is_problem);
        }
        if let What::Event(event) = &item.what {
            // Where there is no room, that there is a problem is known, and not which.
            session.event(id, event, is_full);
        }
        self.held = self.held + session.size() - before;
        if matches!(item.what, What::Event(Event::SessionClosed(_))) {
            self.settle(id);
        }
    }

    /// A problem that is shown needs its session's heads and verdict.
    fn hidden(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        if let What::Proxy(ProxyEvent::Listening { upstream, .. }) = &item.what {
            self.upstream.clone_from(upstream);
        }
        let (Some(id), What::Event(event)) = (item.session, &item.what) else { return };
        if matches!(event, Event::SessionOpened { .. } | Event::Head(_)) && self.sessions.len() < OPEN {
            self.sessions.entry(id).or_default().event(id, event, false);
        }
        if matches!(event, Event::SessionClosed(_)) {
            self.settle(id);
        }
    }

    fn lost(&mut self, records: u64, _: &mut Vec<u8>) {
        self.lost += records;
    }

    fn finish(
        &mut self,
        totals: &Totals,
        findings: &BTreeMap<FindingKind, u64>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut page = String::new();
        self.write_start(totals, findings, &mut page);
        let told: Vec<_> = self.sessions.iter().filter(|(_, session)| session.has_problem()).take(SESSIONS).collect();
        for (id, session) in &told {
            write_session(**id, session, &mut page);
        }
        let with_problem = self.sessions.values().filter(|session| session.has_problem()).count() + self.more.len();
        if with_problem > told.len() {
            let _ = writeln!(page, "\n{} more sessions have problems.", with_problem - told.len());
        }
        out.write_all(page.as_bytes())
    }
}

impl Report {
    fn write_start(&self, totals: &Totals, findings: &BTreeMap<FindingKind, u64>, page: &mut String) {
        let counts = counts(totals.sessions, totals.frames, findings);
        let counts = counts.unwrap_or_else(|| "no session, and nothing found".to_owned());
        // A `String` takes all that is written.
        let _ = writeln!(page, "# WebSocket report\n\n{counts}.\n");
        let _ = writeln!(page, "- wsproxy {}", env!("CARGO_PKG_VERSION"));
        if !self.upstream.is_empty() {
            let _ = writeln!(page, "- upstream {}", code(self.upstream.as_bytes()));
        }
        if let Some((first, last)) = self.span {
            let _ = writeln!(page, "- from {} to {}", json::rfc3339(first), json::rfc3339(last));
        }
        if self.lost > 0 {
            let _ = writeln!(page, "- {} records had left the memory before", self.lost);
        }
        let _ = writeln!(page, "- what is usually secret (credentials, cookies, tokens) has asterisks in its place");
        for problem in &self.own {
            fenced("text", problem, page);
        }
    }
}

fn write_session(id: SessionId, session: &Session, page: &mut String) {
    let path = if session.path.is_empty() { String::new() } else { format!(": {}", code(&session.path)) };
    let _ = writeln!(page, "\n## Session {id}{path}\n");
    if let Some(verdict) = &session.verdict {
        let _ = writeln!(page, "{}\n", verdict_words(verdict));
    }
    if !session.client.is_empty() {
        let _ = writeln!(page, "The client is {}.", session.client);
    }
    for (_, problem) in &session.problems {
        fenced("text", problem, page);
    }
    if session.more_problems > 0 {
        let _ = writeln!(page, "\n{} more problems in this session.", session.more_problems);
    }
    for (title, head) in [("Request", &session.request), ("Response", &session.response)] {
        let Some(head) = head else { continue };
        let _ = writeln!(page, "\n### {title}");
        fenced("http", &head_text(&head.bytes), page);
        if head.forwarded != head.bytes {
            let changed: Vec<_> = head.changes.iter().map(|change| code(change.field.as_bytes())).collect();
            let _ = writeln!(page, "\nwsproxy changed on the way: {}", changed.join(", "));
        }
    }
    if !session.shown.is_empty() {
        let _ = writeln!(page, "\n### Around");
        fenced("text", &session.shown.join("\n"), page);
    }
}

fn verdict_words(verdict: &Verdict) -> String {
    let words = verdict.error_text.as_deref().map(|words| code(words.as_bytes()));
    let mut out = match (verdict.outcome, words) {
        (Outcome::Fails, Some(words)) => format!("**Chrome fails it:** {words}"),
        (Outcome::Fails, None) => "**Chrome fails it**, without a word in its console".to_owned(),
        (Outcome::Waits, _) => "Chrome waits: the page has not opened, and nothing has failed it".to_owned(),
        (Outcome::Works, _) => "Chrome opens it".to_owned(),
    };
    if let Some(close) = verdict.close_code {
        let clean = verdict.was_clean.map_or(String::new(), |clean| format!(", `wasClean` {clean}"));
        let _ = write!(out, "; the page sees a close event with code {close}{clean}");
    }
    if let Some(frame) = verdict.undelivered {
        let _ = write!(out, "; frame {frame} of the server and those behind it never reach the page");
    }
    out + "."
}

/// The lines of a head, each safe to show.
fn head_text(bytes: &[u8]) -> String {
    let shown = bytes.get(..HEAD).unwrap_or(bytes);
    let mut out = String::new();
    for line in shown.split(|byte| *byte == b'\n') {
        out.push_str(&text::escape(line.strip_suffix(b"\r").unwrap_or(line)));
        out.push('\n');
    }
    let out = out.trim_end().to_owned();
    if shown.len() < bytes.len() { out + "\n…" } else { out }
}

/// Peer bytes in a line of prose.
fn code(bytes: &[u8]) -> String {
    let shown = text::preview(bytes, 500);
    let fence = "`".repeat(longest_run(&shown) + 1);
    if shown.starts_with('`') || shown.ends_with('`') {
        format!("{fence} {shown} {fence}")
    } else {
        format!("{fence}{shown}{fence}")
    }
}

/// A block that nothing in it can end.
fn fenced(kind: &str, content: &str, page: &mut String) {
    let fence = "`".repeat(longest_run(content).max(2) + 1);
    let _ = writeln!(page, "\n{fence}{kind}\n{}\n{fence}", content.trim_end());
}

fn longest_run(text: &str) -> usize {
    text.split(|one| one != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_block_ends_it() {
        let mut page = String::new();
        fenced("text", "a\n````\nb", &mut page);
        assert_eq!(page, "\n`````text\na\n````\nb\n`````\n");
        assert_eq!(code(b"a`b"), "``a`b``");
        assert_eq!(code(b"`"), "`` ` ``");
        assert_eq!(code(b"</script>\x1b"), "`</script>\\u{1b}`");
    }
}
