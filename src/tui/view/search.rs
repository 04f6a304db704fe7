//! The line to search with, in the place of the footer, and the highlights.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::journal::Index;
use crate::query::Query;
use crate::tui::fit;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::theme::Theme;

/// Highlights in one row at most.
const HIGHLIGHTS: usize = 100;
/// Columns that the text keeps, whatever there is to say of it.
const TEXT: u16 = 16;

/// Draws the line.
pub(super) fn prompt(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Search(line)) = &model.overlay else { return None };
    if area.is_empty() {
        return None;
    }
    let theme = &model.look.theme;
    buffer.set_style(area, Style::reset());
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_symbol(" ");
    }
    let (x, _) = buffer.set_stringn(area.x, area.y, " /", usize::from(area.width), theme.key);
    let room = area.right().saturating_sub(x);
    let is_for_sessions = model.panes.place() == Place::Sessions;
    let status = match is_for_sessions {
        true => model.lists.sessions.matching(view).map(sessions_found),
        false => model.search.status(model.lists.here(view)),
    };
    let (words, style) = match (&line.error, status) {
        (Some(error), _) => (format!("✗ {}", error.why), theme.error),
        (None, Some(status)) => (status, theme.text),
        (None, None) => (advice(is_for_sessions), theme.dim),
    };
    let words = fit::cut(&words, usize::from(room.saturating_sub(TEXT + 2)));
    let width = fit::width(&words) as u16;
    let input = Rect { x, y: area.y, width: room.saturating_sub(width + 2), height: 1 };
    (&line.line.input).render(input, buffer);
    if line.error.is_some() {
        buffer.set_style(Rect { width: input.width, ..input }, theme.error);
    }
    let style = if words.is_empty() { theme.text } else { style };
    buffer.set_stringn(area.right().saturating_sub(width + 1), area.y, words, usize::from(width), style);
    None
}

/// How many sessions were found, in words.
#[must_use]
pub(super) fn sessions_found(count: usize) -> String {
    match count {
        0 => "no match".to_owned(),
        1 => "1 match".to_owned(),
        count => format!("{} matches", fit::number(count as u64)),
    }
}

fn advice(is_for_sessions: bool) -> String {
    if is_for_sessions {
        return "a path, a client, a reason for the end".to_owned();
    }
    format!("words, /regex/, hex:81 05, from:client · {} completes", key_of(Action::SearchComplete))
}

/// Text with what matches highlighted.
pub(super) fn highlighted(query: Option<&Query>, text: String, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let Some(query) = query else { return vec![Span::styled(text, style)] };
    let mut places: Vec<_> =
        query.places(text.as_bytes()).take(HIGHLIGHTS).map(|range| (range.start, range.end)).collect();
    places.sort_unstable();
    spans(&text, &places, style, theme)
}

/// Bytes in hex, of which `text` is what there is room for, with what matches highlighted.
pub(super) fn highlighted_hex(
    query: Option<&Query>,
    bytes: &[u8],
    text: String,
    style: Style,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let Some(query) = query else { return vec![Span::styled(text, style)] };
    // Each byte takes two digits and a blank.
    let places = query.places(bytes).take(HIGHLIGHTS).map(|range| (range.start * 3, range.end * 3 - 1));
    let mut places: Vec<_> = places.map(|(start, end)| (start.min(text.len()), end.min(text.len()))).collect();
    places.sort_unstable();
    spans(&text, &places, style, theme)
}

/// Parts a text at places; those within a character are left out.
fn spans(text: &str, places: &[(usize, usize)], style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut at = 0;
    for (start, end) in places {
        let (Some(before), Some(found)) = (text.get(at..*start), text.get(*start..*end)) else { continue };
        if found.is_empty() {
            continue;
        }
        if !before.is_empty() {
            spans.push(Span::styled(before.to_owned(), style));
        }
        spans.push(Span::styled(found.to_owned(), theme.match_));
        at = *end;
    }
    spans.push(Span::styled(text.get(at..).unwrap_or_default().to_owned(), style));
    spans
}

/// Columns of a row that are highlighted.
pub(super) fn places(line: &Line<'_>, theme: &Theme) -> Vec<(u16, u16)> {
    let mut at = 0;
    let mut places = Vec::new();
    for span in &line.spans {
        let width = span.width() as u16;
        if span.style == theme.match_ {
            places.push((at, width));
        }
        at += width;
    }
    places
}

/// Highlights once more what the mark of the selected row has painted over.
pub(super) fn highlight_selected(area: Rect, places: &[(u16, u16)], buffer: &mut Buffer, theme: &Theme) {
    let style = theme.match_.remove_modifier(Modifier::REVERSED).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    for (x, width) in places {
        let place = Rect { x: area.x + x, width: *width, ..area };
        buffer.set_style(place.intersection(area), Style::reset().patch(style));
    }
}
