//! The text commands of `/echo`: they make the server do something by itself. One table; the page's buttons are built
//! from it.

use crate::wire::close::Code;

/// Messages that `/burst` may ask for: a few seconds of a browser's work.
const MAX_BURST: u32 = 100_000;

/// Fragments that `/fragments` may ask for.
const MAX_FRAGMENTS: u32 = 1000;

/// Bytes of a close reason at most (RFC 6455 5.5: 125, less the code).
const MAX_REASON: usize = 123;

/// What the page says of a command.
#[derive(Debug)]
pub(super) struct Help {
    /// How to write it.
    pub form: &'static str,
    /// What the page's button shows and sends.
    pub example: &'static str,
    /// What it does, as the rest of a sentence that begins with the form.
    pub sentence: &'static str,
}

/// All commands, in the order of the page's list.
pub(super) const COMMANDS: &[Help] = &[
    Help {
        form: "/ping",
        example: "/ping",
        sentence: "sends a ping; the browser answers by itself and tells the page nothing.",
    },
    Help {
        form: "/close CODE REASON",
        example: "/close 4000 enough",
        sentence: "begins the closing handshake from the server.",
    },
    Help { form: "/burst N", example: "/burst 100", sentence: "sends N small texts at once, up to 100000." },
    Help { form: "/fragments N", example: "/fragments 5", sentence: "sends one text in N frames, up to 1000." },
];

/// A command that can be obeyed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EchoCommand {
    /// Send a ping.
    Ping,
    /// Begin the closing handshake, with a code that may be sent and a reason that fits.
    Close {
        /// The code.
        code: Code,
        /// The reason.
        reason: String,
    },
    /// Send so many texts.
    Burst(u32),
    /// Send one text in so many frames.
    Fragments(u32),
}

impl EchoCommand {
    /// Reads a text message; `None` if it is no command and is to be echoed.
    ///
    /// # Errors
    ///
    /// A sentence for the sender, where a command's arguments make no sense.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        let (word, arguments) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
        let arguments = arguments.trim_start();
        match word {
            "/ping" => Ok(Some(Self::Ping)),
            "/close" => close_arguments(arguments).map(Some),
            "/burst" => {
                let usage = "write /burst N with N from 1 to 100000, as in /burst 100";
                count(arguments, MAX_BURST).map(|n| Some(Self::Burst(n))).ok_or(usage)
            }
            "/fragments" => {
                let usage = "write /fragments N with N from 1 to 1000, as in /fragments 5";
                count(arguments, MAX_FRAGMENTS).map(|n| Some(Self::Fragments(n))).ok_or(usage)
            }
            _ => Ok(None),
        }
    }
}

fn count(argument: &str, most: u32) -> Option<u32> {
    argument.parse().ok().filter(|count| (1..=most).contains(count))
}

fn close_arguments(arguments: &str) -> Result<EchoCommand, &'static str> {
    if arguments.is_empty() {
        return Ok(EchoCommand::Close { code: Code::NORMAL, reason: String::new() });
    }
    let (code, reason) = arguments.split_once(' ').unwrap_or((arguments, ""));
    let code = code.parse().ok().map(Code::new).filter(|code| code.is_sendable());
    let code =
        code.ok_or("write /close CODE REASON with a code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999")?;
    if reason.len() > MAX_REASON {
        return Err("a close reason has at most 123 bytes");
    }
    Ok(EchoCommand::Close { code, reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_s_example_is_that_command() {
        for help in COMMANDS {
            assert!(matches!(EchoCommand::parse(help.example), Ok(Some(_))), "{}", help.example);
        }
        assert_eq!(EchoCommand::parse("/burst 7"), Ok(Some(EchoCommand::Burst(7))));
        assert_eq!(
            EchoCommand::parse("/close 1000 good bye"),
            Ok(Some(EchoCommand::Close { code: Code::NORMAL, reason: "good bye".into() }))
        );
        assert_eq!(
            EchoCommand::parse("/close"),
            Ok(Some(EchoCommand::Close { code: Code::NORMAL, reason: String::new() }))
        );
    }

    #[test]
    fn senseless_arguments_are_answered_with_a_sentence() {
        let long = format!("/close 1000 {}", "x".repeat(124));
        let cases = ["/burst", "/burst 0", "/burst 100001", "/burst -1", "/fragments 1001", "/fragments x"];
        for text in cases.into_iter().chain(["/close 1005", "/close 99999", "/close now", &long]) {
            assert!(EchoCommand::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn all_else_is_echoed() {
        for text in ["", "hello", "/", "/pingpong", " /ping", "/old"] {
            assert_eq!(EchoCommand::parse(text), Ok(None), "{text}");
        }
    }
}
