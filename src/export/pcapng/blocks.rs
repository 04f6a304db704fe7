//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian.

use crate::record::Time;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const MAGIC: u32 = 0x1a2b_3c4d;
/// IPv4 or IPv6 by its first nibble, and nothing in front (LINKTYPE_RAW).
const RAW_IP: u16 = 101;

const COMMENT: u16 = 1;
const NAME: u16 = 2;
const DESCRIPTION: u16 = 3;
/// `shb_userappl`.
const APPLICATION: u16 = 4;

/// An option's length stands in two bytes.
const LONGEST: usize = 65_535;

/// An option of a block.
type Option<'a> = (u16, &'a str);

/// Begins a file.
pub(super) fn section(application: &str, comment: &str, out: &mut Vec<u8>) {
    block(SECTION, out, |body| {
        body.extend_from_slice(&MAGIC.to_le_bytes());
        body.extend_from_slice(&1_u16.to_le_bytes());
        body.extend_from_slice(&0_u16.to_le_bytes());
        // The section's length is not known.
        body.extend_from_slice(&u64::MAX.to_le_bytes());
        options(&[(APPLICATION, application), (COMMENT, comment)], body);
    });
}

/// Adds an interface; the first has the number 0. Times have microseconds, as is usual.
pub(super) fn interface(name: &str, description: &str, out: &mut Vec<u8>) {
    block(INTERFACE, out, |body| {
        body.extend_from_slice(&RAW_IP.to_le_bytes());
        body.extend_from_slice(&0_u16.to_le_bytes());
        // No limit to a packet's length.
        body.extend_from_slice(&0_u32.to_le_bytes());
        options(&[(NAME, name), (DESCRIPTION, description)], body);
    });
}

/// Adds a packet.
pub(super) fn packet(interface: u32, time: Time, bytes: &[u8], comments: &[String], out: &mut Vec<u8>) {
    block(PACKET, out, |body| {
        body.extend_from_slice(&interface.to_le_bytes());
        body.extend_from_slice(&((time.0 >> 32) as u32).to_le_bytes());
        body.extend_from_slice(&(time.0 as u32).to_le_bytes());
        // As captured, and as it was.
        body.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        body.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        body.extend_from_slice(bytes);
        pad(body);
        let comments: Vec<Option<'_>> = comments.iter().map(|comment| (COMMENT, comment.as_str())).collect();
        options(&comments, body);
    });
}

fn block(kind: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    write(&mut body);
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&length);
    out.extend_from_slice(&body);
    out.extend_from_slice(&length);
}

fn options(options: &[Option<'_>], body: &mut Vec<u8>) {
    let options: Vec<_> = options.iter().filter(|(_, text)| !text.is_empty()).collect();
    if options.is_empty() {
        return;
    }
    for (code, text) in options {
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
        body.extend_from_slice(&code.to_le_bytes());
        body.extend_from_slice(&(text.len() as u16).to_le_bytes());
        body.extend_from_slice(text.as_bytes());
        pad(body);
    }
    body.extend_from_slice(&[0; 4]);
}

/// Blocks and options are whole words of 32 bits.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
