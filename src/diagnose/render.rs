//! A finding written out for people, as rustc writes its own: level, id, one sentence; the bytes with the guilty ones
//! underlined; facts; help. Plain text: who shows it may style it by the part that each line is.

use std::fmt::Write as _;

use crate::text;
use crate::wire::finding::{Finding, Place};

use super::catalogue::words;

/// What a line of a rendering is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Level, id and title.
    Title,
    /// Where it was seen.
    Place,
    /// Bytes.
    Hex,
    /// What points at the guilty ones of the bytes above.
    Underline,
    /// Something true: what was seen, what browsers do, the rule.
    Fact,
    /// What to change.
    Help,
}

/// A line of a rendering, without its end. It may be longer than the width, but for `Hex` and `Underline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLine {
    /// What it is.
    pub part: Part,
    /// Its text: no control characters.
    pub text: String,
}

/// The width that a terminal has at least.
const WIDTH: usize = 80;

/// The whole text, each line with its end. `from` is `client` or `server`: who sent the bytes.
#[must_use]
pub fn render(session: Option<u64>, from: &str, finding: &Finding) -> String {
    let mut out = String::new();
    for line in lines(session, from, finding, WIDTH) {
        out.push_str(&line.text);
        out.push('\n');
    }
    out
}

/// The lines of it, with as many bytes a row as `width` columns have room for.
#[must_use]
pub fn lines(session: Option<u64>, from: &str, finding: &Finding, width: usize) -> Vec<RenderedLine> {
    let entry = words(finding.kind);
    let title = format!("{}[{}]: {}", entry.level.name(), finding.kind.id(), entry.title);
    let mut out = vec![line(Part::Title, title), line(Part::Place, place(session, from, finding))];
    HexRows::for_width(width).write(finding, &mut out);
    if !finding.detail.is_empty() {
        out.push(line(Part::Fact, format!("  = seen: {}", text::escape(finding.detail.as_bytes()))));
    }
    for (label, fact) in [
        ("chrome", finding.chrome.as_deref().unwrap_or(entry.chrome)),
        ("firefox", entry.firefox),
        ("safari", entry.safari),
        ("rule", entry.spec),
        (
            if finding.cause.is_some() { "cause" } else { "usual cause" },
            finding.cause.as_deref().unwrap_or(entry.cause),
        ),
    ] {
        out.push(line(Part::Fact, format!("  = {label}: {fact}")));
    }
    out.push(line(Part::Help, format!("  help: {}", finding.fix.as_deref().unwrap_or(entry.fix))));
    out
}

const fn line(part: Part, text: String) -> RenderedLine {
    RenderedLine { part, text }
}

fn place(session: Option<u64>, from: &str, finding: &Finding) -> String {
    let (to, head) = if from == "client" { ("server", "request head") } else { ("client", "response head") };
    let mut out = "  ".to_owned();
    if let Some(session) = session {
        let _ = write!(out, "session {session} · ");
    }
    let _ = write!(out, "{} → {to} · ", text::escape(from.as_bytes()));
    let _ = match finding.place {
        Place::Head => write!(out, "{head}, byte {}", finding.at),
        Place::Frame(frame) => write!(out, "frame {frame}, byte {}", finding.at),
        Place::Stream => write!(out, "between frames, byte {}", finding.at),
        Place::Connection => write!(out, "the connection"),
    };
    out
}

/// How rows of bytes are laid out.
struct HexRows {
    per_row: usize,
    indent: &'static str,
    after_offset: &'static str,
    before_ascii: &'static str,
}

impl HexRows {
    const fn for_width(width: usize) -> Self {
        match width {
            75.. => Self { per_row: 16, indent: "  ", after_offset: "  ", before_ascii: "   " },
            37..75 => Self { per_row: 8, indent: "", after_offset: " ", before_ascii: " " },
            0..37 => Self { per_row: 4, indent: "", after_offset: " ", before_ascii: " " },
        }
    }

    fn write(&self, finding: &Finding, out: &mut Vec<RenderedLine>) {
        let guilty = finding.at..finding.at.saturating_add(finding.length.max(1));
        let rows = finding.window.chunks(self.per_row);
        let last = rows.len().saturating_sub(1);
        for (index, row) in rows.enumerate() {
            let at = finding.window_at.saturating_add((index * self.per_row) as u64);
            let offset = format!("{at:04x}");
            out.push(line(Part::Hex, self.row(&offset, row)));
            // What is missing at the very end has its place behind the last byte.
            let reach = if finding.length == 0 && index == last { row.len() + 1 } else { row.len() };
            let marked: Vec<bool> = (0..reach).map(|byte| guilty.contains(&at.saturating_add(byte as u64))).collect();
            if marked.contains(&true) {
                out.push(line(Part::Underline, self.underline(offset.len(), &marked, finding.length)));
            }
        }
    }

    fn row(&self, offset: &str, bytes: &[u8]) -> String {
        let mut out = format!("{}{offset}{}", self.indent, self.after_offset);
        for column in 0..self.per_row {
            out.push_str(self.gap(column));
            match bytes.get(column) {
                Some(byte) => {
                    let _ = write!(out, "{byte:02x}");
                }
                None => out.push_str("  "),
            }
        }
        out.push_str(self.before_ascii);
        out.extend(bytes.iter().map(|byte| text::ascii(*byte)));
        out
    }

    fn underline(&self, offset: usize, marked: &[bool], guilty: u64) -> String {
        let mut out = " ".repeat(self.indent.len() + offset + self.after_offset.len());
        let mut before = false;
        for (column, mark) in marked.iter().enumerate() {
            let fill = if *mark && before { "^" } else { " " };
            out.push_str(&fill.repeat(self.gap(column).len()));
            let width = if guilty == 0 { "^ " } else { "^^" };
            out.push_str(if *mark { width } else { "  " });
            before = *mark;
        }
        out.truncate(out.trim_end().len());
        if guilty == 0 {
            out.push_str(" missing here");
        }
        out
    }

    const fn gap(&self, column: usize) -> &'static str {
        match column {
            0 => "",
            8 if self.per_row > 8 => "  ",
            _ => " ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::finding::FindingKind;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: nonsense\r\n\r\n";

    fn finding(kind: FindingKind, at: usize, length: usize) -> Finding {
        Finding::new(kind, Place::Head).bytes(HEAD, at, length).detail("the key asks for x")
    }

    #[test]
    fn a_wrong_value_is_underlined_where_it_stands() {
        insta::assert_snapshot!(render(Some(3), "server", &finding(FindingKind::RespAcceptMismatch, 56, 8)));
    }

    #[test]
    fn what_is_missing_is_pointed_at() {
        insta::assert_snapshot!(render(Some(3), "server", &finding(FindingKind::RespAcceptMissing, HEAD.len(), 0)));
    }

    #[test]
    fn a_lost_lane_has_its_place_in_a_frame_header() {
        let finding = Finding::new(FindingKind::FrameLen64Msb, Place::Stream)
            .bytes(&[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 1], 2, 8)
            .detail("the header promises 9223372036854775809 bytes");
        insta::assert_snapshot!(render(None, "client", &finding));
    }

    #[test]
    fn guilty_bytes_are_underlined_across_rows() {
        let rows = lines(None, "server", &finding(FindingKind::RespAcceptMismatch, 56, 8), 40);
        let hex: Vec<_> = rows.into_iter().filter(|row| matches!(row.part, Part::Hex | Part::Underline)).collect();
        let text: Vec<_> = hex.iter().map(|row| row.text.as_str()).collect();
        insta::assert_snapshot!(text.join("\n"));
    }

    proptest! {
        #[test]
        fn any_finding_is_rendered_within_the_width(
            window in proptest::collection::vec(any::<u8>(), 0..120),
            window_at in 0u64..0xff00,
            at: u64,
            length: u64,
            width in 21usize..100,
        ) {
            let finding =
                Finding {
                    at,
                    length,
                    window,
                    window_at,
                    ..Finding::new(FindingKind::RespAcceptMismatch, Place::Frame(1)).detail("x\u{1b}")
                };
            for line in lines(Some(1), "server", &finding, width) {
                prop_assert!(line.text.chars().all(text::is_plain));
                if line.part == Part::Hex {
                    prop_assert!(line.text.len() <= width);
                }
            }
        }
    }
}
