//! What was seen, in memory: blocks of logs within a byte budget, and views over them.
//!
//! A session's task hands a block over by pointer, under one short lock; nothing here is done for each frame. Readers
//! take pointers out the same way and build what they need on their own threads. When the budget is full, the oldest
//! blocks go, and whoever shows them counts what went.

mod archive;
mod beats;
mod block;
mod cache;
mod details;
mod fold;
mod frames;
mod gone;
mod heartbeats;
mod held;
mod index;
mod joined;
mod memory;
mod order;
mod pieces;
mod ranked;
mod recorder;
mod row;
mod sessions;
mod shelved;
mod store;
mod summary;

pub use archive::{Archive, ArchiveEnd, ArchiveStatus, BlockRef, News, Opener, Stored};
pub use beats::BlockBeats;
pub use block::Block;
pub use fold::{Fold, Heartbeats, JoinedMessage, Lens};
pub use gone::Passage;
pub use index::{Index, UpstreamState};
pub use joined::{Joined, Said};
pub use memory::Memory;
pub use recorder::{Recording, Room};
pub use row::{FrameRow, HeartbeatRun, Row, RowId, Scope, SentBytes};
pub use shelved::events_of;
pub use store::{Counts, Journal, Subscription};
pub use summary::{Compressed, HeldHead, InSecond, SessionState, SessionSummary};

#[cfg(test)]
mod stored_tests;
#[cfg(test)]
mod tests;
