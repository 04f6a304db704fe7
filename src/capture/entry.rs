//! What a capture tells of itself: what wrote it, where its blocks are, what was marked.

use crate::record::Time;

use super::fields::{MOST, Put, Take, Trouble};
use super::sums::Sums;

/// What wrote a file, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The program and its version, as in `wsproxy 0.1.0`.
    pub program: String,
    /// When the file was begun.
    pub begun: Time,
    /// Which part it is of a capture that goes on in file after file: 1 for the first.
    pub part: u64,
}

impl About {
    pub(super) fn put(&self, put: &mut Put) {
        put.words(&self.program).time(self.begun).number(self.part);
    }

    pub(super) fn take(take: &mut Take<'_>) -> Result<Self, Trouble> {
        Ok(Self { program: take.words()?, begun: take.time()?, part: take.count()? })
    }
}

/// Where a block is in its file, and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Offset of its chunk in the file.
    pub offset: u64,
    /// Whether it repeats what an earlier file of the same capture has told.
    pub is_repeated: bool,
    /// What it comes to.
    pub sums: Sums,
}

/// A row that somebody marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The block's number in its file, from 0.
    pub block: u64,
    /// The number of the thing in the block, as `Log::seen` has it.
    pub thing: u32,
}

impl Mark {
    pub(super) fn put(self, put: &mut Put) {
        put.number(self.block).number(self.thing.into());
    }

    pub(super) fn take(take: &mut Take<'_>) -> Result<Self, Trouble> {
        Ok(Self { block: take.count()?, thing: take.small()? })
    }
}

/// What an index chunk has: all blocks and marks since the one before.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub entries: Vec<Entry>,
    pub marks: Vec<Mark>,
}

impl Index {
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.marks.is_empty()
    }

    /// Writes it, with the offset of the index before it, or 0.
    pub(super) fn put(&self, id: u64, before: u64, put: &mut Put) {
        put.raw(&id.to_le_bytes()).number(before);
        put.number(self.entries.len() as u64);
        let mut offset = 0;
        for entry in &self.entries {
            put.number(entry.offset - offset).flag(entry.is_repeated);
            entry.sums.put(put);
            offset = entry.offset;
        }
        put.number(self.marks.len() as u64);
        for mark in &self.marks {
            mark.put(put);
        }
    }

    /// Reads the index of a file, whose chunk is at `at`, and the offset of the one before it.
    pub(super) fn take(take: &mut Take<'_>, id: u64, at: u64) -> Result<(Self, u64), Trouble> {
        if take.array()? != id.to_le_bytes() {
            return Err(Trouble::Wrong);
        }
        let before = take.number()?;
        let (mut index, mut last) = (Self::default(), before);
        for _ in 0..take.count()? {
            let distance = take.number()?;
            let base = index.entries.last().map_or(0, |entry| entry.offset);
            let offset = base.checked_add(distance).filter(|offset| *offset > last && *offset < at);
            let offset = offset.filter(|offset| *offset < MOST).ok_or(Trouble::Wrong)?;
            last = offset;
            index.entries.push(Entry { offset, is_repeated: take.flag()?, sums: Sums::take(take)? });
        }
        for _ in 0..take.count()? {
            index.marks.push(Mark::take(take)?);
        }
        if before < at { Ok((index, before)) } else { Err(Trouble::Wrong) }
    }
}
