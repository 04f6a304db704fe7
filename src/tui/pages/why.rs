//! The why page: what a browser makes of a session, and which bytes decided it.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::diagnose::words as words_of;
use crate::journal::{Index, SessionSummary};
use crate::record::finding::{FindingKind, Level};
use crate::record::{Basis, FrameNumber, Outcome, SessionId, Side, Verdict};
use crate::text;
use crate::tui::clock;

use super::Terms;
use super::problems::{self, wrapped};
use super::trouble::{Trouble, earlier_findings, troubles};
use super::words::level_style;

/// What the why page says of a session, or of one of its frames.
#[must_use]
pub(crate) fn lines(
    terms: &Terms<'_>,
    view: &Index,
    session: SessionId,
    frame: Option<(Side, FrameNumber)>,
    columns: usize,
) -> Vec<Line<'static>> {
    let theme = terms.theme;
    let mut out = Vec::new();
    let Some(summary) = view.session(session) else {
        return vec![Line::styled("This session has left memory.", theme.dim)];
    };
    for (words, style) in verdict(terms, summary) {
        wrapped(&words, style, columns, &mut out);
    }
    out.push(Line::default());
    if let Some(frame) = frame {
        of_frame(terms, summary, frame, columns, &mut out);
    } else {
        of_session(terms, summary, columns, &mut out);
    }
    out
}

/// What the page gets, who says so, and which frame decided it.
fn verdict(terms: &Terms<'_>, summary: &SessionSummary) -> Vec<(String, Style)> {
    let theme = terms.theme;
    let Some((_, verdict)) = &summary.verdict else {
        let words = "There is no verdict: no browser of today speaks this session's dialect.";
        return vec![(words.to_owned(), theme.dim)];
    };
    let style = match verdict.outcome {
        Outcome::Works => theme.good,
        Outcome::Waits => theme.warning,
        Outcome::Fails => theme.error,
    };
    let mut lines = match own_close(summary).filter(|_| verdict.outcome == Outcome::Works) {
        Some((level, close)) => vec![(close, level_style(level, theme))],
        None if verdict.outcome == Outcome::Works && !summary.stalls.is_empty() => {
            vec![("Chrome waits, and says nothing of it".to_owned(), theme.warning)]
        }
        None => vec![(chrome(verdict), style)],
    };
    lines.extend(page(verdict).map(|words| (words, theme.text)));
    if verdict.outcome == Outcome::Fails {
        let basis = match verdict.basis {
            Basis::Predicted => "predicted from the bytes, by Chrome's rules",
            Basis::Observed => "the browser's own close frame says so",
        };
        let decided = verdict.frame.map_or(String::new(), |frame| format!("; frame {frame} decided it"));
        lines.push((format!("  {basis}{decided}"), theme.dim));
    }
    lines
}

fn chrome(verdict: &Verdict) -> String {
    let words = verdict.error_text.as_deref().map(|words| text::preview(words.as_bytes(), 500));
    match (verdict.outcome, words) {
        (Outcome::Waits, _) => "Chrome waits: the page has not opened, and nothing has failed it".to_owned(),
        (Outcome::Works, _) => "Chrome is content".to_owned(),
        (Outcome::Fails, Some(words)) => format!("Chrome says: {words}"),
        (Outcome::Fails, None) => "Chrome fails this without a word in its console".to_owned(),
    }
}

/// What a server that closed for a reason of its own said: Chrome has no words for it.
fn own_close(summary: &SessionSummary) -> Option<(Level, String)> {
    let mut findings = summary.findings.iter().rev().map(|(_, _, finding)| finding);
    let finding = findings
        .find(|finding| matches!(finding.kind, FindingKind::CloseCleanErrorCodes | FindingKind::CloseOwnReason))?;
    let reason = match &finding.cause {
        Some(cause) => format!("; {}", text::escape(cause.as_bytes())),
        None => String::new(),
    };
    let words = format!("The server closed the socket: {}{reason}. Chrome hands that on to the page", finding.detail);
    Some((words_of(finding.kind).level, words))
}

/// What page script sees.
fn page(verdict: &Verdict) -> Option<String> {
    let code = verdict.close_code?;
    let error = if verdict.error_text.is_some() { "an error event, then " } else { "" };
    let clean = verdict.was_clean.map_or(String::new(), |clean| format!(", wasClean {clean}"));
    Some(format!("  the page sees {error}a close event with code {code}{clean}"))
}

fn of_frame(
    terms: &Terms<'_>,
    summary: &SessionSummary,
    (from, number): (Side, FrameNumber),
    columns: usize,
    out: &mut Vec<Line<'static>>,
) {
    let theme = terms.theme;
    let is_its = |trouble: &Trouble<'_>| match trouble {
        Trouble::Finding(side, finding) => (*side, finding.frame()) == (from, Some(number)),
        Trouble::Stall(stall) => stall.frame == Some(number),
        _ => false,
    };
    let (its, others): (Vec<_>, Vec<_>) = troubles(summary).partition(|(_, trouble)| is_its(trouble));
    if its.is_empty() {
        let words = if is_forgotten(summary, number) {
            format!("What was wrong with frame {number}, if anything, has left memory.")
        } else {
            format!("Nothing is wrong with frame {number} by itself.")
        };
        wrapped(&words, theme.text, columns, out);
        let lost = summary.verdict.as_ref().and_then(|(_, verdict)| verdict.undelivered);
        if from == Side::Server && lost.is_some_and(|first| number >= first) {
            let words = "Still the page never got it: Chrome had failed the connection by then, or found a broken \
                         header in the same read, for which it throws away all of the read.";
            wrapped(words, theme.warning, columns, out);
        }
        out.push(Line::default());
    }
    for (time, trouble) in &its {
        problems::problem(terms, summary, *time, trouble, columns, out);
    }
    if !others.is_empty() && its.is_empty() {
        let is_wrong = others.iter().any(|(_, trouble)| trouble.level() > Level::Note);
        let head = if is_wrong { "What is wrong with the session:" } else { "What was noted of the session:" };
        wrapped(head, theme.title, columns, out);
        out.push(Line::default());
        for (time, trouble) in &others {
            problems::problem(terms, summary, *time, trouble, columns, out);
        }
    }
}

fn of_session(terms: &Terms<'_>, summary: &SessionSummary, columns: usize, out: &mut Vec<Line<'static>>) {
    let theme = terms.theme;
    let mut problems: Vec<_> = troubles(summary).collect();
    problems.sort_by_key(|(time, trouble)| (std::cmp::Reverse(trouble.level()), *time));
    if problems.iter().all(|(_, trouble)| trouble.level() == Level::Note) {
        let since = clock::lasted(summary.opened, summary.closed.as_ref().map_or(terms.now, |(time, _)| *time));
        let words = format!("Nothing wrong was seen in {since}, over {} frames.", summary.frames.sum());
        wrapped(&words, theme.good, columns, out);
        out.push(Line::default());
    }
    for (time, trouble) in &problems {
        problems::problem(terms, summary, *time, trouble, columns, out);
    }
    out.extend(earlier_findings([summary]).map(|words| Line::styled(words, theme.dim)));
}

/// Whether a finding of that frame may be one that is only counted. The frames of findings never go back.
fn is_forgotten(summary: &SessionSummary, frame: FrameNumber) -> bool {
    let oldest = summary.findings.iter().find_map(|(_, _, finding)| finding.frame());
    summary.earlier_findings > 0 && oldest.is_none_or(|oldest| frame <= oldest)
}
