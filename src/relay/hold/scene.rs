//! What a hold knows of the session whose messages it holds.

use std::sync::Arc;

use crate::decode::Decoder;
use crate::record::{FrameNumber, FrameRecord, Origin, Relayed, SessionId, Side, Span, Time};
use crate::subject::Setting;
use crate::wire::frame::FrameHeader;
use crate::wire::inflate::Deflate;

use super::NOWHERE;

/// Whose messages they are.
#[derive(Clone, Debug)]
pub(in crate::relay) struct Scene {
    pub from: Side,
    pub session: SessionId,
    /// The request's target.
    pub path: Arc<[u8]>,
    /// What the handshake agreed on.
    pub subprotocol: Option<Arc<[u8]>>,
    pub deflate: Option<Deflate>,
}

impl Scene {
    pub(super) fn setting(&self, decoder: Option<Decoder>) -> Setting<'_> {
        Setting { session: Some(self.session), path: &self.path, decoder, zone: &NOWHERE, mark: None }
    }

    /// The record of a frame that has come and gone nowhere so far.
    pub(super) fn record(&self, header: &FrameHeader, number: FrameNumber, time: Time) -> FrameRecord {
        FrameRecord {
            time,
            number,
            header: *header,
            kept: Span::default(),
            received: header.length,
            from: self.from,
            origin: Origin::Peer,
            relayed: Relayed::AsIs,
        }
    }

    /// The window that the receiver has for this side, in bits (RFC 7692 7.1.2).
    pub(super) fn window(&self) -> u8 {
        let bits = self.deflate.and_then(|agreed| match self.from {
            Side::Client => agreed.client_max_window_bits,
            Side::Server => agreed.server_max_window_bits,
        });
        bits.unwrap_or(15)
    }

    /// Whether a compressed message leans on those before it (RFC 7692 7.1.1).
    pub(super) fn takes_over(&self) -> bool {
        self.deflate.is_some_and(|agreed| match self.from {
            Side::Client => !agreed.client_no_context_takeover,
            Side::Server => !agreed.server_no_context_takeover,
        })
    }
}
