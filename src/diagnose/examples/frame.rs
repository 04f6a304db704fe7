//! Examples of the layer `frame`.

use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::opcode::Opcode;

use super::{ANSWER, Example, HELLO, KEY, Step, client, from_client, from_server, masked, plain, scene, server, told};

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::FrameRsv => from_server(b"\xa1\x05Hello"),
        FindingKind::FrameOpcodeReservedData => from_server(b"\x83\x05Hello"),
        FindingKind::FrameOpcodeReservedControl => from_server(b"\x8b\x05Hello"),
        FindingKind::FrameServerMasked => from_server(masked(Opcode::TEXT, b"Hello")),
        FindingKind::FrameClientUnmasked => from_client(HELLO),
        FindingKind::FrameMaskWeak => from_client(b"\x81\x85\0\0\0\0Hello".repeat(3)),
        FindingKind::FrameControlLong => from_server([b"\x89\x7e\0\x7e".as_slice(), &[b'a'; 126]].concat()),
        FindingKind::FrameControlFragmented => from_server(b"\x09\x02hi"),
        FindingKind::FrameUnexpectedContinuation => from_server(b"\x80\x05Hello"),
        FindingKind::FrameInterleaved => from_server(b"\x01\x05Hello\x81\x05world"),
        FindingKind::FrameEmptyFragments => from_server(b"\x01\x05Hello\x00\x00\x80\x00"),
        FindingKind::FrameTruncated => scene([server(ANSWER), server(b"\x81\x0aHello"), Step::Fin(Side::Server)]),
        FindingKind::FrameMissingFin => told(
            "01 05 Hello, and for a while nothing more of the message",
            [server(ANSWER), server(b"\x01\x05Hello"), Step::Wait(10)],
        ),
        FindingKind::FramePingNoPong => {
            told("89 02 68 69, and for a while no pong", [server(ANSWER), server(b"\x89\x02hi"), Step::Wait(10)])
        }
        _ => length(kind),
    }
}

/// Lengths gone wrong.
fn length(kind: FindingKind) -> Example {
    match kind {
        FindingKind::FrameLen16Nonminimal => from_server(b"\x81\x7e\x00\x05Hello"),
        FindingKind::FrameLen64Nonminimal => from_server(b"\x81\x7f\0\0\0\0\0\0\0\x05Hello"),
        FindingKind::FrameLen64In4Bytes => {
            from_server([b"\x81\x7f\0\x01\x11\x70".as_slice(), &[b'a'; 70_000], HELLO].concat())
        }
        FindingKind::FrameLen64Msb => from_server(b"\x82\x7f\x80\0\0\0\0\0\0\x01"),
        FindingKind::FrameLenHuge => from_server(b"\x82\x7f\0\0\0\x01\0\0\0\0"),
        FindingKind::FrameLenLittleEndian => {
            from_server([b"\x81\x7e\x2c\x01".as_slice(), &[b'a'; 300], HELLO].concat())
        }
        FindingKind::FrameLen7bitOverflow => from_server([b"\x81\xc8".as_slice(), &[b'a'; 200], HELLO].concat()),
        FindingKind::FrameLenCharsNotBytes => from_server([b"\x81\x04caf\xc3\xa9".as_slice(), HELLO].concat()),
        _ => no_frame(kind),
    }
}

/// Bytes that are no frames, or too many of one.
fn no_frame(kind: FindingKind) -> Example {
    match kind {
        FindingKind::FrameHeaderUtf8 => from_server(b"\xc2\x81\x05Hello"),
        FindingKind::FrameTlsRecord => from_server(b"\x16\x03\x03\x00\x02\x01\x00"),
        FindingKind::FrameHixieFraming => from_server(b"\0Hello\xff"),
        FindingKind::FrameTrailingNewline => from_server([HELLO, b"\n", HELLO, b"\n"].concat()),
        FindingKind::FrameStrayNul => from_server([HELLO, b"\0", HELLO, b"\0"].concat()),
        FindingKind::FrameDoubleFramed => from_server(plain(Opcode::TEXT, HELLO)),
        FindingKind::FrameEchoNotUnmasked => {
            let said = masked(Opcode::TEXT, b"Hello");
            let payload = said.get(2 + KEY.len()..).unwrap_or_default().to_vec();
            scene([server(ANSWER), client(said), server(plain(Opcode::TEXT, &payload))])
        }
        FindingKind::FrameMaskedLump => {
            let lump: Vec<u8> = HELLO.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            from_client([KEY.as_slice(), &lump].concat())
        }
        FindingKind::FrameHybi06Opcodes => from_server(b"\x84\x05Hello"),
        _ => from_server(b"{\"type\":\"hello\",\"text\":\"Hello\"}"),
    }
}
