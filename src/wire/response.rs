//! The head with which a server opens a WebSocket, in each dialect as its clients expect it.

use std::fmt::Write as _;

use super::accept;
use super::challenge;
use super::dialect::Dialect;
use super::head::Head;

/// What a response says beside what the dialect fixes. Each text stands in the head as it is, so it must hold no control
/// character.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The subprotocol that is agreed to.
    pub protocol: Option<String>,
    /// Further lines, as `Set-Cookie: a=b`.
    pub fields: Vec<String>,
}

impl ResponseHead {
    /// The head that answers `request` in its dialect, and the sixteen bytes behind it where it asks for them. `key3` is
    /// the eight bytes behind the request. `None` where the request's keys hide no number, or it has none.
    #[must_use]
    pub fn head(&self, dialect: Dialect, request: &[u8], key3: Option<[u8; 8]>) -> Option<Vec<u8>> {
        let request = Head::new(request);
        let facts = dialect.facts();
        let (mut head, mut proof) = (String::new(), None);
        if facts.has_accept {
            let key = request.value("sec-websocket-key")?;
            head.push_str("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
            field(&mut head, "Sec-WebSocket-Accept", &accept::value_for(key));
            self.rest("Sec-WebSocket-Protocol", &mut head);
        } else {
            let prefix = if facts.has_keys { "Sec-" } else { "" };
            if facts.has_keys {
                let (one, two) = (request.value("sec-websocket-key1")?, request.value("sec-websocket-key2")?);
                proof = Some(challenge::response(one, two, key3?)?);
            }
            // The first three lines are compared byte by byte.
            head.push_str(
                "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n",
            );
            if let Some(origin) = request.value("origin") {
                field(&mut head, &format!("{prefix}WebSocket-Origin"), &text(origin));
            }
            let host = text(request.value("host").unwrap_or_default());
            let host = host.strip_suffix(":80").unwrap_or(&host);
            let location = format!("ws://{host}{}", text(request.target()));
            field(&mut head, &format!("{prefix}WebSocket-Location"), &location);
            self.rest(&format!("{prefix}WebSocket-Protocol"), &mut head);
        }
        head.push_str("\r\n");
        let mut head = head.into_bytes();
        head.extend(proof.into_iter().flatten());
        Some(head)
    }

    fn rest(&self, protocol: &str, head: &mut String) {
        if let Some(value) = &self.protocol {
            field(head, protocol, value);
        }
        for line in &self.fields {
            let _ = write!(head, "{line}\r\n");
        }
    }
}

fn field(head: &mut String, name: &str, value: &str) {
    let _ = write!(head, "{name}: {value}\r\n");
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::challenge::Challenge;
    use crate::wire::request::Request;

    #[test]
    fn each_dialect_s_request_has_its_response() {
        let request = Request {
            authority: "localhost:9999".into(),
            target: "/chat".into(),
            origin: "http://page.example".into(),
            protocols: vec!["chat".into()],
            fields: Vec::new(),
        };
        let response = ResponseHead { protocol: Some("chat".into()), fields: vec!["Set-Cookie: a=b".into()] };
        for dialect in [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75] {
            let challenge = if dialect.facts().has_keys {
                Challenge::Keys {
                    key1: "4 @1  46546xW%0l 1 5".into(),
                    key2: "12998 5 Y3 1  .P00".into(),
                    key3: *b"^n:ds[4U",
                }
            } else {
                Challenge::new(dialect, &mut || 7)
            };
            let asked = request.head(dialect, &challenge);
            let head = response.head(dialect, &asked, Some(*b"^n:ds[4U")).unwrap();
            let (lines, name) = (Head::of_response(&head), dialect.facts().name);
            assert_eq!(lines.status(), Some(101), "{name}");
            assert_eq!(lines.value("set-cookie"), Some(&b"a=b"[..]), "{name}");
            let protocol = if dialect == Dialect::Hixie75 { "websocket-protocol" } else { "sec-websocket-protocol" };
            assert_eq!(lines.value(protocol), Some(&b"chat"[..]), "{name}");
            assert_eq!(head.ends_with(b"8jKS'y:G*Co,Wxa-"), dialect == Dialect::Hixie76, "{name}");
            let location = match dialect {
                Dialect::Hixie76 => lines.value("sec-websocket-location"),
                Dialect::Hixie75 => lines.value("websocket-location"),
                _ => continue,
            };
            assert_eq!(location, Some(&b"ws://localhost:9999/chat"[..]), "{name}");
        }
    }

    #[test]
    fn a_request_without_its_challenge_has_no_response() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(ResponseHead::default().head(Dialect::Rfc6455, request, None), None);
        assert_eq!(ResponseHead::default().head(Dialect::Hixie76, request, Some([0; 8])), None);
        assert!(ResponseHead::default().head(Dialect::Hixie75, request, None).is_some());
    }
}
