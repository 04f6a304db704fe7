//! Panes that show a text which other modules write: the detail of a row, a session's handshake, the problems.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::journal::{Row, Scope, SessionSummary, View};
use crate::record::Seen;
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::Place;
use crate::tui::pages::{self, BodyShown, BytesShown, DetailOptions, HeaderShown};
use crate::tui::state::lines::{Lines, LinesKey, Subject};
use crate::tui::state::model::Model;

use crate::tui::pages::problems;

use super::{Focus, title};

/// Draws the selected row in full.
pub(super) fn detail(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let row = model.selected_row(view);
    let header = model.detail.header(area.height, model.body);
    let key = row.map(|row| LinesKey { header, ..key(model, Subject::Row(row.id), row_extent(view, row), area) });
    if model.detail.key != key {
        let theme = model.theme.clone();
        let options = DetailOptions { header, theme: &theme, ..options(model, area) };
        let make = |content, folds: &_| Some(pages::document(view, row?, content, folds, &options));
        model.detail.show(key, &theme, make);
    }
    let name = row.map_or_else(|| "Detail".to_owned(), detail_name);
    let focus = Focus::of(model, Place::Detail);
    let all = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    model.detail.work(&model.theme);
    let foot_lines = foot_lines(model, focus, all);
    let (inner, foot) = part(all, foot_lines.len());
    model.detail.settle(inner.height, &model.theme);
    let theme = &model.theme;
    title(area, buffer, theme, focus, &name, &detail_position(model, focus, inner));
    let has_focus = focus == Focus::Here;
    for (y, line) in (inner.top()..inner.bottom()).zip(model.detail.window(inner.height, has_focus, theme)) {
        buffer.set_line(inner.x + 1.min(inner.width), y, &line, inner_width(inner));
    }
    for (y, glyph) in (inner.top()..inner.bottom()).zip(model.detail.fold_glyphs(inner.height, theme)) {
        buffer.set_stringn(inner.x, y, glyph, usize::from(inner.width), theme.dim);
    }
    for (y, line) in (foot.top()..foot.bottom()).zip(foot_lines) {
        buffer.set_line(foot.x + 1.min(foot.width), y, &line, inner_width(foot));
    }
    model.areas.detail = inner;
}

/// Parts the room under the detail's title into the text, and what is to be said at its foot.
fn part(area: Rect, foot: usize) -> (Rect, Rect) {
    let height = (foot as u16).min(area.height / 2);
    let text = Rect { height: area.height - height, ..area };
    (text, Rect { y: text.bottom(), height, ..area })
}

/// What is searched for, and what there is to say of the byte under the cursor, in at most as many rows as `area` has.
fn foot_lines(model: &Model, focus: Focus, area: Rect) -> Vec<Line<'static>> {
    if focus == Focus::Elsewhere && !model.detail.find.is_typing() {
        return Vec::new();
    }
    let theme = &model.theme;
    let mut lines = Vec::new();
    if model.detail.find.is_on() {
        lines.push(find_line(model, area));
    }
    // A low pane needs its rows for the bytes themselves.
    let rows = (usize::from(area.height) / 3).saturating_sub(lines.len()).min(4);
    let explained = model.detail.explain(inner_width(area), rows);
    if !explained.is_empty() {
        // As many rows for each byte, so that moving from one to another moves nothing else.
        let blanks = std::iter::repeat_n(Line::default(), rows - explained.len());
        lines.extend(explained.into_iter().map(|row| Line::styled(row, theme.note)).chain(blanks));
    }
    lines
}

fn find_line(model: &Model, area: Rect) -> Line<'static> {
    let theme = &model.theme;
    let (state, style) = match model.detail.find_state() {
        Ok(state) => (state, theme.dim),
        Err(reason) => (reason, theme.error),
    };
    let room = usize::from(inner_width(area));
    let state = fit::cut(&state, room * 2 / 3);
    let pattern = text::escape(model.detail.find.prompt().as_bytes());
    let cursor = if model.detail.find.is_typing() { "█" } else { "" };
    let pattern = format!("{}{cursor}  ", fit::cut(&pattern, room.saturating_sub(fit::width(&state) + 3)));
    Line::from(vec![Span::styled(pattern, theme.bold), Span::styled(state, style)])
}

/// What stands at the right of the detail's title: the form, the cursor's place, the rows. Shorter if need be.
fn detail_position(model: &Model, focus: Focus, inner: Rect) -> Vec<String> {
    let (top, count) = (model.detail.scroll.top(), model.detail.len());
    let height = usize::from(inner.height);
    let more = if model.detail.is_busy() { "+" } else { "" };
    let rows = if count > height {
        format!("{}-{} of {count}{more}", top + 1, (top + height).min(count))
    } else {
        String::new()
    };
    let place = if focus == Focus::Here { model.detail.place() } else { String::new() };
    let joined = |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · ");
    // Text and JSON are of the payload, whatever a hex view would show.
    let form = form(model, focus);
    let form = if model.detail.shows_hex() { form } else { form.strip_prefix("wire bytes").unwrap_or(form) };
    let form = form.trim_start_matches(", ");
    vec![joined(&[form, &place, &rows]), joined(&[&place, &rows]), rows]
}

/// Draws the handshake of the session that is meant.
pub(super) fn handshake(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let summary = model.session(view);
    let key =
        summary.map(|summary| key(model, Subject::Session(summary.id, model.proof), session_extent(summary), area));
    if model.page.key != key || key.is_none() {
        let lines = summary.map_or_else(
            || vec![Line::styled("There is no session yet.", model.theme.dim)],
            |summary| pages::session(summary, &options(model, area), model.proof),
        );
        replace(&mut model.page, key, lines);
    }
    let name = summary.map_or_else(
        || "Handshake".to_owned(),
        |summary| format!("Handshake · session {} {}", summary.id.0, text::preview(&summary.path, 200)),
    );
    model.areas.page = draw(model, |model| &mut model.page, area, Focus::Here, &name, buffer);
}

/// Draws the problems of the chosen session, or of all.
pub(super) fn diagnosis(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let key = Some(key(model, Subject::Problems(model.scope), model.overview.generation(), area));
    if model.page.key != key {
        let lines = problems::lines(model, view, usize::from(inner_width(area)));
        replace(&mut model.page, key, lines);
    }
    let name = match model.scope {
        Scope::Session(id) => format!("Diagnosis · session {}", id.0),
        _ => "Diagnosis · all sessions".to_owned(),
    };
    model.areas.page = draw(model, |model| &mut model.page, area, Focus::Here, &name, buffer);
}

fn options<'a>(model: &'a Model, area: Rect) -> DetailOptions<'a> {
    let header = HeaderShown::Full;
    DetailOptions { bytes: model.bytes, body: model.body, header, width: inner_width(area), theme: &model.theme }
}

/// A column is left free at the left.
const fn inner_width(area: Rect) -> u16 {
    area.width.saturating_sub(1)
}

fn key(model: &Model, subject: Subject, extent: u64, area: Rect) -> LinesKey {
    let header = HeaderShown::Full;
    LinesKey { subject, extent, bytes: model.bytes, body: model.body, header, width: inner_width(area) }
}

fn row_extent(view: &View, row: Row<'_>) -> u64 {
    match row.record {
        Seen::Frame(record) => view.received(row.session, &record),
        _ => 0,
    }
}

/// Changes with all that a session's page shows.
fn session_extent(summary: &SessionSummary) -> u64 {
    let heads = u64::from(summary.request.is_some()) + u64::from(summary.response.is_some());
    summary.last.0.wrapping_mul(31)
        ^ summary.frames.sum()
        ^ (heads + summary.findings.len() as u64 + summary.earlier_findings)
}

/// Puts other lines in. The scroll stays where it is the same thing in another form.
fn replace(lines: &mut Lines, key: Option<LinesKey>, new: Vec<Line<'static>>) {
    if lines.key.map(|key| key.subject) != key.map(|key| key.subject) {
        lines.scroll.reset();
    }
    lines.key = key;
    lines.text = new;
}

/// Draws lines under a title. Gives where the lines are.
fn draw(
    model: &mut Model,
    lines: impl Fn(&mut Model) -> &mut Lines,
    area: Rect,
    focus: Focus,
    name: &str,
    buffer: &mut Buffer,
) -> Rect {
    let height = area.height.saturating_sub(1);
    let shown = lines(model);
    shown.scroll.settle(shown.text.len(), height);
    let (top, count) = (shown.scroll.top(), shown.text.len());
    let position = if count > usize::from(height) {
        format!("{}-{} of {count}", top + 1, (top + usize::from(height)).min(count))
    } else {
        String::new()
    };
    let theme = model.theme.clone();
    let form = form(model, focus);
    let right: Vec<&str> = [form, position.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    let inner = title(area, buffer, &theme, focus, name, &[right.join(" · ")]);
    let visible = lines(model).text.iter().skip(top);
    for (y, line) in (inner.top()..inner.bottom()).zip(visible) {
        buffer.set_line(inner.x + 1.min(inner.width), y, line, inner_width(inner));
    }
    inner
}

/// What was chosen for the payload, where that is not what it is by itself.
const fn form(model: &Model, focus: Focus) -> &'static str {
    if matches!(focus, Focus::Elsewhere) {
        return "";
    }
    match (model.bytes, model.body) {
        (BytesShown::Wire, BodyShown::Auto) => "wire bytes",
        (BytesShown::Wire, BodyShown::Hex) => "wire bytes, hex",
        (BytesShown::Wire, BodyShown::Text) => "wire bytes, text",
        (BytesShown::Wire, BodyShown::Json) => "wire bytes, JSON",
        (_, BodyShown::Mask) => "mask",
        (BytesShown::Unmasked, BodyShown::Auto) => "",
        (BytesShown::Unmasked, BodyShown::Hex) => "hex",
        (BytesShown::Unmasked, BodyShown::Text) => "text",
        (BytesShown::Unmasked, BodyShown::Json) => "JSON",
    }
}

fn detail_name(row: Row<'_>) -> String {
    let session = row.session.map(|session| format!(" · session {}", session.0)).unwrap_or_default();
    let from = row.from().map(|from| format!(" · {} → {}", from.name(), from.other().name())).unwrap_or_default();
    match row.record {
        Seen::Frame(frame) => {
            let length = text::byte_count(frame.header.length);
            format!("Frame {} · {} · {length}{session}", frame.number, frame.header.opcode())
        }
        Seen::Raw(raw) => format!("Raw bytes · {}{from}{session}", text::byte_count(raw.length)),
        _ => format!("Event{from}{session}"),
    }
}
