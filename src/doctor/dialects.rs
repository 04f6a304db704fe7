//! Which dialects a server speaks: a handshake in each, asked and judged as the browsers of its day did.

use crate::text;
use crate::wire::accept::AcceptCheck;
use crate::wire::challenge::{self, Challenge};
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame;
use crate::wire::head::{self, Head};
use crate::wire::opcode::Opcode;
use crate::wire::request::Request;

use super::story::Story;

/// What is tried, the youngest first.
pub const TRIED: [Dialect; 5] =
    [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75];

/// Whether a server speaks a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Its response is right.
    Yes,
    /// There is none, or it is wrong.
    No,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub dialect: Dialect,
    /// What came of it.
    pub spoken: Spoken,
    /// Why, in a few words.
    pub why: String,
}

/// What ended a try before its response was whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server closed the connection.
    Closed,
    /// Time ran out.
    Silent,
}

/// A request in one dialect.
pub struct Question {
    dialect: Dialect,
    challenge: Challenge,
    head: Vec<u8>,
}

impl Question {
    /// One with a challenge of random bytes that `draw` gives.
    #[must_use]
    pub fn new(dialect: Dialect, request: &Request, draw: &mut impl FnMut() -> u8) -> Self {
        let challenge = Challenge::new(dialect, draw);
        let head = request.head(dialect, &challenge);
        Self { dialect, challenge, head }
    }

    /// The bytes to send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.head
    }

    /// Whether what came is all that is needed to judge.
    #[must_use]
    pub fn is_answered(&self, bytes: &[u8]) -> bool {
        let Some(end) = head::response_end(bytes, 0) else { return false };
        let is_switch = Head::of_response(bytes).status() == Some(101);
        let more = if is_switch && self.dialect == Dialect::Hixie76 { challenge::RESPONSE } else { 0 };
        bytes.len() >= end + more
    }

    /// Judges what came, and `cut`, where it was not whole.
    #[must_use]
    pub fn judge(&self, bytes: &[u8], cut: Option<Cut>) -> Attempt {
        let (spoken, why) = match self.verdict(bytes, cut) {
            Ok(why) => (Spoken::Yes, why),
            Err(why) => (Spoken::No, why),
        };
        Attempt { dialect: self.dialect, spoken, why }
    }

    /// What says good-bye; hixie-75 has no word for it. `key` masks it, where the dialect does that.
    #[must_use]
    pub fn farewell(&self, key: [u8; 4]) -> Vec<u8> {
        let mut out = Vec::new();
        match self.challenge {
            Challenge::None => {}
            Challenge::Keys { .. } => out.extend([0xff, 0]),
            Challenge::Key(_) => frame::write(Opcode::CLOSE, &Code::NORMAL.to_be_bytes(), Some(key), &mut out),
        }
        out
    }

    fn verdict(&self, bytes: &[u8], cut: Option<Cut>) -> Result<String, String> {
        let end = head::response_end(bytes, 0);
        match (end, cut) {
            (None, Some(Cut::Closed)) if bytes.is_empty() => {
                return Err("it closed the connection without a response".into());
            }
            (None, Some(Cut::Silent)) if bytes.is_empty() => return Err("it did not answer in time".into()),
            (None, _) => return Err(format!("no head of HTTP: {}", text::preview(bytes, 40))),
            _ => {}
        }
        let rest = bytes.get(end.unwrap_or(bytes.len())..).unwrap_or_default();
        let response = Head::of_response(bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes));
        if response.status() != Some(101) {
            let versions = response.value("sec-websocket-version").map(|value| text::preview(value, 40));
            let versions = versions.map_or_else(String::new, |value| format!(", Sec-WebSocket-Version: {value}"));
            return Err(format!("{}{versions}", text::preview(response.start_line(), 60)));
        }
        self.proof(response, rest)
    }

    fn proof(&self, response: Head<'_>, rest: &[u8]) -> Result<String, String> {
        match &self.challenge {
            Challenge::Key(key) => {
                match AcceptCheck::of(Some(key.as_bytes()), response.value("sec-websocket-accept")) {
                    AcceptCheck::Right { .. } => Ok("101 and the right accept value".to_owned()),
                    AcceptCheck::Missing { .. } => Err("101, but no Sec-WebSocket-Accept".to_owned()),
                    AcceptCheck::Wrong { .. } | AcceptCheck::NoKey => Err("101, but a wrong accept value".to_owned()),
                }
            }
            Challenge::Keys { key1, key2, key3 } => {
                let expected = challenge::response(key1.as_bytes(), key2.as_bytes(), *key3);
                match rest.get(..challenge::RESPONSE) {
                    None => Err(format!("101, but {} of the 16 bytes that answer the keys", rest.len())),
                    Some(actual) if expected.is_some_and(|expected| expected == actual) => {
                        Ok("101 and the right response to the keys".to_owned())
                    }
                    Some(_) => Err("101, but a wrong response to the keys".to_owned()),
                }
            }
            Challenge::None => {
                let missing = ["WebSocket-Origin", "WebSocket-Location"];
                match missing.into_iter().find(|name| response.field(name).is_none()) {
                    None => Ok("101 with WebSocket-Origin and WebSocket-Location".to_owned()),
                    Some(name) => Err(format!("101, but no {name}")),
                }
            }
        }
    }
}

/// Whether a handshake of today failed as it does at a server of 2009 to 2011.
#[must_use]
pub fn smells_old(story: &Story) -> bool {
    const FIELDS: [&str; 5] = [
        "websocket-origin",
        "websocket-location",
        "sec-websocket-origin",
        "sec-websocket-location",
        "sec-websocket-draft",
    ];
    if story.talk.opened.is_some() && !story.failed() {
        return false;
    }
    let Some((_, response)) = story.responses.last() else { return story.ended.is_some() };
    let head = Head::of_response(&response.bytes);
    let versions: Vec<_> = head.values("sec-websocket-version").collect();
    let lacks_13 = !versions.is_empty() && !versions.iter().any(|value| value.windows(2).any(|digits| digits == b"13"));
    lacks_13 || FIELDS.iter().any(|name| head.field(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(dialect: Dialect) -> Question {
        let request = Request {
            authority: "a".into(),
            target: "/".into(),
            origin: "http://a".into(),
            protocols: Vec::new(),
            fields: Vec::new(),
        };
        let mut byte = 7_u8;
        Question::new(dialect, &request, &mut || {
            byte = byte.wrapping_mul(5).wrapping_add(3);
            byte
        })
    }

    fn spoken(dialect: Dialect, response: impl Fn(&Question) -> Vec<u8>) -> (Spoken, String) {
        let question = question(dialect);
        let bytes = response(&question);
        let attempt = question.judge(&bytes, (!question.is_answered(&bytes)).then_some(Cut::Closed));
        (attempt.spoken, attempt.why)
    }

    #[test]
    fn the_right_answer_of_each_dialect_is_taken() {
        let accept = |question: &Question| {
            let Challenge::Key(key) = &question.challenge else { panic!() };
            let value = crate::wire::accept::value_for(key.as_bytes());
            format!("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: {value}\r\n\r\n").into_bytes()
        };
        for dialect in [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07] {
            assert_eq!(spoken(dialect, accept).0, Spoken::Yes);
        }
        let keys = |question: &Question| {
            let Challenge::Keys { key1, key2, key3 } = &question.challenge else { panic!() };
            let response = challenge::response(key1.as_bytes(), key2.as_bytes(), *key3).unwrap();
            [b"HTTP/1.1 101 x\r\n\r\n".as_slice(), &response].concat()
        };
        assert_eq!(spoken(Dialect::Hixie76, keys).0, Spoken::Yes);
        let hixie75 = b"HTTP/1.1 101 x\r\nWebSocket-Origin: a\r\nWebSocket-Location: b\r\n\r\n";
        assert_eq!(spoken(Dialect::Hixie75, |_| hixie75.to_vec()).0, Spoken::Yes);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (dialect, response, why) in [
            (Dialect::Rfc6455, "", "it closed the connection without a response"),
            (Dialect::Rfc6455, "hello", "no head of HTTP: hello"),
            (Dialect::Hybi08, "HTTP/1.1 101 x\r\n\r\n", "101, but no Sec-WebSocket-Accept"),
            (
                Dialect::Hybi07,
                "HTTP/1.1 426 Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
                "HTTP/1.1 426 Upgrade, Sec-WebSocket-Version: 13",
            ),
            (Dialect::Hixie76, "HTTP/1.1 101 x\r\n\r\n1234", "101, but 4 of the 16 bytes that answer the keys"),
            (Dialect::Hixie76, "HTTP/1.1 101 x\r\n\r\n1234567890123456", "101, but a wrong response to the keys"),
            (Dialect::Hixie75, "HTTP/1.1 101 x\r\nWebSocket-Origin: a\r\n\r\n", "101, but no WebSocket-Location"),
        ] {
            assert_eq!(spoken(dialect, |_| response.as_bytes().to_vec()), (Spoken::No, why.to_owned()));
        }
    }
}
