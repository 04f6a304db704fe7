//! The list of rules, and the line in which one is written.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::relay::rules::Listing;
use crate::text;
use crate::tui::fit;
use crate::tui::keymap::{Action, key_of};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::filter::{self, Typed};
use super::{Focus, frame_log, overlay};

/// Columns of a name, at most.
const NAME: usize = 16;

/// Draws the list. Gives where its rows are.
pub(super) fn list(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Rules(book)) = &model.overlay else { return None };
    let (theme, rules) = (&model.look.theme, &model.rules.rules);
    let idle = [
        format!("no rules: {} writes one, as from:server -> delay 200ms±50ms", key_of(Action::RuleNew)),
        ":fault latency makes a bad network at once; :fault loss 5%, :fault slow 10k/s".to_owned(),
    ];
    let count = if rules.is_empty() { idle.len() } else { rules.len() };
    let height = (count as u16).saturating_add(2).min(area.height);
    let outer = Rect { height, y: area.bottom() - height, ..area };
    let (seed, acting) = (model.rules.seed, model.rules.acting());
    let title = format!("{} rule{}, {acting} on · --seed {seed}", rules.len(), if rules.len() == 1 { "" } else { "s" });
    let inside = overlay::panel(model, outer, &title, buffer);
    if rules.is_empty() {
        for (y, line) in (inside.top()..inside.bottom()).zip(idle) {
            buffer.set_stringn(inside.x, y, line, usize::from(inside.width), theme.dim);
        }
        return Some((inside, Scroll::default()));
    }
    let mut scroll = book.scroll;
    scroll.settle(rules.len(), inside.height);
    let selected = book.place(&model.rules);
    selected.into_iter().for_each(|place| scroll.show(place));
    let name = rules.iter().map(|listing| fit::width(listing.rule.name())).max().unwrap_or(0).min(NAME);
    let shown = rules.iter().enumerate().skip(scroll.top());
    for (y, (index, listing)) in (inside.top()..inside.bottom()).zip(shown) {
        buffer.set_line(inside.x, y, &line(model, listing, name, inside.width), inside.width);
        if selected == Some(index) {
            let row = Rect { x: inside.x - 1, y, width: inside.width + 2, height: 1 };
            frame_log::mark(row, buffer, model, Focus::Here);
        }
    }
    overlay::more_below(model, rules.len().saturating_sub(scroll.end()), inside, buffer);
    Some((inside, scroll))
}

fn line(model: &Model, listing: &Listing, name: usize, width: u16) -> Line<'static> {
    let theme = &model.look.theme;
    let (state, style) = if listing.is_on { ("on  ", theme.good) } else { ("off ", theme.dim) };
    let counts = format!(" {} of {}", fit::short(listing.acted), fit::short(listing.matched));
    let room = usize::from(width).saturating_sub(4 + name + 1 + fit::width(&counts));
    let text = text::escape(listing.rule.text().as_bytes());
    Line::from(vec![
        Span::styled(state, style),
        Span::styled(format!("{} ", fit::left(&text::escape(listing.rule.name().as_bytes()), name)), theme.key),
        Span::styled(fit::left(&text, room), if listing.is_on { theme.text } else { theme.dim }),
        Span::styled(counts, theme.note),
    ])
}

/// Draws the line in which a rule is written.
pub(super) fn rule_line(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(Rect, Scroll)> {
    let Some(Overlay::Rule(line)) = &model.overlay else { return None };
    let title = "a rule: QUERY -> ACT · tab completes, enter lets it act";
    let idle = "from:server path:/chat -> delay 200ms±50ms · op:text -> drop 5% · -> throttle 10k/s · docs/rules.md has all acts";
    let typed = Typed { line: &line.line, error: line.error.as_ref(), completions: line.completions() };
    filter::typed_line(model, " rule ", &typed, [title, idle], area, buffer);
    None
}

/// What of it shows while any rule acts, in fewer and fewer words; nothing where none does.
pub(super) fn banner(model: &Model) -> Vec<String> {
    let acting: Vec<_> = model.rules.rules.iter().filter(|listing| listing.is_on).collect();
    let names: Vec<_> = acting.iter().map(|listing| text::escape(listing.rule.name().as_bytes())).collect();
    let acts: u64 = acting.iter().map(|listing| listing.acted).sum();
    match names.len() {
        0 => Vec::new(),
        count => vec![
            format!(
                "RULES {} · {} act{} ",
                fit::cut(&names.join(" "), 30),
                fit::short(acts),
                if acts == 1 { "" } else { "s" }
            ),
            format!("RULES {} ", fit::cut(&names.join(" "), 18)),
            format!("RULES {count} · {} ", fit::short(acts)),
            format!("RULES {count} "),
        ],
    }
}
