//! What is behind the head of a packet (MQTT 3.1.1 and MQTT 5, 3).

use std::ops::Range;

use crate::decode::Fault;
use crate::decode::cursor::Cursor;
use crate::decode::document::Value;
use crate::decode::reading::Reading;
use crate::text;

use super::Version;
use super::codes::{self, Form};
use super::head::{Head, Kind, variable};

/// Bytes of a payload in a summary.
const PAYLOAD_SHOWN: usize = 200;

/// What a summary and a role need.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The packet's identifier.
    pub id: Option<u16>,
    /// Whether a reason code says no.
    pub is_refused: bool,
    words: Vec<String>,
    shown: String,
}

impl Said {
    /// For a row, behind the packet's type.
    pub(super) fn words(&self) -> String {
        let id = self.id.map(|id| format!("#{id}"));
        let words = id.into_iter().chain([self.words.join(", "), self.shown.clone()]);
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Words that are worth to know: no more than a row could show.
    fn say(&mut self, word: String) {
        if self.words.len() < 16 {
            self.words.push(word);
        }
    }
}

/// A packet that is being read.
pub(super) struct Body<'r, 'a> {
    pub said: Said,
    reading: &'r mut Reading<'a>,
    cursor: Cursor<'a>,
    version: Version,
}

impl<'r, 'a> Body<'r, 'a> {
    pub(super) fn new(reading: &'r mut Reading<'a>, range: Range<usize>, version: Version) -> Self {
        let cursor = Cursor::within(reading.payload.bytes, range);
        Self { said: Said::default(), reading, cursor, version }
    }

    pub(super) fn read(&mut self, head: Head) -> Result<(), Fault> {
        match head.kind {
            Kind::Connect => self.connect()?,
            Kind::ConnAck => {
                self.number("flags", 1)?;
                self.reason(head.kind)?;
                self.properties()?;
            }
            Kind::Publish => return self.publish(head),
            Kind::PubAck | Kind::PubRec | Kind::PubRel | Kind::PubComp => {
                self.id()?;
                self.reason_if_any(head.kind)?;
            }
            Kind::Subscribe | Kind::Unsubscribe => self.filters(head.kind)?,
            Kind::SubAck | Kind::UnsubAck => {
                self.id()?;
                self.properties()?;
                while self.cursor.left() > 0 {
                    self.reason(head.kind)?;
                }
            }
            Kind::Disconnect | Kind::Auth => self.reason_if_any(head.kind)?,
            Kind::PingReq | Kind::PingResp => {}
        }
        if self.cursor.left() == 0 {
            return Ok(());
        }
        Err(Fault::new(self.cursor.at(), format!("the {} is over, and its length says that more follows", head.name)))
    }

    fn connect(&mut self) -> Result<(), Fault> {
        let protocol = self.text("protocol")?;
        let level = self.number("level", 1)?;
        let is_right = match self.version {
            Version::Three => matches!((protocol.as_str(), level), ("MQTT", 4) | ("MQIsdp", 3)),
            Version::Five => (protocol.as_str(), level) == ("MQTT", 5),
        };
        if !is_right {
            return Err(Fault::new(self.cursor.at() - 1, "this CONNECT is of another version"));
        }
        let at = self.cursor.at();
        let flags = self.cursor.u8("the flags")?;
        let names = [(0x02, "clean"), (0x04, "will"), (0x20, "will retain"), (0x40, "password"), (0x80, "user name")];
        let mut set: Vec<_> =
            names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| (*name).into()).collect();
        if flags & 0x18 != 0 {
            set.push(format!("will QoS {}", flags >> 3 & 3));
        }
        self.reading.tree.field("flags", Value::word(set.join(", ")), at..at + 1);
        self.number("keep alive", 2)?;
        self.properties()?;
        let client = self.text("client")?;
        self.said.say(client);
        if flags & 0x04 != 0 {
            if self.version == Version::Five {
                self.property_list("will properties")?;
            }
            self.text("will topic")?;
            self.data("will payload")?;
        }
        if flags & 0x80 != 0 {
            let user = self.text("user name")?;
            self.said.say(format!("as {user}"));
        }
        if flags & 0x40 != 0 {
            self.data("password")?;
        }
        Ok(())
    }

    fn publish(&mut self, head: Head) -> Result<(), Fault> {
        let Head { flags, start, .. } = head;
        let qos = flags >> 1 & 3;
        self.reading.tree.field("QoS", Value::number(qos), start..start + 1);
        let topic = self.text("topic")?;
        let set = [(0x08, "again"), (0x01, "retained")].into_iter().filter(|(bit, _)| flags & bit != 0);
        let set: Vec<_> = set.map(|(_, name)| name).collect();
        if !set.is_empty() {
            self.reading.tree.field("flags", Value::word(set.join(", ")), start..start + 1);
        }
        self.said.say(topic);
        if qos > 0 {
            self.id()?;
            self.said.say(format!("QoS {qos}"));
        }
        set.into_iter().for_each(|name| self.said.say(name.to_owned()));
        self.properties()?;
        let start = self.cursor.at();
        let payload = self.cursor.take_rest();
        let tree = &mut self.reading.tree;
        let node = tree.data("payload", payload, start..self.cursor.at());
        self.said.shown = match tree.document().value(node) {
            Some(Value::Text(_)) => text::preview(payload, PAYLOAD_SHOWN),
            _ => Value::bytes(payload).to_string(),
        };
        Ok(())
    }

    fn filters(&mut self, kind: Kind) -> Result<(), Fault> {
        self.id()?;
        self.properties()?;
        while self.cursor.left() > 0 {
            let filter = self.text("filter")?;
            if kind == Kind::Subscribe {
                let at = self.cursor.at();
                let options = self.cursor.u8("the options of a subscription")?;
                let no_local = if options & 0x04 != 0 { ", not one's own" } else { "" };
                let said = format!("QoS {}{no_local}", options & 3);
                self.reading.tree.field("options", Value::word(said), at..at + 1);
            }
            self.said.say(filter);
        }
        Ok(())
    }

    fn id(&mut self) -> Result<(), Fault> {
        let id = self.number("packet id", 2)?;
        self.said.id = u16::try_from(id).ok();
        Ok(())
    }

    /// A reason code by its name.
    fn reason(&mut self, kind: Kind) -> Result<(), Fault> {
        let at = self.cursor.at();
        let (name, is_refused) = codes::reason(self.version, kind, self.cursor.u8("a reason code")?);
        self.reading.tree.field("reason", Value::word(name.as_str()), at..at + 1);
        self.said.is_refused |= is_refused;
        self.said.say(name);
        Ok(())
    }

    /// In MQTT 5 a packet may end before its reason code, which then is 0, and before its properties.
    fn reason_if_any(&mut self, kind: Kind) -> Result<(), Fault> {
        if self.version == Version::Three || self.cursor.left() == 0 {
            return Ok(());
        }
        self.reason(kind)?;
        if self.cursor.left() == 0 { Ok(()) } else { self.properties() }
    }

    fn properties(&mut self) -> Result<(), Fault> {
        if self.version == Version::Three { Ok(()) } else { self.property_list("properties") }
    }

    fn property_list(&mut self, key: &str) -> Result<(), Fault> {
        let start = self.cursor.at();
        let length = variable(&mut self.cursor, "the length of the properties")?;
        if length == 0 {
            return Ok(());
        }
        let end = self.cursor.at().saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        self.reading.tree.open(Some(key.as_bytes()), Value::Object, Some(start));
        while self.cursor.at() < end {
            let at = self.cursor.at();
            let number = variable(&mut self.cursor, "a property")?;
            let Some((name, form)) = codes::property(number) else {
                return Err(Fault::new(at, "MQTT has no property of this number"));
            };
            self.property(name, form)?;
        }
        if self.cursor.at() > end {
            return Err(Fault::new(end, "the properties are longer than their length says"));
        }
        self.reading.tree.close(end);
        Ok(())
    }

    fn property(&mut self, name: &str, form: Form) -> Result<(), Fault> {
        match form {
            Form::Number(size) => {
                self.number(name, size)?;
            }
            Form::Variable => {
                let at = self.cursor.at();
                let value = Value::number(variable(&mut self.cursor, name)?);
                self.reading.tree.field(name, value, at..self.cursor.at());
            }
            Form::Text => {
                let said = self.text(name)?;
                if name == "reason string" {
                    self.said.shown = said;
                }
            }
            Form::Bytes => self.data(name)?,
            Form::Pair => {
                let at = self.cursor.at();
                let [key, value] = [self.prefixed(name)?, self.prefixed(name)?];
                let value = Value::text(value, self.reading.limits());
                self.reading.tree.add(Some(key), value, Some(at..self.cursor.at()));
            }
        }
        Ok(())
    }

    /// A number of one, two or four bytes.
    fn number(&mut self, key: &str, size: u8) -> Result<u64, Fault> {
        let at = self.cursor.at();
        let bytes = self.cursor.take(size.into(), key)?;
        let number = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        self.reading.tree.field(key, Value::number(number), at..self.cursor.at());
        Ok(number)
    }

    /// Bytes behind their length.
    fn prefixed(&mut self, what: &str) -> Result<&'a [u8], Fault> {
        let length = u16::from_be_bytes(self.cursor.array(what)?);
        self.cursor.take(length.into(), what)
    }

    fn text(&mut self, key: &str) -> Result<String, Fault> {
        let at = self.cursor.at();
        let value = Value::text(self.prefixed(key)?, self.reading.limits());
        let said = value.as_str().unwrap_or_default().to_owned();
        self.reading.tree.field(key, value, at..self.cursor.at());
        Ok(said)
    }

    fn data(&mut self, key: &str) -> Result<(), Fault> {
        let at = self.cursor.at();
        let bytes = self.prefixed(key)?;
        self.reading.tree.data(key, bytes, at..self.cursor.at());
        Ok(())
    }
}
