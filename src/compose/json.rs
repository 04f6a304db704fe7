//! JSON looked at while it is typed. It is never refused: wrong JSON is a fine thing to test a server with.

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{ComposeError, Order, error};

/// Bytes that are looked at after each key.
const LIMIT: usize = 1024 * 1024;

/// What a text that begins as JSON is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// JSON.
    Valid,
    /// The start of it.
    Unfinished,
    /// Something else, from that place on.
    Wrong(ComposeError),
}

/// Looks at a message whose text begins with a brace or bracket; `None` for any other.
#[must_use]
pub fn json(text: &str, order: &Order) -> Option<Json> {
    let from = order.text_at?;
    let message = text.get(from..)?;
    if !message.trim_start().starts_with(['{', '[']) || message.len() > LIMIT {
        return None;
    }
    let Err(fault) = serde_json::from_str::<IgnoredAny>(message) else { return Some(Json::Valid) };
    if fault.classify() == Category::Eof {
        return Some(Json::Unfinished);
    }
    // Lines and columns count from 1, columns in bytes; the place is the last byte that was read.
    let line = message.split_inclusive('\n').take(fault.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let at = from + line + fault.column().saturating_sub(1);
    let place = text.char_indices().take_while(|(index, character)| index + character.len_utf8() <= at).count();
    let words = fault.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    Some(Json::Wrong(error(format!("not JSON: {words}"), place)))
}
