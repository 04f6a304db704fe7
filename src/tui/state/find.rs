//! A search in the payload that the detail shows: typed at its foot, done in slices, all places marked.

use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use regex::bytes::{Regex, RegexBuilder};

/// Bytes that are searched in a slice.
const SLICE: usize = 256 * 1024;
/// Bytes of the longest match that is found whole where two slices meet.
const OVERLAP: usize = 4096;
/// Places that are remembered at most.
const MOST: usize = 100_000;
/// Memory that a pattern may take.
const PATTERN: usize = 1 << 20;
/// Characters of a pattern.
const LONGEST: usize = 1000;

/// What a pattern is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text itself.
    #[default]
    Plain,
    /// A regular expression.
    Regex,
}

/// What becomes of bytes that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// They are no match.
    None,
    /// They belong to one.
    Match,
}

/// The pattern and the places where it is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Find {
    pattern: String,
    form: Form,
    typing: bool,
    /// Where the cursor was before.
    origin: usize,
    /// Whether the cursor is to go to the first place from `origin` on.
    wanted: bool,
    compiled: Option<Result<Regex, String>>,
    places: Vec<Range<usize>>,
    /// Bytes that were searched.
    searched: usize,
    done: bool,
}

impl Find {
    /// Whether the pattern is being typed.
    #[must_use]
    pub(crate) const fn is_typing(&self) -> bool {
        self.typing
    }

    /// Whether there is a pattern.
    #[must_use]
    pub(crate) const fn is_on(&self) -> bool {
        self.typing || !self.pattern.is_empty()
    }

    /// Whether there is more to search.
    #[must_use]
    pub(crate) const fn is_searching(&self) -> bool {
        matches!(self.compiled, Some(Ok(_))) && !self.done
    }

    /// Begins to take a pattern; the search goes from a byte of the payload on.
    pub(crate) fn begin(&mut self, from: usize) {
        self.typing = true;
        self.origin = from;
        self.pattern.clear();
        self.compile();
    }

    /// Empties the pattern. Says whether there was anything in it.
    pub(crate) fn clear(&mut self) -> bool {
        let was_empty = self.pattern.is_empty();
        self.pattern.clear();
        self.compile();
        !was_empty
    }

    /// The pattern is whole.
    pub(crate) const fn confirm(&mut self) {
        self.typing = false;
    }

    /// No search any more. Gives where the cursor was, if a pattern was being typed.
    pub(crate) fn cancel(&mut self) -> Option<usize> {
        let origin = self.typing.then_some(self.origin);
        *self = Self { form: self.form, ..Self::default() };
        origin
    }

    /// Takes the pattern for a text or for a regular expression, in turn.
    pub(crate) fn turn_form(&mut self) {
        self.form = if self.form == Form::Plain { Form::Regex } else { Form::Plain };
        self.compile();
    }

    /// A key that belongs to the pattern.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Char('u') if control => self.pattern.clear(),
            KeyCode::Char('w') if control => {
                let end = self.pattern.trim_end().rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
                self.pattern.truncate(end);
            }
            KeyCode::Backspace => _ = self.pattern.pop(),
            KeyCode::Char(character) if !control => return self.paste(character.encode_utf8(&mut [0; 4])),
            _ => return,
        }
        self.compile();
    }

    /// Text that belongs to the pattern.
    pub(crate) fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.pattern.chars().count());
        self.pattern.extend(text.chars().filter(|character| !character.is_control()).take(room));
        self.compile();
    }

    fn compile(&mut self) {
        self.restart();
        self.wanted = true;
        if self.pattern.is_empty() {
            self.compiled = None;
            return;
        }
        let pattern = if self.form == Form::Regex { self.pattern.clone() } else { regex::escape(&self.pattern) };
        // As in less -i and vim's smartcase: a capital letter asks for exactly what was typed.
        let any_case = !self.pattern.chars().any(char::is_uppercase);
        let built = RegexBuilder::new(&pattern).case_insensitive(any_case).multi_line(true).size_limit(PATTERN).build();
        self.compiled = Some(built.map_err(|error| reason(&error)));
    }

    /// Searches from the start: the bytes are others.
    pub(crate) fn restart(&mut self) {
        self.places.clear();
        self.searched = 0;
        self.done = false;
    }

    /// Searches another slice.
    pub(crate) fn work(&mut self, bytes: &[u8]) {
        let Some(Ok(regex)) = &self.compiled else { return };
        if self.done {
            return;
        }
        let limit = (self.searched + SLICE).min(bytes.len());
        let window = bytes.get(..limit + OVERLAP).unwrap_or(bytes);
        let mut at = self.searched;
        while at <= limit
            && self.places.len() < MOST
            && let Some(found) = regex.find_at(window, at)
        {
            if found.start() >= limit && limit < bytes.len() {
                break;
            }
            // What matches nothing is no place to show.
            if !found.is_empty() {
                self.places.push(found.range());
            }
            at = found.end().max(found.start() + 1);
        }
        self.searched = at.max(limit);
        self.done = limit == bytes.len() || self.places.len() >= MOST;
    }

    /// Where the cursor is to go, once it is known; at most once for each pattern.
    pub(crate) fn take_wanted(&mut self) -> Option<usize> {
        if !self.wanted {
            return None;
        }
        let found = self.places.iter().find(|place| place.start >= self.origin);
        let found = if self.done { found.or(self.places.first()) } else { found };
        if found.is_some() || self.done {
            self.wanted = false;
        }
        found.map(|place| place.start)
    }

    /// The next place behind a byte, or the last in front of it; around the end if there is none.
    #[must_use]
    pub(crate) fn step(&self, from: usize, forward: bool) -> Option<usize> {
        let found = if forward {
            let next = self.places.partition_point(|place| place.start <= from);
            self.places.get(next).or(self.places.first())
        } else {
            let before = self.places.partition_point(|place| place.start < from);
            before.checked_sub(1).and_then(|index| self.places.get(index)).or(self.places.last())
        };
        found.map(|place| place.start)
    }

    /// Whether some bytes belong to a match.
    #[must_use]
    pub(crate) fn hit(&self, bytes: &Range<usize>) -> Hit {
        let next = self.places.partition_point(|place| place.end <= bytes.start);
        match self.places.get(next) {
            Some(place) if place.start < bytes.end => Hit::Match,
            _ => Hit::None,
        }
    }

    /// What was typed, for people.
    #[must_use]
    pub(crate) fn prompt(&self) -> String {
        let form = if self.form == Form::Regex { "regex /" } else { "/" };
        format!("{form}{}", self.pattern)
    }

    /// How it goes, for people: `3 of 17`. An error says what is wrong with the pattern.
    ///
    /// # Errors
    ///
    /// Where the pattern is no regular expression.
    pub(crate) fn state(&self, cursor: usize, length: usize) -> Result<String, String> {
        match &self.compiled {
            None => return Ok(String::new()),
            Some(Err(reason)) => return Err(reason.clone()),
            Some(Ok(_)) => {}
        }
        let count = self.places.len();
        let more = if count >= MOST { "+" } else { "" };
        let mut state = match self.places.binary_search_by_key(&cursor, |place| place.start) {
            _ if count == 0 && self.done => return Ok("not found".to_owned()),
            Ok(index) => format!("{} of {count}{more}", index + 1),
            Err(_) => format!("{count}{more} found"),
        };
        if !self.done {
            state.push_str(&format!(", {} % searched", self.searched * 100 / length.max(1)));
        }
        Ok(state)
    }
}

/// The last line of what the parser says: the reason, without the drawing.
fn reason(error: &regex::Error) -> String {
    let all = error.to_string();
    let last = all.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(pattern: &str, form: Form, bytes: &[u8]) -> Find {
        let mut find = Find { form, ..Find::default() };
        find.begin(0);
        find.paste(pattern);
        while find.is_searching() {
            find.work(bytes);
        }
        find
    }

    fn places(find: &Find) -> Vec<(usize, usize)> {
        find.places.iter().map(|place| (place.start, place.end)).collect()
    }

    #[test]
    fn small_letters_match_any_case_and_capitals_themselves() {
        assert_eq!(places(&find("ab", Form::Plain, b"xAbab")), [(1, 3), (3, 5)]);
        assert_eq!(places(&find("Ab", Form::Plain, b"xAbab")), [(1, 3)]);
        assert_eq!(places(&find("a.", Form::Plain, b"aba.")), [(2, 4)]);
        assert_eq!(places(&find("a.", Form::Regex, b"aba.")), [(0, 2), (2, 4)]);
        assert_eq!(places(&find(r"(?-u)\x89p", Form::Regex, b"\x89PNG")), [(0, 2)]);
        assert_eq!(find("x*", Form::Regex, b"abc").state(0, 3).unwrap(), "not found");
        assert!(find("(", Form::Regex, b"(").state(0, 1).unwrap_err().contains("unclosed group"));
    }

    #[test]
    fn places_come_one_after_the_other_and_around() {
        let find = find("a", Form::Plain, b"a-a-a");
        assert_eq!((find.step(0, true), find.step(4, true), find.step(0, false)), (Some(2), Some(0), Some(4)));
        assert_eq!(find.state(2, 5).unwrap(), "2 of 3");
        assert_eq!((find.hit(&(1..2)), find.hit(&(1..3))), (Hit::None, Hit::Match));
    }

    #[test]
    fn where_slices_meet_nothing_is_lost() {
        let mut bytes = vec![b'.'; SLICE * 3];
        bytes[SLICE - 2..SLICE + 2].copy_from_slice(b"meet");
        bytes[SLICE * 2..SLICE * 2 + 4].copy_from_slice(b"meet");
        let mut find = find("meet", Form::Plain, &bytes);
        assert_eq!(places(&find), [(SLICE - 2, SLICE + 2), (SLICE * 2, SLICE * 2 + 4)]);
        assert_eq!(find.take_wanted(), Some(SLICE - 2));
        assert_eq!(find.take_wanted(), None);
    }

    proptest! {
        #[test]
        fn any_pattern_over_any_bytes(pattern in "\\PC{0,12}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for form in [Form::Plain, Form::Regex] {
                let find = find(&pattern, form, &bytes);
                prop_assert!(find.places.windows(2).all(|pair| pair[0].end <= pair[1].start));
                prop_assert!(find.places.iter().all(|place| place.end <= bytes.len()));
            }
        }
    }
}
