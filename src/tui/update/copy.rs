//! Copies rows of the lists: the selected one, or the selected range.
//!
//! What is copied goes to the terminal as it is, in base64 (OSC 52), so no byte of a peer's moves a cursor; a terminal
//! takes about 100 kB that way, and more is refused.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::decode::{Decoded, Decoder, Limits};
use crate::journal::{Fold, Index, Joined, Row, RowId};
use crate::json::{self, FrameItem, Item, What};
use crate::record::finding::Level;
use crate::record::{Event, FrameRecord, Seen};
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::pages::{BytesShown, content, words};
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;

use super::prompt;
use super::websocat;

/// Bytes at most: what becomes 100 kB in base64.
const LIMIT: usize = 75_000;
/// Rows at most, so that no key takes longer than the eye: those without a payload too take their time.
const ROWS: u64 = 20_000;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Payloads as they are.
    Text,
    /// Payloads as hex.
    Hex,
    /// Payloads as base64.
    Base64,
    /// Lines as `--json` prints them.
    Json,
    /// A command that sends the same.
    Command,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Json => "JSON",
            Self::Command => "a websocat command",
        }
    }
}

/// What its keys do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Copy => ask(model, view),
        Action::CopyText => return Some(copy(model, view, Form::Text)),
        Action::CopyHex => return Some(copy(model, view, Form::Hex)),
        Action::CopyBase64 => return Some(copy(model, view, Form::Base64)),
        Action::CopyJson => return Some(copy(model, view, Form::Json)),
        Action::CopyCommand => return Some(copy(model, view, Form::Command)),
        Action::CopyNothing => model.overlay = None,
        _ => return None,
    }
    Some(Vec::new())
}

/// Asks in which form.
fn ask(model: &mut Model, view: &Index) {
    if model.selected(view).is_some() {
        model.overlay = Some(Overlay::Copy);
    } else {
        model.toast(Level::Note, "there is no row to copy yet");
    }
}

/// Copies what is selected.
fn copy(model: &mut Model, view: &Index, form: Form) -> Vec<Effect> {
    model.overlay = None;
    let Some((first, last)) = selected(model, view) else { return Vec::new() };
    let copied = match form {
        _ if last - first >= ROWS => Err(too_large()),
        Form::Command => websocat::command(&model.proxy.info.upstream, view, rows(model, view, first, last)),
        _ => text_of(model, view, rows(model, view, first, last), form),
    };
    let copied = copied.and_then(|text| match text.len() {
        0 => Err("there is nothing to copy: the payload is empty".to_owned()),
        1..=LIMIT => Ok(text),
        _ => Err(too_large()),
    });
    match copied {
        Ok(text) => {
            let fold = model.shown_list().1.fold;
            let run = rows(model, view, first, last).next().and_then(|row| view.heartbeats(fold, row.id));
            let rows = match (last - first + 1, run) {
                (1, Some(run)) if run.count > 1 => format!("the first of {} heartbeats ", fit::number(run.count)),
                (1, _) => String::new(),
                (count, _) => format!("{} rows ", fit::number(count)),
            };
            let size = text::byte_count(text.len() as u64);
            // JSON says so itself, and a command is never made of less than all.
            let is_short = !matches!(form, Form::Json | Form::Command)
                && self::rows(model, view, first, last)
                    .any(|row| parts(model, view, row).any(|part| is_short(view, part)));
            let (level, short) =
                if is_short { (Level::Warning, "; not all bytes came and were kept") } else { (Level::Note, "") };
            model.toast(level, format!("copied {rows}as {}: {size}{short}", form.name()));
            model.lists.marks.end_range();
            vec![Effect::Copy(text)]
        }
        Err(reason) if reason == too_large() => {
            prompt::open_with(model, view, "write range copy.jsonl", Some(reason));
            Vec::new()
        }
        Err(reason) => {
            model.toast(Level::Warning, reason);
            Vec::new()
        }
    }
}

fn too_large() -> String {
    let limit = text::byte_count(LIMIT as u64);
    format!("a terminal takes {limit}, and this is more: enter writes a file")
}

/// The first and the last row to copy, by number.
fn selected(model: &Model, view: &Index) -> Option<(u64, u64)> {
    let range = model.lists.range(view).filter(|_| model.panes.tab == Tab::Frames);
    let (first, last) = range.map(std::ops::RangeInclusive::into_inner).unzip();
    let row = model.selected(view)?;
    Some((first.unwrap_or(row), last.unwrap_or(row)))
}

fn rows<'a>(model: &'a Model, view: &'a Index, first: u64, last: u64) -> impl Iterator<Item = Row<'a>> {
    let rows = model.rows(view);
    (first..=last).filter_map(move |number| rows.row(number))
}

fn text_of<'a>(
    model: &Model,
    view: &'a Index,
    rows: impl Iterator<Item = Row<'a>>,
    form: Form,
) -> Result<String, String> {
    let mut out = Vec::new();
    for row in rows {
        if out.len() > LIMIT {
            return Err(too_large());
        }
        if form == Form::Json {
            for part in parts(model, view, row) {
                write_json(model, view, part, &mut out);
                if out.len() > LIMIT {
                    return Err(too_large());
                }
            }
            continue;
        }
        let payload = payload(model, view, row);
        match form {
            Form::Hex => out.extend_from_slice(text::pairs(&payload).as_bytes()),
            Form::Base64 => out.extend_from_slice(STANDARD.encode(&payload).as_bytes()),
            Form::Text | Form::Json | Form::Command => {
                let text = str::from_utf8(&payload).map_err(|_| "this is not UTF-8: copy it as hex or base64")?;
                out.extend_from_slice(text.as_bytes());
            }
        }
        out.push(b'\n');
    }
    // The line end behind the last is none of what was asked for.
    out.pop();
    String::from_utf8(out).map_err(|_| "this is not UTF-8: copy it as hex or base64".to_owned())
}

/// A row, and the rows that are folded into it.
fn parts<'a>(model: &Model, view: &'a Index, row: Row<'a>) -> impl Iterator<Item = Row<'a>> {
    let folded = model.shown_list().1.fold.fragments;
    let rest: &[RowId] = folded.then(|| view.message(row.id)).flatten().map_or(&[], |message| &message.rest);
    std::iter::once(row).chain(rest.iter().filter_map(|id| view.row_by_id(*id)))
}

/// The bytes of a row as the detail shows them, or the words for what has none. A message is joined.
fn payload<'a>(model: &Model, view: &'a Index, row: Row<'a>) -> Cow<'a, [u8]> {
    match row.record {
        Seen::Frame(record) => {
            let joined = Joined::new(view, row, &record, model.shown_list().1.fold);
            // A byte more than may be copied shows that it is too much.
            let inflated = joined.inflated(LIMIT + 1).filter(|_| model.texts.bytes == BytesShown::Message);
            Cow::Owned(inflated.unwrap_or_else(|| joined.start(LIMIT + 1)))
        }
        Seen::Raw(raw) => Cow::Borrowed(row.log.span(raw.kept)),
        Seen::Event(_, event) => match event {
            Event::Head(head) => Cow::Borrowed(&head.bytes),
            Event::HeadHeld(head) => Cow::Borrowed(&head.bytes),
            event => Cow::Owned(words::event(event, &model.look.theme).1.into_bytes()),
        },
        Seen::Proxy(_, event) => Cow::Owned(words::proxy_event(event, &model.look.theme).1.into_bytes()),
        Seen::More(_) | Seen::Sent(_) => Cow::Borrowed(&[]),
    }
}

/// Whether there is less of a frame than its header promises.
fn is_short(view: &Index, row: Row<'_>) -> bool {
    matches!(row.record, Seen::Frame(record) if view.kept(row, &record) < record.header.length)
}

/// What the session's decoder reads of a frame that is a message by itself, where that is more than it says anyway.
fn decoded(model: &Model, view: &Index, row: Row<'_>, record: &FrameRecord) -> Option<(Decoder, Decoded)> {
    let decoder = model.decoders.of(row.session)?;
    let said = Joined::new(view, row, record, Fold::NONE).said(Limits::ROW.bytes).filter(|said| said.is_whole)?;
    let decoded = content::read(decoder, record, &said, &Limits::ROW)?;
    decoder.tells_more(&decoded).then_some((decoder, decoded))
}

fn write_json(model: &Model, view: &Index, row: Row<'_>, out: &mut Vec<u8>) {
    let what = match &row.record {
        Seen::Frame(record) => {
            let Some(frame) = view.frame(row) else { return };
            let payload = Cow::Owned(frame.payload().into_owned());
            let sent = frame.sent.map(|sent| (sent.by, Cow::Owned(sent.bytes)));
            let inflated = frame.inflated.map(|inflated| inflated.bytes.clone());
            What::Frame(FrameItem {
                record,
                received: frame.received,
                payload,
                inflated,
                sent,
                decoded: decoded(model, view, row, record),
            })
        }
        Seen::Raw(raw) => What::Raw(raw, row.log.span(raw.kept)),
        Seen::Event(_, event) => What::Event(event),
        Seen::Proxy(_, event) => What::Proxy(event),
        Seen::More(_) | Seen::Sent(_) => return,
    };
    json::write(&Item { session: row.session, time: row.time, what }, out);
}
