//! The why page: what a browser makes of a session, and which bytes decided it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::journal::{SessionSummary, View};
use crate::record::finding::Level;
use crate::record::{Basis, FrameNumber, FrameRecord, Outcome, Side, Verdict};
use crate::text;
use crate::tui::clock;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::{Model, Overlay};
use crate::tui::state::overview::{Trouble, earlier_findings, troubles};
use crate::tui::state::why::Why;

use super::overlay;
use crate::tui::pages::problems::{self, wrapped};

/// Draws it over everything but the bars.
pub(super) fn why(model: &Model, view: &View, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Why(why)) = &model.overlay else { return None };
    let columns = usize::from(area.width.saturating_sub(4));
    let lines = lines(model, view, why, columns);
    let subject = why.frame.map_or_else(String::new, |(_, number)| format!(" · frame {number}"));
    let title = format!("Why · session {}{subject}", why.session.0);
    let inside = overlay::panel(model, area, &title, buffer);
    let mut scroll = why.scroll;
    scroll.settle(lines.len(), inside.height);
    let top = scroll.top();
    for (y, line) in (inside.top()..inside.bottom()).zip(lines.iter().skip(top)) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    overlay::more_below(model, lines.len().saturating_sub(top + usize::from(inside.height)), inside, buffer);
    Some((inside, scroll))
}

fn lines(model: &Model, view: &View, why: &Why, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let mut out = Vec::new();
    let Some(summary) = view.session(why.session) else {
        return vec![Line::styled("This session has left memory.", theme.dim)];
    };
    for (words, style) in verdict(model, summary) {
        wrapped(&words, style, columns, &mut out);
    }
    out.push(Line::default());
    if let Some(frame) = why.frame {
        of_frame(model, summary, frame, columns, &mut out);
    } else {
        of_session(model, summary, columns, &mut out);
    }
    out
}

/// What the page gets, who says so, and which frame decided it.
fn verdict(model: &Model, summary: &SessionSummary) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let Some((_, verdict)) = &summary.verdict else {
        let words = "There is no verdict: no browser of today speaks this session's dialect.";
        return vec![(words.to_owned(), theme.dim)];
    };
    let style = match verdict.outcome {
        Outcome::Works => theme.good,
        Outcome::Waits => theme.warning,
        Outcome::Fails => theme.error,
    };
    let mut lines = vec![(chrome(verdict), style)];
    lines.extend(page(verdict).map(|words| (words, theme.text)));
    if verdict.outcome == Outcome::Fails {
        let basis = match verdict.basis {
            Basis::Predicted => "foretold from the bytes, by Chrome's rules",
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

/// What page script sees.
fn page(verdict: &Verdict) -> Option<String> {
    let code = verdict.close_code?;
    let error = if verdict.error_text.is_some() { "an error event, then " } else { "" };
    let clean = verdict.was_clean.map_or(String::new(), |clean| format!(", wasClean {clean}"));
    Some(format!("  the page sees {error}a close event with code {code}{clean}"))
}

fn of_frame(
    model: &Model,
    summary: &SessionSummary,
    (from, number): (Side, FrameNumber),
    columns: usize,
    out: &mut Vec<Line<'static>>,
) {
    let theme = &model.theme;
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
        problems::problem(model, summary, *time, trouble, columns, out);
    }
    if !others.is_empty() && its.is_empty() {
        wrapped("What is wrong with the session:", theme.title, columns, out);
        out.push(Line::default());
        for (time, trouble) in &others {
            problems::problem(model, summary, *time, trouble, columns, out);
        }
    }
}

fn of_session(model: &Model, summary: &SessionSummary, columns: usize, out: &mut Vec<Line<'static>>) {
    let theme = &model.theme;
    let mut problems: Vec<_> = troubles(summary).collect();
    problems.sort_by_key(|(time, trouble)| (std::cmp::Reverse(trouble.level()), *time));
    if problems.iter().all(|(_, trouble)| trouble.level() == Level::Note) {
        let since = clock::lasted(summary.opened, summary.closed.as_ref().map_or(model.now, |(time, _)| *time));
        let words = format!("Nothing wrong was seen in {since}, over {} frames.", summary.frames.sum());
        wrapped(&words, theme.good, columns, out);
        out.push(Line::default());
    }
    for (time, trouble) in &problems {
        problems::problem(model, summary, *time, trouble, columns, out);
    }
    out.extend(earlier_findings([summary]).map(|words| Line::styled(words, theme.dim)));
}

/// Whether a finding of that frame may be one that is only counted. The frames of findings never go back.
fn is_forgotten(summary: &SessionSummary, frame: FrameNumber) -> bool {
    let oldest = summary.findings.iter().find_map(|(_, _, finding)| finding.frame());
    summary.earlier_findings > 0 && oldest.is_none_or(|oldest| frame <= oldest)
}

/// Whether the page never gets what a frame of the server's carries.
pub(super) fn is_undelivered(summary: &SessionSummary, frame: &FrameRecord) -> bool {
    let lost = summary.verdict.as_ref().and_then(|(_, verdict)| verdict.undelivered);
    let carries = frame.from == Side::Server && !frame.header.opcode().is_control();
    carries && lost.is_some_and(|first| frame.number >= first)
}
