//! DDP, the protocol of Meteor: objects with a `msg`, bare or in messages of SockJS.

use super::reading::Reading;
use super::{Fault, Role};

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    reading.expect_text("DDP")?;
    let root = reading.json(None, 0)?;
    let document = reading.document();
    let says = |key| document.says(root, key).unwrap_or_default();
    let shown = |key| reading.compact(document.member(root, key));
    let (kind, id) = (says("msg").to_owned(), says("id").to_owned());
    let error = document.member(root, "error").map(|error| {
        let said = ["message", "reason", "error"].into_iter().find_map(|key| document.id(Some(error), key));
        said.map_or_else(|| reading.compact(Some(error)), str::to_owned)
    });
    let sub = || format!("sub {id}");
    let method = || format!("method {id}");
    let mut event = kind.clone();
    let (summary, role) = match (kind.as_str(), error) {
        ("ping" | "pong", _) => (kind, Role::Heartbeat),
        ("sub", _) => (format!("sub {} #{id} {}", says("name"), shown("params")), Role::Request(sub())),
        ("nosub", Some(error)) => (format!("nosub #{id} {error}"), Role::Refusal(sub())),
        ("unsub" | "nosub", _) => (format!("{kind} #{id}"), Role::Other),
        ("ready", _) => return ready(reading, root),
        ("method", _) => {
            says("method").clone_into(&mut event);
            (format!("{event} #{id} {}", shown("params")), Role::Request(method()))
        }
        ("result", Some(error)) => (format!("error #{id} {error}"), Role::Refusal(method())),
        ("result", None) => (format!("result #{id} {}", shown("result")), Role::Reply(method())),
        ("updated", _) => (format!("updated {}", shown("methods")), Role::Other),
        ("added" | "changed" | "addedBefore", _) => {
            (format!("{kind} {} {id} {}", says("collection"), shown("fields")), Role::Other)
        }
        ("removed" | "movedBefore", _) => (format!("{kind} {} {id}", says("collection")), Role::Other),
        ("connect", _) => (format!("connect {}", says("version")), Role::Request("connect".to_owned())),
        ("connected", _) => (format!("connected {}", says("session")), Role::Reply("connect".to_owned())),
        ("failed", _) => (format!("failed, try {}", says("version")), Role::Refusal("connect".to_owned())),
        ("error", _) => (format!("error {}", says("reason")), Role::Error),
        ("", _) if document.member(root, "server_id").is_some() => {
            "server".clone_into(&mut event);
            (format!("server {}", says("server_id")), Role::Other)
        }
        _ => return Err(Fault::new(0, format!("DDP has no messages of the kind {kind}"))),
    };
    reading.part(summary.trim_end(), Some(&event), role);
    Ok(())
}

/// Which subscriptions have sent all that was there: a reply to each.
fn ready(reading: &mut Reading<'_>, root: Option<usize>) -> Result<(), Fault> {
    let document = reading.document();
    let subs = document.member(root, "subs");
    let most = reading.limits().parts;
    let ids = document.children(subs.or(root)).filter_map(|id| document.value(Some(id))?.as_str());
    let ids: Vec<String> = ids.filter(|_| subs.is_some()).take(most).map(str::to_owned).collect();
    if ids.is_empty() {
        reading.part("ready", Some("ready"), Role::Other);
    }
    for id in ids {
        reading.part(&format!("ready #{id}"), Some("ready"), Role::Reply(format!("sub {id}")));
    }
    Ok(())
}
