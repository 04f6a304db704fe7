//! Which endpoint with a connection of its own was asked for.
//!
//! Servers that make mistakes can't be played through an HTTP library. So the request's first line is only looked at, and
//! the server then reads all of it by itself.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::endpoint::{Endpoint, Kind};
use super::endpoints;

/// Bytes of a request's first line that are looked at: more than the longest path of the tables, with some query.
const FIRST_LINE: usize = 512;

/// How long to wait for the rest of a first line that came in pieces, before HTTP takes over.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at a line that came in pieces. A look takes nothing away, so what is there can't announce more.
const PAUSE: Duration = Duration::from_millis(5);

/// The endpoint with a connection of its own that the request is for; `None` for all that goes to HTTP. No byte is
/// taken from the stream.
pub(super) async fn asked_for(stream: &TcpStream) -> Option<&'static Endpoint> {
    timeout(PATIENCE, async {
        let mut bytes = [0; FIRST_LINE];
        let mut seen = 0;
        loop {
            let count = stream.peek(&mut bytes).await.ok()?;
            let start = bytes.get(..count)?;
            if let Some(path) = path_of(start) {
                return endpoints::find(path).filter(|endpoint| owns_its_connection(endpoint));
            }
            if count == 0 || count == FIRST_LINE || !may_become_one(start) {
                return None;
            }
            if count == seen {
                sleep(PAUSE).await;
            }
            seen = count;
        }
    })
    .await
    .ok()
    .flatten()
}

fn owns_its_connection(endpoint: &Endpoint) -> bool {
    matches!(endpoint.kind, Kind::Old(_) | Kind::Script(_))
}

/// The path in the first line of a GET, without a query, once it is there as a whole.
fn path_of(start: &[u8]) -> Option<&str> {
    let target = start.strip_prefix(b"GET ")?;
    let length = target.iter().position(|byte| matches!(byte, b' ' | b'?' | b'\r' | b'\n'))?;
    std::str::from_utf8(target.get(..length)?).ok()
}

/// Whether more bytes can make it the first line of a request to such an endpoint.
fn may_become_one(start: &[u8]) -> bool {
    endpoints::all().filter(|endpoint| owns_its_connection(endpoint)).any(|endpoint| {
        let line = format!("GET {}", endpoint.path);
        line.as_bytes().starts_with(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_stands_between_the_method_and_a_space_or_a_query() {
        for (start, path) in [
            ("GET /old/newline HTTP/1.1\r\n", Some("/old/newline")),
            ("GET /old/newline?a=1 HTTP/1.1\r\n", Some("/old/newline")),
            ("GET /old/newline\r\n", Some("/old/newline")),
            ("GET /old/newl", None),
            ("POST /old/newline HTTP/1.1\r\n", None),
        ] {
            assert_eq!(path_of(start.as_bytes()), path, "{start}");
        }
    }

    #[test]
    fn only_what_can_still_become_such_a_request_is_waited_for() {
        for (start, waited) in [("G", true), ("GET /brok", true), ("GET /echo", false), ("POST /old", false)] {
            assert_eq!(may_become_one(start.as_bytes()), waited, "{start}");
        }
    }
}
