//! The command line after `:`: everything in the keymap table by its name, and a few words that take a value.

use std::borrow::Cow;

use crate::decode::{Choice, Decoder};
use crate::diagnose;
use crate::export::Existing;
use crate::journal::RowId;
use crate::query::{JsonPath, Query};
use crate::record::finding::FindingKind;
use crate::record::{FrameNumber, Policy, SessionId};
use crate::relay::hold::Condition;
use crate::relay::rules::Rule;
use crate::rules::{self, FAULTS};
use crate::text;
use crate::tui::keymap::{self, Action, BINDINGS, Place};
use crate::tui::theme;

use super::writing::WriteLine;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// What a key does.
    Do(Action),
    /// The frames of a session; `None` for those of all.
    Session(Option<SessionId>),
    /// A frame by its number, in a session or in the one that is meant.
    Frame(Option<SessionId>, FrameNumber),
    /// What is done about faults.
    Policy(Policy),
    /// A theme.
    Theme(theme::Choice),
    /// Who reads a session's messages.
    Decoder(Choice),
    /// Show only what a query asks for.
    Filter(String),
    /// Values of messages that have columns of their own.
    Columns(Vec<JsonPath>),
    /// Go to the newest finding of a kind, and say why.
    Finding(FindingKind),
    /// All about a kind of finding.
    Explain(FindingKind),
    /// Go to a marked row.
    Mark(RowId),
    /// Hold what a query asks for.
    Hold(String),
    /// Write a file.
    Write(WriteLine),
    /// Keep a query under a name; `None` for the filter that there is.
    SaveFilter(String, Option<String>),
    /// Forget the query of that name.
    ForgetFilter(String),
    /// Compress anew what leans on an edited message, or no longer.
    Recompress,
    /// Let a rule act; without one, write it.
    Rule(String),
    /// Take a rule out, or all.
    Unrule(String),
    /// Let a fault happen.
    Fault(String),
    /// Quit without asking.
    QuitAtOnce,
}

/// A name with what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// What is typed.
    pub name: String,
    /// The value that comes behind it; empty where none does.
    pub value: &'static str,
    /// What it does, in a line.
    pub help: Cow<'static, str>,
    meaning: Meaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Action(Action),
    Session,
    Frame,
    Theme,
    Decoder,
    Filter,
    Columns,
    Hold,
    Rule,
    Unrule,
    Fault,
    Policy,
    Finding,
    Explain,
    Write(Existing),
    /// A session that there is.
    KnownSession(SessionId),
    /// A row that is marked.
    Mark(RowId),
    /// A decoder that the user gave.
    OwnDecoder(Decoder),
    /// A query that has a name; its help is the query.
    Saved,
    SaveFilter,
    ForgetFilter,
    Recompress,
    QuitAtOnce,
}

/// The words that are no action's name.
const WORDS: [(&str, &str, &str, Meaning); 21] = [
    ("session", "3 or all", "the frames of a session", Meaning::Session),
    ("frame", "120 or 3:120", "select a frame by its number", Meaning::Frame),
    ("theme", "auto, dark, light or mono", "choose the colours", Meaning::Theme),
    ("decoder", "auto, none or a name", "who reads the messages of this session", Meaning::Decoder),
    ("filter", "a query", "show only what fits a query; all without one", Meaning::Filter),
    ("save-filter", "a name, and a query", "keep a query under a name; without one the filter", Meaning::SaveFilter),
    ("forget-filter", "a name", "forget a query that was kept", Meaning::ForgetFilter),
    ("column", ".path .path", "values of messages as columns; none without a path", Meaning::Columns),
    ("hold", "a query", "hold what fits a query on its way; all messages without one", Meaning::Hold),
    ("recompress", "", "compress anew what leans on an edited message, or send it inflated", Meaning::Recompress),
    ("rule", "query -> act", "act on messages that fit a query, as from:server -> drop 5%", Meaning::Rule),
    ("unrule", "a name", "take a rule out; all of them without a name", Meaning::Unrule),
    ("fault", "latency 200ms", "a bad network at once, as a rule", Meaning::Fault),
    ("policy", "faithful, repair or strict", "what to do about frames that break a rule", Meaning::Policy),
    ("finding", "an id", "go to the newest finding of a kind, and say why", Meaning::Finding),
    ("explain", "an id", "all about a kind of finding, seen or not", Meaning::Explain),
    (
        "write",
        "talk.har",
        "write what is shown to a file: .jsonl, .har, .pcapng, .text, .csv, .md, .wscap; all, session or range in front for that",
        Meaning::Write(Existing::Keep),
    ),
    ("write!", "talk.har", "the same, in place of a file that is there", Meaning::Write(Existing::Replace)),
    ("close", "", "close the session, with close frames (asks)", Meaning::Action(Action::CloseSession)),
    ("quit", "", "quit (asks while sessions are open)", Meaning::Action(Action::Quit)),
    ("quit!", "", "quit without asking; sessions get close frames", Meaning::QuitAtOnce),
];

/// All that can be typed: the words, then the actions in the order of the table.
#[must_use]
pub(crate) fn all() -> Vec<Named> {
    let word = |(name, value, help, meaning): (&str, _, &'static str, _)| {
        let help = Cow::Borrowed(help);
        Named { name: name.to_owned(), value, help, meaning }
    };
    let mut all: Vec<Named> = WORDS.into_iter().map(word).collect();
    for binding in BINDINGS {
        let is_open = |place: &Place| place.is_pane() || *place == Place::Copy;
        let is_itself = matches!(binding.action, Action::CommandLine | Action::CopyNothing);
        let reachable = binding.places.iter().any(is_open) && !is_itself;
        let name = keymap::name(binding.action);
        if reachable && all.iter().all(|named| named.name != name) {
            let (help, meaning) = (Cow::Borrowed(binding.help), Meaning::Action(binding.action));
            all.push(Named { name, value: "", help, meaning });
        }
    }
    all
}

/// Those that a line under way may become; `known` is what there is to go to besides.
#[must_use]
pub(crate) fn candidates(text: &str, known: &[Named]) -> Vec<Named> {
    let text = text.trim_start();
    let (word, value) = text.split_once(' ').map_or((text, None), |(word, value)| (word, Some(value)));
    if let Some(value) = value
        && let Some(named) = all().into_iter().find(|named| named.name == word)
        && !named.values().is_empty()
    {
        let typed = value.trim_start();
        let is_said = |(name, help): &(&str, &str)| {
            let said = format!("{name} {help}").to_lowercase();
            typed.to_lowercase().split_whitespace().all(|word| said.contains(word))
        };
        let mut values: Vec<_> = named.values().into_iter().filter(is_said).collect();
        values.sort_by_key(|(name, _)| !name.starts_with(typed));
        let of_value = |(name, help): (&str, &'static str)| {
            let (name, help) = (format!("{word} {name}"), Cow::Borrowed(help));
            Named { name, value: "", help, ..named.clone() }
        };
        let is_own = |named: &&Named| matches!(named.meaning, Meaning::OwnDecoder(_)) && named.name.starts_with(text);
        return values.into_iter().map(of_value).chain(known.iter().filter(is_own).cloned()).collect();
    }
    if let (COLUMN, Some(value)) = (word, value) {
        return with_path(value, known);
    }
    let joined = joined(text);
    let ranked = all().into_iter().chain(known.iter().cloned()).filter_map(|named| match value {
        Some(_) if named.name == word => Some((Fit::Begins, named)),
        _ => Some((named.fit(&joined)?, named)),
    });
    let mut ranked: Vec<(Fit, Named)> = ranked.collect();
    // What is equally near stays in the order of the table, but a session or a mark is what its own words are for.
    ranked.sort_by_key(|(fit, named)| (*fit, !joined.is_empty() && !named.is_known()));
    ranked.into_iter().map(|(_, named)| named).collect()
}

/// The word that chooses columns, and how many there may be.
const COLUMN: &str = "column";
const COLUMNS: usize = 8;

/// The paths that may stand in the place of the last one of a line that chooses columns.
fn with_path(value: &str, known: &[Named]) -> Vec<Named> {
    let start = value.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
    let (before, last) = value.split_at(start);
    let paths = known.iter().filter_map(|named| Some((named.name.strip_prefix(COLUMN)?.trim_start(), named)));
    let mut fitting: Vec<_> = paths.filter(|(path, _)| path.to_lowercase().contains(&last.to_lowercase())).collect();
    fitting.sort_by_key(|(path, _)| !path.starts_with(last));
    let whole = |(path, named): (&str, &Named)| Named { name: format!("{COLUMN} {before}{path}"), ..named.clone() };
    fitting.into_iter().map(whole).collect()
}

/// How near a command is to what is typed, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its name begins so.
    Begins,
    /// Its name, or what it does, has all the words.
    Has,
    /// The letters stand in its name in this order.
    Scattered,
}

impl Named {
    /// A session, by what is known of it.
    #[must_use]
    pub(crate) fn session(id: SessionId, about: String) -> Self {
        let (name, help) = (format!("session {}", id.0), Cow::Owned(about));
        Self { name, value: "", help, meaning: Meaning::KnownSession(id) }
    }

    /// A kind of finding that was seen so many times.
    #[must_use]
    pub(crate) fn finding(kind: FindingKind, count: usize) -> Self {
        let (id, title) = (kind.id(), diagnose::words(kind).title);
        let help = Cow::Owned(format!("seen {count} times: {title}"));
        Self { name: format!("finding {id}"), value: "", help, meaning: Meaning::Finding }
    }

    /// A value of a message that may have a column.
    #[must_use]
    pub(crate) fn column(path: &str, value: String) -> Self {
        Self { name: format!("{COLUMN} {path}"), value: "", help: Cow::Owned(value), meaning: Meaning::Columns }
    }

    /// A query that has a name.
    #[must_use]
    pub(crate) fn saved(name: &str, query: &str) -> Self {
        let help = Cow::Owned(query.to_owned());
        Self { name: format!("filter {name}"), value: "", help, meaning: Meaning::Saved }
    }

    /// A decoder of the user's own.
    #[must_use]
    pub(crate) fn decoder(decoder: Decoder) -> Self {
        let (name, help) = (format!("decoder {}", decoder.name()), Cow::Borrowed("a program of yours"));
        Self { name, value: "", help, meaning: Meaning::OwnDecoder(decoder) }
    }

    /// A rule that may be taken out.
    #[must_use]
    pub(crate) fn rule(rule: &Rule) -> Self {
        let (name, help) = (format!("unrule {}", rule.name()), Cow::Owned(rule.text()));
        Self { name, value: "", help, meaning: Meaning::Unrule }
    }

    /// A marked row.
    #[must_use]
    pub(crate) fn mark(row: RowId, name: &str, about: String) -> Self {
        Self { name: format!("mark {name}"), value: "", help: Cow::Owned(about), meaning: Meaning::Mark(row) }
    }

    /// What it asks for; `None` where a value has to come behind it first.
    pub(crate) fn command(&self) -> Option<Command> {
        match self.meaning {
            Meaning::KnownSession(id) => Some(Command::Session(Some(id))),
            Meaning::Mark(row) => Some(Command::Mark(row)),
            Meaning::Saved => Some(Command::Filter(self.help.clone().into_owned())),
            Meaning::OwnDecoder(decoder) => Some(Command::Decoder(Choice::Named(decoder))),
            _ if !self.value.is_empty() && !matches!(self.meaning, Meaning::Filter | Meaning::Columns) => None,
            _ => parse(&self.name).ok(),
        }
    }

    /// The first key that does the same; empty where none does.
    pub(crate) fn key(&self) -> String {
        match self.meaning {
            Meaning::Action(action) => keymap::key_of(action),
            Meaning::Policy => keymap::key_of(Action::NextPolicy),
            Meaning::Decoder => keymap::key_of(Action::NextDecoder),
            Meaning::Filter => keymap::key_of(Action::Filter),
            Meaning::Mark(_) => keymap::key_of(Action::Bookmarks),
            _ => String::new(),
        }
    }

    /// How near it is to what is typed, whose words are joined by hyphens.
    fn fit(&self, typed: &str) -> Option<Fit> {
        if self.name.starts_with(typed) {
            return Some(Fit::Begins);
        }
        let has = |word: &str| self.name.contains(word) || self.help.to_lowercase().contains(&word.to_lowercase());
        if typed.split('-').all(has) {
            return Some(Fit::Has);
        }
        // What is known of a session or a mark is as good as its name.
        let about = if self.is_known() { self.help.to_lowercase() } else { String::new() };
        let is_scattered = |text: &str| {
            let mut letters = text.chars();
            typed.chars().all(|wanted| letters.any(|letter| letter == wanted))
        };
        (is_scattered(&self.name) || is_scattered(&about)).then_some(Fit::Scattered)
    }

    const fn is_known(&self) -> bool {
        matches!(self.meaning, Meaning::KnownSession(_) | Meaning::Mark(_) | Meaning::Saved)
    }

    /// The values that it takes, where they are names, and what each means.
    fn values(&self) -> Vec<(&'static str, &'static str)> {
        match self.meaning {
            Meaning::Fault => FAULTS.map(|fault| (fault.name, fault.about)).to_vec(),
            Meaning::Theme => theme::Choice::ALL.map(|choice| (choice.name(), "")).to_vec(),
            Meaning::Policy => Policy::ALL.map(|policy| (policy.name(), policy.meaning())).to_vec(),
            Meaning::Decoder => [(Choice::AUTO, "the one that is guessed"), (Choice::NONE, "messages as they stand")]
                .into_iter()
                .chain(Decoder::ALL.map(|decoder| (decoder.name(), decoder.title())))
                .collect(),
            Meaning::Finding | Meaning::Explain => {
                FindingKind::ALL.iter().map(|kind| (kind.id(), diagnose::words(*kind).title)).collect()
            }
            Meaning::Action(_)
            | Meaning::Session
            | Meaning::Frame
            | Meaning::Filter
            | Meaning::Columns
            | Meaning::KnownSession(_)
            | Meaning::Mark(_)
            | Meaning::OwnDecoder(_)
            | Meaning::Hold
            | Meaning::Write(_)
            | Meaning::Saved
            | Meaning::SaveFilter
            | Meaning::ForgetFilter
            | Meaning::Recompress
            | Meaning::Rule
            | Meaning::Unrule
            | Meaning::QuitAtOnce => Vec::new(),
        }
    }

    /// The names of those values, for a sentence.
    fn names(&self) -> String {
        self.values().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}

/// `copy hex` is the same as `copy-hex`.
pub(super) fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("-")
}

/// Reads a line.
///
/// # Errors
///
/// What is wrong with it, in a sentence, and what would be right.
pub(crate) fn parse(text: &str) -> Result<Command, String> {
    let text = text.trim().trim_start_matches(':').trim();
    if let Some(frame) = frame(text) {
        return Ok(frame);
    }
    let (word, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let all = all();
    if let Some(named) = all.iter().find(|named| named.name == joined(text)) {
        return meaning(named, "");
    }
    let named = find(&all, word, &joined(text))?;
    meaning(named, value.trim())
}

fn frame(text: &str) -> Option<Command> {
    let (session, number) = text.split_once(':').map_or((None, text), |(session, number)| (Some(session), number));
    let session = session.map(|session| session.parse().map(SessionId)).transpose().ok()?;
    Some(Command::Frame(session, FrameNumber::new(number.parse().ok()?)))
}

fn find<'a>(all: &'a [Named], word: &str, whole: &str) -> Result<&'a Named, String> {
    if let Some(named) = all.iter().find(|named| named.name == word) {
        return Ok(named);
    }
    let begun: Vec<&Named> = all.iter().filter(|named| named.name.starts_with(whole)).collect();
    if let Some(shortest) = begun.iter().find(|named| begun.iter().all(|other| other.name.starts_with(&named.name))) {
        return Ok(shortest);
    }
    let whole = text::escape(whole.as_bytes());
    match begun.as_slice() {
        [first, second, rest @ ..] => {
            let more = if rest.is_empty() { "" } else { " or another" };
            Err(format!("{whole} may be {} or {}{more}: go on typing, or press tab", first.name, second.name))
        }
        _ => {
            let mut alike = all.iter().filter(|named| named.fit(&whole) == Some(Fit::Has));
            if let (Some(only), None) = (alike.next(), alike.next()) {
                return Ok(only);
            }
            let nearest = all
                .iter()
                .min_by_key(|named| text::distance(&named.name, &whole).min(text::distance(&named.name, word)));
            let nearest = nearest.map_or("help", |named| named.name.as_str());
            Err(format!("there is no command {whole}: did you mean {nearest}?"))
        }
    }
}

fn meaning(named: &Named, value: &str) -> Result<Command, String> {
    match named.meaning {
        Meaning::Session if value == "all" => Ok(Command::Session(None)),
        Meaning::Session => {
            let number = value.parse().map_err(|_| "write the number of a session, as in session 3, or session all");
            Ok(Command::Session(Some(SessionId(number?))))
        }
        Meaning::Frame => {
            frame(value).ok_or_else(|| "write the number of a frame, as in frame 120 or 3:120".to_owned())
        }
        Meaning::Theme => theme::Choice::named(value)
            .map(Command::Theme)
            .ok_or_else(|| format!("a theme is one of {}", named.names())),
        Meaning::Policy => {
            Policy::named(value).map(Command::Policy).ok_or_else(|| format!("a policy is one of {}", named.names()))
        }
        Meaning::Decoder => Choice::from_name(value)
            .map(Command::Decoder)
            .ok_or_else(|| format!("a decoder is one of {}", named.names())),
        Meaning::Filter => match Query::parse(value) {
            Ok(_) => Ok(Command::Filter(value.to_owned())),
            Err(error) => Err(error.why),
        },
        Meaning::Columns => columns(value),
        Meaning::Finding => kind(value).map(Command::Finding),
        Meaning::Explain => kind(value).map(Command::Explain),
        Meaning::KnownSession(id) => Ok(Command::Session(Some(id))),
        Meaning::Mark(row) => Ok(Command::Mark(row)),
        Meaning::OwnDecoder(decoder) => Ok(Command::Decoder(Choice::Named(decoder))),
        Meaning::Rule => Ok(Command::Rule(value.to_owned())),
        Meaning::Unrule => Ok(Command::Unrule(value.to_owned())),
        Meaning::Fault => match rules::fault(value) {
            Ok(_) => Ok(Command::Fault(value.to_owned())),
            Err(error) => Err(error.why),
        },
        Meaning::Hold => match Query::parse(value).map(Condition::new) {
            Ok(Ok(_)) => Ok(Command::Hold(value.to_owned())),
            Ok(Err(unanswerable)) => Err(unanswerable.to_string()),
            Err(error) => Err(error.why),
        },
        Meaning::Write(existing) => WriteLine::parse(value, existing).map(Command::Write),
        Meaning::QuitAtOnce | Meaning::Recompress | Meaning::Action(_) if !value.is_empty() => {
            Err(format!("{} takes no value", named.name))
        }
        // It is chosen from a list, and so never read.
        Meaning::Saved => Ok(Command::Filter(named.help.clone().into_owned())),
        Meaning::SaveFilter => match value.split_once(char::is_whitespace) {
            _ if value.is_empty() => Err("write a name, and a query unless the filter is meant".to_owned()),
            Some((name, query)) => Ok(Command::SaveFilter(name.to_owned(), Some(query.trim().to_owned()))),
            None => Ok(Command::SaveFilter(value.to_owned(), None)),
        },
        Meaning::ForgetFilter if value.is_empty() => Err("write the name of a query that was kept".to_owned()),
        Meaning::ForgetFilter => Ok(Command::ForgetFilter(value.to_owned())),
        Meaning::Recompress => Ok(Command::Recompress),
        Meaning::QuitAtOnce => Ok(Command::QuitAtOnce),
        Meaning::Action(action) => Ok(Command::Do(action)),
    }
}

fn columns(paths: &str) -> Result<Command, String> {
    let paths: Vec<&str> = paths.split_whitespace().collect();
    if paths.len() > COLUMNS {
        return Err(format!("there is room for {COLUMNS} columns at most"));
    }
    let read = |path: &&str| {
        let wrong =
            || format!("a path begins with a dot, as in column .type .payload.id: {}", text::escape(path.as_bytes()));
        JsonPath::parse(path).filter(|read| !read.names().is_empty()).ok_or_else(wrong)
    };
    paths.iter().map(read).collect::<Result<_, _>>().map(Command::Columns)
}

/// The kind of finding of an id.
fn kind(id: &str) -> Result<FindingKind, String> {
    let known = FindingKind::ALL.iter().find(|kind| kind.id() == id);
    known.copied().ok_or_else(|| {
        let nearest = FindingKind::ALL.iter().min_by_key(|kind| text::distance(kind.id(), id));
        let nearest = nearest.map_or("frame-rsv", |kind| kind.id());
        format!("write the id of a kind of finding, as in explain {nearest}: tab completes it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Format;
    use crate::tui::keymap::Place;
    use crate::tui::state::command_line::CommandLine;
    use crate::tui::state::writing::Share;
    use proptest::prelude::*;

    fn write(share: Share, path: &str, format: Format, existing: Existing) -> Command {
        Command::Write(WriteLine { share, path: path.into(), format, existing })
    }

    #[test]
    fn lines_mean_what_they_say() {
        for (line, command) in [
            ("quit", Command::Do(Action::Quit)),
            ("q", Command::Do(Action::Quit)),
            (" :quit! ", Command::QuitAtOnce),
            ("follow", Command::Do(Action::Follow)),
            ("half-page-down", Command::Do(Action::HalfPageDown)),
            ("half page down", Command::Do(Action::HalfPageDown)),
            ("close", Command::Do(Action::CloseSession)),
            ("session 3", Command::Session(Some(SessionId(3)))),
            ("session all", Command::Session(None)),
            ("frame 120", Command::Frame(None, FrameNumber::new(120))),
            ("frame 3:120", Command::Frame(Some(SessionId(3)), FrameNumber::new(120))),
            ("policy repair", Command::Policy(Policy::Repair)),
            ("filter from:client", Command::Filter("from:client".to_owned())),
            ("120", Command::Frame(None, FrameNumber::new(120))),
            ("write a b.har", write(Share::Shown, "a b.har", Format::Har, Existing::Keep)),
            ("write! all x.txt", write(Share::All, "x.txt", Format::Text, Existing::Replace)),
            ("write session /tmp/s.pcapng", write(Share::Session, "/tmp/s.pcapng", Format::Pcapng, Existing::Keep)),
            ("theme light", Command::Theme(theme::Choice::Light)),
            ("decoder auto", Command::Decoder(Choice::Guessed)),
            ("decoder none", Command::Decoder(Choice::Plain)),
            ("decoder socket.io", Command::Decoder(Choice::Named(Decoder::SocketIo))),
        ] {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn a_wrong_line_says_what_would_be_right() {
        for (line, words) in [
            ("folow", "did you mean follow?"),
            ("clsoe", "did you mean close?"),
            ("session", "as in session 3"),
            ("session x", "as in session 3"),
            ("frame", "as in frame 120"),
            ("theme neon", "auto, dark, light, mono"),
            ("filter from:me", "from:client or from:server"),
            ("decoder soap", "auto, none, json, socket.io"),
            ("follow 3", "follow takes no value"),
            ("write", "as in write talk.har"),
            ("write all", "all has no ending"),
            ("write x.doc", "take .jsonl, .har"),
            ("half-page", "may be half-page-down or half-page-up"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn each_action_of_a_pane_has_a_name_of_its_own() {
        let all = all();
        for (index, named) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other.name != named.name), "{}", named.name);
            assert!(named.value.is_empty() || !matches!(named.meaning, Meaning::Action(_)));
        }
        for binding in BINDINGS.iter().filter(|binding| binding.places.contains(&Place::Everywhere)) {
            let known = all.iter().any(|named| named.meaning == Meaning::Action(binding.action));
            assert!(known || binding.action == Action::CommandLine, "{:?}", binding.action);
        }
    }

    #[test]
    fn tab_completes_as_far_as_it_is_certain() {
        for (typed, completed) in [
            ("foll", "follow"),
            ("half", "half-page-"),
            ("sessi", "session"),
            ("them", "theme "),
            ("theme l", "theme light"),
            ("decoder gr", "decoder graphql"),
            ("half page d", "half-page-down"),
            ("nothing", "nothing"),
            ("bookm prev", "previous-bookmark"),
        ] {
            let mut line = CommandLine::new(Vec::new());
            line.set(typed);
            line.complete();
            assert_eq!(line.text(), completed, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_line_has_an_answer(text in "\\PC{0,60}") {
            if let Err(error) = parse(&text) {
                prop_assert!(!error.is_empty());
            }
            let mut line = CommandLine::new(Vec::new());
            line.set(&text);
            line.complete();
        }
    }
}
