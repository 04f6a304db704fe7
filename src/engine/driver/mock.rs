//! Connections of a test's own: what can be read stands in a script, what may be written has a quota, and any step can
//! fail.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::engine::connection::Connection;

/// What a read gives.
pub(super) enum Read {
    Bytes(Vec<u8>),
    Fin,
}

/// Counts the steps that are taken over both connections, and fails one of them.
#[derive(Clone, Default)]
pub(super) struct Fate {
    steps: Arc<AtomicUsize>,
    fails: Option<(usize, io::ErrorKind)>,
}

impl Fate {
    /// The step with that number fails.
    pub(super) fn failing(step: usize, kind: io::ErrorKind) -> Self {
        Self { fails: Some((step, kind)), ..Self::default() }
    }

    /// Steps that were taken.
    pub(super) fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    fn step(&self) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        match self.fails {
            Some((fails, kind)) if fails == step => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

/// A peer as the test sees it.
#[derive(Default)]
pub(super) struct Peer {
    reads: VecDeque<Read>,
    /// What it was sent.
    pub got: Vec<u8>,
    /// The length of each write.
    pub writes: Vec<usize>,
    /// Bytes that it still takes.
    quota: usize,
    /// Bytes that it takes at a time.
    bite: usize,
    /// Whether it was told that the bytes end.
    pub shut: bool,
    /// Whether one of its steps failed.
    pub broken: bool,
    waker: Option<Waker>,
}

/// Reaches a peer from both ends.
#[derive(Clone)]
pub(super) struct Reach(Arc<Mutex<Peer>>);

impl Reach {
    pub(super) fn lock(&self) -> MutexGuard<'_, Peer> {
        self.0.lock().unwrap()
    }

    pub(super) fn says(&self, bytes: &[u8]) {
        self.reads(Read::Bytes(bytes.to_vec()));
    }

    pub(super) fn ends(&self) {
        self.reads(Read::Fin);
    }

    pub(super) fn takes(&self, quota: usize) {
        let mut peer = self.lock();
        peer.quota = quota;
        peer.wake();
    }

    fn reads(&self, read: Read) {
        let mut peer = self.lock();
        peer.reads.push_back(read);
        peer.wake();
    }
}

impl Peer {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn waits<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The driver's end. Its socket is connected to nothing; it only keeps whether a reset was asked for.
pub(super) struct Wire {
    peer: Reach,
    fate: Fate,
    socket: Arc<TcpStream>,
}

/// A connection to a peer that takes `bite` bytes at a time, its other end, and its socket.
pub(super) fn wire(fate: &Fate, bite: usize) -> (Wire, Reach, Arc<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = Arc::new(TcpStream::from_std(socket.into()).unwrap());
    let peer = Reach(Arc::new(Mutex::new(Peer { quota: usize::MAX, bite, ..Peer::default() })));
    (Wire { peer: peer.clone(), fate: fate.clone(), socket: Arc::clone(&socket) }, peer, socket)
}

/// Whether the end of that connection is to be a reset.
pub(super) fn is_reset(socket: &TcpStream) -> bool {
    socket.linger().unwrap() == Some(Duration::ZERO)
}

impl Wire {
    /// One more step, which may be the one that fails.
    fn step(&self, peer: &mut Peer) -> io::Result<()> {
        let step = self.fate.step();
        peer.broken |= step.is_err();
        step
    }
}

impl Connection for Wire {
    fn reset(&mut self) -> io::Result<()> {
        self.socket.set_zero_linger()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut peer = self.peer.lock();
        match peer.reads.pop_front() {
            None => return peer.waits(cx),
            Some(Read::Fin) => {}
            Some(Read::Bytes(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buffer.remaining()));
                buffer.put_slice(&bytes);
                if !rest.is_empty() {
                    peer.reads.push_front(Read::Bytes(rest));
                }
            }
        }
        Poll::Ready(self.step(&mut peer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut peer = self.peer.lock();
        let length = bytes.len().min(peer.quota).min(peer.bite);
        if length == 0 {
            return peer.waits(cx);
        }
        self.step(&mut peer)?;
        peer.quota -= length;
        peer.writes.push(length);
        peer.got.extend_from_slice(&bytes[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.step(&mut self.peer.lock()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut peer = self.peer.lock();
        self.step(&mut peer)?;
        peer.shut = true;
        Poll::Ready(Ok(()))
    }
}
