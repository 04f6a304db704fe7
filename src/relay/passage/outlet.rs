//! The end of the stages: what they let out is written as bytes for the other side.

use crate::record::{By, Relayed};
use crate::relay::rules::{Finish, Post};
use crate::wire::close::Code;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::units::Unit;

use super::Part;

/// What stages did to the part under way.
#[derive(Debug, Default)]
pub(in crate::relay) struct Work {
    /// Who changed or dropped the frame, if somebody did.
    pub by: Option<By>,
    /// What was done to it, in a few words each.
    pub done: Vec<&'static str>,
    /// Whether it does not go out at all.
    pub is_dropped: bool,
    /// What it is while it has not gone on: held, or delayed.
    pub waits: Option<Relayed>,
}

impl Work {
    /// What became of the frame by this.
    pub(in crate::relay) const fn relayed(&self) -> Relayed {
        match (self.waits, self.by) {
            (Some(waits), _) => waits,
            (None, None) => Relayed::AsIs,
            (None, Some(by)) if self.is_dropped => Relayed::Dropped(by),
            (None, Some(by)) => Relayed::Changed(by),
        }
    }
}

/// What comes out of the stages of one lane.
#[derive(Debug, Default)]
pub(in crate::relay) struct Outlet {
    /// For the other side, until it is taken.
    pub bytes: Vec<u8>,
    /// Where in `bytes` begins what goes out in place of the frame that came last.
    start: usize,
    /// How much has gone out for that frame in earlier reads.
    gone: u64,
    /// The frame that is being written, and how much of its payload is.
    frame: Option<(FrameHeader, u64)>,
    pub(super) work: Work,
    /// For the side that sends.
    pub back: Vec<Unit>,
    /// Whether what goes out at the lane's end belongs to the frame that it has cut short.
    pub is_of_frame: bool,
    /// Whether nothing more of that side is of use.
    pub ends: bool,
    /// The close code with which the session is to be failed.
    pub fault: Option<Code>,
    /// What rules say to the side that sends.
    pub responses: Vec<Post>,
    /// How a rule ends the session.
    pub finish: Option<Finish>,
}

impl Outlet {
    /// Whole frames go out as they came.
    pub(in crate::relay) fn pass(&mut self, frames: &[u8]) {
        self.bytes.extend_from_slice(frames);
        self.begin();
    }

    /// Begins within a frame, of which the header and so many bytes of the payload have gone out.
    pub(in crate::relay) const fn resume(&mut self, header: FrameHeader, written: u64) {
        self.frame = Some((header, written));
    }

    /// Another frame begins to come.
    pub(in crate::relay) fn begin(&mut self) {
        self.start = self.bytes.len();
        // Behind a fault no frame goes out, and it is the guilty one of which some may have.
        if self.fault.is_none() {
            self.gone = 0;
        }
    }

    /// What goes out in place of the frame under way in this call, and how much of it went in earlier ones.
    pub(in crate::relay) fn of_frame(&self) -> (u64, &[u8]) {
        (self.gone, self.bytes.get(self.start..).unwrap_or_default())
    }

    /// What was done to the frame since this was asked before.
    pub(in crate::relay) fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Gives what is to go out.
    pub(in crate::relay) fn take(&mut self) -> Vec<u8> {
        self.gone += self.bytes.len().saturating_sub(self.start) as u64;
        self.start = 0;
        std::mem::take(&mut self.bytes)
    }

    /// Whether a close frame can stand where the frame under way failed the session: not within that frame.
    pub(in crate::relay) const fn is_at_border(&self) -> bool {
        self.gone == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.back.is_empty() && !self.ends && self.responses.is_empty()
    }

    pub(super) fn write(&mut self, part: Part<'_>) {
        match part {
            Part::Header { header, .. } => {
                header.write(&mut self.bytes);
                self.frame = Some((*header, 0));
            }
            Part::Payload { bytes, last } => {
                let Some((header, written)) = &mut self.frame else { return };
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                if let (Some(key), Some(fresh)) = (header.mask, self.bytes.get_mut(start..)) {
                    mask::apply(key, *written, fresh);
                }
                *written += bytes.len() as u64;
                if last {
                    self.bytes.extend_from_slice(header.terminator());
                    self.frame = None;
                }
            }
        }
    }

    pub(super) fn fail(&mut self, code: Code) {
        self.bytes.truncate(self.start);
        self.fault = Some(code);
    }
}
