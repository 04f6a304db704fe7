//! In which form texts and bytes are shown, and the lines of the page that has only one pane.

use crate::tui::pages::{BodyShown, BytesShown, Proof};

use super::lines::Lines;

/// The forms, and the lines.
#[derive(Debug)]
pub(crate) struct Texts {
    /// Which bytes of a payload are shown.
    pub bytes: BytesShown,
    /// In which form a payload is shown.
    pub body: BodyShown,
    /// Whether the handshake tells how the accept value comes about.
    pub proof: Proof,
    /// The lines of the page.
    pub page: Lines,
}

impl Default for Texts {
    fn default() -> Self {
        let (body, proof) = (BodyShown::Auto, Proof::default());
        Self { bytes: BytesShown::Message, body, proof, page: Lines::default() }
    }
}

impl Texts {
    /// Shows payloads in a form, or again in that which suits them.
    pub(crate) fn turn_body(&mut self, body: BodyShown) {
        self.body = if self.body == body { BodyShown::Auto } else { body };
    }

    /// Tells how the accept value comes about, or only whether it is right.
    pub(crate) const fn turn_proof(&mut self) {
        self.proof = match self.proof {
            Proof::Hidden => Proof::Shown,
            Proof::Shown => Proof::Hidden,
        };
    }
}
