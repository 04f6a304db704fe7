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

use super::endpoint::{Endpoint, Kind, OldServer};
use super::raw::{End, Wire};
use super::script::{Asked, Script, Then, right_reply, right_response};
use fields::Lines;

/// Frames that wait for one page; a page that is further behind is put out.
const QUEUE: usize = 64;

/// All of them, in the order of the page's list.
pub(super) const ENDPOINTS: &[Endpoint] = &[
    entry(
        "/old/hixie-76",
        "Hixie-76, and Hixie-75 for who sends no keys: it wants key3 in the same packet as the request.",
        &["hello"],
        OldServer::SelectLoop,
    ),
    entry(
        "/old/hixie-75",
        "Hixie-75: it reads 255 bytes, once, and the browsers of today ask with more. It knows two words.",
        &["CONNECTED", "POKE"],
        OldServer::Poke75,
    ),
    entry(
        "/old/hixie-76-poke",
        "The same for Hixie-76: key3 is whatever its one read ends with.",
        &["CONNECTED", "POKE"],
        OldServer::Poke76,
    ),
    entry(
        "/old/newline",
        "RFC 6455 with a line feed behind the accept value: its one frame never shows up.",
        &["hello"],
        OldServer::Newline,
    ),
    entry(
        "/old/hybi-08",
        "HyBi-08: the line feed alone ends its response, by luck. It echoes.",
        &["hello"],
        OldServer::Hybi08Echo,
    ),
    entry(
        "/old/hybi-08-broadcast",
        "The same, and each message goes to everyone who is connected.",
        &["hello"],
        OldServer::Hybi08Broadcast,
    ),
    Endpoint {
        path: "/old/hybi-07",
        sentence: "HyBi-07 without a mistake: it speaks version 7, and asks for it.",
        sends: &["hello"],
        protocol: "",
        kind: Kind::Script(Script { response: version_7, reply: right_reply, then: Then::GoOn }),
    },
];

const fn entry(
    path: &'static str,
    sentence: &'static str,
    sends: &'static [&'static str],
    server: OldServer,
) -> Endpoint {
    Endpoint { path, sentence, sends, protocol: "", kind: Kind::Old(server) }
}

fn version_7(asked: &Asked<'_>) -> Vec<u8> {
    if asked.head.value("sec-websocket-version") == Some(b"7") {
        right_response(asked)
    } else {
        b"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec()
    }
}

/// Everyone whom the broadcasting server of version 8 is connected with.
#[derive(Clone, Debug)]
pub(super) struct Crowd(broadcast::Sender<Vec<u8>>);

impl Default for Crowd {
    fn default() -> Self {
        Self(broadcast::Sender::new(QUEUE))
    }
}

/// Is that server until one side ends it.
pub(super) async fn serve(mut wire: Wire, server: OldServer, crowd: Crowd) {
    let over = match server {
        OldServer::SelectLoop => hixie::select_loop(&mut wire).await,
        OldServer::Poke75 => hixie::poke(&mut wire, hixie::Draft::D75).await,
        OldServer::Poke76 => hixie::poke(&mut wire, hixie::Draft::D76).await,
        OldServer::Newline => hybi::newline(&mut wire).await,
        OldServer::Hybi08Echo => hybi::echo(&mut wire).await,
        OldServer::Hybi08Broadcast => hybi::broadcast(&mut wire, crowd).await,
    };
    wire.end(over.err().unwrap_or(End::HangUp)).await;
}
