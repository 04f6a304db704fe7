//! What the keys of the detail do, and those that choose the form of payloads.

use crate::record::finding::Level;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::pages::{BodyShown, BytesShown};
use crate::tui::state::model::Model;
use crate::tui::state::pane::Further;
use crate::tui::state::panes::Tab;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let repeats = model.count.repeats();
    match action {
        Action::Hex => model.texts.turn_body(BodyShown::Hex),
        Action::Text => model.texts.turn_body(BodyShown::Text),
        Action::Bytes => toggle_bytes(model),
        Action::AcceptValue => turn_proof(model),
        Action::Left => (0..repeats).for_each(|_| model.detail.step_byte(-1, &model.look.theme)),
        Action::Right => (0..repeats).for_each(|_| model.detail.step_byte(1, &model.look.theme)),
        Action::Header => model.detail.turn_header(),
        Action::FoldMore => model.detail.fold_all(Further::Out, &model.look.theme),
        Action::FoldLess => model.detail.fold_all(Further::In, &model.look.theme),
        Action::Find => model.detail.begin_find(),
        Action::FindNext => (0..repeats).for_each(|_| model.detail.next_match(true)),
        Action::FindPrevious => (0..repeats).for_each(|_| model.detail.next_match(false)),
        Action::FindDone => model.detail.find.confirm(),
        Action::FindStop => model.detail.cancel_find(),
        Action::FindForm => model.detail.find.turn_form(),
        _ => return None,
    }
    Some(Vec::new())
}

fn toggle_bytes(model: &mut Model) {
    // Text and JSON are of the payload, so that the wire's bytes are asked for means hex.
    if !model.detail.shows_hex() {
        model.texts.body = BodyShown::Hex;
        model.texts.bytes = BytesShown::Message;
    }
    let (bytes, name) = match model.texts.bytes {
        BytesShown::Message => (BytesShown::Wire, "as on the wire"),
        BytesShown::Wire if model.detail.has_message() => (BytesShown::Unmasked, "of the frame without its mask"),
        BytesShown::Wire => (BytesShown::Message, "without the mask"),
        BytesShown::Unmasked => (BytesShown::Message, "of the message, joined and inflated"),
    };
    model.texts.bytes = bytes;
    model.toast(Level::Note, format!("bytes {name}"));
}

fn turn_proof(model: &mut Model) {
    model.panes.tab = Tab::Handshake;
    model.texts.turn_proof();
}
