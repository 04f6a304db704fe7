//! The pages, the pane that has the focus, and how the panes stand.

use crate::tui::keymap::Place;

use super::arrangement::{Arrangement, Divider};

/// The pages of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Sessions, frame log and detail.
    #[default]
    Frames,
    /// The sessions as a table.
    Sessions,
    /// A session's heads.
    Handshake,
    /// What went wrong.
    Diagnosis,
    /// wsproxy's own events.
    Log,
}

impl Tab {
    /// In the order of their keys.
    pub(crate) const ALL: [Self; 5] = [Self::Frames, Self::Sessions, Self::Handshake, Self::Diagnosis, Self::Log];

    /// Its name on the screen.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Frames => "Frames",
            Self::Sessions => "Sessions",
            Self::Handshake => "Handshake",
            Self::Diagnosis => "Diagnosis",
            Self::Log => "Log",
        }
    }
}

/// The panes.
#[derive(Debug)]
pub(crate) struct Panes {
    /// The page.
    pub tab: Tab,
    /// The pane that has the focus on the page of frames.
    pub focus: Place,
    /// Whether there are several sessions to choose from.
    pub has_choice: bool,
    /// How they stand.
    pub arrangement: Arrangement,
    /// What the mouse has hold of.
    pub dragged: Option<Divider>,
}

impl Default for Panes {
    fn default() -> Self {
        let (tab, arrangement) = (Tab::default(), Arrangement::default());
        Self { tab, focus: Place::Frames, has_choice: false, arrangement, dragged: None }
    }
}

impl Panes {
    /// Where keys go while nothing lies over the panes.
    #[must_use]
    pub(crate) const fn place(&self) -> Place {
        match self.tab {
            Tab::Frames => self.focus,
            Tab::Sessions => Place::Sessions,
            Tab::Handshake => Place::Handshake,
            Tab::Diagnosis => Place::Diagnosis,
            Tab::Log if matches!(self.focus, Place::Detail) => Place::Detail,
            Tab::Log => Place::Log,
        }
    }

    /// Whether wsproxy's own log is shown.
    #[must_use]
    pub(crate) const fn is_log(&self) -> bool {
        matches!(self.tab, Tab::Log)
    }

    /// Whether there is something to go back from: a pane that stands alone, the detail, another page.
    #[must_use]
    pub(crate) fn is_deep(&self) -> bool {
        self.arrangement.maximised || self.place() == Place::Detail || self.tab != Tab::Frames
    }

    /// Turns to a page, whatever has the focus there.
    pub(crate) const fn turn_to(&mut self, tab: Tab) {
        self.tab = tab;
        self.arrangement.maximised = false;
    }

    /// Turns to a page, and from the detail to its rows.
    pub(crate) fn open(&mut self, tab: Tab) {
        self.turn_to(tab);
        if self.focus == Place::Detail {
            self.focus = Place::Frames;
        }
    }

    /// Gives the focus to the pane that comes so many further, round and round.
    pub(crate) fn turn(&mut self, by: usize) {
        const PANES: [Place; 3] = [Place::Sessions, Place::Frames, Place::Detail];
        match self.tab {
            Tab::Frames => {
                let index = PANES.iter().position(|pane| *pane == self.focus).unwrap_or_default();
                self.focus = PANES[(index + by) % PANES.len()];
            }
            Tab::Log => self.focus = if self.focus == Place::Detail { Place::Frames } else { Place::Detail },
            _ => {}
        }
    }

    /// Gives the pane with the focus all the room, or takes it back.
    pub(crate) const fn turn_maximised(&mut self) {
        self.arrangement.maximised = !self.arrangement.maximised;
    }

    /// A step back, from what is deepest first.
    pub(crate) fn back(&mut self) {
        if self.arrangement.maximised {
            self.arrangement.maximised = false;
        } else if self.place() == Place::Detail {
            self.focus = Place::Frames;
        } else if self.tab != Tab::Frames {
            self.open(Tab::Frames);
        } else {
            self.focus = Place::Sessions;
        }
    }
}
