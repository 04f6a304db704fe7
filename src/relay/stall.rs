//! Stalls: what a peer owes and does not send. Browsers are silent about them, for minutes or for ever.
//!
//! Nothing is computed while frames pass: lanes note a time where something begins that the other side, or the same one,
//! has to end. Whoever owns the session asks once in a while, and only while something is owed.

use crate::diagnose::application;
use crate::record::finding::{Finding, Place};
use crate::record::{Event, FrameNumber, Log, Side, Stall, StallKind, Time};
use crate::wire::frame::FrameHeader;

/// A frame that leaves something owed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debt {
    /// When it came.
    pub since: Time,
    /// Its number.
    pub frame: FrameNumber,
    /// Its header.
    pub header: FrameHeader,
}

impl Debt {
    /// What is owed by `lane` for it.
    pub(super) const fn stall(self, kind: StallKind, lane: Side) -> Stall {
        Stall { kind, lane, since: self.since, frame: Some(self.frame), header: Some(self.header), progress: None }
    }
}

/// The stalls that were told and are not over.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    told: Vec<Stall>,
}

impl Stalls {
    /// Tells those of `owed` that have lasted for `limit` microseconds, and the end of those that were told.
    pub(super) fn update(&mut self, now: Time, limit: u64, owed: &[Stall], log: &mut Log) {
        let is_same = |one: &Stall, two: &Stall| (one.kind, one.lane, one.frame) == (two.kind, two.lane, two.frame);
        self.told.retain(|told| {
            let lasts = owed.iter().any(|stall| is_same(stall, told));
            if !lasts {
                log.event(now, Event::Stall { stall: *told, over: true });
            }
            lasts
        });
        for stall in owed.iter().filter(|stall| now.0.saturating_sub(stall.since.0) >= limit) {
            if !self.told.iter().any(|told| is_same(told, stall)) {
                log.event(now, Event::Stall { stall: *stall, over: false });
                self.told.push(*stall);
            }
        }
    }

    /// What is still owed when the session ends, and was told as a stall: now it is clear that it never came.
    pub(super) fn findings(&self, now: Time) -> Vec<(Side, Finding)> {
        let findings = self.told.iter().filter_map(|stall| {
            // These have findings where they begin or where the connection ends.
            if matches!(stall.kind, StallKind::NoResponse | StallKind::UnfinishedHead | StallKind::ShortFrame) {
                return None;
            }
            let seconds = now.since(stall.since).as_secs();
            let detail = format!("{}, to the end of the session, {seconds} s later", stall.text());
            let finding = Finding::new(stall.kind.finding(), Place::Connection).detail(detail);
            Some((
                stall.lane,
                match application::unanswered(stall.kind) {
                    Some((cause, fix)) => finding.cause(cause, fix),
                    None => finding,
                },
            ))
        });
        findings.collect()
    }

    /// Whether one was told that may end.
    pub(super) const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}
