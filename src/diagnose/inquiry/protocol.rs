//! Protocols that are not HTTP, known by what they answer to their own first words, or by their port.

use super::Why;

/// A protocol that is met where a web server was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Of Redis and its kin.
    Redis,
    /// Of PostgreSQL.
    PostgreSql,
    /// Of MQTT brokers.
    Mqtt,
    /// Of MySQL and MariaDB.
    MySql,
    /// Of AMQP brokers, such as RabbitMQ.
    Amqp,
    /// Of MongoDB.
    MongoDb,
    /// Of memcached.
    Memcached,
    /// Of Kafka.
    Kafka,
    /// Of NATS.
    Nats,
    /// Secure shell.
    Ssh,
    /// Mail.
    Smtp,
}

/// CONNECT of MQTT 3.1.1 with a clean session, 60 s and no name (OASIS MQTT 3.1.1, 3.1).
const MQTT_CONNECT: &[u8] = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00";
/// SSLRequest, which a server answers with one letter (PostgreSQL 16, 55.7).
const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
/// A command of one word (Redis serialization protocol, inline commands).
const PING: &[u8] = b"PING\r\n";

impl Protocol {
    /// First words of a client of each protocol that waits for them.
    pub const FIRST_WORDS: [&'static [u8]; 3] = [PING, SSL_REQUEST, MQTT_CONNECT];

    /// Whose reply to those words this is.
    #[must_use]
    pub fn of_reply(words: &[u8], reply: &[u8]) -> Option<Self> {
        match (words, reply) {
            (PING, [b'+', b'P', b'O', b'N', b'G', ..] | [b'-', b'N', b'O', b'A', b'U', b'T', b'H', ..]) => {
                Some(Self::Redis)
            }
            (SSL_REQUEST, [b'S' | b'N']) => Some(Self::PostgreSql),
            // CONNACK, of two bytes.
            (MQTT_CONNECT, [0x20, 2, _, _, ..]) => Some(Self::Mqtt),
            _ => None,
        }
    }

    /// Whose port it is (IANA's registry of ports, and the servers' own documentation).
    #[must_use]
    pub const fn of_port(port: u16) -> Option<Self> {
        Some(match port {
            22 => Self::Ssh,
            25 | 465 | 587 => Self::Smtp,
            1883 | 8883 => Self::Mqtt,
            3306 => Self::MySql,
            4222 => Self::Nats,
            5432 => Self::PostgreSql,
            5671 | 5672 => Self::Amqp,
            6379 => Self::Redis,
            9092 => Self::Kafka,
            11211 => Self::Memcached,
            27017 => Self::MongoDb,
            _ => return None,
        })
    }

    /// Who greets a client with these bytes, or answers HTTP with them.
    #[must_use]
    pub fn of_greeting(bytes: &[u8]) -> Option<Self> {
        Some(match bytes {
            [b'S', b'S', b'H', b'-', ..] => Self::Ssh,
            [b'A', b'M', b'Q', b'P', ..] => Self::Amqp,
            [b'I', b'N', b'F', b'O', b' ', b'{', ..] => Self::Nats,
            [b'-' | b'+', b'A'..=b'Z', ..] => Self::Redis,
            [b'2', b'2', b'0', b' ' | b'-', ..] => Self::Smtp,
            // The packet's length, its number 0, and version 10 of the handshake (MySQL, Connection Phase Packets).
            [_, _, 0, 0, 10, b'0'..=b'9', ..] => Self::MySql,
            _ => return None,
        })
    }

    /// What answers on the port, and what to change.
    #[must_use]
    pub fn why(self) -> Why {
        let (who, fix) = match self {
            Self::Redis => ("a Redis server, or one like it, answers on this port", ""),
            Self::PostgreSql => ("a PostgreSQL server answers on this port", ""),
            Self::Mqtt => (
                "an MQTT broker answers on this port, in MQTT without WebSocket",
                "MQTT over WebSocket has a listener of its own (mosquitto: listener 9001 and protocol websockets; EMQX: 8083; \
                 HiveMQ: 8000): ",
            ),
            Self::MySql => ("a MySQL or MariaDB server answers on this port", ""),
            Self::Amqp => (
                "an AMQP broker answers on this port",
                "RabbitMQ speaks WebSocket with its plugins web_mqtt (15675) and web_stomp (15674): ",
            ),
            Self::MongoDb => ("a MongoDB server answers on this port", ""),
            Self::Memcached => ("a memcached server answers on this port", ""),
            Self::Kafka => ("a Kafka broker answers on this port", ""),
            Self::Nats => {
                ("a NATS server answers on this port", "NATS takes WebSockets on the port of its websocket block: ")
            }
            Self::Ssh => ("an SSH server answers on this port", ""),
            Self::Smtp => ("a mail or FTP server answers on this port", ""),
        };
        (who.into(), format!("{fix}check the port in --upstream").into())
    }
}
