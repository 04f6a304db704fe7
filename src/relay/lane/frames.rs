//! A lane that carries frames of RFC 6455.
//!
//! A frame goes one of three ways. Usual ones, of which nothing is to be said, are told apart many at a time and written
//! down as one run. One that came whole takes one step. All others come in parts, as they come:
//!
//! ```text
//!   read   [ 81 .. | 81 .. | 81 .. | 89 .. | 01 .. |  81 fe 10 ]   [ 00 ......
//!            ^------ run --------^   whole   whole    ^ a header carried over, then parts
//! ```

use crate::diagnose::chrome::Content;
use crate::diagnose::forensics;
use crate::record::{Event, FrameNumber, FrameRecord, InflatedEvent, Log, Origin, RunRecord, Side, Span, Time};
use crate::relay::injection::Refusal;
use crate::relay::passage::{Passage, Place};
use crate::relay::session::Output;
use crate::relay::stall::Debt;
use crate::relay::watch::Bytes;
use crate::wire::close::CloseBody;
use crate::wire::decoder::Part;
use crate::wire::frame::FrameHeader;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use super::reader::Reader;
use super::{CloseSeen, Context, Lane};

impl Lane {
    pub(super) fn follow(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        let mut at = 0;
        // Where the last frame began, if it is whole and here.
        let mut last: Option<usize> = None;
        loop {
            if !self.waiting.is_empty() {
                self.inject_waiting(context, base + at, out);
            }
            if self.waits_for_room(context, &input[at..], &mut out.log) {
                break;
            }
            at += self.skip_stray(context, &input[at..], &mut out.log);
            if let Some((length, last_at)) = self.run(context, &input[at..], &mut out.log) {
                last = Some(at + last_at);
                at += length;
                continue;
            }
            let rest = self.fitting(&input[at..]);
            if let Some((header, payload)) = self.reader.whole(rest)
                && header.opcode() != Opcode::CLOSE
            {
                let before = self.before(last.map_or(&[], |last| &input[last..at]));
                last = Some(at);
                at += payload.end;
                self.whole(context, header, &rest[payload.start..], before, &mut out.log);
                continue;
            }
            let Some((part, used)) = self.reader.next(rest) else {
                // All of it was taken, for a header that is not whole.
                at += rest.len();
                if at < input.len() {
                    continue;
                }
                break;
            };
            at += used;
            match part {
                Part::Header(header) => {
                    let behind = self.reader.frames().map(|frames| std::mem::take(&mut frames.behind));
                    let behind = behind.unwrap_or_default();
                    let before = self.before(last.take().map_or(&behind, |last| &input[last..at - used]));
                    if self.is_response(&header, &rest[used..]) {
                        self.stray(context, &header, &rest[used..], before, out);
                        return;
                    }
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
        if let (Some(last), Some(frames)) = (last, self.reader.frames())
            && !frames.is_between_frames()
            && at - last <= forensics::ENOUGH
        {
            frames.behind = input[last..at].to_vec();
        }
        if let Some(current) = self.ledger.unfinished(&mut out.log) {
            self.record_sent(context, current.number, current.relayed, &mut out.log);
            self.recorded(context, current.number, current.relayed, &mut out.log);
        }
    }

    /// What is in front of the next frame: the head, or those bytes of the last frame.
    #[inline]
    const fn before<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.ledger.count == 0 { None } else { Some(bytes) }
    }

    /// The usual case: frames that came whole and of which there is nothing to say are written down together. Gives the
    /// bytes that they take and where the last of them begins.
    #[inline]
    fn run(&mut self, context: &mut Context<'_>, input: &[u8], log: &mut Log) -> Option<(usize, usize)> {
        let may_pass = !matches!(self.passage, Passage::Closed) && self.waiting.is_empty();
        if !may_pass || !self.reader.is_between_frames() || !context.judgement.is_quiet(self.from) {
            return None;
        }
        let passing = match &self.passage {
            Passage::Through => input,
            passage => {
                input.get(..passage.clear(input, *context.next, context.now)).filter(|passing| !passing.is_empty())?
            }
        };
        let usual = self.watch.usual(passing, context.limits.kept, context.keys)?;
        if let Some(chain) = self.passage.chain() {
            chain.outlet.pass(input.get(..usual.length).unwrap_or(input));
        }
        let run = RunRecord {
            time: context.now,
            first: *context.next,
            span: Span::default(),
            count: usual.count,
            payload: usual.payload,
            from: self.from,
            last: usual.opcode,
        };
        *context.next = run.first.after(u64::from(usual.count));
        self.ledger.count += u64::from(usual.count);
        log.run(run, input.get(..usual.length).unwrap_or(input));
        if let Some(application) = context.application.as_deref_mut() {
            application.note_run(self.from, &run, input, &usual);
            if application.listens(self.from) {
                application.run(context.now, self.from, run.first, input, &usual);
                application.take().into_iter().for_each(|finding| self.watch.add(finding));
            }
        }
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
        if let Some(frames) = self.reader.frames() {
            frames.message.frame(&header);
        }
        let relayed = self.stage_whole(context, &header, following, log);
        context.keys.note(self.from, &header);
        let payload = following.get(..header.length as usize).unwrap_or(following);
        let number = *context.next;
        self.hear_header(context, number, &header);
        self.hear_payload(context, &header, 0, payload);
        let is_usual = context.judgement.is_quiet(self.from) && self.watch.is_usual(&header, payload);
        if !is_usual {
            let bytes = Bytes { number, header: &header, offset: 0, following, before, keys: *context.keys };
            self.examine_header(context, bytes);
            self.examine_payload(context, bytes, payload.len(), true, log);
        }
        self.hear_end(context, &header);
        let relayed = self.settle(context, number, relayed, log);
        self.record_sent(context, number, relayed, log);
        self.ledger.whole(context, header, payload, Origin::Peer, relayed, log);
        self.recorded(context, number, relayed, log);
        if !is_usual {
            self.watch.report(context.now, log);
            self.note_debt(context, &header, number);
        }
    }

    /// A frame begins of which not all is there.
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
        if let Some(frames) = self.reader.frames() {
            frames.message.frame(&header);
        }
        let number = self.ledger.begin(context, header, self.passage.relayed());
        if header.opcode() == Opcode::CLOSE {
            self.learn(context);
        }
        let relayed = self.stage_header(context, &header, following, number, log);
        self.ledger.becomes(relayed);
        self.hear_header(context, number, &header);
        let keys = *context.keys;
        self.examine_header(context, Bytes { number, header: &header, offset: 0, following, before, keys });
        self.note_debt(context, &header, number);
    }

    /// The next piece of the frame under way, which `following` begins with.
    #[inline]
    fn payload(&mut self, context: &mut Context<'_>, following: &[u8], length: usize, last: bool, log: &mut Log) {
        let Some(current) = self.ledger.current() else { return };
        let payload = following.get(..length).unwrap_or(following);
        let FrameRecord { number, header, received: offset, .. } = *current;
        let relayed = self.stage_payload(context, &header, offset, payload, last, number, log);
        self.ledger.becomes(relayed);
        let before = if self.ledger.count == 1 { None } else { Some(&[][..]) };
        let bytes = Bytes { number, header: &header, offset, following, before, keys: *context.keys };
        self.hear_payload(context, &header, offset, payload);
        self.examine_payload(context, bytes, length, last, log);
        if last {
            self.hear_end(context, &header);
        }
        if header.opcode() == Opcode::CLOSE {
            self.close_piece(context.now, header.mask, offset, payload, last);
        }
        self.end_piece(context, payload, last, log);
    }

    /// Writes a piece of the frame under way down, and what left for it.
    pub(super) fn end_piece(&mut self, context: &mut Context<'_>, payload: &[u8], last: bool, log: &mut Log) {
        let ended = self.ledger.current().filter(|_| last).map(|current| (current.number, current.relayed));
        if let Some((number, relayed)) = ended {
            let settled = self.settle(context, number, relayed, log);
            self.ledger.settles(number, settled);
            self.record_sent(context, number, settled, log);
        }
        self.ledger.piece(context, payload, last, log);
        if let Some((number, relayed)) = ended {
            self.recorded(context, number, relayed, log);
        }
        if last {
            self.watch.report(context.now, log);
        }
    }

    /// Notes what now has to come: the rest of a message, or a pong. What is no frame owes nothing.
    #[inline]
    fn note_debt(&mut self, context: &mut Context<'_>, header: &FrameHeader, number: FrameNumber) {
        if header.fin() && matches!(header.opcode(), Opcode::TEXT | Opcode::BINARY) || self.watch.is_noise() {
            return;
        }
        let debt = Debt { since: context.now, frame: number, header: *header };
        match header.opcode() {
            Opcode::PING => {
                context.pings[self.from].get_or_insert(debt);
            }
            Opcode::PONG => context.pings[self.from.other()] = None,
            opcode if !opcode.is_control() => {
                if let Some(frames) = self.reader.frames() {
                    frames.note_fragment(debt);
                }
            }
            _ => {}
        }
    }

    fn examine_header(&mut self, context: &mut Context<'_>, bytes: Bytes<'_>) {
        self.watch.header(bytes);
        if self.from == Side::Server && !self.repairs_for_page() {
            context.judgement.header(bytes.number, bytes.header);
        }
    }

    /// Whether the page gets repaired frames, so that what is wrong with those that came does not fail it.
    pub(super) fn repairs_for_page(&self) -> bool {
        self.from == Side::Server && self.passage.stage(Place::Repair).is_some()
    }

    /// What the page gets in spite of repair: data that can't be inflated, and the close frame, if it came right.
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
        if last && bytes.header.opcode() == Opcode::CLOSE && !self.watch.is_noise() {
            self.watch.closes(context.judgement.close_frame(self.from));
        }
        let content = self.watch.payload(bytes, length, last);
        self.note_inflated(last);
        if last && let Some((mut inflated, length)) = self.watch.inflated() {
            if let Some(application) = context.application.as_deref_mut() {
                application.inflated(self.from, &inflated);
            }
            let packed = bytes.header.length;
            inflated.truncate(context.limits.kept_inflated);
            let event = InflatedEvent { frame: bytes.number, from: self.from, bytes: inflated, length, packed };
            log.event(context.now, Event::Inflated(event));
        }
        match self.from {
            Side::Server if self.repairs_for_page() && !self.is_judged(bytes.header, content, last) => {}
            Side::Server => {
                if self.repairs_for_page() {
                    context.judgement.header(bytes.number, bytes.header);
                }
                context.judgement.payload(bytes.number, bytes.header, content, last, self.watch.body());
            }
            Side::Client if last && bytes.header.opcode() == Opcode::CLOSE => {
                let own = context.own[self.from];
                context.judgement.client_closes(context.now, self.watch.body(), own, log);
            }
            Side::Client => {}
        }
    }

    fn close_piece(&mut self, now: Time, key: Option<MaskKey>, offset: u64, payload: &[u8], last: bool) {
        let Some(frames) = self.reader.frames() else { return };
        let body = &mut frames.close_body;
        // A control frame holds at most 125 bytes (RFC 6455 5.5); more tells nothing about the close.
        let room = 125usize.saturating_sub(body.len());
        let start = body.len();
        body.extend_from_slice(payload.get(..room).unwrap_or(payload));
        if let Some(key) = key {
            mask::apply(key, offset, &mut body[start..]);
        }
        if last && self.watch.is_noise() {
            body.clear();
        } else if last {
            let body = std::mem::take(body);
            self.note_close(now, Origin::Peer, &body);
        }
    }

    pub(super) fn note_close(&mut self, time: Time, origin: Origin, body: &[u8]) {
        if self.close.is_none() {
            let code = CloseBody::parse(body).code();
            let reason = code.map_or_else(Vec::new, |(_, reason)| reason.to_vec());
            self.close = Some(CloseSeen { origin, code: code.map(|(code, _)| code), reason, time });
        }
    }

    /// From here on the lane is a raw pipe.
    fn lose(&mut self, context: &mut Context<'_>, header: FrameHeader, following: &[u8], out: &mut Output) {
        self.reader = Reader::Raw;
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        out.log.raw(context.now, self.from, Origin::Peer, &bytes, context.limits.kept);
        let (number, keys) = (*context.next, *context.keys);
        self.watch.lost(Bytes { number, header: &header, offset: 0, following, before: self.before(&[]), keys });
        if self.from == Side::Server && !self.repairs_for_page() {
            context.judgement.header(*context.next, &header);
        }
        self.watch.report(context.now, &mut out.log);
        self.lose_stages(context, [&bytes, following], &mut out.log);
        self.refuse_waiting(Refusal::NotFrames, out);
    }

    /// The application's watcher is shown a frame that is followed by itself.
    fn hear_header(&self, context: &mut Context<'_>, number: FrameNumber, header: &FrameHeader) {
        if let Some(application) = context.application.as_deref_mut() {
            application.header(context.now, self.from, number, header);
        }
    }

    fn hear_payload(&self, context: &mut Context<'_>, header: &FrameHeader, offset: u64, piece: &[u8]) {
        if let Some(application) = context.application.as_deref_mut() {
            application.payload(self.from, header, offset, piece);
        }
    }

    fn hear_end(&mut self, context: &mut Context<'_>, header: &FrameHeader) {
        if let Some(application) = context.application.as_deref_mut() {
            application.end_frame(context.now, self.from, header, self.watch.is_noise());
            application.take().into_iter().for_each(|finding| self.watch.add(finding));
        }
    }
}
