//! What a rule does, and when.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::query::{JsonPath, Pattern};
use crate::record::Time;
use crate::relay::injection::Injection;
use crate::wire::close::Code;

/// A time that may be longer or shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter {
    /// The middle, in microseconds.
    pub time: u64,
    /// By how much it may be more or less, in microseconds.
    pub spread: u64,
}

impl Jitter {
    /// One of them, in microseconds: all are as likely.
    pub(super) fn draw(self, random: &mut StdRng) -> u64 {
        if self.spread == 0 {
            return self.time;
        }
        random.random_range(self.time.saturating_sub(self.spread)..=self.time.saturating_add(self.spread))
    }
}

/// How likely something is, of a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance(pub u32);

impl Chance {
    /// Certain.
    pub const ALL: u32 = 1_000_000;

    pub(super) fn falls(self, random: &mut StdRng) -> bool {
        random.random_range(0..Self::ALL) < self.0
    }
}

/// On which of the messages that its query fits a rule acts, counted from the first of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// So many are left alone at the beginning.
    pub skip: u64,
    /// Of those behind them, it acts on no more.
    pub first: u64,
    /// And only on each so manyth of them: from 1.
    pub every: u64,
}

impl Default for Count {
    fn default() -> Self {
        Self { skip: 0, first: u64::MAX, every: 1 }
    }
}

impl Count {
    /// Whether it acts on that one; they are counted from 1.
    pub(super) const fn takes(self, number: u64) -> bool {
        let Some(place) = number.checked_sub(self.skip) else { return false };
        place > 0 && place % self.every == 0 && place / self.every <= self.first
    }

    /// Whether it acts on none of those behind that one.
    pub(super) const fn is_over(self, number: u64) -> bool {
        number.saturating_sub(self.skip) / self.every >= self.first
    }
}

/// While a session has been there for so long, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From then on.
    pub after: u64,
    /// Up to then.
    pub until: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { after: 0, until: u64::MAX }
    }
}

impl Window {
    pub(super) fn has(self, age: Duration) -> bool {
        let age = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
        (self.after..self.until).contains(&age)
    }
}

/// What takes the place of a part of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Replacement {
    /// Each place of a pattern; `$1` stands for a group.
    Pattern(Pattern, String),
    /// A value of JSON.
    Json(JsonPath, serde_json::Value),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// It does not go on.
    Drop,
    /// It goes on later.
    Delay(Jitter),
    /// It goes on when a link of so many bytes a second would have brought it.
    Throttle(u64),
    /// So many copies go out behind it.
    Duplicate(u32),
    /// It goes on behind the next one.
    Reorder,
    /// Only the first bytes of its payload go on.
    Truncate(usize),
    /// So many bits of its payload are turned over.
    Flip(u32),
    /// Something else stands in it.
    Replace(Replacement),
    /// It goes on in so many fragments.
    Split(usize),
    /// It goes on in one frame.
    Merge,
    /// Its sender gets this.
    Respond(Injection),
    /// Its receiver gets this too, behind it.
    Inject(Injection),
    /// It does not go on, and the session ends with that code.
    Close(Code),
    /// It does not go on, and both connections end without a close frame.
    Fin,
    /// It does not go on, and both connections are reset.
    Reset,
    /// The handshake does not go on: the client gets that status.
    Refuse(u16),
    /// The response to the handshake goes on so much later.
    SlowHandshake(Jitter),
    /// The user decides.
    Hold,
}

impl Act {
    /// Whether it is done to the handshake, not to messages.
    #[must_use]
    pub const fn is_of_handshake(&self) -> bool {
        matches!(self, Self::Refuse(_) | Self::SlowHandshake(_))
    }

    /// Whether it can be done while not all of the message is there.
    pub(super) const fn needs_whole(&self) -> bool {
        !matches!(
            self,
            Self::Drop | Self::Delay(_) | Self::Throttle(_) | Self::Close(_) | Self::Fin | Self::Reset | Self::Hold
        )
    }
}

/// That moment and so many microseconds.
pub(super) const fn later(time: Time, by: u64) -> Time {
    Time(time.0.saturating_add(by))
}
