//! The scrollbar of the frame log: where among all rows those are that are to be seen, and where there are marks, problems,
//! what was found, and what was put in.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::journal::{Index, RowId, Scope};
use crate::record::finding::Level;
use crate::record::{Event, Seen};
use crate::tui::pages::words::{level_glyph, level_style};
use crate::tui::state::cursor::Cursor;
use crate::tui::state::filter::Rows;
use crate::tui::state::model::Model;

use super::row::{INJECTED, MARKED, MATCH};

/// Rows up to which ticks stand exactly where they belong.
const EXACT: u64 = 50_000;
/// Problems that are looked at for one place.
const LOOKED_AT: usize = 16;

/// Draws it. `cursor` is settled on the rows that are to be seen.
pub(super) fn scrollbar(
    model: &Model,
    view: &Index,
    all: &Rows<'_, '_>,
    cursor: &Cursor,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (range, height) = (all.range(), u64::from(area.height));
    let count = range.end.saturating_sub(range.start);
    if area.is_empty() || count == 0 {
        return;
    }
    let theme = &model.look.theme;
    let place = |number: u64| u128::from(number - range.start) * u128::from(height) / u128::from(count);
    let top = cursor.top().clamp(range.start, range.end - 1);
    let (first, last) = (place(top), place((top + height).min(range.end) - 1));
    let row = |cell: u64| {
        let number = range.start + (u128::from(count) * u128::from(cell)).div_ceil(u128::from(height)) as u64;
        let row = if count > EXACT { all.about(number) } else { all.id(number) };
        row.filter(|_| number < range.end).unwrap_or(RowId::LAST)
    };
    let has_ticks = has_ticks(model, view);
    let mut from = if has_ticks { row(0) } else { RowId::LAST };
    for (cell, y) in (0..height).zip(area.top()..area.bottom()) {
        let is_seen = (first..=last).contains(&u128::from(cell));
        let (symbol, style) = if is_seen { ("█", theme.border_focused) } else { ("│", theme.border) };
        let tick = has_ticks.then(|| {
            let to = row(cell + 1);
            tick(model, view, all, &(std::mem::replace(&mut from, to)..to))
        });
        let (symbol, style) = match tick.flatten() {
            Some((symbol, style)) if is_seen => (symbol, style.add_modifier(Modifier::REVERSED)),
            Some(tick) => tick,
            None => (symbol, style),
        };
        buffer[(area.x, y)].set_symbol(symbol).set_style(style);
    }
}

/// Whether there may be anything to be marked at all.
fn has_ticks(model: &Model, view: &Index) -> bool {
    let every = RowId::FIRST..RowId::LAST;
    !view.problems().is_empty()
        || model.lists.marks.has_between(&every)
        || (model.search.query().is_some() && model.search.found.has_between(&every))
        || model.timeline.has_injected(&every)
}

/// What matters most of what is between two rows.
fn tick(model: &Model, view: &Index, all: &Rows<'_, '_>, rows: &Range<RowId>) -> Option<(&'static str, Style)> {
    let theme = &model.look.theme;
    if model.panes.is_log() {
        return problem(view, all, rows).map(|level| (level_glyph(level), level_style(level, theme)));
    }
    if model.lists.marks.has_between(rows) {
        return Some((MARKED, theme.key));
    }
    let problem = problem(view, all, rows);
    if let Some(level) = problem.filter(|level| *level == Level::Error) {
        return Some((level_glyph(level), level_style(level, theme)));
    }
    if model.search.query().is_some() && model.search.found.has_between(rows) {
        return Some((MATCH, theme.warning));
    }
    if model.timeline.has_injected(rows) {
        return Some((INJECTED, theme.injected));
    }
    problem.map(|level| (level_glyph(level), level_style(level, theme)))
}

/// The worst problem between two rows, as far as a look at some of them tells.
fn problem(view: &Index, all: &Rows<'_, '_>, rows: &Range<RowId>) -> Option<Level> {
    let problems = view.problems();
    let start = problems.partition_point(|row| *row < rows.start);
    let problems = problems.range(start..).take_while(|row| **row < rows.end).take(LOOKED_AT);
    let rows = problems.filter_map(|row| view.row_by_id(*row));
    let shown = rows.filter(|row| match all.lens.scope {
        Scope::All => true,
        Scope::Session(id) => row.session == Some(id),
        Scope::Own => row.session.is_none(),
    });
    shown.map(|row| level(&row.record)).max()
}

fn level(record: &Seen<'_>) -> Level {
    let finding = match record {
        Seen::Event(_, Event::Finding(_, finding)) => finding,
        Seen::Event(_, Event::Stall { .. }) => return Level::Warning,
        _ => return Level::Error,
    };
    crate::diagnose::words(finding.kind).level
}
