//! Between the client's connection and hyper: looks at each request's head before hyper has it, and lets the connection
//! end, for hyper, where a request smells of WebSocket or can't be read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use hyper::Uri;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use super::framing::Framing;
use crate::engine::connection::{Connection, poll_read_head};
use crate::engine::listener;
use crate::relay::limits::Limits;
use crate::wire::head::{self, Head};

/// Set while a request has no whole response. The gate sets it; whoever holds the `Turn` of the response clears it.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<AtomicBool>);

impl Turn {
    fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The client's connection as hyper sees it.
pub(super) struct Gate<'a, C> {
    client: C,
    turn: Turn,
    limits: &'a Limits,
    /// Runs while a head has begun that is not whole.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom an exchange has to wait for it.
    alive: mpsc::WeakSender<()>,
    /// Held from a request's head until its response is out.
    waited_for: Option<mpsc::Sender<()>>,
    /// Read, not yet given to hyper.
    held: BytesMut,
    /// How many of them, from the first, hyper may have.
    free: usize,
    at: At,
    /// Nothing was written since the last flush.
    flushed: bool,
    /// hyper was told to wait until the response before is out.
    waits: bool,
    /// The client sends no more.
    ended: bool,
}

enum At {
    /// Before or in a head, of which so many bytes were searched for its end.
    Head { searched: usize },
    /// In a body.
    Body(Framing),
    /// Before a head with which the requests end.
    Last(Last),
}

/// What ends a connection's plain requests.
pub(super) enum Last {
    /// The client, or hyper.
    End,
    /// A request that smells of WebSocket.
    WebSocket,
    /// A head for which there is only a response: a status and why.
    Refused(u16, String),
}

impl<'a, C: Connection> Gate<'a, C> {
    pub(super) fn new(client: C, read: &[u8], limits: &'a Limits, turn: Turn, alive: mpsc::WeakSender<()>) -> Self {
        Self {
            client,
            turn,
            limits,
            timer: None,
            alive,
            waited_for: None,
            held: read.into(),
            free: 0,
            at: At::Head { searched: 0 },
            flushed: true,
            waits: false,
            ended: false,
        }
    }

    /// The connection, why the requests ended, and the bytes that hyper did not get.
    pub(super) fn open(self) -> (C, Last, BytesMut) {
        let last = if let At::Last(last) = self.at { last } else { Last::End };
        (self.client, last, self.held)
    }

    /// Finds out what of the held bytes hyper may have.
    fn judge(&mut self) {
        let busy = self.is_busy();
        match &mut self.at {
            At::Body(framing) => {
                self.free = framing.take(&self.held);
                if framing.is_done() {
                    self.at = At::Head { searched: 0 };
                }
            }
            // One request at a time, so that hyper is idle when it is told that there is no other.
            At::Head { .. } if busy => {}
            At::Head { searched } => {
                let blank = head::start(&self.held);
                self.held.advance(blank);
                match head::end(&self.held, searched.saturating_sub(blank)) {
                    Some(end) => self.meet(end),
                    None if self.held.len() >= self.limits.head => {
                        let reason = format!("the request's head is longer than {} bytes", self.limits.head);
                        self.at = At::Last(Last::Refused(431, reason));
                    }
                    None => *searched = self.held.len(),
                }
            }
            At::Last(_) => {}
        }
    }

    /// A whole head is there.
    fn meet(&mut self, end: usize) {
        let head = Head::new(self.held.get(..end).unwrap_or_default());
        if head.smells_of_websocket() {
            self.at = At::Last(Last::WebSocket);
            return;
        }
        match framing(&head, self.held.get(end..).unwrap_or_default()) {
            Err(error) => self.at = At::Last(Last::Refused(400, format!("the request is not HTTP/1.1: {error}"))),
            Ok(framing) => {
                self.at = if framing.is_done() { At::Head { searched: 0 } } else { At::Body(framing) };
                self.free = end;
                self.flushed = false;
                self.timer = None;
                self.waited_for = self.alive.upgrade();
                self.turn.begin();
            }
        }
    }

    /// Ends the wait for a head that has begun and does not come to its end.
    fn watch_the_time(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.at, At::Head { searched: 1.. }) {
            return;
        }
        let time = self.limits.head_time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        if timer.as_mut().poll(cx).is_ready() {
            self.at = At::Last(Last::Refused(408, listener::too_slow(self.held.len(), time)));
        }
    }

    fn is_busy(&self) -> bool {
        self.turn.is_on() || !self.flushed
    }

    /// Reads more. While a response is on its way, this tells whether the client still wants it.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let count = ready!(poll_read_head(&mut self.client, &mut self.held, usize::MAX, cx))?;
        self.ended = count == 0;
        Poll::Ready(Ok(()))
    }
}

/// Where the body of a request ends whose head this is.
///
/// # Errors
/// What is wrong with the request, as far as the bytes tell that are there: nobody is dialled for it.
fn framing(head: &Head<'_>, body: &[u8]) -> Result<Framing, String> {
    if let Some(error) = head.strict_error() {
        return Err(error);
    }
    if let Err(error) = Uri::try_from(head.target()) {
        return Err(format!("its target can't be read: {error}"));
    }
    let framing = Framing::of(head)?;
    let mut tried = framing;
    tried.take(body);
    tried.broken().map_or(Ok(framing), |why| Err(format!("its body is not chunked as it says: {why}")))
}

impl<C: Connection> AsyncRead for Gate<'_, C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if gate.free == 0 {
                gate.judge();
            }
            if gate.free > 0 {
                let count = gate.free.min(buffer.remaining());
                buffer.put_slice(gate.held.get(..count).unwrap_or_default());
                gate.held.advance(count);
                gate.free -= count;
                return Poll::Ready(Ok(()));
            }
            // Requests that came early wait for the flush that ends the response before them.
            gate.waits = gate.is_busy() && matches!(gate.at, At::Head { .. });
            let early = gate.waits && !gate.held.is_empty();
            if early && (gate.ended || gate.held.len() >= gate.limits.head) {
                return Poll::Pending;
            }
            if !gate.waits {
                gate.watch_the_time(cx);
            }
            if gate.ended || matches!(gate.at, At::Last(_)) {
                return Poll::Ready(Ok(()));
            }
            ready!(gate.fill(cx))?;
        }
    }
}

impl<C: Connection> AsyncWrite for Gate<'_, C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.client).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.client).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.client.is_write_vectored()
    }

    /// hyper flushes when it has written all that it has, so a flush behind a whole response means that the response is out.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.client).poll_flush(cx))?;
        if !self.turn.is_on() {
            self.flushed = true;
            self.waited_for = None;
            if std::mem::take(&mut self.waits) {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_shutdown(cx)
    }
}
