//! Reports for CI systems.

use std::io::{self, Write as _};
use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use wsproxy::config::{self, Config};
use wsproxy::export::{Checks, Printer};
use wsproxy::headless;
use wsproxy::journal::Journal;
use wsproxy::record::finding::Level;

use super::{FAILED, Failure, OrFail as _, WRONG, written_or_unread};

/// Reports for CI systems, each of which is made on a thread of its own and written at the end.
pub(super) struct Reports(Vec<ReportUnderWay>);

struct ReportUnderWay {
    report: config::Report,
    remote: headless::Remote,
    made: mpsc::Receiver<io::Result<Vec<u8>>>,
}

impl Reports {
    pub(super) fn begin(config: &Config, journal: &Arc<Journal>, checks: &Checks) -> Result<Self, Failure> {
        let begin = |report: &config::Report| {
            let least = config.fail_on.unwrap_or(Level::Error);
            let printer = Printer::report(report.kind, checks.clone(), least, TimeZone::system());
            let (remote, inbox) = headless::channel(journal, printer.redacted(config.redaction.clone()));
            let (done, made) = mpsc::sync_channel(1);
            let make = move || {
                let mut bytes = Vec::new();
                let result = headless::run(&inbox, &mut bytes).map(|()| bytes);
                let _ = done.send(result);
            };
            thread::Builder::new().name("report".into()).spawn(make).context("can't start threads").or_fail(FAILED)?;
            Ok(ReportUnderWay { report: report.clone(), remote, made })
        };
        config.ends.reports.iter().map(begin).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them, once all has been looked at that is asserted.
    pub(super) fn finish(self) -> Result<(), Failure> {
        for ReportUnderWay { report, mut remote, made } in self.0 {
            remote.stop();
            let bytes = made.recv().map_err(|_| anyhow!("a bug in wsproxy: a report was not made")).or_fail(FAILED)?;
            let bytes = bytes.context("can't make a report").or_fail(FAILED)?;
            match &report.file {
                None => written_or_unread(io::stdout().lock().write_all(&bytes))?,
                Some(file) => {
                    let written = std::fs::write(file, &bytes);
                    written.with_context(|| format!("can't write {}", file.display())).or_fail(WRONG)?;
                }
            }
        }
        Ok(())
    }
}
