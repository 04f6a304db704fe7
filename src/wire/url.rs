//! A URL as it stands in a head, cut in three. Nothing is decoded, and nothing is looked up.

/// The parts of `http://localhost:9000/page?q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// What stands in front of `://`.
    pub scheme: &'a [u8],
    /// Host and port, with whatever else stands there, as a user name.
    pub authority: &'a [u8],
    /// Path, query and fragment; empty for an origin.
    pub rest: &'a [u8],
}

impl<'a> Url<'a> {
    /// `None` for what has no scheme and authority, as a path does.
    #[must_use]
    pub fn split(text: &'a [u8]) -> Option<Self> {
        let (scheme, after) = text.split_at(text.windows(3).position(|window| window == b"://")?);
        // RFC 3986 3.1. A path may well hold another URL.
        let is_its = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        if scheme.is_empty() || !scheme.iter().all(is_its) {
            return None;
        }
        let after = after.get(3..).unwrap_or_default();
        let end = after.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        Some(Self { scheme, authority, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_cut_where_its_authority_ends() {
        for (text, parts) in [
            (&b"http://localhost:9000"[..], Some(["http", "localhost:9000", ""])),
            (b"wss://a@[::1]:1/x?y#z", Some(["wss", "a@[::1]:1", "/x?y#z"])),
            (b"http://a?x=://b", Some(["http", "a", "?x=://b"])),
            (b"file://", Some(["file", "", ""])),
            (b"/x?to=http://a/", None),
            (b"://a", None),
            (b"null", None),
            (b"", None),
        ] {
            let parts = parts.map(|[scheme, authority, rest]| Url {
                scheme: scheme.as_bytes(),
                authority: authority.as_bytes(),
                rest: rest.as_bytes(),
            });
            assert_eq!(Url::split(text), parts, "{}", text.escape_ascii());
        }
    }
}
