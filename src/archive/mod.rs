//! Captures that are looked at: a file, what is still written to it, and the file that comes in its place when it is rotated.
//!
//! A thread of its own looks four times a second whether there is more, which costs a look at the file's length and works on
//! any file system. It reads the blocks that tell of events, too: what frames come to stands in the file's index. Whoever shows
//! a capture takes what was found as `News`, and asks for a block when somebody looks at it.

mod error;
mod parts;
mod walk;
mod watch;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::capture::{LoadError, Reader, Tail};
use crate::journal::{Archive, ArchiveEnd, ArchiveStatus, News, Stored};
use crate::record::{Log, Time};
use crate::text;

pub use error::ArchiveError;
pub use walk::{Walk, Walked, walk};

/// A capture, and those that follow it. Its thread ends with it.
pub struct Capture {
    shared: Arc<Shared>,
}

/// One file.
struct Part {
    path: PathBuf,
    reader: Reader<File>,
    /// What the system knows it by.
    identity: Option<(u64, u64)>,
}

impl Part {
    fn open(path: &Path) -> Result<Self, ArchiveError> {
        // Should the file be replaced meanwhile, that is seen at the next look.
        let identity = watch::identity(path);
        Ok(Self { path: path.to_owned(), reader: open_one(path)?, identity })
    }
}

/// What was found, and not asked for yet.
#[derive(Default)]
struct Found {
    news: Vec<News>,
    size: u64,
    range: Option<(Time, Time)>,
    tail: Option<Tail>,
    /// Whether something has come lately.
    grows: bool,
    trouble: Option<String>,
    bell: Option<Box<dyn Fn() + Send + Sync>>,
    quit: bool,
}

struct Shared {
    path: PathBuf,
    parts: Mutex<Vec<Part>>,
    found: Mutex<Found>,
    /// News were taken, or it is to end.
    taken: Condvar,
}

impl Shared {
    fn found(&self) -> MutexGuard<'_, Found> {
        // Nothing panics while it holds the lock, here and below.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a capture, and all files that follow it where it was rotated, to be read once from the beginning to the end.
///
/// # Errors
/// One sentence with the first file's name.
pub fn open(path: &Path) -> Result<Vec<Reader<File>>, ArchiveError> {
    let mut path = resolved(path);
    let mut readers = vec![open_one(&path)?];
    while let Some(next) = parts::next(&path) {
        let Ok(reader) = open_one(&next) else { break };
        readers.push(reader);
        path = next;
    }
    Ok(readers)
}

/// How the first of a capture's files ends that its writer did not end; `None` where it ended all.
#[must_use]
pub fn cut(files: &[Reader<File>]) -> Option<&Tail> {
    files.iter().map(Reader::tail).find(|tail| **tail != Tail::Ended)
}

/// The first file of the newest run in the folder where runs are kept; `None` where there is none.
#[must_use]
pub fn newest_run(folder: &Path) -> Option<PathBuf> {
    parts::newest_run(folder)
}

/// The file that a name stands for: of a rotated capture, the name without a number stands for the first file there is.
fn resolved(path: &Path) -> PathBuf {
    let first = if path.exists() { None } else { parts::first(path) };
    first.unwrap_or_else(|| path.to_owned())
}

fn open_one(path: &Path) -> Result<Reader<File>, ArchiveError> {
    let failed = |error| ArchiveError::of_io(path, error);
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(ArchiveError::Folder(error::shown(path)));
    }
    if !about.is_file() {
        return Err(ArchiveError::NoFile(error::shown(path)));
    }
    if about.len() == 0 {
        return Err(ArchiveError::Empty(error::shown(path)));
    }
    Reader::open(File::open(path).map_err(failed)?).map_err(|error| ArchiveError::Capture(error::shown(path), error))
}

impl Capture {
    /// Opens a capture and begins to follow it.
    ///
    /// # Errors
    /// One sentence with the file's name; where there is no thread to be had, too.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let path = resolved(path);
        let part = Part::open(&path)?;
        let shared = Arc::new(Shared {
            path: path.clone(),
            parts: Mutex::new(vec![part]),
            found: Mutex::default(),
            taken: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let mut watch = watch::Watch::new(own);
        // What is there already is there from the first look on.
        watch.look();
        let thread = thread::Builder::new().name("capture".into()).spawn(move || watch.run());
        thread.map_err(|error| ArchiveError::of_io(&path, error))?;
        Ok(Self { shared })
    }

    /// Calls `bell` whenever there is news. It must not block.
    pub fn on_news(&self, bell: impl Fn() + Send + Sync + 'static) {
        bell();
        self.shared.found().bell = Some(Box::new(bell));
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.shared.found().quit = true;
        self.shared.taken.notify_all();
    }
}

impl Archive for Capture {
    fn load(&self, stored: &Stored) -> Option<Log> {
        let mut parts = self.shared.parts();
        let loaded = parts.get_mut(stored.file)?.reader.load(&stored.entry);
        drop(parts);
        match loaded {
            Ok(loaded) => Some(loaded.log),
            Err(error) => {
                self.shared.trouble(&error);
                None
            }
        }
    }

    fn news(&self) -> Vec<News> {
        let news = std::mem::take(&mut self.shared.found().news);
        self.shared.taken.notify_all();
        news
    }

    fn status(&self) -> ArchiveStatus {
        let found = self.shared.found();
        let name = self.shared.path.file_name().unwrap_or(self.shared.path.as_os_str());
        let end = match &found.tail {
            Some(Tail::Ended) => ArchiveEnd::Whole,
            None | Some(Tail::Open) if found.grows => ArchiveEnd::Growing,
            Some(Tail::Cut { .. }) if found.grows => ArchiveEnd::Growing,
            None | Some(Tail::Open) => ArchiveEnd::Missing,
            Some(Tail::Cut { at, there, .. }) => ArchiveEnd::Cut(at + there),
            Some(Tail::Damaged { at, .. }) => ArchiveEnd::Damaged(*at),
        };
        let is_told = |end| matches!(end, ArchiveEnd::Cut(_) | ArchiveEnd::Damaged(_));
        let tail = found.tail.as_ref().filter(|_| is_told(end));
        ArchiveStatus {
            name: text::escape(name.as_encoded_bytes()),
            size: found.size,
            range: found.range,
            end,
            trouble: found.trouble.clone().or_else(|| tail.map(ToString::to_string)),
        }
    }
}

impl Shared {
    /// A block can't be had: the first such trouble is what there is to say.
    fn trouble(&self, error: &LoadError) {
        let mut found = self.found();
        found.trouble.get_or_insert_with(|| error.to_string());
        if let Some(bell) = &found.bell {
            bell();
        }
    }
}

#[cfg(test)]
mod tests;
