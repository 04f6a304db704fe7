//! The lines of a capture: what the run that it was written by printed, or would have.

use std::io::{self, Read, Seek, Write};

use crate::archive::{Walk, Walked, walk};
use crate::capture::Reader;
use crate::export::Printer;

/// Prints all blocks of a capture's files, one after the other, and the last lines. Blocks that can't be read are told as lost.
/// `None` where `goes_on` ends it, of which `walk` says more.
///
/// # Errors
/// When `out` can't be written to.
pub fn print_capture(
    files: &mut [Reader<impl Read + Seek>],
    mut printer: Printer,
    goes_on: impl FnMut(usize) -> bool,
    out: &mut dyn Write,
) -> io::Result<Option<Walk>> {
    let mut text = Vec::new();
    let walked = walk(files, goes_on, |block| {
        text.clear();
        match block {
            Walked::Seen(session, log) => printer.log(session, log, &mut text),
            Walked::Lost(records) => printer.lost(records, &mut text),
        }
        out.write_all(&text)
    })?;
    let Some(walked) = walked else { return Ok(None) };
    printer.finish(&walked.findings, out)?;
    out.flush()?;
    Ok(Some(walked))
}
