//! The wire format: what can be told of a message without its schema.
//! <https://protobuf.dev/programming-guides/encoding/>

use std::ops::Range;

use crate::decode::Fault;
use crate::decode::cursor::Cursor;

/// Bytes that a varint takes at most.
const VARINT: u32 = 10;
/// The greatest number that a field may have.
const NUMBER: u64 = (1 << 29) - 1;

/// A field as it stands there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'a> {
    /// Where its tag begins.
    pub start: usize,
    /// From 1.
    pub number: u32,
    /// Its value, or the start or end of one.
    pub wire: Wire<'a>,
}

/// A value by its wire type. Places count from the payload's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    /// 0: numbers, booleans and enums.
    Varint(u64),
    /// 1: eight bytes.
    Fixed64([u8; 8]),
    /// 2: text, bytes, messages, packed lists. Bytes that the message still has, where they stand, and whether these are all.
    Len(&'a [u8], usize, Completeness),
    /// 3: the fields up to the end of the same number lie in it.
    Start,
    /// 4.
    End,
    /// 5: four bytes.
    Fixed32([u8; 4]),
}

/// Whether bytes are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completeness {
    Whole,
    /// The message ends before them.
    Cut,
}

impl<'a> Field<'a> {
    /// The next field.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let start = cursor.at();
        let tag = cursor.variable(VARINT, "the tag of a field")?;
        let Some(number) = u32::try_from(tag >> 3).ok().filter(|number| (1..=NUMBER).contains(&u64::from(*number)))
        else {
            return Err(Fault::new(start, format!("no field has the number {}", tag >> 3)));
        };
        let wire = match tag & 7 {
            0 => Wire::Varint(cursor.variable(VARINT, "a number")?),
            1 => Wire::Fixed64(cursor.array("a number of eight bytes")?),
            2 => {
                let length = cursor.variable(VARINT, "the length of a value")?;
                let at = cursor.at();
                match cursor.take(length, "a value") {
                    Ok(bytes) => Wire::Len(bytes, at, Completeness::Whole),
                    Err(_) => Wire::Len(cursor.take_rest(), at, Completeness::Cut),
                }
            }
            3 => Wire::Start,
            4 => Wire::End,
            5 => Wire::Fixed32(cursor.array("a number of four bytes")?),
            other => return Err(Fault::new(start, format!("there is no wire type {other}"))),
        };
        Ok(Self { start, number, wire })
    }

    /// The fault of a value that is not all there.
    pub(super) fn cut(&self, end: usize) -> Fault {
        Fault::end(end, format!("field {} is longer than what is left", self.number))
    }
}

/// Whether bytes are fields from end to end, and each group ends.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    let mut groups = Vec::new();
    while cursor.left() > 0 {
        match Field::read(&mut cursor) {
            Ok(Field { wire: Wire::Len(_, _, Completeness::Cut), .. }) | Err(_) => return false,
            Ok(Field { number, wire: Wire::Start, .. }) => groups.push(number),
            Ok(Field { number, wire: Wire::End, .. }) => {
                if groups.pop() != Some(number) {
                    return false;
                }
            }
            Ok(_) => {}
        }
    }
    groups.is_empty()
}

/// The numbers of a packed list with their places, `base` being where it stands; as far as they can be told.
pub(super) fn varints(bytes: &[u8], base: usize) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || {
        let start = cursor.at();
        let number = cursor.variable(VARINT, "a number").ok()?;
        Some((number, base + start..base + cursor.at()))
    })
}

/// The pieces of a packed list of numbers that take so many bytes each.
pub(super) fn pieces<const N: usize>(bytes: &[u8], base: usize) -> impl Iterator<Item = ([u8; N], Range<usize>)> + '_ {
    let (pieces, _) = bytes.as_chunks::<N>();
    pieces.iter().enumerate().map(move |(index, piece)| (*piece, base + index * N..base + (index + 1) * N))
}
