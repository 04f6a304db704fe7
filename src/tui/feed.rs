//! What the screen shows of the journal: its newest state, or that of the moment when the display was frozen.

use std::sync::Arc;

use ratatui::Frame;

use crate::journal::{Heartbeats, Index};
use crate::query::{Property, Query};
use crate::record::finding::Level;
use crate::tui::message::{Effect, Message};
use crate::tui::state::model::Model;
use crate::tui::update::prepare::prepare;
use crate::tui::update::searcher::{Bell, Searcher};
use crate::tui::update::update;

/// Draws the screen over what is shown of the journal, and takes down where things are.
pub fn draw(model: &mut Model, view: &Index, frame: &mut Frame<'_>) {
    prepare(model, view, frame.area());
    let drawn = crate::tui::view::view(model, view, frame);
    model.take(drawn);
}

/// The journal's index, and the frozen one while there is one.
pub struct Feed {
    live: Index,
    frozen: Option<Index>,
    searcher: Searcher,
}

impl Feed {
    /// Shows a view.
    #[must_use]
    pub fn new(live: Index) -> Self {
        Self { live, frozen: None, searcher: Searcher::new(Arc::new(|| ())) }
    }

    /// Rings a bell whenever a search has come further.
    #[must_use]
    pub fn with_bell(self, bell: Bell) -> Self {
        Self { searcher: Searcher::new(bell), ..self }
    }

    /// What is to be drawn.
    #[must_use]
    pub fn shown(&self) -> &Index {
        self.frozen.as_ref().unwrap_or(&self.live)
    }

    /// Takes in what is new, frozen or not, so that nothing is missed and the numbers are those of now. Says whether
    /// there was anything.
    pub fn sync(&mut self, model: &mut Model) -> bool {
        let place = self.frozen.is_none().then(|| model.lists.hold(&self.live));
        let changed = self.live.sync();
        let before = std::mem::replace(&mut model.proxy.capture, self.live.capture());
        let trouble = model.proxy.capture.as_ref().and_then(|capture| capture.trouble.clone());
        if trouble != before.and_then(|capture| capture.trouble)
            && let Some(words) = trouble
        {
            model.toast(Level::Warning, words);
        }
        if changed {
            if let Some(place) = place {
                model.lists.restore(&self.live, place);
            }
            // This message has no effects.
            update(model, &self.live, Message::Journal);
            self.learn(model);
            self.searcher.step(model, self.frozen.as_ref().unwrap_or(&self.live));
        }
        changed
    }

    /// Finds out which messages are heartbeats, where somebody wants to know. Says whether there was anything to look at.
    fn learn(&mut self, model: &mut Model) -> bool {
        let asks = |query: &Query| query.asks_for(Property::Heartbeat);
        let lists = &model.lists;
        if lists.fold.heartbeats != Heartbeats::Shown || lists.filter.query().is_some_and(asks) {
            model.beats.want();
        }
        if self.frozen.is_some() || !model.beats.is_due(&self.live, &model.decoders) {
            return false;
        }
        let place = model.lists.hold(&self.live);
        model.beats.learn(&mut self.live, &mut model.decoders);
        model.lists.restore(&self.live, place);
        true
    }

    /// Updates the model, then freezes or thaws the display as the model wants it.
    pub fn update(&mut self, model: &mut Model, message: Message) -> Vec<Effect> {
        // Each wake begins with the time. Were the search asked each time, it would wake the screen for each block.
        let is_time = matches!(message, Message::Time(_));
        self.frozen.as_mut().unwrap_or(&mut self.live).let_go();
        let mut effects = update(model, self.shown(), message);
        if let Some(refusal) = model.proxy.refusal()
            && effects.extract_if(.., |effect| effect.needs_proxy()).count() > 0
        {
            model.toast(Level::Warning, refusal);
        }
        match (model.is_frozen(), &self.frozen) {
            (true, None) => self.frozen = Some(self.live.freeze()),
            (false, Some(frozen)) => {
                let place = model.lists.hold(frozen);
                self.frozen = None;
                model.lists.restore(&self.live, place);
                update(model, &self.live, Message::Journal);
            }
            _ => {}
        }
        // While there is more to go through, the time's passing does it, so that a key does not wait for a slice.
        let has_learned = (is_time || !model.beats.is_busy()) && self.learn(model);
        if !is_time || has_learned {
            self.searcher.step(model, self.frozen.as_ref().unwrap_or(&self.live));
        }
        effects
    }
}
