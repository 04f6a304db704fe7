//! What has to be there before the screen is drawn in some size: the rows of its texts, made anew only where they would
//! come out otherwise.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::journal::{Fold, Index, Joined, Row, RowId, SessionSummary};
use crate::record::Seen;
use crate::tui::keymap::Place;
use crate::tui::pages::compare::{CompareOptions, Comparison, Pairing};
use crate::tui::pages::{self, DetailOptions, HeaderShown, problems};
use crate::tui::state::compare::CompareKey;
use crate::tui::state::layout::{Bars, PaneAreas, text_width};
use crate::tui::state::lines::{Lines, LinesKey, Subject};
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::state::problems::{Problems, ProblemsKey};

/// Makes the state ready to be drawn on a screen.
pub(crate) fn prepare(model: &mut Model, view: &Index, screen: Rect) {
    if screen.is_empty() {
        return;
    }
    let body = Bars::of(screen).body;
    compare(model, view, body);
    model.lists.sessions.arrange(view, model.now);
    model.panes.has_choice = view.sessions().len() > 1;
    match model.panes.tab {
        Tab::Frames | Tab::Log => {
            learn(model, view, body);
            let panes = PaneAreas::of(&model.panes, body);
            if let Some(area) = panes.rows.filter(|_| model.panes.tab == Tab::Frames) {
                timeline(model, view, area);
            }
            if let Some(area) = panes.detail {
                detail(model, view, area);
            }
        }
        Tab::Sessions => {}
        Tab::Handshake => handshake(model, view, body),
        Tab::Diagnosis => diagnosis(model, view),
    }
}

/// Gets to know who reads the messages of the rows that may be seen, and which of them reply to which.
fn learn(model: &mut Model, view: &Index, area: Rect) {
    let (mut cursor, all) = (*model.shown_list().0, model.rows(view));
    let range = all.range();
    cursor.settle(&range, area.height);
    let shown = cursor.top()..range.end.min(cursor.top() + u64::from(area.height));
    let selected = model.selected_row(view).map(|row| row.id);
    let rows: Vec<RowId> = selected.into_iter().chain(all.ids(shown)).collect();
    let mut last = None;
    for session in rows.iter().filter_map(|row| view.row_by_id(*row)?.session) {
        if last.replace(session) != Some(session) {
            model.decoders.learn(view, session);
        }
    }
    model.pairs.learn(view, &model.decoders, &rows);
}

/// Counts the frames that came, and finds out which part of the timeline is to be seen.
fn timeline(model: &mut Model, view: &Index, area: Rect) {
    let bars = model.log_areas(view, area).bars();
    if bars.is_empty() {
        return;
    }
    let scope = model.lists.scope;
    model.timeline.learn(view, scope);
    let range = view.range(scope);
    let time = |number| view.row_id(scope, number).map(|row| row.time);
    // What wsproxy said of itself before there was a session is no traffic.
    let opened = view.sessions().next().map(|session| session.opened);
    let span = time(range.start).max(opened).zip(range.end.checked_sub(1).and_then(time));
    let selected = model.lists.here(view).map(|row| row.time).or(span.map(|(_, last)| last));
    model.timeline.settle(span, selected.unwrap_or_default(), bars.width);
}

fn detail(model: &mut Model, view: &Index, area: Rect) {
    let row = model.selected_row(view);
    let decoder = model.decoders.of(row.and_then(|row| row.session));
    let pair = row.and_then(|row| model.pairs.of(view, row.id));
    let header = model.detail.header(area.height, model.texts.body);
    let fold = model.shown_list().1.fold;
    let bookmark = row.and_then(|row| model.lists.marks.bookmark(row.id)).filter(|_| model.panes.tab == Tab::Frames);
    let (mark, note) = bookmark.map(|bookmark| (bookmark.set, bookmark.note.clone())).unzip();
    let key = row.map(|row| {
        let subject = Subject::Row(row.id, fold);
        let extent = row_extent(view, row, fold).wrapping_add(model.decoders.heard() << 32);
        LinesKey { header, decoder, pair, mark, ..key(model, subject, extent, area) }
    });
    if model.detail.key != key {
        let (theme, zone) = (model.look.theme.clone(), model.look.zone.clone());
        let note = note.as_deref();
        let options = DetailOptions { header, decoder, pair, note, zone: &zone, theme: &theme, ..options(model, area) };
        let make = |content, folds: &_| Some(pages::document(view, row?, content, folds, &options));
        model.detail.show(key, &theme, make);
    }
    model.detail.work(&model.look.theme);
    let has_focus = model.panes.place() == Place::Detail;
    let (text, _) = model.detail.foot(area, has_focus).part(area);
    model.detail.settle(text.height, &model.look.theme);
}

/// Compares what is to be compared, if it is not yet.
fn compare(model: &mut Model, view: &Index, area: Rect) {
    let fold = model.shown_list().1.fold;
    let Some(Overlay::Compare(compare)) = &model.overlay else { return };
    let Some(pairing) = compare.pairing() else { return };
    let rows = match pairing {
        Pairing::Rows { marked, row } => [Some(marked), Some(row)],
        Pairing::Sent(row) => [Some(row), None],
    };
    let extents =
        rows.into_iter().flatten().filter_map(|row| view.row_by_id(row)).map(|row| row_extent(view, row, fold));
    let extent = extents.fold(0u64, |all, extent| all.wrapping_mul(31) ^ extent);
    let (form, equal, width) = (compare.form, compare.equal, area.width.saturating_sub(4));
    let key = CompareKey { pairing, form, equal, width, extent };
    if compare.key == Some(key) {
        return;
    }
    for session in rows.into_iter().flatten().filter_map(|row| view.row_by_id(row)?.session) {
        model.decoders.learn(view, session);
    }
    let decoder_of = |session| model.decoders.of(session);
    let options = CompareOptions { form, equal, fold, width };
    // What has left memory stays as it was.
    let Some(shown) = Comparison::new(&model.terms(), view, pairing, decoder_of, options) else { return };
    if let Some(Overlay::Compare(compare)) = &mut model.overlay {
        compare.show(key, shown);
    }
}

fn handshake(model: &mut Model, view: &Index, area: Rect) {
    let summary = model.session(view);
    let key = summary
        .map(|summary| key(model, Subject::Session(summary.id, model.texts.proof), session_extent(summary), area));
    if model.texts.page.key != key || key.is_none() {
        let lines = summary.map_or_else(
            || vec![Line::styled("There is no session yet.", model.look.theme.dim)],
            |summary| pages::session(summary, &options(model, area), model.texts.proof),
        );
        replace(&mut model.texts.page, key, lines);
    }
}

fn diagnosis(model: &mut Model, view: &Index) {
    let Problems { grouping, order, .. } = model.problems;
    let (scope, generation) = (model.lists.scope, model.overview.generation());
    let key = ProblemsKey { scope, generation, grouping, order };
    model.problems.fill(key, || problems::items(view, scope, grouping, order));
}

const fn options(model: &Model, area: Rect) -> DetailOptions<'_> {
    let header = HeaderShown::Full;
    DetailOptions {
        bytes: model.texts.bytes,
        body: model.texts.body,
        header,
        fold: model.shown_list().1.fold,
        decoder: None,
        pair: None,
        note: None,
        width: text_width(area),
        zone: &model.look.zone,
        theme: &model.look.theme,
    }
}

const fn key(model: &Model, subject: Subject, extent: u64, area: Rect) -> LinesKey {
    let header = HeaderShown::Full;
    LinesKey {
        subject,
        extent,
        bytes: model.texts.bytes,
        body: model.texts.body,
        header,
        decoder: None,
        pair: None,
        mark: None,
        width: text_width(area),
    }
}

/// Changes with all that comes of a row.
fn row_extent(view: &Index, row: Row<'_>, fold: Fold) -> u64 {
    let Seen::Frame(record) = row.record else { return 0 };
    if let Some(run) = view.heartbeats(fold, row.id).filter(|run| run.count > 1) {
        return run.count;
    }
    let joined = Joined::new(view, row, &record, fold);
    let is_held = view.relayed(row, &record).waits();
    let (frames, is_complete) = joined.message.map_or((0, 0), |message| (message.rest.len(), message.complete.into()));
    joined.received.wrapping_mul(31) ^ (frames as u64 * 4 + u64::from(is_held) * 2 + is_complete)
}

/// Changes with all that a session's page shows.
fn session_extent(summary: &SessionSummary) -> u64 {
    let held = summary.held_heads.iter().flatten().count() as u64;
    let heads = u64::from(summary.request.is_some()) + u64::from(summary.response.is_some()) + 4 * held;
    summary.last.0.wrapping_mul(31)
        ^ summary.frames.sum()
        ^ (heads + summary.findings.len() as u64 + summary.earlier_findings)
}

/// Puts other lines in. The scroll stays where it is the same thing in another form.
fn replace(lines: &mut Lines, key: Option<LinesKey>, new: Vec<Line<'static>>) {
    if lines.key.map(|key| key.subject) != key.map(|key| key.subject) {
        lines.scroll.reset();
    }
    lines.key = key;
    lines.text = new;
}
