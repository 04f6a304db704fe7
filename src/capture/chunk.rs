//! Chunks: what a capture is a row of.
//!
//! ```text
//!   file    [ magic 8 | version 2 | 0 2 | id 8 | check 4 ]  chunk  chunk  chunk ...
//!   chunk   [ kind 1 | flags 1 | 0 2 | front's length 4 | rest's length 4 | front's check 4 | rest's check 4 | check 4 ]
//!           [ front ][ rest ]
//! ```
//!
//! Numbers of fixed length are little-endian, checks are CRC-32 (IEEE). The check of a chunk's header goes over the file's id
//! and the header. The id is drawn by lot: bytes of a peer's that look like a chunk are none of this file.

use super::fields::{Take, Trouble};

/// The first bytes of a capture. As PNG's: the byte above ASCII and the ends of lines tell of a file that was taken for text.
pub(super) const MAGIC: [u8; 8] = *b"\x89WSP\r\n\x1a\n";

/// The version of the format. What an older reader can leave out does not change it.
pub(super) const VERSION: u16 = 1;

/// Bytes of a file's header.
pub(super) const FILE_HEADER: usize = 24;

/// Bytes of a chunk's header.
pub(super) const HEADER: usize = 24;

/// What wrote the file, and when. It comes first.
pub(super) const ABOUT: u8 = 1;
/// What a session, or none, has seen.
pub(super) const BLOCK: u8 = 2;
/// Somebody marked a row.
pub(super) const MARK: u8 = 3;
/// The sums of the blocks, and the marks, since the index before.
pub(super) const INDEX: u8 = 4;
/// Nothing comes behind it.
pub(super) const END: u8 = 5;

/// The block repeats what an earlier file told of a session that goes on in this one.
pub(super) const REPEATED: u8 = 1;
const KNOWN_FLAGS: u8 = REPEATED;

/// The header of a file.
pub(super) fn file_header(id: u64) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    let fields = MAGIC.into_iter().chain(VERSION.to_le_bytes()).chain([0; 2]).chain(id.to_le_bytes());
    header.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
    seal(&mut header, &[]);
    header
}

/// What a file's header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileHeader {
    /// The file's id.
    Id(u64),
    /// It is no capture.
    Foreign,
    /// It is one of a version that this reader does not know.
    Version(u16),
    /// It is one, and its header is damaged.
    Damaged,
}

pub(super) fn read_file_header(header: &[u8; FILE_HEADER]) -> FileHeader {
    let mut take = Take(header);
    let fields = || -> Result<_, Trouble> {
        let magic = take.array::<8>()?;
        let version = u16::from_le_bytes(take.array()?);
        take.raw(2)?;
        Ok((magic, version, u64::from_le_bytes(take.array()?)))
    };
    let mut fields = fields;
    match fields() {
        Ok((magic, ..)) if magic != MAGIC => FileHeader::Foreign,
        Ok((_, version, _)) if version != VERSION => FileHeader::Version(version),
        Ok((.., id)) if is_sealed(header, &[]) => FileHeader::Id(id),
        _ => FileHeader::Damaged,
    }
}

/// The header of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: u8,
    pub flags: u8,
    /// Bytes of the two parts.
    pub front: u32,
    pub rest: u32,
    pub front_check: u32,
    pub rest_check: u32,
}

impl Header {
    /// Of a chunk with these parts.
    pub(super) fn of(kind: u8, flags: u8, front: &[u8], rest: &[u8]) -> Self {
        let (front_check, rest_check) = (crc32fast::hash(front), crc32fast::hash(rest));
        Self { kind, flags, front: front.len() as u32, rest: rest.len() as u32, front_check, rest_check }
    }

    pub(super) fn bytes(&self, id: u64) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let numbers = [self.front, self.rest, self.front_check, self.rest_check];
        let fields = [self.kind, self.flags, 0, 0].into_iter().chain(numbers.into_iter().flat_map(u32::to_le_bytes));
        header.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        seal(&mut header, &id.to_le_bytes());
        header
    }

    /// Of the chunk whose header these bytes are; `None` where they are none of that file.
    pub(super) fn read(header: &[u8; HEADER], id: u64) -> Option<Self> {
        if !is_sealed(header, &id.to_le_bytes()) {
            return None;
        }
        let mut take = Take(header);
        let ([kind, flags], _) = (take.array::<2>().ok()?, take.raw(2).ok()?);
        let mut number = || take.array().ok().map(u32::from_le_bytes);
        Some(Self { kind, flags, front: number()?, rest: number()?, front_check: number()?, rest_check: number()? })
    }

    /// Whether it says something about how the chunk is to be read that this version does not know.
    pub(super) const fn has_unknown_flags(&self) -> bool {
        self.flags & !KNOWN_FLAGS != 0
    }

    /// Bytes of the whole chunk.
    pub(super) const fn length(&self) -> u64 {
        HEADER as u64 + self.front as u64 + self.rest as u64
    }
}

/// Writes the check of a header, before which `secret` stands, at its end.
fn seal(header: &mut [u8], secret: &[u8]) {
    if let Some((fields, check)) = header.split_last_chunk_mut::<4>() {
        *check = check_of(secret, fields).to_le_bytes();
    }
}

fn is_sealed(header: &[u8], secret: &[u8]) -> bool {
    header.split_last_chunk::<4>().is_some_and(|(fields, check)| check_of(secret, fields).to_le_bytes() == *check)
}

fn check_of(secret: &[u8], fields: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(secret);
    hasher.update(fields);
    hasher.finalize()
}
