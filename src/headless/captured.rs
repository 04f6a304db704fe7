//! The lines of a capture: what the run that it was written by printed, or would have.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use crate::capture::Reader;
use crate::record::finding::FindingKind;

use crate::export::Printer;

/// What there was beside the lines.
#[derive(Debug, Default)]
pub struct Printed {
    /// How many findings of each kind.
    pub findings: BTreeMap<FindingKind, u64>,
    /// Why lines are missing, in a sentence: the first reason.
    pub trouble: Option<String>,
}

/// Prints all blocks of a capture's files, one after the other, and the last lines. Blocks that can't be read are told as lost.
///
/// # Errors
/// When `out` can't be written to.
pub fn print_capture(
    files: &mut [Reader<impl Read + Seek>],
    mut printer: Printer,
    out: &mut dyn Write,
) -> io::Result<Printed> {
    let mut printed = Printed::default();
    let mut text = Vec::new();
    for (number, reader) in files.iter_mut().enumerate() {
        // What a further file repeats of sessions that go on is known from the one before it.
        let entries = reader.take_entries().into_iter().filter(|entry| number == 0 || !entry.is_repeated);
        for entry in entries {
            match reader.load(&entry) {
                Ok(loaded) => {
                    for kind in loaded.log.findings() {
                        *printed.findings.entry(kind).or_default() += 1;
                    }
                    printer.log(loaded.session, &loaded.log, &mut text);
                }
                Err(error) => {
                    printer.lost(entry.sums.things.into(), &mut text);
                    printed.trouble.get_or_insert_with(|| error.to_string());
                }
            }
            out.write_all(&text)?;
            text.clear();
        }
    }
    printer.finish(&printed.findings, &mut text)?;
    out.write_all(&text)?;
    out.flush()?;
    Ok(printed)
}
