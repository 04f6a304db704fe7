//! JSON laid out for reading, row by row, with nodes that can be folded.
//!
//! Nothing is decoded: the order of members, the digits of a number and the escapes of a string stay as they came, and
//! text that is no JSON comes out as well as may be. Nothing is kept but the depth, and the ends of folded nodes.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::style::Style;

use crate::tui::theme::Theme;

use super::flow::{Next, Previous, Start, Within};
use super::row::{Node, Row};
use super::unit::Unit;

/// Bytes up to which a text is parsed to see whether it is JSON. Of more, the first and the last decide.
const PARSED: usize = 256 * 1024;
/// Bytes of a folded node whose end is looked for again each time. The ends of longer ones are remembered.
const LOOKED_FOR: usize = 2048;
/// Bytes of the longest key that is told from a value.
const LONGEST_KEY: usize = 1024;

/// Why a text is no JSON; `None` where it is, or is too long to say.
pub(super) fn fault(json: &[u8]) -> Option<String> {
    if json.len() > PARSED {
        return None;
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(json).err().map(|error| error.to_string())
}

/// Whether a text is a JSON object or array, or if it is long, looks like one.
pub(super) fn is_structure(json: &[u8]) -> bool {
    let text = json.trim_ascii();
    match (text.first(), text.last()) {
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => fault(json).is_none(),
        _ => false,
    }
}

/// Which nodes are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folds {
    /// The depth from which on they are, outermost 0; `None` for no depth.
    pub from: Option<u32>,
    /// Those with which it is the other way round, by their ids.
    pub others: BTreeSet<usize>,
}

impl Folds {
    #[must_use]
    pub(super) fn holds(&self, id: usize, depth: u32) -> bool {
        self.from.is_some_and(|from| depth >= from) != self.others.contains(&id)
    }

    /// Folds or unfolds one.
    pub(crate) fn flip(&mut self, id: usize) {
        if !self.others.remove(&id) {
            self.others.insert(id);
        }
    }
}

/// How JSON is laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct Json {
    pub folds: Folds,
    /// Ends of long folded nodes by where they begin, and the count of their members.
    ends: BTreeMap<usize, End>,
    /// The end that is looked for.
    search: Option<(usize, End)>,
}

/// How far a node has been gone through; at last, where it ends.
#[derive(Clone, Copy, Debug)]
struct End {
    at: usize,
    level: u32,
    in_text: bool,
    is_escaped: bool,
    commas: usize,
    is_empty: bool,
}

impl End {
    const fn of(open: usize) -> Self {
        Self { at: open, level: 0, in_text: false, is_escaped: false, commas: 0, is_empty: true }
    }

    /// Goes on by at most so many bytes. Says whether the end was found: the end of all counts as one.
    fn seek(&mut self, json: &[u8], limit: usize) -> bool {
        let rest = json.get(self.at..).unwrap_or_default();
        for (index, byte) in rest.iter().take(limit).enumerate() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_text => self.is_escaped = true,
                b'"' => self.in_text = !self.in_text,
                _ if self.in_text => {}
                b'{' | b'[' => {
                    self.is_empty &= self.level == 0;
                    self.level += 1;
                    continue;
                }
                b'}' | b']' => {
                    self.level = self.level.saturating_sub(1);
                    if self.level == 0 {
                        self.at += index + 1;
                        return true;
                    }
                }
                b',' if self.level == 1 => self.commas += 1,
                _ => {}
            }
            self.is_empty &= is_blank(*byte);
        }
        self.at = (self.at + limit).min(json.len());
        self.at == json.len()
    }

    const fn members(&self) -> usize {
        if self.is_empty { 0 } else { self.commas + 1 }
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl Json {
    pub(super) fn new(folds: Folds) -> Self {
        Self { folds, ..Self::default() }
    }

    /// Folds otherwise.
    pub(super) fn fold(&mut self, folds: &Folds) {
        self.folds = folds.clone();
        self.search = None;
    }

    /// Begins to look for the end of a folded node.
    pub(super) const fn begin_search(&mut self, open: usize) {
        self.search = Some((open, End::of(open)));
    }

    /// Looks on for the end that is looked for. Says whether none is any more.
    pub(super) fn search_end(&mut self, json: &[u8], left: &mut usize) -> bool {
        let Some((open, end)) = &mut self.search else { return true };
        let before = end.at;
        // Ten times as fast as laying out.
        let found = end.seek(json, *left * 8);
        *left = left.saturating_sub((end.at - before) / 8);
        if found {
            self.ends.insert(*open, *end);
            self.search = None;
        }
        found
    }

    fn end_of(&self, json: &[u8], open: usize) -> Option<End> {
        if let Some(end) = self.ends.get(&open) {
            return Some(*end);
        }
        let mut end = End::of(open);
        end.seek(json, LOOKED_FOR).then_some(end)
    }

    /// Fills a row.
    pub(super) fn fill(&self, json: &[u8], start: Start, row: &mut Row, theme: &Theme) -> Next {
        Filler { all: self, json, row, theme, now: start }.fill()
    }
}

/// A row under way.
struct Filler<'a> {
    all: &'a Json,
    json: &'a [u8],
    row: &'a mut Row,
    theme: &'a Theme,
    now: Start,
}

impl Filler<'_> {
    fn fill(mut self) -> Next {
        if self.now.goes_on {
            self.row.indent(self.now.depth as usize * 2 + 2);
        }
        loop {
            if self.now.within != Within::Nothing && !self.finish_token() {
                return self.full();
            }
            while self.json.get(self.now.at).is_some_and(|byte| is_blank(*byte)) {
                self.now.at += 1;
            }
            let Some(&byte) = self.json.get(self.now.at) else { return Next::End };
            if self.breaks_before(byte) {
                self.now.goes_on = false;
                // What begins a row has nothing in front of it.
                self.now.previous = Previous::Nothing;
                return Next::Row(self.now);
            }
            if let Some(next) = self.token(byte) {
                return next;
            }
        }
    }

    /// The token goes on in another row.
    fn full(mut self) -> Next {
        self.now.goes_on = true;
        Next::Row(self.now)
    }

    /// Whether a token has to stand in a row of its own, and this is not the one.
    fn breaks_before(&self, byte: u8) -> bool {
        match byte {
            b',' | b':' => false,
            // An empty pair stays in one row.
            b'}' | b']' => matches!(self.now.previous, Previous::Value | Previous::Separator) && !self.row.is_fresh(),
            // Two values in a row are two texts, or a fault: each gets a row.
            _ => matches!(self.now.previous, Previous::Open | Previous::Value) && !self.row.is_fresh(),
        }
    }

    /// Adds a token or begins it. Gives what comes after the row if that is at its end.
    fn token(&mut self, byte: u8) -> Option<Next> {
        let at = self.now.at;
        if self.row.is_fresh() && !self.now.goes_on {
            let closing = u32::from(matches!(byte, b'}' | b']'));
            self.row.indent(self.now.depth.saturating_sub(closing) as usize * 2);
        }
        match byte {
            b'{' | b'[' => return self.open(at, byte),
            b'}' | b']' => {
                if !self.mark(1, (byte as char).to_string()) {
                    return Some(self.overflow());
                }
                self.now.depth = self.now.depth.saturating_sub(1);
                self.now.previous = Previous::Value;
            }
            b',' => {
                if !self.mark(1, ",".to_owned()) {
                    return Some(self.overflow());
                }
                self.now.previous = Previous::Separator;
                self.now.goes_on = false;
                return Some(Next::Row(self.now));
            }
            b':' => {
                if !self.mark(2, ": ".to_owned()) {
                    return Some(self.overflow());
                }
                self.now.previous = Previous::Separator;
            }
            b'"' => {
                self.now.within = if self.is_key() { Within::Key } else { Within::Text };
                let style = self.style();
                if !self.row.push(at..at + 1, 1, style, || "\"".to_owned()) {
                    self.now.within = Within::Nothing;
                    return Some(self.overflow());
                }
                self.now.at += 1;
            }
            _ => self.now.within = Within::Word,
        }
        None
    }

    const fn overflow(&mut self) -> Next {
        self.now.goes_on = true;
        Next::Row(self.now)
    }

    fn mark(&mut self, width: usize, text: String) -> bool {
        let at = self.now.at;
        let fits = self.row.push(at..at + 1, width, self.theme.dim, || text);
        self.now.at += usize::from(fits);
        fits
    }

    fn open(&mut self, at: usize, byte: u8) -> Option<Next> {
        let depth = self.now.depth;
        let is_folded = self.all.folds.holds(at, depth);
        if !is_folded {
            if !self.mark(1, (byte as char).to_string()) {
                return Some(self.overflow());
            }
            self.row.node = Some(Node { id: at, open: at, depth, is_folded });
            self.now.depth = self.now.depth.saturating_add(1);
            self.now.previous = Previous::Open;
            return None;
        }
        let Some(end) = self.all.end_of(self.json, at) else { return Some(Next::Unknown(at)) };
        let close = if byte == b'{' { '}' } else { ']' };
        let text = match end.members() {
            0 => format!("{}{close}", byte as char),
            count => format!("{} … {count} {close}", byte as char),
        };
        let width = text.chars().count();
        if !self.row.push(at..end.at, width, self.theme.note, || text) {
            return Some(self.overflow());
        }
        self.row.node = Some(Node { id: at, open: at, depth, is_folded });
        self.now.at = end.at;
        self.now.previous = Previous::Value;
        None
    }

    /// Whether the text that begins here is followed by a colon.
    fn is_key(&self) -> bool {
        let rest = self.json.get(self.now.at + 1..).unwrap_or_default();
        let mut bytes = rest.iter().take(LONGEST_KEY).enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'\\' => _ = bytes.next(),
                b'"' => {
                    let behind = rest.get(index + 1..).unwrap_or_default();
                    return behind.iter().take(LONGEST_KEY).find(|byte| !is_blank(**byte)) == Some(&b':');
                }
                _ => {}
            }
        }
        false
    }

    const fn style(&self) -> Style {
        match self.now.within {
            Within::Key => self.theme.key,
            Within::Text => self.theme.good,
            Within::Word | Within::Nothing => self.theme.note,
        }
    }

    /// Adds the rest of a text or a word. Says whether there was room.
    fn finish_token(&mut self) -> bool {
        let style = self.style();
        while let Some(unit) = Unit::at(self.json, self.now.at) {
            let at = self.now.at;
            let byte = self.json.get(at).copied().unwrap_or_default();
            let is_word = self.now.within == Within::Word;
            if is_word && (is_blank(byte) || b"{}[],:\"".contains(&byte)) {
                break;
            }
            // An escape stays whole, and what it escapes ends no text.
            let length = if byte == b'\\' && !is_word { self.escape_length(at) } else { unit.length };
            let shown = |unit: &Unit<'_>| unit.text().into_owned();
            let pushed = if length == unit.length {
                self.row.push(at..at + length, unit.width, unit.style(style, self.theme), || shown(&unit))
            } else {
                let text = String::from_utf8_lossy(self.json.get(at..at + length).unwrap_or_default()).into_owned();
                self.row.push(at..at + length, length, style, || text)
            };
            if !pushed {
                return false;
            }
            self.now.at += length;
            if byte == b'"' && !is_word {
                break;
            }
        }
        self.now.within = Within::Nothing;
        self.now.previous = Previous::Value;
        true
    }

    /// `\n` is 2, `\u0041` is 6; a backslash before what is no ASCII stands alone.
    fn escape_length(&self, at: usize) -> usize {
        match self.json.get(at + 1) {
            Some(b'u') if self.json.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => 6,
            Some(b' '..=b'~') => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::{Flow, Layout};
    use super::*;
    use proptest::prelude::*;

    fn laid_out(json: &[u8], folds: Folds, width: usize) -> (Flow, Vec<String>) {
        let theme = Theme::default();
        let mut flow = Flow::new(Layout::Json(Json::new(folds)), width);
        while !flow.is_done() {
            flow.work(json, &theme);
        }
        let rows = flow.window(json, 0..usize::MAX, &theme);
        let rows = rows.into_iter().map(|row| row.line(|_, style| style).to_string()).collect();
        (flow, rows)
    }

    fn pretty(json: &str) -> String {
        laid_out(json.as_bytes(), Folds::default(), 4000).1.join("\n")
    }

    #[test]
    fn order_digits_and_escapes_stay() {
        assert_eq!(
            pretty(r#"{"b":12345678901234567890.10e400,"a":["x\u0041\"", true,{}, [ ]],"b":null}"#),
            "{\n  \"b\": 12345678901234567890.10e400,\n  \"a\": [\n    \"x\\u0041\\\"\",\n    true,\n    {},\n    []\n  \
             ],\n  \"b\": null\n}"
        );
    }

    #[test]
    fn what_is_no_json_comes_out_too() {
        assert_eq!(pretty("}{\"a"), "}\n{\n  \"a");
        assert_eq!(pretty("{} 1"), "{}\n1");
        assert!(fault(b"{]").is_some() && fault(b" [1] ").is_none());
        assert!(is_structure(b" [1]") && !is_structure(b"1") && !is_structure(b"[1"));
    }

    #[test]
    fn nesting_of_any_depth_is_laid_out() {
        assert_eq!(pretty(&"[".repeat(2000)).lines().count(), 2000);
    }

    #[test]
    fn long_values_go_on_further_right() {
        let rows = laid_out(br#"{"a":"0123456789abcdef"}"#, Folds::default(), 14).1;
        assert_eq!(rows, ["{", "  \"a\": \"012345", "    6789abcdef", "    \"", "}"]);
    }

    #[test]
    fn folded_nodes_tell_how_many_members_they_have() {
        let json = br#"{"a":[1,[2,3],"],["],"b":{},"c":{"d":"e"}}"#;
        let from = |depth| Folds { from: Some(depth), ..Folds::default() };
        assert_eq!(laid_out(json, from(0), 80).1, ["{ … 3 }"]);
        assert_eq!(laid_out(json, from(1), 80).1, ["{", "  \"a\": [ … 3 ],", "  \"b\": {},", "  \"c\": { … 1 }", "}"]);
        let mut folds = Folds::default();
        folds.flip(5);
        assert_eq!(laid_out(json, folds, 80).1[1], "  \"a\": [ … 3 ],");
    }

    #[test]
    fn ends_of_long_nodes_are_found_in_slices() {
        let json = format!("{{\"a\":[{}\"\\\\\"],\"b\":[{}0]}}", "[1],".repeat(1_000_000), "0,".repeat(5000));
        let folds = Folds { from: Some(1), ..Folds::default() };
        let mut flow = Flow::new(Layout::Json(Json::new(folds.clone())), 80);
        flow.work(json.as_bytes(), &Theme::default());
        assert!(!flow.is_done());
        let rows = laid_out(json.as_bytes(), folds, 80).1;
        assert_eq!(rows, ["{", "  \"a\": [ … 1000001 ],", "  \"b\": [ … 5001 ]", "}"]);
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_added_or_lost(json in "[{}\\[\\],:\" a1ü\\\\]{0,60}", width in 10usize..60) {
            let all = |text: &str| text.chars().filter(|character| *character != ' ').collect::<String>();
            let rows = laid_out(json.as_bytes(), Folds::default(), width).1;
            prop_assert_eq!(all(&rows.concat()), all(&json));
        }

        #[test]
        fn each_byte_but_blanks_is_in_the_row_that_is_said_to_show_it(
            json in "[{}\\[\\],:\" a1ü\\\\]{0,60}",
            width in 1usize..60,
            depth in proptest::option::of(0u32..4),
        ) {
            let json = json.as_bytes();
            let theme = Theme::default();
            let (flow, rows) = laid_out(json, Folds { from: depth, ..Folds::default() }, width);
            prop_assert_eq!(flow.len(), rows.len());
            for byte in (0..json.len()).filter(|byte| json[*byte] != b' ') {
                let row = flow.row_of(json, byte, &theme).unwrap();
                let row = flow.window(json, row..row + 1, &theme).remove(0);
                prop_assert!(row.around(byte).is_some(), "{} {}", byte, row.line(|_, style| style));
            }
        }
    }
}
