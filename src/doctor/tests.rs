//! Whatever a server sends, a visit ends and its report can be shown.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::diagnose::inquiry::Replies;
use crate::record::{Ending, Time};
use crate::text;
use crate::wire::accept;
use crate::wire::head::Head;
use crate::wire::request::Request;

fn plan() -> Plan {
    let request = Request {
        authority: "a".into(),
        target: "/".into(),
        origin: "http://a".into(),
        protocols: Vec::new(),
        fields: Vec::new(),
    };
    let (listen, patience) = (Duration::from_secs(3), Duration::from_secs(10));
    Plan { request, send: vec!["x".into()], expect: vec!["y".into()], listen, patience }
}

fn response(request: &[u8]) -> Vec<u8> {
    let accept = accept::value_for(Head::new(request).value("sec-websocket-key").unwrap());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

fn report(visit: &Visit) -> Vec<Line> {
    let connected = Connected { address: "a".into(), tcp: Duration::ZERO, tls: None };
    Report::of_visit("ws://a/".into(), &connected, visit, Vec::new()).lines()
}

#[test]
fn a_ping_is_answered_and_a_close_is_given_back() {
    let mut send = Vec::new();
    let mut visit = Visit::new(plan(), [1; 32], Time(0), &mut send);
    let response = response(&send);
    send.clear();
    visit.receive(Time(1), &response, &mut send);
    send.clear();
    visit.receive(Time(2), b"\x89\x02hi", &mut send);
    assert_eq!((send[0], send[1], send[6] ^ send[2]), (0x8a, 0x82, b'h'));
    send.clear();
    visit.receive(Time(3), b"\x88\x05\x0f\xa1bye", &mut send);
    assert_eq!((send[0], send[1], send[6] ^ send[2], send[7] ^ send[3]), (0x88, 0x82, 0x0f, 0xa1));
    visit.end(Time(4), Ending::Fin, None);
    assert_eq!(visit.deadline(), None);
}

#[test]
fn silence_ends_each_step_at_its_deadline() {
    let mut send = Vec::new();
    let mut visit = Visit::new(plan(), [1; 32], Time(0), &mut send);
    let response = response(&send);
    visit.receive(Time(0), &response, &mut send);
    let mut deadlines = Vec::new();
    while let Some(deadline) = visit.deadline() {
        deadlines.push(deadline.0 / 1_000_000);
        visit.tick(deadline, &mut send);
    }
    assert_eq!(deadlines, [3, 13, 23]);
}

proptest! {
    #[test]
    fn a_hostile_server_breaks_nothing(
        well_begun: bool,
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..12),
        reset: bool,
    ) {
        let mut send = Vec::new();
        let mut visit = Visit::new(plan(), [1; 32], Time(0), &mut send);
        if well_begun {
            let response = response(&send);
            visit.receive(Time(1), &response, &mut send);
        }
        for (index, piece) in pieces.iter().enumerate() {
            visit.receive(Time(2 + index as u64), piece, &mut send);
            if index % 4 == 3 && let Some(deadline) = visit.deadline() {
                visit.tick(deadline, &mut send);
            }
        }
        visit.end(Time(u64::MAX), if reset { Ending::Reset } else { Ending::Fin }, None);
        if visit.question().is_some() {
            visit.learn(Time(u64::MAX), &Replies::default());
        }
        prop_assert_eq!(visit.deadline(), None);
        prop_assert!(report(&visit).iter().all(|line| line.text.chars().all(text::is_plain)));
    }
}
