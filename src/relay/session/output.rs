//! What a call to a session gives back: bytes, acts, replies, and a log of what was seen.

use std::time::Duration;

use crate::diagnose::inquiry::Question;
use crate::record::finding::Finding;
use crate::record::{Log, PerSide, Side};
use crate::relay::edits::{Edit, Edits};
use crate::relay::hold::HookQuestion;
use crate::relay::injection::{Reply, Token};

/// What calls to a session gave. The caller owns it, uses it again for the next call, and takes out what there is:
/// first `to`, which is relative to the input of the last call, then `acts`, `replies` and, when it likes, `log`.
#[derive(Debug, Default)]
pub struct Output {
    /// What goes to each side.
    pub to: PerSide<Sent>,
    /// What is to be done besides, in order, once `to` is on its way.
    pub acts: Vec<Act>,
    /// What was seen.
    pub log: Log,
    /// Replies to commands.
    pub replies: Vec<(Token, Reply)>,
}

/// What goes to one side, relative to what the call brought for it: the input of `receive` for the side that did not
/// send it, and nothing in all other cases.
#[derive(Debug, Default)]
pub enum Sent {
    /// The input as it came; nothing where there was none.
    #[default]
    AsIs,
    /// The input with changes, or with more behind it.
    Edited(Edits),
    /// Other bytes in place of the input.
    Instead(Vec<u8>),
}

impl Sent {
    /// Whether the input goes out as it came.
    #[inline]
    #[must_use]
    pub const fn is_as_is(&self) -> bool {
        matches!(self, Self::AsIs)
    }

    /// Appends what goes out to `bytes`, and is `AsIs` again. `input` is what the call brought for this side.
    pub fn take(&mut self, input: &[u8], bytes: &mut Vec<u8>) {
        match std::mem::take(self) {
            Self::AsIs => bytes.extend_from_slice(input),
            Self::Edited(edits) => edits.apply(input, bytes),
            Self::Instead(other) => bytes.extend(other),
        }
    }

    /// Adds a change behind all others. Of an input that does not go out there is nothing to change.
    pub(in crate::relay) fn edit(&mut self, edit: Edit) {
        if let Some(edits) = self.edits() {
            edits.push(edit);
        }
    }

    /// Puts `bytes` in at an offset of the input.
    pub(in crate::relay) fn insert(&mut self, at: usize, bytes: Vec<u8>) {
        self.edit(Edit { at, remove: 0, insert: bytes });
    }

    /// Adds bytes behind everything.
    pub(in crate::relay) fn append(&mut self, bytes: &[u8]) {
        match self {
            _ if bytes.is_empty() => {}
            Self::Instead(other) => other.extend_from_slice(bytes),
            _ => {
                if let Some(edits) = self.edits() {
                    edits.append(bytes);
                }
            }
        }
    }

    /// Lets the last change end at an offset within what it removes.
    pub(in crate::relay) fn take_back(&mut self, end: usize) {
        if let Self::Edited(edits) = self {
            edits.take_back(end);
        }
    }

    /// What was to be changed was so in `other` bytes than the call's input: what comes of them goes out in its place.
    pub(in crate::relay) fn settle(&mut self, other: &[u8]) {
        let mut bytes = Vec::new();
        self.take(other, &mut bytes);
        *self = Self::Instead(bytes);
    }

    /// Nothing of the input goes out, whatever was to be changed in it.
    pub(in crate::relay) fn withhold(&mut self) {
        *self = Self::Instead(Vec::new());
    }

    fn edits(&mut self) -> Option<&mut Edits> {
        if self.is_as_is() {
            *self = Self::Edited(Edits::default());
        }
        match self {
            Self::Edited(edits) => Some(edits),
            Self::AsIs | Self::Instead(_) => None,
        }
    }
}

/// What the driver is to do with the connections.
#[derive(Debug, PartialEq)]
pub enum Act {
    /// The client gets an HTTP response in the upstream's place.
    Respond {
        /// The status code (RFC 9110 15).
        status: u16,
        /// What to say in it.
        reason: Reason,
    },
    /// That side gets the end of the bytes (a FIN), behind all that is on its way there. Nothing more follows.
    HalfClose(Side),
    /// That side gets a reset, behind all that is on its way there; for the other side there is nothing any more.
    Reset(Side),
    /// Tear both connections down at once; what is still to go out is left.
    ResetBoth,
    /// A program of the user's is to decide of a message. Nothing waits for that but what is behind the message.
    Ask(Box<HookQuestion>),
    /// From here on each frame for that side is a write of its own: servers of 2010 take one read as one message.
    Pace(Side),
    /// The session is over now; what could not be written yet is lost.
    Abandon,
    /// The upstream has failed the session. Whoever can asks it why, and tells by `Session::learn`; the session's `finish`
    /// may wait for that. Where nobody does, it says what it knows itself.
    Inquire(Question),
    /// The upstream's response has come, with that status; interim ones are left out.
    Answered(u16),
    /// A side cut the connection without a close frame, after that silence in both directions.
    Cut(Side, Duration),
}

/// Why a client gets a response that is not the upstream's.
#[derive(Debug, PartialEq)]
pub enum Reason {
    /// A browser would refuse the upstream's response, and the policy is strict.
    Refused {
        /// The browser's words.
        words: String,
        /// What is wrong with the response.
        finding: Option<Box<Finding>>,
    },
    /// The upstream sent no byte of a response in that time.
    Silent(Duration),
    /// The user dropped the response, which was held.
    Dropped,
    /// A rule of that name refuses the handshake.
    Ruled(String),
    /// The connection to the upstream broke before a byte of its response came: the cause, in words.
    Broken(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(mut sent: Sent, input: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        sent.take(input, &mut bytes);
        assert!(sent.is_as_is());
        bytes
    }

    #[test]
    fn what_goes_out_is_the_input_a_changed_one_or_another() {
        let mut sent = Sent::default();
        sent.append(b"");
        assert!(sent.is_as_is());
        assert_eq!(taken(Sent::default(), b"in"), b"in");
        sent.append(b"!");
        sent.insert(1, b"-".to_vec());
        assert_eq!(taken(sent, b"in"), b"i-n!");
    }

    #[test]
    fn of_what_is_withheld_nothing_goes_out_but_what_follows_does() {
        let mut sent = Sent::default();
        sent.insert(1, b"-".to_vec());
        sent.withhold();
        sent.insert(1, b"-".to_vec());
        sent.append(b"!");
        assert_eq!(taken(sent, b"in"), b"!");
    }
}
