//! Ends: what a close frame of the server's says itself, and who cut where there is none, which the silence before it
//! tells.

use std::time::Duration;

use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{Ending, FrameNumber, Side};
use crate::text;
use crate::wire::close::Code;
use crate::wire::head::Head;

use super::application;

/// The shortest limit for a silence that is told as one.
const SHORTEST: Duration = Duration::from_secs(2);
/// How far behind its limit a proxy cuts: 15 ms were measured for nginx 1.22 at 60 s, 0 ms for HAProxy 2.6 at 2 s.
const BEHIND: Duration = Duration::from_millis(100);
/// How far before its limit: nginx's clock stands still between two rounds of its loop (8 ms were measured at 2 s).
const BEFORE: Duration = Duration::from_millis(20);

/// The end of a side's bytes without a close frame, after `silence` in both directions. `was_asked` where the other side
/// had sent its close frame; `response` is the head that opened the session, where that side sent it.
#[must_use]
pub fn without_close(from: Side, how: Ending, was_asked: bool, silence: Duration, response: &[u8]) -> Finding {
    let end = match how {
        Ending::Fin => "a FIN",
        Ending::Reset => "a reset",
    };
    if was_asked {
        return Finding::new(FindingKind::CloseNoReply, Place::Connection)
            .detail(format!("{end} came without a close frame"));
    }
    let seconds = silence.as_secs_f64();
    if is_limit(silence) {
        let detail =
            format!("{end} came from the {}, after {seconds:.1} s without a byte in either direction", from.name());
        let seconds = (silence + BEFORE).as_secs();
        let (cause, fix) = if is_from_nginx(response) { cut_by_nginx(seconds) } else { cut(from, seconds) };
        return Finding::new(FindingKind::TcpIdleTimeout, Place::Connection).detail(detail).cause(cause, fix);
    }
    let detail = if silence < Duration::from_secs(1) {
        format!("{end} came without a close frame")
    } else {
        format!("{end} came without a close frame, after {seconds:.1} s without a byte")
    };
    let finding = Finding::new(FindingKind::TcpDropAfterOpen, Place::Connection).detail(detail);
    if from == Side::Server {
        // Nothing on the way cuts so soon.
        let is_at_once = silence <= AT_ONCE && how == Ending::Fin;
        return if is_at_once { finding.cause(ENDED_AT_ONCE.0, ENDED_AT_ONCE.1) } else { finding };
    }
    finding.cause(
        "a page never ends so: a proxy or VPN between browser and wsproxy may have cut the connection, the network may \
         have been lost, or the browser killed",
        "if it comes back: look at the proxy or VPN in front of wsproxy, and send a ping every 20 to 30 seconds",
    )
}

/// What ends without a close frame, as soon as something was said: uvicorn where a handler throws or returns, Node where the
/// process crashes.
const ENDED_AT_ONCE: (&str, &str) = (
    "most likely the server's handler threw or returned, or its process crashed, over what came just before: nothing on the way \
     cuts so soon behind it",
    "look into the server's log for the exception; keep the handler in its loop until the client closes, and close with a code \
     (1000, or 1011 where something failed)",
);

/// How soon behind the opening or the first message a close comes of a handler that has returned.
pub const AT_ONCE: Duration = Duration::from_millis(100);

/// A server that closed so long after `what`, without a reason: `None` where that is no sign of a handler that returned.
#[must_use]
pub fn at_once(code: Option<Code>, reason: &[u8], what: &str, after: Duration) -> Option<Finding> {
    let gives_none = matches!(code, None | Some(Code::NORMAL)) && reason.is_empty();
    let code = code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"));
    let detail = format!("it closed {code}, {} ms after {what}", after.as_millis());
    (gives_none && after <= AT_ONCE).then(|| Finding::new(FindingKind::CloseAtOnce, Place::Connection).detail(detail))
}

/// Whether a finding of that kind says how a session that had opened ended, and why.
#[must_use]
pub const fn is_of_end(kind: FindingKind) -> bool {
    application::is_of_end(kind)
        || matches!(
            kind,
            FindingKind::TcpDropAfterOpen
                | FindingKind::TcpIdleTimeout
                | FindingKind::FrameTruncated
                | FindingKind::FrameMissingFin
                | FindingKind::CloseNoReply
                | FindingKind::CloseCleanErrorCodes
                | FindingKind::CloseOwnReason
        )
}

/// Whether a proxy or load balancer has a limit of so long by default.
pub(super) fn is_known_limit(silence: Duration) -> bool {
    is_limit(silence) && known(silence.as_secs()).is_some()
}

/// Whether it is so near behind whole seconds that most likely a limit ended it.
pub(super) fn is_limit(silence: Duration) -> bool {
    let silence = silence + BEFORE;
    silence >= SHORTEST && silence - Duration::from_secs(silence.as_secs()) <= BEFORE + BEHIND
}

/// Where a limit for silence is, and how to raise it, which more than one session was cut by.
#[must_use]
pub fn limit(from: Side, silence: Duration) -> (String, String) {
    let whole = silence + BEFORE;
    let (seconds, words) = match is_limit(silence) {
        true => (whole.as_secs(), whole.as_secs().to_string()),
        false => (0, format!("{:.2}", silence.as_secs_f64())),
    };
    let whose = known(seconds).map_or(String::new(), |whose| format!(" ({whose})"));
    (format!("it is a limit of {words} s for silence, {}{whose}", place(from)), raise(&words))
}

const fn place(from: Side) -> &'static str {
    match from {
        Side::Server => "of a proxy or load balancer between wsproxy and the server, or of the server itself",
        Side::Client => "of a proxy or load balancer between the client and wsproxy",
    }
}

fn raise(seconds: &str) -> String {
    format!(
        "send a ping from the server more often than every {seconds} s, or raise the limit (nginx: proxy_read_timeout 3600s; \
         HAProxy: timeout tunnel 1h; Varnish: -p pipe_timeout=3600; AWS ELB: idle timeout of the load balancer)"
    )
}

/// Whether nginx passed on the response that opened a session: it writes Server itself.
fn is_from_nginx(response: &[u8]) -> bool {
    Head::of_response(response).value("server").is_some_and(|server| server.starts_with(b"nginx"))
}

fn cut_by_nginx(seconds: u64) -> (String, String) {
    let default = if seconds == 60 { ", which is its default" } else { "" };
    (
        format!("most likely nginx's proxy_read_timeout of {seconds} s{default}: the response names nginx as Server"),
        format!(
            "in nginx's location for the path: proxy_read_timeout 3600s; or send a ping from the server more often than every \
             {seconds} s"
        ),
    )
}

/// Who may have such a limit, and how to raise it. Whole seconds alone are no proof: a chance of one in ten is left.
fn cut(from: Side, seconds: u64) -> (String, String) {
    let place = place(from);
    let cause = match known(seconds) {
        Some(whose) => format!("most likely a limit of {seconds} s for silence, {place} ({whose})"),
        None => format!("it may be a limit of {seconds} s for silence, {place}"),
    };
    (cause, raise(&seconds.to_string()))
}

/// Whose limit so many seconds are, by its documentation.
const fn known(seconds: u64) -> Option<&'static str> {
    Some(match seconds {
        55 => "Heroku's limit is 55 s",
        60 => "nginx's proxy_read_timeout and AWS's ELB are 60 s by default",
        100 => "Cloudflare's limit is 100 s",
        240 => "Azure's limit is 240 s",
        350 => "AWS's NLB is 350 s",
        _ => return None,
    })
}

/// Whether a server that closes with that code had another reason than that all is done.
#[must_use]
pub const fn tells_why(code: Code) -> bool {
    code.is_sendable() && code.value() > Code::GOING_AWAY.value()
}

/// What a server's close with such a code is: trouble (RFC 6455 7.4.1), or a matter of its own. 1012 is how servers say
/// that they restart, which is no trouble.
#[must_use]
pub const fn closed(code: Code) -> FindingKind {
    match code.value() {
        1012 | 3000.. => FindingKind::CloseOwnReason,
        _ => FindingKind::CloseCleanErrorCodes,
    }
}

/// The cause of a server's close and what to do about it, where the frame says it.
#[must_use]
pub fn why_closed(code: Code, reason: &[u8]) -> Option<(String, String)> {
    let is_own = closed(code) == FindingKind::CloseOwnReason;
    if let Some((cause, fix)) = graphql(code, reason) {
        return Some((cause.to_owned(), fix.to_owned()));
    }
    if !reason.is_empty() {
        let fix = if is_own {
            format!("look for that sentence, or for {code}, in the server's code: the check beside it decides")
        } else {
            "look for that sentence in the server's log and code".to_owned()
        };
        return Some((format!("the server says why itself: {}", text::preview(reason, 125)), fix));
    }
    is_own.then(|| {
        (
            format!("the server gives no reason but its code, {code} ({})", code.name()),
            format!("look for {code} in the server's code, or in the documentation of its library"),
        )
    })
}

/// Limits for a message: bytes, whose they are by default, and the option. Read in ws 8.23's and engine.io 6.6's sources, in
/// websockets 10.4's, aiohttp 3's, Tornado 6.6's and uvicorn 0.54's.
const LARGEST: [(u64, &str, &str); 6] = [
    (1_000_000, "socket.io", "maxHttpBufferSize"),
    (1 << 20, "Python's websockets", "max_size"),
    (4 << 20, "aiohttp", "max_msg_size"),
    (10 << 20, "Tornado", "websocket_max_message_size"),
    (16 << 20, "uvicorn", "--ws-max-size"),
    (100 << 20, "ws", "maxPayload"),
];

/// Which message a server found too large that closes with 1009: the largest of the client's last ones, and its bytes. Gives
/// the cause, and what to do.
#[must_use]
pub fn too_large(frame: FrameNumber, length: u64, reason: &[u8]) -> (String, String) {
    let said = match reason {
        [] => String::new(),
        reason => format!("; the server says {}", text::preview(reason, 125)),
    };
    let passed =
        LARGEST.iter().filter(|(limit, ..)| length > *limit).map(|(limit, whose, _)| format!("{whose} {limit}"));
    let passed = passed.collect::<Vec<_>>().join(", ");
    let limits = if passed.is_empty() {
        "that is less than libraries allow by default, so that the server sets a limit of its own".to_owned()
    } else {
        format!("more than the default of: {passed}")
    };
    let cause = format!("most likely the client's message of frame {frame}, which has {length} bytes{said}; {limits}");
    let options = LARGEST.iter().filter(|(limit, ..)| length > *limit || passed.is_empty());
    let options = options.map(|(_, whose, option)| format!("{whose}: {option}")).collect::<Vec<_>>().join("; ");
    (cause, format!("send it in smaller messages, or raise the server's limit ({options})"))
}

/// Closes of graphql-ws by the words that it alone has (its `makeServer`, version 6.4.2).
fn graphql(code: Code, reason: &[u8]) -> Option<(&'static str, &'static str)> {
    Some(match (code.value(), reason) {
        (4406, b"Subprotocol not acceptable") => (
            "this GraphQL server speaks graphql-transport-ws, and the client did not ask for that subprotocol",
            "use the client of the package graphql-ws in place of subscriptions-transport-ws, or new WebSocket(url, \
             \"graphql-transport-ws\")",
        ),
        (4408, b"Connection initialisation timeout") => (
            "the client did not send {\"type\":\"connection_init\"} in the time that this GraphQL server gives it (3 s by default)",
            "send connection_init as the first message, as graphql-ws's createClient() does",
        ),
        (4429, b"Too many initialisation requests") => (
            "the client sent connection_init twice to this GraphQL server",
            "send connection_init once for each connection",
        ),
        (4409, reason) if reason.starts_with(b"Subscriber for ") => (
            "the client subscribed twice with the same id at this GraphQL server",
            "give each operation under way an id of its own",
        ),
        (4400, b"Invalid message received") => (
            "the client sent what is no message of graphql-transport-ws: start and stop are of the older protocol, subscribe \
             takes a string as id and an object with a query as payload",
            "use createClient() of the package graphql-ws in the client (Apollo: GraphQLWsLink in place of WebSocketLink)",
        ),
        (4403, b"Forbidden") => (
            "the GraphQL server's onConnect refused the client: it returned false",
            "look at onConnect of the server's useServer(): credentials go into the client's connectionParams",
        ),
        (4401, b"Unauthorized") => (
            "the server says Unauthorized; graphql-ws does so where a client subscribes before connection_ack has come",
            "wait for connection_ack before subscribing; else send the credentials that the server asks for",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_after(milliseconds: u64, response: &[u8]) -> Finding {
        without_close(Side::Server, Ending::Fin, false, Duration::from_millis(milliseconds), response)
    }

    #[test]
    fn a_silence_of_whole_seconds_is_a_limit_and_a_proxy_that_names_itself_is_named() {
        let nginx = b"HTTP/1.1 101 Switching Protocols\r\nServer: nginx/1.22.1\r\n\r\n";
        for milliseconds in [1992, 2000, 2066, 60_015] {
            let found = cut_after(milliseconds, nginx);
            assert_eq!(found.kind, FindingKind::TcpIdleTimeout, "{milliseconds}");
            assert!(found.cause.unwrap().contains("nginx's proxy_read_timeout of"));
        }
        assert!(cut_after(55_000, b"").cause.unwrap().contains("Heroku"));
        for milliseconds in [0, 1000, 1900, 2300] {
            assert_eq!(cut_after(milliseconds, nginx).kind, FindingKind::TcpDropAfterOpen, "{milliseconds}");
        }
    }

    #[test]
    fn what_a_close_says_itself_is_the_cause() {
        let cause =
            |code, reason: &[u8]| why_closed(Code::new(code), reason).map(|(cause, _)| cause).unwrap_or_default();
        assert_eq!(cause(1011, b"database connection lost"), "the server says why itself: database connection lost");
        assert!(cause(4408, b"Connection initialisation timeout").contains("connection_init"));
        assert!(cause(4409, b"Subscriber for 7 already exists").contains("the same id"));
        assert!(cause(4000, b"").contains("no reason but its code, 4000"));
        assert_eq!(cause(1011, b""), "");
    }
}
