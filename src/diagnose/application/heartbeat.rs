//! A server's heartbeat that does not see the pongs.
//!
//! ws 8's README has each connection marked as dead before a ping, as alive at its pong, and ended at the next turn where it
//! is still dead. Without the listener for pongs, or with a limit that runs in spite of them, the first ping is the last: it
//! is answered, and the connection ends after the limit.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{Side, Time};
use crate::wire::opcode::Opcode;

use super::End;
use crate::diagnose::end;

/// The time between a byte and another that belong together.
const SOON: Duration = Duration::from_secs(1);
/// The shortest limit for a pong that is told: a second, and what a timer is late.
const A_SECOND: RangeInclusive<Duration> = Duration::from_millis(990)..=Duration::from_millis(1100);

#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// Pings of the server's.
    pings: u32,
    ping: Option<Time>,
    pong: Option<Time>,
}

impl Heartbeat {
    pub(super) fn control(&mut self, now: Time, from: Side, opcode: Opcode) {
        match (from, opcode) {
            (Side::Server, Opcode::PING) => {
                self.pings = self.pings.saturating_add(1);
                (self.ping, self.pong) = (Some(now), None);
            }
            (Side::Client, Opcode::PONG) if self.ping.is_some() => self.pong = Some(now),
            _ => {}
        }
    }

    /// A heartbeat that had worked before is not broken, so that only a session's first ping counts.
    pub(super) fn end(&self, end: &End) -> Option<Finding> {
        let (ping, pong) = (self.ping?, self.pong?);
        if self.pings != 1 || end.from != Side::Server || end.how.is_none() {
            return None;
        }
        let after = end.time.since(ping);
        let silence = end.silence.client.min(end.silence.server);
        // A proxy's limit for silence ends it as long after the last byte, whatever that was.
        let is_others = silence + SOON > after && end::is_known_limit(after);
        let is_turn = end::is_limit(after) || A_SECOND.contains(&after);
        if !is_turn || is_others {
            return None;
        }
        let detail = format!(
            "its first ping was answered after {} ms, and {:.1} s behind that ping it ended the connection, with no second \
             ping and no close frame",
            pong.since(ping).as_millis(),
            after.as_secs_f64()
        );
        Some(Finding::new(FindingKind::AppHeartbeatBroken, Place::Connection).detail(detail))
    }
}
