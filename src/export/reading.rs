//! What a decoder makes of the messages of each session, frame by frame.
//!
//! Sessions for which there is no decoder cost nothing once that is clear. A message is read when its last frame is
//! printed: its fragments joined, inflated, and none of it if it is longer than what is looked at for a row.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::decode::{Ask, Choice, Decoded, Decoder, Format, Guesser, Limits, Payload, Preference};
use crate::record::{FrameRecord, PerSide, SessionId, Side};
use crate::wire::assembler::Assembler;
use crate::wire::frame::{FrameHeader, RSV1, RSV2, RSV3};
use crate::wire::message::Role;
use crate::wire::opcode::Opcode;

/// Bytes of a message that are held: one more than are read, so that what is longer is known to be.
const KEPT: usize = Limits::ROW.bytes + 1;
/// What a printed message may cost. A program of the user's own is waited for: each message is printed once.
const PRINTED: Limits = Limits { ask: Ask::Now, ..Limits::ROW };
/// Bytes of messages that are held of all sessions together. What would take more is not read.
const HELD: usize = 16 * 1024 * 1024;
/// Sessions whose end may have been lost: more than there can be at a time.
const SESSIONS: usize = 65_536;

/// The decoders of all sessions, and what they wait for.
pub(super) struct Readers {
    preference: Preference,
    sessions: HashMap<SessionId, Reader>,
    held: usize,
}

struct Reader {
    guesser: Guesser,
    lanes: PerSide<Lane>,
}

/// A frame, as far as it is here.
pub(super) struct Came<'a> {
    pub(super) record: &'a FrameRecord,
    /// Its payload without the mask, from the start.
    pub(super) payload: &'a [u8],
    /// What it inflates to.
    pub(super) inflated: Option<&'a [u8]>,
}

impl Readers {
    pub(super) fn new(preference: Preference) -> Self {
        Self { preference, sessions: HashMap::new(), held: 0 }
    }

    /// A session asks for a path.
    pub(super) fn opened(&mut self, id: SessionId, path: &[u8]) {
        self.session(id).guesser.path(path);
    }

    /// It got a subprotocol.
    pub(super) fn agreed(&mut self, id: SessionId, subprotocol: &[u8]) {
        self.session(id).guesser.subprotocol(subprotocol);
    }

    /// A session is over.
    pub(super) fn closed(&mut self, id: SessionId) {
        if let Some(reader) = self.sessions.remove(&id) {
            self.held -= reader.held();
        }
    }

    /// Frames were lost, and messages are no longer whole. The ends of sessions may be among what was.
    pub(super) fn lost(&mut self) {
        if self.sessions.len() > SESSIONS {
            self.sessions.clear();
        }
        self.sessions.values_mut().for_each(Reader::let_go);
        self.held = 0;
    }

    /// Payload bytes of the session's frames that are wanted; none where its messages need not be given to it.
    pub(super) fn wanted(&self, id: SessionId) -> usize {
        let choice = self.preference.choice;
        let wants = self.sessions.get(&id).is_none_or(|reader| reader.wants_messages(choice));
        if wants && choice != Choice::Plain { KEPT } else { 0 }
    }

    /// Takes the next frame: what the message says that it ends.
    pub(super) fn frame(&mut self, id: SessionId, came: &Came<'_>) -> Option<(Decoder, Decoded)> {
        let (choice, is_full) = (self.preference.choice, self.held > HELD);
        let reader = self.session(id);
        let before = reader.held();
        let decoded = reader.frame(came, choice);
        if is_full {
            reader.let_go();
        }
        let after = reader.held();
        self.held = self.held + after - before;
        decoded
    }

    fn session(&mut self, id: SessionId) -> &mut Reader {
        let new = || Reader { guesser: Guesser::new(&self.preference), lanes: PerSide::default() };
        self.sessions.entry(id).or_insert_with(new)
    }
}

impl Reader {
    fn held(&self) -> usize {
        let lanes: usize = [Side::Client, Side::Server].iter().map(|side| self.lanes[*side].joined.held()).sum();
        self.guesser.held() + lanes
    }

    /// Lets go of what is held, and stays with the decoder that there is.
    fn let_go(&mut self) {
        self.guesser.settle();
        self.lanes = PerSide::default();
    }

    fn wants_messages(&self, choice: Choice) -> bool {
        match self.guesser.settled() {
            None => true,
            Some(decoder) => decoder.is_some_and(|decoder| says_more(decoder, choice)),
        }
    }

    fn frame(&mut self, came: &Came<'_>, choice: Choice) -> Option<(Decoder, Decoded)> {
        let from = came.record.from;
        let message = self.lanes[from].frame(came)?;
        let is_whole = message.bytes.len() < KEPT;
        let bytes = message.bytes.get(..Limits::ROW.bytes).unwrap_or(&message.bytes);
        let payload = Payload { format: message.format, bytes, is_whole };
        let decoder = self.guesser.message(from, payload)?;
        if !is_whole || !says_more(decoder, choice) {
            return None;
        }
        Some((decoder, decoder.read(from, payload, &PRINTED).ok()?))
    }
}

/// Whether a message is worth reading: JSON says what it says by itself, unless somebody asks for it.
fn says_more(decoder: Decoder, choice: Choice) -> bool {
    decoder != Decoder::Json || choice != Choice::Guessed
}

/// One side's messages.
struct Lane {
    joined: Assembler,
    /// The message whose last fragment has not come.
    begun: Option<Begun>,
}

struct Begun {
    is_packed: bool,
    /// Whether all of it is here, so far.
    is_here: bool,
}

struct Message<'a> {
    format: Format,
    bytes: Cow<'a, [u8]>,
}

impl Default for Lane {
    fn default() -> Self {
        Self { joined: Assembler::lenient(KEPT), begun: None }
    }
}

impl Lane {
    /// The message that ends with a frame.
    fn frame<'a>(&mut self, came: &Came<'a>) -> Option<Message<'a>> {
        let header = &came.record.header;
        if Role::of(header, self.begun.is_some()) == Role::Control {
            return None;
        }
        let is_packed = self.begun.as_ref().map_or(header.rsv1(), |begun| begun.is_packed);
        let bytes = if is_packed { came.inflated.unwrap_or_default() } else { came.payload };
        let came_whole = came.payload.len() as u64 == header.length || came.payload.len() >= KEPT;
        let is_here = came_whole && header.first & (RSV2 | RSV3) == 0;
        if self.begun.is_none() && header.fin() {
            let is_here = is_here && (!is_packed || came.inflated.is_some());
            return message(header.opcode(), bytes.into()).filter(|_| is_here);
        }
        let begun = self.begun.get_or_insert(Begun { is_packed, is_here: true });
        begun.is_here &= is_here;
        let is_here = begun.is_here;
        let header = FrameHeader { first: header.first & !RSV1, mask: None, ..*header };
        let whole = self.joined.header(&header).and_then(|()| self.joined.payload(bytes, true)).ok()??;
        self.begun = None;
        message(whole.opcode(), whole.payload.into()).filter(|_| is_here)
    }
}

fn message(opcode: Opcode, bytes: Cow<'_, [u8]>) -> Option<Message<'_>> {
    Some(Message { format: Format::of(opcode)?, bytes })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{FrameNumber, Origin, Relayed, Span, Time};

    fn frame(readers: &mut Readers, id: u64, from: Side, first: u8, payload: &[u8]) -> Option<(Decoder, Decoded)> {
        let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) };
        let record = FrameRecord {
            time: Time(0),
            number: FrameNumber::FIRST,
            header,
            kept: Span::default(),
            received: header.length,
            from,
            origin: Origin::Peer,
            relayed: Relayed::AsIs,
        };
        let id = SessionId(id);
        if readers.wanted(id) == 0 {
            return None;
        }
        readers.frame(id, &Came { record: &record, payload, inflated: None })
    }

    fn held(readers: &Readers) -> usize {
        readers.sessions.values().map(Reader::held).sum()
    }

    #[test]
    fn unfinished_messages_of_many_sessions_take_no_more_than_a_bound() {
        let mut readers = Readers::new(Preference::default());
        let half = [b'x'; KEPT / 2];
        for id in 0..4 * (HELD / KEPT) as u64 {
            frame(&mut readers, id, Side::Client, 0x01, &half);
            frame(&mut readers, id, Side::Server, 0x01, &half);
            assert!(readers.held <= HELD + KEPT, "{}", readers.held);
        }
        assert!(readers.held > HELD / 2);
        let message = br#"{"jsonrpc":"2.0","id":1,"method":"sum"}"#;
        assert!(
            frame(&mut readers, 1 << 40, Side::Client, 0x81, message).is_some(),
            "what is whole at once is still read"
        );
        readers.lost();
        assert_eq!((readers.held, held(&readers)), (0, 0));
    }

    #[test]
    fn a_session_that_nothing_reads_is_let_alone() {
        let mut readers = Readers::new(Preference::default());
        for text in ["hello", "{\"a\":1}"] {
            let id = text.len() as u64;
            for _ in 0..crate::decode::MESSAGES {
                assert_ne!(readers.wanted(SessionId(id)), 0, "{text}");
                assert_eq!(frame(&mut readers, id, Side::Client, 0x81, text.as_bytes()), None);
            }
            assert_eq!(readers.wanted(SessionId(id)), 0, "{text}");
        }
        assert_eq!(Readers::new(Preference::of(Choice::Plain)).wanted(SessionId(1)), 0);
    }

    proptest! {
        #[test]
        fn what_is_held_is_counted_whatever_comes(
            frames in prop::collection::vec((0u64..3, any::<bool>(), any::<u8>(), 0usize..9000, 0u8..20), 0..60),
        ) {
            let mut readers = Readers::new(Preference::default());
            for (id, is_client, first, length, act) in frames {
                let from = if is_client { Side::Client } else { Side::Server };
                match act {
                    0 => readers.closed(SessionId(id)),
                    1 => readers.lost(),
                    _ => drop(frame(&mut readers, id, from, first, &vec![b'['; length])),
                }
                prop_assert_eq!(readers.held, held(&readers));
            }
        }
    }
}
