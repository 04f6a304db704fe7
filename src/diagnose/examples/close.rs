//! Examples of the layer `close`.

use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::opcode::Opcode;

use super::{ANSWER, Example, HELLO, Step, client, from_client, from_server, masked, plain, scene, server, told};

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::Close1byte => from_server(b"\x88\x01\x03"),
        FindingKind::CloseCodeReserved => from_server(b"\x88\x02\x03\xee"),
        FindingKind::CloseCodeRange => from_server(b"\x88\x02\x01\x94"),
        FindingKind::CloseCodeLittleEndian => from_server(b"\x88\x02\xe8\x03"),
        FindingKind::CloseCodeAscii => from_server(b"\x88\x041000"),
        FindingKind::CloseReasonUtf8 => from_server(b"\x88\x06\x03\xe8caf\xe9"),
        FindingKind::CloseReasonLong => from_server([b"\x88\x7e\x00\x7e\x03\xe8".as_slice(), &[b'a'; 124]].concat()),
        FindingKind::CloseDataAfter => from_server([b"\x88\x02\x03\xe8", HELLO].concat()),
        FindingKind::CloseBeforeHandshake => scene([server(b"\x88\x08\x03\xe8sorry!"), Step::Fin(Side::Server)]),
        FindingKind::CloseCleanErrorCodes => from_server(plain(Opcode::CLOSE, b"\x03\xf3unexpected error")),
        FindingKind::CloseOwnReason => from_server(plain(Opcode::CLOSE, b"\x11\x31token expired")),
        FindingKind::CloseAtOnce => {
            scene([server(ANSWER), server(HELLO), server(plain(Opcode::CLOSE, b"\x03\xe8")), Step::Fin(Side::Server)])
        }
        FindingKind::CloseBrowser1001 => from_client(masked(Opcode::CLOSE, b"\x03\xe9")),
        FindingKind::CloseFromBrowser1002 => {
            scene([server(ANSWER), server(HELLO), client(masked(Opcode::CLOSE, b"\x03\xeaWebSocket Protocol Error"))])
        }
        FindingKind::CloseNoReply => told(
            "a close frame, and for a while none in reply",
            [server(ANSWER), client(masked(Opcode::CLOSE, b"\x03\xe8")), Step::Wait(10)],
        ),
        _ => told(
            "a close frame from each side, and for a while no FIN",
            [
                server(ANSWER),
                client(masked(Opcode::CLOSE, b"\x03\xe8")),
                server(plain(Opcode::CLOSE, b"\x03\xe8")),
                Step::Wait(10),
            ],
        ),
    }
}
