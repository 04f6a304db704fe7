//! What is found out about a block when it comes. Of most there is nothing to be known.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::{Event, FrameNumber, Record};

use super::beats;
use super::block::Block;
use super::fold::{Hidden, JoinedMessage, Messages};
use super::row::RowId;

/// It, by the numbers of things in the block.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    /// What has no row.
    pub hidden: Hidden,
    /// Messages in fragments that begin in this block, by the first fragment.
    pub begun: BTreeMap<u32, JoinedMessage>,
    /// Further fragments in this block, and the row of the first of each.
    heads: Vec<(u32, RowId)>,
    /// Where a frame goes on, and what else is told of it, by the frame.
    parts: Vec<(FrameNumber, u32)>,
    /// Messages that are known to be heartbeats.
    pub known: Vec<u32>,
}

/// Whether the last row is a heartbeat: with a row for each fragment, and for each message.
pub(super) type LastIsBeat = [bool; 2];

impl Details {
    /// Nothing.
    pub(super) const NONE: &'static Self =
        &Self { hidden: Hidden::NONE, begun: BTreeMap::new(), heads: Vec::new(), parts: Vec::new(), known: Vec::new() };

    /// Those of a block in which messages begin and go on so.
    pub(super) fn of(block: &Block, messages: Messages) -> Self {
        let Messages { begun, heads } = messages;
        let mut parts = Vec::new();
        for (number, record) in block.log.numbered() {
            parts_of(record, |frame| parts.push((frame, number)));
        }
        parts.sort_unstable();
        Self { begun, heads, parts, ..Self::default() }
    }

    /// Finds out anew what has no row, where the last row before the block is a heartbeat or not. Says whether the last one in
    /// it is.
    pub(super) fn hide(&mut self, block: &Block, before: LastIsBeat) -> LastIsBeat {
        let (hidden, after) = beats::hide(block, self, before);
        self.hidden = hidden;
        after
    }

    /// Themselves, where there is anything to be known.
    pub(super) fn kept(self) -> Option<Arc<Self>> {
        let lists = [self.heads.len(), self.parts.len(), self.known.len(), self.begun.len()];
        (lists != [0; 4] || !self.hidden.is_none()).then(|| Arc::new(self))
    }

    /// The first fragment of the message that a further fragment belongs to.
    pub(super) fn head(&self, record: u32) -> Option<RowId> {
        let found = self.heads.binary_search_by_key(&record, |(fragment, _)| *fragment).ok()?;
        self.heads.get(found).map(|(_, head)| *head)
    }

    /// Whether a message is known to be a heartbeat.
    pub(super) fn knows(&self, record: u32) -> bool {
        self.known.binary_search(&record).is_ok()
    }

    /// What is told of a frame in this block, by number, in order.
    pub(super) fn parts(&self, frame: FrameNumber) -> impl Iterator<Item = u32> {
        let from = self.parts.partition_point(|(number, _)| *number < frame);
        let parts = self.parts.iter().skip(from).take_while(move |(number, _)| *number == frame);
        parts.map(|(_, record)| *record)
    }

    /// The frames of which this block tells, but which did not begin in it.
    pub(super) fn begun_earlier(&self, block: &Block) -> Vec<FrameNumber> {
        if self.parts.is_empty() {
            return Vec::new();
        }
        let frames = block.log.records.iter().filter_map(|record| match record {
            Record::Frame(frame) => Some(frame.number),
            _ => None,
        });
        let mut here: Vec<_> = frames.collect();
        here.sort_unstable();
        let mut earlier: Vec<_> = self.parts.iter().map(|(frame, _)| *frame).collect();
        earlier.dedup();
        earlier.retain(|frame| here.binary_search(frame).is_err());
        earlier
    }
}

/// The frames that a record tells more of.
fn parts_of(record: &Record, mut each: impl FnMut(FrameNumber)) {
    match record {
        Record::More(more) => each(more.number),
        Record::Sent(sent) => each(sent.number),
        Record::Event(_, event) => match &**event {
            Event::Inflated(inflated) => each(inflated.frame),
            Event::Released(released) => released.frames.iter().copied().for_each(each),
            Event::Ruled(ruled) => ruled.frame.into_iter().for_each(each),
            _ => {}
        },
        _ => {}
    }
}
