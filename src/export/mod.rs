//! What was seen, written down: in the lines that people and scripts read, and in the formats of other tools.
//!
//! The [`Printer`] puts together what belongs to one thing that was seen; a form for each format writes it down, in
//! bounded memory however much comes. Nothing here opens a socket; what a format can't write before the end is put aside
//! in a file without a name.
#![deny(clippy::indexing_slicing)]

mod capture;
mod checks;
mod csv;
mod file;
mod filter;
mod form;
mod har;
mod junit;
mod pcapng;
mod printer;
mod reading;
mod redaction;
mod report;
mod spool;
#[allow(clippy::indexing_slicing, reason = "the hot path of lines indexes tables of digits")]
mod text;

use std::path::Path;

use jiff::tz::TimeZone;

use crate::record::finding::Level;

use form::{Form, JsonLines};

pub use checks::{Checked, Checks, Demand};
pub use file::{Existing, ExportFile, Written};
pub use printer::Printer;
pub use redaction::Redaction;
pub use text::counts;

/// How what was seen is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line a frame or event, for people.
    Text,
    /// A JSON object a line: the contract for scripts.
    JsonLines,
    /// A row a frame or event, for spreadsheets.
    Csv,
    /// HTTP Archive 1.2, as Chrome's DevTools write and read it.
    Har,
    /// Packets of made-up TCP connections, for Wireshark.
    Pcapng,
    /// What is wrong, with heads and bytes, in Markdown: for a bug tracker.
    Report,
    /// A capture, for wsproxy itself.
    Capture,
}

impl Format {
    /// In the order in which they are listed.
    pub const ALL: [Self; 7] =
        [Self::JsonLines, Self::Har, Self::Pcapng, Self::Text, Self::Csv, Self::Report, Self::Capture];

    /// Its name, which is the ending of its files as well.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Har => "har",
            Self::Pcapng => "pcapng",
            Self::Report => "md",
            Self::Capture => "wscap",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Text => "lines, as --headless prints them",
            Self::JsonLines => "JSON Lines, as --json prints them",
            Self::Csv => "rows for a spreadsheet",
            Self::Har => "HTTP Archive, for Chrome's DevTools",
            Self::Pcapng => "packets, for Wireshark and tshark",
            Self::Report => "a report in Markdown, without secrets",
            Self::Capture => "a capture, for wsproxy open",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The one of a file, by its ending.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "txt" | "log" => Some(Self::Text),
            "ndjson" => Some(Self::JsonLines),
            ending => Self::named(ending),
        }
    }

    fn form(self, zone: &TimeZone) -> Box<dyn Form> {
        match self {
            Self::Text => Box::new(text::Lines::new(zone.clone())),
            Self::JsonLines => Box::new(JsonLines),
            Self::Csv => Box::new(csv::Csv::default()),
            Self::Har => Box::new(har::Har::default()),
            Self::Pcapng => Box::new(pcapng::Pcapng::default()),
            Self::Report => Box::new(report::Report::new(zone.clone())),
            Self::Capture => Box::new(capture::Captured::default()),
        }
    }
}

/// What CI systems read of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// JUnit's XML.
    Junit,
    /// The annotations of GitHub's workflows.
    Github,
}

impl ReportKind {
    fn form(self, checks: Checks, least: Level) -> Box<dyn Form> {
        match self {
            Self::Junit => Box::new(junit::Junit::new(checks, least)),
            Self::Github => Box::new(junit::Annotations::new(checks)),
        }
    }
}

#[cfg(test)]
pub(crate) mod printed;
#[cfg(test)]
mod tests;
