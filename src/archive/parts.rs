//! The files of a rotated capture: `talk.1.wscap`, `talk.2.wscap` and so on; and those of the last run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// The number in front of a name's ending, and what is before it.
fn numbered(path: &Path) -> Option<(&str, u64)> {
    let (name, number) = path.file_stem()?.to_str()?.rsplit_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((name, number.parse().ok().filter(|_| is_number && !name.is_empty())?))
}

/// The name of the file that follows, where this is one of several.
pub(super) fn next(path: &Path) -> Option<PathBuf> {
    let (name, number) = numbered(path)?;
    let mut next = OsString::from(format!("{name}.{}", number.checked_add(1)?));
    if let Some(ending) = path.extension() {
        next.push(".");
        next.push(ending);
    }
    Some(path.with_file_name(next))
}

/// The first of the files that a name without a number stands for, where there is none of that very name.
pub(super) fn first(path: &Path) -> Option<PathBuf> {
    let (stem, ending) = (path.file_stem()?.to_str()?, path.extension());
    let files = files(path.parent().filter(|parent| *parent != OsStr::new("")).unwrap_or(Path::new(".")));
    let parts = files.filter(|file| file.extension() == ending && numbered(file).is_some_and(|(name, _)| name == stem));
    parts.min_by_key(|file| numbered(file).map(|(_, number)| number))
}

/// The first file of the newest run in a folder of theirs: their names begin with the time at which they began.
pub(super) fn newest_run(folder: &Path) -> Option<PathBuf> {
    let runs = files(folder).filter(|file| file.extension() == Some(OsStr::new("wscap")));
    let named: Vec<_> =
        runs.filter_map(|file| numbered(&file).map(|(name, number)| (name.to_owned(), number))).collect();
    let newest = named.iter().map(|(name, _)| name).max()?;
    let first = named.iter().filter(|(name, _)| name == newest).map(|(_, number)| *number).min()?;
    let file = folder.join(format!("{newest}.{first}.wscap"));
    // A run whose frames are in a capture elsewhere has a link to it, and further files are there.
    Some(fs::canonicalize(&file).unwrap_or(file))
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_file_has_the_next_number() {
        for (path, expected) in [
            ("a/talk.1.wscap", Some("a/talk.2.wscap")),
            ("talk.9", None),
            ("20260101-120000-17.2.wscap", Some("20260101-120000-17.3.wscap")),
            ("talk.wscap", None),
            ("a.b.c", None),
            (".1.x", None),
            ("a.18446744073709551615.x", None),
        ] {
            assert_eq!(next(Path::new(path)), expected.map(PathBuf::from), "{path}");
        }
    }

    #[test]
    fn a_name_stands_for_the_first_of_its_files_and_a_folder_for_its_newest_run() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            ["talk.10.wscap", "talk.2.wscap", "talk.x.wscap", "other.1.wscap", "talk.1.txt", "talk.2.wscap.old"];
        names.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        let of = |name: &str| Some(first(&folder.path().join(name))?.file_name()?.to_str()?.to_owned());
        assert_eq!((of("talk.wscap").as_deref(), of("none.wscap")), (Some("talk.2.wscap"), None));
        let runs = tempfile::tempdir().unwrap();
        assert_eq!(newest_run(runs.path()), None);
        let names = ["20260101-120000-9.1.wscap", "20260102-080000-17.11.wscap", "20260102-080000-17.9.wscap", "x.txt"];
        names.iter().for_each(|name| fs::write(runs.path().join(name), "").unwrap());
        let newest = newest_run(runs.path()).unwrap();
        assert_eq!(newest.file_name().unwrap(), "20260102-080000-17.9.wscap");
    }
}
