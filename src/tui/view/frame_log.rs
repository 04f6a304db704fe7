//! The frame log: a row for each frame, run of raw bytes and event.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::journal::{Fold, Heartbeats, Index, Lens, Scope};
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::state::drawn::Drawn;
use crate::tui::state::model::Model;
use crate::tui::state::panes::Tab;

use super::preview::Before;
use super::row::{self, Columns, Context};
use super::{Focus, scrollbar, search, timeline, title, welcome};

/// Rows above the first visible one that are looked at.
const ABOVE: u64 = 8;

/// Draws it. Gives where its rows are, its place among them, and what stands around them; nothing where there is no room.
pub(super) fn frame_log(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<Drawn> {
    let place = if model.panes.tab == Tab::Log { Place::Log } else { Place::Frames };
    let focus = Focus::of(model, place);
    let (name, state) = (name(model, view), state(model, view));
    let inner = title(area, buffer, &model.look.theme, focus, &name, &state);
    if inner.is_empty() {
        return None;
    }
    let (cursor, lens) = model.shown_list();
    let (mut cursor, all) = (*cursor, model.rows(view));
    let range = all.range();
    let areas = model.log_areas(view, area);
    let (heading, rows) = (areas.heading, areas.rows);
    let columns = Columns::new(model, view, lens.scope, rows.width);
    if !heading.is_empty() {
        let words = columns.heading(&model.lists.columns);
        buffer.set_stringn(heading.x, heading.y, words, usize::from(rows.width), model.look.theme.dim);
    }
    cursor.settle(&range, rows.height);
    let ids = all.ids(cursor.top()..range.end.min(cursor.top() + u64::from(rows.height)));
    let seen = ids.first().zip(ids.last()).map(|(first, last)| (first.time, last.time));
    let timeline = timeline::timeline(model, &areas, seen, buffer);
    scrollbar::scrollbar(model, view, &all, &cursor, areas.scrollbar, buffer);
    let selected = cursor.selected(&range);
    let chosen = model.lists.range(view).filter(|_| model.panes.tab == Tab::Frames);
    let context = Context { model, view, lens, columns };
    let mut before = Before::default();
    // What the rows above say decides what of the first ones is in view.
    for id in all.ids(cursor.top().saturating_sub(ABOVE)..cursor.top()) {
        let Some(row) = view.row_by_id(id) else { continue };
        _ = row::line(&context, row, &mut before);
    }
    for ((y, number), id) in (rows.top()..rows.bottom()).zip(cursor.top()..range.end).zip(ids) {
        let Some(row) = view.row_by_id(id) else { continue };
        let line = row::line(&context, row, &mut before);
        buffer.set_line(rows.x, y, &line, rows.width);
        if chosen.as_ref().is_some_and(|chosen| chosen.contains(&number)) {
            in_range(Rect { y, height: 1, ..rows }, buffer, model);
        }
        if selected == Some(number) {
            let place = Rect { y, height: 1, ..rows };
            mark(place, buffer, model, focus);
            if focus == Focus::Here {
                search::highlight_selected(place, &search::places(&line, &model.look.theme), buffer, &model.look.theme);
            }
        }
    }
    let used = range.end.saturating_sub(cursor.top()).min(u64::from(rows.height)) as u16;
    let free = Rect { y: rows.y + used, height: rows.height - used, ..rows };
    if all.is_filtered() && range.is_empty() && model.lists.filter.found.is_done() {
        nothing_fits(model, free, buffer);
    } else if view.sessions().len() == 0 && model.panes.tab == Tab::Frames {
        welcome::welcome(model, view, free, buffer);
    }
    let scrollbar = Some(areas.scrollbar).filter(|area| !area.is_empty());
    Some(Drawn { rows: Some((rows, cursor)), timeline, scrollbar, ..Drawn::default() })
}

/// Says that a filter hides all rows, and how to get them back.
fn nothing_fits(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(query) = model.lists.filter.query() else { return };
    let theme = &model.look.theme;
    let key = key_of(Action::Filter);
    let words = format!(
        "No row fits the filter {}: esc clears it, {key} changes it.",
        text::preview(query.text().as_bytes(), 200)
    );
    let lines = fit::wrap(&words, usize::from(area.width.saturating_sub(2)));
    for (y, line) in (area.top() + 1..area.bottom()).zip(lines) {
        buffer.set_stringn(area.x + 1, y, line, usize::from(area.width), theme.warning);
    }
}

/// Marks a selected row: in colour, and with a bar that shows without.
pub(super) fn mark(area: Rect, buffer: &mut Buffer, model: &Model, focus: Focus) {
    let theme = &model.look.theme;
    let (bar, style) = match focus {
        Focus::Here => ("▌", theme.border_focused),
        Focus::Elsewhere => ("▏", theme.border),
    };
    match focus {
        Focus::Here => {
            // One colour for the whole row: several, reversed, are hard to read.
            buffer.set_style(area, Style::reset().patch(theme.selected));
        }
        Focus::Elsewhere => buffer.set_style(area, theme.bold),
    }
    if let Some(cell) = buffer.cell_mut((area.x, area.y)) {
        let symbol = if cell.symbol() == " " { bar.to_owned() } else { cell.symbol().to_owned() };
        cell.set_symbol(&symbol).set_style(Style::reset().patch(style));
    }
}

/// Marks a row of the selected range: a bar at its start, and bold.
fn in_range(area: Rect, buffer: &mut Buffer, model: &Model) {
    buffer.set_style(area, model.look.theme.bold);
    if let Some(cell) = buffer.cell_mut((area.x, area.y)).filter(|cell| cell.symbol() == " ") {
        cell.set_symbol("▐").set_style(model.look.theme.border_focused);
    }
}

fn name(model: &Model, view: &Index) -> String {
    match model.shown_list().1.scope {
        Scope::All => "Frames · all sessions".to_owned(),
        Scope::Session(id) => {
            let path = view.session(id).map(|summary| text::preview(&summary.path, 200)).unwrap_or_default();
            format!("Frames · session {} {path}", id.0)
        }
        Scope::Own => "Log of wsproxy".to_owned(),
    }
}

/// What the user has made of the rows: selected, folded, hidden.
fn notes(model: &Model, view: &Index) -> Vec<String> {
    let selected = model.lists.range(view).map(|range| match range.end() - range.start() + 1 {
        1 => "1 row selected".to_owned(),
        count => format!("{} rows selected", fit::number(count)),
    });
    let folded = model.lists.fold.fragments.then(|| "folded".to_owned());
    let found = model.search.status(model.lists.here(view));
    let filtered = filtered(model, view);
    [filtered, selected, found, folded, hidden(view, model.lists.lens())].into_iter().flatten().collect()
}

/// How many rows a filter lets through, and what it asks for.
fn filtered(model: &Model, view: &Index) -> Option<String> {
    let text = text::preview(model.lists.filter.query()?.text().as_bytes(), 40);
    Some(format!("filter {text}: {}", counted(model, view)?))
}

/// How many rows a filter lets through, of how many.
pub(super) fn counted(model: &Model, view: &Index) -> Option<String> {
    let filter = &model.lists.filter;
    filter.query()?;
    let all = view.range(model.lists.lens());
    let all = fit::number(all.end.saturating_sub(all.start));
    let progress = filter.found.percent().map_or_else(String::new, |percent| format!(", {percent} %"));
    Some(format!("{} of {all} rows{progress}", shown(model)))
}

/// How many rows a filter lets through, and no more than that.
fn briefly_filtered(model: &Model) -> Option<String> {
    model.lists.filter.query()?;
    Some(format!("{} fit", shown(model)))
}

fn shown(model: &Model) -> String {
    let found = &model.lists.filter.found;
    format!("{}{}", fit::number(found.len() as u64), if found.is_full() { "+" } else { "" })
}

/// Rows that are folded away or hidden as heartbeats, in words; `None` where none are.
#[must_use]
fn hidden(view: &Index, lens: Lens) -> Option<String> {
    let words = match lens.fold.heartbeats {
        Heartbeats::Shown => return None,
        Heartbeats::Folded => "heartbeats folded",
        Heartbeats::Hidden => "heartbeats hidden",
    };
    let count = |heartbeats| {
        let rows = view.range(Lens { fold: Fold { heartbeats, ..lens.fold }, ..lens });
        rows.end.saturating_sub(rows.start)
    };
    let all = count(Heartbeats::Shown) - count(Heartbeats::Hidden);
    Some(format!("{} {words}", fit::number(all)))
}

/// Whether it follows, and what is not to be seen any more: in full, then shorter.
fn state(model: &Model, view: &Index) -> Vec<String> {
    let (cursor, lens) = model.shown_list();
    let rows = model.rows(view);
    let range = rows.range();
    let key = key_of(Action::Follow);
    let following = match (cursor.is_following(), cursor.unseen(&range)) {
        (true, _) => "FOLLOW".to_owned(),
        (false, 0) => format!("FOLLOW off ({key})"),
        (false, new) => format!("FOLLOW off, +{} new ({key})", fit::number(new)),
    };
    let notes = if lens == model.lists.lens() { notes(model, view) } else { Vec::new() };
    let with = |parts: &[String]| [parts, std::slice::from_ref(&following)].concat().join(" · ");
    let short = [with(&notes), with(notes.get(..1).unwrap_or_default()), following.clone()];
    if rows.is_filtered() {
        // That rows are hidden has to be seen, however narrow it is.
        let brief: Vec<String> = briefly_filtered(model).into_iter().collect();
        let [all, first, _] = short;
        return vec![all, first, with(&brief), brief.join("")];
    }
    // Rows that left before the screen came to read them have no numbers, but they count.
    let gone = if lens.scope == Scope::All { range.start.max(view.evicted()) } else { range.start };
    if gone == 0 {
        return short.into();
    }
    let all = with(&notes);
    let long =
        [format!("{} older left memory · {all}", fit::number(gone)), format!("{} gone · {all}", fit::short(gone))];
    long.into_iter().chain(short).collect()
}
