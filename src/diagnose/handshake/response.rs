//! A whole response: the one cause why Chrome fails it, or what is odd about one that it takes.

use std::ops::Range;

use crate::diagnose::chrome::{self, Fault, Handshake};
use crate::record::Verdict;
use crate::record::finding::{Finding, FindingKind};
use crate::text;
use crate::wire::accept as accept_value;
use crate::wire::head::{Field, Head, response_start};

use super::told::{found, shown};
use super::{accept, extensions, fields, request, silence, status, syntax};

/// What was found in a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// All of it; at most one is what Chrome fails for.
    pub findings: Vec<Finding>,
    /// Chrome's verdict where it fails; it names the finding that decided.
    pub verdict: Option<Verdict>,
}

/// Judges a whole head that came for a request. `body` is what is known of the bytes behind it.
#[must_use]
pub fn response(request: &[u8], response: &[u8], body: &[u8]) -> Judged {
    if let Some(finding) = silence::too_large(response) {
        return Judged { verdict: Some(Verdict::because(&finding)), findings: vec![finding] };
    }
    let is_upgrade = Head::of_response(response).status() == Some(101);
    let fault = match chrome::handshake(request, response) {
        Handshake::Opens => return Judged { findings: oddities(request, response), verdict: None },
        Handshake::Fails(fault) => fault,
    };
    let cause = cause(request, response, body, &fault).chrome(fault.words);
    if let Some(kind) = told_of_request(request, cause.kind) {
        let verdict = Verdict { finding: Some(kind), ..Verdict::because(&cause) };
        return Judged { findings: Vec::new(), verdict: Some(verdict) };
    }
    let mut findings = if is_upgrade { syntax::oddities(response) } else { Vec::new() };
    findings.retain(|finding| !is_explained(finding.kind, cause.kind));
    let verdict = Verdict::because(&cause);
    findings.insert(0, cause);
    Judged { findings, verdict: Some(verdict) }
}

/// What was found in the request already, where a fault of the response is but its consequence.
fn told_of_request(request: &[u8], fault: FindingKind) -> Option<FindingKind> {
    use FindingKind as Kind;
    match fault {
        Kind::HttpUpgradeStripped => request::is_stripped(request).then_some(fault),
        Kind::RespAcceptMissing | Kind::RespAcceptMismatch => {
            Head::new(request).field("sec-websocket-key").is_none().then_some(Kind::ReqKeyMissing)
        }
        _ => None,
    }
}

/// Whether an oddity of the head is part of what it failed for.
fn is_explained(oddity: FindingKind, cause: FindingKind) -> bool {
    use FindingKind as Kind;
    match cause {
        Kind::HttpIndentedHeaders => oddity == Kind::HttpObsFold,
        Kind::HttpLiteralEscapes | Kind::HttpHeaderNull => true,
        _ => false,
    }
}

/// What is odd about a response that Chrome takes.
fn oddities(request: &[u8], response: &[u8]) -> Vec<Finding> {
    let mut findings = syntax::oddities(response);
    findings.extend(fields::oddities(response));
    findings.extend(extensions::oddities(request, response));
    findings
}

/// The bug behind a fault, where the bytes name it; else the fault itself.
fn cause(request: &[u8], response: &[u8], body: &[u8], fault: &Fault) -> Finding {
    use FindingKind as Kind;
    let plain = |detail: String| found(fault.kind, response, &fault.at).detail(detail);
    match fault.kind {
        Kind::HttpNotHttp | Kind::HttpNotHttpOddPort | Kind::CloseBeforeHandshake => silence::not_http(fault, response),
        Kind::HttpHeaderNull => plain("a NUL byte stands in the head".to_owned()),
        Kind::HttpDupLocationLength => plain(doubled(response, &fault.at)),
        kind if kind.layer() == crate::record::finding::Layer::Http => status::refusal(request, response, body, fault),
        Kind::RespUpgradeMissing => missing(response, body, fault, "Upgrade"),
        Kind::RespConnectionMissing => missing(response, body, fault, "Connection"),
        Kind::RespAcceptMissing => missing_accept(request, response, body, fault),
        _ if !response[fault.at.clone()].is_ascii() => {
            plain(format!("the server sent {}", shown(&response[fault.at.clone()])))
                .cause("the value holds bytes beyond ASCII, and it is compared byte by byte", "send ASCII only")
        }
        Kind::RespAcceptMismatch => wrong_accept(request, response, fault),
        kind if kind.layer() == crate::record::finding::Layer::Extension => extensions::fault(request, response, fault),
        _ => fields::fault(request, response, fault),
    }
}

fn doubled(response: &[u8], second: &Range<usize>) -> String {
    let line = response[..second.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let name = response[line..second.start].split(|byte| *byte == b':').next().unwrap_or_default();
    let name = text::preview(name, 40);
    let first = Head::of_response(response).value(&name).unwrap_or_default();
    format!("{name} is there twice with different values: {} and {}", shown(first), shown(&response[second.clone()]))
}

/// A field that is missing, or that Chrome's parser does not see where it stands.
fn missing(response: &[u8], body: &[u8], fault: &Fault, name: &str) -> Finding {
    if let Some(finding) = hidden(response, body, name) {
        return finding;
    }
    found(fault.kind, response, &fault.at).detail(format!("the response has no {name} field"))
}

fn hidden(response: &[u8], body: &[u8], name: &str) -> Option<Finding> {
    let start = response_start(response).unwrap_or(0);
    syntax::literal_escapes(response, start)
        .or_else(|| newline_in_head(response, body))
        .or_else(|| indented(response, name))
}

/// The accept line's own line feed ended the head, and the other fields stand behind it.
fn newline_in_head(response: &[u8], body: &[u8]) -> Option<Finding> {
    if !syntax::ends_in_stray_newline(response) {
        return None;
    }
    let at = response.len() - 3;
    let next = body.split(|byte| matches!(byte, b'\r' | b'\n')).next().filter(|line| line.contains(&b':'));
    let lost = next.map_or(String::new(), |line| format!("; {} is behind it", shown(line)));
    Some(
        found(FindingKind::RespAcceptTrailingNewline, response, &(at..at + 1))
            .detail(format!("the accept value ends with a line feed, which ended the head{lost}")),
    )
}

/// A line of that name that begins with a blank: it is read as more of the value before, or not at all.
fn indented(response: &[u8], name: &str) -> Option<Finding> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let is_it = |field: &Field<'_>| {
        let bare = field.name.trim_ascii();
        field.name.first().is_some_and(blank) && bare.eq_ignore_ascii_case(name.as_bytes())
    };
    let field = Head::of_response(response).fields().find(is_it)?;
    let line = response[..field.value_at].iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let length = response[line..].iter().take_while(|byte| blank(byte)).count();
    let finding = found(FindingKind::HttpIndentedHeaders, response, &(line..line + length));
    Some(finding.detail(format!("the line of {name} begins with {length} blanks, so it is no field of its own")))
}

fn missing_accept(request: &[u8], response: &[u8], body: &[u8], fault: &Fault) -> Finding {
    let head = Head::of_response(response);
    if let Some(finding) = hidden(response, body, "Sec-WebSocket-Accept") {
        return finding;
    }
    if let Some(field) = fields::hixie_field(head) {
        let name = text::preview(field.name, 40);
        return found(FindingKind::RespHixie76Only, response, &(field.value_at..field.value_at + field.value.len()))
            .detail(format!("{name} is there and Sec-WebSocket-Accept is not: a response of 2010"));
    }
    let expected = expected(request);
    let finding = found(fault.kind, response, &fault.at).detail(format!("the key asks for {expected}"));
    let alike = head.fields().find(|field| is_misspelt_accept(field.name));
    match alike {
        Some(field) => finding.cause(
            format!("the field was named {}", text::preview(field.name, 40)),
            "name the field Sec-WebSocket-Accept",
        ),
        None => finding,
    }
}

fn is_misspelt_accept(name: &[u8]) -> bool {
    let letters: Vec<u8> =
        name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    let has = |word: &[u8]| letters.windows(word.len()).any(|window| window == word);
    (has(b"websocket") && has(b"acc")) || letters == b"secwebsocketkey" || letters == b"secwebsocketresponse"
}

fn expected(request: &[u8]) -> String {
    accept_value::value_for(Head::new(request).value("sec-websocket-key").unwrap_or_default())
}

fn wrong_accept(request: &[u8], response: &[u8], fault: &Fault) -> Finding {
    let actual = &response[fault.at.clone()];
    let key = Head::new(request).value("sec-websocket-key").unwrap_or_default();
    let detail = format!("the key asks for {}, the server sent {}", expected(request), shown(actual));
    let finding = found(fault.kind, response, &fault.at).detail(detail);
    match accept::bug(key, actual) {
        Some(bug) => finding.cause(bug.cause, bug.fix),
        None => finding,
    }
}
