//! MessagePack, with the place of each value.

use super::cursor::Cursor;
use super::document::{Tree, Value};
use super::reading::Reading;
use super::{Fault, Role};

/// One value, and nothing behind it.
pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(reading.payload.bytes);
    let depth = reading.tree.depth();
    let result = value(&mut cursor, &mut reading.tree, None);
    reading.tree.close_to(depth, cursor.at());
    result?;
    if cursor.left() > 0 && reading.payload.is_whole {
        return Err(Fault::new(cursor.at(), "the value is over, and more follows"));
    }
    let root = reading.document().children(None).next();
    let summary = reading.compact(root);
    reading.part(&summary, None, Role::Other);
    Ok(())
}

fn value(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, key: Option<&[u8]>) -> Result<(), Fault> {
    let start = cursor.at();
    let first = cursor.u8("a value")?;
    let value = match first {
        0x00..=0x7f => Value::number(first),
        0x80..=0x8f => return container(cursor, tree, key, start, Value::Object, u64::from(first & 0x0f)),
        0x90..=0x9f => return container(cursor, tree, key, start, Value::Array, u64::from(first & 0x0f)),
        0xa0..=0xbf => text(cursor, tree, u64::from(first & 0x1f))?,
        0xc0 => Value::word("null"),
        0xc2 => Value::word("false"),
        0xc3 => Value::word("true"),
        0xc4..=0xc6 => {
            let length = unsigned(cursor, first - 0xc4)?;
            Value::bytes(cursor.take(length, "the bytes")?)
        }
        0xc7..=0xc9 => {
            let length = unsigned(cursor, first - 0xc7)?;
            extension(cursor, length)?
        }
        0xca => Value::number(f32::from_bits(u32::from_be_bytes(cursor.array("a number")?))),
        0xcb => Value::number(f64::from_bits(u64::from_be_bytes(cursor.array("a number")?))),
        0xcc..=0xcf => Value::number(unsigned(cursor, first - 0xcc)?),
        0xd0 => Value::number(i8::from_be_bytes(cursor.array("a number")?)),
        0xd1 => Value::number(i16::from_be_bytes(cursor.array("a number")?)),
        0xd2 => Value::number(i32::from_be_bytes(cursor.array("a number")?)),
        0xd3 => Value::number(i64::from_be_bytes(cursor.array("a number")?)),
        0xd4..=0xd8 => extension(cursor, 1 << (first - 0xd4))?,
        0xd9..=0xdb => {
            let length = unsigned(cursor, first - 0xd9)?;
            text(cursor, tree, length)?
        }
        0xdc | 0xdd => {
            let count = unsigned(cursor, first - 0xdc + 1)?;
            return container(cursor, tree, key, start, Value::Array, count);
        }
        0xde | 0xdf => {
            let count = unsigned(cursor, first - 0xde + 1)?;
            return container(cursor, tree, key, start, Value::Object, count);
        }
        0xe0..=0xff => Value::number(first.cast_signed()),
        0xc1 => return Err(Fault::new(start, "no MessagePack value begins with c1")),
    };
    tree.add(key, value, Some(start..cursor.at()));
    Ok(())
}

/// A number of 1, 2, 4 or 8 bytes, by the logarithm of that.
fn unsigned(cursor: &mut Cursor<'_>, size: u8) -> Result<u64, Fault> {
    let bytes = cursor.take(1 << size.min(3), "a number")?;
    Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn text(cursor: &mut Cursor<'_>, tree: &Tree<'_>, length: u64) -> Result<Value, Fault> {
    Ok(Value::text(cursor.take(length, "the text")?, tree.limits()))
}

fn extension(cursor: &mut Cursor<'_>, length: u64) -> Result<Value, Fault> {
    let kind = i8::from_be_bytes(cursor.array("the type of an extension")?);
    let value = Value::bytes(cursor.take(length, "the extension")?);
    let name = if kind == -1 { "timestamp".to_owned() } else { format!("extension {kind}") };
    Ok(Value::word(format!("{name} ({value})")))
}

/// The values of an array, or the members of a map. Each takes a byte at least, so that a count that is a lie ends with the
/// bytes.
fn container(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    key: Option<&[u8]>,
    start: usize,
    kind: Value,
    count: u64,
) -> Result<(), Fault> {
    if !tree.may_nest() {
        return Err(Fault::new(start, "it is nested too deep to be read"));
    }
    let has_names = matches!(kind, Value::Object);
    tree.open(key, kind, Some(start));
    for _ in 0..count {
        let name = if has_names { Some(name(cursor, tree)?) } else { None };
        value(cursor, tree, name.as_deref())?;
    }
    tree.close(cursor.at());
    Ok(())
}

/// The key of a member on a line: any value that holds no others, or else keys in keys would nest without a bound.
fn name(cursor: &mut Cursor<'_>, tree: &Tree<'_>) -> Result<Vec<u8>, Fault> {
    if matches!(cursor.rest().first(), Some(0x80..=0x9f | 0xdc..=0xdf)) {
        return Err(Fault::new(cursor.at(), "a map or a list as the key of a map is not read"));
    }
    let mut aside = Tree::new(tree.limits());
    value(cursor, &mut aside, None)?;
    let document = aside.finish(cursor.at());
    let root = document.children(None).next();
    let name = match document.value(root).and_then(Value::as_str) {
        Some(name) => name.to_owned(),
        None => document.compact(root, tree.limits().summary),
    };
    Ok(name.into_bytes())
}
