//! What became of a frame: who decided, and what left in its place.

use ratatui::text::Line;

use crate::journal::SentBytes;
use crate::record::{By, Relayed, ReleasedBy, ReleasedHow};
use crate::text;
use crate::tui::clock;

use super::content::Release;
use super::page::Page;

/// Bytes in a row of what left, and rows.
const ROW: usize = 16;
const ROWS: usize = 8;

/// `beside` is what left against what came.
pub(super) fn write(
    page: &mut Page<'_>,
    relayed: Relayed,
    released: Option<Release>,
    sent: Option<&SentBytes>,
    beside: Vec<Line<'static>>,
) {
    if let Some(release) = released {
        was_held(page, release);
    }
    // What the user did to it while it was held is said by that.
    match relayed {
        Relayed::AsIs => {}
        Relayed::Changed(By::User | By::Rule) | Relayed::Dropped(By::User | By::Rule) if released.is_some() => {}
        Relayed::Held => page.row("held: it has not been sent on", page.theme.warning),
        Relayed::Delayed => page.row("delayed: it has not been sent on yet", page.theme.warning),
        Relayed::Changed(by) => page.row(changed(by, sent.is_some()), page.theme.injected),
        Relayed::Dropped(by) => page.row(dropped(by), page.theme.warning),
    }
    let Some(sent) = sent else { return };
    page.rows(beside);
    page.row(&format!("left in its place: {}", super::bytes(sent.length)), page.theme.injected);
    for bytes in sent.bytes.chunks(ROW).take(ROWS) {
        page.row(&text::pairs(bytes), page.theme.text);
    }
    if sent.length > (ROW * ROWS) as u64 {
        page.row("…", page.theme.note);
    }
}

/// What rules did to it, or made it for.
pub(super) fn rules(page: &mut Page<'_>, ruled: &[(String, String)]) {
    for (rule, what) in ruled {
        page.row(&format!("rule {}: {what}", text::escape(rule.as_bytes())), page.theme.injected);
    }
}

fn was_held(page: &mut Page<'_>, Release { since, until, how, by }: Release) {
    let time = clock::lasted(since, until);
    let (words, style) = match how {
        ReleasedHow::AsIs if by == ReleasedBy::Rule => (format!("sent on {time} later"), page.theme.note),
        ReleasedHow::AsIs => (format!("held for {time}, sent on {}", by.words()), page.theme.note),
        ReleasedHow::Edited => {
            (format!("held for {time}, edited {}; shown as it came", by.words()), page.theme.injected)
        }
        ReleasedHow::Dropped => (format!("held for {time}, not sent on: dropped {}", by.words()), page.theme.warning),
    };
    page.row(&words, style);
}

/// Who decided, in words.
pub(super) const fn who(by: By) -> &'static str {
    match by {
        By::User => "edited by you",
        By::Repair => "repaired",
        By::Bridge => "in the other side's dialect",
        By::Hook => "changed by a hook",
        By::Rule => "changed by a rule",
        By::Hold => "inflated by the hold",
        By::Strict | By::Ending => "changed by wsproxy",
    }
}

const fn changed(by: By, has_left: bool) -> &'static str {
    match by {
        By::Bridge if has_left => "sent on in the other side's dialect; shown as it came",
        By::Bridge => "its message leaves in the other side's dialect, with its last fragment",
        By::Repair => "sent on repaired; shown as it came",
        By::User if has_left => "edited by you; shown as it came",
        By::User => "edited by you, with its whole message",
        By::Hook => "changed by a hook; shown as it came",
        By::Rule if has_left => "changed by a rule; shown as it came",
        By::Rule => "changed by a rule, with its whole message",
        By::Hold => {
            "sent on inflated or compressed anew, as it leans on a message that was edited or dropped; shown as it came"
        }
        By::Strict | By::Ending => "sent on changed; shown as it came",
    }
}

const fn dropped(by: By) -> &'static str {
    match by {
        By::Repair => "not sent on: dropped by the policy repair",
        By::Strict => "not sent on: refused by the policy strict",
        By::Bridge => "not sent on: the other side's dialect has no such frame",
        By::User => "not sent on: dropped by you",
        By::Hook => "not sent on: dropped by a hook",
        By::Rule => "not sent on: dropped by a rule",
        By::Hold => "not sent on: it leans on a message that was edited or dropped, and can't be inflated",
        By::Ending => "not sent on: wsproxy was ending the session",
    }
}
