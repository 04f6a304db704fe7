//! A finding, styled. Its words and its layout are the renderer's.

use ratatui::style::Style;

use crate::diagnose::render::{self, Part};
use crate::diagnose::words;
use crate::record::finding::{Finding, Level};
use crate::record::{SessionId, Side};
use crate::tui::theme::Theme;

use super::page::Page;

pub(super) fn write(page: &mut Page<'_>, session: Option<SessionId>, from: Side, finding: &Finding) {
    let theme = page.theme;
    for line in render::lines(session.map(|id| id.0), from.name(), finding, page.width()) {
        page.set_indent(4);
        match line.part {
            Part::Title => page.words(&line.text, level(theme, words(finding.kind).level)),
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
