//! What bytes are, as far as their first ones say so for sure.

/// The kind of a payload in a few words, with what its start tells of it: `PNG image, 640×480`.
#[must_use]
pub(super) fn kind(bytes: &[u8]) -> Option<String> {
    let sized = |name: &str, size: Option<(u32, u32)>| match size {
        Some((width, height)) => format!("{name}, {width}×{height}"),
        None => name.to_owned(),
    };
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => sized("PNG image", png(rest)),
        [0xff, 0xd8, 0xff, ..] => sized("JPEG image", jpeg(bytes)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', rest @ ..] => {
            let size = rest.first_chunk().map(|[a, b, c, d]| (little(&[*a, *b]), little(&[*c, *d])));
            sized("GIF image", size)
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => sized("WebP image", webp(rest)),
        [b'P', b'K', 3, 4, ..] => zip(bytes),
        [b'P', b'K', 5, 6, ..] => "empty zip archive".to_owned(),
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => "gzip data".to_owned(),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "Zstandard data".to_owned(),
        [b'%', b'P', b'D', b'F', b'-', ..] => "PDF document".to_owned(),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => "WebAssembly module".to_owned(),
        [b'O', b'g', b'g', b'S', 0, ..] => "Ogg stream".to_owned(),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "WebM or Matroska stream".to_owned(),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "MP4 file".to_owned(),
        [0x78, flags, third, ..] if is_zlib(*flags, *third) => "zlib data".to_owned(),
        _ => return None,
    };
    Some(kind)
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// RFC 2083 4.1.1: the first chunk is IHDR and begins with the size.
fn png(rest: &[u8]) -> Option<(u32, u32)> {
    let chunk = rest.get(..16).filter(|chunk| chunk[4..8] == *b"IHDR")?;
    Some((big(&chunk[8..12]), big(&chunk[12..16])))
}

/// The size stands in the first segment that begins a frame (ITU T.81 B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    loop {
        let (&[0xff, marker, high, low], behind) = rest.split_first_chunk::<4>()? else { return None };
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let size = behind.get(1..5)?;
            return Some((big(&size[2..4]), big(&size[..2])));
        }
        rest = behind.get(usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?..)?;
    }
}

/// RFC 9649 2.5 to 2.7: one of three kinds of chunk comes first.
fn webp(rest: &[u8]) -> Option<(u32, u32)> {
    let chunk = rest.get(..18)?;
    let data = &chunk[8..];
    match &chunk[..4] {
        b"VP8X" => Some((little(&data[4..7]) + 1, little(&data[7..10]) + 1)),
        b"VP8L" if data[0] == 0x2f => {
            let bits = little(&data[1..5]);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " if data[3..6] == [0x9d, 0x01, 0x2a] => {
            Some((little(&data[6..8]) & 0x3fff, little(&data[8..10]) & 0x3fff))
        }
        _ => None,
    }
}

/// What the first name in a zip archive says (APPNOTE 4.3.7).
fn zip(bytes: &[u8]) -> String {
    let length = bytes.get(26..28).map_or(0, |length| little(length) as usize);
    let name = bytes.get(30..30 + length).unwrap_or_default();
    match name {
        b"[Content_Types].xml" | b"_rels/.rels" => "zip archive (Office document)",
        b"META-INF/MANIFEST.MF" | b"META-INF/" => "zip archive (JAR)",
        _ => "zip archive",
    }
    .to_owned()
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

    fn is(bytes: &[u8], expected: &str) {
        assert_eq!(kind(bytes).as_deref(), Some(expected));
    }

    #[test]
    fn images_tell_their_size() {
        is(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06", "PNG image, 640×480");
        is(b"\x89PNG\r\n\x1a\n", "PNG image");
        is(b"GIF89a\x10\0\x20\0\xf0", "GIF image, 16×32");
        is(b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x00\x20\x01\x00\x03", "JPEG image, 256×32");
        is(b"\xff\xd8\xff\xe0\0\x01ab", "JPEG image");
        is(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\x3f\x01\0\xef\0\0", "WebP image, 320×240");
        is(b"RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x3f\xc1\x3b\0\0\0\0\0\0\0", "WebP image, 320×240");
        is(b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x40\x01\xf0\0", "WebP image, 320×240");
    }

    #[test]
    fn archives_and_streams_are_named() {
        is(b"PK\x03\x04\x14\0\0\0", "zip archive");
        let entry = [b"PK\x03\x04".as_slice(), &[0; 22], &[19, 0, 0, 0], b"[Content_Types].xml"].concat();
        is(&entry, "zip archive (Office document)");
        is(b"\x1f\x8b\x08\0\0\0\0\0", "gzip data");
        is(b"\x78\x9c\x4b\x4c", "zlib data");
        assert_eq!(kind(b"\x78\x9d\x4b\x4c").or(kind(b"x")).or(kind(b"")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(start in 0usize..6, rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let starts: [&[u8]; 6] =
                [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"PK\x03\x04"];
            let _ = kind(&[starts[start], &rest].concat());
        }
    }
}
