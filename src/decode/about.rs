//! What is said of each decoder to people.

use super::Decoder;

#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub decoder: Decoder,
    pub name: &'static str,
    pub title: &'static str,
    pub reads: &'static str,
    pub guessed: &'static str,
}

/// In the order of `Decoder`'s variants.
pub(super) const ABOUT: [About; Decoder::ALL.len()] = [
    About {
        decoder: Decoder::Json,
        name: "json",
        title: "JSON",
        reads: "any JSON text",
        guessed: "every message is a JSON object or array, and nothing below fits",
    },
    About {
        decoder: Decoder::SocketIo,
        name: "socket.io",
        title: "Socket.IO 3 and 4",
        reads: "Engine.IO 4 packets; connections, events, acknowledgements and errors in each namespace",
        guessed: "`EIO=4` in the query, or a first message that opens an Engine.IO session",
    },
    About {
        decoder: Decoder::SocketIo2,
        name: "socket.io-2",
        title: "Socket.IO 1 and 2",
        reads: "the same on Engine.IO 3: the client pings, and bytes have a packet type",
        guessed: "`EIO=3` in the query",
    },
    About {
        decoder: Decoder::GraphQl,
        name: "graphql",
        title: "GraphQL",
        reads: "graphql-transport-ws, and the older protocol of subscriptions-transport-ws; the operation's name",
        guessed: "subprotocol `graphql-transport-ws` or `graphql-ws`",
    },
    About {
        decoder: Decoder::JsonRpc,
        name: "json-rpc",
        title: "JSON-RPC 2.0",
        reads: "requests, notifications, results and errors, and lists of them",
        guessed: "a message has `jsonrpc`: `2.0`",
    },
    About {
        decoder: Decoder::Lsp,
        name: "lsp",
        title: "Language Server Protocol",
        reads: "the same, bare or behind `Content-Length`",
        guessed: "a message begins with `Content-Length`, or is `initialize` with a `processId`",
    },
    About {
        decoder: Decoder::Cdp,
        name: "cdp",
        title: "Chrome DevTools Protocol",
        reads: "commands, results and events, each within its `sessionId`",
        guessed: "the path begins with `/devtools/`",
    },
    About {
        decoder: Decoder::Stomp,
        name: "stomp",
        title: "STOMP 1.0 to 1.2",
        reads: "frames with their headers; receipts and heartbeats",
        guessed: "subprotocol `v10.stomp`, `v11.stomp` or `v12.stomp`, or a first message that connects",
    },
    About {
        decoder: Decoder::Phoenix,
        name: "phoenix",
        title: "Phoenix channels",
        reads: "versions 1 and 2 and binary pushes; topics, events, replies by `ref`",
        guessed: "subprotocol `phoenix`, or `vsn=` in the query of a path that ends in `/websocket`",
    },
    About {
        decoder: Decoder::ActionCable,
        name: "actioncable",
        title: "ActionCable",
        reads: "channels, subscriptions and their confirmation, actions",
        guessed: "subprotocol `actioncable-v1-json`",
    },
    About {
        decoder: Decoder::Wamp,
        name: "wamp",
        title: "WAMP 2",
        reads: "calls, registrations, publications and events in JSON",
        guessed: "subprotocol `wamp.2.json`",
    },
    About {
        decoder: Decoder::WampMessagePack,
        name: "wamp-msgpack",
        title: "WAMP 2 in MessagePack",
        reads: "the same in MessagePack",
        guessed: "subprotocol `wamp.2.msgpack`",
    },
    About {
        decoder: Decoder::WampCbor,
        name: "wamp-cbor",
        title: "WAMP 2 in CBOR",
        reads: "the same in CBOR",
        guessed: "subprotocol `wamp.2.cbor`",
    },
    About {
        decoder: Decoder::Vite,
        name: "vite",
        title: "Vite",
        reads: "updates, reloads, errors and custom events",
        guessed: "subprotocol `vite-hmr` or `vite-ping`",
    },
    About {
        decoder: Decoder::Webpack,
        name: "webpack",
        title: "webpack-dev-server",
        reads: "builds, hashes, warnings and errors",
        guessed: "the path is `/ws`, and every message is one of its types",
    },
    About {
        decoder: Decoder::SignalR,
        name: "signalr",
        title: "SignalR",
        reads: "handshake, invocations, streams, completions and pings in JSON",
        guessed: "a message is a handshake that names the protocol `json`, and ends in the byte 1e",
    },
    About {
        decoder: Decoder::SignalRMessagePack,
        name: "signalr-msgpack",
        title: "SignalR in MessagePack",
        reads: "the same in lists of MessagePack behind their length; the handshake is JSON",
        guessed: "the same with the protocol `messagepack`",
    },
    About {
        decoder: Decoder::MessagePack,
        name: "msgpack",
        title: "MessagePack",
        reads: "one value of any type; timestamps as dates, other extensions as bytes",
        guessed: "subprotocol `msgpack`, or every message is a whole map whose first key is text",
    },
    About {
        decoder: Decoder::Cbor,
        name: "cbor",
        title: "CBOR",
        reads: "one value of any type; dates, large numbers and UUIDs by their tags, other tags beside their value",
        guessed: "subprotocol `cbor`, or every message is a whole map whose first key is text",
    },
    About {
        decoder: Decoder::Mqtt,
        name: "mqtt",
        title: "MQTT 3.1.1",
        reads: "packets of 3.1 and 3.1.1 with their topics, ids and return codes, several in one message",
        guessed: "the client's first bytes are a CONNECT of 3.1 or 3.1.1",
    },
    About {
        decoder: Decoder::Mqtt5,
        name: "mqtt-5",
        title: "MQTT 5",
        reads: "the same with properties and reason codes",
        guessed: "the client's first bytes are a CONNECT of 5",
    },
];
