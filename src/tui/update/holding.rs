//! What the keys for held messages do: hold, release, edit, drop.

use crate::compose;
use crate::journal::Scope;
use crate::journal::{Fold, Heartbeats, Index, Joined, Row};
use crate::record::finding::Level;
use crate::record::{Event, FrameNumber, FrameRecord, Relayed, Seen, SessionId, Side};
use crate::relay::hold::{Conditions, Decision, HeadDecision, Leaning};
use crate::relay::injection::Injection;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::composer::{Behind, Composer, Edited, Recall};
use crate::tui::state::holding::{HoldLine, Thing};
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::wire::inflate::Deflate;

use super::filter;
use super::prompt;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Hold => open(model, view),
        Action::HoldToggle => return Some(toggle(model)),
        Action::HoldKeep => return Some(keep(model)),
        Action::HoldDiscard => model.overlay = None,
        Action::HoldComplete => edit(model, |line| line.query.complete()),
        Action::HoldFrom => edit(model, HoldLine::turn),
        Action::HoldErase => edit(model, |line| _ = line.query.line.input.delete_line_by_head()),
        Action::HoldEarlier => recall(model, Recall::Earlier),
        Action::HoldLater => recall(model, Recall::Later),
        Action::Release => return Some(release(model, view)),
        Action::ReleaseAll => return Some(release_all(model)),
        Action::EditHeld => edit_held(model, view),
        Action::EditCopy => edit_copy(model, view),
        // The selected one only: what is not seen is not dropped.
        Action::CloseSession => {
            return Some(vec![match selected(model, view)? {
                (session, Thing::Message(frame)) => decide(model, session, frame, Decision::Drop, "dropped"),
                (session, Thing::Head(from)) => decide_head(model, session, from, HeadDecision::Drop, "dropped"),
            }]);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the line, with what is held now.
fn open(model: &mut Model, view: &Index) {
    let mut line = HoldLine::new(&model.holding.conditions, filter::known(model, view));
    line.read();
    model.overlay = Some(Overlay::Hold(Box::new(line)));
}

/// Takes a change of the line's text in: what is wrong with it is shown at once.
pub(super) fn typed(model: &mut Model) {
    edit(model, |_| ());
}

fn edit(model: &mut Model, change: impl FnOnce(&mut HoldLine)) {
    if let Some(Overlay::Hold(line)) = &mut model.overlay {
        change(line);
        line.read();
    }
}

fn recall(model: &mut Model, direction: Recall) {
    if let Some(Overlay::Hold(line)) = &mut model.overlay {
        line.query.line.recall(direction, |back| model.holding.history.get(back));
        line.read();
    }
}

/// Holds what the line says, unless something is wrong with it.
fn keep(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Hold(line)) = &mut model.overlay else { return Vec::new() };
    let text = line.query.line.text().trim().to_owned();
    let Some(conditions) = line.read() else { return Vec::new() };
    model.overlay = None;
    if !text.is_empty() {
        model.holding.history.push(text);
    }
    set(model, conditions)
}

fn set(model: &mut Model, conditions: Conditions) -> Vec<Effect> {
    let held = model.holding.held();
    model.holding.set(conditions.clone());
    let words = if model.holding.is_on() {
        format!("held from now on: {} · {} holds nothing more", model.holding.words(), key_of(Action::HoldToggle))
    } else if let Some(held) = held {
        format!("nothing is held any more: {} went on", held.words())
    } else {
        "nothing is held any more".to_owned()
    };
    model.toast(Level::Note, words);
    vec![Effect::Hold(conditions)]
}

/// Holds what a command says; an empty query asks for all messages.
pub(super) fn choose(model: &mut Model, text: &str) -> Vec<Effect> {
    let mut line = HoldLine::new(&Conditions::default(), Default::default());
    line.query.line.set(text);
    match line.read() {
        Some(conditions) => set(model, conditions),
        None => {
            let why = line.query.error.map(|error| error.why).unwrap_or_default();
            model.toast(Level::Warning, why);
            Vec::new()
        }
    }
}

/// Turns it on or off that what leans on an edited message is compressed anew.
pub(super) fn recompress(model: &mut Model) -> Vec<Effect> {
    let (leaning, words) = match model.holding.leaning {
        Leaning::Inflated => (Leaning::Anew, "compressed anew, from the next message on"),
        Leaning::Anew => (Leaning::Inflated, "inflated"),
    };
    model.holding.leaning = leaning;
    model.toast(Level::Note, format!("compressed messages that lean on an edited or dropped one go out {words}"));
    vec![Effect::Leaning(leaning)]
}

fn toggle(model: &mut Model) -> Vec<Effect> {
    match model.holding.turned() {
        Some(conditions) => set(model, conditions),
        None => {
            model.toast(Level::Note, format!("nothing was held yet: {} says what is to be", key_of(Action::Hold)));
            Vec::new()
        }
    }
}

/// What is held and selected.
fn selected(model: &Model, view: &Index) -> Option<(SessionId, Thing)> {
    let row = model.selected_row(view)?;
    let session = row.session?;
    let thing = match row.record {
        Seen::Frame(record) => {
            let is_held = view.relayed(row, &record) == Relayed::Held;
            is_held.then_some(Thing::Message(record.number))
        }
        Seen::Event(time, Event::HeadHeld(head)) => {
            let held = view.session(session)?.held_heads[head.from].as_ref()?;
            (held.since == time).then_some(Thing::Head(head.from))
        }
        _ => None,
    };
    Some((session, thing?))
}

/// What is held and meant: the chosen one, or the first that waits in the sessions that are shown.
fn meant(model: &mut Model, view: &Index) -> Option<(SessionId, Thing)> {
    let scope = match model.lists.scope {
        Scope::Session(id) => Some(id),
        _ => None,
    };
    // While the newest is followed, nobody chose it: the order in which they came is the one to go by.
    let chosen = selected(model, view).filter(|_| !model.shown_list().0.is_following());
    let meant = chosen.or_else(|| model.holding.first(view, scope));
    if meant.is_none() {
        let words = match (model.holding.first(view, None), model.holding.is_on()) {
            (Some((session, _)), _) => format!("nothing of this session is held, but of session {}", session.0),
            (None, true) => "nothing is held now".to_owned(),
            (None, false) => format!("nothing is held: {} says what is to be", key_of(Action::Hold)),
        };
        model.toast(Level::Note, words);
    }
    meant
}

fn decide(model: &mut Model, session: SessionId, frame: FrameNumber, decision: Decision, what: &'static str) -> Effect {
    let token = model.sending.next_token();
    model.holding.decide(token, session, Thing::Message(frame));
    model.sending.await_answer(token, format!("frame {frame} of session {} {what}", session.0), 1, model.now);
    Effect::Decide { session, frame, decision, token }
}

fn decide_head(model: &mut Model, session: SessionId, from: Side, decision: HeadDecision, what: &str) -> Effect {
    let token = model.sending.next_token();
    model.holding.decide(token, session, Thing::Head(from));
    let told = format!("the {} of session {} {what}", head_name(from), session.0);
    model.sending.await_answer(token, told, 1, model.now);
    Effect::DecideHead { session, from, decision, token }
}

/// What a side's head is.
pub(crate) const fn head_name(from: Side) -> &'static str {
    match from {
        Side::Client => "request",
        Side::Server => "response",
    }
}

fn release(model: &mut Model, view: &Index) -> Vec<Effect> {
    match meant(model, view) {
        Some((session, Thing::Message(frame))) => {
            vec![decide(model, session, frame, Decision::Release, "released")]
        }
        Some((session, Thing::Head(from))) => {
            vec![decide_head(model, session, from, HeadDecision::Release, "released")]
        }
        None => Vec::new(),
    }
}

fn release_all(model: &mut Model) -> Vec<Effect> {
    let Some(held) = model.holding.held() else {
        model.toast(Level::Note, "nothing is held now");
        return Vec::new();
    };
    model.toast(Level::Note, format!("{} released, in order", held.words()));
    vec![Effect::ReleaseAll]
}

/// Sends what was made of a held message in its place.
pub(super) fn send(model: &mut Model, session: SessionId, frame: FrameNumber, injection: Injection) -> Effect {
    decide(model, session, frame, Decision::Edit(injection), "edited")
}

/// Opens the composer with the text of the held message that is meant.
fn edit_held(model: &mut Model, view: &Index) {
    let (session, frame) = match meant(model, view) {
        Some((session, Thing::Message(frame))) => (session, frame),
        Some((session, Thing::Head(from))) => return edit_held_head(model, view, session, from),
        None => return,
    };
    let row = prompt::row_of_frame(view, session, frame).and_then(|number| view.row(Scope::Session(session), number));
    let Some(row) = row.map(|row| whole(view, row)) else {
        return model.toast(Level::Warning, format!("frame {frame} has left memory: it can be released or dropped"));
    };
    match text(view, row) {
        Ok((record, text, said)) => {
            model.sending.forget_told();
            let mut composer = Composer::new(session, record.from.other(), &text);
            let behind = behind(view, session, &record);
            composer.edits = Some(Edited::Message(frame, said, behind));
            model.overlay = Some(Overlay::Composer(Box::new(composer)));
        }
        Err(why) => model.toast(Level::Warning, format!("{why}: it can be released or dropped")),
    }
}

/// Whether later messages lean on one whose first frame this is.
fn behind(view: &Index, session: SessionId, first: &FrameRecord) -> Behind {
    let open = view.session(session).and_then(|summary| summary.open.as_ref());
    let agreed = open.and_then(|open| Deflate::agreed(open.extensions.as_deref()?));
    let forgets = agreed.is_none_or(|agreed| match first.from {
        Side::Client => agreed.client_no_context_takeover,
        Side::Server => agreed.server_no_context_takeover,
    });
    if first.header.rsv1() && !forgets { Behind::Leans } else { Behind::Free }
}

/// Opens the composer with the lines of a head that is held.
fn edit_held_head(model: &mut Model, view: &Index, session: SessionId, from: Side) {
    let Some(summary) = view.session(session) else { return };
    let Some(held) = &summary.held_heads[from] else { return };
    let request = summary.request.as_ref().filter(|_| from == Side::Server).map(|head| head.forwarded.clone());
    let composer = Composer::of_head(session, from, held.bytes.clone(), request);
    model.sending.forget_told();
    model.overlay = Some(Overlay::Composer(Box::new(composer)));
}

/// Sends what was made of a held head in its place.
pub(super) fn send_head(model: &mut Model, session: SessionId, from: Side, head: Vec<u8>) -> Effect {
    decide_head(model, session, from, HeadDecision::Edit(head), "edited")
}

/// Opens the composer with the text of the selected message, to be sent besides.
fn edit_copy(model: &mut Model, view: &Index) {
    let Some(row) = model.selected_row(view).map(|row| whole(view, row)) else {
        return model.toast(Level::Warning, "only a frame can be sent once more: select one");
    };
    let Some(session) = row.session else {
        return model.toast(Level::Warning, "only a frame can be sent once more: select one");
    };
    match text(view, row) {
        Ok((record, text, _)) => {
            model.sending.forget_told();
            model.overlay = Some(Overlay::Composer(Box::new(Composer::new(session, record.from.other(), &text))));
        }
        Err(why) => model.toast(Level::Warning, why),
    }
}

/// Rows that are messages.
const MESSAGES: Fold = Fold { fragments: true, heartbeats: Heartbeats::Shown };

/// The first frame of the message that a row's frame belongs to.
fn whole<'a>(view: &'a Index, row: Row<'a>) -> Row<'a> {
    view.row_by_id(view.head(MESSAGES, row.id)).unwrap_or(row)
}

/// What one would type for the message that begins in a row, and what it says.
fn text(view: &Index, row: Row<'_>) -> Result<(FrameRecord, String, Vec<u8>), String> {
    let Seen::Frame(record) = row.record else {
        return Err("only a frame can be sent once more: select one".to_owned());
    };
    let joined = Joined::new(view, row, &record, MESSAGES);
    let said = joined.said(usize::MAX).filter(|said| said.is_whole);
    let said = said.ok_or("not all of it has come, or was kept")?;
    let opcode = record.header.opcode();
    let text = compose::written(opcode, &said.bytes, said.frames);
    let text = text.ok_or_else(|| format!("a {opcode} like this can't be written in the composer"))?;
    Ok((record, text, said.bytes))
}
