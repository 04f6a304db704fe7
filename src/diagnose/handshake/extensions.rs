//! The extensions of an answer, held against those of the request.

use crate::diagnose::chrome::Fault;
use crate::diagnose::chrome::answer::split_at_commas;
use crate::diagnose::chrome::extensions::{DEFLATE, Extension};
use crate::record::finding::{Finding, FindingKind, Place};
use crate::wire::head::Head;

use super::told::{found, shown};

const NAME: &str = "sec-websocket-extensions";

/// A fault that Chrome sees in them.
pub(super) fn fault(request: &[u8], answer: &[u8], fault: &Fault) -> Finding {
    let value = &answer[fault.at.clone()];
    let offered = offered(request);
    let finding = found(fault.kind, answer, &fault.at);
    let finding = finding.detail(format!("the client offered {}, the server sent {}", shown(&offered), shown(value)));
    let is_echo = fault.kind == FindingKind::PmdClientBitsNoValue && offered.trim_ascii() == value.trim_ascii();
    if is_echo {
        finding.cause(
            "the server sent the client's offer back as it came",
            "answer permessage-deflate alone, or client_max_window_bits with a number from 9 to 15",
        )
    } else {
        finding
    }
}

fn offered(request: &[u8]) -> Vec<u8> {
    Head::new(request).values(NAME).collect::<Vec<_>>().join(b", ".as_slice())
}

/// Whether the request offers permessage-deflate, with that parameter if one is named.
fn offers(request: &[u8], parameter: Option<&str>) -> bool {
    split_at_commas(&offered(request)).into_iter().filter_map(Extension::parse).any(|offer| {
        let has = |name: &str| offer.parameters.iter().any(|(has, _)| has.eq_ignore_ascii_case(name));
        offer.name.eq_ignore_ascii_case(DEFLATE) && parameter.is_none_or(has)
    })
}

/// What is odd about extensions that Chrome takes, each at most once.
pub(super) fn oddities(request: &[u8], answer: &[u8]) -> Vec<Finding> {
    let fields: Vec<_> = Head::of_response(answer).fields().filter(|field| field.is(NAME)).collect();
    let Some(first) = fields.first() else { return Vec::new() };
    let at = |kind, field: &crate::wire::head::Field<'_>| {
        Finding::new(kind, Place::Head).bytes(answer, field.value_at, field.value.len())
    };
    let sent = shown(first.value);
    let mut findings = Vec::new();
    if let Some(second) = fields.get(1) {
        let detail = format!("a second line is there: {}", shown(second.value));
        findings.push(at(FindingKind::ExtHeaderDuplicate, second).detail(detail));
    }
    let deflate = split_at_commas(first.value).into_iter().filter_map(Extension::parse).find(|one| one.name == DEFLATE);
    let value = |name: &str| deflate.iter().flat_map(|one| &one.parameters).find(|(has, _)| has == name);
    if deflate.is_some() && !offers(request, None) {
        let offered = offered(request);
        let detail = format!("the client offered {}, the server sent {sent}", shown(&offered));
        findings.push(at(FindingKind::ExtUnsolicited, first).detail(detail));
    } else if value("client_max_window_bits").is_some() && !offers(request, Some("client_max_window_bits")) {
        let detail = format!("the client did not offer client_max_window_bits, the server sent {sent}");
        findings.push(at(FindingKind::PmdClientBitsUnoffered, first).detail(detail));
    }
    if matches!(value("server_max_window_bits"), Some((_, Some(bits))) if bits == "8") {
        findings.push(at(FindingKind::PmdServerBits8, first).detail(format!("the server sent {sent}")));
    }
    findings
}
