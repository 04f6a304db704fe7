//! Messages in, effects out.

mod actions;
mod compare;
mod copy;
mod counting;
mod decoding;
mod detail;
mod filter;
mod holding;
mod marks;
mod mouse;
mod moving;
pub(crate) mod prepare;
mod problems;
mod prompt;
mod recording;
mod rows;
mod ruling;
mod search;
pub(crate) mod searcher;
mod sending;
mod timeline;
mod websocat;
mod why;
mod writing;

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::journal::{Index, Scope};
use crate::record::finding::Level;
use crate::tui::keymap::{self, Action, Key, Place};
use crate::tui::message::{Effect, Message};
use crate::tui::state::model::Model;

/// Takes a message in. What the outside world has to do comes back.
pub fn update(model: &mut Model, view: &Index, message: Message) -> Vec<Effect> {
    match message {
        Message::Time(now) => {
            model.now = now;
            model.overview.sample(now);
            model.expire();
        }
        Message::Journal => {
            model.overview.refresh(view, model.now);
            model.holding.refresh(view);
            if !model.is_frozen() {
                model.lists.marks.forget(view.first());
                forget_gone_scope(model, view);
            }
        }
        Message::Key(event) => return key(model, view, event),
        Message::Mouse(event) => return mouse::mouse(model, view, event),
        Message::Paste(text) => paste(model, view, &text),
        // What was found is taken in by the feed.
        Message::Found => {}
        Message::Decoded => model.decoders.hear(),
        Message::Reply(..) | Message::Repeated(..) | Message::Edited(_) => sending::take(model, message),
        Message::Wrote(progress) => return writing::take(model, progress),
        Message::Recorded(recorded) => recording::take(model, recorded),
        Message::Rules(list) => ruling::take(model, list),
        Message::Trouble(text) => model.toast(Level::Error, text),
    }
    Vec::new()
}

fn key(model: &mut Model, view: &Index, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.toast = None;
    if model.overlay.is_none() {
        // Who moves on does not want to be taken back.
        model.lists.filter.anchor = None;
    }
    let place = model.place();
    if counting::key(model, place, event.into()) {
        return Vec::new();
    }
    if let Some(action) = keymap::lookup(place, event.into()) {
        return counting::perform(model, view, action);
    }
    model.count.cancel();
    match &mut model.overlay {
        Some(overlay) if overlay.takes_text() => {
            overlay.key(event);
            search::typed(model);
            filter::typed(model, view);
            problems::typed(model);
            holding::typed(model);
            ruling::typed(model);
        }
        None if place == Place::Find => model.detail.find.key(event),
        _ => model.toast(Level::Note, unbound(place, event.into())),
    }
    Vec::new()
}

/// That a key means nothing, so that nobody waits for what it does.
fn unbound(place: Place, key: Key) -> String {
    let name = if key.is_plain() { key.to_string() } else { "this key".to_owned() };
    let keys = keymap::in_place(place).find(|binding| binding.action == Action::Help);
    let help = keys.map_or_else(String::new, |help| format!(": {} lists the keys", help.keys_text()));
    format!("{name} does nothing here{help}")
}

fn paste(model: &mut Model, view: &Index, text: &str) {
    let place = model.place();
    match &mut model.overlay {
        Some(overlay) => {
            overlay.paste(text);
            search::typed(model);
            filter::typed(model, view);
            problems::typed(model);
            holding::typed(model);
            ruling::typed(model);
        }
        None if place == Place::Find => model.detail.find.paste(text),
        None => {}
    }
}

/// A closed session may leave memory while its frames are shown.
fn forget_gone_scope(model: &mut Model, view: &Index) {
    if let Scope::Session(id) = model.lists.scope
        && view.session(id).is_none()
    {
        model.lists.scope = Scope::All;
        model.lists.frames.follow();
        model.toast(Level::Warning, format!("session {} has left memory; these are the frames of all", id.0));
    }
}
