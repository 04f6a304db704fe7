//! All blocks of a capture's files, one after the other, each held no longer than it is looked at.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use crate::capture::Reader;
use crate::record::finding::FindingKind;
use crate::record::{Log, SessionId};

/// Blocks between two looks whether to stop.
const BETWEEN_LOOKS: usize = 64;

/// A block on the way.
#[derive(Clone, Copy, Debug)]
pub enum Walked<'a> {
    /// What was seen, of a session or of none.
    Seen(Option<SessionId>, &'a Log),
    /// So many records that can't be read.
    Lost(u64),
}

/// What the blocks came to.
#[derive(Debug, Default)]
pub struct Walk {
    /// How many findings of each kind.
    pub findings: BTreeMap<FindingKind, u64>,
    /// Why records are missing, in a sentence: the first reason.
    pub trouble: Option<String>,
}

/// Gives each block on. `goes_on` is asked now and then, with how many hundredths of the blocks are done; `None` where it
/// says no.
///
/// # Errors
/// Those of `take`, which end it.
pub fn walk(
    files: &mut [Reader<impl Read + Seek>],
    mut goes_on: impl FnMut(usize) -> bool,
    mut take: impl FnMut(Walked<'_>) -> io::Result<()>,
) -> io::Result<Option<Walk>> {
    let all: usize = files.iter().map(|reader| reader.entries().len()).sum();
    let (mut walk, mut done) = (Walk::default(), 0);
    for (number, reader) in files.iter_mut().enumerate() {
        for entry in reader.take_entries() {
            if done % BETWEEN_LOOKS == 0 && !goes_on(done * 100 / all.max(1)) {
                return Ok(None);
            }
            done += 1;
            // What a further file repeats of sessions that go on is known from the one before it.
            if number > 0 && entry.is_repeated {
                continue;
            }
            match reader.load(&entry) {
                Ok(loaded) => {
                    loaded.log.findings().for_each(|kind| *walk.findings.entry(kind).or_default() += 1);
                    take(Walked::Seen(loaded.session, &loaded.log))?;
                }
                Err(error) => {
                    walk.trouble.get_or_insert_with(|| error.to_string());
                    take(Walked::Lost(entry.sums.things.into()))?;
                }
            }
        }
    }
    Ok(Some(walk))
}
