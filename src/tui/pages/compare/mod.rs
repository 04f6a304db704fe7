//! Two rows against each other, or a frame as it came against what left in its place: what differs, beside each other
//! where there is room, with the parts between folded that are the same.

mod draw;
mod message;

use ratatui::text::Line;

use crate::compare::{self, Cell, Limits};
use crate::decode::{Decoder, Payload};
use crate::journal::{Fold, Index, Row, RowId};
use crate::record::SessionId;
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{Action, key_of};
use crate::tui::theme::Theme;

use super::{DetailOptions, Terms};
use draw::Drawing;
use message::Message;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// A marked row, and another.
    Rows {
        /// The marked one.
        marked: RowId,
        /// The other one.
        row: RowId,
    },
    /// A frame as it came, and what left in its place.
    Sent(RowId),
}

/// As what it is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// By what it says: as its decoder reads it, as JSON, as text, or as bytes.
    #[default]
    Auto,
    /// As text, whatever it is.
    Text,
    /// As bytes.
    Hex,
}

/// Whether parts that are the same are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Equal {
    /// How much of them there is.
    #[default]
    Folded,
    /// All of them.
    Shown,
}

/// How to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompareOptions {
    /// As what.
    pub form: Form,
    /// What becomes of parts that are the same.
    pub equal: Equal,
    /// What is folded into rows.
    pub fold: Fold,
    /// Columns of the page.
    pub width: u16,
}

/// A comparison in rows.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// What was compared, and as what.
    pub title: String,
    /// The rows.
    pub rows: Vec<Line<'static>>,
    /// The rows at which differences begin.
    pub differences: Vec<usize>,
}

/// What two messages turn out to be, compared.
enum Compared {
    Lines(Vec<compare::Line>),
    Cells(Vec<Cell>),
}

impl Comparison {
    /// Compares. `None` where one of the rows has left memory, or nothing left in place of the frame.
    #[must_use]
    pub(crate) fn new(
        terms: &Terms<'_>,
        view: &Index,
        pairing: Pairing,
        decoder_of: impl Fn(Option<SessionId>) -> Option<Decoder>,
        options: CompareOptions,
    ) -> Option<Self> {
        let (name, [left, right]) = match pairing {
            Pairing::Rows { marked, row } => {
                let message =
                    |id: RowId| Some(Message::of_row(terms, view, view.row_by_id(id)?, options.fold, &decoder_of));
                ("the marked row and this one", [message(marked)?, message(row)?])
            }
            Pairing::Sent(row) => {
                let (came, sent) = Message::came_and_sent(terms, view, view.row_by_id(row)?)?;
                ("as it came and as it left", [came, sent])
            }
        };
        let mut comparison = Self::of(terms.theme, [&left, &right], options);
        comparison.title = format!("{name} · as {}", comparison.title);
        Some(comparison)
    }

    /// Of two messages; its title is as what they are compared.
    fn of(theme: &Theme, [left, right]: [&Message; 2], options: CompareOptions) -> Self {
        let (form, compared) = Compared::new(left, right, options.form);
        let mut drawing = Drawing::new(theme, options);
        drawing.titles([&left.title, &right.title]);
        for words in notes(left, right, form, &compared) {
            drawing.note(&words);
        }
        if let [Some(one), Some(other)] = [&left.header, &right.header] {
            let header = compare::texts(one.as_bytes(), other.as_bytes(), &Limits::SCREEN);
            drawing.lines(&header);
        }
        match &compared {
            Compared::Lines(lines) => drawing.lines(lines),
            Compared::Cells(cells) => drawing.cells(cells),
        }
        let (rows, differences) = drawing.finish();
        Self { title: form.to_owned(), rows, differences }
    }
}

/// A frame as it came beside what left in its place, for the detail of its row; nothing where it left as it came.
#[must_use]
pub(super) fn came_and_sent(view: &Index, row: Row<'_>, options: &DetailOptions<'_>) -> Vec<Line<'static>> {
    let terms = Terms { theme: options.theme, zone: options.zone, now: row.time };
    let Some((came, sent)) = Message::came_and_sent(&terms, view, row) else { return Vec::new() };
    let (form, equal) = (Form::Auto, Equal::Folded);
    let options = CompareOptions { form, equal, fold: options.fold, width: options.width };
    let came = Message { title: "as it came".to_owned(), ..came };
    Comparison::of(terms.theme, [&came, &sent], options).rows
}

impl Compared {
    /// Compares as what the form says, and says as what.
    fn new(left: &Message, right: &Message, form: Form) -> (&'static str, Self) {
        let limits = &Limits::SCREEN;
        let as_text = || ("text", Self::Lines(compare::texts(&left.bytes, &right.bytes, limits)));
        match form {
            Form::Hex => {}
            Form::Text => return as_text(),
            Form::Auto => {
                if let Some((decoder, lines)) = structure(left, right, limits) {
                    return (decoder.title(), Self::Lines(lines));
                }
                if left.is_text() && right.is_text() {
                    return as_text();
                }
            }
        }
        ("bytes", Self::Cells(compare::bytes(&left.bytes, &right.bytes, limits)))
    }

    fn differs(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.iter().any(|line| line.kind == compare::Kind::Changed),
            Self::Cells(cells) => cells.iter().any(|cell| cell.differs()),
        }
    }
}

/// What a decoder reads of both; the one that both sessions have, or that of JSON.
fn structure(left: &Message, right: &Message, limits: &Limits) -> Option<(Decoder, Vec<compare::Line>)> {
    let own = left.decoder.filter(|decoder| right.decoder == Some(*decoder) && *decoder != Decoder::Content);
    let json = (left.is_json() && right.is_json()).then_some(Decoder::Json);
    own.into_iter().chain(json).find_map(|decoder| {
        let read = |message: &Message| {
            let bytes = message.bytes.get(..limits.reading.bytes).unwrap_or(&message.bytes);
            let is_whole = message.is_whole && bytes.len() == message.bytes.len();
            let payload = Payload { format: message.format?, bytes, is_whole };
            decoder.read(message.from?, payload, &limits.reading).ok()
        };
        let (one, other) = (read(left)?, read(right)?);
        let lines = compare::documents((&one.document, &left.bytes), (&other.document, &right.bytes), limits);
        let is_cut = one.document.is_cut() || other.document.is_cut();
        // Where not all was read, no difference may be missed for that.
        let is_all = !is_cut || lines.iter().any(|line| line.kind == compare::Kind::Changed);
        is_all.then_some((decoder, lines))
    })
}

/// What has to be said of a comparison beside what it shows.
fn notes(left: &Message, right: &Message, form: &str, compared: &Compared) -> Vec<String> {
    let limits = &Limits::SCREEN;
    let most = match compared {
        Compared::Cells(_) => limits.bytes,
        Compared::Lines(_) => limits.text,
    };
    let mut notes = Vec::new();
    let longest = left.length.max(right.length);
    let lines = [left, right].map(|message| message.bytes.iter().filter(|byte| **byte == b'\n').count());
    if longest > most as u64 {
        notes.push(format!("of each, the first {} are compared", text::byte_count(most as u64)));
    } else if matches!(compared, Compared::Lines(_))
        && form == "text"
        && lines.iter().any(|lines| *lines >= limits.lines)
    {
        notes.push(format!("of each, the first {} lines are compared", fit::number(limits.lines as u64)));
    } else if left.is_missing() || right.is_missing() {
        notes.push("not all of it came and was kept: the rest is not compared".to_owned());
    }
    if compared.differs() {
        return notes;
    }
    let is_same = left.bytes == right.bytes && left.length == right.length;
    notes.push(match (is_same, notes.is_empty()) {
        (true, true) if left.header.is_some() => format!("the payload is the same: {}", text::byte_count(left.length)),
        (true, true) => format!("no difference: {} each", text::byte_count(left.length)),
        (true, false) => "no difference in what is compared".to_owned(),
        (false, _) => {
            format!("they say the same in other bytes: {} compares those", key_of(Action::Hex))
        }
    });
    notes
}
