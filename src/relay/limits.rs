//! All limits in one place, each with its reason. Those that a user may want to change are flags of the same name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a session may take of memory and time.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a head. Browsers send 1 to 8 kB; cookies and tokens make it more. Servers commonly stop at 8 to 64 KiB.
    pub head: usize,
    /// Time for a client to send its whole head. A person who types one with netcat has a chance; a dead one is gone.
    pub head_time: Duration,
    /// Time for a TCP connection to the upstream and its TLS handshake, together. A server with a full backlog takes the
    /// connection when it has room, and Chrome waits 240 s for that; a little less, as for the answer.
    pub dial_time: Duration,
    /// Time for the upstream's answer to the handshake. Chrome gives up after 240 s; a little less, so that the answer
    /// names the cause before the browser stops listening.
    pub response_time: Duration,
    /// Payload bytes kept of one frame. More is relayed, counted and marked as truncated.
    pub kept: usize,
    /// Inflated bytes kept of one compressed frame.
    pub kept_inflated: usize,
    /// Bytes that one compressed message may inflate to. A lane that exceeds them is not inflated any further, since
    /// each byte of such a message costs the relay a thousand (RFC 7692 8).
    pub inflated: u64,
    /// Findings of a kind that one lane tells one by one; the rest is counted. Notes are told once.
    pub findings: u64,
    /// Early client bytes (sent before the answer) that are kept to be decoded once the answer is there.
    pub early: usize,
    /// Injections that may wait for their place in one lane.
    pub waiting: usize,
    /// Time after which what a peer owes (an answer, the rest of a frame, a pong) is told as a stall. Slow networks and
    /// busy servers take a second; a person wonders after three.
    pub stall_time: Duration,
    /// Time that peers have to answer the close frames which wsproxy sends when it is told to end a session. Chrome
    /// answers at once; more than this makes quitting feel stuck.
    pub closing_time: Duration,
    /// What all sessions together may hold of messages that are not whole yet: eight of the longest that are kept. A
    /// bridge takes no more, since a thousand clients would each begin a message and never end it.
    pub held: Budget,
    /// Frames that one lane may hold for the user to look at: more than a person decides one by one. A lane that holds so
    /// many is not read until there is room again.
    pub hold_frames: usize,
    /// Bytes of memory that one lane may hold: the longest message that is kept, and no more. A lane that holds so many is
    /// not read either.
    pub hold_bytes: usize,
    /// Time after which what is held goes on by itself: longer than an edit takes, and short enough that a browser in
    /// another room does not hang for a day.
    pub hold_time: Duration,
    /// Time for a program of the user's to decide of a message: soon enough that a page does not give up.
    pub hook_time: Duration,
    /// Whether pings and pongs pass by what is held, where the hold does not ask for them. A peer that gets no pong may take
    /// the other one for dead.
    pub hold_control: Controls,
    /// What all lanes together may hold: as much as eight that are full.
    pub hold_all: Budget,
    /// Sessions at a time. Each takes two sockets; a busy one reads into a slab of 1 MiB, and may hold as much for a peer
    /// that takes nothing.
    pub sessions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            head_time: Duration::from_secs(30),
            dial_time: Duration::from_secs(230),
            response_time: Duration::from_secs(230),
            kept: 16 * 1024 * 1024,
            kept_inflated: 1024 * 1024,
            inflated: 64 * 1024 * 1024,
            findings: 100,
            early: 64 * 1024,
            waiting: 64,
            stall_time: Duration::from_secs(3),
            closing_time: Duration::from_millis(1500),
            held: Budget::new(128 * 1024 * 1024),
            hold_frames: 1000,
            hold_bytes: 16 * 1024 * 1024,
            hold_time: Duration::from_secs(600),
            hook_time: Duration::from_secs(1),
            hold_control: Controls::Pass,
            hold_all: Budget::new(128 * 1024 * 1024),
            sessions: 4096,
        }
    }
}

impl Limits {
    /// How much is held at most, in words.
    #[must_use]
    pub fn of_hold(&self) -> String {
        let time = match self.hold_time.as_secs() {
            seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
            seconds => format!("{seconds} s"),
        };
        let bytes = match self.hold_bytes {
            bytes if bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
            bytes if bytes % (1 << 10) == 0 => format!("{} KiB", bytes >> 10),
            bytes => format!("{bytes} B"),
        };
        format!("{} frames or {bytes} in a direction, and {time}", self.hold_frames)
    }
}

/// What pings and pongs do while messages are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// They pass by.
    Pass,
    /// They wait for their turn.
    Wait,
}

/// Bytes that many may take from, one behind the other or at a time. Clones take from the same.
#[derive(Clone, Debug)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// So many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Takes `bytes` where there are so many.
    #[must_use]
    pub fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    /// Gives back what was taken.
    pub fn give(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}
