//! Messages that were held when they came, for a query that asks for what becomes of one: it may fit later, or fit no more.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::decode::Decoder;
use crate::journal::RowId;
use crate::query::Query;
use crate::record::{FrameNumber, FrameRecord, Relayed, ReleasedEvent, SentRecord, SessionId};
use crate::subject::{Said, Setting};

use super::scan::Notes;

/// Bytes of messages that are remembered, of all sessions together: as many as may be held. What becomes of others is missed.
const ROOM: usize = 128 * 1024 * 1024;

/// A message that is held.
struct Kept {
    row: RowId,
    record: FrameRecord,
    length: u64,
    payload: Vec<u8>,
    inflated: Option<Vec<u8>>,
    is_whole: bool,
    is_heartbeat: bool,
    path: Arc<[u8]>,
    decoder: Option<Decoder>,
    /// Whether it is among what was found.
    is_found: bool,
}

impl Kept {
    fn size(&self) -> usize {
        size_of::<Self>() + self.payload.len() + self.inflated.as_ref().map_or(0, Vec::len)
    }
}

/// Those of all sessions.
#[derive(Default)]
pub(super) struct Fates {
    kept: HashMap<(SessionId, FrameNumber), Kept>,
    bytes: usize,
    /// Rows that were wanted while they were held.
    lost: Vec<RowId>,
}

impl Fates {
    /// Remembers a message that is held.
    pub(super) fn note(&mut self, row: RowId, said: &Said<'_>, is_found: bool) {
        let (Relayed::Held, Some(session)) = (said.record.relayed, said.setting.session) else { return };
        let kept = Kept {
            row,
            record: *said.record,
            length: said.length,
            payload: said.payload.to_vec(),
            inflated: said.inflated.map(<[u8]>::to_vec),
            is_whole: said.is_whole,
            is_heartbeat: said.is_heartbeat,
            path: said.setting.path.into(),
            decoder: said.setting.decoder,
            is_found,
        };
        if self.bytes + kept.size() <= ROOM {
            self.bytes += kept.size();
            let old = self.kept.insert((session, said.record.number), kept);
            self.bytes -= old.map_or(0, |old| old.size());
        }
    }

    /// Something left in place of a frame.
    pub(super) fn sent(&mut self, session: SessionId, sent: &SentRecord) {
        if let Some(kept) = self.kept.get_mut(&(session, sent.number)) {
            kept.record.relayed = Relayed::Changed(sent.by);
        }
    }

    /// A message is not held any more: adds its row where it fits now.
    pub(super) fn released(
        &mut self,
        session: SessionId,
        released: &ReleasedEvent,
        query: &Query,
        (zone, notes): (&TimeZone, &Notes),
        found: &mut Vec<RowId>,
    ) {
        for number in &released.frames {
            let Some(kept) = self.kept.remove(&(session, *number)) else { continue };
            self.bytes -= kept.size();
            let record = FrameRecord { relayed: kept.record.relayed.after(released), ..kept.record };
            let mark = notes.get(&kept.row).map(String::as_str);
            let setting = Setting { session: Some(session), path: &kept.path, decoder: kept.decoder, zone, mark };
            let (payload, inflated) = (&kept.payload, kept.inflated.as_deref());
            let said = Said::passing(setting, &record, kept.length, payload, inflated, kept.is_whole);
            match (kept.is_found, query.matches(&said.with_heartbeat(kept.is_heartbeat))) {
                (false, true) => found.push(kept.row),
                (true, false) => self.lost.push(kept.row),
                _ => {}
            }
        }
    }

    /// A session is over.
    pub(super) fn forget(&mut self, session: SessionId) {
        let bytes = &mut self.bytes;
        self.kept.retain(|(id, _), kept| {
            let stays = *id != session;
            *bytes -= if stays { 0 } else { kept.size() };
            stays
        });
    }

    /// Rows that fit no more.
    pub(super) fn lost(&mut self) -> Vec<RowId> {
        std::mem::take(&mut self.lost)
    }
}
