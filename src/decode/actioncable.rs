//! ActionCable of Ruby on Rails (actioncable-v1-json).

use crate::record::Side;

use super::reading::Reading;
use super::{Fault, Role};

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    reading.expect_text("ActionCable")?;
    let root = reading.json(None, 0)?;
    let from = reading.from;
    let document = reading.document();
    let identifier = document.says(root, "identifier").unwrap_or_default().to_owned();
    let channel = in_quotes(&identifier, "channel").unwrap_or(&identifier).to_owned();
    let known = match from {
        Side::Client => document.says(root, "command"),
        Side::Server => document.says(root, "type"),
    };
    let (name, summary, role) = match known.map(str::to_owned) {
        Some(kind) if kind == "ping" => (kind, "ping".to_owned(), Role::Heartbeat),
        Some(kind) => {
            let summary = match kind.as_str() {
                "message" => {
                    let data = document.says(root, "data").unwrap_or_default();
                    let action = in_quotes(data, "action").unwrap_or_default();
                    [channel.as_str(), action, data].join(" ").replace("  ", " ")
                }
                "disconnect" => format!("disconnect {}", document.says(root, "reason").unwrap_or_default()),
                _ => format!("{kind} {channel}"),
            };
            let role = match kind.as_str() {
                "subscribe" => Role::Request(identifier),
                "confirm_subscription" => Role::Reply(identifier),
                "reject_subscription" => Role::Refusal(identifier),
                "disconnect" => Role::Error,
                "welcome" | "unsubscribe" | "message" => Role::Other,
                _ => return Err(Fault::new(0, format!("ActionCable has no messages of type {kind}"))),
            };
            (kind, summary.trim_end().to_owned(), role)
        }
        None => {
            let message = document.member(root, "message");
            if message.is_none() || identifier.is_empty() || from == Side::Client {
                return Err(Fault::new(
                    0,
                    "a message of ActionCable has a type, a command, or an identifier and a message",
                ));
            }
            ("message".to_owned(), format!("{channel} {}", reading.compact(message)), Role::Other)
        }
    };
    reading.part(&summary, Some(&name), role);
    Ok(())
}

/// The text of a member in JSON that came inside a text; only for showing.
fn in_quotes<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    rest.trim_start().strip_prefix('"')?.split('"').next()
}
