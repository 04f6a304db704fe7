//! What wsproxy says to a client itself, because there is nobody else to: a status, and a sentence for people.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::diagnose::render;
use crate::record::Side;
use crate::relay::session::Reason;

use super::connection::Connection;

/// The content type of each response.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Time that a client has to read a response before its connection is torn down. Longer than any round trip.
const LINGER: Duration = Duration::from_secs(2);

/// Why the upstream, by its URL, does not answer itself.
#[must_use]
pub(super) fn sentence(reason: &Reason, upstream: &str) -> String {
    match reason {
        Reason::Refused { words, finding } => {
            let shown = finding.as_ref().map(|finding| render::render(None, Side::Server.name(), finding));
            format!("a browser would refuse the server's response: {words}\n\n{}", shown.unwrap_or_default())
        }
        Reason::Silent(time) => format!(
            "{upstream} took the request and did not answer within {} s; look into its log, or raise --response-timeout",
            time.as_secs_f32()
        ),
        Reason::Ruled(rule) => format!("the rule {rule} refuses this handshake"),
        Reason::Broken(cause) => cause.clone(),
        Reason::Dropped => format!("the response of {upstream} was held, and dropped by hand"),
    }
}

/// The body of a response.
#[must_use]
pub fn body(sentence: &str) -> String {
    format!("wsproxy: {sentence}\n")
}

/// A whole response, ready to be written. `status` is one of 400, 408, 431, 502, 503 and 504, or what a rule refuses with.
#[must_use]
pub fn whole(status: u16, sentence: &str) -> Vec<u8> {
    let body = body(sentence);
    format!(
        "HTTP/1.1 {status} {}\r\nConnection: close\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {}\r\n\r\n{body}",
        reason(status),
        body.len(),
    )
    .into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

/// Answers a client and ends its connection. A client that is gone, or does not read, has had its response as far as it can.
pub(super) async fn send(mut client: impl Connection, status: u16, sentence: &str) {
    let _ = timeout(LINGER, client.write_all(&whole(status, sentence))).await;
    linger(client).await;
}

/// Ends a connection so that the client can still read what was written: a socket that is closed while bytes wait to
/// be read sends a reset, which throws away a response that is still on its way.
pub(super) async fn linger(mut client: impl Connection) {
    if client.shutdown().await.is_ok() {
        let mut rest = [0; 4096];
        let _ = timeout(LINGER, async { while matches!(client.read(&mut rest).await, Ok(1..)) {} }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::{self, Head};

    #[test]
    fn what_is_sent_is_a_whole_response() {
        let bytes = whole(504, "the upstream is silent");
        let end = head::end(&bytes, 0).unwrap();
        let head = Head::new(&bytes[..end]);
        assert_eq!(head.start_line(), b"HTTP/1.1 504 Gateway Timeout");
        assert_eq!(head.value("content-length").unwrap(), (bytes.len() - end).to_string().as_bytes());
        assert_eq!(&bytes[end..], b"wsproxy: the upstream is silent\n");
    }
}
