//! What bytes are, as far as their first ones say so for sure.

use std::fmt;

use super::image::{self, Image};
use super::unpack::Packer;

/// A kind of bytes that says its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileType {
    /// A picture.
    Image(Image),
    /// Compressed bytes.
    Packed(Packer),
    /// A file of another kind, in a few words.
    File(&'static str),
}

impl FileType {
    /// Of which kind bytes are; their start is enough.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if let Some(image) = image::read(bytes) {
            return Some(Self::Image(image));
        }
        let file = match bytes {
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => return Some(Self::Packed(Packer::Gzip)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Some(Self::Packed(Packer::Zstd)),
            [0x78, flags, third, ..] if is_zlib(*flags, *third) => return Some(Self::Packed(Packer::Zlib)),
            [b'P', b'K', 3, 4, ..] => zip(bytes),
            [b'P', b'K', 5, 6, ..] => "empty zip archive",
            [b'%', b'P', b'D', b'F', b'-', ..] => "PDF document",
            [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => "WebAssembly module",
            [b'O', b'g', b'g', b'S', 0, ..] => "Ogg stream",
            [0x1a, 0x45, 0xdf, 0xa3, ..] => "WebM or Matroska stream",
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => "MP4 file",
            _ => return None,
        };
        Some(Self::File(file))
    }
}

/// In a few words, with what the start tells: `PNG image, 640×480`.
impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Packed(packer) => packer.fmt(f),
            Self::File(name) => f.write_str(name),
        }
    }
}

/// What the first name in a zip archive says (APPNOTE 4.3.7).
fn zip(bytes: &[u8]) -> &'static str {
    let length = bytes.get(26..28).map_or(0, |length| image::little(length) as usize);
    match bytes.get(30..30 + length).unwrap_or_default() {
        b"[Content_Types].xml" | b"_rels/.rels" => "zip archive (Office document)",
        b"META-INF/MANIFEST.MF" | b"META-INF/" => "zip archive (JAR)",
        _ => "zip archive",
    }
}

/// RFC 1950 2.2: the first two bytes as a number are a multiple of 31, no dictionary is asked for; RFC 1951 3.2.3: the
/// first block is of a kind that exists. Two bytes alone would be a guess too often.
const fn is_zlib(flags: u8, third: u8) -> bool {
    let check = (0x78 << 8 | flags as u16).is_multiple_of(31);
    check && flags & 0x20 == 0 && third >> 1 & 3 != 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn archives_and_streams_are_named() {
        let is = |bytes: &[u8], expected: &str| assert_eq!(FileType::of(bytes).unwrap().to_string(), expected);
        is(b"PK\x03\x04\x14\0\0\0", "zip archive");
        let entry = [b"PK\x03\x04".as_slice(), &[0; 22], &[19, 0, 0, 0], b"[Content_Types].xml"].concat();
        is(&entry, "zip archive (Office document)");
        is(b"\x1f\x8b\x08\0\0\0\0\0", "gzip data");
        is(b"\x28\xb5\x2f\xfd\0", "Zstandard data");
        is(b"\x78\x9c\x4b\x4c", "zlib data");
        assert_eq!(FileType::of(b"\x78\x9d\x4b\x4c").or(FileType::of(b"x")).or(FileType::of(b"")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(start in 0usize..7, rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let starts: [&[u8]; 7] =
                [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"PK\x03\x04", b"BM"];
            let _ = FileType::of(&[starts[start], &rest].concat());
        }
    }
}
