//! The rules, as they were seen last, the list of them and the line in which one is written.

use crate::control::rules::RuleList;
use crate::query::{self, Completion, Error, Known};
use crate::relay::rules::{Listing, Rule};
use crate::rules::{self, ACTS};

use super::cursor::Scroll;
use super::line::{Line, common};

/// The list, while it lies over the panes.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    /// The name of the rule that is selected, which may not be in the list yet.
    selected: String,
    /// The place that it has, or had.
    place: usize,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl RuleBook {
    /// One with that rule selected, as soon as it is there.
    #[must_use]
    pub(crate) fn at(name: &str) -> Self {
        Self { selected: name.to_owned(), ..Self::default() }
    }

    /// The place of the selected rule; `None` where there is none.
    #[must_use]
    pub(crate) fn place(&self, list: &RuleList) -> Option<usize> {
        let named = list.rules.iter().position(|listing| listing.rule.name() == self.selected);
        Some(named.unwrap_or(self.place).min(list.rules.len().checked_sub(1)?))
    }

    /// The selected rule.
    #[must_use]
    pub(crate) fn selected<'a>(&self, list: &'a RuleList) -> Option<&'a Listing> {
        list.rules.get(self.place(list)?)
    }

    /// Moves by so many rules.
    pub(crate) fn step(&mut self, list: &RuleList, by: i64) {
        let Some(place) = self.place(list) else { return };
        let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
        self.place = place.saturating_add_signed(by).min(list.rules.len().saturating_sub(1));
        self.selected = list.rules.get(self.place).map_or_else(String::new, |listing| listing.rule.name().to_owned());
        self.scroll.show(self.place);
    }
}

/// The line in which a rule is written.
#[derive(Debug)]
pub(crate) struct RuleLine {
    /// The text.
    pub line: Line,
    /// What is wrong with it.
    pub error: Option<Error>,
    /// Values of queries that may be completed.
    known: Known,
    /// The rule that is edited.
    pub edits: Option<String>,
}

impl RuleLine {
    /// One for a new rule, or for one that there is.
    #[must_use]
    pub(crate) fn new(rule: Option<&Rule>, known: Known) -> Self {
        let text = rule.map_or_else(String::new, |rule| format!("{} = {}", rule.name(), rule.text()));
        let edits = rule.map(|rule| rule.name().to_owned());
        Self { line: Line::new(&text), error: None, known: Known { is_passing: true, ..known }, edits }
    }

    /// The rule that is written; what is wrong with it stays with it.
    pub(crate) fn read(&mut self, list: &RuleList) -> Option<Rule> {
        let text = self.line.text();
        let is_taken = |name: &str| list.rules.iter().any(|listing| listing.rule.name() == name);
        match rules::parse(&text, is_taken) {
            Ok(rule) => {
                self.error = None;
                Some(rule)
            }
            Err(error) => {
                self.error = Some(Error { at: error.at, why: error.why });
                None
            }
        }
    }

    /// Where the query ends: at the arrow, or at the end.
    fn parts(text: &str) -> (&str, Option<&str>) {
        text.split_once("->").map_or((text, None), |(query, act)| (query, Some(act)))
    }

    /// How the text may go on, at its end.
    #[must_use]
    pub(crate) fn completions(&self) -> Vec<Completion> {
        let text = self.line.text();
        match Self::parts(&text) {
            (query, None) => query::complete(query, &self.known).1,
            (_, Some(act)) => {
                let has_act = act.split_whitespace().any(|word| ACTS.iter().any(|help| help.name == word));
                let usage = |name: &str| ACTS.iter().find(|help| help.name == name).map(|help| help.example);
                let completion = |(word, about): (&str, &str)| {
                    let example = usage(word).filter(|example| !has_act && *example != word);
                    let help = example.map_or_else(|| about.to_owned(), |example| format!("{example} · {about}"));
                    Completion { text: word.to_owned(), help }
                };
                rules::complete(act).into_iter().map(completion).collect()
            }
        }
    }

    /// Completes the text as far as it is certain.
    pub(crate) fn complete(&mut self) {
        let text = self.line.text();
        let start = match Self::parts(&text) {
            (query, None) => query::complete(query, &self.known).0,
            _ => text.rfind(char::is_whitespace).map_or(0, |blank| blank + 1),
        };
        let all = self.completions();
        let common = common(all.iter().map(|completion| completion.text.as_str()));
        let Some((before, word)) = text.split_at_checked(start) else { return };
        if common.len() > word.len() {
            let end = if all.len() == 1 && !common.ends_with([':', '>', ' ']) { " " } else { "" };
            self.line.set(&format!("{before}{common}{end}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> RuleLine {
        let mut line = RuleLine::new(None, Known::default());
        line.line.set(text);
        line
    }

    #[test]
    fn a_rule_is_completed_as_it_is_typed() {
        for (typed, completed) in [
            ("fro", "from:"),
            ("from:server -> del", "from:server -> delay "),
            ("-> drop fi", "-> drop first "),
            ("-> re", "-> re"),
            ("-> zzz", "-> zzz"),
        ] {
            let mut line = line(typed);
            line.complete();
            assert_eq!(line.line.text(), completed, "{typed}");
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_at_and_a_rule_is_edited_with_its_name() {
        let mut wrong = line("op:text -> delay 5");
        assert!(wrong.read(&RuleList::default()).is_none());
        assert_eq!(wrong.error.unwrap().at, 17);
        let rule = line("slow = op:text -> delay 5ms").read(&RuleList::default()).unwrap();
        assert_eq!(RuleLine::new(Some(&rule), Known::default()).line.text(), "slow = op:text -> delay 5ms");
    }
}
