//! What went wrong, in full, the newest first.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::diagnose::render::{self, Part};
use crate::journal::{Scope, SessionSummary, UpstreamState, View};
use crate::relay::observation::Time;
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::model::Model;
use crate::tui::overview::{Trouble, troubles};

use super::words::level_style;

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
    if let UpstreamState::Down(_, trouble) = view.upstream() {
        wrapped(&format!("error: {}", text::escape(trouble.as_bytes())), theme.error, columns, &mut out);
        out.push(Line::default());
    }
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
    let style = level_style(trouble.level(), theme);
    if let Trouble::Finding(from, finding) = trouble {
        for line in render::lines(Some(summary.id.0), from.name(), finding, columns) {
            let style = match line.part {
                Part::Title => style,
                Part::Underline => theme.error,
                Part::Place => theme.dim,
                Part::Hex | Part::Fact => theme.text,
                Part::Help => theme.good,
            };
            wrapped(&line.text, style, columns, out);
        }
    } else {
        wrapped(&format!("{}: {}", trouble.level().name(), trouble.text()), style, columns, out);
        let clock = clock::clock(time, &model.zone, Digits::Milliseconds);
        let path = text::preview(&summary.path, 100);
        wrapped(&format!("  session {} {path} · {clock}", summary.id.0), theme.dim, columns, out);
    }
    out.push(Line::default());
}

/// A text in as many lines as it needs; further ones stand a little to the right.
fn wrapped(text: &str, style: Style, columns: usize, out: &mut Vec<Line<'static>>) {
    const INDENT: usize = 4;
    let first = fit::wrap(text, columns).into_iter().next().unwrap_or_default();
    let rest = text.get(first.len()..).unwrap_or_default().trim_start();
    out.push(Line::styled(first, style));
    if !rest.is_empty() {
        let lines = fit::wrap(rest, columns.saturating_sub(INDENT)).into_iter();
        out.extend(lines.map(|line| Line::styled(format!("{:INDENT$}{line}", ""), style)));
    }
}
