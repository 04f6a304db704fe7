//! All sessions in one glance: how many are open, how fast frames come, and what is wrong.

use std::collections::VecDeque;

use crate::diagnose;
use crate::journal::{Fold, Index, Lens, Scope, UpstreamState};
use crate::record::Time;
use crate::record::finding::Level;
use crate::text;

use crate::tui::pages::trouble::Trouble;

use super::worst::{Problem, Worst};

/// The numbers of the header line, and the worst problem.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    /// Sessions that can still change.
    pub live: usize,
    /// Sessions in all.
    pub sessions: u64,
    /// Frames, in all sessions that are remembered.
    pub frames: u64,
    /// The worst problem: of the worst level, rather of a live session, rather new.
    pub problem: Option<Problem>,
    /// When wsproxy began, as its first event says.
    pub began: Option<Time>,
    worst: Worst,
    samples: VecDeque<(Time, u64)>,
    /// How often it was refreshed.
    generation: u64,
}

/// Over how long the rate is taken, and between samples, in microseconds.
const WINDOW: u64 = 2_000_000;
const SAMPLE: u64 = 200_000;

impl Overview {
    /// Takes in what has changed. It is always the same view, that of now.
    pub(crate) fn refresh(&mut self, view: &Index, now: Time) {
        self.generation += 1;
        self.live = view.live();
        self.sessions = view.sessions().len() as u64 + view.forgotten();
        self.frames = view.frames();
        self.worst.learn(view);
        let of_sessions = self.worst.problem(view);
        self.problem = upstream_down(view).or_else(|| worse(shared(view), of_sessions));
        self.began = self.began.or_else(|| {
            let own = Lens { scope: Scope::Own, fold: Fold::NONE };
            view.row(own, view.range(own).start).map(|row| row.time)
        });
        self.sample(now);
    }

    /// Changes with each refresh.
    #[must_use]
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Notes how many frames there are at a time.
    pub(crate) fn sample(&mut self, now: Time) {
        let due = self.samples.back().is_none_or(|(time, _)| now.0 >= time.0.saturating_add(SAMPLE));
        if due {
            self.samples.push_back((now, self.frames));
        }
        while self.samples.get(1).is_some_and(|(time, _)| time.0.saturating_add(WINDOW) <= now.0) {
            self.samples.pop_front();
        }
    }

    /// Frames a second, lately.
    #[must_use]
    pub(crate) fn rate(&self, now: Time) -> u64 {
        let Some((start, frames)) = self.samples.front() else { return 0 };
        // The first look at a full journal is no burst.
        let elapsed = now.0.saturating_sub(start.0).max(SAMPLE);
        self.frames.saturating_sub(*frames).saturating_mul(1_000_000) / elapsed
    }
}

/// While the upstream is known to be down, nothing else can be put right.
fn upstream_down(view: &Index) -> Option<Problem> {
    let UpstreamState::Down(time, trouble) = view.upstream() else { return None };
    let text = text::escape(trouble.as_bytes());
    Some(Problem { level: Level::Error, session: None, time: *time, text, lasts: false })
}

/// The worst of what was found in no one session, the newest of its level.
fn shared(view: &Index) -> Option<Problem> {
    let worst = view.shared().iter().max_by_key(|(time, _, finding)| (diagnose::words(finding.kind).level, *time));
    worst.map(|(time, from, finding)| {
        let level = diagnose::words(finding.kind).level;
        Problem { level, session: None, time: *time, text: Trouble::Finding(*from, finding).headline(), lasts: false }
    })
}

/// The worse of two. What several sessions tell together says more than what each does.
fn worse(shared: Option<Problem>, of_sessions: Option<Problem>) -> Option<Problem> {
    match (shared, of_sessions) {
        (Some(shared), Some(other)) if other.level > shared.level => Some(other),
        (Some(shared), _) => Some(shared),
        (None, other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let mut overview = Overview::default();
        overview.sample(Time(0));
        overview.frames = 1000;
        overview.sample(Time(1_000_000));
        assert_eq!(overview.rate(Time(1_000_000)), 1000);
        for second in 2..5 {
            overview.sample(Time(second * 1_000_000));
        }
        assert_eq!(overview.rate(Time(4_000_000)), 0);
    }
}
