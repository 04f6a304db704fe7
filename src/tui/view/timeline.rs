//! The timeline above the frame log: a bar for each slot of time and direction, and which part of it the rows are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::record::finding::Level;
use crate::record::{Side, Time};
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::pages::words::{level_glyph, level_style};
use crate::tui::state::layout::LogAreas;
use crate::tui::state::model::Model;
use crate::tui::state::scales::Sum;
use crate::tui::state::timeline::Window;

use super::row::side_style;

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// What stands where nothing came, but rows are to be seen.
const NOTHING: &str = "·";

/// Draws it. `seen` is the time from the first row that is to be seen to the last. Gives where its bars are.
pub(super) fn timeline(
    model: &Model,
    areas: &LogAreas,
    seen: Option<(Time, Time)>,
    buffer: &mut Buffer,
) -> Option<(Rect, Window)> {
    let bars = areas.bars();
    let window = model.timeline.window().filter(|window| !bars.is_empty() && window.columns == bars.width)?;
    let sums = model.timeline.columns(window);
    let peak = sums.iter().map(|sum| sum.frames.client.max(sum.frames.server)).max().unwrap_or_default();
    let seen = seen.filter(|(first, last)| *last >= window.start(0) && *first < window.start(window.columns));
    let seen = seen.map(|(first, last)| window.column(first)..=window.column(last));
    let is_seen = |column: u16| seen.as_ref().is_some_and(|seen| seen.contains(&column));
    for (column, sum) in (0..window.columns).zip(&sums) {
        for (y, side) in (bars.top()..bars.bottom()).zip([Side::Client, Side::Server]) {
            let (symbol, style) = bar(model, sum, side, peak, is_seen(column));
            buffer[(bars.x + column, y)].set_symbol(symbol).set_style(style);
        }
    }
    labels(model, areas, window, peak, buffer);
    if areas.timeline.height > bars.height {
        let ruler = Rect { y: bars.bottom(), height: 1, ..bars };
        for (column, sum) in (0..window.columns).zip(&sums) {
            let (symbol, style) = mark(model, sum, is_seen(column));
            buffer[(ruler.x + column, ruler.y)].set_symbol(symbol).set_style(style);
        }
    }
    Some((bars, window))
}

/// One bar: as high as many frames came, in the colour of its side or of the worst that is wrong in the slot.
fn bar(model: &Model, sum: &Sum, side: Side, peak: u64, is_seen: bool) -> (&'static str, Style) {
    let theme = &model.look.theme;
    let worst = sum.worst.filter(|level| *level > Level::Note);
    let count = sum.frames[side];
    if count == 0 {
        return match (worst, side) {
            (Some(level), Side::Server) if sum.frames.sum() == 0 => (level_glyph(level), level_style(level, theme)),
            _ if is_seen && side == Side::Server => (NOTHING, theme.dim),
            _ => (" ", theme.text),
        };
    }
    let height = (u128::from(count) * BARS.len() as u128).div_ceil(u128::from(peak.max(1))) as usize;
    let symbol = BARS.get(height.saturating_sub(1)).copied().unwrap_or("█");
    let style = worst.map_or_else(|| side_style(side, theme), |level| level_style(level, theme));
    (symbol, if is_seen { style } else { style.add_modifier(Modifier::DIM) })
}

/// A place of the ruler: whether its rows are to be seen, and what is wrong there.
fn mark(model: &Model, sum: &Sum, is_seen: bool) -> (&'static str, Style) {
    let theme = &model.look.theme;
    match (sum.worst.filter(|level| *level > Level::Note), is_seen) {
        (Some(level), _) => (level_glyph(level), level_style(level, theme)),
        (None, true) => ("━", theme.border_focused),
        (None, false) => ("─", theme.border),
    }
}

/// What the bars are, how much time one stands for, and how many frames the highest.
fn labels(model: &Model, areas: &LogAreas, window: Window, peak: u64, buffer: &mut Buffer) {
    let theme = &model.look.theme;
    let (bars, all) = (areas.bars(), areas.timeline);
    let (left, right) = (bars.x - all.x, all.right() - bars.right());
    let is_wide = left > 8;
    let time = |time| clock::clock(time, &model.look.zone, Digits::Seconds);
    let rows = [
        (if is_wide { "client →" } else { "→" }.to_owned(), clock::span(window.width()), theme.client),
        (if is_wide { "server ←" } else { "←" }.to_owned(), format!("≤{}", fit::short(peak)), theme.server),
        (time(window.start(0)), time(window.start(window.columns)), theme.dim),
    ];
    for (y, (before, behind, style)) in (all.top()..all.bottom()).zip(rows) {
        let before = if fit::width(&before) < usize::from(left) { before } else { String::new() };
        let before = fit::right(&before, usize::from(left.saturating_sub(1)));
        buffer.set_stringn(all.x, y, before, usize::from(left), style);
        let behind = fit::right(&behind, usize::from(right));
        buffer.set_stringn(bars.right(), y, behind, usize::from(right), theme.dim);
    }
}
