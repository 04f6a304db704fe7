//! What to do next, while there is nothing to see.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::control::RecordedAs;
use crate::journal::{Index, UpstreamState};
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{Action, key_of};
use crate::tui::state::model::Model;

/// Draws it in the middle of what is free, as far as it fits.
pub(super) fn welcome(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) {
    let mut lines = lines(model);
    let height = usize::from(area.height);
    let mut upstream = upstream(model, view, usize::from(area.width));
    if lines.len() + upstream.len() > height {
        // The reason stands in the bar of problems too.
        upstream.truncate(1);
    }
    lines.splice(1..1, upstream);
    spare(&mut lines, height);
    if lines.len() > height && kept(model).is_some() {
        // It stands above the last line, and what is wrong with the upstream matters more.
        lines.remove(lines.len() - 2);
    }
    let height = lines.len() as u16;
    let width = lines.iter().map(Line::width).max().unwrap_or_default() as u16;
    let top = area.y + area.height.saturating_sub(height) / 2;
    let left = area.x + area.width.saturating_sub(width) / 2;
    let room = area.right().saturating_sub(left);
    for (y, line) in (top..area.bottom()).zip(&lines) {
        buffer.set_line(left, y, line, room);
    }
}

/// Whether the upstream answers: without one, nothing will ever come.
fn upstream(model: &Model, view: &Index, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    match view.upstream() {
        UpstreamState::Unknown => Vec::new(),
        UpstreamState::Answers => vec![Line::styled("✓ The upstream answers.", theme.good)],
        UpstreamState::Down(_, trouble) => {
            let lines =
                fit::wrap(&text::escape(trouble.as_bytes()), columns.saturating_sub(2).clamp(1, 60)).into_iter();
            let short = Line::styled("✗ The upstream does not answer; it is tried again.", theme.error);
            [short].into_iter().chain(lines.map(|line| Line::styled(format!("  {line}"), theme.error))).collect()
        }
    }
}

/// Takes out empty lines where room is short.
fn spare(lines: &mut Vec<Line<'static>>, height: usize) {
    while lines.len() > height {
        let Some(empty) = lines.iter().rposition(|line| line.width() == 0) else { return };
        lines.remove(empty);
    }
}

fn lines(model: &Model) -> Vec<Line<'static>> {
    let theme = &model.look.theme;
    let address = model.proxy.info.reachable();
    let upstream = model.proxy.info.upstream.clone();
    let mut lines = vec![Line::styled("No WebSocket has come yet.", theme.bold), Line::default()];
    if model.proxy.capture.is_some() {
        lines = vec![
            Line::styled("There is no session in this capture.", theme.bold),
            Line::default(),
            Line::styled("What comes while it is written is shown.", theme.text),
        ];
    } else if model.proxy.info.playground {
        lines.push(Line::styled("Open this in a browser:", theme.text));
        lines.push(Line::styled(format!("  http://{address}/"), theme.key));
        lines.push(Line::default());
        lines.push(Line::styled("It is the playground that is built in.", theme.dim));
    } else {
        lines.push(Line::styled("Connect your client to this:", theme.text));
        lines.push(Line::styled(format!("  ws://{address}/"), theme.key));
        lines.push(Line::styled("in place of", theme.text));
        lines.push(Line::styled(format!("  {upstream}"), theme.server));
    }
    if let Some(words) = kept(model) {
        lines.push(Line::default());
        lines.push(Line::styled(words, theme.dim));
    }
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(key_of(Action::Help), theme.key),
        Span::styled(" keys   ", theme.dim),
        Span::styled(key_of(Action::Leave), theme.key),
        Span::styled(" quit", theme.dim),
    ]));
    lines
}

/// Where what will be seen is kept, and how not to.
fn kept(model: &Model) -> Option<String> {
    let recorded = model.proxy.recorded.as_ref().filter(|recorded| recorded.is_safe())?;
    Some(match recorded.what {
        RecordedAs::Capture => {
            let name = recorded.file.file_name().unwrap_or_default().as_encoded_bytes();
            format!("All that passes is written to {}.", text::escape(name))
        }
        RecordedAs::Autosave => "Kept for wsproxy open --last; --no-autosave keeps nothing.".to_owned(),
    })
}
