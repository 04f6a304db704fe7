//! The lines of `wsproxy explain --json`.

use serde::Serialize;

use crate::diagnose::{self, Unseen};
use crate::record::finding::FindingKind;

use super::{VERSION, put};

/// What is null of what wsproxy never sees: no byte of it says anything.
#[derive(Default, Serialize)]
struct Explanation {
    v: u8,
    event: &'static str,
    id: &'static str,
    level: Option<&'static str>,
    layer: Option<&'static str>,
    title: &'static str,
    spec: Option<&'static str>,
    chrome: &'static str,
    firefox: Option<&'static str>,
    safari: Option<&'static str>,
    from_client: Option<&'static str>,
    cause: &'static str,
    fix: &'static str,
    repair: Option<&'static str>,
}

/// Adds the line for a finding.
pub fn finding(kind: FindingKind, out: &mut Vec<u8>) {
    let words = diagnose::words(kind);
    let explanation = Explanation {
        v: VERSION,
        event: "explanation",
        id: kind.id(),
        level: Some(words.level.name()),
        layer: Some(kind.layer().name()),
        title: words.title,
        spec: Some(words.spec),
        chrome: words.chrome,
        firefox: Some(words.firefox),
        safari: Some(words.safari),
        from_client: words.from_client,
        cause: words.cause,
        fix: words.fix,
        repair: words.repair,
    };
    put(&explanation, out);
}

/// Adds the line for what wsproxy never sees.
pub fn unseen(unseen: &Unseen, out: &mut Vec<u8>) {
    let Unseen { id, title, chrome, cause, fix } = *unseen;
    put(
        &Explanation { v: VERSION, event: "explanation", id, title, chrome, cause, fix, ..Explanation::default() },
        out,
    );
}
