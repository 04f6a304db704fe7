//! The timeline: how many frames came when, in the sessions that are shown, and which part of that is to be seen.
//!
//! Blocks are counted once, as they come, and so much at a time that no draw waits for it.

use std::collections::VecDeque;
use std::ops::Range;

use crate::capture::Sums;
use crate::diagnose;
use crate::journal::{Block, Index, RowId, Scope};
use crate::record::finding::Level;
use crate::record::{Event, Origin, Outcome, PerSide, ProxyEvent, Record, Side, Time};

use super::scales::{STEPS, Scales, Sum};

/// Records that one call counts.
const BUDGET: usize = 20_000;
/// What it costs to read a block from a file: so many records.
const OPENING: usize = 5_000;
/// Parts of the time of a block in a file over which its frames are spread.
const PARTS: u64 = 8;
/// Injected rows that are remembered: the newest.
const INJECTED: usize = 10_000;

/// The part of the time that is to be seen: some steps, a column each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The step's place among all.
    step: usize,
    /// The first one: its beginning over its length.
    from: u64,
    /// How many there are.
    pub columns: u16,
}

impl Window {
    /// Microseconds that a column stands for.
    #[must_use]
    pub(crate) fn width(&self) -> u64 {
        STEPS.get(self.step).copied().unwrap_or(1)
    }

    /// When a column begins.
    #[must_use]
    pub(crate) fn start(&self, column: u16) -> Time {
        Time((self.from + u64::from(column)).saturating_mul(self.width()))
    }

    /// The column of a time; that at an end for one that lies beyond.
    #[must_use]
    pub(crate) fn column(&self, time: Time) -> u16 {
        let slot = (time.0 / self.width()).saturating_sub(self.from);
        slot.min(u64::from(self.columns.saturating_sub(1))) as u16
    }
}

/// Which way to zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zoom {
    /// To a shorter part of the time.
    In,
    /// To a longer one.
    Out,
}

/// The timeline of what is shown.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    scope: Option<Scope>,
    /// The next block to count.
    next: u64,
    scales: Scales,
    /// Frames that the user put in.
    injected: VecDeque<RowId>,
    is_busy: bool,
    /// How many steps shorter columns are than they have to be for all to be seen.
    zoom: usize,
    window: Option<Window>,
}

impl Timeline {
    /// Whether there is more to count.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// What is to be seen.
    #[must_use]
    pub(crate) const fn window(&self) -> Option<Window> {
        self.window
    }

    /// What was seen in each column of a window.
    #[must_use]
    pub(crate) fn columns(&self, window: Window) -> Vec<Sum> {
        let mut columns = vec![Sum::default(); usize::from(window.columns)];
        for (at, sum) in self.scales.steps(window.width(), window.from, u64::from(window.columns)) {
            if let Some(column) = columns.get_mut((at - window.from) as usize) {
                column.add(sum);
            }
        }
        columns
    }

    /// Whether a frame between two rows was put in by the user.
    #[must_use]
    pub(crate) fn has_injected(&self, rows: &Range<RowId>) -> bool {
        let place = self.injected.partition_point(|row| *row < rows.start);
        self.injected.get(place).is_some_and(|row| *row < rows.end)
    }

    /// Counts what is new in a scope.
    pub(crate) fn learn(&mut self, view: &Index, scope: Scope) {
        if self.scope != Some(scope) {
            *self = Self { scope: Some(scope), zoom: self.zoom, ..Self::default() };
        }
        let mut budget = BUDGET;
        self.is_busy = false;
        for sequence in view.blocks_from(scope, self.next) {
            if budget == 0 {
                self.is_busy = true;
                break;
            }
            self.next = sequence + 1;
            match view.sums(sequence) {
                Some(sums) if sums.events == 0 => {
                    budget = budget.saturating_sub(PARTS as usize);
                    self.spread(sums);
                    continue;
                }
                Some(_) => budget = budget.saturating_sub(OPENING),
                None => {}
            }
            if let Some(block) = view.block(sequence) {
                budget = budget.saturating_sub(1 + block.log.records.len());
                self.count(block);
            }
        }
        self.scales.settle();
        let first = view.first();
        while self.injected.len() > INJECTED || self.injected.front().is_some_and(|row| row.block < first) {
            self.injected.pop_front();
        }
    }

    /// Counts the frames of a block that is in a file and that need not be read for it: in equal parts over its time.
    fn spread(&mut self, sums: &Sums) {
        let time = sums.latest.0.saturating_sub(sums.earliest.0);
        for part in 0..PARTS {
            let share = |count: u32| u64::from(count) * (part + 1) / PARTS - u64::from(count) * part / PARTS;
            let frames = PerSide::from_fn(|side| share(sums.frames[side]));
            if frames.sum() > 0 {
                let at = sums.earliest.0
                    + u64::try_from(u128::from(time) * u128::from(part) / u128::from(PARTS)).unwrap_or(time);
                self.scales.count(Time(at), Sum { frames, worst: None });
            }
        }
    }

    fn count(&mut self, block: &Block) {
        for (number, record) in block.log.numbered() {
            let of = |from: Side, count: u32| {
                let count = u64::from(count);
                PerSide::from_fn(|side| if side == from { count } else { 0 })
            };
            let (frames, worst) = match record {
                Record::Run(run) => (of(run.from, run.count), None),
                Record::Frame(frame) => {
                    if frame.origin == Origin::Injected {
                        let row = RowId { time: frame.time, block: block.sequence, record: number };
                        let place = self.injected.partition_point(|other| *other < row);
                        self.injected.insert(place, row);
                    }
                    (of(frame.from, 1), None)
                }
                Record::Raw(raw) => (of(raw.from, 1), None),
                Record::Event(_, event) => (PerSide::default(), level(event)),
                Record::Proxy(_, event) => (PerSide::default(), level_of_none(event)),
                Record::More(_) | Record::Sent(_) => continue,
            };
            if frames.sum() > 0 || worst.is_some() {
                self.scales.count(record.time(), Sum { frames, worst });
            }
        }
    }

    /// Finds out what is to be seen of the time from the first row to the last in so many columns: all of it, or, where it
    /// is zoomed into, the part with the selected row.
    pub(crate) fn settle(&mut self, rows: Option<(Time, Time)>, selected: Time, columns: u16) {
        let Some((first, last)) = rows.filter(|_| columns > 0) else {
            self.window = None;
            return;
        };
        let room = u64::from(columns);
        let last = last.max(first);
        let whole = STEPS.iter().position(|step| last.0 / step - first.0 / step < room).unwrap_or(STEPS.len() - 1);
        self.zoom = self.zoom.min(whole);
        let steps = STEPS.iter().enumerate().skip(whole - self.zoom);
        let mut windows = steps.map(|(step, width)| {
            let [first, last, selected] = [first, last, selected].map(|time| time.0 / width);
            let window = Window { step, from: self.left_edge(step, first, last, selected, room), columns };
            (window, step >= whole || self.scales.is_complete(*width, window.from))
        });
        self.window = windows.find(|(_, is_complete)| *is_complete).map(|(window, _)| window);
    }

    /// The first step: it stays where it is as long as the selected one is to be seen.
    fn left_edge(&self, step: usize, first: u64, last: u64, selected: u64, room: u64) -> u64 {
        if last - first < room {
            return first;
        }
        let most = (last + 1).saturating_sub(room).max(first);
        let before = self.window.filter(|window| window.step == step && u64::from(window.columns) == room);
        match before {
            Some(window) if (window.from..window.from + room).contains(&selected) => window.from.clamp(first, most),
            _ => selected.saturating_sub(room / 2).clamp(first, most),
        }
    }

    /// Shows a shorter part of the time, or a longer one. Says how much a column is to be, in microseconds; `None` where
    /// there is no shorter one, or all is to be seen already.
    pub(crate) fn zoom(&mut self, zoom: Zoom) -> Option<u64> {
        let step = self.window?.step;
        let (zoom, step) = match zoom {
            Zoom::In => (self.zoom + 1, step.checked_sub(1)?),
            Zoom::Out => (self.zoom.checked_sub(1)?, step + 1),
        };
        self.zoom = zoom;
        STEPS.get(step).copied()
    }
}

/// How bad it is what an event tells of.
fn level(event: &Event) -> Option<Level> {
    match event {
        Event::Finding(_, finding) => Some(diagnose::words(finding.kind).level),
        Event::Verdict(verdict) => (verdict.outcome == Outcome::Fails).then_some(Level::Error),
        Event::Stall { over: false, .. } => Some(Level::Warning),
        Event::Answered { .. } => Some(Level::Error),
        _ => None,
    }
}

/// The same where there is no session.
fn level_of_none(event: &ProxyEvent) -> Option<Level> {
    match event {
        ProxyEvent::Finding(_, finding) => Some(diagnose::words(finding.kind).level),
        ProxyEvent::Answered { .. } => Some(Level::Error),
        _ => None,
    }
}
