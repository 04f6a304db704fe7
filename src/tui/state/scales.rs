//! Frames counted over time, in slots of several widths at once. Each width is a multiple of the one before, so that whoever
//! wants to see any part of the time at any width looks at no more slots than are seen.

use std::collections::VecDeque;

use crate::record::finding::Level;
use crate::record::{PerSide, Time};

const MILLISECOND: u64 = 1_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How wide slots are, in microseconds.
const WIDTHS: [u64; 18] = [
    MILLISECOND,
    5 * MILLISECOND,
    10 * MILLISECOND,
    50 * MILLISECOND,
    100 * MILLISECOND,
    500 * MILLISECOND,
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    10 * DAY,
];

/// How much time a column may stand for, in microseconds: a few slots of the widest that fits into it.
pub(crate) const STEPS: [u64; 29] = [
    MILLISECOND,
    2 * MILLISECOND,
    5 * MILLISECOND,
    10 * MILLISECOND,
    20 * MILLISECOND,
    50 * MILLISECOND,
    100 * MILLISECOND,
    200 * MILLISECOND,
    500 * MILLISECOND,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    10 * DAY,
];

/// The place of the widest slots of which a step has a whole number.
fn scale_of(step: u64) -> usize {
    WIDTHS.iter().rposition(|width| step.is_multiple_of(*width)).unwrap_or_default()
}

/// Slots of one width at most: at the least width a minute of frames in each slot.
const SLOTS: usize = 65_536;

/// What was seen in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Frames, and pieces of what is no frame, from each side.
    pub frames: PerSide<u64>,
    /// The worst that is wrong.
    pub worst: Option<Level>,
}

impl Sum {
    /// Takes in what was seen in some more time.
    pub(crate) fn add(&mut self, other: Self) {
        self.frames.client += other.frames.client;
        self.frames.server += other.frames.server;
        self.worst = self.worst.max(other.worst);
    }
}

/// A slot that something was seen in.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Its place: its beginning over the width.
    at: u64,
    sum: Sum,
}

/// The slots of one width.
#[derive(Debug, Default)]
struct Scale {
    slots: VecDeque<Slot>,
    /// The one that is being added to.
    open: Option<Slot>,
    /// Slots before this place may be missing.
    complete_from: u64,
}

impl Scale {
    fn store(&mut self, slot: Slot) {
        if slot.at < self.complete_from {
            return;
        }
        match self.slots.back_mut() {
            Some(last) if last.at == slot.at => last.sum.add(slot.sum),
            Some(last) if last.at > slot.at => match self.slots.binary_search_by_key(&slot.at, |other| other.at) {
                Ok(place) => self.slots.iter_mut().skip(place).take(1).for_each(|other| other.sum.add(slot.sum)),
                Err(place) => self.slots.insert(place, slot),
            },
            _ => self.slots.push_back(slot),
        }
        if self.slots.len() > SLOTS
            && let Some(oldest) = self.slots.pop_front()
        {
            self.complete_from = oldest.at + 1;
        }
    }
}

/// The slots of all widths.
#[derive(Debug, Default)]
pub(crate) struct Scales([Scale; WIDTHS.len()]);

impl Scales {
    /// Counts what was seen at a time. It is to be seen after `settle`.
    pub(crate) fn count(&mut self, time: Time, sum: Sum) {
        self.add(0, time.0 / WIDTHS[0], sum);
    }

    /// Makes all that was counted to be seen.
    pub(crate) fn settle(&mut self) {
        for place in 0..self.0.len() {
            if let Some(done) = self.0.get_mut(place).and_then(|scale| scale.open.take()) {
                self.finish(place, done);
            }
        }
    }

    /// What was seen in a number of steps from one on, in order: several times of some, and nothing of those in which nothing
    /// was.
    pub(crate) fn steps(&self, step: u64, from: u64, count: u64) -> impl Iterator<Item = (u64, Sum)> {
        let (slots, slots_in_step) = self.slots(step);
        let start = slots.map_or(0, |slots| slots.partition_point(|slot| slot.at < from * slots_in_step));
        let slots = slots.into_iter().flat_map(move |slots| slots.range(start..));
        slots.map(move |slot| (slot.at / slots_in_step, slot.sum)).take_while(move |(at, _)| *at - from < count)
    }

    /// Whether nothing from a step on is missing.
    pub(crate) fn is_complete(&self, step: u64, from: u64) -> bool {
        let slots_in_step = self.slots(step).1;
        self.0.get(scale_of(step)).is_some_and(|scale| scale.complete_from <= from * slots_in_step)
    }

    /// The slots of which a step has a whole number, and that number.
    fn slots(&self, step: u64) -> (Option<&VecDeque<Slot>>, u64) {
        let scale = scale_of(step);
        let width = WIDTHS.get(scale).copied().unwrap_or(1);
        (self.0.get(scale).map(|scale| &scale.slots), step / width)
    }

    /// Adds to a slot of a width. The slots of the next width are added to when it is another's turn: so each costs little.
    fn add(&mut self, width: usize, at: u64, sum: Sum) {
        let Some(scale) = self.0.get_mut(width) else { return };
        if let Some(open) = scale.open.as_mut().filter(|open| open.at == at) {
            return open.sum.add(sum);
        }
        if let Some(done) = scale.open.replace(Slot { at, sum }) {
            self.finish(width, done);
        }
    }

    fn finish(&mut self, width: usize, done: Slot) {
        if let Some(scale) = self.0.get_mut(width) {
            scale.store(done);
        }
        if let (Some(here), Some(next)) = (WIDTHS.get(width), WIDTHS.get(width + 1)) {
            self.add(width + 1, done.at * here / next, done.sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::Side;
    use proptest::prelude::*;

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        assert!(WIDTHS.windows(2).all(|pair| pair[1] > pair[0] && pair[1] % pair[0] == 0));
    }

    proptest! {
        #[test]
        fn all_widths_count_the_same(
            seen in proptest::collection::vec((0u64..20_000_000, any::<bool>(), 1u64..9, 0usize..20), 0..200),
        ) {
            let mut scales = Scales::default();
            for (time, from_client, count, settle) in &seen {
                let frames = if *from_client { PerSide::new(*count, 0) } else { PerSide::new(0, *count) };
                scales.count(Time(*time), Sum { frames, worst: None });
                if *settle == 0 {
                    scales.settle();
                }
            }
            scales.settle();
            for step in STEPS {
                let mut steps = BTreeMap::<u64, Sum>::new();
                scales.steps(step, 0, u64::MAX).for_each(|(at, sum)| steps.entry(at).or_default().add(sum));
                let mut expected = BTreeMap::<u64, PerSide<u64>>::new();
                for (time, from_client, count, _) in &seen {
                    let side = if *from_client { Side::Client } else { Side::Server };
                    expected.entry(time / step).or_default()[side] += count;
                }
                prop_assert_eq!(steps.into_iter().map(|(at, sum)| (at, sum.frames)).collect::<BTreeMap<_, _>>(), expected);
            }
        }
    }
}
