//! What is said about findings in the layer `application`.

use crate::record::finding::Level;

use super::Words;

/// Browsers know nothing of what applications say.
const A_MESSAGE: &str = "hands it to the page as a message like any other";
/// What repair does where the bytes end without a close frame.
const CLOSES: &str = "sends a close frame with 1001 to the other side before the end";
/// The same of an end, which they show as they show each.
const AN_END: &str = "shows the page the end, and says nothing of its cause";

pub(super) const SOCKETIO_VERSION: Words = Words {
    level: Level::Error,
    title: "a client of Socket.IO 3 or 4 is joined by a server of Socket.IO 2",
    spec: "socket.io-protocol 5 against 4; engine.io-protocol 4 against 3",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the server runs socket.io 2 and the client socket.io-client 3 or 4: the client says connect_error, and \
        neither reads the other's pings",
    fix: "npm install socket.io@4 on the server, or socket.io-client@2 in the page; a server of version 4 takes old \
        clients with allowEIO3: true",
    repair: None,
};

pub(super) const SOCKETIO_REFUSED: Words = Words {
    level: Level::Warning,
    title: "the Socket.IO server refuses the connection to a namespace",
    spec: "socket.io-protocol 5, CONNECT_ERROR",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "a middleware of the server's (io.use) called next() with an error, or the namespace does not exist",
    fix: "look for the message in the server's io.use(); compare the path in io(\"/...\") with the server's \
        io.of(\"/...\")",
    repair: None,
};

pub(super) const SOCKETIO_NOT_A_PACKET: Words = Words {
    level: Level::Error,
    title: "a text message is no packet of Socket.IO",
    spec: "engine.io-protocol 4; socket.io-protocol 5",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "a plain WebSocket client speaks to a Socket.IO server, which closes at such a message (parse error)",
    fix: "connect with io(url) of socket.io-client, or give plain WebSockets a path and a server of their own (ws, \
        next to socket.io's path)",
    repair: None,
};

pub(super) const SOCKETIO_NO_CONNECT: Words = Words {
    level: Level::Warning,
    title: "the client opened a Socket.IO session and has not joined a namespace",
    spec: "socket.io-protocol 5, CONNECT",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "the client speaks Engine.IO and no Socket.IO: it sends no packet 40, and the server closes after its \
        connectTimeout of 45 s",
    fix: "connect with io(url) of socket.io-client 3 or 4; a client of your own sends 40 as soon as the packet 0 has \
        come",
    repair: None,
};

pub(super) const SOCKETIO_NO_PONG: Words = Words {
    level: Level::Warning,
    title: "a ping of Engine.IO got no pong",
    spec: "engine.io-protocol 4, heartbeat",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "who was pinged does not read messages, is stopped (a debugger, a sleeping machine), or is no Engine.IO \
        client; the server closes after its pingTimeout (20 s)",
    fix: "answer each message 2 with 3 (since Engine.IO 4 the server pings); socket.io-client does so, if nothing \
        blocks the page for longer than the server's pingTimeout",
    repair: None,
};

pub(super) const SOCKETIO_DISCONNECTED: Words = Words {
    level: Level::Note,
    title: "the Socket.IO server disconnects the client",
    spec: "socket.io-protocol 5, DISCONNECT",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the server's code called socket.disconnect() or io.close(); the client says \"io server disconnect\" and \
        does not connect again by itself",
    fix: "look for disconnect() in the server's code; call socket.connect() in the client's disconnect handler where \
        it is to come back",
    repair: None,
};

pub(super) const GRAPHQL_OLD_AND_NEW: Words = Words {
    level: Level::Error,
    title: "a message of one GraphQL protocol came on the subprotocol of the other",
    spec: "graphql-transport-ws, subscriptions-transport-ws PROTOCOL.md",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "one side uses subscriptions-transport-ws, the other graphql-ws",
    fix: "use graphql-ws on both sides",
    repair: None,
};

pub(super) const GRAPHQL_REFUSED: Words = Words {
    level: Level::Error,
    title: "the GraphQL server refuses the connection",
    spec: "subscriptions-transport-ws PROTOCOL.md, connection_error",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the server's onConnect threw",
    fix: "look for the message in the server's onConnect; credentials go into the client's connectionParams",
    repair: None,
};

pub(super) const GRAPHQL_ERROR: Words = Words {
    level: Level::Warning,
    title: "the GraphQL server refuses an operation",
    spec: "graphql-transport-ws, error",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the operation does not fit the schema, or the server's onSubscribe refuses it",
    fix: "correct the operation by the message",
    repair: None,
};

pub(super) const MQTT_REFUSED: Words = Words {
    level: Level::Error,
    title: "the MQTT broker refuses the client",
    spec: "MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "user name or password, the client's id, or a version that the broker does not know",
    fix: "compare username, password, clientId and protocolVersion of mqtt.connect() with the broker's configuration",
    repair: None,
};

pub(super) const MQTT_TEXT: Words = Words {
    level: Level::Error,
    title: "a text message came where MQTT takes binary ones",
    spec: "MQTT 5, 6.0 [MQTT-6.0.0-1]",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the client sends strings, or is no MQTT client: a broker closes at such a message",
    fix: "connect with mqtt.connect(url) of mqtt.js or with Paho; a client of your own sends an ArrayBuffer or a \
        Buffer",
    repair: None,
};

pub(super) const MQTT_NO_SUBPROTOCOL: Words = Words {
    level: Level::Warning,
    title: "an MQTT client's CONNECT went out without the subprotocol mqtt, and got no reply",
    spec: "MQTT 5, 6.0 [MQTT-6.0.0-3]",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "the client does not ask for the subprotocol, which brokers insist on, or a proxy took it out",
    fix: "new WebSocket(url, \"mqtt\"); mqtt.js and Paho ask for it by themselves; let the proxy pass \
        Sec-WebSocket-Protocol on",
    repair: Some(CLOSES),
};

pub(super) const MQTT_KEEP_ALIVE: Words = Words {
    level: Level::Warning,
    title: "the MQTT connection ended after the client was silent for longer than its keep-alive",
    spec: "MQTT 3.1.1, 3.1.2.10; MQTT 5, 3.1.2.10",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "most likely the broker's keep-alive: it ends the connection after one and a half times as long as CONNECT \
        says, and timers in a page that is hidden come late",
    fix: "raise keepalive in mqtt.connect() (60 s by default), or send PINGREQ in time; mqtt.js keeps its timer in a \
        worker with timerVariant: \"worker\"",
    repair: Some(CLOSES),
};

pub(super) const MQTT_DISCONNECTED: Words = Words {
    level: Level::Warning,
    title: "the MQTT broker disconnects the client",
    spec: "MQTT 5, 3.14",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the broker says why in its reason code",
    fix: "look the reason up in the broker's log",
    repair: None,
};

pub(super) const MQTT_SUBSCRIPTION_REFUSED: Words = Words {
    level: Level::Warning,
    title: "the MQTT broker refuses a subscription",
    spec: "MQTT 3.1.1, 3.9.3; MQTT 5, 3.9.3",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the broker's access list does not let this user read the topic, or the filter is wrong",
    fix: "give the user the topic in the broker's ACL (mosquitto: acl_file; aedes: authorizeSubscribe)",
    repair: None,
};

pub(super) const STOMP_NO_NUL: Words = Words {
    level: Level::Error,
    title: "a STOMP frame has no zero at its end",
    spec: "STOMP 1.2, STOMP Frames",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "a client that was written by hand leaves the zero out: the broker waits for it, and answers nothing",
    fix: "put \"\\0\" behind the body of each frame, or use @stomp/stompjs",
    repair: None,
};

pub(super) const STOMP_ERROR: Words = Words {
    level: Level::Error,
    title: "the STOMP broker answers with ERROR",
    spec: "STOMP 1.2, ERROR",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the broker says why in the frame's message header or body, and closes the connection behind it",
    fix: "look for the message in the broker's log",
    repair: None,
};

pub(super) const SIGNALR_NO_SEPARATOR: Words = Words {
    level: Level::Error,
    title: "a record of SignalR has no 1e at its end",
    spec: "SignalR HubProtocol.md, JSON Encoding",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "a client that was written by hand leaves the record separator out: the hub waits for it until its \
        HandshakeTimeout of 15 s",
    fix: "put \"\\u001e\" behind each record: ws.send('{\"protocol\":\"json\",\"version\":1}\\u001e'), or use \
        @microsoft/signalr",
    repair: None,
};

pub(super) const SIGNALR_REFUSED: Words = Words {
    level: Level::Error,
    title: "the SignalR hub refuses the handshake",
    spec: "SignalR HubProtocol.md, HandshakeResponse",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the client asks for a protocol or version that the hub does not have",
    fix: "look for the error in the server's log; AddMessagePackProtocol() for MessagePack",
    repair: None,
};

pub(super) const SIGNALR_CLOSED: Words = Words {
    level: Level::Warning,
    title: "the SignalR hub closes with an error",
    spec: "SignalR HubProtocol.md, Close",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "an exception in the hub, or in its OnConnectedAsync",
    fix: "look for the exception in the server's log",
    repair: None,
};

pub(super) const PHOENIX_REFUSED: Words = Words {
    level: Level::Warning,
    title: "a Phoenix channel refuses to be joined",
    spec: "Phoenix.Channel, join/3",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "join/3 returned an error, or no channel has that topic",
    fix: "look at the channel's join/3 and at the UserSocket's channel lines",
    repair: None,
};

pub(super) const PHOENIX_ERROR: Words = Words {
    level: Level::Warning,
    title: "a Phoenix channel crashed on the server",
    spec: "Phoenix.Socket, phx_error",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "an exception in the channel's process; the client joins it again by itself",
    fix: "look for the exception in the server's log",
    repair: None,
};

pub(super) const PHOENIX_NO_HEARTBEAT: Words = Words {
    level: Level::Warning,
    title: "the Phoenix server ended the connection, and the client had sent no heartbeat for long",
    spec: "Phoenix.Endpoint, socket/3: timeout",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "most likely the server's timeout: it ends a connection on which the client sends nothing for 60 s by \
        default",
    fix: "send [null,\"1\",\"phoenix\",\"heartbeat\",{}] every 30 s, as the package phoenix does; or raise websocket: \
        [timeout: ...] of the endpoint's socket",
    repair: None,
};

pub(super) const ACTIONCABLE_REJECTED: Words = Words {
    level: Level::Warning,
    title: "an ActionCable channel rejects a subscription",
    spec: "actioncable-v1-json, reject_subscription",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the channel's subscribed method called reject",
    fix: "look at the channel's subscribed method",
    repair: None,
};

pub(super) const ACTIONCABLE_DISCONNECTED: Words = Words {
    level: Level::Warning,
    title: "the ActionCable server disconnects the client",
    spec: "actioncable-v1-json, disconnect",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the server says why in the reason",
    fix: "look for the reason in the server's log",
    repair: None,
};

pub(super) const WAMP_ABORTED: Words = Words {
    level: Level::Error,
    title: "the WAMP router aborts the session",
    spec: "WAMP 2, ABORT",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the realm does not exist, or the client may not join it",
    fix: "compare realm and authentication with the router's configuration",
    repair: None,
};

pub(super) const WAMP_GOODBYE: Words = Words {
    level: Level::Warning,
    title: "the WAMP router ends the session",
    spec: "WAMP 2, GOODBYE",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the router says why in the reason",
    fix: "look the reason up in the router's log",
    repair: None,
};

pub(super) const APP_GREETING_UNANSWERED: Words = Words {
    level: Level::Warning,
    title: "the greeting of an application's protocol got no reply",
    spec: "GraphQL, MQTT, STOMP, SignalR, WAMP: each begins with a greeting and its reply",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "what accepts the WebSocket does not speak the protocol, or waits for something itself: a database, an \
        authentication, a broker behind it",
    fix: "compare the path with the one that the server has for this protocol, and look at the server's log",
    repair: None,
};

pub(super) const APP_TEXT_AS_BINARY: Words = Words {
    level: Level::Warning,
    title: "text that the client sent comes back as bytes",
    spec: "RFC 6455 5.6",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "most likely ws 8 or later: its message event hands over a Buffer for text, too, and send() makes a binary \
        message of a Buffer",
    fix: "ws: ws.on(\"message\", (data, isBinary) => other.send(data, { binary: isBinary })); elsewhere send a string; \
        a page gets a Blob for bytes",
    repair: None,
};

pub(super) const APP_JSON_AS_BINARY: Words = Words {
    level: Level::Note,
    title: "a binary message holds JSON, which the client sends as text",
    spec: "RFC 6455 5.6",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "the server sends encoded bytes (a Buffer, json.dumps().encode()) where it could send a string: a page gets \
        a Blob, and JSON.parse of it fails",
    fix: "send a string, not bytes: ws.send(buffer.toString()), or send(data, { binary: false }); a page that expects \
        bytes reads await event.data.text()",
    repair: None,
};

pub(super) const APP_FIRST_UNANSWERED: Words = Words {
    level: Level::Note,
    title: "the client's first message got no reply, and the next ones did",
    spec: "WebSocket API: events without a listener are lost",
    chrome: A_MESSAGE,
    firefox: A_MESSAGE,
    safari: A_MESSAGE,
    differs: &[],
    from_client: None,
    cause: "most likely the server adds its message listener late, after an await: what comes before that is lost",
    fix: "add the listener in the connection handler before anything is awaited (ws: ws.on(\"message\", ...) first), \
        or let the client wait for a greeting of the server's",
    repair: None,
};

pub(super) const APP_HEARTBEAT_BROKEN: Words = Words {
    level: Level::Warning,
    title: "the server ended the connection behind its first ping, though it was answered",
    spec: "RFC 6455 5.5.2, 5.5.3",
    chrome: AN_END,
    firefox: AN_END,
    safari: AN_END,
    differs: &[],
    from_client: None,
    cause: "most likely the server's own heartbeat does not see pongs: it marks the connection as dead before the ping \
        and nothing marks it as alive",
    fix: "ws: ws.on(\"pong\", () => { ws.isAlive = true }) on each connection, as its README has it; or clear the \
        time-out of the ping there",
    repair: Some(CLOSES),
};
