//! HTTP where a frame should be: a server that responds once more, behind its 101.
//!
//! Nothing behind it is read as a frame. What the response says itself is the best there is to tell, so its finding waits
//! a little for the body.

use std::time::Duration;

use crate::record::{FrameNumber, Log, Side, Time};
use crate::relay::injection::Refusal;
use crate::relay::session::Output;
use crate::wire::frame::FrameHeader;
use crate::wire::head::{self, Head};

use super::reader::Reader;
use super::{Context, Lane};

/// What `is_mark` leaves of the beginning of a response, of each version that shares a connection with frames.
const REST: &[u8] = b"TP/1.";
/// How long its end is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of it that are kept: more tell nothing.
const KEPT: usize = crate::diagnose::forensics::ENOUGH;

/// A second response whose finding is not told yet.
#[derive(Debug)]
pub(super) struct Second {
    number: FrameNumber,
    /// From its first byte on.
    bytes: Vec<u8>,
    /// The frame in front of it; `None` where that is the head.
    before: Option<Vec<u8>>,
    /// When to tell at the latest.
    due: Time,
}

impl Second {
    fn add(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Whether nothing is to come that matters.
    fn is_whole(&self) -> bool {
        if self.bytes.len() >= KEPT {
            return true;
        }
        let Some((head, body)) = head::end(&self.bytes, 0).and_then(|end| self.bytes.split_at_checked(end)) else {
            return false;
        };
        let length = Head::of_response(head).value("content-length").and_then(|value| std::str::from_utf8(value).ok());
        length.and_then(|length| length.trim().parse().ok()).is_some_and(|length: usize| body.len() >= length)
    }
}

impl Lane {
    /// Whether the server goes on with HTTP where a frame should begin; what the end of the read cuts off counts as right.
    pub(super) fn is_response(&self, header: &FrameHeader, following: &[u8]) -> bool {
        let length = following.len().min(REST.len());
        self.from == Side::Server && is_mark(header) && following.get(..length) == REST.get(..length)
    }

    /// What begins with that header is no frame, and what `following` and later reads bring neither: from here on the lane
    /// is a raw pipe.
    pub(super) fn stray(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        following: &[u8],
        before: Option<&[u8]>,
        out: &mut Output,
    ) {
        let number = *context.next;
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        self.raw(context, &bytes, &mut out.log);
        let wire = bytes.clone();
        self.raw(context, following, &mut out.log);
        // Behind a close frame nobody listens any more: servers that serve the request as any other end with HTTP (Werkzeug).
        let is_heard = self.close.is_none();
        if is_heard {
            self.watch.strays(number);
        }
        if is_heard && !self.repairs_for_page() {
            context.judgement.header(number, header);
        }
        self.reader = Reader::Raw;
        let due = Time(context.now.0.saturating_add(u64::try_from(PATIENCE.as_micros()).unwrap_or(u64::MAX)));
        let mut second = Second { number, bytes, before: before.map(<[u8]>::to_vec), due };
        second.add(following);
        self.second = is_heard.then(|| Box::new(second));
        self.tell_whole_second(context.now, &mut out.log);
        self.lose_stages(context, [&wire, following], &mut out.log);
        self.refuse_waiting(Refusal::NotFrames, out);
    }

    /// More of it came, or of something else behind it.
    pub(super) fn go_on_with_second(&mut self, now: Time, input: &[u8], log: &mut Log) {
        if let Some(second) = &mut self.second {
            second.add(input);
            self.tell_whole_second(now, log);
        }
    }

    fn tell_whole_second(&mut self, now: Time, log: &mut Log) {
        if self.second.as_ref().is_some_and(|second| second.is_whole()) {
            self.tell_second(now, log);
        }
    }

    /// Tells of it, as far as it has come.
    pub(super) fn tell_second(&mut self, now: Time, log: &mut Log) {
        if let Some(second) = self.second.take() {
            self.watch.second_response(second.number, &second.bytes, second.before.as_deref());
            self.watch.report(now, log);
        }
    }

    /// When to tell of it.
    pub(super) fn second_due(&self) -> Option<Time> {
        self.second.as_ref().map(|second| second.due)
    }
}

/// Whether that header is `HT`. No frame begins so: it is a close frame without FIN and with a reserved bit.
fn is_mark(header: &FrameHeader) -> bool {
    header.first == b'H' && header.length == u64::from(b'T') && header.mask.is_none() && header.wire_length() == 2
}
