//! Queries that the user gave a name, for this run and those to come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::query::{LENGTH, Query};

/// How many there may be: more than a list shows.
const MOST: usize = 100;
/// Characters of a name at most.
const NAME: usize = 40;

/// They, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Saved(BTreeMap<String, String>);

impl Saved {
    /// The query of that name.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and queries, in the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, query)| (name.as_str(), query.as_str()))
    }

    /// Keeps a query under a name, in place of the one that had it.
    ///
    /// # Errors
    /// The name or the query is none, or there are too many.
    pub(crate) fn keep(&mut self, name: &str, query: &str) -> Result<(), String> {
        let is_name = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
        if name.is_empty() || name.chars().count() > NAME || !name.chars().all(is_name) {
            return Err(format!("a name has letters, digits, - _ and ., and no more than {NAME} of them"));
        }
        if query.len() > LENGTH {
            return Err(format!("a query that is kept has at most {LENGTH} bytes"));
        }
        match Query::parse(query) {
            Err(error) => return Err(error.why),
            Ok(None) => return Err("there is no filter to keep: write one behind the name".to_owned()),
            Ok(Some(_)) => {}
        }
        if self.0.len() >= MOST && !self.0.contains_key(name) {
            return Err(format!("no more than {MOST} can be kept: :forget-filter NAME makes room"));
        }
        self.0.insert(name.to_owned(), query.trim().to_owned());
        Ok(())
    }

    /// Forgets the one of that name. Says whether there was one.
    pub(crate) fn forget(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// What of a file is as it should be.
    #[must_use]
    pub(crate) fn checked(self) -> Self {
        let mut checked = Self::default();
        for (name, query) in self.0 {
            // What is not is left out.
            let _ = checked.keep(&name, &query);
        }
        checked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_kept_under_its_name_until_it_is_forgotten() {
        let mut saved = Saved::default();
        assert_eq!(saved.keep("errors", " level:error "), Ok(()));
        assert_eq!(saved.keep("errors", "level:warning"), Ok(()));
        assert_eq!(saved.get("errors"), Some("level:warning"));
        for (name, query, why) in
            [("a b", "x", "letters"), ("", "x", "letters"), ("a", " ", "no filter"), ("a", "op:soup", "opcodes")]
        {
            let told = saved.keep(name, query).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        assert!(saved.forget("errors") && !saved.forget("errors"));
        for number in 0..MOST {
            saved.keep(&format!("n{number}"), "x").unwrap();
        }
        assert!(saved.keep("more", "x").unwrap_err().contains("100"));
    }

    #[test]
    fn what_a_file_holds_is_checked() {
        let saved: Saved = serde_json::from_str(r#"{"good":"a","ba d":"a","wrong":"op:soup"}"#).unwrap();
        assert_eq!(saved.checked().iter().collect::<Vec<_>>(), [("good", "a")]);
    }
}
