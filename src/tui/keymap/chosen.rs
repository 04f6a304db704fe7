//! Keys that the user chose in place of those of the table.

use std::sync::OnceLock;

use crossterm::event::{KeyCode, KeyModifiers};

use crate::text;

use super::{Action, BINDINGS, Binding, Key, Place, name};

/// The table with the user's keys, once it is known that there are any.
static CHOSEN: OnceLock<Vec<Binding>> = OnceLock::new();

/// The table, with the keys that the user chose.
pub(crate) fn bindings() -> &'static [Binding] {
    CHOSEN.get().map_or(BINDINGS, Vec::as_slice)
}

/// Keys for some of the actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen(Vec<(Action, Vec<Key>)>);

impl Chosen {
    /// Chooses the keys of an action by its name. None take it from all keys.
    ///
    /// # Errors
    /// What is wrong with the name or a key, in a sentence.
    pub fn choose(&mut self, action: &str, keys: &[String]) -> Result<(), String> {
        let known = || BINDINGS.iter().map(|binding| binding.action);
        let Some(found) = known().find(|known| name(*known) == action) else {
            let nearest = known().map(name).min_by_key(|known| text::distance(known, action)).unwrap_or_default();
            return Err(format!("there is no {action}: did you mean {nearest}?"));
        };
        let keys = keys.iter().map(|key| Key::parse(key)).collect::<Result<Vec<_>, _>>()?;
        self.0.push((found, keys));
        Ok(())
    }

    /// Whether no key means two things in one place.
    ///
    /// # Errors
    /// Which does, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        let table = self.table();
        for place in Place::ALL {
            let here = table.iter().filter(|binding| {
                let is_general = place.is_pane() && binding.places.contains(&Place::Everywhere);
                binding.places.contains(&place) || is_general
            });
            let mut taken: Vec<(Key, Action)> = Vec::new();
            for (binding, key) in here.flat_map(|binding| binding.keys.iter().map(move |key| (binding, *key))) {
                if let Some((_, other)) = taken.iter().find(|(other, _)| *other == key) {
                    let (one, two, place) = (name(*other), name(binding.action), place.name());
                    return Err(format!(
                        "in [keys], {key} would be both {one} and {two} ({place}): give one another key"
                    ));
                }
                taken.push((key, binding.action));
            }
        }
        Ok(())
    }

    /// Makes them those of this process, once and for all.
    pub fn take_effect(&self) {
        if !self.0.is_empty() {
            // Only the first call counts; there is one.
            let _ = CHOSEN.set(self.table());
        }
    }

    fn table(&self) -> Vec<Binding> {
        let chosen = |binding: &Binding| {
            // Where an action has other keys in another place, as an arrow beside a letter, it keeps them there.
            let first = BINDINGS.iter().find(|first| first.action == binding.action);
            let is_usual = first.is_some_and(|first| first.keys == binding.keys);
            let keys = self.0.iter().rev().find(|(action, _)| *action == binding.action && is_usual);
            match keys {
                // They stay for as long as the process, and are few.
                Some((_, keys)) => Binding { keys: Vec::leak(keys.clone()), ..*binding },
                None => *binding,
            }
        };
        BINDINGS.iter().map(chosen).collect()
    }
}

/// The table's own keys, by the names of actions.
pub fn defaults() -> impl Iterator<Item = (String, Vec<String>)> {
    let is_first = |(place, binding): &(usize, &Binding)| {
        BINDINGS.iter().position(|first| first.action == binding.action) == Some(*place)
    };
    let firsts = BINDINGS.iter().enumerate().filter(is_first);
    firsts.map(|(_, binding)| (name(binding.action), binding.keys.iter().map(Key::to_string).collect()))
}

impl Key {
    /// Reads a key as it is shown: `j`, `G`, `ctrl-d`, `alt-enter`, `pgdn`, `↑`, `f5`.
    ///
    /// # Errors
    /// That it is none, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let none = || format!("{text} is no key: write j, G, ctrl-d, alt-enter, space, up, pgdn or f5");
        let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
        for (start, modifier) in [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT)] {
            // A hyphen may be the key itself.
            if let Some(behind) = rest.strip_prefix(start).filter(|behind| !behind.is_empty()) {
                rest = behind;
                modifiers |= modifier;
            }
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some('↑'), None) => KeyCode::Up,
            (Some('↓'), None) => KeyCode::Down,
            (Some('←'), None) => KeyCode::Left,
            (Some('→'), None) => KeyCode::Right,
            (Some(character), None) if text::is_plain(character) => KeyCode::Char(character),
            _ => named(rest).ok_or_else(none)?,
        };
        Ok(Self { code, modifiers })
    }
}

fn named(name: &str) -> Option<KeyCode> {
    Some(match name {
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        _ => KeyCode::F(name.strip_prefix('f')?.parse().ok().filter(|number| (1..=24).contains(number))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_the_table_is_read_as_it_is_shown() {
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert_eq!(Key::parse(&key.to_string()), Ok(*key), "{key}");
        }
    }

    #[test]
    fn keys_move_and_none_has_two_meanings() {
        let mut chosen = Chosen::default();
        chosen.choose("follow", &["ctrl-f".to_owned()]).unwrap();
        let table = chosen.table();
        let follow = table.iter().find(|binding| binding.action == Action::Follow).unwrap();
        assert_eq!(follow.keys, [Key::ctrl('f')]);
        chosen.check().unwrap();
        chosen.choose("follow", &["q".to_owned()]).unwrap();
        let why = chosen.check().unwrap_err();
        assert!(why.starts_with("in [keys], q would be both "), "{why}");
    }
}
