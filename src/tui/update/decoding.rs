//! Which decoder reads the messages of a session: chosen by a key, or by name.

use crate::decode::{Choice, Decoder, Format};
use crate::decode::{Limits, Payload};
use crate::journal::{Index, Joined};
use crate::record::finding::Level;
use crate::record::{Seen, SessionId};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::pages::BodyShown;
use crate::tui::pages::pair::Pair;
use crate::tui::state::model::Model;

/// What its key does; `None` where it is another.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::NextDecoder => match message(model, view) {
            Some(message) => next(model, &message),
            None => model.toast(Level::Note, "there is no message here to decode"),
        },
        Action::Counterpart => go_to_counterpart(model, view),
        _ => return None,
    }
    Some(Vec::new())
}

/// Goes to the request or the reply that belongs to the selected row.
fn go_to_counterpart(model: &mut Model, view: &Index) {
    let Some(row) = model.selected_row(view).map(|row| row.id) else { return };
    match model.pairs.of(view, row) {
        Some(Pair::ReplyTo(other) | Pair::RepliedBy(other)) => {
            model.lists.remember(view);
            if !model.lists.go_to(view, other.row) {
                super::filter::hidden(model);
            }
        }
        Some(Pair::NoReply) => model.toast(Level::Warning, "no reply to this has come so far"),
        None => model.toast(Level::Note, "this neither asks for a reply nor is one, as far as is known"),
    }
}

/// Reads the messages of the session that is meant otherwise from here on.
pub(super) fn choose(model: &mut Model, view: &Index, choice: Choice) {
    let Some(session) = model.session(view).map(|summary| summary.id) else {
        return model.toast(Level::Note, "there is no session yet whose messages could be decoded");
    };
    model.texts.body = BodyShown::Auto;
    model.decoders.choose(session, choice);
    tell(model, session);
}

/// The message that is selected.
struct Message {
    session: SessionId,
    is_masked: bool,
    /// Who can read it: the decoder that is guessed, the others, none.
    choices: Vec<Choice>,
}

fn message(model: &Model, view: &Index) -> Option<Message> {
    let row = model.selected_row(view)?;
    let Seen::Frame(record) = row.record else { return None };
    let (session, format) = (row.session?, Format::of(record.header.opcode())?);
    let said = Joined::new(view, row, &record, model.shown_list().1.fold).said(Limits::ROW.bytes)?;
    let payload = Payload { format, bytes: &said.bytes, is_whole: said.is_whole };
    let guessed = model.decoders.guessed(session);
    let others = model.decoders.all().filter(|decoder| Some(*decoder) != guessed);
    let fitting = others.filter(|decoder| match decoder.read(record.from, payload, &Limits::ROW) {
        // It reads anything, and is a choice only where it has something to say.
        Ok(decoded) => *decoder != Decoder::Content || decoder.tells_more(&decoded),
        // It says something of anything, once it is asked.
        Err(_) => matches!(decoder, Decoder::Program(_)),
    });
    let choices = guessed.map(|_| Choice::Guessed).into_iter().chain(fitting.map(Choice::Named)).chain([Choice::Plain]);
    Some(Message { session, is_masked: record.header.mask.is_some(), choices: choices.collect() })
}

/// Goes on to the next choice; behind the last to the work of the mask, where there is one. From hex or text it goes back
/// to what was chosen.
fn next(model: &mut Model, message: &Message) {
    let &Message { session, is_masked, ref choices } = message;
    let place = choices.iter().position(|choice| *choice == model.decoders.choice(session));
    let is_last = place.is_some_and(|place| place + 1 == choices.len());
    match model.texts.body {
        BodyShown::Auto if is_last && is_masked => {
            model.texts.body = BodyShown::Mask;
            return model.toast(Level::Note, "decoder: none, the mask at work");
        }
        BodyShown::Auto => {
            let next = place.map_or(0, |place| (place + 1) % choices.len());
            model.decoders.choose(session, choices.get(next).copied().unwrap_or_default());
        }
        BodyShown::Mask => model.decoders.choose(session, choices.first().copied().unwrap_or_default()),
        BodyShown::Hex | BodyShown::Text => {}
    }
    model.texts.body = BodyShown::Auto;
    tell(model, session);
}

/// Says who reads a session's messages now.
fn tell(model: &mut Model, session: SessionId) {
    let name = model.decoders.of(Some(session)).map_or("none", Decoder::title);
    let how = match model.decoders.choice(session) {
        Choice::Guessed => ", guessed",
        Choice::Plain | Choice::Named(_) => "",
    };
    model.toast(Level::Note, format!("decoder of session {}: {name}{how}", session.0));
}
