//! What `wsproxy open` was asked for, checked.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::archive;
use crate::cli::OpenArguments;
use crate::decode::Preference;
use crate::files;
use crate::headless::Format;
use crate::query::Query;
use crate::record::finding::Level;
use crate::text;

use super::{Output, Terminals, decoding};

/// The checked command line.
#[derive(Debug)]
pub struct OpenConfig {
    /// The capture.
    pub path: PathBuf,
    /// Where what is in it goes.
    pub output: Output,
    /// Who reads the messages of all sessions.
    pub preference: Preference,
    /// What is asked for; `None` for all.
    pub filter: Option<Query>,
    /// The level of a finding from which on the run has failed.
    pub fail_on: Option<Level>,
}

/// The file that is named, or the first one of the last run.
fn path(arguments: &OpenArguments) -> Result<PathBuf> {
    if let Some(file) = &arguments.file {
        return Ok(file.clone());
    }
    ensure!(
        arguments.last,
        "name a capture, as in wsproxy open traffic.wscap; or --last for what was seen the last time"
    );
    let folder = files::captures().context("there is no home in which the last run could be: set HOME")?;
    archive::newest_run(&folder).with_context(|| {
        let folder = text::escape(folder.as_os_str().as_encoded_bytes());
        format!("there is nothing of an earlier run in {folder}: it is kept of runs with a screen, unless with --no-autosave")
    })
}

impl OpenConfig {
    /// Checks what was typed. The capture is not opened yet.
    ///
    /// # Errors
    /// One sentence that says what is wrong and shows a right value.
    pub fn new(arguments: &OpenArguments, terminals: Terminals) -> Result<Self> {
        let lines = arguments.json.then_some(Format::Json).or(arguments.headless.then_some(Format::Text));
        let output = super::output(lines, terminals)?;
        Ok(Self {
            path: path(arguments)?,
            output,
            preference: decoding::preference(&arguments.decoder, &arguments.proto)?,
            filter: arguments.filter.as_deref().map(|text| super::filter(text, output)).transpose()?.flatten(),
            fail_on: arguments.fail_on.map(super::level),
        })
    }
}
