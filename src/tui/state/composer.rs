//! What a person writes to be sent, and what it means so far.

use crossterm::event::KeyEvent;
use ratatui_textarea::{CursorMove, TextArea};

use crate::compose::{self, Completion, ComposeError, Json, Order};
use crate::diagnose;
use crate::record::{Change, FrameNumber, SessionId, Side};
use crate::relay::hold;
use crate::tui::state::history::History;

/// What is being written.
#[derive(Debug)]
pub(crate) struct Composer {
    /// For which session.
    pub session: SessionId,
    /// Who will receive it.
    pub to: Side,
    /// What is held in whose place it goes.
    pub edits: Option<Edited>,
    /// The text.
    pub input: TextArea<'static>,
    /// What the text means.
    pub parsed: Result<Order, ComposeError>,
    /// What it is as JSON, where it begins as that.
    pub json: Option<Json>,
    /// What the command in it may become.
    pub completion: Completion,
    /// The place in the history, from its end; `None` for a text of its own.
    recalled: Option<usize>,
    /// What was written before the history was looked through.
    aside: String,
}

/// What is held, and edited.
#[derive(Debug)]
pub(crate) enum Edited {
    /// A message, by a frame of it, what it says, and whether later ones lean on it.
    Message(FrameNumber, Vec<u8>, Behind),
    /// A head.
    Head(Box<EditedHead>),
}

/// How what comes behind a message that is edited stands to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// It can be read without it.
    Free,
    /// It is compressed with a window that has this message in it (RFC 7692 7.1.1).
    Leans,
}

/// A head that is edited.
#[derive(Debug)]
pub(crate) struct EditedHead {
    /// Who sent it.
    pub from: Side,
    /// As it came.
    pub came: Vec<u8>,
    /// The request, of a response.
    pub request: Option<Vec<u8>>,
    /// What the text stands for.
    pub read: Result<Vec<u8>, ComposeError>,
}

impl EditedHead {
    /// What the edit changes.
    #[must_use]
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.read.as_ref().map(|head| hold::changes(&self.came, head)).unwrap_or_default()
    }

    /// What Chrome would make of the response: nothing where it opens the socket, else its words.
    #[must_use]
    pub(crate) fn verdict(&self) -> Option<Option<String>> {
        let (request, head) = (self.request.as_ref()?, self.read.as_ref().ok()?);
        let verdict = diagnose::of_response(request, head, None);
        Some(verdict.map(|verdict| verdict.error_text.unwrap_or_default().into_owned()))
    }
}

impl Composer {
    /// One in which a head is edited that a side sent.
    #[must_use]
    pub(crate) fn of_head(session: SessionId, from: Side, came: Vec<u8>, request: Option<Vec<u8>>) -> Self {
        let mut new = Self::new(session, from.other(), "");
        let text = compose::written_head(&came);
        let read = compose::head(&text);
        new.edits = Some(Edited::Head(Box::new(EditedHead { from, came, request, read })));
        new.set(&text);
        new
    }

    /// One with a text.
    #[must_use]
    pub(crate) fn new(session: SessionId, to: Side, text: &str) -> Self {
        let (parsed, completion) = (compose::parse(""), compose::complete(""));
        let aside = String::new();
        let mut new = Self {
            session,
            to,
            edits: None,
            input: input(text),
            parsed,
            json: None,
            completion,
            recalled: None,
            aside,
        };
        new.parse();
        new
    }

    /// All of the text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.input.lines().join("\n")
    }

    /// Whether nothing was written.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// Puts another text in its place.
    pub(crate) fn set(&mut self, text: &str) {
        self.input = input(text);
        self.parse();
    }

    /// Changes the text in some way, and reads it once more.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut TextArea<'static>)) {
        change(&mut self.input);
        self.parse();
    }

    /// A key that belongs to the text.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        if self.input.input(event) {
            self.parse();
        }
    }

    /// Puts a text in, with the line ends of this machine.
    pub(crate) fn paste(&mut self, text: &str) {
        self.input.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
        self.parse();
    }

    /// Reads the text once more, after a change.
    pub(crate) fn parse(&mut self) {
        let text = self.text();
        if let Some(Edited::Head(head)) = &mut self.edits {
            head.read = compose::head(&text);
            return;
        }
        self.parsed = compose::parse(&text);
        self.json = self.parsed.as_ref().ok().and_then(|order| compose::json(&text, order));
        self.completion = compose::complete(&text);
    }

    /// Completes the command under way as far as it is certain.
    pub(crate) fn complete(&mut self) {
        let (text, certain) = (self.text(), self.completion.certain());
        let typed = text.len() - self.completion.at;
        let front = &text[..self.completion.at];
        match self.completion.candidates.as_slice() {
            [only] if self.completion.typing => self.set(&format!("{front}{} ", only.name)),
            _ if certain.len() > typed => self.set(&format!("{front}{certain}")),
            _ => {}
        }
    }

    /// Moves within a text of several lines; at its first or last, recalls the text sent before the one that is shown,
    /// or after it.
    pub(crate) fn recall(&mut self, history: &History, direction: Recall) {
        let (row, last) = (self.input.cursor().0, self.input.lines().len().saturating_sub(1));
        match direction {
            Recall::Earlier if row > 0 => return self.input.move_cursor(CursorMove::Up),
            Recall::Later if row < last => return self.input.move_cursor(CursorMove::Down),
            // What was sent before is messages.
            _ if matches!(self.edits, Some(Edited::Head(_))) => return,
            _ => {}
        }
        let back = match (self.recalled, direction) {
            (None, Recall::Earlier) => 0,
            (Some(back), Recall::Earlier) => back + 1,
            (None, Recall::Later) => return,
            (Some(0), Recall::Later) => {
                let own = std::mem::take(&mut self.aside);
                self.set(&own);
                self.recalled = None;
                return;
            }
            (Some(back), Recall::Later) => back - 1,
        };
        let Some(text) = history.get(back) else { return };
        if self.recalled.is_none() {
            self.aside = self.text();
        }
        self.set(text);
        self.recalled = Some(back);
    }

    /// Empties it for the next.
    pub(crate) fn clear(&mut self) {
        self.recalled = None;
        self.aside.clear();
        self.set("");
    }
}

fn input(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(text.split('\n').map(str::to_owned).collect());
    input.move_cursor(CursorMove::Bottom);
    input.move_cursor(CursorMove::End);
    input
}

/// Which way through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recall {
    /// To older texts.
    Earlier,
    /// To newer ones.
    Later,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composer(text: &str) -> Composer {
        Composer::new(SessionId(1), Side::Server, text)
    }

    #[test]
    fn a_command_is_completed_as_far_as_it_is_certain() {
        for (typed, completed) in [
            ("/cl", "/close "),
            ("/", "/"),
            ("/nothing", "/nothing"),
            ("/r", "/r"),
            ("/frag 3 /b", "/frag 3 /bin "),
            ("/repeat 3 1s /p", "/repeat 3 1s /p"),
            ("/ping x", "/ping x"),
            ("/ping", "/ping "),
            ("text", "text"),
        ] {
            let mut composer = composer(typed);
            composer.complete();
            assert_eq!(composer.text(), completed, "{typed}");
        }
    }

    #[test]
    fn the_history_goes_back_and_forth_and_comes_back_to_what_was_written() {
        let mut history = History::default();
        for text in ["one", "two", "one"] {
            history.push(text.into());
        }
        let mut composer = composer("mine");
        let mut shown = Vec::new();
        use Recall::{Earlier, Later};
        for direction in [Later, Earlier, Earlier, Earlier, Later, Later, Later] {
            composer.recall(&history, direction);
            shown.push(composer.text());
        }
        assert_eq!(shown, ["mine", "one", "two", "two", "one", "mine", "mine"]);
    }

    #[test]
    fn arrows_move_in_a_text_of_several_lines_before_they_recall() {
        let mut history = History::default();
        history.push("earlier".into());
        let mut composer = composer("one\ntwo");
        composer.recall(&history, Recall::Earlier);
        assert_eq!(composer.text(), "one\ntwo");
        composer.recall(&history, Recall::Earlier);
        assert_eq!(composer.text(), "earlier");
        composer.recall(&history, Recall::Later);
        assert_eq!(composer.text(), "one\ntwo");
    }
}
