//! A screen with a real session, which does what the screen wants.

use crossterm::event::KeyCode;

use crate::control::rules::RuleList;
use crate::record::Side;
use crate::tui::message::Message;

use super::stage::{Actor, NOON, Stage};

/// Both of them, in step.
pub(super) struct Acting {
    pub stage: Stage,
    pub actor: Actor,
}

impl Acting {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let mut stage = Stage::new(width, height);
        let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
        actor.after(10).opens().hand_over();
        stage.sync();
        let mut acting = Self { stage, actor };
        acting.settle();
        acting
    }

    /// One on which all that the server sends is held, and that is three messages.
    pub(super) fn holding_three() -> Self {
        let mut held = Self::new(100, 30);
        held.keys("i").press(KeyCode::BackTab).press(KeyCode::BackTab).press(KeyCode::Enter);
        held.says(0x81, b"one").says(0x81, b"two").says(0x82, &[1, 0xff]);
        held
    }

    /// The server sends a frame with that first byte, a second later.
    pub(super) fn says(&mut self, first: u8, payload: &[u8]) -> &mut Self {
        self.actor.after(1_000_000).frame(Side::Server, first, payload);
        self.settle()
    }

    pub(super) fn waits(&mut self, micros: u64) -> &mut Self {
        self.actor.after(micros).ticks();
        self.settle()
    }

    fn settle(&mut self) -> &mut Self {
        let effects = std::mem::take(&mut self.stage.effects);
        for reply in self.actor.obeys(effects) {
            self.stage.send(reply);
        }
        self.actor.hand_over();
        self.stage.send(Message::Rules(RuleList::of(&self.actor.rules)));
        self.stage.at(self.actor.now - NOON).sync();
        self
    }

    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        self.stage.keys(keys);
        self.settle()
    }

    pub(super) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.stage.press(code);
        self.settle()
    }

    pub(super) fn enters(&mut self, keys: &str) -> &mut Self {
        self.keys(keys).press(KeyCode::Enter)
    }

    pub(super) fn shows(&self, text: &str) {
        assert!(self.stage.shows(text), "no `{text}`: {}", self.stage.screen());
    }

    pub(super) fn hides(&self, text: &str) {
        assert!(!self.stage.shows(text), "`{text}`: {}", self.stage.screen());
    }
}
