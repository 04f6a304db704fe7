//! The doctor's report, as text for people or as a last line of JSON.

use crate::doctor::{Ink, Report};
use crate::json;

use super::Format;

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal that wants them.
    On,
    /// In pipes, and under NO_COLOR.
    Off,
}

/// The report's bytes.
#[must_use]
pub fn report(report: &Report, format: Format, colour: Colour) -> Vec<u8> {
    let mut out = Vec::new();
    if format == Format::Json {
        json::doctor::write(report, &mut out);
        return out;
    }
    for line in report.lines() {
        match (colour, code(line.ink)) {
            (Colour::On, Some(code)) => out.extend(format!("\u{1b}[{code}m{}\u{1b}[0m\n", line.text).bytes()),
            _ => out.extend(format!("{}\n", line.text).bytes()),
        }
    }
    out
}

/// The sixteen colours that each terminal has, so that they fit its background.
const fn code(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Plain => None,
        Ink::Strong => Some("1"),
        Ink::Good => Some("32"),
        Ink::Odd => Some("33"),
        Ink::Bad => Some("1;31"),
        Ink::Faint => Some("2"),
    }
}
