//! The detail pane: all that is known of one row, or of a session, as rows of text.
//!
//! Pure: what it is given decides what it gives. Rows are as wide as the pane at most and hold no control character.
//! Cost is bounded: text and JSON end after `MAX_ROWS`, and of a hex view only the rows that are asked for are made.

pub(crate) mod body;
pub(crate) mod columns;
pub(crate) mod compare;
pub(crate) mod content;
pub(crate) mod document;
mod event;
mod explain;
mod finding;
mod flow;
mod frame;
mod handshake;
mod header;
pub(crate) mod heartbeats;
mod hex;
mod hixie;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod legs;
mod page;
pub(crate) mod pair;
mod picture;
pub(crate) mod problems;
mod proof;
mod relayed;
pub(crate) mod row;
mod session;
mod tree;
pub(crate) mod trouble;
mod unit;
mod unmasking;
pub(crate) mod why;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use ratatui::text::Line;

use crate::decode::Decoder;
use crate::journal::{Fold, Index, Joined, Row, SessionSummary};
use crate::record::{Seen, Side, Time};

use crate::tui::clock;
use crate::tui::theme::Theme;
use body::Body;
pub(crate) use content::Content;
pub(crate) use document::Document;
pub(crate) use json::Folds;
use page::Page;
use pair::Pair;

/// Rows of a page at most: some hundred screens. The body of a frame has no such end.
pub(crate) const MAX_ROWS: usize = 5000;

/// Bytes of a message that are read at most: what a person may want to look at, and a copy of which takes no time.
const READ: usize = 16 << 20;

/// Which bytes a hex view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BytesShown {
    /// As on the wire: the header, and the payload as masked as it was.
    #[default]
    Wire,
    /// The payload without its mask.
    Unmasked,
    /// The message: inflated where it is compressed, its fragments joined where they are one row. Else the payload.
    Message,
}

/// How a payload is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyShown {
    /// As the session's decoder reads it; else as JSON or text where it is that, or as hex.
    #[default]
    Auto,
    /// As hex.
    Hex,
    /// As text, whatever it is.
    Text,
    /// As the wire, the key and what comes out.
    Mask,
}

/// How much is shown of a frame's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HeaderShown {
    /// Each bit, with its meaning.
    #[default]
    Full,
    /// A line or two.
    Compact,
}

/// How to show something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DetailOptions<'a> {
    /// Which bytes a hex view shows.
    pub bytes: BytesShown,
    /// How a payload is shown.
    pub body: BodyShown,
    /// How much of the header.
    pub header: HeaderShown,
    /// What is folded into rows.
    pub fold: Fold,
    /// Who reads the session's messages.
    pub decoder: Option<Decoder>,
    /// The request or the reply that belongs to it.
    pub pair: Option<Pair>,
    /// The note of the row's mark, where it has one.
    pub note: Option<&'a str>,
    /// Columns of the pane.
    pub width: u16,
    /// For times of day.
    pub zone: &'a TimeZone,
    /// How things look.
    pub theme: &'a Theme,
}

/// What words about times depend on, and how they look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    /// How things look.
    pub theme: &'a Theme,
    /// For times of day.
    pub zone: &'a TimeZone,
    /// For ages.
    pub now: Time,
}

/// All about a row, made as it is asked for. Of a frame whose content is known already, nothing is copied.
#[must_use]
pub(super) fn document(
    view: &Index,
    row: Row<'_>,
    known: Option<Content>,
    folds: &Folds,
    options: &DetailOptions<'_>,
) -> Document {
    let mut page = Page::new(options.theme, options.width, MAX_ROWS);
    if let Some(run) = view.heartbeats(options.fold, row.id).filter(|run| run.count > 1) {
        heartbeats::write(&mut page, view, run, options);
        return Document { top: page.finish(), content: Content::default(), body: Body::Nothing };
    }
    if let Some(note) = options.note.filter(|note| !note.is_empty()) {
        page.set_indent(2);
        page.row(&format!("marked: {note}"), page.theme.key);
    }
    let when = when(view, row, options.zone);
    let content = match row.record {
        Seen::Frame(record) => {
            let read = |frame| Content::of_frame(frame, Joined::new(view, row, &record, options.fold).said(READ));
            let mut content = known.or_else(|| view.frame(row).map(read));
            if let Some(content) = &mut content {
                content.choose(options.bytes);
                let beside =
                    if content.sent().is_some() { compare::came_and_sent(view, row, options) } else { Vec::new() };
                frame::write(&mut page, &record, content, &when, beside, options);
            }
            content
        }
        Seen::Raw(raw) => {
            let summary = row.session.and_then(|id| view.session(id));
            Some(frame::write_raw(&mut page, &raw, row.log, summary, &when, options))
        }
        Seen::Event(_, event) => {
            event::write(&mut page, event, row.session);
            page.row(&when, page.theme.dim);
            None
        }
        Seen::Proxy(_, event) => {
            event::write_proxy(&mut page, event);
            page.row(&when, page.theme.dim);
            None
        }
        // Part of the row of its frame.
        Seen::More(_) | Seen::Sent(_) => None,
    };
    let body = content.as_ref().map(|content| Body::new(&mut page, content, folds, options));
    Document { top: page.finish(), content: content.unwrap_or_default(), body: body.unwrap_or(Body::Nothing) }
}

/// Whether a session's page tells how the accept value comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Only whether it is right.
    #[default]
    Hidden,
    /// Step by step.
    Shown,
}

/// All about a session.
#[must_use]
pub(crate) fn session(summary: &SessionSummary, options: &DetailOptions<'_>, proof: Proof) -> Vec<Line<'static>> {
    let mut page = Page::new(options.theme, options.width, MAX_ROWS);
    session::write(&mut page, summary, options, proof);
    page.finish()
}

/// Date and time of a row, and how long its session had lasted then.
fn when(view: &Index, row: Row<'_>, zone: &TimeZone) -> String {
    let stamp = clock::stamp(row.time, zone);
    let opened = row.session.and_then(|id| view.session(id)).map(|summary| summary.opened);
    match opened {
        Some(opened) => format!("{stamp} · {} since the session began", clock::since(opened, row.time)),
        None => stamp,
    }
}

/// A direction in words.
const fn way(from: Side) -> &'static str {
    match from {
        Side::Client => "client → server",
        Side::Server => "server → client",
    }
}

/// A count with its word.
fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
