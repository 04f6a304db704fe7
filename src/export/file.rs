//! What was seen, in a file: it is there when it is whole, and not at all where something goes wrong or somebody stops it.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::record::finding::FindingKind;
use crate::record::{Log, SessionId};

use super::Printer;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// A file under way. For its owner only, since what passed may be secret.
pub struct ExportFile {
    path: PathBuf,
    existing: Existing,
    file: BufWriter<NamedTempFile>,
    printer: Printer,
    lines: Vec<u8>,
}

/// A file that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes in it.
    pub bytes: u64,
    /// Sessions and frames that were looked at.
    pub sessions: u64,
    /// Frames of them.
    pub frames: u64,
    /// Things that a filter kept out of it.
    pub hidden: u64,
    /// Records that had left before.
    pub lost: u64,
}

impl ExportFile {
    /// Begins one.
    ///
    /// # Errors
    /// Where there is one that is to stay, or the directory can't be written to.
    pub fn begin(path: &Path, existing: Existing, printer: Printer) -> io::Result<Self> {
        if existing == Existing::Keep && path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = BufWriter::new(NamedTempFile::new_in(directory)?);
        Ok(Self { path: path.to_owned(), existing, file, printer, lines: Vec::new() })
    }

    /// Writes a block's log. Blocks come in the journal's order.
    ///
    /// # Errors
    /// Where the file can't be written to.
    pub fn log(&mut self, session: Option<SessionId>, log: &Log) -> io::Result<()> {
        self.lines.clear();
        self.printer.log(session, log, &mut self.lines);
        self.file.write_all(&self.lines)
    }

    /// Writes that so many records left before.
    ///
    /// # Errors
    /// Where the file can't be written to.
    pub fn lost(&mut self, records: u64) -> io::Result<()> {
        self.lines.clear();
        self.printer.lost(records, &mut self.lines);
        self.file.write_all(&self.lines)
    }

    /// Writes the rest, and gives the file its name.
    ///
    /// # Errors
    /// Where the file can't be written to, or another one has the name by now.
    pub fn finish(mut self, findings: &BTreeMap<FindingKind, u64>) -> io::Result<Written> {
        self.printer.finish(findings, &mut self.file)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = file.as_file().metadata()?.len();
        match self.existing {
            Existing::Keep => file.persist_noclobber(&self.path)?,
            Existing::Replace => file.persist(&self.path)?,
        };
        let totals = self.printer.totals();
        Ok(Written {
            bytes,
            sessions: totals.sessions,
            frames: totals.frames,
            hidden: totals.hidden,
            lost: totals.lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::tz::TimeZone;

    use super::super::Format;
    use super::*;

    fn printer() -> Printer {
        Printer::new(Format::JsonLines, TimeZone::UTC)
    }

    #[test]
    fn a_file_is_whole_or_not_there_and_one_that_is_there_stays() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.jsonl");
        drop(ExportFile::begin(&path, Existing::Keep, printer()).unwrap());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        ExportFile::begin(&path, Existing::Keep, printer()).unwrap().finish(&BTreeMap::new()).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("summary"));
        let again = ExportFile::begin(&path, Existing::Keep, printer());
        assert_eq!(again.err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        fs::write(&path, "old").unwrap();
        ExportFile::begin(&path, Existing::Replace, printer()).unwrap().finish(&BTreeMap::new()).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("summary"));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.har");
        ExportFile::begin(&path, Existing::Keep, printer()).unwrap().finish(&BTreeMap::new()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
