//! `--hook`: programs of the user's that decide of messages as they pass.
//!
//! A lane whose hold has a message that a hook asks for gives a `HookQuestion`, and goes on. Here it becomes a line for the program;
//! what that prints comes back to the session as a command. Nothing waits here: a lane lets the message go by itself when its
//! time is over.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::control::protocol::{self, Came, HookReply, Then};
use crate::control::{Command, Control as _};
use crate::journal::Journal;
use crate::json::{self, FrameItem, Item, What};
use crate::programs::hook::{Event, Hook, Sense};
use crate::record::finding::Level;
use crate::record::{FrameNumber, Log, ProxyEvent, SessionId};
use crate::relay::hold::{Condition, Decision, HookOutcome, HookQuestion};
use crate::relay::injection::Reply;
use crate::text;

use super::clock;
use super::handle::Handle;

/// Messages without a reply that are remembered, so that a reply without a number, or a late one, is known to be one.
const ASKED: usize = 2048;

/// Bytes of a line that is no reply, as they are told.
const SHOWN: usize = 60;

/// A hook that somebody asked for.
#[derive(Clone, Debug)]
pub struct HookConfig {
    /// Which messages it is asked about.
    pub condition: Arc<Condition>,
    /// The program, for the system's shell.
    pub command: String,
}

/// The programs. Dropping it ends them.
pub struct Hooks {
    _list: Vec<Arc<Asked>>,
}

/// A program, and what it was asked.
struct Asked {
    /// Its place among the hooks, from 0.
    place: usize,
    program: Mutex<Option<Hook>>,
    /// The oldest first.
    open: Mutex<VecDeque<Open>>,
    /// Whether it was said that it prints no sense, since it last did.
    is_told: AtomicBool,
    handle: Handle,
    journal: Arc<Journal>,
}

/// A message without a reply.
#[derive(Clone, Copy)]
struct Open {
    session: SessionId,
    frame: FrameNumber,
    came: Came,
}

impl Hooks {
    /// Starts the programs, and has sessions ask them from now on. Where there are none, nothing is asked.
    ///
    /// # Errors
    /// No thread can be started for one.
    pub fn start(hooks: &[HookConfig], handle: &Handle, journal: &Arc<Journal>) -> io::Result<Self> {
        if hooks.is_empty() {
            return Ok(Self { _list: Vec::new() });
        }
        let mut list = Vec::new();
        for (place, hook) in hooks.iter().enumerate() {
            let asked = Arc::new(Asked {
                place,
                program: Mutex::new(None),
                open: Mutex::default(),
                is_told: AtomicBool::new(false),
                handle: handle.clone(),
                journal: Arc::clone(journal),
            });
            let hearer = Arc::downgrade(&asked);
            let hear = move |event: Event<'_>| hearer.upgrade().map_or(Sense::Reply, |asked| asked.hear(event));
            *locked(&asked.program) = Some(Hook::start(&hook.command, Box::new(hear))?);
            list.push(asked);
        }
        let conditions = hooks.iter().map(|hook| Arc::clone(&hook.condition)).collect();
        let askers: Vec<Weak<Asked>> = list.iter().map(Arc::downgrade).collect();
        handle.set_hooks(
            conditions,
            Box::new(move |session, question| {
                if let Some(asked) = askers.get(question.hook).and_then(Weak::upgrade) {
                    asked.ask(session, &question);
                }
            }),
        );
        Ok(Self { _list: list })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Asked {
    /// Gives the program a message. Where it has too many unread, the message goes on.
    fn ask(&self, session: SessionId, question: &HookQuestion) {
        let HookQuestion { record, payload, inflated, frames, .. } = question;
        let frame = FrameItem {
            record,
            received: payload.len() as u64,
            payload: Cow::Borrowed(payload),
            inflated: inflated.clone(),
            sent: None,
            decoded: None,
        };
        let mut line = Vec::new();
        json::write(&Item { session: Some(session), time: record.time, what: What::Frame(frame) }, &mut line);
        let came = Came { opcode: record.header.opcode(), frames: *frames };
        let mut open = locked(&self.open);
        if open.len() == ASKED {
            open.pop_front();
        }
        open.push_back(Open { session, frame: record.number, came });
        drop(open);
        let is_given = locked(&self.program).as_ref().is_some_and(|program| program.give(line));
        if !is_given {
            locked(&self.open).retain(|open| (open.session, open.frame) != (session, record.number));
            self.handle.hooked(session, record.number, self.place, HookOutcome::None);
        }
    }

    fn hear(&self, event: Event<'_>) -> Sense {
        match event {
            Event::Line([]) => Sense::Reply,
            Event::Line(line) => match protocol::hook_reply(line).and_then(|reply| self.take(reply)) {
                Ok(()) => {
                    self.is_told.store(false, Ordering::Relaxed);
                    Sense::Reply
                }
                Err(why) => {
                    if !self.is_told.swap(true, Ordering::Relaxed) {
                        let shown = text::preview(line, SHOWN);
                        note(&self.journal, self.place, &format!("printed a line that is no reply: {why}: {shown}"));
                    }
                    Sense::Nonsense
                }
            },
            Event::Died(why) => {
                let lost = std::mem::take(&mut *locked(&self.open));
                for Open { session, frame, .. } in lost {
                    self.handle.hooked(session, frame, self.place, HookOutcome::None);
                }
                let why = text::preview(why.as_bytes(), 200);
                note(&self.journal, self.place, &format!("has ended, and is started again: {why}"));
                Sense::Nonsense
            }
        }
    }

    /// Does what a reply says.
    fn take(&self, reply: HookReply) -> Result<(), String> {
        let mut list = locked(&self.open);
        let place = match reply.of {
            Some(of) => list.iter().position(|open| (open.session, open.frame) == of),
            None => (!list.is_empty()).then_some(0),
        };
        let Some(open) = place.and_then(|place| list.get(place).copied()) else {
            return Err("it was not asked about such a message, or has replied".to_owned());
        };
        if reply.then.is_some() {
            place.map(|place| list.remove(place));
        }
        drop(list);
        let Open { session, frame, came } = open;
        if let Some((to, content)) = reply.inject {
            let injection = content.injection(None)?;
            let (place, journal) = (self.place, Arc::clone(&self.journal));
            let told = move |reply| {
                if let Reply::Refused(refusal) = reply {
                    note(&journal, place, &format!("wanted to put in a frame: {refusal}"));
                }
            };
            self.handle.command(Command::Inject { session, to, injection }, Box::new(told));
        }
        let decision = match reply.then {
            None => return Ok(()),
            Some(Then::Pass) => Decision::Release,
            Some(Then::Drop) => Decision::Drop,
            Some(Then::Replace(content)) => Decision::Edit(content.injection(Some(came))?),
        };
        self.handle.hooked(session, frame, self.place, HookOutcome::Decided(decision));
        Ok(())
    }
}

/// Tells something of the hook at a place.
fn note(journal: &Journal, place: usize, text: &str) {
    let mut log = Log::default();
    log.proxy(clock::now(), ProxyEvent::Note(Level::Warning, format!("hook {} {text}", place + 1)));
    journal.push(None, log);
}
