//! What a session does because time has passed: stalls, and the limits for the response and for the closing handshake.

use std::time::Duration;

use crate::diagnose::handshake;
use crate::record::{PerSide, Side, Stall, StallKind, Time};
use crate::relay::lane::Lane;

use super::core::Core;
use super::{Act, Output, Phase, Reason, Session};

/// How often a session in which something is owed is looked at.
const STALL_CHECK: Duration = Duration::from_secs(1);
/// Gateway Timeout (RFC 9110 15.6.5).
const GATEWAY_TIMEOUT: u16 = 504;

/// The times that count.
#[derive(Debug)]
pub(super) struct Clock {
    /// When the request went to the upstream.
    began: Time,
    /// When a byte of the server's last came, while its head is awaited.
    pub(super) last_response: Time,
    /// When to look at what is owed. None while nothing is.
    next_check: Option<Time>,
    /// Since when nothing more of each side's bytes could be written.
    blocked: PerSide<Option<Time>>,
}

impl Clock {
    pub(super) const fn new(now: Time) -> Self {
        Self { began: now, last_response: now, next_check: None, blocked: PerSide::new(None, None) }
    }

    /// How long the upstream has had the request.
    pub(super) fn waited(&self, now: Time) -> Duration {
        now.since(self.began)
    }

    /// Something else is owed from here on, or nothing.
    pub(super) const fn check_anew(&mut self) {
        self.next_check = None;
    }
}

impl Session {
    /// The upstream is connected, and its response is awaited from now on. Without this, it is from the beginning.
    pub fn connected(&mut self, now: Time) {
        let clock = &mut self.core.clock;
        (clock.began, clock.last_response) = (now, now);
        clock.next_check = Some(later(now, STALL_CHECK));
    }

    /// Notes since when nothing more of what a side sent could be written; `None` where all of it was.
    pub fn blocked(&mut self, now: Time, from: Side, since: Option<Time>) {
        let clock = &mut self.core.clock;
        clock.blocked[from] = since;
        if since.is_some() && clock.next_check.is_none() {
            clock.next_check = Some(later(now, STALL_CHECK));
        }
    }

    /// Whether a side's bytes were said to be blocked.
    #[must_use]
    pub fn is_blocked(&self, from: Side) -> bool {
        self.core.clock.blocked[from].is_some()
    }

    /// When `tick` is due, if nothing comes before that changes it.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let lanes = self.core.lanes.iter().filter_map(Lane::deadline);
        let gate = match &self.phase {
            Phase::Opening(opening) => opening.deadline(&self.core),
            Phase::Open(_) | Phase::Pipe(_) | Phase::Closing(_) => None,
        };
        self.limit().into_iter().chain(self.core.clock.next_check).chain(self.core.slow).chain(lanes).chain(gate).min()
    }

    /// When the patience ends: with the upstream, or with the peers that wsproxy has sent close frames.
    fn limit(&self) -> Option<Time> {
        let limits = &self.core.config.limits;
        match &self.phase {
            // A head that has begun is the browser's to wait for; where not a byte came, there is room for a response.
            Phase::Opening(_) if self.core.lanes.server.bytes == 0 => {
                Some(later(self.core.clock.began, limits.response_time))
            }
            Phase::Closing(closing) if !closing.has_had_its_time => Some(later(closing.since, limits.closing_time)),
            Phase::Opening(_) | Phase::Open(_) | Phase::Pipe(_) | Phase::Closing(_) => None,
        }
    }

    /// Does what is due now. It may be called at any time.
    pub fn tick(&mut self, now: Time, out: &mut Output) {
        if self.limit().is_some_and(|limit| now >= limit) {
            self.end_patience(now, out);
        }
        if let Phase::Opening(opening) = &mut self.phase {
            let next = opening.tick_gate(&mut self.core, now, out);
            self.head_went_on(now, next, out);
        }
        self.core.slow = self.core.slow.filter(|until| now < *until);
        for from in [Side::Client, Side::Server] {
            let (lane, mut context) = self.core.lane(now, from);
            lane.tick(&mut context, out);
            self.core.pass_back(now, from, out);
            self.core.note_close_frame(from);
        }
        self.fail_strictly(now, Side::Client, out);
        self.end_late(now, out);
        self.check_stalls(now, out);
        self.settle(now, out);
    }

    fn end_patience(&mut self, now: Time, out: &mut Output) {
        match &mut self.phase {
            Phase::Closing(closing) => {
                // The peers had their time.
                closing.has_had_its_time = true;
                out.acts.push(Act::Abandon);
            }
            Phase::Opening(opening) => {
                let limit = self.core.config.limits.response_time;
                opening.fail(&mut self.core, now, handshake::timed_out(limit), out);
                let closing = self.core.respond(now, GATEWAY_TIMEOUT, Reason::Silent(limit), out);
                self.time_out();
                self.phase = Phase::Closing(closing);
            }
            Phase::Open(_) | Phase::Pipe(_) => {}
        }
    }

    /// Ends a call: where the closing handshake is done, both sides end; where something is owed, a time is set.
    #[inline]
    pub(super) fn settle(&mut self, now: Time, out: &mut Output) {
        if let Phase::Closing(closing) = &mut self.phase {
            closing.settle(&mut self.core, out);
        }
        if self.core.clock.next_check.is_none() && self.is_owed() {
            self.core.clock.next_check = Some(later(now, STALL_CHECK));
        }
    }

    fn is_owed(&self) -> bool {
        self.missing_key3().is_some() || !self.core.stalls.is_empty() || self.owed().next().is_some()
    }

    /// Tells what has been owed for too long, and what no longer is.
    fn check_stalls(&mut self, now: Time, out: &mut Output) {
        self.core.clock.next_check = None;
        if let Phase::Opening(opening) = &mut self.phase {
            let next = opening.complete_stalled(&mut self.core, now, out);
            self.go_on(next);
        }
        let owed: Vec<Stall> = self.owed().collect();
        let limit = self.core.config.limits.stall_time;
        if now >= later(self.core.clock.began, limit) {
            self.tell_missing_key3(now, out);
        }
        let limit = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        self.core.stalls.update(now, limit, &owed, &mut out.log);
        let is_awaited = self.core.clock.waited(now) >= self.core.config.limits.stall_time;
        // A response that rules keep waiting may have come.
        let is_wanted =
            self.core.lanes.client.ended.is_none() && self.core.lanes.server.bytes == 0 && self.core.slow.is_none();
        if let (true, Phase::Opening(opening)) = (is_awaited && is_wanted, &mut self.phase) {
            opening.inquire(out);
        }
    }

    /// All that is owed now. No allocation, and nothing in a session where nothing is under way.
    fn owed(&self) -> impl Iterator<Item = Stall> {
        let is_awaited =
            self.core.slow.is_none() && matches!(&self.phase, Phase::Opening(opening) if !opening.holds_head());
        let response = is_awaited.then(|| self.core.owed_response()).flatten();
        response.into_iter().chain(self.core.owed())
    }
}

impl Core {
    /// What the lanes owe.
    fn owed(&self) -> impl Iterator<Item = Stall> {
        let sides = [Side::Client, Side::Server];
        self.lanes
            .iter()
            .filter_map(Lane::debt)
            .chain(sides.into_iter().flat_map(|side| [self.owed_pong(side), self.owed_reading(side)]).flatten())
            .chain(self.owed_at_the_end())
            .chain(self.owed_by_application())
    }

    fn owed_response(&self) -> Option<Stall> {
        if self.lanes.server.ended.is_some() {
            return None;
        }
        Some(if self.lanes.server.bytes == 0 {
            stall(StallKind::NoResponse, Side::Server, self.clock.began)
        } else {
            stall(StallKind::UnfinishedHead, Side::Server, self.clock.last_response)
        })
    }

    /// The pong to a ping of that side's.
    fn owed_pong(&self, side: Side) -> Option<Stall> {
        let ping = self.ping(side).filter(|_| !self.lanes[side.other()].is_finished())?;
        Some(ping.stall(StallKind::UnansweredPing, side.other()))
    }

    fn owed_reading(&self, side: Side) -> Option<Stall> {
        Some(stall(StallKind::PeerNotReading, side, self.clock.blocked[side]?))
    }

    fn owed_at_the_end(&self) -> Option<Stall> {
        let PerSide { client, server } = &self.lanes;
        match (&client.close, &server.close) {
            (Some(close), None) if !server.is_finished() => {
                Some(stall(StallKind::UnansweredClose, Side::Server, close.time))
            }
            (None, Some(close)) if !client.is_finished() => {
                Some(stall(StallKind::UnansweredClose, Side::Client, close.time))
            }
            (Some(one), Some(two)) if server.ended.is_none() => {
                Some(stall(StallKind::OpenAfterClose, Side::Server, one.time.max(two.time)))
            }
            _ => None,
        }
    }
}

const fn stall(kind: StallKind, lane: Side, since: Time) -> Stall {
    Stall { kind, lane, since, frame: None, header: None, progress: None }
}

/// That moment and so much more.
pub(super) fn later(time: Time, by: Duration) -> Time {
    Time(time.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}
