//! What several sessions with one upstream tell together, and none of them alone: the same silence before each cut, one
//! worker for all, a limit on how many there may be. Pure and bounded: the engine says what happens, and when.

use std::collections::VecDeque;
use std::time::Duration;

use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{SessionId, Side, Time};

use super::end;

/// Live sessions that are remembered. With more of them, what is found is still true, though some of it may be missed.
const LIVE: usize = 1024;
/// Cuts that are remembered.
const CUTS: usize = 16;
/// Bytes of a path that tell it from others.
const PATH: usize = 256;
/// The shortest silence that is compared: scripts that are done end sooner.
const SHORTEST: Duration = Duration::from_millis(1500);
/// How far apart two equal silences may be: a limit is kept to some milliseconds, on a busy machine to some tens.
const APART: Duration = Duration::from_millis(100);
/// Cuts nearer than this are one event, as where a server is stopped that has several clients.
const ONE_EVENT: Duration = Duration::from_millis(500);
/// How long a response was missing before it is said that the session had to wait.
const WAITED: Duration = Duration::from_secs(3);
/// How soon behind another session's end a response comes of the worker that has become free.
const AT_ONCE: Duration = Duration::from_millis(250);
/// Sessions of this time count for a limit on how often one may be begun.
const RATE: Duration = Duration::from_secs(60);
/// The same is not told again for so long.
const AGAIN: Duration = Duration::from_secs(60);

/// A session that has not ended.
#[derive(Debug)]
struct Live {
    id: SessionId,
    path: Vec<u8>,
    began: Time,
    opened: Option<Time>,
}

/// A session that was cut without a close frame.
#[derive(Debug)]
struct Cut {
    id: SessionId,
    from: Side,
    silence: Duration,
    time: Time,
}

/// The memory of an upstream's sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    live: Vec<Live>,
    /// When the newest sessions began, with their paths.
    begun: VecDeque<(Time, Vec<u8>)>,
    /// The newest end of a session that was open: whose, when it had opened, and when it ended.
    freed: Option<(SessionId, Time, Time)>,
    /// The newest session whose response was missing for a while: whose, when it had begun, and when it was answered.
    late: Option<(SessionId, Time, Time)>,
    cuts: VecDeque<Cut>,
    told: Vec<(FindingKind, Time)>,
}

impl Sessions {
    /// A session's request has gone to the upstream.
    pub fn begin(&mut self, now: Time, id: SessionId, target: &[u8]) {
        let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let path = path.get(..PATH).unwrap_or(path).to_vec();
        if self.live.len() < LIVE {
            self.live.push(Live { id, path: path.clone(), began: now, opened: None });
        }
        self.begun.retain(|(began, _)| now.since(*began) <= RATE);
        if self.begun.len() == LIVE {
            self.begun.pop_front();
        }
        self.begun.push_back((now, path));
    }

    /// Sessions that have opened and not ended, but for that one.
    #[must_use]
    pub fn open_beside(&self, id: SessionId) -> Vec<SessionId> {
        self.live.iter().filter(|live| live.id != id && live.opened.is_some()).map(|live| live.id).collect()
    }

    /// A session's response has come.
    pub fn response(&mut self, now: Time, id: SessionId, status: u16) -> Option<Finding> {
        let place = self.live.iter().position(|live| live.id == id)?;
        let finding = match status {
            101 => {
                self.late = self.live.get(place).map(|live| (live.id, live.began, now));
                self.one_worker()
            }
            429 | 503 => self.limit(now, place, status),
            _ => None,
        };
        if let Some(live) = self.live.get_mut(place).filter(|_| status == 101) {
            live.opened = Some(now);
        }
        self.tell(now, finding?)
    }

    /// A session's connection was cut by one side, without a close frame and after that silence in both directions.
    pub fn cut(&mut self, now: Time, id: SessionId, from: Side, silence: Duration) -> Option<Finding> {
        if silence < SHORTEST {
            return None;
        }
        let is_same = |cut: &&Cut| {
            let apart = cut.silence.abs_diff(silence);
            cut.from == from && apart <= APART && now.since(cut.time) > ONE_EVENT
        };
        let finding = self.cuts.iter().rev().find(is_same).map(|cut| same_silence(cut, id, from, silence));
        if self.cuts.len() == CUTS {
            self.cuts.pop_front();
        }
        self.cuts.push_back(Cut { id, from, silence, time: now });
        self.tell(now, finding?)
    }

    /// A session has ended. What it leaves to others may come before its own last byte does.
    pub fn end(&mut self, now: Time, id: SessionId) -> Option<Finding> {
        let place = self.live.iter().position(|live| live.id == id)?;
        let live = self.live.swap_remove(place);
        self.freed = Some((id, live.opened?, now));
        let finding = self.one_worker()?;
        self.tell(now, finding)
    }

    /// Whether the newest late response and the newest end go together.
    fn one_worker(&self) -> Option<Finding> {
        let (id, began, answered) = self.late?;
        let (other, opened, ended) = self.freed?;
        let waited = answered.since(began);
        let apart = if answered > ended { answered.since(ended) } else { ended.since(answered) };
        let has_waited_for_it = id != other && opened < began && ended > began && waited >= WAITED && apart <= AT_ONCE;
        has_waited_for_it.then(|| {
            let detail = format!(
                "session {id} got its response within {} ms of the end of session {other}, for which it had waited {:.1} s",
                apart.as_millis(),
                waited.as_secs_f64()
            );
            Finding::new(FindingKind::SessionsOneWorker, Place::Connection).detail(detail)
        })
    }

    fn limit(&self, now: Time, place: usize, status: u16) -> Option<Finding> {
        let live = self.live.get(place)?;
        let is_open = |other: &&Live| other.id != live.id && other.path == live.path && other.opened.is_some();
        let open = self.live.iter().filter(is_open).count();
        if open == 0 {
            return None;
        }
        let begun = self.begun.iter().filter(|(time, path)| *path == live.path && now.since(*time) <= RATE).count();
        let (verb, plural) = if open == 1 { ("is", "") } else { ("are", "s") };
        let waited = now.since(live.began);
        let when = if waited < Duration::from_secs(1) {
            "at once".to_owned()
        } else {
            format!("after {:.1} s", waited.as_secs_f64())
        };
        let detail = format!(
            "session {} got {status} {when}, while {open} session{plural} of this path {verb} open; {begun} began within a minute",
            live.id
        );
        let cause = if status == 429 || waited < Duration::from_secs(1) {
            format!(
                "most likely a limit of {open} connection{plural} at a time, or on how many may begin within some time, in a proxy \
                 in front of the server or in the server itself"
            )
        } else {
            format!(
                "most likely a limit of {open} connection{plural} at a time, behind which others wait {:.1} s in a queue",
                waited.as_secs_f64()
            )
        };
        let fix = "raise the limit (nginx: limit_conn, limit_req; HAProxy: maxconn of the server line, timeout queue; uvicorn: \
                   --limit-concurrency), and close sockets that the page no longer uses";
        Some(Finding::new(FindingKind::SessionsLimit, Place::Connection).detail(detail).cause(cause, fix))
    }

    /// The finding, unless its like was told a while ago.
    fn tell(&mut self, now: Time, finding: Finding) -> Option<Finding> {
        self.told.retain(|(_, time)| now.since(*time) < AGAIN);
        if self.told.iter().any(|(kind, _)| *kind == finding.kind) {
            return None;
        }
        self.told.push((finding.kind, now));
        Some(finding)
    }
}

fn same_silence(cut: &Cut, id: SessionId, from: Side, silence: Duration) -> Finding {
    let (one, two) = (cut.silence.as_secs_f64(), silence.as_secs_f64());
    let detail = format!(
        "sessions {} and {id} were cut by the {} after {one:.2} s and {two:.2} s without a byte",
        cut.id,
        from.name()
    );
    let (cause, fix) = end::limit(from, cut.silence.min(silence));
    Finding::new(FindingKind::SessionsSameSilence, Place::Connection).detail(detail).cause(cause, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Time {
        Time(milliseconds * 1000)
    }

    fn kind(finding: Option<Finding>) -> Option<FindingKind> {
        finding.map(|finding| finding.kind)
    }

    fn two_cuts(first: u64, second: u64, between: u64) -> Option<Finding> {
        let mut sessions = Sessions::default();
        assert_eq!(sessions.cut(at(10_000), SessionId(1), Side::Server, Duration::from_millis(first)), None);
        sessions.cut(at(10_000 + between), SessionId(2), Side::Server, Duration::from_millis(second))
    }

    #[test]
    fn the_same_silence_twice_is_a_limit() {
        let found = two_cuts(7312, 7330, 20_000).unwrap();
        assert_eq!(found.kind, FindingKind::SessionsSameSilence);
        assert!(found.detail.contains("sessions 1 and 2"), "{}", found.detail);
        assert!(found.cause.unwrap().contains("is a limit of 7.31 s for silence"));
    }

    #[test]
    fn other_silences_are_none() {
        assert_eq!(two_cuts(7312, 9000, 20_000), None);
        assert_eq!(two_cuts(900, 900, 20_000), None, "a script that is done");
        assert_eq!(two_cuts(7312, 7312, 10), None, "one event: the server was stopped");
        let mut sessions = Sessions::default();
        let silence = Duration::from_secs(9);
        assert_eq!(sessions.cut(at(10_000), SessionId(1), Side::Server, silence), None);
        assert_eq!(sessions.cut(at(40_000), SessionId(2), Side::Client, silence), None, "the other side");
    }

    #[test]
    fn who_is_answered_when_another_ends_has_waited_for_its_worker() {
        let mut sessions = Sessions::default();
        sessions.begin(at(0), SessionId(1), b"/chat");
        assert_eq!(sessions.response(at(5), SessionId(1), 101), None);
        sessions.begin(at(1000), SessionId(2), b"/chat?again");
        assert_eq!(sessions.open_beside(SessionId(2)), [SessionId(1)]);
        assert_eq!(sessions.end(at(8000), SessionId(1)), None);
        let found = sessions.response(at(8004), SessionId(2), 101).unwrap();
        assert_eq!(found.kind, FindingKind::SessionsOneWorker);
        assert!(found.detail.contains("within 4 ms of the end of session 1"), "{}", found.detail);
        // The end may be seen after the response that it made possible.
        sessions.begin(at(70_000), SessionId(3), b"/chat");
        assert_eq!(sessions.response(at(76_000), SessionId(3), 101), None);
        assert_eq!(kind(sessions.end(at(76_010), SessionId(2))), Some(FindingKind::SessionsOneWorker));
    }

    #[test]
    fn a_slow_response_or_a_quick_one_is_no_sign_of_one_worker() {
        for (ended, answered) in [(8000, 9000), (1500, 1600)] {
            let mut sessions = Sessions::default();
            sessions.begin(at(0), SessionId(1), b"/");
            sessions.response(at(5), SessionId(1), 101);
            sessions.begin(at(1000), SessionId(2), b"/");
            assert_eq!(sessions.end(at(ended), SessionId(1)), None);
            assert_eq!(sessions.response(at(answered), SessionId(2), 101), None);
        }
    }

    #[test]
    fn a_refusal_beside_open_sessions_of_the_path_is_a_limit() {
        let mut sessions = Sessions::default();
        for id in 1..=2 {
            sessions.begin(at(id), SessionId(id), b"/chat?token=1");
            sessions.response(at(id + 1), SessionId(id), 101);
        }
        sessions.begin(at(10), SessionId(3), b"/other");
        assert_eq!(sessions.response(at(11), SessionId(3), 503), None, "none of that path is open");
        sessions.begin(at(20), SessionId(4), b"/chat");
        let found = sessions.response(at(21), SessionId(4), 503).unwrap();
        assert!(found.detail.contains("while 2 sessions of this path are open; 3 began"), "{}", found.detail);
        sessions.begin(at(30), SessionId(5), b"/chat");
        assert_eq!(kind(sessions.response(at(31), SessionId(5), 503)), None, "told already");
        assert_eq!(sessions.end(at(100), SessionId(1)), None);
        assert_eq!(sessions.end(at(100), SessionId(2)), None);
        sessions.begin(at(70_000), SessionId(6), b"/chat");
        assert_eq!(kind(sessions.response(at(70_001), SessionId(6), 503)), None, "the server is down");
    }

    #[test]
    fn memory_is_bounded() {
        let mut sessions = Sessions::default();
        for id in 0..3 * LIVE as u64 {
            sessions.begin(at(id), SessionId(id), &[b'a'; 2 * PATH]);
            sessions.response(at(id), SessionId(id), 101);
            sessions.cut(at(id), SessionId(id), Side::Server, Duration::from_secs(id));
        }
        assert!(sessions.live.len() <= LIVE && sessions.begun.len() <= LIVE && sessions.cuts.len() <= CUTS);
        assert!(sessions.live.iter().all(|live| live.path.len() <= PATH));
    }
}
