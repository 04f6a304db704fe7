//! What is said between a client of one dialect and an upstream of another.
//!
//! Each side has its own handshake with wsproxy, and its own frames. What a side says is read as whole messages and
//! written anew in the other side's way; what the other side has no word for is answered, made up or left out.

mod heads;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::record::finding::{self, Finding, FindingKind, Level};
use crate::record::{By, Ending, Event, PerSide, Side};
use crate::wire::assembler::{Extent, Trouble};
use crate::wire::close::{CloseBody, Code};
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::units::Unit;

use super::limits::Limits;
use super::passage::{Next, Part, Place, Stage, Whole};

/// What becomes of a binary message towards a peer of 2010, whose browsers knew text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// It is sent as text, in base64.
    #[default]
    Base64,
    /// It is left out.
    Drop,
}

/// What to bridge to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bridging {
    /// The upstream's dialect.
    pub dialect: Dialect,
    /// What becomes of binary messages.
    pub binary: Binary,
}

/// The stage that says what a side says to the other in that one's dialect.
#[derive(Debug)]
pub(super) struct Bridge {
    /// The dialects of both sides.
    dialects: PerSide<Dialect>,
    binary: Binary,
    from: Side,
    whole: Whole,
    /// Nothing more of what comes is of use.
    is_over: bool,
    noted: Vec<&'static str>,
}

impl Stage for Bridge {
    fn place(&self) -> Place {
        Place::Bridge
    }

    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
        if self.is_over || next.tools.told[self.from.other()] {
            return next.drops(By::Bridge, None);
        }
        next.changes(By::Bridge);
        match self.whole.take(part) {
            Ok(None) => {}
            Ok(Some(message)) => match Unit::of(message) {
                Some(unit) => self.say(unit, next),
                None => self.give_up(Trouble::Reserved, next),
            },
            Err(trouble) => self.give_up(trouble, next),
        }
    }

    /// A peer that knows a closing handshake is told of the end where the other has none.
    fn end(&mut self, _how: Ending, _in_header: bool, next: &mut Next<'_, '_>) -> Option<&'static str> {
        let to = self.from.other();
        if !self.dialects[self.from].facts().has_close && !next.tools.told[to] {
            self.close(&Code::NORMAL.to_be_bytes(), next);
            self.note(Level::Note, "the end of the bytes became a close frame with the code 1000", next);
        }
        None
    }

    fn lose(&mut self, next: &mut Next<'_, '_>) -> Option<&'static str> {
        if !self.is_over && !next.tools.told[self.from.other()] {
            self.give_up(Trouble::Lost, next);
        }
        None
    }
}

impl Bridge {
    /// For what `from` says. `client` is the client's dialect; a message of more than `limits.kept` bytes is not held.
    pub(super) fn new(from: Side, client: Dialect, to: Bridging, limits: &Limits) -> Self {
        Self {
            dialects: PerSide::new(client, to.dialect),
            binary: to.binary,
            from,
            whole: Whole::new(Extent::Message, limits.kept, &limits.held),
            is_over: false,
            noted: Vec::new(),
        }
    }

    fn say(&mut self, unit: Unit, next: &mut Next<'_, '_>) {
        let to = self.dialects[self.from.other()];
        let is_hixie = to.facts().framing == Framing::Hixie;
        match unit {
            Unit::Text(bytes) => {
                let text = self.text(bytes, next);
                next.unit(to, Unit::Text(text));
            }
            Unit::Binary(bytes) if !is_hixie => next.unit(to, Unit::Binary(bytes)),
            Unit::Binary(bytes) if self.binary == Binary::Base64 => {
                self.lose_binary("became text in base64", next);
                next.unit(to, Unit::Text(STANDARD.encode(bytes).into_bytes()));
            }
            Unit::Binary(_) => {
                self.lose_binary("was left out", next);
                next.drops(By::Bridge, None);
            }
            Unit::Ping(bytes) if is_hixie => {
                next.back(Unit::Pong(bytes));
                next.drops(By::Bridge, None);
            }
            Unit::Pong(_) if is_hixie => next.drops(By::Bridge, None),
            Unit::Ping(_) | Unit::Pong(_) => next.unit(to, unit),
            Unit::Close(body) => self.pass_close(&body, next),
        }
    }

    /// The other side has no frame for a binary message.
    fn lose_binary(&self, what: &str, next: &mut Next<'_, '_>) {
        let mut finding = Finding::new(FindingKind::HixieBinary, finding::Place::Stream);
        finding.repaired = true;
        let detail = format!("a message of the {}'s {what}: the other side has text only", self.from.name());
        next.tell(Event::Finding(self.from, finding.detail(detail)));
    }

    fn pass_close(&mut self, body: &[u8], next: &mut Next<'_, '_>) {
        let to_hixie = self.dialects[self.from.other()].facts().framing == Framing::Hixie;
        let made_up = Code::NORMAL.to_be_bytes();
        let has_code = self.dialects[self.from].facts().framing == Framing::Rfc;
        if !has_code {
            self.note(Level::Note, "the closing handshake has no code: 1000 was made up", next);
        } else if to_hixie && CloseBody::parse(body).code().is_some() {
            self.note(Level::Note, "the close code and its reason were left out: the other side has none", next);
        }
        let body = if has_code { body } else { &made_up[..] };
        self.close(body, next);
        if to_hixie {
            // Hixie-75 has no answer, and few servers of 2010 gave one, so it is given here; the end of the bytes says
            // the rest.
            self.close_back(body, next);
        }
    }

    /// What came makes no sense, or is too long.
    fn give_up(&mut self, trouble: Trouble, next: &mut Next<'_, '_>) {
        let (code, words) = match trouble {
            Trouble::TooLong => {
                (Code::TOO_BIG, "a message is longer than what is kept of one (--kept): the bridge ends")
            }
            Trouble::TooMany => (
                Code::TOO_BIG,
                "all sessions together hold as much of unfinished messages as they may: the bridge ends",
            ),
            Trouble::Lost => (Code::PROTOCOL_ERROR, "the frames can't be told apart any more: the bridge ends"),
            Trouble::Reserved | Trouble::NoMessage | Trouble::WithinMessage => {
                (Code::PROTOCOL_ERROR, "a frame has no meaning in its dialect: the bridge ends")
            }
        };
        self.note(Level::Error, words, next);
        self.close(&code.to_be_bytes(), next);
        self.close_back(&code.to_be_bytes(), next);
    }

    fn text(&mut self, bytes: Vec<u8>, next: &mut Next<'_, '_>) -> Vec<u8> {
        String::from_utf8(bytes).map_or_else(
            |error| {
                self.note(Level::Warning, "bytes of a text that are not UTF-8 were replaced by U+FFFD", next);
                String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes()
            },
            String::into_bytes,
        )
    }

    /// Tells the other side that nothing follows, as far as its dialect can.
    fn close(&self, body: &[u8], next: &mut Next<'_, '_>) {
        let to = self.from.other();
        if !std::mem::replace(&mut next.tools.told[to], true) {
            next.unit(self.dialects[to], Unit::Close(body.to_vec()));
        }
    }

    /// Tells the side itself, and the other one gets the end of the bytes.
    fn close_back(&mut self, body: &[u8], next: &mut Next<'_, '_>) {
        if !std::mem::replace(&mut next.tools.told[self.from], true) {
            next.back(Unit::Close(body.to_vec()));
        }
        self.is_over = true;
        next.end();
    }

    /// Says a thing once.
    fn note(&mut self, level: Level, words: &'static str, next: &mut Next<'_, '_>) {
        if !self.noted.contains(&words) {
            self.noted.push(words);
            next.tell(Event::Note(level, words.to_owned()));
        }
    }
}

pub(super) use heads::Heads;

#[cfg(test)]
mod tests;
