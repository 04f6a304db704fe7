//! The arithmetic of the mask (RFC 6455 5.3): what is on the wire, the key under it, and what comes out.

use crate::text;
use crate::tui::theme::Theme;
use crate::wire::mask::MaskKey;

use super::content::Content;
use super::row::{Keep, Row};

/// Rows that show the same bytes: the wire, the key, the result, and an empty one.
const ROWS: usize = 4;
/// Columns of the offset and of a row's name.
const LEAD: usize = 13;

/// A payload being unmasked, so many bytes in a row.
#[derive(Clone, Debug)]
pub(super) struct Unmasking {
    key: MaskKey,
    count: usize,
    per_row: usize,
    width: usize,
}

impl Unmasking {
    /// `None` where there is no key.
    pub(super) fn new(content: &Content, width: usize) -> Option<Self> {
        let key = content.key()?;
        // A byte takes three columns of hex and one of text, four of them a column more.
        let per_row = (width.saturating_sub(LEAD + 2) * 4 / 17 / 4 * 4).clamp(4, 16);
        Some(Self { key, count: content.payload().len(), per_row, width })
    }

    /// Count of rows.
    pub(super) const fn len(&self) -> usize {
        (self.count.div_ceil(self.per_row) * ROWS).saturating_sub(1)
    }

    /// The row that shows what becomes of a byte.
    pub(super) fn row_of(&self, content: &Content, byte: usize) -> usize {
        let byte = byte.saturating_sub(content.head()).min(self.count.saturating_sub(1));
        byte / self.per_row * ROWS + 2
    }

    /// A row; an empty one behind the end.
    pub(super) fn row(&self, content: &Content, row: usize, theme: &Theme) -> Row {
        let mut out = Row::new(self.width, Keep::Text);
        let at = (row / ROWS).saturating_mul(self.per_row);
        let (name, style) = match row % ROWS {
            0 => ("wire", theme.text),
            1 => ("key", theme.key),
            2 => ("result", theme.bold),
            _ => return out,
        };
        let offset = if row.is_multiple_of(ROWS) { format!("{at:04x}") } else { String::new() };
        out.decorate(&format!("{offset:<4} "), theme.hex_offset);
        out.decorate(&format!("{name:<8}"), theme.dim);
        let end = at.saturating_add(self.per_row).min(self.count);
        for (index, at) in (at..end).enumerate() {
            let plain = content.payload().get(at).copied().unwrap_or_default();
            let key = self.key[at % 4];
            let byte = [plain ^ key, key, plain][row % ROWS];
            let gap = if index > 0 && index.is_multiple_of(4) { "  " } else { " " };
            out.decorate(if index == 0 { "" } else { gap }, theme.text);
            let source = content.head() + at;
            out.push(source..source + 1, 2, style, || format!("{byte:02x}"));
        }
        if row % ROWS == 2 {
            self.ascii(content, at..end, &mut out, theme);
        }
        out
    }

    fn ascii(&self, content: &Content, bytes: std::ops::Range<usize>, out: &mut Row, theme: &Theme) {
        let missing = self.per_row - bytes.len();
        let groups = self.per_row.div_ceil(4) - bytes.len().div_ceil(4);
        out.decorate(&" ".repeat(missing * 3 + groups + 2), theme.text);
        for at in bytes {
            let byte = content.payload().get(at).copied().unwrap_or_default();
            let style = if matches!(byte, b' '..=b'~') { theme.text } else { theme.dim };
            let source = content.head() + at;
            out.push(source..source + 1, 1, style, || text::ascii(byte).to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::FrameHeader;
    use crate::wire::opcode::Opcode;

    #[test]
    fn the_rfc_s_hello() {
        let header = FrameHeader::new(Opcode::TEXT, 5, Some([0x37, 0xfa, 0x21, 0x3d]));
        let content = Content::of_parts(header, b"Hello");
        let mask = Unmasking::new(&content, 38).unwrap();
        let rows: Vec<String> = (0..mask.len() + 9)
            .map(|row| mask.row(&content, row, &Theme::default()).line(|_, style| style).to_string())
            .collect();
        assert_eq!(
            rows[..7],
            [
                "0000 wire    7f 9f 4d 51",
                "     key     37 fa 21 3d",
                "     result  48 65 6c 6c  Hell",
                "",
                "0004 wire    58",
                "     key     37",
                "     result  6f           o"
            ]
        );
        assert_eq!((mask.len(), mask.row_of(&content, 6), mask.row_of(&content, 10)), (7, 2, 6));
        let unmasked = Content::of_parts(FrameHeader::new(Opcode::TEXT, 5, None), b"Hello");
        assert!(Unmasking::new(&unmasked, 38).is_none());
    }
}
