//! The newest frames that a query asks for, as events.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Value, json};

use crate::control::rules::RuleList;
use crate::journal::Block;
use crate::query::Query;
use crate::record::{Record, SessionId};

use super::Shared;

/// Blocks that are looked at first. Where those have too few such frames, four times as many are.
const FIRST: usize = 4;

/// Messages of which it is remembered how they were let go: as many as frames can be asked for.
const RELEASES: usize = 10_000;

/// Bytes of a reply at most.
const LONGEST: usize = 16 * 1024 * 1024;

/// How the line of a message begins that is not held any more.
const RELEASED: &[u8] = br#"{"v":1,"event":"released","#;

/// How a frame's line begins.
const FRAME: &[u8] = br#"{"v":1,"event":"frame","#;

/// The rules, in their order.
pub(super) fn rules(list: &RuleList) -> Value {
    let rules = list.rules.iter().map(|listing| {
        let query = listing.rule.query().map_or("", Query::text);
        json!({
            "name": listing.rule.name(),
            "query": query,
            "act": listing.rule.doing(),
            "on": listing.is_on,
            "matched": listing.matched,
            "acted": listing.acted,
        })
    });
    json!({ "rules": rules.collect::<Vec<_>>(), "seed": list.seed })
}

/// The frames, oldest first; those that a reply has no room for are counted.
pub(super) fn frames(shared: &Shared, query: Option<Query>, last: usize) -> Result<Value, String> {
    let asked = query.map_or_else(String::new, |query| format!(" ({})", query.text()));
    // What became of one that was held is told by an event of its own.
    let query = Query::parse(&format!("(is:frame{asked}) or is:event")).map_err(|error| error.why)?;
    let mut blocks = Vec::new();
    shared.journal.subscribe(|| ()).read(&mut blocks);
    let mut count = FIRST;
    loop {
        let from = blocks.len().saturating_sub(count);
        let some = blocks.get(from..).unwrap_or_default();
        let is_all = from == 0;
        if is_all || begins_whole(some.iter().map(AsRef::as_ref)) {
            let mut lines = (shared.lines)(query.clone());
            shared.view.introduce(lines.as_mut());
            let (mut kept, mut released, mut out) = (VecDeque::new(), VecDeque::new(), Vec::new());
            for block in some {
                for place in 0..block.log.records.len() {
                    out.clear();
                    lines.add(block.session, &block.log, place, &mut out);
                    kept.extend(lines_of(&out, FRAME));
                    kept.drain(..kept.len().saturating_sub(last));
                    released.extend(lines_of(&out, RELEASED));
                    released.drain(..released.len().saturating_sub(RELEASES));
                }
            }
            if is_all || kept.len() >= last {
                return Ok(listed(kept, &released));
            }
        }
        count = count.saturating_mul(4);
    }
}

/// The lines that begin so.
fn lines_of<'a>(out: &'a [u8], start: &'a [u8]) -> impl Iterator<Item = Vec<u8>> + 'a {
    out.split_inclusive(|byte| *byte == b'\n').filter(move |line| line.starts_with(start)).map(<[u8]>::to_vec)
}

/// What became of a frame that was held.
fn settle(frame: &mut Value, released: &Value) {
    let how = match released.get("how").and_then(Value::as_str) {
        Some("edited") => "changed",
        Some("dropped") => "dropped",
        _ => "as-is",
    };
    if let Some(frame) = frame.as_object_mut() {
        frame.insert("relayed".to_owned(), how.into());
        frame.extend(released.get("sent").map(|sent| ("sent".to_owned(), sent.clone())));
    }
}

fn listed(mut kept: VecDeque<Vec<u8>>, released: &VecDeque<Vec<u8>>) -> Value {
    let (mut size, mut left_out) = (kept.iter().map(Vec::len).sum::<usize>(), 0);
    while size > LONGEST && kept.len() > 1 {
        size -= kept.pop_front().map_or(0, |line| line.len());
        left_out += 1;
    }
    let mut frames: Vec<Value> = kept.iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let place = |frame: &Value| Some((frame.get("session")?.as_u64()?, frame.get("frame")?.as_u64()?));
    let places: HashMap<_, _> =
        frames.iter().enumerate().filter_map(|(index, frame)| Some((place(frame)?, index))).collect();
    for released in released.iter().filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
        let session = released.get("session").and_then(Value::as_u64).unwrap_or_default();
        for number in released.get("frames").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64) {
            if let Some(frame) = places.get(&(session, number)).and_then(|index| frames.get_mut(*index)) {
                settle(frame, &released);
            }
        }
    }
    match left_out {
        0 => json!({ "frames": frames }),
        _ => json!({ "frames": frames, "left_out": left_out }),
    }
}

/// Whether no frame goes on in some blocks that did not begin in them.
fn begins_whole<'a>(blocks: impl Iterator<Item = &'a Block>) -> bool {
    let mut begun = HashSet::new();
    for block in blocks {
        let session = block.session.map_or(0, |SessionId(id)| id);
        for record in &block.log.records {
            match record {
                Record::Frame(frame) if frame.received < frame.header.length => {
                    begun.insert((session, frame.number));
                }
                Record::More(more) if !begun.contains(&(session, more.number)) => return false,
                _ => {}
            }
        }
    }
    true
}
