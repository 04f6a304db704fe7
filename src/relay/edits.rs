//! What differs from the bytes that came. An empty list is the faithful case: everything is passed on as it is.

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
}

impl Edits {
    /// Whether the input goes out as it came.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a change behind all others.
    pub fn push(&mut self, edit: Edit) {
        debug_assert!(self.list.last().is_none_or(|last| last.at + last.remove <= edit.at), "edits are in order");
        self.list.push(edit);
    }

    /// Puts `bytes` in at an offset, removing nothing.
    pub fn insert(&mut self, at: usize, bytes: Vec<u8>) {
        self.push(Edit { at, remove: 0, insert: bytes });
    }

    /// Lets the last change end at an offset within what it removes.
    pub fn take_back(&mut self, end: usize) {
        if let Some(last) = self.list.last_mut() {
            last.remove = end.saturating_sub(last.at).min(last.remove);
        }
    }

    /// Appends the edited `input` to `out` and forgets the edits.
    pub fn apply(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let mut from = 0;
        for edit in self.list.drain(..) {
            out.extend_from_slice(input.get(from..edit.at).unwrap_or_default());
            out.extend_from_slice(&edit.insert);
            from = edit.at + edit.remove;
        }
        out.extend_from_slice(input.get(from..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_place_and_then_forgotten() {
        let mut edits = Edits::default();
        edits.insert(0, b"<".to_vec());
        edits.push(Edit { at: 1, remove: 2, insert: b"--".to_vec() });
        edits.insert(4, b">".to_vec());
        let mut out = Vec::new();
        edits.apply(b"abcd", &mut out);
        assert_eq!(out, b"<a--d>");
        assert!(edits.is_empty());
    }
}
