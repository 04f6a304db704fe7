//! How things look, by what they mean.
//!
//! By itself only the 16 colours of the terminal's own palette are used, and neither its black nor its white, so that
//! the screen reads on dark and on light backgrounds. The dark and the light theme are for palettes in which it does not,
//! and take from the 240 colours that are the same on every terminal of 256 colours or more. Nothing is told by colour
//! alone.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use crate::text;

/// Which theme was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// By what the terminal says of its background; where it says nothing, its own palette.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light one.
    Light,
    /// No colours.
    Mono,
}

impl Choice {
    /// In the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Dark, Self::Light, Self::Mono];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == word)
    }
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// One.
    One,
    /// Its palette of 16.
    #[default]
    Palette,
    /// 256 or more.
    Many,
}

/// What can be known of the terminal without asking it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the user wants no colour anywhere (<https://no-color.org>).
    pub no_color: bool,
    /// How many colours it has.
    pub colours: Colours,
    /// `Dark` or `Light`, where it says so.
    pub background: Choice,
}

impl Surroundings {
    /// From the environment, which the caller reads.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let (term, depth) = (value("TERM"), value("COLORTERM"));
        let one = ["dumb", "vt52", "vt100", "vt102", "vt220"].contains(&term.as_str())
            || ["-m", "-mono"].iter().any(|end| term.ends_with(end));
        let many =
            term.contains("256color") || term.ends_with("-direct") || ["truecolor", "24bit"].contains(&depth.as_str());
        let colours = match (many, one) {
            (true, _) => Colours::Many,
            (false, true) => Colours::One,
            (false, false) => Colours::Palette,
        };
        Self { no_color: !value("NO_COLOR").is_empty(), colours, background: background(&value("COLORFGBG")) }
    }

    /// Why a theme is not all that it could be.
    #[must_use]
    pub const fn limit(self) -> Option<&'static str> {
        match (self.no_color, self.colours) {
            (true, _) => Some("NO_COLOR is set, so there are no colours"),
            (false, Colours::One) => Some("this terminal has no colours"),
            (false, Colours::Palette) => Some("this terminal has 16 colours, and its own are used"),
            (false, Colours::Many) => None,
        }
    }
}

/// The last number of COLORFGBG, as rxvt, Konsole and others set it: 7 and 9 to 15 are the light ones.
fn background(value: &str) -> Choice {
    match value.rsplit(';').next().and_then(|number| number.parse::<u8>().ok()) {
        Some(7 | 9..=15) => Choice::Light,
        Some(0..=6 | 8) => Choice::Dark,
        _ => Choice::Auto,
    }
}

/// A style for each meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What pictures are made of.
    pub pixels: Pixels,
}

/// What pictures are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Half blocks in colours of the 256.
    Coloured,
    /// Blocks that are more or less full.
    Shaded,
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
            pixels: Pixels::Shaded,
        }
    }
}

/// Places in the cube of 256 colours.
struct Fixed {
    grey: u8,
    cyan: u8,
    green: u8,
    blue: u8,
    magenta: u8,
    red: u8,
    yellow: u8,
}

const DARK: Fixed = Fixed { grey: 246, cyan: 80, green: 114, blue: 111, magenta: 213, red: 210, yellow: 221 };
const LIGHT: Fixed = Fixed { grey: 241, cyan: 24, green: 22, blue: 25, magenta: 90, red: 124, yellow: 94 };

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
            pixels: Pixels::Shaded,
        }
    }

    /// The theme for a choice in some surroundings.
    #[must_use]
    pub fn of(choice: Choice, surroundings: Surroundings) -> Self {
        let choice = if choice == Choice::Auto { surroundings.background } else { choice };
        match (choice, surroundings.colours) {
            _ if surroundings.no_color => Self::monochrome(),
            (Choice::Mono, _) | (_, Colours::One) => Self::monochrome(),
            (Choice::Dark, Colours::Many) => Self::fixed(&DARK),
            (Choice::Light, Colours::Many) => Self::fixed(&LIGHT),
            (_, Colours::Many) => Self { pixels: Pixels::Coloured, ..Self::default() },
            _ => Self::default(),
        }
    }

    /// The usual theme in colours that do not depend on the terminal's palette.
    fn fixed(colours: &Fixed) -> Self {
        let fg = |index| Style::new().fg(Color::Indexed(index));
        let bold = |index| fg(index).add_modifier(Modifier::BOLD);
        let grey = fg(colours.grey);
        Self {
            dim: grey,
            border: grey,
            hex_offset: grey,
            border_focused: fg(colours.cyan),
            client: fg(colours.cyan),
            key: fg(colours.cyan),
            server: fg(colours.green),
            good: fg(colours.green),
            control: fg(colours.blue),
            note: fg(colours.blue),
            injected: bold(colours.magenta),
            error: bold(colours.red),
            warning: fg(colours.yellow),
            match_: fg(colours.yellow).add_modifier(Modifier::REVERSED),
            pixels: Pixels::Coloured,
            ..Self::default()
        }
    }

    /// The same with the colours that the user chose.
    #[must_use]
    pub fn with(mut self, colouring: &Colouring) -> Self {
        for (place, style) in &colouring.0 {
            let styles = [
                &mut self.text,
                &mut self.dim,
                &mut self.bold,
                &mut self.border,
                &mut self.border_focused,
                &mut self.selected,
                &mut self.client,
                &mut self.server,
                &mut self.control,
                &mut self.injected,
                &mut self.error,
                &mut self.warning,
                &mut self.note,
                &mut self.good,
                &mut self.title,
                &mut self.key,
                &mut self.hex_offset,
                &mut self.match_,
            ];
            if let Some(old) = styles.into_iter().nth(*place) {
                *old = *style;
            }
        }
        self
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

/// Styles that the user chose for some of the meanings, by their places in `MEANINGS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colouring(Vec<(usize, Style)>);

/// Words that are no colours, and what they add to one.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

impl Colouring {
    /// The names of what has a style, in the order of a theme's fields.
    pub const MEANINGS: [&'static str; 18] = [
        "text",
        "dim",
        "bold",
        "border",
        "border-focused",
        "selected",
        "client",
        "server",
        "control",
        "injected",
        "error",
        "warning",
        "note",
        "good",
        "title",
        "key",
        "hex-offset",
        "match",
    ];

    /// Chooses the style of a meaning: `bold red`, `#ff8800 on black`, `208 underlined`.
    ///
    /// # Errors
    /// What is wrong with the name or the style, in a sentence.
    pub fn choose(&mut self, meaning: &str, style: &str) -> Result<(), String> {
        let Some(place) = Self::MEANINGS.iter().position(|known| *known == meaning) else {
            let nearest = Self::MEANINGS.into_iter().min_by_key(|known| text::distance(known, meaning));
            return Err(format!("there is no {meaning}: did you mean {}?", nearest.unwrap_or("text")));
        };
        let (mut read, mut is_behind) = (Style::new(), false);
        for word in style.split_whitespace() {
            if word == "on" {
                is_behind = true;
            } else if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
                read = read.add_modifier(*modifier);
            } else {
                let colour: Color = word.parse().map_err(|_| {
                    format!(
                        "{word} is no colour: write red, bright-blue, 208 or #ff8800, and bold or on black beside it"
                    )
                })?;
                read = if std::mem::take(&mut is_behind) { read.bg(colour) } else { read.fg(colour) };
            }
        }
        self.0.push((place, read));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_user_s_colours_go_before_the_theme_s_and_are_named_as_its_fields() {
        let mut colouring = Colouring::default();
        for (place, meaning) in Colouring::MEANINGS.into_iter().enumerate() {
            colouring.choose(meaning, &format!("bold {} on black", 16 + place)).unwrap();
        }
        for (place, style) in Theme::default().with(&colouring).styles().into_iter().enumerate() {
            let expected = Style::new().fg(Color::Indexed(16 + place as u8)).bg(Color::Black);
            assert_eq!(style, expected.add_modifier(Modifier::BOLD));
        }
    }

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
        let no_color = Surroundings { no_color: true, colours: Colours::Many, background: Choice::Light };
        let one = Surroundings { colours: Colours::One, ..Surroundings::default() };
        for choice in Choice::ALL {
            for theme in [Theme::of(choice, no_color), Theme::of(choice, one)] {
                assert!(theme.styles().iter().all(|style| style.fg.is_none() && style.bg.is_none()), "{choice:?}");
            }
            assert!(no_color.limit().is_some() && one.limit().is_some());
        }
        assert!(Theme::default().styles().iter().any(|style| style.fg.is_some()));
    }

    #[test]
    fn the_environment_says_what_there_is() {
        let of = |pairs: &[(&str, &str)]| {
            Surroundings::of(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let (usual, linux) = (of(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")]), of(&[("TERM", "linux")]));
        assert_eq!((usual.colours, usual.background), (Colours::Many, Choice::Light));
        assert_eq!((linux.colours, linux.background), (Colours::Palette, Choice::Auto));
        assert_eq!(of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]).colours, Colours::Many);
        assert_eq!(of(&[("TERM", "vt100")]).colours, Colours::One);
        assert_eq!(of(&[("COLORFGBG", "15;default;0")]).background, Choice::Dark);
        assert!(of(&[("NO_COLOR", "1")]).no_color && !of(&[("NO_COLOR", "")]).no_color);
        assert_eq!(Theme::of(Choice::Auto, usual), Theme::of(Choice::Light, usual));
        let unknown = Surroundings { background: Choice::Auto, ..usual };
        assert_eq!(Theme::of(Choice::Auto, unknown), Theme { pixels: Pixels::Coloured, ..Theme::default() });
        assert_eq!(Theme::of(Choice::Light, linux), Theme::default());
    }

    /// Relative luminance of a colour of the cube or of the greys (WCAG 2.2).
    fn luminance(index: u8) -> f64 {
        let [red, green, blue] = match index {
            16..=231 => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let cube = index - 16;
                [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
            }
            232.. => [8 + 10 * (index - 232); 3],
            _ => panic!("{index} depends on the palette"),
        };
        let linear = |value: u8| (f64::from(value) / 255.0).powf(2.2);
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn the_dark_and_the_light_theme_can_be_read_on_their_backgrounds() {
        // Solarized's backgrounds, which are neither black nor white.
        for (fixed, background) in [(DARK, 0.021), (LIGHT, 0.92)] {
            for style in Theme::fixed(&fixed).styles() {
                let Some(Color::Indexed(index)) = style.fg else { continue };
                let (one, other) = (luminance(index) + 0.05, background + 0.05);
                let contrast = f64::max(one, other) / f64::min(one, other);
                assert!(contrast >= 4.5, "{index}: {contrast:.1}");
            }
        }
    }
}
