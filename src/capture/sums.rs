//! What a block comes to, so that an index over a capture need not read it.

use std::collections::HashMap;

use crate::record::{Event, FrameNumber, FrameRecord, PerSide, Record, SessionId, Side, Time};
use crate::wire::message::{MessageState, Role};

use super::fields::{Put, Take, Trouble, checked};
use super::reader::Loaded;

/// What the records of a block come to.
///
/// Where it comes from an index in a file, it is a claim: `load` checks it against the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Whose block it is; `None` for what belongs to no session.
    pub session: Option<SessionId>,
    /// The earliest time of a record.
    pub earliest: Time,
    /// The latest time of a record.
    pub latest: Time,
    /// Whether no record is earlier than the one before it, as mostly.
    pub is_ordered: bool,
    /// Things seen, as `Log::count` counts them: records, and each frame of a run.
    pub things: u32,
    /// Things that have a row of their own where nothing is folded.
    pub rows: u32,
    /// Rows that go on with a message which an earlier frame of this file began.
    pub further: u32,
    /// Rows that are pings and pongs as they have to be (`FrameRecord::is_heartbeat`).
    pub heartbeats: u32,
    /// How those stand together: with a row for each fragment, and with one for each message.
    pub groups: [Groups; 2],
    /// Frames of each side that begin in it.
    pub frames: PerSide<u32>,
    /// Number of the first of them.
    pub first_frame: PerSide<Option<FrameNumber>>,
    /// Payload bytes of each side that came in it.
    pub payload: PerSide<u64>,
    /// Of compressed frames, of each side: payload bytes.
    pub packed: PerSide<u64>,
    /// What these inflate to.
    pub inflated: PerSide<u64>,
    /// The least and the greatest number of a frame that began earlier, or in this block, and of which it has more parts:
    /// payload that came later, what left in its place, what it inflates to, its release.
    pub parts: Option<(FrameNumber, FrameNumber)>,
    /// Findings.
    pub findings: u32,
    /// Events, but for what frames inflate to. Where there are none, the block tells of frames and raw bytes alone.
    pub events: u32,
}

/// Heartbeats between which no other row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// How many groups of one or more there are.
    pub count: u32,
    /// Whether the first row of the block is a heartbeat; `None` where it has no row.
    pub first: Option<bool>,
    /// Whether the last one is.
    pub last: Option<bool>,
}

impl Groups {
    fn row(&mut self, is_heartbeat: bool) {
        self.first.get_or_insert(is_heartbeat);
        self.count += u32::from(is_heartbeat && self.last != Some(true));
        self.last = Some(is_heartbeat);
    }

    fn put(&self, put: &mut Put) {
        let bits = |row: Option<bool>| row.map_or(0, |is_heartbeat| 1 + u8::from(is_heartbeat));
        put.number(self.count.into()).byte(bits(self.first) | bits(self.last) << 2);
    }

    fn take(take: &mut Take<'_>) -> Result<Self, Trouble> {
        let (count, bits) = (take.small()?, take.byte()?);
        let row = |bits: u8| match bits & 3 {
            0 => None,
            bits => Some(bits > 1),
        };
        Ok(Self { count, first: row(bits), last: row(bits >> 2) })
    }
}

/// The messages under way in each session, by which it is known what goes on with one.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<SessionId, PerSide<MessageState>>);

impl Lanes {
    /// Takes in a frame; says whether it goes on with a message.
    fn frame(&mut self, session: Option<SessionId>, frame: &FrameRecord) -> bool {
        let (Some(session), header) = (session, &frame.header) else { return false };
        let under_way = self.0.get(&session).is_some_and(|lanes| lanes[frame.from].unfinished().is_some());
        let role = Role::of(header, under_way);
        if role == Role::Control || (header.fin() && !under_way) {
            return false;
        }
        let lanes = self.0.entry(session).or_default();
        lanes[frame.from].frame(header);
        if lanes.iter().all(|lane| lane.unfinished().is_none()) {
            self.0.remove(&session);
        }
        role == Role::GoesOn
    }
}

impl Sums {
    /// Of a block that has no record yet.
    pub(super) fn of(session: Option<SessionId>) -> Self {
        Self { session, is_ordered: true, ..Self::default() }
    }

    /// Of all records of a block.
    pub(super) fn of_records(session: Option<SessionId>, records: &[Record], lanes: &mut Lanes) -> Self {
        let mut sums = Self::of(session);
        records.iter().for_each(|record| sums.record(record, lanes));
        sums
    }

    /// Whether a block can come to this. What goes on with what other blocks began can't be told from it alone.
    pub(super) fn may_be(&self, loaded: &Loaded) -> bool {
        let mut own = Self::of_records(loaded.session, &loaded.log.records, &mut Lanes::default());
        (own.further, own.groups) = (self.further, self.groups);
        // What this version does not know was counted as what it is.
        *self == own || (loaded.unknown > 0 && self.session == own.session && self.things == own.things)
    }

    /// Takes in the next record.
    pub(super) fn record(&mut self, record: &Record, lanes: &mut Lanes) {
        let time = record.time();
        if self.things == 0 {
            (self.earliest, self.latest) = (time, time);
        }
        self.is_ordered &= self.latest <= time;
        (self.earliest, self.latest) = (self.earliest.min(time), self.latest.max(time));
        self.things = self.things.saturating_add(record.count());
        match record {
            Record::Run(run) => {
                self.rows = self.rows.saturating_add(run.count);
                self.row(false);
                self.begins(run.from, run.first, run.count, run.payload.into());
            }
            Record::Frame(frame) => {
                self.rows += 1;
                self.begins(frame.from, frame.number, 1, frame.received);
                if lanes.frame(self.session, frame) {
                    self.further += 1;
                    self.groups[0].row(false);
                } else {
                    self.heartbeats += u32::from(frame.is_heartbeat());
                    self.row(frame.is_heartbeat());
                }
            }
            Record::More(more) => {
                self.payload[more.from] += more.added;
                self.part(more.number);
            }
            Record::Sent(sent) => self.part(sent.number),
            Record::Raw(_) => {
                self.rows += 1;
                self.row(false);
            }
            Record::Event(_, event) => self.event(event, lanes),
            Record::Proxy(_, event) => {
                self.rows += 1;
                self.row(false);
                self.events += 1;
                self.findings += u32::from(event.finding().is_some());
            }
        }
    }

    fn event(&mut self, event: &Event, lanes: &mut Lanes) {
        if event.is_row() {
            self.rows += 1;
            self.row(false);
        }
        self.events += u32::from(!matches!(event, Event::Inflated(_)));
        match event {
            Event::Finding(..) => self.findings += 1,
            Event::Inflated(inflated) => {
                self.packed[inflated.from] += inflated.packed;
                self.inflated[inflated.from] += inflated.length;
                self.part(inflated.frame);
            }
            Event::Released(released) => released.frames.iter().for_each(|frame| self.part(*frame)),
            Event::Ruled(ruled) => ruled.frame.into_iter().for_each(|frame| self.part(frame)),
            Event::SessionClosed(_) => {
                self.session.map(|session| lanes.0.remove(&session));
            }
            _ => {}
        }
    }

    fn row(&mut self, is_heartbeat: bool) {
        self.groups.iter_mut().for_each(|groups| groups.row(is_heartbeat));
    }

    fn begins(&mut self, from: Side, number: FrameNumber, count: u32, payload: u64) {
        self.frames[from] += count;
        self.payload[from] += payload;
        self.first_frame[from].get_or_insert(number);
    }

    fn part(&mut self, number: FrameNumber) {
        let (least, greatest) = self.parts.unwrap_or((number, number));
        self.parts = Some((least.min(number), greatest.max(number)));
    }

    pub(super) fn put(&self, put: &mut Put) {
        put.session(self.session).time(self.earliest).difference(self.earliest.0, self.latest.0).flag(self.is_ordered);
        for count in [self.things, self.rows, self.further, self.heartbeats, self.findings, self.events] {
            put.number(count.into());
        }
        self.groups.iter().for_each(|groups| groups.put(put));
        for side in [Side::Client, Side::Server] {
            put.number(self.frames[side].into()).number(self.payload[side]);
            put.number(self.packed[side]).number(self.inflated[side]);
            put.maybe(self.first_frame[side], |put, frame| {
                put.frame(frame);
            });
        }
        put.maybe(self.parts, |put, (least, greatest)| {
            put.frame(least).frame(greatest);
        });
    }

    pub(super) fn take(take: &mut Take<'_>) -> Result<Self, Trouble> {
        let (session, earliest) = (take.session()?, take.time()?);
        let latest = checked(Time(take.difference(earliest.0)?))?;
        let mut sums = Self { session, earliest, latest, is_ordered: take.flag()?, ..Self::default() };
        let counts = [
            &mut sums.things,
            &mut sums.rows,
            &mut sums.further,
            &mut sums.heartbeats,
            &mut sums.findings,
            &mut sums.events,
        ];
        for count in counts {
            *count = take.small()?;
        }
        for groups in &mut sums.groups {
            *groups = Groups::take(take)?;
        }
        for side in [Side::Client, Side::Server] {
            sums.frames[side] = take.small()?;
            sums.payload[side] = take.count()?;
            sums.packed[side] = take.count()?;
            sums.inflated[side] = take.count()?;
            sums.first_frame[side] = take.maybe(Take::frame)?;
        }
        sums.parts = take.maybe(|take| Ok((take.frame()?, take.frame()?)))?;
        let is_sound = sums.earliest <= sums.latest
            && sums.rows <= sums.things
            && u64::from(sums.further) + u64::from(sums.heartbeats) <= u64::from(sums.rows)
            && sums.groups.iter().all(|groups| groups.count <= sums.heartbeats);
        if is_sound { Ok(sums) } else { Err(Trouble::Wrong) }
    }
}
