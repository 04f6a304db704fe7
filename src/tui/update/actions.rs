//! What each action does.

use crate::journal::{Scope, View};
use crate::record::finding::Level;
use crate::record::{Policy, Side};

use super::copy::{self, Form};
use super::prompt;
use super::resend;
use super::rows;
use super::search;
use super::sending;
use super::why;
use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::pages::{BodyShown, BytesShown};
use crate::tui::state::arrangement::DetailPlace;
use crate::tui::state::composer::Recall;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::marks::Way;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Question;
use crate::tui::state::pane::Further;
use crate::tui::state::panes::Tab;

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
            model.lists.remember(view);
            step(model, view, i64::MIN);
        }
        Action::Last => {
            model.lists.remember(view);
            last(model, view);
        }
        Action::Follow => follow(model),
        Action::NextPane => model.panes.turn(1),
        Action::PreviousPane => model.panes.turn(2),
        Action::PreviousSession => step_session(model, view, -1),
        Action::NextSession => step_session(model, view, 1),
        Action::Frames => model.panes.open(Tab::Frames),
        Action::Sessions => model.panes.open(Tab::Sessions),
        Action::Handshake => model.panes.open(Tab::Handshake),
        Action::NextProblem => {
            model.overlay = None;
            why::next_problem(model, view);
        }
        Action::Why => why::open(model, view),
        Action::Diagnosis => model.panes.open(Tab::Diagnosis),
        Action::Log => model.panes.open(Tab::Log),
        Action::Deeper => deeper(model),
        Action::Back => back(model),
        Action::Help => model.overlay = Some(Overlay::Help(model.place(), Scroll::default())),
        Action::No | Action::CloseHelp | Action::WhyDone => model.overlay = None,
        Action::Freeze => freeze(model),
        Action::ToServer => sending::compose(model, view, Side::Server),
        Action::ToClient => sending::compose(model, view, Side::Client),
        Action::CloseSession => ask_to_close(model, view),
        Action::Hex => model.texts.turn_body(BodyShown::Hex),
        Action::Text => model.texts.turn_body(BodyShown::Text),
        Action::Decoder => next_decoder(model),
        Action::Bytes => toggle_bytes(model),
        Action::NextPolicy => return choose_policy(model, model.proxy.policy.next()),
        Action::Times => {
            model.look.times = model.look.times.next();
            model.toast(Level::Note, format!("times: {}", model.look.times.name()));
        }
        Action::Maximise => model.panes.turn_maximised(),
        Action::MoveDetail => {
            let right = model.drawn.detail_is_right;
            model.panes.arrangement.detail = if right { DetailPlace::Below } else { DetailPlace::Right };
        }
        Action::Shrink => resize(model, -1),
        Action::Grow => resize(model, 1),
        Action::FoldFragments => rows::turn_fragments(model, view),
        Action::HideHeartbeats => rows::turn_heartbeats(model, view),
        Action::SelectRange => model.lists.turn_range(view),
        Action::Bookmark => rows::turn_bookmark(model, view),
        Action::NextBookmark => rows::to_bookmark(model, view, Way::Forward),
        Action::PreviousBookmark => rows::to_bookmark(model, view, Way::Backward),
        Action::Search => search::open(model),
        Action::NextMatch => search::step(model, view, Way::Forward),
        Action::PreviousMatch => search::step(model, view, Way::Backward),
        Action::SearchGo => search::submit(model, view),
        Action::SearchSyntax => search::turn_syntax(model),
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
        Action::JumpBack => rows::jump_back(model, view),
        Action::AcceptValue => turn_proof(model),
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
        Action::Left => model.detail.step_byte(-1, &model.look.theme),
        Action::Right => model.detail.step_byte(1, &model.look.theme),
        Action::Header => model.detail.turn_header(),
        Action::FoldMore => model.detail.fold_all(Further::Out, &model.look.theme),
        Action::FoldLess => model.detail.fold_all(Further::In, &model.look.theme),
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
    model.proxy.policy = policy;
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
        Place::Detail => model.detail.step(by, &model.look.theme),
        Place::Handshake | Place::Diagnosis => model.texts.page.scroll.step(by),
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
    model.lists.forget_anchor();
}

fn step_session(model: &mut Model, view: &View, by: i64) {
    let last = view.sessions().len() as i64;
    let index = (model.lists.session_index(view) as i64).saturating_add(by).clamp(0, last);
    choose_session(model, view, index as usize);
}

/// Shows the frames of a session by its place among all; 0 for all.
pub(crate) fn choose_session(model: &mut Model, view: &View, index: usize) {
    let chosen = index.checked_sub(1).and_then(|index| view.sessions().nth(index));
    model.lists.choose(view, chosen.map_or(Scope::All, |summary| Scope::Session(summary.id)));
}

fn deeper(model: &mut Model) {
    match (model.panes.tab, model.panes.focus) {
        (Tab::Sessions, _) => {
            model.panes.open(Tab::Frames);
            model.panes.focus = Place::Frames;
        }
        (Tab::Frames, Place::Sessions) => model.panes.focus = Place::Frames,
        (Tab::Frames | Tab::Log, Place::Detail) if model.detail.can_fold(&model.look.theme) => {
            model.detail.turn_fold(&model.look.theme);
        }
        (Tab::Frames | Tab::Log, Place::Detail) => model.panes.turn_maximised(),
        (Tab::Frames | Tab::Log, _) => model.panes.focus = Place::Detail,
        _ => {}
    }
}

fn back(model: &mut Model) {
    if model.place() == Place::Frames && (model.lists.marks.end_range() || model.search.clear()) {
        return;
    }
    if model.place() == Place::Detail && model.detail.find.is_on() {
        model.detail.cancel_find();
    } else {
        model.panes.back();
    }
}

fn leave(model: &mut Model) -> Vec<Effect> {
    if model.panes.is_deep() {
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

fn turn_proof(model: &mut Model) {
    model.panes.tab = Tab::Handshake;
    model.texts.turn_proof();
}

fn next_decoder(model: &mut Model) {
    let name = model.texts.next_body();
    model.toast(Level::Note, format!("decoder: {name}"));
}

fn toggle_bytes(model: &mut Model) {
    // Text and JSON are of the payload, so that the wire's bytes are asked for means hex.
    if !model.detail.shows_hex() {
        model.texts.body = BodyShown::Hex;
        model.texts.bytes = BytesShown::Unmasked;
    }
    let (bytes, name) = match model.texts.bytes {
        BytesShown::Wire => (BytesShown::Unmasked, "without the mask"),
        BytesShown::Unmasked => (BytesShown::Wire, "as on the wire"),
    };
    model.texts.bytes = bytes;
    model.toast(Level::Note, format!("bytes {name}"));
}

fn resize(model: &mut Model, by: i16) {
    let arrangement = &mut model.panes.arrangement;
    if model.panes.tab == Tab::Frames && model.panes.focus == Place::Sessions {
        arrangement.widen_sessions(by);
    } else {
        arrangement.grow_detail(by);
    }
}
