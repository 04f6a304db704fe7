//! Chrome's verdict on a session: predicted as soon as the bytes decide it, and observed where the browser says so.

use crate::diagnose::chrome::{self, Content, Frames};
use crate::diagnose::own::Own;
use crate::record::finding::FindingKind;
use crate::record::{Basis, Ending, Event, FrameNumber, Log, Outcome, PerSide, Side, Time, Verdict};
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;

/// How far the verdict has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no whole answer yet.
    AwaitsResponse,
    /// Chrome opened the socket; frames may still fail it.
    Opened,
    /// The page has failed or closed, or there is no browser that speaks the dialect.
    Final,
}

/// What is known of it.
#[derive(Debug)]
pub(super) struct Judgement {
    phase: Phase,
    frames: Frames,
    predicted: Option<Verdict>,
    /// The server's last frame.
    last: Option<FrameNumber>,
    observed: bool,
    /// Which sides have sent a close frame.
    closed: PerSide<bool>,
}

impl Judgement {
    /// For a request whose answer is awaited.
    pub(super) fn awaits_answer(now: Time, log: &mut Log) -> Self {
        log.event(now, Event::Verdict(Verdict::awaits()));
        Self { phase: Phase::AwaitsResponse, ..Self::none() }
    }

    /// For a session that no browser of today would have.
    pub(super) const fn none() -> Self {
        Self {
            phase: Phase::Final,
            frames: Frames::new(false),
            predicted: None,
            last: None,
            observed: false,
            closed: PerSide::new(false, false),
        }
    }

    /// Chrome's words, where the page is predicted to fail.
    pub(super) fn failure(&self) -> Option<&str> {
        let failed = self.predicted.as_ref().filter(|verdict| verdict.outcome == Outcome::Fails)?;
        Some(failed.error_text.as_deref().unwrap_or_default())
    }

    /// Whether the answer may still decide it.
    pub(super) fn is_awaited(&self) -> bool {
        self.phase == Phase::AwaitsResponse
    }

    /// What Chrome fails for first is what the page gets; nothing later changes it.
    pub(super) fn fail(&mut self, now: Time, verdict: Verdict, log: &mut Log) {
        if self.phase != Phase::Final {
            self.phase = Phase::Final;
            self.predicted = Some(verdict.clone());
            log.event(now, Event::Verdict(verdict));
        }
    }

    /// Chrome takes the answer.
    pub(super) fn open(&mut self, now: Time, deflate: bool, log: &mut Log) {
        self.phase = Phase::Opened;
        self.frames = Frames::new(deflate);
        log.event(now, Event::Verdict(Verdict::works()));
    }

    /// Whether a usual frame from that side tells nothing new.
    #[inline]
    pub(super) fn is_quiet(&self, from: Side) -> bool {
        from == Side::Client || self.phase != Phase::Opened || self.frames.is_quiet()
    }

    /// Something was read from the server. `next` is the number of the next frame to begin.
    pub(super) fn begin_read(&mut self, next: FrameNumber, current: Option<FrameNumber>) {
        if self.phase == Phase::Opened {
            self.frames.begin_read(next, current);
        }
    }

    /// All of it was followed. `carried` is the start of an unfinished header; `found` tells what was found in a frame.
    pub(super) fn end_read(
        &mut self,
        now: Time,
        carried: &[u8],
        next: FrameNumber,
        found: impl Fn(FrameNumber) -> Option<FindingKind>,
        log: &mut Log,
    ) {
        if self.phase == Phase::Opened
            && let Some(mut verdict) = self.frames.end_read(carried, next)
        {
            // The finding's name is the better one: it may name the bug behind the broken rule.
            verdict.finding = verdict.frame.and_then(found).or(verdict.finding);
            self.fail(now, verdict, log);
        }
    }

    /// The header of a frame of the server's.
    pub(super) fn header(&mut self, number: FrameNumber, header: &FrameHeader) {
        self.last = Some(number);
        if self.phase == Phase::Opened {
            self.frames.header(number, header);
        }
    }

    /// A piece of a frame of the server's.
    pub(super) fn payload(
        &mut self,
        number: FrameNumber,
        header: &FrameHeader,
        content: Content,
        last: bool,
        body: &[u8],
    ) {
        if self.phase == Phase::Opened {
            self.frames.payload(number, header, content, last, body);
        }
    }

    /// Whether the page has its socket, and nothing has failed it.
    pub(super) fn is_live(&self) -> bool {
        self.phase == Phase::Opened
    }

    /// Whether that side has sent a close frame.
    pub(super) fn has_closed(&self, side: Side) -> bool {
        self.closed[side]
    }

    /// A close frame of that side's passes; gives whether it answers the other's.
    pub(super) fn close_frame(&mut self, from: Side) -> bool {
        self.closed[from] = true;
        self.closed[from.other()]
    }

    /// A close frame of the client's: the page closed the socket, or the browser did and says why. Where `own` bytes of the
    /// user's broke the stream, they decided that, and no frame of the server's.
    pub(super) fn client_closes(&mut self, now: Time, body: &[u8], own: Option<Own>, log: &mut Log) {
        let is_own = self.frames.client_closes();
        let Some((code, reason)) = CloseBody::parse(body).code() else { return };
        if let Some(found) = chrome::reason(code, reason)
            && is_own
            && !self.observed
        {
            self.observed = true;
            let mut verdict = self.observe(reason, found);
            if let Some(own) = own {
                (verdict.frame, verdict.undelivered) = (own.frame, None);
                (verdict.finding, verdict.differs) = (Some(FindingKind::CloseFromBrowser1002), false);
            }
            self.phase = Phase::Final;
            log.event(now, Event::Verdict(verdict));
        }
    }

    fn observe(&self, reason: &[u8], found: chrome::Reason) -> Verdict {
        let predicted = self.predicted.as_ref().filter(|verdict| verdict.outcome == Outcome::Fails);
        let words = predicted.and_then(|verdict| verdict.error_text.as_deref());
        // Other browsers give no reason, so there is nothing to compare but that they failed, too.
        let agrees = words.is_some_and(|words| {
            found.words.is_none() || chrome::reason_for(words).is_some_and(|known| known.as_bytes() == reason)
        });
        match predicted {
            Some(predicted) if agrees => Verdict { basis: Basis::Observed, ..predicted.clone() },
            _ => Verdict {
                outcome: Outcome::Fails,
                error_text: found.words.map(Into::into),
                close_code: Some(Code::ABNORMAL),
                was_clean: Some(false),
                finding: found.finding,
                frame: self.last,
                undelivered: self.last,
                basis: Basis::Observed,
                differs: true,
            },
        }
    }

    /// One side's bytes have ended. `unfinished` is a frame that the server's end in.
    /// `found` was found at that end.
    pub(super) fn end(
        &mut self,
        now: Time,
        (from, how): (Side, Ending),
        unfinished: Option<FrameNumber>,
        found: Option<FindingKind>,
        log: &mut Log,
    ) {
        if self.phase != Phase::Opened {
            return;
        }
        let verdict = match from {
            Side::Client => self.frames.client_ended(),
            Side::Server => self.frames.server_ended(how == Ending::Fin, unfinished),
        };
        match verdict {
            Some(verdict) => self.fail(now, Verdict { finding: verdict.finding.or(found), ..verdict }, log),
            None => self.phase = Phase::Final,
        }
    }

    /// Chrome waits, and says nothing; it may fail later.
    pub(super) fn wait(&self, now: Time, verdict: Verdict, log: &mut Log) {
        if self.is_awaited() {
            log.event(now, Event::Verdict(verdict));
        }
    }
}
