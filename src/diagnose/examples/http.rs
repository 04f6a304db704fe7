//! Examples of the layers `tcp` and `http`.

use crate::record::Side;
use crate::record::finding::FindingKind;

use super::{
    ANSWER, Example, HELLO, REQUEST, Scene, Step, answer_and, answer_with, answered, client, scene, server, told,
};

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::HttpStatus200 => status("200 OK"),
        FindingKind::HttpStatus3xx => answered(
            "HTTP/1.1 301 Moved Permanently\r\nLocation: http://localhost:9000/chat/\r\nContent-Length: 0\r\n\r\n",
        ),
        FindingKind::HttpStatus400 => status("400 Bad Request"),
        FindingKind::HttpStatus401 => {
            answered("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"chat\"\r\nContent-Length: 0\r\n\r\n")
        }
        FindingKind::HttpStatus403 => status("403 Forbidden"),
        FindingKind::HttpStatus404 => status("404 Not Found"),
        FindingKind::HttpStatus407 => status("407 Proxy Authentication Required"),
        FindingKind::HttpStatus426 => {
            answered("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n")
        }
        FindingKind::HttpStatus5xx => status("502 Bad Gateway"),
        FindingKind::HttpStatus101Truncated => scene([server(cut(ANSWER, 60)), Step::Fin(Side::Server)]),
        FindingKind::HttpMissingBlankLine => {
            scene([server(cut(ANSWER, ANSWER.len() - 2)), server(HELLO), Step::Fin(Side::Server)])
        }
        FindingKind::HttpVersion10 => answer_with("HTTP/1.1", "HTTP/1.0"),
        FindingKind::HttpStatusLineMalformed => answer_with("HTTP/1.1 101 Switching", "HTTP 101 Switching"),
        FindingKind::HttpStatusUnparsable => {
            scene([server(ANSWER.replacen("HTTP/1.1 101", "HTTP/1.1\t101", 1)), Step::Fin(Side::Server)])
        }
        FindingKind::HttpHeaderTooLarge => answer_and(&format!("X-Large: {}", "a".repeat(300_000))),
        FindingKind::HttpDupLocationLength => answer_and("Content-Length: 5\r\nContent-Length: 6"),
        FindingKind::Http101WithBody => answer_and("Content-Length: 5"),
        FindingKind::Http100Or103First => scene([server("HTTP/1.1 100 Continue\r\n\r\n"), server(ANSWER)]),
        FindingKind::HttpPipelinedEarlyData => scene([client(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")]),
        FindingKind::HttpUpgradeStripped => Example::Scene(Scene {
            request: REQUEST
                .replace("Connection: Upgrade", "Connection: close")
                .replace("Upgrade: websocket\r\n", "")
                .replace("HTTP/1.1", "HTTP/1.0")
                .into(),
            steps: Vec::new(),
        }),
        _ => syntax(kind),
    }
}

/// Line ends, and bytes where none belong.
fn syntax(kind: FindingKind) -> Example {
    match kind {
        FindingKind::HttpExtraCrlf => answered([ANSWER.as_bytes(), b"\r\n", HELLO].concat()),
        FindingKind::HttpExtraLf => answered([ANSWER.as_bytes(), b"\n", HELLO].concat()),
        FindingKind::HttpLfOnly => answered(ANSWER.replace("\r\n", "\n")),
        FindingKind::HttpCrcrlf => scene([server(ANSWER.replace('\n', "\r\n")), Step::Fin(Side::Server)]),
        FindingKind::HttpCrOnly => scene([server(ANSWER.replace('\n', "")), Step::Fin(Side::Server)]),
        FindingKind::HttpLfcr => answered(ANSWER.replace("\r\n", "\n\r")),
        FindingKind::HttpLiteralEscapes => scene([server(ANSWER.replace("\r\n", "\\r\\n")), Step::Fin(Side::Server)]),
        FindingKind::HttpObsFold => answer_with("Sec-WebSocket-Accept:", "Sec-WebSocket-Accept :"),
        FindingKind::HttpIndentedHeaders => answer_with("\r\nUpgrade:", "\r\n    Upgrade:"),
        FindingKind::HttpJunkBeforeStatus => answered([b"\xef\xbb\xbf", ANSWER.as_bytes()].concat()),
        FindingKind::HttpNotHttp => Example::Told(
            "SSH-2.0-OpenSSH_9.6 in answer to a handshake on port 80, where a browser takes it for HTTP/0.9",
            Scene {
                request: REQUEST.replace("localhost:9000", "localhost").into(),
                steps: vec![server("SSH-2.0-OpenSSH_9.6\r\n"), Step::Fin(Side::Server)],
            },
        ),
        FindingKind::HttpNotHttpOddPort => answered("SSH-2.0-OpenSSH_9.6\r\n"),
        FindingKind::HttpHeaderNonascii => {
            answer_with("Upgrade: websocket", "Upgrade: websocket\r\nSec-WebSocket-Note: caf\u{e9}")
        }
        FindingKind::HttpHeaderNull => answered(ANSWER.replacen("Protocols", "Protocols\0", 1)),
        _ => connection(kind),
    }
}

/// The connection itself.
fn connection(kind: FindingKind) -> Example {
    match kind {
        FindingKind::TcpClosedBeforeResponse => scene([Step::Fin(Side::Server)]),
        FindingKind::TcpResetInHandshake => scene([Step::Reset(Side::Server)]),
        FindingKind::PageClosedWhileConnecting => scene([Step::Reset(Side::Client)]),
        FindingKind::TcpDropAfterOpen => scene([server(ANSWER), server(HELLO), Step::Fin(Side::Server)]),
        FindingKind::TcpDns => Example::Words("--upstream nosuch.invalid:9999"),
        FindingKind::TcpConnectTimeout => Example::Words("an upstream whose firewall drops each SYN"),
        FindingKind::TlsNotTls => Example::Words("--upstream wss://localhost:9999, where a plain server listens"),
        FindingKind::TlsClientHelloOnPlainPort => {
            Example::Words("16 03 01 where GET belongs: the page dials wss://localhost:9000")
        }
        FindingKind::TlsBadCert => Example::Words("an upstream whose certificate is signed by itself"),
        FindingKind::HandshakeTimeout => told("a request, and not a byte of a response for a while", [Step::Wait(240)]),
        FindingKind::TcpNotReading => told(
            "messages, and for a while a peer whose receive window is closed",
            [server(ANSWER), server(HELLO), Step::Blocked(Side::Server), Step::Wait(10)],
        ),
        FindingKind::TcpIdleTimeout => told(
            "60 seconds without a byte, then a FIN and no close frame",
            [server(ANSWER), server(HELLO), Step::Wait(60), Step::Fin(Side::Server)],
        ),
        FindingKind::HandshakeUnhandled => Example::Words(
            "no byte of a response for 3 seconds, while a plain GET / beside it gets 200 (Vite's dev server without ws: true)",
        ),
        FindingKind::ServerHangs => {
            Example::Words("no byte of a response for 3 seconds, and none to a plain GET / beside it")
        }
        FindingKind::SessionsSameSilence => {
            Example::Words("session 1 is cut after 7.31 s of silence, and session 2 after 7.33 s")
        }
        FindingKind::SessionsOneWorker => {
            Example::Words("session 2 waits 7 s for its 101, which comes 4 ms after session 1 has ended")
        }
        FindingKind::SessionsLimit => Example::Words("sessions 1 and 2 of /chat are open, and session 3 gets 503"),
        FindingKind::PollingNotSticky => Example::Words(
            "GET /socket.io/?EIO=4&transport=polling gets 200, and at once the next one of that session gets 400",
        ),
        FindingKind::PollingNoCors => Example::Words(
            "GET /socket.io/?EIO=4&transport=polling of a page on another port, and no Access-Control-Allow-Origin in the 200",
        ),
        _ => Example::Words("an upstream on which nothing listens"),
    }
}

fn status(status: &str) -> Example {
    answered(format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"))
}

fn cut(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text)
}
