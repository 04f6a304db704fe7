//! What was seen as lines, for terminals without a screen, for pipes and for scripts.
//!
//! A thread of its own follows the journal: however slowly the lines are read, no session waits for it. What left the
//! journal before it could be printed is counted in the output.

mod captured;
mod colour;
mod doctor;
mod queue;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::export;
use crate::export::Printer;
use crate::journal::Journal;

pub use captured::print_capture;
pub use colour::{Colour, output_takes_sequences};
pub use doctor::report;
use queue::{Queue, Shared, Watched};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the time of day in the system's time zone.
    Text,
    /// JSON Lines: the contract for scripts.
    Json,
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::JsonLines,
        }
    }
}

/// Tells `run` to end, and finds out whether it can.
pub struct Remote {
    stopped: Arc<AtomicBool>,
    bell: SyncSender<()>,
    shared: Arc<Shared>,
    /// How far the writes were at the last look.
    writes: u64,
}

/// `run`'s end of the channel.
pub struct Inbox {
    stopped: Arc<AtomicBool>,
    rung: Receiver<()>,
    shared: Arc<Shared>,
}

/// The two ends, for all that the journal holds and gets, as `printer` writes it. `run` ends, too, when nobody reads its lines any more.
#[must_use]
pub fn channel(journal: &Arc<Journal>, printer: Printer) -> (Remote, Inbox) {
    // One place is enough: a bell that rings already need not ring twice.
    let (bell, rung) = sync_channel(1);
    let ring = bell.clone();
    let queue = Queue::new(journal, printer, move || {
        let _ = ring.try_send(());
    });
    let (stopped, shared) = (Arc::new(AtomicBool::new(false)), Arc::new(Shared::new(queue)));
    let inbox = Inbox { stopped: Arc::clone(&stopped), rung, shared: Arc::clone(&shared) };
    (Remote { stopped, bell, shared, writes: 0 }, inbox)
}

impl Remote {
    /// Ends `run` once it has printed all that the journal holds now.
    pub fn stop(&mut self) {
        self.writes = self.shared.writes();
        self.stopped.store(true, Ordering::Release);
        let _ = self.bell.try_send(());
    }

    /// Whether `run` hangs in the same write as at the last call, or when it was told to stop: then, how many lines are
    /// not written, down to the last. To be called after some time, and again for as long as `run` goes on.
    pub fn lost(&mut self) -> Option<u64> {
        let before = mem::replace(&mut self.writes, self.shared.writes());
        let hangs = before == self.writes && before % 2 == 1;
        hangs.then(|| self.shared.unwritten())
    }
}

/// What a run came to, in a line: what a screen leaves behind. `None` where it came to nothing.
#[must_use]
pub fn summary(journal: &Journal) -> Option<String> {
    let counts = journal.counts();
    export::counts(counts.sessions, counts.frames, &journal.findings())
}

/// Prints what the journal gets, from its start, until it is told to stop. Blocks; each read is flushed as a whole.
///
/// # Errors
/// When `out` can't be written to, but for a reader that went away: that ends it well.
pub fn run(inbox: &Inbox, out: &mut dyn Write) -> io::Result<()> {
    match print(inbox, out) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn print(inbox: &Inbox, out: &mut dyn Write) -> io::Result<()> {
    let shared = &inbox.shared;
    let mut out = Watched { out, shared };
    let mut text = Vec::new();
    loop {
        // The queue holds a sender, so this ends by a bell only.
        let _ = inbox.rung.recv();
        let stopped = inbox.stopped.load(Ordering::Acquire);
        while shared.queue().next(&mut text) {
            out.write_all(&text)?;
        }
        if stopped {
            shared.queue().finish(&mut text)?;
            out.write_all(&text)?;
            return out.flush();
        }
        out.flush()?;
    }
}

#[cfg(test)]
mod tests;
