//! What a rule does, and when, as it is written: one table for reading, completion and docs/rules.md.

use crate::compose;
use crate::query::{Case, JsonPath, Pattern};
use crate::relay::injection::Injection;
use crate::relay::rules::{Act, Count, Options, Replacement};
use crate::text;
use crate::wire::close::Code;

use super::words::{Word, Words};
use super::{RuleError, measure};

/// Copies that a rule sends of one message: enough for any test, and few enough not to be a flood.
const COPIES: u64 = 100;

/// Bits of one message that are turned over.
const BITS: u64 = 64;

/// Fragments that one message is cut into, as in the composer.
const FRAGMENTS: u64 = 1000;

/// An act.
#[derive(Clone, Copy, Debug)]
pub struct ActHelp {
    /// Its name.
    pub name: &'static str,
    /// What follows it.
    pub arguments: &'static str,
    /// An example.
    pub example: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// What it does with control frames, with fragments and with compressed messages, where that needs words.
    pub besides: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Drop,
    Delay,
    Throttle,
    Duplicate,
    Reorder,
    Truncate,
    Flip,
    Replace,
    Split,
    Merge,
    Respond,
    Inject,
    Close,
    Fin,
    Reset,
    Refuse,
    SlowHandshake,
    Hold,
}

const fn act(
    kind: Kind,
    [name, arguments, example]: [&'static str; 3],
    about: &'static str,
    besides: &'static str,
) -> ActHelp {
    ActHelp { name, arguments, example, about, besides, kind }
}

/// All acts.
pub const ACTS: [ActHelp; 18] = [
    act(Kind::Drop, ["drop", "", "drop 20%"], "it does not go on", "all fragments of it are dropped"),
    act(
        Kind::Delay,
        ["delay", "TIME", "delay 200ms±50ms"],
        "it goes on later; what comes behind it waits, so that the order stays",
        "+- can be typed for ±; the end of the connection waits as well",
    ),
    act(
        Kind::Throttle,
        ["throttle", "BYTES/s", "throttle 10k/s"],
        "it goes on when a link of that speed would have brought its last byte",
        "each lane is a link of its own",
    ),
    act(
        Kind::Duplicate,
        ["duplicate", "[COPIES]", "duplicate"],
        "copies of it go out behind it",
        "a copy is in one frame or in as many as it came in, and never compressed",
    ),
    act(
        Kind::Reorder,
        ["reorder", "", "reorder 10%"],
        "the next message goes first, if one comes within a second",
        "a data message lets only a data message pass; nothing passes a close frame",
    ),
    act(
        Kind::Truncate,
        ["truncate", "BYTES", "truncate 10"],
        "only the first bytes of it go on",
        "what it reads as is cut, and sent uncompressed",
    ),
    act(
        Kind::Flip,
        ["flip", "[BITS]", "flip 1%"],
        "bits of it are turned over, at places that chance draws",
        "text may be UTF-8 no more, which a browser fails the connection for",
    ),
    act(
        Kind::Replace,
        ["replace", "/REGEX/ \"TEXT\" | .JSON.PATH VALUE", "replace /user-(\\d+)/ \"guest-$1\""],
        "something else stands in it: at each place of a regular expression, or as a value of JSON",
        "$1 is a group, i behind the expression ignores case; a message without such a place goes on as it came",
    ),
    act(
        Kind::Split,
        ["split", "FRAGMENTS", "split 3"],
        "it goes on in so many fragments",
        "control frames can't be split, and go on as they came",
    ),
    act(
        Kind::Merge,
        ["merge", "", "merge"],
        "it goes on in one frame",
        "one that came in one frame goes on as it came",
    ),
    act(
        Kind::Respond,
        ["respond", "LINE", "respond {\"ok\":true}"],
        "its sender gets this, as from the other side; a line of the composer",
        "with drop in another rule, the other side gets nothing of it",
    ),
    act(
        Kind::Inject,
        ["inject", "LINE", "inject /ping"],
        "its receiver gets this too, right behind it; a line of the composer",
        "behind a ping within a message, it waits for the end of that message",
    ),
    act(
        Kind::Close,
        ["close", "CODE", "close 1011"],
        "the session ends with that code, to both sides; the message does not go on",
        "what came before goes on first",
    ),
    act(
        Kind::Fin,
        ["fin", "", "fin first 1"],
        "both connections end without a close frame; the message does not go on",
        "what came before goes on first",
    ),
    act(
        Kind::Reset,
        ["rst", "", "rst 1%"],
        "both connections are reset; the message does not go on",
        "what came before may be lost to the peers, as with any reset",
    ),
    act(
        Kind::Refuse,
        ["refuse", "STATUS", "refuse 503"],
        "the handshake gets that status from wsproxy, and the server hears nothing of it",
        "the query is asked of the request",
    ),
    act(
        Kind::SlowHandshake,
        ["slow-handshake", "TIME", "slow-handshake 3s"],
        "the server's response to the handshake goes on so much later",
        "the query is asked of the request",
    ),
    act(
        Kind::Hold,
        ["hold", "", "hold first 1"],
        "you decide on the screen, as with i",
        "pings and pongs pass by, unless the query names them",
    ),
];

/// What may stand in front of an act or behind it: how it is written, and what it means.
pub const OPTIONS: [(&str, &str); 7] = [
    ("20%", "acts on so many of the messages that the query fits, as chance has it"),
    ("first N", "acts on the first N of them"),
    ("once", "the same as first 1"),
    ("skip N", "leaves the first N of them alone"),
    ("every Nth", "acts on each Nth of them"),
    ("after TIME", "acts from so long after the session's beginning on"),
    ("until TIME", "acts no longer than that"),
];

/// What a rule does and when.
#[derive(Debug)]
pub(super) struct Doing {
    pub options: Options,
    pub act: Act,
    name: &'static str,
}

impl Doing {
    /// The act's name.
    pub(super) const fn act_name(&self) -> &'static str {
        self.name
    }
}

/// Reads an act with its options.
pub(super) fn parse(text: &str) -> Result<Doing, RuleError> {
    let mut words = Words::new(text);
    let mut options = Options::default();
    while option(&mut words, &mut options)? {}
    let Some(name) = words.next() else {
        return Err(RuleError::new(text.len(), format!("write what to do: {}", names())));
    };
    let Some(help) = ACTS.iter().find(|help| help.name == name.text) else { return Err(unknown(name)) };
    let act = argument(help, &mut words)?;
    while option(&mut words, &mut options)? {}
    match words.next() {
        None => Ok(Doing { options, act, name: help.name }),
        Some(more) => {
            let options = OPTIONS.map(|(option, _)| option).join(", ");
            Err(more.error(format!("this does not belong to {}; what may follow is: {options}", help.name)))
        }
    }
}

fn names() -> String {
    ACTS.map(|help| help.name).join(", ")
}

fn unknown(name: Word<'_>) -> RuleError {
    let nearest = ACTS.iter().min_by_key(|help| text::distance(help.name, name.text));
    let nearest = nearest.map_or("drop", |help| help.name);
    let shown = text::preview(name.text.as_bytes(), 30);
    name.error(format!("there is no act {shown}; did you mean {nearest}? there are {}", names()))
}

/// Takes an option, where one stands here.
fn option(words: &mut Words<'_>, options: &mut Options) -> Result<bool, RuleError> {
    let Some(word) = words.peek() else { return Ok(false) };
    if let Some(chance) = measure::chance(word) {
        options.chance = Some(chance?);
        words.next();
        return Ok(true);
    }
    let name = word.text;
    if !matches!(name, "first" | "once" | "skip" | "every" | "after" | "until") {
        return Ok(false);
    }
    words.next();
    if name == "once" {
        options.count.first = 1;
        return Ok(true);
    }
    let Some(value) = words.next() else {
        return Err(RuleError::new(words.at(), format!("write how much: {name} {}", example_of(name))));
    };
    let Count { skip, first, every } = &mut options.count;
    match name {
        "first" => *first = measure::number(value, (1, u64::MAX), "first 3")?,
        "skip" => *skip = measure::number(value, (1, u64::MAX), "skip 3")?,
        "every" => {
            let digits = value.text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
            *every = measure::number(Word { text: digits, ..value }, (1, u64::MAX), "every 5th")?;
        }
        "after" => options.window.after = measure::time(value)?,
        _ => options.window.until = measure::time(value)?,
    }
    Ok(true)
}

fn example_of(option: &str) -> &'static str {
    match option {
        "every" => "5th",
        "after" | "until" => "10s",
        _ => "3",
    }
}

/// The word that an act needs.
fn needed<'a>(help: &ActHelp, words: &mut Words<'a>) -> Result<Word<'a>, RuleError> {
    let at = words.at();
    words.next().ok_or_else(|| RuleError::new(at, format!("{} needs {}: {}", help.name, help.arguments, help.example)))
}

/// A number that may be left out, as one is then meant.
fn times(words: &mut Words<'_>, most: u64, usage: &str) -> Result<u32, RuleError> {
    match words.next_if_number() {
        Some(word) => Ok(measure::number(word, (1, most), usage)? as u32),
        None => Ok(1),
    }
}

fn argument(help: &ActHelp, words: &mut Words<'_>) -> Result<Act, RuleError> {
    Ok(match help.kind {
        Kind::Drop => Act::Drop,
        Kind::Delay => Act::Delay(measure::jitter(needed(help, words)?)?),
        Kind::Throttle => Act::Throttle(measure::rate(needed(help, words)?)?),
        Kind::Duplicate => Act::Duplicate(times(words, COPIES, "duplicate 2")?),
        Kind::Reorder => Act::Reorder,
        Kind::Truncate => {
            let length = measure::number(needed(help, words)?, (0, u64::from(u32::MAX)), help.example)?;
            Act::Truncate(usize::try_from(length).unwrap_or(usize::MAX))
        }
        Kind::Flip => Act::Flip(times(words, BITS, "flip 3")?),
        Kind::Replace => Act::Replace(replacement(words, help)?),
        Kind::Split => Act::Split(measure::number(needed(help, words)?, (2, FRAGMENTS), help.example)? as usize),
        Kind::Merge => Act::Merge,
        Kind::Respond => Act::Respond(line(words, help)?),
        Kind::Inject => Act::Inject(line(words, help)?),
        Kind::Close => {
            let word = needed(help, words)?;
            let code = word.text.parse().ok().map(Code::new).filter(|code| code.is_sendable());
            let why =
                "write a code that a close frame may have, 1000 to 1003, 1007 to 1014 or 3000 to 4999: close 1011";
            Act::Close(code.ok_or_else(|| word.error(why))?)
        }
        Kind::Fin => Act::Fin,
        Kind::Reset => Act::Reset,
        Kind::Refuse => Act::Refuse(measure::number(needed(help, words)?, (300, 599), help.example)? as u16),
        Kind::SlowHandshake => Act::SlowHandshake(measure::jitter(needed(help, words)?)?),
        Kind::Hold => Act::Hold,
    })
}

/// What is to be sent: the rest of the text, as the composer reads it.
fn line(words: &mut Words<'_>, help: &ActHelp) -> Result<Injection, RuleError> {
    let line = words.rest();
    if line.text.is_empty() {
        return Err(line.error(format!("{} needs {}: {}", help.name, help.arguments, help.example)));
    }
    let order = compose::parse(line.text).map_err(|error| {
        let at = line.text.char_indices().nth(error.at).map_or(line.text.len(), |(at, _)| at);
        RuleError::new(line.at + at, error.message)
    })?;
    match order.repeat {
        None => Ok(order.injection),
        Some(_) => Err(line.error("a rule sends one thing at a time: leave /repeat out")),
    }
}

fn replacement(words: &mut Words<'_>, help: &ActHelp) -> Result<Replacement, RuleError> {
    let usage = || format!("write what to replace and with what: {}, or replace .user.name \"guest\"", help.example);
    let Some(word) = words.peek() else { return Err(RuleError::new(words.at(), usage())) };
    if let Some(path) = JsonPath::parse(word.text) {
        words.next();
        let value = json_value(words)
            .ok_or_else(|| RuleError::new(words.at(), "write a value of JSON: \"guest\", 42, null or [1,2]"))?;
        return Ok(Replacement::Json(path, value));
    }
    if !word.text.starts_with('/') {
        return Err(word.error(usage()));
    }
    let Some(expression) = words.between('/') else {
        return Err(word.error("the expression does not end: put a / behind it"));
    };
    let flags = words.stuck();
    let case = match flags.text {
        "" => Case::Counts,
        "i" => Case::Ignored,
        _ => return Err(flags.error("only i, for ignoring case, may stand behind an expression")),
    };
    let plain = expression.text.replace("\\/", "/");
    let pattern = Pattern::expression(&plain, case).map_err(|why| expression.error(why))?;
    let with = words.peek();
    match (words.between('"'), with) {
        (Some(with), _) => Ok(Replacement::Pattern(pattern, unescaped(with)?)),
        (None, Some(word)) if !word.text.starts_with('"') => {
            words.next();
            Ok(Replacement::Pattern(pattern, word.text.to_owned()))
        }
        (None, Some(word)) => Err(word.error("the text does not end: put a \" behind it")),
        (None, None) => Err(RuleError::new(words.at(), usage())),
    }
}

/// A text in quotes, as JSON writes it.
fn unescaped(word: Word<'_>) -> Result<String, RuleError> {
    serde_json::from_str(&format!("\"{}\"", word.text))
        .map_err(|_| word.error("a backslash here is one of JSON's: \\\" \\\\ \\n \\t \\u00e9"))
}

/// A value of JSON, which ends where it does.
fn json_value(words: &mut Words<'_>) -> Option<serde_json::Value> {
    let mut ahead = *words;
    let rest = ahead.rest();
    let mut values = serde_json::Deserializer::from_str(rest.text).into_iter::<serde_json::Value>();
    let value = values.next()?.ok()?;
    words.skip_to(rest.at + values.byte_offset());
    Some(value)
}
