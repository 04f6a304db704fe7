//! What comes to the screen, and what it asks the outside world to do.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::compose::Repeat;
use crate::control::Recorded;
use crate::control::rules::{RuleCommand, RuleList};
use crate::record::{FrameNumber, Policy, SessionId, Side, Time};
use crate::relay::hold::{Conditions, Decision, HeadDecision, Leaning};
use crate::relay::injection::{Injection, Reply, Token};
use crate::tui::state::answer::Progress;
use crate::tui::state::writing::{WriteOrder, WriteProgress};

/// Something happened.
#[derive(Debug)]
pub enum Message {
    /// The time, ahead of what happened at it; by itself, it has passed.
    Time(Time),
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The journal's index has taken in something new.
    Journal,
    /// The search has come further.
    Found,
    /// A program of the user's own has read a message.
    Decoded,
    /// A session answered.
    Reply(Token, Reply),
    /// How far a repetition is.
    Repeated(Token, Progress),
    /// How far a file is that is being written.
    Wrote(WriteProgress),
    /// What the editor made of the composer's text, or why it did not.
    Edited(Result<String, String>),
    /// How that stands which is written to disk of what is seen.
    Recorded(Option<Recorded>),
    /// Something of wsproxy's own failed elsewhere, and the screen goes on.
    Trouble(String),
    /// The rules are these now.
    Rules(RuleList),
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Put something into a session; the reply comes back as a message with the token.
    Inject {
        /// Which session.
        session: SessionId,
        /// Who receives it.
        to: Side,
        /// What.
        injection: Injection,
        /// The screen's number for it.
        token: Token,
    },
    /// Put a text into the clipboard.
    Copy(String),
    /// Put something into a session again and again; `Message::Repeated` comes back with the token.
    Repeat {
        /// Which session.
        session: SessionId,
        /// Who receives it.
        to: Side,
        /// What.
        injection: Injection,
        /// How often, and in which time.
        repeat: Repeat,
        /// The screen's number for it.
        token: Token,
    },
    /// End that.
    StopRepeating,
    /// Write a file of what is in memory; `Message::Wrote` comes back.
    Write(Box<WriteOrder>),
    /// End that, and leave no file.
    StopWriting,
    /// Keep a text for the runs to come.
    Remember(String),
    /// Give the terminal to the user's editor with a text; `Message::Edited` comes back.
    OpenEditor(String),
    /// From now on hold that.
    Hold(Conditions),
    /// Decide what becomes of a message that is held; the reply comes back as a message with the token.
    Decide {
        /// Which session.
        session: SessionId,
        /// A frame of the message.
        frame: FrameNumber,
        /// What becomes of it.
        decision: Decision,
        /// The screen's number for it.
        token: Token,
    },
    /// Decide what becomes of a head that is held; the reply comes back as a message with the token.
    DecideHead {
        /// Which session.
        session: SessionId,
        /// Who sent it.
        from: Side,
        /// What becomes of it.
        decision: HeadDecision,
        /// The screen's number for it.
        token: Token,
    },
    /// From now on, compressed messages that lean on one which was edited or dropped go out so.
    Leaning(Leaning),
    /// Let all go on that is held.
    ReleaseAll,
    /// Change the rules.
    Rules(RuleCommand),
    /// End a session.
    Close(SessionId),
    /// From now on faults are treated so.
    Policy(Policy),
    /// Give the terminal back and stop until the shell says otherwise.
    Suspend,
    /// End everything.
    Quit,
}

impl Effect {
    /// Whether it is asked of a proxy that runs.
    #[must_use]
    pub(crate) const fn needs_proxy(&self) -> bool {
        match self {
            Self::Inject { .. }
            | Self::Repeat { .. }
            | Self::Hold(_)
            | Self::Decide { .. }
            | Self::DecideHead { .. }
            | Self::Leaning(_)
            | Self::Rules(_)
            | Self::ReleaseAll
            | Self::Close(_)
            | Self::Policy(_) => true,
            Self::Copy(_)
            | Self::StopRepeating
            | Self::Write(_)
            | Self::StopWriting
            | Self::Remember(_)
            | Self::OpenEditor(_)
            | Self::Suspend
            | Self::Quit => false,
        }
    }
}
