//! What became of what was sent.

use crate::compose::Repeat;
use crate::record::finding::Level;
use crate::record::{FrameNumber, Time};
use crate::relay::injection::{Refusal, Reply, Token, Wait};
use crate::tui::clock;
use crate::tui::keymap::{Action, key_of};

/// What became of an injection.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Which.
    pub token: Token,
    /// What it was, in words.
    pub what: String,
    /// Frames that it is.
    pub frames: usize,
    /// What the session said; nothing yet at first.
    pub reply: Option<Reply>,
    /// When it was sent to the session, or began to wait.
    pub since: Time,
}

impl Answer {
    /// Whether more will be said.
    #[must_use]
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self.reply, None | Some(Reply::Waiting(_)))
    }

    /// Takes in what the session says.
    pub(crate) fn take(&mut self, reply: Reply, now: Time) {
        if self.reply.is_none() {
            self.since = now;
        }
        self.reply = Some(reply);
    }

    /// How much it matters.
    #[must_use]
    pub(crate) const fn level(&self) -> Level {
        match self.reply {
            Some(Reply::Refused(_)) => Level::Error,
            Some(Reply::Waiting(_)) => Level::Warning,
            _ => Level::Note,
        }
    }

    /// It in words, with the time for which it has waited.
    #[must_use]
    pub(crate) fn text(&self, now: Time) -> String {
        match &self.reply {
            None => format!("on its way: {}", self.what),
            Some(Reply::Sent { frame: Some(first) }) if self.frames > 1 => {
                format!("sent as frames {first} to {}: {}", first.after(self.frames as u64 - 1), self.what)
            }
            Some(reply @ Reply::Waiting(_)) => {
                format!("{} since {}: {}", reply_text(reply), clock::age(self.since, now), self.what)
            }
            Some(reply) => format!("{}: {}", reply_text(reply), self.what),
        }
    }
}

fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Done => "done".to_owned(),
        Reply::Released | Reply::Hold(_) => "done".to_owned(),
        Reply::Sent { frame: Some(frame) } => format!("sent as frame {frame}"),
        Reply::Sent { frame: None } => "sent".to_owned(),
        Reply::Waiting(wait) => wait.to_string(),
        Reply::Refused(refusal) => format!("refused: {refusal}"),
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many have gone.
    pub sent: u32,
    /// The frame that the last of them became.
    pub frame: Option<FrameNumber>,
    /// What it is doing.
    pub state: RepeatState,
}

impl Progress {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        !matches!(self.state, RepeatState::Running | RepeatState::Waiting(_))
    }
}

/// What a repetition is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatState {
    /// It goes on.
    Running,
    /// The next one waits for its place.
    Waiting(Wait),
    /// All have gone.
    Done,
    /// The user stopped it.
    Stopped,
    /// The session did not take one.
    Refused(Refusal),
}

/// Something that is sent again and again.
#[derive(Clone, Debug)]
pub(crate) struct Repeating {
    /// Which.
    pub token: Token,
    /// What is sent, in words.
    pub what: String,
    /// How often, and in which time.
    pub repeat: Repeat,
    /// How far it is.
    pub progress: Progress,
    /// When the next one began to wait.
    pub since: Time,
    /// Whether the user has stopped it, and its last word has not come.
    pub stopping: bool,
}

impl Repeating {
    /// One that begins.
    #[must_use]
    pub(crate) const fn new(token: Token, what: String, repeat: Repeat, now: Time) -> Self {
        let progress = Progress { sent: 0, frame: None, state: RepeatState::Running };
        Self { token, what, repeat, progress, since: now, stopping: false }
    }

    /// Whether more will be sent.
    #[must_use]
    pub(crate) const fn is_running(&self) -> bool {
        !self.progress.is_last()
    }

    /// Whether an age is shown.
    #[must_use]
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self.progress.state, RepeatState::Waiting(_))
    }

    /// Takes in how far it is.
    pub(crate) const fn take(&mut self, progress: Progress, now: Time) {
        self.progress = progress;
        self.since = now;
    }

    /// How much it matters.
    #[must_use]
    pub(crate) const fn level(&self) -> Level {
        match self.progress.state {
            RepeatState::Running | RepeatState::Done => Level::Note,
            RepeatState::Waiting(_) | RepeatState::Stopped => Level::Warning,
            RepeatState::Refused(_) => Level::Error,
        }
    }

    /// It in words.
    #[must_use]
    pub(crate) fn text(&self, now: Time) -> String {
        let Progress { sent, frame, state } = self.progress;
        let last = frame.map(|frame| format!(", the last as frame {frame}")).unwrap_or_default();
        let count = format!("{sent} of {} sent{last}", self.repeat.times);
        let stop = format!("{} stops", key_of(Action::Interrupt));
        let what = &self.what;
        match state {
            RepeatState::Running => format!("{count} · {stop}: {what}, one every {:?}", self.repeat.every),
            RepeatState::Waiting(wait) => {
                format!("{count} · {wait} since {} · {stop}: {what}", clock::age(self.since, now))
            }
            RepeatState::Done => format!("{count}: {what}"),
            RepeatState::Stopped => format!("stopped, {count}: {what}"),
            RepeatState::Refused(refusal) => format!("{count}, the next was refused: {refusal}"),
        }
    }
}
