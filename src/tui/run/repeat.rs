//! Something sent again and again, on a thread of its own, so that neither a slow terminal nor a busy screen delays it.
//!
//! The next one goes when its time has come and the one before it has gone: what has to wait for a peer does not pile up.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

use crate::compose::Repeat;
use crate::control::Replier;
use crate::record::Time;
use crate::relay::injection::Reply;
use crate::tui::state::answer::{Progress, RepeatState};

/// Two answers to each injection, of which one is under way, and the word to stop.
const SIGNALS: usize = 8;
/// Microseconds between two reports while all goes well: the screen shows no more.
const BETWEEN_REPORTS: u64 = 50_000;

enum Signal {
    Stop,
    Reply(Reply),
}

/// Stops the repetition when dropped.
pub(crate) struct Stopper(SyncSender<Signal>);

impl Drop for Stopper {
    fn drop(&mut self) {
        // There is room for it, unless the thread has gone.
        let _ = self.0.try_send(Signal::Stop);
    }
}

/// Starts one: `inject` puts one in, `report` is told how far it is.
///
/// # Errors
///
/// Where there can be no more threads.
pub(crate) fn start(
    repeat: Repeat,
    clock: fn() -> Time,
    mut inject: impl FnMut(Replier) + Send + 'static,
    report: impl FnMut(Progress) + Send + 'static,
) -> io::Result<Stopper> {
    let (sender, signals) = sync_channel(SIGNALS);
    let replies = sender.clone();
    let inject = move || {
        let replies = replies.clone();
        inject(Box::new(move |reply| {
            // Nobody listens any more where it was stopped.
            let _ = replies.try_send(Signal::Reply(reply));
        }));
    };
    let progress = Progress { sent: 0, frame: None, state: RepeatState::Running };
    let repeater = Repeater { repeat, clock, signals, progress, report, reported: Time(0) };
    thread::Builder::new().name("repeat".into()).spawn(move || repeater.run(inject))?;
    Ok(Stopper(sender))
}

struct Repeater<R> {
    repeat: Repeat,
    clock: fn() -> Time,
    signals: Receiver<Signal>,
    progress: Progress,
    report: R,
    reported: Time,
}

impl<R: FnMut(Progress)> Repeater<R> {
    fn run(mut self, mut inject: impl FnMut()) {
        let every = u64::try_from(self.repeat.every.as_micros()).unwrap_or(u64::MAX);
        let mut due = (self.clock)();
        let end = loop {
            if self.progress.sent == self.repeat.times {
                break RepeatState::Done;
            }
            if let Err(state) = self.pause(due) {
                break state;
            }
            inject();
            if let Err(state) = self.wait_for_answer() {
                break state;
            }
            // After a long wait it goes on from then, without making up for what was missed.
            due = Time(due.0.saturating_add(every).max((self.clock)().0.saturating_sub(every)));
        };
        self.progress.state = end;
        (self.report)(self.progress);
    }

    /// Waits for a moment, or to be stopped.
    fn pause(&self, until: Time) -> Result<(), RepeatState> {
        let left = until.since((self.clock)());
        match self.signals.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            _ => Err(RepeatState::Stopped),
        }
    }

    fn wait_for_answer(&mut self) -> Result<(), RepeatState> {
        loop {
            match self.signals.recv() {
                Ok(Signal::Reply(Reply::Waiting(wait))) => {
                    self.progress.state = RepeatState::Waiting(wait);
                    (self.report)(self.progress);
                    self.reported = Time(0);
                }
                Ok(Signal::Reply(Reply::Sent { frame })) => {
                    self.progress = Progress { sent: self.progress.sent + 1, frame, state: RepeatState::Running };
                    self.report_now_and_then();
                    return Ok(());
                }
                // What it puts in is never just done; were it, the next could go.
                Ok(Signal::Reply(Reply::Done | Reply::Released | Reply::Hold(_))) => return Ok(()),
                Ok(Signal::Reply(Reply::Refused(refusal))) => return Err(RepeatState::Refused(refusal)),
                Ok(Signal::Stop) | Err(_) => return Err(RepeatState::Stopped),
            }
        }
    }

    fn report_now_and_then(&mut self) {
        let now = (self.clock)();
        if now.0.saturating_sub(self.reported.0) >= BETWEEN_REPORTS {
            self.reported = now;
            (self.report)(self.progress);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::clock;
    use crate::record::FrameNumber;
    use crate::relay::injection::{Refusal, Wait};

    use std::time::Duration;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    fn repeat(times: u32, every: u64) -> Repeat {
        Repeat { times, every: Duration::from_millis(every) }
    }

    /// Runs one whose injections are answered by `answer`, and gives its reports as they come.
    fn run(repeat: Repeat, mut answer: impl FnMut(u32, Replier) + Send + 'static) -> (Stopper, Receiver<Progress>) {
        let (sender, reports) = sync_channel(100);
        let mut count = 0;
        let inject = move |replier| {
            count += 1;
            answer(count, replier);
        };
        let stopper = start(repeat, clock::now, inject, move |progress| sender.send(progress).unwrap()).unwrap();
        (stopper, reports)
    }

    fn last(reports: &Receiver<Progress>) -> Progress {
        let mut last = reports.recv_timeout(DEADLINE).unwrap();
        while let Ok(next) = reports.recv_timeout(DEADLINE) {
            last = next;
        }
        last
    }

    #[test]
    fn all_are_sent_in_their_time() {
        let begin = clock::now();
        let sent =
            |count, mut replier: Replier| replier(Reply::Sent { frame: Some(FrameNumber::new(u64::from(count))) });
        let (_stopper, reports) = run(repeat(5, 3), sent);
        assert_eq!(last(&reports), Progress { sent: 5, frame: Some(FrameNumber::new(5)), state: RepeatState::Done });
        assert!(clock::now().0 - begin.0 >= 4 * 3000, "four pauses");
    }

    #[test]
    fn a_refusal_ends_it() {
        let (_stopper, reports) = run(repeat(5, 1), |count, mut replier| {
            replier(match count {
                3 => Reply::Refused(Refusal::AfterClose),
                _ => Reply::Sent { frame: None },
            });
        });
        let state = RepeatState::Refused(Refusal::AfterClose);
        assert_eq!(last(&reports), Progress { sent: 2, frame: None, state });
    }

    #[test]
    fn what_waits_does_not_pile_up_and_can_be_stopped() {
        let (kept, waiting) = sync_channel(10);
        let (stopper, reports) = run(repeat(5, 1), move |_, mut replier| {
            replier(Reply::Waiting(Wait::Message));
            kept.send(replier).unwrap();
        });
        let next = || reports.recv_timeout(DEADLINE).unwrap();
        assert_eq!(next().state, RepeatState::Waiting(Wait::Message));
        let mut first = waiting.recv_timeout(DEADLINE).unwrap();
        assert!(waiting.try_recv().is_err(), "the second waits for the first");
        first(Reply::Sent { frame: Some(FrameNumber::new(7)) });
        assert_eq!(next(), Progress { sent: 1, frame: Some(FrameNumber::new(7)), state: RepeatState::Running });
        assert_eq!(next().state, RepeatState::Waiting(Wait::Message));
        drop(stopper);
        assert_eq!(last(&reports), Progress { sent: 1, frame: Some(FrameNumber::new(7)), state: RepeatState::Stopped });
    }

    #[test]
    fn a_long_pause_can_be_stopped() {
        let (stopper, reports) = run(repeat(2, 3_600_000), |_, mut replier| replier(Reply::Sent { frame: None }));
        assert_eq!(reports.recv_timeout(DEADLINE).unwrap().sent, 1);
        drop(stopper);
        assert_eq!(last(&reports).state, RepeatState::Stopped);
    }
}
