//! What a further file of a capture has to tell again: how the sessions began that go on in it.

use std::collections::BTreeMap;

use crate::record::{Event, Log, ProxyEvent, Record, SessionId, Time};

/// Bytes that are remembered for it. Heads are a kilobyte each; a thousand sessions with very long ones get no more.
const MOST: usize = 16 * 1024 * 1024;

/// Events of one session: a request, a few interim responses, the response, and that it opened.
const EVENTS: usize = 8;

/// The beginnings of the sessions that are live.
#[derive(Debug, Default)]
pub(super) struct Carry {
    sessions: BTreeMap<SessionId, Log>,
    size: usize,
    listening: Option<(Time, ProxyEvent)>,
}

impl Carry {
    /// Takes in what a session, or none, has seen.
    pub(super) fn read(&mut self, session: Option<SessionId>, log: &Log) {
        for record in &log.records {
            match (record, session) {
                (Record::Event(time, event), Some(session)) => self.event(session, *time, event),
                (Record::Proxy(time, event), None) if matches!(**event, ProxyEvent::Listening { .. }) => {
                    self.listening = Some((*time, (**event).clone()));
                }
                _ => {}
            }
        }
    }

    fn event(&mut self, session: SessionId, time: Time, event: &Event) {
        match event {
            Event::SessionClosed(_) => {
                self.size -= self.sessions.remove(&session).map_or(0, |log| log.size());
            }
            Event::SessionOpened { .. } | Event::Head(_) | Event::Open(_) if self.size < MOST => {
                let log = self.sessions.entry(session).or_default();
                if log.records.len() == EVENTS {
                    return;
                }
                let before = log.size();
                log.event(time, event.clone());
                self.size += log.size() - before;
            }
            _ => {}
        }
    }

    /// All of it, to be told again.
    pub(super) fn tell(&self) -> Vec<(Option<SessionId>, Log)> {
        let own = self.listening.iter().map(|(time, event)| {
            let mut log = Log::default();
            log.proxy(*time, event.clone());
            (None, log)
        });
        let sessions = self.sessions.iter().map(|(session, beginning)| {
            let mut log = Log::default();
            for record in &beginning.records {
                if let Record::Event(time, event) = record {
                    log.event(*time, (**event).clone());
                }
            }
            (Some(*session), log)
        });
        own.chain(sessions).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ClosedBy, ClosedEvent, ClosedHow, PerSide};

    fn log(event: Event) -> Log {
        let mut log = Log::default();
        log.event(Time(1), event);
        log
    }

    #[test]
    fn only_live_sessions_are_told_again() {
        let mut carry = Carry::default();
        let client = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        for session in 1..=3 {
            carry.read(Some(SessionId(session)), &log(Event::SessionOpened { client, path: b"/".to_vec() }));
        }
        let counts = PerSide::default();
        let closed = ClosedEvent {
            by: ClosedBy::User,
            how: ClosedHow::Fin,
            code: None,
            reason: Vec::new(),
            frames: counts,
            bytes: counts,
        };
        carry.read(Some(SessionId(2)), &log(Event::SessionClosed(closed.clone())));
        let told: Vec<_> = carry.tell().into_iter().map(|(session, log)| (session, log.records.len())).collect();
        assert_eq!(told, [(Some(SessionId(1)), 1), (Some(SessionId(3)), 1)]);
        for session in [1, 3] {
            carry.read(Some(SessionId(session)), &log(Event::SessionClosed(closed.clone())));
        }
        assert_eq!((carry.tell().len(), carry.size), (0, 0));
    }
}
