//! Which decoder reads a session's messages: by the subprotocol, the path, and the first of them.
//!
//! A guess is careful: a decoder is chosen only where it reads each of the messages given, and where in doubt none is.

use crate::record::Side;

use super::content;
use super::limits::Limits;
use super::mqtt;
use super::yjs;
use super::{Decoder, Format, Payload};

/// What is known of a session apart from its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context<'a> {
    /// The path and the query of the request.
    pub path: &'a [u8],
    /// The subprotocol in the response.
    pub subprotocol: Option<&'a str>,
}

/// Messages that are looked at: further ones make no difference.
pub const MESSAGES: usize = 16;
/// Bytes in which a CONNECT of MQTT has told its version.
const CONNECT: usize = 16;

/// The same where the user gave decoders, which go first: one is taken if all messages fit it.
#[must_use]
pub fn guess_with(given: &[Decoder], context: &Context<'_>, first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    let first = first.get(..MESSAGES).unwrap_or(first);
    let fits = |decoder: &Decoder| match decoder {
        Decoder::Described(schema) => schema.fits(first),
        // Most programs print something for any bytes.
        Decoder::Program(_) => false,
        decoder => first.iter().all(|(from, payload)| decoder.read(*from, *payload, &Limits::ROW).is_ok()),
    };
    given.iter().copied().find(|decoder| !first.is_empty() && fits(decoder)).or_else(|| guess(context, first))
}

/// The decoder for a session, by its first messages: the more the better, and as many as come cheaply.
#[must_use]
pub fn guess(context: &Context<'_>, first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    let first = first.get(..MESSAGES).unwrap_or(first);
    let fits =
        |decoder: &Decoder| first.iter().all(|(from, payload)| decoder.read(*from, *payload, &Limits::ROW).is_ok());
    by_subprotocol(context)
        .filter(fits)
        .or_else(|| by_path(context, first).filter(fits))
        .or_else(|| by_connect(first).filter(fits))
        .or_else(|| first.iter().find_map(|(from, payload)| by_message(*from, *payload)).filter(fits))
        .or_else(|| Some(Decoder::Yjs).filter(|decoder| are_synchronised(first) && fits(decoder)))
        .or_else(|| by_maps(first).filter(fits))
        .or_else(|| Some(Decoder::Content).filter(|_| speak_for_themselves(first)))
        .or_else(|| Some(Decoder::Json).filter(|_| are_json(first)))
}

/// The decoder that the circumstances speak for, or a message that gives its protocol away, whether or not all messages fit
/// it: for who asks what is wrong with them.
#[must_use]
pub fn meant(context: &Context<'_>, first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    by_subprotocol(context)
        .or_else(|| by_path(context, &[]))
        .or_else(|| by_connect(first))
        .or_else(|| first.iter().find_map(|(from, payload)| by_message(*from, *payload)))
}

fn by_subprotocol(context: &Context<'_>) -> Option<Decoder> {
    Some(match context.subprotocol? {
        "graphql-transport-ws" | "graphql-ws" => Decoder::GraphQl,
        "v10.stomp" | "v11.stomp" | "v12.stomp" => Decoder::Stomp,
        "phoenix" => Decoder::Phoenix,
        "actioncable-v1-json" => Decoder::ActionCable,
        "wamp.2.json" => Decoder::Wamp,
        "wamp.2.msgpack" => Decoder::WampMessagePack,
        "wamp.2.cbor" => Decoder::WampCbor,
        "msgpack" => Decoder::MessagePack,
        "cbor" => Decoder::Cbor,
        "vite-hmr" | "vite-ping" => Decoder::Vite,
        _ => return None,
    })
}

fn by_path(context: &Context<'_>, first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    let (path, query) = split(context.path);
    let has = |pair: &str| query.split(|byte| *byte == b'&').any(|found| found == pair.as_bytes());
    if has("transport=websocket") || contains(path, "/socket.io/") || contains(path, "/engine.io/") {
        if has("EIO=4") {
            return Some(Decoder::SocketIo);
        }
        if has("EIO=3") {
            return Some(Decoder::SocketIo2);
        }
    }
    if path.starts_with(b"/devtools/") {
        return Some(Decoder::Cdp);
    }
    if path.ends_with(b"/websocket") && query.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"vsn=")) {
        return Some(Decoder::Phoenix);
    }
    if is_sockjs(path) {
        return Some(Decoder::SockJs);
    }
    (path == b"/ws" && !first.is_empty()).then_some(Decoder::Webpack)
}

/// The decoder for a client that begins with a CONNECT of MQTT, which may come in pieces.
fn by_connect(first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    let client = first.iter().filter(|(from, _)| *from == Side::Client);
    let client = client.take_while(|(_, payload)| payload.format == Format::Binary);
    let start: Vec<u8> = client.flat_map(|(_, payload)| payload.bytes).take(CONNECT).copied().collect();
    mqtt::connects(&start).map(|version| match version {
        mqtt::Version::Three => Decoder::Mqtt,
        mqtt::Version::Five => Decoder::Mqtt5,
    })
}

/// The decoder that a message by itself speaks for.
fn by_message(from: Side, payload: Payload<'_>) -> Option<Decoder> {
    let bytes = payload.bytes;
    match payload.format {
        Format::Text if from == Side::Server && bytes.starts_with(b"0{") && contains(bytes, "\"pingInterval\"") => {
            // Engine.IO 4 tells the greatest payload, 3 does not.
            Some(if contains(bytes, "\"maxPayload\"") { Decoder::SocketIo } else { Decoder::SocketIo2 })
        }
        _ if bytes.starts_with(b"{\"protocol\":\"json\"") && bytes.contains(&0x1e) => Some(Decoder::SignalR),
        _ if bytes.starts_with(b"{\"protocol\":\"messagepack\"") && bytes.contains(&0x1e) => {
            Some(Decoder::SignalRMessagePack)
        }
        Format::Text
            if from == Side::Client && bytes.starts_with(b"{\"msg\":\"connect\"") && contains(bytes, "\"support\"") =>
        {
            Some(Decoder::Ddp)
        }
        _ if bytes.starts_with(b"Content-Length:") => Some(Decoder::Lsp),
        Format::Text
            if [&b"CONNECT\n"[..], b"CONNECT\r\n", b"STOMP\n", b"STOMP\r\n"]
                .iter()
                .any(|start| bytes.starts_with(start)) =>
        {
            Some(Decoder::Stomp)
        }
        Format::Text if Decoder::JsonRpc.read(from, payload, &Limits::ROW).is_ok() => {
            let is_lsp = contains(bytes, "\"initialize\"") && contains(bytes, "\"processId\"");
            Some(if is_lsp { Decoder::Lsp } else { Decoder::JsonRpc })
        }
        _ => None,
    }
}

/// Whether messages have both steps of a synchronisation of Yjs: one alone is a few zeros.
fn are_synchronised(first: &[(Side, Payload<'_>)]) -> bool {
    let has = |step| first.iter().any(|(_, payload)| yjs::step(payload.bytes) == Some(step));
    has(0) && has(1)
}

/// The decoder for a session whose messages all begin as maps whose first key is text.
fn by_maps(first: &[(Side, Payload<'_>)]) -> Option<Decoder> {
    let mut decoders = first.iter().map(|(_, payload)| {
        Some(payload)
            .filter(|payload| payload.format == Format::Binary && payload.is_whole)
            .and_then(|payload| map(payload.bytes))
    });
    let decoder = decoders.next().flatten()?;
    decoders.all(|other| other == Some(decoder)).then_some(decoder)
}

/// The decoder for bytes that begin as a map of MessagePack or CBOR whose first key is text.
pub(super) fn map(bytes: &[u8]) -> Option<Decoder> {
    match bytes {
        [0x81..=0x8f, 0xa1..=0xbf | 0xd9, ..] => Some(Decoder::MessagePack),
        _ => is_map_of_cbor(bytes).then_some(Decoder::Cbor),
    }
}

/// Whether bytes begin as a map of CBOR that is not empty and has text for its first key. The tag that says "this is CBOR"
/// may stand before it.
fn is_map_of_cbor(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(&[0xd9, 0xd9, 0xf7]).unwrap_or(bytes);
    let key = match bytes {
        [0xa1..=0xb7 | 0xbf, key, ..] | [0xb8, _, key, ..] | [0xb9, _, _, key, ..] => *key,
        _ => return false,
    };
    matches!(key, 0x61..=0x78)
}

/// Whether all binary messages of a session are packed or pictures, and there is one.
fn speak_for_themselves(first: &[(Side, Payload<'_>)]) -> bool {
    let mut binary = first.iter().filter(|(_, payload)| payload.format == Format::Binary).peekable();
    binary.peek().is_some() && binary.all(|(_, payload)| content::speaks_for_itself(payload.bytes))
}

/// Whether all of a session's messages are objects or lists, and there is one.
fn are_json(first: &[(Side, Payload<'_>)]) -> bool {
    !first.is_empty()
        && first.iter().all(|(from, payload)| {
            payload.format == Format::Text
                && matches!(payload.bytes.trim_ascii_start().first(), Some(b'{' | b'['))
                && Decoder::Json.read(*from, *payload, &Limits::ROW).is_ok()
        })
}

/// Whether a path ends in a server's number, a session's name and the word websocket, as SockJS has it.
fn is_sockjs(path: &[u8]) -> bool {
    let mut segments = path.rsplit(|byte| *byte == b'/');
    let is_websocket = segments.next() == Some(b"websocket");
    let is_session = segments.next().is_some_and(|session| !session.is_empty() && !session.contains(&b'.'));
    let is_server = segments.next().is_some_and(|server| server.len() == 3 && server.iter().all(u8::is_ascii_digit));
    is_websocket && is_session && is_server
}

/// The path, and the query behind its question mark.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = path.splitn(2, |byte| *byte == b'?');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}
