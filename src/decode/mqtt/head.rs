//! The head of a packet: its type, its flags and its length (MQTT 3.1.1, 2.2; MQTT 5, 2.1).

use crate::decode::Fault;
use crate::decode::cursor::Cursor;

use super::Version;

/// The types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    PingReq,
    PingResp,
    Disconnect,
    Auth,
}

/// In the order of their numbers, from 1.
const KINDS: [(Kind, &str); 15] = [
    (Kind::Connect, "CONNECT"),
    (Kind::ConnAck, "CONNACK"),
    (Kind::Publish, "PUBLISH"),
    (Kind::PubAck, "PUBACK"),
    (Kind::PubRec, "PUBREC"),
    (Kind::PubRel, "PUBREL"),
    (Kind::PubComp, "PUBCOMP"),
    (Kind::Subscribe, "SUBSCRIBE"),
    (Kind::SubAck, "SUBACK"),
    (Kind::Unsubscribe, "UNSUBSCRIBE"),
    (Kind::UnsubAck, "UNSUBACK"),
    (Kind::PingReq, "PINGREQ"),
    (Kind::PingResp, "PINGRESP"),
    (Kind::Disconnect, "DISCONNECT"),
    (Kind::Auth, "AUTH"),
];

#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub kind: Kind,
    pub name: &'static str,
    pub flags: u8,
    /// Where the packet begins: the byte of its type and flags.
    pub start: usize,
    /// Where the packet ends.
    pub end: usize,
}

impl Head {
    /// What stands there; a fault also where no packet of that version has such a head.
    pub(super) fn read(cursor: &mut Cursor<'_>, version: Version) -> Result<Self, Fault> {
        let start = cursor.at();
        let first = cursor.u8("a packet")?;
        let found = KINDS.get(usize::from(first >> 4).wrapping_sub(1));
        let Some(&(kind, name)) = found else { return Err(Fault::new(start, "MQTT has no packets of type 0")) };
        let flags = first & 0x0f;
        let is_right = match kind {
            Kind::Publish => flags & 0x06 != 0x06,
            Kind::PubRel | Kind::Subscribe | Kind::Unsubscribe => flags == 2,
            Kind::Auth => flags == 0 && version == Version::Five,
            _ => flags == 0,
        };
        if !is_right {
            return Err(Fault::new(start, format!("a {name} has no such flags")));
        }
        let length = variable(cursor, "the length of a packet")?;
        let is_right = match (kind, version) {
            (Kind::PingReq | Kind::PingResp, _) | (Kind::Disconnect, Version::Three) => length == 0,
            (Kind::ConnAck | Kind::UnsubAck, Version::Three) => length == 2,
            (Kind::PubAck | Kind::PubRec | Kind::PubRel | Kind::PubComp, Version::Three) => length == 2,
            (Kind::Disconnect | Kind::Auth, Version::Five) => true,
            _ => length >= 2,
        };
        if !is_right {
            return Err(Fault::new(start + 1, format!("a {name} has another length")));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Self { kind, name, flags, start, end: cursor.at().saturating_add(length) })
    }
}

/// A number of one to four bytes (MQTT 3.1.1, 2.2.3).
pub(super) fn variable(cursor: &mut Cursor<'_>, what: &str) -> Result<u64, Fault> {
    cursor.variable(4, what)
}
