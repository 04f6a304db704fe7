//! What is done for a session beside its bytes: its upstream is asked why it failed, and what happens is held against what
//! happened to other sessions.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::diagnose::inquiry::{self, Question};
use crate::diagnose::sessions::Sessions;
use crate::journal::Journal;
use crate::record::finding::Finding;
use crate::record::{Log, ProxyEvent, SessionId, Side, Time};
use crate::relay::session::Learned;

use super::clock;
use super::route::Route;

/// An inquiry under way.
pub(super) type Inquiry = Pin<Box<dyn Future<Output = Learned> + Send>>;

/// One session's. Dropping it is the session's end.
pub(super) struct Attendant {
    id: SessionId,
    route: Arc<Route>,
    journal: Arc<Journal>,
    began: Time,
}

impl Attendant {
    /// For a session whose request goes to the upstream now.
    pub(super) fn new(id: SessionId, route: Arc<Route>, journal: Arc<Journal>, target: &[u8]) -> Self {
        let began = clock::now();
        let attendant = Self { id, route, journal, began };
        attendant.remember(|sessions| sessions.begin(began, id, target));
        attendant
    }

    /// Asks the upstream; `None` where it is to be left alone.
    pub(super) fn inquire(&self, question: Question) -> Option<Inquiry> {
        let inquirer = self.route.inquirer.as_ref()?;
        let (inquirer, route, id, began) = (Arc::clone(inquirer), Arc::clone(&self.route), self.id, self.began);
        Some(Box::pin(async move {
            let replies = inquirer.replies().await;
            match question {
                Question::Closed => inquiry::closed(&replies).map_or(Learned::Nothing, Learned::Why),
                Question::Silent => {
                    let open = with(&route, |sessions| sessions.open_beside(id));
                    let found = inquiry::silent(&replies, clock::now().since(began), &open);
                    found.map_or(Learned::Nothing, |found| Learned::Finding(Box::new(found)))
                }
            }
        }))
    }

    /// The upstream's response has come.
    pub(super) fn answered(&self, status: u16) {
        self.tell(self.remember(|sessions| sessions.response(clock::now(), self.id, status)));
    }

    /// The session was cut.
    pub(super) fn cut(&self, from: Side, silence: Duration) {
        self.tell(self.remember(|sessions| sessions.cut(clock::now(), self.id, from, silence)));
    }

    fn remember<T>(&self, act: impl FnOnce(&mut Sessions) -> T) -> T {
        with(&self.route, act)
    }

    fn tell(&self, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        let mut log = Log::default();
        log.proxy(clock::now(), ProxyEvent::Finding(Side::Server, finding));
        self.journal.push(None, log);
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        self.tell(self.remember(|sessions| sessions.end(clock::now(), self.id)));
    }
}

fn with<T>(route: &Route, act: impl FnOnce(&mut Sessions) -> T) -> T {
    act(&mut route.sessions.lock().unwrap_or_else(PoisonError::into_inner))
}
