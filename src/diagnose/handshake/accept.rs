//! Wrong accept values: each known wrong recipe is tried with the key that came, and the one that gives the value that
//! came is the bug.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};

use crate::wire::accept::{self, GUID};

/// The key that RFC 6455 uses as its example.
pub(super) const SAMPLE_KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";

/// A bug, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bug {
    pub cause: String,
    pub fix: String,
}

/// One step of a recipe; a right one has no words.
struct Step<T> {
    value: T,
    cause: &'static str,
    fix: &'static str,
}

const fn step<T>(value: T, cause: &'static str, fix: &'static str) -> Step<T> {
    Step { value, cause, fix }
}

/// What made `actual` of a request's key; `None` where no known recipe does.
pub(super) fn bug(key: &[u8], actual: &[u8]) -> Option<Bug> {
    let bare = strip_quotes(actual);
    if let Some(bug) = at_once(key, bare) {
        return Some(bug);
    }
    let (inputs, hashes, encodings) = (inputs(key), hashes(), encodings());
    let quotes = (bare.len() < actual.len()).then_some(QUOTES);
    for input in &inputs {
        for hash in &hashes {
            let digest = (hash.value)(&input.value);
            if let Some(encoding) = encodings.iter().find(|encoding| (encoding.value)(&digest) == bare) {
                let words = [(input.cause, input.fix), (hash.cause, hash.fix), (encoding.cause, encoding.fix)];
                return joined(words.into_iter().chain(quotes));
            }
        }
    }
    mangled(key, bare)
}

const QUOTES: (&str, &str) =
    ("quotes were put around the value", "send the value bare: no quotes, and in Python decode() the bytes first");

fn joined<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Bug> {
    let told: Vec<_> = words.filter(|(cause, _)| !cause.is_empty()).collect();
    let cause = told.iter().map(|(cause, _)| *cause).collect::<Vec<_>>().join(", and ");
    let fix = told.iter().map(|(_, fix)| *fix).collect::<Vec<_>>().join("; ");
    (!cause.is_empty()).then_some(Bug { cause, fix })
}

/// `"..."`, `'...'` and what Python writes for bytes, `b'...'`.
fn strip_quotes(value: &[u8]) -> &[u8] {
    match value {
        [b'b', b'\'', inner @ .., b'\''] | [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        other => other,
    }
}

/// What is no recipe over this key at all.
fn at_once(key: &[u8], actual: &[u8]) -> Option<Bug> {
    let (cause, fix) = if actual.is_empty() {
        ("the value is empty: the server computed none", HASH_THE_KEY)
    } else if actual == key {
        ("the server sent the request's key back", HASH_THE_KEY)
    } else if actual == accept::value_for(SAMPLE_KEY).as_bytes() {
        ("the value belongs to the example key of RFC 6455: it was copied from the document", HASH_THE_KEY)
    } else if actual == GUID.as_bytes() {
        ("the server sent the GUID itself", HASH_THE_KEY)
    } else {
        return None;
    };
    Some(Bug { cause: cause.to_owned(), fix: fix.to_owned() })
}

const HASH_THE_KEY: &str = "compute base64(sha1(key + GUID)) for each request, from its own Sec-WebSocket-Key";
const AS_TEXT: &str = "hash the key's 24 characters as they came; nothing is decoded";
const TRIM: &str = "take white space and line ends off the key before hashing";
const APPEND: &str = "put \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\" right behind the key, with nothing in between";
const RIGHT_GUID: &str = "copy the GUID exactly: 258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

fn inputs(key: &[u8]) -> Vec<Step<Vec<u8>>> {
    let guid = GUID.as_bytes();
    let with = |parts: &[&[u8]]| parts.concat();
    let mut inputs = vec![
        step(with(&[key, guid]), "", ""),
        step(key.to_vec(), "the GUID was not put behind the key", APPEND),
        step(with(&[guid, key]), "the GUID was put in front of the key, not behind it", APPEND),
        step(with(&[key, b" ", guid]), "there was a blank between key and GUID", APPEND),
        step(guid.to_vec(), "the key was empty when it was hashed: the server did not find the field", HASH_THE_KEY),
        step(with(&[key, b"\n", guid]), "the key still had its line feed (\\n) when it was hashed", TRIM),
        step(with(&[key, b"\r", guid]), "the key still had its carriage return (\\r) when it was hashed", TRIM),
        step(with(&[key, b"\r\n", guid]), "the key still had its line end (\\r\\n) when it was hashed", TRIM),
        step(with(&[b" ", key, guid]), "the key still had the blank behind the colon when it was hashed", TRIM),
        step(
            with(&[b"Sec-WebSocket-Key: ", key, guid]),
            "the whole line was hashed, the field's name included",
            "hash the value of the field, not its line",
        ),
        step(with(&[key, guid, b"\n"]), "the GUID had a line feed (\\n) behind it when it was hashed", RIGHT_GUID),
        step(with(&[key, guid, b"\r\n"]), "the GUID had a line end (\\r\\n) behind it when it was hashed", RIGHT_GUID),
        step(
            with(&[key, guid, b"\0"]),
            "the zero byte that ends a string in C was hashed with it",
            "hash strlen() bytes, not sizeof",
        ),
        step(with(&[key, GUID.to_ascii_lowercase().as_bytes()]), "the GUID was hashed in lower case", RIGHT_GUID),
        step(
            with(&[key, b"258EAFA5-E914-47DA-95CA-5AB0DC85B11"]),
            "the GUID has a typing error: a C is missing in front of 5AB0DC85B11",
            RIGHT_GUID,
        ),
        step(with(&[key, GUID.replace('-', "").as_bytes()]), "the GUID was hashed without its dashes", RIGHT_GUID),
        step(with(&[key, b"{", guid, b"}"]), "the GUID was hashed with braces around it", RIGHT_GUID),
        step(
            with(&[key.strip_suffix(b"==").unwrap_or(key), guid]),
            "the key lost its == before it was hashed: most likely it was cut at the =",
            "split the line at the first colon only, and keep the key as it came",
        ),
        step(with(&[&key.to_ascii_lowercase(), guid]), "the key was hashed in lower case", "keep the key as it came"),
        step(with(&[SAMPLE_KEY, guid]), "the key is the fixed example of RFC 6455", HASH_THE_KEY),
        step(
            utf16(&with(&[key, guid])),
            "key and GUID were hashed as UTF-16",
            "take the text's ASCII or UTF-8 bytes before hashing (in C#: Encoding.ASCII)",
        ),
    ];
    if let Ok(decoded) = STANDARD.decode(key) {
        inputs.push(step(with(&[&decoded, guid]), "the key was base64-decoded before it was hashed", AS_TEXT));
        inputs.push(step(decoded, "the key was base64-decoded, and the GUID was not put behind it", AS_TEXT));
    }
    inputs
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [*byte, 0]).collect()
}

type Hash = fn(&[u8]) -> Vec<u8>;

fn hashes() -> [Step<Hash>; 4] {
    let fix = "use SHA-1";
    [
        step(|bytes| Sha1::digest(bytes).to_vec(), "", ""),
        step(|bytes| Md5::digest(bytes).to_vec(), "the hash is MD5, not SHA-1", fix),
        step(|bytes| Sha256::digest(bytes).to_vec(), "the hash is SHA-256, not SHA-1", fix),
        step(|bytes| Sha512::digest(bytes).to_vec(), "the hash is SHA-512, not SHA-1", fix),
    ]
}

type Encode = fn(&[u8]) -> Vec<u8>;

fn encodings() -> [Step<Encode>; 12] {
    let raw = "encode the 20 raw bytes of the hash, not their hex digits (in PHP: sha1($text, true))";
    let bytes = "keep the hash as bytes from the hash function to base64; it is no text";
    [
        step(|digest| STANDARD.encode(digest).into_bytes(), "", ""),
        step(|digest| hex::encode(digest).into_bytes(), "the hash was sent as hex digits", raw),
        step(|digest| hex::encode_upper(digest).into_bytes(), "the hash was sent as hex digits", raw),
        step(
            |digest| STANDARD.encode(hex::encode(digest)).into_bytes(),
            "base64 was made of the hash's hex digits",
            raw,
        ),
        step(
            |digest| STANDARD.encode(hex::encode_upper(digest)).into_bytes(),
            "base64 was made of the hash's hex digits",
            raw,
        ),
        step(
            |digest| STANDARD_NO_PAD.encode(digest).into_bytes(),
            "the = at the end of the value is missing",
            "use base64 with padding",
        ),
        step(
            |digest| URL_SAFE.encode(digest).into_bytes(),
            "the value is in the URL's base64 alphabet (- and _)",
            "use the standard alphabet of base64 (+ and /)",
        ),
        step(
            |digest| URL_SAFE_NO_PAD.encode(digest).into_bytes(),
            "the value is in the URL's base64 alphabet (- and _), without the = at its end",
            "use the standard alphabet of base64 (+ and /), with padding",
        ),
        step(|digest| digest.to_vec(), "the hash was sent as raw bytes", "encode the hash with base64"),
        step(
            |digest| STANDARD.encode(String::from_utf8_lossy(digest).as_bytes()).into_bytes(),
            "the hash went through a UTF-8 string, which replaced its bytes that are no UTF-8",
            bytes,
        ),
        step(
            |digest| STANDARD.encode(digest.iter().map(|byte| char::from(*byte)).collect::<String>()).into_bytes(),
            "the hash went through a Latin-1 string that was written as UTF-8",
            bytes,
        ),
        step(
            |digest| STANDARD.encode(swapped(digest)).into_bytes(),
            "the 32-bit words of the hash have their bytes in the wrong order",
            "write each word of the hash with its highest byte first",
        ),
    ]
}

fn swapped(digest: &[u8]) -> Vec<u8> {
    digest.chunks(4).flat_map(|word| word.iter().rev().copied()).collect()
}

/// The right value, or nearly.
fn mangled(key: &[u8], actual: &[u8]) -> Option<Bug> {
    let expected = accept::value_for(key);
    let digest = accept::digest(key);
    let cut = digest.iter().position(|byte| *byte == 0).map(|zero| STANDARD.encode(&digest[..zero]));
    let tail = actual.strip_prefix(expected.as_bytes());
    let (cause, fix) = if actual.eq_ignore_ascii_case(expected.as_bytes()) {
        ("the value's upper and lower case was changed", "send the value as base64 gives it")
    } else if cut.is_some_and(|cut| cut.as_bytes() == actual) {
        ("the hash was cut at its first zero byte, as a string in C would be", "encode all 20 bytes of the hash")
    } else if matches!(tail, Some(b"\\n" | b"\\r\\n" | b"%0A" | b"%0D%0A")) {
        ("a line end was written behind the value as an escape", "take line ends off what base64 gives")
    } else if tail.is_some() {
        ("the value is right, but something stands behind it", "send nothing behind the value")
    } else if actual.len() >= 8 && expected.as_bytes().starts_with(actual) {
        ("the value is right, but its end is missing", "send all 28 characters of the value")
    } else if expected.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F").as_bytes() == actual {
        ("the value was URL-encoded", "send the value as base64 gives it")
    } else {
        return None;
    };
    Some(Bug { cause: cause.to_owned(), fix: fix.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(actual: &str) -> String {
        bug(SAMPLE_KEY, actual.as_bytes()).map(|bug| bug.cause).unwrap_or_default()
    }

    #[test]
    fn each_wrong_recipe_is_known_by_its_value() {
        for (actual, word) in [
            ("BXhwxM0SZasKmCD9S4BfpPmCnEw=", "base64-decoded before"),
            ("hHLtf2V1k8aDQZfNjw3Ia1hCwt0=", "not put behind"),
            ("nYNUMU3LUURODadrlj9ew7SwzYI=", "base64-decoded, and the GUID"),
            ("2OZf2Seed9yzIpkj+zvC9KS9Mjw=", "in front of the key"),
            ("WJfwerbIozKsJXHxxI0JTO1SQgU=", "lower case"),
            ("r9/ho7dygrDPAQf/zFnJxWqPVO4=", "line feed"),
            ("zvnId+CMmoYWpbuFiCx6kU/bpAw=", "carriage return"),
            ("s3mCG3XUBfFRrUGpYOBQiHm5i8g=", "blank behind the colon"),
            ("BQgomKt49tqcGtJYe4ASzQz1IXI=", "GUID had a line feed"),
            ("PqrUWKkukdFUBIRNpUXUnidFcM8=", "typing error"),
            ("b37a4f2cc0624f1690f64606cf385945b2bec4ea", "hex digits"),
            ("YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==", "made of the hash's hex digits"),
            ("s3pPLMBiTxaQ9kYGzzhZRbK-xOo=", "URL's base64"),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo", "= at the end"),
            ("fI/F95pFHyUax3HLt0ktmQ==", "MD5"),
            ("c8qeCxwB8sJPxkSckeL76bKL7f642+KYzDiR7EbKyTY=", "SHA-256"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "key back"),
            ("\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo\"", "and quotes"),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x", "something stands behind"),
            ("", "empty"),
        ] {
            assert!(cause(actual).contains(word), "{actual}: {:?}", cause(actual));
        }
        assert_eq!(bug(SAMPLE_KEY, b"nothing known"), None);
    }

    #[test]
    fn quotes_around_the_right_value_are_the_bug() {
        let key = b"x3JJHMbDL1EzLkh9GBhXDw==";
        let quoted = format!("b'{}'", accept::value_for(key));
        assert!(bug(key, quoted.as_bytes()).unwrap().cause.starts_with("quotes"));
        assert!(bug(key, accept::value_for(SAMPLE_KEY).as_bytes()).unwrap().cause.contains("example key"));
    }

    #[test]
    fn two_bugs_at_once_are_both_named() {
        let digest = Sha1::digest(SAMPLE_KEY);
        let cause = cause(&hex::encode(digest));
        assert!(cause.contains("not put behind the key, and the hash was sent as hex"), "{cause}");
    }
}
