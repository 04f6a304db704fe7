//! Stalls in the words of findings: what is owed, which bytes began it, which rule says so, why, and what to change.

use crate::record::finding::{Finding, Place};
use crate::record::{Side, Stall, StallKind};

use super::application;

/// The stall as the finding that it is where it lasts, but for its title.
#[must_use]
pub fn finding(stall: &Stall) -> Finding {
    let place = stall.frame.map_or(Place::Connection, Place::Frame);
    let mut finding = Finding::new(stall.kind.finding(), place);
    if let Some((cause, fix)) = application::unanswered(stall.kind) {
        finding = finding.cause(cause, fix);
    }
    let Some(header) = stall.header else { return finding };
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    let (at, length, detail) = match stall.kind {
        StallKind::UnfinishedMessage => (0, 1, "FIN is 0: more is to follow".to_owned()),
        StallKind::ShortFrame => {
            let (came, promised) = stall.progress.unwrap_or_default();
            let key = header.mask.map_or(0, |key| key.len());
            (1, bytes.len() - 1 - key, format!("{promised} bytes are promised, {came} have come"))
        }
        _ => (0, 1, "it asks for a reply".to_owned()),
    };
    finding.bytes(&bytes, at, length).detail(detail)
}

/// Whose frame, or whose silence, a stall's place is.
#[must_use]
pub const fn sender(stall: &Stall) -> Side {
    match stall.kind {
        StallKind::UnansweredPing
        | StallKind::UnansweredClose
        | StallKind::SocketIoConnect
        | StallKind::EngineIoPong
        | StallKind::Greeting(_) => stall.lane.other(),
        _ => stall.lane,
    }
}
