//! Messages in, effects out.

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::journal::{Scope, View};
use crate::relay::injection::{Reply, Token};
use crate::relay::observation::Time;
use crate::wire::finding::Level;

use super::actions;
use super::clock;
use super::composer::Answer;
use super::keymap::{self, Place};
use super::message::{Effect, Message};
use super::model::{Model, Overlay};
use super::mouse;

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
                forget_gone_scope(model, view);
            }
        }
        Message::Key(event) => return key(model, view, event),
        Message::Mouse(event) => return mouse::mouse(model, view, event),
        Message::Paste(text) => {
            if let Some(Overlay::Composer(composer)) = &mut model.overlay {
                composer.input.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
                composer.parse();
            }
            if let Some(Overlay::Command(line)) = &mut model.overlay {
                line.input.insert_str(text.lines().next().unwrap_or_default());
            }
        }
        Message::Reply(token, reply) => take_reply(model, token, reply),
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

fn take_reply(model: &mut Model, token: Token, reply: Reply) {
    let now = model.now;
    let Some(answer) = model.answer.as_mut().filter(|answer| answer.token == token) else {
        // An older one that had to wait: say what became of it all the same.
        let level = if matches!(reply, Reply::Refused(_)) { Level::Warning } else { Level::Note };
        model.toast(level, reply_text(&reply));
        return;
    };
    if answer.reply.is_none() {
        answer.since = now;
    }
    answer.reply = Some(reply);
    let (level, text) = (answer_level(answer), answer_text(answer, now));
    // What waits stands in the footer until it does no more.
    if !answer.is_waiting() && !matches!(model.overlay, Some(Overlay::Composer(_))) {
        model.toast(level, text);
    }
}

/// How much an answer matters.
pub(super) const fn answer_level(answer: &Answer) -> Level {
    match answer.reply {
        Some(Reply::Refused(_)) => Level::Error,
        Some(Reply::Waiting(_)) => Level::Warning,
        _ => Level::Note,
    }
}

/// What became of an injection, in words, and since when it waits.
pub(super) fn answer_text(answer: &Answer, now: Time) -> String {
    match &answer.reply {
        None => format!("on its way: {}", answer.what),
        Some(reply @ Reply::Waiting(_)) => {
            format!("{} since {}: {}", reply_text(reply), clock::age(answer.since, now), answer.what)
        }
        Some(reply) => format!("{}: {}", reply_text(reply), answer.what),
    }
}

fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Sent { frame: Some(frame) } => format!("sent as frame {frame}"),
        Reply::Sent { frame: None } => "sent".to_owned(),
        Reply::Waiting(wait) => wait.to_string(),
        Reply::Refused(refusal) => format!("refused: {refusal}"),
    }
}
