//! A capture that is being written: blocks in; flushed, indexed and rotated in time.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::capture::{About, Writer};
use crate::record::{Log, SessionId, Time};

use super::carry::Carry;
use super::parts::Parts;

/// What is written is with the system so soon. It is what a kill costs at most, with what waits to be written.
const FLUSH: Duration = Duration::from_millis(500);
/// An index comes behind so many bytes: so often that one is found near the end of any file, and so seldom that they
/// cost nothing.
const INDEX: u64 = 8 * 1024 * 1024;
/// And behind so many blocks.
const INDEX_BLOCKS: usize = 4096;
/// Bytes of small chunks that are written at once.
const BUFFER: usize = 64 * 1024;

/// When a further file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// When one has so many bytes.
    Bytes(u64),
    /// When one is so old and something comes.
    Age(Duration),
}

/// A capture that is being written, in one file or in several, one after the other.
pub(super) struct CaptureFile {
    parts: Parts,
    rotate: Option<Rotate>,
    carry: Carry,
    writer: Writer<BufWriter<File>>,
    path: PathBuf,
    begun: Time,
    /// What was told again at the beginning, or nothing, is all that is in it.
    is_fresh: bool,
    /// Since when something is not with the system.
    unflushed: Option<Time>,
    /// Bytes at the last index.
    indexed: u64,
    /// Bytes of the files before.
    before: u64,
    /// Bytes of the file that tell again what an earlier one told.
    again: u64,
}

impl CaptureFile {
    /// Begins one.
    ///
    /// # Errors
    /// Where its first file can't be written, in a sentence.
    pub(super) fn begin(mut parts: Parts, rotate: Option<Rotate>, now: Time) -> io::Result<Self> {
        let (writer, path) = next(&mut parts, now)?;
        Ok(Self {
            parts,
            rotate,
            carry: Carry::default(),
            writer,
            path,
            begun: now,
            is_fresh: true,
            unflushed: Some(now),
            indexed: 0,
            before: 0,
            again: 0,
        })
    }

    /// Adds what a session, or none, has seen.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn add(&mut self, session: Option<SessionId>, log: &Log, now: Time) -> io::Result<()> {
        if self.is_due(now) {
            self.rotate(now)?;
        }
        if self.rotate.is_some() {
            self.carry.read(session, log);
        }
        self.writer.add(session, log)?;
        self.is_fresh = false;
        self.unflushed.get_or_insert(now);
        if self.writer.written() - self.indexed >= INDEX || self.writer.unindexed() >= INDEX_BLOCKS {
            self.writer.index()?;
            self.indexed = self.writer.written();
        }
        Ok(())
    }

    /// Hands what has waited for long enough to the system. Says when the next time is.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn tend(&mut self, now: Time) -> io::Result<Option<Duration>> {
        let Some(since) = self.unflushed else { return Ok(None) };
        let waited = now.since(since);
        if waited < FLUSH {
            return Ok(Some(FLUSH - waited));
        }
        self.flush()?;
        Ok(None)
    }

    /// Hands all to the system.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.unflushed = None;
        self.writer.flush()
    }

    /// Ends it, and gives the bytes of all files.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn finish(self) -> io::Result<u64> {
        let file = self.writer.finish()?;
        Ok(self.before + file.get_ref().metadata()?.len())
    }

    /// The file under way.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of all files so far.
    pub(super) fn bytes(&self) -> u64 {
        self.before + self.writer.written()
    }

    fn is_due(&self, now: Time) -> bool {
        !self.is_fresh
            && match self.rotate {
                None => false,
                // Half of it is for what is new, however much has to be told again.
                Some(Rotate::Bytes(most)) => {
                    let size = self.writer.written() + self.writer.pending() as u64;
                    size >= most && size - self.again >= most / 2
                }
                Some(Rotate::Age(age)) => now.since(self.begun) >= age,
            }
    }

    fn rotate(&mut self, now: Time) -> io::Result<()> {
        // What is full is ended first, so that it is whole even where there is no room for another.
        self.writer.index()?;
        let (writer, path) = next(&mut self.parts, now)?;
        let full = std::mem::replace(&mut self.writer, writer);
        self.before += full.written();
        full.finish()?;
        (self.path, self.begun, self.is_fresh, self.indexed) = (path, now, true, 0);
        for (session, log) in self.carry.tell() {
            self.writer.repeat(session, &log)?;
        }
        self.again = self.writer.written() + self.writer.pending() as u64;
        Ok(())
    }
}

fn next(parts: &mut Parts, now: Time) -> io::Result<(Writer<BufWriter<File>>, PathBuf)> {
    let (part, path, file) = parts.next()?;
    let about = About { program: concat!("wsproxy ", env!("CARGO_PKG_VERSION")).to_owned(), begun: now, part };
    let mut writer = Writer::new(BufWriter::with_capacity(BUFFER, file), rand::random(), &about)?;
    // Whoever looks finds a capture, if an empty one.
    writer.flush()?;
    Ok((writer, path))
}
