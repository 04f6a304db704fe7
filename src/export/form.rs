//! What each format does with the things that were seen.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::json::{self, Item, Totals};
use crate::record::finding::FindingKind;
use crate::wire::frame::FrameHeader;

/// A format: things that were seen go in one by one, in the order in which they are complete, and bytes come out.
pub(super) trait Form: Send {
    /// Payload bytes of a frame that it is written down with.
    fn wanted(&self, _header: &FrameHeader) -> usize {
        usize::MAX
    }

    /// Whether it has a place for such a thing.
    fn tells(&self, _item: &Item<'_>) -> bool {
        true
    }

    /// Whether it writes down what a decoder says where that is no more than the message says itself, too.
    fn takes_all_readings(&self) -> bool {
        false
    }

    /// Takes the next thing. What can be written already is added to `out`.
    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>);

    /// Takes a thing that a filter hides: what is shown may need it, as frames need their session's heads.
    fn hidden(&mut self, _item: &Item<'_>, _out: &mut Vec<u8>) {}

    /// So many records left before they could be had.
    fn lost(&mut self, records: u64, out: &mut Vec<u8>);

    /// Writes what is left; `findings` counts them by kind.
    ///
    /// # Errors
    /// When `out` can't be written to, or what was put aside could not be kept.
    fn finish(&mut self, totals: &Totals, findings: &BTreeMap<FindingKind, u64>, out: &mut dyn Write)
    -> io::Result<()>;
}

/// Nothing.
pub(super) struct Nothing;

impl Form for Nothing {
    fn wanted(&self, _: &FrameHeader) -> usize {
        0
    }

    fn item(&mut self, _: &Item<'_>, _: &mut Vec<u8>) {}

    fn lost(&mut self, _: u64, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// JSON Lines.
pub(super) struct JsonLines;

impl Form for JsonLines {
    fn takes_all_readings(&self) -> bool {
        true
    }

    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        json::write(item, out);
    }

    fn lost(&mut self, records: u64, out: &mut Vec<u8>) {
        json::lost(records, out);
    }

    fn finish(
        &mut self,
        totals: &Totals,
        findings: &BTreeMap<FindingKind, u64>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut line = Vec::new();
        json::summary(totals, findings, &mut line);
        out.write_all(&line)
    }
}
