//! A finding, styled. Its words and its layout are the renderer's.

use ratatui::style::Style;

use crate::diagnose::render::{self, Part, RenderedLine};
use crate::diagnose::words;
use crate::record::finding::{Finding, Level};
use crate::record::{SessionId, Side, Stall};
use crate::tui::theme::Theme;

use super::page::Page;

pub(super) fn write(page: &mut Page<'_>, session: Option<SessionId>, from: Side, finding: &Finding) {
    let lines = render::lines(session.map(|id| id.0), from.name(), finding, page.width());
    write_lines(page, lines, words(finding.kind).level);
}

/// A stall is written out as the finding that it is where it lasts.
pub(super) fn write_stall(page: &mut Page<'_>, session: Option<SessionId>, stall: &Stall) {
    let lines = render::stall_lines(session.map(|id| id.0), stall, None, page.width());
    write_lines(page, lines, Level::Warning);
}

fn write_lines(page: &mut Page<'_>, lines: Vec<RenderedLine>, of: Level) {
    let theme = page.theme;
    for line in lines {
        page.set_indent(4);
        match line.part {
            Part::Title => page.words(&line.text, level(theme, of)),
            Part::Place => page.words(&line.text, theme.dim),
            Part::Hex => page.text(&line.text, theme.text),
            Part::Underline => page.text(&line.text, theme.error),
            Part::Fact => page.words(&line.text, theme.text),
            Part::Help => page.words(&line.text, theme.good),
        }
        page.end_row();
    }
}

/// The style of a level.
pub(super) const fn level(theme: &Theme, level: Level) -> Style {
    match level {
        Level::Note => theme.note,
        Level::Warning => theme.warning,
        Level::Error => theme.error,
    }
}
