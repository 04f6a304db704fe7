//! The note of a mark, in the place of the footer, and the list of marks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::journal::{Index, RowId};
use crate::tui::fit;
use crate::tui::pages::words;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::marks::Bookmark;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::row::MARKED;
use super::{Focus, frame_log, overlay};

/// Columns for what a row is.
const NAME: usize = 42;

/// Draws the line for a note.
pub(super) fn note(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Note(note)) = &model.overlay else { return None };
    if area.is_empty() {
        return None;
    }
    Clear.render(area, buffer);
    let (x, _) = buffer.set_stringn(area.x, area.y, " note ", usize::from(area.width), model.look.theme.key);
    let advice = "enter marks the row, esc does not";
    let room = area.right().saturating_sub(x);
    let shown = if usize::from(room) > 2 * advice.len() { advice.len() as u16 + 2 } else { 0 };
    (&note.line.input).render(Rect { x, width: room.saturating_sub(shown), ..area }, buffer);
    if shown > 0 {
        buffer.set_stringn(area.right() - shown, area.y, advice, advice.len(), model.look.theme.dim);
    }
    None
}

/// Draws the list. Gives where its rows are.
pub(super) fn list(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Marks(list)) = &model.overlay else { return None };
    let marks = &model.lists.marks;
    let count = marks.bookmarks().len();
    let height = (count.max(1) as u16).saturating_add(2).min(area.height);
    let outer = Rect { height, y: area.bottom() - height, ..area };
    let title = format!("{count} mark{}", if count == 1 { "" } else { "s" });
    let inside = overlay::panel(model, outer, &title, buffer);
    let mut scroll = list.scroll;
    scroll.settle(count, inside.height);
    if let Some(place) = list.place(marks) {
        scroll.show(place);
    }
    let shown = marks.bookmarks().enumerate().skip(scroll.top());
    for (y, (index, (row, bookmark))) in (inside.top()..inside.bottom()).zip(shown) {
        buffer.set_line(inside.x, y, &line(model, view, row, bookmark, inside.width), inside.width);
        if list.place(marks) == Some(index) {
            let row = Rect { x: inside.x - 1, y, width: inside.width + 2, height: 1 };
            frame_log::mark(row, buffer, model, Focus::Here);
        }
    }
    overlay::more_below(model, count.saturating_sub(scroll.end()), inside, buffer);
    Some((inside, scroll))
}

fn line(model: &Model, view: &Index, row: RowId, bookmark: &Bookmark, width: u16) -> Line<'static> {
    let theme = &model.look.theme;
    let name = view.row_by_id(row).map_or_else(String::new, |row| words::row(&model.terms(), row));
    let columns = NAME.min(usize::from(width) * 2 / 3);
    Line::from(vec![
        Span::styled(format!("{MARKED} "), theme.key),
        Span::styled(fit::left(&name, columns), theme.text),
        Span::styled(
            fit::cut(&format!(" {}", bookmark.note), usize::from(width).saturating_sub(columns + 2)),
            theme.bold,
        ),
    ])
}
