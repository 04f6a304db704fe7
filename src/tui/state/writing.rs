//! A file that is being written.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::export::{Existing, Format, Written};
use crate::query::Query;
use crate::record::finding::Level;
use crate::record::{SessionId, Time};
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{Action, key_of};

/// What goes into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// What the list of frames shows: the chosen session's, and of that what the filter lets through.
    Shown,
    /// All that is in memory.
    All,
    /// The session that is meant.
    Session,
    /// What was seen between the ends of the marked range, or with the selected row.
    Range,
}

impl Share {
    /// In the order in which they are listed.
    pub(crate) const ALL: [Self; 4] = [Self::Shown, Self::All, Self::Session, Self::Range];

    /// The word for it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::All => "all",
            Self::Session => "session",
            Self::Range => "range",
        }
    }
}

/// What was typed behind `:write`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WriteLine {
    /// What goes into the file.
    pub share: Share,
    /// Which file.
    pub path: PathBuf,
    /// In which format, by its ending.
    pub format: Format,
    /// What becomes of one that is there.
    pub existing: Existing,
}

impl WriteLine {
    /// Reads a file's name, with the word for what goes into it in front where it is not what is shown. A tilde is the
    /// home directory.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(crate) fn parse(value: &str, existing: Existing) -> Result<Self, String> {
        let (first, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        let named = Share::ALL.into_iter().find(|share| share.name() == first).filter(|_| !rest.trim().is_empty());
        let (share, name) = named.map_or((Share::Shown, value), |share| (share, rest.trim()));
        let endings = || Format::ALL.map(|format| format!(".{}", format.name())).join(", ");
        if name.is_empty() {
            return Err(format!("write the name of a file, as in write talk.har; it ends in {}", endings()));
        }
        let path = match name.strip_prefix("~/").zip(std::env::home_dir()) {
            Some((rest, home)) => home.join(rest),
            None => PathBuf::from(name),
        };
        let format = Format::of(&path).ok_or_else(|| {
            format!("{} has no ending that says what to write: take {}", text::escape(name.as_bytes()), endings())
        })?;
        Ok(Self { share, path, format, existing })
    }
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteOrder {
    /// Which file.
    pub path: PathBuf,
    /// In which format.
    pub format: Format,
    /// What becomes of one that is there.
    pub existing: Existing,
    /// Only this session; `None` for all.
    pub session: Option<SessionId>,
    /// Only what was seen from the one time to the other.
    pub span: Option<(Time, Time)>,
    /// Only what is asked for.
    pub query: Option<Query>,
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteProgress {
    /// So many hundredths of it.
    Going(u8),
    /// It is there.
    Done(Written),
    /// The user stopped it.
    Stopped,
    /// It can't be written: why, in a sentence.
    Failed(String),
}

/// A file that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    /// Its name.
    pub path: PathBuf,
    /// How far it is.
    pub progress: WriteProgress,
    /// What is done once it is there.
    pub then: Then,
    /// How many frames there were when it was begun, where it has all.
    pub all: Option<u64>,
}

/// What is done once a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The screen goes on.
    GoOn,
    /// It ends.
    Quit,
}

/// A name for a capture that was not given one.
#[must_use]
pub(crate) fn capture_name(now: Time, zone: &TimeZone) -> String {
    format!("wsproxy-{}.{}", now.local(zone).strftime("%Y%m%d-%H%M%S"), Format::Capture.name())
}

impl Writing {
    /// Whether more of it comes.
    #[must_use]
    pub(crate) const fn is_running(&self) -> bool {
        matches!(self.progress, WriteProgress::Going(_))
    }

    /// How much it matters.
    #[must_use]
    pub(crate) const fn level(&self) -> Level {
        match self.progress {
            WriteProgress::Going(_) => Level::Note,
            WriteProgress::Done(Written { lost: 0, .. }) => Level::Note,
            WriteProgress::Done(_) | WriteProgress::Stopped => Level::Warning,
            WriteProgress::Failed(_) => Level::Error,
        }
    }

    /// It in words.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let path = text::escape(self.path.as_os_str().as_encoded_bytes());
        match &self.progress {
            WriteProgress::Going(hundredths) => {
                format!("writing {path}: {hundredths} % · {} stops", key_of(Action::Interrupt))
            }
            WriteProgress::Done(Written { bytes, frames, lost, .. }) => {
                let lost = match lost {
                    0 => String::new(),
                    lost => format!("; {} records before had left memory", fit::number(*lost)),
                };
                let (frames, size) = (fit::number(*frames), text::byte_count(*bytes));
                format!("wrote {path}: {size} of {frames} frames{lost}")
            }
            WriteProgress::Stopped => format!("stopped: there is no {path}"),
            WriteProgress::Failed(why) => format!("can't write {path}: {why}"),
        }
    }
}
