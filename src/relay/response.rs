//! The server's answer: a head that is passed on as it comes, line by line, with addresses translated.
//!
//! Only a line that may yet turn out to hold an address is held, and no longer than its own end.
#![deny(clippy::indexing_slicing)]

use crate::wire::head::{self, Field};

use super::translate::Translator;
use crate::record::Change;

/// An answer's head under way.
#[derive(Debug, Default)]
pub(super) struct ResponseHead {
    /// As received, from the first byte.
    pub raw: Vec<u8>,
    /// As passed on.
    pub forwarded: Vec<u8>,
    /// What was rewritten.
    pub changes: Vec<Change>,
    /// How much of `raw` was passed on.
    passed: usize,
    /// Where in `raw` the line under way starts.
    line: usize,
}

/// How far a head has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Its empty line has not come.
    More,
    /// It ended after so many bytes of the input.
    Complete(usize),
    /// It is longer than the limit; all of the input was taken.
    TooLong,
}

impl Progress {
    /// How many bytes were taken of an input of so many.
    pub(super) const fn taken(&self, length: usize) -> usize {
        match self {
            Self::Complete(taken) => *taken,
            Self::More | Self::TooLong => length,
        }
    }
}

impl ResponseHead {
    /// Takes a piece. The bytes to pass on in place of what was taken are added to `self.forwarded`.
    pub(super) fn feed(&mut self, input: &[u8], translator: &Translator, limit: usize) -> Progress {
        let before = self.raw.len();
        self.raw.extend_from_slice(input);
        let end = head::response_end(&self.raw, before);
        if let Some(end) = end {
            self.raw.truncate(end);
        }
        self.pass_lines(translator);
        match end {
            Some(end) => {
                self.flush();
                Progress::Complete(end - before)
            }
            None if self.raw.len() > limit => {
                self.flush();
                Progress::TooLong
            }
            None => Progress::More,
        }
    }

    /// Passes on what is held: nothing more will come.
    pub(super) fn flush(&mut self) {
        self.pass_to(self.raw.len());
    }

    fn pass_lines(&mut self, translator: &Translator) {
        while let Some(length) = self.raw.get(self.line..).unwrap_or_default().iter().position(|byte| *byte == b'\n') {
            let end = self.line + length + 1;
            if self.line > 0 {
                self.translate(end, translator);
            }
            self.pass_to(end);
            self.line = end;
        }
        if self.line == 0 || !translator.may_change(self.raw.get(self.line..).unwrap_or_default()) {
            self.pass_to(self.raw.len());
        }
    }

    /// Rewrites the line that ends at `end`, if it holds an address of the upstream. Such a line was held from its start.
    fn translate(&mut self, end: usize, translator: &Translator) {
        let field = Field::of_line(self.raw.get(self.line..end).unwrap_or_default());
        let Some(value) = translator.response_value(field.name, field.value) else { return };
        let (start, from) = (self.line + field.value_at, field.value.to_vec());
        let field = String::from_utf8_lossy(field.name).into_owned();
        self.pass_to(start);
        self.forwarded.extend_from_slice(&value);
        self.passed = start + from.len();
        self.changes.push(Change { field, from, to: value });
    }

    fn pass_to(&mut self, end: usize) {
        self.forwarded.extend_from_slice(self.raw.get(self.passed..end).unwrap_or_default());
        self.passed = self.passed.max(end);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::relay::translate::AddressRules;

    fn translator() -> Translator {
        let rules = AddressRules::to("up:1");
        Arc::new(rules).for_client(b"/", [&b"localhost:2"[..]])
    }

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching\r\nServer: x\r\nSec-WebSocket-Location: ws://up:1/a\r\nL: z\r\n\r\n";
    const EXPECTED: &[u8] =
        b"HTTP/1.1 101 Switching\r\nServer: x\r\nSec-WebSocket-Location: ws://localhost:2/a\r\nL: z\r\n\r\n";

    #[test]
    fn an_address_is_translated_however_the_head_is_cut() {
        for size in 1..ANSWER.len() {
            let mut head = ResponseHead::default();
            let mut progress = Progress::More;
            for piece in ANSWER.chunks(size) {
                progress = head.feed(piece, &translator(), 1000);
            }
            assert!(matches!(progress, Progress::Complete(_)), "{size}");
            assert_eq!(head.forwarded, EXPECTED, "{size}");
            assert_eq!(head.raw, ANSWER);
            assert_eq!(head.changes.len(), 1);
        }
    }

    #[test]
    fn a_line_that_holds_no_address_is_passed_on_as_it_comes() {
        let mut head = ResponseHead::default();
        head.feed(b"HTTP/1.1 101 x\r\nSe", &translator(), 1000);
        assert_eq!(head.forwarded, b"HTTP/1.1 101 x\r\n", "this may become Sec-WebSocket-Location");
        head.feed(b"rv", &translator(), 1000);
        assert_eq!(head.forwarded, b"HTTP/1.1 101 x\r\nServ");
        head.feed(b"er: y\r\nLocation: http://u", &translator(), 1000);
        assert_eq!(head.forwarded, b"HTTP/1.1 101 x\r\nServer: y\r\n");
        head.flush();
        assert_eq!(head.forwarded, head.raw);
    }

    #[test]
    fn what_is_no_head_passes_at_once_and_ends_at_the_limit() {
        let mut head = ResponseHead::default();
        assert_eq!(head.feed(&[0x81; 90], &translator(), 100), Progress::More);
        assert_eq!(head.forwarded.len(), 90);
        assert_eq!(head.feed(&[0x81; 90], &translator(), 100), Progress::TooLong);
        assert_eq!(head.forwarded.len(), 180);
    }
}
