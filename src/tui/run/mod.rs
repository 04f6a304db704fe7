//! The screen's own thread: waits for keys, the journal and replies, and draws.
//!
//! It draws at once after a key, at most thirty times a second otherwise, and only when something changed. With nothing
//! to wait for it sleeps; only while an age is on the screen it wakes once a second.

mod editor;
mod history_file;
mod remembered;
pub(crate) mod repeat;
pub(crate) mod terminal;
mod write;

use std::io;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossterm::event::{Event, KeyModifiers};
use jiff::tz::TimeZone;

use crate::archive::Capture;
use crate::control::{self, Command, Control, Replier};
use crate::decode::{Decoder, Preference};
use crate::export::Redaction;
use crate::files;
use crate::journal::{Index, Journal};
use crate::query::Query;
use crate::record::Time;
use crate::relay::injection::{Reply, Token};
use crate::tui::feed::Feed;
use crate::tui::message::{Effect, Message};
use crate::tui::state::answer::Progress;
use crate::tui::state::decoders::Decoders;
use crate::tui::state::model::Model;
use crate::tui::state::proxy::Info;
use crate::tui::state::writing::{WriteOrder, WriteProgress};
use crate::tui::theme::{Colouring, Surroundings, Theme};
use history_file::HistoryFile;
use remembered::Remembered;
use repeat::Stopper;
use terminal::Terminal;

/// Messages that may wait. Keys wait in the terminal beyond that.
const MESSAGES: usize = 1024;
/// Time between two draws that no key asked for.
const BETWEEN_DRAWS: Duration = Duration::from_millis(33);

/// What wakes the screen.
enum Wake {
    Input(Event),
    /// The keyboard is gone.
    InputFailed(io::Error),
    Reply(Token, Reply),
    Repeated(Token, Progress),
    Wrote(WriteProgress),
    /// Another thread failed.
    Panicked(String),
    /// Look at the flags.
    Look,
}

/// What is set before a `Wake::Look`, so that it gets through even where there is no room for one.
#[derive(Default)]
struct Flags {
    quit: AtomicBool,
    rung: AtomicBool,
    found: AtomicBool,
    decoded: AtomicBool,
}

/// Ends the screen from elsewhere.
#[derive(Clone)]
pub struct Remote {
    sender: SyncSender<Wake>,
    flags: Arc<Flags>,
}

impl Remote {
    /// Makes `run` give the terminal back, close the sessions and return. Never blocks.
    pub fn quit(&self) {
        self.flags.quit.store(true, Ordering::SeqCst);
        // If there is no room, the screen is awake and will look.
        let _ = self.sender.try_send(Wake::Look);
    }
}

/// The screen's end of its channel.
pub struct Inbox {
    receiver: Receiver<Wake>,
    remote: Remote,
}

/// What the screen shows, steers and lives by.
pub struct World {
    /// What was seen.
    pub source: Source,
    /// The proxy.
    pub control: Arc<dyn Control>,
    /// The time now.
    pub clock: fn() -> Time,
    /// What is wanted of sessions for which nothing else is chosen.
    pub preference: Preference,
    /// What is asked for at the start; all else is hidden.
    pub filter: Option<Query>,
    /// What is taken out of files that are written.
    pub redaction: Redaction,
    /// Colours in place of the theme's.
    pub colouring: Colouring,
}

/// Where what is shown comes from.
pub enum Source {
    /// From a proxy that runs.
    Journal(Arc<Journal>),
    /// From a capture.
    Capture(Arc<Capture>),
}

/// A remote control and the inbox for `run`.
#[must_use]
pub fn channel() -> (Remote, Inbox) {
    let (sender, receiver) = sync_channel(MESSAGES);
    let remote = Remote { sender, flags: Arc::default() };
    (remote.clone(), Inbox { receiver, remote })
}

/// Shows the screen until the user, or the remote control, quits. Then everything has been told to shut down. It is
/// best called on the process's first thread, which is the one that a suspend stops at once.
///
/// # Errors
///
/// Where the terminal can't be used. One that is closed meanwhile ends it well, as a signal does.
pub fn run(inbox: Inbox, world: World, info: Info) -> io::Result<()> {
    let control = Arc::clone(&world.control);
    let hook = Hook::set(inbox.remote.sender.clone());
    let result = Screen::new(inbox, world, info).and_then(|mut screen| {
        let result = screen.run();
        screen.remember();
        // Its hang-up is a signal too, but what was just written to it may fail sooner.
        if terminal::is_gone() { Ok(()) } else { result }
    });
    drop(hook);
    control.shut_down();
    result
}

struct Screen {
    inbox: Inbox,
    control: Arc<dyn Control>,
    clock: fn() -> Time,
    terminal: Terminal,
    model: Model,
    feed: Feed,
    /// Where the screen is remembered, and what is there already.
    file: Option<PathBuf>,
    remembered: Remembered,
    /// Tells the keyboard's thread that a key which may lend the terminal was taken.
    taken: SyncSender<()>,
    history: HistoryFile,
    repeating: Option<Stopper>,
    /// The journal of a proxy that runs.
    journal: Option<Arc<Journal>>,
    redaction: Redaction,
    writing: Option<write::Stopper>,
    drawn: Time,
    /// Whether something changed since the last draw, and how soon it is wanted on the screen.
    due: Due,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Nothing,
    Soon,
    Now,
}

impl Screen {
    fn new(inbox: Inbox, world: World, info: Info) -> io::Result<Self> {
        let World { source, control, clock, preference, filter, redaction, colouring } = world;
        let remote = inbox.remote.clone();
        let bell = move || {
            remote.flags.rung.store(true, Ordering::SeqCst);
            let _ = remote.sender.try_send(Wake::Look);
        };
        let (index, journal) = match source {
            Source::Journal(journal) => (Index::new(journal.subscribe(bell)), Some(journal)),
            Source::Capture(capture) => {
                capture.on_news(bell);
                (Index::of_archive(capture), None)
            }
        };
        for decoder in &preference.given {
            if let Decoder::Program(program) = decoder {
                let reader = inbox.remote.clone();
                program.when_read(move || {
                    reader.flags.decoded.store(true, Ordering::SeqCst);
                    let _ = reader.sender.try_send(Wake::Look);
                });
            }
        }
        let finder = inbox.remote.clone();
        let found = Arc::new(move || {
            finder.flags.found.store(true, Ordering::SeqCst);
            let _ = finder.sender.try_send(Wake::Look);
        });
        let surroundings = Surroundings::of(|name| std::env::var(name).ok());
        let file = remembered::file();
        let remembered = file.as_deref().map(Remembered::load).unwrap_or_default();
        let mut model = Model::new(info, Theme::default(), TimeZone::system(), clock());
        model.look.colouring = colouring;
        remembered.clone().restore(&mut model, surroundings);
        model.proxy.policy = control.policy();
        model.decoders = Decoders::new(preference);
        model.lists.filter.set(filter);
        model.holding.set(control.held());
        model.rules = control.rules();
        let terminal = Terminal::take()?;
        let keyboard = inbox.remote.sender.clone();
        let (taken, was_taken) = sync_channel(1);
        thread::Builder::new().name("keyboard".into()).spawn(move || read_input(&keyboard, &was_taken))?;
        let history = HistoryFile::new(files::directory());
        model.sending.history = history.load();
        Ok(Self {
            inbox,
            control,
            clock,
            terminal,
            model,
            file,
            remembered,
            feed: Feed::new(index).with_bell(found),
            taken,
            history,
            repeating: None,
            journal,
            redaction,
            writing: None,
            drawn: clock(),
            due: Due::Now,
        })
    }

    fn run(&mut self) -> io::Result<()> {
        loop {
            self.draw()?;
            let Some(wake) = self.wait()? else { continue };
            let mut next = Some(wake);
            self.update(Message::Time(self.now()))?;
            while let Some(wake) = next {
                if self.take(wake)? == Flow::Quit {
                    return Ok(());
                }
                next = self.inbox.receiver.try_recv().ok();
            }
        }
    }

    /// Keeps for the next run how the screen is arranged.
    fn remember(&self) {
        let now = Remembered::of(&self.model);
        if let Some(file) = self.file.as_ref().filter(|_| now != self.remembered)
            && let Err(error) = now.save(file)
        {
            tracing::warn!(%error, file = %file.display(), "the screen's arrangement could not be kept");
        }
    }

    /// Waits for something to do; `None` where only time has passed.
    fn wait(&mut self) -> io::Result<Option<Wake>> {
        let flags = &self.inbox.remote.flags;
        if flags.quit.load(Ordering::SeqCst) {
            return Ok(Some(Wake::Look));
        }
        let timeout =
            if self.due > Due::Nothing || flags.rung.load(Ordering::SeqCst) || flags.found.load(Ordering::SeqCst) {
                Some(BETWEEN_DRAWS.saturating_sub(self.rested()))
            } else {
                self.model.next_change().map(Duration::from_micros)
            };
        let wake = match timeout {
            None => self.inbox.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(timeout) => self.inbox.receiver.recv_timeout(timeout),
        };
        match wake {
            Ok(wake) => Ok(Some(wake)),
            Err(RecvTimeoutError::Timeout) => {
                self.due = Due::Now;
                self.update(Message::Time(self.now()))?;
                Ok(None)
            }
            // The inbox holds a sender itself.
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the screen's channel is gone")),
        }
    }

    fn take(&mut self, wake: Wake) -> io::Result<Flow> {
        let (message, due) = match wake {
            Wake::Look => {
                let quit = self.inbox.remote.flags.quit.load(Ordering::SeqCst);
                return Ok(if quit { Flow::Quit } else { Flow::GoOn });
            }
            Wake::InputFailed(error) => return Err(error),
            Wake::Input(Event::Key(event)) => {
                self.due = Due::Now;
                let flow = self.update(Message::Key(event));
                if may_lend(&Event::Key(event)) {
                    // The keyboard waits for just this word.
                    let _ = self.taken.try_send(());
                }
                return flow;
            }
            Wake::Input(Event::Mouse(event)) => (Message::Mouse(event), Due::Now),
            Wake::Input(Event::Paste(text)) => (Message::Paste(text), Due::Now),
            Wake::Input(Event::Resize(..)) => {
                self.due = Due::Now;
                return Ok(Flow::GoOn);
            }
            Wake::Input(Event::FocusGained | Event::FocusLost) => return Ok(Flow::GoOn),
            Wake::Reply(token, reply) => (Message::Reply(token, reply), Due::Now),
            Wake::Wrote(progress) => (Message::Wrote(progress), Due::Soon),
            Wake::Repeated(token, progress) => (Message::Repeated(token, progress), Due::Soon),
            Wake::Panicked(text) => (Message::Trouble(text), Due::Now),
        };
        self.due = self.due.max(due);
        self.update(message)
    }

    fn update(&mut self, message: Message) -> io::Result<Flow> {
        for effect in self.feed.update(&mut self.model, message) {
            match effect {
                Effect::Quit => return Ok(Flow::Quit),
                Effect::Suspend => self.terminal.suspend()?,
                Effect::Copy(text) => self.terminal.copy(&text)?,
                Effect::Policy(policy) => self.control.command(Command::Policy(policy), control::unheard()),
                Effect::Close(session) => {
                    // A session that is too busy to take this is told again by the next key press.
                    self.control.command(Command::close(session), control::unheard());
                }
                Effect::Hold(conditions) => self.control.command(Command::Hold(conditions), control::unheard()),
                Effect::Leaning(leaning) => self.control.command(Command::Leaning(leaning), control::unheard()),
                Effect::Rules(command) => {
                    // What is wrong with a rule was said before; that it is there shows in the list.
                    self.control.command(Command::Rules(command), control::unheard());
                    self.see_rules();
                }
                Effect::ReleaseAll => self.control.command(Command::ReleaseAll, control::unheard()),
                Effect::Decide { session, frame, decision, token } => {
                    self.control.command(Command::Decide { session, frame, decision }, self.replier(token));
                }
                Effect::DecideHead { session, from, decision, token } => {
                    self.control.command(Command::DecideHead { session, from, decision }, self.replier(token));
                }
                Effect::Inject { session, to, injection, token } => {
                    self.control.command(Command::Inject { session, to, injection }, self.replier(token));
                }
                Effect::Repeat { session, to, injection, repeat, token } => {
                    let (control, sender) = (Arc::clone(&self.control), self.inbox.remote.sender.clone());
                    let command = Command::Inject { session, to, injection };
                    let inject = move |replier| control.command(command.clone(), replier);
                    let report = move |progress: Progress| {
                        let wake = Wake::Repeated(token, progress);
                        // Only the last word has to arrive, and nothing waits for the thread that says it.
                        let _ =
                            if progress.is_last() { sender.send(wake).is_ok() } else { sender.try_send(wake).is_ok() };
                    };
                    self.repeating = Some(repeat::start(repeat, self.clock, inject, report)?);
                }
                Effect::StopRepeating => self.repeating = None,
                Effect::Write(order) => self.write(*order)?,
                Effect::StopWriting => self.writing = None,
                Effect::Remember(text) => self.history.append(&text),
                Effect::OpenEditor(text) => {
                    let edited = self.terminal.lend(|| editor::edit(&text))?;
                    self.update(Message::Time(self.now()))?;
                    // This message has no effects.
                    self.feed.update(&mut self.model, Message::Edited(edited));
                }
            }
        }
        Ok(Flow::GoOn)
    }

    /// Begins to write a file.
    fn write(&mut self, order: WriteOrder) -> io::Result<()> {
        let view = self.feed.shown();
        let (seen, beginnings) = match &self.journal {
            Some(journal) => (write::Seen::InMemory(Arc::clone(journal)), write::beginnings(view)),
            // The beginnings of all sessions are there.
            None => (write::Seen::InFiles(view.blocks()), Vec::new()),
        };
        let job = write::Job {
            order,
            seen,
            beginnings,
            preference: self.model.decoders.preference().clone(),
            redaction: self.redaction.clone(),
            zone: self.model.look.zone.clone(),
        };
        let sender = self.inbox.remote.sender.clone();
        let report = move |progress: WriteProgress| {
            let is_last = !matches!(progress, WriteProgress::Going(_));
            let wake = Wake::Wrote(progress);
            // Only the last word has to arrive, and nothing waits for the thread that says it.
            let _ = if is_last { sender.send(wake).is_ok() } else { sender.try_send(wake).is_ok() };
        };
        self.writing = Some(write::start(job, report)?);
        Ok(())
    }

    /// Takes in what the rules are and did: others may change them too.
    fn see_rules(&mut self) {
        let rules = self.control.rules();
        if rules != self.model.rules {
            self.feed.update(&mut self.model, Message::Rules(rules));
            self.due = self.due.max(Due::Soon);
        }
    }

    /// Brings a reply back as a message.
    fn replier(&self, token: Token) -> Replier {
        let sender = self.inbox.remote.sender.clone();
        Box::new(move |reply| {
            // A screen that is a thousand messages behind has other worries than this answer.
            let _ = sender.try_send(Wake::Reply(token, reply));
        })
    }

    /// Draws, if it is time to.
    fn draw(&mut self) -> io::Result<()> {
        let rested = self.rested() >= BETWEEN_DRAWS;
        if rested || self.due == Due::Now {
            self.sync()?;
        }
        if self.due == Due::Now || (self.due == Due::Soon && rested) {
            let recorded = self.control.recorded();
            if recorded != self.model.proxy.recorded {
                self.update(Message::Recorded(recorded))?;
            }
            let (model, view) = (&mut self.model, self.feed.shown());
            self.terminal.draw(|frame| crate::tui::draw(model, view, frame))?;
            self.drawn = self.now();
            self.due = Due::Nothing;
        }
        Ok(())
    }

    fn now(&self) -> Time {
        (self.clock)()
    }

    /// Time since the last draw.
    fn rested(&self) -> Duration {
        self.now().since(self.drawn)
    }

    /// Takes over what another client of the proxy has changed, which is told in the journal.
    fn take_over(&mut self) {
        self.model.proxy.policy = self.control.policy();
        let held = self.control.held();
        if held != self.model.holding.conditions {
            self.model.holding.set(held);
        }
    }

    /// Takes in what the journal has, if its bell rang.
    fn sync(&mut self) -> io::Result<()> {
        if self.inbox.remote.flags.rung.swap(false, Ordering::SeqCst) {
            self.update(Message::Time(self.now()))?;
            self.take_over();
            self.see_rules();
            self.feed.sync(&mut self.model);
            self.due = self.due.max(Due::Soon);
        }
        if self.inbox.remote.flags.found.swap(false, Ordering::SeqCst) {
            self.update(Message::Found)?;
            self.due = self.due.max(Due::Soon);
        }
        if self.inbox.remote.flags.decoded.swap(false, Ordering::SeqCst) {
            self.update(Message::Decoded)?;
            self.due = self.due.max(Due::Soon);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Quit,
}

fn read_input(sender: &SyncSender<Wake>, taken: &Receiver<()>) {
    loop {
        let (wake, last) = match crossterm::event::read() {
            Ok(event) => (Wake::Input(event), false),
            Err(error) => (Wake::InputFailed(error), true),
        };
        let lends = matches!(&wake, Wake::Input(event) if may_lend(event));
        // Waiting here is right: keys that can't be taken yet wait in the terminal.
        if sender.send(wake).is_err() || last || (lends && taken.recv().is_err()) {
            return;
        }
    }
}

/// Whether an event may make the screen lend the terminal to another program, whose keys the next ones then are: all
/// that do are control keys.
fn may_lend(event: &Event) -> bool {
    matches!(event, Event::Key(key) if key.modifiers.contains(KeyModifiers::CONTROL))
}

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// While it lives, a panic gives the terminal back before it is printed; one on another thread, which the screen
/// outlives, is shown on the screen.
struct Hook {
    previous: Arc<PanicHook>,
}

impl Hook {
    fn set(sender: SyncSender<Wake>) -> Self {
        let previous = Arc::new(std::panic::take_hook());
        let (inner, screen): (_, ThreadId) = (Arc::clone(&previous), thread::current().id());
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() != screen && terminal::is_taken() {
                let _ = sender.try_send(Wake::Panicked(format!("a bug in wsproxy: {info}").replace('\n', " ")));
                return;
            }
            terminal::give_back();
            inner(info);
        }));
        Self { previous }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // A hook can't be changed by a thread that panics.
        if !thread::panicking() {
            let previous = Arc::clone(&self.previous);
            std::panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}
