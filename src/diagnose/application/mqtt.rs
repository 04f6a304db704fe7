//! MQTT 3.1.1 and 5 in binary messages.
//!
//! The codes are those of MQTT 3.1.1 (3.2.2.3) and MQTT 5 (2.4), the subprotocol that of MQTT 5, 6. Seen with mqtt 5.16 and
//! aedes 1.2, both of which write a packet in several messages: a CONNECT of MQTT 5 gets code 1 from a broker of 3.1.1, and a client that is silent for one and a half times
//! its keep-alive loses the connection. mosquitto 2.0.11 opens the socket without the subprotocol, and answers nothing.

use std::time::Duration;

use crate::decode::{Connect, connect, refusal};
use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{FrameNumber, Greeting, PerSide, Side, StallKind};

use super::{End, Message, Opening, Owed, Rules, quoted};

const CONNACK: u8 = 0x20;
const SUBACK: u8 = 0x90;
const DISCONNECT: u8 = 0xe0;
/// How much sooner or later than its limit a broker ends a silent connection: brokers look once in a while.
const EARLY: Duration = Duration::from_millis(500);
const LATE: Duration = Duration::from_secs(15);

/// Whether the client asks for it, so that even text is meant as MQTT.
pub(super) fn is_meant(opening: &Opening) -> bool {
    ["mqtt", "mqttv3.1"].iter().any(|name| opening.has_asked_for(name))
}

/// The packets of one side: messages need not begin or end where packets do (MQTT 5, 6.0).
#[derive(Debug, Default)]
struct Packets {
    /// The packet under way, or its first bytes.
    held: Vec<u8>,
    /// Bytes of it that are not held and are to come.
    left: u64,
}

/// Bytes of a packet that are held: what it says stands in front.
const HELD: usize = 128;

impl Packets {
    /// Takes a message, and gives each packet that ends in it, as far as it is held.
    fn message(&mut self, message: &Message<'_>) -> Vec<Vec<u8>> {
        let mut bytes = message.bytes();
        let mut ended = Vec::new();
        while !bytes.is_empty() {
            let beyond = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            (self.left, bytes) = (self.left - beyond as u64, bytes.get(beyond..).unwrap_or_default());
            let Some(length) = packet_length(&self.held) else {
                let Some((first, rest)) = bytes.split_first() else { break };
                self.held.push(*first);
                bytes = rest;
                // A length of more than four bytes is none.
                if self.held.len() > 5 {
                    self.held.clear();
                    break;
                }
                continue;
            };
            let wanted =
                usize::try_from(length).map_or(HELD, |length| length.min(HELD)).saturating_sub(self.held.len());
            let now = wanted.min(bytes.len());
            self.held.extend_from_slice(bytes.get(..now).unwrap_or_default());
            bytes = bytes.get(now..).unwrap_or_default();
            if now == wanted {
                self.left = length.saturating_sub(self.held.len() as u64);
                ended.push(std::mem::take(&mut self.held));
            }
        }
        // What is not at hand may hold the ends of packets, and the start of one.
        if !message.payload.is_whole {
            self.lose();
        }
        ended
    }

    fn lose(&mut self) {
        *self = Self::default();
    }
}

/// How long a packet is, by its first bytes; `None` where they do not tell yet.
fn packet_length(held: &[u8]) -> Option<u64> {
    let mut length = 0;
    for (index, byte) in held.iter().skip(1).take(4).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(2 + index as u64 + length);
        }
    }
    None
}

#[derive(Debug)]
pub(super) struct Mqtt {
    has_subprotocol: bool,
    packets: PerSide<Packets>,
    connect: Option<(FrameNumber, Connect)>,
    greeting: Option<Owed>,
    has_reply: bool,
}

impl Mqtt {
    pub(super) fn new(opening: &Opening) -> Self {
        let has_subprotocol = opening.agreed.as_deref().is_some_and(|name| name.starts_with("mqtt"));
        Self { has_subprotocol, packets: PerSide::default(), connect: None, greeting: None, has_reply: false }
    }

    fn of_client(&mut self, message: &Message<'_>, packet: &[u8]) {
        if let Some(connect) = connect(packet) {
            self.connect = Some((message.number, connect));
            let greeting = if self.has_subprotocol { Greeting::Mqtt } else { Greeting::BareMqtt };
            self.greeting = Some(Owed::for_message(StallKind::Greeting(greeting), message));
        }
    }

    fn of_server(&mut self, message: &Message<'_>, packet: &[u8]) -> Option<Finding> {
        self.greeting = None;
        self.has_reply = true;
        let level = self.connect.map_or(4, |(_, connect)| connect.level);
        let (code, name) = refusal(packet, level)?;
        let length = message.bytes().len();
        Some(match packet.first().copied()? {
            CONNACK => {
                let detail = format!("CONNACK with code {code}, {name}");
                let (cause, fix) = refused(code, &name, level);
                message.finding(FindingKind::MqttRefused, length, detail).cause(cause, fix)
            }
            SUBACK => {
                let detail = format!("SUBACK with code {code}, {name}");
                message.finding(FindingKind::MqttSubscriptionRefused, length, detail)
            }
            DISCONNECT => {
                let detail = format!("DISCONNECT with code {code}, {name}");
                let (cause, fix) = disconnected(code, &name);
                message.finding(FindingKind::MqttDisconnected, length, detail).cause(cause, fix)
            }
            _ => return None,
        })
    }
}

impl Rules for Mqtt {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        if message.is_text() {
            let said = quoted(&String::from_utf8_lossy(message.bytes()));
            let finding = message.finding(FindingKind::MqttText, 1, format!("it says {said}"));
            return vec![match message.from {
                Side::Client => finding,
                Side::Server => finding.cause(
                    "what answers here is no MQTT broker, or hands packets over as strings",
                    "compare port and path with the broker's WebSocket listener; in a server of your own send a Buffer",
                ),
            }];
        }
        let packets = self.packets[message.from].message(message);
        let found = packets.iter().filter_map(|packet| match message.from {
            Side::Client => {
                self.of_client(message, packet);
                None
            }
            Side::Server => self.of_server(message, packet),
        });
        found.collect()
    }

    fn is_of_interest(&self, from: Side, _start: &[u8]) -> bool {
        // Where a packet begins, no message tells by itself.
        from == Side::Server || self.connect.is_none()
    }

    fn owed(&self) -> Option<Owed> {
        self.greeting
    }

    fn missed(&mut self, from: Side) {
        self.greeting = None;
        self.packets[from].lose();
    }

    fn end(&self, end: &End) -> Option<Finding> {
        let (number, connect) = self.connect.filter(|_| end.from == Side::Server)?;
        if !self.has_reply && !self.has_subprotocol {
            let detail = "the broker ends the connection behind CONNECT, and the subprotocol mqtt was not agreed to";
            return Some(Finding::new(FindingKind::MqttNoSubprotocol, Place::Frame(number)).detail(detail));
        }
        // One and a half times the keep-alive (MQTT 3.1.1, 3.1.2.10; MQTT 5, 3.1.2.10).
        let limit = Duration::from_secs(connect.keep_alive.into()) * 3 / 2;
        let silence = end.silence.client;
        if connect.keep_alive == 0 || silence + EARLY < limit || silence > limit + LATE {
            return None;
        }
        let detail = format!(
            "the client was silent for {:.1} s, and its CONNECT has a keep-alive of {} s",
            silence.as_secs_f64(),
            connect.keep_alive
        );
        Some(Finding::new(FindingKind::MqttKeepAlive, Place::Connection).detail(detail))
    }
}

/// Why a CONNACK says no, and what to do.
fn refused(code: u8, name: &str, level: u8) -> (String, &'static str) {
    let cause = format!("the broker refuses the client itself: {name}");
    let fix = match code {
        1 | 0x84 if level >= 5 => "set protocolVersion: 4 in mqtt.connect(), or take a broker that knows MQTT 5",
        1 | 0x84 => "set another protocolVersion in mqtt.connect(): 4 for MQTT 3.1.1, 5 for MQTT 5",
        2 | 0x85 => {
            "give a clientId that the broker takes: not empty without clean: true, no longer than 23 letters and digits where \
             the broker is strict"
        }
        4 | 0x86 => {
            "compare username and password in mqtt.connect() with the broker's (mosquitto: password_file, made by \
             mosquitto_passwd)"
        }
        5 | 0x87 => {
            "give username and password in mqtt.connect(); the broker takes nobody without (mosquitto: allow_anonymous false \
             is the default since 2.0) or not this one (its ACL)"
        }
        3 | 0x88 | 0x89 => "look into the broker's log: it runs, and says that it can't serve now",
        0x8a => "look into the broker's list of banned clients",
        _ => "look that code up in the broker's log and documentation",
    };
    (cause, fix)
}

/// Why a DISCONNECT of the broker's comes, and what to do.
fn disconnected(code: u8, name: &str) -> (String, &'static str) {
    let cause = format!("the broker ends the connection itself: {name}");
    let fix = match code {
        0x8d => "send something within the keep-alive: raise keepalive in mqtt.connect(), or keep the page awake",
        0x8e => "give each client a clientId of its own: a second one with the same takes the first one's place",
        0x95 => "send smaller packets, or raise the broker's limit (mosquitto: max_packet_size)",
        _ => "look that reason up in the broker's log",
    };
    (cause, fix)
}
