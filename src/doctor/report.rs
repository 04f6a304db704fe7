//! The report: what passed, what was tried, what was found, and the bottom line.

use std::time::Duration;

use crate::diagnose::render::{self, Part};
use crate::diagnose::words;
use crate::record::Outcome as Page;
use crate::record::finding::{Finding, Level};
use crate::record::{HeadEvent, Side};
use crate::text;
use crate::wire::dialect::Dialect;
use crate::wire::head::Head;

use super::checks::{self, Check, Mark};
use super::dialects::{Attempt, Spoken};
use super::story::{Connected, Story};
use super::visit::Visit;

/// Lines of a head that are shown.
const HEAD_LINES: usize = 24;
/// Bytes of such a line.
const LINE: usize = 110;

/// What a request always has, so that it tells nothing.
const USUAL: [&str; 5] = ["pragma", "cache-control", "user-agent", "accept-encoding", "accept-language"];

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// As any text.
    Plain,
    /// A heading.
    Strong,
    /// All is well.
    Good,
    /// Not quite.
    Odd,
    /// Something is wrong.
    Bad,
    /// Of less weight.
    Faint,
}

/// A line of the report, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it is meant.
    pub ink: Ink,
    /// The text.
    pub text: String,
}

/// The bottom line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the page gets.
    pub page: Page,
    /// Whether nothing is wrong: the exit code.
    pub fine: bool,
    /// In a sentence.
    pub sentence: String,
    /// What to change.
    pub fix: Option<String>,
}

/// How long things took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// TCP.
    pub connect: Option<Duration>,
    /// TLS, on top.
    pub tls: Option<Duration>,
    /// From the request to the response's last line.
    pub response: Option<Duration>,
    /// From there to the first message.
    pub first_message: Option<Duration>,
}

/// All that there is to tell.
#[derive(Debug)]
pub struct Report {
    /// Whom it is about.
    pub url: String,
    /// What was tried.
    pub checks: Vec<Check>,
    /// How long it took.
    pub timing: Timing,
    /// Other dialects that were tried.
    pub attempts: Vec<Attempt>,
    /// The bottom line.
    pub outcome: Outcome,
    passed: Vec<Line>,
    findings: Vec<(Side, Finding)>,
    more_findings: u64,
}

impl Report {
    /// On a visit, ended or not.
    #[must_use]
    pub fn of_visit(url: String, connected: &Connected, visit: &Visit, attempts: Vec<Attempt>) -> Self {
        let story = visit.story();
        let checks = checks::checks(connected, visit.plan(), story);
        let outcome = outcome(visit, &checks, &attempts);
        Self {
            url,
            timing: timing(connected, story),
            passed: passed(story),
            findings: story.findings.clone(),
            more_findings: story.more_findings,
            checks,
            attempts,
            outcome,
        }
    }

    /// On a server that could not be connected to. `name` is how far it came, `words` are Chrome's, and `why` says
    /// behind a semicolon what to do.
    #[must_use]
    pub fn of_no_connection(url: String, name: &'static str, words: &str, why: &str) -> Self {
        let sentence = format!("Chrome would fail here: {words}");
        let (why, fix) = why.split_once("; ").map_or((why, None), |(why, fix)| (why, Some(fix.to_owned())));
        Self {
            url,
            checks: vec![Check { name, mark: Mark::Bad, words: why.to_owned(), fix: None }],
            timing: Timing::default(),
            attempts: Vec::new(),
            outcome: Outcome { page: Page::Fails, fine: false, sentence, fix },
            passed: Vec::new(),
            findings: Vec::new(),
            more_findings: 0,
        }
    }

    /// On a visit that the user ended before it began.
    #[must_use]
    pub fn of_interrupt(url: String) -> Self {
        let sentence = "It was ended before the server was reached.".to_owned();
        let outcome = Outcome { page: Page::Waits, fine: false, sentence, fix: None };
        Self { checks: Vec::new(), outcome, ..Self::of_no_connection(url, "connect", "", "") }
    }

    /// The whole report.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut out = vec![line(Ink::Strong, format!("wsproxy doctor {}", self.url))];
        out.extend(self.passed.iter().cloned());
        out.push(line(Ink::Strong, "checks"));
        out.extend(self.checks.iter().map(check_line));
        if !self.attempts.is_empty() {
            out.push(line(Ink::Strong, "dialects"));
            out.extend(self.attempts.iter().map(attempt_line));
        }
        for (from, finding) in &self.findings {
            out.push(line(Ink::Plain, ""));
            out.extend(finding_lines(*from, finding));
        }
        if self.more_findings > 0 {
            out.push(line(Ink::Faint, format!("and {} findings more", self.more_findings)));
        }
        out.push(line(Ink::Plain, ""));
        let ink = if self.outcome.fine { Ink::Good } else { Ink::Bad };
        out.push(line(ink, self.outcome.sentence.clone()));
        out.extend(self.outcome.fix.as_ref().map(|fix| line(Ink::Plain, format!("help: {fix}"))));
        out
    }
}

fn line(ink: Ink, text: impl Into<String>) -> Line {
    Line { ink, text: text::escape(text.into().as_bytes()) }
}

fn check_line(check: &Check) -> Line {
    let ink = match check.mark {
        Mark::Good => Ink::Good,
        Mark::Odd => Ink::Odd,
        Mark::Bad => Ink::Bad,
        Mark::Open => Ink::Faint,
    };
    line(ink, format!("  {} {:<12} {}", check.mark.sign(), check.name, check.words))
}

fn attempt_line(attempt: &Attempt) -> Line {
    let (ink, sign) = match attempt.spoken {
        Spoken::Yes => (Ink::Good, '✓'),
        Spoken::No => (Ink::Faint, '-'),
    };
    line(ink, format!("  {sign} {:<12} {}", attempt.dialect.facts().name, attempt.why))
}

fn finding_lines(from: Side, finding: &Finding) -> Vec<Line> {
    let level = match words(finding.kind).level {
        Level::Error => Ink::Bad,
        Level::Warning => Ink::Odd,
        Level::Note => Ink::Strong,
    };
    let ink = |part| match part {
        Part::Title | Part::Underline => level,
        Part::Place => Ink::Faint,
        _ => Ink::Plain,
    };
    let rows = render::lines(None, from.name(), finding, 80);
    rows.into_iter().map(|row| line(ink(row.part), row.text)).collect()
}

/// Heads and frames, abridged.
fn passed(story: &Story) -> Vec<Line> {
    let mut out = Vec::new();
    if let Some((_, head)) = &story.asked {
        out.push(line(Ink::Strong, "sent"));
        out.extend(head_lines(head));
    }
    for (_, head) in &story.responses {
        out.push(line(Ink::Strong, "got"));
        out.extend(head_lines(head));
    }
    if !story.body.is_empty() {
        let rows = story.body.split(|byte| *byte == b'\n').filter(|row| !row.trim_ascii().is_empty());
        out.push(line(Ink::Strong, "and behind it"));
        out.extend(
            rows.take(5).map(|row| line(Ink::Faint, format!("  {}", text::preview(row.trim_ascii_end(), LINE)))),
        );
    }
    if !story.frames.is_empty() {
        out.push(line(Ink::Strong, "frames"));
        let arrow = |from| if from == Side::Client { "→ " } else { " ←" };
        out.extend(story.frames.iter().map(|(from, words)| line(Ink::Faint, format!("  {} {words}", arrow(*from)))));
    }
    if story.more_frames > 0 {
        out.push(line(Ink::Faint, format!("     and {} more", story.more_frames)));
    }
    out
}

fn head_lines(head: &HeadEvent) -> Vec<Line> {
    let parsed = if head.from == Side::Server { Head::of_response(&head.bytes) } else { Head::new(&head.bytes) };
    let show = |bytes: &[u8]| line(Ink::Faint, format!("  {}", text::preview(bytes, LINE)));
    let mut out = vec![show(parsed.start_line())];
    let mut left_out = 0;
    for field in parsed.fields() {
        let is_usual = head.from == Side::Client && USUAL.iter().any(|name| field.is(name));
        if is_usual || out.len() >= HEAD_LINES {
            left_out += 1;
        } else {
            out.push(show(&[field.name, b": ", field.value].concat()));
        }
    }
    if left_out > 0 {
        out.push(line(Ink::Faint, format!("  … and {left_out} lines more")));
    }
    if !head.complete {
        out.push(line(Ink::Odd, "  the empty line at its end did not come"));
    }
    out
}

fn timing(connected: &Connected, story: &Story) -> Timing {
    let response = story.asked.as_ref().zip(story.responses.last());
    let first = story.talk.opened.zip(story.talk.first.as_ref());
    Timing {
        connect: Some(connected.tcp),
        tls: connected.tls.as_ref().map(|(_, time)| *time),
        response: response.map(|(asked, response)| response.0.since(asked.0)),
        first_message: first.map(|(opened, first)| first.0.since(opened)),
    }
}

fn outcome(visit: &Visit, checks: &[Check], attempts: &[Attempt]) -> Outcome {
    let story = visit.story();
    // The youngest is tried first: where that works, the dialect is not what fails.
    let old = attempts.iter().find(|attempt| attempt.spoken == Spoken::Yes);
    let old = old.filter(|attempt| attempt.dialect != Dialect::Rfc6455);
    if story.failed() {
        return failure(story, old);
    }
    let bad = |sentence: String| Outcome { page: Page::Works, fine: false, sentence, fix: None };
    if story.talk.opened.is_none() {
        let sentence = if story.talk.no_response {
            let patience = checks::span(visit.plan().patience);
            format!("Chrome would wait: in {patience} the server did not finish its response.")
        } else {
            "It was ended before the server answered.".to_owned()
        };
        let told = story.findings.iter().find_map(|(_, finding)| finding.fix.as_deref());
        let usual =
            "look where the server waits: for the end of the request, for a lock, or before it writes the empty line";
        let fix = story.talk.no_response.then(|| told.unwrap_or(usual).to_owned());
        return Outcome { page: Page::Waits, fine: false, sentence, fix };
    }
    if let Some(check) = checks.iter().find(|check| check.mark == Mark::Bad) {
        let sentence = format!("Chrome would open this, but not all is well: {}.", check.words);
        return Outcome { fix: check.fix.clone(), ..bad(sentence) };
    }
    match story.count(Level::Error) {
        0 => Outcome { page: Page::Works, fine: true, sentence: success(story, checks), fix: None },
        1 => bad("Chrome would open this, but there is an error in it, shown above.".to_owned()),
        count => bad(format!("Chrome would open this, but there are {count} errors in it, shown above.")),
    }
}

fn failure(story: &Story, old: Option<&Attempt>) -> Outcome {
    let verdict = story.verdict.as_ref();
    let said = verdict.and_then(|verdict| verdict.error_text.as_deref());
    let kind = verdict.and_then(|verdict| verdict.finding);
    let errors = story.findings.iter().filter(|(_, finding)| words(finding.kind).level == Level::Error);
    let guilty = errors.clone().find(|(_, finding)| Some(finding.kind) == kind).or_else(|| errors.clone().next());
    let fix = match (guilty, old) {
        (_, Some(old)) => {
            let name = old.dialect.facts().name;
            Some(format!(
                "the server speaks {name}, which no browser does any more: make it answer version 13 (RFC 6455)"
            ))
        }
        (Some((_, finding)), None) => {
            Some(finding.fix.as_deref().unwrap_or_else(|| words(finding.kind).fix).to_owned())
        }
        (None, None) => kind.map(|kind| words(kind).fix.to_owned()),
    };
    let said = said.unwrap_or("without a word in its console");
    Outcome { page: Page::Fails, fine: false, sentence: format!("Chrome would fail here: {said}"), fix }
}

fn success(story: &Story, checks: &[Check]) -> String {
    let warnings = story.count(Level::Warning);
    let odd = checks.iter().filter(|check| check.mark == Mark::Odd).count();
    let rest = match (warnings, odd) {
        (0, 0) => ": nothing found.".to_owned(),
        (0, 1) => "; one check is odd.".to_owned(),
        (0, odd) => format!("; {odd} checks are odd."),
        (1, _) => "; there is one warning.".to_owned(),
        (warnings, _) => format!("; there are {warnings} warnings."),
    };
    format!("Chrome would open this and talk{rest}")
}
