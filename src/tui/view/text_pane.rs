//! Panes that show a text which is made by others: the detail of a row, a session's handshake, the problems.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::journal::{Index, Row};
use crate::record::Seen;
use crate::text;
use crate::tui::clock::{self, Digits, TimeDisplay};
use crate::tui::fit;
use crate::tui::keymap::Place;
use crate::tui::pages::{BodyShown, BytesShown};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::layout::text_width;
use crate::tui::state::model::Model;
use crate::tui::state::pane::Foot;

use super::{Focus, title};

/// Draws the selected row in full. Gives where its lines are.
pub(super) fn detail(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Rect {
    let name = model.selected_row(view).map_or_else(|| "Detail".to_owned(), |row| detail_name(model, view, row));
    let focus = Focus::of(model, Place::Detail);
    let has_focus = focus == Focus::Here;
    let foot = model.detail.foot(area, has_focus);
    let (inner, below) = foot.part(area);
    let theme = &model.look.theme;
    title(area, buffer, theme, focus, &name, &detail_position(model, focus, inner));
    for (y, line) in (inner.top()..inner.bottom()).zip(model.detail.window(inner.height, has_focus, theme)) {
        buffer.set_line(inner.x + 1.min(inner.width), y, &line, text_width(inner));
    }
    for (y, glyph) in (inner.top()..inner.bottom()).zip(model.detail.fold_glyphs(inner.height, theme)) {
        buffer.set_stringn(inner.x, y, glyph, usize::from(inner.width), theme.dim);
    }
    for (y, line) in (below.top()..below.bottom()).zip(foot_lines(model, &foot, below)) {
        buffer.set_line(below.x + 1.min(below.width), y, &line, text_width(below));
    }
    inner
}

fn foot_lines(model: &Model, foot: &Foot, area: Rect) -> Vec<Line<'static>> {
    let find = foot.find.then(|| find_line(model, area));
    let explained = foot.explained.iter().map(|row| Line::styled(row.clone(), model.look.theme.note));
    find.into_iter().chain(explained).collect()
}

fn find_line(model: &Model, area: Rect) -> Line<'static> {
    let theme = &model.look.theme;
    let (state, style) = match model.detail.find_state() {
        Ok(state) => (state, theme.dim),
        Err(reason) => (reason, theme.error),
    };
    let room = usize::from(text_width(area));
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

/// Draws the handshake of the session that is meant. Gives where its lines are.
pub(super) fn handshake(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> (Rect, Scroll) {
    let name = model.session(view).map_or_else(
        || "Handshake".to_owned(),
        |summary| format!("Handshake · session {} {}", summary.id.0, text::preview(&summary.path, 200)),
    );
    page(model, area, &name, buffer)
}

/// Draws the lines of the page under a title.
fn page(model: &Model, area: Rect, name: &str, buffer: &mut Buffer) -> (Rect, Scroll) {
    let height = area.height.saturating_sub(1);
    let (lines, mut scroll) = (&model.texts.page.text, model.texts.page.scroll);
    scroll.settle(lines.len(), height);
    let (top, count) = (scroll.top(), lines.len());
    let position = if count > usize::from(height) {
        format!("{}-{} of {count}", top + 1, (top + usize::from(height)).min(count))
    } else {
        String::new()
    };
    let form = form(model, Focus::Here);
    let right: Vec<&str> = [form, position.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    let inner = title(area, buffer, &model.look.theme, Focus::Here, name, &[right.join(" · ")]);
    for (y, line) in (inner.top()..inner.bottom()).zip(lines.iter().skip(top)) {
        buffer.set_line(inner.x + 1.min(inner.width), y, line, text_width(inner));
    }
    (inner, scroll)
}

/// What was chosen for the payload, where that is not what it is by itself.
const fn form(model: &Model, focus: Focus) -> &'static str {
    if matches!(focus, Focus::Elsewhere) {
        return "";
    }
    match (model.texts.bytes, model.texts.body) {
        (BytesShown::Wire, BodyShown::Auto) => "wire bytes",
        (BytesShown::Wire, BodyShown::Hex) => "wire bytes, hex",
        (BytesShown::Wire, BodyShown::Text) => "wire bytes, text",
        (_, BodyShown::Mask) => "mask",
        (BytesShown::Unmasked, BodyShown::Auto) => "payload",
        (BytesShown::Unmasked, BodyShown::Hex) => "payload, hex",
        (BytesShown::Unmasked, BodyShown::Text) => "payload, text",
        (BytesShown::Message, BodyShown::Auto) => "",
        (BytesShown::Message, BodyShown::Hex) => "hex",
        (BytesShown::Message, BodyShown::Text) => "text",
    }
}

/// The row's time as the rows show it; of those that show what lies between them, the time of day.
fn time(model: &Model, view: &Index, row: Row<'_>) -> String {
    match model.look.times {
        TimeDisplay::Relative => format!("+{}", clock::since(model.beginning(view, row), row.time)),
        _ => clock::clock(row.time, &model.look.zone, Digits::Milliseconds),
    }
}

fn detail_name(model: &Model, view: &Index, row: Row<'_>) -> String {
    let time = time(model, view, row);
    let session = row.session.map(|session| format!(" · session {}", session.0)).unwrap_or_default();
    let from = row.from().map(|from| format!(" · {} → {}", from.name(), from.other().name())).unwrap_or_default();
    if let Some(run) = view.heartbeats(model.shown_list().1.fold, row.id).filter(|run| run.count > 1) {
        return format!("{} heartbeats · from {time}{session}", fit::number(run.count));
    }
    match row.record {
        Seen::Frame(frame) => {
            let length = text::byte_count(frame.header.length);
            format!("Frame {} · {} · {length} · {time}{session}", frame.number, frame.header.opcode())
        }
        Seen::Raw(raw) => format!("Raw bytes · {} · {time}{from}{session}", text::byte_count(raw.length)),
        _ => format!("Event · {time}{from}{session}"),
    }
}
