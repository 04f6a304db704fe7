//! Text in pieces of which no more may be sent than is UTF-8, without a change of length.

/// What ends behind a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// More of the fragment follows.
    Nothing,
    /// The fragment, and another follows.
    Fragment,
    /// The message.
    Message,
}

/// The text of one message.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The start of a character whose rest has not come: at most three bytes.
    pending: Vec<u8>,
    /// How many of them went out with the fragment before.
    sent: usize,
}

impl Text {
    /// What can go out of the next piece, each byte that is no UTF-8 replaced by `?`, and whether any was. At the end of
    /// a fragment nothing is held back, and at the end of the message no character stays unfinished.
    pub(super) fn clean(&mut self, piece: &[u8], ends: Ends) -> (Vec<u8>, bool) {
        let mut text = std::mem::take(&mut self.pending);
        let already = std::mem::take(&mut self.sent);
        text.extend_from_slice(piece);
        let (mut at, mut is_changed) = (0, false);
        while let Err(error) = std::str::from_utf8(text.get(at..).unwrap_or_default()) {
            let start = at + error.valid_up_to();
            let end = match error.error_len() {
                Some(length) => start + length,
                None if ends == Ends::Message => text.len(),
                None => {
                    self.pending = text.get(start..).unwrap_or_default().to_vec();
                    if ends == Ends::Fragment {
                        self.sent = self.pending.len();
                    } else {
                        self.sent = already.saturating_sub(start);
                        text.truncate(start.max(already));
                    }
                    break;
                }
            };
            text.get_mut(start..end).unwrap_or_default().fill(b'?');
            is_changed = true;
            at = end;
        }
        (text.split_off(already.min(text.len())), is_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_bytes_are_replaced_and_good_text_passes_however_it_is_cut() {
        for (bytes, expected) in [
            ("a€𝄞b".as_bytes(), "a€𝄞b".as_bytes()),
            (b"He\xe9lo", b"He?lo"),
            (b"a\xe2\x82", b"a??"),
            (b"\xf0\x9f(", b"??("),
        ] {
            for size in 1..=bytes.len() {
                let (mut text, mut out) = (Text::default(), Vec::new());
                let mut pieces = bytes.chunks(size).peekable();
                while let Some(piece) = pieces.next() {
                    let ends = if pieces.peek().is_none() { Ends::Message } else { Ends::Nothing };
                    out.extend(text.clean(piece, ends).0);
                }
                assert_eq!(out, expected, "{size}");
            }
        }
    }

    #[test]
    fn a_character_may_be_cut_by_the_border_of_two_fragments() {
        let mut text = Text::default();
        assert_eq!(text.clean(b"a\xe2", Ends::Fragment), (b"a\xe2".to_vec(), false));
        assert_eq!(text.clean(b"\x82", Ends::Nothing), (b"".to_vec(), false));
        assert_eq!(text.clean(b"\xac!", Ends::Message), (b"\x82\xac!".to_vec(), false));
    }
}
