//! `wsproxy export`: a capture in another format, a block at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use tokio::runtime::Builder;
use wsproxy::capture::{Reader, Tail};
use wsproxy::config::ExportConfig;
use wsproxy::export::{ExportFile, Printer};
use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Log, SessionId};

use super::{FAILED, Failure, OrFail as _, WRONG, end_signal, say, written_or_unread};

/// Blocks between two looks whether to stop.
const BETWEEN_LOOKS: usize = 64;

/// Writes a capture in another format. ctrl-c ends it, and leaves no file.
pub(super) fn export(config: &ExportConfig) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("can't start").or_fail(FAILED)?;
    let context = runtime.enter();
    let signal = end_signal().context("can't listen for signals").or_fail(FAILED)?;
    drop(context);
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    runtime.spawn(async move {
        signal.await;
        stop.store(true, Ordering::Release);
    });
    let name = config.capture.display();
    let file = File::open(&config.capture).with_context(|| format!("can't open {name}")).or_fail(WRONG)?;
    let mut reader = Reader::open(file).with_context(|| format!("can't open {name}")).or_fail(WRONG)?;
    let is_shown = config.output.is_some() && io::stderr().is_terminal();
    let progress = Progress { stopped, is_shown };
    let trouble = match &config.output {
        Some(path) => to_file(&mut reader, path, config, &progress)?,
        None => to_output(&mut reader, config, &progress)?,
    };
    drop(progress);
    for trouble in trouble.into_iter().chain((*reader.tail() != Tail::Ended).then(|| reader.tail().to_string())) {
        say(&format!("{name}: {trouble}"));
    }
    Ok(())
}

fn printer(config: &ExportConfig) -> Printer {
    let printer = Printer::new(config.format, TimeZone::system())
        .reading(config.preference.clone())
        .redacted(config.redaction.clone());
    match &config.filter {
        Some(query) => printer.filtered(query.clone()),
        None => printer,
    }
}

/// Gives what is wrong with the capture, if anything.
fn to_file(
    reader: &mut Reader<File>,
    path: &Path,
    config: &ExportConfig,
    progress: &Progress,
) -> Result<Option<String>, Failure> {
    let wrong = |error: io::Error| Failure { code: WRONG, error: cannot_write(path, &error) };
    let mut file = ExportFile::begin(path, config.existing, printer(config)).map_err(wrong)?;
    let read = each_block(reader, progress, |block| match block {
        Block::Seen(session, log) => file.log(session, log),
        Block::Lost(records) => file.lost(records),
    });
    let Some(read) = read.map_err(wrong)? else {
        return Err(anyhow!("stopped, and there is no {}", path.display())).or_fail(FAILED);
    };
    file.finish(&read.findings).map_err(wrong)?;
    Ok(read.trouble)
}

fn to_output(reader: &mut Reader<File>, config: &ExportConfig, progress: &Progress) -> Result<Option<String>, Failure> {
    let (mut printer, mut bytes) = (printer(config), Vec::new());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let read = each_block(reader, progress, |block| {
        bytes.clear();
        match block {
            Block::Seen(session, log) => printer.log(session, log, &mut bytes),
            Block::Lost(records) => printer.lost(records, &mut bytes),
        }
        out.write_all(&bytes)
    });
    let read = match read {
        Ok(Some(read)) => read,
        Ok(None) => return Err(anyhow!("stopped before the end")).or_fail(FAILED),
        Err(error) => return written_or_unread(Err(error)).map(|()| None),
    };
    written_or_unread(printer.finish(&read.findings, &mut out).and_then(|()| out.flush()))?;
    Ok(read.trouble)
}

fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = wsproxy::text::escape(path.as_os_str().as_encoded_bytes());
    match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{path} is there already: --overwrite puts the new one in its place"),
        _ => anyhow!("can't write {path}: {error}"),
    }
}

/// How far it is, for who looks at standard error, and whether to stop.
struct Progress {
    stopped: Arc<AtomicBool>,
    is_shown: bool,
}

impl Progress {
    /// Says whether to go on.
    fn tell(&self, hundredths: usize) -> bool {
        let goes_on = !self.stopped.load(Ordering::Acquire);
        if self.is_shown && goes_on {
            let _ = write!(io::stderr(), "\rwriting: {hundredths} %\r");
        }
        goes_on
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r{:16}\r", "");
        }
    }
}

/// A block of a capture.
enum Block<'a> {
    Seen(Option<SessionId>, &'a Log),
    /// So many records that can't be read.
    Lost(u64),
}

/// What a capture came to.
#[derive(Default)]
struct Read {
    findings: BTreeMap<FindingKind, u64>,
    /// The first thing that is wrong with it.
    trouble: Option<String>,
}

/// Gives each block on; `None` where `progress` says to stop.
///
/// # Errors
/// Those of `take`.
fn each_block(
    reader: &mut Reader<File>,
    progress: &Progress,
    mut take: impl FnMut(Block<'_>) -> io::Result<()>,
) -> io::Result<Option<Read>> {
    let entries = reader.take_entries();
    let mut read = Read::default();
    for (place, entry) in entries.iter().enumerate() {
        if place % BETWEEN_LOOKS == 0 && !progress.tell(place * 100 / entries.len()) {
            return Ok(None);
        }
        match reader.load(entry) {
            Ok(loaded) => {
                for kind in loaded.log.findings() {
                    *read.findings.entry(kind).or_default() += 1;
                }
                take(Block::Seen(loaded.session, &loaded.log))?;
            }
            Err(error) => {
                read.trouble.get_or_insert_with(|| error.to_string());
                take(Block::Lost(entry.sums.things.into()))?;
            }
        }
    }
    Ok(Some(read))
}
