//! What each action does.

use crate::control::resend::{self, NotResent};
use crate::journal::Index;
use crate::record::finding::Level;
use crate::record::{Policy, Side};
use crate::tui::clock::TimeDisplay;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::message::Effect;
use crate::tui::state::arrangement::DetailPlace;
use crate::tui::state::help::HelpPage;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::{Overlay, Question};
use crate::tui::state::panes::Tab;
use crate::tui::state::writing::Writing;

use super::compare;
use super::copy;
use super::decoding;
use super::detail;
use super::filter;
use super::holding;
use super::marks;
use super::moving;
use super::problems;
use super::prompt;
use super::rows;
use super::ruling;
use super::search;
use super::sending;
use super::timeline;
use super::why;
use super::writing;

/// Does it.
pub(crate) fn perform(model: &mut Model, view: &Index, action: Action) -> Vec<Effect> {
    if matches!(model.overlay, Some(Overlay::Command(_))) {
        return prompt::perform(model, view, action);
    }
    if let Some(refusal) = model.proxy.refusal().filter(|_| action.needs_proxy()) {
        model.toast(Level::Warning, refusal);
        return Vec::new();
    }
    let done = act(model, view, action);
    debug_assert!(done.is_some(), "nothing does {action:?}");
    done.unwrap_or_default()
}

/// Does it, where anything here does: each group of actions takes its own.
fn act(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    moving::perform(model, view, action)
        .or_else(|| compare::perform(model, view, action))
        .or_else(|| detail::perform(model, action))
        .or_else(|| problems::perform(model, view, action))
        .or_else(|| marks::perform(model, view, action))
        .or_else(|| ruling::perform(model, view, action))
        .or_else(|| decoding::perform(model, view, action))
        .or_else(|| rows::perform(model, view, action))
        .or_else(|| timeline::perform(model, view, action))
        .or_else(|| search::perform(model, view, action))
        .or_else(|| filter::perform(model, view, action))
        .or_else(|| copy::perform(model, view, action))
        .or_else(|| sending::perform(model, view, action))
        .or_else(|| holding::perform(model, view, action))
        .or_else(|| writing::perform(model, view, action))
        .or_else(|| general(model, view, action))
}

fn general(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Quit => return Some(quit(model)),
        Action::Interrupt => return Some(interrupt(model)),
        Action::Suspend => return Some(vec![Effect::Suspend]),
        Action::Leave => return Some(leave(model, view)),
        Action::Yes => return Some(confirm(model)),
        Action::Resend => return Some(resend(model, view)),
        Action::NextPane => model.panes.turn(1),
        Action::PreviousPane => model.panes.turn(2),
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
        Action::Back => back(model, view),
        Action::Help => model.overlay = Some(Overlay::Help(Box::new(HelpPage::new(model.place())))),
        Action::HelpErase => erase_help(model),
        Action::No | Action::CloseHelp | Action::WhyDone | Action::CompareDone => model.overlay = None,
        Action::Freeze => freeze(model),
        Action::CloseSession => ask_to_close(model, view),
        Action::NextPolicy => return Some(choose_policy(model, model.proxy.policy.next())),
        Action::Times => {
            model.look.times = model.look.times.next();
            let name = match (model.look.times, model.panes.tab) {
                (TimeDisplay::Relative, Tab::Log) => "since wsproxy began",
                (times, _) => times.name(),
            };
            model.toast(Level::Note, format!("times: {name}"));
        }
        Action::Maximise => model.panes.turn_maximised(),
        Action::MoveDetail => {
            let right = model.drawn.detail_is_right;
            model.panes.arrangement.detail = if right { DetailPlace::Below } else { DetailPlace::Right };
        }
        Action::Shrink => resize(model, -1),
        Action::Grow => resize(model, 1),
        Action::CommandLine => prompt::open(model, view),
        _ => return None,
    }
    Some(Vec::new())
}

/// Looks for nothing in the help any more.
fn erase_help(model: &mut Model) {
    if let Some(Overlay::Help(help)) = &mut model.overlay {
        help.erase();
    }
}

/// From now on faults are treated so, in the sessions that are live too.
pub(crate) fn choose_policy(model: &mut Model, policy: Policy) -> Vec<Effect> {
    if let Some(refusal) = model.proxy.refusal() {
        model.toast(Level::Warning, refusal);
        return Vec::new();
    }
    model.proxy.policy = policy;
    model.toast(Level::Note, format!("policy {}: {}", policy.name(), policy.meaning()));
    vec![Effect::Policy(policy)]
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

fn back(model: &mut Model, view: &Index) {
    if model.place() == Place::Frames && (model.lists.marks.end_range() || model.search.clear()) {
        return;
    }
    if model.place() == Place::Frames && model.lists.filter.query().is_some() {
        let origin = model.lists.origin(view);
        return model.lists.ask(view, None, origin);
    }
    if model.place() == Place::Detail && model.detail.find.is_on() {
        model.detail.cancel_find();
    } else {
        model.panes.back();
    }
}

fn leave(model: &mut Model, view: &Index) -> Vec<Effect> {
    if model.panes.is_deep() {
        back(model, view);
        return Vec::new();
    }
    if model.unsaved() > 0 {
        model.overlay = Some(Overlay::Question(Question::Quit));
        return Vec::new();
    }
    quit(model)
}

/// Quits, and asks first while sessions are open.
fn quit(model: &mut Model) -> Vec<Effect> {
    if model.overview.live > 0 && model.proxy.capture.is_none() {
        model.overlay = Some(Overlay::Question(Question::Quit));
        return Vec::new();
    }
    vec![Effect::Quit]
}

/// Stops what is under way, clears what is typed, closes what lies over the panes; on the panes themselves it quits.
pub(super) fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.sending.is_repeating() {
        return sending::stop(model);
    }
    if model.writing.as_ref().is_some_and(Writing::is_running) {
        return vec![Effect::StopWriting];
    }
    let place = model.place();
    match &mut model.overlay {
        Some(overlay) => {
            if !overlay.clear() {
                model.overlay = None;
            }
            search::typed(model);
            problems::typed(model);
            holding::typed(model);
            ruling::typed(model);
        }
        None if place == Place::Find => {
            if !model.detail.find.clear() {
                model.detail.cancel_find();
            }
        }
        None => return vec![Effect::Quit],
    }
    Vec::new()
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

fn ask_to_close(model: &mut Model, view: &Index) {
    if let Some(session) = sending::live_session(model, view) {
        model.overlay = Some(Overlay::Question(Question::Close(session)));
    }
}

fn resend(model: &mut Model, view: &Index) -> Vec<Effect> {
    let Some((row, frame)) = model.selected_row(view).and_then(|row| Some((row, view.frame(row)?))) else {
        model.toast(Level::Warning, "only a frame can be sent once more: select one");
        return Vec::new();
    };
    let Some(session) = row.session else { return Vec::new() };
    match resend::injection(view, row, &frame) {
        Ok(injection) => {
            let to = frame.record.from.other();
            let mut what = sending::words(&injection, to);
            // Of several that are one row, it is said which.
            if let Some(run) = view.heartbeats(model.shown_list().1.fold, row.id).filter(|run| run.count > 1) {
                what = format!("the first of {} heartbeats, {what}", run.count);
            }
            vec![sending::inject_as(model, session, to, injection, what)]
        }
        Err(NotResent::NotKept) => {
            model.toast(Level::Warning, NotResent::NotKept.to_string());
            Vec::new()
        }
        Err(why) => {
            let anew = match frame.record.from {
                Side::Client => key_of(Action::ToServer),
                Side::Server => key_of(Action::ToClient),
            };
            model.toast(Level::Warning, format!("{why}: write it anew with {anew}"));
            Vec::new()
        }
    }
}

fn resize(model: &mut Model, by: i16) {
    let arrangement = &mut model.panes.arrangement;
    if model.panes.tab == Tab::Frames && model.panes.focus == Place::Sessions {
        arrangement.widen_sessions(by);
    } else {
        arrangement.grow_detail(by);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use std::sync::Arc;

    use super::*;
    use crate::journal::Journal;
    use crate::record::Time;
    use crate::tui::keymap::BINDINGS;
    use crate::tui::state::proxy::Info;
    use crate::tui::theme::Theme;

    #[test]
    fn each_action_of_the_table_is_done_by_somebody() {
        let view = Index::new(Arc::new(Journal::new(1 << 20)).subscribe(|| ()));
        for binding in BINDINGS {
            let info =
                Info { addresses: Vec::new(), upstream: String::new(), playground: true, hold_limits: String::new() };
            let mut model = Model::new(info, Theme::default(), TimeZone::UTC, Time(0));
            assert!(act(&mut model, &view, binding.action).is_some(), "{:?}", binding.action);
        }
    }
}
