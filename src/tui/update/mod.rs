//! Messages in, effects out.

mod actions;
mod copy;
mod folding;
mod mouse;
pub(crate) mod prepare;
mod prompt;
mod resend;
mod sending;
mod websocat;
mod why;

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::journal::{Scope, View};
use crate::record::finding::Level;

use crate::tui::keymap::{self, Place};
use crate::tui::message::{Effect, Message};
use crate::tui::search;
use crate::tui::state::model::{Model, Overlay};

/// Takes a message in. What the outside world has to do comes back.
pub fn update(model: &mut Model, view: &View, message: Message) -> Vec<Effect> {
    match message {
        Message::Time(now) => {
            model.now = now;
            model.overview.sample(now);
            model.expire();
        }
        Message::Journal => {
            model.overview.refresh(view, model.now);
            if !model.is_frozen() {
                model.marks.forget(view.first());
                forget_gone_scope(model, view);
            }
        }
        Message::Key(event) => return key(model, view, event),
        Message::Mouse(event) => return mouse::mouse(model, view, event),
        Message::Paste(text) => {
            if model.place() == Place::Find {
                model.detail.find.paste(&text);
            }
            if let Some(Overlay::Search(_)) = &model.overlay {
                search::paste(model, &text);
            } else if let Some(Overlay::Composer(composer)) = &mut model.overlay {
                composer.edit(|input| {
                    input.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
                });
            }
            if let Some(Overlay::Command(line)) = &mut model.overlay {
                line.input.insert_str(text.lines().next().unwrap_or_default());
            }
        }
        // What was found is taken in by the feed.
        Message::Found => {}
        Message::Reply(..) | Message::Repeated(..) | Message::Edited(_) => sending::take(model, message),
        Message::Trouble(text) => model.toast(Level::Error, text),
    }
    Vec::new()
}

fn key(model: &mut Model, view: &View, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.toast = None;
    let place = model.place();
    if let Some(action) = keymap::lookup(place, event.into()) {
        return actions::perform(model, view, action);
    }
    if let (Place::Command, Some(Overlay::Command(line))) = (place, &mut model.overlay) {
        line.error = None;
        line.input.input(event);
        return Vec::new();
    }
    if let (Place::Composer, Some(Overlay::Composer(composer))) = (place, &mut model.overlay)
        && composer.input.input(event)
    {
        composer.parse();
    }
    if let (Place::Search, Some(Overlay::Search(prompt))) = (place, &mut model.overlay)
        && prompt.input.input(event)
    {
        search::typed(model);
    }
    if place == Place::Find {
        model.detail.find.key(event);
    }
    Vec::new()
}

/// A closed session may leave memory while its frames are shown.
fn forget_gone_scope(model: &mut Model, view: &View) {
    if let Scope::Session(id) = model.scope
        && view.session(id).is_none()
    {
        model.scope = Scope::All;
        model.frames.follow();
        model.toast(Level::Warning, format!("session {} has left memory; these are the frames of all", id.0));
    }
}
