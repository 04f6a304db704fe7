//! Conversations of real clients and servers (`tests/corpus/decode`, made by the script there).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::super::*;
use super::check_all;

pub(super) struct Session {
    pub(super) file: String,
    decoder: Decoder,
    path: String,
    subprotocol: Option<String>,
    messages: Vec<(Side, Format, Vec<u8>)>,
}

impl Session {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let head = lines.next().unwrap();
        let messages = lines.map(|line| {
            let from = if line["from"] == "client" { Side::Client } else { Side::Server };
            match line["text"].as_str() {
                Some(text) => (from, Format::Text, text.as_bytes().to_vec()),
                None => (from, Format::Binary, STANDARD.decode(line["base64"].as_str().unwrap()).unwrap()),
            }
        });
        Self {
            file: file.file_stem().unwrap().to_str().unwrap().to_owned(),
            decoder: Decoder::from_name(head["decoder"].as_str().unwrap()).unwrap(),
            path: head["path"].as_str().unwrap().to_owned(),
            subprotocol: head["subprotocol"].as_str().map(str::to_owned),
            messages: messages.collect(),
        }
    }

    pub(super) fn payloads(&self) -> impl Iterator<Item = (Side, Payload<'_>)> {
        self.messages.iter().map(|(from, format, bytes)| (*from, Payload { format: *format, bytes, is_whole: true }))
    }
}

pub(super) fn sessions() -> Vec<Session> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/decode");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "jsonl")).collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| Session::read(file)).collect()
}

#[test]
fn every_message_of_real_libraries_is_read() {
    for session in sessions() {
        let mut out = String::new();
        for (from, payload) in session.payloads() {
            let decoded = match session.decoder.read(from, payload, &Limits::DETAIL) {
                Ok(decoded) => decoded,
                Err(fault) => panic!("{}: {fault}\n{}", session.file, crate::text::escape(payload.bytes)),
            };
            let arrow = if from == Side::Client { "→" } else { "←" };
            let _ = write!(out, "{arrow} {}", decoded.summary());
            for part in &decoded.parts {
                let _ = write!(out, "  [{} {:?}]", part.event.as_deref().unwrap_or("-"), part.role);
            }
            if decoded.attachments > 0 {
                let _ = write!(out, " expects {}", decoded.attachments);
            }
            out.push('\n');
        }
        insta::assert_snapshot!(format!("session_{}", session.file), out);
    }
}

#[test]
fn details_of_real_messages() {
    for session in sessions() {
        let mut seen = Vec::new();
        let mut out = String::new();
        for (from, payload) in session.payloads() {
            let decoded = session.decoder.read(from, payload, &Limits::DETAIL).unwrap();
            // One of each name is enough to look at.
            let event = decoded.main().and_then(|part| part.event.clone());
            if event.is_some() && seen.contains(&(from, event.clone())) {
                continue;
            }
            seen.push((from, event));
            let _ = writeln!(out, "{}\n  {}\n", decoded.summary(), super::lines(&decoded.document).join("\n  "));
        }
        insta::assert_snapshot!(format!("detail_{}", session.file), out);
    }
}

#[test]
fn the_guess_is_right() {
    for session in sessions() {
        let messages: Vec<_> = session.payloads().collect();
        let subprotocol = session.subprotocol.as_deref();
        let context = Context { path: session.path.as_bytes(), subprotocol };
        let expected = Some(session.decoder).filter(|decoder| *decoder != Decoder::Protobuf);
        assert_eq!(guess(&context, &messages), expected, "{}", session.file);
    }
}

#[test]
fn every_decoder_has_a_conversation() {
    let sessions = sessions();
    for decoder in Decoder::ALL {
        assert!(sessions.iter().any(|session| session.decoder == decoder), "none for {decoder:?}");
    }
}

#[test]
fn a_message_cut_anywhere_is_read_as_far_as_it_goes_or_refused() {
    for session in sessions() {
        for (_, payload) in session.payloads() {
            for end in (0..payload.bytes.len()).step_by(13) {
                check_all(&payload.bytes[..end]);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_mutation_of_real_messages_breaks_a_decoder(
        pick in any::<(prop::sample::Index, prop::sample::Index)>(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..6),
    ) {
        let sessions = sessions();
        let messages = &sessions[pick.0.index(sessions.len())].messages;
        let mut bytes = messages[pick.1.index(messages.len())].2.clone();
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        check_all(&bytes);
    }
}
