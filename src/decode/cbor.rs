//! CBOR (RFC 8949), with the place of each value. What well-known tags mean is read, others stand beside their value.

use super::Fault;
use super::cursor::Cursor;
use super::document::{Tree, Value};
use super::packed::{self, Packing, counted};

/// The byte that ends what has no count.
const BREAK: u8 = 0xff;

/// The types, as the first three bits have them (RFC 8949 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

const MAJORS: [Major; 8] =
    [Major::Unsigned, Major::Negative, Major::Bytes, Major::Text, Major::Array, Major::Map, Major::Tag, Major::Simple];

/// The first byte of a value and what belongs to it.
#[derive(Clone, Copy, Debug)]
struct Head {
    start: usize,
    major: Major,
    /// How many bytes the argument takes, as a logarithm, or itself: the last five bits.
    info: u8,
    /// A number, a length, a count or a tag; `None` where there is none and a break ends it.
    argument: Option<u64>,
}

impl Head {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let start = cursor.at();
        let first = cursor.u8("a value")?;
        let major = MAJORS.get(usize::from(first >> 5)).copied().unwrap_or(Major::Simple);
        let info = first & 0x1f;
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => Some(cursor.unsigned(1 << (info - 24), "a number")?),
            31 if matches!(major, Major::Bytes | Major::Text | Major::Array | Major::Map) => None,
            31 if major == Major::Simple => return Err(Fault::new(start, "a break ends nothing here")),
            _ => return Err(Fault::new(start, format!("no CBOR value begins with {first:02x}"))),
        };
        Ok(Self { start, major, info, argument })
    }
}

/// Reads a value into a node of that name.
pub(super) fn value(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, key: Option<&[u8]>) -> Result<(), Fault> {
    let start = cursor.at();
    let mut head = Head::read(cursor)?;
    // Tags that say no more than the value itself does: a date or an address in text, that bytes are bytes, a map a map and
    // this CBOR. In a loop, as
    // there may be any number of them.
    while head.major == Major::Tag && matches!(head.argument, Some(0 | 32..=36 | 64 | 259 | 55799)) {
        head = Head::read(cursor)?;
    }
    let value = match (head.major, head.argument) {
        (Major::Unsigned, Some(number)) => Value::number(number),
        (Major::Negative, Some(number)) => Value::number(negative(number)),
        (Major::Bytes, Some(length)) => return packed::bytes(cursor, tree, (key, start), length),
        (Major::Bytes, None) => Value::bytes(&chunks(cursor, Major::Bytes)?),
        (Major::Text, Some(length)) => return packed::text(cursor, tree, (key, start), length),
        (Major::Text, None) => {
            let text = chunks(cursor, Major::Text)?;
            tree.text(key, &text, start..cursor.at(), None);
            return Ok(());
        }
        (Major::Array, Some(count)) => {
            return packed::container(cursor, tree, (key, start, Value::Array), Packing::Cbor, counted(count));
        }
        (Major::Array, None) => {
            return packed::container(cursor, tree, (key, start, Value::Array), Packing::Cbor, breaks);
        }
        (Major::Map, Some(count)) => {
            return packed::container(cursor, tree, (key, start, Value::Object), Packing::Cbor, counted(count));
        }
        (Major::Map, None) => {
            return packed::container(cursor, tree, (key, start, Value::Object), Packing::Cbor, breaks);
        }
        (Major::Tag, Some(tag)) => match meaning(cursor, tag) {
            Some(value) => value,
            None => return tagged(cursor, tree, key, head, tag),
        },
        (_, Some(argument)) => simple(head, argument),
        (_, None) => return Err(Fault::new(start, "a break ends nothing here")),
    };
    tree.add(key, value, Some(start..cursor.at()));
    Ok(())
}

fn negative(number: u64) -> i128 {
    -1 - i128::from(number)
}

/// Whether a break stands here, which is then taken.
fn breaks(cursor: &mut Cursor<'_>) -> bool {
    let is_over = cursor.rest().first() == Some(&BREAK);
    if is_over {
        let _ = cursor.u8("a break");
    }
    is_over
}

/// Text or bytes that come in pieces, joined.
fn chunks(cursor: &mut Cursor<'_>, major: Major) -> Result<Vec<u8>, Fault> {
    let mut joined = Vec::new();
    while !breaks(cursor) {
        let head = Head::read(cursor)?;
        let length = head.argument.filter(|_| head.major == major);
        let Some(length) = length else {
            return Err(Fault::new(head.start, "a piece of text or bytes is of the same type and has a length"));
        };
        joined.extend_from_slice(cursor.take(length, "the piece")?);
    }
    Ok(joined)
}

/// A number with a point, or a word (RFC 8949 3.3).
fn simple(head: Head, argument: u64) -> Value {
    match head.info {
        20 => Value::word("false"),
        21 => Value::word("true"),
        22 => Value::word("null"),
        23 => Value::word("undefined"),
        25 => Value::number(half(argument)),
        26 => Value::number(f32::from_bits(argument as u32)),
        27 => Value::number(f64::from_bits(argument)),
        _ => Value::word(format!("simple value {argument}")),
    }
}

/// RFC 8949, appendix D.
fn half(bits: u64) -> f64 {
    let exponent = (bits >> 10 & 0x1f) as i32;
    let fraction = (bits & 0x3ff) as f64;
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// The value of a well-known tag; `None`, and nothing taken, where the tag is another or stands before what it does not fit.
fn meaning(cursor: &mut Cursor<'_>, tag: u64) -> Option<Value> {
    let mut ahead = *cursor;
    let head = Head::read(&mut ahead).ok()?;
    let value = match (tag, head.major, head.argument?) {
        (1, Major::Unsigned, seconds) => date(seconds as f64)?,
        (1, Major::Negative, number) => date(negative(number) as f64)?,
        (1, Major::Simple, bits) => match head.info {
            25 => date(half(bits))?,
            26 => date(f64::from(f32::from_bits(bits as u32)))?,
            27 => date(f64::from_bits(bits))?,
            _ => return None,
        },
        (2 | 3, Major::Bytes, length @ 0..=15) => {
            let bytes = ahead.take(length, "a number").ok()?;
            let number = bytes.iter().fold(0i128, |number, byte| number << 8 | i128::from(*byte));
            Value::number(if tag == 2 { number } else { -1 - number })
        }
        (37, Major::Bytes, length @ 16) => Value::word(uuid(ahead.take(length, "a UUID").ok()?)),
        _ => return None,
    };
    *cursor = ahead;
    Some(value)
}

/// Seconds since 1970 as a date, to the millisecond.
fn date(seconds: f64) -> Option<Value> {
    let milliseconds = (seconds * 1000.0).round();
    let is_exact = milliseconds.abs() < 9e15;
    let milliseconds = milliseconds as i64;
    let nanoseconds = milliseconds.rem_euclid(1000) as i32 * 1_000_000;
    Value::time(milliseconds.div_euclid(1000), nanoseconds).filter(|_| is_exact)
}

fn uuid(bytes: &[u8]) -> String {
    let digits = hex::encode(bytes);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| digits.get(group).unwrap_or_default().to_owned()).join("-")
}

/// A tag whose meaning is not known here, beside its value.
fn tagged(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, key: Option<&[u8]>, head: Head, tag: u64) -> Result<(), Fault> {
    if !tree.may_nest() {
        return Err(packed::too_deep(head.start));
    }
    tree.open(key, Value::Object, Some(head.start));
    tree.field("tag", Value::number(tag), head.start..cursor.at());
    value(cursor, tree, Some(b"value"))?;
    tree.close(cursor.at());
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::decode::{Decoder, Limits, Payload};
    use crate::record::Side;

    /// RFC 8949, appendix A.
    #[test]
    fn the_rfc_s_examples_are_read() {
        for (bytes, expected) in [
            ("1bffffffffffffffff", "18446744073709551615"),
            ("3bffffffffffffffff", "-18446744073709551616"),
            ("c249010000000000000000", "18446744073709551616"),
            ("c349010000000000000000", "-18446744073709551617"),
            ("f93c00", "1"),
            ("f97bff", "65504"),
            ("f90001", "0.00000005960464477539063"),
            ("f9c400", "-4"),
            ("f97c00", "inf"),
            ("f97e00", "NaN"),
            ("fa47c35000", "100000"),
            ("fb3ff199999999999a", "1.1"),
            ("f7", "undefined"),
            ("f8ff", "simple value 255"),
            ("c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\""),
            ("c11a514b67b0", "2013-03-21T20:04:00Z"),
            ("c1fb41d452d9ec200000", "2013-03-21T20:04:00.5Z"),
            ("d74401020304", "{tag:23,value:4 B: 01 02 03 04}"),
            ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", "\"http://www.example.com\""),
            ("62225c", "\"\"\\\""),
            ("a201020304", "{1:2,3:4}"),
            ("826161a161626163", "[\"a\",{b:\"c\"}]"),
            ("5f42010243030405ff", "5 B: 01 02 03 04 05"),
            ("7f657374726561646d696e67ff", "\"streaming\""),
            ("9f018202039f0405ffff", "[1,[2,3],[4,5]]"),
            ("bf6346756ef563416d7421ff", "{Fun:true,Amt:-2}"),
            ("d9d9f7d8255000112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        ] {
            let bytes = hex::decode(bytes).unwrap();
            let decoded = Decoder::Cbor.read(Side::Client, Payload::binary(&bytes), &Limits::DETAIL).unwrap();
            assert_eq!(decoded.summary(), expected);
        }
    }

    #[test]
    fn what_is_no_cbor_is_refused_at_its_byte() {
        for (bytes, at) in
            [("1c", 0), ("ff", 0), ("8201ff", 2), ("5f4101610aff", 3), ("6261", 1), ("a1", 1), ("0101", 1), ("", 0)]
        {
            let bytes = hex::decode(bytes).unwrap();
            let fault = Decoder::Cbor.read(Side::Client, Payload::binary(&bytes), &Limits::DETAIL).unwrap_err();
            assert_eq!(fault.at, at, "{fault}");
        }
    }
}
