//! A hixie frame's own bytes: its type, its length where it has one, the FF that ends it where it has none.

use crate::text;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::opcode::Opcode;

use super::header::further;
use super::page::Page;

pub(super) fn write(page: &mut Page<'_>, header: &FrameHeader) {
    let raw = raw(header);
    let Some((kind, length)) = raw.split_first() else { return };
    page.title(&format!("header, {}", super::bytes(raw.len() as u64)));
    further(page, &[*kind], &kind_words(header));
    if !length.is_empty() {
        further(page, length, &format!("length {}, seven bits a byte", header.length));
    }
    if !header.terminator().is_empty() {
        further(page, header.terminator(), "ends the frame, behind the payload");
    }
}

/// The same in a line: `00 … ff · text len 5`.
pub(super) fn summary(page: &mut Page<'_>, header: &FrameHeader) {
    let end = if header.terminator().is_empty() { "" } else { " … ff" };
    page.set_indent(2);
    page.words(&format!("{}{end}", text::pairs(&raw(header))), page.theme.key);
    page.words(" ·", page.theme.dim);
    page.words(&format!(" {}", header.opcode()), page.theme.bold);
    page.words(&format!(" len {}", header.length), page.theme.text);
    page.end_row();
}

/// What a byte of the header says.
pub(super) fn field(header: &FrameHeader, at: usize) -> String {
    match (at, header.form) {
        (1.., LengthForm::Base128 { bytes, .. }) => {
            format!("byte {at} of {} of the length, {}; seven bits each", bytes.count(), header.length)
        }
        _ => kind_words(header),
    }
}

fn kind_words(header: &FrameHeader) -> String {
    let words = match (header.form, header.opcode()) {
        (LengthForm::Delimited(0), _) => "type 00: text, up to an FF",
        (LengthForm::Delimited(_), _) => "a type that no draft gives a meaning, up to an FF",
        (_, Opcode::CLOSE) => "type FF without bytes: the closing handshake",
        _ => "a type of 80 or more: a length follows, then so many bytes",
    };
    words.to_owned()
}

fn raw(header: &FrameHeader) -> Vec<u8> {
    let mut raw = Vec::new();
    header.write(&mut raw);
    raw
}
