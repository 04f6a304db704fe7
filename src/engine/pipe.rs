//! Bytes on their way from one side of a session to the other.
//!
//! What came in one read goes out in one write, straight from where it was read to where nothing was edited. A pipe is read
//! again only when all that was read before is written, so a slow reader stops only the lane that feeds it.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use crate::record::{Ending, Time};
use crate::wire::hixie;

use super::connection::Connection;

/// Between two frames for a server that takes one read as one message: enough for a busy machine to read the first.
const FRAME_PAUSE: Duration = Duration::from_millis(20);

/// Bytes on their way from one side to the other.
pub(super) struct Pipe {
    /// What of the log's reads is not yet written.
    pub pending: Range<usize>,
    /// The last read, where no record points into it: once it is written, its memory is free.
    pub nobodys: Range<usize>,
    /// Edited and injected bytes; they go after `pending`.
    pub extra: Vec<u8>,
    extra_written: usize,
    /// Whether bytes were written that a buffering stream (TLS) may still hold.
    unflushed: bool,
    pub ended: Option<Ending>,
    /// Whether the receiver was told of the end.
    pub told: bool,
    /// Bytes written so far, in all.
    written: u64,
    /// Where each frame has to be a write of its own: the bytes of the one under way, and the pause behind it.
    frame: usize,
    pause: Option<Pin<Box<Sleep>>>,
    /// Since when `written` stands still although there is something to write.
    stuck: Option<(Time, u64)>,
}

impl Pipe {
    pub(super) fn new() -> Self {
        Self {
            pending: 0..0,
            nobodys: 0..0,
            extra: Vec::new(),
            extra_written: 0,
            unflushed: false,
            ended: None,
            told: false,
            written: 0,
            frame: 0,
            pause: None,
            stuck: None,
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        self.pending.is_empty() && self.extra_written == self.extra.len() && !self.unflushed
    }

    pub(super) fn is_done(&self) -> bool {
        self.ended.is_some() && self.told
    }

    /// The first `end` bytes of the log's reads have left, in `read`: what is not yet written of them is kept here.
    pub(super) fn keep_pending(&mut self, read: &[u8], end: usize) {
        let after = |range: &Range<usize>| {
            (!range.is_empty() && range.start >= end).then(|| range.start - end..range.end - end)
        };
        self.nobodys = after(&self.nobodys).unwrap_or(0..0);
        if let Some(stays) = after(&self.pending) {
            self.pending = stays;
            return;
        }
        let pending = std::mem::replace(&mut self.pending, 0..0);
        if pending.is_empty() {
            return;
        }
        let pending = read.get(pending).unwrap_or_default();
        if self.extra.is_empty() {
            self.extra.extend_from_slice(pending);
        } else {
            self.extra.splice(0..0, pending.iter().copied());
        }
    }

    /// One write of what is pending in the log's `read`, then a flush when all is written. Ready when it did something.
    pub(super) fn poll_write(
        &mut self,
        read: &[u8],
        target: &mut impl Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let mut target = Pin::new(target);
        if !self.pending.is_empty() {
            let written = ready!(target.as_mut().poll_write(cx, read.get(self.pending.clone()).unwrap_or_default()))?;
            self.pending.start += accepted(written)?;
            self.written += written as u64;
        } else if self.extra_written < self.extra.len() {
            let written =
                ready!(target.as_mut().poll_write(cx, self.extra.get(self.extra_written..).unwrap_or_default()))?;
            self.extra_written += accepted(written)?;
            self.written += written as u64;
        } else {
            ready!(target.as_mut().poll_flush(cx))?;
            self.unflushed = false;
            return Poll::Ready(Ok(()));
        }
        self.unflushed = true;
        if self.extra_written == self.extra.len() {
            self.extra.clear();
            self.extra_written = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// As `poll_write`, for a receiver that takes one read as one message: one frame, all of it, then a pause.
    pub(super) fn poll_write_frame(
        &mut self,
        read: &[u8],
        target: &mut impl Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.extra.is_empty() || !self.pending.is_empty() {
            return self.poll_write(read, target, cx);
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let mut target = Pin::new(target);
        let rest = self.extra.get(self.extra_written..).unwrap_or_default();
        if self.frame == 0 {
            self.frame = hixie::first_frame(rest);
        }
        let piece = rest.get(..self.frame).unwrap_or(rest);
        if !piece.is_empty() {
            let written = accepted(ready!(target.as_mut().poll_write(cx, piece))?)?;
            self.extra_written += written;
            self.written += written as u64;
            self.frame = self.frame.saturating_sub(written);
            self.unflushed = true;
        }
        if self.frame == 0 {
            if self.extra_written == self.extra.len() {
                self.extra.clear();
                self.extra_written = 0;
            }
            self.pause = Some(Box::pin(tokio::time::sleep(FRAME_PAUSE)));
            // What fails here fails the next write, too.
            let _ = target.as_mut().poll_flush(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Since when the receiver takes nothing, as seen from one call to the next.
    pub(super) fn blocked(&mut self, now: Time) -> Option<Time> {
        let since = self.stuck.filter(|(_, written)| *written == self.written).map_or(now, |(since, _)| since);
        self.stuck = (!self.is_drained()).then_some((since, self.written));
        self.stuck.map(|(since, _)| since)
    }

    /// Nothing more can be delivered, so nothing more is read.
    pub(super) fn abandon(&mut self) {
        (self.pending, self.nobodys) = (0..0, 0..0);
        self.extra.clear();
        self.extra_written = 0;
        self.unflushed = false;
        self.ended.get_or_insert(Ending::Fin);
        self.told = true;
    }
}

fn accepted(written: usize) -> io::Result<usize> {
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
}
