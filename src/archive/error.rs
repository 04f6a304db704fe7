//! Why a capture can't be opened, each in a sentence.

use std::io;
use std::path::Path;

use crate::capture::OpenError;
use crate::text;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is nothing of that name.
    #[error("can't open {0}: there is no such file")]
    Missing(String),
    /// The system does not let it be read.
    #[error("can't open {0}: you may not read it")]
    Forbidden(String),
    /// It is a folder.
    #[error("{0} is a folder: name a capture in it")]
    Folder(String),
    /// It is a pipe, a device or a socket.
    #[error("{0} is no file: a capture is read here and there, so write it to a file first")]
    NoFile(String),
    /// It has no byte.
    #[error("{0} is empty: nothing was captured in it")]
    Empty(String),
    /// It is no capture, or none that this version reads.
    #[error("can't open {0}: {1}")]
    Capture(String, OpenError),
    /// The system says something else.
    #[error("can't open {0}: {1}")]
    Io(String, io::Error),
}

impl ArchiveError {
    pub(super) fn of_io(path: &Path, error: io::Error) -> Self {
        let path = shown(path);
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path),
            io::ErrorKind::PermissionDenied => Self::Forbidden(path),
            _ => Self::Io(path, error),
        }
    }
}

/// A path as it can be shown.
pub(super) fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_encoded_bytes())
}
