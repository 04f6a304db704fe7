//! The problems: a list of kinds, or of each, and under it the selected one in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::journal::{Index, Scope};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::keymap::Place;
use crate::tui::pages::problems::{self, Grouping, Item, Order};
use crate::tui::pages::words::{level_glyph, level_style};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::layout::text_width;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::{Focus, frame_log, title};

/// Columns for how often, where and when.
const COUNT: usize = 6;
const PLACE: usize = 9;
const TIME: usize = 8;
/// Columns from which on the time stands in a line.
const WIDE: u16 = 70;

/// Draws them. Gives where the lines of the list are.
pub(super) fn page(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> (Rect, Scroll) {
    let theme = &model.look.theme;
    let shown = model.problems.shown();
    let state = state(model, view, shown.len());
    let inner = title(area, buffer, theme, Focus::of(model, Place::Diagnosis), &name(model), &state);
    let mut scroll = model.problems.scroll;
    if shown.is_empty() {
        let (words, style) = match model.problems.count() {
            0 => ("No problems seen.".to_owned(), theme.good),
            count => (format!("None of {} has these words: esc shows all.", fit::number(count as u64)), theme.warning),
        };
        if !inner.is_empty() {
            buffer.set_stringn(inner.x + 1, inner.y, words, usize::from(text_width(inner)), style);
        }
        scroll.settle(0, inner.height);
        return (Rect { height: 0, ..inner }, scroll);
    }
    let height = (shown.len() as u16).min((inner.height / 2).saturating_sub(1).max(1));
    let list = Rect { height: height.min(inner.height), ..inner };
    let place = model.problems.place().unwrap_or_default();
    scroll.settle(shown.len(), list.height);
    scroll.show(place);
    for (y, (index, item)) in (list.top()..list.bottom()).zip(shown.iter().enumerate().skip(scroll.top())) {
        buffer.set_line(list.x, y, &line(model, item, list.width), list.width);
        if index == place {
            frame_log::mark(Rect { y, height: 1, ..list }, buffer, model, Focus::Here);
        }
    }
    let below = Rect { y: list.bottom(), height: inner.height - list.height, ..inner };
    if let Some(item) = shown.get(place) {
        in_full(model, view, item, below, buffer);
    }
    (list, scroll)
}

/// Draws the words that problems have to have, while they are typed.
pub(super) fn search(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::ProblemSearch(line)) = &model.overlay else { return None };
    if !area.is_empty() {
        Clear.render(area, buffer);
        let (x, _) = buffer.set_stringn(area.x, area.y, " /", usize::from(area.width), model.look.theme.key);
        (&line.input).render(Rect { x, width: area.right().saturating_sub(x), ..area }, buffer);
    }
    None
}

fn name(model: &Model) -> String {
    match model.lists.scope {
        Scope::Session(id) => format!("Diagnosis · session {}", id.0),
        _ => "Diagnosis · all sessions".to_owned(),
    }
}

/// How many there are, what comes first, and what is looked for.
fn state(model: &Model, view: &Index, shown: usize) -> Vec<String> {
    let problems = &model.problems;
    let all = if problems.wanted.is_empty() { shown } else { problems.count() };
    let what = match (problems.grouping, all) {
        (Grouping::Kinds, 1) => "kind",
        (Grouping::Kinds, _) => "kinds",
        (Grouping::Each, 1) => "problem",
        (Grouping::Each, _) => "problems",
    };
    let order = match problems.order {
        Order::Worst => "worst first",
        Order::Newest => "newest first",
        Order::Most => "most first",
    };
    let wanted = text::preview(problems.wanted.as_bytes(), 30);
    let count = if problems.wanted.is_empty() {
        format!("{} {what}", fit::number(shown as u64))
    } else {
        format!("{wanted}: {} of {} {what}", fit::number(shown as u64), fit::number(problems.count() as u64))
    };
    let earlier = problems::earlier(view, model.lists.scope);
    let all = earlier.map(|earlier| format!("{earlier} · {count} · {order}"));
    all.into_iter().chain([format!("{count} · {order}"), count]).collect()
}

fn line(model: &Model, item: &Item, width: u16) -> Line<'static> {
    let theme = &model.look.theme;
    let count = match model.problems.grouping {
        Grouping::Kinds => format!("{} ", fit::right(&format!("{} ×", fit::short(item.count as u64)), COUNT)),
        Grouping::Each => String::new(),
    };
    let place = match (item.session, item.frame) {
        (None, _) => "upstream".to_owned(),
        (Some(session), Some((_, frame))) => format!("{}:{frame}", session.0),
        (Some(session), None) => session.0.to_string(),
    };
    let time = if width >= WIDE {
        format!("{} ", fit::left(&clock::clock(item.time, &model.look.zone, Digits::Seconds), TIME))
    } else {
        String::new()
    };
    let before = format!("{count}{} {time}", fit::left(&place, PLACE));
    let room = usize::from(width).saturating_sub(fit::width(&before) + 3);
    Line::from(vec![
        Span::styled(format!(" {} ", level_glyph(item.level)), level_style(item.level, theme)),
        Span::styled(before, theme.dim),
        Span::styled(fit::cut(&item.text, room), level_style(item.level, theme)),
    ])
}

fn in_full(model: &Model, view: &Index, item: &Item, area: Rect, buffer: &mut Buffer) {
    let theme = &model.look.theme;
    let inner = title(area, buffer, theme, Focus::Elsewhere, "enter goes to it, W says why", &[]);
    let lines = problems::in_full(&model.terms(), view, item, usize::from(text_width(inner)));
    for (y, line) in (inner.top()..inner.bottom()).zip(&lines) {
        buffer.set_line(inner.x + 1.min(inner.width), y, line, text_width(inner));
    }
}
