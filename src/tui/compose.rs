//! The composer's language: a line that the user types, read as bytes to put into a session.
//!
//! A line is a text message as it stands; a slash in front makes it a command, two slashes a text that begins with one.

use std::fmt::Write as _;

use crate::relay::injection::Injection;
use crate::relay::observation::Side;
use crate::text;
use crate::wire::close;
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

/// Payload bytes that a control frame may have (RFC 6455 5.5).
const CONTROL: usize = 125;
/// Bytes of a close frame's reason: what its code leaves.
const REASON: usize = CONTROL - 2;
/// Bytes shown by `describe`.
const SHOWN: usize = 16;

/// What a line got wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ComposeError {
    /// One sentence, with what to do. Safe to show.
    pub message: String,
    /// Where it went wrong: characters from the start of the line.
    pub at: usize,
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

/// All commands.
pub const COMMANDS: &[CommandHelp] = &[
    CommandHelp { name: "/text", arguments: "TEXT", about: "a text message; without TEXT an empty one" },
    CommandHelp { name: "/bin", arguments: "HEX", about: "a binary message; without HEX an empty one" },
    CommandHelp { name: "/ping", arguments: "[TEXT]", about: "a ping, at most 125 bytes" },
    CommandHelp { name: "/pong", arguments: "[TEXT]", about: "a pong, at most 125 bytes" },
    CommandHelp { name: "/close", arguments: "[CODE [REASON]]", about: "a close frame" },
    CommandHelp { name: "/raw", arguments: "HEX", about: "bytes as they are, a frame or not" },
];

/// Reads a line.
///
/// # Errors
/// Where the line is empty or a command is not known or gets what it can't take.
pub fn parse(line: &str) -> Result<Injection, ComposeError> {
    if line.is_empty() {
        return Err(error("type a text, or / for commands; /text alone sends an empty message", 0));
    }
    if line.starts_with("//") {
        return Ok(text_message(&line[1..]));
    }
    if !line.starts_with('/') {
        return Ok(text_message(line));
    }
    let name_end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    // Just one blank parts a command from its argument, so that a text may begin with blanks.
    let blank = rest.chars().next().map_or(0, char::len_utf8);
    let argument = Argument { line, from: name_end + blank };
    match name {
        "/text" => Ok(text_message(argument.text())),
        "/bin" => Ok(Injection::whole(Opcode::BINARY, argument.bytes()?)),
        "/ping" => control(Opcode::PING, argument),
        "/pong" => control(Opcode::PONG, argument),
        "/close" => close(argument),
        "/raw" => raw(argument),
        _ => Err(unknown(name)),
    }
}

/// What an injection will be on the wire, in a line; `to` is who gets it.
#[must_use]
pub fn describe(injection: &Injection, to: Side) -> String {
    match injection {
        Injection::Frame { first, payload } => describe_frame(*first, payload, to),
        Injection::Fragments { first, payloads } => {
            format!("{} fragments of a {}", payloads.len(), Opcode::new(*first))
        }
        Injection::Raw(bytes) => describe_raw(bytes),
    }
}

/// Commands that the line may be the start of.
#[must_use]
pub fn complete(line: &str) -> Vec<&'static str> {
    if !line.starts_with('/') {
        return Vec::new();
    }
    COMMANDS.iter().map(|command| command.name).filter(|name| name.starts_with(line)).collect()
}

/// The rest of a line, with its place.
#[derive(Clone, Copy)]
struct Argument<'a> {
    line: &'a str,
    /// Byte offset in the line.
    from: usize,
}

impl<'a> Argument<'a> {
    fn text(self) -> &'a str {
        self.line.get(self.from..).unwrap_or_default()
    }

    /// An error at a byte offset in the argument.
    fn error(self, message: impl Into<String>, at: usize) -> ComposeError {
        let before = self.line.char_indices().take_while(|(index, _)| *index < self.from + at).count();
        error(message, before)
    }

    /// The text's bytes, of which there may be `limit`.
    fn limited(self, limit: usize, what: &str) -> Result<Vec<u8>, ComposeError> {
        let text = self.text();
        if text.len() <= limit {
            return Ok(text.as_bytes().to_vec());
        }
        let fits = text.char_indices().map(|(index, _)| index).take_while(|index| *index <= limit).last();
        let message = format!("{what} holds at most {limit} bytes and this has {}: shorten it", text.len());
        Err(self.error(message, fits.unwrap_or(0)))
    }

    /// Hex digits in pairs; blanks, commas and colons between bytes, and `0x` before them, are passed over.
    fn bytes(self) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        let text = self.text();
        let separates = |character: char| character.is_whitespace() || matches!(character, ',' | ':');
        let mut at = 0;
        for word in text.split_inclusive(separates) {
            let digits = word.trim_end_matches(separates);
            let prefix = if digits.starts_with("0x") || digits.starts_with("0X") { 2 } else { 0 };
            self.word(&digits[prefix..], at + prefix, &mut out)?;
            at += word.len();
        }
        Ok(out)
    }

    fn word(self, digits: &str, at: usize, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        if let Some((index, other)) = digits.char_indices().find(|(_, character)| !character.is_ascii_hexdigit()) {
            let message = format!("{} is no hex digit: write bytes as 81 05 or 0x81,0x05", quoted(other));
            return Err(self.error(message, at + index));
        }
        if digits.len() % 2 == 1 {
            let message = match digits.len() {
                1 => format!("{digits} is half a byte: write 0{digits}"),
                count => {
                    format!(
                        "{} has an odd number of digits, {count}: each byte takes two",
                        text::preview(digits.as_bytes(), 30)
                    )
                }
            };
            return Err(self.error(message, at + digits.len() - 1));
        }
        // Digits, and an even number of them: decoding can't fail.
        out.extend(hex::decode(digits).unwrap_or_default());
        Ok(())
    }
}

fn text_message(text: &str) -> Injection {
    Injection::whole(Opcode::TEXT, text.as_bytes().to_vec())
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
    let text = argument.text();
    let digits = text.split(char::is_whitespace).next().unwrap_or_default();
    if digits.is_empty() {
        return match text.find(|character: char| !character.is_whitespace()) {
            Some(at) => Err(argument.error("write the code right after /close: /close 1000 bye", at)),
            None => Ok(Injection::whole(Opcode::CLOSE, Vec::new())),
        };
    }
    let code = close_code(argument, digits)?;
    let blank = text[digits.len()..].chars().next().map_or(0, char::len_utf8);
    let reason = Argument { from: argument.from + digits.len() + blank, ..argument };
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.limited(REASON, "a close reason")?);
    Ok(Injection::whole(Opcode::CLOSE, payload))
}

fn close_code(argument: Argument<'_>, digits: &str) -> Result<u16, ComposeError> {
    let Ok(code) = digits.parse::<u16>() else {
        return Err(argument.error("a close code is a number up to 65535: /close 1000 bye", 0));
    };
    let known = close::code(code);
    if known.sendable {
        return Ok(code);
    }
    let message = format!(
        "{code} can't be sent ({}: {}); 1000 to 1003, 1007 to 1014 and 3000 to 4999 can, and /raw sends anything",
        known.name, known.meaning
    );
    Err(argument.error(message, 0))
}

fn error(message: impl Into<String>, at: usize) -> ComposeError {
    ComposeError { message: message.into(), at }
}

fn unknown(name: &str) -> ComposeError {
    let nearest = COMMANDS.iter().min_by_key(|command| distance(command.name, name));
    let nearest = nearest.map_or("/text", |command| command.name);
    let shown = text::preview(name.as_bytes(), 30);
    error(format!("there is no {shown}; did you mean {nearest}? to send it as a text, begin with //"), 1)
}

/// Letters to add, take away or change to get from one word to the other (Levenshtein), the second cut to 30.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(30).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for ((other, pair), left) in to.iter().zip(row.windows(2)).zip(0..) {
            let change = pair[0] + usize::from(letter != *other);
            next.push(change.min(pair[1] + 1).min(next[left] + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn quoted(character: char) -> String {
    format!("\"{}\"", text::escape(character.encode_utf8(&mut [0; 4]).as_bytes()))
}

fn describe_frame(first: u8, payload: &[u8], to: Side) -> String {
    let masked = to == Side::Server;
    let key = masked.then_some([0; 4]);
    let header = FrameHeader { first, ..FrameHeader::new(Opcode::new(first), payload.len() as u64, key) };
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    if masked {
        bytes.truncate(bytes.len() - 4);
    }
    let mut out = format!("{}, ", header.opcode());
    out.push_str(if header.fin() { "FIN, " } else { "no FIN, " });
    if header.rsv() != 0 {
        let _ = write!(out, "RSV {:03b}, ", header.rsv());
    }
    out.push_str(if masked { "masked, " } else { "not masked, " });
    let _ = write!(out, "{}: {}", count(payload.len()), spaced(&bytes));
    out.push_str(if masked { " <key>" } else { "" });
    if !payload.is_empty() {
        let _ = write!(out, " {}", spaced(payload));
    }
    out
}

fn describe_raw(bytes: &[u8]) -> String {
    let what = match FrameHeader::parse(bytes) {
        Some((header, used)) if header.length == (bytes.len() - used) as u64 => {
            format!("one {} frame", header.opcode())
        }
        _ => "not just one frame".to_owned(),
    };
    format!("raw, {what}, {}: {}", count(bytes.len()), spaced(bytes))
}

fn count(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// The first bytes in hex.
fn spaced(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut pairs: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    if shown.len() < bytes.len() {
        pairs.push("…".to_owned());
    }
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(line: &str) -> (u8, Vec<u8>) {
        match parse(line) {
            Ok(Injection::Frame { first, payload }) => (first, payload),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refused(line: &str) -> (String, usize) {
        let error = parse(line).unwrap_err();
        (error.message, error.at)
    }

    #[test]
    fn a_line_is_a_text_as_it_stands() {
        assert_eq!(sent("hello  world "), (0x81, b"hello  world ".to_vec()));
        assert_eq!(sent("//x"), (0x81, b"/x".to_vec()));
        assert_eq!(sent("/text"), (0x81, Vec::new()));
        assert_eq!(sent("/text  /ping"), (0x81, b" /ping".to_vec()));
        assert_eq!(refused("").1, 0);
    }

    #[test]
    fn bytes_are_written_in_the_usual_ways() {
        for line in ["/bin 0102ff", "/bin 01 02 FF", "/bin 0x01, 0x02,0xff", "/bin 01:02:ff ", "/bin  0x0102 ff"] {
            assert_eq!(sent(line), (0x82, vec![1, 2, 255]), "{line}");
        }
        assert_eq!(sent("/bin"), (0x82, Vec::new()));
        assert_eq!(parse("/raw 81 05"), Ok(Injection::Raw(vec![0x81, 5])));
    }

    #[test]
    fn wrong_bytes_are_told_at_their_place() {
        assert_eq!(refused("/bin 01 2"), ("2 is half a byte: write 02".into(), 8));
        assert_eq!(refused("/bin 01 234"), ("234 has an odd number of digits, 3: each byte takes two".into(), 10));
        assert_eq!(refused("/bin ü").1, 5);
        assert_eq!(refused("/raw 81 0g"), ("\"g\" is no hex digit: write bytes as 81 05 or 0x81,0x05".into(), 9));
        assert_eq!(refused("/bin \u{1b}").0, "\"\\u{1b}\" is no hex digit: write bytes as 81 05 or 0x81,0x05");
        assert_eq!(refused("/raw"), ("/raw needs bytes: /raw 81 02 68 69".into(), 4));
    }

    #[test]
    fn control_frames_have_125_bytes_of_room() {
        assert_eq!(sent("/ping"), (0x89, Vec::new()));
        assert_eq!(sent("/pong a b"), (0x8a, b"a b".to_vec()));
        let full = "x".repeat(125);
        assert_eq!(sent(&format!("/ping {full}")).1.len(), 125);
        let (message, at) = refused(&format!("/ping {full}y"));
        assert_eq!((message.as_str(), at), ("a ping holds at most 125 bytes and this has 126: shorten it", 131));
        // The character that does not fit whole is the place.
        assert_eq!(refused(&format!("/ping {}ü", "x".repeat(124))).1, 130);
    }

    #[test]
    fn close_takes_a_code_and_a_reason() {
        assert_eq!(sent("/close"), (0x88, Vec::new()));
        assert_eq!(sent("/close "), (0x88, Vec::new()));
        assert_eq!(sent("/close 1000"), (0x88, vec![3, 0xe8]));
        assert_eq!(sent("/close 1000 bye now"), (0x88, b"\x03\xe8bye now".to_vec()));
        assert_eq!(sent("/close 4999").1, [0x13, 0x87]);
        for line in ["/close bye", "/close 65536", "/close -1"] {
            assert_eq!(refused(line), ("a close code is a number up to 65535: /close 1000 bye".into(), 7), "{line}");
        }
        assert_eq!(refused("/close  1000").1, 8);
        assert!(sent(&format!("/close 1000 {}", "x".repeat(123))).1.len() == 125);
        assert_eq!(refused(&format!("/close 1000 {}", "x".repeat(124))).1, 135);
    }

    #[test]
    fn codes_that_must_not_be_sent_are_refused_with_those_that_may() {
        assert_eq!(
            refused("/close 1006 gone").0,
            "1006 can't be sent (abnormal closure: stands for an end without a close frame, never sent); 1000 to 1003, \
             1007 to 1014 and 3000 to 4999 can, and /raw sends anything"
        );
        for code in 0..=u16::MAX {
            let stated = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            assert_eq!(parse(&format!("/close {code}")).is_ok(), stated, "{code}");
        }
    }

    #[test]
    fn an_unknown_command_names_the_nearest() {
        assert_eq!(refused("/pnig x").0, "there is no /pnig; did you mean /ping? to send it as a text, begin with //");
        assert!(refused("/binary 01").0.contains("did you mean /bin?"));
        assert!(refused("/Close").0.contains("did you mean /close?"));
        assert!(refused("/r").0.contains("did you mean /raw?"));
    }

    #[test]
    fn what_will_be_sent_is_described() {
        let describe = |line, to| describe(&parse(line).unwrap(), to);
        assert_eq!(describe("Hello", Side::Server), "text, FIN, masked, 5 bytes: 81 85 <key> 48 65 6c 6c 6f");
        assert_eq!(describe("/ping", Side::Client), "ping, FIN, not masked, 0 bytes: 89 00");
        assert_eq!(describe("/raw 81 01 41", Side::Client), "raw, one text frame, 3 bytes: 81 01 41");
        assert_eq!(describe("/raw ff", Side::Server), "raw, not just one frame, 1 byte: ff");
        let long = describe(&"a".repeat(300), Side::Client);
        assert!(long.starts_with("text, FIN, not masked, 300 bytes: 81 7e 01 2c 61 61") && long.ends_with("61 …"));
    }

    #[test]
    fn commands_are_completed_from_their_start() {
        assert_eq!(complete("/p"), ["/ping", "/pong"]);
        assert_eq!(complete("/").len(), COMMANDS.len());
        assert!(complete("//p").is_empty() && complete("p").is_empty() && complete("/ping x").is_empty());
        assert!(complete("").is_empty());
    }

    #[test]
    fn each_command_of_the_help_is_known() {
        for command in COMMANDS {
            if let Err(error) = parse(command.name) {
                assert!(!error.message.starts_with("there is no"), "{}", command.name);
            }
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused_at_a_place_in_it(line in "(/(bin|raw|close|ping|text|x)? ?)?\\PC{0,40}|.*") {
            match parse(&line) {
                Ok(injection) => {
                    let said = describe(&injection, Side::Server);
                    prop_assert!(said.chars().all(text::is_plain));
                }
                Err(error) => {
                    prop_assert!(error.at <= line.chars().count());
                    prop_assert!(error.message.chars().all(text::is_plain));
                }
            }
        }
    }
}
