//! Messages put together of their frames.

use std::borrow::Cow;

use crate::record::FrameNumber;
use crate::wire::frame::FrameHeader;

use super::{Frame, Queue};

/// All of a message that has come.
#[derive(Debug)]
pub(in crate::relay::hold) struct Gathered<'a> {
    pub header: FrameHeader,
    pub number: FrameNumber,
    pub length: u64,
    pub payload: Cow<'a, [u8]>,
    pub inflated: Option<Cow<'a, [u8]>>,
    /// Frames of it.
    pub frames: usize,
    /// Whether all that it says is there: it is not compressed, or inflated to its end.
    pub is_readable: bool,
}

impl Queue {
    /// All that has come of a message that is here.
    pub(in crate::relay::hold) fn gathered(&self, id: u64) -> Option<Gathered<'_>> {
        let message = self.messages.get(&id)?;
        // It is asked of the newest, of which there are many more in front.
        let newest = self.frames.iter().rev().filter(|frame| frame.message == id).take(message.frames);
        let frames: Vec<_> = newest.collect();
        let join = |piece: for<'a> fn(&'a Frame) -> &'a [u8]| match frames.as_slice() {
            [only] => Cow::Borrowed(piece(only)),
            all => Cow::Owned(all.iter().rev().flat_map(|frame| piece(frame)).copied().collect()),
        };
        let inflated = message
            .is_packed
            .then(|| join(|frame| frame.inflated.as_ref().map_or(&[], |inflated| inflated.bytes.as_slice())));
        let payload = join(|frame| frame.payload.as_slice());
        let is_all = |frame: &&Frame| frame.inflated.as_ref().is_some_and(|inflated| inflated.is_all);
        let is_readable = !message.is_packed || frames.iter().all(is_all);
        let (header, number, length) = (message.header, message.first, message.length);
        Some(Gathered { header, number, length, payload, inflated, frames: frames.len(), is_readable })
    }
}
