//! Messages whose schema is known: fields by name, values by type. What the schema does not know stands under its number.

use std::ops::Range;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::decode::cursor::Cursor;
use crate::decode::document::{Tree, Value};
use crate::decode::packed::too_deep;
use crate::decode::reading::Reading;
use crate::decode::{Fault, Role};

use super::blind::{self, Until};
use super::wire::{Completeness, Field, Wire, pieces, varints};

/// A message of that kind.
pub(super) fn message(reading: &mut Reading<'_>, kind: &MessageDescriptor) -> Result<(), Fault> {
    let bytes = super::bytes(reading)?;
    let root = reading.tree.open(None, Value::Object, Some(0));
    let mut cursor = Cursor::new(bytes);
    let result = fields(&mut cursor, &mut reading.tree, kind, Until::End);
    reading.tree.close_to(0, cursor.at());
    reading.tolerate(result)?;
    let document = reading.document();
    // One field of several, of which each message has one, is what applications tell their messages apart by.
    let chosen = document.children(root).find_map(|child| {
        let name = document.nodes().get(child)?.key.as_deref()?;
        let choice = kind.get_field_by_name(name)?.containing_oneof()?;
        (!choice.is_synthetic()).then(|| (name.to_owned(), child))
    });
    let (event, node) = chosen.map_or_else(|| (kind.name().to_owned(), root), |(name, child)| (name, Some(child)));
    let summary = format!("{event} {}", reading.compact(node));
    reading.part(&summary, Some(&event), Role::Other);
    Ok(())
}

/// Whether a value of that kind is written like that, one by itself.
pub(super) fn takes(kind: &Kind, wire: Wire<'_>) -> bool {
    match wire {
        Wire::Varint(_) => matches!(
            kind,
            Kind::Int32
                | Kind::Int64
                | Kind::Uint32
                | Kind::Uint64
                | Kind::Sint32
                | Kind::Sint64
                | Kind::Bool
                | Kind::Enum(_)
        ),
        Wire::Fixed64(_) => matches!(kind, Kind::Double | Kind::Fixed64 | Kind::Sfixed64),
        Wire::Fixed32(_) => matches!(kind, Kind::Float | Kind::Fixed32 | Kind::Sfixed32),
        Wire::Len(..) => matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_)),
        Wire::Start => matches!(kind, Kind::Message(_)),
        Wire::End => false,
    }
}

fn fields(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, kind: &MessageDescriptor, until: Until) -> Result<(), Fault> {
    while cursor.left() > 0 {
        let field = Field::read(cursor)?;
        if field.wire == Wire::End && until == Until::Group(field.number) {
            return Ok(());
        }
        match kind.get_field(field.number) {
            Some(known) if takes(&known.kind(), field.wire) => value(cursor, tree, field, &known)?,
            Some(known) if known.is_list() && matches!(field.wire, Wire::Len(..)) => {
                packed(tree, field, &known);
                is_all_there(&field, cursor)?;
            }
            _ => blind::value(cursor, tree, field)?,
        }
    }
    match until {
        Until::End => Ok(()),
        Until::Group(number) => Err(Fault::end(cursor.at(), format!("group {number} does not end"))),
    }
}

fn is_all_there(field: &Field<'_>, cursor: &Cursor<'_>) -> Result<(), Fault> {
    match field.wire {
        Wire::Len(_, _, Completeness::Cut) => Err(field.cut(cursor.at())),
        _ => Ok(()),
    }
}

/// A field that is written as its kind is.
fn value(cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, field: Field<'_>, known: &FieldDescriptor) -> Result<(), Fault> {
    let name = known.name();
    let span = field.start..cursor.at();
    match (field.wire, known.kind()) {
        (Wire::Len(text, at, _), Kind::String) => {
            tree.text(Some(name.as_bytes()), text, span, Some(at));
        }
        (Wire::Len(bytes, ..), Kind::Bytes) => {
            tree.data(name, bytes, span);
        }
        (Wire::Len(bytes, at, _), Kind::Message(kind)) => part(tree, &field, (name, &kind), bytes, at)?,
        (Wire::Start, Kind::Message(kind)) => {
            if !tree.may_nest() {
                return Err(too_deep(field.start));
            }
            tree.open(Some(name.as_bytes()), Value::Object, Some(field.start));
            fields(cursor, tree, &kind, Until::Group(field.number))?;
            tree.close(cursor.at());
        }
        (Wire::Varint(number), kind) => {
            tree.field(name, varint(number, &kind), span);
        }
        (Wire::Fixed64(bytes), kind) => {
            tree.field(name, fixed64(bytes, &kind), span);
        }
        (Wire::Fixed32(bytes), kind) => {
            tree.field(name, fixed32(bytes, &kind), span);
        }
        // `takes` lets nothing else through.
        _ => {}
    }
    is_all_there(&field, cursor)
}

/// A message in a message.
fn part(
    tree: &mut Tree<'_>,
    field: &Field<'_>,
    (name, kind): (&str, &MessageDescriptor),
    bytes: &[u8],
    at: usize,
) -> Result<(), Fault> {
    let span = field.start..at + bytes.len();
    if kind.full_name() == "google.protobuf.Timestamp"
        && let Some(time) = timestamp(bytes)
    {
        tree.field(name, time, span);
        return Ok(());
    }
    if !tree.may_nest() {
        tree.bytes(Some(name.as_bytes()), bytes, span);
        return Ok(());
    }
    tree.open(Some(name.as_bytes()), Value::Object, Some(field.start));
    let mut cursor = Cursor::part(bytes, at);
    let result = match any(bytes, kind) {
        Some(within) => any_fields(&mut cursor, tree, kind, &within),
        None => fields(&mut cursor, tree, kind, Until::End),
    };
    let end = at + bytes.len();
    match result {
        // What breaks off does so with the whole message, which says it.
        Err(fault) if fault.is_end && matches!(field.wire, Wire::Len(_, _, Completeness::Cut)) => {}
        result => result?,
    }
    tree.close(end);
    Ok(())
}

/// The date that a Timestamp is.
fn timestamp(bytes: &[u8]) -> Option<Value> {
    let mut cursor = Cursor::new(bytes);
    let (mut seconds, mut nanoseconds) = (0, 0);
    while cursor.left() > 0 {
        match Field::read(&mut cursor).ok()? {
            Field { number: 1, wire: Wire::Varint(number), .. } => seconds = number.cast_signed(),
            Field { number: 2, wire: Wire::Varint(number), .. } => nanoseconds = i32::try_from(number).ok()?,
            _ => return None,
        }
    }
    Value::time(seconds, nanoseconds).filter(|_| (0..1_000_000_000).contains(&nanoseconds))
}

/// The kind of what is in an Any, where the schema knows it.
fn any(bytes: &[u8], kind: &MessageDescriptor) -> Option<MessageDescriptor> {
    if kind.full_name() != "google.protobuf.Any" {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    while cursor.left() > 0 {
        if let Field { number: 1, wire: Wire::Len(url, ..), .. } = Field::read(&mut cursor).ok()? {
            let name = std::str::from_utf8(url).ok()?.rsplit('/').next()?;
            return kind.parent_pool().get_message_by_name(name);
        }
    }
    None
}

fn any_fields(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    kind: &MessageDescriptor,
    within: &MessageDescriptor,
) -> Result<(), Fault> {
    while cursor.left() > 0 {
        let field = Field::read(cursor)?;
        match (field.number, field.wire, kind.get_field(field.number)) {
            (2, Wire::Len(bytes, at, _), _) => {
                part(tree, &field, ("value", within), bytes, at)?;
                is_all_there(&field, cursor)?;
            }
            (_, wire, Some(known)) if takes(&known.kind(), wire) => value(cursor, tree, field, &known)?,
            _ => blind::value(cursor, tree, field)?,
        }
    }
    Ok(())
}

/// A list of numbers in one value.
fn packed(tree: &mut Tree<'_>, field: Field<'_>, known: &FieldDescriptor) {
    let Wire::Len(bytes, at, _) = field.wire else { return };
    let span = field.start..at + bytes.len();
    if !tree.may_nest() {
        tree.bytes(Some(known.name().as_bytes()), bytes, span);
        return;
    }
    tree.open(Some(known.name().as_bytes()), Value::Array, Some(field.start));
    let kind = known.kind();
    let values: Box<dyn Iterator<Item = (Value, Range<usize>)>> = match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
            Box::new(pieces(bytes, at).map(|(piece, span)| (fixed64(piece, &kind), span)))
        }
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
            Box::new(pieces(bytes, at).map(|(piece, span)| (fixed32(piece, &kind), span)))
        }
        _ => Box::new(varints(bytes, at).map(|(number, span)| (varint(number, &kind), span))),
    };
    for (value, span) in values {
        tree.add(None, value, Some(span));
    }
    tree.close(span.end);
}

fn varint(number: u64, kind: &Kind) -> Value {
    match kind {
        Kind::Int32 => Value::number(number as i32),
        Kind::Int64 => Value::number(number.cast_signed()),
        Kind::Uint32 => Value::number(number as u32),
        Kind::Sint32 | Kind::Sint64 => Value::number((number >> 1).cast_signed() ^ -(number & 1).cast_signed()),
        Kind::Bool => Value::word(if number == 0 { "false" } else { "true" }),
        Kind::Enum(names) => match names.get_value(number as i32) {
            Some(value) => Value::word(value.name()),
            None => Value::number(number as i32),
        },
        _ => Value::number(number),
    }
}

fn fixed64(bytes: [u8; 8], kind: &Kind) -> Value {
    match kind {
        Kind::Double => Value::number(f64::from_le_bytes(bytes)),
        Kind::Sfixed64 => Value::number(i64::from_le_bytes(bytes)),
        _ => Value::number(u64::from_le_bytes(bytes)),
    }
}

fn fixed32(bytes: [u8; 4], kind: &Kind) -> Value {
    match kind {
        Kind::Float => Value::number(f32::from_le_bytes(bytes)),
        Kind::Sfixed32 => Value::number(i32::from_le_bytes(bytes)),
        _ => Value::number(u32::from_le_bytes(bytes)),
    }
}
