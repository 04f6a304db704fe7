//! What is written to disk of what is seen, as a value.

use std::path::PathBuf;

use crate::text;

/// Why it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedAs {
    /// Somebody asked for a capture: it has all, and sessions wait for the disk.
    Capture,
    /// So that it is there after the run: it has what memory has, and nobody waits.
    Autosave,
}

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedState {
    /// It goes on.
    Writing,
    /// Sessions wait until the disk has taken more.
    Waiting,
    /// It was ended by an error, and what came since is not in it: why, in a sentence for people.
    Stopped(String),
}

/// What is written to disk of what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Why.
    pub what: RecordedAs,
    /// The file under way.
    pub file: PathBuf,
    /// Bytes of all files so far, those included that were removed since.
    pub bytes: u64,
    /// How it stands.
    pub state: RecordedState,
    /// Times that a session had to wait for the disk.
    pub waits: u64,
}

impl Recorded {
    /// Whether what is seen is on disk, or soon will be.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        !matches!(self.state, RecordedState::Stopped(_))
    }

    /// Whether somebody wants to know what has become of it, after so many sessions.
    #[must_use]
    pub const fn is_worth_words(&self, sessions: u64) -> bool {
        sessions > 0 || !self.is_safe() || matches!(self.what, RecordedAs::Capture)
    }

    /// What has become of it, in words, once the run has ended.
    #[must_use]
    pub fn outcome(&self) -> String {
        let (file, bytes) = (text::escape(self.file.as_os_str().as_encoded_bytes()), text::byte_count(self.bytes));
        match (&self.state, self.what) {
            (RecordedState::Stopped(why), _) => format!("{file} has {bytes}, and not all that was seen: {why}"),
            (_, RecordedAs::Capture) => format!("wrote {bytes} to {file}"),
            (_, RecordedAs::Autosave) => "kept for wsproxy open --last".to_owned(),
        }
    }
}
