//! Peer bytes made safe to show: nothing that leaves here can move a cursor, change a colour or hide a character.

use std::fmt::Write as _;

/// Characters of a text that are compared with another's.
const COMPARED: usize = 40;

/// Whether a character may stand on a terminal as it is: printable, and neither a control, a format character (the
/// bidirectional overrides, zero-width ones) nor a separator of lines.
#[must_use]
pub fn is_plain(character: char) -> bool {
    let hidden = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    !character.is_control() && !hidden
}

/// UTF-8 shown as text, all else escaped as Rust writes it: `\n`, `\u{1b}`, `\xff`.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_plain(character) {
                out.push(character);
            } else {
                out.extend(character.escape_default());
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Bytes as pairs of hex digits, a space between two: `81 05 48`.
#[must_use]
pub fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// At most the first `limit` bytes, escaped, with `…` where more followed.
#[must_use]
pub fn preview(bytes: &[u8], limit: usize) -> String {
    match bytes.get(..limit) {
        Some(start) if start.len() < bytes.len() => {
            // A character cut in two at the limit is left out rather than shown as broken.
            let end = start
                .utf8_chunks()
                .last()
                .map_or(limit, |chunk| if chunk.invalid().len() < 4 { limit - chunk.invalid().len() } else { limit });
            format!("{}…", escape(&bytes[..end]))
        }
        _ => escape(bytes),
    }
}

/// A byte as it stands in the last column of a hex view: itself where it is printable ASCII, else a dot.
#[must_use]
pub const fn ascii(byte: u8) -> char {
    if matches!(byte, b' '..=b'~') { byte as char } else { '.' }
}

/// Characters to insert, remove or replace to make one text of the other (Levenshtein), by the first 40 of each.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    distances(one, other).pop().unwrap_or_default()
}

/// The same to that beginning of the other text which is nearest.
#[must_use]
pub fn distance_to_beginning(one: &str, other: &str) -> usize {
    distances(one, other).into_iter().min().unwrap_or_default()
}

/// The distances to all beginnings of the other text, from the empty one on: the last row of the usual table.
fn distances(one: &str, other: &str) -> Vec<usize> {
    let other: Vec<char> = other.chars().take(COMPARED).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, character) in one.chars().take(COMPARED).enumerate() {
        let (mut diagonal, mut left) = (above, above + 1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, against) in row.iter_mut().skip(1).zip(&other) {
            let changed = diagonal + usize::from(character != *against);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row
}

/// A count of bytes for people: `17 B`, `1.2 kB`, `3.4 MB` (powers of 1000).
#[must_use]
pub fn byte_count(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_shown_not_obeyed() {
        assert_eq!(escape(b"\x1b[2Jhi\r\n"), r"\u{1b}[2Jhi\r\n");
        assert_eq!(escape("grün 日本 👩".as_bytes()), "grün 日本 👩");
        assert_eq!(escape(b"a\xff\xc3"), r"a\xff\xc3");
        assert_eq!(escape("a\u{202e}b\u{200b}".as_bytes()), r"a\u{202e}b\u{200b}");
    }

    #[test]
    fn a_preview_does_not_cut_a_character() {
        assert_eq!(preview("日本".as_bytes(), 4), "日…");
        assert_eq!(preview(b"abc", 3), "abc");
        assert_eq!(preview(b"abcd", 3), "abc…");
    }

    #[test]
    fn counts_round_to_the_unit_that_reads_best() {
        assert_eq!(byte_count(999), "999 B");
        assert_eq!(byte_count(1000), "1.0 kB");
        assert_eq!(byte_count(999_960), "1.0 MB");
        assert_eq!(byte_count(u64::MAX), "18.4 EB");
    }

    #[test]
    fn words_are_as_far_apart_as_changes_between_them() {
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("abc", "")), (3, 3, 3));
        assert_eq!((distance("paste", "paste"), distance("grün", "grun")), (0, 1));
        assert_eq!(
            (distance_to_beginning("http-exta", "http-extra-crlf"), distance("http-exta", "http-extra-crlf")),
            (1, 6)
        );
        assert_eq!(distance(&"a".repeat(100_000), &"b".repeat(100_000)), COMPARED, "the length is anyone's choice");
    }

    proptest! {
        #[test]
        fn no_byte_sequence_leaves_a_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(escape(&bytes).chars().all(is_plain));
            prop_assert!(preview(&bytes, 10).chars().all(is_plain));
        }
    }
}
