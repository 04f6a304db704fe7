//! The composer, at the bottom: the text, what it means, and what became of the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::journal::View;
use crate::text;
use crate::tui::compose::{self, CommandHelp, ComposeError};
use crate::tui::composer::Composer;
use crate::tui::fit;
use crate::tui::model::{Model, Overlay};
use crate::tui::theme::Theme;
use crate::tui::update::{answer_level, answer_text};

use super::overlay::panel;
use super::words::{level_glyph, level_style};

/// Lines of text that are shown at once.
const LINES: u16 = 5;

/// Draws it.
pub fn composer(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let Some(Overlay::Composer(composer)) = &model.overlay else { return };
    let lines = (composer.input.lines().len() as u16).clamp(1, LINES);
    let below = below(model, composer, usize::from(area.width.saturating_sub(4)));
    let height = (lines + below.len() as u16 + 2).min(area.height);
    let outer = Rect { y: area.bottom() - height, height, ..area };
    let inside = panel(model, outer, &heading(composer, view), buffer);
    let input = Rect { height: lines.min(inside.height), ..inside };
    (&composer.input).render(input, buffer);
    for (y, line) in (input.bottom()..inside.bottom()).zip(&below) {
        buffer.set_line(inside.x, y, line, inside.width);
    }
}

fn heading(composer: &Composer, view: &View) -> String {
    let path = view.session(composer.session).map(|summary| text::preview(&summary.path, 60)).unwrap_or_default();
    format!("Send to the {} · session {} {path}", composer.to.name(), composer.session.0)
}

/// What stands under the text: what it means, commands, the last answer.
fn below(model: &Model, composer: &Composer, width: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let mut lines = match &composer.parsed {
        _ if composer.is_empty() => {
            vec![Line::styled("text is sent as a text frame; / begins a command", theme.dim)]
        }
        Ok(injection) => {
            let words = format!("⇒ {}", compose::describe(injection, composer.to));
            fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, theme.good)).collect()
        }
        Err(error) => error_lines(composer, error, width, theme),
    };
    lines.extend(composer.candidates().map(|command| command_line(command, model)));
    if let Some(answer) = &model.answer {
        let level = answer_level(answer);
        let words = format!("{} {}", level_glyph(level), answer_text(answer, model.now));
        let style = level_style(level, theme);
        lines.extend(fit::wrap(&words, width).into_iter().map(|line| Line::styled(line, style)));
    }
    lines
}

/// An error under its place, beside the mark that points there if it fits, else under it.
fn error_lines(composer: &Composer, error: &ComposeError, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let before: String = composer.text().chars().take(error.at).collect();
    let caret = if composer.input.lines().len() == 1 { fit::width(&before) } else { 0 };
    let styled = |text: String| Line::styled(text, theme.error);
    if caret + 2 + fit::width(&error.message) <= width {
        return vec![styled(format!("{:caret$}^ {}", "", error.message))];
    }
    let mut lines = vec![styled(format!("{:caret$}^", ""))];
    lines.extend(fit::wrap(&error.message, width).into_iter().map(styled));
    lines
}

fn command_line(command: &CommandHelp, model: &Model) -> Line<'static> {
    let theme = &model.theme;
    Line::from(vec![
        Span::styled(command.name, theme.key),
        Span::styled(format!(" {}", command.arguments), theme.text),
        Span::styled(format!("  {}", command.about), theme.dim),
    ])
}
