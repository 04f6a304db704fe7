//! The head with which a client asks for a WebSocket, in each dialect as the browsers of its day wrote it.

use std::fmt::Write as _;

use super::challenge::Challenge;
use super::dialect::Dialect;

/// Chrome's name of itself, without the parts that it no longer tells.
const USER_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/// What Chrome offers of extensions (RFC 7692).
const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// What to ask for. Each text stands in the head as it is, so it must hold no control character.
#[derive(Clone, Debug)]
pub struct Request {
    /// The value of Host.
    pub authority: String,
    /// Path and query.
    pub target: String,
    /// The origin of the page that asks.
    pub origin: String,
    /// Subprotocols, the most wanted first.
    pub protocols: Vec<String>,
    /// Further lines, as `Cookie: a=b`.
    pub fields: Vec<String>,
}

impl Request {
    /// The head, and hixie-76's eight bytes behind it. The challenge should be of the same dialect.
    #[must_use]
    pub fn head(&self, dialect: Dialect, challenge: &Challenge) -> Vec<u8> {
        let mut head = format!("GET {} HTTP/1.1\r\n", self.target);
        match dialect {
            Dialect::Hixie75 | Dialect::Hixie76 | Dialect::Other(0..=3) => self.hixie(dialect, challenge, &mut head),
            Dialect::Rfc6455 => self.chrome(challenge, &mut head),
            _ => self.hybi(dialect, challenge, &mut head),
        }
        head.push_str("\r\n");
        let mut head = head.into_bytes();
        if let Challenge::Keys { key3, .. } = challenge {
            head.extend_from_slice(key3);
        }
        head
    }

    /// As Chrome 156 writes it, its order included: some servers look for a browser's.
    fn chrome(&self, challenge: &Challenge, head: &mut String) {
        field(head, "Host", &self.authority);
        head.push_str("Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n");
        field(head, "User-Agent", USER_AGENT);
        field(head, "Upgrade", "websocket");
        field(head, "Origin", &self.origin);
        field(head, "Sec-WebSocket-Version", "13");
        head.push_str("Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n");
        self.more(head);
        key(challenge, head);
        field(head, "Sec-WebSocket-Extensions", OFFER);
        self.protocols("Sec-WebSocket-Protocol", ", ", head);
    }

    /// hybi-04 to -12: as Firefox 6 to 10 and Chrome 14 wrote it.
    fn hybi(&self, dialect: Dialect, challenge: &Challenge, head: &mut String) {
        let version = match dialect {
            Dialect::Hybi07 => 7,
            Dialect::Hybi08 => 8,
            Dialect::Other(version) => version,
            Dialect::Rfc6455 | Dialect::Hixie75 | Dialect::Hixie76 => 13,
        };
        field(head, "Host", &self.authority);
        head.push_str("Upgrade: websocket\r\nConnection: Upgrade\r\n");
        key(challenge, head);
        field(head, "Sec-WebSocket-Origin", &self.origin);
        field(head, "Sec-WebSocket-Version", &version.to_string());
        self.protocols("Sec-WebSocket-Protocol", ", ", head);
        self.more(head);
    }

    /// hixie-75 and -76: some servers compare the first lines byte by byte.
    fn hixie(&self, dialect: Dialect, challenge: &Challenge, head: &mut String) {
        head.push_str("Upgrade: WebSocket\r\nConnection: Upgrade\r\n");
        field(head, "Host", &self.authority);
        field(head, "Origin", &self.origin);
        let name = if dialect == Dialect::Hixie75 { "WebSocket-Protocol" } else { "Sec-WebSocket-Protocol" };
        self.protocols(name, " ", head);
        key(challenge, head);
        self.more(head);
    }

    fn more(&self, head: &mut String) {
        for line in &self.fields {
            let _ = write!(head, "{line}\r\n");
        }
    }

    fn protocols(&self, name: &str, between: &str, head: &mut String) {
        if !self.protocols.is_empty() {
            field(head, name, &self.protocols.join(between));
        }
    }
}

fn field(head: &mut String, name: &str, value: &str) {
    let _ = write!(head, "{name}: {value}\r\n");
}

fn key(challenge: &Challenge, head: &mut String) {
    match challenge {
        Challenge::None => {}
        Challenge::Key(key) => field(head, "Sec-WebSocket-Key", key),
        Challenge::Keys { key1, key2, .. } => {
            field(head, "Sec-WebSocket-Key1", key1);
            field(head, "Sec-WebSocket-Key2", key2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::Head;

    fn request() -> Request {
        Request {
            authority: "localhost:9999".into(),
            target: "/chat?a=b".into(),
            origin: "http://localhost:9999".into(),
            protocols: vec!["chat".into(), "superchat".into()],
            fields: vec!["Cookie: a=b".into()],
        }
    }

    #[test]
    fn chrome_s_head_is_written_line_by_line_as_chrome_does() {
        let challenge = Challenge::Key("dGhlIHNhbXBsZSBub25jZQ==".into());
        let head = request().head(Dialect::Rfc6455, &challenge);
        insta::assert_snapshot!(String::from_utf8(head).unwrap().replace('\r', ""));
    }

    #[test]
    fn each_head_is_known_by_its_dialect() {
        for dialect in [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75] {
            let mut byte = 0_u8;
            let challenge = Challenge::new(dialect, &mut || {
                byte = byte.wrapping_add(37);
                byte
            });
            let bytes = request().head(dialect, &challenge);
            let head = Head::new(&bytes);
            assert_eq!(Dialect::of_request(head), dialect);
            assert!(head.smells_of_websocket() && head.strict_error().is_none(), "{dialect:?}");
            let end = crate::wire::head::end(&bytes, 0).unwrap();
            assert_eq!(bytes.len() - end, if dialect == Dialect::Hixie76 { 8 } else { 0 });
        }
    }
}
