//! Reads a capture: finds its blocks by the index, and what no index has by a look at each chunk; gives them one by one.
//!
//! A file may be cut anywhere, damaged, still being written, or made by somebody who means ill. What is found up to where no
//! sense can be made stays; how the file ends, and why, is a `Tail`.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use crate::record::{Log, SessionId};

use super::chunk::{self, FILE_HEADER, FileHeader, HEADER, Header};
use super::entry::{About, Entry, Index, Mark};
use super::fields::{Take, Trouble};
use super::record::Records;
use super::sums::{Lanes, Sums};
use super::window::Window;

/// Bytes at the end of a cut file in which the last index is looked for. One is written much more often.
const SEARCHED: u64 = 32 * 1024 * 1024;

/// Why a file can't be opened as a capture at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It begins with other bytes.
    #[error("it is no capture of wsproxy's: a capture begins with the bytes 89 57 53 50")]
    Foreign,
    /// It ends before its header does.
    #[error("it is a capture that was cut after {0} bytes, before anything was in it")]
    Short(u64),
    /// Its format is a newer one.
    #[error("it is a capture of version {0}, and this wsproxy reads version {version}: open it with a newer one", version = chunk::VERSION)]
    Version(u16),
    /// The header's check is not that of its bytes.
    #[error("it is a capture whose first 24 bytes are damaged, without which nothing of it can be checked")]
    Damaged,
    /// It can't be read.
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
}

/// Why a block can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// What stands there is not what was written.
    #[error("the capture is damaged at byte {at}: {what}")]
    Damaged {
        /// Offset of the chunk.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// It can't be read.
    #[error("the capture can't be read: {0}")]
    Io(#[from] io::Error),
}

/// How a file ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// As its writer ended it.
    Ended,
    /// Behind a whole chunk: it is still being written, or its writer came to no end.
    Open,
    /// Within a chunk, which begins at `at`: `there` bytes of `whole`; of its header where `whole` is not known.
    Cut {
        /// Offset of the chunk.
        at: u64,
        /// Bytes of it that are there.
        there: u64,
        /// How many it has.
        whole: Option<u64>,
    },
    /// No sense can be made of the bytes from `at` on.
    Damaged {
        /// Offset of the first of them.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl fmt::Display for Tail {
    /// In a sentence, without a final stop.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => write!(out, "it is whole"),
            Self::Open => {
                write!(out, "it has no end: it is still being written, or wsproxy was ended before it could end it")
            }
            Self::Cut { at, there, whole: Some(whole) } => {
                write!(
                    out,
                    "it is cut at byte {}: of the {whole} bytes of its last chunk {there} are there",
                    at + there
                )
            }
            Self::Cut { at, there, whole: None } => {
                write!(out, "it is cut at byte {}, within the header of a chunk", at + there)
            }
            Self::Damaged { at, what } => {
                write!(out, "it is damaged at byte {at}: {what}; nothing behind that is shown")
            }
        }
    }
}

/// A block as it was read.
#[derive(Debug)]
pub struct Loaded {
    /// Whose it is.
    pub session: Option<SessionId>,
    /// What was seen.
    pub log: Log,
    /// Records of kinds that this version does not know. In their places the log has notes that say so.
    pub unknown: u32,
}

/// A capture that was opened.
pub struct Reader<R> {
    window: Window<R>,
    id: u64,
    about: About,
    entries: Vec<Entry>,
    marks: Vec<Mark>,
    /// Offset of the first chunk that was not looked at.
    next: u64,
    tail: Tail,
    skipped: Option<Skipped>,
    lanes: Lanes,
}

/// Blocks that no sense can be made of, between others of which it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: u64,
    /// Offset of the first one's chunk.
    pub at: u64,
    /// What is wrong with that.
    pub what: &'static str,
}

impl<R: Read + Seek> Reader<R> {
    /// Finds all blocks of a file. Costs a look at the indexes, and at each chunk behind the last one.
    ///
    /// # Errors
    /// Where it is no capture, or none that this version reads, or can't be read. What is cut or damaged is no error.
    pub fn open(source: R) -> Result<Self, OpenError> {
        let mut window = Window::new(source);
        let header = window.array::<FILE_HEADER>(0)?;
        let Some(header) = header else {
            let length = window.length()?;
            let start = window.get(0, length)?.unwrap_or_default();
            let is_ours = chunk::MAGIC.starts_with(start) || start.starts_with(&chunk::MAGIC);
            return Err(if is_ours { OpenError::Short(length) } else { OpenError::Foreign });
        };
        let id = match chunk::read_file_header(&header) {
            FileHeader::Id(id) => id,
            FileHeader::Foreign => return Err(OpenError::Foreign),
            FileHeader::Version(version) => return Err(OpenError::Version(version)),
            FileHeader::Damaged => return Err(OpenError::Damaged),
        };
        let mut reader = Self {
            window,
            id,
            about: About::default(),
            entries: Vec::new(),
            marks: Vec::new(),
            next: FILE_HEADER as u64,
            tail: Tail::Open,
            skipped: None,
            lanes: Lanes::default(),
        };
        if let Some(index) = reader.last_index()? {
            reader.about()?;
            reader.take_indexes(index)?;
        }
        reader.follow()?;
        Ok(reader)
    }

    /// Looks for what was added since the last look, and gives how many blocks that is.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn follow(&mut self) -> io::Result<usize> {
        let before = self.entries.len();
        if matches!(self.tail, Tail::Ended | Tail::Damaged { .. }) {
            return Ok(0);
        }
        self.tail = self.scan()?;
        Ok(self.entries.len() - before)
    }

    /// What wrote it, and when.
    #[must_use]
    pub const fn about_file(&self) -> &About {
        &self.about
    }

    /// The blocks that were found since the last call, as they stand in the file: a million need not be held twice.
    #[must_use]
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Bytes of the file now.
    ///
    /// # Errors
    /// Where it does not say.
    pub fn size(&mut self) -> io::Result<u64> {
        self.window.length()
    }

    /// All blocks, as they stand in the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All marks. They may name blocks or things that are not there.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// How it ends, as far as it was looked at.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Blocks that were left out, as no sense can be made of them, among those that no index has.
    #[must_use]
    pub const fn skipped(&self) -> Option<Skipped> {
        self.skipped
    }

    /// The file's id, for `load`.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The whole of a block.
    ///
    /// # Errors
    /// Where it is damaged, or not what the index says it is, or can't be read.
    pub fn load(&mut self, entry: &Entry) -> Result<Loaded, LoadError> {
        load(self.window.source(), self.id, entry)
    }

    #[cfg(test)]
    pub(super) fn grow(&mut self, act: impl FnOnce(&mut R)) {
        act(self.window.source());
    }

    /// Offset of the last index that can be found; `None` where it is as well to look at each chunk from the start.
    fn last_index(&mut self) -> io::Result<Option<u64>> {
        let length = self.window.length()?;
        let end = (HEADER + size_of::<u64>()) as u64;
        if let Some(at) = length.checked_sub(end)
            && let Some(header) = self.header(at)?.filter(|header| header.kind == chunk::END)
            && let Ok(front) = self.front(at, &header)?
            && let Ok(index) = Take(&front).array().map(u64::from_le_bytes)
        {
            return Ok(Some(index).filter(|index| *index > 0));
        }
        self.search_back(length)
    }

    /// Looks for an index from the end on.
    fn search_back(&mut self, length: u64) -> io::Result<Option<u64>> {
        const STEP: u64 = 64 * 1024;
        let first = length.saturating_sub(SEARCHED).max(FILE_HEADER as u64);
        let mut end = length;
        while end > first {
            let start = end.saturating_sub(STEP).max(first);
            let Some(piece) = self.window.get(start, (end - start + HEADER as u64).min(length - start))? else { break };
            let headers = piece.windows(HEADER).enumerate().rev();
            let found = headers.filter(|(_, header)| header.first() == Some(&chunk::INDEX));
            let found = found.filter_map(|(place, header)| {
                Header::read(header.first_chunk()?, self.id)?;
                Some(start + place as u64)
            });
            for at in found.collect::<Vec<_>>() {
                if self.index_at(at)?.is_some() {
                    return Ok(Some(at));
                }
            }
            end = start;
        }
        Ok(None)
    }

    /// Takes in the index at `last` and all before it. Where one of them is not sound, none is: each chunk is looked at.
    fn take_indexes(&mut self, last: u64) -> io::Result<()> {
        let (mut indexes, mut at, mut end) = (Vec::new(), last, None);
        while at > 0 {
            let Some((index, before, length)) = self.index_at(at)? else { return Ok(()) };
            end.get_or_insert(at + length);
            indexes.push(index);
            at = before;
        }
        for index in indexes.into_iter().rev() {
            self.entries.extend(index.entries);
            self.marks.extend(index.marks);
        }
        self.next = end.unwrap_or(self.next);
        Ok(())
    }

    /// The index there, the offset of the one before it, and its bytes.
    fn index_at(&mut self, at: u64) -> io::Result<Option<(Index, u64, u64)>> {
        let Some(header) = self.header(at)?.filter(|header| header.kind == chunk::INDEX) else { return Ok(None) };
        let Ok(front) = self.front(at, &header)? else { return Ok(None) };
        let index = Index::take(&mut Take(&front), self.id, at).ok();
        Ok(index.map(|(index, before)| (index, before, header.length())))
    }

    fn about(&mut self) -> io::Result<()> {
        let at = FILE_HEADER as u64;
        if let Some(header) = self.header(at)?.filter(|header| header.kind == chunk::ABOUT)
            && let Ok(front) = self.front(at, &header)?
        {
            self.about = About::take(&mut Take(&front)).unwrap_or_default();
        }
        Ok(())
    }

    /// Looks at each chunk from `next` on, and says why it goes no further.
    fn scan(&mut self) -> io::Result<Tail> {
        loop {
            let (at, length) = (self.next, self.window.length()?);
            let there = length.saturating_sub(at);
            if there == 0 {
                return Ok(Tail::Open);
            }
            if there < HEADER as u64 {
                return Ok(Tail::Cut { at, there, whole: None });
            }
            let Some(header) = self.header(at)? else {
                return Ok(Tail::Damaged { at, what: "the check of a chunk's header is wrong" });
            };
            if there < header.length() {
                return Ok(Tail::Cut { at, there, whole: Some(header.length()) });
            }
            let taken = match self.front(at, &header)? {
                Ok(front) => self.take_in(at, &header, &front).map_err(|trouble| match trouble {
                    Trouble::Wrong => NOT_AS_WRITTEN,
                    Trouble::Unknown => "it is written in a way that this version does not know",
                }),
                Err(what) => Err(what),
            };
            if let Err(what) = taken {
                self.skipped.get_or_insert(Skipped { count: 0, at, what }).count += 1;
            }
            self.next = at + header.length();
            if header.kind == chunk::END {
                return Ok(Tail::Ended);
            }
        }
    }

    fn take_in(&mut self, at: u64, header: &Header, front: &[u8]) -> Result<(), Trouble> {
        let mut take = Take(front);
        match header.kind {
            chunk::ABOUT => self.about = About::take(&mut take)?,
            chunk::BLOCK if header.has_unknown_flags() => return Err(Trouble::Unknown),
            chunk::BLOCK => {
                let session = take.session()?;
                let (log, _) = Records::new(session, take, None).read()?;
                let sums = Sums::of_records(session, &log.records, &mut self.lanes);
                let is_repeated = header.flags & chunk::REPEATED != 0;
                self.entries.push(Entry { offset: at, is_repeated, sums });
            }
            chunk::MARK => self.marks.push(Mark::take(&mut take)?),
            // What an index has was seen; what is of a kind that a newer version writes is left out.
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, at: u64) -> io::Result<Option<Header>> {
        let id = self.id;
        Ok(self.window.array::<HEADER>(at)?.and_then(|header| Header::read(&header, id)))
    }

    /// The first part of a chunk, or what is wrong with it.
    fn front(&mut self, at: u64, header: &Header) -> io::Result<Result<Vec<u8>, &'static str>> {
        let Some(front) = self.window.get(at + HEADER as u64, header.front.into())? else {
            return Ok(Err("the file ends within the chunk"));
        };
        let is_right = crc32fast::hash(front) == header.front_check;
        Ok(if is_right { Ok(front.to_vec()) } else { Err("the check of a chunk's first part is wrong") })
    }
}

const NOT_AS_WRITTEN: &str = "a chunk whose check is right is not as the format says";

/// The whole of a block of the file of that id. With this, several readers have a file each.
///
/// # Errors
/// Where the block is damaged, or not what the entry says it is, or can't be read.
pub fn load(source: &mut (impl Read + Seek), id: u64, entry: &Entry) -> Result<Loaded, LoadError> {
    let at = entry.offset;
    let damaged = |what| LoadError::Damaged { at, what };
    source.seek(SeekFrom::Start(at))?;
    let header = read_exactly(source, HEADER as u64)?;
    let header = header.as_deref().and_then(|header| Header::read(header.first_chunk()?, id));
    let header = header.filter(|header| header.kind == chunk::BLOCK && !header.has_unknown_flags());
    let header = header.ok_or_else(|| damaged("no block begins there"))?;
    let mut part = |length: u32, check: u32| {
        let bytes = read_exactly(source, length.into())?.ok_or_else(|| damaged("the file ends within the block"))?;
        if crc32fast::hash(&bytes) == check { Ok(bytes) } else { Err(damaged("the check of a block is wrong")) }
    };
    let (front, rest) = (part(header.front, header.front_check)?, part(header.rest, header.rest_check)?);
    let mut front = Take(&front);
    let read = front.session().and_then(|session| {
        let (log, unknown) = Records::new(session, front, Some(Take(&rest))).read()?;
        Ok(Loaded { session, log, unknown })
    });
    let loaded = read.map_err(|_| damaged(NOT_AS_WRITTEN))?;
    if !entry.sums.may_be(&loaded) {
        return Err(damaged("it is not what the index says"));
    }
    Ok(loaded)
}

/// So many bytes; `None` where there are fewer. Memory grows with what comes, not with what is asked for.
fn read_exactly(source: &mut impl Read, count: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.take(count).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 == count))
}
