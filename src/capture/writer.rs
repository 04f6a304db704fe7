//! Writes a capture: logs in, chunks out.

use std::io::{self, Write};

use crate::record::{Log, Record, SessionId, Time};

use super::chunk::{self, Header};
use super::entry::{About, Entry, Index, Mark};
use super::fields::Put;
use super::record;
use super::sums::{Lanes, Sums};

/// A block is written when it has so many bytes: so few that one is read in no time, so many that a day's are not too many.
const FULL: usize = 256 * 1024;

/// Things of one block at most; a run has no more than 256.
const MOST_THINGS: u32 = 1 << 20;

/// The block that is being put together.
struct Pending {
    front: Put,
    rest: Vec<u8>,
    sums: Sums,
    before: Time,
    flags: u8,
}

impl Pending {
    fn new(session: Option<SessionId>, flags: u8) -> Self {
        let mut front = Put::default();
        front.session(session);
        Self { front, rest: Vec::new(), sums: Sums::of(session), before: Time(0), flags }
    }

    fn size(&self) -> usize {
        self.front.0.len() + self.rest.len()
    }
}

/// Writes to one file. Each chunk is one or two writes, so a sink that buffers small ones helps. After an error the file
/// may end within a chunk, and no more is to be written.
pub struct Writer<W> {
    sink: W,
    id: u64,
    /// Bytes written.
    at: u64,
    pending: Option<Pending>,
    /// What the last index does not have yet.
    fresh: Index,
    /// Offset of the last index; 0 where there is none.
    index: u64,
    blocks: u64,
    lanes: Lanes,
    scratch: Put,
}

impl<W: Write> Writer<W> {
    /// Begins a file. `id` is drawn by lot.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn new(sink: W, id: u64, about: &About) -> io::Result<Self> {
        let mut writer = Self {
            sink,
            id,
            at: 0,
            pending: None,
            fresh: Index::default(),
            index: 0,
            blocks: 0,
            lanes: Lanes::default(),
            scratch: Put::default(),
        };
        writer.write(&chunk::file_header(id))?;
        let mut front = Put::default();
        about.put(&mut front);
        writer.chunk(chunk::ABOUT, 0, &front.0, &[])?;
        Ok(writer)
    }

    /// Adds what a session, or none, has seen: to the block under way where that is of the same session and not full, else
    /// as a new one. Nothing of it has to be in the file before `flush`.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn add(&mut self, session: Option<SessionId>, log: &Log) -> io::Result<()> {
        self.add_flagged(session, log, 0)
    }

    /// As `add`, for what an earlier file has already told of a session that goes on in this one.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn repeat(&mut self, session: Option<SessionId>, log: &Log) -> io::Result<()> {
        self.add_flagged(session, log, chunk::REPEATED)
    }

    fn add_flagged(&mut self, session: Option<SessionId>, log: &Log, flags: u8) -> io::Result<()> {
        if self.pending.as_ref().is_some_and(|pending| pending.sums.session != session || pending.flags != flags) {
            self.end_block()?;
        }
        for record in &log.records {
            self.record(session, flags, log, record)?;
        }
        Ok(())
    }

    fn record(&mut self, session: Option<SessionId>, flags: u8, log: &Log, record: &Record) -> io::Result<()> {
        let length = record::data_length(record);
        let is_full = |pending: &Pending| {
            let size = pending.size();
            size >= FULL || (size > 0 && size + length > 2 * FULL) || pending.sums.things >= MOST_THINGS
        };
        if self.pending.as_ref().is_some_and(is_full) {
            self.end_block()?;
        }
        let pending = self.pending.get_or_insert_with(|| Pending::new(session, flags));
        record::write(record, log, pending.before, &mut self.scratch, &mut pending.front, &mut pending.rest);
        pending.before = record.time();
        pending.sums.record(record, &mut self.lanes);
        Ok(())
    }

    /// Marks a row: a thing of a block of this file.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn mark(&mut self, mark: Mark) -> io::Result<()> {
        self.end_block()?;
        let mut front = Put::default();
        mark.put(&mut front);
        self.chunk(chunk::MARK, 0, &front.0, &[])?;
        self.fresh.marks.push(mark);
        Ok(())
    }

    /// Writes what is pending out, and has the sink do so.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn flush(&mut self) -> io::Result<()> {
        self.end_block()?;
        self.sink.flush()
    }

    /// Writes an index of all that came since the last one, where something did.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn index(&mut self) -> io::Result<()> {
        self.end_block()?;
        if self.fresh.is_empty() {
            return Ok(());
        }
        let (at, mut front) = (self.at, Put::default());
        std::mem::take(&mut self.fresh).put(self.id, self.index, &mut front);
        self.chunk(chunk::INDEX, 0, &front.0, &[])?;
        self.index = at;
        Ok(())
    }

    /// Ends the file with an index and says where that is. Gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        self.index()?;
        self.chunk(chunk::END, 0, &self.index.to_le_bytes(), &[])?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Where it writes to. What was written may be taken out of it.
    pub const fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Bytes of the file so far, those included that a buffering sink still holds.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.at
    }

    /// Bytes of the block that is not written yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.as_ref().map_or(0, Pending::size)
    }

    /// How many blocks there will be in the file once what is pending is written: the number of the next one.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks + u64::from(self.pending.is_some())
    }

    /// How many blocks were written since the last index.
    #[must_use]
    pub const fn unindexed(&self) -> usize {
        self.fresh.entries.len()
    }

    fn end_block(&mut self) -> io::Result<()> {
        let Some(Pending { front, rest, sums, flags, .. }) = self.pending.take() else { return Ok(()) };
        let offset = self.at;
        self.chunk(chunk::BLOCK, flags, &front.0, &rest)?;
        self.blocks += 1;
        self.fresh.entries.push(Entry { offset, is_repeated: flags & chunk::REPEATED != 0, sums });
        Ok(())
    }

    fn chunk(&mut self, kind: u8, flags: u8, front: &[u8], rest: &[u8]) -> io::Result<()> {
        let most = front.len().max(rest.len());
        if u32::try_from(most).is_err() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a record of {most} bytes is too long for a capture"),
            ));
        }
        let header = Header::of(kind, flags, front, rest);
        self.write(&header.bytes(self.id))?;
        self.write(front)?;
        self.write(rest)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}
