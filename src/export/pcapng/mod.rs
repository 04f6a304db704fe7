//! Packets (pcapng) of made-up TCP connections, so that Wireshark and tshark read what passed.
//!
//! A session is two connections, each on an interface of its own: `client`, with what the client sent and got, and
//! `upstream`, with what the server got and sent. Where they differ, wsproxy made the difference. Each connection goes to
//! port 80, where Wireshark looks for HTTP without being told to; the real addresses stand in the comment at its first
//! packet. Findings are comments at the packets that they are about.

mod blocks;
mod session;
mod tcp;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use crate::json::{Item, Totals, What};
use crate::record::finding::FindingKind;
use crate::record::{Event, ProxyEvent, SessionId};

use super::form::Form;
use session::Session;

/// The interfaces, by their numbers.
const CLIENT: u32 = 0;
const UPSTREAM: u32 = 1;

/// A file of packets.
#[derive(Default)]
pub(super) struct Pcapng {
    has_begun: bool,
    sessions: HashMap<SessionId, Session>,
    /// The upstream's URL.
    upstream: String,
}

impl Pcapng {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let application = concat!("wsproxy ", env!("CARGO_PKG_VERSION"));
        let comment = "The TCP connections are made up of what wsproxy read and wrote; where TLS was, it is not here.";
        blocks::section(application, comment, out);
        blocks::interface("client", "between the client and wsproxy", out);
        blocks::interface("upstream", "between wsproxy and the upstream", out);
    }

    fn session(&mut self, item: &Item<'_>, out: &mut Vec<u8>) -> Option<&mut Session> {
        let id = item.session?;
        let upstream = self.upstream.as_str();
        Some(self.sessions.entry(id).or_insert_with(|| {
            let client = match &item.what {
                What::Event(Event::SessionOpened { client, .. }) => Some(*client),
                _ => None,
            };
            Session::begin(id, item.time, client, upstream, out)
        }))
    }
}

impl Form for Pcapng {
    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        if let What::Proxy(ProxyEvent::Listening { upstream, .. }) = &item.what {
            self.upstream.clone_from(upstream);
        }
        let Some(session) = self.session(item, out) else { return };
        match &item.what {
            What::Frame(frame) => session.frame(frame, out),
            What::Raw(raw, kept) => session.raw(raw, kept, out),
            What::Event(event) => session.event(item.time, event, out),
            What::Released(released, left) => session.released(item.time, released, left.as_ref(), out),
            What::Proxy(_) => {}
        }
        if let (What::Event(Event::SessionClosed(_)), Some(id)) = (&item.what, item.session) {
            self.sessions.remove(&id);
        }
    }

    /// Frames are read only where the handshake in front of them is there.
    fn hidden(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        if let What::Proxy(ProxyEvent::Listening { upstream, .. }) = &item.what {
            self.upstream.clone_from(upstream);
        }
        let is_of_the_connection = matches!(
            item.what,
            What::Event(
                Event::SessionOpened { .. }
                    | Event::Head(_)
                    | Event::Answered { .. }
                    | Event::Ended { .. }
                    | Event::SessionClosed(_)
            )
        );
        if is_of_the_connection {
            self.item(item, out);
        }
    }

    fn lost(&mut self, _: u64, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let mut last = Vec::new();
        self.begin(&mut last);
        let mut sessions: Vec<_> = std::mem::take(&mut self.sessions).into_iter().collect();
        sessions.sort_unstable_by_key(|(id, _)| *id);
        for (_, mut session) in sessions {
            session.flush(&mut last);
        }
        out.write_all(&last)
    }
}
