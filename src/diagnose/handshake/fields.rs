//! The fields of a response: what is wrong with Upgrade, Connection and Sec-WebSocket-Protocol, and what is odd about them.

use crate::diagnose::chrome::Fault;
use crate::diagnose::chrome::response::split_at_commas;
use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;
use crate::wire::head::{Field, Head};

use super::told::{found, shown};

/// A fault in a value that Chrome compares.
pub(super) fn fault(request: &[u8], response: &[u8], fault: &Fault) -> Finding {
    use FindingKind as Kind;
    let value = shown(&response[fault.at.clone()]);
    let finding = found(fault.kind, response, &fault.at);
    let asked = asked(request);
    match fault.kind {
        Kind::RespUpgradeWrong => finding.detail(format!("websocket is needed, the server sent {value}")),
        Kind::RespUpgradeMultiple => finding.detail(format!("a second value is there: {value}")),
        Kind::RespConnectionWrong => finding.detail(format!("Upgrade is needed, the server sent {value}")),
        Kind::RespAcceptDuplicate => finding.detail(format!("a second accept value is there: {value}")),
        Kind::RespProtocolMissing => {
            let finding = finding.detail(format!("the client asked for {asked}, the server chose none"));
            match graphql(request) {
                Some((cause, fix)) => finding.cause(cause, fix),
                None => finding.cause(
                    "most likely the server does not know that name, or it does not look at the header; or a proxy took \
                     it away",
                    "choose one of the requested names and send it back, or drop the second argument of new WebSocket()",
                ),
            }
        }
        Kind::RespProtocolUnrequested => {
            finding.detail(format!("the client asked for no subprotocol, the server sent {value}"))
        }
        Kind::RespProtocolEmpty => finding.detail(format!("the field is empty; the client asked for {asked}")),
        Kind::RespProtocolList => list_of_protocols(request, finding, &value, &asked),
        Kind::RespProtocolDuplicate => finding.detail(format!("a second field is there: {value}")),
        _ => mismatch(request, response, fault, finding, &asked),
    }
}

/// The two libraries for GraphQL each know the other's subprotocol by another name: subscriptions-transport-ws 0.11
/// (`GRAPHQL_WS` in its protocol.js), and graphql-ws 6 (`GRAPHQL_TRANSPORT_WS_PROTOCOL`).
fn graphql(request: &[u8]) -> Option<(&'static str, &'static str)> {
    let names: Vec<&[u8]> = Head::new(request).values("sec-websocket-protocol").flat_map(split_at_commas).collect();
    match names.as_slice() {
        [b"graphql-ws"] => Some((
            "most likely the server does not know graphql-ws, which is the subprotocol of the old library \
             subscriptions-transport-ws: today's, the package graphql-ws, names its own graphql-transport-ws",
            "use the client of the package graphql-ws, which asks for graphql-transport-ws, or a server that knows both",
        )),
        [b"graphql-transport-ws"] => Some((
            "most likely the server does not know graphql-transport-ws, which is the subprotocol of the package graphql-ws: \
             the old library subscriptions-transport-ws names its own graphql-ws",
            "use the package graphql-ws at the server too, or the old library's client",
        )),
        _ => None,
    }
}

fn asked(request: &[u8]) -> String {
    let values: Vec<_> = Head::new(request).values("sec-websocket-protocol").collect();
    if values.is_empty() { "none".to_owned() } else { shown(&values.join(b", ".as_slice())) }
}

fn list_of_protocols(request: &[u8], finding: Finding, value: &str, asked: &str) -> Finding {
    let finding = finding.detail(format!("more than one is chosen, as {value}; the client asked for {asked}"));
    if Head::new(request).values("sec-websocket-protocol").any(|sent| sent.contains(&b',')) {
        finding.cause("the server sent the client's list back", "choose one name of the list and send only that")
    } else {
        finding
    }
}

fn mismatch(request: &[u8], response: &[u8], fault: &Fault, finding: Finding, asked: &str) -> Finding {
    let value = &response[fault.at.clone()];
    let finding = finding.detail(format!("the client asked for {asked}, the server sent {}", shown(value)));
    let head = Head::new(request);
    let names: Vec<&[u8]> = head.values("sec-websocket-protocol").flat_map(split_at_commas).collect();
    let bare: &[u8] = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    if names.contains(&bare) {
        finding.cause("the name was put in quotes", "send the name bare")
    } else if names.iter().any(|name| name.eq_ignore_ascii_case(value)) {
        finding.cause(
            "the name differs in upper and lower case, which counts here",
            "send the name exactly as the client wrote it",
        )
    } else {
        finding
    }
}

/// What is odd about the fields of a response that Chrome takes, each at most once.
pub(super) fn oddities(response: &[u8]) -> Vec<Finding> {
    let head = Head::of_response(response);
    let found = [
        connection_list(head, response),
        accept_blanks(head, response),
        hixie(head, response),
        body(head, response),
        beyond_ascii(head, response),
    ];
    found.into_iter().flatten().collect()
}

/// A value that is no ASCII. Chrome takes it anywhere but in a value that it compares.
fn beyond_ascii(head: Head<'_>, response: &[u8]) -> Option<Finding> {
    let field = head.fields().find(|field| !field.value.is_ascii())?;
    let detail = format!("{}: {}", text::preview(field.name, 40), shown(field.value));
    Some(at_value(FindingKind::HttpHeaderNonascii, response, &field).detail(detail))
}

fn at_value(kind: FindingKind, response: &[u8], field: &Field<'_>) -> Finding {
    Finding::new(kind, Place::Head).bytes(response, field.value_at, field.value.len())
}

fn connection_list(head: Head<'_>, response: &[u8]) -> Option<Finding> {
    let field = head.field("connection")?;
    let values: Vec<_> = head.values("connection").collect();
    let joined = values.join(b", ".as_slice());
    let has_more = split_at_commas(&joined).iter().any(|value| !value.eq_ignore_ascii_case(b"upgrade"));
    has_more.then(|| {
        at_value(FindingKind::RespConnectionList, response, &field)
            .detail(format!("Upgrade is one of several: {}", shown(&joined)))
    })
}

fn accept_blanks(head: Head<'_>, response: &[u8]) -> Option<Finding> {
    let field = head.field("sec-websocket-accept")?;
    let end = field.value_at + field.value.len();
    let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let before = response[..field.value_at].iter().rev().take_while(blank).count();
    let after = response[end..].iter().take_while(blank).count();
    let (at, length) = match (before, after) {
        (0 | 1, 0) => return None,
        (_, 0) => (field.value_at - before, before),
        _ => (end, after),
    };
    let detail = format!("blanks around the value: {before} before it, {after} behind it");
    Some(Finding::new(FindingKind::RespAcceptWhitespace, Place::Head).bytes(response, at, length).detail(detail))
}

/// A field that answers of the drafts of 2009 and 2010 have.
pub(super) fn hixie_field(head: Head<'_>) -> Option<Field<'_>> {
    const NAMES: [&str; 4] =
        ["sec-websocket-origin", "sec-websocket-location", "websocket-origin", "websocket-location"];
    head.fields().find(|field| NAMES.iter().any(|name| field.is(name)))
}

fn hixie(head: Head<'_>, response: &[u8]) -> Option<Finding> {
    let field = hixie_field(head)?;
    let detail = format!("{} has no meaning since 2011", text::preview(field.name, 40));
    Some(at_value(FindingKind::RespHixieHeaders, response, &field).detail(detail))
}

/// Fields that announce a body, which a 101 never has.
fn body(head: Head<'_>, response: &[u8]) -> Option<Finding> {
    let length = head.field("content-length").filter(|field| field.value != b"0");
    let field = length.or_else(|| head.field("transfer-encoding"))?;
    let detail = format!("{}: {}", text::preview(field.name, 40), shown(field.value));
    Some(at_value(FindingKind::Http101WithBody, response, &field).detail(detail))
}
