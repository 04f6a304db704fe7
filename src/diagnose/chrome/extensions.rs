//! The extensions of a response as Chrome checks them: it offers permessage-deflate alone (RFC 7692).

use crate::record::finding::FindingKind;

use super::response::trim;

/// Checks one value of Sec-WebSocket-Extensions.
///
/// # Errors
/// What broke which rule, and Chrome's words, without those in front of all handshake errors.
pub(super) fn check(value: &[u8], has_deflate: &mut bool) -> Result<(), (FindingKind, String)> {
    let Some(extension) = Extension::parse(value) else {
        let value = String::from_utf8_lossy(value);
        let words = format!("'Sec-WebSocket-Extensions' header value is rejected by the parser: {value}");
        return Err((FindingKind::ExtMalformed, words));
    };
    if extension.name != DEFLATE {
        let name = &extension.name;
        let words = format!("Found an unsupported extension '{name}' in 'Sec-WebSocket-Extensions' header");
        return Err((stranger(name), words));
    }
    if std::mem::replace(has_deflate, true) {
        return Err((FindingKind::PmdDuplicate, "Received duplicate permessage-deflate response".to_owned()));
    }
    check_parameters(&extension.parameters)
        .map_err(|(kind, words)| (kind, format!("Error in permessage-deflate: {words}")))
}

/// The extension that Chrome offers.
pub(in crate::diagnose) const DEFLATE: &str = "permessage-deflate";

/// How a name that is not `permessage-deflate` got there.
fn stranger(name: &str) -> FindingKind {
    let is_parameter = matches!(
        name,
        "server_no_context_takeover"
            | "client_no_context_takeover"
            | "server_max_window_bits"
            | "client_max_window_bits"
    );
    match name {
        _ if is_parameter => FindingKind::ExtCommaParams,
        _ if name.eq_ignore_ascii_case(DEFLATE) => FindingKind::ExtNameCase,
        _ if name.eq_ignore_ascii_case("x-webkit-deflate-frame") => FindingKind::ExtXWebkitDeflateFrame,
        _ => FindingKind::ExtUnsolicited,
    }
}

/// One value of Sec-WebSocket-Extensions.
pub(in crate::diagnose) struct Extension {
    /// Its name.
    pub name: String,
    /// Names and values, quotes taken off.
    pub parameters: Vec<(String, Option<String>)>,
}

impl Extension {
    /// RFC 6455 9.1: a token, then parameters with or without values; a quoted value must hold a token.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = split_at_semicolons(value).into_iter();
        let name = token(parts.next()?)?;
        let parameters = parts.map(|part| {
            let equals = part.iter().position(|byte| *byte == b'=');
            match equals {
                None => Some((token(part)?, None)),
                Some(at) => Some((token(trim(&part[..at]))?, Some(parameter_value(trim(&part[at + 1..]))?))),
            }
        });
        Some(Self { name, parameters: parameters.collect::<Option<_>>()? })
    }
}

fn check_parameters(parameters: &[(String, Option<String>)]) -> Result<(), (FindingKind, String)> {
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in parameters {
        let (valid, otherwise) = match name.as_str() {
            "server_no_context_takeover" | "client_no_context_takeover" => {
                (value.is_none(), FindingKind::PmdTakeoverWithValue)
            }
            "server_max_window_bits" => (value.as_deref().is_some_and(is_window_bits), FindingKind::PmdWindowBitsRange),
            "client_max_window_bits" => (value.as_deref().is_none_or(is_window_bits), FindingKind::PmdWindowBitsRange),
            _ => {
                let words = "Received an unexpected permessage-deflate extension parameter".to_owned();
                return Err((FindingKind::PmdUnknownParam, words));
            }
        };
        if seen.contains(&name.as_str()) {
            let words = format!("Received duplicate permessage-deflate extension parameter {name}");
            return Err((FindingKind::PmdDupParam, words));
        }
        seen.push(name);
        if !valid {
            return Err((otherwise, format!("Received invalid {name} parameter")));
        }
    }
    let bare = |(name, value): &(String, Option<String>)| name == "client_max_window_bits" && value.is_none();
    if parameters.iter().any(bare) {
        return Err((FindingKind::PmdClientBitsNoValue, "client_max_window_bits must have value".to_owned()));
    }
    Ok(())
}

/// 8 to 15 without a leading zero (RFC 7692 7.1.2).
fn is_window_bits(value: &str) -> bool {
    matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
}

fn split_at_semicolons(value: &[u8]) -> Vec<&[u8]> {
    let mut quoted = false;
    value
        .split(|byte| {
            quoted ^= *byte == b'"';
            *byte == b';' && !quoted
        })
        .map(trim)
        .collect()
}

fn parameter_value(value: &[u8]) -> Option<String> {
    match value {
        [b'"', inner @ .., b'"'] => {
            let unescaped: Vec<u8> = inner.iter().copied().filter(|byte| *byte != b'\\').collect();
            token(&unescaped)
        }
        plain => token(plain),
    }
}

/// RFC 9110 5.6.2.
fn token(bytes: &[u8]) -> Option<String> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (!bytes.is_empty() && bytes.iter().all(is_token)).then(|| String::from_utf8_lossy(bytes).into_owned())
}
