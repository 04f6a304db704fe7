//! WAMP version 2, in JSON, MessagePack or CBOR: lists that begin with a number for their type.

use super::document::Value;
use super::packed::Packing;
use super::reading::Reading;
use super::{Fault, Format, Role};

/// The types: number, name, the item that has the id of a request, and the item most worth to show.
const TYPES: [(u8, &str, usize, usize); 24] = [
    (1, "HELLO", 0, 1),
    (2, "WELCOME", 0, 1),
    (3, "ABORT", 0, 2),
    (4, "CHALLENGE", 0, 1),
    (5, "AUTHENTICATE", 0, 2),
    (6, "GOODBYE", 0, 2),
    (8, "ERROR", 2, 4),
    (16, "PUBLISH", 1, 3),
    (17, "PUBLISHED", 1, 2),
    (32, "SUBSCRIBE", 1, 3),
    (33, "SUBSCRIBED", 1, 2),
    (34, "UNSUBSCRIBE", 1, 2),
    (35, "UNSUBSCRIBED", 1, 2),
    (36, "EVENT", 0, 4),
    (48, "CALL", 1, 3),
    (49, "CANCEL", 0, 1),
    (50, "RESULT", 1, 3),
    (64, "REGISTER", 1, 3),
    (65, "REGISTERED", 1, 2),
    (66, "UNREGISTER", 1, 2),
    (67, "UNREGISTERED", 1, 2),
    (68, "INVOCATION", 1, 4),
    (69, "INTERRUPT", 0, 1),
    (70, "YIELD", 1, 3),
];

/// A message in JSON.
pub(super) fn text(reading: &mut Reading<'_>) -> Result<(), Fault> {
    reading.expect_text("WAMP in JSON")?;
    let root = reading.json(None, 0)?;
    message(reading, root)
}

/// A message in bytes.
pub(super) fn packed(reading: &mut Reading<'_>, packing: Packing) -> Result<(), Fault> {
    if reading.payload.format == Format::Text {
        return Err(Fault::new(0, "WAMP of this kind comes in binary messages, and this one is text"));
    }
    let root = reading.packed(packing, None, 0..reading.payload.bytes.len())?;
    message(reading, root)
}

fn message(reading: &mut Reading<'_>, root: Option<usize>) -> Result<(), Fault> {
    let document = reading.document();
    let said = |index| document.value(document.item(root, index)).and_then(Value::as_str);
    let number =
        said(0).filter(|_| document.value(root) == Some(&Value::Array)).and_then(|code| code.parse::<u8>().ok());
    let found = number.and_then(|number| TYPES.into_iter().find(|kind| kind.0 == number));
    let Some((_, name, id_at, shown_at)) = found else {
        return Err(Fault::new(0, "a message of WAMP is a list that begins with the number of its type"));
    };
    let id = said(id_at).filter(|_| id_at > 0).map(str::to_owned);
    let role = match (name, id) {
        ("PUBLISH" | "SUBSCRIBE" | "UNSUBSCRIBE" | "CALL" | "REGISTER" | "UNREGISTER" | "INVOCATION", Some(id)) => {
            Role::Request(id)
        }
        ("ERROR", Some(id)) => Role::Refusal(id),
        ("ABORT" | "ERROR", _) => Role::Error,
        (_, Some(id)) => Role::Reply(id),
        _ => Role::Other,
    };
    let items = document.children(root).skip(shown_at).take(4).map(|item| reading.compact(Some(item)));
    let shown = items.collect::<Vec<_>>().join(" ");
    reading.part(format!("{name} {shown}").trim_end(), Some(name), role);
    Ok(())
}
