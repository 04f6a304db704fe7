//! The line in which a filter is typed, in the place of the footer, and above it what is wrong or how it may go on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::journal::Index;
use crate::query::{Completion, Error};
use crate::text;
use crate::tui::fit;
use crate::tui::state;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::query_line::QueryLine;

use super::frame_log::counted;
use super::overlay::panel;

/// Completions that are listed at once.
const LISTED: usize = 7;
/// Columns for a completion.
const NAME: usize = 22;

/// Draws it over a screen.
pub(super) fn line(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Filter(line)) = &model.overlay else { return None };
    let columns = usize::from(area.width.saturating_sub(4));
    // How many there are has to be seen, however narrow it is.
    let mut title = counted(model, view).unwrap_or_else(|| "all rows are shown".to_owned());
    for advice in ["tab completes", "enter keeps it", "esc clears it"] {
        if fit::width(&title) + advice.len() + 3 <= columns {
            title = format!("{title} · {advice}");
        }
    }
    typed_line(model, " filter ", &Typed::query(line), [&title, ""], area, buffer);
    None
}

/// Draws the line that says what is to be held.
pub(super) fn hold_line(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Hold(line)) = &model.overlay else { return None };
    let what = if line.query.line.text().trim().is_empty() { "all messages " } else { "messages " };
    let title = format!("hold {what}{} · shift-tab: of whom, tab completes, enter holds", line.from.words());
    let limits = &model.proxy.info.hold_limits;
    let idle = format!(
        "pings and pongs pass, and a close frame waits its turn; op:ping or op:close holds those too, is:head handshakes · \
         at most {limits}"
    );
    typed_line(model, " hold ", &Typed::query(&line.query), [&title, &idle], area, buffer);
    None
}

/// A line that is being typed.
pub(super) struct Typed<'a> {
    pub line: &'a state::line::Line,
    /// What is wrong with it.
    pub error: Option<&'a Error>,
    /// How it may go on.
    pub completions: Vec<Completion>,
}

impl<'a> Typed<'a> {
    fn query(line: &'a QueryLine) -> Self {
        Self { line: &line.line, error: line.error.as_ref(), completions: line.completions() }
    }
}

/// A line that is being typed, and over it a box with a title and what is wrong with it, how it may go on, or else those words.
pub(super) fn typed_line(
    model: &Model,
    name: &str,
    line: &Typed<'_>,
    [title, idle]: [&str; 2],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = &model.look.theme;
    let row = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    Clear.render(row, buffer);
    let (x, _) = buffer.set_stringn(row.x, row.y, name, usize::from(row.width), theme.key);
    (&line.line.input).render(Rect { x, width: row.right().saturating_sub(x), ..row }, buffer);
    if line.error.is_some() {
        buffer.set_style(Rect { x, width: row.right().saturating_sub(x), ..row }, theme.error);
    }
    let columns = usize::from(area.width.saturating_sub(4));
    let mut lines = match line.error {
        Some(error) => wrong(model, &line.line.text(), error, columns),
        None => completions(model, &line.completions, columns),
    };
    if lines.is_empty() && !idle.is_empty() {
        lines.extend(fit::wrap(idle, columns).into_iter().map(|line| Line::styled(line, theme.dim)));
    }
    let height = (lines.len() as u16 + 2).min(area.height.saturating_sub(1));
    if height < 3 {
        return;
    }
    let outer = Rect { y: row.y - height, height, ..area };
    let inside = panel(model, outer, title, buffer);
    for (y, line) in (inside.top()..inside.bottom()).zip(&lines) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
}

/// The text, the place in it where it is wrong, and why.
fn wrong(model: &Model, text: &str, error: &Error, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let before = fit::width(&text::escape(text.get(..error.at).unwrap_or(text).as_bytes()));
    // Of a long text, the part around the place is shown.
    let room = columns.max(8);
    let skipped = if before + 2 > room { before + 8 - room.min(before + 8) } else { 0 };
    let shown: String = text::escape(text.as_bytes()).chars().skip(skipped).collect();
    let caret = format!("{}^", " ".repeat(before.saturating_sub(skipped)));
    let mut lines =
        vec![Line::styled(fit::cut(&shown, room), theme.text), Line::styled(fit::cut(&caret, room), theme.error)];
    lines.extend(fit::wrap(&error.why, room).into_iter().map(|line| Line::styled(line, theme.error)));
    lines
}

fn completions(model: &Model, all: &[Completion], columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let mut lines: Vec<Line<'static>> = all
        .iter()
        .take(LISTED)
        .map(|completion| {
            Line::from(vec![
                Span::styled(fit::left(&completion.text, NAME), theme.key),
                Span::styled(fit::cut(&format!(" {}", completion.help), columns.saturating_sub(NAME)), theme.dim),
            ])
        })
        .collect();
    if all.len() > LISTED {
        let more: Vec<&str> = all.iter().skip(LISTED).map(|completion| completion.text.trim_end()).collect();
        lines.push(Line::styled(fit::cut(&format!("and {}", more.join(" ")), columns), theme.dim));
    }
    lines
}
