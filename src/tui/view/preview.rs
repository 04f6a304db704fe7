//! Which part of a long preview is shown: its start, unless what was searched for, or what is other than in the row before,
//! stands further on.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::record::{SessionId, Side, Time};
use crate::tui::fit;

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
