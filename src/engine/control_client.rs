//! The other end of the control socket: for `wsproxy ctl`. Blocking, for there is nothing else to do meanwhile.

use std::io::{self, BufRead as _, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connection to a running proxy.
pub struct ControlClient {
    lines: BufReader<UnixStream>,
}

impl ControlClient {
    /// Connects to the socket at a path.
    ///
    /// # Errors
    /// What the system says: mostly that nobody answers there.
    pub fn connect(path: &Path) -> io::Result<Self> {
        Ok(Self { lines: BufReader::new(UnixStream::connect(path)?) })
    }

    /// Sends a line; its end is added.
    ///
    /// # Errors
    /// When the proxy is gone.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        self.lines.get_mut().write_all(format!("{line}\n").as_bytes())
    }

    /// The next line, with its end; an empty one where none comes any more.
    ///
    /// # Errors
    /// When the proxy is gone.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line)?;
        Ok(line)
    }

    /// An end to send by, from another thread.
    ///
    /// # Errors
    /// When the system has no more of them.
    pub fn sender(&self) -> io::Result<ControlSender> {
        self.lines.get_ref().try_clone().map(ControlSender)
    }
}

/// Sends bytes. Once it is dropped, the proxy knows that no more come.
pub struct ControlSender(UnixStream);

impl Write for ControlSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for ControlSender {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }
}
