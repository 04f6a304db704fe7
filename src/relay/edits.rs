//! What differs from the bytes that came: changes within them, and bytes behind them.

/// One change to an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Offset in the input.
    pub at: usize,
    /// So many bytes of the input are left out.
    pub remove: usize,
    /// And these are put in their place.
    pub insert: Vec<u8>,
}

/// Changes to one input, in the order of their offsets, not overlapping.
#[derive(Debug, Default)]
pub struct Edits {
    list: Vec<Edit>,
    /// What goes out behind the input.
    behind: Vec<u8>,
}

impl Edits {
    /// Adds a change behind all others.
    pub fn push(&mut self, edit: Edit) {
        debug_assert!(self.list.last().is_none_or(|last| last.at + last.remove <= edit.at), "edits are in order");
        self.list.push(edit);
    }

    /// Adds bytes behind the input.
    pub fn append(&mut self, bytes: &[u8]) {
        self.behind.extend_from_slice(bytes);
    }

    /// Lets the last change end at an offset within what it removes.
    pub fn take_back(&mut self, end: usize) {
        if let Some(last) = self.list.last_mut() {
            last.remove = end.saturating_sub(last.at).min(last.remove);
        }
    }

    /// Appends the edited `input`, and what goes behind it, to `out`.
    pub fn apply(self, input: &[u8], out: &mut Vec<u8>) {
        let mut from = 0;
        for edit in self.list {
            out.extend_from_slice(input.get(from..edit.at).unwrap_or_default());
            out.extend_from_slice(&edit.insert);
            from = edit.at + edit.remove;
        }
        out.extend_from_slice(input.get(from..).unwrap_or_default());
        out.extend_from_slice(&self.behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_place_and_what_follows_stands_behind() {
        let mut edits = Edits::default();
        edits.append(b"!");
        edits.push(Edit { at: 0, remove: 0, insert: b"<".to_vec() });
        edits.push(Edit { at: 1, remove: 2, insert: b"--".to_vec() });
        edits.push(Edit { at: 4, remove: 0, insert: b">".to_vec() });
        let mut out = Vec::new();
        edits.apply(b"abcd", &mut out);
        assert_eq!(out, b"<a--d>!");
    }
}
