//! What comes to the screen, and what it asks the outside world to do.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::relay::injection::{Injection, Reply, Token};
use crate::relay::observation::{SessionId, Side, Time};

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
    /// The journal's view has taken in something new.
    Journal,
    /// The search has come further.
    Found,
    /// A session answered.
    Reply(Token, Reply),
    /// Something of wsproxy's own failed elsewhere, and the screen goes on.
    Trouble(String),
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
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
    /// End a session.
    Close(SessionId),
    /// Give the terminal back and stop until the shell says otherwise.
    Suspend,
    /// End everything.
    Quit,
}
