//! How a response's head is written: its line ends, its status line, its folds; and heads that will never end.

use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;
use crate::wire::head::{Field, Head, response_start};

/// A place in a head that is written in an unusual way, though Chrome takes it.
pub(super) fn oddities(head: &[u8]) -> Vec<Finding> {
    let start = response_start(head).unwrap_or(0);
    [junk(head, start), status_line(head, start), line_ends(head, start), odd_field(head), frame_in_head(head, start)]
        .into_iter()
        .flatten()
        .collect()
}

fn at(kind: FindingKind, head: &[u8], at: usize, length: usize, detail: impl Into<String>) -> Finding {
    Finding::new(kind, Place::Head).bytes(head, at, length).detail(detail)
}

fn junk(head: &[u8], start: usize) -> Option<Finding> {
    let junk = head.get(..start).filter(|junk| !junk.is_empty())?;
    let detail = format!("{} before the status line", text::escape(junk));
    let finding = at(FindingKind::HttpJunkBeforeStatus, head, 0, start, detail);
    Some(match junk {
        [0xef, 0xbb, 0xbf, ..] => finding.cause(
            "a byte order mark stands in front of the response: the file that sends it was saved with one",
            "save the file as UTF-8 without a byte order mark",
        ),
        _ => finding,
    })
}

fn status_line(head: &[u8], start: usize) -> Option<Finding> {
    let line = Head::of_response(head).start_line();
    let shown = || text::preview(line, 100);
    let version = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    if line.starts_with(b"HTTP/1.1 101 ") {
        return None;
    }
    if let [b'H', b'T', b'T', b'P', b'/', rest @ ..] = version
        && rest != b"1.1"
        && is_version(rest)
    {
        let detail = format!("{} stands where HTTP/1.1 is needed", text::preview(version, 40));
        return Some(at(FindingKind::HttpVersion10, head, start, version.len(), detail));
    }
    let what = match line {
        b"HTTP/1.1 101" => "no blank behind the status",
        _ if version != b"HTTP/1.1" => "the version is not written HTTP/1.1",
        _ => "the status is not three digits between two blanks",
    };
    let detail = format!("{what}: {}", shown());
    Some(at(FindingKind::HttpStatusLineMalformed, head, start, line.len(), detail))
}

fn is_version(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_digit) && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

fn line_ends(head: &[u8], start: usize) -> Option<Finding> {
    if ends_in_stray_newline(head) {
        return None;
    }
    if leaves_cr_behind(head) {
        let first = position(head, b"\n\r", start)?;
        let finding =
            at(FindingKind::HttpLfcr, head, first, 2, "each line ends with \\n\\r; the head ended one byte early");
        return Some(finding.chrome("Invalid frame header"));
    }
    let ends = || head.iter().enumerate().skip(start).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let is_bare = |at: &usize| head.get(at.wrapping_sub(1)) != Some(&b'\r');
    let (all, bare) = (ends().count(), ends().filter(is_bare).count());
    let first = ends().find(is_bare)?;
    let detail = format!("{bare} of {all} lines end with \\n alone");
    Some(at(FindingKind::HttpLfOnly, head, first, 1, detail))
}

/// Whether a value's own line feed ended a head early: the last field is Sec-WebSocket-Accept, its value has the `\n`
/// that base64 functions like to add, and all other lines end with `\r\n`. The `\r\n` that the server meant as the empty
/// line then stands behind the head.
#[must_use]
pub fn ends_in_stray_newline(head: &[u8]) -> bool {
    let Some(before) = head.strip_suffix(b"\n\r\n").filter(|before| !before.ends_with(b"\r")) else { return false };
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let rest = &before[..line];
    let is_accept = Field::of_line(&before[line..]).is("sec-websocket-accept");
    is_accept && rest.ends_with(b"\r\n") && !has_bare_lf(rest)
}

/// Whether each line of a head ends with `\n\r`, so that the last `\r` is left behind it.
#[must_use]
pub fn leaves_cr_behind(head: &[u8]) -> bool {
    let Some(before) = head.strip_suffix(b"\n\r\n") else { return false };
    let first = before.iter().position(|byte| *byte == b'\n');
    first.is_some_and(|at| before.get(at + 1) == Some(&b'\r') && before.get(at.wrapping_sub(1)) != Some(&b'\r'))
}

fn has_bare_lf(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'\n' && bytes.get(at.wrapping_sub(1)) != Some(&b'\r'))
}

fn odd_field(head: &[u8]) -> Option<Finding> {
    let head_of = Head::of_response(head);
    head_of.fields().find_map(|field| {
        let line = field.value_at - head[..field.value_at].iter().rev().take_while(|byte| **byte != b'\n').count();
        let what = match field.name {
            _ if matches!(head.get(line), Some(b' ' | b'\t')) => {
                "a line that begins with a blank goes on with the one before"
            }
            [] if head.get(line) == Some(&b':') => "a field without a name",
            [] => "a line without a colon",
            [.., b' ' | b'\t'] => "a blank before the colon",
            _ => return None,
        };
        let length = head[line..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(head.len() - line);
        let detail = format!("{what}: {}", text::preview(&head[line..line + length], 100));
        Some(at(FindingKind::HttpObsFold, head, line, length, detail))
    })
}

fn position(bytes: &[u8], word: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(word.len()).position(|window| window == word).map(|at| from + at)
}

/// The longest run of bytes that shows that a head will never end.
const LOOK_BACK: usize = 16;

/// Why a head that has begun will not end as its server thinks it did. `scanned` is how many bytes were looked at before.
/// Chrome waits for the end of each of these heads.
#[must_use]
pub fn unfinished(head: &[u8], scanned: usize) -> Option<Finding> {
    let start = response_start(head)?;
    let from = scanned.saturating_sub(LOOK_BACK).max(start);
    if position(head, b"\r\r\n\r\r\n", from).is_some() {
        let first = position(head, b"\r\r\n", start)?;
        return Some(at(
            FindingKind::HttpCrcrlf,
            head,
            first,
            3,
            "lines end with \\r\\r\\n, so there is no empty line",
        ));
    }
    cr_only(head, start, from, false).or_else(|| literal(head, start, from)).or_else(|| frame_in_head(head, from))
}

/// The same for a head after which nothing more came: what could still have gone on has not.
pub(super) fn cut_off(head: &[u8]) -> Option<Finding> {
    let start = response_start(head)?;
    unfinished(head, 0).or_else(|| cr_only(head, start, start, true))
}

fn cr_only(head: &[u8], start: usize, from: usize, is_all: bool) -> Option<Finding> {
    let mut runs = head.get(from..)?.windows(3);
    let is_end = runs.any(|run| run[..2] == *b"\r\r" && run[2] != b'\n') || (is_all && head.ends_with(b"\r\r"));
    if !is_end || head[start..].contains(&b'\n') {
        return None;
    }
    let first = position(head, b"\r", start)?;
    Some(at(FindingKind::HttpCrOnly, head, first, 1, "lines end with \\r alone, so the head has no end"))
}

/// Ends of a head, written as the characters `\`, `r` and `n`.
const LITERAL_ENDS: [&[u8]; 4] = [br"\r\n\r\n", br"\n\n", b"\\r\\n\n\\r\\n", b"\\r\\n\r\n\\r\\n"];

fn literal(head: &[u8], start: usize, from: usize) -> Option<Finding> {
    LITERAL_ENDS.iter().any(|end| position(head, end, from).is_some()).then(|| literal_escapes(head, start)).flatten()
}

/// A status line that does not end where its server meant it to, since the escapes for its end were sent as text.
pub(super) fn literal_escapes(head: &[u8], start: usize) -> Option<Finding> {
    let line = head[start..].iter().position(|byte| *byte == b'\n').map_or(head.len(), |lf| start + lf);
    let (first, length) = [&br"\r\n"[..], br"\n"]
        .iter()
        .find_map(|escape| position(&head[..line], escape, start).map(|first| (first, escape.len())))?;
    let detail = "\\r\\n came as four characters, not as the two bytes 0D 0A";
    Some(at(FindingKind::HttpLiteralEscapes, head, first, length, detail))
}

/// The header of a server's frame at the start of a line: such bytes begin neither a field's name nor, in UTF-8, any
/// character.
fn frame_in_head(head: &[u8], from: usize) -> Option<Finding> {
    let is_frame = |byte: &u8| matches!(byte, 0x01 | 0x02 | 0x80..=0x82 | 0x88..=0x8a | 0xc1);
    let before = from.saturating_sub(1);
    let at_line = head.get(before..)?.windows(2).position(|pair| pair[0] == b'\n' && is_frame(&pair[1]))?;
    let first = before + at_line + 1;
    let detail = format!("a frame begins (0x{:02x}), but the head has not ended", head[first]);
    Some(at(FindingKind::HttpMissingBlankLine, head, first, 0, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(head: &[u8]) -> Vec<FindingKind> {
        oddities(head).into_iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn a_plain_head_has_nothing_odd() {
        assert!(kinds(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n").is_empty());
        assert!(kinds(b"HTTP/1.1 101 \r\nA:b\r\n\r\n").is_empty());
    }

    #[test]
    fn each_oddity_is_told_once() {
        for (head, kind) in [
            (&b"HTTP/1.1 101 x\nA: b\nC: d\n\n"[..], FindingKind::HttpLfOnly),
            (b"HTTP/1.0 101 x\r\n\r\n", FindingKind::HttpVersion10),
            (b"HTTP/2 101 x\r\n\r\n", FindingKind::HttpVersion10),
            (b"HTTP/1.1 101\r\n\r\n", FindingKind::HttpStatusLineMalformed),
            (b"HTTP/1,1 101 x\r\n\r\n", FindingKind::HttpStatusLineMalformed),
            (b"HTTP/1.1  0101 x\r\n\r\n", FindingKind::HttpStatusLineMalformed),
            (b"\xef\xbb\xbfHTTP/1.1 101 x\r\n\r\n", FindingKind::HttpJunkBeforeStatus),
            (b"HTTP/1.1 101 x\r\nA: b\r\n c\r\nE : f\r\n\r\n", FindingKind::HttpObsFold),
            (b"HTTP/1.1 101 x\r\nA : b\r\n\r\n", FindingKind::HttpObsFold),
            (b"HTTP/1.1 101 x\r\nnothing\r\n\r\n", FindingKind::HttpObsFold),
            (b"HTTP/1.1 101 x\n\rA: b\n\r\n", FindingKind::HttpLfcr),
        ] {
            assert_eq!(kinds(head), [kind], "{}", text::escape(head));
        }
    }

    #[test]
    fn a_head_that_never_ends_is_known_at_its_first_proof_however_it_comes() {
        for (head, kind) in [
            (&b"HTTP/1.1 101 x\r\r\nA: b\r\r\n\r\r\n"[..], Some(FindingKind::HttpCrcrlf)),
            (b"HTTP/1.1 101 x\rA: b\r\r\x81\x05", Some(FindingKind::HttpCrOnly)),
            (br"HTTP/1.1 101 x\r\nA: b\r\n\r\n", Some(FindingKind::HttpLiteralEscapes)),
            (b"HTTP/1.1 101 x\\r\\n\nA: b\\r\\n\n\\r\\n", Some(FindingKind::HttpLiteralEscapes)),
            (b"HTTP/1.1 101 x\r\nA: b\r\n\x81\x05Hello", Some(FindingKind::HttpMissingBlankLine)),
            (b"HTTP/1.1 101 x\r\nA: b\\n\\nc\r\nB", None),
            ("HTTP/1.1 101 x\r\nÄ: b\r\n日".as_bytes(), None),
            (b"HTTP/1.1 101 x\r\r\nA: b\r", None),
        ] {
            assert_eq!(unfinished(head, 0).map(|finding| finding.kind), kind, "{}", text::escape(head));
            let step = (1..=head.len()).find_map(|length| unfinished(&head[..length], length - 1));
            assert_eq!(step.map(|finding| finding.kind), kind, "{}", text::escape(head));
        }
        assert_eq!(unfinished(b"HTTP/1.1 101 x\rA: b\r\r", 0), None);
        assert!(cut_off(b"HTTP/1.1 101 x\rA: b\r\r").is_some());
    }

    #[test]
    fn the_newline_of_base64_is_told_from_lines_that_all_end_so() {
        assert!(ends_in_stray_newline(b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x=\n\r\n"));
        assert!(!ends_in_stray_newline(b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x=\r\n\r\n"));
        assert!(!ends_in_stray_newline(b"HTTP/1.1 101 x\nSec-WebSocket-Accept: x=\n\r\n"));
        assert!(!ends_in_stray_newline(b"HTTP/1.1 101 x\r\nServer: x\n\r\n"));
        assert!(!leaves_cr_behind(b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x=\n\r\n"));
    }
}
