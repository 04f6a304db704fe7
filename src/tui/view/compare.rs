//! A comparison, over everything but the bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::overlay;

/// Draws it. Gives where its rows are.
pub(super) fn compare(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Compare(compare)) = &model.overlay else { return None };
    let shown = &compare.shown;
    let count = match (compare.at, shown.differences.len()) {
        (_, 0) => "no difference".to_owned(),
        (Some(at), count) => format!("difference {} of {count}", at + 1),
        (None, 1) => "1 difference".to_owned(),
        (None, count) => format!("{count} differences"),
    };
    let inside = overlay::panel(model, area, &format!("{count} · {}", shown.title), buffer);
    let mut scroll = compare.scroll;
    scroll.settle(shown.rows.len(), inside.height);
    let here = compare.at.and_then(|at| shown.differences.get(at));
    for (y, (row, line)) in (inside.top()..inside.bottom()).zip(shown.rows.iter().enumerate().skip(scroll.top())) {
        buffer.set_line(inside.x, y, line, inside.width);
        if here == Some(&row) && inside.x > 0 {
            buffer.set_stringn(inside.x - 1, y, "▌", 1, model.look.theme.border_focused);
        }
    }
    overlay::more_below(model, shown.rows.len().saturating_sub(scroll.end()), inside, buffer);
    Some((inside, scroll))
}
