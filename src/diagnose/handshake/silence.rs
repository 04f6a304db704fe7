//! Answers that are none: other bytes than HTTP, an end before or inside the head, no connection at all.

use std::time::Duration;

use crate::diagnose::NoResponse;
use crate::diagnose::chrome::{self, Fault};
use crate::diagnose::inquiry::Protocol;
use crate::diagnose::net_errors::NoConnection;
use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;
use crate::wire::head::Head;

use super::syntax;
use super::told::shown;

/// What was found where no whole response came: `head` is what came of it, in the time for which it was `waited`.
#[must_use]
pub fn no_response(end: NoResponse, request: &[u8], head: &[u8], waited: Duration) -> Finding {
    match end {
        NoResponse::NotHttp => {
            let fault = chrome::no_http(Head::new(request).value("host"), head);
            let finding = not_http(&fault, head);
            finding.chrome(fault.words)
        }
        NoResponse::Nothing => nothing(request, waited).chrome(end.words()),
        NoResponse::Reset => Finding::new(FindingKind::TcpResetInHandshake, Place::Connection)
            .detail(match head.len() {
                0 => "the server reset the connection before it answered".to_owned(),
                length => format!("the server reset the connection after {length} bytes of its response"),
            })
            .chrome(end.words()),
        NoResponse::CutShort => syntax::cut_off(head).unwrap_or_else(|| cut_short(head)).chrome(end.words()),
    }
}

/// How long engine.io, which is under Socket.IO, leaves an upgrade alone that is for another path than its own:
/// `destroyUpgradeTimeout` in its server's `attach` (engine.io 6.6), 1004 ms as measured.
const ENGINE_IO: Duration = Duration::from_millis(1000);
/// How much later the end may come.
const LATER: Duration = Duration::from_millis(150);

fn nothing(request: &[u8], waited: Duration) -> Finding {
    let finding = Finding::new(FindingKind::TcpClosedBeforeResponse, Place::Connection);
    let is_its_own = Head::new(request).target().windows(5).any(|part| part == b"EIO=4");
    if !(ENGINE_IO..=ENGINE_IO + LATER).contains(&waited) || is_its_own {
        return finding.detail("the server took the request and closed the connection without a byte");
    }
    let milliseconds = waited.as_millis();
    finding.detail(format!("the server took the request and closed the connection {milliseconds} ms later, without a byte")).cause(
        "most likely a Socket.IO server: engine.io ends upgrades for other paths than its own after 1000 ms, and nobody \
         else handles this one",
        "connect with socket.io-client, or to /socket.io/?EIO=4&transport=websocket; a WebSocket server of your own beside \
         it needs its path, as in new WebSocketServer({ server, path })",
    )
}

fn cut_short(head: &[u8]) -> Finding {
    let finding = Finding::new(FindingKind::HttpStatus101Truncated, Place::Head).bytes(head, head.len(), 0);
    let line = shown(Head::of_response(head).start_line());
    if head.ends_with(b"\n") {
        finding.detail(format!("{line}: the connection ended where the empty line should be")).cause(
            "the empty line at the end of the head was not sent: one line end too few",
            "end the head with \\r\\n\\r\\n",
        )
    } else {
        finding.detail(format!("{line}: the connection ended in the middle of a line"))
    }
}

/// First bytes that are no HTTP, with the protocol that they are where they show it.
pub(super) fn not_http(fault: &Fault, bytes: &[u8]) -> Finding {
    let finding = Finding::new(fault.kind, Place::Head).bytes(bytes, fault.at.start, fault.at.len());
    let finding = finding.detail(format!("the first bytes are {}", text::preview(bytes, 60)));
    let other = Protocol::of_greeting(bytes).map(Protocol::why);
    match other.or_else(|| speaks(bytes).map(|(cause, fix)| (cause.into(), fix.into()))) {
        Some((cause, fix)) => finding.cause(cause, fix),
        None => finding,
    }
}

const STATUS_FIRST: &str = "begin the response with HTTP/1.1 101 Switching Protocols";

fn speaks(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty())?;
    let word = line.split(|byte| *byte == b' ').next()?;
    let has_status = line.windows(5).any(|window| window == b" 101 ");
    Some(match bytes {
        [0x16 | 0x15, 0x03, ..] => ("the server speaks TLS on this port", "use wss:// in the upstream's URL"),
        [0, 0, _, 4, ..] => ("the server speaks HTTP/2 without asking", "let it speak HTTP/1.1 on this port"),
        [0x81 | 0x82, ..] => ("the server sends frames without having answered the handshake", STATUS_FIRST),
        [b'<', ..] => ("a page was sent without a status line and fields", STATUS_FIRST),
        _ if has_status => ("the status line does not begin with HTTP", STATUS_FIRST),
        _ if line.ends_with(b" HTTP/1.1") => ("the server sent a request line: most likely it echoes", STATUS_FIRST),
        _ if bytes.windows(4).take(512).any(|window| window.eq_ignore_ascii_case(b"http")) => {
            ("more than four bytes stand in front of the status line", "send nothing before the status line")
        }
        _ if word.ends_with(b":") => ("the status line is missing: the response begins with a field", STATUS_FIRST),
        _ => return None,
    })
}

/// Time after which a client that leaves is one that gave up, and no page that closes what it has just opened.
const GAVE_UP: Duration = Duration::from_secs(3);

/// Whether a client that leaves after so long has given up, and did not close what it had just opened.
#[must_use]
pub fn has_waited(waited: Duration) -> bool {
    waited >= GAVE_UP
}

/// A client that left before there was a response, for which it had waited so long.
#[must_use]
pub fn page_left(waited: Duration) -> Finding {
    let finding = Finding::new(FindingKind::PageClosedWhileConnecting, Place::Connection);
    if !has_waited(waited) {
        return finding.detail("the client closed the connection before the server had answered");
    }
    let seconds = waited.as_secs_f64();
    finding.detail(format!("the client closed the connection after {seconds:.1} s without the server's response")).cause(
        "the server did not answer the handshake: the page's own limit of time ended the wait, or the page was left",
        "look where the server waits before its 101: nobody handles this upgrade, one worker serves another session, or the \
         handler does slow work first",
    )
}

/// A client that left while the connection to the upstream was still being made, for which it had waited so long.
#[must_use]
pub fn page_left_unconnected(waited: Duration) -> Finding {
    let seconds = waited.as_secs_f64();
    let finding = Finding::new(FindingKind::PageClosedWhileConnecting, Place::Connection);
    finding.detail(format!("the client closed the connection after {seconds:.1} s, before the upstream had taken it")).cause(
        "the upstream did not take the connection: a firewall may drop the packets, its backlog may be full, or the \
         address may belong to no machine",
        "see that the server runs, accepts and is reachable from this machine; compare its address with --upstream",
    )
}

/// A server that took the request and did not answer.
#[must_use]
pub fn timed_out(limit: Duration) -> Finding {
    Finding::new(FindingKind::HandshakeTimeout, Place::Connection)
        .detail(format!("the server took the request and sent nothing for {} s", limit.as_secs_f32()))
        .chrome("WebSocket opening handshake timed out")
}

/// A client that speaks TLS where wsproxy listens without it.
#[must_use]
pub fn client_hello(bytes: &[u8]) -> Option<Finding> {
    matches!(bytes, [0x16, 0x03, ..]).then(|| {
        Finding::new(FindingKind::TlsClientHelloOnPlainPort, Place::Stream)
            .bytes(bytes, 0, bytes.len().min(5))
            .detail("a TLS handshake came where a request is expected")
            .chrome(NoConnection::NotTls.words())
    })
}

/// Bytes of a head of which Chrome takes no more.
pub const CHROME_HEAD: usize = 256 * 1024;

/// A head that is larger than Chrome takes; `None` where it is not.
#[must_use]
pub fn too_large(head: &[u8]) -> Option<Finding> {
    (head.len() > CHROME_HEAD).then(|| {
        Finding::new(FindingKind::HttpHeaderTooLarge, Place::Head)
            .bytes(head, CHROME_HEAD, 0)
            .detail(format!("the head is {} bytes long or longer", head.len()))
            .chrome("Error during WebSocket handshake: net::ERR_RESPONSE_HEADERS_TOO_BIG")
    })
}
