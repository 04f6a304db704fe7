//! What MQTT's numbers are called: reason codes and properties.

use super::{Kind, Version};

/// From this number on a code says no.
pub(super) const REFUSAL: u8 = 0x80;

/// MQTT 5, 2.4.
const REASONS: [(u8, &str); 42] = [
    (0x01, "granted QoS 1"),
    (0x02, "granted QoS 2"),
    (0x04, "disconnect with will message"),
    (0x10, "no matching subscribers"),
    (0x11, "no subscription existed"),
    (0x18, "continue authentication"),
    (0x19, "re-authenticate"),
    (0x80, "unspecified error"),
    (0x81, "malformed packet"),
    (0x82, "protocol error"),
    (0x83, "implementation specific error"),
    (0x84, "unsupported protocol version"),
    (0x85, "client identifier not valid"),
    (0x86, "bad user name or password"),
    (0x87, "not authorized"),
    (0x88, "server unavailable"),
    (0x89, "server busy"),
    (0x8a, "banned"),
    (0x8b, "server shutting down"),
    (0x8c, "bad authentication method"),
    (0x8d, "keep alive timeout"),
    (0x8e, "session taken over"),
    (0x8f, "topic filter invalid"),
    (0x90, "topic name invalid"),
    (0x91, "packet identifier in use"),
    (0x92, "packet identifier not found"),
    (0x93, "receive maximum exceeded"),
    (0x94, "topic alias invalid"),
    (0x95, "packet too large"),
    (0x96, "message rate too high"),
    (0x97, "quota exceeded"),
    (0x98, "administrative action"),
    (0x99, "payload format invalid"),
    (0x9a, "retain not supported"),
    (0x9b, "QoS not supported"),
    (0x9c, "use another server"),
    (0x9d, "server moved"),
    (0x9e, "shared subscriptions not supported"),
    (0x9f, "connection rate exceeded"),
    (0xa0, "maximum connect time"),
    (0xa1, "subscription identifiers not supported"),
    (0xa2, "wildcard subscriptions not supported"),
];

/// MQTT 3.1.1, 3.2.2.3: the responses to CONNECT, by number.
const RETURNS: [&str; 6] = [
    "accepted",
    "unacceptable protocol version",
    "identifier rejected",
    "server unavailable",
    "bad user name or password",
    "not authorized",
];

/// A code in words, and whether it says no.
pub(super) fn reason(version: Version, kind: Kind, code: u8) -> (String, bool) {
    if version == Version::Three && kind == Kind::ConnAck {
        let name = RETURNS.get(usize::from(code)).map_or_else(|| format!("code {code}"), |name| (*name).to_owned());
        return (name, code != 0);
    }
    let name = match (code, kind) {
        (0, Kind::SubAck) => "granted QoS 0",
        (0, Kind::Disconnect) => "normal disconnection",
        (0, _) => "success",
        (0x80, _) if version == Version::Three => "failure",
        _ => match REASONS.iter().find(|(number, _)| *number == code) {
            Some((_, name)) => name,
            None => return (format!("code {code}"), code >= REFUSAL),
        },
    };
    (name.to_owned(), code >= REFUSAL)
}

/// How the value of a property is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A number of so many bytes.
    Number(u8),
    /// A number that is as long as it has to be.
    Variable,
    /// Text behind its length.
    Text,
    /// Bytes behind their length.
    Bytes,
    /// Two texts.
    Pair,
}

/// MQTT 5, 2.2.2.2.
const PROPERTIES: [(u8, &str, Form); 27] = [
    (0x01, "payload format indicator", Form::Number(1)),
    (0x02, "message expiry interval", Form::Number(4)),
    (0x03, "content type", Form::Text),
    (0x08, "response topic", Form::Text),
    (0x09, "correlation data", Form::Bytes),
    (0x0b, "subscription identifier", Form::Variable),
    (0x11, "session expiry interval", Form::Number(4)),
    (0x12, "assigned client identifier", Form::Text),
    (0x13, "server keep alive", Form::Number(2)),
    (0x15, "authentication method", Form::Text),
    (0x16, "authentication data", Form::Bytes),
    (0x17, "request problem information", Form::Number(1)),
    (0x18, "will delay interval", Form::Number(4)),
    (0x19, "request response information", Form::Number(1)),
    (0x1a, "response information", Form::Text),
    (0x1c, "server reference", Form::Text),
    (0x1f, "reason string", Form::Text),
    (0x21, "receive maximum", Form::Number(2)),
    (0x22, "topic alias maximum", Form::Number(2)),
    (0x23, "topic alias", Form::Number(2)),
    (0x24, "maximum QoS", Form::Number(1)),
    (0x25, "retain available", Form::Number(1)),
    (0x26, "user property", Form::Pair),
    (0x27, "maximum packet size", Form::Number(4)),
    (0x28, "wildcard subscription available", Form::Number(1)),
    (0x29, "subscription identifier available", Form::Number(1)),
    (0x2a, "shared subscription available", Form::Number(1)),
];

/// The name of a property and how it is written.
pub(super) fn property(number: u64) -> Option<(&'static str, Form)> {
    let found = PROPERTIES.iter().find(|(found, ..)| u64::from(*found) == number)?;
    Some((found.1, found.2))
}
