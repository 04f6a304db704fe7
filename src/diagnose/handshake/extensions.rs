//! The extensions of a response, held against those of the request.

use crate::diagnose::chrome::Fault;
use crate::diagnose::chrome::extensions::{DEFLATE, Extension};
use crate::diagnose::chrome::response::split_at_commas;
use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;
use crate::wire::head::Head;

use super::told::{found, shown};

const NAME: &str = "sec-websocket-extensions";

/// A fault that Chrome sees in them.
pub(super) fn fault(request: &[u8], response: &[u8], fault: &Fault) -> Finding {
    let value = &response[fault.at.clone()];
    let offered = offered(request);
    let finding = found(fault.kind, response, &fault.at);
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
pub(super) fn oddities(request: &[u8], response: &[u8]) -> Vec<Finding> {
    // Chrome takes no second line: each would have to hold permessage-deflate.
    let Some(first) = Head::of_response(response).field(NAME) else { return Vec::new() };
    let at = |kind| Finding::new(kind, Place::Head).bytes(response, first.value_at, first.value.len());
    let sent = shown(first.value);
    let mut findings = Vec::new();
    let deflate = split_at_commas(first.value).into_iter().filter_map(Extension::parse).find(|one| one.name == DEFLATE);
    let value = |name: &str| deflate.iter().flat_map(|one| &one.parameters).find(|(has, _)| has == name);
    if deflate.is_some() && !offers(request, None) {
        let offered = offered(request);
        let detail = format!("the client offered {}, the server sent {sent}", shown(&offered));
        findings.push(at(FindingKind::ExtUnsolicited).detail(detail));
    } else if value("client_max_window_bits").is_some() && !offers(request, Some("client_max_window_bits")) {
        let detail = format!("the client did not offer client_max_window_bits, the server sent {sent}");
        findings.push(at(FindingKind::PmdClientBitsUnoffered).detail(detail));
    }
    if matches!(value("server_max_window_bits"), Some((_, Some(bits))) if bits == "8") {
        findings.push(at(FindingKind::PmdServerBits8).detail(format!("the server sent {sent}")));
    }
    findings.extend(safari(request).filter(|_| deflate.is_some()).map(|version| {
        at(FindingKind::SafariPmdBugs).detail(format!("the client is Safari {version}, the server sent {sent}"))
    }));
    findings
}

/// The version of a Safari that fails on compressed messages: 15.0 to 15.3.
fn safari(request: &[u8]) -> Option<String> {
    let agent = String::from_utf8_lossy(Head::new(request).value("user-agent")?).into_owned();
    let (_, version) = agent.split_once(" Version/")?;
    let version = version.split(' ').next()?;
    let minor = version.strip_prefix("15.")?.split('.').next()?;
    (agent.contains(" Safari/") && matches!(minor, "0" | "1" | "2" | "3"))
        .then(|| text::preview(version.as_bytes(), 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_safaris_that_fail_are_named() {
        let version = |agent: &str| safari(format!("GET / HTTP/1.1\r\nUser-Agent: {agent}\r\n\r\n").as_bytes());
        let safari = |version: &str| {
            format!(
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version} Safari/605.1.15"
            )
        };
        assert_eq!(version(&safari("15.0")).as_deref(), Some("15.0"));
        assert_eq!(version(&safari("15.3.1")).as_deref(), Some("15.3.1"));
        for other in ["15.4", "15.31", "14.1", "26.0", "150.1"] {
            assert_eq!(version(&safari(other)), None, "{other}");
        }
        assert_eq!(
            version("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"),
            None
        );
    }
}
