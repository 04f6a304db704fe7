//! Where a session's reads go: into the memory of its log, so that nothing is copied between a socket and the journal.
//!
//! A quiet session has no buffer at all: it reads into one that all sessions of a thread share, and the few bytes are copied.
//! A busy one reads into a slab, of which each log that it hands over takes the part that it filled:
//!
//! ```text
//!   slab   [ block 7        | block 9              | what is read next          | room          ]
//!            handed over      handed over            log.read
//! ```

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, BytesMut};
use tokio::io::{AsyncReadExt as _, ReadBuf};

use crate::journal::Memory;
use crate::record::Log;

use super::connection::Connection;

/// Bytes of a read of a quiet session.
const SCRATCH: usize = 64 * 1024;
/// A session of which so many bytes wait to be handed over is a busy one.
const BUSY: usize = 16 * 1024;
/// Bytes of a read of a busy one. What is written at once wakes its receiver once, and that is what a small write costs
/// most; what is larger than a core's cache comes back from memory (measured: of a quarter or twice of this a byte costs a
/// twentieth more).
pub(super) const READ: usize = 512 * 1024;
/// With less room than this a slab is full, and a session that reads less than this until it hands over needs none.
const ROOM: usize = 64 * 1024;

thread_local! {
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// One read, added to `log.read`; gives how many bytes came. Where `is_full`, the log has to be handed over before.
pub(super) fn poll_read(
    source: &mut impl Connection,
    log: &mut Log,
    memory: &Memory,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if has_slab(log) {
        let mut room = (&mut log.read).limit(READ);
        return pin!(source.read_buf(&mut room)).poll(cx);
    }
    SHARED.with_borrow_mut(|shared| {
        let mut buffer = ReadBuf::new(shared);
        ready!(Pin::new(source).poll_read(cx, &mut buffer))?;
        let came = buffer.filled();
        if log.read.len() + came.len() >= BUSY {
            let quiet = std::mem::replace(&mut log.read, memory.slab());
            log.read.extend_from_slice(&quiet);
        }
        log.read.extend_from_slice(came);
        Poll::Ready(Ok(came.len()))
    })
}

/// Whether the session is a busy one. A quiet one's memory, which grows by doubling, is smaller than any slab's room.
pub(super) fn has_slab(log: &Log) -> bool {
    log.read.capacity() >= ROOM
}

/// Whether a busy session's slab has no room for a read that is worth it.
pub(super) fn is_full(log: &Log) -> bool {
    has_slab(log) && log.read.capacity() - log.read.len() < ROOM
}

/// Takes a log that is handed over, and leaves one for what comes next. The part of the slab that was filled goes with
/// the log, but for the bytes from `end` on, which no record wants: they stay. Where hardly anything came, it is copied
/// and the slab goes back. Gives the log, and how many bytes of the reads went with it.
pub(super) fn renew(log: &mut Log, end: usize, memory: &Memory) -> (Log, usize) {
    let mut done = std::mem::take(log);
    let (length, capacity) = (done.read.len(), done.read.capacity());
    if !has_slab(&done) {
        return (done, length);
    }
    let end = if capacity - end < ROOM { length } else { end };
    let few = (end < ROOM).then(|| BytesMut::from(done.read.get(..end).unwrap_or_default()));
    if end < length || (few.is_none() && capacity - end >= ROOM) {
        log.read = done.read.split_off(end);
    } else if few.is_none() {
        log.read = memory.slab();
    }
    if let Some(few) = few {
        memory.recycle(std::mem::replace(&mut done.read, few));
    }
    (done, end)
}
