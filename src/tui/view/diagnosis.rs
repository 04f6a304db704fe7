//! What went wrong, in full, the newest first.

use ratatui::text::{Line, Span};

use crate::diagnose;
use crate::journal::{Scope, SessionSummary, View};
use crate::relay::observation::{Side, Time};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::model::Model;
use crate::tui::overview::{Trouble, troubles};
use crate::wire::finding::Finding;

use super::row::{level_glyph, level_style};

/// Problems that are written out. Who has more than this reads the first of them first.
const SHOWN: usize = 200;

/// The problems of the chosen scope.
#[must_use]
pub fn lines(model: &Model, view: &View) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let sessions: Vec<&SessionSummary> = match model.scope {
        Scope::Session(id) => view.session(id).into_iter().collect(),
        _ => view.sessions().rev().collect(),
    };
    let problems =
        sessions.into_iter().flat_map(|summary| troubles(summary).map(move |(time, it)| (summary, time, it)));
    let mut out = Vec::new();
    for (summary, time, trouble) in problems.take(SHOWN) {
        problem(model, summary, time, &trouble, &mut out);
    }
    if out.is_empty() {
        out.push(Line::styled("No problems seen.", theme.good));
    }
    out
}

fn problem(model: &Model, summary: &SessionSummary, time: Time, trouble: &Trouble<'_>, out: &mut Vec<Line<'static>>) {
    let theme = &model.theme;
    let (level, style) = (trouble.level(), level_style(trouble.level(), theme));
    let id = match trouble {
        Trouble::Finding(_, finding) => format!("[{}]", diagnose::words(finding.kind).id),
        _ => String::new(),
    };
    out.push(Line::from(vec![
        Span::styled(format!("{} {}{id}: ", level_glyph(level), level.name()), style),
        Span::styled(trouble.text(), theme.bold),
    ]));
    let place = match trouble {
        Trouble::Finding(from, finding) => format!(" · {}", place(*from, finding)),
        _ => String::new(),
    };
    let clock = clock::clock(time, &model.zone, Digits::Milliseconds);
    let path = text::preview(&summary.path, 100);
    out.push(Line::styled(format!("  {clock} · session {} {path}{place}", summary.id.0), theme.dim));
    if let Trouble::Finding(_, finding) = trouble {
        words(model, finding, out);
    }
    out.push(Line::default());
}

fn place(from: Side, finding: &Finding) -> String {
    let what = match (finding.frame, from) {
        (Some(frame), _) => format!("frame {frame}"),
        (None, Side::Client) => "request head".to_owned(),
        (None, Side::Server) => "response head".to_owned(),
    };
    format!("{} → {} · {what}, byte {}", from.name(), from.other().name(), finding.at)
}

fn words(model: &Model, finding: &Finding, out: &mut Vec<Line<'static>>) {
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
        out.push(Line::from(vec![
            Span::styled(format!("  {label}: "), theme.dim),
            Span::styled(text.to_owned(), style),
        ]));
    }
}
