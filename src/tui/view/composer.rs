//! The composer, at the bottom: the text, what it means, the bytes that will go out, and what became of the last one.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::compose::{self, CommandHelp, FrameBytes, Json, Order};
use crate::journal::Index;
use crate::record::finding::Level;
use crate::relay::hold::Leaning;
use crate::relay::injection::Injection;
use crate::text;
use crate::tui::fit;
use crate::tui::pages::legs::difference;
use crate::tui::pages::words::{level_glyph, level_style};
use crate::tui::state::composer::{Behind, Composer, Edited, EditedHead};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::sessions::live_sessions;
use crate::tui::theme::Theme;

use super::input::Layout;
use super::overlay::panel;

/// Rows of bytes for what is one frame, and frames for what is several.
const ROWS: usize = 3;
/// Columns for the count of bytes that are not shown.
const MORE: usize = 12;

/// Draws it.
pub(super) fn composer(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Composer(composer)) = &model.overlay else { return None };
    let width = usize::from(area.width.saturating_sub(4));
    let limit = usize::from(area.height / 3).clamp(1, 12);
    let layout = Layout::new(&composer.input, width, limit);
    let lines = layout.height().min(limit);
    let room = usize::from(area.height).saturating_sub(lines + 2);
    let below = below(model, composer, &layout, width, room);
    let height = ((lines + below.len() + 2) as u16).min(area.height);
    let outer = Rect { y: area.bottom() - height, height, ..area };
    let inside = panel(model, outer, &heading(composer, view), buffer);
    let input = Rect { height: (lines as u16).min(inside.height), ..inside };
    layout.draw(input, buffer, &model.look.theme, wrong_place(composer));
    for (y, line) in (input.bottom()..inside.bottom()).zip(&below) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
    None
}

fn heading(composer: &Composer, view: &Index) -> String {
    let live = live_sessions(view);
    let place = match live.iter().position(|id| *id == composer.session) {
        None => " (over)".to_owned(),
        Some(_) if live.len() == 1 => String::new(),
        Some(index) => format!(" ({} of {} live)", index + 1, live.len()),
    };
    let from = composer.to.other().name();
    match &composer.edits {
        Some(Edited::Message(frame, ..)) => {
            return format!(
                "Edit what the {from} sent · session {} · frame {frame} · enter sends it",
                composer.session.0
            );
        }
        Some(Edited::Head(head)) => {
            let what = if head.request.is_some() { "response" } else { "request" };
            return format!("Edit the {from}'s {what} · session {} · enter sends it", composer.session.0);
        }
        None => {}
    }
    let path = view.session(composer.session).map(|summary| text::preview(&summary.path, 60)).unwrap_or_default();
    format!("Send to the {} · session {}{place} {path}", composer.to.name(), composer.session.0)
}

/// The character that is marked in the text.
fn wrong_place(composer: &Composer) -> Option<usize> {
    if let Some(Edited::Head(head)) = &composer.edits {
        return head.read.as_ref().err().map(|error| error.at);
    }
    match (&composer.parsed, &composer.json) {
        _ if composer.is_empty() => None,
        (Err(error), _) => Some(error.at).filter(|_| !composer.completion.is_open()),
        (_, Some(Json::Wrong(error))) => Some(error.at),
        _ => None,
    }
}

/// What stands under the text. Where there is too little room, commands give way first.
fn below(model: &Model, composer: &Composer, layout: &Layout, width: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = meaning(model, composer, layout, width);
    let said = said(model, width);
    let commands = composer.completion.candidates.iter().map(|command| command_line(command, &model.look.theme));
    lines.extend(commands.take(room.saturating_sub(lines.len() + said.len())));
    lines.extend(said);
    lines
}

fn meaning(model: &Model, composer: &Composer, layout: &Layout, width: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    if let Some(Edited::Head(head)) = &composer.edits {
        return match &head.read {
            Ok(bytes) => of_head(head, bytes.len(), width, theme),
            Err(error) => trouble(composer, layout, &error.message, error.at, width, theme.error),
        };
    }
    match &composer.parsed {
        _ if composer.is_empty() => {
            let hint = "text goes as a text frame · / begins a command · ↑ what was sent before";
            fit::wrap(hint, width).into_iter().map(|line| Line::styled(line, theme.dim)).collect()
        }
        // The commands that it may become stand below.
        Err(_) if composer.completion.is_open() => Vec::new(),
        Err(error) => trouble(composer, layout, &error.message, error.at, width, theme.error),
        Ok(order) => {
            let mut lines = Vec::new();
            if let Some(Json::Wrong(error)) = &composer.json {
                let words = format!("{}; it can be sent all the same", error.message);
                lines = trouble(composer, layout, &words, error.at, width, theme.warning);
            }
            lines.extend(outgoing(composer, order, width, theme));
            if let Some(Edited::Message(_, came, behind)) = &composer.edits {
                lines.extend(against(came, &order.injection, width, theme));
                if *behind == Behind::Leans {
                    let how = match model.holding.leaning {
                        Leaning::Inflated => "goes out inflated from here on (:recompress compresses it anew)",
                        Leaning::Anew => "is compressed anew from here on",
                    };
                    let words = format!("  what is compressed behind it leans on it, and {how}");
                    lines.extend(fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, theme.note)));
                }
            }
            lines
        }
    }
}

/// What a head that is edited will be, and what that changes.
fn of_head(head: &EditedHead, length: usize, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (verdict, style) = match head.verdict() {
        None => (String::new(), theme.good),
        Some(None) => (" · Chrome opens the socket on it".to_owned(), theme.good),
        Some(Some(words)) => (format!(" · Chrome fails on it: {words}"), theme.warning),
    };
    let words = format!("⇒ {}{verdict}", text::byte_count(length as u64));
    let mut lines: Vec<_> = fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, style)).collect();
    let changes = head.changes();
    if changes.is_empty() && head.read.as_ref() == Ok(&head.came) {
        lines.push(Line::styled("  as it came", theme.dim));
    }
    for change in changes.iter().take(ROWS) {
        let field = text::escape(change.field.as_bytes());
        let [from, to] = [&change.from, &change.to].map(|bytes| text::preview(bytes, 200));
        let words = match (from.is_empty(), to.is_empty()) {
            (true, _) => format!("  + {field}: {to}"),
            (false, true) => format!("  - {field}: {from}"),
            (false, false) => format!("  ~ {field}: {from} → {to}"),
        };
        lines.push(Line::styled(fit::cut(&words, width), theme.injected));
    }
    if changes.len() > ROWS {
        lines.push(Line::styled(format!("  … {} more", changes.len() - ROWS), theme.dim));
    }
    lines
}

/// Where what will go out differs from what came, with a little of what stands around it.
fn against(came: &[u8], injection: &Injection, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let joined;
    let goes = match injection {
        Injection::Frame { payload, .. } => payload,
        Injection::Fragments { payloads, .. } => {
            joined = payloads.concat();
            &joined
        }
        Injection::Raw(_) => return Vec::new(),
    };
    let (Some(gone), Some(new)) = (difference(came, goes), difference(goes, came)) else {
        return vec![Line::styled("  says what came", theme.dim)];
    };
    let row = |mark: &str, bytes: &[u8], changed: Range<usize>, style: Style| {
        let around = width.saturating_sub(6) / 4;
        let (from, to) = (changed.start.saturating_sub(around), changed.end.saturating_add(around).min(bytes.len()));
        let piece = |range: Range<usize>| text::preview(bytes.get(range).unwrap_or_default(), width);
        let more = |is_cut: bool| if is_cut { "…" } else { "" };
        let room = width.saturating_sub(4 + 2 * around).max(8);
        let spans = vec![
            Span::styled(format!("  {mark} {}", more(from > 0)), style),
            Span::styled(piece(from..changed.start), theme.dim),
            Span::styled(fit::cut(&piece(changed.clone()), room), style),
            Span::styled(piece(changed.end..to), theme.dim),
            Span::styled(more(to < bytes.len()), theme.dim),
        ];
        Line::from(spans)
    };
    vec![row("-", came, gone, theme.warning), row("+", goes, new, theme.injected)]
}

/// Words about a place in the text: beside a mark that points there if that fits, under it, or with the line's number.
fn trouble(
    composer: &Composer,
    layout: &Layout,
    words: &str,
    at: usize,
    width: usize,
    style: Style,
) -> Vec<Line<'static>> {
    let wrapped = |words: &str| fit::wrap(words, width).into_iter().map(move |line| Line::styled(line, style));
    let Some(column) = layout.column_in_single_row(at) else {
        let before: String = composer.text().chars().take(at).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        return wrapped(&format!("line {line}, column {column}: {words}")).collect();
    };
    if column + 2 + fit::width(words) <= width {
        return vec![Line::styled(format!("{:column$}^ {words}", ""), style)];
    }
    let mut lines = vec![Line::styled(format!("{:column$}^", ""), style)];
    lines.extend(wrapped(words));
    lines
}

/// What will go out: in words, then its bytes.
fn outgoing(composer: &Composer, order: &Order, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let columns = (width.saturating_sub(2) / 3).max(1);
    let rows = if order.injection.frames() == 1 { ROWS } else { 1 };
    let preview = compose::preview(&order.injection, composer.to, ROWS, rows * columns);
    let mut words = format!("⇒ {}", preview.summary);
    match &composer.json {
        Some(Json::Valid) => words.push_str(" · JSON"),
        Some(Json::Unfinished) => words.push_str(" · JSON, not complete yet"),
        _ => {}
    }
    if let Some(repeat) = order.repeat {
        words.push_str(&format!(" · {} times, one every {:?}", repeat.times, repeat.every));
    }
    let mut lines: Vec<_> = fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, theme.good)).collect();
    if let Some(warning) = preview.warning {
        let words = format!("{} {warning}", level_glyph(Level::Warning));
        lines.extend(fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, theme.warning)));
    }
    lines.extend(preview.frames.iter().flat_map(|frame| bytes(frame, columns, rows, theme)));
    if preview.more > 0 {
        let what = if preview.more == 1 { "fragment" } else { "fragments" };
        lines.push(Line::styled(format!("  … {} {what} more", preview.more), theme.dim));
    }
    lines
}

/// A frame's bytes in hex, in so many rows. The key, which is drawn when the frame goes out, is `kk`.
fn bytes(frame: &FrameBytes, columns: usize, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let hex = |bytes: &[u8], style| -> Vec<_> { bytes.iter().map(|byte| (format!("{byte:02x}"), style)).collect() };
    let mut words = hex(&frame.header, theme.key);
    words.extend(std::iter::repeat_n(("kk".to_owned(), theme.warning), if frame.masked { 4 } else { 0 }));
    let room = columns * rows;
    let payload = frame.payload.len();
    // The count of what is left out takes room from what is shown.
    let fits = words.len() + payload <= room && frame.more == 0;
    let shown = if fits { payload } else { room.saturating_sub(words.len() + MORE / 3).min(payload) };
    words.extend(hex(&frame.payload[..shown], theme.text));
    let more = frame.more + payload - shown;
    let mut lines: Vec<_> = words
        .chunks(columns)
        .map(|row| {
            let spans = row.iter().map(|(word, style)| Span::styled(format!(" {word}"), *style));
            Line::from_iter(std::iter::once(Span::raw(" ")).chain(spans))
        })
        .collect();
    if let Some(last) = lines.last_mut().filter(|_| more > 0) {
        last.push_span(Span::styled(format!(" … {more} more"), theme.dim));
    }
    lines
}

/// What became of what was sent.
fn said(model: &Model, width: usize) -> Vec<Line<'static>> {
    let repeating = model.sending.repeating.as_ref().map(|repeating| (repeating.level(), repeating.text(model.now)));
    let answer = model.sending.answer.as_ref().map(|answer| (answer.level(), answer.text(model.now)));
    let lines = |(level, words): (Level, String)| {
        let style = level_style(level, &model.look.theme);
        let words = format!("{} {words}", level_glyph(level));
        fit::wrap(&words, width).into_iter().map(move |line| Line::styled(line, style)).collect::<Vec<_>>()
    };
    let waiting = match model.sending.waiting.len() {
        0 => None,
        1 => Some((Level::Warning, "one sent before it waits too".to_owned())),
        count => Some((Level::Warning, format!("{count} sent before it wait too"))),
    };
    repeating.into_iter().chain(answer).chain(waiting).flat_map(lines).collect()
}

fn command_line(command: &CommandHelp, theme: &Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(command.name, theme.key),
        Span::styled(format!(" {}", command.arguments), theme.text),
        Span::styled(format!("  {}", command.about), theme.dim),
    ])
}
