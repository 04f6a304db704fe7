//! The doctor's report, as text for people or as a last line of JSON.

use crate::doctor::{Ink, Report};
use crate::json;

use super::{Colour, Format};

/// The report's bytes.
#[must_use]
pub fn report(report: &Report, format: Format, colour: Colour) -> Vec<u8> {
    let mut out = Vec::new();
    if format == Format::Json {
        json::doctor::write(report, &mut out);
        return out;
    }
    for line in report.lines() {
        out.extend(colour.paint(code(line.ink), &line.text).bytes());
        out.push(b'\n');
    }
    out
}

/// The sixteen colours that each terminal has, so that they fit its background.
const fn code(ink: Ink) -> &'static str {
    match ink {
        Ink::Plain => "",
        Ink::Strong => "1",
        Ink::Good => "32",
        Ink::Odd => "33",
        Ink::Bad => "1;31",
        Ink::Faint => "2",
    }
}
