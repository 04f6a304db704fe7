//! What Chromium 156 did with several hundred servers (tests/corpus/chromium.jsonl), replayed through the relay's core:
//! whether the page's socket opened, and Chrome's words where it did not.

use serde_json::Value;
use wsproxy::diagnose::words;
use wsproxy::record::finding::{Finding, FindingKind, Layer, Level, Place};
use wsproxy::record::{Ending, Event, Outcome, PerSide, Record, Side, Time, Verdict};
use wsproxy::relay::session::{Learned, Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::wire::head;

/// What was seen on the first connection of a case, and what Chromium made of it.
struct Case {
    id: String,
    request: Vec<u8>,
    chunks: Vec<(Side, Chunk)>,
    opened: bool,
    error_text: Option<String>,
}

enum Chunk {
    Bytes(Vec<u8>),
    End(Ending),
}

fn case(line: &str) -> Option<Case> {
    let value: Value = serde_json::from_str(line).unwrap();
    let recorded = value["connections"].get(0)?.as_array().unwrap();
    let mut request = Vec::new();
    let mut chunks = Vec::new();
    for chunk in recorded {
        let from = if chunk[1] == "client" { Side::Client } else { Side::Server };
        match chunk[2].as_str().unwrap() {
            "FIN" => chunks.push((from, Chunk::End(Ending::Fin))),
            "RST" => chunks.push((from, Chunk::End(Ending::Reset))),
            bytes if from == Side::Client && head::end(&request, 0).is_none() => {
                request.extend(hex::decode(bytes).unwrap())
            }
            bytes => chunks.push((from, Chunk::Bytes(hex::decode(bytes).unwrap()))),
        }
    }
    head::end(&request, 0)?;
    Some(Case {
        id: value["id"].as_str().unwrap().to_owned(),
        request,
        chunks,
        opened: value["chromium"]["opened"].as_bool().unwrap(),
        error_text: value["chromium"]["error_text"].as_str().map(str::to_owned),
    })
}

/// What the relay's core made of a case.
#[derive(Default)]
struct Played {
    is_open: bool,
    /// Errors that were found in the handshake, by their ids.
    errors: Vec<&'static str>,
    /// The last verdict.
    verdict: Option<Verdict>,
}

impl Played {
    fn words(&self) -> Option<&str> {
        self.verdict.as_ref().and_then(|verdict| verdict.error_text.as_deref())
    }

    fn named(&self) -> Option<&'static str> {
        self.verdict.as_ref().and_then(|verdict| verdict.finding).map(FindingKind::id)
    }
}

/// Plays what both sides sent.
fn replay(case: &Case) -> Played {
    let rules = AddressRules { keep_host: true, ..AddressRules::to("upstream") };
    let config = SessionConfig::new(rules);
    let mut out = Output::default();
    let mut session = Session::begin(config, Time(0), &case.request, &mut out);
    for (from, chunk) in &case.chunks {
        out.to = PerSide::default();
        match chunk {
            Chunk::Bytes(bytes) => session.receive(Time(1), *from, bytes, &mut out),
            Chunk::End(how) => session.end(Time(2), *from, *how, &mut out),
        }
        assert!(out.to.client.is_as_is() && out.to.server.is_as_is(), "{}: a tap changes nothing", case.id);
    }
    let mut played = Played { is_open: session.is_open(), ..Played::default() };
    // Nobody asks the upstream why it failed: the session tells what it knows itself.
    session.learn(Time(3), Learned::Nothing, &mut out);
    for record in &out.log.records {
        let Record::Event(_, event) = record else { continue };
        match &**event {
            Event::Verdict(verdict) => played.verdict = Some(verdict.clone()),
            Event::Finding(_, finding) if is_error_of_handshake(finding) => played.errors.push(finding.kind.id()),
            _ => {}
        }
    }
    played
}

fn is_error_of_handshake(finding: &Finding) -> bool {
    let layer = finding.kind.layer();
    let is_early = matches!(layer, Layer::Tcp | Layer::Http | Layer::Handshake)
        || (layer == Layer::Extension && finding.place == Place::Head);
    is_early && words(finding.kind).level == Level::Error
}

/// What no wire shows: a page that gave up by itself, which looks like a tab that was closed.
const NOT_ON_THE_WIRE: [&str; 1] = ["pg_close_connecting"];

fn cases() -> Vec<Case> {
    let cases: Vec<_> = include_str!("corpus/chromium.jsonl").lines().filter_map(case).collect();
    assert!(cases.len() > 450, "{} cases", cases.len());
    cases
}

#[test]
fn each_handshake_ends_as_it_did_in_chromium_and_with_its_words() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let played = replay(case);
        let (is_open, words) = (played.is_open, played.words());
        let right = if case.opened {
            // What frames do afterwards is in `chrome`.
            is_open
        } else {
            words == case.error_text.as_deref()
        };
        if !right && !NOT_ON_THE_WIRE.contains(&case.id.as_str()) {
            let (id, opened, text) = (&case.id, case.opened, &case.error_text);
            wrong.push(format!("{id}: predicted open {is_open}, {words:?}; Chromium open {opened}, {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Cases that opened and then failed by what the head, or what is right behind it, already shows.
const SHOWN_BY_THE_HEAD: [(&str, &str); 6] = [
    ("hs_lfcr", "http-lfcr"),
    ("hs_no_blank_line_then_more", "http-missing-blank-line"),
    ("hs_accept_encodestring_no_data", "http-extra-crlf"),
    ("hs_accept_encodestring_same_seg", "http-extra-crlf"),
    ("hs_stray_crlf_after_head", "http-extra-crlf"),
    ("hs_stray_lf_after_head", "http-extra-lf"),
];
/// Cases in which Chromium waited when it was last seen, and the reason was on the wire.
const WAITED: [(&str, &str); 3] =
    [("hs_crcrlf", "http-crcrlf"), ("hs_no_blank_line", "http-missing-blank-line"), ("hs_cr_only", "http-cr-only")];

#[test]
fn a_failed_handshake_has_one_error_and_the_verdict_names_it() {
    let mut wrong = Vec::new();
    for case in &cases() {
        let played = replay(case);
        let told = SHOWN_BY_THE_HEAD.iter().chain(&WAITED).find(|(id, _)| *id == case.id);
        let expected: Vec<&str> = match told {
            Some((_, kind)) => vec![kind],
            None if !case.opened && case.error_text.is_some() && !NOT_ON_THE_WIRE.contains(&case.id.as_str()) => {
                played.named().into_iter().collect()
            }
            None => Vec::new(),
        };
        let waits = played
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.outcome == Outcome::Waits && verdict.finding.is_some());
        assert_eq!(waits, WAITED.iter().any(|(id, _)| *id == case.id), "{}", case.id);
        let named = case.opened || case.error_text.is_none() || played.named().is_some();
        if played.errors != expected || (!named && !NOT_ON_THE_WIRE.contains(&case.id.as_str())) {
            wrong.push(format!("{}: errors {:?}, the verdict names {:?}", case.id, played.errors, played.named()));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
