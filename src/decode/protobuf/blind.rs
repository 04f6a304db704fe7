//! Messages without their schema: numbers in place of names, and guesses that say that they are.

use std::ops::Range;

use crate::decode::Fault;
use crate::decode::content::is_text;
use crate::decode::cursor::Cursor;
use crate::decode::document::{Tree, Value};
use crate::decode::packed::too_deep;

use super::wire::{Completeness, Field, Wire, is_message, pieces, varints};

/// What ends a run of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The end of the bytes.
    End,
    /// The end of the group of that number.
    Group(u32),
}

/// A value, and where it stands.
type Placed = (Value, Range<usize>);

/// Numbers that are shown of a list that may be none.
const PACKED_SHOWN: usize = 64;

/// The fields up to an end.
pub(super) fn fields(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, until: Until) -> Result<(), Fault> {
    while cursor.left() > 0 {
        let field = Field::read(cursor)?;
        if field.wire == Wire::End {
            return match until {
                Until::Group(number) if number == field.number => Ok(()),
                _ => Err(Fault::new(field.start, format!("group {} ends here and did not begin", field.number))),
            };
        }
        value(cursor, tree, field)?;
    }
    match until {
        Until::End => Ok(()),
        Until::Group(number) => Err(Fault::end(cursor.at(), format!("group {number} does not end"))),
    }
}

/// Adds a field under its number. Of a group, the cursor is at the first field.
pub(super) fn value<'a>(cursor: &mut Cursor<'a>, tree: &mut Tree<'_>, field: Field<'a>) -> Result<(), Fault> {
    let key = field.number.to_string();
    let span = field.start..cursor.at();
    match field.wire {
        Wire::Varint(number) => {
            tree.field(&key, Value::number(number.cast_signed()), span);
        }
        Wire::Fixed64(bytes) => {
            let number = f64::from_le_bytes(bytes);
            tree.field(&key, fixed(number, u64::from_le_bytes(bytes), "fixed64"), span);
        }
        Wire::Fixed32(bytes) => {
            let number = f32::from_le_bytes(bytes);
            tree.field(&key, fixed(f64::from(number), u64::from(u32::from_le_bytes(bytes)), "fixed32"), span);
        }
        Wire::Len(bytes, at, completeness) => {
            length_delimited(tree, &field, bytes, at)?;
            if completeness == Completeness::Cut {
                return Err(field.cut(cursor.at()));
            }
        }
        Wire::Start => {
            if !tree.may_nest() {
                return Err(too_deep(field.start));
            }
            tree.open(Some(key.as_bytes()), Value::Object, Some(field.start));
            fields(cursor, tree, Until::Group(field.number))?;
            tree.close(cursor.at());
        }
        Wire::End => {}
    }
    Ok(())
}

/// Four or eight bytes, as a number with a point where it is one that people use.
fn fixed(number: f64, bits: u64, name: &str) -> Value {
    if is_usual(number) {
        Value::word(format!("{number} or {bits} ({name})"))
    } else {
        Value::word(format!("{bits} ({name})"))
    }
}

/// Whether a number with a point is of a size that is used: bits at random mostly are not.
fn is_usual(number: f64) -> bool {
    number == 0.0 || (1e-6..1e12).contains(&number.abs())
}

/// Text, a message, or bytes: the wire does not tell.
fn length_delimited(tree: &mut Tree<'_>, field: &Field<'_>, bytes: &[u8], at: usize) -> Result<(), Fault> {
    let key = field.number.to_string();
    let span = field.start..at + bytes.len();
    let may_be_message = !bytes.is_empty() && tree.may_nest() && tree.spend(bytes.len()) && is_message(bytes);
    // A line end is also the tag of a first field that is text, which is how most messages begin.
    let is_text =
        is_text(bytes) && !bytes.is_empty() && !(may_be_message && bytes.first().is_some_and(u8::is_ascii_control));
    if is_text {
        tree.text(Some(key.as_bytes()), bytes, span, Some(at));
    } else if may_be_message {
        tree.open(Some(key.as_bytes()), Value::Object, Some(field.start));
        let mut cursor = Cursor::part(bytes, at);
        fields(&mut cursor, tree, Until::End)?;
        tree.close(at + bytes.len());
    } else {
        let node = tree.bytes(Some(key.as_bytes()), bytes, span);
        let is_told = tree.document().children(node).next().is_some();
        if !is_told {
            tree.within(node, |tree| packed(tree, bytes, at));
        }
    }
    Ok(())
}

/// Adds the numbers that bytes would be if they were a packed list, where that is likely.
fn packed(tree: &mut Tree<'_>, bytes: &[u8], at: usize) {
    let Some((name, numbers)) = list(bytes, at).filter(|_| tree.may_nest()) else { return };
    tree.open(Some(name.as_bytes()), Value::Array, Some(at));
    for (number, span) in numbers {
        tree.add(None, number, Some(span));
    }
    tree.close(at + bytes.len());
}

/// The first numbers of a list that bytes are likely to be, and a name for it that says so.
fn list(bytes: &[u8], at: usize) -> Option<(&'static str, Vec<Placed>)> {
    let doubles = || pieces(bytes, at).map(|(piece, span)| (f64::from_le_bytes(piece), span));
    let floats = || pieces(bytes, at).map(|(piece, span)| (f32::from_le_bytes(piece), span));
    let numbers = || varints(bytes, at);
    let is_list_of = |size: usize| bytes.len() >= 2 * size && bytes.len().is_multiple_of(size);
    let is_zero = bytes.iter().all(|byte| *byte == 0);
    if is_list_of(8) && !is_zero && doubles().all(|(number, _)| is_usual(number)) {
        let values = doubles().map(|(number, span)| (Value::number(number), span));
        return Some(("perhaps packed doubles", values.take(PACKED_SHOWN).collect()));
    }
    if is_list_of(4) && !is_zero && floats().all(|(number, _)| is_usual(number.into())) {
        let values = floats().map(|(number, span)| (Value::number(number), span));
        return Some(("perhaps packed floats", values.take(PACKED_SHOWN).collect()));
    }
    let is_over = numbers().last().is_some_and(|(_, span)| span.end == at + bytes.len());
    // None is longer than it has to be, or of a size that few numbers have.
    let are_short = numbers().all(|(number, span)| span.len() <= 5 && span.len() == length_of(number));
    let values = numbers().map(|(number, span)| (Value::number(number), span));
    (is_list_of(1) && is_over && are_short).then(|| ("perhaps packed numbers", values.take(PACKED_SHOWN).collect()))
}

/// Bytes that a number takes as a varint.
fn length_of(number: u64) -> usize {
    (64 - number.leading_zeros() as usize).div_ceil(7).max(1)
}
