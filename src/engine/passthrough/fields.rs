//! The fields of a head on their way from one connection to the other: those that speak about a connection stay behind
//! (RFC 9110 7.6.1), addresses are translated, order and spelling are kept, and nothing is added.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};

/// Fields that belong to one connection, whether Connection names them or not. The first one is from HTTP/1.0 proxies.
const OF_A_CONNECTION: [&str; 3] = ["proxy-connection", "keep-alive", "upgrade"];

/// Options of Connection that hold for both connections, since each client has a connection to the upstream of its own.
const OF_BOTH: [&str; 3] = ["close", "keep-alive", "te"];

/// Fields without which a message is another one, so that naming them in Connection does not take them out.
const NEEDED: [HeaderName; 4] = [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// What goes on of `fields`. `translate` gives a new value where one is due.
pub(super) fn end_to_end(fields: HeaderMap, translate: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> HeaderMap {
    let connection = Connection::of(&fields);
    // The map is built anew, since taking something out of one changes the order of the rest.
    let mut out = HeaderMap::with_capacity(fields.len());
    let mut current = None;
    for (name, value) in fields {
        current = name.or(current);
        let Some(name) = &current else { continue };
        let value = match *name {
            _ if connection.holds(name) => None,
            header::CONNECTION => connection.rest(&value),
            header::TE => connection.trailers.then(|| HeaderValue::from_static("trailers")),
            // With both, the chunks count (RFC 9112 6.3), and a length beside them is how requests are smuggled.
            header::CONTENT_LENGTH if connection.chunked => None,
            _ => Some(translated(name, value, &translate)),
        };
        if let Some(value) = value {
            out.append(name.clone(), value);
        }
    }
    out
}

fn translated(
    name: &HeaderName,
    value: HeaderValue,
    translate: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>,
) -> HeaderValue {
    translate(name.as_str().as_bytes(), value.as_bytes())
        .and_then(|new| HeaderValue::from_bytes(&new).ok())
        .unwrap_or(value)
}

/// What a head says about its connection.
struct Connection {
    named: Vec<HeaderName>,
    trailers: bool,
    chunked: bool,
}

impl Connection {
    fn of(fields: &HeaderMap) -> Self {
        let named = fields.get_all(header::CONNECTION).iter().flat_map(options);
        let mut te = fields.get_all(header::TE).iter().flat_map(options);
        Self {
            named: named.filter_map(|option| HeaderName::from_bytes(option).ok()).collect(),
            trailers: te.any(|coding| coding.eq_ignore_ascii_case(b"trailers")),
            chunked: fields.contains_key(header::TRANSFER_ENCODING),
        }
    }

    fn holds(&self, name: &HeaderName) -> bool {
        OF_A_CONNECTION.contains(&name.as_str())
            || (self.named.contains(name) && *name != header::TE && !NEEDED.contains(name))
    }

    /// A Connection value without the options that end here.
    fn rest(&self, value: &HeaderValue) -> Option<HeaderValue> {
        let stays = |option: &&[u8]| {
            let te = option.eq_ignore_ascii_case(b"te");
            OF_BOTH.iter().any(|both| option.eq_ignore_ascii_case(both.as_bytes())) && (!te || self.trailers)
        };
        if options(value).all(|option| stays(&option)) {
            return Some(value.clone());
        }
        let rest = options(value).filter(stays).collect::<Vec<_>>().join(&b", "[..]);
        HeaderValue::from_bytes(&rest).ok().filter(|rest| !rest.is_empty())
    }
}

fn options(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|option| !option.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        let host = |name: &[u8], _: &[u8]| (name == b"host").then(|| b"upstream".to_vec());
        let out = end_to_end(map, host);
        out.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn what_speaks_of_the_connection_stays_behind_and_the_order_is_kept() {
        let fields = [
            ("host", "proxy"),
            ("connection", "Upgrade, HTTP2-Settings, x-mine, content-length"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABk"),
            ("accept", "a"),
            ("x-mine", "1"),
            ("accept", "b"),
            ("keep-alive", "timeout=5"),
            ("te", "deflate"),
            ("content-length", "3"),
        ];
        assert_eq!(passed(&fields), ["host: upstream", "accept: a", "accept: b", "content-length: 3"]);
    }

    #[test]
    fn what_holds_for_both_connections_goes_on() {
        assert_eq!(passed(&[("connection", "Keep-Alive")]), ["connection: Keep-Alive"]);
        assert_eq!(passed(&[("connection", "close, upgrade")]), ["connection: close"]);
        let te = [("te", "trailers, deflate"), ("connection", "TE")];
        assert_eq!(passed(&te), ["te: trailers", "connection: TE"]);
        let both = [("content-length", "3"), ("transfer-encoding", "chunked")];
        assert_eq!(passed(&both), ["transfer-encoding: chunked"]);
    }
}
