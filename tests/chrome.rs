//! What Chromium 156 did with several hundred servers (tests/corpus/chromium.jsonl), replayed through the relay's core
//! with the reads as they were: whether the page's socket opened, which messages the page got, Chrome's words, what the
//! page saw of the end, and which close frame Chrome sent.

use serde_json::Value;
use wsproxy::diagnose::chrome;
use wsproxy::record::{Basis, Ending, Event, FrameNumber, Log, Outcome, PerSide, Record, Seen, Side, Time, Verdict};
use wsproxy::relay::limits::Limits;
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::wire::close::Code;
use wsproxy::wire::head;
use wsproxy::wire::opcode::Opcode;

/// What was seen on the first connection of a case, and what Chromium made of it.
struct Case {
    id: String,
    request: Vec<u8>,
    chunks: Vec<(Side, Chunk)>,
    chromium: Value,
}

#[derive(Clone)]
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
    Some(Case { id: value["id"].as_str().unwrap().to_owned(), request, chunks, chromium: value["chromium"].clone() })
}

impl Case {
    fn opened(&self) -> bool {
        self.chromium["opened"].as_bool().unwrap()
    }

    fn error_text(&self) -> Option<&str> {
        self.chromium["error_text"].as_str()
    }

    /// What was sent while the page was watched. Where nothing happened to it, it was closed by the runner in the end.
    fn watched(&self) -> &[(Side, Chunk)] {
        let is_open = self.chromium["outcome"] == "open";
        let by_runner = |(from, chunk): &(Side, Chunk)| *from == Side::Client && is_close(chunk);
        let end = self.chunks.iter().position(by_runner).filter(|_| is_open).unwrap_or(self.chunks.len());
        &self.chunks[..end]
    }
}

fn is_close(chunk: &Chunk) -> bool {
    match chunk {
        Chunk::Bytes(bytes) => bytes.first() == Some(&0x88),
        Chunk::End(_) => true,
    }
}

/// What the relay's core said of it.
struct Played {
    is_open: bool,
    log: Log,
}

/// Plays what both sides sent, in the reads of the record or a byte at a time.
fn play(case: &Case, chunks: &[(Side, Chunk)], by_bytes: bool) -> Played {
    let rules = AddressRules { keep_host: true, ..AddressRules::to("upstream") };
    let limits = Limits { kept_inflated: 32 * 1024 * 1024, ..Limits::default() };
    let config = SessionConfig { limits, ..SessionConfig::new(rules) };
    let mut out = Output::default();
    let mut session = Session::begin(config, Time(0), &case.request, &mut out);
    for (from, chunk) in chunks {
        out.to = PerSide::default();
        match chunk {
            Chunk::Bytes(bytes) => {
                let size = if by_bytes { 1 } else { bytes.len().max(1) };
                for piece in bytes.chunks(size) {
                    session.receive(Time(1), *from, piece, &mut out);
                    assert!(
                        by_bytes || out.to.client.is_as_is() && out.to.server.is_as_is(),
                        "{}: a tap changes nothing",
                        case.id
                    );
                    out.to = PerSide::default();
                }
            }
            Chunk::End(how) => session.end(Time(2), *from, *how, &mut out),
        }
        assert!(by_bytes || out.to.client.is_as_is() && out.to.server.is_as_is(), "{}: a tap holds nothing", case.id);
    }
    Played { is_open: session.is_open(), log: out.log }
}

impl Played {
    fn events(&self) -> impl Iterator<Item = &Event> {
        self.log.records.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(&**event),
            _ => None,
        })
    }

    fn verdicts(&self, basis: Basis) -> Vec<&Verdict> {
        let verdicts = self.events().filter_map(|event| match event {
            Event::Verdict(verdict) => Some(verdict),
            _ => None,
        });
        verdicts.filter(|verdict| verdict.basis == basis).collect()
    }

    /// The last thing that was predicted.
    fn predicted(&self) -> &Verdict {
        self.verdicts(Basis::Predicted).last().unwrap()
    }

    /// What a frame inflated to.
    fn inflated(&self, number: FrameNumber) -> Option<&[u8]> {
        self.events().find_map(|event| match event {
            Event::Inflated(inflated) if inflated.frame == number => Some(inflated.bytes.as_slice()),
            _ => None,
        })
    }

    /// The messages that reach the page: whole ones before the first frame that does not.
    fn delivered(&self) -> Vec<(bool, Vec<u8>)> {
        let limit = self.predicted().undelivered;
        let mut messages = Vec::new();
        let mut message: Option<(bool, bool, Vec<u8>)> = None;
        for (index, seen) in self.log.all().enumerate() {
            let Seen::Frame(frame) = seen else { continue };
            let opcode = frame.header.opcode();
            if frame.from != Side::Server || opcode.is_control() || limit.is_some_and(|limit| frame.number >= limit) {
                continue;
            }
            let mut payload = self.log.span(frame.kept).to_vec();
            let mut received = frame.received;
            for later in self.log.all().skip(index) {
                if let Seen::More(more) = later
                    && more.number == frame.number
                {
                    payload.extend_from_slice(self.log.span(more.kept));
                    received = more.received;
                }
            }
            if received < frame.header.length {
                break;
            }
            let is_compressed = frame.header.rsv() & 4 != 0;
            let (_, compressed, content) =
                message.get_or_insert_with(|| (opcode == Opcode::TEXT, is_compressed, Vec::new()));
            let piece = if *compressed { self.inflated(frame.number).unwrap_or_default() } else { &payload };
            content.extend_from_slice(piece);
            if frame.header.fin()
                && let Some((is_text, _, content)) = message.take()
            {
                messages.push((is_text, content));
            }
        }
        messages
    }

    /// Each thing in which this differs from what Chromium did.
    fn differences(&self, case: &Case) -> Vec<String> {
        let chromium = &case.chromium;
        let mut wrong = Vec::new();
        let predicted = self.predicted();
        let mut compare = |what: &str, predicted: String, seen: String| {
            if predicted != seen {
                wrong.push(format!("{what}: predicted {predicted}, Chromium {seen}"));
            }
        };
        let words = predicted.error_text.as_deref();
        compare("words", format!("{words:?}"), format!("{:?}", case.error_text()));
        if !case.opened() {
            return wrong;
        }
        compare("open", self.is_open.to_string(), "true".to_owned());
        compare("close code", json(predicted.close_code.map(Code::value)), chromium["close_code"].to_string());
        compare("was clean", json(predicted.was_clean), chromium["was_clean"].to_string());
        let delivered = self.delivered();
        compare("messages", delivered.len().to_string(), chromium["message_count"].to_string());
        for (message, seen) in delivered.iter().zip(chromium["messages"].as_array().unwrap()) {
            compare("message", described(message, seen).to_string(), seen.to_string());
        }
        if predicted.outcome == Outcome::Fails
            && let Some(reason) = words.and_then(chrome::reason_for)
            && chromium["close_frame_sent"]["code"] == 1002
        {
            let sent = &chromium["close_frame_sent"]["reason"];
            compare("close reason", format!("{reason:?}"), sent.to_string());
        }
        for observed in self.verdicts(Basis::Observed) {
            compare("observed", observed.differs.to_string(), "false".to_owned());
        }
        wrong
    }
}

fn json<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).unwrap().to_string()
}

/// A message as the record tells it: a text's length in UTF-16 units and its start, or the bytes in hex.
fn described((is_text, content): &(bool, Vec<u8>), seen: &Value) -> Value {
    if !is_text {
        return serde_json::json!({ "type": "binary", "len": content.len(), "hex": hex::encode(content) });
    }
    let text = String::from_utf8_lossy(content);
    let start = seen["data"].as_str().map_or(0, |data| data.chars().count());
    let data: String = text.chars().take(start).collect();
    serde_json::json!({ "type": "text", "len": text.encode_utf16().count(), "data": data })
}

/// What no wire shows.
const NOT_ON_THE_WIRE: &[(&str, &str)] = &[
    ("pg_close_connecting", "the page gave up by itself, which looks like a tab that was closed"),
    ("pg_send_after_close", "the words are about a call of the page's; nothing is sent"),
];

/// What comes in one read decides these: the words of a later fault hide those of an earlier one, or take its place.
const DECIDED_BY_READS: &[&str] = &[
    "df_frag_rsv1_only_cont",
    "fr_len_long1",
    "fr_nul_after",
    "hs_no_blank_line_then_more",
    "seg_badutf8_then_crlf",
    "seg_len_long1_gap",
    "seg_masked_then_ping_frag",
    "seg_nul_after_gap",
];

/// Bytes of a case that are played one by one. A head beyond wsproxy's limit ends differently that way.
const SHORT: usize = 20_000;

fn cases() -> Vec<Case> {
    let cases: Vec<_> = include_str!("corpus/chromium.jsonl").lines().filter_map(case).collect();
    assert!(cases.len() > 450, "{} cases", cases.len());
    cases
}

fn tellable() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| NOT_ON_THE_WIRE.iter().all(|(id, _)| *id != case.id))
}

#[test]
fn each_case_goes_as_it_did_in_chromium() {
    let mut wrong = Vec::new();
    for case in tellable() {
        let played = play(&case, case.watched(), false);
        let differences = played.differences(&case);
        if !differences.is_empty() {
            wrong.push(format!("{}: {}", case.id, differences.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_byte_at_a_time_the_page_sees_the_same_end() {
    let mut wrong = Vec::new();
    for case in tellable() {
        let length = |(_, chunk): &(Side, Chunk)| match chunk {
            Chunk::Bytes(bytes) => bytes.len(),
            Chunk::End(_) => 0,
        };
        if case.chunks.iter().map(length).sum::<usize>() > SHORT {
            continue;
        }
        let whole = play(&case, case.watched(), false);
        let bytes = play(&case, case.watched(), true);
        let of = |played: &Played| {
            let verdict = played.predicted();
            (verdict.outcome, verdict.error_text.clone(), verdict.close_code, verdict.was_clean)
        };
        if of(&whole) != of(&bytes) && !DECIDED_BY_READS.contains(&case.id.as_str()) {
            wrong.push(format!("{}: {:?}, byte by byte {:?}", case.id, of(&whole), of(&bytes)));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
