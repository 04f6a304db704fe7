//! Blocks that are in files: what an index is told of them, and who reads them.

use std::sync::Arc;

use crate::capture;
use crate::record::{Log, Record, SessionId, Time};

use super::beats::BlockBeats;
use super::block::Block;
use super::details::{Details, LastIsBeat};
use super::fold::Lanes;
use super::memory::Memory;

/// Where an index that shows a capture has its blocks from. All of it is asked for by the thread of the screen, and the
/// logs by that of a search, too.
pub trait Archive: Send + Sync {
    /// A block's records. `None` where they can't be had, which the archive has to say for itself.
    fn load(&self, stored: &Stored) -> Option<Log>;

    /// What was found since the last call, in its order.
    fn news(&self) -> Vec<News>;

    /// What there is to say of the file.
    fn status(&self) -> ArchiveStatus;
}

/// What there is to say of a capture that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveStatus {
    /// The file's name, safe to show.
    pub name: String,
    /// Bytes of it, and of those before it.
    pub size: u64,
    /// The times of the first and of the last that is in it.
    pub range: Option<(Time, Time)>,
    /// How it ends.
    pub end: ArchiveEnd,
    /// What is wrong with it, in a sentence without a final stop.
    pub trouble: Option<String>,
}

/// How a capture ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveEnd {
    /// As its writer ended it.
    Whole,
    /// It does not yet: it is being written.
    Growing,
    /// Behind something whole, though its writer has not ended it, and writes no more.
    Missing,
    /// Within something, at that byte.
    Cut(u64),
    /// No sense can be made of what is behind that byte.
    Damaged(u64),
}

/// A block in a file. The archive's blocks are numbered from 0, as it tells of them.
#[derive(Debug)]
pub struct Stored {
    /// Which of the archive's files.
    pub file: usize,
    /// What the file says of it.
    pub entry: capture::Entry,
}

/// What an archive has found.
#[derive(Debug)]
pub enum News {
    /// The next block.
    Block(Arc<Stored>),
    /// What happened to a session, or to none, in a block that was told of before; of each block that has events, in their
    /// order.
    Events {
        /// Number of the block.
        block: u64,
        /// Whose it is.
        session: Option<SessionId>,
        /// Its events, each by its number in the block.
        events: Vec<(u32, Record)>,
    },
}

/// A block, for who reads it elsewhere: it holds on to no more of it than the index does.
#[derive(Clone)]
pub struct BlockRef {
    /// Its place in the journal.
    pub sequence: u64,
    /// Whose it is.
    pub session: Option<SessionId>,
    pub(super) at: RefAt,
}

/// Where it is.
#[derive(Clone)]
pub(super) enum RefAt {
    Memory(Arc<Block>, Option<Arc<Details>>),
    File { archive: Arc<dyn Archive>, stored: Arc<Stored>, known: Option<Arc<Details>>, before: LastIsBeat },
}

/// Opens the blocks of an index one after the other, the first one first.
#[derive(Default)]
pub struct Opener {
    lanes: Lanes,
    memory: Arc<Memory>,
}

impl Opener {
    /// The block and what is known of its heartbeats; `None` where it can't be had.
    pub fn open(&mut self, block: &BlockRef) -> Option<(Arc<Block>, BlockBeats)> {
        match &block.at {
            RefAt::Memory(block, details) => Some((Arc::clone(block), BlockBeats(details.clone()))),
            RefAt::File { archive, stored, known, before } => {
                let log = archive.load(stored)?;
                let block = Block::new(block.sequence, block.session, log, Arc::clone(&self.memory));
                let (messages, _) = self.lanes.read(&block);
                let mut details = Details::of(&block, messages);
                details.known = known.as_ref().map(|known| known.known.clone()).unwrap_or_default();
                details.hide(&block, *before);
                Some((Arc::new(block), BlockBeats(details.kept())))
            }
        }
    }
}
