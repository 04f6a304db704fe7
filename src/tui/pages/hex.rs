//! The hex view: offset, bytes, ASCII. Any window of it costs as much as the window, however many bytes there are.

use ratatui::style::Style;

use crate::text;
use crate::tui::theme::Theme;

use super::content::Content;
use super::row::{Keep, Row};

/// Bytes in hex, from one on.
#[derive(Clone, Debug)]
pub(super) struct Hex {
    shown: Shown,
    from: usize,
    count: usize,
    layout: Layout,
}

/// In which form bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As on the wire.
    Wire,
    /// Without their mask.
    Unmasked,
}

/// How a row is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    digits: usize,
    per_row: usize,
    after_offset: usize,
    before_ascii: usize,
    width: usize,
}

/// Bytes in a group.
const GROUP: usize = 8;
/// Columns between groups.
const BETWEEN: usize = 2;

impl Hex {
    /// All bytes as on the wire.
    pub(super) fn wire(content: &Content, width: usize) -> Self {
        Self { shown: Shown::Wire, from: 0, count: content.len(), layout: Layout::new(content.len(), width) }
    }

    /// The payload without its mask.
    pub(super) fn unmasked(content: &Content, width: usize) -> Self {
        let count = content.payload().len();
        Self { shown: Shown::Unmasked, from: content.head(), count, layout: Layout::new(count, width) }
    }

    /// The first byte.
    pub(super) const fn from(&self) -> usize {
        self.from
    }

    /// Count of rows.
    pub(super) const fn len(&self) -> usize {
        self.count.div_ceil(self.layout.per_row)
    }

    /// The row that shows a byte.
    pub(super) fn row_of(&self, byte: usize) -> usize {
        (byte.saturating_sub(self.from) / self.layout.per_row).min(self.len().saturating_sub(1))
    }

    /// A row; an empty one behind the end.
    pub(super) fn row(&self, content: &Content, row: usize, theme: &Theme) -> Row {
        let layout = &self.layout;
        let at = row.saturating_mul(layout.per_row).min(self.count);
        let end = (at + layout.per_row).min(self.count);
        let mut out = Row::new(layout.width, Keep::Text);
        let offset = format!("{at:0digits$x}{:gap$}", "", digits = layout.digits, gap = layout.after_offset);
        out.decorate(&offset, theme.hex_offset);
        let mut used = 0;
        for (index, at) in (at..end).enumerate() {
            let gap = gap_before(index);
            let byte = self.byte(content, at);
            out.decorate(&" ".repeat(gap), theme.text);
            let style = if self.from + at < content.head() { theme.key } else { theme.text };
            push(&mut out, self.from + at, &format!("{byte:02x}"), style);
            used += gap + 2;
        }
        out.decorate(&" ".repeat(layout.hex_columns() + layout.before_ascii - used), theme.text);
        for at in at..end {
            let byte = self.byte(content, at);
            let style = match byte {
                _ if self.from + at < content.head() => theme.key,
                b' '..=b'~' => theme.text,
                _ => theme.dim,
            };
            push(&mut out, self.from + at, text::ascii(byte).encode_utf8(&mut [0; 4]), style);
        }
        out
    }

    fn byte(&self, content: &Content, at: usize) -> u8 {
        let at = self.from + at;
        let byte = if self.shown == Shown::Wire { content.wire_byte(at) } else { content.byte(at) };
        byte.unwrap_or_default()
    }
}

/// Adds a byte, or as much of it as there is room for.
fn push(row: &mut Row, at: usize, text: &str, style: Style) {
    if !row.push(at..at + 1, text.len(), style, || text.to_owned()) {
        row.decorate(text, style);
    }
}

/// Columns in front of a byte, by its place in the row.
const fn gap_before(index: usize) -> usize {
    match index {
        0 => 0,
        _ if index.is_multiple_of(GROUP) => BETWEEN,
        _ => 1,
    }
}

impl Layout {
    /// The widest that fits, spaced out where there is room.
    fn new(bytes: usize, width: usize) -> Self {
        let digits = format!("{:x}", bytes.saturating_sub(1)).len().max(4);
        let layout =
            |(per_row, after_offset, before_ascii)| Self { digits, per_row, after_offset, before_ascii, width };
        let candidates = [(16, 2, 3), (16, 1, 1), (8, 2, 3), (8, 1, 1), (4, 1, 1), (2, 1, 1), (1, 1, 1)];
        let mut layouts = candidates.into_iter().map(layout);
        layouts.find(|layout| layout.columns_needed() <= width).unwrap_or_else(|| layout((1, 1, 1)))
    }

    const fn columns_needed(&self) -> usize {
        self.digits + self.after_offset + self.hex_columns() + self.before_ascii + self.per_row
    }

    const fn hex_columns(&self) -> usize {
        let groups = self.per_row.div_ceil(GROUP);
        self.per_row * 3 - 1 + (groups - 1) * (BETWEEN - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::FrameHeader;
    use crate::wire::opcode::Opcode;
    use proptest::prelude::*;

    fn rows(content: &Content, hex: &Hex) -> Vec<String> {
        let theme = Theme::default();
        (0..hex.len()).map(|row| hex.row(content, row, &theme).line(|_, style| style).to_string()).collect()
    }

    fn raw(bytes: &[u8], width: usize) -> Vec<String> {
        let content = Content::raw(bytes);
        rows(&content, &Hex::wire(&content, width))
    }

    #[test]
    fn rows_are_as_wide_as_there_is_room() {
        let bytes: Vec<u8> = (b'a'..b'a' + 18).collect();
        assert_eq!(
            raw(&bytes, 78),
            [
                "0000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70   abcdefghijklmnop",
                "0010  71 72                                              qr",
            ]
        );
        assert_eq!(raw(&bytes, 38)[1], "0008 69 6a 6b 6c 6d 6e 6f 70 ijklmnop");
        assert_eq!(raw(&bytes, 21)[0], "0000 61 62 63 64 abcd");
        assert_eq!(raw(&bytes, 3)[0], "000");
    }

    #[test]
    fn a_row_may_hold_the_end_of_the_header_and_the_start_of_the_payload() {
        let header = FrameHeader::new(Opcode::TEXT, 5, Some([0x37, 0xfa, 0x21, 0x3d]));
        let content = Content::of_parts(header, b"Hello");
        assert_eq!(
            rows(&content, &Hex::wire(&content, 38)),
            ["0000 81 85 37 fa 21 3d 7f 9f ..7.!=..", "0008 4d 51 58                MQX"]
        );
        let unmasked = Hex::unmasked(&content, 38);
        assert_eq!(rows(&content, &unmasked), ["0000 48 65 6c 6c 6f          Hello"]);
        assert_eq!(unmasked.row(&content, 0, &Theme::default()).byte_at(8), Some(7));
    }

    #[test]
    fn a_window_of_many_bytes_costs_a_window() {
        let content = Content::raw(&vec![0; 16 << 20]);
        let hex = Hex::wire(&content, 78);
        let row = |row| hex.row(&content, row, &Theme::default()).line(|_, style| style).to_string();
        assert_eq!(hex.len(), 1 << 20);
        assert!(row(hex.len() - 1).starts_with("fffff0  00 00 00 00"));
        assert!(row(usize::MAX).trim_end().len() < 20);
    }

    proptest! {
        #[test]
        fn any_window_of_any_bytes_fits(payload in proptest::collection::vec(any::<u8>(), 0..200), width in 0usize..90) {
            for row in raw(&payload, width) {
                prop_assert!(row.chars().count() <= width.max(1));
                prop_assert!(row.chars().all(|character| matches!(character, ' '..='~' | '…')));
            }
        }
    }
}
