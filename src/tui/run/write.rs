//! Writes a file of what is in memory on a thread of its own, a few blocks at a time, and can be stopped.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use jiff::tz::TimeZone;

use crate::decode::Preference;
use crate::export::{ExportFile, Printer, Redaction, Written};
use crate::journal::{BlockRef, Index, Journal, Opener, Scope};
use crate::record::{self, Event, Log, Record, SessionId};
use crate::text;
use crate::tui::state::writing::{WriteOrder, WriteProgress};

/// Bytes of blocks that are taken at a time. The others stay the journal's.
const TAKEN: usize = 1024 * 1024;

/// Stops the writing when dropped.
pub(crate) struct Stopper(SyncSender<()>);

impl Drop for Stopper {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

/// Where what was seen is.
pub(crate) enum Seen {
    /// In the journal.
    InMemory(Arc<Journal>),
    /// In a capture.
    InFiles(Vec<BlockRef>),
}

/// What is needed to write things down.
pub(crate) struct Job {
    pub order: WriteOrder,
    pub seen: Seen,
    /// What is known of sessions whose beginning has left memory.
    pub beginnings: Vec<(SessionId, Log)>,
    pub preference: Preference,
    pub redaction: Redaction,
    pub zone: TimeZone,
}

/// Starts it: `report` is told how far it is.
///
/// # Errors
///
/// Where there can be no more threads.
pub(crate) fn start(job: Job, mut report: impl FnMut(WriteProgress) + Send + 'static) -> io::Result<Stopper> {
    let (sender, stopped) = sync_channel(1);
    let run = move || {
        let last = match write(&job, &stopped, &mut report) {
            Ok(Some(written)) => WriteProgress::Done(written),
            Ok(None) => WriteProgress::Stopped,
            Err(error) => WriteProgress::Failed(why(&error, &job.order.path)),
        };
        report(last);
    };
    thread::Builder::new().name("write".into()).spawn(run)?;
    Ok(Stopper(sender))
}

fn why(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "it is there already, and :write! puts the new one in its place".to_owned(),
        io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(path).as_os_str().as_encoded_bytes();
            format!("there is no directory {}", text::escape(parent))
        }
        _ => error.to_string(),
    }
}

/// Writes all that was seen up to now; `None` where it was stopped.
fn write(job: &Job, stopped: &Receiver<()>, report: &mut impl FnMut(WriteProgress)) -> io::Result<Option<Written>> {
    let order = &job.order;
    let printer = Printer::new(order.format, job.zone.clone())
        .reading(job.preference.clone())
        .redacted(job.redaction.clone())
        .of_session(order.session)
        .between(order.span);
    let printer = match &order.query {
        Some(query) => printer.filtered(query.clone()),
        None => printer,
    };
    let mut file = ExportFile::begin(&order.path, order.existing, printer)?;
    for (session, log) in &job.beginnings {
        file.log(Some(*session), log)?;
    }
    match &job.seen {
        Seen::InMemory(journal) => write_journal(journal, file, stopped, report),
        Seen::InFiles(blocks) => write_blocks(blocks, file, stopped, report),
    }
}

/// Writes all blocks of a capture; `None` where it was stopped.
fn write_blocks(
    blocks: &[BlockRef],
    mut file: ExportFile,
    stopped: &Receiver<()>,
    report: &mut impl FnMut(WriteProgress),
) -> io::Result<Option<Written>> {
    let (mut opener, mut findings, mut told) = (Opener::default(), BTreeMap::new(), u8::MAX);
    for (place, block) in blocks.iter().enumerate() {
        if stopped.try_recv() != Err(TryRecvError::Empty) {
            return Ok(None);
        }
        let opened = opener.open(block);
        let (block, _) = opened.ok_or_else(|| io::Error::other("a block of the capture can't be read"))?;
        block.log.findings().for_each(|kind| *findings.entry(kind).or_default() += 1);
        file.log(block.session, &block.log)?;
        let hundredths = u8::try_from(place * 100 / blocks.len()).unwrap_or(99);
        if hundredths != told {
            told = hundredths;
            report(WriteProgress::Going(hundredths));
        }
    }
    file.finish(&findings).map(Some)
}

fn write_journal(
    journal: &Arc<Journal>,
    mut file: ExportFile,
    stopped: &Receiver<()>,
    report: &mut impl FnMut(WriteProgress),
) -> io::Result<Option<Written>> {
    let end = journal.next_sequence();
    let mut subscription = journal.subscribe(|| ());
    let (mut blocks, mut first, mut missed, mut told) = (Vec::new(), None, 0, u8::MAX);
    loop {
        if stopped.try_recv() != Err(TryRecvError::Empty) {
            return Ok(None);
        }
        subscription.read_some(&mut blocks, TAKEN);
        // What had left before is not missed here: the screen counts it all the time.
        if first.is_some() && subscription.missed() > missed {
            file.lost(subscription.missed() - missed)?;
        }
        missed = subscription.missed();
        let Some(newest) = blocks.last().map(|block| block.sequence) else { break };
        for block in blocks.drain(..).filter(|block| block.sequence < end) {
            file.log(block.session, &block.log)?;
        }
        let first = *first.get_or_insert(newest.min(end));
        let hundredths = (newest.saturating_sub(first)).saturating_mul(100) / (end.saturating_sub(first)).max(1);
        let hundredths = u8::try_from(hundredths.min(99)).unwrap_or(99);
        if hundredths != told {
            told = hundredths;
            report(WriteProgress::Going(hundredths));
        }
        if newest + 1 >= end {
            break;
        }
    }
    file.finish(&journal.findings()).map(Some)
}

/// What is remembered of sessions whose beginning is not in memory any more: their heads.
pub(crate) fn beginnings(view: &Index) -> Vec<(SessionId, Log)> {
    let has_begin = |session| {
        let scope = Scope::Session(session);
        let first = view.row(scope, view.range(scope).start);
        first.is_some_and(|row| matches!(row.record, record::Seen::Event(_, Event::SessionOpened { .. })))
    };
    let gone = view.sessions().filter(|summary| !has_begin(summary.id));
    gone.map(|summary| {
        let mut log = Log::default();
        if let Some(client) = summary.client {
            log.event(summary.opened, Event::SessionOpened { client, path: summary.path.clone() });
        }
        let responded = summary.responded.unwrap_or(summary.opened);
        for (time, head) in [(summary.opened, &summary.request), (responded, &summary.response)] {
            if let Some(head) = head {
                log.event(time, Event::Head(head.clone()));
            }
        }
        if let Some(open) = &summary.open {
            log.event(responded, Event::Open(open.clone()));
        }
        (summary.id, log)
    })
    .filter(|(_, log)| log.records.iter().any(|record| matches!(record, Record::Event(..))))
    .collect()
}
