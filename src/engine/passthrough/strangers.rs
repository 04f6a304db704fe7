//! Names that plain requests went by and that are not wsproxy's own: each is told once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::relay::own::without_port;
use crate::text;

/// Names that are told. A page that draws one for each request must not fill the log, nor the memory.
const MOST: usize = 32;

/// Bytes of a name that are shown.
const SHOWN: usize = 100;

/// The names that were told.
#[derive(Default)]
pub struct Strangers(Mutex<BTreeSet<String>>);

impl Strangers {
    /// What to tell of a request with this Host; `None` where it was told.
    pub(super) fn meet(&self, host: &[u8]) -> Option<String> {
        let name = text::preview(&without_port(host).to_ascii_lowercase(), SHOWN);
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST || !told.insert(name.clone()) {
            return None;
        }
        let rest = if told.len() == MOST { "; further names are not told" } else { "" };
        Some(format!(
            "a request names the host {name}, not wsproxy: its Host and Origin go to the upstream as they came; if that \
             name is yours, start wsproxy with --allow-host NAME{rest}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_told_once_whatever_its_port_and_case() {
        let strangers = Strangers::default();
        let told = strangers.meet(b"evil.example:9000").unwrap();
        assert!(told.contains("the host evil.example, ") && told.contains("--allow-host NAME"), "{told}");
        assert_eq!(strangers.meet(b"EVIL.example:9001"), None);
        assert!(strangers.meet(b"\x1b[2J").unwrap().contains(r"\u{1b}"));
    }

    #[test]
    fn no_more_names_are_told_than_the_limit() {
        let strangers = Strangers::default();
        let told: Vec<_> = (0..1000).filter_map(|number| strangers.meet(format!("{number}.evil").as_bytes())).collect();
        assert_eq!(told.len(), MOST);
        assert!(told.last().unwrap().ends_with("further names are not told"));
        assert_eq!(strangers.0.lock().unwrap().len(), MOST);
        assert!(strangers.meet(&[b'a'; 100_000]).is_none());
    }
}
