//! The rules of the command line.

use wsproxy::config::Config;
use wsproxy::control::rules::RuleCommand;
use wsproxy::control::{Command, Control as _, unheard};
use wsproxy::engine::clock;
use wsproxy::engine::handle::Handle;
use wsproxy::journal::Journal;
use wsproxy::record::finding::Level;
use wsproxy::record::{Log, ProxyEvent};
use wsproxy::rules::FileRule;

/// Lets them act.
pub(super) fn begin(config: &Config, handle: &Handle) {
    for FileRule { rule, is_on } in &config.rules {
        let name = rule.name().to_owned();
        handle.command(Command::Rules(RuleCommand::Put(Box::new(rule.clone()))), unheard());
        if !is_on {
            handle.command(Command::Rules(RuleCommand::Switch { name, on: false }), unheard());
        }
    }
}

/// Says by which number a run with rules can be repeated.
pub(super) fn tell_seed(config: &Config, journal: &Journal) {
    if !config.rules.is_empty() {
        let seed = config.seed;
        let text = format!("rules: {}; chance is drawn from --seed {seed}, which repeats it", config.rules.len());
        let mut log = Log::default();
        log.proxy(clock::now(), ProxyEvent::Note(Level::Note, text));
        journal.push(None, log);
    }
}
