//! What each action does.

use crate::journal::{Scope, View};
use crate::record::finding::Level;
use crate::record::{Policy, Side};

use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::pages::{BodyShown, BytesShown, Proof};
use crate::tui::search;
use crate::tui::state::arrangement::DetailPlace;
use crate::tui::state::composer::Recall;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::marks::{self, Way};
use crate::tui::state::model::{Model, Overlay, Question, Tab};
use crate::tui::state::pane::Further;
use crate::tui::update::copy::{self, Form};
use crate::tui::update::folding;
use crate::tui::update::prompt;
use crate::tui::update::resend;
use crate::tui::update::sending;
use crate::tui::update::why;

/// Does it.
pub(crate) fn perform(model: &mut Model, view: &View, action: Action) -> Vec<Effect> {
    if matches!(model.overlay, Some(Overlay::Command(_))) {
        return prompt::perform(model, view, action);
    }
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Interrupt => return sending::interrupt(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Leave => return leave(model),
        Action::Yes => return confirm(model),
        Action::Resend => return resend(model, view),
        Action::Down => step(model, view, 1),
        Action::Up => step(model, view, -1),
        Action::HalfPageDown => step(model, view, page(model) / 2),
        Action::HalfPageUp => step(model, view, -(page(model) / 2)),
        Action::PageDown => step(model, view, page(model)),
        Action::PageUp => step(model, view, -page(model)),
        Action::First => {
            marks::remember(model, view);
            step(model, view, i64::MIN);
        }
        Action::Last => {
            marks::remember(model, view);
            last(model, view);
        }
        Action::Follow => follow(model),
        Action::NextPane => turn_to_pane(model, 1),
        Action::PreviousPane => turn_to_pane(model, 2),
        Action::PreviousSession => step_session(model, view, -1),
        Action::NextSession => step_session(model, view, 1),
        Action::Frames => open(model, Tab::Frames),
        Action::Sessions => open(model, Tab::Sessions),
        Action::Handshake => open(model, Tab::Handshake),
        Action::NextProblem => {
            model.overlay = None;
            why::next_problem(model, view);
        }
        Action::Why => why::open(model, view),
        Action::Diagnosis => open(model, Tab::Diagnosis),
        Action::Log => open(model, Tab::Log),
        Action::Deeper => deeper(model),
        Action::Back => back(model),
        Action::Help => model.overlay = Some(Overlay::Help(model.place(), Scroll::default())),
        Action::No | Action::CloseHelp | Action::WhyDone => model.overlay = None,
        Action::Freeze => freeze(model),
        Action::ToServer => sending::compose(model, view, Side::Server),
        Action::ToClient => sending::compose(model, view, Side::Client),
        Action::CloseSession => ask_to_close(model, view),
        Action::Hex => toggle_body(model, BodyShown::Hex),
        Action::Text => toggle_body(model, BodyShown::Text),
        Action::Decoder => next_decoder(model),
        Action::Bytes => toggle_bytes(model),
        Action::NextPolicy => return choose_policy(model, model.policy.next()),
        Action::Times => {
            model.times = model.times.next();
            model.toast(Level::Note, format!("times: {}", model.times.name()));
        }
        Action::Maximise => model.arrangement.maximised = !model.arrangement.maximised,
        Action::MoveDetail => {
            let right = model.drawn.detail_is_right;
            model.arrangement.detail = if right { DetailPlace::Below } else { DetailPlace::Right };
        }
        Action::Shrink => resize(model, -1),
        Action::Grow => resize(model, 1),
        Action::FoldFragments => folding::toggle_fragments(model, view),
        Action::HideHeartbeats => folding::toggle_heartbeats(model, view),
        Action::SelectRange => marks::toggle_range(model, view),
        Action::Bookmark => marks::toggle_bookmark(model, view),
        Action::NextBookmark => marks::to_bookmark(model, view, Way::Forward),
        Action::PreviousBookmark => marks::to_bookmark(model, view, Way::Backward),
        Action::Search => search::open(model),
        Action::NextMatch => search::step(model, view, Way::Forward),
        Action::PreviousMatch => search::step(model, view, Way::Backward),
        Action::SearchGo => search::submit(model, view),
        Action::SearchSyntax => search::toggle_syntax(model),
        Action::SearchEarlier => search::recall(model, Recall::Earlier),
        Action::SearchLater => search::recall(model, Recall::Later),
        Action::SearchErase => search::edit(model, |prompt| {
            prompt.input.delete_line_by_head();
        }),
        Action::SearchDiscard => search::discard(model),
        Action::Copy => copy::ask(model, view),
        Action::CopyText => return copy::copy(model, view, Form::Text),
        Action::CopyHex => return copy::copy(model, view, Form::Hex),
        Action::CopyBase64 => return copy::copy(model, view, Form::Base64),
        Action::CopyJson => return copy::copy(model, view, Form::Json),
        Action::CopyCommand => return copy::copy(model, view, Form::Command),
        Action::CopyNothing => model.overlay = None,
        Action::JumpBack => marks::jump_back(model, view),
        Action::AcceptValue => toggle_proof(model),
        Action::CommandLine => prompt::open(model),
        Action::Send
        | Action::Discard
        | Action::NewLine
        | Action::EraseLine
        | Action::Complete
        | Action::Earlier
        | Action::Later
        | Action::OtherDirection
        | Action::ToNextSession
        | Action::ToPreviousSession
        | Action::OpenEditor => return sending::perform(model, view, action),
        Action::Left => model.detail.step_byte(-1, &model.theme),
        Action::Right => model.detail.step_byte(1, &model.theme),
        Action::Header => model.detail.turn_header(),
        Action::FoldMore => model.detail.fold_all(Further::Out, &model.theme),
        Action::FoldLess => model.detail.fold_all(Further::In, &model.theme),
        Action::Find => model.detail.begin_find(),
        Action::FindNext => model.detail.next_match(true),
        Action::FindPrevious => model.detail.next_match(false),
        Action::FindDone => model.detail.find.confirm(),
        Action::FindStop => model.detail.cancel_find(),
        Action::FindForm => model.detail.find.turn_form(),
    }
    Vec::new()
}

/// From now on faults are treated so, in the sessions that are live too.
pub(crate) fn choose_policy(model: &mut Model, policy: Policy) -> Vec<Effect> {
    model.policy = policy;
    model.toast(Level::Note, format!("policy {}: {}", policy.name(), policy.meaning()));
    vec![Effect::Policy(policy)]
}

fn page(model: &Model) -> i64 {
    let drawn = &model.drawn;
    let height = match model.place() {
        Place::Sessions => drawn.sessions.map(|(area, _)| area.height),
        Place::Frames | Place::Log => drawn.rows.map(|(area, _)| area.height),
        Place::Detail => drawn.detail.map(|area| area.height),
        _ => drawn.over.or(drawn.page).map(|(area, _)| area.height),
    };
    i64::from(height.unwrap_or_default().max(2))
}

/// Moves by so many rows, lines or sessions, wherever the focus is.
pub(crate) fn step(model: &mut Model, view: &View, by: i64) {
    match model.place() {
        Place::Sessions => step_session(model, view, by),
        Place::Frames | Place::Log => {
            let (cursor, scope) = model.list();
            cursor.step(&view.range(scope), by);
        }
        Place::Detail => model.detail.step(by, &model.theme),
        Place::Handshake | Place::Diagnosis => model.page.scroll.step(by),
        Place::Help => {
            if let Some(Overlay::Help(_, scroll)) = &mut model.overlay {
                scroll.step(by);
            }
        }
        Place::Why => {
            if let Some(Overlay::Why(why)) = &mut model.overlay {
                why.scroll.step(by);
            }
        }
        Place::Everywhere
        | Place::Composer
        | Place::Question
        | Place::Search
        | Place::Copy
        | Place::Command
        | Place::Find => {}
    }
}

fn last(model: &mut Model, view: &View) {
    match model.place() {
        Place::Frames | Place::Log => follow(model),
        _ => step(model, view, i64::MAX),
    }
}

fn follow(model: &mut Model) {
    model.list().0.follow();
    model.anchor = None;
}

fn step_session(model: &mut Model, view: &View, by: i64) {
    let last = view.sessions().len() as i64;
    let index = (model.session_index(view) as i64).saturating_add(by).clamp(0, last);
    choose_session(model, view, index as usize);
}

/// Shows the frames of a session by its place among all; 0 for all.
pub(crate) fn choose_session(model: &mut Model, view: &View, index: usize) {
    let chosen = index.checked_sub(1).and_then(|index| view.sessions().nth(index));
    let scope = chosen.map_or(Scope::All, |summary| Scope::Session(summary.id));
    if scope == model.scope {
        return;
    }
    if !model.frames.is_following() {
        let selected = model.frames.selected(&view.range(model.lens()));
        model.anchor = selected.and_then(|row| view.row(model.lens(), row)).map(|row| row.id);
    }
    model.scope = scope;
    // What was selected stays selected where it is among the rows that are now shown.
    let lens = model.lens();
    match model.anchor.and_then(|id| view.number(lens, id)) {
        Some(row) => model.frames.select(&view.range(lens), row),
        None => model.frames.follow(),
    }
}

fn open(model: &mut Model, tab: Tab) {
    model.tab = tab;
    model.arrangement.maximised = false;
    if model.pane == Place::Detail {
        model.pane = Place::Frames;
    }
}

fn turn_to_pane(model: &mut Model, by: usize) {
    const PANES: [Place; 3] = [Place::Sessions, Place::Frames, Place::Detail];
    match model.tab {
        Tab::Frames => {
            let index = PANES.iter().position(|pane| *pane == model.pane).unwrap_or_default();
            model.pane = PANES[(index + by) % PANES.len()];
        }
        Tab::Log => model.pane = if model.pane == Place::Detail { Place::Frames } else { Place::Detail },
        _ => {}
    }
}

fn deeper(model: &mut Model) {
    match (model.tab, model.pane) {
        (Tab::Sessions, _) => {
            open(model, Tab::Frames);
            model.pane = Place::Frames;
        }
        (Tab::Frames, Place::Sessions) => model.pane = Place::Frames,
        (Tab::Frames | Tab::Log, Place::Detail) if model.detail.can_fold(&model.theme) => {
            model.detail.turn_fold(&model.theme);
        }
        (Tab::Frames | Tab::Log, Place::Detail) => model.arrangement.maximised = !model.arrangement.maximised,
        (Tab::Frames | Tab::Log, _) => model.pane = Place::Detail,
        _ => {}
    }
}

fn back(model: &mut Model) {
    if model.place() == Place::Frames && (model.marks.end_range() || search::clear(model)) {
        return;
    }
    if model.place() == Place::Detail && model.detail.find.is_on() {
        model.detail.cancel_find();
    } else if model.arrangement.maximised {
        model.arrangement.maximised = false;
    } else if model.place() == Place::Detail {
        model.pane = Place::Frames;
    } else if model.tab != Tab::Frames {
        open(model, Tab::Frames);
    } else {
        model.pane = Place::Sessions;
    }
}

fn leave(model: &mut Model) -> Vec<Effect> {
    if model.arrangement.maximised || model.place() == Place::Detail || model.tab != Tab::Frames {
        back(model);
        return Vec::new();
    }
    if model.overview.live > 0 {
        model.overlay = Some(Overlay::Question(Question::Quit));
        return Vec::new();
    }
    vec![Effect::Quit]
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Question(Question::Quit)) => vec![Effect::Quit],
        Some(Overlay::Question(Question::Close(session))) => {
            model.toast(Level::Note, format!("session {}: close frames are on their way", session.0));
            vec![Effect::Close(session)]
        }
        _ => Vec::new(),
    }
}

fn freeze(model: &mut Model) {
    model.frozen = match model.frozen {
        None => Some(model.now),
        Some(_) => None,
    };
}

fn ask_to_close(model: &mut Model, view: &View) {
    if let Some(session) = sending::live_session(model, view) {
        model.overlay = Some(Overlay::Question(Question::Close(session)));
    }
}

fn resend(model: &mut Model, view: &View) -> Vec<Effect> {
    let Some((row, frame)) = model.selected_row(view).and_then(|row| Some((row, view.frame(row)?))) else {
        model.toast(Level::Warning, "only a frame can be sent once more: select one");
        return Vec::new();
    };
    let Some(session) = row.session else { return Vec::new() };
    match resend::injection(view, row, &frame) {
        Ok(injection) => vec![sending::inject(model, session, frame.record.from.other(), injection)],
        Err(why) => {
            model.toast(Level::Warning, why);
            Vec::new()
        }
    }
}

fn toggle_body(model: &mut Model, body: BodyShown) {
    model.body = if model.body == body { BodyShown::Auto } else { body };
}

fn toggle_proof(model: &mut Model) {
    model.tab = Tab::Handshake;
    model.proof = match model.proof {
        Proof::Hidden => Proof::Shown,
        Proof::Shown => Proof::Hidden,
    };
}

fn next_decoder(model: &mut Model) {
    let (body, name) = match model.body {
        BodyShown::Auto => (BodyShown::Hex, "hex"),
        BodyShown::Hex => (BodyShown::Text, "text"),
        BodyShown::Text => (BodyShown::Json, "JSON"),
        BodyShown::Json => (BodyShown::Mask, "the mask at work"),
        BodyShown::Mask => (BodyShown::Auto, "automatic"),
    };
    model.body = body;
    model.toast(Level::Note, format!("decoder: {name}"));
}

fn toggle_bytes(model: &mut Model) {
    // Text and JSON are of the payload, so that the wire's bytes are asked for means hex.
    if !model.detail.shows_hex() {
        model.body = BodyShown::Hex;
        model.bytes = BytesShown::Unmasked;
    }
    let (bytes, name) = match model.bytes {
        BytesShown::Wire => (BytesShown::Unmasked, "without the mask"),
        BytesShown::Unmasked => (BytesShown::Wire, "as on the wire"),
    };
    model.bytes = bytes;
    model.toast(Level::Note, format!("bytes {name}"));
}

fn resize(model: &mut Model, by: i16) {
    let arrangement = &mut model.arrangement;
    if model.tab == Tab::Frames && model.pane == Place::Sessions {
        arrangement.widen_sessions(by);
    } else {
        arrangement.grow_detail(by);
    }
}
