//! Writes the frames of one lane down, in one record or, where they come in pieces, in several.

use crate::record::{By, FrameNumber, FrameRecord, Log, MoreRecord, Origin, Record, Relayed, SentRecord, Side, Span};
use crate::relay::passage::Outlet;
use crate::wire::frame::FrameHeader;

use super::Context;

/// A frame whose end has not come.
#[derive(Debug)]
struct Current {
    record: FrameRecord,
    /// Payload bytes kept so far, in all hand-overs.
    kept: usize,
    /// Whether its record is written.
    is_written: bool,
}

/// What was written down of one lane.
#[derive(Debug)]
pub(super) struct Ledger {
    from: Side,
    /// Frames so far.
    pub count: u64,
    current: Option<Current>,
}

impl Ledger {
    pub(super) const fn new(from: Side) -> Self {
        Self { from, count: 0, current: None }
    }

    /// The frame whose end has not come.
    #[inline]
    pub(super) fn current(&self) -> Option<&FrameRecord> {
        self.current.as_ref().map(|current| &current.record)
    }

    /// Writes a whole frame down, and gives its number.
    #[inline]
    pub(super) fn whole(
        &mut self,
        context: &mut Context<'_>,
        header: FrameHeader,
        payload: &[u8],
        origin: Origin,
        relayed: Relayed,
        log: &mut Log,
    ) -> FrameNumber {
        let mut record = self.record(context, header, origin, relayed);
        record.kept = log.keep(payload.get(..context.limits.kept).unwrap_or(payload));
        record.received = payload.len() as u64;
        log.records.push(Record::Frame(record));
        record.number
    }

    /// A frame of the peer's begins, to be written down with what comes of its payload. Gives its number.
    #[inline]
    pub(super) fn begin(&mut self, context: &mut Context<'_>, header: FrameHeader, relayed: Relayed) -> FrameNumber {
        let record = self.record(context, header, Origin::Peer, relayed);
        self.current = Some(Current { record, kept: 0, is_written: false });
        record.number
    }

    fn record(
        &mut self,
        context: &mut Context<'_>,
        header: FrameHeader,
        origin: Origin,
        relayed: Relayed,
    ) -> FrameRecord {
        let number = *context.next;
        *context.next = number.next();
        self.count += 1;
        FrameRecord {
            time: context.now,
            number,
            header,
            kept: Span::default(),
            received: 0,
            from: self.from,
            origin,
            relayed,
        }
    }

    /// Stages did something to the frame under way.
    pub(super) const fn becomes(&mut self, relayed: Relayed) {
        if let Some(current) = &mut self.current
            && !matches!(relayed, Relayed::AsIs)
        {
            current.record.relayed = relayed;
        }
    }

    /// What becomes of a frame is known, where it is the one under way. What was written down of it stays.
    pub(super) fn settles(&mut self, number: FrameNumber, relayed: Relayed) {
        if let Some(current) = self.current.as_mut().filter(|current| current.record.number == number) {
            current.record.relayed = relayed;
        }
    }

    /// Writes down a piece of the frame under way; `last` ends it.
    #[inline]
    pub(super) fn piece(&mut self, context: &Context<'_>, payload: &[u8], last: bool, log: &mut Log) {
        let Some(current) = &mut self.current else { return };
        current.record.received += payload.len() as u64;
        let room = context.limits.kept - current.kept;
        let keep = payload.get(..room).unwrap_or(payload);
        current.kept += keep.len();
        if current.is_written {
            let FrameRecord { number, from, received, .. } = current.record;
            let added = payload.len() as u64;
            log.more(MoreRecord { time: context.now, number, from, kept: Span::default(), added, received }, keep);
        } else {
            current.record.kept = log.keep(keep);
            if last {
                log.records.push(Record::Frame(current.record));
            }
        }
        if last {
            self.current = None;
        }
    }

    /// Writes down a frame that the read left unfinished, so that it is seen while it is under way.
    pub(super) fn unfinished(&mut self, log: &mut Log) -> Option<FrameRecord> {
        let current = self.current.as_mut()?;
        if !std::mem::replace(&mut current.is_written, true) {
            log.records.push(Record::Frame(current.record));
        }
        Some(current.record)
    }

    /// Writes down what left in place of a frame, where that is not what came.
    pub(super) fn sent(
        &self,
        context: &Context<'_>,
        number: FrameNumber,
        relayed: Relayed,
        outlet: &Outlet,
        log: &mut Log,
    ) {
        let (at, bytes) = outlet.of_frame();
        if let Relayed::Changed(by) = relayed
            && !bytes.is_empty()
        {
            self.sent_bytes(context, number, by, at, bytes, log);
        }
    }

    /// Writes down those bytes as what left in place of a frame, of which so many had left `at` first.
    pub(super) fn sent_bytes(
        &self,
        context: &Context<'_>,
        number: FrameNumber,
        by: By,
        at: u64,
        bytes: &[u8],
        log: &mut Log,
    ) {
        let (time, from) = (context.now, self.from);
        let sent = SentRecord { time, number, from, at, kept: Span::default(), length: bytes.len() as u64, by };
        log.sent(sent, bytes, context.limits.kept);
    }
}
