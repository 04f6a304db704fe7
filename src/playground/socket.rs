//! One WebSocket from the server's side: events in, frames out, and the ways it ends.
//!
//! Reading and writing are two halves that may run at the same time. Both keep their place when a future of theirs is
//! dropped, so they may stand in `select!`.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::LONGEST;
use super::incoming::{Event, Incoming, Violation};
use crate::wire::close::Code;
use crate::wire::frame::{self, FIN, FrameHeader};
use crate::wire::opcode::Opcode;

/// Bytes taken in one read.
const READ_SIZE: usize = 32 * 1024;

/// Bytes gathered before they are written even though more frames follow at once.
const FLUSH_AT: usize = 64 * 1024;

/// How long the closing handshake may take: longer than any live peer needs, and no reader that has stalled stays.
const LINGER: Duration = Duration::from_secs(10);

type Stream = TokioIo<Upgraded>;

/// How a conversation ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// The peer sent a close frame with this code and reason: it gets the same back.
    Theirs(Option<(Code, String)>),
    /// The server begins the closing handshake.
    Ours {
        /// A code that may be sent.
        code: Code,
        /// At most 123 bytes.
        reason: Cow<'static, str>,
    },
    /// The peer broke the protocol (RFC 6455 7.1.7).
    Broken(Violation),
}

/// Both halves.
#[derive(Debug)]
pub(super) struct Socket {
    /// What the peer sends.
    pub reader: Reader,
    /// What it gets.
    pub writer: Writer,
}

impl Socket {
    /// Takes messages of at most `limit` bytes.
    pub(super) fn new(upgraded: Upgraded, limit: usize) -> Self {
        let (input, output) = tokio::io::split(TokioIo::new(upgraded));
        let reader = Reader { input, buffer: vec![0; READ_SIZE], start: 0, end: 0, incoming: Incoming::new(limit) };
        Self { reader, writer: Writer { output, pending: Vec::new(), written: 0 } }
    }

    /// The next event. What is pending is written before it waits.
    ///
    /// # Errors
    ///
    /// When the peer vanished.
    pub(super) async fn receive(&mut self) -> io::Result<Result<Event, Violation>> {
        loop {
            if let Some(event) = self.reader.buffered() {
                return Ok(event);
            }
            self.writer.flush().await?;
            self.reader.fill().await?;
        }
    }

    /// Does the closing handshake, waits for the peer to hang up, and hangs up.
    pub(super) async fn end(mut self, ending: Ending) {
        // Whether it went well makes no difference any more.
        let _ = timeout(LINGER, self.finish(ending)).await;
    }

    async fn finish(&mut self, ending: Ending) -> io::Result<()> {
        match ending {
            Ending::Theirs(None) => self.writer.close(&[]).await?,
            Ending::Theirs(Some((code, reason))) => self.writer.close(&close_body(code, &reason)).await?,
            Ending::Broken(violation) => self.writer.close(&close_body(violation.code, violation.reason)).await?,
            Ending::Ours { code, reason } => {
                self.writer.close(&close_body(code, &reason)).await?;
                while !matches!(self.receive().await?, Ok(Event::Close(_)) | Err(_)) {}
            }
        }
        self.writer.output.shutdown().await?;
        // Closing with bytes unread would reset the connection, and the close frame might be lost with it.
        self.reader.discard().await
    }
}

/// The half that reads.
#[derive(Debug)]
pub(super) struct Reader {
    input: ReadHalf<Stream>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    incoming: Incoming,
}

impl Reader {
    /// The next event among the bytes that have come.
    pub(super) fn buffered(&mut self) -> Option<Result<Event, Violation>> {
        let mut input = self.buffer.get(self.start..self.end)?;
        let event = self.incoming.next(&mut input);
        self.start = self.end - input.len();
        event
    }

    /// Waits for bytes; to be called when `buffered` has none.
    ///
    /// # Errors
    ///
    /// When the peer vanished, ended its direction without a close frame, or sent nothing for a very long time.
    pub(super) async fn fill(&mut self) -> io::Result<()> {
        let count = timeout(LONGEST, self.input.read(&mut self.buffer)).await??;
        (self.start, self.end) = (0, count);
        if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    async fn discard(&mut self) -> io::Result<()> {
        while self.input.read(&mut self.buffer).await? > 0 {}
        Ok(())
    }
}

/// The half that writes.
#[derive(Debug)]
pub(super) struct Writer {
    output: WriteHalf<Stream>,
    pending: Vec<u8>,
    /// How much of `pending` went out.
    written: usize,
}

impl Writer {
    /// Sends a message or a control frame, gathered with what follows until `flush` or a good amount.
    ///
    /// # Errors
    ///
    /// When the peer vanished.
    pub(super) async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        frame::write(opcode, payload, None, &mut self.pending);
        self.flush_when_full().await
    }

    /// Sends a frame that is not the last of its message.
    ///
    /// # Errors
    ///
    /// When the peer vanished.
    pub(super) async fn send_unfinished(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let header = FrameHeader::new(opcode, payload.len() as u64, None);
        FrameHeader { first: header.first & !FIN, ..header }.write(&mut self.pending);
        self.pending.extend_from_slice(payload);
        self.flush_when_full().await
    }

    /// Sends a frame that was written before.
    ///
    /// # Errors
    ///
    /// When the peer vanished.
    pub(super) async fn send_raw(&mut self, frame: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(frame);
        self.flush_when_full().await
    }

    /// Writes all that is pending. A peer that does not read makes it wait.
    ///
    /// # Errors
    ///
    /// When the peer vanished.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.pending.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.output.write(rest).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.written += count,
            }
        }
        self.written = 0;
        self.pending.clear();
        // The memory of one large message is not kept for the rest of the connection.
        self.pending.shrink_to(FLUSH_AT);
        self.output.flush().await
    }

    async fn flush_when_full(&mut self) -> io::Result<()> {
        if self.pending.len() >= FLUSH_AT { self.flush().await } else { Ok(()) }
    }

    async fn close(&mut self, body: &[u8]) -> io::Result<()> {
        self.send(Opcode::CLOSE, body).await?;
        self.flush().await
    }
}

fn close_body(code: Code, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
