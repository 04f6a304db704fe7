//! What hixie-76 puts behind the heads: eight bytes of the client's, and sixteen of the server's that prove it read them.

use crate::diagnose::handshake;
use crate::record::{Event, Log, PerSide, Side, Time};
use crate::relay::lane::Lane;
use crate::wire::challenge;
use crate::wire::dialect::Dialect;

use super::{Output, Phase, Session};

/// Bytes behind a request's head.
pub(super) const KEY3: usize = 8;

/// How many bytes behind its head each side's frames begin.
pub(super) const fn proofs(dialect: Dialect) -> PerSide<usize> {
    if dialect.facts().has_keys { PerSide::new(KEY3, challenge::RESPONSE) } else { PerSide::new(0, 0) }
}

/// The proof that is awaited.
#[derive(Debug)]
pub(super) struct Proof {
    /// The request whose keys it is made of.
    request: Vec<u8>,
    /// The eight bytes, where they are wsproxy's own and did not come by the client's lane.
    own_key3: Option<Vec<u8>>,
    is_told: bool,
    /// Whether it was told that the eight bytes do not come.
    is_withheld_told: bool,
}

impl Proof {
    /// Of a dialect with keys.
    pub(super) fn new(
        dialect: Dialect,
        request: Vec<u8>,
        own_key3: Option<Vec<u8>>,
        is_withheld_told: bool,
    ) -> Option<Self> {
        dialect.facts().has_keys.then_some(Self { request, own_key3, is_told: false, is_withheld_told })
    }

    /// Compares the proof, once all of it is there or will never be.
    pub(super) fn judge(&mut self, lanes: &PerSide<Lane>, now: Time, is_over: bool, log: &mut Log) {
        let (key3, key3_length) = match &self.own_key3 {
            Some(own) => (own.as_slice(), own.len()),
            None => lanes.client.proof(),
        };
        let (proof, length) = lanes.server.proof();
        let is_whole = key3.len() == key3_length && proof.len() == length;
        if length == 0 || self.is_told || !(is_whole || is_over) {
            return;
        }
        self.is_told = true;
        if let Some(finding) = handshake::proof(&self.request, key3, proof) {
            log.event(now, Event::Finding(Side::Server, finding));
        }
    }

    /// How many of the eight bytes came, where they are awaited from the client.
    fn missing_key3(&self, lanes: &PerSide<Lane>) -> Option<usize> {
        let (key3, length) = lanes.client.proof();
        (self.own_key3.is_none() && key3.len() < length && !self.is_withheld_told).then_some(key3.len())
    }
}

impl Session {
    /// How many of the eight bytes behind the request came, where they are awaited.
    #[inline]
    pub(super) fn missing_key3(&self) -> Option<usize> {
        match &self.phase {
            Phase::Opening(opening) => opening.missing_key3(),
            Phase::Open(open) => open.proof.as_ref().and_then(|proof| proof.missing_key3(&self.core.lanes)),
            Phase::Pipe(_) | Phase::Closing(_) => None,
        }
    }

    /// Tells once that they do not come.
    pub(super) fn tell_missing_key3(&mut self, now: Time, out: &mut Output) {
        let Some(came) = self.missing_key3() else { return };
        match &mut self.phase {
            Phase::Opening(opening) => opening.key3_is_withheld = true,
            Phase::Open(open) => {
                if let Some(proof) = &mut open.proof {
                    proof.is_withheld_told = true;
                }
            }
            Phase::Pipe(_) | Phase::Closing(_) => {}
        }
        out.log.event(now, Event::Finding(Side::Client, handshake::key3_withheld(came)));
    }
}
