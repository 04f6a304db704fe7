//! Sessions in which rules act, seen from outside: what each side gets, when, and what is told.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::record::{
    By, ClosedBy, ClosedHow, Event, Origin, PerSide, Relayed, ReleasedBy, Seen, SessionId, Side, Time,
};
use crate::relay::hold::HoldCell;
use crate::relay::injection::Reply;
use crate::relay::limits::Limits;
use crate::relay::policy::PolicyCell;
use crate::relay::rules::RuleCell;
use crate::relay::session::{Act as Deed, Opened, Output, Session, SessionCommand, SessionConfig};
use crate::relay::tests::driven::{Compressor, Driven, agreed, read};
use crate::relay::translate::AddressRules;
use crate::wire::decoder::{Decoder, Part};
use crate::wire::dialect::Dialect;
use crate::wire::frame::FrameHeader;
use crate::wire::inflate::Deflate;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

mod acts;
mod sessions;

const MS: u64 = 1000;
const CLOSE: &[u8] = b"\x88\x02\x03\xe8";

struct Stage {
    driven: Driven,
    rules: RuleCell,
}

impl Deref for Stage {
    type Target = Driven;

    fn deref(&self) -> &Driven {
        &self.driven
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Driven {
        &mut self.driven
    }
}

impl Stage {
    fn new(rules: &[&str]) -> Self {
        Self::with(rules, Limits::default(), None)
    }

    fn with(rules: &[&str], limits: Limits, deflate: Option<Deflate>) -> Self {
        Self::seeded(7, rules, limits, deflate)
    }

    fn seeded(seed: u64, rules: &[&str], limits: Limits, deflate: Option<Deflate>) -> Self {
        let cell = cell(seed, rules);
        let opened = Opened { dialects: PerSide::new(Dialect::Rfc6455, Dialect::Rfc6455), deflate };
        Self { driven: Driven::open(config(&cell, limits), Time(0), &opened), rules: cell }
    }

    fn change(&mut self, change: impl FnOnce(&RuleCell)) {
        change(&self.rules);
        assert_eq!(self.command(SessionCommand::Rehold).last(), Some(&Reply::Done));
    }

    fn tick(&mut self, now: u64) {
        self.driven.tick(Time(now));
    }

    /// Lets time pass for as long as something is due.
    fn run_until(&mut self, end: u64) {
        while let Some(due) = self.session.deadline().filter(|due| due.0 <= end) {
            self.tick(due.0.max(self.now.0));
        }
        self.tick(end);
    }

    /// Frame, rule and what it did.
    fn ruled(&self) -> Vec<(u64, &str, &str)> {
        let told = self.events().filter_map(|event| match event {
            Event::Ruled(it) => Some((it.frame.map_or(0, |frame| frame.value()), it.rule.as_str(), it.what.as_str())),
            _ => None,
        });
        told.collect()
    }

    fn frames(&self) -> Vec<(u64, Origin, Relayed)> {
        let frames = self.out.log.all().filter_map(|seen| match seen {
            Seen::Frame(frame) => Some((frame.number.value(), frame.origin, frame.relayed)),
            _ => None,
        });
        frames.collect()
    }
}

fn cell(seed: u64, rules: &[&str]) -> RuleCell {
    let cell = RuleCell::seeded(seed);
    for text in rules {
        let rule = parse(text, |name| cell.list().iter().any(|other| other.rule.name() == name));
        cell.put(rule.unwrap_or_else(|error| panic!("{text}: {error}"))).unwrap();
    }
    cell
}

fn config(cell: &RuleCell, limits: Limits) -> SessionConfig {
    SessionConfig {
        rules: Arc::new(AddressRules::to("upstream:9999")),
        limits,
        seed: [7; 32],
        policy: PolicyCell::default(),
        hold: HoldCell::default(),
        rule_cell: cell.of(SessionId(3)),
    }
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    FrameHeader { first, ..FrameHeader::new(Opcode::new(first), payload.len() as u64, None) }.write(&mut out);
    out.extend_from_slice(payload);
    out
}

fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

fn texts(payloads: &[&str]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| text(payload)).collect()
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let (key, mut out, mut body) = ([1, 2, 3, 4], Vec::new(), payload.to_vec());
    FrameHeader { first, ..FrameHeader::new(Opcode::new(first), payload.len() as u64, Some(key)) }.write(&mut out);
    mask::apply(key, 0, &mut body);
    out.extend(body);
    out
}

/// The frames in some bytes: first byte and payload without a mask.
fn decoded(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut decoder, mut at, mut out) = (Decoder::default(), 0, Vec::<(u8, Vec<u8>)>::new());
    let mut header = None;
    while let Some((part, used)) = decoder.next(&bytes[at..]) {
        match part {
            Part::Header(next) => {
                out.push((next.first, Vec::new()));
                header = Some(next);
            }
            Part::Payload { .. } => {
                let (_, payload) = out.last_mut().unwrap();
                let mut piece = bytes[at..at + used].to_vec();
                if let Some(key) = header.and_then(|header| header.mask) {
                    mask::apply(key, payload.len() as u64, &mut piece);
                }
                payload.extend(piece);
            }
            Part::Lost(_) => panic!("no frames: {bytes:02x?}"),
        }
        at += used;
    }
    out
}

/// A server's message run through that rule at a time, whole or a byte at a time.
fn through(rules: &[&str], bytes: &[u8]) -> Vec<u8> {
    let [whole, bitwise] = [usize::MAX, 1].map(|size| {
        let mut stage = Stage::new(rules);
        stage.say_in_pieces(Side::Server, bytes, size);
        stage.run_until(700_000_000);
        stage.client()
    });
    assert_eq!(whole, bitwise, "{rules:?}");
    whole
}
