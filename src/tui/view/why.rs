//! The why page, over everything but the bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::journal::Index;
use crate::tui::pages;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::overlay;

/// Draws it. Gives where its lines are.
pub(super) fn why(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let columns = usize::from(area.width.saturating_sub(4));
    let (lines, title, mut scroll) = match &model.overlay {
        Some(Overlay::Why(why)) => {
            let lines = pages::why::lines(&model.terms(), view, why.session, why.frame, columns);
            let subject = why.frame.map_or_else(String::new, |(_, number)| format!(" · frame {number}"));
            (lines, format!("Why · session {}{subject}", why.session.0), why.scroll)
        }
        Some(Overlay::Explain(kind, scroll)) => {
            (pages::kind::lines(&model.look.theme, *kind, columns), format!("What {} is", kind.id()), *scroll)
        }
        _ => return None,
    };
    let inside = overlay::panel(model, area, &title, buffer);
    scroll.settle(lines.len(), inside.height);
    let top = scroll.top();
    for (y, line) in (inside.top()..inside.bottom()).zip(lines.iter().skip(top)) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    overlay::more_below(model, lines.len().saturating_sub(top + usize::from(inside.height)), inside, buffer);
    Some((inside, scroll))
}
