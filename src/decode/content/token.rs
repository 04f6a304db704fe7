//! JSON Web Tokens (RFC 7519): what header and claims say. The signature is not checked: nobody gave a key.

use crate::decode::document::{Document, Tree, Value};
use crate::decode::{Decoder, Payload};

use super::from_base64;

/// Claims that are a time, in seconds since 1970 (RFC 7519 4.1, OpenID Connect Core 5.1).
const TIMES: [&str; 5] = ["exp", "iat", "nbf", "auth_time", "updated_at"];

impl Tree<'_> {
    /// Adds what a token says, which may stand behind `Bearer`.
    pub(super) fn token(&mut self, text: &[u8]) -> bool {
        let text = text.strip_prefix(b"Bearer ").unwrap_or(text);
        // `{"` in base64.
        if !text.starts_with(b"eyJ") || text.len() > self.left_to_make() || !self.may_nest() {
            return false;
        }
        let mut pieces = text.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return false;
        };
        let decoded = [header, claims, signature].map(from_base64);
        let [Some(header), Some(claims), Some(signature)] = decoded else { return false };
        let Some(header) = self.read_within(Decoder::Json, Payload::text(&header), 1) else { return false };
        if header.member(Some(0), "alg").is_none() {
            return false;
        }
        let claims = self.read_within(Decoder::Json, Payload::text(&claims), 1);
        self.open(Some(b"JWT"), Value::Object, None);
        self.graft("header", header, None);
        if let Some(mut claims) = claims {
            tell_times(&mut claims);
            self.graft("claims", claims, None);
        }
        let signature = Value::word(format!("{}, not checked", Value::bytes(&signature)));
        self.add(Some(b"signature"), signature, None);
        self.close(0);
        true
    }
}

/// Puts dates beside the seconds.
fn tell_times(claims: &mut Document) {
    let members: Vec<usize> = claims.children(Some(0)).collect();
    for member in members {
        let Some(node) = claims.node_mut(member) else { continue };
        let is_time = node.key.as_deref().is_some_and(|key| TIMES.contains(&key));
        if let Value::Number(seconds) = &node.value
            && is_time
            && let Some(date) = seconds.parse::<f64>().ok().and_then(|seconds| Value::time(seconds as i64, 0))
        {
            node.value = Value::word(format!("{seconds} ({date})"));
        }
    }
}
