//! What was seen as lines, for terminals without a screen, for pipes and for scripts.
//!
//! A thread of its own follows the journal: however slowly the lines are read, no session waits for it. What left the
//! journal before it could be printed is counted in the output.

mod doctor;
mod lines;
mod printer;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jiff::tz::TimeZone;

use crate::journal::Journal;

pub use doctor::{Colour, report};
pub use printer::Printer;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the time of day in the system's time zone.
    Text,
    /// JSON Lines: the contract for scripts.
    Json,
}

/// Tells `run` to end.
pub struct Remote {
    stopped: Arc<AtomicBool>,
    bell: SyncSender<()>,
}

/// `run`'s end of the channel.
pub struct Inbox {
    stopped: Arc<AtomicBool>,
    bell: SyncSender<()>,
    rung: Receiver<()>,
}

/// The two ends. `run` ends, too, when nobody reads its lines any more.
#[must_use]
pub fn channel() -> (Remote, Inbox) {
    // One place is enough: a bell that rings already need not ring twice.
    let (bell, rung) = sync_channel(1);
    let stopped = Arc::new(AtomicBool::new(false));
    (Remote { stopped: Arc::clone(&stopped), bell: bell.clone() }, Inbox { stopped, bell, rung })
}

impl Remote {
    /// Ends `run` once it has printed all that the journal holds now.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let _ = self.bell.try_send(());
    }
}

/// Prints what the journal gets, from its start, until it is told to stop. Blocks; each read is flushed as a whole.
///
/// # Errors
/// When `out` can't be written to, but for a reader that went away: that ends it well.
pub fn run(inbox: &Inbox, journal: &Arc<Journal>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match print(inbox, journal, format, out) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn print(inbox: &Inbox, journal: &Arc<Journal>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let bell = inbox.bell.clone();
    let mut subscription = journal.subscribe(move || {
        let _ = bell.try_send(());
    });
    let mut printer = Printer::new(format, TimeZone::system());
    let (mut blocks, mut text, mut missed) = (Vec::new(), Vec::new(), 0);
    loop {
        // The inbox holds a sender, so this ends by a bell only.
        let _ = inbox.rung.recv();
        let stopped = inbox.stopped.load(Ordering::Acquire);
        subscription.read(&mut blocks);
        if subscription.missed() > missed {
            printer.lost(subscription.missed() - missed, &mut text);
            missed = subscription.missed();
        }
        for block in blocks.drain(..) {
            printer.log(block.session, &block.log, &mut text);
            out.write_all(&text)?;
            text.clear();
        }
        if stopped {
            printer.finish(&journal.findings(), &mut text);
            out.write_all(&text)?;
            return out.flush();
        }
        out.flush()?;
    }
}

#[cfg(test)]
mod tests;
