//! The commands and their fields. One table: for the parser, for `wsproxy ctl`, for errors and for docs/control.md.

/// A command of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// `sessions`
    Sessions,
    /// `frames`
    Frames,
    /// `inject`
    Inject,
    /// `resend`
    Resend,
    /// `hold`
    Hold,
    /// `unhold`
    Unhold,
    /// `holds`
    Holds,
    /// `held`
    Held,
    /// `release`
    Release,
    /// `edit`
    Edit,
    /// `drop`
    Drop,
    /// `close`
    Close,
    /// `policy`
    Policy,
    /// `rule`
    Rule,
    /// `unrule`
    Unrule,
    /// `rules`
    Rules,
    /// `subscribe`
    Subscribe,
    /// `unsubscribe`
    Unsubscribe,
    /// `help`
    Help,
    /// `quit`
    Quit,
}

/// A field of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `session`
    Session,
    /// `frame`
    Frame,
    /// `held`
    Held,
    /// `hold`
    Hold,
    /// `to`
    To,
    /// `line`
    Line,
    /// `text`
    Text,
    /// `payload`
    Payload,
    /// `raw`
    Raw,
    /// `opcode`
    Opcode,
    /// `fin`
    Fin,
    /// `rsv`
    Rsv,
    /// `fragments`
    Fragments,
    /// `query`
    Query,
    /// `last`
    Last,
    /// `past`
    Past,
    /// `all`
    All,
    /// `code`
    Code,
    /// `reason`
    Reason,
    /// `at_once`
    AtOnce,
    /// `policy`
    Policy,
    /// `command`
    Command,
    /// `then`
    Then,
    /// `head`
    Head,
    /// `name`
    Name,
    /// `act`
    Act,
    /// `on`
    On,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// A string.
    Text,
    /// A query, as a string.
    Query,
    /// `true` or `false`.
    Flag,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// The name of an opcode, or its number.
    Opcode,
    /// Bytes as a string in base64.
    Base64,
    /// Bytes as a string of hex digits.
    Hex,
}

impl Kind {
    /// It in words, for people.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Number => "a number".to_owned(),
            Self::Text => "a string".to_owned(),
            Self::Query => "a query".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(values) => values.join(" or "),
            Self::Opcode => "a name or number".to_owned(),
            Self::Base64 => "base64".to_owned(),
            Self::Hex => "hex".to_owned(),
        }
    }
}

/// A field, for parsing and for help.
#[derive(Clone, Copy, Debug)]
pub struct FieldHelp {
    /// Which it is.
    pub what: Field,
    /// Its name in an object, and as a flag of `wsproxy ctl`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is.
    pub about: &'static str,
}

/// A command, for parsing and for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandHelp {
    /// Which it is.
    pub what: Do,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The fields that `wsproxy ctl` takes as words, in this order; of the last one all words that are left. Those that may
    /// be left out stand behind the others.
    pub words: &'static [Field],
    /// How many of those have to be there.
    pub needed: usize,
    /// The other fields.
    pub flags: &'static [Field],
    /// What the reply has besides `id` and `ok`.
    pub reply: &'static str,
    /// An example of its line.
    pub example: &'static str,
    /// The same for `wsproxy ctl PATH`.
    pub typed: &'static str,
}

const fn field(what: Field, name: &'static str, kind: Kind, about: &'static str) -> FieldHelp {
    FieldHelp { what, name, kind, about }
}

/// All fields.
pub const FIELDS: [FieldHelp; 27] = [
    field(Field::Session, "session", Kind::Number, "the session's number"),
    field(Field::Frame, "frame", Kind::Number, "a frame's number in its session"),
    field(
        Field::Head,
        "head",
        Kind::OneOf(&["client", "server"]),
        "whose held head is meant: the request is the client's",
    ),
    field(Field::Held, "held", Kind::Number, "the number of a held message, as its event has it"),
    field(Field::Hold, "hold", Kind::Number, "the number of a hold"),
    field(Field::To, "to", Kind::OneOf(&["client", "server"]), "who gets it"),
    field(Field::Line, "line", Kind::Text, "what goes out, as it is written in the composer"),
    field(Field::Text, "text", Kind::Text, "the payload, as text"),
    field(Field::Payload, "payload", Kind::Base64, "the payload, as bytes"),
    field(Field::Raw, "raw", Kind::Hex, "bytes that go out as they are, a frame or not"),
    field(Field::Opcode, "opcode", Kind::Opcode, "text, binary, close, ping, pong, continuation, or 0 to 15"),
    field(Field::Fin, "fin", Kind::Flag, "false for a fragment that is not the last one"),
    field(Field::Rsv, "rsv", Kind::Number, "the reserved bits, 0 to 7; 4 is RSV1"),
    field(Field::Fragments, "fragments", Kind::Number, "the frames into which the message is cut, 1 to 1000"),
    field(Field::Query, "query", Kind::Query, "what is asked for, as in the filter"),
    field(Field::Last, "last", Kind::Number, "how many of them at most, the newest; 50 where it is left out"),
    field(Field::Past, "past", Kind::Flag, "true for what is remembered of before, too"),
    field(Field::All, "all", Kind::Flag, "true for all that is held"),
    field(Field::Code, "code", Kind::Number, "the close code; 1000 where it is left out"),
    field(Field::Reason, "reason", Kind::Text, "the reason in the close frame, at most 123 bytes"),
    field(Field::AtOnce, "at_once", Kind::Flag, "true to reset both connections, without close frames"),
    field(Field::Policy, "policy", Kind::OneOf(&["faithful", "repair", "strict"]), "what is done about faults"),
    field(Field::Name, "name", Kind::Text, "the rule's name; one of the same name gives its place to it"),
    field(Field::Act, "act", Kind::Text, "what it does, as behind the arrow of `--rule`"),
    field(Field::On, "on", Kind::Flag, "whether the rule of that name acts"),
    field(Field::Command, "command", Kind::Text, "a command's name"),
    field(
        Field::Then,
        "then",
        Kind::OneOf(&["pass", "drop", "wait"]),
        "what becomes of the message itself; wait for another reply",
    ),
];

/// Fields that say what goes out.
const CONTENT: [Field; 7] =
    [Field::Text, Field::Payload, Field::Raw, Field::Opcode, Field::Fin, Field::Rsv, Field::Fragments];

/// Fields that say which held message is meant.
const WHICH: [Field; 2] = [Field::Session, Field::Frame];

/// The same, where it may be a head.
const WHICH_HELD: [Field; 3] = [Field::Session, Field::Frame, Field::Head];

/// The fields of an edit, which may be one of a head.
const EDITING_HELD: [Field; 10] = {
    let [session, frame, text, payload, raw, opcode, fin, rsv, fragments] = EDITING;
    [session, frame, Field::Head, text, payload, raw, opcode, fin, rsv, fragments]
};

/// Both.
const EDITING: [Field; 9] = {
    let [text, payload, raw, opcode, fin, rsv, fragments] = CONTENT;
    let [session, frame] = WHICH;
    [session, frame, text, payload, raw, opcode, fin, rsv, fragments]
};

/// Both, and what becomes of the message.
const INJECTING: [Field; 10] = {
    let [session, frame, text, payload, raw, opcode, fin, rsv, fragments] = EDITING;
    [session, frame, text, payload, raw, opcode, fin, rsv, fragments, Field::Then]
};

/// All commands.
pub const COMMANDS: [CommandHelp; 20] = [
    CommandHelp {
        what: Do::Sessions,
        name: "sessions",
        about: "list the sessions that are remembered",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "`sessions`: a list of objects with `session`, `path`, `state` (opening, open, refused or closed), `client`, \
                `opened`, `status`, `subprotocol`, `frames` and `payload` (of each side), `held`, `findings`, and once it \
                is over `closed`",
        example: r#"{"id":1,"do":"sessions"}"#,
        typed: "sessions",
    },
    CommandHelp {
        what: Do::Frames,
        name: "frames",
        about: "list the newest frames that are remembered",
        words: &[Field::Query],
        needed: 0,
        flags: &[Field::Last],
        reply: "`frames`: a list of `frame` events, the oldest first",
        example: r#"{"id":2,"do":"frames","query":"session:1 op:text","last":10}"#,
        typed: "frames --last 10 session:1 op:text",
    },
    CommandHelp {
        what: Do::Inject,
        name: "inject",
        about: "put a frame of your own into a live session",
        words: &[Field::Session, Field::To, Field::Line],
        needed: 2,
        flags: &CONTENT,
        reply: "`frame`: its number, where it is a frame; or `waiting`: what it waits for (frame, message or held), and a \
                `settled` event tells what became of it",
        example: r#"{"id":3,"do":"inject","session":1,"to":"client","text":"hi"}"#,
        typed: r#"inject 1 client '{"a":1}'"#,
    },
    CommandHelp {
        what: Do::Resend,
        name: "resend",
        about: "send a frame once more, the way it went; of a compressed message what it inflates to",
        words: &[Field::Session, Field::Frame],
        needed: 2,
        flags: &[],
        reply: "as that of `inject`",
        example: r#"{"id":17,"do":"resend","session":1,"frame":13}"#,
        typed: "resend 1 13",
    },
    CommandHelp {
        what: Do::Hold,
        name: "hold",
        about: "hold messages on their way from now on, besides what is held already",
        words: &[Field::Query],
        needed: 0,
        flags: &[],
        reply: "`hold`: its number. A `held` event with a number of its own tells of each message",
        example: r#"{"id":4,"do":"hold","query":"from:client op:text"}"#,
        typed: "hold from:client op:text",
    },
    CommandHelp {
        what: Do::Unhold,
        name: "unhold",
        about: "take a hold back; what it holds goes on, unless another hold asks for messages of that side",
        words: &[Field::Hold],
        needed: 1,
        flags: &[],
        reply: "",
        example: r#"{"id":5,"do":"unhold","hold":1}"#,
        typed: "unhold 1",
    },
    CommandHelp {
        what: Do::Holds,
        name: "holds",
        about: "list the holds that are on",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "`holds`: a list of objects with `hold`, `from` (the sides) and `query`",
        example: r#"{"id":6,"do":"holds"}"#,
        typed: "holds",
    },
    CommandHelp {
        what: Do::Held,
        name: "held",
        about: "list the messages that are held now",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "`held`: a list of objects with `held`, `session`, `frame`, `from`, `since`, `length`, `waits` (user, or \
                order: behind another one), `opcode`, and `text` or `payload`, or of a compressed one `inflated`, as in a \
                `frame` event, at most 4096 bytes of it; and of heads with `session`, `head`, `since`, and `text` or `payload`",
        example: r#"{"id":7,"do":"held"}"#,
        typed: "held",
    },
    CommandHelp {
        what: Do::Release,
        name: "release",
        about: "let a held message go on, or all",
        words: &[Field::Held],
        needed: 1,
        flags: &[Field::Session, Field::Frame, Field::Head, Field::All],
        reply: "`waiting`: held, where others are in front of it",
        example: r#"{"id":8,"do":"release","held":7}"#,
        typed: "release all",
    },
    CommandHelp {
        what: Do::Edit,
        name: "edit",
        about: "send something else in place of a held message, or of a head. A message's opcode and fragments stay as they \
                came where nothing else is asked for; a head is given whole, as text or payload",
        words: &[Field::Held, Field::Line],
        needed: 1,
        flags: &EDITING_HELD,
        reply: "`waiting`: held, where others are in front of it",
        example: r#"{"id":9,"do":"edit","held":7,"text":"changed"}"#,
        typed: "edit 7 changed",
    },
    CommandHelp {
        what: Do::Drop,
        name: "drop",
        about: "send nothing in place of a held message; of a head, the session ends",
        words: &[Field::Held],
        needed: 1,
        flags: &WHICH_HELD,
        reply: "`waiting`: held, where others are in front of it",
        example: r#"{"id":10,"do":"drop","session":1,"frame":13}"#,
        typed: "drop 1:13",
    },
    CommandHelp {
        what: Do::Close,
        name: "close",
        about: "end a live session, with close frames where they fit",
        words: &[Field::Session, Field::Code, Field::Reason],
        needed: 1,
        flags: &[Field::AtOnce],
        reply: "",
        example: r#"{"id":11,"do":"close","session":1,"code":1000,"reason":"bye"}"#,
        typed: "close 1 4000 that will do",
    },
    CommandHelp {
        what: Do::Policy,
        name: "policy",
        about: "say what is done about faults, and change it from now on",
        words: &[Field::Policy],
        needed: 0,
        flags: &[],
        reply: "`policy`: the one that holds now",
        example: r#"{"id":12,"do":"policy","policy":"repair"}"#,
        typed: "policy repair",
    },
    CommandHelp {
        what: Do::Rule,
        name: "rule",
        about: "act on messages from now on, or switch a rule on or off",
        words: &[Field::Name, Field::Act],
        needed: 1,
        flags: &[Field::Query, Field::On],
        reply: "",
        example: r#"{"id":18,"do":"rule","name":"slow","query":"path:/chat","act":"delay 200ms±50ms"}"#,
        typed: "rule --query path:/chat slow delay 200ms±50ms",
    },
    CommandHelp {
        what: Do::Unrule,
        name: "unrule",
        about: "take a rule out, or all",
        words: &[Field::Name],
        needed: 0,
        flags: &[Field::All],
        reply: "",
        example: r#"{"id":19,"do":"unrule","name":"slow"}"#,
        typed: "unrule slow",
    },
    CommandHelp {
        what: Do::Rules,
        name: "rules",
        about: "list the rules in their order",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "`rules`: a list of objects with `name`, `query`, `act`, `on`, `matched` and `acted` (messages); and `seed`, from \
                which chance is drawn",
        example: r#"{"id":20,"do":"rules"}"#,
        typed: "rules",
    },
    CommandHelp {
        what: Do::Subscribe,
        name: "subscribe",
        about: "get what is seen from now on as events, those of `--json`; in place of an earlier subscription",
        words: &[Field::Query],
        needed: 0,
        flags: &[Field::Past],
        reply: "",
        example: r#"{"id":13,"do":"subscribe","query":"level:error"}"#,
        typed: "subscribe op:text",
    },
    CommandHelp {
        what: Do::Unsubscribe,
        name: "unsubscribe",
        about: "get no more events",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "",
        example: r#"{"id":14,"do":"unsubscribe"}"#,
        typed: "unsubscribe",
    },
    CommandHelp {
        what: Do::Help,
        name: "help",
        about: "list the commands, or the fields of one",
        words: &[Field::Command],
        needed: 0,
        flags: &[],
        reply: "`commands`: a list of objects with `do`, `about`, `fields` and `example`",
        example: r#"{"id":15,"do":"help","command":"inject"}"#,
        typed: "help inject",
    },
    CommandHelp {
        what: Do::Quit,
        name: "quit",
        about: "end the proxy as its signal does: what is held goes on, and close frames go to all peers",
        words: &[],
        needed: 0,
        flags: &[],
        reply: "",
        example: r#"{"id":16,"do":"quit"}"#,
        typed: "quit",
    },
];

/// What a program of `--hook` may reply to a message.
pub const HOOK_REPLIES: [CommandHelp; 4] = [
    CommandHelp {
        what: Do::Release,
        name: "pass",
        about: "it goes on as it came; the next hook that asks for it, or a hold, gets it then",
        words: &[],
        needed: 0,
        flags: &WHICH,
        reply: "",
        example: r#"{"do":"pass"}"#,
        typed: "",
    },
    CommandHelp {
        what: Do::Drop,
        name: "drop",
        about: "nothing goes out in its place",
        words: &[],
        needed: 0,
        flags: &WHICH,
        reply: "",
        example: r#"{"do":"drop","session":1,"frame":13}"#,
        typed: "",
    },
    CommandHelp {
        what: Do::Edit,
        name: "replace",
        about: "this goes out in its place. Its opcode and its fragments stay as they came where nothing else is asked for",
        words: &[Field::Line],
        needed: 0,
        flags: &EDITING,
        reply: "",
        example: r#"{"do":"replace","session":1,"frame":13,"text":"changed"}"#,
        typed: "",
    },
    CommandHelp {
        what: Do::Inject,
        name: "inject",
        about: "this goes out besides, to either side, in front of it; then it passes, where `then` says nothing else",
        words: &[Field::To, Field::Line],
        needed: 1,
        flags: &INJECTING,
        reply: "",
        example: r#"{"do":"inject","to":"client","text":"in the server's place","then":"drop"}"#,
        typed: "",
    },
];

impl CommandHelp {
    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.name == name)
    }

    /// All fields that it takes.
    pub fn fields(&self) -> impl Iterator<Item = &'static FieldHelp> + use<> {
        let own = self.words.iter().chain(self.flags);
        own.filter_map(|what| FIELDS.iter().find(|field| field.what == *what))
    }

    /// Its field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldHelp> {
        self.fields().find(|field| field.name == name)
    }

    /// How `wsproxy ctl` takes it: `inject SESSION TO [LINE]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let words = self.words.iter().enumerate().filter_map(|(place, what)| {
            let field = FIELDS.iter().find(|field| field.what == *what)?;
            let name = field.name.to_uppercase();
            Some(if place < self.needed { format!(" {name}") } else { format!(" [{name}]") })
        });
        [self.name.to_owned()].into_iter().chain(words).collect()
    }
}

impl Field {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|field| field.what == self).map_or("", |field| field.name)
    }
}
