//! From the composer to a session: opening it, turning it to another session, sending, repeating, stopping.

use crate::journal::Index;
use crate::record::finding::Level;
use crate::record::{SessionId, Side};
use crate::relay::injection::{Injection, Reply};
use crate::text;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::{Effect, Message};
use crate::tui::state::answer::{Answer, Repeating};
use crate::tui::state::composer::{Composer, Edited, Recall};
use crate::tui::state::history::History;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::sessions::live_sessions;
use crate::wire::opcode::Opcode;

use super::holding;

const NO_SESSION: &str = "there is no session yet: connect a client first";

/// Opens the composer, with what was left in it. One for a session that is over takes text, too, and refuses to send it:
/// what is typed must not become commands.
fn compose(model: &mut Model, view: &Index, to: Side) {
    let Some(session) = model.session(view).map(|summary| summary.id) else {
        return model.toast(Level::Warning, NO_SESSION);
    };
    model.sending.forget_told();
    let draft = std::mem::take(&mut model.sending.draft);
    model.overlay = Some(Overlay::Composer(Box::new(Composer::new(session, to, &draft))));
}

/// The session that an injection is for, if it is live; else says why not.
pub(crate) fn live_session(model: &mut Model, view: &Index) -> Option<SessionId> {
    match model.session(view) {
        None => model.toast(Level::Warning, NO_SESSION),
        Some(summary) if !summary.is_live() => {
            let id = summary.id.0;
            model.toast(Level::Warning, format!("session {id} is over: choose a live one with [ and ]"));
        }
        Some(summary) => return Some(summary.id),
    }
    None
}

/// What the composer's keys do, and those that open it; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::ToServer => compose(model, view, Side::Server),
        Action::ToClient => compose(model, view, Side::Client),
        Action::Send => return Some(send(model, view)),
        Action::Discard if model.sending.is_repeating() => return Some(stop(model)),
        Action::Discard => discard(model),
        Action::OpenEditor => return Some(open_editor(model)),
        Action::ToNextSession => turn(model, view, Turn::Next),
        Action::ToPreviousSession => turn(model, view, Turn::Previous),
        Action::NewLine => with_composer(model, |composer, _| composer.edit(|input| input.insert_newline())),
        Action::EraseLine => with_composer(model, |composer, _| composer.edit(|input| _ = input.delete_line_by_head())),
        Action::Complete => with_composer(model, |composer, _| composer.complete()),
        Action::Earlier => with_composer(model, |composer, sent| composer.recall(sent, Recall::Earlier)),
        Action::Later => with_composer(model, |composer, sent| composer.recall(sent, Recall::Later)),
        Action::OtherDirection => match &mut model.overlay {
            Some(Overlay::Composer(composer)) if composer.edits.is_some() => stays(model),
            _ => with_composer(model, |composer, _| composer.to = composer.to.other()),
        },
        _ => return None,
    }
    Some(Vec::new())
}

fn with_composer(model: &mut Model, change: impl FnOnce(&mut Composer, &History)) {
    if let Some(Overlay::Composer(composer)) = &mut model.overlay {
        change(composer, &model.sending.history);
    }
}

/// Closes the composer, which keeps its text.
fn discard(model: &mut Model) {
    if let Some(Overlay::Composer(composer)) = model.overlay.take() {
        match &composer.edits {
            Some(Edited::Message(frame, ..)) => {
                model.toast(Level::Note, format!("frame {frame} is still held, as it came"));
            }
            Some(Edited::Head(head)) => {
                let what = holding::head_name(head.from);
                model.toast(Level::Note, format!("the {what} is still held, as it came"));
            }
            None => model.sending.draft = composer.text(),
        }
    }
}

/// What is edited goes where it was sent.
fn stays(model: &mut Model) {
    model.toast(Level::Note, "what is edited goes where that which came was to go");
}

#[derive(Clone, Copy)]
enum Turn {
    Next,
    Previous,
}

/// Turns the composer to another live session, round and round.
fn turn(model: &mut Model, view: &Index, turn: Turn) {
    let Some(Overlay::Composer(composer)) = &mut model.overlay else { return };
    if composer.edits.is_some() {
        return stays(model);
    }
    let (current, mut live) = (composer.session, live_sessions(view));
    if matches!(turn, Turn::Previous) {
        live.reverse();
    }
    let place = live.iter().position(|id| *id == current);
    let beyond = |id: &&SessionId| if matches!(turn, Turn::Next) { **id > current } else { **id < current };
    let next = match place {
        Some(place) => live.get(place + 1),
        // It is over; those beyond it come next.
        None => live.iter().find(beyond),
    };
    match next.or(live.first()).copied().filter(|id| *id != current) {
        Some(next) => composer.session = next,
        None => model.toast(Level::Note, "there is no other live session"),
    }
}

fn send(model: &mut Model, view: &Index) -> Vec<Effect> {
    let busy = model.sending.is_repeating();
    let Some(Overlay::Composer(composer)) = &mut model.overlay else { return Vec::new() };
    let session = composer.session;
    if let Some(Edited::Head(head)) = &composer.edits {
        let (from, Ok(bytes)) = (head.from, head.read.clone()) else { return Vec::new() };
        model.overlay = None;
        return vec![holding::send_head(model, session, from, bytes)];
    }
    let Ok(order) = composer.parsed.clone() else { return Vec::new() };
    if view.session(session).is_none_or(|summary| !summary.is_live()) {
        let next = key_of(Action::ToNextSession);
        model.toast(Level::Warning, format!("session {} is over: {next} turns to a live one", session.0));
        return Vec::new();
    }
    if let Some(Edited::Message(frame, ..)) = composer.edits {
        if order.repeat.is_some() {
            model.toast(Level::Warning, "an edited message goes out once, in its place: leave /repeat away");
            return Vec::new();
        }
        model.overlay = None;
        return vec![holding::send(model, session, frame, order.injection)];
    }
    if busy && order.repeat.is_some() {
        let stop = key_of(Action::Interrupt);
        model.toast(Level::Warning, format!("one repetition runs already: {stop} stops it"));
        return Vec::new();
    }
    let (to, text) = (composer.to, composer.text());
    composer.clear();
    model.sending.history.push(text.clone());
    let effect = match order.repeat {
        None => inject(model, session, to, order.injection),
        Some(repeat) => {
            let token = model.sending.next_token();
            let what = words(&order.injection, to);
            model.sending.repeating = Some(Repeating::new(token, what, repeat, model.now));
            Effect::Repeat { session, to, injection: order.injection, repeat, token }
        }
    };
    vec![effect, Effect::Remember(text)]
}

/// Puts something in; its answer will be shown.
pub(crate) fn inject(model: &mut Model, session: SessionId, to: Side, injection: Injection) -> Effect {
    let what = words(&injection, to);
    inject_as(model, session, to, injection, what)
}

/// The same, with words for what it is.
pub(crate) fn inject_as(model: &mut Model, session: SessionId, to: Side, injection: Injection, what: String) -> Effect {
    let token = model.sending.next_token();
    let frames = injection.frames();
    model.sending.await_answer(token, what, frames, model.now);
    Effect::Inject { session, to, injection, token }
}

/// An injection in words.
pub(super) fn words(injection: &Injection, to: Side) -> String {
    let size = |bytes: usize| text::byte_count(bytes as u64);
    let to = to.name();
    match injection {
        Injection::Frame { first, payload } => {
            format!("{} of {} to the {to}", Opcode::new(*first), size(payload.len()))
        }
        Injection::Fragments { first, payloads } => {
            let bytes = payloads.iter().map(Vec::len).sum();
            format!("{} of {} in {} fragments to the {to}", Opcode::new(*first), size(bytes), payloads.len())
        }
        Injection::Raw(bytes) => format!("{} raw to the {to}", size(bytes.len())),
    }
}

/// Ends what is sent again and again.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    if let Some(repeating) = &mut model.sending.repeating {
        repeating.stopping = true;
    }
    vec![Effect::StopRepeating]
}

fn open_editor(model: &Model) -> Vec<Effect> {
    match &model.overlay {
        Some(Overlay::Composer(composer)) => vec![Effect::OpenEditor(composer.text())],
        _ => Vec::new(),
    }
}

/// Takes in what the outside world says about what was asked of it.
pub(crate) fn take(model: &mut Model, message: Message) {
    let now = model.now;
    let composing = matches!(model.overlay, Some(Overlay::Composer(_)));
    match message {
        Message::Reply(token, reply) => {
            if matches!(reply, Reply::Refused(_)) {
                model.holding.refused(token);
            }
            let last = model.sending.answer.iter_mut().map(|answer| (answer, composing));
            // One before it that had to wait is told of in passing.
            let mut all = model.sending.waiting.iter_mut().map(|answer| (answer, false)).chain(last);
            let Some((answer, stands)) = all.find(|(answer, _)| answer.token == token) else { return };
            answer.take(reply, now);
            let (level, words, is_waiting) = (answer.level(), answer.text(now), answer.is_waiting());
            model.sending.waiting.retain(Answer::is_waiting);
            // What waits stands in the footer until it does no more.
            if !is_waiting && !stands {
                model.toast(level, words);
            }
        }
        Message::Repeated(token, progress) => {
            let Some(repeating) = model.sending.repeating.as_mut().filter(|repeating| repeating.token == token) else {
                return;
            };
            repeating.take(progress, now);
            let said = (repeating.level(), repeating.text(now));
            if !repeating.is_running() && !composing {
                model.toast(said.0, said.1);
            }
        }
        Message::Edited(Ok(text)) => {
            if let Some(Overlay::Composer(composer)) = &mut model.overlay {
                composer.set(&text);
            }
        }
        Message::Edited(Err(trouble)) => model.toast(Level::Error, trouble),
        _ => {}
    }
}
