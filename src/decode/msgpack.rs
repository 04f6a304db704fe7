//! MessagePack, with the place of each value.

use super::Fault;
use super::cursor::Cursor;
use super::document::{Tree, Value};
use super::packed::{self, Packing, counted};

/// Reads a value into a node of that name.
pub(super) fn value(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, key: Option<&[u8]>) -> Result<(), Fault> {
    let start = cursor.at();
    let first = cursor.u8("a value")?;
    let value = match first {
        0x00..=0x7f => Value::number(first),
        0x80..=0x8f => return container(cursor, tree, (key, start, Value::Object), u64::from(first & 0x0f)),
        0x90..=0x9f => return container(cursor, tree, (key, start, Value::Array), u64::from(first & 0x0f)),
        0xa0..=0xbf => return packed::text(cursor, tree, (key, start), u64::from(first & 0x1f)),
        0xc0 => Value::word("null"),
        0xc2 => Value::word("false"),
        0xc3 => Value::word("true"),
        0xc4..=0xc6 => {
            let length = cursor.unsigned(1 << (first - 0xc4), "a length")?;
            return packed::bytes(cursor, tree, (key, start), length);
        }
        0xc7..=0xc9 => {
            let length = cursor.unsigned(1 << (first - 0xc7), "a length")?;
            extension(cursor, length)?
        }
        0xca => Value::number(f32::from_bits(u32::from_be_bytes(cursor.array("a number")?))),
        0xcb => Value::number(f64::from_bits(u64::from_be_bytes(cursor.array("a number")?))),
        0xcc..=0xcf => Value::number(cursor.unsigned(1 << (first - 0xcc), "a number")?),
        0xd0 => Value::number(i8::from_be_bytes(cursor.array("a number")?)),
        0xd1 => Value::number(i16::from_be_bytes(cursor.array("a number")?)),
        0xd2 => Value::number(i32::from_be_bytes(cursor.array("a number")?)),
        0xd3 => Value::number(i64::from_be_bytes(cursor.array("a number")?)),
        0xd4..=0xd8 => extension(cursor, 1 << (first - 0xd4))?,
        0xd9..=0xdb => {
            let length = cursor.unsigned(1 << (first - 0xd9), "a length")?;
            return packed::text(cursor, tree, (key, start), length);
        }
        0xdc | 0xdd => {
            let count = cursor.unsigned(2 << (first - 0xdc), "a count")?;
            return container(cursor, tree, (key, start, Value::Array), count);
        }
        0xde | 0xdf => {
            let count = cursor.unsigned(2 << (first - 0xde), "a count")?;
            return container(cursor, tree, (key, start, Value::Object), count);
        }
        0xe0..=0xff => Value::number(first.cast_signed()),
        0xc1 => return Err(Fault::new(start, "no MessagePack value begins with c1")),
    };
    tree.add(key, value, Some(start..cursor.at()));
    Ok(())
}

fn extension(cursor: &mut Cursor<'_>, length: u64) -> Result<Value, Fault> {
    let kind = i8::from_be_bytes(cursor.array("the type of an extension")?);
    let bytes = cursor.take(length, "the extension")?;
    let time = if kind == -1 { timestamp(bytes) } else { None };
    Ok(time.unwrap_or_else(|| Value::word(format!("extension {kind} ({})", Value::bytes(bytes)))))
}

/// The one type that MessagePack itself knows: seconds, and nanoseconds where there is room.
fn timestamp(bytes: &[u8]) -> Option<Value> {
    let (seconds, nanoseconds) = match *bytes {
        [a, b, c, d] => (i64::from(u32::from_be_bytes([a, b, c, d])), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            ((both & 0x3_ffff_ffff).cast_signed(), (both >> 34) as u32)
        }
        [a, b, c, d, e, f, g, h, i, j, k, l] => {
            (i64::from_be_bytes([e, f, g, h, i, j, k, l]), u32::from_be_bytes([a, b, c, d]))
        }
        _ => return None,
    };
    Value::time(seconds, i32::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?)
}

fn container(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    node: (Option<&[u8]>, usize, Value),
    count: u64,
) -> Result<(), Fault> {
    packed::container(cursor, tree, node, Packing::MessagePack, counted(count))
}
