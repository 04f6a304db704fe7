//! One direction of an open session: it follows the frames that pass, writes them down, and knows the places where an
//! injection may go in.

mod hixie;

use std::collections::VecDeque;

use rand::Rng as _;
use rand::rngs::StdRng;

use crate::diagnose::chrome::Content;
use crate::diagnose::forensics;
use crate::record::finding::Finding;
use crate::wire::close::{CloseBody, Code};
use crate::wire::decoder::{Decoder, Part};
use crate::wire::frame::FrameHeader;
use crate::wire::inflate::Deflate;
use crate::wire::mask::{self, MaskKey};
use crate::wire::message::MessageState;
use crate::wire::opcode::Opcode;

use super::injection::{self, Injection, Refusal, Reply, Token, Wait};
use super::judgement::Judgement;
use super::limits::Limits;
use super::repair::Mender;
use super::session::Output;
use super::watch::{Bytes, Keys, Watch};
use crate::record::{
    Ending, Event, FrameRecord, InflatedEvent, Log, MoreRecord, Origin, PerSide, Policy, Record, Relayed, RunRecord,
    Side, Span, Stall, StallKind, Time,
};
use hixie::Hixie;

/// What a lane needs of its session for one call.
pub(super) struct Context<'a> {
    pub now: Time,
    pub policy: Policy,
    /// The number of the last frame.
    pub frames: &'a mut u64,
    pub random: &'a mut StdRng,
    pub limits: &'a Limits,
    pub judgement: &'a mut Judgement,
    /// The oldest ping of each side that is not answered: when it came, and its number. By `Side::index`.
    pub pings: &'a mut PerSide<Option<(Time, u64)>>,
    /// Keys of the client's last frames.
    pub keys: &'a mut Keys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The handshake is not over.
    Handshake,
    /// Frames are decoded.
    Frames,
    /// Frames of hixie-75 or hixie-76 are decoded.
    Hixie,
    /// Whatever comes is relayed and shown as bytes.
    Raw,
}

/// A frame whose end has not come.
#[derive(Debug)]
struct Current {
    record: FrameRecord,
    /// Payload bytes kept so far, in all hand-overs.
    kept: usize,
    /// Whether its record is written.
    recorded: bool,
}

/// A close frame that passed.
#[derive(Clone, Debug)]
pub(super) struct CloseSeen {
    pub origin: Origin,
    pub code: Option<Code>,
    pub reason: Vec<u8>,
    pub time: Time,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub from: Side,
    pub mode: Mode,
    pub relayed: Relayed,
    pub ended: Option<Ending>,
    /// The first close frame in this direction.
    pub close: Option<CloseSeen>,
    pub frames: u64,
    pub bytes: u64,
    decoder: Decoder,
    hixie: Hixie,
    message: MessageState,
    current: Option<Current>,
    close_body: Vec<u8>,
    pub(super) watch: Watch,
    /// When bytes last came.
    last_read: Time,
    /// When the newest fragment of the message under way came, and the number of its first.
    fragment: Option<(Time, u64)>,
    waiting: VecDeque<(Token, Injection)>,
    /// Under the policy that mends: what goes out instead of what came.
    pub(super) mender: Option<Box<Mender>>,
    pub(super) deflate: bool,
    /// The last frame, where it and the start of the next header came together.
    behind: Vec<u8>,
}

impl Lane {
    pub fn new(from: Side) -> Self {
        Self {
            from,
            mode: Mode::Handshake,
            relayed: Relayed::AsIs,
            ended: None,
            close: None,
            frames: 0,
            bytes: 0,
            decoder: Decoder::default(),
            hixie: Hixie::default(),
            message: MessageState::default(),
            current: None,
            close_body: Vec::new(),
            watch: Watch::new(from),
            last_read: Time(0),
            fragment: None,
            waiting: VecDeque::new(),
            mender: None,
            deflate: false,
            behind: Vec::new(),
        }
    }

    /// Follows `input`, whose first byte is at offset `base` of what was read.
    pub fn receive(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        self.last_read = context.now;
        if self.mode == Mode::Frames {
            self.begin_read(context);
            self.choose_mender(context.policy);
            self.follow(context, input, base, out);
            self.put_mended(input, base, out);
            self.end_read(context, &mut out.log);
        } else if self.mode == Mode::Hixie {
            self.follow_hixie(context, input, base, out);
        } else {
            self.raw(context, input, &mut out.log);
            self.put_mended(input, base, out);
        }
    }

    fn raw(&self, context: &Context<'_>, input: &[u8], log: &mut Log) {
        if !input.is_empty() {
            log.raw(context.now, self.from, Origin::Peer, input, context.limits.kept);
        }
    }

    fn begin_read(&mut self, context: &mut Context<'_>) {
        self.watch.begin_read();
        if self.from == Side::Server {
            let current = self.current.as_ref().map(|current| current.record.number);
            context.judgement.begin_read(*context.frames + 1, current);
        }
    }

    fn end_read(&mut self, context: &mut Context<'_>, log: &mut Log) {
        self.watch.report(context.now, log);
        if self.from == Side::Server {
            let carried = self.decoder.unfinished_header();
            let found = |frame| self.watch.found(frame);
            context.judgement.end_read(context.now, carried, *context.frames + 1, found, log);
        }
    }

    fn examine_header(&mut self, context: &mut Context<'_>, bytes: Bytes<'_>) {
        self.watch.header(bytes);
        if self.from == Side::Server && !self.mends_for_page() {
            context.judgement.header(bytes.number, bytes.header);
        }
    }

    /// Whether the page gets mended frames, so that what is wrong with those that came does not fail it.
    fn mends_for_page(&self) -> bool {
        self.from == Side::Server && self.mender.as_ref().is_some_and(|mender| !mender.is_strict())
    }

    /// What the page gets in spite of mending: data that can't be inflated, and the close frame, if it came right.
    fn is_judged(&self, header: &FrameHeader, content: Content, last: bool) -> bool {
        let is_right = header.fin() && header.rsv() == 0 && header.mask.is_none() && header.length <= 125;
        let code = CloseBody::parse(self.watch.body()).code();
        let closes = last && header.opcode() == Opcode::CLOSE && code.is_none_or(|(code, _)| code.is_sendable());
        content.broken || (closes && is_right)
    }

    fn examine_payload(
        &mut self,
        context: &mut Context<'_>,
        bytes: Bytes<'_>,
        length: usize,
        last: bool,
        log: &mut Log,
    ) {
        if last && bytes.header.opcode() == Opcode::CLOSE {
            self.watch.closes(context.judgement.close_frame(self.from));
        }
        let content = self.watch.payload(bytes, length, last);
        if last && let Some(inflated) = self.watch.inflated() {
            let event = InflatedEvent { frame: bytes.number, from: self.from, bytes: inflated };
            log.event(context.now, Event::Inflated(event));
        }
        match self.from {
            Side::Server if self.mends_for_page() && !self.is_judged(bytes.header, content, last) => {}
            Side::Server => {
                if self.mends_for_page() {
                    context.judgement.header(bytes.number, bytes.header);
                }
                context.judgement.payload(bytes.number, bytes.header, content, last, self.watch.body());
            }
            Side::Client if last && bytes.header.opcode() == Opcode::CLOSE => {
                context.judgement.client_closes(context.now, self.watch.body(), log);
            }
            Side::Client => {}
        }
    }

    /// Frames begin to be examined.
    pub fn examine(&mut self, deflate: Option<Deflate>, limits: &Limits) {
        self.deflate = deflate.is_some();
        self.watch.open(deflate, limits);
    }

    /// The head that the frames follow; `failed` where a browser does not take it.
    pub fn follows(&mut self, head: Vec<u8>, failed: bool) {
        self.watch.follows(head, failed);
    }

    /// Adds a finding that the session as a whole shows, unless the lane has told of it before.
    pub fn add_finding(&mut self, finding: Finding) {
        if !self.watch.has_told(finding.kind) {
            self.watch.add(finding);
        }
    }

    /// Says what was found last, and what findings were left out.
    pub fn report_rest(&mut self, now: Time, log: &mut Log) {
        self.watch.report(now, log);
        self.watch.report_rest(now, log);
    }

    /// The bytes of this lane have ended.
    pub fn end(&mut self, context: &mut Context<'_>, how: Ending, log: &mut Log) {
        self.ended = Some(how);
        if self.mode == Mode::Hixie {
            self.end_hixie(context, log);
        }
        let next = *context.frames + 1;
        let carried = self.decoder.unfinished_header();
        let unfinished = self.current.as_ref().map(|current| Bytes {
            number: current.record.number,
            header: &current.record.header,
            offset: current.record.received,
            following: &[],
            before: None,
            keys: Keys::default(),
        });
        let number = unfinished.map(|bytes| bytes.number).or((!carried.is_empty()).then_some(next));
        let is_sudden = self.from == Side::Server && context.judgement.is_live() && self.close.is_none();
        self.watch.end(unfinished, carried, next);
        if is_sudden && self.mode == Mode::Frames {
            self.watch.sudden_end(how, context.judgement.has_closed(Side::Client));
        }
        self.watch.report(context.now, log);
        if !self.mends_for_page() {
            context.judgement.end(context.now, self.from, how, number, log);
        }
    }

    pub(super) fn is_in_header(&self) -> bool {
        !self.decoder.unfinished_header().is_empty()
    }

    pub(super) fn unfinished_message(&self) -> Option<Opcode> {
        self.message.unfinished()
    }

    fn follow(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        let mut at = 0;
        // Where the last frame began, if it is whole and here.
        let mut last: Option<usize> = None;
        loop {
            if !self.waiting.is_empty() {
                self.inject_waiting(context, base + at, out);
            }
            at += self.skip_stray(context, &input[at..], &mut out.log);
            if let Some((length, last_at)) = self.run(context, &input[at..], &mut out.log) {
                last = Some(at + last_at);
                at += length;
                continue;
            }
            let rest = &input[at..];
            if let Some((header, payload)) = self.decoder.whole(rest)
                && header.opcode() != Opcode::CLOSE
            {
                let before = self.before(last.map_or(&[], |last| &input[last..at]));
                last = Some(at);
                at += payload.end;
                self.whole(context, header, &rest[payload.start..], before, &mut out.log);
                continue;
            }
            let Some((part, used)) = self.decoder.next(rest) else { break };
            at += used;
            match part {
                Part::Header(header) => {
                    let behind = std::mem::take(&mut self.behind);
                    let before = self.before(last.take().map_or(&behind, |last| &input[last..at - used]));
                    self.begin(context, header, &rest[used..], before, &mut out.log);
                }
                Part::Payload { last, .. } => self.payload(context, rest, used, last, &mut out.log),
                Part::Lost(header) => {
                    self.lose(context, header, &input[at..], out);
                    self.end_read(context, &mut out.log);
                    self.raw(context, &input[at..], &mut out.log);
                    return;
                }
            }
        }
        if let Some(last) = last
            && !self.decoder.unfinished_header().is_empty()
            && at - last <= forensics::ENOUGH
        {
            self.behind = input[last..at].to_vec();
        }
        self.record_unfinished(&mut out.log);
    }

    /// What is in front of the next frame: the head, or those bytes of the last frame.
    #[inline]
    const fn before<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.frames == 0 { None } else { Some(bytes) }
    }

    /// The usual case: frames that came whole and of which there is nothing to say are written down together. Gives the
    /// bytes that they take and where the last of them begins.
    #[inline]
    fn run(&mut self, context: &mut Context<'_>, input: &[u8], log: &mut Log) -> Option<(usize, usize)> {
        let passes = self.mender.is_none() && self.relayed == Relayed::AsIs && self.waiting.is_empty();
        if !passes || !self.decoder.is_between_frames() || !context.judgement.is_quiet(self.from) {
            return None;
        }
        let usual = self.watch.usual(input, context.limits.kept, context.keys)?;
        let run = RunRecord {
            time: context.now,
            first: *context.frames + 1,
            span: Span::default(),
            count: usual.count,
            payload: usual.payload,
            from: self.from,
            last: usual.opcode,
        };
        *context.frames += u64::from(usual.count);
        self.frames += u64::from(usual.count);
        log.run(run, input.get(..usual.length).unwrap_or(input));
        Some((usual.length, usual.last))
    }

    /// A frame that came whole, in one step. Its payload is what `following` begins with.
    #[inline]
    fn whole(
        &mut self,
        context: &mut Context<'_>,
        header: FrameHeader,
        following: &[u8],
        before: Option<&[u8]>,
        log: &mut Log,
    ) {
        self.message.frame(&header);
        let relayed = self.mend_whole(context, &header, following, log);
        context.keys.note(self.from, &header);
        let payload = following.get(..header.length as usize).unwrap_or(following);
        let number = *context.frames + 1;
        if context.judgement.is_quiet(self.from) && self.watch.is_usual(&header, payload) {
            self.write_down(context, header, payload, Origin::Peer, relayed, log);
            return;
        }
        let bytes = Bytes { number, header: &header, offset: 0, following, before, keys: *context.keys };
        self.examine_header(context, bytes);
        self.examine_payload(context, bytes, payload.len(), true, log);
        self.write_down(context, header, payload, Origin::Peer, relayed, log);
        self.watch.report(context.now, log);
        self.note_debt(context, &header, number);
    }

    #[inline]
    fn begin(
        &mut self,
        context: &mut Context<'_>,
        header: FrameHeader,
        following: &[u8],
        before: Option<&[u8]>,
        log: &mut Log,
    ) {
        context.keys.note(self.from, &header);
        self.message.frame(&header);
        self.note_debt(context, &header, *context.frames + 1);
        self.open_frame(context, header);
        let relayed = self.mend_header(context, &header, following, *context.frames, log);
        if let Some(current) = &mut self.current {
            current.record.relayed = relayed;
        }
        let (number, keys) = (*context.frames, *context.keys);
        self.examine_header(context, Bytes { number, header: &header, offset: 0, following, before, keys });
    }

    /// A frame begins, to be written down with what comes of its payload.
    #[inline]
    fn open_frame(&mut self, context: &mut Context<'_>, header: FrameHeader) {
        *context.frames += 1;
        self.frames += 1;
        let record = FrameRecord {
            time: context.now,
            number: *context.frames,
            header,
            kept: Span::default(),
            received: 0,
            from: self.from,
            origin: Origin::Peer,
            relayed: self.relayed,
        };
        self.current = Some(Current { record, kept: 0, recorded: false });
    }

    /// Notes what now has to come: the rest of a message, or a pong.
    #[inline]
    fn note_debt(&mut self, context: &mut Context<'_>, header: &FrameHeader, number: u64) {
        if header.fin() && matches!(header.opcode(), Opcode::TEXT | Opcode::BINARY) {
            return;
        }
        match header.opcode() {
            Opcode::PING => {
                context.pings[self.from].get_or_insert((context.now, number));
            }
            Opcode::PONG => context.pings[self.from.other()] = None,
            opcode if !opcode.is_control() => {
                let first = self.fragment.filter(|_| opcode == Opcode::CONTINUATION).map_or(number, |(_, first)| first);
                self.fragment = Some((context.now, first));
            }
            _ => {}
        }
    }

    /// What this side owes of its own frames.
    pub fn debt(&self) -> Option<Stall> {
        if !matches!(self.mode, Mode::Frames | Mode::Hixie) || self.ended.is_some() {
            return None;
        }
        let stall = |kind, since, frame, progress| Stall { kind, lane: self.from, since, frame, progress };
        if let Some(current) = &self.current {
            let progress = Some((current.record.received, current.record.header.length));
            return Some(stall(StallKind::ShortFrame, self.last_read, Some(current.record.number), progress));
        }
        if self.hixie.is_unfinished() {
            return Some(stall(StallKind::ShortFrame, self.last_read, None, None));
        }
        let (since, first) = self.fragment.filter(|_| self.message.unfinished().is_some())?;
        Some(stall(StallKind::UnfinishedMessage, since, Some(first), None))
    }

    #[inline]
    fn payload(&mut self, context: &mut Context<'_>, following: &[u8], length: usize, last: bool, log: &mut Log) {
        let Some(current) = &self.current else { return };
        let payload = following.get(..length).unwrap_or(following);
        let FrameRecord { number, header, received: offset, .. } = current.record;
        self.mend_payload(context.now, number, payload, last, log);
        let before = if self.frames == 1 { None } else { Some(&[][..]) };
        let bytes = Bytes { number, header: &header, offset, following, before, keys: *context.keys };
        self.examine_payload(context, bytes, length, last, log);
        let Some(current) = &mut self.current else { return };
        if current.record.header.opcode() == Opcode::CLOSE {
            let (key, offset) = (current.record.header.mask, current.record.received);
            self.close_piece(context.now, key, offset, payload, last);
        }
        self.keep_payload(context, payload, last, log);
    }

    /// Writes down a piece of the frame under way.
    #[inline]
    fn keep_payload(&mut self, context: &mut Context<'_>, payload: &[u8], last: bool, log: &mut Log) {
        let Some(current) = &mut self.current else { return };
        current.record.received += payload.len() as u64;
        let room = context.limits.kept - current.kept;
        let keep = payload.get(..room).unwrap_or(payload);
        current.kept += keep.len();
        if current.recorded {
            let FrameRecord { number, from, received, .. } = current.record;
            let added = payload.len() as u64;
            log.more(MoreRecord { time: context.now, number, from, kept: Span::default(), added, received }, keep);
        } else {
            current.record.kept = log.keep(keep);
            if last {
                log.records.push(Record::Frame(current.record));
            }
        }
        if last {
            self.current = None;
            self.watch.report(context.now, log);
        }
    }

    /// Writes down a frame that the input left unfinished, so that it is seen while it is under way.
    fn record_unfinished(&mut self, log: &mut Log) {
        if let Some(current) = &mut self.current
            && !current.recorded
        {
            current.recorded = true;
            log.records.push(Record::Frame(current.record));
        }
    }

    fn close_piece(&mut self, now: Time, key: Option<MaskKey>, offset: u64, payload: &[u8], last: bool) {
        // A control frame holds at most 125 bytes (RFC 6455 5.5); more tells nothing about the close.
        let room = 125usize.saturating_sub(self.close_body.len());
        let start = self.close_body.len();
        self.close_body.extend_from_slice(payload.get(..room).unwrap_or(payload));
        if let Some(key) = key {
            mask::apply(key, offset, &mut self.close_body[start..]);
        }
        if last {
            let body = std::mem::take(&mut self.close_body);
            self.note_close(now, Origin::Peer, &body);
        }
    }

    fn note_close(&mut self, time: Time, origin: Origin, body: &[u8]) {
        if self.close.is_none() {
            let code = CloseBody::parse(body).code();
            let reason = code.map_or_else(Vec::new, |(_, reason)| reason.to_vec());
            self.close = Some(CloseSeen { origin, code: code.map(|(code, _)| code), reason, time });
        }
    }

    /// From here on the lane is a raw pipe.
    fn lose(&mut self, context: &mut Context<'_>, header: FrameHeader, following: &[u8], out: &mut Output) {
        self.mode = Mode::Raw;
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        out.log.raw(context.now, self.from, Origin::Peer, &bytes, context.limits.kept);
        let (number, keys) = (*context.frames + 1, *context.keys);
        self.watch.lost(Bytes { number, header: &header, offset: 0, following, before: self.before(&[]), keys });
        if self.from == Side::Server && !self.mends_for_page() {
            context.judgement.header(*context.frames + 1, &header);
        }
        self.watch.report(context.now, &mut out.log);
        self.mend_lost(context, &mut out.log);
        self.refuse_waiting(Refusal::NotFrames, out);
    }

    /// Takes an injection. What goes at once goes behind all that was read before.
    pub fn inject(&mut self, context: &mut Context<'_>, token: Token, injection: Injection, out: &mut Output) {
        let reply = match self.refusal(&injection, context.limits) {
            Some(refusal) => Reply::Refused(refusal),
            None => match self.wait(&injection) {
                Some(wait) => {
                    self.waiting.push_back((token, injection));
                    Reply::Waiting(wait)
                }
                None => {
                    let mut bytes = Vec::new();
                    let reply = self.write_injection(context, injection, Origin::Injected, &mut bytes, &mut out.log);
                    out.to[self.from.other()].append(&bytes);
                    reply
                }
            },
        };
        out.replies.push((token, reply));
    }

    fn refusal(&self, injection: &Injection, limits: &Limits) -> Option<Refusal> {
        match self.mode {
            _ if self.ended.is_some() => Some(Refusal::Ended),
            Mode::Handshake => Some(Refusal::NotOpen),
            Mode::Raw if !injection.is_raw() => Some(Refusal::NotFrames),
            _ if self.close.is_some() && !injection.is_raw() => Some(Refusal::AfterClose),
            Mode::Hixie if let Some(refusal) = self.hixie.refusal(injection) => Some(refusal),
            _ if self.waiting.len() >= limits.waiting => Some(Refusal::TooMany),
            _ => None,
        }
    }

    pub(super) fn is_between_frames(&self) -> bool {
        if self.mode == Mode::Hixie { self.hixie.is_between_frames() } else { self.decoder.is_between_frames() }
    }

    /// What stands in the way at the place where the lane is now.
    fn wait(&self, injection: &Injection) -> Option<Wait> {
        if self.mode == Mode::Raw {
            return None;
        }
        if !self.is_between_frames() {
            return Some(Wait::Frame);
        }
        (injection.needs_whole_message() && self.message.unfinished().is_some()).then_some(Wait::Message)
    }

    /// Puts in, at `at` of the input, what has its place there. Those that wait for more keep their order.
    fn inject_waiting(&mut self, context: &mut Context<'_>, at: usize, out: &mut Output) {
        if !self.is_between_frames() {
            return;
        }
        let mut bytes = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some((token, injection)) = self.waiting.pop_front() else { break };
            if self.wait(&injection).is_some() {
                self.waiting.push_back((token, injection));
            } else {
                let reply = match self.refusal(&injection, context.limits) {
                    Some(refusal) => Reply::Refused(refusal),
                    None => self.write_injection(context, injection, Origin::Injected, &mut bytes, &mut out.log),
                };
                out.replies.push((token, reply));
            }
        }
        if let Some(mender) = &mut self.mender {
            mender.out.append(&mut bytes);
        } else if !bytes.is_empty() {
            out.to[self.from.other()].insert(at, bytes);
        }
    }

    /// Answers all that still wait: their place will not come.
    pub fn refuse_waiting(&mut self, refusal: Refusal, out: &mut Output) {
        out.replies.extend(self.waiting.drain(..).map(|(token, _)| (token, Reply::Refused(refusal))));
    }

    fn write_injection(
        &mut self,
        context: &mut Context<'_>,
        injection: Injection,
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> Reply {
        match injection {
            Injection::Frame { first, payload } => {
                Reply::Sent { frame: Some(self.write_frame(context, first, payload, origin, bytes, log)) }
            }
            Injection::Fragments { first, payloads } => {
                let count = payloads.len();
                let numbers = payloads.into_iter().enumerate().map(|(index, payload)| {
                    let first = injection::fragment_first(first, index, count);
                    self.write_frame(context, first, payload, origin, bytes, log)
                });
                Reply::Sent { frame: numbers.reduce(|first, _| first) }
            }
            Injection::Raw(raw) => {
                bytes.extend_from_slice(&raw);
                Reply::Sent { frame: self.record_raw(context, &raw, origin, log) }
            }
        }
    }

    fn write_frame(
        &mut self,
        context: &mut Context<'_>,
        first: u8,
        payload: Vec<u8>,
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> u64 {
        if Opcode::new(first) == Opcode::CLOSE {
            self.note_close(context.now, origin, &payload);
        }
        if self.mode == Mode::Hixie {
            return self.write_hixie(context, Opcode::new(first), &payload, origin, bytes, log);
        }
        // A client masks, a server does not (RFC 6455 5.1).
        let key = (self.from == Side::Client).then(|| context.random.next_u32().to_be_bytes());
        let (header, payload) = injection::encode(first, payload, key);
        header.write(bytes);
        bytes.extend_from_slice(&payload);
        self.write_down(context, header, &payload, origin, Relayed::AsIs, log)
    }

    /// Raw bytes that are just one whole frame are shown as one.
    fn record_raw(&mut self, context: &mut Context<'_>, raw: &[u8], origin: Origin, log: &mut Log) -> Option<u64> {
        if self.mode == Mode::Frames
            && let Some((header, used)) = FrameHeader::parse(raw)
            && header.length == (raw.len() - used) as u64
        {
            return Some(self.write_down(context, header, &raw[used..], origin, Relayed::AsIs, log));
        }
        log.raw(context.now, self.from, origin, raw, context.limits.kept);
        None
    }

    /// Records a whole frame, and gives its number.
    #[inline]
    fn write_down(
        &mut self,
        context: &mut Context<'_>,
        header: FrameHeader,
        payload: &[u8],
        origin: Origin,
        relayed: Relayed,
        log: &mut Log,
    ) -> u64 {
        *context.frames += 1;
        self.frames += 1;
        let kept = log.keep(payload.get(..context.limits.kept).unwrap_or(payload));
        log.records.push(Record::Frame(FrameRecord {
            time: context.now,
            number: *context.frames,
            header,
            kept,
            received: payload.len() as u64,
            from: self.from,
            origin,
            relayed,
        }));
        *context.frames
    }

    /// Sends a close frame in wsproxy's own name, if the lane is at a place where one can stand.
    pub fn close(&mut self, context: &mut Context<'_>, body: Vec<u8>, out: &mut Output) {
        // Where a fault fails the session, nothing of the guilty frame went out.
        let failed = self.fault().is_some();
        let free = failed || self.has_close_frames() && self.close.is_none() && self.is_between_frames();
        if free && self.ended.is_none() {
            let (injection, mut bytes) = (Injection::whole(Opcode::CLOSE, body), Vec::new());
            self.write_injection(context, injection, Origin::Proxy, &mut bytes, &mut out.log);
            out.to[self.from.other()].append(&bytes);
        }
    }

    /// Whether no close frame can be expected from this side any more.
    pub fn is_finished(&self) -> bool {
        self.ended.is_some() || !self.has_close_frames()
    }

    /// Whether a close frame can be sent and understood.
    fn has_close_frames(&self) -> bool {
        self.mode == Mode::Frames || self.mode == Mode::Hixie && self.hixie.has_close()
    }
}
