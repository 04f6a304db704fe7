//! Which lines are printed, where not all are wanted: `--filter`.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::diagnose;
use crate::json::{FrameItem, Item, What};
use crate::query::{Query, Subject};
use crate::record::{Event, ProxyEvent, SessionId};
use crate::subject::{Other, Said, Setting};
use crate::wire::opcode::Opcode;

use super::text;

/// Sessions whose end may have been lost: more than there can be at a time.
const SESSIONS: usize = 65_536;

/// How a query is asked.
#[derive(Clone, Copy)]
enum Ask {
    /// Whether all of it holds.
    All,
    /// How many of its parts do.
    Parts,
}

/// What is asked of each line.
pub(super) struct Filter {
    query: Query,
    zone: TimeZone,
    /// The targets of the sessions' requests.
    paths: HashMap<SessionId, Vec<u8>>,
}

impl Filter {
    pub(super) fn new(query: Query, zone: TimeZone) -> Self {
        Self { query, zone, paths: HashMap::new() }
    }

    /// Whether an item is what is asked for. Each frame is asked by itself, whatever message it is a part of; where wsproxy
    /// listens is told in any case: scripts wait for it.
    pub(super) fn lets(&mut self, item: &Item<'_>) -> bool {
        if let (What::Event(Event::SessionOpened { path, .. }), Some(id)) = (&item.what, item.session) {
            if self.paths.len() > SESSIONS {
                self.paths.clear();
            }
            self.paths.insert(id, path.clone());
        }
        let is_wanted = matches!(item.what, What::Proxy(ProxyEvent::Listening { .. })) || self.ask(item, Ask::All) > 0;
        if let (What::Event(Event::SessionClosed(_)), Some(id)) = (&item.what, item.session) {
            self.paths.remove(&id);
        }
        is_wanted
    }

    /// How many parts of the query a frame fits. All else is near nothing.
    pub(super) fn nearness(&self, item: &Item<'_>) -> usize {
        if matches!(item.what, What::Frame(_)) { self.ask(item, Ask::Parts) } else { 0 }
    }

    fn of(&self, subject: &impl Subject, ask: Ask) -> usize {
        match ask {
            Ask::All => usize::from(self.query.matches(subject)),
            Ask::Parts => self.query.nearness(subject),
        }
    }

    fn ask(&self, item: &Item<'_>, ask: Ask) -> usize {
        let path = item.session.and_then(|id| self.paths.get(&id)).map(Vec::as_slice).unwrap_or_default();
        let setting = Setting { session: item.session, path, decoder: None, zone: &self.zone, mark: None };
        match &item.what {
            What::Frame(FrameItem { record, payload, inflated, decoded, .. }) => {
                let is_ping = matches!(record.header.opcode(), Opcode::PING | Opcode::PONG);
                let is_heartbeat = is_ping || decoded.as_ref().is_some_and(|(_, decoded)| decoded.is_heartbeat());
                let said = Said::frame(setting, record, payload, inflated.as_deref());
                self.of(&said.with_heartbeat(is_heartbeat).read_as(decoded.as_ref()), ask)
            }
            What::Raw(raw, kept) => self.of(&Other::raw(setting, raw, kept), ask),
            What::Event(event) => {
                self.of(&Other::event(setting, item.time, event, &text::words(&item.what), diagnose::level), ask)
            }
            What::Released(released, _) => {
                self.of(&Other::released(setting, item.time, released, &text::words(&item.what)), ask)
            }
            What::Proxy(event) => {
                self.of(&Other::proxy(setting, item.time, event, &text::words(&item.what), diagnose::level), ask)
            }
        }
    }
}
