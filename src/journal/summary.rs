//! What is remembered of a session as a whole, for as long as the screen may show it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crate::capture::Sums;
use crate::record::finding::Finding;
use crate::record::{
    ClosedEvent, Ending, Event, FrameNumber, FrameRecord, HeadEvent, HeldEvent, Log, OpenEvent, PerSide, Record,
    RunRecord, SessionId, Side, Stall, Time, Verdict, Waits,
};
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// Where a session is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// The upstream is being dialled, or its answer awaited.
    Opening,
    /// 101 came.
    Open,
    /// Another answer came, with that status; `None` where it was no HTTP.
    Refused(Option<u16>),
    /// Both sides are gone.
    Closed,
}

/// One session at a glance. Frames themselves are rows of a view.
#[derive(Clone, Debug)]
pub struct SessionSummary {
    /// Its number.
    pub id: SessionId,
    /// When the client asked.
    pub opened: Time,
    /// When something was last seen.
    pub last: Time,
    /// The client's address.
    pub client: Option<SocketAddr>,
    /// The request's target, as it came.
    pub path: Vec<u8>,
    /// Where it is in its life.
    pub state: SessionState,
    /// The request's head.
    pub request: Option<HeadEvent>,
    /// The answer's head: the last one, where interim answers came before.
    pub response: Option<HeadEvent>,
    /// When that had come.
    pub responded: Option<Time>,
    /// What the handshake agreed on.
    pub open: Option<OpenEvent>,
    /// What wsproxy answered by itself, and why.
    pub answered: Option<(u16, String)>,
    /// The newest findings, oldest first; `FINDINGS` of them at most.
    pub findings: VecDeque<(Time, Side, Finding)>,
    /// Findings before those, which are only counted.
    pub earlier_findings: u64,
    /// Chrome's verdict as it stands.
    pub verdict: Option<(Time, Verdict)>,
    /// What is owed for too long, as it stands.
    pub stalls: Vec<Stall>,
    /// Messages that are held now, by their first frame.
    pub held: BTreeMap<FrameNumber, HeldMessage>,
    /// The heads that are held now.
    pub held_heads: PerSide<Option<HeldHead>>,
    /// How each side's bytes ended.
    pub ended: PerSide<Option<Ending>>,
    /// The end.
    pub closed: Option<(Time, ClosedEvent)>,
    /// Frames from each side.
    pub frames: PerSide<u64>,
    /// Payload bytes from each side.
    pub payload: PerSide<u64>,
    /// Those of compressed frames, and what they inflate to.
    pub compressed: PerSide<Compressed>,
    /// When the newest frame came, from where, and what it is.
    pub last_frame: Option<(Time, Side, Opcode)>,
    /// Number of its last change among those of all sessions.
    pub(super) changed: u64,
    pace: Pace,
    pings: PerSide<Pings>,
}

/// A message that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldMessage {
    /// Its number among all that are held.
    pub held: u64,
    /// Who sent it.
    pub from: Side,
    /// Since when.
    pub since: Time,
    /// Payload bytes.
    pub length: u64,
    /// What it waits for.
    pub waits: Waits,
}

/// A head that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldHead {
    /// Since when.
    pub since: Time,
    /// As it came.
    pub bytes: Vec<u8>,
}

/// What compression makes of one side's frames, in bytes of payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// As they came.
    pub packed: u64,
    /// As they are read.
    pub inflated: u64,
}

/// Seconds of which it is remembered how much came in each.
pub(super) const SECONDS: usize = 16;

/// What came in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InSecond {
    /// Frames that began.
    pub frames: u64,
    /// Bytes of their payload.
    pub payload: u64,
}

/// What came in the second under way and in those before it, the oldest first.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    second: u64,
    sums: [InSecond; SECONDS],
}

const SECOND: u64 = 1_000_000;

impl Pace {
    fn count(&mut self, time: Time, frames: u64, payload: u64) {
        let second = time.0 / SECOND;
        if second > self.second {
            *self = Self { second, sums: self.until(second) };
        }
        if let Some(last) = self.sums.last_mut() {
            last.frames += frames;
            last.payload += payload;
        }
    }

    /// What came up to a second.
    fn until(&self, second: u64) -> [InSecond; SECONDS] {
        let shift = usize::try_from(second.saturating_sub(self.second)).unwrap_or(SECONDS);
        std::array::from_fn(|place| self.sums.get(place.saturating_add(shift)).copied().unwrap_or_default())
    }

    /// The part of the last second that lies in the one before, and the one under way.
    fn rate(&self, now: Time) -> u64 {
        let (second, part) = (now.0 / SECOND, now.0 % SECOND);
        let [.., before, current] = self.until(second);
        current.frames + before.frames * (SECOND - part) / SECOND
    }
}

/// A ping that has no pong so far, and how long the last pong took, of one side that pings.
#[derive(Clone, Debug, Default)]
struct Pings {
    open: Option<(Time, Box<[u8]>)>,
    round_trip: Option<u64>,
}

/// Findings that a summary keeps: a peer that breaks a rule in each frame must not take memory for each.
const FINDINGS: usize = 100;

impl SessionSummary {
    pub(super) fn new(id: SessionId, time: Time) -> Self {
        Self {
            id,
            opened: time,
            last: time,
            client: None,
            path: Vec::new(),
            state: SessionState::Opening,
            request: None,
            response: None,
            responded: None,
            open: None,
            answered: None,
            findings: VecDeque::new(),
            earlier_findings: 0,
            verdict: None,
            stalls: Vec::new(),
            held: BTreeMap::new(),
            held_heads: PerSide::default(),
            ended: PerSide::default(),
            closed: None,
            frames: PerSide::default(),
            payload: PerSide::default(),
            compressed: PerSide::default(),
            last_frame: None,
            changed: 0,
            pace: Pace::default(),
            pings: PerSide::default(),
        }
    }

    /// Whether it can still change.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.closed.is_none()
    }

    /// Bytes of memory that it takes.
    pub(super) fn size(&self) -> usize {
        let heads: usize = [&self.request, &self.response].into_iter().flatten().map(HeadEvent::held).sum();
        let open = self.open.as_ref().map_or(0, OpenEvent::held);
        let answered = self.answered.as_ref().map_or(0, |(_, reason)| reason.len());
        let verdict = self.verdict.as_ref().map_or(0, |(_, verdict)| verdict.held());
        let closed = self.closed.as_ref().map_or(0, |(_, closed)| closed.reason.len());
        size_of::<Self>() + self.path.len() + heads + open + answered + verdict + closed + self.size_of_lists()
    }

    fn size_of_lists(&self) -> usize {
        let findings: usize = self.findings.iter().map(|(_, _, finding)| finding.held()).sum();
        let pings: usize = [&self.pings.client, &self.pings.server]
            .into_iter()
            .filter_map(|pings| pings.open.as_ref())
            .map(|(_, payload)| payload.len())
            .sum();
        pings
            + self.findings.capacity() * size_of::<(Time, Side, Finding)>()
            + findings
            + self.stalls.capacity() * size_of::<Stall>()
            + self.held.len() * size_of::<(FrameNumber, HeldMessage)>()
            + self.held_heads.iter().flatten().map(|held| held.bytes.len()).sum::<usize>()
    }

    pub(super) fn record(&mut self, record: &Record, log: &Log) {
        match record {
            Record::Run(run) => self.run(run),
            Record::Frame(frame) => {
                self.frame(frame);
                self.ping(frame, log.span(frame.kept));
            }
            Record::More(more) => {
                self.last = self.last.max(more.time);
                self.payload[more.from] += more.added;
            }
            Record::Sent(sent) => self.last = self.last.max(sent.time),
            Record::Raw(raw) => self.last = self.last.max(raw.time),
            Record::Event(time, event) => self.event(*time, event),
            // It belongs to no session.
            Record::Proxy(..) => {}
        }
    }

    /// Takes in the frames of a block that is in a file. Its events come by themselves.
    pub(super) fn sums(&mut self, sums: &Sums) {
        self.last = self.last.max(sums.latest);
        for side in [Side::Client, Side::Server] {
            self.frames[side] += u64::from(sums.frames[side]);
            self.payload[side] += sums.payload[side];
            self.compressed[side].packed += sums.packed[side];
            self.compressed[side].inflated += sums.inflated[side];
        }
    }

    fn run(&mut self, run: &RunRecord) {
        self.last = self.last.max(run.time);
        self.frames[run.from] += u64::from(run.count);
        self.payload[run.from] += u64::from(run.payload);
        self.last_frame = Some((run.time, run.from, run.last));
        self.pace.count(run.time, u64::from(run.count), u64::from(run.payload));
    }

    fn frame(&mut self, frame: &FrameRecord) {
        self.last = self.last.max(frame.time);
        self.frames[frame.from] += 1;
        self.payload[frame.from] += frame.received;
        self.last_frame = Some((frame.time, frame.from, frame.header.opcode()));
        self.pace.count(frame.time, 1, frame.received);
    }

    /// Takes in a ping, or a pong that replies to the last one.
    fn ping(&mut self, frame: &FrameRecord, wire: &[u8]) {
        let opcode = frame.header.opcode();
        if !matches!(opcode, Opcode::PING | Opcode::PONG) {
            return;
        }
        // A control frame has 125 bytes at most (RFC 6455 5.5).
        let mut payload = wire.get(..125).unwrap_or(wire).to_vec();
        if let Some(key) = frame.header.mask {
            mask::apply(key, 0, &mut payload);
        }
        if opcode == Opcode::PING {
            self.pings[frame.from].open = Some((frame.time, payload.into()));
            return;
        }
        let pings = &mut self.pings[frame.from.other()];
        if let Some((time, _)) = pings.open.take_if(|(_, asked)| **asked == *payload) {
            pings.round_trip = Some(frame.time.0.saturating_sub(time.0));
        }
    }

    /// How long the last pong to a ping of a side's took, in microseconds.
    #[must_use]
    pub fn round_trip(&self, pinged_by: Side) -> Option<u64> {
        self.pings[pinged_by].round_trip
    }

    /// What came in each of the last seconds, the oldest first, that of now last.
    #[must_use]
    pub fn lately(&self, now: Time) -> [InSecond; SECONDS] {
        self.pace.until(now.0 / SECOND)
    }

    /// Frames a second, lately.
    #[must_use]
    pub fn rate(&self, now: Time) -> u64 {
        self.pace.rate(now)
    }

    pub(super) fn event(&mut self, time: Time, event: &Event) {
        self.last = self.last.max(time);
        match event {
            Event::SessionOpened { client, path } => {
                self.client = Some(*client);
                self.path.clone_from(path);
            }
            Event::Head(head) if head.from == Side::Client => self.request = Some(head.clone()),
            Event::Head(head) => {
                self.response = Some(head.clone());
                self.responded = Some(time);
                // 101 becomes `Open` with its own event; an interim answer decides nothing.
                if !matches!(head.status, Some(100..=199)) || !head.complete {
                    self.state = SessionState::Refused(head.status);
                }
            }
            Event::Open(open) => {
                self.open = Some(open.clone());
                self.state = SessionState::Open;
            }
            Event::Answered { status, reason } => {
                self.answered = Some((*status, reason.clone()));
                self.state = SessionState::Refused(Some(*status));
            }
            Event::Finding(from, finding) => {
                if self.findings.len() == FINDINGS {
                    self.findings.pop_front();
                    self.earlier_findings += 1;
                }
                self.findings.push_back((time, *from, finding.clone()));
            }
            Event::Verdict(verdict) => {
                self.verdict = Some((time, verdict.clone()));
            }
            Event::Stall { stall, over: false } => self.stalls.push(*stall),
            Event::Stall { stall, over: true } => self.stalls.retain(|other| other != stall),
            Event::Inflated(inflated) => {
                let compressed = &mut self.compressed[inflated.from];
                compressed.packed += inflated.packed;
                compressed.inflated += inflated.length;
            }
            Event::Held(held) => {
                let &HeldEvent { held, frame, from, length, waits, .. } = held;
                self.held.insert(frame, HeldMessage { held, from, since: time, length, waits });
            }
            Event::Released(released) => released.frames.iter().for_each(|frame| {
                self.held.remove(frame);
            }),
            Event::HeadHeld(held) => {
                self.held_heads[held.from] = Some(HeldHead { since: time, bytes: held.bytes.clone() });
            }
            Event::HeadReleased { from, .. } => self.held_heads[*from] = None,
            Event::Ended { from, how } => self.ended[*from] = Some(*how),
            Event::SessionClosed(closed) => {
                self.held.clear();
                self.held_heads = PerSide::default();
                self.closed = Some((time, closed.clone()));
                self.state = SessionState::Closed;
            }
            Event::Ruled(_) | Event::Note(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FrameNumber;
    use crate::record::finding::{FindingKind, Place};

    fn with_findings(count: u64) -> SessionSummary {
        let mut summary = SessionSummary::new(SessionId(1), Time(0));
        for number in 0..count {
            let place = Place::Frame(FrameNumber::FIRST.after(number));
            let finding = Finding::new(FindingKind::FrameRsv, place).bytes(&[0; 500], 100, 64);
            summary.event(Time(number), &Event::Finding(Side::Server, finding));
        }
        summary
    }

    #[test]
    fn the_newest_findings_are_kept_and_those_before_them_counted() {
        let summary = with_findings(FINDINGS as u64 + 7);
        assert_eq!((summary.findings.len(), summary.earlier_findings), (FINDINGS, 7));
        assert_eq!(summary.findings.front().and_then(|(_, _, finding)| finding.frame()), Some(FrameNumber::new(8)));
    }

    #[test]
    fn findings_count_with_their_bytes() {
        let (without, with) = (with_findings(0).size(), with_findings(10).size());
        assert!(with >= without + 10 * (size_of::<Finding>() + 96), "{without} {with}");
        assert!(with_findings(1000).size() < with_findings(FINDINGS as u64).size() * 2);
    }
}
