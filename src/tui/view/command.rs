//! The command line: in the place of the footer, with what it may become above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::tui::fit;
use crate::tui::state::command::{self, Named};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::overlay::{more_below, panel};

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
    let lines = match &line.error {
        Some(error) => fit::wrap(error, columns).into_iter().map(|line| Line::styled(line, theme.error)).collect(),
        None => listed(model, &line.text(), columns),
    };
    let height = (lines.len().min(LISTED) as u16 + 2).min(above);
    if height < 3 {
        return None;
    }
    let outer = Rect { y: row.y - height, height, ..area };
    let inside = panel(model, outer, "Commands · tab completes, enter does it, esc closes", buffer);
    let mut scroll = line.scroll;
    scroll.settle(lines.len(), inside.height);
    for (y, line) in (inside.top()..inside.bottom()).zip(lines.iter().skip(scroll.top())) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    let below = lines.len().saturating_sub(scroll.end());
    more_below(model, below, inside, buffer);
    Some((inside, scroll))
}

/// Each command that the text may become, a line each.
fn listed(model: &Model, text: &str, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let found = command::candidates(text);
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
