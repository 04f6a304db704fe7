//! How things look: colours and times.

use jiff::tz::TimeZone;

use crate::tui::clock::TimeDisplay;
use crate::tui::theme::{Choice, Colouring, Surroundings, Theme};

/// How things look.
#[derive(Debug)]
pub(crate) struct Look {
    /// The colours.
    pub theme: Theme,
    /// The theme that was asked for.
    pub choice: Choice,
    /// What the terminal can show.
    pub surroundings: Surroundings,
    /// What the user chose besides.
    pub colouring: Colouring,
    /// For times of day.
    pub zone: TimeZone,
    /// What the time column shows.
    pub times: TimeDisplay,
}

impl Look {
    /// A theme, whoever asked for it.
    #[must_use]
    pub(crate) fn new(theme: Theme, zone: TimeZone) -> Self {
        let (choice, surroundings) = (Choice::default(), Surroundings::default());
        Self { theme, choice, surroundings, colouring: Colouring::default(), zone, times: TimeDisplay::default() }
    }

    /// Another theme, as far as the terminal can show it.
    pub(crate) fn choose(&mut self, choice: Choice, surroundings: Surroundings) {
        (self.choice, self.surroundings) = (choice, surroundings);
        let theme = Theme::of(choice, surroundings);
        // Who wants no colours has none, whatever a file says.
        self.theme = if surroundings.no_color { theme } else { theme.with(&self.colouring) };
    }
}
