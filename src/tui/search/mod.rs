//! Search in the frame log: highlights what matches, and hides nothing.
//!
//! `Search` is what the model remembers: the pattern, the rows that match, the line in which it is typed. `Searcher`
//! stands beside the journal's view: it hands blocks to the thread that searches and takes what was found.

mod pattern;
mod scan;
mod searcher;
mod worker;

use std::collections::VecDeque;

use ratatui_textarea::{CursorMove, TextArea};

use crate::journal::{Message, RowId, View};
use crate::record::finding::Level;
use crate::text;

use crate::tui::fit;
use crate::tui::keymap::{Action, key_of};
use crate::tui::state::composer::Recall;
use crate::tui::state::history::History;
use crate::tui::state::marks::{self, Way};
use crate::tui::state::model::{Model, Overlay};
pub(crate) use pattern::{Pattern, Syntax};
pub(crate) use searcher::{Bell, Searcher};
use worker::Report;

/// Fragments of a folded message that are looked up to see whether one matches.
const LOOKED_UP: usize = 256;

/// The line in which a pattern is typed.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// The text.
    pub input: TextArea<'static>,
    /// How it is read.
    pub syntax: Syntax,
    /// What is wrong with it.
    pub error: Option<String>,
    /// The place in the history, from its end.
    recalled: Option<usize>,
}

impl Prompt {
    fn new(syntax: Syntax) -> Self {
        Self { input: input(""), syntax, error: None, recalled: None }
    }

    fn text(&self) -> String {
        self.input.lines().concat()
    }
}

fn input(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(vec![text.to_owned()]);
    input.set_cursor_line_style(ratatui::style::Style::new());
    input.move_cursor(CursorMove::End);
    input
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    waiting: u64,
    searched: u64,
    up_to: Option<u64>,
    full: bool,
}

/// A jump that waits until it is known where to.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    from: RowId,
    way: Way,
    /// Whether the row where it began will do.
    here_too: bool,
}

/// What the screen knows of the search.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// What is highlighted; `None` where there is no search.
    pattern: Option<Pattern>,
    /// What was searched for last.
    last: Option<Pattern>,
    history: History,
    /// Rows that match, in the journal's order.
    found: VecDeque<RowId>,
    progress: Progress,
    wanted: Option<Wanted>,
}

impl Search {
    /// What is searched for.
    #[must_use]
    pub(crate) const fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Whether a row matches, or a fragment of the message that is folded into it.
    #[must_use]
    pub(crate) fn matches(&self, row: RowId, message: Option<&Message>) -> bool {
        let is_found = |row: &RowId| self.found.binary_search(row).is_ok();
        let rest = message.into_iter().flat_map(|message| message.rest.iter().take(LOOKED_UP));
        self.pattern.is_some() && std::iter::once(&row).chain(rest).any(is_found)
    }

    /// How many rows match, which of them is `here`, and how far it is.
    #[must_use]
    pub(crate) fn status(&self, here: Option<RowId>) -> Option<String> {
        self.pattern.as_ref()?;
        let count = self.found.len();
        let total = fit::number(count as u64);
        let place = here.and_then(|row| self.found.binary_search(&row).ok());
        let more = if self.progress.full { "+" } else { "" };
        let plural = if count == 1 { "" } else { "es" };
        let matches = match place {
            Some(place) => format!("{} of {total}{more} match{plural}", fit::number(place as u64 + 1)),
            None if count == 0 && self.is_done() => "no match".to_owned(),
            None => format!("{total}{more} match{plural}"),
        };
        if self.is_done() {
            return Some(matches);
        }
        let Progress { waiting, searched, .. } = self.progress;
        let percent = searched.saturating_mul(100).checked_div(searched + waiting).unwrap_or_default();
        Some(format!("{matches} · searching {percent} %"))
    }

    /// Begins anew: other rows are shown, or something else is searched for.
    fn reset(&mut self) {
        self.found.clear();
        self.progress = Progress { waiting: 1, ..Progress::default() };
    }

    const fn is_done(&self) -> bool {
        self.progress.waiting == 0 || self.progress.full
    }

    fn take(&mut self, report: Report) {
        let Report { found, waiting, searched, up_to, full } = report;
        self.progress = Progress { waiting, searched, up_to, full };
        for row in found {
            // Only frames that came in pieces are found late.
            if self.found.back().is_none_or(|last| *last < row) {
                self.found.push_back(row);
            } else if let Err(place) = self.found.binary_search(&row) {
                self.found.insert(place, row);
            }
        }
    }

    fn forget(&mut self, first: RowId) {
        while self.found.front().is_some_and(|row| *row < first) {
            self.found.pop_front();
        }
    }

    /// Matches on the way from a row, and from the other end.
    fn on_the_way(&self, Wanted { from, way, here_too }: Wanted) -> impl Iterator<Item = RowId> {
        let before = self.found.partition_point(|row| *row < from);
        let behind = self.found.partition_point(|row| *row <= from);
        let (forward, backward) = match (way, here_too) {
            (Way::Forward, true) => (Some(before), None),
            (Way::Forward, false) => (Some(behind), None),
            (Way::Backward, _) => (None, Some(before)),
        };
        let count = self.found.len();
        let forward = forward.into_iter().flat_map(move |start| (start..count).chain(0..start));
        let backward = backward.into_iter().flat_map(move |start| (0..start).rev().chain((start..count).rev()));
        forward.chain(backward).filter_map(|place| self.found.get(place).copied())
    }

    /// Whether a jump to a match can be told from what is known now.
    fn is_certain(&self, wanted: Wanted, to: RowId) -> bool {
        let is_ahead = match wanted.way {
            Way::Forward => to > wanted.from || (wanted.here_too && to == wanted.from),
            Way::Backward => to < wanted.from && self.progress.up_to.is_some_and(|up_to| up_to >= wanted.from.block),
        };
        is_ahead || self.is_done()
    }
}

/// Opens the line.
pub(crate) fn open(model: &mut Model) {
    let syntax = model.search.last.as_ref().map(Pattern::syntax).unwrap_or_default();
    model.overlay = Some(Overlay::Search(Box::new(Prompt::new(syntax))));
}

/// Takes a change of the line's text in.
pub(crate) fn typed(model: &mut Model) {
    let Some(Overlay::Search(prompt)) = &mut model.overlay else { return };
    let (pattern, error) = match Pattern::parse(&prompt.text(), prompt.syntax) {
        Ok(pattern) => (pattern, None),
        Err(error) => (None, Some(error)),
    };
    prompt.error = error;
    model.search.pattern = pattern;
}

/// Changes the line.
pub(crate) fn edit(model: &mut Model, change: impl FnOnce(&mut Prompt)) {
    if let Some(Overlay::Search(prompt)) = &mut model.overlay {
        change(prompt);
    }
    typed(model);
}

/// Puts the first line of a text in, without what can't be seen.
pub(crate) fn paste(model: &mut Model, pasted: &str) {
    let line = pasted.lines().next().unwrap_or_default();
    let line: String = line.chars().filter(|character| text::is_plain(*character)).collect();
    edit(model, |prompt| {
        prompt.input.insert_str(line);
    });
}

/// Reads the line as a regular expression, or as it stands.
pub(crate) fn toggle_syntax(model: &mut Model) {
    edit(model, |prompt| {
        prompt.syntax = match prompt.syntax {
            Syntax::Plain => Syntax::Regex,
            Syntax::Regex => Syntax::Plain,
        };
    });
}

/// Puts an earlier pattern, or a later one, into the line.
pub(crate) fn recall(model: &mut Model, direction: Recall) {
    let Some(Overlay::Search(prompt)) = &mut model.overlay else { return };
    let recalled = match (prompt.recalled, direction) {
        (None, Recall::Earlier) => Some(0),
        (Some(back), Recall::Earlier) => Some(back + 1),
        (Some(back), Recall::Later) => back.checked_sub(1),
        (None, Recall::Later) => None,
    };
    let text = recalled.map(|back| model.search.history.get(back));
    match text {
        Some(Some(text)) => prompt.input = input(text),
        Some(None) => return,
        None => prompt.input = input(""),
    }
    prompt.recalled = recalled;
    typed(model);
}

/// Closes the line and goes to the first match from here on. An empty one takes the last pattern again.
pub(crate) fn submit(model: &mut Model, view: &View) {
    let Some(Overlay::Search(prompt)) = &model.overlay else { return };
    if prompt.error.is_some() {
        return;
    }
    model.overlay = None;
    if let Some(pattern) = &model.search.pattern {
        model.search.last = Some(pattern.clone());
        model.search.history.push(pattern.text().to_owned());
    }
    want(model, view, Way::Forward, true);
}

/// Closes the line, and nothing is highlighted any more.
pub(crate) fn discard(model: &mut Model) {
    model.overlay = None;
    clear(model);
}

/// Nothing is highlighted any more. Says whether anything was.
pub(crate) fn clear(model: &mut Model) -> bool {
    model.search.wanted = None;
    model.search.pattern.take().is_some()
}

/// On to the next match.
pub(crate) fn step(model: &mut Model, view: &View, way: Way) {
    want(model, view, way, false);
}

fn want(model: &mut Model, view: &View, way: Way, here_too: bool) {
    let search = &mut model.search;
    if search.pattern.is_none() {
        search.pattern.clone_from(&search.last);
        search.reset();
    }
    if search.pattern.is_none() {
        let key = key_of(Action::Search);
        model.toast(Level::Note, format!("there is nothing to search for yet: {key} asks for it"));
        return;
    }
    model.search.wanted = marks::here(model, view).map(|from| Wanted { from, way, here_too });
    arrive(model, view);
}

/// Makes the jump that is wanted, as soon as it is known where to.
fn arrive(model: &mut Model, view: &View) {
    let Some(wanted) = model.search.wanted else { return };
    let lens = model.lens();
    let here = view.number(lens, wanted.from);
    // Fragments of one message are one place.
    let is_place = |row: &RowId| {
        let number = view.number(lens, *row);
        number.is_some() && (wanted.here_too || number != here)
    };
    let to = model.search.on_the_way(wanted).find(is_place);
    match to {
        Some(to) if model.search.is_certain(wanted, to) => {
            model.search.wanted = None;
            marks::remember(model, view);
            marks::go_to(model, view, to);
            let is_around = match wanted.way {
                Way::Forward => to < wanted.from,
                Way::Backward => to > wanted.from,
            };
            if is_around {
                let end = if wanted.way == Way::Forward { "first" } else { "last" };
                model.toast(Level::Note, format!("on from the {end} match"));
            }
        }
        None if model.search.is_done() => {
            model.search.wanted = None;
            let words = if model.search.found.is_empty() { "no match" } else { "there is no other match" };
            model.toast(Level::Note, words);
        }
        _ => {}
    }
}
