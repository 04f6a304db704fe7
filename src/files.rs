//! Files that outlive a run: where they are, and how they are written.
//!
//! Nothing here is needed for wsproxy to work, so whoever calls goes on without where it fails.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The directory for them, whether it exists or not: `wsproxy` under `$XDG_STATE_HOME`, or under `~/.local/state`
/// (XDG Base Directory Specification). `None` where there is no home either.
#[must_use]
pub fn directory() -> Option<PathBuf> {
    directory_in(|name| std::env::var_os(name))
}

/// The directory for what was seen in the last runs, whether it exists or not.
#[must_use]
pub fn captures() -> Option<PathBuf> {
    Some(directory()?.join("captures"))
}

fn directory_in(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative path is to be taken as none, says the specification.
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("wsproxy"))
}

/// Makes the directory, for its owner only.
///
/// # Errors
///
/// Where it can't be made.
pub fn create(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens a file as `options` say; one that has to be made is for its owner only.
///
/// # Errors
///
/// Where it can't be opened.
pub fn open_private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Puts a file in place of another in one step, so that a reader sees the old one or the new one.
///
/// # Errors
///
/// Where it can't be written.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let written = open_private(OpenOptions::new().write(true).create(true).truncate(true), &aside)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&aside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        directory_in(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_directory_follows_the_specification() {
        assert_eq!(with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s/wsproxy".into()));
        assert_eq!(with(&[("HOME", "/h")]), Some("/h/.local/state/wsproxy".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]), Some("/h/.local/state/wsproxy".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "")]), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("a/b");
        create(&directory).unwrap();
        create(&directory).unwrap();
        let file = directory.join("file");
        replace(&file, b"one").unwrap();
        replace(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
    }

    #[test]
    fn a_place_that_can_t_be_written_is_an_error_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        assert!(replace(&place.path().join("missing/file"), b"x").is_err());
        let taken = place.path().join("taken");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("in it"), b"").unwrap();
        assert!(replace(&taken, b"x").is_err());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
