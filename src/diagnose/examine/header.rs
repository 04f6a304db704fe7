//! What is checked in a frame's header, and in the order of frames (RFC 6455 5.2 to 5.5).

use crate::diagnose::chrome;
use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::opcode::Opcode;

use super::{Examiner, Found};

impl Examiner {
    /// Says the first rule that the header breaks: a second fault of the same header would be an echo of the first.
    pub(super) fn check_header(&mut self, header: &FrameHeader) {
        let found = length(header)
            .or_else(|| control(header))
            .or_else(|| self.reserved(header))
            .or_else(|| opcode(header))
            .or_else(|| self.mask(header))
            .or_else(|| self.after_close(header))
            .or_else(|| self.order(header));
        self.found.extend(found);
    }

    fn mask(&self, header: &FrameHeader) -> Option<Found> {
        match (self.from, header.mask) {
            (Side::Server, Some(key)) => {
                let detail = format!("the key is {}", hex::encode(key));
                Some(Found::new(FindingKind::FrameServerMasked, 1, 1, detail))
            }
            (Side::Client, None) => Some(Found::new(FindingKind::FrameClientUnmasked, 1, 1, "")),
            (Side::Client, Some(_)) if self.weak_is_told => None,
            (Side::Client, Some(key)) if key == [0; 4] => {
                Some(Found::new(FindingKind::FrameMaskWeak, key_at(header), 4, "the key is zero"))
            }
            (Side::Client, Some(key)) if self.key == Some(key) => {
                let detail = format!("the frame before has the same key, {}", hex::encode(key));
                Some(Found::new(FindingKind::FrameMaskWeak, key_at(header), 4, detail))
            }
            _ => None,
        }
    }

    fn reserved(&self, header: &FrameHeader) -> Option<Found> {
        let (rsv, opcode) = (header.rsv(), header.opcode());
        let begins = opcode == Opcode::TEXT || opcode == Opcode::BINARY;
        if rsv == 0 || (rsv == 4 && self.deflate.is_some() && begins) {
            return None;
        }
        let bits = [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")];
        let names: Vec<_> = bits.into_iter().filter(|(bit, _)| rsv & bit != 0).map(|(_, name)| name).collect();
        let kind = chrome::reserved_bits(rsv, opcode, self.deflate.is_some());
        Some(Found::new(kind, 0, 1, format!("{} set in a {opcode} frame", names.join(", "))))
    }

    fn after_close(&self, header: &FrameHeader) -> Option<Found> {
        let detail = || format!("a {} frame follows the close frame", header.opcode());
        self.closed.then(|| Found::new(FindingKind::CloseDataAfter, 0, 1, detail()))
    }

    fn order(&self, header: &FrameHeader) -> Option<Found> {
        let opcode = header.opcode();
        match self.message {
            _ if opcode.is_control() => None,
            None if opcode == Opcode::CONTINUATION => {
                let detail = "no message is open that it could continue";
                Some(Found::new(FindingKind::FrameUnexpectedContinuation, 0, 1, detail))
            }
            Some(_) if opcode != Opcode::CONTINUATION => {
                let detail = "the message before it has no final fragment";
                Some(Found::new(FindingKind::FrameInterleaved, 0, 1, detail))
            }
            Some(_) if header.length == 0 => {
                Some(Found::new(FindingKind::FrameEmptyFragments, 0, 2, "this fragment holds no bytes"))
            }
            _ => None,
        }
    }
}

fn key_at(header: &FrameHeader) -> u64 {
    header.wire_length() as u64 - 4
}

fn length(header: &FrameHeader) -> Option<Found> {
    let is_shortest = header.form == LengthForm::shortest(header.length);
    let (kind, bytes) = match header.form {
        LengthForm::Sixteen if !is_shortest => (FindingKind::FrameLen16Nonminimal, 3),
        LengthForm::SixtyFour if !is_shortest => (FindingKind::FrameLen64Nonminimal, 9),
        LengthForm::SixtyFour if header.length > 0x7fff_ffff => (FindingKind::FrameLenHuge, 9),
        _ => return None,
    };
    let (length, bits) = (header.length, header.form.bits());
    Some(Found::new(kind, 1, bytes, format!("a length of {length} in the {bits}-bit form")))
}

fn control(header: &FrameHeader) -> Option<Found> {
    let opcode = header.opcode();
    if !opcode.is_control() {
        return None;
    }
    if !header.fin() {
        let detail = format!("a {opcode} frame with FIN 0");
        return Some(Found::new(FindingKind::FrameControlFragmented, 0, 1, detail));
    }
    let kind = if opcode == Opcode::CLOSE { FindingKind::CloseReasonLong } else { FindingKind::FrameControlLong };
    let detail = || format!("a {opcode} frame of {} bytes; 125 are the most", header.length);
    (header.length > 125).then(|| Found::new(kind, 1, header.wire_length() as u64 - 1, detail()))
}

fn opcode(header: &FrameHeader) -> Option<Found> {
    let opcode = header.opcode();
    let kind = if opcode.is_control() {
        FindingKind::FrameOpcodeReservedControl
    } else {
        FindingKind::FrameOpcodeReservedData
    };
    opcode.name().is_none().then(|| Found::new(kind, 0, 1, format!("opcode {}", opcode.value())))
}
