//! wsproxy's own address: by which names, and with which scheme, clients reach it.
//!
//! Any page can give itself a name that leads to this machine (DNS rebinding), so a request that reached wsproxy may still
//! have been meant for somebody else. Names that nobody elsewhere can give away are wsproxy's own, and those that the user
//! gives it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// By what clients know wsproxy. `localhost`, the names under it and IP addresses are its own without being listed.
#[derive(Clone, Debug, Default)]
pub struct OwnAddress {
    /// Other names that are its own: lower case, without a dot at the end.
    pub names: Vec<String>,
    /// The scheme of a page that is loaded through it.
    pub scheme: Scheme,
}

/// How clients speak to wsproxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    #[default]
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// That of a page.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// That of a WebSocket.
    #[must_use]
    pub const fn socket(self) -> &'static str {
        match self {
            Self::Http => "ws",
            Self::Https => "wss",
        }
    }
}

impl OwnAddress {
    /// Whether the value of a Host field names wsproxy. The port does not count: a client behind a forwarded port knows
    /// another one.
    #[must_use]
    pub fn is_named_by(&self, host: &[u8]) -> bool {
        match Host::parse(host) {
            Some(Host::Ip) => true,
            Some(Host::Name(name)) => is_localhost(name) || self.names.iter().any(|own| own.eq_ignore_ascii_case(name)),
            None => false,
        }
    }
}

/// `localhost`, or a name under it (RFC 6761 6.3).
fn is_localhost(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost")) && !name.starts_with('.')
}

/// What a Host field names.
enum Host<'a> {
    /// An address. A browser writes it down in full, so no other spelling is taken for one.
    Ip,
    /// A name, without a dot at its end.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// `None` for what can't stand in a Host field (RFC 9110 7.2), a user name included.
    fn parse(value: &'a [u8]) -> Option<Self> {
        let host = std::str::from_utf8(without_port(value)).ok()?;
        if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().ok().map(|_| Self::Ip);
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        if name.parse::<Ipv4Addr>().is_ok() {
            return Some(Self::Ip);
        }
        let is_its = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!name.is_empty() && name.bytes().all(is_its)).then_some(Self::Name(name))
    }
}

/// The value of a Host field without a port at its end.
#[must_use]
pub fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|byte| *byte == b':').map(|colon| host.split_at(colon)) {
        Some((name, port)) if port.iter().skip(1).all(u8::is_ascii_digit) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> OwnAddress {
        OwnAddress { names: vec!["devbox.lan".into()], scheme: Scheme::Http }
    }

    #[test]
    fn names_that_nobody_elsewhere_can_give_away_are_own() {
        for host in [
            "localhost",
            "localhost:9000",
            "LocalHost:1",
            "localhost.:9000",
            "localhost:",
            "app.localhost:9000",
            "a.b.LOCALHOST.",
            "127.0.0.1",
            "127.0.0.1:80",
            "192.168.1.7.:9000",
            "[::1]",
            "[::1]:9000",
            "[2001:db8::1]:9000",
            "[::ffff:127.0.0.1]:9000",
            "devbox.lan",
            "DevBox.Lan.:9000",
        ] {
            assert!(own().is_named_by(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn all_others_are_foreign_however_they_look() {
        for host in [
            "",
            ".",
            ":9000",
            "evil.example",
            "evil.example:9000",
            "localhost\r:9000",
            "localhost:90\r00",
            "localhost.evil.example:9000",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "localhost..",
            ".localhost",
            "localhost@evil.example",
            "evil.example@localhost",
            "evil.example:x@localhost:9000",
            "evil.example/.localhost",
            "evil.example#.localhost",
            "evil.example,localhost",
            "evil.example localhost",
            "localhost:9000:9000",
            "localhost:9000x",
            "localhost:-1",
            "http://localhost:9000",
            "[::1",
            "::1",
            "[::1]evil.example",
            "[::1].localhost",
            "[localhost]",
            "[::1%25eth0]:9000",
            "127.1",
            "0x7f000001",
            "2130706433",
            "xdevbox.lan",
            "sub.devbox.lan",
            "ⓛocalhost",
        ] {
            assert!(!own().is_named_by(host.as_bytes()), "{host}");
        }
        assert!(!own().is_named_by(b"localhost\xff"));
        assert!(!own().is_named_by(b"localhost\0"));
    }
}
