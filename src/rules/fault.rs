//! Faults that have a name: a bad network at once, as ordinary rules.

use crate::relay::rules::Rule;
use crate::text;

use super::words::Words;
use super::{RuleError, build};

/// A fault.
#[derive(Clone, Copy, Debug)]
pub struct FaultHelp {
    /// Its name, which is that of the rule.
    pub name: &'static str,
    /// What follows it.
    pub argument: &'static str,
    /// What stands there where nothing is written.
    pub usual: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// The query of its rule, before what is written behind.
    query: &'static str,
    /// What the rule does; `{}` stands for the argument.
    act: &'static str,
}

const DATA: &str = "not is:control";

const fn fault(
    [name, argument, usual]: [&'static str; 3],
    about: &'static str,
    [query, act]: [&'static str; 2],
) -> FaultHelp {
    FaultHelp { name, argument, usual, about, query, act }
}

/// All faults.
pub const FAULTS: [FaultHelp; 10] = [
    fault(["latency", "TIME", "200ms±50ms"], "everything comes later", ["", "delay {}"]),
    fault(["loss", "SHARE", "5%"], "messages are lost", [DATA, "drop {}"]),
    fault(["slow", "BYTES/s", "10k/s"], "a link of that speed", ["", "throttle {}"]),
    fault(["corrupt", "SHARE", "1%"], "a bit of a message is turned over", [DATA, "flip {}"]),
    fault(["duplicate", "SHARE", "1%"], "messages come twice", [DATA, "duplicate {}"]),
    fault(["reorder", "SHARE", "5%"], "messages overtake one another", [DATA, "reorder {}"]),
    fault(["fragment", "FRAGMENTS", "3"], "each message comes in fragments", [DATA, "split {}"]),
    fault(["reset", "SHARE", "1%"], "connections are reset", [DATA, "rst {}"]),
    fault(["refuse", "STATUS", "503"], "no handshake is taken", ["", "refuse {}"]),
    fault(["handshake", "TIME", "3s"], "handshakes take long", ["", "slow-handshake {}"]),
];

/// Reads `NAME [ARGUMENT] [QUERY]`: a fault as the rule that it is.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(line: &str) -> Result<Rule, RuleError> {
    let mut words = Words::new(line);
    let names = || FAULTS.map(|fault| fault.name).join(", ");
    let Some(name) = words.next() else {
        return Err(RuleError::new(line.len(), format!("write which fault: {}", names())));
    };
    let Some(help) = FAULTS.iter().find(|fault| fault.name == name.text) else {
        let nearest = FAULTS.iter().min_by_key(|fault| text::distance(fault.name, name.text));
        let nearest = nearest.map_or("latency", |fault| fault.name);
        let shown = text::preview(name.text.as_bytes(), 30);
        return Err(name.error(format!("there is no fault {shown}; did you mean {nearest}? there are {}", names())));
    };
    // What begins with a digit is the argument, and all behind it the query.
    let argument = words.peek().filter(|word| word.text.starts_with(|character: char| character.is_ascii_digit()));
    if argument.is_some() {
        words.next();
    }
    let value = argument.map_or(help.usual, |word| word.text);
    let act = help.act.replace("{}", value);
    let doing = super::act::parse(&act).map_err(|error| {
        let at = argument.map_or(name.at, |word| word.at);
        RuleError::new(at, error.why)
    })?;
    let own = words.rest();
    let query = match (help.query, own.text) {
        (query, "") => query.to_owned(),
        ("", own) => own.to_owned(),
        (query, own) => format!("{query} ({own})"),
    };
    let behind = query.len() - own.text.len() - usize::from(!help.query.is_empty() && !own.text.is_empty());
    build(help.name.to_owned(), &query, doing, &act)
        .map_err(|error| RuleError::new(own.at + error.at.saturating_sub(behind), error.why))
}
