//! Which part of a long preview is shown: its start, unless what was searched for, or what is other than in the row before,
//! stands further on.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::journal::Joined;
use crate::query::Query;
use crate::record::{FrameRecord, SessionId, Side, Time};
use crate::text;
use crate::tui::fit;
use crate::wire::close::CloseBody;
use crate::wire::opcode::Opcode;

/// Bytes of a message that a row looks through.
pub(super) const LOOKED_AT: usize = 1024;
/// Columns of what is to be seen that have to be in view.
const IN_VIEW: usize = 8;

/// What the rows above were.
#[derive(Default)]
pub(super) struct Before {
    /// When the last one was seen.
    pub time: Option<Time>,
    /// What was last said on each lane, where that was JSON.
    said: HashMap<(SessionId, Side), String>,
}

impl Before {
    /// Where a message is other than the one before it on its lane, if both are JSON and are not the same.
    pub(super) fn differs(&mut self, session: SessionId, from: Side, words: &str) -> Option<usize> {
        if !words.starts_with(['{', '[']) {
            self.said.remove(&(session, from));
            return None;
        }
        let before = self.said.insert((session, from), words.to_owned())?;
        let same: usize = before
            .chars()
            .zip(words.chars())
            .take_while(|(one, other)| one == other)
            .map(|(character, _)| character.len_utf8())
            .sum();
        (same < words.len() && words != before).then_some(same)
    }
}

/// The part of some words for so many columns in which a byte is to be seen. What is left out in front of it has a sign.
pub(super) fn part(words: &str, columns: usize, wanted: Option<usize>) -> String {
    let Some((before, _)) = wanted.and_then(|at| words.split_at_checked(at)) else { return words.to_owned() };
    if fit::width(before) + IN_VIEW <= columns || columns < 2 * IN_VIEW {
        return words.to_owned();
    }
    // A third of the room tells what it stands behind: from the start of a member, where there is one.
    let (mut room, mut start) = (columns / 3, before.len());
    for (at, grapheme) in before.grapheme_indices(true).rev() {
        let Some(left) = room.checked_sub(fit::width(grapheme)) else { break };
        (room, start) = (left, at);
    }
    let near = before.get(start..).unwrap_or_default();
    let start = near.find([',', '{', '[']).map_or(start, |member| start + member + 1);
    format!("…{}", words.get(start..).unwrap_or_default())
}

/// The first bytes of what a row says, and as words where they are any.
pub(super) fn said(record: &FrameRecord, joined: &Joined<'_>) -> (Vec<u8>, Option<String>) {
    if let Some(start) = joined.inflated(LOOKED_AT) {
        let words = inflated_preview(record, &start);
        return (start, words);
    }
    let start = joined.start(LOOKED_AT);
    let words = start_of(record, &start, joined);
    (start, words)
}

/// Bytes in which a match is looked for that is not at the start, and those in front of it that are shown.
const FURTHER: usize = 64 * 1024;
const AROUND: usize = 300;

/// The words around what was searched for, and where it is in them.
pub(super) fn further(joined: &Joined<'_>, query: &Query) -> Option<(String, usize)> {
    let bytes = joined.inflated(FURTHER).unwrap_or_else(|| joined.start(FURTHER));
    let place = query.places(&bytes).min_by_key(|place| place.start)?;
    let mut from = place.start.saturating_sub(AROUND);
    while bytes.get(from).is_some_and(|byte| byte & 0xc0 == 0x80) && from < place.start {
        from += 1;
    }
    let before = text::escape(bytes.get(from..place.start)?);
    let behind = text::escape(bytes.get(place.start..bytes.len().min(place.end + LOOKED_AT))?);
    Some((format!("{before}{behind}"), before.len()))
}

/// The start of a payload: text as text, a close frame's code by name. `None` for what is to be shown as hex.
fn start_of(record: &FrameRecord, start: &[u8], joined: &Joined<'_>) -> Option<String> {
    let opcode = record.header.opcode();
    if opcode == Opcode::CLOSE && record.header.is_hixie() {
        return Some("closing handshake".into());
    }
    if opcode == Opcode::CLOSE && joined.received == record.header.length {
        return Some(match CloseBody::parse(start) {
            CloseBody::Empty => "no code".into(),
            CloseBody::Short(byte) => format!("one byte, {byte:02x}: no code"),
            CloseBody::Code { code, reason } => {
                format!("{code} {}  {}", code.name(), text::escape(reason))
            }
        });
    }
    let compressed = record.header.rsv1();
    let whole = start.len() as u64 == joined.received;
    let is_text = match opcode {
        Opcode::TEXT => !compressed,
        Opcode::BINARY => false,
        _ => !compressed && looks_like_text(start),
    };
    if is_text {
        // What was cut off here may end within a character.
        return Some(if whole { text::escape(start) } else { text::preview(start, start.len().saturating_sub(1)) });
    }
    None
}

/// The same of what a compressed frame inflates to.
fn inflated_preview(record: &FrameRecord, start: &[u8]) -> Option<String> {
    let is_text = record.header.opcode() == Opcode::TEXT || looks_like_text(start);
    is_text.then(|| text::escape(start))
}

/// Whether bytes are UTF-8 (a character cut off at the end aside) without controls.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().all(|character| text::is_plain(character) || matches!(character, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_wanted_comes_into_view_with_its_name() {
        let json = r#"{"type":"price","symbol":"ABC","market":"XETR","price":17,"at":3}"#;
        let at = json.find("17");
        assert_eq!(part(json, 30, at), r#"…"price":17,"at":3}"#);
        assert_eq!(part(json, 200, at), json);
        assert_eq!(part(json, 30, Some(3)), json);
        assert_eq!(part(json, 30, None), json);
    }

    #[test]
    fn only_json_of_one_lane_is_compared() {
        let mut before = Before::default();
        let mut differs = |from, words| before.differs(SessionId(1), from, words);
        assert_eq!(differs(Side::Client, "{1}"), None);
        assert_eq!(differs(Side::Server, "{2}"), None);
        assert_eq!(differs(Side::Client, "{3}"), Some(1));
        assert_eq!(differs(Side::Client, "{3}"), None);
        assert_eq!(differs(Side::Client, "{3"), None);
        assert_eq!(differs(Side::Client, "text"), None);
        assert_eq!(differs(Side::Client, "{4}"), None);
    }

    proptest! {
        #[test]
        fn any_byte_of_any_words_comes_into_view(words in "\\PC{0,80}", at in 0usize..300, columns in 0usize..60) {
            let shown = part(&words, columns, Some(at));
            if let Some((_, wanted)) = words.split_at_checked(at) {
                prop_assert!(shown.ends_with(wanted));
                let before = shown.get(..shown.len() - wanted.len()).unwrap_or_default();
                prop_assert!(columns < 2 * IN_VIEW || fit::width(before) <= columns, "{shown}");
            }
        }
    }
}
