//! The handshake came to nothing: a refusal and its body, or what is no HTTP at all. It passes as bytes.

use crate::record::finding::FindingKind;
use crate::record::{Log, Side, Time};

use super::Output;
use super::core::Core;
use super::opening::judge::Judge;

/// A refusal that is judged with the first bytes of its body, which often name the cause.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The request, which it is held against.
    pub request: Vec<u8>,
    /// The refusal's head.
    pub head: Vec<u8>,
    /// What was told of the head before it ended.
    pub told: Option<FindingKind>,
    /// Whether the client got it repaired.
    pub is_repaired: bool,
    /// The head that came, where the user edited it.
    pub came: Option<Vec<u8>>,
}

/// The phase of a session without frames.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// None where it was judged.
    refusal: Option<Box<Refusal>>,
}

impl Pipe {
    /// Whose head is judged later, if one is given.
    pub(super) fn new(refusal: Option<Refusal>) -> Self {
        Self { refusal: refusal.map(Box::new) }
    }

    pub(super) fn receive(&mut self, core: &mut Core, now: Time, from: Side, input: &[u8], out: &mut Output) {
        if from == Side::Server {
            self.judge(core, now, input, &mut out.log);
        }
        core.pass(now, from, input, 0, out);
    }

    /// Judges a refusal that waited for its body, of which `body` is what came first.
    pub(super) fn judge(&mut self, core: &mut Core, now: Time, body: &[u8], log: &mut Log) {
        if let Some(refusal) = self.refusal.take() {
            let Refusal { request, head, told, is_repaired, came } = *refusal;
            Judge { request: &request, told, is_repaired, came: came.as_deref() }.head(core, now, &head, body, log);
        }
    }
}
