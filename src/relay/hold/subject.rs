//! What a query is asked of on a lane: a message that is on its way, as far as it has come.

use crate::query::{Property, Reading, Subject};
use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

/// A message on its way. What findings, clocks and decoders say is not known of it.
#[derive(Debug)]
pub(super) struct Passing<'a> {
    pub session: SessionId,
    pub path: &'a [u8],
    pub from: Side,
    pub number: FrameNumber,
    /// Of its first frame.
    pub header: &'a FrameHeader,
    /// Payload bytes of all its frames, as their headers have them.
    pub length: u64,
    /// Its payload without a mask, as far as it has come.
    pub payload: &'a [u8],
    /// What that inflates to, where it is compressed.
    pub inflated: Option<&'a [u8]>,
    /// Whether messages may be compressed.
    pub deflates: bool,
}

impl Subject for Passing<'_> {
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.inflated.unwrap_or(self.payload))
            || self.close_code().is_some_and(|code| is_it(format!("{code} {}", code.name()).as_bytes()))
    }

    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.payload) || self.inflated.is_some_and(is_it)
    }

    fn from(&self) -> Option<Side> {
        Some(self.from)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn path(&self) -> Option<&[u8]> {
        Some(self.path)
    }

    fn number(&self) -> Option<FrameNumber> {
        Some(self.number)
    }

    fn opcode(&self) -> Option<Opcode> {
        Some(self.header.opcode())
    }

    fn length(&self) -> Option<u64> {
        Some(self.length)
    }

    fn close_code(&self) -> Option<Code> {
        let is_close = self.header.opcode() == Opcode::CLOSE;
        CloseBody::parse(self.payload).code().map(|(code, _)| code).filter(|_| is_close)
    }

    fn finding(&self) -> Option<(Level, &'static str)> {
        None
    }

    fn reading(&self) -> Option<Reading> {
        None
    }

    fn time_of_day(&self) -> Option<u64> {
        None
    }

    fn is(&self, property: Property) -> bool {
        let opcode = self.header.opcode();
        match property {
            Property::Frame => true,
            Property::Control => opcode.is_control(),
            Property::Fragment => !opcode.is_control() && (!self.header.fin() || opcode == Opcode::CONTINUATION),
            Property::Compressed => self.deflates && self.header.rsv1() && !opcode.is_control(),
            Property::Injected
            | Property::Changed
            | Property::Dropped
            | Property::Own
            | Property::Raw
            | Property::Event
            | Property::Head
            | Property::Heartbeat
            | Property::Request
            | Property::Reply
            | Property::Unreplied => false,
        }
    }
}
