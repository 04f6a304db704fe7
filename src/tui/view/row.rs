//! One row of the frame log.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::decode::{Limits, Role};
use crate::diagnose;
use crate::journal::{Index, Joined, Lens, Row, Scope};
use crate::query::{JsonPath, Query};
use crate::record::finding::Level;
use crate::record::{FrameRecord, Origin, RawRecord, Relayed, RuledEvent, Seen, Side, Time};
use crate::text;
use crate::tui::clock::{self, Digits, TimeDisplay};
use crate::tui::fit;
use crate::tui::pages::pair::Pair;
use crate::tui::pages::trouble;
use crate::tui::pages::words::{event, level_glyph, level_style, proxy_event};
use crate::tui::pages::{columns, content, heartbeats};
use crate::tui::state::model::Model;
use crate::tui::theme::Theme;
use crate::wire::opcode::Opcode;

use super::preview::{self, Before};
use super::search;

/// Columns and how wide each is; 0 for one that is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    number: usize,
    time: usize,
    times: TimeDisplay,
    delta: usize,
    digits: Digits,
    /// How many values of messages have columns.
    values: usize,
    /// All columns up to the preview.
    before_preview: usize,
    width: usize,
}

/// Digits that a number takes.
const fn digits_of(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

pub(super) const MARKED: &str = "◆";
pub(super) const MATCH: &str = "•";
const MARKED_MATCH: &str = "◈";
pub(super) const INJECTED: &str = "»";
const COMPRESSED: &str = "z";
const CHANGED: &str = "~";
const DROPPED: &str = "not relayed";
const HELD: &str = "held";
const DELAYED: &str = "delayed";

/// Columns of a rule's name.
const RULE: usize = 16;

/// The marks of rows and what they mean, for the help.
pub(crate) const MARKS: [(&str, &str); 13] = [
    (MARKED, "marked by you, or in your range"),
    (MATCH, "found by your search"),
    (MARKED_MATCH, "marked and found"),
    (level_glyph(Level::Error), "an error was found in it"),
    (level_glyph(Level::Warning), "a warning"),
    (level_glyph(Level::Note), "a note"),
    (INJECTED, "put in by you"),
    (COMPRESSED, "compressed; what it inflates to is shown"),
    (CHANGED, "sent on changed: edited, repaired, or in the other side's dialect"),
    (DROPPED, "not sent on"),
    (HELD, "held: not sent on yet"),
    ("↩", "a reply, and how long it took"),
    ("…", "at the end of a row: no reply so far"),
];

/// Columns that the note of a mark takes in a row at most.
const NOTE: usize = 30;

/// Columns of a preview from which on the time of a reply stands behind it.
const ROOM_FOR_TIME: usize = 24;

/// Columns of a value of a message, at least and at most.
const VALUE: (usize, usize) = (8, 16);

/// Columns for the value at a path.
fn value_width(path: &JsonPath) -> usize {
    fit::width(path.text()).clamp(VALUE.0, VALUE.1)
}

const DIRECTION: usize = 3;
const OPCODE: usize = 6;
const FLAGS: usize = 3;
const LENGTH: usize = 6;
const DELTA: usize = 8;

impl Columns {
    /// What fits.
    #[must_use]
    pub(crate) fn new(model: &Model, view: &Index, scope: Scope, width: u16) -> Self {
        let width = usize::from(width);
        // A frame's number is no larger than its row's.
        let frame = digits_of(view.range(scope).end).max(4);
        let number = match scope {
            Scope::All => frame + 1 + view.sessions().next_back().map_or(1, |newest| digits_of(newest.id.0)),
            Scope::Session(_) => frame,
            Scope::Own => 0,
        };
        let digits = if width >= 110 { Digits::Microseconds } else { Digits::Milliseconds };
        let delta = if model.look.times == TimeDisplay::Delta || width >= 84 { DELTA } else { 0 };
        let time = match (model.look.times, digits) {
            (TimeDisplay::Delta, _) => 0,
            (TimeDisplay::Relative, _) => 11,
            (TimeDisplay::Clock, Digits::Microseconds) => 15,
            (TimeDisplay::Clock, _) => 12,
        };
        let times = model.look.times;
        let mut columns = Self { number, time, times, delta, digits, values: 0, before_preview: 0, width };
        // On a narrow screen what was said matters more than when.
        if width < 56 {
            columns.time = 0;
        }
        if width < 44 {
            columns.delta = 0;
        }
        let gap = |column: usize| if column == 0 { 0 } else { column + 1 };
        columns.before_preview = 1
            + gap(columns.number)
            + gap(columns.time)
            + gap(columns.delta)
            + gap(DIRECTION)
            + gap(OPCODE)
            + gap(FLAGS)
            + gap(LENGTH)
            + 2;
        let chosen = if scope == Scope::Own { &[][..] } else { &model.lists.columns };
        // A third of the room is for the rest of the message.
        let mut room = columns.preview() * 2 / 3;
        for taken in chosen.iter().map(|path| value_width(path) + 1) {
            let Some(left) = room.checked_sub(taken) else { break };
            room = left;
            columns.values += 1;
            columns.before_preview += taken;
        }
        columns
    }

    /// The line over the rows.
    #[must_use]
    pub(crate) fn heading(&self, paths: &[JsonPath]) -> String {
        let mut out = String::from(" ");
        let mut push = |text: &str, columns: usize| {
            if columns > 0 {
                out.push_str(text);
                out.push(' ');
            }
        };
        push(&fit::right("#", self.number), self.number);
        let time = match self.times {
            TimeDisplay::Relative => fit::right("since start", self.time),
            _ => fit::left("time", self.time),
        };
        push(&time, self.time);
        push(&fit::right("+delta", self.delta), self.delta);
        push(&fit::left("dir", DIRECTION), DIRECTION);
        push(&fit::left("opcode", OPCODE), OPCODE);
        push("FRM", FLAGS);
        push(&fit::right("length", LENGTH), LENGTH);
        out.push_str("  ");
        for path in paths.iter().take(self.values) {
            let width = value_width(path);
            out.push_str(&fit::left(&fit::middle(&text::escape(path.text().as_bytes()), width), width));
            out.push(' ');
        }
        out.push_str("preview");
        out
    }

    fn preview(&self) -> usize {
        self.width.saturating_sub(self.before_preview)
    }
}

/// What a row is shown with.
pub(crate) struct Context<'a> {
    /// The screen.
    pub model: &'a Model,
    /// The journal.
    pub view: &'a Index,
    /// Which rows are shown.
    pub lens: Lens,
    /// The columns.
    pub columns: Columns,
}

impl Context<'_> {
    /// What is to be highlighted.
    fn query(&self) -> Option<&Query> {
        self.model.search.query().filter(|_| self.lens.scope != Scope::Own)
    }
}

/// A row's line, and what it is to the rows after it.
#[must_use]
pub(super) fn line<'a>(context: &Context<'a>, row: Row<'a>, before: &mut Before) -> Line<'static> {
    let theme = &context.model.look.theme;
    let mut spans = start(context, row, before.time.replace(row.time));
    let fold = context.lens.fold;
    if let Some(run) = context.view.heartbeats(fold, row.id).filter(|run| run.count > 1) {
        spans.push(direction(None, theme));
        spans.push(Span::styled(format!("{} ", fit::left("beats", OPCODE)), theme.control));
        in_words(context, row, (theme.dim, heartbeats::words(context.view, run, fold)), &mut spans);
        return Line::from(spans);
    }
    spans.push(direction(row.from(), theme));
    match row.record {
        Seen::Frame(record) => frame(context, row, &record, before, &mut spans),
        Seen::Raw(raw) => raw_bytes(context, row, &raw, &mut spans),
        Seen::Event(_, happened) => in_words(context, row, event(happened, theme), &mut spans),
        Seen::Proxy(_, happened) => in_words(context, row, proxy_event(happened, theme), &mut spans),
        Seen::More(_) | Seen::Sent(_) => {}
    }
    Line::from(spans)
}

fn in_words(context: &Context<'_>, row: Row<'_>, (style, words): (Style, String), spans: &mut Vec<Span<'static>>) {
    spans.extend(note(context, row));
    let room = context.columns.width.saturating_sub(width(spans));
    let theme = &context.model.look.theme;
    spans.extend(search::highlighted(context.query(), fit::cut(&words, room), style, theme));
}

/// The note of the row's mark.
fn note(context: &Context<'_>, row: Row<'_>) -> Option<Span<'static>> {
    let note = &context.model.lists.marks.bookmark(row.id)?.note;
    let room = NOTE.min(context.columns.preview() / 2);
    let words = fit::cut(&text::escape(note.as_bytes()), room);
    (!words.is_empty()).then(|| Span::styled(format!("[{words}] "), context.model.look.theme.key))
}

fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Number and times.
fn start(context: &Context<'_>, row: Row<'_>, before: Option<Time>) -> Vec<Span<'static>> {
    let Context { model, view, lens, columns } = context;
    let theme = &model.look.theme;
    let mut spans = vec![mark(context, row)];
    if columns.number > 0 {
        spans.push(Span::styled(format!("{} ", fit::right(&number(row, lens.scope), columns.number)), theme.dim));
    }
    if columns.time > 0 {
        let text = match model.look.times {
            TimeDisplay::Relative => fit::right(&clock::since(model.beginning(view, row), row.time), columns.time),
            _ => fit::left(&clock::clock(row.time, &model.look.zone, columns.digits), columns.time),
        };
        spans.push(Span::styled(format!("{text} "), theme.text));
    }
    if columns.delta > 0 {
        let delta = before.map_or_else(String::new, |before| clock::delta(before, row.time));
        spans.push(Span::styled(format!("{} ", fit::right(&delta, columns.delta)), theme.dim));
    }
    spans
}

/// A frame's number in its session, as replies and JSON have it, and the session's in front where rows of several stand.
fn number(row: Row<'_>, scope: Scope) -> String {
    let frame = match row.record {
        Seen::Frame(frame) => frame.number.to_string(),
        _ => String::new(),
    };
    match (scope, row.session) {
        (Scope::All, Some(session)) if frame.is_empty() => session.0.to_string(),
        (Scope::All, Some(session)) => format!("{}:{frame}", session.0),
        _ => frame,
    }
}

/// What the user, or their search, marked, in the column where the selection's bar stands.
fn mark(context: &Context<'_>, row: Row<'_>) -> Span<'static> {
    let (model, fold) = (context.model, context.lens.fold);
    let is_own = context.lens.scope == Scope::Own;
    let message = fold.fragments.then(|| context.view.message(row.id)).flatten();
    match (model.lists.marks.has(row.id), !is_own && model.search.matches(row.id, message)) {
        (true, true) => Span::styled(MARKED_MATCH, model.look.theme.key),
        (true, false) => Span::styled(MARKED, model.look.theme.key),
        (false, true) => Span::styled(MATCH, model.look.theme.warning),
        (false, false) => Span::raw(" "),
    }
}

pub(super) fn side_style(from: Side, theme: &Theme) -> Style {
    match from {
        Side::Client => theme.client,
        Side::Server => theme.server,
    }
}

/// The arrow: from the client at the left, from the server at the right of its column.
fn direction(from: Option<Side>, theme: &Theme) -> Span<'static> {
    match from {
        Some(Side::Client) => Span::styled("─→  ", theme.client),
        Some(Side::Server) => Span::styled(" ←─ ", theme.server),
        None => Span::raw("    "),
    }
}

fn frame<'a>(
    context: &Context<'a>,
    row: Row<'a>,
    record: &FrameRecord,
    before: &mut Before,
    spans: &mut Vec<Span<'static>>,
) {
    let theme = &context.model.look.theme;
    let record = &FrameRecord { relayed: context.view.relayed(row, record), ..*record };
    let joined = Joined::new(context.view, row, record, context.lens.fold);
    let opcode = record.header.opcode();
    let style = if opcode.is_control() { theme.control } else { side_style(record.from, theme) };
    let name = if opcode == Opcode::CONTINUATION { "cont".into() } else { opcode.to_string() };
    spans.push(Span::styled(format!("{} ", fit::left(&name, OPCODE)), style));
    spans.push(Span::styled(flags(record, &joined), theme.dim));
    spans.push(Span::styled(format!(" {} ", fit::right(&length(joined.length), LENGTH)), theme.text));
    spans.push(verdict(context, row, record));
    spans.extend(values(context, row, record, &joined));
    let undelivered = row.session.and_then(|id| context.view.session(id));
    let undelivered = undelivered.is_some_and(|summary| trouble::is_undelivered(summary, record));
    let ruled = ruled_mark(context.view.rules(row, record)).map(|mark| (mark, theme.injected));
    for (mark, style) in marks(record, &joined, undelivered, theme).into_iter().chain(ruled) {
        spans.push(Span::styled(format!("{mark} "), style));
    }
    spans.extend(note(context, row));
    let took = took(context, row);
    let room = context.columns.width.saturating_sub(width(spans));
    let room = room.saturating_sub(took.as_ref().map_or(0, |(took, _)| fit::width(took) + 1));
    spans.extend(preview_of(context, row, record, &joined, room, before));
    if let Some((took, style)) = took {
        let gap = context.columns.width.saturating_sub(width(spans) + fit::width(&took));
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(took, style));
    }
}

/// How long the reply in a row took, or that a request has none; `None` where the row is too narrow for it.
fn took(context: &Context<'_>, row: Row<'_>) -> Option<(String, Style)> {
    let theme = &context.model.look.theme;
    let pair = context.model.pairs.of(context.view, row.id).filter(|_| context.columns.preview() >= ROOM_FOR_TIME)?;
    let is_refusal = matches!(pair, Pair::ReplyTo(other) if other.is_refusal);
    Some((pair.short()?, if is_refusal { theme.warning } else { theme.dim }))
}

/// The values of a message that have columns of their own; blank where it has none.
fn values(context: &Context<'_>, row: Row<'_>, record: &FrameRecord, joined: &Joined<'_>) -> Option<Span<'static>> {
    let values = context.columns.values;
    if values == 0 {
        return None;
    }
    let decoder = context.model.decoders.of(row.session);
    let said = joined.said(columns::LIMITS.bytes);
    let decoded = said.and_then(|said| columns::read(decoder, record, &said));
    let mut out = String::new();
    for path in context.model.lists.columns.iter().take(values) {
        let says = decoded.as_ref().and_then(|decoded| columns::value(&decoded.document, path));
        out.push_str(&fit::left(&says.unwrap_or_default(), value_width(path)));
        out.push(' ');
    }
    Some(Span::styled(out, context.model.look.theme.key))
}

/// What a row shows of what was said: what was searched for, or what is other than in the row before, is in view.
fn preview_of(
    context: &Context<'_>,
    row: Row<'_>,
    record: &FrameRecord,
    joined: &Joined<'_>,
    room: usize,
    before: &mut Before,
) -> Vec<Span<'static>> {
    let theme = &context.model.look.theme;
    let query = context.query();
    let place = |words: &str| query.and_then(|query| query.places(words.as_bytes()).map(|place| place.start).min());
    let shown = |words: &str, at: Option<usize>, style: Style| {
        let words = fit::cut(&preview::part(words, room, at), room);
        search::highlighted(query, words, style, theme)
    };
    if let Some((words, style)) = decoded(context, row, record, joined) {
        return shown(&words, place(&words), style);
    }
    let style = if record.header.opcode().is_control() { theme.control } else { theme.text };
    let (start, words) = preview::said(record, joined);
    let Some(words) = words else {
        return search::highlighted_hex(query, &start, fit::cut(&hex(&start), room), style, theme);
    };
    let differs = row.session.and_then(|session| before.differs(session, record.from, &words));
    match (place(&words), query) {
        (Some(at), _) => shown(&words, Some(at), style),
        (None, Some(query)) if context.model.search.matches(row.id, joined.message) => {
            match preview::further(joined, query) {
                Some((words, at)) => shown(&words, Some(at), style),
                None => shown(&words, differs, style),
            }
        }
        _ => shown(&words, differs, style),
    }
}

/// What the session's decoder says of a message, on a line; `None` where there is none, or it can't read it.
fn decoded(context: &Context<'_>, row: Row<'_>, record: &FrameRecord, joined: &Joined<'_>) -> Option<(String, Style)> {
    let theme = &context.model.look.theme;
    let decoder = context.model.decoders.of(row.session)?;
    let said = joined.said(Limits::ROW.bytes)?;
    let decoded =
        content::read(decoder, record, &said, &Limits::SHOWN).filter(|decoded| decoder.tells_more(decoded))?;
    let style = match decoded.main().map(|part| &part.role) {
        Some(Role::Heartbeat) => theme.dim,
        Some(Role::Error | Role::Refusal(_)) => theme.warning,
        _ => theme.text,
    };
    Some((decoded.summary(), style))
}

/// FIN, RSV and MASK in three columns: `F` for FIN, the number of the reserved bit that is set (`+` for several), `M`.
/// Hixie frames have none of them.
fn flags(record: &FrameRecord, joined: &Joined<'_>) -> String {
    if record.header.is_hixie() {
        return "···".to_owned();
    }
    let rsv = match record.header.rsv() {
        0 => '·',
        4 => '1',
        2 => '2',
        1 => '3',
        _ => '+',
    };
    let fin = if record.header.fin() || joined.message.is_some_and(|message| message.complete) { 'F' } else { '·' };
    let mask = if record.header.mask.is_some() { 'M' } else { '·' };
    format!("{fin}{rsv}{mask}")
}

fn length(length: u64) -> String {
    if length < 1_000_000 { length.to_string() } else { fit::short(length) }
}

/// A mark where the frame has a finding.
fn verdict(context: &Context<'_>, row: Row<'_>, record: &FrameRecord) -> Span<'static> {
    let theme = &context.model.look.theme;
    let findings = row.session.and_then(|id| context.view.session(id)).map(|summary| &summary.findings);
    let worst = findings
        .into_iter()
        .flatten()
        .filter(|(_, from, finding)| *from == record.from && finding.frame() == Some(record.number))
        .map(|(_, _, finding)| diagnose::words(finding.kind).level)
        .max();
    match worst {
        Some(level) => Span::styled(format!("{} ", level_glyph(level)), level_style(level, theme)),
        None => Span::raw("  "),
    }
}

/// The rules that acted on a frame or made it, by their names.
fn ruled_mark<'a>(ruled: impl Iterator<Item = &'a RuledEvent>) -> Option<String> {
    let names: Vec<_> = ruled.map(|ruled| text::preview(ruled.rule.as_bytes(), RULE)).collect();
    (!names.is_empty()).then(|| format!("rule {}", names.join("+")))
}

/// What is special about a frame, in words.
fn marks(record: &FrameRecord, joined: &Joined<'_>, undelivered: bool, theme: &Theme) -> Vec<(String, Style)> {
    let mut marks = Vec::new();
    let &Joined { length, received, kept, .. } = joined;
    marks.extend(fragments(joined).map(|fragments| (fragments, theme.note)));
    match record.origin {
        Origin::Peer => {}
        Origin::Injected => marks.push((INJECTED.to_owned(), theme.injected)),
        // The mark of the rule says so.
        Origin::Rule => {}
        Origin::Proxy => marks.push(("by wsproxy".to_owned(), theme.injected)),
    }
    match record.relayed {
        Relayed::AsIs => {}
        Relayed::Delayed => marks.push((DELAYED.to_owned(), theme.warning)),
        Relayed::Held => marks.push((HELD.to_owned(), theme.warning)),
        Relayed::Changed(_) => marks.push((CHANGED.to_owned(), theme.injected)),
        Relayed::Dropped(_) => marks.push((DROPPED.to_owned(), theme.warning)),
    }
    if undelivered {
        marks.push(("the page never got it".to_owned(), theme.warning));
    }
    if received < length {
        let text = format!("{} of {}", text::byte_count(received), text::byte_count(length));
        marks.push((text, theme.warning));
    }
    if kept < received {
        marks.push((format!("truncated to {}", text::byte_count(kept)), theme.warning));
    }
    if record.header.rsv1() && !record.header.opcode().is_control() {
        marks.push((COMPRESSED.to_owned(), theme.note));
    }
    marks
}

/// How many frames a row's message came in, and whether more are to come; `None` where nothing is folded.
fn fragments(joined: &Joined<'_>) -> Option<String> {
    let message = joined.message?;
    let count = message.rest.len() + 1;
    let plural = if count == 1 { "" } else { "s" };
    let more = if message.complete { "" } else { " so far" };
    Some(format!("{count} fragment{plural}{more}"))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = hex::encode(bytes);
    let mut at = 2;
    while at < out.len() {
        out.insert(at, ' ');
        at += 3;
    }
    out
}

fn raw_bytes(context: &Context<'_>, row: Row<'_>, raw: &RawRecord, spans: &mut Vec<Span<'static>>) {
    let theme = &context.model.look.theme;
    let style = if raw.origin == Origin::Peer { theme.warning } else { theme.injected };
    let word = if raw.origin == Origin::Peer { "raw" } else { "injected" };
    spans.push(Span::styled(format!("{} ", fit::left("raw", OPCODE)), style));
    spans.push(Span::styled(format!("··· {}   ", fit::right(&length(raw.length), LENGTH)), theme.dim));
    if word != "raw" {
        spans.push(Span::styled(format!("{word} "), style));
    }
    spans.extend(note(context, row));
    let kept = row.log.span(raw.kept);
    let start = kept.get(..context.columns.preview() * 4).unwrap_or(kept);
    let (query, room) = (context.query(), context.columns.width.saturating_sub(width(spans)));
    spans.extend(if preview::looks_like_text(start) {
        search::highlighted(query, fit::cut(&text::escape(start), room), theme.text, theme)
    } else {
        search::highlighted_hex(query, start, fit::cut(&hex(start), room), theme.text, theme)
    });
}
