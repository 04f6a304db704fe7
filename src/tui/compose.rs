//! Temporary.

use crate::relay::injection::Injection;
use crate::relay::observation::Side;
use crate::wire::opcode::Opcode;

/// Why a line is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeError {
    /// A sentence.
    pub message: String,
    /// Byte offset in the line.
    pub at: usize,
}

/// One slash command.
#[derive(Clone, Copy, Debug)]
pub struct CommandHelp {
    /// With the slash.
    pub name: &'static str,
    /// What follows.
    pub arguments: &'static str,
    /// What it does.
    pub what: &'static str,
}

/// All of them.
pub const COMMANDS: &[CommandHelp] = &[
    CommandHelp { name: "/ping", arguments: "[TEXT]", what: "a ping frame" },
    CommandHelp { name: "/close", arguments: "[CODE [REASON]]", what: "a close frame" },
];

/// Reads a line.
///
/// # Errors
///
/// Where it is none.
pub fn parse(line: &str) -> Result<Injection, ComposeError> {
    match line.strip_prefix('/') {
        None => Ok(Injection::whole(Opcode::TEXT, line.as_bytes().to_vec())),
        Some("ping") => Ok(Injection::whole(Opcode::PING, Vec::new())),
        Some(_) => Err(ComposeError { message: "there is no such command: try /ping".into(), at: 0 }),
    }
}

/// What will go out.
#[must_use]
pub fn describe(injection: &Injection, to: Side) -> String {
    match injection {
        Injection::Frame { first, payload } => {
            format!("{} to the {}, {} B", Opcode::new(*first), to.name(), payload.len())
        }
        Injection::Raw(bytes) => format!("{} raw bytes", bytes.len()),
    }
}
