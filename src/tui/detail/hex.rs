//! The hex view: offset, bytes, ASCII. Any window of it costs as much as the window, however many bytes there are.

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::text;
use crate::tui::theme::Theme;
use crate::wire::mask::{self, MaskKey};

/// Bytes to show: a header, which may be empty, and what follows it.
#[derive(Clone, Debug)]
pub(super) struct Hex<'a> {
    header: Vec<u8>,
    payload: Cow<'a, [u8]>,
    /// To take off the payload as it is shown.
    unmask: Option<MaskKey>,
    layout: Layout,
    styles: Styles,
}

#[derive(Clone, Copy, Debug)]
struct Styles {
    offset: Style,
    header: Style,
    text: Style,
    dim: Style,
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

impl<'a> Hex<'a> {
    pub fn new(header: Vec<u8>, payload: Cow<'a, [u8]>, unmask: Option<MaskKey>, theme: &Theme, width: u16) -> Self {
        let layout = Layout::new(header.len() + payload.len(), usize::from(width));
        let styles = Styles { offset: theme.hex_offset, header: theme.key, text: theme.text, dim: theme.dim };
        Self { header, payload, unmask, layout, styles }
    }

    pub fn into_owned(self) -> Hex<'static> {
        let Self { header, payload, unmask, layout, styles } = self;
        Hex { header, payload: Cow::Owned(payload.into_owned()), unmask, layout, styles }
    }

    /// Count of rows.
    pub fn len(&self) -> usize {
        (self.header.len() + self.payload.len()).div_ceil(self.layout.per_row)
    }

    /// A row; an empty one behind the end.
    pub fn row(&self, row: usize) -> Line<'static> {
        let at = row.saturating_mul(self.layout.per_row);
        let bytes = self.bytes(at);
        let in_header = self.header.len().saturating_sub(at).min(bytes.len());
        let mut offset = format!("{at:0digits$x}", digits = self.layout.digits);
        offset.push_str(&" ".repeat(self.layout.after_offset));
        let (header, payload) = self.layout.columns(&bytes, in_header);
        let mut spans = vec![
            Span::styled(offset, self.styles.offset),
            Span::styled(header, self.styles.header),
            Span::styled(payload, self.styles.text),
        ];
        self.ascii(&bytes, in_header, &mut spans);
        clip(spans, self.layout.width)
    }

    /// The bytes of the row that begins at `at`.
    fn bytes(&self, at: usize) -> Vec<u8> {
        let end = at.saturating_add(self.layout.per_row);
        let header = self.header.get(at..end.min(self.header.len())).unwrap_or_default();
        let from = at.saturating_sub(self.header.len());
        let to = end.saturating_sub(self.header.len()).min(self.payload.len());
        let payload = self.payload.get(from..to).unwrap_or_default();
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(payload);
        if let Some(key) = self.unmask {
            mask::apply(key, from as u64, bytes.get_mut(header.len()..).unwrap_or_default());
        }
        bytes
    }

    fn ascii(&self, bytes: &[u8], in_header: usize, spans: &mut Vec<Span<'static>>) {
        for (index, byte) in bytes.iter().enumerate() {
            let printable = matches!(byte, b' '..=b'~');
            let style = match index {
                _ if index < in_header => self.styles.header,
                _ if printable => self.styles.text,
                _ => self.styles.dim,
            };
            match spans.last_mut() {
                Some(span) if span.style == style && index > 0 => span.content.to_mut().push(text::ascii(*byte)),
                _ => spans.push(Span::styled(text::ascii(*byte).to_string(), style)),
            }
        }
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

    /// The hex of a row, that of the header apart; filled up to where the ASCII begins.
    fn columns(&self, bytes: &[u8], in_header: usize) -> (String, String) {
        let (mut header, mut payload) = (String::new(), String::new());
        for (index, byte) in bytes.iter().enumerate() {
            let out = if index < in_header { &mut header } else { &mut payload };
            let gap = match index {
                0 => 0,
                _ if index % GROUP == 0 => BETWEEN,
                _ => 1,
            };
            let _ = write!(out, "{:gap$}{byte:02x}", "");
        }
        let fill = self.hex_columns() + self.before_ascii - header.len() - payload.len();
        payload.push_str(&" ".repeat(fill));
        (header, payload)
    }
}

/// Cuts a row of ASCII that is wider than the page.
fn clip(spans: Vec<Span<'static>>, width: usize) -> Line<'static> {
    let mut left = width;
    let mut out = Vec::with_capacity(spans.len());
    for mut span in spans {
        if span.content.len() > left {
            span.content.to_mut().truncate(left);
        }
        left -= span.content.len();
        if !span.content.is_empty() {
            out.push(span);
        }
    }
    Line::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(header: &[u8], payload: &[u8], unmask: Option<MaskKey>, width: u16) -> Vec<String> {
        let hex = Hex::new(header.to_vec(), Cow::Borrowed(payload), unmask, &Theme::default(), width);
        (0..hex.len()).map(|row| hex.row(row).to_string()).collect()
    }

    #[test]
    fn rows_are_as_wide_as_there_is_room() {
        let bytes: Vec<u8> = (b'a'..b'a' + 18).collect();
        assert_eq!(
            hex(&[], &bytes, None, 78),
            [
                "0000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70   abcdefghijklmnop",
                "0010  71 72                                              qr",
            ]
        );
        assert_eq!(hex(&[], &bytes, None, 38)[1], "0008 69 6a 6b 6c 6d 6e 6f 70 ijklmnop");
        assert_eq!(hex(&[], &bytes, None, 21)[0], "0000 61 62 63 64 abcd");
        assert_eq!(hex(&[], &bytes, None, 3)[0], "000");
    }

    #[test]
    fn a_row_may_hold_the_end_of_the_header_and_the_unmasked_start_of_the_payload() {
        let masked = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let rows = hex(&[0x81, 0x85], &masked, Some([0x37, 0xfa, 0x21, 0x3d]), 38);
        assert_eq!(rows, ["0000 81 85 48 65 6c 6c 6f    ..Hello"]);
    }

    #[test]
    fn a_window_of_many_bytes_costs_a_window() {
        let hex = Hex::new(Vec::new(), Cow::Owned(vec![0; 16 << 20]), Some([1, 2, 3, 4]), &Theme::default(), 78);
        assert_eq!(hex.len(), 1 << 20);
        assert!(hex.row(hex.len() - 1).to_string().starts_with("fffff0  01 02 03 04"));
        assert!(hex.row(usize::MAX).to_string().trim_end().len() < 20);
    }

    proptest! {
        #[test]
        fn any_window_of_any_bytes_fits(
            header in proptest::collection::vec(any::<u8>(), 0..14),
            payload in proptest::collection::vec(any::<u8>(), 0..200),
            width in 0u16..90,
        ) {
            for row in hex(&header, &payload, Some([1, 2, 3, 4]), width) {
                prop_assert!(row.len() <= usize::from(width));
                prop_assert!(row.chars().all(|character| matches!(character, ' '..='~')));
            }
        }
    }
}
