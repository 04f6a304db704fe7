//! Just enough of Rust's grammar: what is code, what is a comment or text in quotes, and which paths there are.

/// A source file in which comments and text in quotes are blanked. Lines keep their numbers.
pub(super) struct Source {
    code: String,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        Self { code: blank(text) }
    }

    /// The same without items that are built for tests only.
    pub(super) fn without_tests(&self) -> Self {
        const ATTRIBUTE: &str = "#[cfg(test)]";
        let mut code = self.code.clone();
        while let Some(start) = code.find(ATTRIBUTE) {
            let end = start + ATTRIBUTE.len() + item_length(&code[start + ATTRIBUTE.len()..]);
            let blanked: String = code[start..end].chars().map(blanked).collect();
            code.replace_range(start..end, &blanked);
        }
        Self { code }
    }

    /// Lines on which `word` stands, not as a part of a longer word.
    pub(super) fn lines_with(&self, word: &str) -> Vec<usize> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let whole = |at: &usize| {
            let before = self.code[..*at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            !before.is_some_and(is_part) && (!word.ends_with(is_part) || !after.is_some_and(is_part))
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(whole).map(|at| self.line(at)).collect()
    }

    /// Each room that a path from the crate's root names, with its line.
    pub(super) fn rooms_used(&self) -> Vec<(usize, String)> {
        self.names_behind("crate")
    }

    /// Each name that follows a path, alone or in a group, with its line.
    pub(super) fn names_behind(&self, path: &str) -> Vec<(usize, String)> {
        let mut used = Vec::new();
        for (at, word) in self.code.match_indices(path) {
            let rest = self.code[at + word.len()..].trim_start();
            let Some(rest) = rest.strip_prefix("::") else { continue };
            let names = match rest.trim_start().strip_prefix('{') {
                Some(group) => first_names(group),
                None => words(rest).first().map(|name| (*name).to_owned()).into_iter().collect(),
            };
            used.extend(names.into_iter().filter(|name| name != "self").map(|name| (self.line(at), name)));
        }
        used
    }

    /// The names that are imported from somewhere under a path.
    pub(super) fn imported_from(&self, path: &str) -> Vec<String> {
        let imports = self.code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
        let from = imports.filter_map(|import| import.trim_start().strip_prefix(path));
        from.flat_map(words).filter(|word| word.starts_with(char::is_uppercase)).map(str::to_owned).collect()
    }

    /// Lines up to the last that holds code.
    pub(super) fn length(&self) -> usize {
        self.code.trim_end().lines().count()
    }

    /// Each function: the line where it begins, its name, and its lines up to its closing brace, which stands under its
    /// first letter.
    pub(super) fn functions(&self) -> Vec<(usize, &str, usize)> {
        let lines: Vec<&str> = self.code.lines().collect();
        let mut found = Vec::new();
        for (start, line) in lines.iter().enumerate() {
            let Some((before, after)) = line.split_once("fn ") else { continue };
            let is_item = words(before).iter().all(|word| ["pub", "crate", "super", "const", "async"].contains(word));
            let Some(name) = words(after).first().copied().filter(|_| is_item) else { continue };
            let indent = &line[..line.len() - line.trim_start().len()];
            let is_end = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'));
            let is_short = line.trim_end().ends_with(['}', ';']);
            if let Some(more) = lines[start..].iter().position(is_end).filter(|_| !is_short) {
                found.push((start + 1, name, more + 1));
            }
        }
        found
    }

    /// Lines on which the standard library's channel is made or imported: it has no bound.
    pub(super) fn unbounded_channels(&self) -> Vec<usize> {
        let made = self.code.match_indices("mpsc::channel").filter(|(at, word)| {
            let rest = &self.code[at + word.len()..];
            let arguments = match rest.strip_prefix("::<") {
                Some(generic) => generic.split_once(">(").map_or("", |(_, arguments)| arguments),
                None => rest.strip_prefix('(').unwrap_or_default(),
            };
            arguments.trim_start().starts_with(')')
        });
        let imported = self.code.match_indices("std::sync::mpsc::{").filter(|(at, word)| {
            let group = &self.code[at + word.len()..];
            words(group.split('}').next().unwrap_or_default()).contains(&"channel")
        });
        made.chain(imported).map(|(at, _)| self.line(at)).collect()
    }

    fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }
}

/// The identifiers in a piece of code.
pub(super) fn words(code: &str) -> Vec<&str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .collect()
}

/// The first name of each path in `{a::b, c::{d, e}}`, of which the first brace is taken off.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut path, mut names) = (0, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut path)),
            _ if depth == 0 => path.push(character),
            _ => {}
        }
    }
    names.push(path);
    names.iter().filter_map(|path| words(path).first().map(|name| (*name).to_owned())).collect()
}

/// Bytes up to the end of the item that begins here: its `;`, or the brace that closes its first one.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, character) in code.char_indices() {
        match character {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// A space for each byte, so that places stay; line ends stay, too.
fn blanked(character: char) -> String {
    if character == '\n' { "\n".to_owned() } else { " ".repeat(character.len_utf8()) }
}

fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = comment(rest).or_else(|| quoted(rest, &out));
        let (piece, after) = rest.split_at(length.unwrap_or(character.len_utf8()));
        match length {
            Some(_) => out.extend(piece.chars().map(blanked)),
            None => out.push(character),
        }
        rest = after;
    }
    out
}

/// Bytes of the comment that begins here.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let (step, change) = match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (2, 1),
            Some(b"*/") => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            break;
        }
    }
    Some(at)
}

/// Bytes of the string or character in quotes that begins here; `before` is the code up to it.
fn quoted(rest: &str, before: &str) -> Option<usize> {
    let after_word = before.ends_with(|character: char| character.is_alphanumeric() || character == '_');
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).filter(|_| !after_word);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let start = rest.len() - raw.len() + hashes + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
        }
    }
    match rest.as_bytes() {
        [b'"', ..] => Some(closing(rest, '"')),
        [b'\'', b'\\', ..] => Some(closing(rest, '\'')),
        // A character, and not a lifetime: the quote closes right behind it.
        [b'\'', ..] => {
            let character = rest[1..].chars().next()?.len_utf8();
            rest[1 + character..].starts_with('\'').then_some(character + 2)
        }
        _ => None,
    }
}

/// Bytes up to the quote that closes, escapes skipped.
fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
