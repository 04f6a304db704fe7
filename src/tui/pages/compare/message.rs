//! What a row says, as it is compared.

use std::borrow::Cow;

use crate::compare::Limits;
use crate::decode::{Decoder, Format};
use crate::journal::{Fold, FrameRow, Index, Joined, Row, SentBytes};
use crate::record::{By, Event, Seen, SessionId, Side};
use crate::text;
use crate::tui::pages::page::Page;
use crate::tui::pages::{Terms, header, relayed, words};
use crate::wire::frame::FrameHeader;
use crate::wire::mask;

/// Bytes that are taken of a message at most: one more than are compared, so that it shows.
const TAKEN: usize = Limits::SCREEN.text + 1;
/// Columns for a header in a line.
const HEADER: u16 = 400;

/// One side of a comparison.
pub(super) struct Message {
    /// What it is.
    pub title: String,
    /// The header of its frame, where that is compared too.
    pub header: Option<String>,
    /// What it says, without masks, joined and inflated: the first bytes of it.
    pub bytes: Vec<u8>,
    /// How many bytes it has.
    pub length: u64,
    /// Whether these are all bytes of a message.
    pub is_whole: bool,
    /// Who said it.
    pub from: Option<Side>,
    /// What it says it is, where it is a message.
    pub format: Option<Format>,
    /// Who reads the messages of its session.
    pub decoder: Option<Decoder>,
}

impl Message {
    /// What a row says.
    pub(super) fn of_row(
        terms: &Terms<'_>,
        view: &Index,
        row: Row<'_>,
        fold: Fold,
        decoder_of: impl Fn(Option<SessionId>) -> Option<Decoder>,
    ) -> Self {
        let mut message = Self {
            title: words::row(terms, row),
            header: None,
            bytes: Vec::new(),
            length: 0,
            is_whole: true,
            from: row.from(),
            format: None,
            decoder: decoder_of(row.session),
        };
        let mut take = |bytes: &[u8]| {
            message.bytes = bytes.get(..TAKEN).unwrap_or(bytes).to_vec();
            message.length = bytes.len() as u64;
        };
        match row.record {
            Seen::Frame(record) => {
                let joined = Joined::new(view, row, &record, fold);
                match joined.said(TAKEN) {
                    Some(said) => {
                        message.length = said.inflated.unwrap_or(said.length);
                        message.is_whole = said.is_whole;
                        message.bytes = said.bytes;
                        message.format = Format::of(record.header.opcode());
                    }
                    None => {
                        (message.bytes, message.length, message.is_whole) = (joined.start(TAKEN), joined.length, false);
                    }
                }
            }
            Seen::Raw(raw) => {
                take(row.log.span(raw.kept));
                message.length = raw.length;
            }
            Seen::Event(_, Event::Head(head)) => take(&head.bytes),
            Seen::Event(_, Event::HeadHeld(head)) => take(&head.bytes),
            Seen::Event(_, event) => take(words::event(event, terms.theme).1.as_bytes()),
            Seen::Proxy(_, event) => take(words::proxy_event(event, terms.theme).1.as_bytes()),
            Seen::More(_) | Seen::Sent(_) => {}
        }
        message
    }

    /// A frame as it came, and what left in its place; `None` where it left as it came.
    pub(super) fn came_and_sent(terms: &Terms<'_>, view: &Index, row: Row<'_>) -> Option<(Self, Self)> {
        let frame = view.frame(row)?;
        let sent = frame.sent.clone()?;
        let (title, by) = (words::row(terms, row), relayed::who(sent.by));
        let came = Self {
            title: format!("{title}, as it came"),
            header: None,
            bytes: Vec::new(),
            length: 0,
            is_whole: frame.is_complete() && !frame.is_truncated(),
            from: row.from(),
            format: Format::of(frame.record.header.opcode()),
            decoder: None,
        };
        let left = Self { title: format!("as it left, {by}"), is_whole: true, bytes: Vec::new(), header: None, ..came };
        let from = row.from()?;
        Some(match parsed(&sent, &frame) {
            Some(frames) => {
                let header = &frame.record.header;
                let (payload, length) = match (sent.by, frame.inflated) {
                    // What the user sends stands for the whole message.
                    (By::User, _) => match Joined::new(view, row, &frame.record, Fold::MESSAGES).said(TAKEN) {
                        Some(said) => (Cow::Owned(said.bytes), said.inflated.unwrap_or(said.length)),
                        None => (frame.payload(), header.length),
                    },
                    (By::Hold, Some(inflated)) => (Cow::Borrowed(inflated.bytes.as_slice()), inflated.length),
                    _ => (frame.payload(), header.length),
                };
                let came = came.with(Some(line(terms, header, from)), &payload, length);
                let length = frames.payload.len() as u64;
                (came, left.with(Some(frames.header(terms, from)), &frames.payload, length))
            }
            // What is in another dialect, and what is no frame, is compared as it stands.
            None => {
                let mut wire = Vec::new();
                frame.record.header.write(&mut wire);
                wire.extend_from_slice(&frame.wire);
                let length = wire.len() as u64 + frame.record.header.length.saturating_sub(frame.wire.len() as u64);
                let (came, left) = (came.with(None, &wire, length), left.with(None, &sent.bytes, sent.length));
                (Self { format: None, ..came }, Self { format: None, ..left })
            }
        })
    }

    fn with(self, header: Option<String>, bytes: &[u8], length: u64) -> Self {
        Self { header, bytes: bytes.get(..TAKEN).unwrap_or(bytes).to_vec(), length, ..self }
    }

    /// Whether it reads as text.
    pub(super) fn is_text(&self) -> bool {
        let readable = |text: &str| {
            text.chars().all(|character| text::is_plain(character) || matches!(character, '\n' | '\r' | '\t'))
        };
        match str::from_utf8(&self.bytes) {
            Ok(text) => self.format == Some(Format::Text) || readable(text),
            Err(error) => {
                error.error_len().is_none()
                    && self
                        .bytes
                        .get(..error.valid_up_to())
                        .and_then(|start| str::from_utf8(start).ok())
                        .is_some_and(readable)
            }
        }
    }

    /// Whether it begins as an object or a list of JSON does.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.bytes.trim_ascii_start().first(), Some(b'{' | b'['))
    }

    /// Whether there is less of it than it promises.
    pub(super) fn is_missing(&self) -> bool {
        (self.bytes.len() as u64) < self.length
    }
}

/// What left, where it is frames.
struct Frames {
    first: FrameHeader,
    count: usize,
    /// The payloads of all, joined, without their masks.
    payload: Vec<u8>,
}

impl Frames {
    fn header(&self, terms: &Terms<'_>, from: Side) -> String {
        let more = match self.count {
            1 => String::new(),
            count => format!(", the first of {count} frames"),
        };
        format!("{}{more}", line(terms, &self.first, from))
    }
}

fn parsed(sent: &SentBytes, frame: &FrameRow<'_>) -> Option<Frames> {
    if sent.by == By::Bridge || frame.record.header.is_hixie() || sent.length > sent.bytes.len() as u64 {
        return None;
    }
    let (first, _) = FrameHeader::parse(&sent.bytes)?;
    let mut frames = Frames { first, count: 0, payload: Vec::new() };
    let mut rest = sent.bytes.as_slice();
    while !rest.is_empty() {
        let (header, used) = FrameHeader::parse(rest)?;
        let end = used.checked_add(usize::try_from(header.length).ok()?)?;
        let mut payload = rest.get(used..end)?.to_vec();
        if let Some(key) = header.mask {
            mask::apply(key, 0, &mut payload);
        }
        frames.payload.extend(payload);
        frames.count += 1;
        rest = rest.get(end..)?;
    }
    Some(frames)
}

/// A header in a line.
fn line(terms: &Terms<'_>, header: &FrameHeader, from: Side) -> String {
    let mut page = Page::new(terms.theme, HEADER, 4);
    header::summary(&mut page, header, from, None);
    page.finish().first().map(ToString::to_string).unwrap_or_default()
}
