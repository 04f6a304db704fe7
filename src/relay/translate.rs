//! Address translation: the server sees what it would see had the browser dialled it, and the browser likewise.
//!
//! Only values that hold an address change; order, case, spacing and odd bytes of a head stay.

use std::sync::Arc;

use crate::wire::head::Head;

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
    /// Host, Origin and Location stay as they are.
    pub keep_host: bool,
    /// A value for each Origin field, whatever it was.
    pub origin: Option<String>,
}

/// The rules, and the address under which one client knows the proxy.
#[derive(Clone, Debug)]
pub struct Translator {
    rules: Arc<AddressRules>,
    proxy: Option<Vec<u8>>,
}

impl AddressRules {
    /// For one client, by the Host value of its request.
    #[must_use]
    pub fn for_client(self: &Arc<Self>, host: Option<&[u8]>) -> Translator {
        Translator { rules: Arc::clone(self), proxy: host.map(<[u8]>::to_vec) }
    }
}

impl Translator {
    /// A request's head as it goes to the upstream.
    #[must_use]
    pub fn request(&self, raw: &[u8]) -> (Vec<u8>, Vec<Change>) {
        let head = Head::new(raw);
        let mut replacements = Vec::new();
        if let (Some(range), Some(target)) = (head.target_range(), self.target(head.target())) {
            replacements.push((range, "request target".to_owned(), target));
        }
        for field in head.fields() {
            if let Some(value) = self.request_value(field.name, field.value) {
                let range = field.value_at..field.value_at + field.value.len();
                replacements.push((range, String::from_utf8_lossy(field.name).into_owned(), value));
            }
        }
        let mut out = Vec::with_capacity(raw.len() + 64);
        let mut changes = Vec::new();
        let mut from = 0;
        for (range, field, to) in replacements {
            out.extend_from_slice(&raw[from..range.start]);
            out.extend_from_slice(&to);
            from = range.end;
            changes.push(Change { field, from: raw[range].to_vec(), to });
        }
        out.extend_from_slice(&raw[from..]);
        (out, changes)
    }

    /// The target under the upstream's path; `None` where it stays.
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
        let new = if name.eq_ignore_ascii_case(b"host") {
            (!self.rules.keep_host).then(|| self.rules.authority.clone().into_bytes())
        } else if name.eq_ignore_ascii_case(b"origin") || name.eq_ignore_ascii_case(b"sec-websocket-origin") {
            self.origin(value)
        } else {
            None
        };
        new.filter(|new| new != value)
    }

    fn origin(&self, value: &[u8]) -> Option<Vec<u8>> {
        if let Some(forced) = &self.rules.origin {
            return Some(forced.clone().into_bytes());
        }
        let (_, authority, _) = split_url(value)?;
        if self.rules.keep_host || !self.is_proxy(authority) {
            return None;
        }
        let scheme = if self.rules.secure { "https" } else { "http" };
        Some(format!("{scheme}://{}", self.rules.authority).into_bytes())
    }

    /// Whether the start of a line of a response is, or may become, a field that is translated.
    pub(super) fn may_change(&self, start: &[u8]) -> bool {
        let matches = |name: &&[u8]| {
            let common = start.len().min(name.len());
            start[..common].eq_ignore_ascii_case(&name[..common])
        };
        self.own_address().is_some() && TRANSLATED_IN_RESPONSES.iter().any(matches)
    }

    /// A response field's value; `None` where it stays.
    #[must_use]
    pub fn response_value(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let proxy = self.own_address()?;
        if !TRANSLATED_IN_RESPONSES.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return None;
        }
        let (scheme, authority, path) = split_url(value)?;
        if !authority.eq_ignore_ascii_case(self.rules.authority.as_bytes()) {
            return None;
        }
        // The client's leg is never TLS, so a secure scheme becomes the plain one.
        let scheme = match scheme {
            b"https" => &b"http"[..],
            b"wss" => b"ws",
            other => other,
        };
        // The upstream's path was put in front on the way there, so it is taken off on the way back.
        let prefix = self.rules.path.trim_end_matches('/').as_bytes();
        let path = path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with(b"/")).unwrap_or(path);
        Some([scheme, b"://", proxy, path].concat()).filter(|new| new != value)
    }

    /// The proxy's address for responses, where they are translated at all.
    fn own_address(&self) -> Option<&Vec<u8>> {
        self.proxy.as_ref().filter(|_| !self.rules.keep_host)
    }

    fn is_proxy(&self, authority: &[u8]) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(authority))
    }
}

/// Response fields that hold an address.
const TRANSLATED_IN_RESPONSES: [&[u8]; 5] =
    [b"location", b"sec-websocket-location", b"sec-websocket-origin", b"websocket-location", b"websocket-origin"];

/// Scheme, authority and the rest.
fn split_url(url: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let scheme = url.windows(3).position(|window| window == b"://")?;
    let after = &url[scheme + 3..];
    let end = after.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(after.len());
    Some((&url[..scheme], &after[..end], &after[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> AddressRules {
        AddressRules {
            authority: "upstream:9999".into(),
            secure: false,
            path: String::new(),
            keep_host: false,
            origin: None,
        }
    }

    const HEAD: &[u8] = b"GET /chat HTTP/1.1\r\nhOST:  localhost:9000\r\nOrigin: http://localhost:9000\r\nX:y\r\n\r\n";

    #[test]
    fn host_and_own_origin_become_the_upstream_s_and_nothing_else_changes() {
        let rules = Arc::new(rules());
        let (out, changes) = rules.for_client(Some(b"localhost:9000")).request(HEAD);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "GET /chat HTTP/1.1\r\nhOST:  upstream:9999\r\nOrigin: http://upstream:9999\r\nX:y\r\n\r\n"
        );
        let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["hOST", "Origin"]);
    }

    #[test]
    fn another_page_s_origin_stays() {
        let rules = Arc::new(rules());
        let translator = rules.for_client(Some(b"localhost:9000"));
        assert_eq!(translator.request_value(b"Origin", b"https://app.example"), None);
        assert_eq!(translator.request_value(b"Origin", b"null"), None);
    }

    #[test]
    fn keep_host_changes_nothing_and_origin_is_forced() {
        let rules = AddressRules { keep_host: true, origin: Some("https://me".into()), ..rules() };
        let rules = Arc::new(rules);
        let translator = rules.for_client(Some(b"localhost:9000"));
        assert_eq!(translator.request_value(b"Host", b"localhost:9000"), None);
        assert_eq!(translator.request_value(b"Origin", b"null").unwrap(), b"https://me");
        assert_eq!(translator.response_value(b"Location", b"http://upstream:9999/x"), None);
    }

    #[test]
    fn the_upstream_s_path_goes_in_front_and_comes_off_again() {
        let rules = AddressRules { path: "/api/ws".into(), secure: true, ..rules() };
        let rules = Arc::new(rules);
        let translator = rules.for_client(Some(b"localhost:9000"));
        assert_eq!(translator.target(b"/").unwrap(), b"/api/ws");
        assert_eq!(translator.target(b"/x?y").unwrap(), b"/api/ws/x?y");
        assert_eq!(translator.target(b"*"), None);
        assert_eq!(
            translator.response_value(b"Location", b"https://upstream:9999/api/ws/x").unwrap(),
            b"http://localhost:9000/x"
        );
    }

    #[test]
    fn addresses_in_answers_become_the_proxy_s_only_where_they_name_the_upstream() {
        let rules = Arc::new(rules());
        let translator = rules.for_client(Some(b"localhost:9000"));
        assert_eq!(
            translator.response_value(b"Sec-WebSocket-Location", b"ws://upstream:9999/demo").unwrap(),
            b"ws://localhost:9000/demo"
        );
        assert_eq!(translator.response_value(b"location", b"http://elsewhere/"), None);
        assert_eq!(translator.response_value(b"location", b"/relative"), None);
        assert_eq!(translator.response_value(b"server", b"http://upstream:9999/"), None);
    }
}
