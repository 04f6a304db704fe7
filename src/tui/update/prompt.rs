//! What the command line does: its own keys, and the commands themselves.

use crate::journal::{Index, Scope};
use crate::record::finding::Level;
use crate::record::{FrameNumber, Seen, SessionId};
use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::state::command::{self, Command, CommandLine};
use crate::tui::state::composer::Recall;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::theme;

use super::actions;
use super::decoding;
use super::filter;
use super::moving;

/// Opens it.
pub(crate) fn open(model: &mut Model) {
    model.overlay = Some(Overlay::Command(Box::new(CommandLine::new())));
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
    if text.is_empty() {
        model.overlay = None;
        return Vec::new();
    }
    match command::parse(&text) {
        Err(error) => {
            line.error = Some(error);
            Vec::new()
        }
        Ok(command) => {
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
        Command::Filter(text) => filter::choose(model, view, &text),
        Command::Decoder(choice) => decoding::choose(model, view, choice),
        Command::QuitAtOnce => return vec![Effect::Quit],
    }
    Vec::new()
}

fn choose_session(model: &mut Model, view: &Index, session: Option<SessionId>) {
    let Some(id) = session else { return moving::choose_session(model, view, 0) };
    match view.sessions().position(|summary| summary.id == id) {
        Some(index) => moving::choose_session(model, view, index + 1),
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
fn row_of_frame(view: &Index, session: SessionId, frame: FrameNumber) -> Option<u64> {
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
