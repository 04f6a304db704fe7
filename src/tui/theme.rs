//! What things look like, by what they are.

use ratatui::style::{Color, Modifier, Style};

/// A style for each meaning.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Theme {
    pub text: Style,
    pub dim: Style,
    pub bold: Style,
    pub border: Style,
    pub border_focused: Style,
    pub selected: Style,
    pub client: Style,
    pub server: Style,
    pub control: Style,
    pub injected: Style,
    pub error: Style,
    pub warning: Style,
    pub note: Style,
    pub good: Style,
    pub title: Style,
    pub key: Style,
    pub hex_offset: Style,
    pub match_: Style,
}

impl Default for Theme {
    fn default() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            dim: plain.fg(Color::DarkGray),
            bold: plain.add_modifier(Modifier::BOLD),
            border: plain.fg(Color::DarkGray),
            border_focused: plain.fg(Color::Cyan),
            selected: plain.add_modifier(Modifier::REVERSED),
            client: plain.fg(Color::Cyan),
            server: plain.fg(Color::Green),
            control: plain.fg(Color::Blue),
            injected: plain.fg(Color::Magenta),
            error: plain.fg(Color::Red),
            warning: plain.fg(Color::Yellow),
            note: plain.fg(Color::Blue),
            good: plain.fg(Color::Green),
            title: plain.add_modifier(Modifier::BOLD),
            key: plain.fg(Color::Cyan),
            hex_offset: plain.fg(Color::DarkGray),
            match_: plain.fg(Color::Black).bg(Color::Yellow),
        }
    }
}

impl Theme {
    /// Without colour.
    #[must_use]
    pub fn monochrome() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            text: plain,
            dim,
            bold,
            border: dim,
            border_focused: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            client: plain,
            server: plain,
            control: plain,
            injected: bold,
            error: bold,
            warning: bold,
            note: plain,
            good: plain,
            title: bold,
            key: bold,
            hex_offset: dim,
            match_: plain.add_modifier(Modifier::REVERSED),
        }
    }
}
