//! The protocol of the control socket: a line of JSON is read as what it asks for, and replies are written as one.
//!
//! A line is an object with `do`, a command's name, and on wish `id`, which the reply repeats. What is wrong with a line
//! is told in a sentence that names the place. No I/O: whoever has the socket carries out what is asked for.

mod content;
mod hook;
mod reply;
pub mod table;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::query::Query;
use crate::record::{FrameNumber, PerSide, Policy, SessionId, Side};
use crate::relay::hold::{Condition, Conditions};
use crate::text;
use crate::wire::close::Code;

use super::holds::HoldId;
use super::rules::RuleCommand;
use table::{COMMANDS, CommandHelp, Do, Field, FieldHelp, Kind};

pub use content::{Came, Content};
pub use hook::{HookReply, Then, hook_reply};
pub use reply::{done, help, holds, refused, reply, settled};
pub use words::line;

/// Bytes of a line at most: a message of a few mebibytes in base64.
pub const LONGEST: usize = 8 * 1024 * 1024;

/// Bytes of an `id`, which each reply repeats.
const LONGEST_ID: usize = 256;

/// Bytes of a reason beside the code in a close frame (RFC 6455 5.5).
const LONGEST_REASON: usize = 123;

/// Changes of a character up to which an unknown command is a known one with a slip.
const SLIP: usize = 2;

/// Frames that are listed where nothing else is asked for, and at most.
const LAST: u64 = 50;
const MOST: u64 = 10_000;

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// What the reply repeats.
    pub id: Option<Value>,
    /// What is to be done.
    pub request: Request,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// List the sessions.
    Sessions,
    /// List frames.
    Frames {
        /// Which.
        query: Option<Query>,
        /// How many at most.
        last: usize,
    },
    /// Put something into a session.
    Inject {
        /// Which session.
        session: SessionId,
        /// Who gets it.
        to: Side,
        /// What.
        content: Content,
    },
    /// Send a frame once more.
    Resend(SessionId, FrameNumber),
    /// Put on a hold.
    Hold(Conditions),
    /// Take one back.
    Unhold(HoldId),
    /// List the holds.
    Holds,
    /// List what is held.
    Held,
    /// Let a message go.
    Release(Which),
    /// Let all go.
    ReleaseAll,
    /// Send something else in place of a message.
    Edit(Which, Content),
    /// Send nothing in its place.
    Drop(Which),
    /// End a session.
    Close {
        /// Which session.
        session: SessionId,
        /// The code of the close frames.
        code: Code,
        /// Their reason.
        reason: String,
    },
    /// End a session at once.
    Cut(SessionId),
    /// Say what is done about faults, and change it.
    Policy(Option<Policy>),
    /// Put a rule in, in three parts.
    Rule {
        /// What it is called.
        name: String,
        /// What it acts on.
        query: String,
        /// What it does.
        act: String,
    },
    /// Switch a rule, or take it out.
    Rules(RuleCommand),
    /// List the rules.
    ListRules,
    /// Send events.
    Subscribe {
        /// Which.
        query: Option<Query>,
        /// What is remembered of before, too.
        past: bool,
    },
    /// Send no more.
    Unsubscribe,
    /// List the commands, or tell of one.
    Help(Option<&'static CommandHelp>),
    /// End the proxy.
    Quit,
}

/// A message that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of that number among all that are held.
    Held(u64),
    /// The one with that frame.
    Frame(SessionId, FrameNumber),
    /// Not a message, but that side's head.
    Head(SessionId, Side),
}

/// What is wrong with a line.
#[derive(Debug, PartialEq)]
pub struct Wrong {
    /// What the reply repeats, as far as it could be read.
    pub id: Option<Value>,
    /// One sentence, with the place and what would be right. Safe to show.
    pub why: String,
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it.
pub fn read(line: &[u8]) -> Result<Asked, Wrong> {
    let nameless = |why| Wrong { id: None, why };
    let value: Value = serde_json::from_slice(line).map_err(|error| nameless(not_json(&error)))?;
    let Value::Object(mut object) = value else {
        return Err(nameless(r#"a command is an object, as in {"do":"sessions"}"#.to_owned()));
    };
    let id = id(&mut object).map_err(nameless)?;
    match request(object) {
        Ok(request) => Ok(Asked { id, request }),
        Err(why) => Err(Wrong { id, why }),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    match error.classify() {
        Category::Eof if error.column() == 0 => {
            r#"the line is empty: write an object, as in {"do":"sessions"}"#.to_owned()
        }
        _ => format!("not JSON at byte {}: {}", error.column(), text::escape(words.as_bytes())),
    }
}

fn id(object: &mut Map<String, Value>) -> Result<Option<Value>, String> {
    let id = object.shift_remove("id");
    match &id {
        None | Some(Value::Number(_) | Value::Null) => Ok(id),
        Some(Value::String(text)) if text.len() <= LONGEST_ID => Ok(id),
        _ => Err(format!("id: write a number, or a string of at most {LONGEST_ID} bytes")),
    }
}

fn request(mut object: Map<String, Value>) -> Result<Request, String> {
    let name = match object.shift_remove("do") {
        Some(Value::String(name)) => name,
        Some(_) => return Err(r#"do: write a command's name, as in "do":"sessions""#.to_owned()),
        None => return Err(r#"there is no do: write a command's name, as in {"do":"sessions"}"#.to_owned()),
    };
    let command = CommandHelp::named(&name).ok_or_else(|| unknown_command(&name))?;
    if let Some(name) = object.keys().find(|name| command.field(name).is_none()) {
        return Err(unknown_field(command, name));
    }
    Fields { command, object }.request()
}

/// A command that there is not, and one that there is.
fn unknown_command(name: &str) -> String {
    let nearest = COMMANDS.iter().min_by_key(|command| text::distance(name, command.name));
    let nearest = nearest.filter(|command| text::distance(name, command.name) <= SLIP);
    let shown = text::preview(name.as_bytes(), 30);
    match nearest {
        Some(command) => format!("unknown command {shown}; did you mean {}?", command.name),
        None => format!("unknown command {shown}; help lists those that there are"),
    }
}

fn unknown_field(command: &CommandHelp, name: &str) -> String {
    let names: Vec<_> = command.fields().map(|field| field.name).collect();
    let shown = text::preview(name.as_bytes(), 30);
    let takes = if names.is_empty() { "no field".to_owned() } else { names.join(", ") };
    format!("{}: there is no field {shown}; it takes {takes}", command.name)
}

/// The fields of a command, as they came.
struct Fields {
    command: &'static CommandHelp,
    object: Map<String, Value>,
}

impl Fields {
    fn request(self) -> Result<Request, String> {
        Ok(match self.command.what {
            Do::Sessions => Request::Sessions,
            Do::Frames => {
                let last = self.number(Field::Last, 1..=MOST)?.unwrap_or(LAST);
                Request::Frames { query: self.query_of_rows()?, last: usize::try_from(last).unwrap_or(usize::MAX) }
            }
            Do::Inject => {
                let (session, to) = (self.session()?, self.to()?);
                let content =
                    self.content()?.ok_or_else(|| self.error("say what goes out: text, payload, raw or line"))?;
                content.injection(None).map_err(|why| self.error(why))?;
                Request::Inject { session, to, content }
            }
            Do::Resend => {
                let frame = self.needed(Field::Frame, self.number(Field::Frame, 1..=u64::MAX)?)?;
                Request::Resend(self.session()?, FrameNumber::new(frame))
            }
            Do::Hold => Request::Hold(self.conditions()?),
            Do::Unhold => Request::Unhold(HoldId(self.needed(Field::Hold, self.number(Field::Hold, 1..=u64::MAX)?)?)),
            Do::Holds => Request::Holds,
            Do::Held => Request::Held,
            Do::Release if self.flag(Field::All)?.unwrap_or_default() => Request::ReleaseAll,
            Do::Release => Request::Release(self.which()?),
            Do::Edit => {
                let which = self.which()?;
                let content =
                    self.content()?.ok_or_else(|| self.error("say what goes out: text, payload, raw or line"))?;
                match which {
                    Which::Head(..) => drop(content.head().map_err(|why| self.error(why))?),
                    Which::Held(_) | Which::Frame(..) => drop(content.injection(None).map_err(|why| self.error(why))?),
                }
                Request::Edit(which, content)
            }
            Do::Drop => Request::Drop(self.which()?),
            Do::Close => self.close()?,
            Do::Policy => Request::Policy(self.text(Field::Policy)?.map(|name| self.policy(&name)).transpose()?),
            Do::Rule => self.rule()?,
            Do::Unrule if self.flag(Field::All)?.unwrap_or_default() => Request::Rules(RuleCommand::RemoveAll),
            Do::Unrule => Request::Rules(RuleCommand::Remove(self.needed(Field::Name, self.text(Field::Name)?)?)),
            Do::Rules => Request::ListRules,
            Do::Subscribe => {
                Request::Subscribe { query: self.query_of_rows()?, past: self.flag(Field::Past)?.unwrap_or_default() }
            }
            Do::Unsubscribe => Request::Unsubscribe,
            Do::Help => Request::Help(match self.text(Field::Command)? {
                Some(name) => Some(CommandHelp::named(&name).ok_or_else(|| self.error(unknown_command(&name)))?),
                None => None,
            }),
            Do::Quit => Request::Quit,
        })
    }

    /// A sentence about the command as a whole.
    fn error(&self, why: impl AsRef<str>) -> String {
        format!("{}: {}", self.command.name, why.as_ref())
    }

    /// A sentence about a field.
    fn wrong(&self, field: Field, why: impl AsRef<str>) -> String {
        format!("{}: {}: {}", self.command.name, field.name(), why.as_ref())
    }

    fn help(&self, field: Field) -> Option<&'static FieldHelp> {
        self.command.fields().find(|help| help.what == field)
    }

    fn takes(&self, field: Field) -> String {
        let kind = self.help(field).map_or(Kind::Text, |help| help.kind);
        self.wrong(field, format!("write {}", kind.words()))
    }

    fn needed<T>(&self, field: Field, value: Option<T>) -> Result<T, String> {
        let about = self.help(field).map_or("", |help| help.about);
        value.ok_or_else(|| self.error(format!("{} is missing: {about}", field.name())))
    }

    fn value(&self, field: Field) -> Option<&Value> {
        self.object.get(field.name())
    }

    fn text(&self, field: Field) -> Result<Option<String>, String> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.takes(field)),
        }
    }

    fn flag(&self, field: Field) -> Result<Option<bool>, String> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.takes(field)),
        }
    }

    fn number(&self, field: Field, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, String> {
        let Some(value) = self.value(field) else { return Ok(None) };
        match value.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None if *range.end() == u64::MAX => {
                Err(self.wrong(field, format!("write a whole number from {}", range.start())))
            }
            None => Err(self.wrong(field, format!("write a whole number from {} to {}", range.start(), range.end()))),
        }
    }

    fn session(&self) -> Result<SessionId, String> {
        self.needed(Field::Session, self.number(Field::Session, 1..=u64::MAX)?).map(SessionId)
    }

    fn to(&self) -> Result<Side, String> {
        self.needed(Field::To, self.side(Field::To)?)
    }

    fn side(&self, field: Field) -> Result<Option<Side>, String> {
        let Some(name) = self.text(field)? else { return Ok(None) };
        let side = [Side::Client, Side::Server].into_iter().find(|side| side.name() == name);
        side.map(Some).ok_or_else(|| self.takes(field))
    }

    fn policy(&self, name: &str) -> Result<Policy, String> {
        Policy::named(name).ok_or_else(|| self.takes(Field::Policy))
    }

    fn which(&self) -> Result<Which, String> {
        let session = self.number(Field::Session, 1..=u64::MAX)?;
        let frame = self.number(Field::Frame, 1..=u64::MAX)?;
        match (self.number(Field::Held, 1..=u64::MAX)?, session, frame, self.side(Field::Head)?) {
            (Some(held), None, None, None) => Ok(Which::Held(held)),
            (None, Some(session), Some(frame), None) => Ok(Which::Frame(SessionId(session), FrameNumber::new(frame))),
            (None, Some(session), None, Some(from)) => Ok(Which::Head(SessionId(session), from)),
            _ => Err(self.error("say which message: its number as held, or session and frame; or session and head")),
        }
    }

    fn close(&self) -> Result<Request, String> {
        let session = self.session()?;
        let (code, reason) = (self.number(Field::Code, 0..=u64::from(u16::MAX))?, self.text(Field::Reason)?);
        if self.flag(Field::AtOnce)?.unwrap_or_default() {
            return match (code, reason) {
                (None, None) => Ok(Request::Cut(session)),
                _ => Err(self.wrong(Field::AtOnce, "no close frame is sent then, so leave code and reason out")),
            };
        }
        let code = Code::new(u16::try_from(code.unwrap_or(u64::from(Code::NORMAL.value()))).unwrap_or_default());
        if !code.is_sendable() {
            let why =
                format!("{code} can't be sent ({}); 1000 to 1003, 1007 to 1014 and 3000 to 4999 can", code.name());
            return Err(self.wrong(Field::Code, why));
        }
        let reason = reason.unwrap_or_default();
        if reason.len() > LONGEST_REASON {
            let why = format!("a close reason holds at most {LONGEST_REASON} bytes and this has {}", reason.len());
            return Err(self.wrong(Field::Reason, why));
        }
        Ok(Request::Close { session, code, reason })
    }

    fn rule(&self) -> Result<Request, String> {
        let name = self.needed(Field::Name, self.text(Field::Name)?)?;
        let (query, act) = (self.text(Field::Query)?, self.text(Field::Act)?);
        match (self.flag(Field::On)?, act) {
            (Some(on), None) if query.is_none() => Ok(Request::Rules(RuleCommand::Switch { name, on })),
            (None, Some(act)) => Ok(Request::Rule { name, query: query.unwrap_or_default(), act }),
            _ => Err(self.error("say what it does in act, or with on whether the rule that there is acts")),
        }
    }

    fn query(&self) -> Result<Option<Query>, String> {
        let text = self.text(Field::Query)?.unwrap_or_default();
        Query::parse(&text).map_err(|error| self.wrong(Field::Query, error.sentence(&text)))
    }

    /// A query of what was seen; marks and later replies are the screen's.
    fn query_of_rows(&self) -> Result<Option<Query>, String> {
        let query = self.query()?;
        if query.as_ref().is_some_and(|query| query.asks_for_marks() || query.asks_for_replies()) {
            return Err(self.wrong(Field::Query, "marked and is:unreplied are known on the screen only"));
        }
        Ok(query)
    }

    /// What is held, of both sides.
    fn conditions(&self) -> Result<Conditions, String> {
        let condition = Condition::new(self.query()?).map_err(|why| self.wrong(Field::Query, why.to_string()))?;
        let condition = Arc::new(condition);
        Ok(PerSide::new(Some(Arc::clone(&condition)), Some(condition)))
    }
}
