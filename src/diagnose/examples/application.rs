//! Examples of the layer `application`.

use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::write;
use crate::wire::opcode::Opcode;

use super::{ANSWER, Example, REQUEST, Scene, Step, client, plain, server};

/// A CONNECT of MQTT 3.1.1 with a keep-alive of 10 s, and the CONNACK that takes it.
const CONNECT: &[u8] = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x0a\x00\x03web";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";
/// What a server of Socket.IO 4 says first.
const OPEN: &str =
    r#"0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::SocketioVersion => socket_io([
            says(r#"0{"sid":"w0HETty6Olx4ejZuAAAA","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#),
            says("40"),
        ]),
        FindingKind::SocketioRefused => socket_io([says(OPEN), asks("40"), says(r#"44{"message":"invalid token"}"#)]),
        FindingKind::SocketioNotAPacket => socket_io([says(OPEN), asks("hello")]),
        FindingKind::SocketioNoConnect => {
            socket_io([says(OPEN), Step::Wait(10)]).in_words("a server's packet 0, and for a while no packet 40")
        }
        FindingKind::SocketioNoPong => {
            socket_io([says(OPEN), asks("40"), says(r#"40{"sid":"VjND0yVe0mWUKxjQAAAA"}"#), says("2"), Step::Wait(10)])
                .in_words("a packet 2 of the server's, and for a while no packet 3")
        }
        FindingKind::SocketioDisconnected => {
            socket_io([says(OPEN), asks("40"), says(r#"40{"sid":"VjND0yVe0mWUKxjQAAAA"}"#), says("41")])
        }
        FindingKind::GraphqlOldAndNew => {
            graphql("graphql-transport-ws", [asks(r#"{"id":"1","type":"start","payload":{}}"#)])
        }
        FindingKind::GraphqlRefused => {
            graphql("graphql-ws", [says(r#"{"type":"connection_error","payload":{"message":"Missing auth token!"}}"#)])
        }
        FindingKind::GraphqlError => graphql(
            "graphql-transport-ws",
            [says(
                r#"{"id":"1","type":"error","payload":[{"message":"Cannot query field \"hi\" on type \"Query\"."}]}"#,
            )],
        ),
        FindingKind::AppGreetingUnanswered => {
            graphql("graphql-transport-ws", [asks(r#"{"type":"connection_init"}"#), Step::Wait(10)])
                .in_words("connection_init of GraphQL, and for a while no connection_ack")
        }
        _ => packets(kind),
    }
}

/// MQTT and STOMP.
fn packets(kind: FindingKind) -> Example {
    match kind {
        FindingKind::MqttRefused => {
            mqtt([bytes_from(Side::Client, CONNECT), bytes_from(Side::Server, b"\x20\x02\x00\x04")])
        }
        FindingKind::MqttText => mqtt([asks("hello")]),
        FindingKind::MqttNoSubprotocol => {
            let steps = [server(ANSWER), bytes_from(Side::Client, CONNECT), Step::Fin(Side::Server)];
            Example::Scene(Scene { request: REQUEST.replace("/chat", "/mqtt").into(), steps: steps.into() })
        }
        FindingKind::MqttKeepAlive => mqtt([
            bytes_from(Side::Client, CONNECT),
            bytes_from(Side::Server, CONNACK),
            Step::Wait(15),
            Step::Fin(Side::Server),
        ])
        .in_words("a CONNECT with a keep-alive of 10 s, 15 s without a packet of the client's, and the end"),
        FindingKind::MqttDisconnected => mqtt([
            bytes_from(Side::Client, b"\x10\x10\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x03web"),
            bytes_from(Side::Server, b"\x20\x03\x00\x00\x00"),
            bytes_from(Side::Server, b"\xe0\x02\x8e\x00"),
        ]),
        FindingKind::MqttSubscriptionRefused => mqtt([
            bytes_from(Side::Client, CONNECT),
            bytes_from(Side::Server, CONNACK),
            bytes_from(Side::Client, b"\x82\x07\x00\x01\x00\x02no\x00"),
            bytes_from(Side::Server, b"\x90\x03\x00\x01\x80"),
        ]),
        FindingKind::StompNoNul => stomp([asks("CONNECT\naccept-version:1.2\nhost:localhost\n\n")]),
        FindingKind::StompError => stomp([
            asks("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0"),
            says("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'guest'\0"),
        ]),
        _ => records(kind),
    }
}

/// SignalR, Phoenix, ActionCable, WAMP.
fn records(kind: FindingKind) -> Example {
    const HELLO: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    match kind {
        FindingKind::SignalrNoSeparator => at("/hub", [asks(r#"{"protocol":"json","version":1}"#)]),
        FindingKind::SignalrRefused => at(
            "/hub",
            [
                asks(HELLO.replace("json", "messagepack")),
                says("{\"error\":\"The protocol 'messagepack' is not supported.\"}\u{1e}"),
            ],
        ),
        FindingKind::SignalrClosed => at(
            "/hub",
            [asks(HELLO), says("{}\u{1e}"), says("{\"type\":7,\"error\":\"Connection closed with an error.\"}\u{1e}")],
        ),
        FindingKind::PhoenixRefused => phoenix([
            asks(r#"["1","1","room:secret","phx_join",{}]"#),
            says(r#"["1","1","room:secret","phx_reply",{"status":"error","response":{"reason":"unauthorized"}}]"#),
        ]),
        FindingKind::PhoenixError => phoenix([says(r#"["1","1","room:lobby","phx_error",{}]"#)]),
        FindingKind::PhoenixNoHeartbeat => phoenix([
            asks(r#"["1","1","room:lobby","phx_join",{}]"#),
            says(r#"["1","1","room:lobby","phx_reply",{"status":"ok","response":{}}]"#),
            Step::Wait(60),
            server(plain(Opcode::CLOSE, b"\x03\xe8")),
            Step::Fin(Side::Server),
        ])
        .in_words("60 seconds without a heartbeat of the client's, then the server's close"),
        FindingKind::ActioncableRejected => subprotocol(
            "/cable",
            "actioncable-v1-json",
            [says(r#"{"identifier":"{\"channel\":\"ChatChannel\",\"room\":7}","type":"reject_subscription"}"#)],
        ),
        FindingKind::ActioncableDisconnected => subprotocol(
            "/cable",
            "actioncable-v1-json",
            [says(r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#)],
        ),
        FindingKind::WampAborted => wamp([
            asks(r#"[1,"realm1",{"roles":{"subscriber":{}}}]"#),
            says(r#"[3,{"message":"no realm \"realm1\" exists on this router"},"wamp.error.no_such_realm"]"#),
        ]),
        FindingKind::WampGoodbye => wamp([says(r#"[6,{},"wamp.close.system_shutdown"]"#)]),
        _ => unspoken(kind),
    }
}

/// What is of no protocol.
fn unspoken(kind: FindingKind) -> Example {
    match kind {
        FindingKind::AppTextAsBinary => at("/chat", [asks("hello"), bytes_from(Side::Server, b"hello")]),
        FindingKind::AppJsonAsBinary => {
            at("/chat", [asks(r#"{"say":"hi"}"#), bytes_from(Side::Server, br#"{"said":"hi","by":"Ann"}"#)])
        }
        FindingKind::AppFirstUnanswered => at(
            "/chat",
            [
                asks(r#"{"get":"a"}"#),
                Step::Wait(5),
                asks(r#"{"get":"b"}"#),
                says(r#"{"b":1}"#),
                asks(r#"{"get":"c"}"#),
                says(r#"{"c":1}"#),
                asks(r#"{"get":"d"}"#),
            ],
        )
        .in_words("a message that gets no reply, and three more like it that each get one"),
        _ => at(
            "/chat",
            [server(plain(Opcode::PING, b"")), from_client(Opcode::PONG, b""), Step::Wait(30), Step::Fin(Side::Server)],
        )
        .in_words("one ping and its pong, and 30 s behind the ping a FIN without a close frame"),
    }
}

fn socket_io(steps: impl IntoIterator<Item = Step>) -> Example {
    at(SOCKET_IO, steps)
}

fn graphql(version: &str, steps: impl IntoIterator<Item = Step>) -> Example {
    subprotocol("/graphql", version, steps)
}

fn mqtt(steps: impl IntoIterator<Item = Step>) -> Example {
    subprotocol("/mqtt", "mqtt", steps)
}

fn stomp(steps: impl IntoIterator<Item = Step>) -> Example {
    subprotocol("/ws", "v12.stomp", steps)
}

fn phoenix(steps: impl IntoIterator<Item = Step>) -> Example {
    at("/socket/websocket?vsn=2.0.0", steps)
}

fn wamp(steps: impl IntoIterator<Item = Step>) -> Example {
    subprotocol("/ws", "wamp.2.json", steps)
}

/// An open socket of that path, and what follows.
fn at(path: &str, steps: impl IntoIterator<Item = Step>) -> Example {
    let steps = std::iter::once(server(ANSWER)).chain(steps).collect();
    Example::Scene(Scene { request: REQUEST.replace("/chat", path).into(), steps })
}

/// The same with a subprotocol that was asked for and agreed to.
fn subprotocol(path: &str, name: &str, steps: impl IntoIterator<Item = Step>) -> Example {
    let field = format!("\r\nSec-WebSocket-Protocol: {name}\r\n\r\n");
    let request = REQUEST.replace("/chat", path).replace("\r\n\r\n", &field);
    let steps = std::iter::once(server(ANSWER.replace("\r\n\r\n", &field))).chain(steps).collect();
    Example::Scene(Scene { request: request.into(), steps })
}

fn says(text: impl AsRef<str>) -> Step {
    server(plain(Opcode::TEXT, text.as_ref().as_bytes()))
}

fn asks(text: impl AsRef<str>) -> Step {
    from_client(Opcode::TEXT, text.as_ref().as_bytes())
}

/// Each frame of a client has a key of its own.
fn from_client(opcode: Opcode, payload: &[u8]) -> Step {
    let sum = payload.iter().fold(0x21, |sum: u8, byte| sum.rotate_left(1) ^ byte);
    let mut out = Vec::new();
    write(opcode, payload, Some([0x37, 0xfa, sum, 0x3d]), &mut out);
    client(out)
}

fn bytes_from(side: Side, bytes: &[u8]) -> Step {
    match side {
        Side::Client => from_client(Opcode::BINARY, bytes),
        Side::Server => server(plain(Opcode::BINARY, bytes)),
    }
}
