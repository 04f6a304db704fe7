//! What the user says messages are: `.proto` text or a descriptor set, and which of its messages a payload is.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use thiserror::Error;

use crate::decode::cursor::Cursor;
use crate::decode::reading::Reading;
use crate::decode::{Decoder, Fault, Format, Payload};
use crate::record::Side;
use crate::text;

use super::typed;
use super::wire::{Completeness, Field, Wire};

/// Kinds of messages that a payload is compared with.
const KINDS: usize = 256;
/// Fields of a payload, and levels of messages in it, that are looked at for that.
const FIELDS: usize = 64;
const LEVELS: u16 = 4;

/// The kinds of messages of a protocol in Protobuf.
#[derive(Clone)]
pub struct Schema {
    title: String,
    /// Those that a payload may be.
    kinds: Vec<MessageDescriptor>,
}

/// Why there is no schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaFault {
    /// The text is no `.proto`, or a file that it imports is missing: which line and why.
    #[error("{0}")]
    Source(String),
    /// The bytes are no descriptor set.
    #[error("it is no descriptor set: {0}")]
    Set(String),
    /// There is not one message in it.
    #[error("there is no message in it")]
    Empty,
    /// There is none of that name, but these.
    #[error("it has no message {0}; it has {1}")]
    Unknown(String, String),
}

/// Each is like itself alone, which does for telling decoders apart.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Schema {}

impl Hash for Schema {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds.iter().map(MessageDescriptor::full_name)).finish()
    }
}

/// Files by the name that an import has.
struct Sources<F>(F);

impl<F: Fn(&str) -> Option<String>> FileResolver for Sources<F> {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match (self.0)(name) {
            Some(source) => File::from_source(name, &source),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

impl Schema {
    /// Reads `.proto` text. `open` gives a file by its name, this one's and those that it imports; Google's own are there
    /// without.
    ///
    /// # Errors
    /// Where the text is not right, a file is missing, or there is no message in it.
    pub fn from_source(name: &str, open: impl Fn(&str) -> Option<String> + 'static) -> Result<Self, SchemaFault> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Sources(open));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        // The other form of such an error says where it is, too.
        compiler.open_file(name).map_err(|error| SchemaFault::Source(format!("{error:?}")))?;
        Self::new(name, &compiler.descriptor_pool())
    }

    /// Reads a FileDescriptorSet, as `protoc --include_imports --descriptor_set_out=FILE` and `buf build -o FILE` write it.
    ///
    /// # Errors
    /// Where the bytes are none, or there is no message in it.
    pub fn from_descriptor_set(name: &str, bytes: &[u8]) -> Result<Self, SchemaFault> {
        let pool = DescriptorPool::decode(bytes).map_err(|error| SchemaFault::Set(error.to_string()))?;
        Self::new(name, &pool)
    }

    /// The kinds that lie in no other are what a payload may be; all where there is none.
    fn new(name: &str, pool: &DescriptorPool) -> Result<Self, SchemaFault> {
        let mut parts = HashSet::new();
        for kind in pool.all_messages() {
            let kinds = kind.fields().filter_map(|field| field.kind().as_message().cloned());
            parts.extend(kinds.filter(|part| *part != kind).map(|part| part.full_name().to_owned()));
        }
        let is_own =
            |kind: &MessageDescriptor| !kind.is_map_entry() && !kind.full_name().starts_with("google.protobuf.");
        let own: Vec<_> = pool.all_messages().filter(is_own).collect();
        let outer: Vec<_> = own.iter().filter(|kind| !parts.contains(kind.full_name())).cloned().collect();
        let kinds = if outer.is_empty() { own } else { outer };
        if kinds.is_empty() {
            Err(SchemaFault::Empty)
        } else {
            Ok(Self { title: format!("Protobuf by {}", text::escape(name.as_bytes())), kinds })
        }
    }

    /// Lets each payload be the one kind of that name, with its package or without.
    ///
    /// # Errors
    /// Where there is none.
    pub fn only(self, name: &str) -> Result<Self, SchemaFault> {
        let pool = self.kinds.first().map(MessageDescriptor::parent_pool);
        let mut all = pool.into_iter().flat_map(DescriptorPool::all_messages);
        match all.find(|kind| kind.full_name() == name || kind.name() == name) {
            Some(kind) => Ok(Self { kinds: vec![kind], ..self }),
            None => {
                let names = self.kinds.iter().map(MessageDescriptor::full_name).take(20);
                Err(SchemaFault::Unknown(name.to_owned(), names.collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// The decoder that reads by it. It is kept until the program ends: a schema is given once, at the start.
    #[must_use]
    pub fn decoder(self) -> Decoder {
        Decoder::Described(Box::leak(Box::new(self)))
    }

    /// What it is of, for people.
    pub(in crate::decode) fn title(&self) -> &str {
        &self.title
    }

    /// Reads a message as the kind that fits best.
    pub(in crate::decode) fn message(&self, reading: &mut Reading<'_>) -> Result<(), Fault> {
        match self.kind_of(reading.payload.bytes) {
            Some((kind, _)) => typed::message(reading, kind),
            None => super::message(reading),
        }
    }

    /// Whether all binary messages of a session are of its kinds and have no field that those do not know, and there is one.
    pub(in crate::decode) fn fits(&self, first: &[(Side, Payload<'_>)]) -> bool {
        let mut binary = first.iter().filter(|(_, payload)| payload.format == Format::Binary).peekable();
        binary.peek().is_some()
            && binary.all(|(_, payload)| self.kind_of(payload.bytes).is_some_and(|(_, fit)| fit.unknown == 0))
    }

    /// The kind with the fewest fields that it does not know, and of those the one that knows most.
    fn kind_of(&self, bytes: &[u8]) -> Option<(&MessageDescriptor, Fit)> {
        let fits = self.kinds.iter().take(KINDS).filter_map(|kind| Some((kind, Fit::of(kind, bytes, 0)?)));
        // The first of those that are equal.
        fits.min_by_key(|(_, fit)| (fit.unknown, usize::MAX - fit.known))
    }
}

/// How well bytes are a kind of message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fit {
    known: usize,
    unknown: usize,
}

impl Fit {
    /// `None` where they can't be it. What is cut off fits.
    fn of(kind: &MessageDescriptor, bytes: &[u8], level: u16) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let mut fit = Self::default();
        let mut groups = 0usize;
        for _ in 0..FIELDS {
            if cursor.left() == 0 {
                break;
            }
            let field = match Field::read(&mut cursor) {
                Ok(field) => field,
                Err(fault) if fault.is_end && level == 0 => break,
                Err(_) => return None,
            };
            match field.wire {
                Wire::Start => groups += 1,
                Wire::End => groups = groups.checked_sub(1)?,
                _ if groups > 0 => {}
                _ => fit.add(kind.get_field(field.number), field, level)?,
            }
        }
        Some(fit)
    }

    fn add(&mut self, known: Option<FieldDescriptor>, field: Field<'_>, level: u16) -> Option<()> {
        let Some(known) = known else {
            self.unknown += 1;
            return Some(());
        };
        self.known += 1;
        let is_right = match (field.wire, known.kind()) {
            (Wire::Len(_, _, Completeness::Cut), _) => level == 0,
            (Wire::Len(bytes, ..), Kind::String) => std::str::from_utf8(bytes).is_ok(),
            (Wire::Len(..), Kind::Bytes) => true,
            (Wire::Len(bytes, ..), Kind::Message(part)) if level < LEVELS => {
                let within = Self::of(&part, bytes, level + 1)?;
                self.known += within.known;
                self.unknown += within.unknown;
                true
            }
            (Wire::Len(..), Kind::Message(_)) => true,
            (Wire::Len(..), _) => known.is_list(),
            (Wire::Varint(number), Kind::Bool) => number < 2,
            (wire, kind) => typed::takes(&kind, wire),
        };
        is_right.then_some(())
    }
}
