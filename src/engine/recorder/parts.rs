//! The files of a capture: their names, who may read them, and how many there are.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::text;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is written over.
    Overwrite,
}

/// How a capture's files are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// There is one.
    One,
    /// Each has its number in front of the ending; so many are kept, or all.
    Numbered {
        /// The newest that are kept.
        keep: Option<usize>,
    },
}

/// All of them. Each is for its owner alone, and locked while this run may write to it or remove it.
#[derive(Debug)]
pub(super) struct Parts {
    path: PathBuf,
    naming: Naming,
    existing: Existing,
    /// How many were begun.
    begun: u64,
    /// Those that this run may yet remove, the oldest first.
    kept: VecDeque<(PathBuf, File)>,
}

impl Parts {
    pub(super) const fn new(path: PathBuf, naming: Naming, existing: Existing) -> Self {
        Self { path, naming, existing, begun: 0, kept: VecDeque::new() }
    }

    /// Begins the next file, and removes the oldest where there are too many. Gives its number, too.
    ///
    /// # Errors
    /// In a sentence that names the file and says what to do.
    pub(super) fn next(&mut self) -> io::Result<(u64, PathBuf, File)> {
        if self.begun == 0
            && let Some(path) = self.earlier()
        {
            let error = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(io::Error::new(error.kind(), why(&path, &error)));
        }
        let mut number = self.begun + 1;
        let (path, file) = loop {
            let path = match self.naming {
                Naming::One => self.path.clone(),
                Naming::Numbered { .. } => part(&self.path, number),
            };
            match open(&path, self.existing) {
                Ok(file) => break (path, file),
                // Somebody else's, which came since the first one was begun: it stays, and the capture goes on.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.begun > 0 => number += 1,
                Err(error) => return Err(io::Error::new(error.kind(), why(&path, &error))),
            }
        };
        self.begun = number;
        if let Naming::Numbered { keep: Some(keep) } = self.naming {
            self.kept.push_back((path.clone(), file.try_clone()?));
            while self.kept.len() > keep.max(1) {
                if let Some((oldest, _)) = self.kept.pop_front() {
                    // Who moved it away wants to have it.
                    let _ = fs::remove_file(oldest);
                }
            }
        }
        Ok((number, path, file))
    }

    /// A file of an earlier capture of that name, where those are to stay: its parts and ours would be taken for one.
    fn earlier(&self) -> Option<PathBuf> {
        let Naming::Numbered { .. } = self.naming else { return None };
        if self.existing == Existing::Overwrite {
            return None;
        }
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_part = |path: &PathBuf| {
            let number = path.file_stem().map(Path::new).and_then(Path::extension)?.to_str()?.parse().ok()?;
            (part(&self.path, number).file_name() == path.file_name()).then_some(())
        };
        let paths = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
        paths.into_iter().find(|path| is_part(path).is_some())
    }
}

/// A file's name with a number in front of its ending.
pub(super) fn part(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(ending) = path.extension() {
        name.push(OsString::from("."));
        name.push(ending);
    }
    path.with_file_name(name)
}

fn open(path: &Path, existing: Existing) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let file = match existing {
        Existing::Keep => files::open_private(options.create_new(true), path)?,
        Existing::Overwrite => files::open_private(options.create(true).truncate(false), path)?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    // Where a file system knows no locks, nobody else has one.
    if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another wsproxy writes to it"));
    }
    if existing == Existing::Overwrite {
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.set_len(0)?;
    }
    Ok(file)
}

fn why(path: &Path, error: &io::Error) -> String {
    let shown = text::escape(path.as_os_str().as_encoded_bytes());
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{shown} is there already: choose another name, or write over it with --capture-overwrite")
        }
        io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(path).as_os_str().as_encoded_bytes();
            format!("can't write {shown}: there is no directory {}", text::escape(parent))
        }
        _ => format!("can't write {shown}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_in_front_of_the_ending() {
        for (path, expected) in
            [("a/talk.wscap", "a/talk.2.wscap"), ("talk", "talk.2"), (".x", ".x.2"), ("a.b.c", "a.b.2.c")]
        {
            assert_eq!(part(Path::new(path), 2), Path::new(expected));
        }
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_may_be_written_over() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("talk.wscap");
        fs::write(&path, "old").unwrap();
        let error = Parts::new(path.clone(), Naming::One, Existing::Keep).next().unwrap_err().to_string();
        assert!(error.contains("is there already") && error.contains("--capture-overwrite"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut parts = Parts::new(path.clone(), Naming::One, Existing::Overwrite);
        let (number, _, _file) = parts.next().unwrap();
        assert_eq!((number, fs::read(&path).unwrap()), (1, Vec::new()));
        let error = Parts::new(path, Naming::One, Existing::Overwrite).next().unwrap_err().to_string();
        assert!(error.contains("another wsproxy writes to it"), "{error}");
    }

    #[test]
    fn what_can_t_be_a_capture_is_refused_in_a_sentence() {
        let place = tempfile::tempdir().unwrap();
        for (path, existing, words) in [
            (place.path().join("missing/x"), Existing::Keep, "there is no directory"),
            (place.path().to_owned(), Existing::Overwrite, "can't write"),
            ("/dev/null".into(), Existing::Overwrite, "it is no regular file"),
        ] {
            let error = Parts::new(path, Naming::One, existing).next().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_newest_are_kept_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("talk.wscap");
        fs::write(place.path().join("talk.9.wscap"), "of an earlier run").unwrap();
        let error = Parts::new(path.clone(), Naming::Numbered { keep: None }, Existing::Keep).next().unwrap_err();
        assert!(error.to_string().contains("talk.9.wscap is there already"), "{error}");
        fs::rename(place.path().join("talk.9.wscap"), place.path().join("talk.x.wscap")).unwrap();
        let mut parts = Parts::new(path, Naming::Numbered { keep: Some(2) }, Existing::Keep);
        for number in 1..=4 {
            let (part, path, file) = parts.next().unwrap();
            assert_eq!((part, file.metadata().unwrap().permissions().mode() & 0o777), (number, 0o600));
            assert!(path.exists());
        }
        // One that comes from elsewhere meanwhile is passed over.
        fs::write(place.path().join("talk.5.wscap"), "not of this run").unwrap();
        assert_eq!(parts.next().unwrap().0, 6);
        let mut names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["talk.4.wscap", "talk.5.wscap", "talk.6.wscap", "talk.x.wscap"]);
    }
}
