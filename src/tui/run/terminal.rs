//! The terminal: taken over at the start, given back at the end, whatever the end is.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

/// Whether the terminal is ours. One for the process, as the terminal is.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Bytes of a redraw that are collected before they are written: a whole screen with its colours.
const REDRAW: usize = 64 * 1024;

type Inner = ratatui::Terminal<CrosstermBackend<BufWriter<WhileTaken>>>;

/// Standard output while the terminal is ours. Afterwards it takes all and writes nothing: when ratatui's terminal is
/// dropped, it shows the cursor once more, and where that fails, as on a terminal that is gone, it prints so and panics.
struct WhileTaken(Stdout);

impl io::Write for WhileTaken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if is_taken() { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if is_taken() { self.0.flush() } else { Ok(()) }
    }
}

/// The terminal while it is ours.
pub(crate) struct Terminal {
    inner: Inner,
}

impl Terminal {
    /// Takes it over.
    ///
    /// # Errors
    ///
    /// Where standard output is no terminal, or does not let itself be set.
    pub(crate) fn take() -> io::Result<Self> {
        enter()?;
        match inner() {
            Ok(inner) => Ok(Self { inner }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws what has changed, in one write.
    ///
    /// # Errors
    ///
    /// Where the terminal is gone.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.draw(render)?;
        queue!(self.inner.backend_mut(), EndSynchronizedUpdate)?;
        self.inner.backend_mut().flush()
    }

    /// Puts a text into the clipboard of whoever sits at the terminal (OSC 52), as far as the terminal lets it.
    ///
    /// # Errors
    ///
    /// Where the terminal is gone.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let backend = self.inner.backend_mut();
        write!(backend, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
        backend.flush()
    }

    /// Gives the terminal back, stops the process as ctrl-z does, and takes the terminal over again once it goes on.
    ///
    /// # Errors
    ///
    /// Where the terminal is gone.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        self.lend(|| {
            #[cfg(unix)]
            rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
            Ok(())
        })?
    }

    /// Gives the terminal back while `borrower` runs, then takes it over again and draws all of it with the next draw.
    ///
    /// # Errors
    ///
    /// Where the terminal is gone.
    pub(crate) fn lend<T>(&mut self, borrower: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let result = borrower();
        // One that has drawn nothing yet draws all; its own `clear` would ask the terminal where the cursor is, and wait.
        self.inner = inner()?;
        enter()?;
        execute!(io::stdout(), Clear(ClearType::All))?;
        Ok(result)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn inner() -> io::Result<Inner> {
    ratatui::Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(REDRAW, WhileTaken(io::stdout()))))
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let entered = execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, cursor::Hide);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Gives it back, once.
pub(crate) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nobody left to tell if this fails.
        let _ = leave(&mut io::stdout());
        let _ = disable_raw_mode();
    }
}

/// Throws away what was written and nobody has read, so that a thread which hangs in a write goes on.
pub fn unblock() {
    #[cfg(unix)]
    if is_taken() {
        use rustix::fs::{Mode, OFlags};
        use rustix::termios::{QueueSelector, tcflush};
        // Standard output is locked by who hangs. This is another door to the same terminal.
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        if let Ok(terminal) = rustix::fs::open("/dev/tty", flags, Mode::empty()) {
            // There is nobody to tell if this fails.
            let _ = tcflush(&terminal, QueueSelector::OFlush);
            // The system does not wake the one who hangs; a signal that changes nothing does.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::WINCH);
        }
    }
}

/// Makes the terminal take lines again, without a byte written to it: for one that takes none.
pub fn let_go() {
    // There is nobody left to tell if this fails.
    let _ = disable_raw_mode();
}

fn leave(out: &mut impl io::Write) -> io::Result<()> {
    execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show)
}

/// Whether the terminal that standard output was is there no more.
pub(crate) fn is_gone() -> bool {
    !io::stdout().is_terminal()
}

/// Whether the terminal is ours now.
pub(crate) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}
