//! What MessagePack and CBOR have in common: one value is a message, and members and items follow their count.
//!
//! Both are read with the crate's own cursor. The crates that read them give values without their places in the bytes,
//! or take text and lists apart only into memory of their own.

use super::cursor::Cursor;
use super::document::{Tree, Value};
use super::limits::Limits;
use super::reading::Reading;
use super::{Fault, Role};
use super::{cbor, msgpack};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// MessagePack.
    MessagePack,
    /// CBOR.
    Cbor,
}

impl Packing {
    /// Reads a value into a node of that name.
    pub(super) fn value(self, cursor: &mut Cursor<'_>, tree: &mut Tree<'_>, key: Option<&[u8]>) -> Result<(), Fault> {
        match self {
            Self::MessagePack => msgpack::value(cursor, tree, key),
            Self::Cbor => cbor::value(cursor, tree, key),
        }
    }
}

/// One value, and nothing behind it.
pub(super) fn message(reading: &mut Reading<'_>, packing: Packing) -> Result<(), Fault> {
    let root = reading.packed(packing, None, 0..reading.payload.bytes.len())?;
    let summary = reading.compact(root);
    reading.part(&summary, None, Role::Other);
    Ok(())
}

/// The values of a list, or the members of a map: so many, or up to where `is_over` finds an end. Each takes a byte at
/// least, so that a count that is a lie ends with the bytes.
pub(super) fn container(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    node: (Option<&[u8]>, usize, Value),
    packing: Packing,
    mut is_over: impl FnMut(&mut Cursor<'_>) -> bool,
) -> Result<(), Fault> {
    let (key, start, kind) = node;
    if !tree.may_nest() {
        return Err(too_deep(start));
    }
    let has_names = matches!(kind, Value::Object);
    tree.open(key, kind, Some(start));
    while !is_over(cursor) {
        let name = if has_names { Some(name(cursor, tree, packing)?) } else { None };
        packing.value(cursor, tree, name.as_deref())?;
    }
    tree.close(cursor.at());
    Ok(())
}

/// Text of that length, named and begun as told.
pub(super) fn text(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    (key, start): (Option<&[u8]>, usize),
    length: u64,
) -> Result<(), Fault> {
    let base = cursor.at();
    let text = cursor.take(length, "the text")?;
    tree.text(key, text, start..cursor.at(), Some(base));
    Ok(())
}

/// Bytes likewise.
pub(super) fn bytes(
    cursor: &mut Cursor<'_>,
    tree: &mut Tree<'_>,
    (key, start): (Option<&[u8]>, usize),
    length: u64,
) -> Result<(), Fault> {
    let bytes = cursor.take(length, "the bytes")?;
    tree.bytes(key, bytes, start..cursor.at());
    Ok(())
}

/// Where the stack would not bear more.
pub(super) fn too_deep(at: usize) -> Fault {
    Fault::new(at, "it is nested too deep to be read")
}

/// Ends a container after so many turns.
pub(super) fn counted(mut left: u64) -> impl FnMut(&mut Cursor<'_>) -> bool {
    move |_| {
        let is_over = left == 0;
        left = left.saturating_sub(1);
        is_over
    }
}

/// The key of a member on a line: any value that holds no others, or else keys in keys would nest without a bound.
fn name(cursor: &mut Cursor<'_>, tree: &Tree<'_>, packing: Packing) -> Result<Vec<u8>, Fault> {
    let start = cursor.at();
    let limits = Limits { depth: 0, ..*tree.limits() };
    let mut aside = Tree::new(&limits);
    packing.value(cursor, &mut aside, None).map_err(|fault| {
        if fault.is_end {
            return fault;
        }
        Fault::new(start, "a map or a list as the key of a map is not read")
    })?;
    let document = aside.finish(cursor.at());
    let root = document.children(None).next();
    let name = match document.value(root).and_then(Value::as_str) {
        Some(name) => name.to_owned(),
        None => document.compact(root, tree.limits().summary),
    };
    Ok(name.into_bytes())
}
