//! Details of rows that a real session wrote.

use std::sync::Arc;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::journal::{Journal, Scope};
use crate::record::finding::Level;
use crate::record::{ClosedBy, Ending, Event, Log, Origin, Policy, ProxyEvent, SessionId, Time};
use crate::relay::injection::{Injection, Token};
use crate::relay::limits::Limits;
use crate::relay::policy::PolicyCell;
use crate::relay::session::{Output, Session, SessionCommand, SessionConfig};
use crate::relay::translate::AddressRules;
use crate::text::is_plain;
use crate::wire::close::Code;
use crate::wire::frame::{self as wire_frame, FrameHeader, LengthForm};
use crate::wire::opcode::Opcode;

use super::*;

const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: localhost:9000\r\nConnection: Upgrade\r\nUpgrade: \
    websocket\r\nOrigin: http://localhost:9000\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: \
    permessage-deflate; client_max_window_bits\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\nX-Odd: \
    \x1b[2J\r\nSec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\nSec-WebSocket-Protocol: chat\r\n\
    Sec-WebSocket-Location: ws://upstream:9999/chat\r\n\r\n";
const GOOD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A session that is fed by hand, and what is seen of it.
struct Scene {
    session: Session,
    now: Time,
    journal: Arc<Journal>,
    view: Index,
}

impl Scene {
    fn new() -> Self {
        Self::answered(REQUEST, ANSWER)
    }

    fn answered(request: &[u8], answer: &[u8]) -> Self {
        Self::under(Policy::Faithful, request, answer)
    }

    fn under(policy: Policy, request: &[u8], answer: &[u8]) -> Self {
        let rules = AddressRules::to("upstream:9999");
        let limits = Limits { kept: 4096, ..Limits::default() };
        let policy = PolicyCell::new(policy);
        let config = SessionConfig { limits, policy, seed: [7; 32], ..SessionConfig::new(rules) };
        let now = Time(1_700_000_000_000_000);
        let journal = Arc::new(Journal::new(1 << 24));
        let view = Index::new(journal.subscribe(|| ()));
        let mut log = Log::default();
        let client = "127.0.0.1:50123".parse().unwrap();
        log.event(now, Event::SessionOpened { client, path: b"/chat?room=1".to_vec() });
        let mut out = Output { log, ..Output::default() };
        let session = Session::begin(config, now, request, &mut out);
        journal.push(Some(SessionId(1)), out.log);
        let mut scene = Self { session, now, journal, view };
        scene.receive(Side::Server, answer);
        scene
    }

    fn receive(&mut self, from: Side, input: &[u8]) {
        self.feed(|session, now, out| session.receive(now, from, input, out));
    }

    fn frame(&mut self, from: Side, header: FrameHeader, payload: &[u8]) {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        if let Some(key) = header.mask {
            crate::wire::mask::apply(key, 0, &mut bytes[start..]);
        }
        self.receive(from, &bytes);
    }

    fn feed(&mut self, act: impl FnOnce(&mut Session, Time, &mut Output)) {
        let mut out = Output::default();
        act(&mut self.session, self.now, &mut out);
        self.journal.push(Some(SessionId(1)), out.log);
        self.view.sync();
    }

    fn row(&self, is_it: impl Fn(&Seen<'_>) -> bool) -> Row<'_> {
        let range = self.view.range(Scope::All);
        range.rev().filter_map(|row| self.view.row(Scope::All, row)).find(|row| is_it(&row.record)).unwrap()
    }

    /// The last row but for what was found in it.
    fn last(&self) -> Row<'_> {
        self.row(|record| match record {
            Seen::Event(_, event) => !matches!(event, Event::Finding(..) | Event::Verdict(_)),
            _ => true,
        })
    }

    fn event(&self, is_it: impl Fn(&Event) -> bool) -> Row<'_> {
        self.row(|record| matches!(record, Seen::Event(_, event) if is_it(event)))
    }

    /// The last frame, in both widths.
    fn shown(&self, bytes: BytesShown, body: BodyShown) -> String {
        both(|options| row(&self.view, self.last(), &DetailOptions { bytes, body, ..*options }))
    }

    /// The same as a decoder reads it.
    fn read(&self, decoder: Decoder) -> String {
        let (bytes, body, decoder) = (BytesShown::Message, BodyShown::Auto, Some(decoder));
        both(|options| row(&self.view, self.last(), &DetailOptions { bytes, body, decoder, ..*options }))
    }

    /// The same with its header in a line.
    fn compact(&self, bytes: BytesShown, body: BodyShown) -> String {
        let header = HeaderShown::Compact;
        both(|options| row(&self.view, self.last(), &DetailOptions { bytes, body, header, ..*options }))
    }
}

/// All about a row.
fn row(view: &Index, row: Row<'_>, options: &DetailOptions<'_>) -> Vec<Line<'static>> {
    whole(document(view, row, None, &Folds::default(), options), options.theme)
}

fn whole(mut document: Document, theme: &Theme) -> Vec<Line<'static>> {
    while !document.is_done() {
        document.work(theme);
    }
    document.window(0, usize::MAX, theme, |_, style| style)
}

fn both(draw: impl Fn(&DetailOptions<'_>) -> Vec<Line<'static>>) -> String {
    let theme = Theme::default();
    let widths = [38, 78].map(|width| {
        let options = DetailOptions {
            bytes: BytesShown::Wire,
            body: BodyShown::Auto,
            header: HeaderShown::Full,
            fold: Fold::NONE,
            decoder: None,
            pair: None,
            note: None,
            width,
            zone: &TimeZone::UTC,
            theme: &theme,
        };
        let lines = draw(&options);
        check(&lines, width);
        format!("{}|\n{}", "-".repeat(usize::from(width)), texts(&lines).join("\n"))
    });
    widths.join("\n\n")
}

fn texts(lines: &[Line<'_>]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

fn check(lines: &[Line<'_>], width: u16) {
    for line in texts(lines) {
        assert!(line.chars().all(is_plain), "{line:?}");
        assert!(line.width() <= usize::from(width), "{line:?} is wider than {width}");
        let drawn: usize = line.graphemes(true).map(|cluster| cluster.width()).sum();
        assert!(drawn <= usize::from(width), "{line:?} is drawn wider than {width}");
    }
}

fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    wire_frame::write(opcode, payload, Some(KEY), &mut out);
    out
}

fn plain(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    wire_frame::write(opcode, payload, None, &mut out);
    out
}

#[test]
fn a_masked_text() {
    let mut scene = Scene::new();
    scene.receive(Side::Client, &masked(Opcode::TEXT, "Hello, grün 日本\n\u{1b}[31mred\u{202e}".as_bytes()));
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn a_masked_text_as_hex_of_the_wire_and_of_the_payload() {
    let mut scene = Scene::new();
    scene.receive(Side::Client, &masked(Opcode::TEXT, b"Hello, world"));
    insta::assert_snapshot!("wire", scene.shown(BytesShown::Wire, BodyShown::Hex));
    insta::assert_snapshot!("unmasked", scene.shown(BytesShown::Unmasked, BodyShown::Hex));
}

#[test]
fn a_length_of_16_bits() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::TEXT, "word ".repeat(60).as_bytes()));
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn a_needlessly_long_form_with_reserved_bits() {
    let mut scene = Scene::new();
    let header = FrameHeader { first: 0xd1, form: LengthForm::SixtyFour, mask: None, length: 5 };
    scene.frame(Side::Client, header, b"Hello");
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn a_close() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::CLOSE, b"\x03\xe9bye \x07"));
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn json_keeps_its_order_and_its_digits() {
    let mut scene = Scene::new();
    let json = br#"{"type":"order","id":12345678901234567890123,"items":[{"sku":"a-1","note":"a rather long note that does not fit"},[]],"ok":true}"#;
    scene.receive(Side::Server, &plain(Opcode::TEXT, json));
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn binary() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::BINARY, &(0..40).map(|byte| byte * 6).collect::<Vec<u8>>()));
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn a_frame_of_which_a_part_has_come() {
    let mut scene = Scene::new();
    let bytes = masked(Opcode::TEXT, &[b'a'; 10000]);
    scene.receive(Side::Client, &bytes[..14]);
    scene.receive(Side::Client, &bytes[14..24]);
    insta::assert_snapshot!(scene.shown(BytesShown::Unmasked, BodyShown::Hex));
    scene.receive(Side::Client, &bytes[24..]);
    let shown = scene.shown(BytesShown::Unmasked, BodyShown::Hex);
    assert!(shown.contains("the first 4096 bytes are kept") && !shown.contains("have come"), "{shown}");
}

#[test]
fn an_injected_ping_and_one_of_wsproxy_s_own_closes() {
    let mut scene = Scene::new();
    let ping = Injection::whole(Opcode::PING, b"still there?".to_vec());
    scene.feed(|session, now, out| {
        session.command(now, Token(1), SessionCommand::Inject { to: Side::Client, injection: ping }, out);
    });
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
    scene.feed(|session, now, out| {
        session.command(now, Token(2), SessionCommand::close(ClosedBy::User, Code::GOING_AWAY), out);
    });
    assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains("sent by wsproxy itself"));
    scene.receive(Side::Server, &plain(Opcode::TEXT, b"late"));
    assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains("not sent on: wsproxy was ending the session"));
}

#[test]
fn why_a_frame_was_not_sent_on_is_told_as_far_as_it_is_known() {
    let dropped = |scene: &Scene| {
        let frame = scene.row(|record| matches!(record, Seen::Frame(frame) if frame.origin == Origin::Peer));
        let lines = both(|options| row(&scene.view, frame, options));
        lines.lines().rfind(|line| line.contains("sent on")).unwrap_or_default().trim().to_owned()
    };
    // Opcode 3 is reserved: it can't be repaired.
    let mut scene = Scene::under(Policy::Repair, REQUEST, GOOD);
    scene.receive(Side::Server, b"\x83\x05Hello");
    assert_eq!(dropped(&scene), "not sent on: dropped by the policy repair");
    let mut scene = Scene::under(Policy::Repair, REQUEST, GOOD);
    scene.receive(Side::Server, b"\xa1\x05Hello");
    assert_eq!(dropped(&scene), "sent on repaired; shown as it came");
    let frame = scene.row(|record| matches!(record, Seen::Frame(_)));
    let lines = both(|options| row(&scene.view, frame, options));
    assert!(lines.contains("left in its place: 7 bytes") && lines.contains("81 05 48 65 6c 6c 6f"), "{lines}");

    let mut scene = Scene::under(Policy::Strict, REQUEST, GOOD);
    scene.receive(Side::Server, b"\x83\x05Hello");
    assert_eq!(dropped(&scene), "not sent on: refused by the policy strict");
    scene.receive(Side::Client, &masked(Opcode::TEXT, b"late"));
    assert_eq!(dropped(&scene), "not sent on: wsproxy was ending the session");
}

#[test]
fn raw_bytes_after_a_refusal() {
    let mut scene = Scene::answered(REQUEST, b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here\x1b");
    let raw =
        |scene: &Scene| both(|options| row(&scene.view, scene.row(|record| matches!(record, Seen::Raw(_))), options));
    insta::assert_snapshot!(raw(&scene));
    scene.receive(Side::Server, &[b'x'; 5000]);
    assert!(raw(&scene).contains("the first 4096 are kept"));
}

#[test]
fn a_lost_lane() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, b"\x82\x7f\x80\0\0\0\0\0\0\x01lost");
    insta::assert_snapshot!(scene.shown(BytesShown::Wire, BodyShown::Auto));
}

const WRONG: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: bm9uc2Vuc2U=\r\n\r\n";

#[test]
fn a_wrong_accept_value() {
    let scene = Scene::answered(REQUEST, WRONG);
    let finding = scene.event(|event| matches!(event, Event::Finding(..)));
    insta::assert_snapshot!("finding", both(|options| row(&scene.view, finding, options)));
    let open = scene.event(|event| matches!(event, Event::Open(_)));
    insta::assert_snapshot!("open_wrong", both(|options| row(&scene.view, open, options)));
}

#[test]
fn heads_show_what_was_changed_in_them() {
    let scene = Scene::new();
    for (name, side) in [("request", Side::Client), ("response", Side::Server)] {
        let head = scene.event(|event| matches!(event, Event::Head(head) if head.from == side));
        insta::assert_snapshot!(name, both(|options| row(&scene.view, head, options)));
    }
}

#[test]
fn a_session_from_its_heads_to_its_end() {
    let mut scene = Scene::new();
    scene.receive(Side::Client, &masked(Opcode::TEXT, b"Hello"));
    let draw =
        |scene: &Scene| both(|options| session(scene.view.session(SessionId(1)).unwrap(), options, Proof::Shown));
    insta::assert_snapshot!("session_open", draw(&scene));
    scene.receive(Side::Client, &masked(Opcode::CLOSE, b"\x03\xe8done"));
    scene.feed(|session, now, out| session.end(now, Side::Client, Ending::Reset, out));
    scene.feed(|session, now, out| session.finish(now, out));
    insta::assert_snapshot!("session_closed", draw(&scene));
    insta::assert_snapshot!("closed", scene.shown(BytesShown::Wire, BodyShown::Auto));
}

#[test]
fn a_session_with_a_finding_or_an_answer_of_wsproxy_s_own_says_so() {
    let draw =
        |scene: &Scene| both(|options| session(scene.view.session(SessionId(1)).unwrap(), options, Proof::Shown));
    assert!(draw(&Scene::answered(REQUEST, WRONG)).contains("error[resp-accept-mismatch]: the accept value"));
    let mut scene = Scene::answered(REQUEST, b"");
    assert!(draw(&scene).contains("the answer is awaited"));
    let reason = "upstream:9999 refused the connection".to_owned();
    scene.feed(|_, now, out| out.log.event(now, Event::Answered { status: 502, reason }));
    assert!(draw(&scene).contains("answered with 502 by wsproxy"));
    assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains("upstream:9999 refused the connection"));
}

#[test]
fn rarer_events_have_words_too() {
    let mut scene = Scene::new();
    let addresses = vec!["127.0.0.1:9000".parse().unwrap(), "[::1]:9000".parse().unwrap()];
    for (event, expected) in [
        (
            ProxyEvent::Listening { addresses, upstream: "ws://upstream:9999".into(), policy: Default::default() },
            "[::1]:9000",
        ),
        (ProxyEvent::Http { method: "GET".into(), path: "/\u{1b}".into(), status: 200 }, "GET /\\u{1b}"),
        (ProxyEvent::Upstream { trouble: Some("gone\u{7}".into()) }, "gone\\u{7}"),
        (ProxyEvent::Note(Level::Warning, "low\u{7}".into()), "low\\u{7}"),
    ] {
        let mut log = Log::default();
        log.proxy(scene.now, event);
        scene.journal.push(None, log);
        scene.view.sync();
        assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains(expected), "{expected}");
    }
    for (event, expected) in [
        (Event::Note(Level::Warning, "high\u{7}".into()), "high\\u{7}"),
        (Event::Ended { from: Side::Server, how: Ending::Fin }, "FIN: it said"),
    ] {
        scene.feed(|_, now, out| out.log.event(now, event));
        assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains(expected), "{expected}");
    }
}

#[test]
fn an_empty_frame_has_no_payload_and_still_a_header_on_the_wire() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::TEXT, b""));
    assert!(scene.shown(BytesShown::Wire, BodyShown::Hex).contains("0000 81 00 "));
    let shown = scene.shown(BytesShown::Unmasked, BodyShown::Auto);
    assert!(shown.contains("no payload") && !shown.contains("0000 81"), "{shown}");
}

#[test]
fn header_bytes_stand_out_in_the_hex_view() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::BINARY, b"ab"));
    let theme = Theme::default();
    let header = HeaderShown::Full;
    let options = DetailOptions {
        bytes: BytesShown::Wire,
        body: BodyShown::Auto,
        header,
        fold: Fold::NONE,
        decoder: None,
        pair: None,
        note: None,
        width: 78,
        zone: &TimeZone::UTC,
        theme: &theme,
    };
    let lines = row(&scene.view, scene.last(), &options);
    let spans = &lines.last().unwrap().spans;
    let key: Vec<_> = spans.iter().filter(|span| span.style == theme.key).map(|span| span.content.as_ref()).collect();
    assert_eq!(key, ["82", "02", ".."]);
}

#[test]
fn a_low_pane_shows_the_payload_at_once() {
    let mut scene = Scene::new();
    scene.receive(Side::Client, &masked(Opcode::TEXT, b"Hello"));
    assert!(scene.compact(BytesShown::Wire, BodyShown::Auto).contains("81 85 37fa213d · FIN text MASK len 5 (7 bit)"));
    insta::assert_snapshot!("compact_mask", scene.compact(BytesShown::Wire, BodyShown::Mask));
    scene.receive(Side::Server, &plain(Opcode::TEXT, br#"{"a":[1,{"b":null}],"c":"two words"}"#));
    insta::assert_snapshot!("compact_json", scene.compact(BytesShown::Unmasked, BodyShown::Auto));
    scene.receive(
        Side::Server,
        &plain(Opcode::BINARY, b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06"),
    );
    insta::assert_snapshot!("compact_image", scene.compact(BytesShown::Unmasked, BodyShown::Auto));
    scene.receive(Side::Server, &plain(Opcode::CLOSE, b"\x03\xe9bye"));
    insta::assert_snapshot!("compact_close", scene.compact(BytesShown::Unmasked, BodyShown::Auto));
}

#[test]
fn what_is_asked_for_is_shown_whatever_the_bytes_are() {
    let mut scene = Scene::new();
    scene.receive(Side::Server, &plain(Opcode::BINARY, b"[1,\xff]"));
    assert!(scene.shown(BytesShown::Wire, BodyShown::Text).contains("[1,\\xff]"));
    assert!(scene.read(Decoder::Json).contains("this is no JSON"));
    scene.receive(Side::Server, &plain(Opcode::BINARY, b"[1,"));
    assert!(scene.read(Decoder::Json).contains("this is no JSON: EOF while parsing"));
    // A fragment is text if it reads as such, and what is compressed is not.
    scene.frame(Side::Server, FrameHeader { first: 0x00, ..FrameHeader::new(Opcode::TEXT, 4, None) }, b"word");
    assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains("payload as text"));
    scene.frame(Side::Server, FrameHeader { first: 0xc1, ..FrameHeader::new(Opcode::TEXT, 4, None) }, b"word");
    assert!(scene.shown(BytesShown::Wire, BodyShown::Auto).contains("bytes on the wire"));
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let json = "[{}\\[\\],:\"a1 ü\\n\\\\]{0,80}".prop_map(String::into_bytes);
    let text = "\\PC{0,60}|.{0,60}".prop_map(String::into_bytes);
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), json, text]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_payload_fits_any_width(
        payload in payload(),
        first: u8,
        is_masked: bool,
        missing in 0u64..3,
        width in 0u16..100,
        depth in proptest::option::of(0u32..3),
        decoder in proptest::option::of(proptest::sample::select(Decoder::ALL.to_vec())),
    ) {
        let mut scene = Scene::new();
        let length = payload.len() as u64 + missing;
        let mask = is_masked.then_some(KEY);
        scene.frame(Side::Client, FrameHeader { first, form: LengthForm::SixtyFour, mask, length }, &payload);
        let theme = Theme::monochrome();
        let folds = Folds { from: depth, ..Folds::default() };
        let fold = Fold { fragments: true, ..Fold::NONE };
        for bytes in [BytesShown::Wire, BytesShown::Unmasked, BytesShown::Message] {
            for body in [BodyShown::Auto, BodyShown::Hex, BodyShown::Text, BodyShown::Mask] {
                for header in [HeaderShown::Full, HeaderShown::Compact] {
                    let options = DetailOptions { bytes, body, header, fold, decoder, pair: None, note: None, width, zone: &TimeZone::UTC, theme: &theme };
                    let document = document(&scene.view, scene.last(), None, &folds, &options);
                    let explained: Vec<_> = document.bytes().flat_map(|byte| document.explain(byte)).collect();
                    assert!(explained.concat().chars().all(is_plain));
                    check(&whole(document, &theme), width.max(1));
                }
            }
        }
    }

    #[test]
    fn any_head_fits_any_width(head in payload(), width in 1u16..100) {
        let request = [REQUEST.strip_suffix(b"\r\n").unwrap(), &head, b"\r\n\r\n"].concat();
        let answer = [ANSWER.strip_suffix(b"\r\n").unwrap(), &head, b"\r\n\r\n"].concat();
        let scene = Scene::answered(&request, &answer);
        let theme = Theme::default();
        let header = HeaderShown::Full;
        let options = DetailOptions { bytes: BytesShown::Wire, body: BodyShown::Auto, header, fold: Fold::NONE, decoder: None, pair: None, note: None, width, zone: &TimeZone::UTC, theme: &theme };
        for number in scene.view.range(Scope::All) {
            check(&row(&scene.view, scene.view.row(Scope::All, number).unwrap(), &options), width);
        }
        check(&session(scene.view.session(SessionId(1)).unwrap(), &options, Proof::Shown), width);
    }
}

#[test]
fn a_hixie_frame_shows_its_own_bytes() {
    let request = b"GET /chat HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: localhost:9000\r\n\
        Origin: http://page.example\r\n\r\n";
    let answer = b"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        WebSocket-Origin: http://page.example\r\nWebSocket-Location: ws://localhost:9000/chat\r\n\r\n";
    let mut scene = Scene::answered(request, answer);
    scene.receive(Side::Client, b"\x00Hello\xff");
    insta::assert_snapshot!("hixie_text", scene.shown(BytesShown::Wire, BodyShown::Auto));
    scene.receive(Side::Client, b"\x80\x81\x02");
    scene.receive(Side::Client, &[7; 130]);
    insta::assert_snapshot!("hixie_counted", scene.compact(BytesShown::Wire, BodyShown::Hex));
}
