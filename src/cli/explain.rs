//! `wsproxy explain`: the long text of a finding, with an example, or a list of those that say a word, or of all.

use std::ffi::OsStr;
use std::io::{self, Write};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

use crate::diagnose::examples::{Example, example};
use crate::diagnose::render::{self, Part, RenderedLine};
use crate::diagnose::{UNSEEN, Unseen, words};
use crate::headless::Colour;
use crate::json::explanation;
use crate::record::finding::{FindingKind, Level};
use crate::relay::rehearsal;
use crate::text;

/// Columns of the text.
const WIDTH: usize = 80;
/// Ids that are offered in place of an unknown one.
const OFFERED: usize = 3;

/// What can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A finding.
    Finding(FindingKind),
    /// Something that wsproxy never sees.
    Unseen(Unseen),
}

impl Subject {
    fn all() -> impl Iterator<Item = Self> {
        let findings = FindingKind::ALL.iter().map(|kind| Self::Finding(*kind));
        findings.chain(UNSEEN.iter().map(|unseen| Self::Unseen(*unseen)))
    }

    const fn id(&self) -> &'static str {
        match self {
            Self::Finding(kind) => kind.id(),
            Self::Unseen(unseen) => unseen.id,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Finding(kind) => words(*kind).title,
            Self::Unseen(unseen) => unseen.title,
        }
    }

    /// All that is said of it.
    fn words(&self) -> String {
        match self {
            Self::Finding(kind) => {
                let entry = words(*kind);
                let optional = [entry.from_client, entry.repair].map(Option::unwrap_or_default);
                let said = [entry.title, entry.spec, entry.chrome, entry.firefox, entry.safari, entry.cause, entry.fix];
                [&[kind.id()], &said[..], &optional[..]].concat().join("\n")
            }
            Self::Unseen(unseen) => [unseen.id, unseen.title, unseen.chrome, unseen.cause, unseen.fix].join("\n"),
        }
    }
}

/// What an id or some words stand for: one or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subjects(Vec<Subject>);

impl Subjects {
    /// The one of that id, or all that have each of the words: those first that have them in their id or title.
    fn of(wanted: &str) -> Self {
        let wanted = wanted.to_lowercase();
        if let Some(subject) = Subject::all().find(|subject| subject.id() == wanted) {
            return Self(vec![subject]);
        }
        let has_all = |text: &str| {
            let text = text.to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        };
        let names = |subject: &Subject| has_all(&format!("{} {}", subject.id(), subject.title()));
        let mut found: Vec<_> = Subject::all().filter(|subject| has_all(&subject.words())).collect();
        found.sort_by_key(|subject| !names(subject));
        Self(found)
    }
}

/// Reads an id or some words. Shells complete the ids; what nothing is found for gets the nearest.
#[derive(Clone, Copy, Debug)]
pub struct SubjectsParser;

impl TypedValueParser for SubjectsParser {
    type Value = Subjects;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Subjects, Error> {
        let wanted = value.to_string_lossy();
        let found = Subjects::of(&wanted);
        if found.0.is_empty() || wanted.trim().is_empty() {
            let nearest = nearest(&wanted.to_lowercase()).join(", ");
            let text = format!(
                "there is no finding {value:?}, and none that says so; did you mean {nearest}? `wsproxy explain` lists all\n"
            );
            return Err(Error::raw(ErrorKind::InvalidValue, text));
        }
        Ok(found)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Subject::all().map(|subject| PossibleValue::new(subject.id()).help(subject.title()))))
    }
}

/// The ids whose beginning takes the fewest changes to get to.
fn nearest(id: &str) -> Vec<&'static str> {
    let mut ids: Vec<_> = Subject::all().map(|subject| subject.id()).collect();
    ids.sort_by_cached_key(|known| (text::distance_to_beginning(id, known), known.len()));
    ids.truncate(OFFERED);
    ids
}

/// Writes the text of one, the list of several, or that of all.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(subjects: Option<&Subjects>, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    match subjects.map(|Subjects(found)| found.as_slice()) {
        None => list(colour, out),
        Some([Subject::Finding(kind)]) => {
            let level = style(words(*kind).level);
            for line in finding(*kind) {
                let style = match line.part {
                    Part::Title => level,
                    Part::Underline => "31",
                    Part::Help => "32",
                    Part::Place => "2",
                    Part::Hex | Part::Fact => "",
                };
                writeln!(out, "{}", colour.paint(style, &line.text))?;
            }
            Ok(())
        }
        Some([Subject::Unseen(subject)]) => unseen(subject, colour, out),
        Some(found) => found.iter().try_for_each(|subject| row(*subject, colour, out)),
    }
}

/// Writes a JSON object for each.
///
/// # Errors
/// When `out` can't be written to.
pub fn write_json(subjects: Option<&Subjects>, out: &mut dyn Write) -> io::Result<()> {
    let found = subjects.map_or_else(|| Subject::all().collect(), |Subjects(found)| found.clone());
    let mut lines = Vec::new();
    for subject in found {
        match subject {
            Subject::Finding(kind) => explanation::finding(kind, &mut lines),
            Subject::Unseen(unseen) => explanation::unseen(&unseen, &mut lines),
        }
    }
    out.write_all(&lines)
}

/// The text of a finding.
#[must_use]
pub fn finding(kind: FindingKind) -> Vec<RenderedLine> {
    let entry = words(kind);
    let mut out = Vec::new();
    let title = format!("{}[{}]: {}", entry.level.name(), kind.id(), entry.title);
    wrapped(Part::Title, 2, &title, &mut out);
    let shown = example_lines(kind);
    if let Some(words) = example(kind).words() {
        wrapped(Part::Fact, 4, &format!("  for example: {words}"), &mut out);
    } else if !shown.is_empty() {
        out.push(RenderedLine { part: Part::Fact, text: "  for example:".to_owned() });
    }
    out.extend(shown);
    let mut facts = vec![("layer", kind.layer().name()), ("rule", entry.spec), ("chrome", entry.chrome)];
    facts.extend([("firefox", entry.firefox), ("safari", entry.safari)]);
    facts.extend(entry.from_client.map(|words| ("from a client", words)));
    facts.push(("usual cause", entry.cause));
    facts.push(("repair", entry.repair.unwrap_or("nothing")));
    for (label, fact) in facts {
        wrapped(Part::Fact, 4, &format!("  = {label}: {fact}"), &mut out);
    }
    wrapped(Part::Help, 4, &format!("  help: {}", entry.fix), &mut out);
    out
}

/// Where the example has it, and its bytes.
#[must_use]
pub fn example_lines(kind: FindingKind) -> Vec<RenderedLine> {
    let Example::Scene(scene) = example(kind) else { return Vec::new() };
    let found = rehearsal::findings(&scene).into_iter().find(|(_, finding)| finding.kind == kind);
    let lines = found.map(|(from, finding)| render::lines(None, from.name(), &finding, WIDTH)).unwrap_or_default();
    lines.into_iter().filter(|line| matches!(line.part, Part::Place | Part::Hex | Part::Underline)).collect()
}

fn wrapped(part: Part, hanging: usize, text: &str, out: &mut Vec<RenderedLine>) {
    out.extend(render::wrap(text, hanging, WIDTH).into_iter().map(|text| RenderedLine { part, text }));
}

fn unseen(subject: &Unseen, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", colour.paint("1", &format!("{}: {}", subject.id, subject.title)))?;
    let facts = [
        ("no byte of it reaches wsproxy, so it is never found", ""),
        ("chrome: ", subject.chrome),
        ("usual cause: ", subject.cause),
    ];
    for (label, fact) in facts {
        for line in render::wrap(&format!("  = {label}{fact}"), 4, WIDTH) {
            writeln!(out, "{line}")?;
        }
    }
    for line in render::wrap(&format!("  help: {}", subject.fix), 4, WIDTH) {
        writeln!(out, "{}", colour.paint("32", &line))?;
    }
    Ok(())
}

/// All ids by layer, one a line.
fn list(colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    let mut layer = None;
    for kind in FindingKind::ALL {
        if layer.replace(kind.layer()) != Some(kind.layer()) {
            writeln!(out, "{}", colour.paint("1", kind.layer().name()))?;
        }
        row(Subject::Finding(*kind), colour, out)?;
    }
    writeln!(out, "{}", colour.paint("1", "never seen by wsproxy"))?;
    UNSEEN.iter().try_for_each(|unseen| row(Subject::Unseen(*unseen), colour, out))
}

/// Its level, id and title.
fn row(subject: Subject, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    let (style, level) = match subject {
        Subject::Finding(kind) => (style(words(kind).level), words(kind).level.name()),
        Subject::Unseen(_) => ("", ""),
    };
    let level = colour.paint(style, &format!("{level:<8}"));
    writeln!(out, "  {level} {:<32} {}", subject.id(), subject.title())
}

const fn style(level: Level) -> &'static str {
    match level {
        Level::Error => "1;31",
        Level::Warning => "1;33",
        Level::Note => "1;36",
    }
}
