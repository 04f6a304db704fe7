//! A command as somebody types it in a shell, as the line that asks for it.

use serde_json::{Map, Value};

use crate::text;

use super::table::{CommandHelp, Field, FieldHelp, Kind};
use super::{unknown_command, unknown_field};

/// The line for words such as `inject 1 client hello`: the command's name, flags such as `--last 10`, then its fields in
/// their order; the last one takes all words that are left.
///
/// # Errors
/// What is wrong with them, in a sentence.
pub fn line(words: &[String]) -> Result<Value, String> {
    let Some((name, rest)) = words.split_first() else {
        return Err("write a command, sessions for example".to_owned());
    };
    let command = CommandHelp::named(name).ok_or_else(|| unknown_command(name))?;
    let mut object = Map::new();
    object.insert("do".into(), name.as_str().into());
    let mut rest = rest.iter().map(String::as_str).peekable();
    while let Some(flag) = rest.next_if(|word| word.starts_with("--")) {
        let flag = flag.trim_start_matches("--");
        if flag.is_empty() {
            break;
        }
        let (name, given) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let name = name.replace('-', "_");
        let field = command.field(&name).ok_or_else(|| unknown_field(command, &name))?;
        let value = match (field.kind, given) {
            (Kind::Flag, None) => Value::Bool(true),
            (_, Some(value)) => typed(command, field, value)?,
            (_, None) => {
                let value =
                    rest.next().ok_or_else(|| format!("{}: --{name} takes {}", command.name, field.kind.words()))?;
                typed(command, field, value)?
            }
        };
        object.insert(name, value);
    }
    let words: Vec<&str> = rest.collect();
    positional(command, &words, &mut object)?;
    Ok(Value::Object(object))
}

fn positional(command: &CommandHelp, words: &[&str], object: &mut Map<String, Value>) -> Result<(), String> {
    let fields: Vec<_> =
        command.words.iter().filter_map(|what| command.fields().find(|field| field.what == *what)).collect();
    // A flag takes the place of a word.
    let fields: Vec<_> = fields.into_iter().filter(|field| !object.contains_key(field.name)).collect();
    for (place, field) in fields.iter().enumerate() {
        let is_last = place + 1 == fields.len();
        let Some(rest) = words.get(place..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
        let Some(first) = rest.first() else { return Ok(()) };
        let takes_all = is_last && matches!(field.kind, Kind::Text | Kind::Query);
        if field.what == Field::Held && which(first, object) {
            if is_last && rest.len() > 1 {
                return Err(too_many(command, rest));
            }
            continue;
        }
        let joined = rest.join(" ");
        let value = typed(command, field, if takes_all { &joined } else { first })?;
        object.insert(field.name.to_owned(), value);
        if is_last && !takes_all && rest.len() > 1 {
            return Err(too_many(command, rest));
        }
    }
    match words {
        [first, ..] if fields.is_empty() => Err(too_many(command, &["", first])),
        _ => Ok(()),
    }
}

fn too_many(command: &CommandHelp, rest: &[&str]) -> String {
    let word = rest.get(1).copied().unwrap_or_default();
    format!("{}: there is no place for {}; write {}", command.name, text::preview(word.as_bytes(), 30), command.usage())
}

/// Reads `all`, or `1:13` as a session and a frame. Says whether it was one of them.
fn which(word: &str, object: &mut Map<String, Value>) -> bool {
    if word == "all" {
        object.insert(Field::All.name().to_owned(), true.into());
        return true;
    }
    let numbers = word
        .split_once(':')
        .and_then(|(session, frame)| Some((session.parse::<u64>().ok()?, frame.parse::<u64>().ok()?)));
    if let Some((session, frame)) = numbers {
        object.insert(Field::Session.name().to_owned(), session.into());
        object.insert(Field::Frame.name().to_owned(), frame.into());
    }
    numbers.is_some()
}

fn typed(command: &CommandHelp, field: &FieldHelp, value: &str) -> Result<Value, String> {
    let wrong = || format!("{}: {}: write {}", command.name, field.name, field.kind.words());
    match field.kind {
        Kind::Number => value.parse::<u64>().map(Value::from).map_err(|_| wrong()),
        Kind::Flag => value.parse::<bool>().map(Value::from).map_err(|_| wrong()),
        Kind::Text | Kind::Query | Kind::OneOf(_) | Kind::Opcode | Kind::Base64 | Kind::Hex => Ok(value.into()),
    }
}
