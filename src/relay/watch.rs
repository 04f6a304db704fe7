//! The examiner at its place in a lane: what it finds becomes findings, within limits.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnose::application::Told;
use crate::diagnose::chrome::Content;
use crate::diagnose::examine::{Examiner, Found, Usual};
use crate::diagnose::forensics::{self, Before, Named, Past, Scene};
use crate::diagnose::own::{self, Own};
use crate::diagnose::{end, words};
use crate::record::finding::{Finding, FindingKind, Layer, Level, Place};
use crate::record::{Ending, Event, FrameNumber, Log, RunRecord, Side, Time};
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;
use crate::wire::inflate::Deflate;
use crate::wire::mask::MaskKey;

use super::limits::Limits;

/// A silence behind which a client's end without a close frame is no act of a page: a script that is done ends at once.
const NO_PAGE: Duration = Duration::from_secs(3);
/// Bytes shown before and behind the guilty ones.
const AROUND: usize = 16;
/// Guilty bytes shown.
const SHOWN: u64 = 64;
/// Frames of one read whose findings are remembered for the verdict at its end.
const REMEMBERED: usize = 16;

/// A frame's bytes, as far as they are at hand.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub number: FrameNumber,
    pub header: &'a FrameHeader,
    /// Payload bytes of it that came before.
    pub offset: u64,
    /// What follows the header, or those bytes, in what was read: payload, and whatever comes behind.
    pub following: &'a [u8],
    /// The frame in front of it, as far as it is at hand; `None` where that is the head.
    pub before: Option<&'a [u8]>,
    pub keys: Keys,
}

/// What was seen in messages before, which may be the cause of what comes.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    /// What was found in the application's messages.
    pub told: Option<Arc<Told>>,
    pub now: Time,
    /// The largest of the client's last messages: its first frame, and its bytes.
    pub largest: Option<(FrameNumber, u64)>,
}

impl Earlier {
    fn cause(&self) -> Option<(String, Cow<'static, str>)> {
        self.told.as_ref()?.cause(self.now)
    }
}

/// Keys of the client's last frames: an echo that was not unmasked is known by them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys {
    ring: [MaskKey; 8],
    next: usize,
}

impl Keys {
    #[inline]
    pub(super) fn note(&mut self, from: Side, header: &FrameHeader) {
        if from == Side::Client
            && let Some(key) = header.mask
        {
            self.add(key);
        }
    }

    #[inline]
    fn add(&mut self, key: MaskKey) {
        self.ring[self.next % 8] = key;
        self.next = (self.next + 1) % 8;
    }
}

/// One lane's examiner.
#[derive(Debug)]
pub(super) struct Watch {
    from: Side,
    /// There is none while the handshake lasts, and for dialects that are not decoded.
    examiner: Option<Box<Examiner>>,
    /// Findings told by kind.
    told: Vec<(FindingKind, u64)>,
    ready: Vec<Finding>,
    /// Frames of this read that do not go out as they came.
    repaired: Vec<FrameNumber>,
    /// What was found in the frames of this read.
    read: Vec<(FrameNumber, FindingKind)>,
    limit: u64,
    deflate: Option<Deflate>,
    /// The head that the frames follow.
    head: Vec<u8>,
    /// The browser does not take that head.
    failed: bool,
    /// The payload's start of a frame that comes in pieces.
    start: Vec<u8>,
    /// Raw bytes of the user's that broke the stream which this side gets.
    own: Option<Own>,
    /// What was found in the application's messages, and why an end may follow from it.
    earlier: Option<Earlier>,
}

impl Watch {
    pub(super) const fn new(from: Side) -> Self {
        Self {
            from,
            examiner: None,
            told: Vec::new(),
            ready: Vec::new(),
            repaired: Vec::new(),
            read: Vec::new(),
            limit: 0,
            deflate: None,
            head: Vec::new(),
            failed: false,
            start: Vec::new(),
            own: None,
            earlier: None,
        }
    }

    /// Frames begin.
    pub(super) fn open(&mut self, deflate: Option<Deflate>, limits: &Limits) {
        self.limit = limits.findings;
        self.deflate = deflate;
        self.examiner = Some(Box::new(Examiner::new(self.from, deflate, limits.kept_inflated, limits.inflated)));
    }

    /// The rule that raw bytes of the user's break, where they stand between two frames of this side's.
    pub(super) fn broken(&self, raw: &[u8]) -> Option<FindingKind> {
        self.examiner.as_ref().and_then(|_| own::broken(self.from, self.deflates(), raw))
    }

    /// Whether messages may be compressed.
    pub(super) const fn deflates(&self) -> bool {
        self.deflate.is_some()
    }

    /// What was agreed of compression.
    pub(super) const fn deflate(&self) -> Option<Deflate> {
        self.deflate
    }

    /// So many bytes are kept of what a frame inflates to.
    pub(super) fn keep_inflated(&mut self, bytes: usize) {
        if let Some(examiner) = &mut self.examiner {
            examiner.keep_inflated(bytes);
        }
    }

    /// What the frame that ended last added to its message, and whether that is all of it; `None` where it can't be read.
    pub(super) fn unpacked(&self) -> Option<(Vec<u8>, bool)> {
        let examiner = self.examiner.as_ref().filter(|examiner| examiner.inflates())?;
        Some((examiner.inflated.clone(), examiner.inflated.len() as u64 == examiner.inflated_length))
    }

    /// The head that the frames follow; `failed` where a browser does not take it.
    pub(super) fn follows(&mut self, head: Vec<u8>, failed: bool) {
        (self.head, self.failed) = (head, failed);
    }

    /// How many findings of a kind are told, where others than the examiner find them.
    pub(super) const fn tell(&mut self, limits: &Limits) {
        self.limit = limits.findings;
    }

    /// Whether there is nothing to be said of that whole frame.
    #[inline]
    pub(super) fn is_usual(&mut self, header: &FrameHeader, payload: &[u8]) -> bool {
        self.examiner.as_mut().is_none_or(|examiner| examiner.is_usual(header, payload))
    }

    /// The usual frames that `input` begins with, of which there is nothing to be said.
    #[inline]
    pub(super) fn usual(&mut self, input: &[u8], kept: usize, keys: &mut Keys) -> Option<Usual> {
        let examiner = self.examiner.as_mut()?;
        let notes_keys = self.from == Side::Client;
        let usual = examiner.usual(input, RunRecord::MOST, kept, |key| {
            if notes_keys {
                keys.add(key);
            }
        });
        (usual.count > 0).then_some(usual)
    }

    pub(super) fn begin_read(&mut self) {
        self.read.clear();
        self.repaired.clear();
    }

    pub(super) fn header(&mut self, bytes: Bytes<'_>) {
        let Some(examiner) = &mut self.examiner else { return };
        examiner.header(bytes.header);
        self.take(bytes);
    }

    /// The next payload bytes, which `bytes.following` begins with.
    pub(super) fn payload(&mut self, bytes: Bytes<'_>, length: usize, last: bool) -> Content {
        let Some(examiner) = &mut self.examiner else { return Content::default() };
        let piece = bytes.following.get(..length).unwrap_or(bytes.following);
        let content = examiner.payload(bytes.header, bytes.offset, piece, last);
        self.take(bytes);
        self.keep_start(bytes.offset, piece, last);
        content
    }

    /// Whether what is read as the frame under way is most likely none.
    pub(super) fn is_noise(&self) -> bool {
        self.examiner.as_ref().is_some_and(|examiner| examiner.is_noise())
    }

    /// A close frame ends here; `is_reply` where it is a reply to the other side's.
    pub(super) fn closes(&mut self, is_reply: bool) {
        if let Some(examiner) = &mut self.examiner {
            examiner.is_reply = is_reply;
        }
    }

    /// A control frame's payload, unmasked, when it is whole.
    pub(super) fn body(&self) -> &[u8] {
        self.examiner.as_ref().map_or(&[], |examiner| examiner.body())
    }

    /// What the frame inflated to, as far as it is kept, and how many bytes that was; `None` where there are none.
    pub(super) fn inflated(&mut self) -> Option<(Vec<u8>, u64)> {
        let examiner = self.examiner.as_mut()?;
        let length = examiner.inflated_length;
        (!examiner.inflated.is_empty()).then(|| (std::mem::take(&mut examiner.inflated), length))
    }

    /// The lane's bytes have ended.
    pub(super) fn end(&mut self, unfinished: Option<Bytes<'_>>, carried: &[u8], next: FrameNumber) {
        let Some(examiner) = &mut self.examiner else { return };
        examiner.end(unfinished.map(|bytes| (bytes.header, bytes.offset)), carried.len());
        let found = std::mem::take(&mut examiner.found);
        for found in found {
            let (place, window) = match (found.kind, unfinished) {
                (_, Some(bytes)) => (Place::Frame(bytes.number), window(bytes, found.at, found.length)),
                (FindingKind::FrameTruncated, None) => (Place::Frame(next), (0, carried.to_vec())),
                _ => (Place::Connection, (0, Vec::new())),
            };
            self.add(finding(found, place, window));
        }
    }

    /// The side's bytes have ended without a close frame, after `silence`. Where they ended inside of a frame or message,
    /// that is said instead.
    /// `cause` is what the application says of it.
    pub(super) fn sudden_end(
        &mut self,
        how: Ending,
        was_asked: bool,
        silence: Option<Duration>,
        cause: Option<Finding>,
    ) {
        let is_told = silence.is_some_and(|silence| self.from == Side::Server || (!was_asked && silence >= NO_PAGE));
        if self.ready.is_empty() && is_told {
            let ended = || end::without_close(self.from, how, was_asked, silence.unwrap_or_default(), &self.head);
            self.add(cause.unwrap_or_else(ended));
        }
    }

    /// The newest finding that is not written down yet.
    pub(super) fn newest(&self) -> Option<FindingKind> {
        self.ready.last().map(|finding| finding.kind)
    }

    /// Whether a finding of the kind was told of.
    pub(super) fn has_told(&self, kind: FindingKind) -> bool {
        self.told.iter().any(|(told, _)| *told == kind)
    }

    /// What was seen in messages before this read.
    pub(super) fn follows_from(&mut self, earlier: Earlier) {
        self.earlier = Some(earlier);
    }

    /// Which raw bytes of the user's broke the stream that this side gets.
    pub(super) const fn hears(&mut self, own: Option<Own>) {
        self.own = own;
    }

    /// Adds a finding of the lane's that the examiner has no part in.
    pub(super) fn add(&mut self, mut finding: Finding) {
        let kind = finding.kind;
        if let Some(own) = self.own.filter(|_| Own::explains(kind)) {
            let (cause, fix) = own.cause();
            finding = finding.cause(cause, fix);
        }
        if let Some((cause, fix)) =
            self.earlier.as_ref().filter(|_| is_end_without_a_word(&finding)).and_then(Earlier::cause)
        {
            finding = finding.cause(cause, fix);
        }
        if let Some(frame) = finding.frame() {
            self.remember(frame, kind);
        }
        let limit = if words(kind).level == Level::Note { 1 } else { self.limit.max(1) };
        let at = self.told.iter().position(|(told, _)| *told == kind);
        let count = match at.and_then(|at| self.told.get_mut(at)) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.told.push((kind, 1));
                1
            }
        };
        if count <= limit {
            self.ready.push(finding);
        }
        if count >= limit
            && matches!(kind, FindingKind::FrameServerMasked | FindingKind::FrameClientUnmasked)
            && let Some(examiner) = &mut self.examiner
        {
            examiner.tolerates_mask = true;
        }
    }

    /// What was found in that frame in this read.
    pub(super) fn found(&self, frame: FrameNumber) -> Option<FindingKind> {
        self.read.iter().find(|(number, _)| *number == frame).map(|(_, kind)| *kind)
    }

    /// That frame was repaired, or does not go out at all.
    pub(super) fn note_repaired(&mut self, number: FrameNumber) {
        self.repaired.push(number);
    }

    /// Writes down what was found.
    pub(super) fn report(&mut self, now: Time, log: &mut Log) {
        for mut finding in self.ready.drain(..) {
            finding.repaired |= finding.frame().is_some_and(|number| self.repaired.contains(&number));
            log.event(now, Event::Finding(self.from, finding));
        }
    }

    /// Says once how many findings were left out.
    pub(super) fn report_rest(&mut self, now: Time, log: &mut Log) {
        let tolerated = self.examiner.as_ref().map_or(0, |examiner| examiner.tolerated);
        for (kind, mut count) in self.told.drain(..) {
            if matches!(kind, FindingKind::FrameServerMasked | FindingKind::FrameClientUnmasked) {
                count += tolerated;
            }
            let level = words(kind).level;
            if level > Level::Note && count > self.limit {
                let (from, more) = (self.from.name(), count - self.limit);
                log.event(now, Event::Note(level, format!("{more} more times from the {from}: {}", kind.id())));
            }
        }
    }

    fn take(&mut self, bytes: Bytes<'_>) {
        let Some(examiner) = &mut self.examiner else { return };
        if examiner.found.is_empty() {
            return;
        }
        for found in std::mem::take(&mut examiner.found) {
            let start = self.frame_start(bytes);
            let scene = self.scene(bytes, found.kind, &start);
            if let Some(told) = forensics::told(&scene, Past { failed: self.failed, erred: self.has_erred() }) {
                self.lose();
                self.remember(bytes.number, told);
            } else if let Some(named) = forensics::name(&scene) {
                self.name(bytes, &start, named);
            } else {
                let window = window(bytes, found.at, found.length);
                let found = self.too_large(found);
                self.add(finding(found, Place::Frame(bytes.number), window));
            }
        }
    }

    /// A close with 1009 says what was too large.
    fn too_large(&self, found: Found) -> Found {
        let code = CloseBody::parse(self.body()).code().filter(|(code, _)| *code == Code::TOO_BIG);
        let largest = self.earlier.as_ref().and_then(|earlier| earlier.largest);
        match (code, largest) {
            (Some((_, reason)), Some((frame, length))) if found.kind == FindingKind::CloseCleanErrorCodes => {
                Found { cause: Some(end::too_large(frame, length, reason)), ..found }
            }
            _ => found,
        }
    }

    /// That header ends the decoding for good: its length's top bit is set.
    pub(super) fn lost(&mut self, bytes: Bytes<'_>) {
        let start = self.frame_start(bytes);
        let named = forensics::name(&self.scene(bytes, FindingKind::FrameLen64Msb, &start));
        let detail = format!("the header promises {} bytes", bytes.header.length);
        let (kind, at, length) = (FindingKind::FrameLen64Msb, 2, 8);
        let finding = match named {
            Some(named) => finding_of(named, Place::Stream, &start),
            None => Finding::new(kind, Place::Stream).bytes(&start, at, length).detail(detail),
        };
        self.remember(bytes.number, finding.kind);
        self.add(finding);
    }

    /// What would be that frame is none.
    pub(super) fn strays(&mut self, number: FrameNumber) {
        self.remember(number, FindingKind::FrameNotAFrame);
    }

    /// Adds the finding of a response in place of that frame.
    pub(super) fn second_response(&mut self, number: FrameNumber, start: &[u8], before: Option<&[u8]>) {
        let Some((header, used)) = FrameHeader::parse(start) else { return };
        let following = start.get(used..).unwrap_or_default();
        let bytes = Bytes { number, header: &header, offset: 0, following, before, keys: Keys::default() };
        let scene = self.scene(bytes, FindingKind::FrameRsv, start);
        if forensics::told(&scene, Past { failed: self.failed, erred: self.has_erred() }).is_some() {
            return;
        }
        let kind = FindingKind::FrameNotAFrame;
        self.add(match forensics::name(&scene) {
            Some(named) => finding_of(named, Place::Stream, start),
            None => Finding::new(kind, Place::Stream).bytes(start, 0, used).detail("no frame begins so"),
        });
    }

    fn scene<'a>(&'a self, bytes: Bytes<'a>, rule: FindingKind, start: &'a [u8]) -> Scene<'a> {
        let before = bytes.before.map_or(Before::Head(&self.head), Before::Frame);
        Scene { from: self.from, rule, bytes: start, before, keys: bytes.keys.ring, deflate: self.deflates() }
    }

    /// Adds a finding that has been given its bug's name.
    fn name(&mut self, bytes: Bytes<'_>, start: &[u8], named: Named) {
        if named.astray {
            self.lose();
        }
        self.remember(bytes.number, named.kind);
        self.add(if named.in_head {
            let all = [self.head.as_slice(), start].concat();
            finding_of(Named { at: self.head.len() + named.at, ..named }, Place::Head, &all)
        } else {
            finding_of(named, Place::Frame(bytes.number), start)
        });
    }

    /// Whether this side's frames were wrong before.
    fn has_erred(&self) -> bool {
        let is_error = |kind: FindingKind| words(kind).level == Level::Error;
        let is_of_frames = |kind: FindingKind| matches!(kind.layer(), Layer::Frame | Layer::Message | Layer::Extension);
        self.told.iter().any(|(kind, _)| is_error(*kind) && is_of_frames(*kind))
    }

    fn lose(&mut self) {
        if let Some(examiner) = &mut self.examiner {
            examiner.lose();
        }
    }

    fn remember(&mut self, frame: FrameNumber, kind: FindingKind) {
        if self.read.len() < REMEMBERED {
            self.read.push((frame, kind));
        }
    }

    fn keep_start(&mut self, offset: u64, piece: &[u8], last: bool) {
        if offset == 0 || last {
            self.start.clear();
        }
        let room = forensics::ENOUGH.saturating_sub(self.start.len());
        if !last {
            self.start.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }

    /// The frame from its first byte on, as far as it is of use to forensics.
    fn frame_start(&self, bytes: Bytes<'_>) -> Vec<u8> {
        let mut start = Vec::new();
        bytes.header.write(&mut start);
        if bytes.offset > 0 {
            start.extend_from_slice(&self.start);
        }
        if bytes.offset == 0 || bytes.offset == self.start.len() as u64 {
            let room = forensics::ENOUGH.saturating_sub(start.len());
            start.extend_from_slice(bytes.following.get(..room).unwrap_or(bytes.following));
        }
        start
    }
}

/// Whether that is an end of which the peer says nothing.
const fn is_end_without_a_word(finding: &Finding) -> bool {
    let is_end = matches!(finding.kind, FindingKind::TcpDropAfterOpen | FindingKind::CloseCleanErrorCodes);
    is_end && finding.cause.is_none()
}

/// A bug that has a name, in `bytes`.
fn finding_of(named: Named, place: Place, bytes: &[u8]) -> Finding {
    let finding = Finding::new(named.kind, place).bytes(bytes, named.at, named.length).detail(named.detail);
    match named.cause {
        Some((cause, fix)) => finding.cause(cause, fix),
        None => finding,
    }
}

fn finding(found: Found, place: Place, (window_at, window): (u64, Vec<u8>)) -> Finding {
    let finding = Finding { at: found.at, length: found.length, window_at, window, ..Finding::new(found.kind, place) };
    let finding = finding.detail(found.detail);
    match found.cause {
        Some((cause, fix)) => finding.cause(cause, fix),
        None => finding,
    }
}

/// The bytes around the guilty ones, as far as they are at hand, and where in the frame they begin.
fn window(bytes: Bytes<'_>, at: u64, length: u64) -> (u64, Vec<u8>) {
    let mut header = Vec::new();
    let base = if bytes.offset == 0 {
        bytes.header.write(&mut header);
        0
    } else {
        bytes.header.wire_length() as u64 + bytes.offset
    };
    let end = at.saturating_add(length.min(SHOWN)).saturating_add(AROUND as u64).saturating_sub(base);
    let start = at.saturating_sub(base).saturating_sub(AROUND as u64);
    let all = header.iter().chain(bytes.following);
    let count = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
    let window = all.skip(usize::try_from(start).unwrap_or(usize::MAX)).take(count).copied().collect();
    (base + start, window)
}
