//! What a session needs of a connection to a peer, whatever it runs over.
//!
//! All that serves a peer is generic over it: what a peer speaks below its bytes is known when its connection is made, so
//! each kind gets a driver of its own, and no read or write goes through a table of functions.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::record::Ending;

use super::dial;

/// Bytes of a read while a head comes.
const READ: usize = 16 * 1024;

/// Whether a socket can't be had because this process, or the whole system, has no file descriptor left.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    /// ENFILE and EMFILE of Unix systems, WSAEMFILE of Windows; `ErrorKind` has no name for them.
    const NUMBERS: [i32; 3] = [23, 24, 10024];
    error.raw_os_error().is_some_and(|number| NUMBERS.contains(&number))
}

/// A connection to a peer.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {
    /// Makes its end a reset in place of an end of the bytes. It ends when it is dropped.
    ///
    /// # Errors
    /// The connection is gone by itself.
    fn reset(&mut self) -> io::Result<()>;

    /// Waits until the peer's bytes have ended, and reads none of them. It waits for ever where the peer has sent some, and
    /// where nothing can be known without reading.
    fn ended(&self) -> impl Future<Output = Ending> + Send {
        std::future::pending()
    }
}

impl Connection for TcpStream {
    fn reset(&mut self) -> io::Result<()> {
        self.set_zero_linger()
    }

    async fn ended(&self) -> Ending {
        match self.peek(&mut [0]).await {
            Ok(0) => Ending::Fin,
            Ok(_) => std::future::pending().await,
            Err(_) => Ending::Reset,
        }
    }
}

impl Connection for dial::Stream {
    fn reset(&mut self) -> io::Result<()> {
        self.tcp().set_zero_linger()
    }
}

/// One read of a head, of no more than `room` bytes, added to `read`; gives how many came. Only what came takes memory: a
/// head is kept for a while, and a client that sends nothing more is waited for.
pub(super) fn poll_read_head(
    connection: &mut impl Connection,
    read: &mut impl BufMut,
    room: usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut buffer = [MaybeUninit::uninit(); READ];
    let mut buffer = ReadBuf::uninit(buffer.get_mut(..room.min(READ)).unwrap_or_default());
    ready!(Pin::new(connection).poll_read(cx, &mut buffer))?;
    read.put_slice(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}
