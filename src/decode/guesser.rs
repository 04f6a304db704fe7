//! A session's decoder, found while its messages pass by: for who sees each of them once.

use crate::record::Side;

use super::{Context, Decoder, Format, Limits, MESSAGES, Payload, guess_with};

/// Bytes of a session's first messages that are held until its decoder is settled.
const HELD: usize = 16 * 1024;

/// What a person wants of a session's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The decoder that is guessed.
    #[default]
    Guessed,
    /// None.
    Plain,
    /// This one.
    Named(Decoder),
}

impl Choice {
    /// The name for a guess.
    pub const AUTO: &'static str = "auto";
    /// The name for no decoder.
    pub const NONE: &'static str = "none";

    /// The one of that name: a decoder's own, or one of the two above.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            Self::AUTO => Some(Self::Guessed),
            Self::NONE => Some(Self::Plain),
            name => Decoder::from_name(name).map(Self::Named),
        }
    }
}

/// What a person wants of the messages of all sessions for which nothing else is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preference {
    /// The choice.
    pub choice: Choice,
    /// Decoders that the person gave, which a guess tries before others.
    pub given: Vec<Decoder>,
}

impl Preference {
    /// A choice among the decoders that are there anyway.
    #[must_use]
    pub const fn of(choice: Choice) -> Self {
        Self { choice, given: Vec::new() }
    }
}

/// Chooses the decoder for a session, message by message. Holds its first ones until more would make no difference.
#[derive(Debug)]
pub struct Guesser {
    decoder: Option<Decoder>,
    /// What the guess is made from; none once it is settled.
    known: Option<Box<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    given: Vec<Decoder>,
    path: Vec<u8>,
    subprotocol: Option<String>,
    first: Vec<First>,
    held: usize,
}

/// One of the messages that a guess is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// Who sent it.
    pub from: Side,
    /// What it is said to be.
    pub format: Format,
    /// Its bytes, or the first of them.
    pub bytes: Vec<u8>,
    /// Whether these are all.
    pub is_whole: bool,
}

impl Guesser {
    /// For a session of which nothing is known yet.
    #[must_use]
    pub fn new(preference: &Preference) -> Self {
        match preference.choice {
            Choice::Guessed => {
                let known = Known { given: preference.given.clone(), ..Known::default() };
                Self { decoder: None, known: Some(Box::new(known)) }
            }
            Choice::Plain => Self { decoder: None, known: None },
            Choice::Named(decoder) => Self { decoder: Some(decoder), known: None },
        }
    }

    /// Takes the path and query of the request into account.
    pub fn path(&mut self, path: &[u8]) {
        if let Some(known) = &mut self.known {
            known.path = path.to_vec();
        }
    }

    /// Takes the subprotocol of the response into account.
    pub fn subprotocol(&mut self, name: &[u8]) {
        if let Some(known) = &mut self.known {
            known.subprotocol = str::from_utf8(name).ok().map(str::to_owned);
        }
    }

    /// The decoder, or that there is none, where more messages make no difference to that.
    #[must_use]
    pub const fn settled(&self) -> Option<Option<Decoder>> {
        if self.known.is_some() { None } else { Some(self.decoder) }
    }

    /// The decoder for this message and, until the next, for those before it. No more than a row's limit is looked at.
    pub fn message(&mut self, from: Side, payload: Payload<'_>) -> Option<Decoder> {
        if let Some(known) = &mut self.known {
            let room = Limits::ROW.bytes.min(HELD - known.held);
            let bytes = payload.bytes.get(..room).unwrap_or(payload.bytes).to_vec();
            let is_whole = payload.is_whole && bytes.len() == payload.bytes.len();
            known.held += bytes.len();
            known.first.push(First { from, format: payload.format, bytes, is_whole });
            self.decoder = known.guess();
            if known.first.len() == MESSAGES || known.held == HELD {
                self.settle();
            }
        }
        self.decoder
    }

    /// Stays with the guess that there is, and lets go of what it was made from.
    pub fn settle(&mut self) {
        self.known = None;
    }

    /// Bytes of messages that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.known.as_ref().map_or(0, |known| known.held)
    }
}

impl Known {
    fn guess(&self) -> Option<Decoder> {
        let context = Context { path: &self.path, subprotocol: self.subprotocol.as_deref() };
        let payloads: Vec<_> = self.first.iter().map(First::payload).collect();
        guess_with(&self.given, &context, &payloads)
    }
}

impl First {
    /// As a guess takes it.
    #[must_use]
    pub fn payload(&self) -> (Side, Payload<'_>) {
        (self.from, Payload { format: self.format, bytes: &self.bytes, is_whole: self.is_whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(guesser: &mut Guesser, text: &str) -> Option<Decoder> {
        guesser.message(Side::Client, Payload::text(text.as_bytes()))
    }

    #[test]
    fn a_guess_changes_until_it_is_settled() {
        let mut guesser = Guesser::new(&Preference::default());
        assert_eq!(text(&mut guesser, r#"{"a":1}"#), Some(Decoder::Json));
        assert_eq!(text(&mut guesser, "hello"), None);
        let mut guesser = Guesser::new(&Preference::default());
        guesser.subprotocol(b"graphql-transport-ws");
        assert_eq!(text(&mut guesser, r#"{"type":"ping"}"#), Some(Decoder::GraphQl));
        for _ in 1..MESSAGES {
            assert_eq!(guesser.settled(), None);
            text(&mut guesser, r#"{"type":"ping"}"#);
        }
        assert_eq!((text(&mut guesser, "no JSON"), guesser.held()), (Some(Decoder::GraphQl), 0));
    }

    #[test]
    fn a_session_that_nothing_fits_is_let_alone_once_that_is_clear() {
        let mut guesser = Guesser::new(&Preference::default());
        for _ in 0..MESSAGES {
            assert_eq!((guesser.settled(), text(&mut guesser, "hello")), (None, None));
        }
        assert_eq!((guesser.settled(), guesser.held()), (Some(None), 0));
    }

    #[test]
    fn long_messages_settle_it_sooner_and_never_take_more_than_a_bound() {
        let mut guesser = Guesser::new(&Preference::default());
        let long = format!(r#"["{}"]"#, "x".repeat(HELD));
        assert_eq!(text(&mut guesser, r#"["a"]"#), Some(Decoder::Json));
        assert_eq!(text(&mut guesser, &long), Some(Decoder::Json), "its start is enough");
        assert_eq!((text(&mut guesser, "no JSON"), guesser.held()), (Some(Decoder::Json), 0));
    }

    #[test]
    fn a_person_s_choice_is_no_guess() {
        for (name, decoder) in [("none", None), ("socket.io", Some(Decoder::SocketIo))] {
            let mut guesser = Guesser::new(&Preference::of(Choice::from_name(name).unwrap()));
            guesser.path(b"/devtools/");
            assert_eq!((text(&mut guesser, "{}"), guesser.settled()), (decoder, Some(decoder)));
        }
        assert_eq!((Choice::from_name("auto"), Choice::from_name("nothing")), (Some(Choice::Guessed), None));
    }
}
