//! Requests: each deviation from RFC 6455 4.1 and 4.2.1. What browsers and the common libraries send raises no more than
//! notes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;
use crate::wire::dialect::Dialect;
use crate::wire::head::{Field, Head};
use crate::wire::url::Url;

use crate::diagnose::chrome::end_of_fields;

use super::accept::SAMPLE_KEY;
use super::told::shown;

/// Takes trailing bits that are not zero: the key's own example in RFC 6455 has them.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// What is wrong with a request's head; each kind at most once.
#[must_use]
pub fn request(raw: &[u8]) -> Vec<Finding> {
    let head = Head::new(raw);
    if is_hixie(head) {
        return Vec::new();
    }
    let request = Request { raw, head };
    let mut findings: Vec<Finding> = if is_stripped(raw) {
        vec![request.stripped()]
    } else {
        [request.method(), request.version_of_http(), request.upgrade(), request.connection()]
            .into_iter()
            .flatten()
            .collect()
    };
    let rest = [
        request.host(),
        request.key(),
        request.version(),
        request.origin(),
        request.subprotocols(),
        request.body(),
        reused_key(raw, head.value("sec-websocket-key") == Some(SAMPLE_KEY)),
    ];
    findings.extend(rest.into_iter().flatten());
    findings
}

/// Requests of the drafts of 2009 and 2010, which have rules of their own.
fn is_hixie(head: Head<'_>) -> bool {
    match Dialect::of_request(head) {
        dialect if dialect.facts().has_keys => true,
        Dialect::Hixie75 => head.field("origin").is_some() || head.field("websocket-protocol").is_some(),
        _ => false,
    }
}

/// Whether a request that is a WebSocket's by its key has neither Upgrade nor Connection: Upgrade, as proxies leave it
/// that do not know them.
pub(super) fn is_stripped(raw: &[u8]) -> bool {
    let head = Head::new(raw);
    head.field("sec-websocket-key").is_some()
        && head.field("upgrade").is_none()
        && !has_token(head, "connection", b"upgrade")
}

fn has_token(head: Head<'_>, name: &str, token: &[u8]) -> bool {
    let mut tokens = head.values(name).flat_map(|value| value.split(|byte| *byte == b','));
    tokens.any(|value| value.trim_ascii().eq_ignore_ascii_case(token))
}

/// A key that another connection had: `seen` says whether. RFC 6455 4.1 asks for a new one each time.
#[must_use]
pub fn reused_key(raw: &[u8], seen: bool) -> Option<Finding> {
    let field = Head::new(raw).field("sec-websocket-key").filter(|_| seen)?;
    let finding = at_value(FindingKind::ReqKeyReused, raw, &field);
    Some(if field.value == SAMPLE_KEY {
        finding.detail("the key is the example of RFC 6455").cause(
            "the key is written into the client, copied from the document",
            "make 16 random bytes for each connection, and encode them with base64",
        )
    } else {
        finding.detail(format!("an earlier connection had the key {} too", shown(field.value)))
    })
}

/// Bytes that a client sent before the response came.
#[must_use]
pub fn early_data(request: &[u8], bytes: &[u8]) -> Option<Finding> {
    let head = Head::new(request);
    let announced = Request { raw: request, head }.body().is_some();
    (!announced && !is_hixie(head)).then(|| {
        Finding::new(FindingKind::HttpPipelinedEarlyData, Place::Stream)
            .bytes(bytes, 0, bytes.len())
            .detail(format!("the client sent {} B before the server had answered", bytes.len()))
    })
}

/// What of a request names somebody else than the proxy that reads it; the caller has found out that it does so.
#[must_use]
pub fn foreign_host(raw: &[u8]) -> Option<Finding> {
    let head = Head::new(raw);
    let mut hosts = head.fields().filter(|field| field.is("host"));
    let (first, second) = (hosts.next()?, hosts.next());
    let target = Url::split(head.target()).filter(|url| !url.authority.eq_ignore_ascii_case(first.value));
    let (field, detail) = match (second, target) {
        (Some(second), _) => {
            (second, format!("a second Host, {}, stands beside {}", shown(second.value), shown(first.value)))
        }
        (None, Some(target)) => {
            (first, format!("the Host is {}, but the target names {}", shown(first.value), shown(target.authority)))
        }
        (None, None) => (first, format!("{} is not a name of wsproxy's own: Host and Origin stay", shown(first.value))),
    };
    Some(at_value(FindingKind::ReqHostForeign, raw, &field).detail(detail))
}

fn at_value(kind: FindingKind, raw: &[u8], field: &Field<'_>) -> Finding {
    Finding::new(kind, Place::Head).bytes(raw, field.value_at, field.value.len())
}

struct Request<'a> {
    raw: &'a [u8],
    head: Head<'a>,
}

impl<'a> Request<'a> {
    fn missing(&self, kind: FindingKind, detail: impl Into<String>) -> Finding {
        Finding::new(kind, Place::Head).bytes(self.raw, end_of_fields(self.raw), 0).detail(detail)
    }

    fn all(&self, name: &str) -> Vec<Field<'a>> {
        self.head.fields().filter(|field| field.is(name)).collect()
    }

    fn stripped(&self) -> Finding {
        let told: Vec<_> = ["connection", "via", "x-forwarded-for"]
            .into_iter()
            .filter_map(|name| self.head.field(name))
            .map(|field| format!("; {}: {}", text::preview(field.name, 40), shown(field.value)))
            .collect();
        let line = shown(self.head.start_line());
        let detail = format!("{line}: a key came, but neither Upgrade nor Connection: Upgrade{}", told.concat());
        self.missing(FindingKind::HttpUpgradeStripped, detail)
    }

    fn method(&self) -> Option<Finding> {
        let line = self.head.start_line();
        let method = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        (method != b"GET").then(|| {
            Finding::new(FindingKind::ReqMethod, Place::Head)
                .bytes(self.raw, 0, method.len())
                .detail(format!("GET is needed, the client sent {}", shown(method)))
        })
    }

    fn version_of_http(&self) -> Option<Finding> {
        let line = self.head.start_line();
        let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        (version != b"HTTP/1.1").then(|| {
            Finding::new(FindingKind::ReqHttp10, Place::Head)
                .bytes(self.raw, line.len() - version.len(), version.len())
                .detail(format!("HTTP/1.1 is needed, the client sent {}", shown(version)))
        })
    }

    fn host(&self) -> Option<Finding> {
        self.head.field("host").is_none().then(|| self.missing(FindingKind::ReqHostMissing, "there is no Host field"))
    }

    fn upgrade(&self) -> Option<Finding> {
        self.token(FindingKind::ReqUpgradeMissing, "Upgrade", "websocket")
    }

    fn connection(&self) -> Option<Finding> {
        self.token(FindingKind::ReqConnectionMissing, "Connection", "Upgrade")
    }

    fn token(&self, kind: FindingKind, name: &str, token: &str) -> Option<Finding> {
        if has_token(self.head, name, token.as_bytes()) {
            return None;
        }
        Some(match self.head.field(name) {
            None => self.missing(kind, format!("there is no {name} field")),
            Some(field) => at_value(kind, self.raw, &field)
                .detail(format!("{name} needs {token}, the client sent {}", shown(field.value))),
        })
    }

    fn key(&self) -> Option<Finding> {
        match self.all("sec-websocket-key").as_slice() {
            [] => Some(self.missing(FindingKind::ReqKeyMissing, "there is no Sec-WebSocket-Key field")),
            [field] => self.key_value(field),
            [_, second, ..] => Some(
                at_value(FindingKind::ReqKeyDuplicate, self.raw, second)
                    .detail(format!("a second key is there: {}", shown(second.value))),
            ),
        }
    }

    fn key_value(&self, field: &Field<'_>) -> Option<Finding> {
        let what = match LENIENT.decode(field.value) {
            Ok(bytes) if bytes.len() == 16 => return None,
            Ok(bytes) => format!("the key is {} bytes in base64", bytes.len()),
            Err(_) => "the key is no base64".to_owned(),
        };
        let detail = format!("{what}, where 16 are needed: {}", shown(field.value));
        Some(at_value(FindingKind::ReqKeyBadLength, self.raw, field).detail(detail))
    }

    fn version(&self) -> Option<Finding> {
        let fields = self.all("sec-websocket-version");
        let (first, kind, detail) = match fields.as_slice() {
            [] => {
                let detail = "there is no Sec-WebSocket-Version field";
                return Some(self.missing(FindingKind::ReqVersionMissing, detail));
            }
            [field] if field.value == b"13" => return None,
            [field] if field.value.contains(&b',') => {
                (field, FindingKind::ReqVersionDuplicate, format!("more than one version: {}", shown(field.value)))
            }
            [field] => {
                let number = std::str::from_utf8(field.value).ok().and_then(|value| value.parse::<u8>().ok());
                let kind = match number {
                    Some(4..=12) => FindingKind::HybiVersion412,
                    _ => FindingKind::ReqVersionUnsupported,
                };
                (field, kind, format!("13 is needed, the client sent {}", shown(field.value)))
            }
            [_, second, ..] => {
                (second, FindingKind::ReqVersionDuplicate, format!("a second version: {}", shown(second.value)))
            }
        };
        Some(at_value(kind, self.raw, first).detail(detail))
    }

    fn origin(&self) -> Option<Finding> {
        if let Some(field) = self.head.field("sec-websocket-origin") {
            let detail = format!("Sec-WebSocket-Origin: {}", shown(field.value));
            return Some(at_value(FindingKind::V8OriginHeader, self.raw, &field).detail(detail));
        }
        let agent = self.head.value("user-agent").map(|agent| format!("; the client calls itself {}", shown(agent)));
        let detail = format!("there is no Origin field, which browsers send{}", agent.unwrap_or_default());
        self.head.field("origin").is_none().then(|| self.missing(FindingKind::ReqOriginMissing, detail))
    }

    fn subprotocols(&self) -> Option<Finding> {
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        let mut seen: Vec<&[u8]> = Vec::new();
        for field in self.all("sec-websocket-protocol") {
            let mut at = field.value_at;
            for part in field.value.split(|byte| *byte == b',') {
                let name = part.trim_ascii();
                let from =
                    at + part.iter().take_while(|byte| byte.is_ascii_whitespace()).count().min(part.len() - name.len());
                let what = if name.is_empty() {
                    "an empty name"
                } else if !name.iter().all(is_token) {
                    "a name with a character that none may have"
                } else if seen.contains(&name) {
                    "a name that is there twice"
                } else {
                    at += part.len() + 1;
                    seen.push(name);
                    continue;
                };
                let finding = Finding::new(FindingKind::ReqSubprotocolInvalid, Place::Head);
                return Some(finding.bytes(self.raw, from, name.len()).detail(format!("{what}: {}", shown(name))));
            }
        }
        None
    }

    fn body(&self) -> Option<Finding> {
        let length = self.head.field("content-length").filter(|field| field.value != b"0");
        let field = length.or_else(|| self.head.field("transfer-encoding"))?;
        let detail = format!("{}: {}", text::preview(field.name, 40), shown(field.value));
        Some(at_value(FindingKind::ReqBody, self.raw, &field).detail(detail))
    }
}
