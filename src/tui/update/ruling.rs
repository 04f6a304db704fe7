//! What the keys for rules do, and the commands: a list of them, a line to write one in, and faults that have a name.

use crate::control::rules::{RuleCommand, RuleList};
use crate::journal::Index;
use crate::record::finding::Level;
use crate::relay::rules::Rule;
use crate::rules;
use crate::text;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::ruling::{RuleBook, RuleLine};

use super::filter;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match (action, &mut model.overlay) {
        (Action::Rules, _) => model.overlay = Some(Overlay::Rules(RuleBook::default())),
        (Action::RuleNew, _) => write(model, view, None),
        (Action::RuleEdit, Some(Overlay::Rules(_))) => edit(model, view),
        (Action::RuleSwitch | Action::RuleRemove, Some(Overlay::Rules(book))) => {
            let selected = book.selected(&model.rules);
            let command = selected.map(|listing| match (action, listing.rule.name().to_owned()) {
                (Action::RuleSwitch, name) => RuleCommand::Switch { name, on: !listing.is_on },
                (_, name) => RuleCommand::Remove(name),
            });
            return Some(command.map(Effect::Rules).into_iter().collect());
        }
        (Action::RuleEdit | Action::RuleSwitch | Action::RuleRemove, _) => {}
        (Action::RulesDone, _) => model.overlay = None,
        (Action::Send, Some(Overlay::Rule(_))) => return Some(keep(model)),
        (Action::Discard, Some(Overlay::Rule(line))) => {
            let name = line.edits.clone().unwrap_or_default();
            model.overlay = Some(Overlay::Rules(RuleBook::at(&name)));
        }
        (Action::Complete, Some(Overlay::Rule(line))) => {
            line.complete();
            typed(model);
        }
        (Action::EraseLine, Some(Overlay::Rule(line))) => {
            line.line.input.delete_line_by_head();
            typed(model);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// Takes a change of the line's text in: what is wrong with it is shown at once.
pub(super) fn typed(model: &mut Model) {
    if let Some(Overlay::Rule(line)) = &mut model.overlay {
        line.error = None;
        // Of a line that has only begun nothing is wrong yet.
        if line.line.text().contains("-> ") {
            line.read(&model.rules);
        }
    }
}

fn write(model: &mut Model, view: &Index, rule: Option<&Rule>) {
    let line = RuleLine::new(rule, filter::known(model, view));
    model.overlay = Some(Overlay::Rule(Box::new(line)));
}

fn edit(model: &mut Model, view: &Index) {
    let Some(Overlay::Rules(book)) = &model.overlay else { return };
    let rule = book.selected(&model.rules).map(|listing| listing.rule.clone());
    write(model, view, rule.as_deref());
}

/// Lets the rule of the line act, unless something is wrong with it.
fn keep(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Rule(line)) = &mut model.overlay else { return Vec::new() };
    let Some(rule) = line.read(&model.rules) else { return Vec::new() };
    let renamed = line.edits.take().filter(|name| name != rule.name());
    let mut effects: Vec<_> = renamed.map(RuleCommand::Remove).map(Effect::Rules).into_iter().collect();
    model.overlay = Some(Overlay::Rules(RuleBook::at(rule.name())));
    effects.extend(put(model, rule));
    effects
}

fn put(model: &mut Model, rule: Rule) -> Vec<Effect> {
    let name = text::escape(rule.name().as_bytes());
    model.toast(Level::Note, format!("rule {name} acts from now on · {} lists the rules", key_of(Action::Rules)));
    vec![Effect::Rules(RuleCommand::Put(Box::new(rule)))]
}

/// The rules are these now.
pub(super) fn take(model: &mut Model, list: RuleList) {
    model.rules = list;
}

/// `:rule QUERY -> ACT`.
pub(super) fn choose(model: &mut Model, view: &Index, text: &str) -> Vec<Effect> {
    if text.is_empty() {
        write(model, view, None);
        return Vec::new();
    }
    let is_taken = |name: &str| model.rules.rules.iter().any(|listing| listing.rule.name() == name);
    match rules::parse(text, is_taken) {
        Ok(rule) => put(model, rule),
        Err(error) => wrong(model, &error.why),
    }
}

/// `:fault NAME [ARGUMENT] [QUERY]`.
pub(super) fn fault(model: &mut Model, text: &str) -> Vec<Effect> {
    match rules::fault(text) {
        Ok(rule) => put(model, rule),
        Err(error) => wrong(model, &error.why),
    }
}

/// `:unrule NAME`; without a name, all of them.
pub(super) fn remove(model: &mut Model, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        let count = model.rules.rules.len();
        model.toast(Level::Note, if count == 0 { "there is no rule".to_owned() } else { format!("{count} out") });
        return vec![Effect::Rules(RuleCommand::RemoveAll)];
    }
    if model.rules.rules.iter().all(|listing| listing.rule.name() != name) {
        return wrong(model, &format!("there is no rule {}", text::escape(name.as_bytes())));
    }
    vec![Effect::Rules(RuleCommand::Remove(name.to_owned()))]
}

fn wrong(model: &mut Model, why: &str) -> Vec<Effect> {
    model.toast(Level::Warning, why.to_owned());
    Vec::new()
}
