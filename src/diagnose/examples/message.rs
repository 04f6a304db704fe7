//! Examples of the layer `message`.

use crate::record::finding::FindingKind;
use crate::wire::opcode::Opcode;

use super::{Example, from_server, plain};

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::MsgInvalidUtf8 => text(b"\x80\x81\xfe\xff\x00\x01"),
        FindingKind::MsgLatin1 => text(b"caf\xe9 au lait"),
        FindingKind::MsgUtf16 => text(b"H\0e\0l\0l\0o\0,\0 \0\xe9\0"),
        FindingKind::MsgUtf8Split => from_server(b"\x01\x04caf\xc3\x80\x01\xa9"),
        FindingKind::MsgUtf8IncompleteAtFin => text(b"caf\xc3"),
        FindingKind::MsgOverlongOrNonchar => text(b"Hello \xed\xa0\xbd\xed\xb8\x80"),
        // Its end need not come: what the headers promise is enough.
        _ => from_server(b"\x02\x05Hello\x80\x7f\x00\x00\x00\x00\x7f\xff\xff\xff"),
    }
}

fn text(payload: &[u8]) -> Example {
    from_server(plain(Opcode::TEXT, payload))
}
