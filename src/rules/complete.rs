//! How an act that is typed may go on.

use super::act::{ACTS, OPTIONS};

/// The acts and options that begin as the last word of `text` does, with what each does. `text` is what stands behind the
/// arrow.
#[must_use]
pub fn complete(text: &str) -> Vec<(&'static str, &'static str)> {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let has_act = text.split_whitespace().any(|word| ACTS.iter().any(|help| help.name == word));
    let acts = ACTS.iter().filter(|_| !has_act).map(|help| (help.name, help.about));
    let options = OPTIONS.iter().map(|(option, about)| (option.split(' ').next().unwrap_or(option), *about));
    acts.chain(options).filter(|(word, _)| word.starts_with(last) && *word != last).collect()
}
