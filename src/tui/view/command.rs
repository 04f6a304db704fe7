//! The command line: in the place of the footer, with what it may become above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::tui::fit;
use crate::tui::state::command::Named;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::overlay::{more_below, panel};
use super::{Focus, frame_log};

/// Names that are listed at once.
const LISTED: usize = 8;
/// Columns for a name and its value.
const NAME: usize = 24;

/// Draws it over a screen.
pub(super) fn command(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Command(line)) = &model.overlay else { return None };
    let theme = &model.look.theme;
    let row = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    Clear.render(row, buffer);
    buffer.set_stringn(row.x, row.y, ":", usize::from(row.width), theme.key);
    (&line.line.input).render(Rect { x: row.x + 1.min(row.width), width: row.width.saturating_sub(1), ..row }, buffer);
    let above = area.height.saturating_sub(1);
    let columns = usize::from(area.width.saturating_sub(4));
    let wrong = line.error.iter().flat_map(|error| fit::wrap(error, columns));
    let mut lines: Vec<Line<'static>> = wrong.map(|line| Line::styled(line, theme.error)).collect();
    let above_list = lines.len();
    lines.extend(listed(model, &line.candidates(), columns));
    let height = (lines.len().min(LISTED) as u16 + 2).min(above);
    if height < 3 {
        return None;
    }
    let outer = Rect { y: row.y - height, height, ..area };
    let inside = panel(model, outer, "Commands · ↓ chooses, tab completes, enter does it", buffer);
    let mut scroll = line.scroll;
    scroll.settle(lines.len(), inside.height);
    let chosen = line.chosen().map(|chosen| above_list + chosen);
    if let Some(chosen) = chosen {
        scroll.show(chosen);
    }
    for (y, (index, line)) in (inside.top()..inside.bottom()).zip(lines.iter().enumerate().skip(scroll.top())) {
        buffer.set_line(inside.x, y, line, inside.width);
        if chosen == Some(index) && inside.x > 0 {
            let row = Rect { x: inside.x - 1, y, width: inside.width + 2, height: 1 };
            frame_log::mark(row.intersection(buffer.area), buffer, model, Focus::Here);
        }
    }
    let below = lines.len().saturating_sub(scroll.end());
    more_below(model, below, inside, buffer);
    Some((inside, scroll))
}

/// Each command that the text may become, a line each.
fn listed(model: &Model, found: &[Named], columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    if found.is_empty() {
        return vec![Line::styled("nothing has a name like this", theme.warning)];
    }
    let line = |named: &Named| {
        let room = NAME.saturating_sub(fit::width(&named.name));
        // A value comes behind the name; the key that does the same stands at the end.
        let value = match named.value {
            "" => fit::right(&named.key(), room),
            value => fit::left(&format!(" {value}"), room.max(fit::width(value) + 1)),
        };
        Line::from(vec![
            Span::styled(named.name.clone(), theme.key),
            Span::styled(value, theme.text),
            Span::styled(fit::cut(&format!(" {}", named.help), columns.saturating_sub(NAME)), theme.dim),
        ])
    };
    found.iter().map(line).collect()
}
