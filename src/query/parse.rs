//! Reads a query. What is wrong is told with the place of the character that is.

use crate::record::Side;
use crate::record::finding::Level;
use crate::text::{distance, escape};
use crate::wire::opcode::Opcode;

use super::field::{FIELDS, Field, MARKED, PROPERTIES};
use super::path::JsonPath;
use super::pattern::{Case, Pattern};
use super::value::{self, Against, JsonTest, Relation};
use super::{Expression, Term};

/// Bytes of a query at most.
const LONGEST: usize = 4000;
/// Parentheses and `not` in one another: the reader calls itself.
const DEEPEST: usize = 64;
/// Changes of a character up to which an unknown field is a known one with a slip.
const SLIP: usize = 2;

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The byte at which it goes wrong: the start of a character, or the end.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl Error {
    /// In a sentence, with the query that it is about and a mark at the place. Safe to show.
    #[must_use]
    pub fn sentence(&self, text: &str) -> String {
        let (before, behind) = text.split_at_checked(self.at).unwrap_or((text, ""));
        let [before, behind] = [before, behind].map(|part| escape(part.as_bytes()));
        format!("{before}»{behind}: {} (at the »)", self.why)
    }
}

pub(super) fn parse(text: &str) -> Result<Option<Expression>, Error> {
    if text.len() > LONGEST {
        return Err(Error { at: 0, why: format!("it is too long: {LONGEST} bytes at most") });
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.blanks();
    if reader.rest().is_empty() {
        return Ok(None);
    }
    let all = reader.any()?;
    match reader.rest().chars().next() {
        None => Ok(Some(all)),
        _ => Err(reader.error("there is no ( that this ) closes")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, why: impl Into<String>) -> Error {
        Error { at: self.at, why: why.into() }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// A word by itself, such as `or`; passes over it where it is there.
    fn keyword(&mut self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        let is_there = behind
            .is_some_and(|rest| rest.chars().next().is_none_or(|next| next.is_whitespace() || "()".contains(next)));
        if is_there {
            self.at += word.len();
            self.blanks();
        }
        is_there
    }

    fn any(&mut self) -> Result<Expression, Error> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, Error> {
        let mut parts = vec![self.one()?];
        loop {
            let is_said = self.keyword("and");
            let is_end = self.rest().is_empty() || self.rest().starts_with(')') || self.is_next("or");
            if is_end && !is_said {
                return Ok(one_or(parts, Expression::All));
            }
            parts.push(self.one()?);
        }
    }

    fn is_next(&self, word: &str) -> bool {
        Self { text: self.text, at: self.at, depth: 0 }.keyword(word)
    }

    fn one(&mut self) -> Result<Expression, Error> {
        if self.depth >= DEEPEST {
            return Err(self.error(format!("no more than {DEEPEST} of not and ( can stand in one another")));
        }
        self.depth += 1;
        let one = self.one_within();
        self.depth -= 1;
        one
    }

    fn one_within(&mut self) -> Result<Expression, Error> {
        if self.keyword("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.rest().is_empty() || self.is_next("or") || self.is_next("and") {
            return Err(self.error("a word or a field belongs here"));
        }
        if self.rest().starts_with('(') {
            let open = self.at;
            self.at += 1;
            self.blanks();
            let inner = self.any()?;
            if !self.rest().starts_with(')') {
                return Err(Error { at: open, why: "this ( is not closed".to_owned() });
            }
            self.at += 1;
            self.blanks();
            return Ok(inner);
        }
        if self.rest().starts_with(')') {
            return Err(self.error("a word or a field belongs in front of this )"));
        }
        let term = self.term()?;
        self.blanks();
        Ok(Expression::Term(term))
    }

    fn term(&mut self) -> Result<Term, Error> {
        let start = self.at;
        if self.rest().starts_with('"') {
            let phrase = self.quoted()?;
            return self.literal(start, &phrase).map(Term::Text);
        }
        if self.rest().starts_with('/') {
            return self.expression().map(Term::Text);
        }
        if let Some((field, relation, at)) = self.field()? {
            self.at = at;
            return self.field_term(field, relation);
        }
        let word = self.word();
        if word == MARKED {
            return Ok(Term::Marked(None));
        }
        self.literal(start, word).map(Term::Text)
    }

    /// The name of a field and how it is compared, where that is what comes, and where its value begins.
    fn field(&self) -> Result<Option<(Field, Relation, usize)>, Error> {
        let rest = self.rest();
        let end = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let (relation, length) = match behind.as_bytes() {
            [b'>', b'=', ..] => (Relation::AtLeast, 2),
            [b'<', b'=', ..] => (Relation::AtMost, 2),
            [b'>', ..] => (Relation::Above, 1),
            [b'<', ..] => (Relation::Below, 1),
            [b':' | b'=', ..] => (Relation::Is, 1),
            _ => return Ok(None),
        };
        if let Some(about) = FIELDS.iter().find(|about| about.name == name) {
            return Ok(Some((about.what, relation, self.at + end + length)));
        }
        let nearest = FIELDS.iter().min_by_key(|about| distance(about.name, name));
        match nearest.filter(|about| name.len() > SLIP && distance(about.name, name) <= SLIP) {
            Some(about) if behind.starts_with(':') && !behind.starts_with("://") => {
                Err(self.error(format!("there is no field {name}: did you mean {}?", about.name)))
            }
            _ => Ok(None),
        }
    }

    fn field_term(&mut self, field: Field, relation: Relation) -> Result<Term, Error> {
        let at = self.at;
        if !matches!(field, Field::Length | Field::Session | Field::Time | Field::After) && relation != Relation::Is {
            return Err(self.error("this field is asked for with a colon"));
        }
        let fail = |why: &str| Error { at, why: why.to_owned() };
        Ok(match field {
            Field::Hex => Term::Bytes(self.hex()?),
            Field::Json => Term::Json(self.json()?),
            Field::From => match self.word() {
                "client" => Term::From(Side::Client),
                "server" => Term::From(Side::Server),
                _ => return Err(fail("it is from:client or from:server")),
            },
            Field::Opcode => Term::Opcode(
                self.list(opcode, "opcodes are continuation, text, binary, close, ping, pong, or 0x3 and the like")?,
            ),
            Field::Length | Field::Session => {
                let about = "a number belongs here, as in len>1000 or session:3,4";
                let numbers = self.list(value::number, about)?;
                let bound = match (numbers.as_slice(), relation) {
                    ([number], _) => relation.bound(*number),
                    (_, Relation::Is) => value::Bound::One(numbers),
                    _ => return Err(fail("one number belongs behind > and <")),
                };
                if field == Field::Length { Term::Length(bound) } else { Term::Session(bound) }
            }
            Field::After => {
                let number = value::number(self.word()).ok_or_else(|| fail("the number of a frame belongs here"))?;
                Term::Number(Relation::Above.bound(number))
            }
            Field::Time => {
                let time = value::time_of_day(self.word());
                let time = time.ok_or_else(|| fail("a time of day belongs here, as in time>10:02:11"))?;
                Term::Time(relation.bound(time))
            }
            Field::Path => Term::Path(self.text("a part of a path belongs here, as in path:/chat")?),
            Field::Id => Term::Id(self.text("an id of a finding belongs here, or a part of one")?),
            Field::Event => {
                let name = self.value("the name of a message belongs here, as in event:message")?;
                Term::Event(Pattern::whole(&name).map_err(|why| fail(&why))?)
            }
            Field::Marked => Term::Marked(Some(self.text("a part of a note belongs here, as in marked:todo")?)),
            Field::Close => {
                Term::Close(self.list(|code| code.parse().ok(), "a close code belongs here, as in close:1006")?)
            }
            Field::Level => match self.word() {
                "error" => Term::Level(Level::Error),
                "warning" => Term::Level(Level::Warning),
                "note" => Term::Level(Level::Note),
                _ => return Err(fail("a level is error, warning or note")),
            },
            Field::Is => {
                let word = self.word();
                let known = PROPERTIES.iter().find(|about| about.name == word);
                let names = || PROPERTIES.map(|about| about.name).join(", ");
                Term::Is(known.ok_or_else(|| fail(&format!("it is one of {}", names())))?.what)
            }
        })
    }

    /// Up to a blank or a parenthesis.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character: char| character.is_whitespace() || "()".contains(character));
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += word.len();
        word
    }

    /// A word or a phrase.
    fn value(&mut self, missing: &str) -> Result<String, Error> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let at = self.at;
        match self.word() {
            "" => Err(Error { at, why: missing.to_owned() }),
            word => Ok(word.to_owned()),
        }
    }

    fn text(&mut self, missing: &str) -> Result<Pattern, Error> {
        let at = self.at;
        let value = self.value(missing)?;
        self.literal(at, &value)
    }

    fn literal(&self, at: usize, text: &str) -> Result<Pattern, Error> {
        match Pattern::literal(text) {
            Ok(Some(pattern)) => Ok(pattern),
            Ok(None) => Err(Error { at, why: "something belongs between the quotes".to_owned() }),
            Err(why) => Err(Error { at, why }),
        }
    }

    /// What stands between quotes; a backslash takes what follows as it is.
    fn quoted(&mut self) -> Result<String, Error> {
        let start = self.at;
        let mut out = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(out);
                }
                '\\' => out.extend(characters.next().map(|(_, character)| character)),
                character => out.push(character),
            }
        }
        Err(Error { at: start, why: "this quote is not closed".to_owned() })
    }

    /// An expression between slashes, with an `i` behind them where capitals do not count.
    fn expression(&mut self) -> Result<Pattern, Error> {
        let start = self.at;
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).find(|(_, character)| {
            let is_end = *character == '/' && !escaped;
            escaped = *character == '\\' && !escaped;
            is_end
        });
        let Some((end, _)) = end else {
            // A path by itself is more likely than an expression that is not finished.
            let word = self.word();
            return self.literal(start, word);
        };
        let expression = self.rest().get(1..end).unwrap_or_default();
        let behind = self.rest().get(end + 1..).unwrap_or_default();
        let is_done = |rest: &str| rest.chars().next().is_none_or(|next| next.is_whitespace() || "()".contains(next));
        let (case, length) = match behind.strip_prefix('i') {
            Some(rest) if is_done(rest) => (Case::Ignored, 1),
            _ if is_done(behind) => (Case::Counts, 0),
            _ => {
                let word = self.word();
                return self.literal(start, word);
            }
        };
        let pattern = Pattern::expression(expression, case).map_err(|why| Error { at: start, why })?;
        self.at = start + end + 1 + length;
        Ok(pattern)
    }

    /// Pairs of digits, with or without blanks between them.
    fn hex(&mut self) -> Result<Pattern, Error> {
        let start = self.at;
        let mut digits = self.word().to_owned();
        loop {
            let mut ahead = Reader { text: self.text, at: self.at, depth: 0 };
            ahead.blanks();
            let word = ahead.word();
            let is_hex =
                word.len() >= 2 && word.len().is_multiple_of(2) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_hex {
                break;
            }
            digits.push_str(word);
            self.at = ahead.at;
        }
        match Pattern::hex(&digits) {
            Ok(Some(pattern)) => Ok(pattern),
            Ok(None) => Err(Error { at: start, why: "bytes belong here, as in hex:81 05".to_owned() }),
            Err(why) => Err(Error { at: start, why }),
        }
    }

    fn list<T>(&mut self, read: impl Fn(&str) -> Option<T>, about: &str) -> Result<Vec<T>, Error> {
        let mut at = self.at;
        let mut all = Vec::new();
        for item in self.word().split(',') {
            all.push(read(item).ok_or_else(|| Error { at, why: about.to_owned() })?);
            at += item.len() + 1;
        }
        Ok(all)
    }

    /// `.user.id=42`, `.items[0]`.
    fn json(&mut self) -> Result<JsonTest, Error> {
        const ABOUT: &str = "a path belongs here, as in json:.user.id=42";
        let start = self.at;
        let rest = self.rest();
        let end = rest.find(|character: char| character.is_whitespace() || "()=~<>".contains(character));
        let path = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += path.len();
        let path = JsonPath::parse(path).ok_or_else(|| Error { at: start, why: ABOUT.to_owned() })?.names().to_vec();
        let (relation, length) = match self.rest().as_bytes() {
            [b'>', b'=', ..] => (Relation::AtLeast, 2),
            [b'<', b'=', ..] => (Relation::AtMost, 2),
            [b'>', ..] => (Relation::Above, 1),
            [b'<', ..] => (Relation::Below, 1),
            [b'=', ..] => (Relation::Is, 1),
            [b'~', ..] => (Relation::Contains, 1),
            _ => return Ok(JsonTest { path, against: None }),
        };
        self.at += length;
        let at = self.at;
        let text = self.value("a value belongs here, as in json:.user.id=42")?;
        let pattern = if relation == Relation::Contains { Some(self.literal(at, &text)?) } else { None };
        let against = Against { number: text.parse().ok(), text, pattern };
        Ok(JsonTest { path, against: Some((relation, against)) })
    }
}

fn one_or(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

fn opcode(text: &str) -> Option<u8> {
    let named = (0..=0xf).map(Opcode::new).find(|opcode| opcode.name() == Some(text));
    let digits = text.strip_prefix("0x");
    let value = digits.map_or_else(|| text.parse().ok(), |digits| u8::from_str_radix(digits, 16).ok());
    named.map(Opcode::value).or(value.filter(|value| *value < 16))
}
