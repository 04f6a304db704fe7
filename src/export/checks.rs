//! What a run is asserted to have, and not to have: `--expect` and `--reject`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;

use crate::json::{Item, What};
use crate::query::Query;
use crate::text;

use super::filter::Filter;
use super::form::Form as _;
use super::text::Lines;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Something must come that fits.
    Expect,
    /// Nothing may.
    Reject,
}

impl Demand {
    /// The flag that asks for it.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Expect => "--expect",
            Self::Reject => "--reject",
        }
    }
}

/// All assertions of a run. Clones look at the same.
#[derive(Clone)]
pub struct Checks(Arc<Mutex<State>>);

struct State {
    checks: Vec<Check>,
    lines: Lines,
}

struct Check {
    demand: Demand,
    query: Query,
    filter: Filter,
    /// How many fitted.
    count: u64,
    /// The line of the first that did, or of what came nearest, and how many parts of the query that fits.
    first: Option<String>,
    nearest: Option<(usize, String)>,
}

/// What became of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// As it was typed, with its flag.
    pub name: String,
    /// Why it does not hold, in a sentence; `None` where it holds.
    pub failure: Option<String>,
}

impl Checks {
    /// Of these assertions. `zone` is where times of day are told.
    #[must_use]
    pub fn new(demands: Vec<(Demand, Query)>, zone: &TimeZone) -> Self {
        let check = |(demand, query): (Demand, Query)| {
            let filter = Filter::new(query.clone(), zone.clone());
            Check { demand, query, filter, count: 0, first: None, nearest: None }
        };
        let checks = demands.into_iter().map(check).collect();
        Self(Arc::new(Mutex::new(State { checks, lines: Lines::new(zone.clone()) })))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().checks.is_empty()
    }

    /// Looks at the next thing.
    pub(super) fn see(&self, item: &Item<'_>) {
        let State { checks, lines } = &mut *self.state();
        let line = |lines: &mut Lines| {
            let mut line = Vec::new();
            lines.item(item, &mut line);
            String::from_utf8_lossy(&line).trim_end().to_owned()
        };
        for check in checks {
            if check.filter.lets(item) && !is_always_told(item) {
                check.count += 1;
                if check.first.is_none() {
                    check.first = Some(line(lines));
                }
            } else if check.demand == Demand::Expect && check.count == 0 {
                let nearness = check.filter.nearness(item);
                if nearness > 0 && check.nearest.as_ref().is_none_or(|(before, _)| nearness >= *before) {
                    check.nearest = Some((nearness, line(lines)));
                }
            }
        }
    }

    /// What became of each.
    #[must_use]
    pub fn results(&self) -> Vec<Checked> {
        self.state().checks.iter().map(Check::result).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counts stay what they are, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where wsproxy listens is told whatever is asked for.
const fn is_always_told(item: &Item<'_>) -> bool {
    matches!(item.what, What::Proxy(crate::record::ProxyEvent::Listening { .. }))
}

impl Check {
    fn result(&self) -> Checked {
        let name = format!("{} {}", self.demand.flag(), text::escape(self.query.text().as_bytes()));
        let failure = match (self.demand, &self.first) {
            (Demand::Expect, Some(_)) | (Demand::Reject, None) => None,
            (Demand::Expect, None) => Some(match &self.nearest {
                Some((fits, line)) if self.query.parts() > 1 => {
                    format!("nothing came that fits; nearest, with {fits} of {} parts: {line}", self.query.parts())
                }
                Some((_, line)) => format!("nothing came that fits; nearest: {line}"),
                None => "nothing came that fits, and nothing that is near it".to_owned(),
            }),
            (Demand::Reject, Some(line)) => {
                let more = match self.count - 1 {
                    0 => String::new(),
                    1 => " (and 1 more)".to_owned(),
                    more => format!(" (and {more} more)"),
                };
                Some(format!("this came{more}: {line}"))
            }
        };
        Checked { name, failure }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Printer;
    use super::super::tests::{NOON, talk};
    use super::*;
    use crate::record::{Log, ProxyEvent, SessionId, Time};

    fn results(demands: &[(Demand, &str)]) -> Vec<Option<String>> {
        let demands = demands.iter().map(|(demand, query)| (*demand, Query::parse(query).unwrap().unwrap())).collect();
        let checks = Checks::new(demands, &TimeZone::UTC);
        let mut printer = Printer::silent(TimeZone::UTC).checking(checks.clone());
        let mut listening = Log::default();
        let upstream = "ws://hello".to_owned();
        listening
            .proxy(Time(NOON), ProxyEvent::Listening { addresses: Vec::new(), upstream, policy: Default::default() });
        let mut out = Vec::new();
        printer.log(None, &listening, &mut out);
        printer.log(Some(SessionId(1)), &talk(), &mut out);
        assert!(out.is_empty(), "it prints nothing");
        checks.results().into_iter().map(|result| result.failure).collect()
    }

    #[test]
    fn what_is_expected_has_to_come_and_else_the_nearest_is_told() {
        let found = results(&[
            (Demand::Expect, "from:client hello"),
            (Demand::Expect, "from:server hello op:text"),
            (Demand::Expect, "id:frame-server-masked"),
            (Demand::Expect, "nowhere"),
        ]);
        assert_eq!(found[0], None);
        let nearest = found[1].as_deref().unwrap();
        assert!(nearest.contains("nearest, with 2 of 3 parts: 12:00:00"), "{nearest}");
        assert_eq!(found[2], None, "findings may be expected as well");
        assert_eq!(found[3].as_deref(), Some("nothing came that fits, and nothing that is near it"));
    }

    #[test]
    fn what_is_rejected_is_told_with_its_line() {
        let found = results(&[(Demand::Reject, "op:close"), (Demand::Reject, "op:text"), (Demand::Reject, "op:pong")]);
        let close = found[0].as_deref().unwrap();
        assert!(close.starts_with("this came: 12:00:00") && close.ends_with("1000 normal closure: bye"), "{close}");
        assert!(found[1].as_deref().unwrap().starts_with("this came (and 3 more): "), "{:?}", found[1]);
        assert_eq!(found[2], None);
    }
}
