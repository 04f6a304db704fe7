//! Text cut and padded to columns, by the width that a terminal gives it.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// At most `columns` wide, with `…` where more followed.
#[must_use]
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let mut taken = 0;
    // Where the text ends if a `…` has to follow.
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if taken + wide > columns {
            return if columns == 0 { String::new() } else { format!("{}…", &text[..end]) };
        }
        taken += wide;
        if taken < columns {
            end = at + grapheme.len();
        }
    }
    text.to_owned()
}

/// At most `columns` wide, with `…` in the middle where something was left out: more of the end than of the start.
#[must_use]
pub(crate) fn middle(text: &str, columns: usize) -> String {
    if width(text) <= columns || columns < 4 {
        return cut(text, columns);
    }
    let head = cut(text, (columns - 1) / 3 + 1);
    let mut room = columns - width(&head);
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        let Some(left) = room.checked_sub(grapheme.width()) else { break };
        (room, start) = (left, at);
    }
    format!("{head}{}", text.get(start..).unwrap_or_default())
}

/// Exactly `columns` wide, at the left.
#[must_use]
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Exactly `columns` wide, at the right.
#[must_use]
pub(crate) fn right(text: &str, columns: usize) -> String {
    let cut = cut(text, columns);
    let missing = columns.saturating_sub(width(&cut));
    format!("{:missing$}{cut}", "")
}

/// Lines of at most `columns`, broken between words where that can be.
#[must_use]
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let blank = word.starts_with(char::is_whitespace);
        // What is wider than a line has to be broken anyway.
        if used > 0 && used + width(word) > columns && width(word) <= columns {
            lines.push(String::new());
            used = 0;
            if blank {
                continue;
            }
        }
        for grapheme in word.graphemes(true) {
            let wide = grapheme.width();
            if used + wide > columns && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
            }
            used += wide;
        }
    }
    lines
}

/// The words of a text with their punctuation, and the blanks between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_blank = rest.chars().next()?.is_whitespace();
        let end = rest.find(|character: char| character.is_whitespace() != is_blank).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Numbers as bars, the largest as high as a line is.
#[must_use]
pub(crate) fn spark(numbers: impl IntoIterator<Item = u64>) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let numbers: Vec<u64> = numbers.into_iter().collect();
    let most = u128::from(numbers.iter().copied().max().unwrap_or_default()).max(1);
    let bar = |number: u64| match (u128::from(number) * 8).div_ceil(most) {
        0 => ' ',
        height => BARS.get(height as usize - 1).copied().unwrap_or('█'),
    };
    numbers.into_iter().map(bar).collect()
}

/// A number with a thin space between thousands, so that it reads at a glance: `12 345`.
#[must_use]
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A count in at most five columns: `999`, `12.3k`, `4.5M`.
#[must_use]
pub(crate) fn short(number: u64) -> String {
    let (divisor, unit) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        _ => (1_000_000_000, 'G'),
    };
    let tenths = number / (divisor / 10);
    if tenths < 1000 { format!("{}.{}{unit}", tenths / 10, tenths % 10) } else { format!("{}{unit}", tenths / 10) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_out_in_the_middle_leaves_both_ends() {
        assert_eq!(middle("/room/1234567890/tail", 12), "/ro…890/tail");
        assert_eq!(middle("/room", 12), "/room");
        assert_eq!(middle("abcdef", 3), "ab…");
        assert_eq!(width(&middle("日本語日本語日本語", 9)), 9);
    }

    #[test]
    fn wide_characters_are_not_cut_in_half() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 1), "…");
        assert_eq!(left("日本語", 4), "日… ");
        assert_eq!(right("ab", 4), "  ab");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a line, (broken)", 7), ["a line,", "(broken", ")"]);
        assert_eq!(wrap("ab 日本語", 5), ["ab 日", "本語"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn numbers_read_at_a_glance() {
        assert_eq!(number(1_234_567), "1 234 567");
        for (count, text) in [(999, "999"), (1_000, "1.0k"), (12_345, "12.3k"), (123_456, "123k"), (4_500_000, "4.5M")]
        {
            assert_eq!(short(count), text);
        }
    }

    proptest! {
        #[test]
        fn padded_text_has_its_width(text in ".{0,40}", columns in 0usize..30) {
            prop_assert_eq!(width(&left(&text, columns)), columns);
            prop_assert_eq!(width(&right(&text, columns)), columns);
        }
    }
}
