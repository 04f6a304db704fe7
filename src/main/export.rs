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
use wsproxy::capture;
use wsproxy::config::ExportConfig;
use wsproxy::export::{ExportFile, Printer};
use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Log, SessionId};

use super::{FAILED, Failure, OrFail as _, WRONG, end_signal, say, written_or_unread};

/// Writes a capture in another format, a block at a time. ctrl-c ends it, and leaves no file.
pub(crate) fn export(config: &ExportConfig) -> Result<(), Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("can't start").or_fail(FAILED)?;
    let context = runtime.enter();
    let signal = end_signal().context("can't listen for signals").or_fail(FAILED)?;
    drop(context);
    let stop = Arc::clone(&stopped);
    runtime.spawn(async move {
        signal.await;
        stop.store(true, Ordering::Release);
    });
    let name = config.capture.display();
    let file = File::open(&config.capture).with_context(|| format!("can't open {name}")).or_fail(WRONG)?;
    let mut reader = capture::Reader::open(file).with_context(|| format!("can't open {name}")).or_fail(WRONG)?;
    let mut printer = Printer::new(config.format, TimeZone::system())
        .reading(config.preference.clone())
        .redacted(config.redaction.clone());
    if let Some(query) = &config.filter {
        printer = printer.filtered(query.clone());
    }
    let is_shown = config.output.is_some() && io::stderr().is_terminal();
    let progress = |hundredths: usize| {
        if is_shown && !stopped.load(Ordering::Acquire) {
            let _ = write!(io::stderr(), "\rwriting: {hundredths} %\r");
        }
        !stopped.load(Ordering::Acquire)
    };
    let done = match &config.output {
        Some(path) => {
            let begun = ExportFile::begin(path, config.existing, printer);
            let mut file = begun.map_err(|error| cannot_write(path, &error)).or_fail(WRONG)?;
            let done = each_block(&mut reader, progress, |session, log| file.log(session, log))?;
            if let Some(findings) = &done {
                file.finish(findings).map_err(|error| cannot_write(path, &error)).or_fail(WRONG)?;
            }
            done.is_some()
        }
        None => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            let mut bytes = Vec::new();
            let done = each_block(&mut reader, progress, |session, log| {
                bytes.clear();
                printer.log(session, log, &mut bytes);
                out.write_all(&bytes)
            });
            let done = match done {
                // Who reads has had enough.
                Err(Failure { error, .. }) if is_broken_pipe(&error) => return Ok(()),
                done => done?,
            };
            if let Some(findings) = &done {
                let written = printer.finish(findings, &mut out).and_then(|()| out.flush());
                written_or_unread(written)?;
            }
            done.is_some()
        }
    };
    if !done {
        return Err(anyhow!("stopped, and nothing is written")).or_fail(FAILED);
    }
    if *reader.tail() != capture::Tail::Ended {
        say(&format!("{name}: {}", reader.tail()));
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = wsproxy::text::escape(path.as_os_str().as_encoded_bytes());
    match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{path} is there already: --overwrite puts the new one in its place"),
        _ => anyhow!("can't write {path}: {error}"),
    }
}

/// Gives each block of a capture on, and counts the findings; `None` where `progress` says to stop.
fn each_block(
    reader: &mut capture::Reader<File>,
    progress: impl Fn(usize) -> bool,
    mut take: impl FnMut(Option<SessionId>, &Log) -> io::Result<()>,
) -> Result<Option<BTreeMap<FindingKind, u64>>, Failure> {
    let entries = reader.take_entries();
    let (mut findings, mut told) = (BTreeMap::new(), usize::MAX);
    for (place, entry) in entries.iter().enumerate() {
        let hundredths = place * 100 / entries.len();
        if (hundredths != told || place % 64 == 0) && !progress(hundredths) {
            return Ok(None);
        }
        told = hundredths;
        let loaded = reader.load(entry).map_err(anyhow::Error::from).or_fail(WRONG)?;
        for kind in loaded.log.findings() {
            *findings.entry(kind).or_default() += 1;
        }
        take(loaded.session, &loaded.log).map_err(anyhow::Error::from).or_fail(WRONG)?;
    }
    Ok(Some(findings))
}
