//! What lies over the panes: help, and questions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget as _};

use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{self, Binding, Place};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::help::HelpPage;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::{Overlay, Question};
use crate::tui::theme::Theme;

use super::row::MARKS;

/// A box in the middle, as large as it needs to be, as far as there is room. Gives its inside.
fn window(model: &Model, area: Rect, width: u16, height: u16, title: &str, buffer: &mut Buffer) -> Rect {
    let (width, height) = ((width + 4).min(area.width), (height + 2).min(area.height));
    let outer = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    panel(model, outer, title, buffer)
}

/// A box with a title over whatever was there. Gives its inside.
pub(super) fn panel(model: &Model, outer: Rect, title: &str, buffer: &mut Buffer) -> Rect {
    let theme = &model.look.theme;
    Clear.render(outer, buffer);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border_focused)
        .title(Line::styled(format!(" {title} "), theme.title));
    let inside = block.inner(outer);
    block.render(outer, buffer);
    Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside }
}

/// The keys of a place, or those of all that are looked for.
pub(super) fn help(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Help(help)) = &model.overlay else { return None };
    let columns = usize::from(area.width.saturating_sub(4));
    let text = help.text();
    let (lines, title) = if text.is_empty() {
        (help_lines(model, help.place, columns), format!("Keys · {} · type to search", help.place.name()))
    } else {
        (found_lines(model, help, columns), format!("Keys · search: {}█", text::escape(text.as_bytes())))
    };
    let width = lines.iter().map(Line::width).max().unwrap_or_default().max(fit::width(&title)) as u16;
    let inside = window(model, area, width, lines.len() as u16, &title, buffer);
    let mut scroll = help.scroll;
    scroll.settle(lines.len(), inside.height);
    for (y, line) in (inside.top()..inside.bottom()).zip(lines.iter().skip(scroll.top())) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    let below = lines.len().saturating_sub(scroll.top() + usize::from(inside.height));
    more_below(model, below, inside, buffer);
    Some((inside, scroll))
}

/// What is looked for: the marks and the keys of the place first, then those that work everywhere, then all others.
fn found_lines(model: &Model, help: &HelpPage, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let mut lines: Vec<Line<'static>> = MARKS
        .iter()
        .filter(|(mark, meaning)| help.finds(mark, meaning))
        .flat_map(|(mark, meaning)| entry(mark, theme.bold, meaning, columns, theme))
        .collect();
    let places = [help.place, Place::Everywhere].into_iter().chain(Place::ALL);
    let mut seen = Vec::new();
    for place in places {
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        let found: Vec<_> = keymap::bindings()
            .iter()
            .filter(|binding| binding.places.contains(&place) && help.finds(&binding.keys_text(), binding.help))
            .flat_map(|binding| entry(&binding.keys_text(), theme.key, binding.help, columns, theme))
            .collect();
        if !found.is_empty() {
            lines.push(Line::styled(place.name(), theme.title));
            lines.extend(found);
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("no key and no mark has these words", theme.warning));
    }
    lines
}

/// Says, in the frame of a box, how many lines are below what is seen of it.
pub(super) fn more_below(model: &Model, below: usize, inside: Rect, buffer: &mut Buffer) {
    if below > 0 && inside.width > 12 && inside.height > 0 {
        let more = format!(" {below} more ↓ ");
        let x = inside.right().saturating_sub(fit::width(&more) as u16);
        buffer.set_stringn(x, inside.bottom(), more, usize::from(inside.width), model.look.theme.dim);
    }
}

/// What the help of a place says: the marks that are to be seen there, then its keys, in so many columns.
fn help_lines(model: &Model, place: Place, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let own = keymap::bindings().iter().filter(|binding| binding.places.contains(&place));
    let general = keymap::bindings().iter().filter(|binding| binding.places.contains(&Place::Everywhere));
    let line = |binding: &Binding| entry(&binding.keys_text(), theme.key, binding.help, columns, theme);
    let mut lines = Vec::new();
    if place == Place::Frames {
        lines.push(Line::styled("Marks", theme.title));
        lines.extend(MARKS.iter().flat_map(|(mark, meaning)| entry(mark, theme.bold, meaning, columns, theme)));
        lines.push(Line::default());
        lines.push(Line::styled("Keys", theme.title));
    }
    lines.extend(own.flat_map(line));
    if place.is_pane() {
        lines.push(Line::default());
        lines.push(Line::styled("Everywhere", theme.title));
        lines.extend(general.flat_map(line));
    }
    lines
}

/// A name and what it means, in as many lines as that takes.
fn entry(name: &str, style: Style, meaning: &str, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    const NAME: usize = 14;
    let room = columns.saturating_sub(NAME + 1);
    let first = std::iter::once(fit::left(name, NAME)).chain(std::iter::repeat(" ".repeat(NAME)));
    let lines = first.zip(fit::wrap(meaning, room));
    lines
        .map(|(name, words)| Line::from(vec![Span::styled(name, style), Span::styled(format!(" {words}"), theme.text)]))
        .collect()
}

/// Something to confirm.
pub(super) fn question(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Question(question)) = &model.overlay else { return None };
    let theme = &model.look.theme;
    let (title, mut lines) = match question {
        Question::Quit => ("Quit?", quitting(model)),
        Question::Close(session) => (
            "Close?",
            vec![
                Line::styled(format!("Session {} is open.", session.0), theme.text),
                Line::styled("Both sides get a close frame.", theme.dim),
            ],
        ),
    };
    let answer =
        |key: &'static str, words: &'static str| [Span::styled(key, theme.key), Span::styled(words, theme.text)];
    let writes = *question == Question::Quit && model.unsaved() > 0;
    let write = if writes { Vec::from(answer("w", " write them and quit    ")) } else { Vec::new() };
    let answers = write.into_iter().chain(answer("y", " yes    ")).chain(answer("n", " no"));
    lines.extend([Line::default(), Line::from_iter(answers)]);
    let width = lines.iter().map(Line::width).max().unwrap_or_default() as u16;
    let inside = window(model, area, width, lines.len() as u16, title, buffer);
    for (y, line) in (inside.top()..inside.bottom()).zip(&lines) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    None
}

/// What quitting would end and lose.
fn quitting(model: &Model) -> Vec<Line<'static>> {
    let (theme, open, unsaved) = (&model.look.theme, model.overview.live, model.unsaved());
    let mut lines = Vec::new();
    if open > 0 {
        let sessions = if open == 1 { "1 session is open.".to_owned() } else { format!("{open} sessions are open.") };
        let held = if model.holding.held().is_some() { " What is held goes on first, in order." } else { "" };
        lines.push(Line::styled(sessions + held, theme.text));
        lines.push(Line::styled("Both sides of each get a close frame.", theme.dim));
    }
    if unsaved > 0 {
        let words = if unsaved == 1 { "1 frame is".to_owned() } else { format!("{} frames are", fit::number(unsaved)) };
        lines.push(Line::styled(format!("{words} saved nowhere."), theme.warning));
    }
    lines
}
