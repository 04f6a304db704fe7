//! The rest of a text with its place in it, and what can be read from it.

use std::iter::Peekable;
use std::str::CharIndices;
use std::time::Duration;

use crate::text;

use super::{ComposeError, error};

/// The shortest time between two of a repetition, and the longest.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A part of the text that the user typed.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a> {
    line: &'a str,
    /// Byte offsets in the line.
    from: usize,
    to: usize,
}

impl<'a> Argument<'a> {
    pub(super) const fn all(line: &'a str) -> Self {
        Self { line, from: 0, to: line.len() }
    }

    pub(super) fn text(self) -> &'a str {
        self.line.get(self.from..self.to).unwrap_or_default()
    }

    /// Its lines without their ends, as far as the byte at `end`.
    pub(super) fn lines(self, end: usize) -> impl Iterator<Item = Self> {
        let mut from = self.from;
        self.line.get(self.from..end).unwrap_or_default().split('\n').map(move |line| {
            let part = Self { from, to: from + line.len(), ..self };
            from = part.to + 1;
            part
        })
    }

    /// Where it begins, in bytes.
    pub(super) const fn from(self) -> usize {
        self.from
    }

    /// A command's name and what follows it; `None` for a text.
    pub(super) fn command(self) -> Option<(&'a str, Self)> {
        let text = self.text();
        if !text.starts_with('/') || text.starts_with("//") {
            return None;
        }
        let (name, argument) = self.word();
        Some((name.text(), argument))
    }

    /// A text without the slash that says that it is one.
    pub(super) fn unescaped(self) -> Self {
        let slash = usize::from(self.text().starts_with("//"));
        Self { from: self.from + slash, ..self }
    }

    /// The first word and what follows it. Just one blank parts the two, so that a text may begin with blanks.
    pub(super) fn word(self) -> (Self, Self) {
        let text = self.text();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let blank = text[end..].chars().next().map_or(0, char::len_utf8);
        (Self { to: self.from + end, ..self }, Self { from: self.from + end + blank, ..self })
    }

    /// An error at a byte offset in it.
    pub(super) fn error(self, message: impl Into<String>, at: usize) -> ComposeError {
        error(message, self.line.char_indices().take_while(|(index, _)| *index < self.from + at).count())
    }

    /// A number from 1.
    pub(super) fn number(self, most: u32, usage: &str) -> Result<u32, ComposeError> {
        if self.text().is_empty() {
            return Err(self.error(format!("write {usage}"), 0));
        }
        match self.text().parse::<u32>() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(self.error(format!("this is a number from 1 to {most}; write {usage}"), 0)),
        }
    }

    /// A time with its unit.
    pub(super) fn duration(self) -> Result<Duration, ComposeError> {
        let text = self.text();
        let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            _ => return Err(self.error("write the time from one to the next with its unit: 100ms, 2s or 1m", 0)),
        };
        let plain = digits.chars().all(|character| character.is_ascii_digit() || character == '.');
        let seconds = digits.parse::<f64>().ok().filter(|_| plain).map(|number| number * unit);
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.filter(|time| (SHORTEST..=LONGEST).contains(time))
            .ok_or_else(|| self.error("from one to the next it takes 1ms to a day: 100ms, 2s or 1m", 0))
    }

    /// The text's bytes, of which there may be `limit`.
    pub(super) fn limited(self, limit: usize, what: &str) -> Result<Vec<u8>, ComposeError> {
        let text = self.text();
        if text.len() <= limit {
            return Ok(text.as_bytes().to_vec());
        }
        let fits = text.char_indices().map(|(index, _)| index).take_while(|index| *index <= limit).last();
        let message = format!("{what} holds at most {limit} bytes and this has {}: shorten it", text.len());
        Err(self.error(message, fits.unwrap_or(0)))
    }

    /// Hex digits in pairs; blanks, commas and colons between bytes, and `0x` before them, are passed over.
    pub(super) fn bytes(self) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        let text = self.text();
        let separates = |character: char| character.is_whitespace() || matches!(character, ',' | ':');
        let mut at = 0;
        for word in text.split_inclusive(separates) {
            let digits = word.trim_end_matches(separates);
            let prefix = if digits.starts_with("0x") || digits.starts_with("0X") { 2 } else { 0 };
            self.hex(&digits[prefix..], at + prefix, &mut out)?;
            at += word.len();
        }
        Ok(out)
    }

    fn hex(self, digits: &str, at: usize, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        if let Some((index, other)) = digits.char_indices().find(|(_, character)| !character.is_ascii_hexdigit()) {
            let message = format!("{} is no hex digit: write bytes as 81 05 or 0x81,0x05", quoted(other));
            return Err(self.error(message, at + index));
        }
        if digits.len() % 2 == 1 {
            let message = match digits.len() {
                1 => format!("{digits} is half a byte: write 0{digits}"),
                count => {
                    let shown = text::preview(digits.as_bytes(), 30);
                    format!("{shown} has an odd number of digits, {count}: each byte takes two")
                }
            };
            return Err(self.error(message, at + digits.len() - 1));
        }
        // Digits, and an even number of them: decoding can't fail.
        out.extend(hex::decode(digits).unwrap_or_default());
        Ok(())
    }

    /// A text's bytes with its escapes resolved: those of JSON, and `\0`, `\e`, `\xff` (a byte) and `\u{1f600}`.
    pub(super) fn escapes(self) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        let mut characters = self.text().char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character == '\\' {
                escape(&mut characters, &mut out).map_err(|message| self.error(message, at))?;
            } else {
                push(&mut out, character);
            }
        }
        Ok(out)
    }
}

/// Reads what stands behind a backslash.
fn escape(rest: &mut Peekable<CharIndices<'_>>, out: &mut Vec<u8>) -> Result<(), String> {
    let Some((_, character)) = rest.next() else { return Err(r"write \\ for one backslash".into()) };
    match character {
        '\\' | '"' | '\'' | '/' => push(out, character),
        'n' => out.push(b'\n'),
        'r' => out.push(b'\r'),
        't' => out.push(b'\t'),
        'b' => out.push(8),
        'f' => out.push(12),
        'e' => out.push(0x1b),
        '0' => out.push(0),
        'x' => {
            out.push(digits(rest, 2).and_then(|byte| u8::try_from(byte).ok()).ok_or(r"\x takes two hex digits: \x1f")?)
        }
        'u' => push(out, unicode(rest)?),
        other => {
            let other = quoted(other);
            return Err(format!(r"no escape begins with {other}: \n \r \t \0 \e \\ \xff \u00e9 \u{{1f600}} do"));
        }
    }
    Ok(())
}

fn unicode(rest: &mut Peekable<CharIndices<'_>>) -> Result<char, String> {
    const USAGE: &str = r"\u takes four hex digits, or up to six in braces: \u00e9 or \u{1f600}";
    const PAIR: &str = r"this is half of a surrogate pair: write the character as \u{1f600}";
    let code = if rest.next_if(|(_, character)| *character == '{').is_some() {
        let mut code = String::new();
        while let Some((_, digit)) = rest.next_if(|(_, character)| character.is_ascii_hexdigit()) {
            code.push(digit);
        }
        rest.next_if(|(_, character)| *character == '}').ok_or(USAGE)?;
        u32::from_str_radix(&code, 16).map_err(|_| USAGE)?
    } else {
        digits(rest, 4).ok_or(USAGE)?
    };
    let code = match code {
        // A pair, as JSON writes what does not fit into four digits.
        0xd800..0xdc00 => {
            let begins = rest.next().is_some_and(|(_, character)| character == '\\')
                && rest.next().is_some_and(|(_, character)| character == 'u');
            let low = digits(rest, 4).filter(|low| begins && (0xdc00..0xe000).contains(low)).ok_or(PAIR)?;
            0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00)
        }
        code => code,
    };
    char::from_u32(code).ok_or_else(|| if code < 0x1_0000 { PAIR.into() } else { USAGE.into() })
}

fn digits(rest: &mut Peekable<CharIndices<'_>>, count: usize) -> Option<u32> {
    let mut value = 0;
    for _ in 0..count {
        let (_, digit) = rest.next_if(|(_, character)| character.is_ascii_hexdigit())?;
        value = (value << 4) | digit.to_digit(16)?;
    }
    Some(value)
}

fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn quoted(character: char) -> String {
    format!("\"{}\"", text::escape(character.encode_utf8(&mut [0; 4]).as_bytes()))
}
