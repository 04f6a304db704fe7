//! A peer's bytes cut into what stands on the screen as one: a letter with its marks, an escape, a byte that is no text.

use std::borrow::Cow;

use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::text;
use crate::tui::theme::Theme;

/// Bytes of the longest cluster that is shown as one. More is a letter with a heap of marks, shown one by one.
const MAX_CLUSTER: usize = 32;

/// What stands on the screen as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// Bytes that it is made of, at least one.
    pub length: usize,
    /// Columns that it takes, at least one.
    pub width: usize,
    shown: Shown<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown<'a> {
    Plain(&'a str),
    /// Hidden, or it would move a cursor.
    Escaped(char),
    /// No UTF-8.
    Invalid(u8),
}

impl<'a> Unit<'a> {
    /// The one that begins at `at`; `None` at the end.
    pub(super) fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let first = *bytes.get(at)?;
        // An ASCII letter followed by another stands alone: the usual case, and by far the fastest.
        if matches!(first, b' '..=b'~') && bytes.get(at + 1).is_none_or(u8::is_ascii) {
            let plain = str::from_utf8(bytes.get(at..=at)?).ok()?;
            return Some(Self { length: 1, width: 1, shown: Shown::Plain(plain) });
        }
        let window = bytes.get(at..).map(|rest| rest.get(..MAX_CLUSTER + 8).unwrap_or(rest))?;
        let valid = window.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let Some(cluster) = valid.graphemes(true).next() else {
            return Some(Self { length: 1, width: 4, shown: Shown::Invalid(first) });
        };
        let width = cluster.width();
        if width > 0 && cluster.len() <= MAX_CLUSTER && cluster.chars().all(text::is_plain) {
            return Some(Self { length: cluster.len(), width, shown: Shown::Plain(cluster) });
        }
        let character = cluster.chars().next()?;
        let length = character.len_utf8();
        match character.width() {
            Some(width @ 1..) if text::is_plain(character) => {
                Some(Self { length, width, shown: Shown::Plain(cluster.get(..length)?) })
            }
            _ => Some(Self { length, width: character.escape_default().len(), shown: Shown::Escaped(character) }),
        }
    }

    /// Whether it is text as it came.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.shown, Shown::Plain(_))
    }

    /// What is shown.
    pub(super) fn text(&self) -> Cow<'a, str> {
        match self.shown {
            Shown::Plain(text) => Cow::Borrowed(text),
            Shown::Escaped(character) => Cow::Owned(character.escape_default().to_string()),
            Shown::Invalid(byte) => Cow::Owned(format!("\\x{byte:02x}")),
        }
    }

    /// How it is shown where plain text looks like `plain`.
    pub(super) const fn style(&self, plain: Style, theme: &Theme) -> Style {
        match self.shown {
            Shown::Plain(_) => plain,
            Shown::Escaped('\t' | '\r' | '\n') => theme.dim,
            Shown::Escaped(_) => theme.warning,
            Shown::Invalid(_) => theme.error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut at = 0;
        let mut out = Vec::new();
        while let Some(unit) = Unit::at(bytes, at) {
            at += unit.length;
            out.push(unit.text().into_owned());
        }
        out
    }

    #[test]
    fn letters_escapes_and_bytes() {
        assert_eq!(all("ae\u{301}日\u{1b}\n".as_bytes()), ["a", "e\u{301}", "日", "\\u{1b}", "\\n"]);
        assert_eq!(all(b"a\xffb\xc3"), ["a", "\\xff", "b", "\\xc3"]);
        let heap = all(format!("e{}", "\u{301}".repeat(40)).as_bytes());
        assert_eq!((heap.len(), heap[1].as_str()), (41, "\\u{301}"));
    }

    proptest! {
        #[test]
        fn units_cover_all_bytes_and_are_as_wide_as_they_say(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut at = 0;
            while let Some(unit) = Unit::at(&bytes, at) {
                prop_assert!(unit.length > 0 && unit.text().width() == unit.width && unit.width > 0);
                prop_assert!(unit.text().chars().all(text::is_plain));
                at += unit.length;
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
