//! What is written to disk, checked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::cli::ProxyArguments;
use crate::engine::recorder::{CaptureConfig, Existing, Naming, Rotate};
use crate::files;
use crate::text;

use super::{Output, Recording, size};

/// Bytes below which a file would hold hardly more than the beginnings of sessions.
const LEAST: usize = 64 * 1024;

/// What is to be written. Only what a screen showed is kept by itself: lines are somewhere already.
pub(super) fn recording(arguments: &ProxyArguments, output: Output) -> Result<Recording> {
    let capture = arguments.capture.clone().map(|path| capture(arguments, path)).transpose()?;
    let is_kept = output == Output::Screen && !arguments.no_autosave;
    Ok(Recording { capture, autosaves: is_kept.then(files::captures).flatten() })
}

fn capture(arguments: &ProxyArguments, path: PathBuf) -> Result<CaptureConfig> {
    if path.file_name().is_none() {
        bail!(
            "--capture {} names no file: write talk.wscap, for example",
            text::escape(path.as_os_str().as_encoded_bytes())
        );
    }
    let keep = arguments.capture_keep.map(|keep| keep as usize);
    let rotate = arguments.capture_rotate.as_deref().map(rotate).transpose()?;
    Ok(CaptureConfig {
        path,
        naming: if rotate.is_some() { Naming::Numbered { keep } } else { Naming::One },
        rotate,
        existing: if arguments.capture_overwrite { Existing::Overwrite } else { Existing::Keep },
    })
}

/// Bytes, or a time: their units have no letter in common but `m`, which is neither.
fn rotate(value: &str) -> Result<Rotate> {
    let digits = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let seconds = match value.get(digits.len()..) {
        Some("s") => Some(1),
        Some("min") => Some(60),
        Some("h") => Some(60 * 60),
        Some("d") => Some(24 * 60 * 60),
        Some("" | "k" | "K" | "M" | "g" | "G") => None,
        _ => bail!(
            "--capture-rotate {} is neither a count of bytes nor a time: write 512M or 1G, 30min, 1h or 1d",
            text::escape(value.as_bytes())
        ),
    };
    let Some(seconds) = seconds else {
        return Ok(Rotate::Bytes(size("--capture-rotate", value, LEAST)? as u64));
    };
    let count = digits.parse::<u64>().ok().filter(|count| *count > 0).and_then(|count| count.checked_mul(seconds));
    let shown = text::escape(value.as_bytes());
    let seconds = count.ok_or_else(|| anyhow!("--capture-rotate {shown} is no time: write 30min, 1h or 1d"))?;
    Ok(Rotate::Age(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_file_is_begun_by_bytes_or_by_time() {
        for (value, expected) in [
            ("1G", Rotate::Bytes(1 << 30)),
            ("65536", Rotate::Bytes(65_536)),
            ("90s", Rotate::Age(Duration::from_secs(90))),
            ("30min", Rotate::Age(Duration::from_secs(1800))),
            ("2h", Rotate::Age(Duration::from_secs(7200))),
            ("1d", Rotate::Age(Duration::from_secs(86_400))),
        ] {
            assert_eq!(rotate(value).unwrap(), expected, "{value}");
        }
        for (value, words) in [
            ("30m", "neither a count of bytes nor a time"),
            ("1", "too little"),
            ("0h", "no time"),
            ("h", "no time"),
            ("-1d", "no time"),
            ("99999999999999999999d", "no time"),
            ("", "no count of bytes"),
        ] {
            let error = rotate(value).unwrap_err().to_string();
            assert!(error.contains(words), "{value}: {error}");
        }
    }
}
