//! How a query that is being typed may go on: the names of fields, and values that exist.

use crate::record::finding::FindingKind;
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

use super::field::{FIELDS, Field, MARKED, PROPERTIES, Property};

/// Completions that are given at most.
const MOST: usize = 50;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What stands in place of the word that is being typed.
    pub text: String,
    /// What it asks for; empty where the word says it.
    pub help: String,
}

/// Values that were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Targets of requests.
    pub paths: Vec<String>,
    /// Numbers of sessions.
    pub sessions: Vec<u64>,
    /// Notes of marks.
    pub notes: Vec<String>,
    /// Ids of findings; all that there are where none was seen.
    pub ids: Vec<&'static str>,
    /// Names that decoders give to messages.
    pub events: Vec<String>,
    /// Codes with which sessions ended.
    pub codes: Vec<u16>,
    /// Queries that have a name: names and queries.
    pub saved: Vec<(String, String)>,
    /// Whether it is asked of what passes, of which not all is known.
    pub is_passing: bool,
}

/// The byte at which the word begins that ends a text, and what may stand in its place.
#[must_use]
pub fn complete(text: &str, known: &Known) -> (usize, Vec<Completion>) {
    let start = text.rfind(|character: char| character.is_whitespace() || "()".contains(character));
    let start =
        start.map_or(0, |at| at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let word = text.get(start..).unwrap_or_default();
    let mut all = match word.split_once(':') {
        Some((name, value)) => match FIELDS.iter().find(|about| about.name == name) {
            Some(about) => values(about.what, name, value, known),
            None => Vec::new(),
        },
        None => names(word, known),
    };
    all.truncate(MOST);
    (start, all)
}

fn names(word: &str, known: &Known) -> Vec<Completion> {
    let colon = |field| !matches!(field, Field::Length | Field::Time);
    let is_known = |field: Field| !known.is_passing || field.is_of_passing();
    let fields =
        FIELDS.iter().filter(|about| about.name.starts_with(word) && is_known(about.what)).map(|about| Completion {
            text: format!("{}{}", about.name, if colon(about.what) { ":" } else { ">" }),
            help: format!("{} · {}", about.example, about.help),
        });
    let words =
        [(MARKED, "rows that you marked"), ("not", "what does not fit the next"), ("or", "this, or what follows")];
    let words = words.into_iter().filter(|(name, _)| *name != MARKED || !known.is_passing);
    let words = words.into_iter().filter(|(name, _)| !word.is_empty() && name.starts_with(word));
    let words = words.map(|(name, help)| Completion { text: format!("{name} "), help: help.to_owned() });
    let saved = known.saved.iter().filter(|(name, _)| !word.is_empty() && name.starts_with(word));
    let saved = saved.map(|(name, query)| Completion { text: format!("({query}) "), help: name.clone() });
    fields.chain(words).chain(saved).collect()
}

fn values(field: Field, name: &str, value: &str, known: &Known) -> Vec<Completion> {
    // Of a list, the last item is being typed.
    let (before, last) = match (field, value.rfind(',')) {
        (Field::Opcode | Field::Close | Field::Session, Some(comma)) => value.split_at(comma + 1),
        _ => ("", value),
    };
    let begun = |all: Vec<(String, &str)>| {
        let fitting = all.into_iter().filter(|(text, _)| text.starts_with(last) && text != last);
        fitting
            .map(|(text, help)| Completion { text: format!("{name}:{before}{text}"), help: help.to_owned() })
            .collect()
    };
    let plain = |all: &[&str]| all.iter().map(|text| ((*text).to_owned(), "")).collect();
    match field {
        Field::From => begun(plain(&["client", "server"])),
        Field::Level => begun(plain(&["error", "warning", "note"])),
        Field::Opcode => {
            begun((0..=0xf).filter_map(|value| Some((Opcode::new(value).name()?.to_owned(), ""))).collect())
        }
        Field::Is => {
            let is_known = |property: Property| !known.is_passing || property.is_of_passing();
            let all = PROPERTIES.iter().filter(|about| is_known(about.what));
            begun(all.map(|about| (about.name.to_owned(), about.help)).collect())
        }
        Field::Session => begun(known.sessions.iter().map(|session| (session.to_string(), "")).collect()),
        Field::Path => begun(known.paths.iter().map(|path| (quoted(path), "")).collect()),
        Field::Id => {
            let all = if known.ids.is_empty() {
                FindingKind::ALL.iter().map(|kind| kind.id()).collect()
            } else {
                known.ids.clone()
            };
            begun(all.into_iter().map(|id| (id.to_owned(), "")).collect())
        }
        Field::Event => begun(known.events.iter().map(|event| (quoted(event), "")).collect()),
        Field::Close => begun(known.codes.iter().map(|code| (code.to_string(), Code::new(*code).name())).collect()),
        Field::Marked => begun(known.notes.iter().map(|note| (quoted(note), "")).collect()),
        Field::Length | Field::Hex | Field::Json | Field::Time | Field::After => Vec::new(),
    }
}

/// A value as it has to be typed.
fn quoted(value: &str) -> String {
    if value.contains(|character: char| character.is_whitespace() || "()\"".contains(character)) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}
