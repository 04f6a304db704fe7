//! Which messages are heartbeats: those that a session's decoder knows as such, and those that are learned, the same small
//! message at a steady pace.
//!
//! Blocks are gone through only once somebody wants to know, and so much at a time that no draw waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::decode::{Decoder, Format, Limits, Payload};
use crate::journal::{Block, Index, Row, RowId, Scope};
use crate::record::{Event, FrameRecord, Origin, Record, Seen, SessionId, Side, Time};
use crate::wire::mask;

use super::decoders::Decoders;

/// What one call may cost: a record costs one, and a small message, which is read, so many more.
const BUDGET: usize = 12_000;
const READING: usize = 8;
/// The same of a block that is in a file.
const OPENING: usize = 2_000;
/// Bytes of a message at most.
const SMALL: usize = 128;
/// How often a message has to come at a steady pace.
const TIMES: u32 = 4;
/// Time from one to the next, in microseconds: what comes faster, or more seldom, is no heartbeat.
const PACE: std::ops::RangeInclusive<u64> = 500_000..=600_000_000;
/// How much later or earlier than at the pace one may come: a part of it, and microseconds at least.
const SLACK: (u64, u64) = (5, 100_000);
/// Different messages that are remembered of one side of a session, and of all.
const MESSAGES: usize = 256;
const ALL_MESSAGES: usize = 32_768;

/// A message that may come again.
#[derive(Debug)]
struct Candidate {
    last: Time,
    /// Time between the last two.
    pace: u64,
    /// Those that came at that pace, up to the last one.
    rows: Vec<RowId>,
    is_learned: bool,
}

/// Those of one side of a session, by their first byte on the wire and what they say.
type Messages = HashMap<Box<[u8]>, Candidate>;

/// What was found out so far.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    /// Whether somebody wants to know.
    is_wanted: bool,
    /// The next block to look at.
    next: u64,
    /// `Decoders::chosen` when it began.
    chosen: u64,
    candidates: HashMap<(SessionId, Side), Messages>,
    /// How many candidates there are.
    count: usize,
    /// What the call under way has cost.
    cost: usize,
    is_busy: bool,
    /// How often something was found out about blocks that had been looked at.
    generation: u64,
}

impl Beats {
    /// Somebody wants to know, from now on.
    pub(crate) const fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Whether there are blocks to look at.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Changes where something was found out about blocks that had been looked at.
    #[must_use]
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The first block of which it is not known; `None` where nobody wants to know.
    #[must_use]
    pub(crate) fn next(&self) -> Option<u64> {
        self.is_wanted.then_some(self.next)
    }

    /// Whether there is anything to do.
    #[must_use]
    pub(crate) fn is_due(&self, view: &Index, decoders: &Decoders) -> bool {
        self.is_wanted && (self.next < view.end() || self.chosen != decoders.chosen())
    }

    /// Looks at some blocks more, and tells the index.
    pub(crate) fn learn(&mut self, view: &mut Index, decoders: &mut Decoders) {
        if !self.is_due(view, decoders) {
            self.is_busy = false;
            return;
        }
        if self.chosen != decoders.chosen() {
            self.forget_all(view, decoders.chosen());
        }
        let mut marks: HashMap<u64, Vec<u32>> = HashMap::new();
        self.cost = 0;
        self.next = self.next.max(view.first());
        let from = self.next;
        while self.cost < BUDGET && self.next < view.end() {
            let Some(sequence) = view.blocks_from(Scope::All, self.next).next() else { break };
            self.next = sequence + 1;
            let Some(block) = view.block(sequence) else { continue };
            self.cost += 1 + block.log.records.len() + if view.sums(sequence).is_some() { OPENING } else { 0 };
            if let Some(session) = block.session {
                decoders.learn(view, session);
                let decoder = decoders.of(block.session);
                self.block(&Scene { view, session, decoder, block }, &mut marks);
            }
        }
        self.is_busy = self.next < view.end();
        if marks.keys().any(|block| *block < from) {
            self.generation += 1;
        }
        let marks: Vec<_> =
            marks.into_iter().map(|(block, numbers)| (block, with_known(view, block, numbers))).collect();
        view.mark_heartbeats(marks);
    }

    /// The user chose another decoder: all is looked at anew.
    fn forget_all(&mut self, view: &mut Index, chosen: u64) {
        let known = view.blocks_from(Scope::All, 0);
        let known: Vec<_> = known.filter(|block| !view.block_heartbeats(*block).known().is_empty()).collect();
        view.mark_heartbeats(known.into_iter().map(|block| (block, Vec::new())));
        *self = Self { is_wanted: true, chosen, generation: self.generation + 1, ..Self::default() };
    }

    fn block(&mut self, scene: &Scene<'_>, marks: &mut HashMap<u64, Vec<u32>>) {
        let log = &scene.block.log;
        for (number, record) in log.numbered() {
            match record {
                Record::Run(run) => {
                    for (number, frame) in (number..).zip(run.frames(log.span(run.span))) {
                        self.frame(scene, number, &frame, marks);
                    }
                }
                Record::Frame(frame) => self.frame(scene, number, frame, marks),
                Record::Event(_, event) if matches!(**event, Event::SessionClosed(_)) => {
                    for side in [Side::Client, Side::Server] {
                        let gone = self.candidates.remove(&(scene.session, side));
                        self.count -= gone.map_or(0, |gone| gone.len());
                    }
                }
                _ => {}
            }
        }
    }

    fn frame(&mut self, scene: &Scene<'_>, number: u32, frame: &FrameRecord, marks: &mut HashMap<u64, Vec<u32>>) {
        let row = RowId { time: frame.time, block: scene.block.sequence, record: number };
        let Some(message) = scene.small_message(row, frame) else { return };
        self.cost += READING;
        let found = if scene.is_known(frame, &message) {
            vec![row]
        } else {
            let key: Box<[u8]> = std::iter::once(frame.header.first).chain(message).collect();
            self.see((scene.session, frame.from), key, row)
        };
        for row in found {
            marks.entry(row.block).or_default().push(row.record);
        }
    }

    /// A message came. Gives the rows that are now known to be heartbeats.
    fn see(&mut self, lane: (SessionId, Side), key: Box<[u8]>, row: RowId) -> Vec<RowId> {
        self.make_room(lane);
        let count = &mut self.count;
        let candidate = match self.candidates.entry(lane).or_default().entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                *count += 1;
                entry.insert(Candidate { last: row.time, pace: 0, rows: vec![row], is_learned: false });
                return Vec::new();
            }
        };
        if candidate.is_learned {
            return vec![row];
        }
        let gap = row.time.0.saturating_sub(candidate.last.0);
        candidate.last = row.time;
        let slack = (candidate.pace / SLACK.0).max(SLACK.1);
        let is_steady = candidate.rows.len() < 2 || gap.abs_diff(candidate.pace) <= slack;
        if !PACE.contains(&gap) {
            candidate.rows = vec![row];
            return Vec::new();
        }
        if !is_steady {
            // It may be the second at another pace.
            candidate.rows.drain(..candidate.rows.len() - 1);
        }
        if candidate.rows.len() < 2 {
            candidate.pace = gap;
        }
        candidate.rows.push(row);
        if candidate.rows.len() < TIMES as usize {
            return Vec::new();
        }
        candidate.is_learned = true;
        std::mem::take(&mut candidate.rows)
    }

    /// Forgets messages that came once, where there are too many.
    fn make_room(&mut self, lane: (SessionId, Side)) {
        let is_full = self.candidates.get(&lane).is_some_and(|messages| messages.len() >= MESSAGES);
        if !is_full && self.count < ALL_MESSAGES {
            return;
        }
        for (other, messages) in &mut self.candidates {
            if *other == lane || self.count >= ALL_MESSAGES {
                let before = messages.len();
                messages.retain(|_, candidate| candidate.is_learned || candidate.rows.len() > 1);
                if messages.len() >= MESSAGES {
                    messages.retain(|_, candidate| candidate.is_learned);
                }
                if messages.len() >= MESSAGES {
                    messages.clear();
                }
                self.count -= before - messages.len();
            }
        }
    }
}

/// A block that is looked at.
struct Scene<'a> {
    view: &'a Index,
    session: SessionId,
    decoder: Option<Decoder>,
    block: &'a Block,
}

impl Scene<'_> {
    /// What a frame says, where it is a whole message of a peer's that is small.
    fn small_message(&self, row: RowId, frame: &FrameRecord) -> Option<Vec<u8>> {
        let (header, log) = (&frame.header, &self.block.log);
        let is_message = header.fin() && Format::of(header.opcode()).is_some() && frame.origin == Origin::Peer;
        if !is_message || frame.received < header.length || header.length > SMALL as u64 {
            return None;
        }
        if header.rsv1() {
            let row = Row { id: row, session: self.block.session, time: row.time, record: Seen::Frame(*frame), log };
            return self.view.inflated(row).map(|inflated| inflated.bytes.clone()).filter(|bytes| bytes.len() <= SMALL);
        }
        let mut message = log.span(frame.kept).to_vec();
        if message.len() as u64 != header.length {
            return None;
        }
        if let Some(key) = header.mask {
            mask::apply(key, 0, &mut message);
        }
        Some(message)
    }

    /// Whether the session's decoder knows it as a heartbeat.
    fn is_known(&self, frame: &FrameRecord, message: &[u8]) -> bool {
        let (Some(decoder), Some(format)) = (self.decoder, Format::of(frame.header.opcode())) else { return false };
        let payload = Payload { format, bytes: message, is_whole: true };
        decoder.read(frame.from, payload, &Limits::ROW).is_ok_and(|decoded| decoded.is_heartbeat())
    }
}

/// With those that were known of a block, in order.
fn with_known(view: &Index, block: u64, mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.extend(view.block_heartbeats(block).known());
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: (SessionId, Side) = (SessionId(1), Side::Client);

    /// The messages that are learned, by number, of some that come at times in milliseconds.
    fn learned(messages: &[(u64, &str)]) -> Vec<usize> {
        let mut beats = Beats::default();
        let mut learned: Vec<usize> = Vec::new();
        for (number, (time, text)) in messages.iter().enumerate() {
            let row = RowId { time: Time(time * 1000), block: 0, record: number as u32 };
            learned.extend(beats.see(LANE, text.as_bytes().into(), row).iter().map(|row| row.record as usize));
        }
        learned
    }

    #[test]
    fn the_same_message_at_a_steady_pace_is_learned_with_those_before_it() {
        let messages: Vec<_> = [0, 25_000, 50_040, 74_980, 300_000].map(|time| (time, "hb")).to_vec();
        assert_eq!(learned(&messages), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_comes_fast_or_unsteadily_or_says_something_else_is_none() {
        let of = |times: &[u64]| learned(&times.iter().map(|time| (*time, "x")).collect::<Vec<_>>());
        assert!(of(&[0, 10, 20, 30, 40, 50]).is_empty());
        assert!(of(&[0, 1_000, 5_000, 6_000, 11_000, 11_900]).is_empty());
        let texts = ["a", "b", "c", "d", "e", "f"];
        assert!(learned(&texts.map(|text| (1000 * u64::from(text.as_bytes()[0]), text))).is_empty());
    }

    #[test]
    fn the_pace_may_begin_later() {
        let times = [0, 400, 3_000, 4_000, 5_000, 6_000];
        assert_eq!(learned(&times.map(|time| (time, "x"))), [2, 3, 4, 5]);
    }

    #[test]
    fn a_flood_of_other_messages_takes_no_more_memory() {
        let mut beats = Beats::default();
        for number in 0..100_000u64 {
            let lane = (SessionId(number % 300), Side::Server);
            let row = RowId { time: Time(number), ..RowId::FIRST };
            beats.see(lane, number.to_string().into_bytes().into(), row);
            assert!(beats.count <= ALL_MESSAGES);
        }
        let all: usize = beats.candidates.values().map(HashMap::len).sum();
        assert_eq!(all, beats.count);
    }
}
