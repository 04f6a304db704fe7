//! Holds one by one: several clients may ask for messages to be held, and each takes back its own.

use std::sync::Arc;

use crate::query::Query;
use crate::record::{PerSide, Side};
use crate::relay::hold::{Condition, Conditions};

/// The number of a hold, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HoldId(pub u64);

/// A hold that was put on.
#[derive(Clone, Debug, PartialEq)]
pub struct PutHold {
    /// Its number.
    pub id: HoldId,
    /// What it asks for.
    pub conditions: Conditions,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Holds {
    last: u64,
    list: Vec<PutHold>,
}

/// Holds at a time: more than anybody keeps apart.
const MOST: usize = 64;

impl Holds {
    /// These in place of all others, as one; none where they hold nothing.
    pub fn set(&mut self, conditions: Conditions) {
        self.list.clear();
        if conditions.iter().any(Option::is_some) {
            self.put(conditions);
        }
    }

    /// One more; `None` where there are too many, or their queries are too long together.
    pub fn add(&mut self, conditions: Conditions) -> Option<HoldId> {
        if self.list.len() >= MOST {
            return None;
        }
        let id = self.put(conditions);
        if self.all().is_none() {
            self.list.pop();
            return None;
        }
        Some(id)
    }

    /// One less. Says whether it was there.
    pub fn remove(&mut self, id: HoldId) -> bool {
        let before = self.list.len();
        self.list.retain(|hold| hold.id != id);
        self.list.len() < before
    }

    /// What is put on, the oldest first.
    #[must_use]
    pub fn list(&self) -> &[PutHold] {
        &self.list
    }

    /// What all together ask for; `None` where that can't be one query.
    #[must_use]
    pub fn all(&self) -> Option<Conditions> {
        let of = |from: Side| {
            let conditions: Vec<_> = self.list.iter().filter_map(|hold| hold.conditions[from].clone()).collect();
            union(conditions)
        };
        Some(PerSide::new(of(Side::Client)?, of(Side::Server)?))
    }

    fn put(&mut self, conditions: Conditions) -> HoldId {
        self.last += 1;
        let id = HoldId(self.last);
        self.list.push(PutHold { id, conditions });
        id
    }
}

/// What any of some conditions asks for; `None` where that can't be one query.
fn union(mut conditions: Vec<Arc<Condition>>) -> Option<Option<Arc<Condition>>> {
    if conditions.len() <= 1 {
        return Some(conditions.pop());
    }
    if let Some(all) = conditions.iter().find(|condition| condition.query().is_none()) {
        return Some(Some(Arc::clone(all)));
    }
    let text: Vec<_> = conditions.iter().map(|condition| format!("({})", condition.text())).collect();
    let query = Query::parse(&text.join(" or ")).ok()?;
    Some(Some(Arc::new(Condition::new(query).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Conditions {
        let condition = Arc::new(Condition::new(Query::parse(text).unwrap()).unwrap());
        PerSide::new(Some(Arc::clone(&condition)), Some(condition))
    }

    #[test]
    fn what_is_held_is_what_any_hold_asks_for() {
        let mut holds = Holds::default();
        let text = |holds: &Holds| holds.all().unwrap().client.map(|condition| condition.text().to_owned());
        assert_eq!(text(&holds), None);
        let first = holds.add(conditions("op:text or op:binary")).unwrap();
        let second = holds.add(conditions("path:/chat")).unwrap();
        assert_eq!(text(&holds).as_deref(), Some("(op:text or op:binary) or (path:/chat)"));
        assert!(holds.remove(first) && !holds.remove(first));
        assert_eq!(text(&holds).as_deref(), Some("path:/chat"));
        let all = holds.add(conditions("")).unwrap();
        assert_eq!(text(&holds).as_deref(), Some(""));
        assert!(holds.remove(second) && holds.remove(all));
        assert_eq!(text(&holds), None);
        holds.set(conditions("op:text"));
        holds.set(conditions("op:binary"));
        assert_eq!(holds.list().iter().map(|hold| hold.id.0).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn there_are_no_more_of_them_than_fit_into_a_query() {
        let mut holds = Holds::default();
        let long = conditions(&"x".repeat(1000));
        let fitting = (0..100).take_while(|_| holds.add(long.clone()).is_some()).count();
        assert_eq!((fitting, holds.list().len()), (3, 3));
        let mut holds = Holds::default();
        assert_eq!((0..1000).take_while(|_| holds.add(conditions("x")).is_some()).count(), MOST);
    }
}
