//! Panes that show a text which other modules write: the detail of a row, a session's handshake, the problems.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::journal::{Row, Scope, SessionSummary, View};
use crate::relay::observation::Record;
use crate::text;
use crate::tui::actions::selected_row;
use crate::tui::detail::{self, BodyShown, BytesShown, DetailOptions};
use crate::tui::keymap::Place;
use crate::tui::lines::{Lines, LinesKey, Subject, Text};
use crate::tui::model::Model;

use super::{Focus, diagnosis, title};

/// Draws the selected row in full.
pub fn detail(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let row = selected_row(model, view);
    let key = row.map(|row| key(model, Subject::Row(row.id), row_extent(view, row), area));
    if model.detail.key != key {
        let lines = row.map(|row| Text::Long(detail::row_lines(view, row, &options(model, area)).into_owned()));
        replace(&mut model.detail, key, lines.unwrap_or_default());
    }
    let name = row.map_or_else(|| "Detail".to_owned(), detail_name);
    let focus = Focus::of(model, Place::Detail);
    model.areas.detail = draw(model, |model| &mut model.detail, area, focus, &name, buffer);
}

/// Draws the handshake of the session that is meant.
pub fn handshake(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let summary = model.session(view);
    let key =
        summary.map(|summary| key(model, Subject::Session(summary.id, model.proof), session_extent(summary), area));
    if model.page.key != key || key.is_none() {
        let lines = summary.map_or_else(
            || vec![Line::styled("There is no session yet.", model.theme.dim)],
            |summary| detail::session(summary, &options(model, area), model.proof),
        );
        replace(&mut model.page, key, Text::Short(lines));
    }
    let name = summary.map_or_else(
        || "Handshake".to_owned(),
        |summary| format!("Handshake · session {} {}", summary.id.0, text::preview(&summary.path, 200)),
    );
    model.areas.page = draw(model, |model| &mut model.page, area, Focus::Here, &name, buffer);
}

/// Draws the problems of the chosen session, or of all.
pub fn diagnosis(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let key = Some(key(model, Subject::Problems(model.scope), model.overview.generation(), area));
    if model.page.key != key {
        let lines = diagnosis::lines(model, view, usize::from(inner_width(area)));
        replace(&mut model.page, key, Text::Short(lines));
    }
    let name = match model.scope {
        Scope::Session(id) => format!("Diagnosis · session {}", id.0),
        _ => "Diagnosis · all sessions".to_owned(),
    };
    model.areas.page = draw(model, |model| &mut model.page, area, Focus::Here, &name, buffer);
}

fn options<'a>(model: &'a Model, area: Rect) -> DetailOptions<'a> {
    DetailOptions { bytes: model.bytes, body: model.body, width: inner_width(area), theme: &model.theme }
}

/// A column is left free at the left.
const fn inner_width(area: Rect) -> u16 {
    area.width.saturating_sub(1)
}

fn key(model: &Model, subject: Subject, extent: u64, area: Rect) -> LinesKey {
    LinesKey { subject, extent, bytes: model.bytes, body: model.body, width: inner_width(area) }
}

fn row_extent(view: &View, row: Row<'_>) -> u64 {
    match row.record {
        Record::Frame(record) => view.received(row.session, record),
        _ => 0,
    }
}

/// Changes with all that a session's page shows.
fn session_extent(summary: &SessionSummary) -> u64 {
    let heads = u64::from(summary.request.is_some()) + u64::from(summary.response.is_some());
    summary.last.0.wrapping_mul(31) ^ (summary.frames[0] + summary.frames[1]) ^ (heads + summary.findings.len() as u64)
}

/// Puts other lines in. The scroll stays where it is the same thing in another form.
fn replace(lines: &mut Lines, key: Option<LinesKey>, new: Text) {
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
    let visible = lines(model).text.window(top, usize::from(inner.height));
    for (y, line) in (inner.top()..inner.bottom()).zip(visible) {
        buffer.set_line(inner.x + 1.min(inner.width), y, &line, inner_width(inner));
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
        Record::Frame(frame) => {
            let length = text::byte_count(frame.header.length);
            format!("Frame {} · {} · {length}{session}", frame.number, frame.header.opcode())
        }
        Record::Raw(raw) => format!("Raw bytes · {}{from}{session}", text::byte_count(raw.length)),
        _ => format!("Event{from}{session}"),
    }
}
