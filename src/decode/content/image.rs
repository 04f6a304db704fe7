//! Pictures: what their first bytes tell of them. The pixels are not looked at.

use std::fmt;

/// A picture by its head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// `PNG`, `JPEG`, `GIF`, `WebP` or `BMP`.
    pub format: &'static str,
    /// Its width and height in pixels, where the bytes go as far as that.
    pub size: Option<(u32, u32)>,
    /// Bits of a pixel, or of one of its colours where the format counts those.
    pub bits: Option<(&'static str, u32)>,
    /// How its colours or its bytes are laid out, in words.
    pub form: Option<&'static str>,
}

/// `PNG image, 640×480`.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} image", self.format)?;
        self.size.map_or(Ok(()), |(width, height)| write!(f, ", {width}×{height}"))
    }
}

/// Reads the head of a picture; `None` where it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Image> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => Some(png(rest)),
        [0xff, 0xd8, 0xff, ..] => Some(jpeg(bytes).unwrap_or(Image { format: "JPEG", ..Image::default() })),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', rest @ ..] => Some(gif(rest)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => Some(webp(rest)),
        [b'B', b'M', rest @ ..] => bmp(rest),
        _ => None,
    }
}

/// A number whose first byte is its least.
pub(super) fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// RFC 2083 4.1.1: the first chunk is IHDR and begins with the size.
fn png(rest: &[u8]) -> Image {
    let chunk = rest.first_chunk::<16>().filter(|chunk| chunk[4..8] == *b"IHDR");
    let form = match rest.get(17).filter(|_| chunk.is_some()) {
        Some(0) => Some("grey"),
        Some(2) => Some("RGB"),
        Some(3) => Some("palette"),
        Some(4) => Some("grey with alpha"),
        Some(6) => Some("RGB with alpha"),
        _ => None,
    };
    Image {
        format: "PNG",
        size: chunk.map(|chunk| (big(&chunk[8..12]), big(&chunk[12..16]))),
        bits: rest.get(16).filter(|_| chunk.is_some()).map(|bits| ("bits of a colour", u32::from(*bits))),
        form,
    }
}

/// The size stands in the first segment that begins a frame (ITU T.81 B.2.2).
fn jpeg(bytes: &[u8]) -> Option<Image> {
    let mut rest = bytes.get(2..)?;
    loop {
        let (&[0xff, marker, high, low], behind) = rest.split_first_chunk::<4>()? else { return None };
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let head = behind.first_chunk::<5>()?;
            return Some(Image {
                format: "JPEG",
                size: Some((big(&head[3..5]), big(&head[1..3]))),
                bits: Some(("bits of a colour", u32::from(head[0]))),
                form: Some(if matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce) { "progressive" } else { "sequential" }),
            });
        }
        rest = behind.get(usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?..)?;
    }
}

/// The logical screen (GIF89a, 18).
fn gif(rest: &[u8]) -> Image {
    let head = rest.first_chunk::<5>();
    Image {
        format: "GIF",
        size: head.map(|head| (little(&head[..2]), little(&head[2..4]))),
        bits: head.filter(|head| head[4] & 0x80 != 0).map(|head| ("bits of a pixel", u32::from(head[4] & 7) + 1)),
        form: None,
    }
}

/// RFC 9649 2.5 to 2.7: one of three kinds of chunk comes first.
fn webp(rest: &[u8]) -> Image {
    let mut image = Image { format: "WebP", ..Image::default() };
    let Some(chunk) = rest.first_chunk::<18>() else { return image };
    let data = &chunk[8..];
    match &chunk[..4] {
        b"VP8X" => {
            image.size = Some((little(&data[4..7]) + 1, little(&data[7..10]) + 1));
            image.form = Some(if data[0] & 2 != 0 { "animated" } else { "extended" });
        }
        b"VP8L" if data[0] == 0x2f => {
            let bits = little(&data[1..5]);
            image.size = Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1));
            image.form = Some("lossless");
        }
        b"VP8 " if data[3..6] == [0x9d, 0x01, 0x2a] => {
            image.size = Some((little(&data[6..8]) & 0x3fff, little(&data[8..10]) & 0x3fff));
            image.form = Some("lossy");
        }
        _ => {}
    }
    image
}

/// The two letters alone would be chance too often: the fields behind them have to make sense (BITMAPFILEHEADER and the
/// start of BITMAPINFOHEADER). A negative height is that of a picture from top to bottom.
fn bmp(rest: &[u8]) -> Option<Image> {
    let head = rest.first_chunk::<28>()?;
    let (reserved, header) = (little(&head[4..8]), little(&head[12..16]));
    let (planes, bits) = (little(&head[24..26]), little(&head[26..28]));
    let is_right = reserved == 0
        && matches!(header, 40 | 52 | 56 | 64 | 108 | 124)
        && planes == 1
        && matches!(bits, 0 | 1 | 2 | 4 | 8 | 16 | 24 | 32);
    let height = little(&head[20..24]).cast_signed();
    is_right.then(|| Image {
        format: "BMP",
        size: Some((little(&head[16..20]), height.unsigned_abs())),
        bits: Some(("bits of a pixel", bits)),
        form: Some(if height < 0 { "from top to bottom" } else { "from bottom to top" }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_tell_their_size() {
        let is = |bytes: &[u8], expected: &str| assert_eq!(read(bytes).unwrap().to_string(), expected);
        is(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06", "PNG image, 640×480");
        is(b"\x89PNG\r\n\x1a\n", "PNG image");
        is(b"GIF89a\x10\0\x20\0\xf0", "GIF image, 16×32");
        is(b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x00\x20\x01\x00\x03", "JPEG image, 256×32");
        is(b"\xff\xd8\xff\xe0\0\x01ab", "JPEG image");
        is(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\x3f\x01\0\xef\0\0", "WebP image, 320×240");
        is(b"RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x3f\xc1\x3b\0\0\0\0\0\0\0", "WebP image, 320×240");
        is(b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x40\x01\xf0\0", "WebP image, 320×240");
        let bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\xfe\xff\xff\xff\x01\0\x18\0\0\0\0\0";
        is(bmp, "BMP image, 2×2");
        assert_eq!(read(bmp).unwrap().form, Some("from top to bottom"));
        assert_eq!(read(b"BMW is a maker of cars, and of motorcycles"), None);
    }
}
