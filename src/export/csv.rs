//! A row a frame or event (RFC 4180), for spreadsheets.
//!
//! Text is escaped as on a screen, so that a row is a line. A cell that a spreadsheet would take for a formula gets an
//! apostrophe in front, since the text in it is a peer's.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnose;
use crate::json::{self, FrameItem, Item, Totals, What};
use crate::record::finding::FindingKind;
use crate::record::{Event, ProxyEvent, Side};
use crate::text;

use super::form::Form;
use super::text::{start, words};

/// The first row.
const COLUMNS: &str =
    "time,session,frame,from,event,opcode,fin,rsv,masked,length,origin,relayed,level,id,text,base64\r\n";

/// Rows.
#[derive(Default)]
pub(super) struct Csv {
    has_begun: bool,
}

/// What a row says; empty where it says nothing.
#[derive(Default)]
struct Row {
    frame: String,
    from: &'static str,
    event: &'static str,
    opcode: String,
    fin: &'static str,
    rsv: String,
    masked: &'static str,
    length: String,
    origin: &'static str,
    relayed: &'static str,
    level: &'static str,
    id: &'static str,
    text: String,
    base64: String,
}

impl Csv {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            out.extend_from_slice(COLUMNS.as_bytes());
        }
    }
}

impl Form for Csv {
    /// What a frame inflates to stands in its own row.
    fn tells(&self, item: &Item<'_>) -> bool {
        !matches!(item.what, What::Event(Event::Inflated(_)))
    }

    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        let row = row(&item.what);
        let session = item.session.map_or(String::new(), |session| session.to_string());
        let cells = [
            &json::rfc3339(item.time),
            &session,
            &row.frame,
            row.from,
            row.event,
            &row.opcode,
            row.fin,
            &row.rsv,
            row.masked,
            &row.length,
            row.origin,
            row.relayed,
            row.level,
            row.id,
            &row.text,
            &row.base64,
        ];
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            quote(cell, out);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn lost(&mut self, records: u64, out: &mut Vec<u8>) {
        self.begin(out);
        let words = format!(",,,,lost,,,,,,,,,,{records} records left the memory before they could be written,\r\n");
        out.extend_from_slice(words.as_bytes());
    }

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let mut first = Vec::new();
        self.begin(&mut first);
        out.write_all(&first)
    }
}

fn row(what: &What<'_>) -> Row {
    if let What::Frame(frame) = what {
        return frame_row(frame);
    }
    let (direction, frame) = start(what);
    let finding = match what {
        What::Event(Event::Finding(_, finding)) | What::Proxy(ProxyEvent::Finding(_, finding)) => Some(finding),
        _ => None,
    };
    let (length, base64) = match what {
        What::Raw(raw, kept) => (raw.length.to_string(), STANDARD.encode(kept)),
        What::Event(Event::Head(head)) => (head.bytes.len().to_string(), STANDARD.encode(&head.bytes)),
        _ => Default::default(),
    };
    Row {
        frame: frame.map_or(String::new(), |number| number.to_string()),
        from: direction.map_or("", Side::name),
        event: json::event_name(what),
        length,
        level: finding.map_or("", |finding| diagnose::words(finding.kind).level.name()),
        id: finding.map_or("", |finding| finding.kind.id()),
        text: words(what),
        base64,
        ..Row::default()
    }
}

fn frame_row(frame: &FrameItem<'_>) -> Row {
    let (record, header) = (frame.record, &frame.record.header);
    let yes_or_no = |is: bool| if is { "1" } else { "0" };
    let said = frame.inflated.as_deref().and_then(|inflated| str::from_utf8(inflated).ok()).or_else(|| frame.text());
    Row {
        frame: record.number.to_string(),
        from: record.from.name(),
        event: "frame",
        opcode: header.opcode().to_string(),
        fin: yes_or_no(header.fin()),
        rsv: header.rsv().to_string(),
        masked: yes_or_no(header.mask.is_some()),
        length: header.length.to_string(),
        origin: record.origin.name(),
        relayed: record.relayed.name(),
        text: said.map_or(String::new(), |said| text::escape(said.as_bytes())),
        base64: if said.is_none() { STANDARD.encode(&frame.payload) } else { String::new() },
        ..Row::default()
    }
}

/// Adds a cell.
fn quote(cell: &str, out: &mut Vec<u8>) {
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    if !is_formula && !cell.contains([',', '"', '\r', '\n']) {
        return out.extend_from_slice(cell.as_bytes());
    }
    out.push(b'"');
    if is_formula {
        out.push(b'\'');
    }
    out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        let cases = [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=1+1", "\"'=1+1\""), ("", "")];
        for (cell, expected) in cases {
            let mut out = Vec::new();
            quote(cell, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
