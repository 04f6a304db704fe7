//! One client: its lines, its replies and its events.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use crate::control::protocol::{self, Asked, Came, Request, Which};
use crate::control::rules::RuleCommand;
use crate::control::{self, Command};
use crate::json;
use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::relay::hold::{Decision, HeadDecision};
use crate::relay::injection::{Refusal, Reply};
use crate::rules;
use crate::text;

use super::events::Events;
use super::{Shared, listing};
use crate::engine::clock;

/// Commands that wait for their reply. A session that is busy takes none for as long as its peer does not read.
const OUTSTANDING: usize = 64;

/// Bytes of replies and events that wait to be written. With more no line is read, and no event is made.
const UNWRITTEN: usize = 256 * 1024;

/// Bytes that are read at a time.
const READ: usize = 64 * 1024;

/// Time in which a client that something is written for has to take some of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks whether a client that only listens is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Time for the last words to a client that is dropped.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What goes to the client once it is known: replies of sessions, and what took a while to find out.
pub(super) enum Later {
    /// It has to wait; what becomes of it follows.
    Waits(Option<Value>, Reply),
    /// The reply.
    Reply(Option<Value>, Reply),
    /// What became of what had to wait.
    Settled(Option<Value>, Reply),
    /// The reply, as an object.
    Object(Value),
}

/// A command that waits for its reply. However it ends, there is one.
struct Slot {
    id: Option<Value>,
    tell: mpsc::Sender<Later>,
    state: Told,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Waits,
    All,
}

impl Slot {
    fn reply(&mut self, reply: Reply) {
        let (id, waits) = (self.id.clone(), matches!(reply, Reply::Waiting(_)));
        let (later, state) = match self.state {
            Told::All => return,
            Told::Nothing | Told::Waits if waits => (Later::Waits(id, reply), Told::Waits),
            Told::Nothing => (Later::Reply(id, reply), Told::All),
            Told::Waits => (Later::Settled(id, reply), Told::All),
        };
        if waits && self.state == Told::Waits {
            return;
        }
        self.state = state;
        self.send(later);
    }

    fn object(&mut self, object: Value) {
        self.state = Told::All;
        self.send(Later::Object(object));
    }

    fn send(&self, later: Later) {
        // There is room for two words of each command that waits; a client that has left hears nothing.
        let _ = self.tell.try_send(later);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The session ended with it.
        self.reply(Reply::Refused(Refusal::NeverCame));
    }
}

/// A client and all that is held for it.
pub(super) struct Client {
    shared: Arc<Shared>,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    input: Vec<u8>,
    /// Bytes of `input` in which no line ends.
    searched: usize,
    output: Vec<u8>,
    /// Whether it will send no more lines.
    has_ended: bool,
    events: Option<Events>,
    later: mpsc::Receiver<Later>,
    tell: mpsc::Sender<Later>,
    outstanding: usize,
    ending: watch::Receiver<bool>,
}

impl Client {
    pub(super) fn new(stream: UnixStream, shared: Arc<Shared>, ending: watch::Receiver<bool>) -> Self {
        let (reader, writer) = stream.into_split();
        let (tell, later) = mpsc::channel(2 * OUTSTANDING);
        let (input, output) = (Vec::new(), Vec::new());
        Self {
            shared,
            reader,
            writer,
            input,
            searched: 0,
            output,
            has_ended: false,
            events: None,
            later,
            tell,
            outstanding: 0,
            ending,
        }
    }

    /// Serves it until it leaves. Gives why it was dropped, where it was.
    pub(super) async fn run(mut self) -> Option<String> {
        let mut patience = clock::after(PATIENCE);
        loop {
            if let Err(why) = self.take_lines() {
                let _ = tokio::time::timeout(LAST_WORDS, self.writer.write_all(&self.output)).await;
                return Some(why);
            }
            if self.output.is_empty() {
                self.make_events().await;
                patience = clock::after(PATIENCE);
            }
            if self.is_over() {
                return None;
            }
            let has_room = self.output.len() < UNWRITTEN;
            let writes = !self.output.is_empty();
            let is_ending = *self.ending.borrow();
            self.input.reserve(READ);
            tokio::select! {
                read = self.reader.read_buf(&mut self.input), if has_room && !self.has_ended => {
                    self.has_ended = !matches!(read, Ok(count) if count > 0);
                }
                written = self.writer.write(&self.output), if writes => match written {
                    Ok(count) => {
                        self.output.drain(..count);
                        patience = clock::after(PATIENCE);
                    }
                    Err(_) => return None,
                },
                Some(later) = self.later.recv(), if has_room => self.put_later(later),
                () = Events::more(self.events.as_mut()), if !writes => {}
                _ = self.ending.changed(), if !writes && !is_ending => {}
                // Of one that sends nothing more, and for which there is nothing, it is seen only so that it has left.
                () = tokio::time::sleep(LOOK), if !writes && self.has_ended => {
                    let ready = self.writer.ready(Interest::WRITABLE).await;
                    if !ready.is_ok_and(|ready| !ready.is_write_closed()) {
                        return None;
                    }
                }
                () = tokio::time::sleep_until(patience), if writes => {
                    return Some(format!("it has read nothing for {} s", PATIENCE.as_secs()));
                }
            }
        }
    }

    /// Whether nothing more comes of it and nothing more is to go to it.
    fn is_over(&self) -> bool {
        let is_done = self.output.is_empty() && self.outstanding == 0;
        let has_heard = self.events.as_ref().is_none_or(|events| !events.is_due());
        is_done && (self.has_ended && self.events.is_none() || *self.ending.borrow() && has_heard)
    }

    /// Carries out the lines that are whole, for as long as there is room for their replies.
    fn take_lines(&mut self) -> Result<(), String> {
        while self.output.len() < UNWRITTEN {
            let unsearched = self.input.get(self.searched..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', unsearched).map(|end| self.searched + end) else {
                self.searched = self.input.len();
                break;
            };
            let rest = self.input.split_off(end + 1);
            let line = mem::replace(&mut self.input, rest);
            self.searched = 0;
            self.take(&line);
        }
        if self.has_ended && self.searched == self.input.len() && !self.input.is_empty() {
            // The last line needs no end.
            let line = mem::take(&mut self.input);
            self.searched = 0;
            self.take(&line);
        }
        if self.searched <= protocol::LONGEST {
            return Ok(());
        }
        let why = format!("a line may have {} MiB at most", protocol::LONGEST >> 20);
        self.put(&protocol::refused(None, &why));
        Err(format!("its line was too long: {why}"))
    }

    fn take(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match protocol::read(line) {
            Ok(asked) => self.carry_out(asked),
            Err(wrong) => self.put(&protocol::refused(wrong.id.as_ref(), &wrong.why)),
        }
    }

    fn put(&mut self, object: &Value) {
        json::object(object, &mut self.output);
    }

    fn put_later(&mut self, later: Later) {
        let object = match &later {
            Later::Waits(id, reply) | Later::Reply(id, reply) => protocol::reply(id.as_ref(), reply),
            Later::Settled(id, reply) => protocol::settled(id.as_ref(), reply),
            Later::Object(object) => object.clone(),
        };
        if !matches!(later, Later::Waits(..)) {
            self.outstanding -= 1;
        }
        self.put(&object);
    }

    fn done(&mut self, id: Option<&Value>, more: Value) {
        self.put(&protocol::done(id, more));
    }

    fn carry_out(&mut self, Asked { id, request }: Asked) {
        let control = Arc::clone(&self.shared.control);
        match request {
            Request::Sessions => self.look(id, |shared| Ok(shared.view.sessions())),
            Request::Frames { query, last } => self.look(id, move |shared| listing::frames(shared, query, last)),
            Request::Held => self.look(id, |shared| Ok(shared.view.held())),
            Request::Inject { session, to, content } => match content.injection(None) {
                Ok(injection) => self.command(id, Command::Inject { session, to, injection }),
                Err(why) => self.put(&protocol::refused(id.as_ref(), why)),
            },
            Request::Resend(session, frame) => self.resend(id, session, frame),
            Request::Hold(conditions) => {
                let text = conditions.iter().flatten().next().map_or("", |condition| condition.text());
                self.shared.note(Level::Note, format!("control: hold {}", text::escape(text.as_bytes())));
                self.command(id, Command::AddHold(conditions));
            }
            Request::Unhold(hold) => {
                self.shared.note(Level::Note, format!("control: take back hold {}", hold.0));
                self.command(id, Command::Unhold(hold));
            }
            Request::Holds => self.done(id.as_ref(), protocol::holds(&control.holds())),
            Request::Release(Which::Head(session, from)) => self.decide_head(id, session, from, HeadDecision::Release),
            Request::Release(which) => self.decide(id, which, |_| Ok(Decision::Release)),
            Request::ReleaseAll => self.command(id, Command::ReleaseAll),
            Request::Edit(Which::Head(session, from), content) => match content.head() {
                Ok(head) => self.decide_head(id, session, from, HeadDecision::Edit(head)),
                Err(why) => self.put(&protocol::refused(id.as_ref(), why)),
            },
            Request::Edit(which, content) => {
                self.decide(id, which, move |came| content.injection(came).map(Decision::Edit));
            }
            Request::Drop(Which::Head(session, from)) => self.decide_head(id, session, from, HeadDecision::Drop),
            Request::Drop(which) => self.decide(id, which, |_| Ok(Decision::Drop)),
            Request::Close { session, code, reason } => self.command(id, Command::Close { session, code, reason }),
            Request::Cut(session) => self.command(id, Command::Cut { session }),
            Request::Policy(policy) => {
                if let Some(policy) = policy {
                    control.command(Command::Policy(policy), control::unheard());
                    self.shared.note(Level::Note, format!("control: policy {}", policy.name()));
                }
                self.done(id.as_ref(), json!({ "policy": control.policy().name() }));
            }
            Request::Rule { name, query, act } => match rules::of_parts(&name, &query, &act) {
                Ok(rule) => self.rules(id, RuleCommand::Put(Box::new(rule)), &name),
                Err(error) => {
                    self.put(&protocol::refused(id.as_ref(), &format!("rule: {error} (at byte {})", error.at)))
                }
            },
            Request::Rules(command) => {
                let name = match &command {
                    RuleCommand::Put(rule) => rule.name().to_owned(),
                    RuleCommand::Remove(name) | RuleCommand::Switch { name, .. } => name.clone(),
                    RuleCommand::RemoveAll => "all".to_owned(),
                };
                self.rules(id, command, &name);
            }
            Request::ListRules => self.done(id.as_ref(), listing::rules(&control.rules())),
            Request::Subscribe { query, past } => {
                self.events = Some(Events::new(&self.shared, query, past));
                self.done(id.as_ref(), Value::Null);
            }
            Request::Unsubscribe => {
                self.events = None;
                self.done(id.as_ref(), Value::Null);
            }
            Request::Help(command) => self.done(id.as_ref(), protocol::help(command)),
            Request::Quit => {
                self.done(id.as_ref(), Value::Null);
                control.shut_down();
            }
        }
    }

    fn rules(&mut self, id: Option<Value>, command: RuleCommand, name: &str) {
        self.shared.note(Level::Note, format!("control: rule {}", text::escape(name.as_bytes())));
        self.command(id, Command::Rules(command));
    }

    /// Room for a command that waits; where there is none, that is the reply.
    fn slot(&mut self, id: Option<Value>) -> Option<Slot> {
        if self.outstanding == OUTSTANDING {
            let why = format!("{OUTSTANDING} of your commands wait for their reply already: wait for those first");
            self.put(&protocol::refused(id.as_ref(), &why));
            return None;
        }
        self.outstanding += 1;
        Some(Slot { id, tell: self.tell.clone(), state: Told::Nothing })
    }

    /// Passes a command on, and its replies back.
    fn command(&mut self, id: Option<Value>, command: Command) {
        if let Some(mut slot) = self.slot(id) {
            self.shared.control.command(command, Box::new(move |reply| slot.reply(reply)));
        }
    }

    fn decide_head(&mut self, id: Option<Value>, session: SessionId, from: Side, decision: HeadDecision) {
        self.command(id, Command::DecideHead { session, from, decision });
    }

    /// Decides of a message that is held, once it is known which that is and how it came.
    fn decide(
        &mut self,
        id: Option<Value>,
        which: Which,
        decide: impl FnOnce(Option<Came>) -> Result<Decision, &'static str> + Send + 'static,
    ) {
        let Some(mut slot) = self.slot(id) else { return };
        let shared = Arc::clone(&self.shared);
        spawn_blocking(move || {
            let Some((session, frame, came)) = shared.view.find(which) else {
                return slot.reply(Reply::Refused(Refusal::NotHeld));
            };
            match decide(came) {
                Ok(decision) => {
                    let command = Command::Decide { session, frame, decision };
                    shared.control.command(command, Box::new(move |reply| slot.reply(reply)));
                }
                Err(why) => slot.object(protocol::refused(slot.id.clone().as_ref(), why)),
            }
        });
    }

    /// Puts a frame in once more.
    fn resend(&mut self, id: Option<Value>, session: SessionId, frame: FrameNumber) {
        let Some(mut slot) = self.slot(id) else { return };
        let shared = Arc::clone(&self.shared);
        spawn_blocking(move || match shared.view.resend(session, frame) {
            Ok((to, injection)) => {
                let command = Command::Inject { session, to, injection };
                shared.control.command(command, Box::new(move |reply| slot.reply(reply)));
            }
            Err(why) => slot.object(protocol::refused(slot.id.clone().as_ref(), &why)),
        });
    }

    /// Replies with what takes a while to find out.
    fn look(&mut self, id: Option<Value>, look: impl FnOnce(&Shared) -> Result<Value, String> + Send + 'static) {
        let Some(mut slot) = self.slot(id) else { return };
        let shared = Arc::clone(&self.shared);
        spawn_blocking(move || {
            let id = slot.id.clone();
            slot.object(match look(&shared) {
                Ok(found) => protocol::done(id.as_ref(), found),
                Err(why) => protocol::refused(id.as_ref(), &why),
            });
        });
    }

    /// Makes the next events, where there are any: by another thread, since there may be many.
    async fn make_events(&mut self) {
        let Some(mut events) = self.events.take_if(|events| events.is_due()) else { return };
        let made = spawn_blocking(move || {
            let mut lines = Vec::new();
            events.make(&mut lines, UNWRITTEN);
            (events, lines)
        });
        // Where that failed there are none any more.
        if let Ok((events, lines)) = made.await {
            self.events = Some(events);
            self.output = lines;
        }
    }
}
