//! A session whose peers are the test, and what came out of it.

use super::*;
use crate::wire::decoder::{Decoder, Part};
use crate::wire::mask;

/// A session with everything that came out of it.
pub(super) struct Scene {
    pub session: Session,
    pub policy: PolicyCell,
    pub out: Output,
    /// What each side received.
    pub received: PerSide<Vec<u8>>,
    /// Bytes that are given to the session at a time.
    step: usize,
}

impl Scene {
    pub(super) fn new(step: usize) -> Self {
        Self::with(step, Limits::default())
    }

    pub(super) fn with(step: usize, limits: Limits) -> Self {
        Self::asking(REQUEST, step, limits)
    }

    pub(super) fn asking(request: &[u8], step: usize, limits: Limits) -> Self {
        Self::begun(request, step, SessionConfig { limits, ..Self::config() })
    }

    /// Under a policy from the start.
    pub(super) fn under(step: usize, policy: PolicyCell) -> Self {
        Self::begun(REQUEST, step, SessionConfig { policy, ..Self::config() })
    }

    pub(super) fn config() -> SessionConfig {
        SessionConfig { seed: [7; 32], ..SessionConfig::new(AddressRules::to("upstream:9999")) }
    }

    pub(super) fn begun(request: &[u8], step: usize, config: SessionConfig) -> Self {
        let mut out = Output::default();
        let policy = config.policy.clone();
        let session = Session::begin(config, Time(1), request, &mut out);
        let mut scene = Self { session, policy, out, received: PerSide::default(), step };
        scene.take(Side::Client, b"");
        scene
    }

    pub(super) fn open(step: usize) -> Self {
        let mut scene = Self::new(step);
        scene.feed(Side::Server, ANSWER);
        scene.received = PerSide::default();
        scene
    }

    pub(super) fn feed(&mut self, from: Side, bytes: &[u8]) {
        for piece in bytes.chunks(self.step) {
            self.session.receive(Time(2), from, piece, &mut self.out);
            self.take(from, piece);
        }
    }

    /// Delivers what came out of a call whose input was `from`'s.
    pub(super) fn take(&mut self, from: Side, input: &[u8]) {
        self.out.to[from.other()].take(input, &mut self.received[from.other()]);
        self.out.to[from].take(b"", &mut self.received[from]);
    }

    pub(super) fn inject(&mut self, to: Side, injection: Injection) -> Vec<Reply> {
        self.session.command(Time(3), Token(1), SessionCommand::Inject { to, injection }, &mut self.out);
        self.take(to, b"");
        self.replies()
    }

    pub(super) fn replies(&mut self) -> Vec<Reply> {
        self.out.replies.drain(..).map(|(_, reply)| reply).collect()
    }

    pub(super) fn end(&mut self, from: Side, how: Ending) {
        self.session.end(Time(4), from, how, &mut self.out);
        self.take(from, b"");
    }

    pub(super) fn close(&mut self, by: ClosedBy, code: Code) {
        self.session.command(Time(4), Token(2), SessionCommand::close(by, code), &mut self.out);
        self.take(Side::Client, b"");
    }

    pub(super) fn tick(&mut self, now: Time) {
        self.session.tick(now, &mut self.out);
        self.take(Side::Client, b"");
    }

    /// Whether both sides were told that the bytes end.
    pub(super) fn is_closed(&self) -> bool {
        self.out.acts.ends_with(&[Act::HalfClose(Side::Client), Act::HalfClose(Side::Server)])
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.out.log.records.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(&**event),
            _ => None,
        })
    }

    pub(super) fn findings(&self) -> Vec<FindingKind> {
        let found = self.events().filter_map(|event| match event {
            Event::Finding(_, finding) => Some(finding.kind),
            _ => None,
        });
        found.collect()
    }

    /// Chrome's words each time it fails.
    pub(super) fn verdicts(&self) -> Vec<String> {
        let told = self.events().filter_map(|event| match event {
            Event::Verdict(verdict) if verdict.outcome == Outcome::Fails || verdict.finding.is_some() => {
                Some(verdict.error_text.as_deref().unwrap_or_default().to_owned())
            }
            _ => None,
        });
        told.collect()
    }

    pub(super) fn closed(&mut self) -> ClosedEvent {
        self.session.finish(Time(5), &mut self.out);
        let closed = self.events().find_map(|event| match event {
            Event::SessionClosed(closed) => Some(closed.clone()),
            _ => None,
        });
        closed.expect("a session that is finished says so")
    }

    pub(super) fn frames(&self) -> Vec<(FrameRecord, Vec<u8>)> {
        frames(&self.out.log)
    }
}

/// Frames with all payload that was kept, unmasked.
pub(super) fn frames(log: &Log) -> Vec<(FrameRecord, Vec<u8>)> {
    let mut frames: Vec<(FrameRecord, Vec<u8>)> = Vec::new();
    for record in log.all() {
        match record {
            Seen::Frame(frame) => frames.push((frame, log.span(frame.kept).to_vec())),
            Seen::More(more) => {
                let (frame, payload) =
                    frames.iter_mut().find(|(frame, _)| frame.number == more.number).expect("more of a known frame");
                payload.extend_from_slice(log.span(more.kept));
                frame.received = more.received;
            }
            Seen::Sent(_) | Seen::Raw(_) | Seen::Event(..) | Seen::Proxy(..) => {}
        }
    }
    for (frame, payload) in &mut frames {
        if let Some(key) = frame.header.mask {
            mask::apply(key, 0, payload);
        }
    }
    frames
}

/// The frames of a stream, cut by the decoder.
pub(super) fn decode(bytes: &[u8]) -> Vec<(FrameHeader, Vec<u8>)> {
    let mut decoder = Decoder::default();
    let mut frames: Vec<(FrameHeader, Vec<u8>)> = Vec::new();
    let mut at = 0;
    while let Some((part, used)) = decoder.next(&bytes[at..]) {
        match part {
            Part::Header(header) => frames.push((header, Vec::new())),
            Part::Payload { length, .. } => {
                let (header, payload) = frames.last_mut().expect("payload follows a header");
                let offset = payload.len() as u64;
                let mut piece = bytes[at..at + length].to_vec();
                if let Some(key) = header.mask {
                    mask::apply(key, offset, &mut piece);
                }
                payload.extend(piece);
            }
            Part::Lost(_) => panic!("lost"),
        }
        at += used;
    }
    frames
}

/// Each scenario in one piece, a byte at a time, and in between.
pub(super) fn at_each_step(scenario: impl Fn(usize)) {
    for step in [usize::MAX, 1, 2, 3, 7] {
        scenario(step);
    }
}
