//! Servers as they were written against the drafts and soon after, bug for bug: six that people still meet, and one that
//! is right for its time.
//!
//! They knew only one path or none, so here the path says which of them is meant. What one recv() gave them is what they
//! worked with; none of them ever joined two. Nothing here shares code with the codec: they are wrong in their own ways.

mod fields;
mod hixie;
mod hybi;
#[cfg(test)]
mod tests;

use tokio::sync::broadcast;

use super::endpoints::{Endpoint, Kind};
use super::raw::{End, Wire};
use super::script::{Asked, Script, Then, right_answer, right_reply};
use fields::Lines;

/// Frames that wait for one page; a page that is further behind is put out.
const QUEUE: usize = 64;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// A select loop for Hixie-76, with Hixie-75 for who sends no keys.
    SelectLoop,
    /// A thread for each client, Hixie-75.
    Poke75,
    /// The same for Hixie-76.
    Poke76,
    /// RFC 6455 with a line feed behind the accept value, and one greeting.
    Newline,
    /// Version 8, each message back to its sender.
    Hybi08Echo,
    /// Version 8, each message to all.
    Hybi08Broadcast,
}

/// All of them, in the order of the page's list.
pub const ENDPOINTS: &[Endpoint] = &[
    entry(
        "/old/hixie-76",
        "Hixie-76, and Hixie-75 for who sends no keys: it wants key3 in the same packet as the request.",
        &["hello"],
        Server::SelectLoop,
    ),
    entry(
        "/old/hixie-75",
        "Hixie-75: it reads 255 bytes, once, and the browsers of today ask with more. It knows two words.",
        &["CONNECTED", "POKE"],
        Server::Poke75,
    ),
    entry(
        "/old/hixie-76-poke",
        "The same for Hixie-76: key3 is whatever its one read ends with.",
        &["CONNECTED", "POKE"],
        Server::Poke76,
    ),
    entry(
        "/old/newline",
        "RFC 6455 with a line feed behind the accept value: its one frame never shows up.",
        &["hello"],
        Server::Newline,
    ),
    entry(
        "/old/hybi-08",
        "HyBi-08: the line feed alone ends its answer, by luck. It echoes.",
        &["hello"],
        Server::Hybi08Echo,
    ),
    entry(
        "/old/hybi-08-broadcast",
        "The same, and each message goes to everyone who is connected.",
        &["hello"],
        Server::Hybi08Broadcast,
    ),
    Endpoint {
        path: "/old/hybi-07",
        sentence: "HyBi-07 without a mistake: it speaks version 7, and asks for it.",
        sends: &["hello"],
        protocol: "",
        kind: Kind::Script(Script { answer: version_7, reply: right_reply, then: Then::GoOn }),
    },
];

const fn entry(path: &'static str, sentence: &'static str, sends: &'static [&'static str], server: Server) -> Endpoint {
    Endpoint { path, sentence, sends, protocol: "", kind: Kind::Old(server) }
}

fn version_7(asked: &Asked<'_>) -> Vec<u8> {
    if asked.head.value("sec-websocket-version") == Some(b"7") {
        right_answer(asked)
    } else {
        b"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec()
    }
}

/// Everyone whom the broadcasting server of version 8 is connected with.
#[derive(Clone, Debug)]
pub struct Crowd(broadcast::Sender<Vec<u8>>);

impl Default for Crowd {
    fn default() -> Self {
        Self(broadcast::Sender::new(QUEUE))
    }
}

/// Is that server until one side ends it.
pub async fn serve(mut wire: Wire, server: Server, crowd: Crowd) {
    let over = match server {
        Server::SelectLoop => hixie::select_loop(&mut wire).await,
        Server::Poke75 => hixie::poke(&mut wire, hixie::Draft::D75).await,
        Server::Poke76 => hixie::poke(&mut wire, hixie::Draft::D76).await,
        Server::Newline => hybi::newline(&mut wire).await,
        Server::Hybi08Echo => hybi::echo(&mut wire).await,
        Server::Hybi08Broadcast => hybi::broadcast(&mut wire, crowd).await,
    };
    wire.end(over.err().unwrap_or(End::HangUp)).await;
}
