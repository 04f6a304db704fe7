//! What in a head is meant for nobody else: credentials, cookies, tokens in the target.

use std::ops::Range;

use super::head::Head;

/// Fields whose values let who has them pass for somebody else.
const FIELDS: [&str; 7] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-csrf-token"];

/// Names of a target's parameters that say the same, without regard to case, hyphens and underscores.
const PARAMETERS: [&str; 18] = [
    "token",
    "accesstoken",
    "authtoken",
    "idtoken",
    "refreshtoken",
    "auth",
    "authorization",
    "apikey",
    "key",
    "secret",
    "clientsecret",
    "password",
    "passwd",
    "jwt",
    "session",
    "sessionid",
    "sig",
    "signature",
];

/// A value in a head, or in a target by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The field's name as it came, or `?` and the name of the target's parameter.
    pub name: String,
    /// Where it is.
    pub range: Range<usize>,
}

impl Value {
    /// Whether it is one that is usually secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self.name.strip_prefix('?') {
            Some(name) => {
                let plain: String = name.chars().filter(|one| !matches!(one, '-' | '_')).collect();
                PARAMETERS.iter().any(|parameter| plain.eq_ignore_ascii_case(parameter))
            }
            None => FIELDS.iter().any(|field| self.name.eq_ignore_ascii_case(field)),
        }
    }

    /// Whether a name means it: that of a field, or `?` and that of a parameter.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The values of a head's fields, and those of the parameters in the target of a request.
#[must_use]
pub fn in_head(bytes: &[u8]) -> Vec<Value> {
    let head = Head::of_response(bytes);
    let mut values = Vec::new();
    if head.status().is_none()
        && let Some(range) = head.target_range()
        && let Some(target) = bytes.get(range.clone())
    {
        values.extend(
            in_target(target)
                .into_iter()
                .map(|value| Value { range: value.range.start + range.start..value.range.end + range.start, ..value }),
        );
    }
    values.extend(head.fields().filter(|field| !field.name.is_empty()).map(|field| Value {
        name: String::from_utf8_lossy(field.name).trim().to_owned(),
        range: field.value_at..field.value_at + field.value.len(),
    }));
    values
}

/// The values of the parameters of a request's target, behind its question mark.
#[must_use]
pub fn in_target(target: &[u8]) -> Vec<Value> {
    let Some(mark) = target.iter().position(|byte| *byte == b'?') else { return Vec::new() };
    let mut at = mark + 1;
    let query = target.get(at..).unwrap_or_default();
    let mut values = Vec::new();
    for pair in query.split(|byte| matches!(byte, b'&' | b';')) {
        if let Some(equals) = pair.iter().position(|byte| *byte == b'=') {
            let name = String::from_utf8_lossy(pair.get(..equals).unwrap_or_default());
            values.push(Value { name: format!("?{name}"), range: at + equals + 1..at + pair.len() });
        }
        at += pair.len() + 1;
    }
    values
}

/// The names of what is usually secret in a head and still stands there, each once.
#[must_use]
pub fn names_in_head(bytes: &[u8]) -> Vec<String> {
    names(in_head(bytes), bytes)
}

/// The same of a target by itself.
#[must_use]
pub fn names_in_target(target: &[u8]) -> Vec<String> {
    names(in_target(target), target)
}

fn names(values: Vec<Value>, bytes: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for value in values {
        // What was taken out has asterisks in its place.
        let stands = bytes.get(value.range.clone()).is_some_and(|value| value.iter().any(|byte| *byte != b'*'));
        if value.is_secret() && stands && !names.contains(&value.name) {
            names.push(value.name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET /chat?room=1&access_token=abc&x HTTP/1.1\r\nHost: h\r\ncookie: a=b\r\n\
        Authorization:  Bearer xyz \r\n\r\n";

    #[test]
    fn each_value_has_its_place() {
        let found: Vec<_> = in_head(HEAD)
            .into_iter()
            .map(|value| (value.name, String::from_utf8(HEAD[value.range].to_vec()).unwrap()))
            .collect();
        let expected = [
            ("?room", "1"),
            ("?access_token", "abc"),
            ("Host", "h"),
            ("cookie", "a=b"),
            ("Authorization", "Bearer xyz"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_usually_secret_is_named() {
        assert_eq!(names_in_head(HEAD), ["?access_token", "cookie", "Authorization"]);
        assert_eq!(names_in_head(b"HTTP/1.1 101 x?token=1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n"), ["Set-Cookie"]);
        assert!(names_in_target(b"/token?tok=1&token=").is_empty());
        assert_eq!(names_in_target(b"/?API-Key=1;a=2"), ["?API-Key"]);
    }
}
