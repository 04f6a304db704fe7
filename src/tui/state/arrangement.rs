//! How the room is parted between the panes, by keys and by dragging what divides them.

use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

/// Where the detail stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DetailPlace {
    /// Right on a wide screen, else below.
    #[default]
    Automatic,
    /// Right of the frame log.
    Right,
    /// Below it.
    Below,
}

/// How the user has arranged the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Arrangement {
    /// Where the detail stands.
    pub detail: DetailPlace,
    /// The detail's part of the room, in thousandths: fine enough for each column of a wide screen.
    pub share: u16,
    /// Columns of the list of sessions, besides what the width of the screen gives it.
    pub sessions: i16,
    /// Whether the pane with the focus has all the room.
    pub maximised: bool,
    /// Whether the timeline stands above the frame log.
    pub timeline: bool,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self { detail: DetailPlace::Automatic, share: 450, sessions: 0, maximised: false, timeline: true }
    }
}

/// What the detail gets at least and at most, in thousandths.
const SHARES: (u16, u16) = (100, 900);
/// What a key press changes.
const STEP: i16 = 50;
/// Columns that a detail at the right leaves and gets.
const LEAST_COLUMNS: u16 = 20;
/// Rows that a detail below leaves and gets, its title among them.
pub(crate) const LEAST_ROWS: u16 = 4;
/// Columns that the list of sessions gets at least.
const LEAST_SESSIONS: u16 = 8;

impl Arrangement {
    /// What came from a file, within its bounds.
    #[must_use]
    pub(crate) fn checked(self) -> Self {
        Self { share: self.share.clamp(SHARES.0, SHARES.1), sessions: self.sessions.clamp(-40, 200), ..self }
    }

    /// Columns of the list of sessions on a screen of so many.
    #[must_use]
    pub(crate) fn sessions_width(&self, room: u16) -> u16 {
        natural(room).saturating_add_signed(self.sessions).clamp(LEAST_SESSIONS, (room / 2).max(LEAST_SESSIONS))
    }

    /// Columns of a detail at the right of so many that there are for it and the frame log.
    #[must_use]
    pub(crate) fn detail_width(&self, room: u16) -> u16 {
        self.part(room).clamp(LEAST_COLUMNS, room.saturating_sub(LEAST_COLUMNS).max(LEAST_COLUMNS))
    }

    /// Rows of a detail below; `None` where there is no room for both.
    #[must_use]
    pub(crate) fn detail_height(&self, room: u16) -> Option<u16> {
        let height = self.part(room);
        (height >= LEAST_ROWS && room - height >= LEAST_ROWS).then_some(height)
    }

    /// More or less room for the list of sessions.
    pub(crate) fn widen_sessions(&mut self, by: i16) {
        self.sessions = (self.sessions + 2 * by).clamp(-10, 40);
    }

    /// More or less room for the detail.
    pub(crate) fn grow_detail(&mut self, by: i16) {
        self.share = self.share.saturating_add_signed(STEP * by).clamp(SHARES.0, SHARES.1);
    }

    /// A divider was dragged to a place.
    pub(crate) fn drag(&mut self, divider: Divider, to: Position) {
        match divider {
            Divider::Sessions(room) => {
                let most = (room.width / 2).max(LEAST_SESSIONS);
                let width = to.x.saturating_sub(room.x).clamp(LEAST_SESSIONS, most);
                self.sessions = width.cast_signed() - natural(room.width).cast_signed();
            }
            Divider::Right(room) => {
                let most = room.width.saturating_sub(LEAST_COLUMNS).max(LEAST_COLUMNS);
                let width = room.right().saturating_sub(to.x + 1).clamp(LEAST_COLUMNS, most);
                self.share = share(width, room.width);
            }
            Divider::Below(room) => {
                let most = room.height.saturating_sub(LEAST_ROWS).max(LEAST_ROWS);
                let height = room.bottom().saturating_sub(to.y).clamp(LEAST_ROWS, most);
                self.share = share(height, room.height);
            }
        }
    }

    fn part(&self, room: u16) -> u16 {
        (u32::from(room) * u32::from(self.share) / 1000) as u16
    }
}

/// The thousandths of which the part of `room` is `size`.
fn share(size: u16, room: u16) -> u16 {
    let share = (u32::from(size) * 1000).div_ceil(u32::from(room.max(1)));
    (share as u16).clamp(SHARES.0, SHARES.1)
}

fn natural(room: u16) -> u16 {
    (room / 5).clamp(15, 30)
}

/// What can be dragged, with the room that it parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Divider {
    /// Between the list of sessions and the rest.
    Sessions(Rect),
    /// Between the frame log and the detail right of it.
    Right(Rect),
    /// Between the frame log and the detail below it.
    Below(Rect),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_divider_goes_where_it_is_dragged(width in 64u16..500, height in 12u16..200, x in 0u16..500, y in 0u16..200) {
            let room = Rect { x: 3, y: 2, width, height };
            let mut arrangement = Arrangement::default();
            arrangement.drag(Divider::Sessions(room), Position { x, y });
            let sessions = arrangement.sessions_width(width);
            prop_assert!(sessions == x.saturating_sub(3) || sessions == 8 || sessions == width / 2);
            arrangement.drag(Divider::Right(room), Position { x, y });
            let detail = arrangement.detail_width(width);
            let exact = detail + 1 == room.right().saturating_sub(x);
            prop_assert!(exact || detail <= 20.max(width / 10 + 1) || detail >= (width - 20).min(width * 9 / 10));
            arrangement.drag(Divider::Below(room), Position { x, y });
            let detail = arrangement.detail_height(height).expect("both stay");
            let exact = detail == room.bottom().saturating_sub(y);
            prop_assert!(exact || detail <= 4.max(height / 10 + 1) || detail >= (height - 4).min(height * 9 / 10));
        }

        #[test]
        fn what_a_file_says_can_not_break_the_screen(share: u16, sessions: i16, room in 40u16..400) {
            let arrangement = Arrangement { share, sessions, ..Arrangement::default() }.checked();
            prop_assert!((8..=room / 2).contains(&arrangement.sessions_width(room)));
            prop_assert!(arrangement.detail_width(room) <= room);
        }
    }
}
