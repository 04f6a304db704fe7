//! The table. Its order is the order of the footer and of the help screen.

use crossterm::event::KeyCode;

use super::{Action, Binding, Key, Place};

const fn bind(
    action: Action,
    keys: &'static [Key],
    places: &'static [Place],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, keys, places, help, hint }
}

/// Panes with rows or lines to move through.
const MOVING: &[Place] =
    &[Place::Sessions, Place::Frames, Place::Detail, Place::Handshake, Place::Diagnosis, Place::Log, Place::Help];
const EVERYWHERE: &[Place] = &[Place::Everywhere];
const FRAMES: &[Place] = &[Place::Frames, Place::Detail];
const BYTES: &[Place] = &[Place::Detail, Place::Frames, Place::Handshake, Place::Log];
const COMPOSER: &[Place] = &[Place::Composer];
const DETAIL: &[Place] = &[Place::Detail];
const FIND: &[Place] = &[Place::Find];
const QUESTION: &[Place] = &[Place::Question];
const COMMAND: &[Place] = &[Place::Command];

/// Every key.
pub const BINDINGS: &[Binding] = &[
    bind(Action::Yes, &[Key::char('y'), Key::plain(KeyCode::Enter)], QUESTION, "yes", "yes"),
    bind(
        Action::No,
        &[Key::char('n'), Key::plain(KeyCode::Esc), Key::char('q'), Key::ctrl('g')],
        QUESTION,
        "no",
        "no, and back to where you were",
    ),
    bind(
        Action::Send,
        &[Key::plain(KeyCode::Enter)],
        COMPOSER,
        "send",
        "send it, as the preview shows it; the composer stays open",
    ),
    bind(
        Action::Discard,
        &[Key::plain(KeyCode::Esc), Key::ctrl('g')],
        COMPOSER,
        "close",
        "stop a repetition; else close the composer, which keeps its text",
    ),
    bind(Action::Complete, &[Key::plain(KeyCode::Tab)], COMPOSER, "complete", "complete a slash command"),
    bind(
        Action::OtherDirection,
        &[Key::plain(KeyCode::BackTab)],
        COMPOSER,
        "direction",
        "to the client instead of the server, and back",
    ),
    bind(Action::ToNextSession, &[Key::ctrl('n')], COMPOSER, "session", "to the next live session"),
    bind(Action::ToPreviousSession, &[Key::ctrl('p')], COMPOSER, "", "to the live session before"),
    bind(Action::Earlier, &[Key::plain(KeyCode::Up)], COMPOSER, "history", "the line above, or what was sent before"),
    bind(Action::Later, &[Key::plain(KeyCode::Down)], COMPOSER, "", "the line below, or what was sent after it"),
    bind(Action::OpenEditor, &[Key::ctrl('e')], COMPOSER, "editor", "write it in $VISUAL, $EDITOR or vi"),
    bind(
        Action::NewLine,
        &[Key::alt(KeyCode::Enter), Key::ctrl('j')],
        COMPOSER,
        "new line",
        "a line break within the payload",
    ),
    bind(Action::EraseLine, &[Key::ctrl('u')], COMPOSER, "", "erase up to the start of the line"),
    bind(Action::Down, &[Key::char('j'), Key::plain(KeyCode::Down)], MOVING, "", "down"),
    bind(Action::Up, &[Key::char('k'), Key::plain(KeyCode::Up)], MOVING, "", "up"),
    bind(Action::HalfPageDown, &[Key::ctrl('d')], MOVING, "", "half a page down"),
    bind(Action::HalfPageUp, &[Key::ctrl('u')], MOVING, "", "half a page up"),
    bind(Action::PageDown, &[Key::char(' '), Key::plain(KeyCode::PageDown)], MOVING, "", "a page down"),
    bind(Action::PageUp, &[Key::plain(KeyCode::PageUp)], MOVING, "", "a page up"),
    bind(Action::First, &[Key::char('g'), Key::plain(KeyCode::Home)], MOVING, "", "the first"),
    bind(
        Action::Last,
        &[Key::char('G'), Key::plain(KeyCode::End)],
        MOVING,
        "",
        "the last; in Frames and Log also follow what comes",
    ),
    bind(
        Action::CloseHelp,
        &[Key::plain(KeyCode::Esc), Key::char('q'), Key::char('?')],
        &[Place::Help],
        "close",
        "close help",
    ),
    bind(Action::Follow, &[Key::char('F')], &[Place::Frames, Place::Detail, Place::Log], "follow", "follow the newest"),
    bind(
        Action::Deeper,
        &[Key::plain(KeyCode::Enter)],
        EVERYWHERE,
        "open",
        "deeper: to the frames, to the detail, the detail alone",
    ),
    bind(Action::ToServer, &[Key::char('s')], EVERYWHERE, "send to server", "compose something to send to the server"),
    bind(Action::ToClient, &[Key::char('c')], EVERYWHERE, "to client", "compose something to send to the client"),
    bind(Action::Resend, &[Key::char('r')], FRAMES, "resend", "send the selected frame once more, the same way"),
    bind(Action::Hex, &[Key::char('x')], BYTES, "hex", "show the payload as hex"),
    bind(Action::Text, &[Key::char('t')], BYTES, "text", "show the payload as text"),
    bind(Action::Decoder, &[Key::char('m')], BYTES, "decoder", "choose the decoder: automatic, hex, text, JSON, mask"),
    bind(Action::Bytes, &[Key::char('b')], BYTES, "wire bytes", "wire bytes or unmasked bytes"),
    bind(Action::Left, &[Key::char('h'), Key::plain(KeyCode::Left)], DETAIL, "", "a byte or a letter to the left"),
    bind(Action::Right, &[Key::char('l'), Key::plain(KeyCode::Right)], DETAIL, "", "a byte or a letter to the right"),
    bind(Action::Header, &[Key::char('H')], DETAIL, "header", "the header bit by bit, or in a line"),
    bind(Action::FoldMore, &[Key::char('-')], DETAIL, "fold", "fold JSON one level further out (enter: this node)"),
    bind(
        Action::FoldLess,
        &[Key::char('+'), Key::char('=')],
        DETAIL,
        "unfold",
        "unfold JSON one level further in (enter: this node)",
    ),
    bind(
        Action::Find,
        &[Key::char('/')],
        DETAIL,
        "search",
        "search the payload; the pattern is text, ctrl-r makes it a regex",
    ),
    bind(Action::FindNext, &[Key::char('n')], DETAIL, "", "the next place that was found"),
    bind(Action::FindPrevious, &[Key::char('N')], DETAIL, "", "the place before"),
    bind(
        Action::FindDone,
        &[Key::plain(KeyCode::Enter)],
        FIND,
        "go on",
        "keep what was found; n and N go from place to place",
    ),
    bind(
        Action::FindStop,
        &[Key::plain(KeyCode::Esc), Key::ctrl('g')],
        FIND,
        "close",
        "no search, and back to where you were",
    ),
    bind(
        Action::FindForm,
        &[Key::ctrl('r')],
        FIND,
        "text or regex",
        "take the pattern for a text or for a regular expression",
    ),
    bind(Action::Help, &[Key::char('?')], EVERYWHERE, "help", "the keys that work here"),
    bind(Action::Leave, &[Key::char('q')], EVERYWHERE, "quit", "back, or quit (asks while sessions are open)"),
    bind(Action::NextPane, &[Key::plain(KeyCode::Tab)], EVERYWHERE, "pane", "the next pane"),
    bind(Action::PreviousPane, &[Key::plain(KeyCode::BackTab)], EVERYWHERE, "", "the pane before"),
    bind(Action::Back, &[Key::plain(KeyCode::Esc)], EVERYWHERE, "", "back"),
    bind(Action::PreviousSession, &[Key::char('[')], EVERYWHERE, "", "the session before"),
    bind(Action::NextSession, &[Key::char(']')], EVERYWHERE, "", "the next session"),
    bind(
        Action::CloseSession,
        &[Key::char('X')],
        EVERYWHERE,
        "close session",
        "close the session, with close frames (asks)",
    ),
    bind(
        Action::Freeze,
        &[Key::char('p')],
        EVERYWHERE,
        "freeze",
        "freeze the display or let it go on; the relay goes on",
    ),
    bind(
        Action::Times,
        &[Key::char('T')],
        EVERYWHERE,
        "times",
        "times as clock, since the session began, since the row before",
    ),
    bind(Action::Maximise, &[Key::char('\\')], EVERYWHERE, "zoom", "give this pane all the room, or give it back"),
    bind(Action::MoveDetail, &[Key::char('|')], EVERYWHERE, "", "the detail to the right, or below"),
    bind(Action::Shrink, &[Key::char('<')], EVERYWHERE, "", "less room for the detail; in Sessions for the list"),
    bind(Action::Grow, &[Key::char('>')], EVERYWHERE, "", "more room for the detail; in Sessions for the list"),
    bind(Action::Frames, &[Key::char('1')], EVERYWHERE, "", "the frames"),
    bind(Action::Sessions, &[Key::char('2')], EVERYWHERE, "", "the sessions as a table"),
    bind(Action::Handshake, &[Key::char('3')], EVERYWHERE, "", "the handshake of the session"),
    bind(Action::Diagnosis, &[Key::char('4')], EVERYWHERE, "", "the problems that were seen"),
    bind(Action::Log, &[Key::char('5')], EVERYWHERE, "", "wsproxy's own events"),
    bind(Action::Quit, &[Key::char('Q')], EVERYWHERE, "", "quit without asking; sessions get close frames"),
    bind(
        Action::Interrupt,
        &[Key::ctrl('c')],
        &[Place::Everywhere, Place::Composer, Place::Question, Place::Help, Place::Find, Place::Command],
        "",
        "stop a repetition; else quit without asking, with close frames",
    ),
    bind(
        Action::Suspend,
        &[Key::ctrl('z')],
        &[Place::Everywhere, Place::Composer, Place::Question, Place::Help, Place::Command],
        "",
        "suspend; the shell's fg brings it back (the relay waits meanwhile)",
    ),
    bind(
        Action::AcceptValue,
        &[Key::char('K')],
        &[Place::Handshake],
        "accept value",
        "how the accept value comes from the key, step by step",
    ),
    bind(Action::CommandLine, &[Key::char(':')], EVERYWHERE, "command", "do something by its name, as in :frame 120"),
    bind(Action::Send, &[Key::plain(KeyCode::Enter)], COMMAND, "do it", "do it"),
    bind(Action::Discard, &[Key::plain(KeyCode::Esc), Key::ctrl('g')], COMMAND, "close", "close the command line"),
    bind(Action::Complete, &[Key::plain(KeyCode::Tab)], COMMAND, "complete", "complete the name"),
    bind(Action::Earlier, &[Key::plain(KeyCode::Up), Key::ctrl('p')], COMMAND, "history", "the command before"),
    bind(Action::Later, &[Key::plain(KeyCode::Down), Key::ctrl('n')], COMMAND, "", "the command after it"),
    bind(Action::EraseLine, &[Key::ctrl('u')], COMMAND, "", "erase up to the start of the line"),
];
