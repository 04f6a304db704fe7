//! Protobuf. Without a schema, what the wire format itself tells; with one, fields by name.

mod blind;
mod schema;
mod typed;
mod wire;

use super::cursor::Cursor;
use super::document::Value;
use super::reading::Reading;
use super::{Fault, Format, Role};

pub use schema::{Schema, SchemaFault};

use blind::Until;

/// A message whose schema is not known.
pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let bytes = bytes(reading)?;
    let root = reading.tree.open(None, Value::Object, Some(0));
    let mut cursor = Cursor::new(bytes);
    let result = blind::fields(&mut cursor, &mut reading.tree, Until::End);
    reading.tree.close_to(0, cursor.at());
    reading.tolerate(result)?;
    let summary = reading.compact(root);
    reading.part(&summary, None, Role::Other);
    Ok(())
}

fn bytes<'a>(reading: &Reading<'a>) -> Result<&'a [u8], Fault> {
    match reading.payload.format {
        Format::Binary => Ok(reading.payload.bytes),
        Format::Text => Err(Fault::new(0, "Protobuf comes in binary messages, and this one is text")),
    }
}
