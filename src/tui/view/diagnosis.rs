//! What went wrong, in full, the newest first.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::diagnose;
use crate::journal::{Scope, SessionSummary, View};
use crate::relay::observation::{Side, Time};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::model::Model;
use crate::tui::overview::{Trouble, troubles};
use crate::wire::finding::Finding;

use super::row::{level_glyph, level_style};

/// Problems that are written out. Who has more than this reads the first of them first.
const SHOWN: usize = 200;

/// The problems of the chosen scope.
#[must_use]
pub fn lines(model: &Model, view: &View, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let sessions: Vec<&SessionSummary> = match model.scope {
        Scope::Session(id) => view.session(id).into_iter().collect(),
        _ => view.sessions().rev().collect(),
    };
    let problems =
        sessions.into_iter().flat_map(|summary| troubles(summary).map(move |(time, it)| (summary, time, it)));
    let mut out = Vec::new();
    for (summary, time, trouble) in problems.take(SHOWN) {
        problem(model, summary, time, &trouble, columns, &mut out);
    }
    if out.is_empty() {
        out.push(Line::styled("No problems seen.", theme.good));
    }
    out
}

fn problem(
    model: &Model,
    summary: &SessionSummary,
    time: Time,
    trouble: &Trouble<'_>,
    columns: usize,
    out: &mut Vec<Line<'static>>,
) {
    let theme = &model.theme;
    let (level, style) = (trouble.level(), level_style(trouble.level(), theme));
    let id = match trouble {
        Trouble::Finding(_, finding) => format!("[{}]", diagnose::words(finding.kind).id),
        _ => String::new(),
    };
    let label = format!("{} {}{id}: ", level_glyph(level), level.name());
    labelled((label, style), (&trouble.text(), theme.bold), columns, out);
    let place = match trouble {
        Trouble::Finding(from, finding) => format!(" · {}", place(*from, finding)),
        _ => String::new(),
    };
    let clock = clock::clock(time, &model.zone, Digits::Milliseconds);
    let path = text::preview(&summary.path, 100);
    out.push(Line::styled(format!("  {clock} · session {} {path}{place}", summary.id.0), theme.dim));
    if let Trouble::Finding(_, finding) = trouble {
        words(model, finding, columns, out);
    }
    out.push(Line::default());
}

/// A text behind a label. Its further lines stand a little to the right.
fn labelled(label: (String, Style), text: (&str, Style), columns: usize, out: &mut Vec<Line<'static>>) {
    const INDENT: usize = 4;
    let (label, label_style) = label;
    let (text, style) = text;
    let behind = columns.saturating_sub(fit::width(&label));
    let first = fit::wrap(text, behind).into_iter().next().unwrap_or_default();
    let rest = text.get(first.len()..).unwrap_or_default().trim_start();
    out.push(Line::from(vec![Span::styled(label, label_style), Span::styled(first, style)]));
    if !rest.is_empty() {
        let lines = fit::wrap(rest, columns.saturating_sub(INDENT)).into_iter();
        out.extend(lines.map(|line| Line::styled(format!("{:INDENT$}{line}", ""), style)));
    }
}

fn place(from: Side, finding: &Finding) -> String {
    let what = match (finding.frame, from) {
        (Some(frame), _) => format!("frame {frame}"),
        (None, Side::Client) => "request head".to_owned(),
        (None, Side::Server) => "response head".to_owned(),
    };
    format!("{} → {} · {what}, byte {}", from.name(), from.other().name(), finding.at)
}

fn words(model: &Model, finding: &Finding, columns: usize, out: &mut Vec<Line<'static>>) {
    let theme = &model.theme;
    let words = diagnose::words(finding.kind);
    let notes = [
        ("= seen", finding.detail.as_str(), theme.text),
        ("= chrome", words.chrome, theme.text),
        ("= rule", words.spec, theme.dim),
        ("= cause", words.cause, theme.text),
        ("help", words.fix, theme.good),
    ];
    for (label, text, style) in notes.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        labelled((format!("  {label}: "), theme.dim), (text, style), columns, out);
    }
}
