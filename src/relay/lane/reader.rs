//! How the bytes of a side are read. Each byte is decoded once.

use std::ops::Range;

use crate::relay::stall::Debt;
use crate::wire::decoder::{Decoder, Part};
use crate::wire::frame::FrameHeader;
use crate::wire::message::MessageState;
use crate::wire::opcode::Opcode;

use super::hixie::Hixie;

/// What reads a side's bytes.
#[derive(Debug)]
pub(super) enum Reader {
    /// The handshake is not over.
    Handshake,
    /// Frames of RFC 6455 5.2 are decoded.
    Frames(Box<Frames>),
    /// Frames of hixie-75 or hixie-76 are decoded.
    Hixie(Box<Hixie>),
    /// Whatever comes is relayed and shown as bytes.
    Raw,
}

impl Reader {
    /// The next part of RFC framing.
    #[inline]
    pub(super) fn next(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        match self {
            Self::Frames(frames) => frames.decoder.next(input),
            _ => None,
        }
    }

    /// A frame of RFC framing that is there from its first byte to its last.
    #[inline]
    pub(super) fn whole(&self, input: &[u8]) -> Option<(FrameHeader, Range<usize>)> {
        match self {
            Self::Frames(frames) => frames.decoder.whole(input),
            _ => None,
        }
    }

    /// Whether the bytes so far end between two frames.
    #[inline]
    pub(super) fn is_between_frames(&self) -> bool {
        match self {
            Self::Frames(frames) => frames.decoder.is_between_frames(),
            Self::Hixie(hixie) => hixie.is_between_frames(),
            Self::Handshake | Self::Raw => true,
        }
    }

    /// Whether they end within a message.
    pub(super) fn is_within_message(&self) -> bool {
        match self {
            Self::Frames(frames) => frames.message.unfinished().is_some(),
            Self::Handshake | Self::Hixie(_) | Self::Raw => false,
        }
    }

    /// Bytes of an RFC header that has begun and not ended.
    pub(super) fn unfinished_header(&self) -> &[u8] {
        match self {
            Self::Frames(frames) => frames.decoder.unfinished_header(),
            Self::Handshake | Self::Hixie(_) | Self::Raw => &[],
        }
    }

    /// Whether a close frame may come.
    pub(super) fn has_close(&self) -> bool {
        match self {
            Self::Frames(_) => true,
            Self::Hixie(hixie) => hixie.has_close(),
            Self::Handshake | Self::Raw => false,
        }
    }

    /// What is known of RFC frames.
    #[inline]
    pub(super) fn frames(&mut self) -> Option<&mut Frames> {
        match self {
            Self::Frames(frames) => Some(frames),
            Self::Handshake | Self::Hixie(_) | Self::Raw => None,
        }
    }

    /// What is known of hixie frames.
    pub(super) fn hixie(&mut self) -> Option<&mut Hixie> {
        match self {
            Self::Hixie(hixie) => Some(hixie),
            Self::Handshake | Self::Frames(_) | Self::Raw => None,
        }
    }
}

/// A side that sends RFC frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    decoder: Decoder,
    pub message: MessageState,
    /// The first frame of the message under way, since its newest fragment came.
    fragment: Option<Debt>,
    /// The last frame, where it and the start of the next header came together.
    pub behind: Vec<u8>,
    /// The close frame's body as far as it came, unmasked.
    pub close_body: Vec<u8>,
}

impl Frames {
    /// Whether the bytes so far end between two frames.
    pub(super) const fn is_between_frames(&self) -> bool {
        self.decoder.is_between_frames()
    }

    /// A data frame that is no whole message begins.
    pub(super) fn note_fragment(&mut self, fragment: Debt) {
        let first = self.fragment.filter(|_| fragment.header.opcode() == Opcode::CONTINUATION);
        self.fragment = Some(first.map_or(fragment, |first| Debt { since: fragment.since, ..first }));
    }

    /// The first frame of the message under way, since its newest fragment came.
    pub(super) fn unfinished_message(&self) -> Option<Debt> {
        self.fragment.filter(|_| self.message.unfinished().is_some())
    }
}
