//! What is known of sessions, for what is listed: an index over the journal that keeps up with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::control::protocol::{Came, Which};
use crate::control::{Lines, resend};
use crate::journal::{Index, Journal, Row, RowId, Scope, SessionState, SessionSummary};
use crate::json;
use crate::record::{Event, FrameNumber, Log, PerSide, Seen, SessionId, Side, Time};
use crate::relay::injection::Injection;
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

use super::Shared;

/// Time between two looks at the journal that no command asked for: so seldom that it costs nothing, and so often that
/// what the journal drops is let go of.
const BETWEEN: Duration = Duration::from_millis(200);

/// Rows of a session that are looked through for a frame that is held: it was among the last before it was held.
const ROWS: u64 = 10_000;

/// Bytes of what is held that are listed.
const SHOWN: usize = 4096;

/// The index, and what rings when it is behind.
pub(super) struct View {
    index: Mutex<Index>,
    rung: Arc<Notify>,
}

impl View {
    pub(super) fn new(journal: &Arc<Journal>) -> Self {
        let rung = Arc::<Notify>::default();
        let ringer = Arc::clone(&rung);
        let index = Index::new(journal.subscribe(move || ringer.notify_one()));
        Self { index: Mutex::new(index), rung }
    }

    /// As of now.
    fn index(&self) -> MutexGuard<'_, Index> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.sync();
        index
    }

    /// All sessions that are remembered, the oldest first.
    pub(super) fn sessions(&self) -> Value {
        json!({ "sessions": self.index().sessions().map(session).collect::<Vec<_>>() })
    }

    /// Tells of the sessions that live, so that what is seen of them can be understood.
    pub(super) fn introduce(&self, lines: &mut dyn Lines) {
        let index = self.index();
        let (mut said, mut log) = (Vec::new(), Log::default());
        for summary in index.sessions().filter(|summary| summary.is_live()) {
            let Some(client) = summary.client else { continue };
            log.event(summary.opened, Event::SessionOpened { client, path: summary.path.clone() });
            if let Some(open) = &summary.open {
                log.event(summary.opened, Event::Open(open.clone()));
            }
            (0..log.records.len()).for_each(|place| lines.add(Some(summary.id), &log, place, &mut said));
            said.clear();
            log = Log::default();
        }
    }

    /// The messages that are held, the oldest of each session first.
    pub(super) fn held(&self) -> Value {
        let index = self.index();
        let list = index.sessions().flat_map(|summary| {
            summary.held.iter().map(|(frame, message)| {
                let mut object = Map::new();
                let fields: [(&str, Value); 7] = [
                    ("held", message.held.into()),
                    ("session", summary.id.0.into()),
                    ("frame", frame.value().into()),
                    ("from", message.from.name().into()),
                    ("since", time(message.since).into()),
                    ("length", message.length.into()),
                    ("waits", message.waits.name().into()),
                ];
                object.extend(fields.map(|(name, value)| (name.to_owned(), value)));
                if let Some(row) = row_of(&index, summary.id, *frame, message.since) {
                    content(&index, row, &mut object);
                }
                Value::Object(object)
            })
        });
        let heads = index.sessions().flat_map(|summary| {
            [Side::Client, Side::Server].into_iter().filter_map(|from| {
                let held = summary.held_heads[from].as_ref()?;
                let (name, value) = match valid(&held.bytes) {
                    Some(text) if text.len() == held.bytes.len() => ("text", text.to_owned()),
                    _ => ("payload", STANDARD.encode(&held.bytes)),
                };
                let (session, since) = (summary.id.0, time(held.since));
                Some(json!({ "session": session, "head": from.name(), "since": since, name: value }))
            })
        });
        json!({ "held": heads.chain(list).collect::<Vec<_>>() })
    }

    /// A message that is held, and how it came. One that is named by its frame may be held though it is not known yet.
    pub(super) fn find(&self, which: Which) -> Option<(SessionId, FrameNumber, Option<Came>)> {
        let index = self.index();
        let (session, frame) = match which {
            Which::Frame(session, frame) => (session, frame),
            // Its session knows.
            Which::Head(..) => return None,
            Which::Held(number) => index.sessions().find_map(|summary| {
                let held = summary.held.iter().find(|(_, message)| message.held == number);
                Some((summary.id, *held?.0))
            })?,
        };
        let message = index.session(session).and_then(|summary| summary.held.get(&frame));
        let came = message.and_then(|message| came(&index, row_of(&index, session, frame, message.since)?));
        Some((session, frame, came))
    }
}

/// Rows of a session among which a frame is looked for that is to be sent once more.
const SEARCHED: usize = 200_000;

impl View {
    /// Who gets a frame that is sent once more, and what goes out; or why nothing does.
    pub(super) fn resend(&self, session: SessionId, frame: FrameNumber) -> Result<(Side, Injection), String> {
        let index = self.index();
        let scope = Scope::Session(session);
        let rows = index.range(scope).rev().take(SEARCHED).filter_map(|number| index.row(scope, number));
        let mut rows = rows.filter(|row| matches!(row.record, Seen::Frame(record) if record.number == frame));
        let found = rows.next().and_then(|row| Some((row, index.frame(row)?)));
        let (row, frame) = found.ok_or_else(|| format!("frame {frame} of session {session} is not remembered"))?;
        let injection = resend::injection(&index, row, &frame).map_err(|why| why.to_string())?;
        Ok((frame.record.from.other(), injection))
    }
}

/// Keeps up with the journal, so that the view never holds what that has dropped for long.
pub(super) async fn keep(shared: Arc<Shared>) {
    loop {
        shared.view.rung.notified().await;
        let behind = Arc::clone(&shared);
        let _ = spawn_blocking(move || drop(behind.view.index())).await;
        tokio::time::sleep(BETWEEN).await;
    }
}

fn session(summary: &SessionSummary) -> Value {
    let state = match summary.state {
        SessionState::Opening => "opening",
        SessionState::Open => "open",
        SessionState::Refused(_) => "refused",
        SessionState::Closed => "closed",
    };
    let both = |counts: PerSide<u64>| json!({ "client": counts.client, "server": counts.server });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let subprotocol = summary.open.as_ref().and_then(|open| open.subprotocol.as_deref()).map(text);
    let closed = summary.closed.as_ref().map(|(when, closed)| {
        json!({
            "time": time(*when),
            "by": closed.by.name(),
            "how": closed.how.name(),
            "code": closed.code.map(Code::value),
            "reason": text(&closed.reason),
        })
    });
    json!({
        "session": summary.id.0,
        "path": text(&summary.path),
        "state": state,
        "client": summary.client.map(|client| client.to_string()),
        "opened": time(summary.opened),
        "status": summary.response.as_ref().and_then(|response| response.status),
        "subprotocol": subprotocol,
        "frames": both(summary.frames),
        "payload": both(summary.payload),
        "held": summary.held.len(),
        "findings": summary.findings.len() as u64 + summary.earlier_findings,
        "closed": closed,
    })
}

fn time(time: Time) -> String {
    json::rfc3339(time)
}

/// The row of a frame that was found to be held at a time, where it is still remembered.
fn row_of(index: &Index, session: SessionId, frame: FrameNumber, since: Time) -> Option<Row<'_>> {
    let scope = Scope::Session(session);
    let behind = index.number_from(scope, RowId { time: since, ..RowId::LAST });
    let rows = (index.range(scope).start..behind).rev().take(usize::try_from(ROWS).unwrap_or(usize::MAX));
    rows.filter_map(|number| index.row(scope, number))
        .find(|row| matches!(row.record, Seen::Frame(record) if record.number == frame))
}

fn came(index: &Index, row: Row<'_>) -> Option<Came> {
    let Seen::Frame(record) = row.record else { return None };
    let frames = index.message(row.id).map_or(1, |message| message.rest.len() + 1);
    Some(Came { opcode: record.header.opcode(), frames })
}

/// What it says, as far as that is shown: as in a `frame` event.
fn content(index: &Index, row: Row<'_>, object: &mut Map<String, Value>) {
    let Seen::Frame(record) = row.record else { return };
    object.insert("opcode".to_owned(), record.header.opcode().to_string().into());
    let bytes = index.start(row, SHOWN);
    let is_text = record.header.opcode() == Opcode::TEXT && record.header.rsv() == 0;
    let (name, value) = match index.inflated(row) {
        Some(inflated) => {
            let bytes = inflated.bytes.get(..SHOWN).unwrap_or(&inflated.bytes);
            ("inflated", valid(bytes).map_or_else(|| STANDARD.encode(bytes), str::to_owned))
        }
        None => match valid(&bytes).filter(|_| is_text) {
            Some(text) => ("text", text.to_owned()),
            None => ("payload", STANDARD.encode(&bytes)),
        },
    };
    object.insert(name.to_owned(), value.into());
}

/// Bytes as text, but for a character that is cut at their end.
fn valid(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
        }
        Err(_) => None,
    }
}
