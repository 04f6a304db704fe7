//! A finding written out for people, as rustc writes its own: level, id, one sentence; the bytes with the guilty ones
//! underlined; facts; help. Plain text: who shows it may style it by the part that each line is.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::record::finding::{Finding, Level, Place};
use crate::record::{Side, Stall};
use crate::text;

use super::catalogue::{Browser, Words, words};
use super::stall;

/// What a line of a rendering is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Level, id and title.
    Title,
    /// Where it was seen.
    Place,
    /// Bytes.
    Hex,
    /// What points at the guilty ones of the bytes above, and says what is special about them.
    Underline,
    /// Something true: what browsers do, the rule, the cause.
    Fact,
    /// What to change.
    Help,
}

/// A line of a rendering, without its end. It is longer than the width only where a word is.
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

/// The finding in a sentence: its title, and whether what was sent on is repaired.
#[must_use]
pub fn sentence(finding: &Finding) -> String {
    let repaired = if finding.repaired { "repaired: " } else { "" };
    format!("{repaired}{}", words(finding.kind).title)
}

/// The lines of it, within `width` columns.
#[must_use]
pub fn lines(session: Option<u64>, from: &str, finding: &Finding, width: usize) -> Vec<RenderedLine> {
    let level = words(finding.kind).level;
    titled(level, &sentence(finding), &place(session, from, finding), (from, finding), width)
}

/// The lines of a stall: those of the finding that it is where it lasts. `lasts` is for how long it does, in words, where
/// that is known. It may yet end, so that it is no more than a warning.
#[must_use]
pub fn stall_lines(session: Option<u64>, stall: &Stall, lasts: Option<&str>, width: usize) -> Vec<RenderedLine> {
    let finding = stall::finding(stall);
    let place = place(session, stall::sender(stall).name(), &finding);
    let title = match lasts {
        Some(lasts) => format!("{}, for {lasts}", stall.text()),
        None => stall.text(),
    };
    titled(Level::Warning, &title, &place, (stall.lane.name(), &finding), width)
}

fn titled(
    level: Level,
    title: &str,
    place: &str,
    (from, finding): (&str, &Finding),
    width: usize,
) -> Vec<RenderedLine> {
    let entry = words(finding.kind);
    let mut page = Page { width, lines: Vec::new() };
    page.wrapped(Part::Title, 2, &format!("{}[{}]: {title}", level.name(), finding.kind.id()));
    page.wrapped(Part::Place, 4, place);
    HexRows::for_width(width).write(finding, &mut page);
    for (label, fact) in facts(&entry, from, finding) {
        page.wrapped(Part::Fact, 4, &format!("  = {label}: {fact}"));
    }
    page.wrapped(Part::Help, 4, &format!("  help: {}", finding.fix.as_deref().unwrap_or(entry.fix)));
    page.lines
}

/// What is true of a finding, each with its label. A browser that does as Chrome does is left out.
fn facts<'a>(entry: &Words, from: &str, finding: &'a Finding) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut out = Vec::new();
    let chrome = finding.chrome.as_deref();
    match entry.from_client.filter(|_| from == Side::Client.name() && chrome.is_none()) {
        Some(words) => out.push(("browsers", Cow::Borrowed(words))),
        None => {
            out.push(("chrome", Cow::Borrowed(chrome.unwrap_or(entry.chrome))));
            out.extend(entry.differs.iter().map(|browser| match browser {
                Browser::Firefox => ("firefox", Cow::Borrowed(entry.firefox)),
                Browser::Safari => ("safari", Cow::Borrowed(entry.safari)),
            }));
        }
    }
    out.push(("rule", Cow::Borrowed(entry.spec)));
    if finding.repaired {
        out.push(("repair", Cow::Borrowed(entry.repair.unwrap_or("repairs it"))));
    }
    out.push(match finding.cause.as_deref() {
        Some(cause) => ("cause", Cow::Borrowed(cause)),
        None => ("usual cause", Cow::Borrowed(entry.cause)),
    });
    out
}

/// Lines, and the columns that they have.
struct Page {
    width: usize,
    lines: Vec<RenderedLine>,
}

impl Page {
    fn line(&mut self, part: Part, text: String) {
        self.lines.push(RenderedLine { part, text });
    }

    /// Cuts a text at its blanks. Lines after the first begin with `hanging` blanks.
    fn wrapped(&mut self, part: Part, hanging: usize, text: &str) {
        for text in wrap(text, hanging, self.width) {
            self.line(part, text);
        }
    }
}

/// The text in lines of no more than `width` columns, cut at blanks; those after the first begin with `hanging` blanks.
#[must_use]
pub fn wrap(text: &str, hanging: usize, width: usize) -> Vec<String> {
    let mut words = text.trim_start().split(' ');
    let leading = text.len() - text.trim_start().len();
    let mut line = format!("{}{}", " ".repeat(leading), words.next().unwrap_or_default());
    let mut out = Vec::new();
    for word in words {
        if line.width() + 1 + word.width() > width {
            out.push(std::mem::replace(&mut line, " ".repeat(hanging)));
        } else {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push(line);
    out
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

    fn write(&self, finding: &Finding, page: &mut Page) {
        let guilty = finding.at..finding.at.saturating_add(finding.length.max(1));
        // Rows begin at multiples of their length, so that the first may have an empty start.
        let skipped = usize::try_from(finding.window_at % self.per_row as u64).unwrap_or_default();
        // What is missing at the very end has its place behind the last byte.
        let behind = usize::from(finding.length == 0);
        let mut cells: Vec<Option<u8>> = vec![None; skipped];
        cells.extend(finding.window.iter().copied().map(Some));
        let rows = cells.chunks(self.per_row);
        let last = rows.len().saturating_sub(1);
        let mut underlined = None;
        for (index, row) in rows.enumerate() {
            let first = finding.window_at - skipped as u64;
            let at = first.saturating_add((index * self.per_row) as u64);
            let offset = format!("{at:04x}");
            page.line(Part::Hex, self.row(&offset, row));
            let reach = if index == last { row.len() + behind } else { row.len() };
            let marked: Vec<bool> = (0..reach)
                .map(|cell| row.get(cell) != Some(&None) && guilty.contains(&at.saturating_add(cell as u64)))
                .collect();
            if marked.contains(&true) {
                let underline = self.underline(offset.len(), &marked, finding.length);
                let column = underline.len() - underline.trim_start().len();
                page.line(Part::Underline, underline);
                underlined = Some((page.lines.len(), column));
            }
        }
        self.detail(&finding.detail, underlined, page);
    }

    /// What is special about the bytes: under what is underlined, and as a fact where nothing is.
    fn detail(&self, detail: &str, underlined: Option<(usize, usize)>, page: &mut Page) {
        let detail = text::escape(detail.as_bytes());
        match underlined {
            _ if detail.is_empty() => {}
            None => page.wrapped(Part::Fact, 4, &format!("  = seen: {detail}")),
            Some((at, column)) => {
                let fits = column + detail.width() <= page.width;
                let column = if fits { column } else { self.indent.len() + 4 + self.after_offset.len() };
                let lines = wrap(&detail, 0, page.width.saturating_sub(column))
                    .into_iter()
                    .map(|line| RenderedLine { part: Part::Underline, text: format!("{}{line}", " ".repeat(column)) });
                page.lines.splice(at..at, lines);
            }
        }
    }

    fn row(&self, offset: &str, cells: &[Option<u8>]) -> String {
        let mut out = format!("{}{offset}{}", self.indent, self.after_offset);
        for column in 0..self.per_row {
            out.push_str(self.gap(column));
            match cells.get(column) {
                Some(Some(byte)) => {
                    let _ = write!(out, "{byte:02x}");
                }
                _ => out.push_str("  "),
            }
        }
        out.push_str(self.before_ascii);
        out.extend(cells.iter().map(|cell| cell.map_or(' ', text::ascii)));
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
    use crate::record::FrameNumber;
    use crate::record::finding::FindingKind;
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
    fn a_repaired_finding_says_so_and_how() {
        let repaired = Finding { repaired: true, ..finding(FindingKind::FrameServerMasked, 0, 1) };
        let text = render(None, "server", &repaired);
        assert!(text.starts_with("error[frame-server-masked]: repaired: the server masks its frames"), "{text}");
        assert!(text.contains("  = repair: unmasks the frame"), "{text}");
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
    fn what_is_special_stands_under_the_bytes_and_browsers_only_where_they_differ() {
        let masked = Finding::new(FindingKind::FrameServerMasked, Place::Frame(FrameNumber::new(7)))
            .bytes(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], 1, 5)
            .detail("the mask bit is set, and a key follows")
            .cause("the library is a client's", "use the library's server");
        insta::assert_snapshot!(render(Some(3), "server", &masked));
        let of_client =
            render(None, "client", &Finding::new(FindingKind::MsgTooBig, Place::Frame(FrameNumber::new(7))));
        assert!(of_client.contains("= browsers: ") && !of_client.contains("firefox"), "{of_client}");
    }

    #[test]
    fn long_texts_are_cut_at_blanks_and_hang() {
        assert_eq!(wrap("  = a: one two three", 4, 12), ["  = a: one", "    two", "    three"]);
        assert_eq!(wrap("overlong word", 2, 4), ["overlong", "  word"]);
        assert_eq!(wrap("", 2, 4), [""]);
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
                    ..Finding::new(FindingKind::RespAcceptMismatch, Place::Frame(FrameNumber::FIRST)).detail("x\u{1b}")
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
