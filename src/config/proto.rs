//! The files of `--proto`: `.proto` text with what it imports, or descriptor sets.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::decode::{Decoder, Schema};
use crate::text;

/// Reads `[MESSAGE=]FILE`.
pub(super) fn decoder(value: &str) -> Result<Decoder> {
    // A file may have such a sign in its name.
    let (message, file) = match value.split_once('=') {
        Some((message, file)) if !Path::new(value).exists() => (Some(message), file),
        _ => (None, value),
    };
    let schema = schema(Path::new(file))?;
    let shown = || format!("--proto {}", text::escape(value.as_bytes()));
    let schema = message.map_or(Ok(schema.clone()), |message| schema.only(message)).with_context(shown)?;
    Ok(schema.decoder())
}

fn schema(file: &Path) -> Result<Schema> {
    let shown = text::escape(file.as_os_str().as_encoded_bytes());
    let bytes = fs::read(file).with_context(|| format!("can't read the file of --proto, {shown}"))?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let schema = if file.extension().is_some_and(|ending| ending == "proto") {
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        let directory = fs::canonicalize(if directory.as_os_str().is_empty() { Path::new(".") } else { &directory });
        let directory = directory.with_context(|| format!("can't find the directory of {shown}"))?;
        Schema::from_source(&name, move |import| imported(&directory, import))
    } else {
        Schema::from_descriptor_set(&name, &bytes)
    };
    schema.with_context(|| format!("the file of --proto, {shown}, can't be used"))
}

/// An import, from the directory of the file or one above it: where the names in imports begin, the file does not tell.
fn imported(directory: &Path, name: &str) -> Option<String> {
    directory.ancestors().find_map(|root| fs::read_to_string(root.join(name)).ok())
}
