//! The server's frames put together: what a page would get, and the control frames that a browser would handle.

use crate::record::{Log, Seen, Side};
use crate::wire::assembler::{Assembler, Message};
use crate::wire::inflate::Deflate;

/// Bytes that one message may take, inflated or not. What comes beyond is left out.
const LONGEST: usize = 4 * 1024 * 1024;

/// Frames under way.
pub(super) struct Inbox {
    assembler: Assembler,
    /// Payload bytes of the frame under way.
    length: u64,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { assembler: Assembler::lenient(LONGEST), length: 0 }
    }
}

impl Inbox {
    /// The response agreed to these extensions.
    pub(super) fn agreed(&mut self, extensions: &[u8]) {
        if Deflate::agreed(extensions).is_some() {
            self.assembler.inflate();
        }
    }

    /// The messages and control frames that the records complete.
    pub(super) fn read(&mut self, log: &Log) -> Vec<Message> {
        let mut out = Vec::new();
        for record in log.all() {
            let (kept, received) = match record {
                Seen::Frame(frame) if frame.from == Side::Server => {
                    self.length = frame.header.length;
                    // A lenient one takes any.
                    let _ = self.assembler.header(&frame.header);
                    (frame.kept, frame.received)
                }
                Seen::More(more) if more.from == Side::Server => (more.kept, more.received),
                _ => continue,
            };
            let whole = self.assembler.wire_payload(log.span(kept), received >= self.length);
            out.extend(whole.ok().flatten());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FrameNumber, FrameRecord, MoreRecord, Origin, Record, Relayed, Span, Store, Time};
    use crate::wire::frame::FrameHeader;
    use crate::wire::opcode::Opcode;

    #[test]
    fn a_frame_that_came_in_two_reads_is_read_once_it_is_whole() {
        let (mut log, number) = (Log::default(), FrameNumber::new(1));
        log.read.extend_from_slice(b"Hello");
        let header = FrameHeader::new(Opcode::TEXT, 5, None);
        let kept = Span { store: Store::Read, at: 0, length: 2 };
        log.records.push(Record::Frame(FrameRecord {
            time: Time(1),
            number,
            header,
            kept,
            received: 2,
            from: Side::Server,
            origin: Origin::Peer,
            relayed: Relayed::AsIs,
        }));
        let mut inbox = Inbox::default();
        assert!(inbox.read(&log).is_empty());
        log.records.clear();
        let kept = Span { store: Store::Read, at: 2, length: 3 };
        log.records.push(Record::More(MoreRecord {
            time: Time(2),
            number,
            from: Side::Server,
            kept,
            added: 3,
            received: 5,
        }));
        let messages: Vec<_> = inbox.read(&log).into_iter().map(|message| message.payload).collect();
        assert_eq!(messages, [b"Hello"]);
        assert!(inbox.read(&log).is_empty(), "it is read once");
    }
}
