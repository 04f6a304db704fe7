//! What a program of `--hook` says: a line of JSON for each message that it was given.

use serde_json::Value;

use crate::record::{FrameNumber, SessionId, Side};
use crate::text;

use super::content::Content;
use super::table::{CommandHelp, Do, Field, HOOK_REPLIES};
use super::{Fields, not_json, unknown_field};

/// A reply to a message.
#[derive(Debug, PartialEq)]
pub struct HookReply {
    /// The message's session and first frame; where they are left out, it is the oldest without a reply.
    pub of: Option<(SessionId, FrameNumber)>,
    /// What goes out besides, and to whom.
    pub inject: Option<(Side, Content)>,
    /// What becomes of the message; `None` where another reply says it.
    pub then: Option<Then>,
}

/// What becomes of a message.
#[derive(Debug, PartialEq)]
pub enum Then {
    /// It goes on as it came.
    Pass,
    /// Nothing goes out in its place.
    Drop,
    /// This does.
    Replace(Content),
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, in a sentence with the place.
pub fn hook_reply(line: &[u8]) -> Result<HookReply, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| not_json(&error))?;
    let Value::Object(mut object) = value else {
        return Err(r#"a reply is an object, as in {"do":"pass"}"#.to_owned());
    };
    let name = match object.shift_remove("do") {
        Some(Value::String(name)) => name,
        _ => return Err("there is no do: write pass, drop, replace or inject".to_owned()),
    };
    let Some(reply) = HOOK_REPLIES.iter().find(|reply| reply.name == name) else {
        let shown = text::preview(name.as_bytes(), 30);
        return Err(format!("unknown reply {shown}: write pass, drop, replace or inject"));
    };
    // An id is nobody's business here, but does no harm.
    object.shift_remove("id");
    if let Some(name) = object.keys().find(|name| reply.field(name).is_none()) {
        return Err(unknown_field(reply, name));
    }
    Fields { command: reply, object }.hook_reply(reply)
}

impl Fields {
    fn hook_reply(self, reply: &CommandHelp) -> Result<HookReply, String> {
        let session = self.number(Field::Session, 1..=u64::MAX)?;
        let of = match (session, self.number(Field::Frame, 1..=u64::MAX)?) {
            (Some(session), Some(frame)) => Some((SessionId(session), FrameNumber::new(frame))),
            (None, None) => None,
            _ => return Err(self.error("session and frame go together")),
        };
        let content = || {
            let content = self.content()?.ok_or_else(|| self.error("say what goes out: text, payload, raw or line"))?;
            content.injection(None).map_err(|why| self.error(why))?;
            Ok::<_, String>(content)
        };
        let (inject, then) = match reply.what {
            Do::Drop => (None, Some(Then::Drop)),
            Do::Edit => (None, Some(Then::Replace(content()?))),
            Do::Inject => {
                let then = match self.text(Field::Then)?.as_deref() {
                    None | Some("pass") => Some(Then::Pass),
                    Some("drop") => Some(Then::Drop),
                    Some("wait") => None,
                    Some(_) => return Err(self.takes(Field::Then)),
                };
                (Some((self.to()?, content()?)), then)
            }
            _ => (None, Some(Then::Pass)),
        };
        Ok(HookReply { of, inject, then })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_reply_has_an_example_that_is_read() {
        for reply in HOOK_REPLIES {
            assert!(hook_reply(reply.example.as_bytes()).is_ok(), "{}", reply.example);
        }
        let reply = hook_reply(br#"{"do":"inject","to":"client","text":"x","then":"wait"}"#).unwrap();
        assert!(reply.inject.is_some() && reply.then.is_none() && reply.of.is_none());
        let reply = hook_reply(br#"{"do":"drop","session":1,"frame":2,"id":7}"#).unwrap();
        assert_eq!((reply.of, reply.then), (Some((SessionId(1), FrameNumber::new(2))), Some(Then::Drop)));
    }

    #[test]
    fn what_is_no_reply_is_told_with_its_place() {
        for (line, why) in [
            ("nothing", "not JSON at byte 2"),
            ("[]", "a reply is an object"),
            ("{}", "there is no do"),
            (r#"{"do":"hold"}"#, "unknown reply hold: write pass, drop, replace or inject"),
            (r#"{"do":"pass","text":"x"}"#, "pass: there is no field text; it takes session, frame"),
            (r#"{"do":"drop","session":1}"#, "drop: session and frame go together"),
            (r#"{"do":"replace"}"#, "replace: say what goes out"),
            (r#"{"do":"inject","text":"x"}"#, "inject: to is missing"),
            (r#"{"do":"inject","to":"client","text":"x","then":"go"}"#, "inject: then: write pass or drop or wait"),
        ] {
            let told = hook_reply(line.as_bytes()).unwrap_err();
            assert!(told.starts_with(why), "{line}: {told}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_program_prints_it_is_read_or_told_to_be_wrong_in_a_line(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            words in "[ -~]{0,40}",
        ) {
            for line in [bytes.as_slice(), words.as_bytes(), format!("{{\"do\":\"replace\",{words}}}").as_bytes()] {
                if let Err(why) = hook_reply(line) {
                    prop_assert!(why.chars().all(text::is_plain), "{why}");
                }
            }
        }
    }
}
