//! Replies as objects of JSON.

use serde_json::{Map, Value, json};

use crate::control::holds::PutHold;
use crate::record::Side;
use crate::relay::injection::{Reply, Wait};

use super::table::{COMMANDS, CommandHelp};

/// It is done; `more` stands with that.
#[must_use]
pub fn done(id: Option<&Value>, more: Value) -> Value {
    let mut object = begun(id);
    object.insert("ok".into(), true.into());
    if let Value::Object(more) = more {
        object.extend(more);
    }
    Value::Object(object)
}

/// It is not, and why.
#[must_use]
pub fn refused(id: Option<&Value>, why: &str) -> Value {
    let mut object = begun(id);
    object.insert("ok".into(), false.into());
    object.insert("error".into(), why.into());
    Value::Object(object)
}

/// What became of a command.
#[must_use]
pub fn reply(id: Option<&Value>, reply: &Reply) -> Value {
    match reply {
        Reply::Done | Reply::Released | Reply::Sent { frame: None } => done(id, Value::Null),
        Reply::Sent { frame: Some(frame) } => done(id, json!({ "frame": frame.value() })),
        Reply::Hold(hold) => done(id, json!({ "hold": hold })),
        Reply::Waiting(wait) => done(id, json!({ "waiting": waiting(*wait) })),
        Reply::Refused(refusal) => refused(id, &refusal.to_string()),
    }
}

/// The event that tells what became of what had to wait.
#[must_use]
pub fn settled(id: Option<&Value>, reply: &Reply) -> Value {
    let mut object = Map::new();
    object.insert("v".into(), 1.into());
    object.insert("event".into(), "settled".into());
    if let Value::Object(reply) = self::reply(id, reply) {
        object.extend(reply);
    }
    Value::Object(object)
}

const fn waiting(wait: Wait) -> &'static str {
    match wait {
        Wait::Frame => "frame",
        Wait::Message => "message",
        Wait::Held => "held",
    }
}

fn begun(id: Option<&Value>) -> Map<String, Value> {
    let mut object = Map::new();
    if let Some(id) = id {
        object.insert("id".into(), id.clone());
    }
    object
}

/// What holds are on.
#[must_use]
pub fn holds(holds: &[PutHold]) -> Value {
    let list = holds.iter().map(|hold| {
        let sides = [Side::Client, Side::Server].into_iter().filter(|side| hold.conditions[*side].is_some());
        let from: Vec<_> = sides.map(Side::name).collect();
        let query = hold.conditions.iter().flatten().next().map_or("", |condition| condition.text());
        json!({ "hold": hold.id.0, "from": from, "query": query })
    });
    json!({ "holds": list.collect::<Vec<_>>() })
}

/// The commands that there are, or one.
#[must_use]
pub fn help(command: Option<&CommandHelp>) -> Value {
    let listed = COMMANDS.iter().filter(|listed| command.is_none_or(|command| command.what == listed.what));
    let list = listed.map(|command| {
        let fields = command.fields().map(|field| (field.name.to_owned(), Value::from(field.about)));
        let fields: Map<String, Value> = fields.collect();
        json!({ "do": command.name, "about": command.about, "fields": fields, "example": command.example })
    });
    json!({ "commands": list.collect::<Vec<_>>() })
}
