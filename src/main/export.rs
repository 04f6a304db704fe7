//! `wsproxy export`: a capture in another format, a block at a time.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use tokio::runtime::Builder;
use wsproxy::archive::{self, Walk, Walked};
use wsproxy::capture::{Reader, Tail};
use wsproxy::config::ExportConfig;
use wsproxy::export::{ExportFile, Printer};
use wsproxy::headless;
use wsproxy::text;

use super::{FAILED, Failure, OrFail as _, WRONG, on_signal, say, written_or_unread};

/// Writes a capture in another format. ctrl-c ends it, and leaves no file.
pub(super) fn export(config: &ExportConfig) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("can't start").or_fail(FAILED)?;
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    on_signal(&runtime, move || stop.store(true, Ordering::Release))?;
    let name = text::escape(config.capture.as_os_str().as_encoded_bytes());
    let mut files = archive::open(&config.capture).map_err(anyhow::Error::from).or_fail(WRONG)?;
    let is_shown = config.output.is_some() && io::stderr().is_terminal();
    let progress = Progress { stopped, is_shown };
    let trouble = match &config.output {
        Some(path) => to_file(&mut files, path, config, &progress)?,
        None => to_output(&mut files, config, &progress)?,
    };
    drop(progress);
    for trouble in trouble.into_iter().chain(archive::cut(&files).map(Tail::to_string)) {
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
    files: &mut [Reader<File>],
    path: &Path,
    config: &ExportConfig,
    progress: &Progress,
) -> Result<Option<String>, Failure> {
    let wrong = |error: io::Error| Failure { code: WRONG, error: cannot_write(path, &error) };
    let mut file = ExportFile::begin(path, config.existing, printer(config)).map_err(wrong)?;
    let walked = archive::walk(
        files,
        |hundredths| progress.tell(hundredths),
        |block| match block {
            Walked::Seen(session, log) => file.log(session, log),
            Walked::Lost(records) => file.lost(records),
        },
    );
    let Some(Walk { findings, trouble }) = walked.map_err(wrong)? else {
        return Err(anyhow!("stopped, and there is no {}", path.display())).or_fail(FAILED);
    };
    file.finish(&findings).map_err(wrong)?;
    Ok(trouble)
}

fn to_output(
    files: &mut [Reader<File>],
    config: &ExportConfig,
    progress: &Progress,
) -> Result<Option<String>, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match headless::print_capture(files, printer(config), |hundredths| progress.tell(hundredths), &mut out) {
        Ok(Some(walked)) => Ok(walked.trouble),
        Ok(None) => Err(anyhow!("stopped before the end")).or_fail(FAILED),
        Err(error) => written_or_unread(Err(error)).map(|()| None),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = text::escape(path.as_os_str().as_encoded_bytes());
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
