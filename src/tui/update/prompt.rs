//! What the command line does: its own keys, and the commands themselves.

use crate::decode::Decoder;
use crate::journal::{Index, Joined, RowId, Scope};
use crate::query::JsonPath;
use crate::record::finding::{FindingKind, Level};
use crate::record::{Event, FrameNumber, Seen, SessionId};
use crate::text;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::message::Effect;
use crate::tui::pages::{columns, words};
use crate::tui::state::command::{Command, Named};
use crate::tui::state::command_line::CommandLine;
use crate::tui::state::composer::Recall;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::theme;

use super::actions;
use super::decoding;
use super::filter;
use super::holding;
use super::marks;
use super::moving;
use super::ruling;
use super::why;
use super::writing;

/// Sessions that can be chosen by what is known of them: the newest.
const SESSIONS: usize = 500;
/// Rows that tell of something wrong, of which the kinds are found: the newest.
const PROBLEMS: usize = 5000;

/// Opens it.
pub(crate) fn open(model: &mut Model, view: &Index) {
    model.overlay = Some(Overlay::Command(Box::new(CommandLine::new(known(model, view)))));
}

/// Opens it with a line that is to be gone on with or agreed to, and why where that is not plain.
pub(super) fn open_with(model: &mut Model, view: &Index, text: &str, why: Option<String>) {
    open(model, view);
    if let Some(Overlay::Command(line)) = &mut model.overlay {
        line.set(text);
        line.error = why;
    }
}

/// What there is to go to: sessions, the newest first, kinds of findings that were seen, marks.
fn known(model: &Model, view: &Index) -> Vec<Named> {
    let sessions = view.sessions().rev().take(SESSIONS).map(|summary| {
        let client = summary.client.map(|client| format!(" · {client}")).unwrap_or_default();
        let state = if summary.is_live() { "open" } else { "over" };
        let about = format!("{}{client} · {state}", text::preview(&summary.path, 200));
        Named::session(summary.id, about)
    });
    let mut kinds: Vec<(FindingKind, usize)> = Vec::new();
    for row in view.problems().iter().rev().take(PROBLEMS).filter_map(|row| view.row_by_id(*row)) {
        let Some(kind) = kind_of(&row.record) else { continue };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let findings = kinds.into_iter().map(|(kind, count)| Named::finding(kind, count));
    let marks = model.lists.marks.bookmarks().filter_map(|(id, bookmark)| {
        let row = view.row_by_id(id)?;
        let session = row.session.map_or_else(String::new, |session| session.0.to_string());
        let name = if let Seen::Frame(frame) = row.record { format!("{session}:{}", frame.number) } else { session };
        let about = format!("{} · {}", bookmark.note, words::row(&model.terms(), row));
        Some(Named::mark(id, &name, about.trim_start_matches(" · ").to_owned()))
    });
    let programs = model.decoders.all().filter(|decoder| matches!(decoder, Decoder::Program(_))).map(Named::decoder);
    let saved = model.saved.iter().map(|(name, query)| Named::saved(name, query));
    let rules = model.rules.rules.iter().map(|listing| Named::rule(&listing.rule));
    let kept = sessions.chain(saved).chain(rules);
    kept.chain(findings).chain(marks).chain(paths(model, view)).chain(programs).collect()
}

/// The values of the selected message that may have columns.
fn paths(model: &Model, view: &Index) -> Vec<Named> {
    let read = || {
        let row = model.selected_row(view)?;
        let Seen::Frame(record) = row.record else { return None };
        let said = Joined::new(view, row, &record, model.shown_list().1.fold).said(columns::LIMITS.bytes)?;
        columns::read(model.decoders.of(row.session), &record, &said)
    };
    let paths = read().map(|decoded| columns::paths(&decoded.document)).unwrap_or_default();
    paths.into_iter().map(|(path, value)| Named::column(&path, value)).collect()
}

/// The kind of the finding that a row tells of.
fn kind_of(record: &Seen<'_>) -> Option<FindingKind> {
    match record {
        Seen::Event(_, Event::Finding(_, finding)) => Some(finding.kind),
        _ => None,
    }
}

/// Does what a key of the command line asks for.
pub(crate) fn perform(model: &mut Model, view: &Index, action: Action) -> Vec<Effect> {
    let Some(Overlay::Command(line)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Interrupt => return actions::interrupt(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Discard => model.overlay = None,
        Action::Complete => line.complete(),
        Action::Earlier => line.recall(&model.commands, Recall::Earlier),
        Action::Later => line.recall(&model.commands, Recall::Later),
        Action::EraseLine => _ = line.line.input.delete_line_by_head(),
        Action::PageDown | Action::PageUp => return moving::perform(model, view, action).unwrap_or_default(),
        Action::Send => return send(model, view),
        _ => {}
    }
    Vec::new()
}

fn send(model: &mut Model, view: &Index) -> Vec<Effect> {
    let Some(Overlay::Command(line)) = &mut model.overlay else { return Vec::new() };
    let text = line.text().trim().to_owned();
    if text.is_empty() && line.chosen().is_none() {
        model.overlay = None;
        return Vec::new();
    }
    match line.read() {
        Err(error) => {
            line.error = Some(error);
            Vec::new()
        }
        Ok(None) => Vec::new(),
        Ok(Some(command)) => {
            model.overlay = None;
            model.commands.push(text);
            run(model, view, command)
        }
    }
}

fn run(model: &mut Model, view: &Index, command: Command) -> Vec<Effect> {
    match command {
        Command::Do(action) => return actions::perform(model, view, action),
        Command::Session(session) => choose_session(model, view, session),
        Command::Frame(session, frame) => choose_frame(model, view, session, frame),
        Command::Policy(policy) => return actions::choose_policy(model, policy),
        Command::Theme(choice) => choose_theme(model, choice),
        Command::Columns(paths) => choose_columns(model, paths),
        Command::Filter(text) => filter::choose(model, view, &text),
        Command::Hold(text) => return holding::choose(model, &text),
        Command::SaveFilter(name, query) => filter::save(model, &name, query),
        Command::ForgetFilter(name) => filter::forget(model, &name),
        Command::Recompress => return holding::recompress(model),
        Command::Rule(text) => return ruling::choose(model, view, &text),
        Command::Unrule(name) => return ruling::remove(model, &name),
        Command::Fault(text) => return ruling::fault(model, &text),
        Command::Decoder(choice) => decoding::choose(model, view, choice),
        Command::Finding(kind) => go_to_finding(model, view, kind),
        Command::Explain(kind) => model.overlay = Some(Overlay::Explain(kind, Scroll::default())),
        Command::Mark(row) => marks::go_to(model, view, row),
        Command::Write(line) => return writing::begin(model, view, line),
        Command::QuitAtOnce => return vec![Effect::Quit],
    }
    Vec::new()
}

fn choose_session(model: &mut Model, view: &Index, session: Option<SessionId>) {
    let Some(id) = session else { return moving::choose_session(model, view, 0) };
    match view.session(id) {
        Some(_) => model.lists.choose(view, Scope::Session(id)),
        None => model.toast(Level::Warning, format!("there is no session {}, or it has left memory", id.0)),
    }
}

/// Selects a frame by its number, in a session or in the one that is meant.
pub(super) fn choose_frame(model: &mut Model, view: &Index, session: Option<SessionId>, frame: FrameNumber) {
    let Some(id) = session.or_else(|| model.session(view).map(|summary| summary.id)) else {
        return model.toast(Level::Warning, "there is no session yet: connect a client first");
    };
    let Some(number) = row_of_frame(view, id, frame) else {
        return model.toast(Level::Warning, format!("session {} has no frame {frame} in memory", id.0));
    };
    model.panes.tab = Tab::Frames;
    model.panes.focus = Place::Frames;
    if model.lists.scope != Scope::All {
        choose_session(model, view, Some(id));
    }
    if let Some(row) = view.row(Scope::Session(id), number) {
        model.lists.settle_on(view, row.id);
    }
}

/// The row of a session's frame. Frames stand in the order of their numbers, with other rows between them.
pub(super) fn row_of_frame(view: &Index, session: SessionId, frame: FrameNumber) -> Option<u64> {
    let scope = Scope::Session(session);
    let range = view.range(scope);
    let from = |row: u64| {
        (row..range.end).find_map(|row| match view.row(scope, row)?.record {
            Seen::Frame(record) => Some((row, record.number)),
            _ => None,
        })
    };
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        match from(middle) {
            Some((row, number)) if number < frame => low = row + 1,
            _ => high = middle,
        }
    }
    from(low).filter(|(_, number)| *number == frame).map(|(row, _)| row)
}

/// Gives values of messages columns of their own.
fn choose_columns(model: &mut Model, paths: Vec<JsonPath>) {
    let words = match paths.len() {
        0 => "no values in columns".to_owned(),
        1 => "1 value has a column".to_owned(),
        count => format!("{count} values have columns"),
    };
    model.lists.columns = paths;
    model.toast(Level::Note, words);
}

/// Goes to the newest finding of a kind, and opens the why page of its frame or session.
fn go_to_finding(model: &mut Model, view: &Index, kind: FindingKind) {
    let is_it = |row: &&RowId| {
        let row = view.row_by_id(**row);
        row.is_some_and(|row| kind_of(&row.record) == Some(kind))
    };
    let Some(row) = view.problems().iter().rev().find(is_it).copied() else {
        let key = key_of(Action::CommandLine);
        let id = kind.id();
        return model.toast(Level::Note, format!("no {id} in memory: {key}explain {id} tells of it"));
    };
    marks::go_to(model, view, row);
    why::open(model, view);
}

fn choose_theme(model: &mut Model, choice: theme::Choice) {
    model.look.choose(choice, model.look.surroundings);
    // Their lines hold colours.
    model.detail.key = None;
    model.texts.page.key = None;
    match model.look.surroundings.limit() {
        Some(limit) => model.toast(Level::Warning, format!("theme: {}, but {limit}", choice.name())),
        None => model.toast(Level::Note, format!("theme: {}", choice.name())),
    }
}
