//! What `wsproxy export` was asked for, checked.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::cli::ExportArguments;
use crate::decode::Preference;
use crate::export::{Existing, Format, Redaction};
use crate::query::Query;
use crate::text;

use super::{decoding, redaction};

/// The checked command line.
pub struct ExportConfig {
    /// The capture.
    pub capture: PathBuf,
    /// What to make of it.
    pub format: Format,
    /// The file; `None` for standard output.
    pub output: Option<PathBuf>,
    /// What becomes of one that is there.
    pub existing: Existing,
    /// Only what is asked for.
    pub filter: Option<Query>,
    /// What is taken out.
    pub redaction: Redaction,
    /// Who reads the messages of all sessions.
    pub preference: Preference,
}

impl ExportConfig {
    /// Checks what was typed.
    ///
    /// # Errors
    /// One sentence that says what is wrong and shows a right value.
    pub fn new(arguments: &ExportArguments) -> Result<Self> {
        let output = arguments.output.clone().filter(|output| output != Path::new("-"));
        let by_ending = || output.as_deref().and_then(Format::of);
        let names = || Format::ALL.map(Format::name).join(", ");
        let format = match &arguments.to {
            Some(name) => Format::named(name).with_context(|| {
                format!("--to {} is no format: write one of {}", text::escape(name.as_bytes()), names())
            })?,
            None => by_ending().with_context(|| format!("say what to make of it: --to with one of {}", names()))?,
        };
        let filter = arguments.filter.as_deref().map(|text| super::query("--filter", text)).transpose()?.flatten();
        ensure!(
            !filter.as_ref().is_some_and(|query| query.asks_for_replies() || query.asks_for_marks()),
            "--filter asks for marks or for later replies, which only the screen knows: leave out marked and is:unreplied"
        );
        Ok(Self {
            capture: arguments.file.clone(),
            format,
            output,
            existing: if arguments.overwrite { Existing::Replace } else { Existing::Keep },
            filter,
            redaction: redaction(&arguments.redact)?,
            preference: decoding::preference(&arguments.decoder, &arguments.proto)?,
        })
    }
}
