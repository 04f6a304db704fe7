//! How things look, by what they mean.
//!
//! Only the 16 colours of the terminal's own palette are used, and neither its black nor its white, so that the screen
//! reads on dark and on light backgrounds. Nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// A style for each meaning.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Plain text.
    pub text: Style,
    /// What matters less: labels, line ends, empty places.
    pub dim: Style,
    /// What matters more.
    pub bold: Style,
    /// The frame of a pane.
    pub border: Style,
    /// The frame of the pane that has the keys.
    pub border_focused: Style,
    /// The selected row.
    pub selected: Style,
    /// From the client.
    pub client: Style,
    /// From the server.
    pub server: Style,
    /// Control frames.
    pub control: Style,
    /// What the user put in.
    pub injected: Style,
    /// Findings that break something, and bytes that are guilty of it.
    pub error: Style,
    /// What may break something.
    pub warning: Style,
    /// What is worth knowing.
    pub note: Style,
    /// What is as it should be.
    pub good: Style,
    /// Headings.
    pub title: Style,
    /// Keys of the keyboard, names of fields.
    pub key: Style,
    /// Offsets of a hex view.
    pub hex_offset: Style,
    /// What a search found.
    pub match_: Style,
}

impl Default for Theme {
    fn default() -> Self {
        let plain = Style::new();
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            text: plain,
            // Bright black is the very background in some palettes, so what matters less is faint instead of grey.
            dim,
            bold: plain.add_modifier(Modifier::BOLD),
            border: dim,
            border_focused: plain.fg(Color::Cyan),
            selected: plain.add_modifier(Modifier::REVERSED),
            client: plain.fg(Color::Cyan),
            server: plain.fg(Color::Green),
            control: plain.fg(Color::Blue),
            injected: plain.fg(Color::Magenta).add_modifier(Modifier::BOLD),
            error: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            warning: plain.fg(Color::Yellow),
            note: plain.fg(Color::Blue),
            good: plain.fg(Color::Green),
            title: plain.add_modifier(Modifier::BOLD),
            key: plain.fg(Color::Cyan),
            hex_offset: dim,
            match_: plain.fg(Color::Yellow).add_modifier(Modifier::REVERSED),
        }
    }
}

impl Theme {
    /// No colours at all, only what a terminal of one colour has.
    #[must_use]
    pub fn monochrome() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let underlined = plain.add_modifier(Modifier::UNDERLINED);
        Self {
            text: plain,
            dim,
            bold,
            border: dim,
            border_focused: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            client: plain,
            server: plain,
            control: dim,
            injected: bold,
            error: bold.add_modifier(Modifier::UNDERLINED),
            warning: bold,
            note: plain,
            good: plain,
            title: bold,
            key: underlined,
            hex_offset: dim,
            match_: plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }

    /// By whether the environment asks for no colour (<https://no-color.org>). Reading it is left to the caller.
    #[must_use]
    pub fn from_env(no_color: bool) -> Self {
        if no_color { Self::monochrome() } else { Self::default() }
    }

    #[cfg(test)]
    fn styles(&self) -> [Style; 18] {
        [
            self.text,
            self.dim,
            self.bold,
            self.border,
            self.border_focused,
            self.selected,
            self.client,
            self.server,
            self.control,
            self.injected,
            self.error,
            self.warning,
            self.note,
            self.good,
            self.title,
            self.key,
            self.hex_offset,
            self.match_,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_of_the_palette_and_neither_black_nor_white() {
        for style in Theme::default().styles() {
            assert_eq!(style.bg, None);
            let allowed = [
                None,
                Some(Color::Cyan),
                Some(Color::Green),
                Some(Color::Blue),
                Some(Color::Magenta),
                Some(Color::Red),
                Some(Color::Yellow),
            ];
            assert!(allowed.contains(&style.fg), "{style:?}");
        }
    }

    #[test]
    fn without_colour_there_is_none() {
        assert!(Theme::from_env(true).styles().iter().all(|style| style.fg.is_none() && style.bg.is_none()));
        assert!(Theme::from_env(false).styles().iter().any(|style| style.fg.is_some()));
    }
}
