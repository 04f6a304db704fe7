//! The composer's language: a text that the user types, read as bytes to put into a session.
//!
//! It is a text message as it stands; a slash in front makes it a command, two slashes a text that begins with one.
//! `/repeat` and `/frag` take another line behind their own arguments.

mod argument;
mod completion;
mod head;
mod json;
mod preview;
#[cfg(test)]
mod tests;
mod written;

use std::time::Duration;

use crate::relay::injection::Injection;
use crate::text;
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

use argument::Argument;

pub use completion::{Completion, complete};
pub use head::{head, written_head};
pub use json::{Json, json};
pub use preview::{FrameBytes, Preview, preview};
pub use written::written;

/// Payload bytes that a control frame may have (RFC 6455 5.5).
const CONTROL: usize = 125;
/// Bytes of a close frame's reason: what its code leaves.
const REASON: usize = CONTROL - 2;
/// Fragments of a message. More of them show nothing that these do not.
const FRAGMENTS: u32 = 1000;
/// How often something is repeated at most: for more there are load generators.
const TIMES: u32 = 1_000_000;

/// What a text got wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ComposeError {
    /// One sentence, with what to do. Safe to show.
    pub message: String,
    /// Where it went wrong: characters from the start of the text.
    pub at: usize,
}

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What goes out.
    pub injection: Injection,
    /// How often, where that is not once.
    pub repeat: Option<Repeat>,
    /// Where the message's own text begins, in bytes from the start; `None` where it does not go out as it stands.
    text_at: Option<usize>,
}

/// How often, and in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How often.
    pub times: u32,
    /// From the start of one to that of the next.
    pub every: Duration,
}

/// A command, for help and completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandHelp {
    /// Its name, with the slash.
    pub name: &'static str,
    /// What follows it; what may be left out stands in brackets.
    pub arguments: &'static str,
    /// What it sends.
    pub about: &'static str,
}

const fn command(name: &'static str, arguments: &'static str, about: &'static str) -> CommandHelp {
    CommandHelp { name, arguments, about }
}

/// All commands.
pub const COMMANDS: &[CommandHelp] = &[
    command("/text", "TEXT", "a text message; without TEXT an empty one"),
    command("/esc", "TEXT", r"a text message with escapes: \n \t \0 \\ \xff \u00e9 \u{1f600}"),
    command("/bin", "HEX", "a binary message; without HEX an empty one"),
    command("/ping", "[TEXT]", "a ping, at most 125 bytes"),
    command("/pong", "[TEXT]", "a pong, at most 125 bytes"),
    command("/close", "[CODE [REASON]]", "a close frame"),
    command("/raw", "HEX", "bytes as they are, a frame or not"),
    command("/frag", "N MESSAGE", "a text, /esc or /bin message in N fragments"),
    command("/repeat", "N EVERY LINE", "any of these N times, one every 100ms, 2s or 1m"),
];

/// Reads a text.
///
/// # Errors
/// Where it is empty or a command is not known or gets what it can't take.
pub fn parse(text: &str) -> Result<Order, ComposeError> {
    if text.is_empty() {
        return Err(error("type a text, or / for commands; /text alone sends an empty message", 0));
    }
    let line = Argument::all(text);
    match line.command() {
        Some(("/repeat", argument)) => repeat(argument),
        _ => order(line),
    }
}

fn repeat(argument: Argument<'_>) -> Result<Order, ComposeError> {
    let (times, behind) = argument.word();
    let times = times.number(TIMES, "how often, then how long it takes: /repeat 10 100ms hello")?;
    let (every, line) = behind.word();
    let every = every.duration()?;
    if line.text().is_empty() {
        return Err(line.error("write what to send: /repeat 10 100ms hello", 0));
    }
    if let Some(("/repeat", _)) = line.command() {
        return Err(line.error("what is repeated can't be a /repeat itself: multiply the two numbers", 0));
    }
    Ok(Order { repeat: Some(Repeat { times, every }), ..order(line)? })
}

/// What goes out at one time.
fn order(line: Argument<'_>) -> Result<Order, ComposeError> {
    match line.command() {
        Some(("/frag", argument)) => fragments(argument),
        _ => single(line),
    }
}

fn fragments(argument: Argument<'_>) -> Result<Order, ComposeError> {
    let (count, line) = argument.word();
    let count = count.number(FRAGMENTS, "how many fragments, then the message: /frag 3 hello")?;
    if line.text().is_empty() {
        return Err(line.error("write what to send: /frag 3 hello", 0));
    }
    if let Some(("/frag" | "/repeat", _)) = line.command() {
        return Err(line.error("/frag takes a message; /repeat goes in front of it: /repeat 10 1s /frag 3 hello", 0));
    }
    let whole = single(line)?;
    match whole.injection {
        Injection::Frame { first, payload } if !Opcode::new(first).is_control() => {
            let injection = Injection::fragmented(Opcode::new(first), &payload, count as usize);
            Ok(Order { injection, ..whole })
        }
        _ => Err(line.error("only a message can be cut into fragments: a text, /text, /esc or /bin", 0)),
    }
}

/// One frame, or raw bytes.
fn single(line: Argument<'_>) -> Result<Order, ComposeError> {
    let Some((name, argument)) = line.command() else { return Ok(text_message(line.unescaped())) };
    let injection = match name {
        "/text" => return Ok(text_message(argument)),
        "/esc" => Injection::whole(Opcode::TEXT, argument.escapes()?),
        "/bin" => Injection::whole(Opcode::BINARY, argument.bytes()?),
        "/ping" => control(Opcode::PING, argument)?,
        "/pong" => control(Opcode::PONG, argument)?,
        "/close" => close(argument)?,
        "/raw" => raw(argument)?,
        _ => return Err(unknown(line, name)),
    };
    Ok(Order { injection, repeat: None, text_at: None })
}

fn text_message(text: Argument<'_>) -> Order {
    let injection = Injection::whole(Opcode::TEXT, text.text().as_bytes().to_vec());
    Order { injection, repeat: None, text_at: Some(text.from()) }
}

fn control(opcode: Opcode, argument: Argument<'_>) -> Result<Injection, ComposeError> {
    let payload = argument.limited(CONTROL, &format!("a {opcode}"))?;
    Ok(Injection::whole(opcode, payload))
}

fn raw(argument: Argument<'_>) -> Result<Injection, ComposeError> {
    let bytes = argument.bytes()?;
    if bytes.is_empty() {
        return Err(argument.error("/raw needs bytes: /raw 81 02 68 69", 0));
    }
    Ok(Injection::Raw(bytes))
}

fn close(argument: Argument<'_>) -> Result<Injection, ComposeError> {
    let (digits, reason) = argument.word();
    if digits.text().is_empty() {
        return match argument.text().find(|character: char| !character.is_whitespace()) {
            Some(at) => Err(argument.error("write the code right after /close: /close 1000 bye", at)),
            None => Ok(Injection::whole(Opcode::CLOSE, Vec::new())),
        };
    }
    let mut payload = close_code(digits)?.to_be_bytes().to_vec();
    payload.extend(reason.limited(REASON, "a close reason")?);
    Ok(Injection::whole(Opcode::CLOSE, payload))
}

fn close_code(digits: Argument<'_>) -> Result<Code, ComposeError> {
    let Ok(code) = digits.text().parse().map(Code::new) else {
        return Err(digits.error("a close code is a number up to 65535: /close 1000 bye", 0));
    };
    if code.is_sendable() {
        return Ok(code);
    }
    let message = format!(
        "{code} can't be sent ({}: {}); 1000 to 1003, 1007 to 1014 and 3000 to 4999 can, and /raw sends anything",
        code.name(),
        code.meaning()
    );
    Err(digits.error(message, 0))
}

fn error(message: impl Into<String>, at: usize) -> ComposeError {
    ComposeError { message: message.into(), at }
}

fn unknown(line: Argument<'_>, name: &str) -> ComposeError {
    let nearest = COMMANDS.iter().min_by_key(|command| text::distance(command.name, name));
    let nearest = nearest.map_or("/text", |command| command.name);
    let shown = text::preview(name.as_bytes(), 30);
    line.error(format!("there is no {shown}; did you mean {nearest}? to send it as a text, begin with //"), 1)
}
