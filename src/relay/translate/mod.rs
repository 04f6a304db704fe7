//! Address translation: the server sees what it would see had the browser dialled it, and the browser likewise.
//!
//! Only values that hold an address change; order, case, spacing and odd bytes of a head stay. And they change only where
//! the request names wsproxy itself: under any other name the server has to judge what the client really sent.

use std::ops::Range;
use std::sync::Arc;

use crate::wire::dialect::Dialect;
use crate::wire::head::{Field, Head};
use crate::wire::url::Url;

use super::own::OwnAddress;
use crate::record::Change;

/// What to translate to. One for all sessions.
#[derive(Clone, Debug)]
pub struct AddressRules {
    /// The upstream's host and port as they stand in a Host field; no port where it is the scheme's own.
    pub authority: String,
    /// Whether the upstream is reached over TLS.
    pub secure: bool,
    /// The upstream's path, put in front of each request's; empty for none.
    pub path: String,
    /// By what clients know wsproxy.
    pub own: OwnAddress,
    /// Host, Origin and Location stay as they are.
    pub keep_host: bool,
    /// A value in place of wsproxy's own origin, and for a WebSocket request without one.
    pub origin: Option<String>,
}

/// The rules, and the address under which one client knows wsproxy.
#[derive(Clone, Debug)]
pub struct Translator {
    rules: Arc<AddressRules>,
    named: Named,
}

/// By what a request names the server.
#[derive(Clone, Debug)]
enum Named {
    /// By the address of wsproxy itself: the Host value.
    Own(Vec<u8>),
    /// By the upstream's, in which there is nothing to translate, or not at all.
    Apart,
    /// By anything else: the address that stands there.
    Foreign(Vec<u8>),
}

/// A value to be put into a head.
struct Rewrite {
    at: Range<usize>,
    insert: Vec<u8>,
    field: String,
    to: Vec<u8>,
}

impl AddressRules {
    /// To a host and port without TLS or a path, and with no wish of the user's.
    #[must_use]
    pub fn to(authority: impl Into<String>) -> Self {
        Self {
            authority: authority.into(),
            secure: false,
            path: String::new(),
            own: OwnAddress::default(),
            keep_host: false,
            origin: None,
        }
    }

    /// For one client, by its request's target and the values of all its Host fields.
    #[must_use]
    pub fn for_client<'a>(self: &Arc<Self>, target: &[u8], hosts: impl IntoIterator<Item = &'a [u8]>) -> Translator {
        Translator { rules: Arc::clone(self), named: self.named(target, hosts) }
    }

    /// For the client that sent this request.
    #[must_use]
    pub fn for_request(self: &Arc<Self>, head: Head<'_>) -> Translator {
        self.for_client(head.target(), head.values("host"))
    }

    fn named<'a>(&self, target: &[u8], hosts: impl IntoIterator<Item = &'a [u8]>) -> Named {
        let target = Url::split(target).map(|url| url.authority);
        let hosts: Vec<&[u8]> = hosts.into_iter().collect();
        let Some(last) = hosts.last() else { return Named::Apart };
        // Of two Host fields, and of a Host and a target that differ, nobody knows which one the server goes by.
        let is_only = hosts.len() == 1 && target.is_none_or(|target| target.eq_ignore_ascii_case(last));
        if is_only && self.own.is_named_by(last) {
            Named::Own(last.to_vec())
        } else if is_only && last.eq_ignore_ascii_case(self.authority.as_bytes()) {
            Named::Apart
        } else {
            let mut all = target.into_iter().chain(hosts.iter().copied());
            Named::Foreign(all.find(|name| !self.own.is_named_by(name)).unwrap_or(last).to_vec())
        }
    }
}

impl Translator {
    /// The address that the request names in place of wsproxy's or the upstream's, so that nothing in it is translated.
    #[must_use]
    pub fn foreign(&self) -> Option<&[u8]> {
        match &self.named {
            Named::Foreign(address) if !self.rules.keep_host => Some(address),
            _ => None,
        }
    }

    /// The head of a WebSocket request as it goes to the upstream.
    #[must_use]
    pub fn request(&self, raw: &[u8]) -> (Vec<u8>, Vec<Change>) {
        let head = Head::new(raw);
        let mut rewrites = Vec::new();
        if let (Some(at), Some(to)) = (head.target_range(), self.target(head.target())) {
            rewrites.push(Rewrite { at, insert: to.clone(), field: "request target".to_owned(), to });
        }
        for field in head.fields() {
            if let Some(to) = self.request_value(field.name, field.value) {
                let at = field.value_at..field.value_at + field.value.len();
                let name = String::from_utf8_lossy(field.name).into_owned();
                rewrites.push(Rewrite { at, insert: to.clone(), field: name, to });
            }
            if field.is("host") {
                rewrites.extend(self.missing_origin(raw, &field));
            }
        }
        let mut out = Vec::with_capacity(raw.len() + 64);
        let mut changes = Vec::new();
        let mut from = 0;
        for Rewrite { at, insert, field, to } in rewrites {
            out.extend_from_slice(raw.get(from..at.start).unwrap_or_default());
            out.extend_from_slice(&insert);
            from = at.end;
            changes.push(Change { field, from: raw.get(at).unwrap_or_default().to_vec(), to });
        }
        out.extend_from_slice(raw.get(from..).unwrap_or_default());
        (out, changes)
    }

    /// The target under the upstream's path; `None` where it stays. The path is the user's, so it does not matter whom the
    /// request names.
    #[must_use]
    pub fn target(&self, target: &[u8]) -> Option<Vec<u8>> {
        let prefix = self.rules.path.trim_end_matches('/');
        if prefix.is_empty() || !target.starts_with(b"/") {
            return None;
        }
        // A bare `/` is the page that a browser dials when nothing is named: the upstream's path itself.
        let own = if target == b"/" { self.rules.path.as_bytes() } else { prefix.as_bytes() };
        let rest = if target == b"/" { &[][..] } else { target };
        Some([own, rest].concat())
    }

    /// A request field's value; `None` where it stays.
    #[must_use]
    pub fn request_value(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let proxy = self.proxy()?;
        let new = if name.eq_ignore_ascii_case(b"host") {
            (!self.rules.keep_host).then(|| self.rules.authority.clone().into_bytes())
        } else if is_origin(name) && self.is_own_origin(value, proxy) {
            self.origin()
        } else {
            None
        };
        new.filter(|new| new != value)
    }

    /// Whether `value` is the origin of a page that was loaded through wsproxy.
    fn is_own_origin(&self, value: &[u8], proxy: &[u8]) -> bool {
        let scheme = self.rules.own.scheme.page().as_bytes();
        Url::split(value).is_some_and(|url| {
            url.rest.is_empty() && url.scheme.eq_ignore_ascii_case(scheme) && url.authority.eq_ignore_ascii_case(proxy)
        })
    }

    /// What goes in place of wsproxy's own origin.
    fn origin(&self) -> Option<Vec<u8>> {
        let scheme = if self.rules.secure { "https" } else { "http" };
        let of_upstream = || format!("{scheme}://{}", self.rules.authority);
        let origin = self.rules.origin.clone().or_else(|| (!self.rules.keep_host).then(of_upstream));
        origin.map(String::into_bytes)
    }

    /// The line behind the Host field with the origin that a request should have and that it lacks.
    fn missing_origin(&self, raw: &[u8], host: &Field<'_>) -> Option<Rewrite> {
        self.proxy()?;
        let origin = self.rules.origin.as_ref()?;
        let head = Head::new(raw);
        if head.fields().any(|field| is_origin(field.name)) {
            return None;
        }
        let name = match Dialect::of_request(head) {
            Dialect::Hybi07 | Dialect::Hybi08 | Dialect::Other(4..=6) => "Sec-WebSocket-Origin",
            _ => "Origin",
        };
        let value_end = host.value_at + host.value.len();
        let end = value_end + raw.get(value_end..)?.iter().position(|byte| *byte == b'\n')? + 1;
        let line_end = if raw.get(..end)?.ends_with(b"\r\n") { "\r\n" } else { "\n" };
        Some(Rewrite {
            at: end..end,
            insert: format!("{name}: {origin}{line_end}").into_bytes(),
            field: name.to_owned(),
            to: origin.clone().into_bytes(),
        })
    }

    /// Whether the start of a line of a response is, or may become, a field that is translated.
    pub(super) fn may_change(&self, start: &[u8]) -> bool {
        let matches = |name: &&[u8]| start.iter().zip(*name).all(|(byte, own)| byte.eq_ignore_ascii_case(own));
        self.response_proxy().is_some() && TRANSLATED_IN_RESPONSES.iter().any(matches)
    }

    /// A response field's value; `None` where it stays.
    #[must_use]
    pub fn response_value(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let proxy = self.response_proxy()?;
        if !TRANSLATED_IN_RESPONSES.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return None;
        }
        let url = Url::split(value)?;
        if !url.authority.eq_ignore_ascii_case(self.rules.authority.as_bytes()) {
            return None;
        }
        // Whether the upstream is reached over TLS says nothing of the client's leg.
        let scheme = match url.scheme {
            b"http" | b"https" => self.rules.own.scheme.page().as_bytes(),
            b"ws" | b"wss" => self.rules.own.scheme.socket().as_bytes(),
            other => other,
        };
        // The upstream's path was put in front on the way there, so it is taken off on the way back.
        let prefix = self.rules.path.trim_end_matches('/').as_bytes();
        let is_under = |rest: &&[u8]| rest.is_empty() || rest.starts_with(b"/");
        let path = url.rest.strip_prefix(prefix).filter(is_under).unwrap_or(url.rest);
        Some([scheme, b"://", proxy, path].concat()).filter(|new| new != value)
    }

    /// wsproxy's address as this client knows it, where addresses of it are translated.
    fn proxy(&self) -> Option<&[u8]> {
        match &self.named {
            Named::Own(host) => Some(host),
            Named::Apart | Named::Foreign(_) => None,
        }
    }

    /// The same for responses.
    fn response_proxy(&self) -> Option<&[u8]> {
        self.proxy().filter(|_| !self.rules.keep_host)
    }
}

/// Request fields that hold the page's origin.
fn is_origin(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"origin") || name.eq_ignore_ascii_case(b"sec-websocket-origin")
}

/// Response fields that hold an address.
const TRANSLATED_IN_RESPONSES: [&[u8]; 5] =
    [b"location", b"sec-websocket-location", b"sec-websocket-origin", b"websocket-location", b"websocket-origin"];

#[cfg(test)]
mod tests;
