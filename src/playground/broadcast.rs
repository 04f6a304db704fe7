//! The endpoint that sends each message to everyone who is connected, its sender too.
//!
//! Each page has a bounded queue. A page whose queue stays full is closed with 1013 and the others go on; only the
//! sender of the message that did not fit has waited for it, so that a sender can't outrun those who read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::incoming::Event;
use super::socket::{Ending, Reader, Socket, Writer};
use crate::wire::close::Code;
use crate::wire::frame;
use crate::wire::opcode::Opcode;

/// Bytes of a message at most. Smaller than for the echo, since each page's queue may hold many.
pub(super) const MAX_MESSAGE: usize = 1024 * 1024;

/// Frames that wait for one page.
const QUEUE: usize = 32;

/// How long a page's queue may stay full.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everyone who is connected.
#[derive(Debug, Default)]
pub(super) struct Room {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    next: u64,
    members: BTreeMap<u64, Member>,
}

#[derive(Debug)]
struct Member {
    queue: mpsc::Sender<Bytes>,
    /// Dropped with the member, by which the page learns that it was put out.
    _membership: oneshot::Sender<()>,
}

/// A page's place in the room; it leaves when this is dropped.
#[derive(Debug)]
struct Seat {
    room: Arc<Room>,
    number: u64,
}

/// What a page that has joined gets.
#[derive(Debug)]
pub(super) struct Membership {
    seat: Seat,
    frames: mpsc::Receiver<Bytes>,
    put_out: oneshot::Receiver<()>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.remove(self.number);
    }
}

impl Room {
    /// Takes a place. Done before the handshake is answered: a page that knows itself connected misses nothing.
    pub(super) fn join(self: &Arc<Self>) -> Membership {
        let (queue, frames) = mpsc::channel(QUEUE);
        let (membership, put_out) = oneshot::channel();
        let mut pages = self.lock();
        let number = pages.next;
        pages.next += 1;
        pages.members.insert(number, Member { queue, _membership: membership });
        Membership { seat: Seat { room: Arc::clone(self), number }, frames, put_out }
    }

    /// Hands a frame to each page, and puts out those that had no place for it for too long.
    async fn publish(&self, frame: &Bytes) {
        let full = self.offer(frame);
        // Those who have room have it already, so nobody but the sender waits here.
        let mut patience = pin!(sleep(PATIENCE));
        for (number, queue) in full {
            tokio::select! {
                biased;
                // A page that is gone has left the room by itself.
                _ = queue.send(frame.clone()) => {}
                () = &mut patience => self.remove(number),
            }
        }
    }

    /// Hands a frame to the pages with room for it, and gives back the others.
    fn offer(&self, frame: &Bytes) -> Vec<(u64, mpsc::Sender<Bytes>)> {
        let pages = self.lock();
        let full = pages.members.iter().filter(|(_, member)| {
            matches!(member.queue.try_send(frame.clone()), Err(mpsc::error::TrySendError::Full(_)))
        });
        full.map(|(number, member)| (*number, member.queue.clone())).collect()
    }

    fn remove(&self, number: u64) {
        self.lock().members.remove(&number);
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Talks until one side ends it.
pub(super) async fn serve(mut socket: Socket, membership: Membership) {
    if let Ok(ending) = converse(&mut socket, membership).await {
        socket.end(ending).await;
    }
}

async fn converse(socket: &mut Socket, membership: Membership) -> io::Result<Ending> {
    let Membership { seat, mut frames, put_out } = membership;
    let (reply, mut replies) = mpsc::channel(1);
    let too_slow = Ending::Ours { code: Code::TRY_AGAIN, reason: Cow::Borrowed("this page reads too slowly") };
    // The two directions wait for each other's peers, never for each other: else two pages that send much at the same
    // time could each wait for the other to read. Whichever is dropped keeps its place in the socket.
    tokio::select! {
        ending = listen(&mut socket.reader, &seat.room, &reply) => ending,
        fault = speak(&mut socket.writer, &mut frames, &mut replies) => fault,
        _ = put_out => Ok(too_slow),
    }
}

async fn listen(reader: &mut Reader, room: &Room, reply: &mpsc::Sender<Bytes>) -> io::Result<Ending> {
    loop {
        let Some(event) = reader.buffered() else {
            reader.fill().await?;
            continue;
        };
        match event {
            Err(violation) => return Ok(Ending::Broken(violation)),
            Ok(Event::Close(body)) => return Ok(Ending::Theirs(body)),
            Ok(Event::Pong) => {}
            // Fails only when the page is about to go.
            Ok(Event::Ping(payload)) => drop(reply.send(framed(Opcode::PONG, &payload)).await),
            Ok(Event::Text(text)) => room.publish(&framed(Opcode::TEXT, text.as_bytes())).await,
            Ok(Event::Binary(bytes)) => room.publish(&framed(Opcode::BINARY, &bytes)).await,
        }
    }
}

/// Ends only by a fault.
async fn speak(
    writer: &mut Writer,
    frames: &mut mpsc::Receiver<Bytes>,
    replies: &mut mpsc::Receiver<Bytes>,
) -> io::Result<Ending> {
    loop {
        let frame = tokio::select! {
            Some(frame) = replies.recv() => frame,
            Some(frame) = frames.recv() => frame,
            // Both have ended: the page was put out, and `converse` knows.
            else => future::pending().await,
        };
        writer.send_raw(&frame).await?;
        // What is there already goes out in one write.
        while let Ok(frame) = frames.try_recv() {
            writer.send_raw(&frame).await?;
        }
        writer.flush().await?;
    }
}

fn framed(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    frame::write(opcode, payload, None, &mut out);
    out.into()
}
