//! What values hold: text that is JSON, compressed bytes, base64, tokens, pictures. It comes beneath the value.
//!
//! Bytes that are made, such as inflated ones, have no place in the payload. How many are made, and how often what was
//! made is looked into again, is bounded by `Limits::unpacked` and `Limits::layers`.

mod file;
mod image;
mod token;
mod unpack;
mod url;

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::record::Side;
use crate::text;

use super::document::{Document, Tree, Value};
use super::reading::Reading;
use super::{Decoder, Fault, Format, Payload, Role, guess};

pub use file::FileType;
pub use image::Image;
pub use unpack::Packer;

use unpack::End;

/// Layers that are looked into where a message is told by its content alone, whatever the limits: the packing, what is
/// packed, and what that holds.
const LAYERS: u16 = 3;
/// What one unpacking counts at least against the bytes that may be made: it takes time also where nothing comes.
const UNPACKING: usize = 1024;
/// Characters that text in base64 has at least: shorter ones are more often words.
const BASE64: usize = 16;

/// The names of nodes that say what bytes are.
const IMAGE: &str = "image";
const FILE: &str = "file";
/// How the name of a node ends that says why unpacking did.
const ENDS: &str = " ends";

/// A message that is told by its content: packed bytes, a picture, JSON, or else text or bytes.
pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let Payload { format, bytes, is_whole } = reading.payload;
    if is_json(bytes) {
        if Decoder::Json.message(reading).is_ok() {
            return Ok(());
        }
        // It only began so.
        reading.tree.restart();
        if !is_whole {
            reading.tree.cut();
        }
    }
    reading.tree.look_into(LAYERS);
    let span = 0..bytes.len();
    let root = match format {
        Format::Text => reading.tree.text(None, bytes, span, Some(0)),
        Format::Binary => reading.tree.bytes(None, bytes, span),
    };
    // Of what is not all there, the start may be too little to make something of.
    let is_told = reading.document().children(root).any(|child| !is_end(reading.document(), child));
    let kind = FileType::of(bytes).filter(|_| !is_told && !is_whole);
    let summary = kind.map_or_else(|| summary(reading, root), |kind| kind.to_string());
    reading.part(&summary, None, Role::Other);
    Ok(())
}

/// The names of what is in one another, and the innermost on a line.
fn summary(reading: &Reading<'_>, root: Option<usize>) -> String {
    let document = reading.document();
    let mut names = String::new();
    let mut node = root;
    while let Some(Value::Text(_) | Value::Bytes(..)) = document.value(node) {
        let Some(inner) = document.children(node).next() else { break };
        let name = document.nodes().get(inner).and_then(|node| node.key.as_deref()).unwrap_or_default();
        // Pictures and files say in their value what they are.
        if !matches!(name, IMAGE | FILE) {
            names = format!("{names}{name} ");
        }
        node = Some(inner);
    }
    match document.value(node) {
        Some(Value::Text(text)) => names + text,
        _ => names + &reading.compact(node),
    }
}

fn is_end(document: &Document, node: usize) -> bool {
    document.nodes().get(node).and_then(|node| node.key.as_deref()).is_some_and(|key| key.ends_with(ENDS))
}

/// Whether a message by its own bytes is packed or a picture.
pub(super) fn speaks_for_itself(bytes: &[u8]) -> bool {
    matches!(FileType::of(bytes), Some(FileType::Packed(_) | FileType::Image(_)))
}

impl Tree<'_> {
    /// Adds text, and beneath it what it holds. `base` is where it stands in the payload, if just as it is.
    pub(super) fn text(
        &mut self,
        key: Option<&[u8]>,
        text: &[u8],
        span: impl Into<Option<Range<usize>>>,
        base: Option<usize>,
    ) -> Option<usize> {
        let node = self.add(key, Value::text(text, self.limits()), span.into());
        self.within(node, |tree| {
            let _ = tree.packed(text)
                || tree.json(text, base)
                || tree.token(text)
                || tree.data_url(text)
                || tree.stomp(text, base)
                || tree.base64(text);
        });
        node
    }

    /// Adds bytes that stand at the end of a place in the payload, and beneath them what they hold.
    pub(super) fn bytes(
        &mut self,
        key: Option<&[u8]>,
        bytes: &[u8],
        span: impl Into<Option<Range<usize>>>,
    ) -> Option<usize> {
        let span = span.into();
        let base = span.as_ref().and_then(|span| span.end.checked_sub(bytes.len()));
        let node = self.add(key, Value::bytes(bytes), span);
        self.within(node, |tree| {
            let _ = tree.packed(bytes) || tree.file(bytes, base) || tree.json(bytes, base) || tree.maps(bytes, base);
        });
        node
    }

    /// Adds bytes of an application, or made of such, in the same way: as text where they are that.
    pub(super) fn data(&mut self, key: &str, bytes: &[u8], span: impl Into<Option<Range<usize>>>) -> Option<usize> {
        let span = span.into();
        if is_text(bytes) {
            let base = span.as_ref().and_then(|span| span.end.checked_sub(bytes.len()));
            self.text(Some(key.as_bytes()), bytes, span, base)
        } else {
            self.bytes(Some(key.as_bytes()), bytes, span)
        }
    }

    fn packed(&mut self, bytes: &[u8]) -> bool {
        let Some(FileType::Packed(packer)) = FileType::of(bytes) else { return false };
        let unpacked = packer.unpack(bytes, self.left_to_make());
        self.spend(unpacked.bytes.len().max(UNPACKING));
        if !unpacked.bytes.is_empty() || unpacked.end == End::Whole {
            self.data(packer.name(), &unpacked.bytes, None);
        }
        match unpacked.end {
            End::Whole => {}
            End::Limit => self.cut(),
            End::Broken(why) => {
                let key = format!("{}{ENDS}", packer.name());
                self.add(Some(key.as_bytes()), Value::Word(text::escape(why.as_bytes())), None);
            }
        }
        true
    }

    /// What says its name and is not looked into.
    fn file(&mut self, bytes: &[u8], base: Option<usize>) -> bool {
        let span = base.map(|base| base..base + bytes.len());
        match FileType::of(bytes) {
            Some(FileType::Image(image)) => {
                let node = self.add(Some(IMAGE.as_bytes()), Value::word(image.to_string()), span);
                self.within(node, |tree| tree.image(&image));
                true
            }
            Some(FileType::File(name)) => self.add(Some(FILE.as_bytes()), Value::word(name), span).is_some(),
            _ => false,
        }
    }

    fn image(&mut self, image: &Image) {
        self.add(Some(b"format"), Value::word(image.format), None);
        let size = image.size.map(|(width, height)| [("width", width), ("height", height)]);
        for (name, number) in size.into_iter().flatten().chain(image.bits) {
            self.add(Some(name.as_bytes()), Value::number(number), None);
        }
        if let Some(form) = image.form {
            self.add(Some(b"form"), Value::word(form), None);
        }
    }

    fn json(&mut self, bytes: &[u8], base: Option<usize>) -> bool {
        is_json(bytes) && self.nested("JSON", Decoder::Json, Payload::text(bytes), base)
    }

    fn stomp(&mut self, bytes: &[u8], base: Option<usize>) -> bool {
        let is_frame = bytes.first().is_some_and(u8::is_ascii_uppercase) && bytes.trim_ascii_end().ends_with(&[0]);
        is_frame && self.nested("STOMP", Decoder::Stomp, Payload::text(bytes), base)
    }

    /// Maps of MessagePack and CBOR.
    fn maps(&mut self, bytes: &[u8], base: Option<usize>) -> bool {
        let Some(decoder) = guess::map(bytes) else { return false };
        self.nested(decoder.title(), decoder, Payload::binary(bytes), base)
    }

    fn base64(&mut self, text: &[u8]) -> bool {
        if text.len() < BASE64 || text.len() / 4 * 3 > self.left_to_make() {
            return false;
        }
        let Some(bytes) = from_base64(text) else { return false };
        self.spend(bytes.len());
        let has_sense = is_text(&bytes) || FileType::of(&bytes).is_some() || guess::map(&bytes).is_some();
        has_sense && self.data("base64", &bytes, None).is_some()
    }

    /// Reads bytes by a decoder; nothing is added where they are not of its kind, or hold nothing.
    fn nested(&mut self, key: &str, decoder: Decoder, payload: Payload<'_>, base: Option<usize>) -> bool {
        let Some(document) = self.read_within(decoder, payload, 0) else { return false };
        if document.nodes().len() < 2 {
            return false;
        }
        self.graft(key, document, base);
        true
    }

    /// What a decoder reads in bytes, within what is left of the limits so many levels deeper.
    pub(in crate::decode) fn read_within(
        &mut self,
        decoder: Decoder,
        payload: Payload<'_>,
        levels: u16,
    ) -> Option<Document> {
        let limits = self.limits_within(levels)?;
        if !self.spend(payload.bytes.len()) {
            return None;
        }
        let mut reading = Reading::new(Side::Client, payload, &limits);
        let result = decoder.message(&mut reading);
        self.spend(limits.unpacked.saturating_sub(reading.tree.left_to_make()));
        reading.finish(result).ok().map(|decoded| decoded.document)
    }
}

/// Whether bytes are a JSON object or list by their ends.
fn is_json(bytes: &[u8]) -> bool {
    matches!(
        (bytes.trim_ascii_start().first(), bytes.trim_ascii_end().last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    )
}

/// Whether bytes are text for people: UTF-8 without controls but those of lines and columns.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let plain = |text: &str| text.chars().all(|c| text::is_plain(c) || matches!(c, '\n' | '\r' | '\t'));
    std::str::from_utf8(bytes).is_ok_and(plain)
}

const fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// What text in base64 says, in either alphabet, with padding or without; lines may be broken (RFC 4648, RFC 2045).
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    const STANDARD_ENGINE: GeneralPurpose = engine(&STANDARD);
    const URL_ENGINE: GeneralPurpose = engine(&URL_SAFE);
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let text = if text.iter().any(is_line_end) {
        Cow::Owned(text.iter().copied().filter(|byte| !is_line_end(byte)).collect())
    } else {
        Cow::Borrowed(text)
    };
    let is_for_urls = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    if is_for_urls { URL_ENGINE.decode(&text).ok() } else { STANDARD_ENGINE.decode(&text).ok() }
}
