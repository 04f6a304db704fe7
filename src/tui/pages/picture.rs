//! A picture in half blocks: two pixels a column of a row, in colours of the cube of 256, or in shades where there are none.
//!
//! It is made small as soon as it is decoded, so what is held does not depend on how large it is. What a peer says of its
//! size is not believed beyond the limits.

use std::io::Cursor;
use std::ops::Range;

use image::imageops;
use image::{ImageReader, RgbImage, Rgba};
use ratatui::style::{Color, Style};

use crate::tui::theme::{Pixels, Theme};

use super::row::{Keep, Row};

/// Pixels of the picture: decoding takes some 10 ns for each, and a key waits for it.
const PIXELS: u64 = 1_500_000;
/// Bytes of its file, for the same reason: some formats make few pixels of many bytes.
const BYTES: usize = 4 * 1024 * 1024;
/// Bytes that decoding may take.
const MEMORY: u64 = 32 * 1024 * 1024;
/// Rows that it has at most: about what a pane shows.
const ROWS: u32 = 24;
/// Columns: beyond, it would be larger than its rows let it be anyway.
const COLUMNS: u32 = 160;

/// A picture, made as small as its place.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    small: RgbImage,
    rows: usize,
}

impl Picture {
    /// Decodes a picture for so many columns. Of one that moves it is the first; what can be seen through is on black.
    ///
    /// # Errors
    /// Why it can't be shown, in words.
    pub(super) fn new(bytes: &[u8], width: usize) -> Result<Self, String> {
        let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string());
        let (across, down) = reader()?.into_dimensions().map_err(|error| error.to_string())?;
        if u64::from(across) * u64::from(down) > PIXELS || bytes.len() > BYTES {
            return Err(format!("{across}×{down} pixels are more than are decoded for a look"));
        }
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(MEMORY);
        let mut reader = reader()?;
        reader.limits(limits);
        let mut picture = reader.decode().map_err(|error| error.to_string())?.into_rgba8();
        let (columns, pixels) = fitting(across, down, u32::try_from(width).unwrap_or(COLUMNS));
        if (columns, pixels) != (across, down) {
            picture = imageops::thumbnail(&picture, columns, pixels);
        }
        let small = RgbImage::from_fn(columns, pixels, |x, y| {
            let Rgba([red, green, blue, alpha]) = *picture.get_pixel(x, y);
            image::Rgb([red, green, blue].map(|value| (u16::from(value) * u16::from(alpha) / 255) as u8))
        });
        Ok(Self { small, rows: pixels.div_ceil(2) as usize })
    }

    /// Count of rows.
    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    /// Some of the rows.
    pub(super) fn window(&self, rows: Range<usize>, theme: &Theme) -> Vec<Row> {
        rows.filter_map(|row| u32::try_from(row).ok()).map(|row| self.row(row, theme)).collect()
    }

    fn row(&self, row: u32, theme: &Theme) -> Row {
        let width = self.small.width();
        let mut out = Row::new(width as usize, Keep::Text);
        for column in 0..width {
            let upper = self.pixel(column, row * 2);
            let lower = self.pixel(column, row * 2 + 1);
            match theme.pixels {
                Pixels::Coloured => {
                    let style = upper.map_or(Style::new(), |pixel| Style::new().fg(indexed(pixel)));
                    out.decorate("▀", lower.map_or(style, |pixel| style.bg(indexed(pixel))));
                }
                Pixels::Shaded => out.decorate(shade(upper, lower), theme.text),
            }
        }
        out
    }

    fn pixel(&self, column: u32, row: u32) -> Option<[u8; 3]> {
        self.small.get_pixel_checked(column, row).map(|pixel| pixel.0)
    }
}

/// Its size in columns and halves of rows: no larger than it is or than there is room, its sides in proportion.
fn fitting(across: u32, down: u32, width: u32) -> (u32, u32) {
    let (room, rows) = (width.clamp(1, COLUMNS), ROWS * 2);
    let by = (f64::from(room) / f64::from(across)).min(f64::from(rows) / f64::from(down)).min(1.0);
    let scaled = |side: u32| ((f64::from(side) * by).round() as u32).max(1);
    (scaled(across), scaled(down))
}

/// The colour of the 256 that is next to one: the cube of 6 levels of each, or the 24 greys (as xterm has them).
fn indexed(pixel: [u8; 3]) -> Color {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |value: u8| (0u8..).zip(LEVELS).min_by_key(|(_, level)| level.abs_diff(value)).unwrap_or_default();
    let [(red, r), (green, g), (blue, b)] = pixel.map(level);
    let average = pixel.iter().map(|value| u16::from(*value)).sum::<u16>() / 3;
    let step = (average.saturating_sub(3) / 10).min(23) as u8;
    let far = |[r, g, b]: [u8; 3]| {
        let apart = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
        [(r, pixel[0]), (g, pixel[1]), (b, pixel[2])].into_iter().map(apart).sum::<u32>()
    };
    if far([8 + 10 * step; 3]) < far([r, g, b]) {
        Color::Indexed(232 + step)
    } else {
        Color::Indexed(16 + 36 * red + 6 * green + blue)
    }
}

/// How bright two pixels are together, in a character.
fn shade(upper: Option<[u8; 3]>, lower: Option<[u8; 3]>) -> &'static str {
    const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
    // ITU-R BT.601: what the eye makes of the three.
    let light =
        |[red, green, blue]: [u8; 3]| (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000;
    let both = upper.map_or(0, light) + lower.map_or(0, light);
    SHADES.get(both as usize * SHADES.len() / 511).copied().unwrap_or("█")
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat, Rgb};
    use proptest::prelude::*;

    use super::*;

    fn file(width: u32, height: u32, format: ImageFormat, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb(pixel(x, y)));
        let mut bytes = Vec::new();
        DynamicImage::from(picture).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    fn texts(picture: &Picture, theme: &Theme) -> Vec<String> {
        let rows = picture.window(0..picture.len(), theme);
        rows.into_iter().map(|row| row.line(|_, style| style).to_string()).collect()
    }

    #[test]
    fn a_picture_has_two_pixels_a_character_in_the_colours_that_are_next() {
        let bytes = file(2, 3, ImageFormat::Png, |x, y| if x == 0 { [255, 0, 0] } else { [8 + 10 * y as u8; 3] });
        let picture = Picture::new(&bytes, 80).unwrap();
        assert_eq!(picture.len(), 2);
        let row = picture.row(0, &Theme { pixels: Pixels::Coloured, ..Theme::default() }).line(|_, style| style);
        let colours: Vec<_> = row.spans.iter().map(|span| (span.style.fg, span.style.bg)).collect();
        let indexed = |index| Some(Color::Indexed(index));
        assert_eq!(colours, [(indexed(196), indexed(196)), (indexed(232), indexed(233))]);
        let last = picture.row(1, &Theme { pixels: Pixels::Coloured, ..Theme::default() }).line(|_, style| style);
        assert_eq!(last.spans[0].style.bg, None, "there is no pixel in the lower half");
    }

    #[test]
    fn without_colours_it_is_in_shades() {
        let bytes = file(5, 2, ImageFormat::Bmp, |x, _| [x as u8 * 63; 3]);
        assert_eq!(texts(&Picture::new(&bytes, 80).unwrap(), &Theme::default()), [" ░▒▓█"]);
    }

    #[test]
    fn each_format_is_made_as_small_as_its_place() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp] {
            let picture = Picture::new(&file(400, 100, format, |x, y| [x as u8, y as u8, 0]), 40).unwrap();
            assert_eq!(picture.small.dimensions(), (40, 10), "{format:?}");
        }
        let tall = Picture::new(&file(10, 1000, ImageFormat::Png, |_, _| [9; 3]), 40).unwrap();
        assert_eq!((tall.small.dimensions(), tall.len()), ((1, ROWS * 2), ROWS as usize));
    }

    #[test]
    fn what_is_broken_or_too_large_is_said_to_be() {
        let bytes = file(30, 30, ImageFormat::Png, |x, _| [x as u8; 3]);
        assert!(Picture::new(&bytes[..bytes.len() / 2], 40).is_err());
        assert!(Picture::new(b"", 40).is_err());
        // A head that promises 60 thousand pixels a side.
        let mut bomb = file(30, 30, ImageFormat::Bmp, |_, _| [0; 3]);
        bomb[18..26].copy_from_slice(&[0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0]);
        assert!(Picture::new(&bomb, 40).unwrap_err().contains("pixels are more"), "{:?}", Picture::new(&bomb, 40));
    }

    proptest! {
        #[test]
        fn whatever_follows_a_head_is_no_harm(
            format in 0usize..5,
            cut in 0usize..400,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
            width in 0usize..100,
        ) {
            let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp];
            let mut bytes = file(20, 10, formats[format], |x, y| [x as u8 * 7, y as u8 * 9, 100]);
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            if let Ok(picture) = Picture::new(&bytes, width) {
                prop_assert!(picture.len() <= ROWS as usize);
                picture.window(0..picture.len(), &Theme::default());
            }
        }
    }
}
