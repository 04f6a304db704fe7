//! The file with what was sent before, in this run and in those before it.
//!
//! The file has one JSON string on each line, oldest first. Runs at the same time append to the same file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::tui::state::history::{History, TEXTS};

use crate::files;

/// Bytes of a text that is kept from one run to the next. A larger one is a file's business.
const LARGE: usize = 16 * 1024;
/// Bytes of the file that are read. More is cut off when the file is read.
const FILE: u64 = 1024 * 1024;

/// The file. Without a home, or without the right to write there, it does nothing: a history is not worth an error.
#[derive(Debug, Default)]
pub(crate) struct HistoryFile {
    path: Option<PathBuf>,
}

impl HistoryFile {
    /// The file `history` in a directory, which is made when there is something to write.
    #[must_use]
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self { path: directory.map(|directory| directory.join("history")) }
    }

    /// What earlier runs left. A file that has grown too long is cut.
    #[must_use]
    pub(crate) fn load(&self) -> History {
        let mut history = History::default();
        let Some(path) = &self.path else { return history };
        let Ok((content, cut)) = tail(path) else { return history };
        let mut lines = 0;
        for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            lines += 1;
            // A line that another program wrote is passed over.
            if let Ok(text) = serde_json::from_slice(line) {
                history.push(text);
            }
        }
        if cut || lines > 2 * TEXTS {
            let content: String = history.texts().iter().map(|text| line(text)).collect();
            note(files::replace(path, content.as_bytes()));
        }
        history
    }

    /// Adds a text.
    pub(crate) fn append(&self, text: &str) {
        if let Some(path) = &self.path
            && text.len() <= LARGE
        {
            note(append(path, text));
        }
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        files::create(directory)?;
    }
    // In one write, so that two runs do not mix their lines.
    files::open_private(OpenOptions::new().append(true).create(true), path)?.write_all(line(text).as_bytes())
}

fn line(text: &str) -> String {
    format!("{}\n", serde_json::Value::from(text))
}

/// The end of a file from the start of a line, and whether something stands before it.
fn tail(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(FILE)))?;
    file.take(FILE).read_to_end(&mut content)?;
    if length <= FILE {
        return Ok((content, false));
    }
    let start = content.iter().position(|byte| *byte == b'\n').map_or(content.len(), |at| at + 1);
    Ok((content.split_off(start), true))
}

fn note(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "the composer's history was not written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn texts(history: &History) -> Vec<&str> {
        history.texts().iter().map(String::as_str).collect()
    }

    #[test]
    fn texts_come_back_in_the_next_run() {
        let place = tempfile::tempdir().unwrap();
        let file = HistoryFile::new(Some(place.path().join("new/state")));
        assert_eq!(file.load().texts().len(), 0);
        for text in ["one", "two\nlines \"quoted\" \u{1b}", "one"] {
            file.append(text);
        }
        assert_eq!(texts(&file.load()), ["two\nlines \"quoted\" \u{1b}", "one"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(place.path().join("new/state/history")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_file_stays_small() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("history");
        let file = HistoryFile::new(Some(place.path().into()));
        let content: String = (0..1200).map(|number| format!("\"{number}\"\n")).collect();
        fs::write(&path, &content).unwrap();
        let history = file.load();
        assert_eq!((history.texts().len(), history.get(0)), (TEXTS, Some("1199")));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), TEXTS);
        let long = format!("\"{}\"\n", "x".repeat(10_000));
        fs::write(&path, long.repeat(200) + "\"last\"\n").unwrap();
        assert_eq!(file.load().get(0), Some("last"));
        assert!(fs::metadata(&path).unwrap().len() < 20_000);
        file.append(&"y".repeat(LARGE + 1));
        assert_eq!(file.load().get(0), Some("last"));
    }

    #[test]
    fn trouble_is_silent() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("history"), b"no json\n\"good\"\n\xff\xfe\n17\n\"cut off").unwrap();
        assert_eq!(texts(&HistoryFile::new(Some(place.path().into())).load()), ["good"]);
        fs::write(place.path().join("a file"), b"").unwrap();
        let nowhere = HistoryFile::new(Some(place.path().join("a file/within")));
        nowhere.append("x");
        assert_eq!(nowhere.load().texts().len(), 0);
        let none = HistoryFile::default();
        none.append("x");
        assert_eq!(none.load().texts().len(), 0);
    }
}
