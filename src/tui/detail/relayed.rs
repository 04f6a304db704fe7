//! What became of a frame, and why, as far as what was seen tells. Where it does not, no more is said.

use crate::journal::{Row, Scope, View};
use crate::record::{FrameRecord, Origin, Relayed, Seen};

use super::page::Page;

/// Rows before and behind a frame in which wsproxy's own close frames are looked for.
const NEAR: u64 = 500;

pub(super) fn write(page: &mut Page<'_>, view: &View, row: Row<'_>, record: &FrameRecord) {
    match record.relayed {
        Relayed::AsIs => {}
        Relayed::Changed => page.row(changed(view, row, record), page.theme.injected),
        Relayed::Dropped => page.row(dropped(view, row, record), page.theme.warning),
    }
}

fn changed(view: &View, row: Row<'_>, record: &FrameRecord) -> &'static str {
    let open = row.session.and_then(|id| view.session(id)).and_then(|summary| summary.open.as_ref());
    if open.is_some_and(|open| open.dialect_client != open.dialect_server) {
        "sent on in the other side's dialect; shown as it came"
    } else if fault(view, row, record) == Some(Fault::Repaired) {
        "sent on repaired; shown as it came"
    } else {
        "sent on changed; shown as it came"
    }
}

fn dropped(view: &View, row: Row<'_>, record: &FrameRecord) -> &'static str {
    let fault = fault(view, row, record);
    match (fault, own_close(view, row)) {
        (Some(Fault::Repaired), _) => "not sent on: dropped by the policy repair",
        (_, Some(Place::Before)) => "not sent on: wsproxy was ending the session",
        (Some(Fault::Left), Some(Place::Behind)) => "not sent on: refused by the policy strict",
        (None, Some(Place::Behind)) => "not sent on: dropped by the policy",
        (_, None) => "not sent on: dropped by the policy, or because wsproxy was ending the session",
    }
}

/// What was made of what is wrong with a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Repaired,
    Left,
}

/// `None` where nothing is known to be wrong with it.
fn fault(view: &View, row: Row<'_>, record: &FrameRecord) -> Option<Fault> {
    let summary = view.session(row.session?)?;
    let own = summary
        .findings
        .iter()
        .filter(|(_, from, finding)| *from == record.from && finding.frame() == Some(record.number));
    let mut faults = own.map(|(_, _, finding)| if finding.repaired { Fault::Repaired } else { Fault::Left }).peekable();
    let first = faults.peek().copied();
    if faults.any(|fault| fault == Fault::Repaired) { Some(Fault::Repaired) } else { first }
}

/// Where wsproxy's own close frames stand, from a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Behind,
}

/// wsproxy writes them at once when it begins to end a session, and passes on nothing that comes later. A frame in front
/// of them was dropped for another reason.
fn own_close(view: &View, row: Row<'_>) -> Option<Place> {
    let scope = Scope::Session(row.session?);
    let here = view.number(scope, row.id)?;
    let rows = view.range(scope);
    let is_own = |number| {
        let row = view.row(scope, number);
        row.is_some_and(|row| matches!(row.record, Seen::Frame(frame) if frame.origin == Origin::Proxy))
    };
    let before = here.saturating_sub(NEAR).max(rows.start)..here;
    let mut behind = here + 1..(here + NEAR).min(rows.end);
    if before.rev().any(is_own) { Some(Place::Before) } else { behind.any(is_own).then_some(Place::Behind) }
}
