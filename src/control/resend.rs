//! Sending a frame once more: what goes out for it, or why nothing does.
//!
//! A compressed frame can't go out as it is. Its bytes would enter the receiver's window and not the sender's, so that
//! each later message that points back would inflate to something else (RFC 7692 7.2.3). What it inflates to goes out
//! instead, without RSV1, which leaves both windows alone.

use crate::journal::{Fold, FrameRow, Index, Row};
use crate::record::{FrameRecord, Seen};
use crate::relay::injection::Injection;
use crate::wire::frame::RSV1;
use crate::wire::inflate::{self, Deflate};
use crate::wire::opcode::Opcode;

/// Inflated bytes of a frame that no event tells of.
const LIMIT: usize = 1024 * 1024;

/// How a frame's payload stands to compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// Not compressed.
    Plain,
    /// A whole message, compressed.
    Message,
    /// A part of a compressed message.
    Fragment,
    /// A part of a message whose first fragment has left memory.
    Unknown,
}

/// Why a frame can't be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotResent {
    /// A part of it is not there.
    #[error("not all of this frame was kept, so it can't be sent once more")]
    NotKept,
    /// What a compressed one says is not known.
    #[error("it is compressed and was not inflated in full")]
    NotInflated,
    /// It is a part of a compressed message.
    #[error("a compressed fragment alone would garble the rest")]
    Fragment,
    /// It may be one.
    #[error("this fragment may be compressed, its start left memory")]
    Unknown,
}

/// What sends a frame once more.
///
/// # Errors
/// Why it can't be sent.
pub fn injection(view: &Index, row: Row<'_>, frame: &FrameRow<'_>) -> Result<Injection, NotResent> {
    if !frame.is_complete() || frame.is_truncated() {
        return Err(NotResent::NotKept);
    }
    let first = frame.record.header.first;
    match packing(view, row, &frame.record) {
        Packing::Plain => Ok(Injection::Frame { first, payload: frame.payload().into_owned() }),
        Packing::Message => match inflated(frame) {
            Some(payload) => Ok(Injection::Frame { first: first & !RSV1, payload }),
            None => Err(NotResent::NotInflated),
        },
        Packing::Fragment => Err(NotResent::Fragment),
        Packing::Unknown => Err(NotResent::Unknown),
    }
}

fn packing(view: &Index, row: Row<'_>, record: &FrameRecord) -> Packing {
    let open = row.session.and_then(|id| view.session(id)).and_then(|summary| summary.open.as_ref());
    let extensions = open.and_then(|open| open.extensions.as_deref());
    // Control frames are never compressed (RFC 7692 5).
    if extensions.and_then(Deflate::agreed).is_none() || record.header.opcode().is_control() {
        return Packing::Plain;
    }
    let head = view.head(Fold::MESSAGES, row.id);
    let start = view.row_by_id(head).unwrap_or(row);
    let Seen::Frame(start) = start.record else { return Packing::Plain };
    let is_whole = head == row.id && record.header.fin();
    match (start.header.rsv1(), start.header.opcode()) {
        (true, _) if is_whole => Packing::Message,
        (true, _) => Packing::Fragment,
        (false, Opcode::CONTINUATION) if view.evicted() > 0 => Packing::Unknown,
        (false, _) => Packing::Plain,
    }
}

/// All that a compressed message in one frame inflates to, where that is known.
fn inflated(frame: &FrameRow<'_>) -> Option<Vec<u8>> {
    let payload = frame.payload();
    match frame.inflated.map(|inflated| &inflated.bytes) {
        // What was kept ends early where it was too much, and where the data broke off.
        Some(inflated) => inflate::inflates_to(&payload, inflated.len()).then(|| inflated.clone()),
        // Nothing is told of a message that is empty, nor of one that was put in. If it needs no window, it is known.
        None => inflate::whole(&payload, LIMIT),
    }
}
