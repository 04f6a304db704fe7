//! A message while rules change it.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::relay::injection::Injection;
use crate::wire::frame::{FIN, RSV1};
use crate::wire::opcode::Opcode;

use super::judge::Whole;
use super::{Replacement, splice};

/// What is to go out in place of a message.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// RSV and opcode of its first frame.
    first: u8,
    body: Vec<u8>,
    /// Frames in which it goes out: from 1.
    frames: usize,
    /// Whether it is still compressed.
    is_packed: bool,
}

impl Draft {
    /// The message as it came.
    fn as_it_came(whole: &Whole<'_>) -> Self {
        let first = whole.said.record.header.first & !FIN;
        let (body, is_packed) = (whole.said.payload.to_vec(), whole.said.inflated.is_some());
        Self { first, body, frames: whole.frames, is_packed }
    }

    /// The message as it reads; `None` where it is compressed and not all of it can be inflated.
    pub(super) fn as_it_reads(whole: &Whole<'_>) -> Option<Self> {
        let came = Self::as_it_came(whole);
        match whole.said.inflated {
            None => Some(came),
            Some(inflated) => whole.is_readable.then(|| Self {
                first: came.first & !RSV1,
                body: inflated.to_vec(),
                frames: came.frames,
                is_packed: false,
            }),
        }
    }

    /// One whose frames change and not what they say: compressed it stays so, where nothing leans on it.
    pub(super) fn to_be_cut(whole: &Whole<'_>) -> Option<Self> {
        if whole.takes_over { Self::as_it_reads(whole) } else { Some(Self::as_it_came(whole)) }
    }

    /// Whether it is a part of what a receiver has inflated before.
    pub(super) const fn is_packed(&self) -> bool {
        self.is_packed
    }

    pub(super) const fn frames(&self) -> usize {
        self.frames
    }

    pub(super) const fn set_frames(&mut self, frames: usize) {
        self.frames = frames;
    }

    /// Keeps the first bytes. Says what that did, if it did anything.
    pub(super) fn truncate(&mut self, length: usize) -> Option<String> {
        let before = self.body.len();
        self.body.truncate(length);
        (before > length).then(|| format!("cut from {before} to {length} bytes"))
    }

    /// Turns bits over. Says which, if there are any.
    pub(super) fn flip(&mut self, bits: u32, random: &mut StdRng) -> Option<String> {
        let mut flipped = Vec::new();
        for _ in 0..bits {
            if self.body.is_empty() {
                break;
            }
            let (at, bit) = (random.random_range(0..self.body.len()), random.random_range(0..8_u32));
            if let Some(byte) = self.body.get_mut(at) {
                *byte ^= 1 << bit;
                flipped.push(format!("bit {bit} of byte {at}"));
            }
        }
        (!flipped.is_empty()).then(|| format!("turned over {}", flipped.join(", ")))
    }

    /// Puts something else in, as long as it stays within a limit. Says what that did, if it did anything.
    pub(super) fn replace(&mut self, replacement: &Replacement, limit: usize) -> Option<String> {
        let words = match replacement {
            Replacement::Pattern(pattern, with) => {
                let (body, places) = pattern.replace(&self.body, with, limit)?;
                self.body = body;
                if places == 1 { "replaced at 1 place".to_owned() } else { format!("replaced at {places} places") }
            }
            Replacement::Json(path, value) => {
                self.body = splice::replaced(&self.body, path.names(), value)?;
                format!("{} replaced", path.text())
            }
        };
        Some(words)
    }

    /// As it goes out.
    pub(super) fn injection(&self) -> Injection {
        let opcode = Opcode::new(self.first);
        match Injection::fragmented(opcode, &self.body, self.frames) {
            Injection::Fragments { payloads, .. } if payloads.len() > 1 => {
                Injection::Fragments { first: self.first, payloads }
            }
            _ => Injection::Frame { first: FIN | self.first, payload: self.body.clone() },
        }
    }
}
