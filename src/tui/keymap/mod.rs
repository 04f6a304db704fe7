//! Keys: one table from which dispatch, footer, help and `docs/keys.md` come.

mod chosen;
mod print;
mod table;

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::text;

pub(crate) use chosen::bindings;
pub use chosen::{Chosen, defaults};
pub use print::markdown;
pub use table::BINDINGS;

/// What a key can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table says what each does")]
pub enum Action {
    Down,
    Up,
    HalfPageDown,
    HalfPageUp,
    PageDown,
    PageUp,
    First,
    Last,
    NextPane,
    PreviousPane,
    PreviousSession,
    NextSession,
    Frames,
    Sessions,
    Handshake,
    Diagnosis,
    Log,
    Deeper,
    Back,
    Leave,
    Quit,
    Interrupt,
    Suspend,
    Help,
    Follow,
    Freeze,
    ToServer,
    ToClient,
    Resend,
    CloseSession,
    WriteFile,
    WriteAndQuit,
    Hex,
    Text,
    NextDecoder,
    Counterpart,
    NextRow,
    PreviousRow,
    Bytes,
    Times,
    NextPolicy,
    Maximise,
    MoveDetail,
    Shrink,
    Grow,
    Send,
    NewLine,
    EraseLine,
    Complete,
    Earlier,
    Later,
    Discard,
    OtherDirection,
    ToNextSession,
    ToPreviousSession,
    OpenEditor,
    Yes,
    No,
    CloseHelp,
    HelpErase,
    FoldFragments,
    HideHeartbeats,
    SelectRange,
    Bookmark,
    NextBookmark,
    PreviousBookmark,
    JumpBack,
    SortSessions,
    EarlierSlot,
    LaterSlot,
    ZoomIn,
    ZoomOut,
    Timeline,
    Search,
    NextMatch,
    PreviousMatch,
    SearchGo,
    SearchComplete,
    SearchEarlier,
    SearchLater,
    SearchErase,
    SearchDiscard,
    Filter,
    FilterKeep,
    FilterClear,
    FilterComplete,
    FilterEarlier,
    FilterLater,
    FilterErase,
    Hold,
    HoldToggle,
    HoldKeep,
    HoldDiscard,
    HoldComplete,
    HoldFrom,
    HoldEarlier,
    HoldLater,
    HoldErase,
    Release,
    ReleaseAll,
    EditHeld,
    EditCopy,
    Copy,
    CopyText,
    CopyHex,
    CopyBase64,
    CopyJson,
    CopyCommand,
    CopyNothing,
    Left,
    Right,
    Header,
    FoldMore,
    FoldLess,
    Find,
    FindNext,
    FindPrevious,
    FindDone,
    FindStop,
    FindForm,
    CommandLine,
    AcceptValue,
    NextProblem,
    Why,
    WhyDone,
    Compare,
    NextDifference,
    PreviousDifference,
    ShowEqual,
    CompareDone,
    Rules,
    RuleNew,
    RuleEdit,
    RuleSwitch,
    RuleRemove,
    RulesDone,
    Bookmarks,
    GoToBookmark,
    EditNote,
    BookmarksDone,
    SearchProblems,
    GroupProblems,
    SortProblems,
}

impl Action {
    /// Whether it is asked of a proxy that runs: of a capture it can't be.
    #[must_use]
    pub const fn needs_proxy(self) -> bool {
        matches!(
            self,
            Self::ToServer
                | Self::ToClient
                | Self::Resend
                | Self::CloseSession
                | Self::NextPolicy
                | Self::Hold
                | Self::HoldToggle
                | Self::Release
                | Self::ReleaseAll
                | Self::EditHeld
                | Self::EditCopy
        )
    }
}

/// Where on the screen keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The narrow list of sessions and its table.
    Sessions,
    /// The frame log.
    Frames,
    /// The detail of the selected row.
    Detail,
    /// The heads of a session.
    Handshake,
    /// The problems.
    Diagnosis,
    /// wsproxy's own events.
    Log,
    /// Wherever nothing lies over the panes.
    Everywhere,
    /// The composer.
    Composer,
    /// A question.
    Question,
    /// The help screen.
    Help,
    /// The why page.
    Why,
    /// A comparison.
    Compare,
    /// The line to search with.
    Search,
    /// The line to filter with.
    Filter,
    /// The line to search the problems with.
    ProblemSearch,
    /// The note of a mark.
    Note,
    /// The list of marks.
    Marks,
    /// The line that says what to hold.
    Hold,
    /// The list of rules.
    Rules,
    /// The line in which a rule is written.
    Rule,
    /// The choice of what to copy.
    Copy,
    /// The pattern of a search in the detail.
    Find,
    /// The command line.
    Command,
}

impl Place {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 23] = [
        Self::Everywhere,
        Self::Sessions,
        Self::Frames,
        Self::Detail,
        Self::Handshake,
        Self::Diagnosis,
        Self::Log,
        Self::Composer,
        Self::Question,
        Self::Help,
        Self::Why,
        Self::Compare,
        Self::Search,
        Self::Filter,
        Self::ProblemSearch,
        Self::Note,
        Self::Marks,
        Self::Hold,
        Self::Rules,
        Self::Rule,
        Self::Copy,
        Self::Find,
        Self::Command,
    ];

    /// A title for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Frames => "Frames",
            Self::Detail => "Detail",
            Self::Handshake => "Handshake",
            Self::Diagnosis => "Diagnosis",
            Self::Log => "Log",
            Self::Everywhere => "Everywhere",
            Self::Composer => "Composer",
            Self::Question => "Question",
            Self::Help => "Help",
            Self::Why => "Why page",
            Self::Compare => "Comparison",
            Self::Search => "Search",
            Self::Filter => "Filter",
            Self::ProblemSearch => "Search in the problems",
            Self::Note => "Note of a mark",
            Self::Marks => "Marks",
            Self::Hold => "Hold",
            Self::Rules => "Rules",
            Self::Rule => "A rule",
            Self::Copy => "Copy",
            Self::Find => "Search in the detail",
            Self::Command => "Command line",
        }
    }

    /// Whether keys that are not its own go on to `Everywhere`.
    #[must_use]
    pub const fn is_pane(self) -> bool {
        !matches!(
            self,
            Self::Composer
                | Self::Question
                | Self::Help
                | Self::Why
                | Self::Compare
                | Self::Search
                | Self::Filter
                | Self::ProblemSearch
                | Self::Note
                | Self::Marks
                | Self::Hold
                | Self::Rules
                | Self::Rule
                | Self::Copy
                | Self::Find
                | Self::Command
        )
    }
}

/// A key with its modifiers. Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// A key by itself.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A character.
    #[must_use]
    pub const fn char(character: char) -> Self {
        Self::plain(KeyCode::Char(character))
    }

    /// Control and a character.
    #[must_use]
    pub const fn ctrl(character: char) -> Self {
        Self { code: KeyCode::Char(character), modifiers: KeyModifiers::CONTROL }
    }

    /// Whether its name can be shown as it is: a terminal can send any character for a key.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !matches!(self.code, KeyCode::Char(character) if !text::is_plain(character))
    }

    /// Alt and a key.
    #[must_use]
    pub const fn alt(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::ALT }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        // Terminals differ in whether they report shift beside a capital letter or a back tab.
        Self { code: event.code, modifiers: event.modifiers - KeyModifiers::SHIFT }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            formatter.write_str("ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            formatter.write_str("alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => formatter.write_str("space"),
            KeyCode::Char(character) => write!(formatter, "{character}"),
            KeyCode::Up => formatter.write_str("↑"),
            KeyCode::Down => formatter.write_str("↓"),
            KeyCode::Left => formatter.write_str("←"),
            KeyCode::Right => formatter.write_str("→"),
            KeyCode::PageUp => formatter.write_str("pgup"),
            KeyCode::PageDown => formatter.write_str("pgdn"),
            KeyCode::BackTab => formatter.write_str("shift-tab"),
            code => formatter.write_str(&format!("{code:?}").to_lowercase()),
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What is asked for.
    pub action: Action,
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// Where they work.
    pub places: &'static [Place],
    /// What it does, in a line.
    pub help: &'static str,
    /// A word for the footer; empty for what is not shown there.
    pub hint: &'static str,
}

impl Binding {
    /// Its keys for people: `j ↓`.
    #[must_use]
    pub fn keys_text(&self) -> String {
        self.keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// What a key asks for in a place.
#[must_use]
pub fn lookup(place: Place, key: Key) -> Option<Action> {
    in_place(place).find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
}

/// The bindings that work in a place: its own, then those that work everywhere.
pub fn in_place(place: Place) -> impl Iterator<Item = &'static Binding> {
    let own = bindings().iter().filter(move |binding| binding.places.contains(&place));
    let general = bindings().iter().filter(move |binding| {
        place != Place::Everywhere && place.is_pane() && binding.places.contains(&Place::Everywhere)
    });
    own.chain(general)
}

/// An action's name in words with hyphens, as the command line has it.
#[must_use]
pub fn name(action: Action) -> String {
    let mut name = String::new();
    for character in format!("{action:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

/// The first key of an action, for people; empty where it has none.
#[must_use]
pub fn key_of(action: Action) -> String {
    let binding = bindings().iter().find(|binding| binding.action == action);
    binding.and_then(|binding| binding.keys.first()).map(Key::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for place in Place::ALL {
            let keys: Vec<Key> = in_place(place).flat_map(|binding| binding.keys).copied().collect();
            for (index, key) in keys.iter().enumerate() {
                assert!(!keys[..index].contains(key), "{key} in {}", place.name());
            }
        }
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(lookup(Place::Frames, event.into()), Some(Action::Last));
        let event = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::NONE);
        assert_eq!(lookup(Place::Frames, event.into()), Some(Action::First));
    }

    #[test]
    fn what_lies_over_the_panes_takes_all_keys() {
        assert_eq!(lookup(Place::Composer, Key::char('q')), None);
        assert_eq!(lookup(Place::Question, Key::char('2')), None);
        assert_eq!(lookup(Place::Detail, Key::char('2')), Some(Action::Sessions));
    }
}
