//! Bytes that stand between frames, and frames of other protocols.

use super::{Named, Scene, is_written, start};
use crate::diagnose::handshake::ends_in_stray_newline;
use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::FrameHeader;
use crate::wire::head::Head;

/// A line end behind the head, or behind a frame.
pub(super) fn line_end(scene: &Scene<'_>) -> Option<Named> {
    let length = scene.bytes.iter().take(8).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let stray = scene.bytes.get(..length).filter(|stray| stray.contains(&b'\n'))?;
    let rest = scene.bytes.get(length..)?;
    if !scene.may_begin(rest) {
        return None;
    }
    let shown = crate::text::escape(stray);
    let Some(head) = scene.head() else {
        let detail = format!("{shown} stands between this side's last frame and the next");
        return Some(
            Named::new(FindingKind::FrameTrailingNewline, 0, length, detail)
                .cause(
                    "the frame was written with something that ends a line: println(), puts, console.log, writeline()",
                    "write the frame's bytes and nothing else: write(), sendall(), print() without a newline",
                )
                .astray(),
        );
    };
    let kind = if stray == b"\n" { FindingKind::HttpExtraLf } else { FindingKind::HttpExtraCrlf };
    let mut named = Named::new(kind, 0, length, format!("{shown} follows the head's empty line")).astray();
    named.in_head = true;
    if ends_in_stray_newline(head) {
        named.detail = format!("the head's last field ended with \\n of its own, so that its {shown} is left over");
        return Some(named.cause(
            "the accept value ends in a line feed, which ended the head early: Python's base64.encodebytes(), \
                openssl base64 and Ruby's Base64.encode64 add one",
            "use base64.b64encode(), Base64.strict_encode64 or openssl base64 -A; or strip() the value",
        ));
    }
    Some(named.cause(
        "the head ends with one line end too many: println() or a heredoc adds one to a text that had its own",
        "end the head with exactly \\r\\n\\r\\n, written with write(), not println()",
    ))
}

/// Lines of the head that fell behind it, since the accept value's own line feed ended it early.
pub(super) fn fallen_line(scene: &Scene<'_>) -> Option<Named> {
    let head = scene.head().filter(|head| ends_in_stray_newline(head))?;
    // Where it is a field that a browser misses, that was told of the head.
    ["upgrade", "connection"].iter().all(|name| Head::of_response(head).field(name).is_some()).then_some(())?;
    let end = scene.bytes.windows(2).position(|end| end == b"\r\n")?;
    let line = scene.bytes.get(..end)?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let is_name = line.get(..colon)?.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if colon == 0 || !is_name {
        return None;
    }
    let detail = format!("{} was meant as a line of the head, and is read as a frame", crate::text::preview(line, 60));
    let mut named = Named::new(FindingKind::RespAcceptTrailingNewline, 0, end + 2, detail).astray();
    named.in_head = true;
    Some(named)
}

/// Zero bytes between frames.
pub(super) fn nul(scene: &Scene<'_>) -> Option<Named> {
    let length = scene.bytes.iter().take_while(|byte| **byte == 0).count();
    let rest = scene.bytes.get(length..)?;
    if !(1..=2).contains(&length) || rest.is_empty() || !scene.may_begin(rest) {
        return None;
    }
    let place = if scene.is_behind_head() { "the head" } else { "the last frame" };
    let detail = format!("{length} zero byte(s) follow {place}; then a frame begins with {:02x}", rest.first()?);
    let named = Named::new(FindingKind::FrameStrayNul, 0, length, detail).astray();
    Some(named.cause(
        "the zero that ends a string in C was sent too: sizeof \"...\", strlen(s) + 1, or a buffer one byte too long",
        "send the bytes that were counted: strlen(s), or sizeof buffer - 1",
    ))
}

/// Text between 00 and ff, or ff 00, the end of hixie-76.
pub(super) fn hixie(scene: &Scene<'_>) -> Option<Named> {
    let detail = match scene.bytes {
        [0, rest @ ..] => {
            let end = rest.iter().position(|byte| *byte == 0xff)?;
            let text = rest.get(..end).filter(|text| is_written(text))?;
            (end + 2, format!("{} stands between 00 and ff", start(text)))
        }
        [0xff, 0] | [0xff, 0, 0xff, ..] => (2, "ff 00 is how hixie-76 closes".to_owned()),
        _ => return None,
    };
    Some(Named::new(FindingKind::FrameHixieFraming, 0, detail.0, detail.1).astray())
}

/// The opcodes of hybi-04 to hybi-06: 4 was text, 5 was binary.
pub(super) fn old_opcodes(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let (was, fits) = match header.first {
        0x84 => ("text", payload.is_empty() || is_written(&payload)),
        0x85 => ("binary", true),
        _ => return None,
    };
    let end = header.wire_length().saturating_add(usize::try_from(header.length).ok()?);
    let next_fits = scene.bytes.get(end..).is_none_or(|rest| matches!(rest.first(), None | Some(0x81..=0x85)));
    if scene.rule != FindingKind::FrameOpcodeReservedData || !fits || !next_fits {
        return None;
    }
    let detail = format!("{:02x} began a {was} frame in hybi-04 to hybi-06: {}", header.first, start(&payload));
    Some(Named::new(FindingKind::FrameHybi06Opcodes, 0, 1, detail))
}

/// A record of TLS: its type, 03, its minor version, a length.
pub(super) fn tls_record(scene: &Scene<'_>) -> Option<Named> {
    let (what, minor, length) = match scene.bytes {
        [0x14, 3, minor @ 0..=4, high, low, ..] => ("a change of ciphers", minor, [*high, *low]),
        [0x15, 3, minor @ 0..=4, high, low, ..] => ("an alert", minor, [*high, *low]),
        [0x16, 3, minor @ 0..=4, high, low, ..] => ("a handshake record", minor, [*high, *low]),
        [0x17, 3, minor @ 0..=4, high, low, ..] => ("encrypted data", minor, [*high, *low]),
        _ => return None,
    };
    let length = u16::from_be_bytes(length);
    // A record holds 16 KiB and a little more at the most (RFC 8446 5.2).
    if length == 0 || length > 16_640 {
        return None;
    }
    let detail = format!("{what} of TLS, version 03 {minor:02x}, {length} bytes");
    Some(Named::new(FindingKind::FrameTlsRecord, 0, 5, detail).astray())
}

/// 08, 09 or 0a where 88, 89 or 8a was meant.
pub(super) fn without_fin(scene: &Scene<'_>) -> Option<Named> {
    let (header, _) = FrameHeader::parse(scene.bytes)?;
    let is_masked = header.mask.is_some() == (scene.from == Side::Client);
    if scene.rule != FindingKind::FrameControlFragmented
        || !matches!(header.first, 8..=10)
        || header.length > 125
        || !is_masked
    {
        return None;
    }
    let (first, opcode) = (header.first, header.opcode());
    let detail = format!("the first byte is {first:02x}; that of a {opcode} frame is {:02x}", first | 0x80);
    Some(Named::new(FindingKind::FrameControlFragmented, 0, 1, detail).cause(
        "the opcode was written as the first byte, without the bit 80 (FIN)",
        "write 0x80 | opcode: 88 for close, 89 for ping, 8a for pong",
    ))
}
