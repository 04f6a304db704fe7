//! All about a kind of finding, whether it was seen or not.

use ratatui::text::Line;

use crate::diagnose::words;
use crate::record::finding::FindingKind;
use crate::tui::theme::Theme;

use super::problems::wrapped;
use super::words::level_style;

/// What it is, what to do about it, what browsers make of it, and where the rule stands.
#[must_use]
pub(crate) fn lines(theme: &Theme, kind: FindingKind, columns: usize) -> Vec<Line<'static>> {
    let said = words(kind);
    let mut out = Vec::new();
    let title = format!("{}[{}]: {}", said.level.name(), kind.id(), said.title);
    wrapped(&title, level_style(said.level, theme), columns, &mut out);
    out.push(Line::default());
    wrapped(&format!("cause: {}", said.cause), theme.text, columns, &mut out);
    wrapped(&format!("help: {}", said.fix), theme.good, columns, &mut out);
    if let Some(repair) = said.repair {
        wrapped(&format!("repair: {repair}"), theme.good, columns, &mut out);
    }
    out.push(Line::default());
    for (name, words) in [("chrome", said.chrome), ("firefox", said.firefox), ("safari", said.safari)] {
        wrapped(&format!("{name}: {words}"), theme.text, columns, &mut out);
    }
    if let Some(words) = said.from_client {
        wrapped(&format!("where the client sent it: {words}"), theme.text, columns, &mut out);
    }
    wrapped(&format!("rule: {}", said.spec), theme.dim, columns, &mut out);
    out
}
