//! Heartbeats that are one row: how many, how often, how long a reply takes; and each of them on a page.

use crate::journal::{Fold, HeartbeatRun, Heartbeats, Index, Lens, Row, Scope};
use crate::record::{FrameRecord, Seen, Side, Time};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::wire::opcode::Opcode;

use super::DetailOptions;
use super::page::Page;

/// Heartbeats that a row's words are made of: the newest.
const SAMPLE: u64 = 16;
/// Those that a page lists, at each end.
const LISTED: u64 = 500;
/// Bytes of one that tell it apart.
const START: usize = 128;

/// One of them.
struct Beat {
    time: Time,
    from: Side,
    opcode: Opcode,
    payload: Vec<u8>,
}

impl Beat {
    fn of(view: &Index, row: Row<'_>) -> Option<Self> {
        let Seen::Frame(FrameRecord { from, header, .. }) = row.record else { return None };
        let inflated =
            view.inflated(row).map(|inflated| inflated.bytes.get(..START).unwrap_or(&inflated.bytes).to_vec());
        let payload = inflated.unwrap_or_else(|| view.start(row, START));
        Some(Self { time: row.time, from, opcode: header.opcode(), payload })
    }

    /// Whether it is of the same kind, from the same side.
    fn is_like(&self, other: &Self) -> bool {
        (self.from, self.opcode) == (other.from, other.opcode)
    }

    /// Whether it is a message, no ping or pong.
    const fn is_message(&self) -> bool {
        !matches!(self.opcode, Opcode::PING | Opcode::PONG)
    }
}

/// Some that follow one another.
struct Beats {
    list: Vec<Beat>,
    /// Who asks, where both sides send messages: the one whose are replied to sooner.
    asker: Side,
}

impl Beats {
    /// Those of a run by their places in it.
    fn of(view: &Index, run: HeartbeatRun, fold: Fold, places: std::ops::Range<u64>) -> Self {
        let fold = Fold { heartbeats: Heartbeats::Shown, ..fold };
        let lens = Lens { scope: Scope::Session(run.session), fold };
        let ids = view.row_ids(lens, run.first + places.start..run.first + places.end);
        let list = ids.into_iter().filter_map(|id| Beat::of(view, view.row_by_id(id)?)).collect();
        let client = Self { list, asker: Side::Client };
        let usual = client.usual_round_trip(Beat::is_message);
        let server = Self { asker: Side::Server, ..client };
        match (usual, server.usual_round_trip(Beat::is_message)) {
            (Some(client), Some(other)) if client <= other => Self { asker: Side::Client, ..server },
            (Some(_), None) => Self { asker: Side::Client, ..server },
            _ => server,
        }
    }

    /// The usual time from one to the next of its kind.
    fn pace(&self) -> Option<u64> {
        let gap = |(place, beat): (usize, &Beat)| {
            let before = self.list.iter().take(place).rev().find(|before| before.is_like(beat))?;
            Some(beat.time.0 - before.time.0)
        };
        middle(self.list.iter().enumerate().filter_map(gap))
    }

    /// How long the reply that one is took.
    fn round_trip(&self, place: usize) -> Option<u64> {
        let beat = self.list.get(place)?;
        let is_pong = beat.opcode == Opcode::PONG;
        if !is_pong && (!beat.is_message() || beat.from == self.asker) {
            return None;
        }
        let before = self.list.iter().take(place).rev();
        // Another reply before it was the reply to what is before that.
        let mut since = before.take_while(|other| !other.is_like(beat) || (is_pong && other.payload != beat.payload));
        let asks = |other: &&Beat| {
            let is_question = if is_pong {
                other.opcode == Opcode::PING && other.payload == beat.payload
            } else {
                other.is_message()
            };
            other.from != beat.from && is_question
        };
        since.find(asks).map(|asked| beat.time.0 - asked.time.0)
    }

    /// The usual time that a reply takes, of those that count.
    fn usual_round_trip(&self, counts: impl Fn(&Beat) -> bool) -> Option<u64> {
        let replies = self.list.iter().enumerate().filter(|(_, beat)| counts(beat));
        middle(replies.filter_map(|(place, _)| self.round_trip(place)))
    }
}

/// The one in the middle.
fn middle(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn time(micros: u64) -> String {
    match micros {
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        0..1_000 => format!("{micros} µs"),
        _ => clock::lasted(Time(0), Time(micros)),
    }
}

/// Them in a line: `12 heartbeats, every 25.0 s, round trip 3 ms`.
#[must_use]
pub(crate) fn words(view: &Index, run: HeartbeatRun, fold: Fold) -> String {
    let beats = Beats::of(view, run, fold, run.count.saturating_sub(SAMPLE)..run.count);
    let every = beats.pace().map(|pace| format!(", every {}", time(pace)));
    let trip = beats.usual_round_trip(|_| true).map(|trip| format!(", round trip {}", time(trip)));
    format!("{} heartbeats{}{}", fit::number(run.count), every.unwrap_or_default(), trip.unwrap_or_default())
}

/// All of them, or those at both ends where there are many.
pub(super) fn write(page: &mut Page<'_>, view: &Index, run: HeartbeatRun, options: &DetailOptions<'_>) {
    page.title(&words(view, run, options.fold));
    let first = Beats::of(view, run, options.fold, 0..run.count.min(LISTED));
    list(page, &first, options);
    if run.count > 2 * LISTED {
        page.row(&format!("… {} more …", fit::number(run.count - 2 * LISTED)), page.theme.dim);
    }
    let rest = run.count.saturating_sub(LISTED).max(LISTED)..run.count;
    if !rest.is_empty() {
        list(page, &Beats::of(view, run, options.fold, rest), options);
    }
}

fn list(page: &mut Page<'_>, beats: &Beats, options: &DetailOptions<'_>) {
    for (place, beat) in beats.list.iter().enumerate() {
        let (arrow, style) = match beat.from {
            Side::Client => ("─→ ", page.theme.client),
            Side::Server => (" ←─", page.theme.server),
        };
        page.words(&clock::clock(beat.time, options.zone, Digits::Milliseconds), page.theme.dim);
        page.words(&format!(" {arrow} {} ", fit::left(&beat.opcode.to_string(), 6)), style);
        page.words(&text::preview(&beat.payload, 60), page.theme.text);
        if let Some(trip) = beats.round_trip(place) {
            page.words(&format!("  ↩ {}", time(trip)), page.theme.dim);
        }
        page.end_row();
    }
}
