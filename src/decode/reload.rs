//! Hot reload of development servers: Vite, and webpack-dev-server.

use super::reading::Reading;
use super::{Fault, Role};

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Vite's: the client speaks, too.
    Vite,
    /// webpack's: only the server speaks.
    Webpack,
}

const VITE: [&str; 7] = ["connected", "ping", "update", "full-reload", "prune", "error", "custom"];
const WEBPACK: [&str; 14] = [
    "hot",
    "liveReload",
    "reconnect",
    "overlay",
    "progress",
    "progress-update",
    "invalid",
    "hash",
    "still-ok",
    "ok",
    "static-changed",
    "warnings",
    "errors",
    "log",
];

pub(super) fn message(reading: &mut Reading<'_>, server: Server) -> Result<(), Fault> {
    reading.expect_text("hot reload")?;
    let root = reading.json(None, 0)?;
    let document = reading.document();
    let types = match server {
        Server::Vite => &VITE[..],
        Server::Webpack => &WEBPACK[..],
    };
    let kind = document.says(root, "type").and_then(|kind| types.iter().find(|known| **known == kind)).copied();
    let Some(kind) = kind else { return Err(Fault::new(0, "hot reload has no messages of this type")) };
    let (event, shown) = match kind {
        "custom" => {
            let event = document.says(root, "event").unwrap_or(kind).to_owned();
            (event, reading.compact(document.member(root, "data")))
        }
        "update" => {
            let updates = document.children(document.member(root, "updates"));
            let paths = updates.filter_map(|update| document.says(Some(update), "path"));
            (kind.to_owned(), paths.take(8).collect::<Vec<_>>().join(", "))
        }
        "error" => {
            let error = document.member(root, "err");
            (kind.to_owned(), document.says(error, "message").unwrap_or_default().to_owned())
        }
        _ => {
            let data = ["path", "paths", "data"].iter().find_map(|key| document.member(root, key));
            (kind.to_owned(), reading.compact(data))
        }
    };
    let role = match kind {
        "ping" => Role::Heartbeat,
        "error" | "errors" => Role::Error,
        _ => Role::Other,
    };
    reading.part(format!("{event} {shown}").trim_end(), Some(&event), role);
    Ok(())
}
