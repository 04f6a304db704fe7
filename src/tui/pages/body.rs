//! A payload: as JSON, as text, as hex, or as the arithmetic of its mask.

use std::ops::Range;

use crate::decode::{Decoded, Decoder, FileType, Limits, Role};
use crate::text;
use crate::tui::theme::Theme;

use super::content::{Content, Reading};
use super::flow::{Flow, Layout};
use super::hex::Hex;
use super::json::{self, Folds, Json};
use super::page::Page;
use super::picture::Picture;
use super::row::Row;
use super::tree::Tree;
use super::unmasking::Unmasking;
use super::{BodyShown, BytesShown, DetailOptions, HeaderShown};

/// Messages of a protocol in one payload that are told by name.
const NAMED: usize = 4;

/// How the bytes of a content become rows.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Nothing,
    Hex(Hex),
    Unmasking(Unmasking),
    /// Text or JSON, of the payload.
    Flow(Flow),
    /// What a decoder read of it.
    Tree(Tree),
    Picture(Picture),
}

impl Body {
    /// The body of a content; what there is to say of it first is put on the page.
    pub(super) fn new(page: &mut Page<'_>, content: &Content, folds: &Folds, options: &DetailOptions<'_>) -> Self {
        let on_wire = options.bytes == BytesShown::Wire && content.head() > 0;
        if content.payload().is_empty() && !(options.body == BodyShown::Hex && on_wire) {
            if options.header == HeaderShown::Full {
                page.blank();
            }
            page.row("no payload", page.theme.dim);
            return Self::Nothing;
        }
        let width = page.width();
        match form(page, content, options) {
            Form::Hex if options.bytes == BytesShown::Wire => {
                let head = match content.head() {
                    0 => String::new(),
                    count => format!(", header {}", super::bytes(count as u64)),
                };
                title(page, content, options, &format!("bytes on the wire{head}"));
                Self::Hex(Hex::wire(content, width))
            }
            Form::Hex => {
                title(page, content, options, &named(content, options));
                Self::Hex(Hex::unmasked(content, width))
            }
            Form::Text => {
                title(page, content, options, &format!("{} as text", named(content, options)));
                Self::Flow(Flow::new(Layout::Text, width))
            }
            Form::Json => {
                if let Some(fault) = json::fault(content.payload()) {
                    page.row(&format!("this is no JSON: {fault}"), page.theme.warning);
                }
                title(page, content, options, &format!("{} as JSON", named(content, options)));
                Self::Flow(Flow::new(Layout::Json(Json::new(folds.clone())), width))
            }
            Form::Tree(decoder, decoded) => {
                let what = format!("{} as {}", named(content, options), decoder.title());
                title(page, content, options, &what);
                let told = told(&decoded);
                if !told.is_empty() {
                    page.row(&told, page.theme.note);
                }
                Self::Tree(Tree::new(decoded.document, folds.clone(), width))
            }
            Form::Picture(picture) => {
                title(page, content, options, &named(content, options));
                Self::Picture(picture)
            }
            Form::Unmasking(unmasking) => {
                title(page, content, options, "payload, the key at work: wire xor key = result");
                Self::Unmasking(unmasking)
            }
            Form::NotMasked => {
                page.row("not masked: there is no key, and what is on the wire is the payload", page.theme.note);
                title(page, content, options, "payload");
                Self::Hex(Hex::unmasked(content, width))
            }
        }
    }

    /// Count of rows that are known.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Hex(hex) => hex.len(),
            Self::Unmasking(unmasking) => unmasking.len(),
            Self::Flow(flow) => flow.len(),
            Self::Tree(tree) => tree.len(),
            Self::Picture(picture) => picture.len(),
        }
    }

    /// Whether all rows are known.
    pub(super) const fn is_done(&self) -> bool {
        !matches!(self, Self::Flow(flow) if !flow.is_done())
    }

    /// Gets to know more of them.
    pub(super) fn work(&mut self, content: &Content, theme: &Theme) {
        if let Self::Flow(flow) = self {
            flow.work(content.payload(), theme);
        }
    }

    /// The bytes that can be shown.
    pub(super) fn bytes(&self, content: &Content) -> Range<usize> {
        match self {
            Self::Nothing => 0..0,
            Self::Hex(hex) => hex.from()..content.len(),
            Self::Unmasking(_) | Self::Flow(_) | Self::Tree(_) | Self::Picture(_) => content.head()..content.len(),
        }
    }

    /// Some of the rows.
    pub(super) fn window(&self, content: &Content, rows: Range<usize>, theme: &Theme) -> Vec<Row> {
        let rows = rows.start..rows.end.min(self.len());
        match self {
            Self::Nothing => Vec::new(),
            Self::Hex(hex) => rows.map(|row| hex.row(content, row, theme)).collect(),
            Self::Unmasking(unmasking) => rows.map(|row| unmasking.row(content, row, theme)).collect(),
            Self::Picture(picture) => picture.window(rows, theme),
            Self::Tree(tree) => {
                let mut rows: Vec<Row> = rows.map(|row| tree.row(row, theme)).collect();
                rows.iter_mut().for_each(|row| row.shift(content.head()));
                rows
            }
            Self::Flow(flow) => {
                let mut rows = flow.window(content.payload(), rows, theme);
                rows.iter_mut().for_each(|row| row.shift(content.head()));
                rows
            }
        }
    }

    /// The row that shows a byte, if it is known.
    pub(super) fn row_of(&self, content: &Content, byte: usize, theme: &Theme) -> Option<usize> {
        match self {
            Self::Nothing | Self::Picture(_) => None,
            Self::Hex(hex) => Some(hex.row_of(byte)),
            Self::Unmasking(unmasking) => Some(unmasking.row_of(content, byte)),
            Self::Tree(tree) => tree.row_of(byte.saturating_sub(content.head())),
            Self::Flow(flow) => flow.row_of(content.payload(), byte.saturating_sub(content.head()), theme),
        }
    }

    /// Folds otherwise, from a row on.
    pub(super) fn fold(&mut self, content: &Content, folds: &Folds, row: usize, theme: &Theme) {
        match self {
            Self::Flow(flow) => {
                flow.forget_from(content.payload(), row, theme);
                if let Layout::Json(json) = &mut flow.layout {
                    json.fold(folds);
                }
            }
            Self::Tree(tree) => tree.fold(folds),
            Self::Nothing | Self::Hex(_) | Self::Unmasking(_) | Self::Picture(_) => {}
        }
    }

    /// Whether it has nodes that can be folded.
    pub(super) const fn has_nodes(&self) -> bool {
        matches!(self, Self::Flow(Flow { layout: Layout::Json(_), .. }) | Self::Tree(_))
    }
}

/// What a body is to be.
enum Form {
    Hex,
    Text,
    Json,
    Tree(Decoder, Decoded),
    Picture(Picture),
    Unmasking(Unmasking),
    NotMasked,
}

fn form(page: &mut Page<'_>, content: &Content, options: &DetailOptions<'_>) -> Form {
    match options.body {
        BodyShown::Hex => Form::Hex,
        BodyShown::Text => Form::Text,
        BodyShown::Mask => Unmasking::new(content, usize::from(options.width)).map_or(Form::NotMasked, Form::Unmasking),
        BodyShown::Auto => {
            picture(page, content, options).or_else(|| decoded(page, content, options)).unwrap_or_else(|| match content
                .reading()
            {
                Reading::Json => Form::Json,
                Reading::Text => Form::Text,
                Reading::Bytes => Form::Hex,
            })
        }
    }
}

/// The picture that a message is.
fn picture(page: &mut Page<'_>, content: &Content, options: &DetailOptions<'_>) -> Option<Form> {
    let (_, payload) = content.said().filter(|_| options.bytes == BytesShown::Message)?;
    if !matches!(FileType::of(payload.bytes), Some(FileType::Image(_))) {
        return None;
    }
    match Picture::new(payload.bytes, page.width()) {
        Ok(picture) => Some(Form::Picture(picture)),
        Err(why) => {
            page.row(&format!("the picture can't be shown: {}", text::escape(why.as_bytes())), page.theme.dim);
            None
        }
    }
}

/// What the session's decoder makes of a message. JSON is laid out as it stands,
/// however much there is of it, unless there is something in its texts.
fn decoded(page: &mut Page<'_>, content: &Content, options: &DetailOptions<'_>) -> Option<Form> {
    let decoder = options.decoder?;
    let (from, payload) = content.said().filter(|_| options.bytes == BytesShown::Message)?;
    if decoder == Decoder::Content
        && matches!(FileType::of(payload.bytes), Some(FileType::Image(_) | FileType::File(_)))
    {
        // The title says what there is to say of it.
        return None;
    }
    let read = decoder.read(from, payload, &Limits::DETAIL);
    if matches!(decoder, Decoder::Json | Decoder::Content)
        && !read.as_ref().is_ok_and(|decoded| decoder.tells_more(decoded))
    {
        return matches!(payload.bytes.trim_ascii_start().first(), Some(b'{' | b'[')).then_some(Form::Json);
    }
    match read {
        Ok(decoded) => Some(Form::Tree(decoder, decoded)),
        Err(fault) if matches!(decoder, Decoder::Program(_)) => {
            page.row(&format!("{}: {}", decoder.title(), fault.why), page.theme.warning);
            None
        }
        Err(fault) => {
            page.row(&format!("this can't be read as {}: {fault}", decoder.title()), page.theme.warning);
            None
        }
    }
}

/// A message's names, and what it has to do with others.
fn told(decoded: &Decoded) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in &decoded.parts {
        let event = part.event.clone().unwrap_or_default();
        let role = match &part.role {
            Role::Request(id) => format!("asks for a reply to id {id}"),
            Role::Reply(id) => format!("reply to id {id}"),
            Role::Refusal(id) => format!("refusal of id {id}"),
            Role::Tagged(id) => format!("id {id}"),
            Role::Heartbeat => "heartbeat".to_owned(),
            Role::Error => "error".to_owned(),
            Role::Other => String::new(),
        };
        let both: Vec<&str> = [event.as_str(), role.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
        words.push(both.join(", "));
        if words.len() == NAMED {
            break;
        }
    }
    let more = decoded.parts.len() - words.len();
    let mut all: Vec<String> = words.into_iter().filter(|words| !words.is_empty()).collect();
    all.extend((more > 0).then(|| format!("and {more} more")));
    all.extend((decoded.attachments > 0).then(|| format!("{} attachments follow", decoded.attachments)));
    all.extend(decoded.document.is_cut().then(|| "not all of it was read".to_owned()));
    all.join(" · ")
}

/// What the bytes are that were chosen, and whether they are all.
fn named(content: &Content, options: &DetailOptions<'_>) -> String {
    let Some(message) = content.message().filter(|_| options.bytes == BytesShown::Message) else {
        return match (content.key(), options.body) {
            (Some(_), BodyShown::Hex) => "payload, unmasked".to_owned(),
            _ => "payload".to_owned(),
        };
    };
    let all = message.inflated.unwrap_or(message.length);
    let some = match content.payload().len() as u64 {
        count if count < all => format!(", the first {}", super::bytes(count)),
        _ => String::new(),
    };
    match (message.frames, message.inflated) {
        (1, _) => format!("inflated payload{some}"),
        (frames, None) => format!("message of {frames} frames{some}"),
        (frames, Some(_)) => format!("inflated message of {frames} frames{some}"),
    }
}

/// Says what follows, and what it is if its first bytes tell.
fn title(page: &mut Page<'_>, content: &Content, options: &DetailOptions<'_>, what: &str) {
    let what = match FileType::of(content.payload()) {
        Some(kind) => format!("{what}: {kind}"),
        None => what.to_owned(),
    };
    match options.header {
        HeaderShown::Full => page.title(&what),
        HeaderShown::Compact => page.row(&what, page.theme.dim),
    }
}
