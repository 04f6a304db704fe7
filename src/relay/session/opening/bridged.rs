//! The handshakes of a bridged session: one of wsproxy's own with each side, in that side's dialect.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::record::finding::Level;
use crate::record::{Event, PerSide, Side, Time};
use crate::relay::bridge::{Bridge, Bridging, Heads};
use crate::relay::edits::Edit;
use crate::relay::response::Progress;
use crate::relay::session::core::Core;
use crate::relay::session::{Act, Output, Phase, draft};
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::Head;

use super::{Early, How, Opening, whole_head};

/// What only a bridged handshake has.
#[derive(Debug)]
pub(super) struct Bridged {
    heads: Heads,
    /// What it is between.
    client: Dialect,
    to: Bridging,
    /// The upstream's bytes that wait for the end of the client's request.
    held: Vec<u8>,
}

impl Bridged {
    /// Gives the request for the upstream, without the bytes behind it.
    pub(super) fn begin(to: Bridging, raw: &[u8], translated: &[u8], random: &mut StdRng) -> (Self, Vec<u8>) {
        let client = Dialect::of_request(Head::new(raw));
        let (heads, request) = Heads::new(raw, translated, to.dialect, &mut || random.random());
        (Self { heads, client, to, held: Vec::new() }, request)
    }

    /// What the client speaks.
    pub(super) const fn client(&self) -> Dialect {
        self.client
    }

    /// The bytes behind the request that the upstream gets.
    pub(super) fn key3(&self) -> &[u8] {
        self.heads.own_key3()
    }

    /// Whether bytes of the response wait for the end of the client's request.
    pub(super) const fn keeps_response(&self) -> bool {
        !self.held.is_empty()
    }

    /// How many of the eight bytes behind the client's request came, where they are awaited.
    pub(super) fn missing_key3(&self) -> Option<usize> {
        let missing = self.heads.missing_key3();
        (missing > 0).then_some(draft::KEY3.saturating_sub(missing))
    }
}

impl Opening {
    /// What the client sends before it has a response: the end of its request, then what has to wait.
    pub(super) fn bridged_early(
        &mut self,
        core: &mut Core,
        now: Time,
        input: &[u8],
        out: &mut Output,
    ) -> Option<Phase> {
        out.to.server.withhold();
        let How::Bridged(bridged) = &mut self.how else { return None };
        let (was, taken) = (bridged.heads.missing_key3(), bridged.heads.take_key3(input));
        let is_whole = was > 0 && was == taken;
        let held = if is_whole { std::mem::take(&mut bridged.held) } else { Vec::new() };
        if let Early::Kept(early) = &mut self.early {
            let room = core.config.limits.early.saturating_sub(early.len());
            let rest = input.get(taken..).unwrap_or_default();
            early.extend_from_slice(rest.get(..room).unwrap_or(rest));
            if rest.len() > room {
                let words = "more came before the upstream's response than can be kept: the rest was left out";
                out.log.event(now, Event::Note(Level::Error, words.into()));
            }
        }
        if held.is_empty() {
            return None;
        }
        let next = self.bridged_response(core, now, &held, out);
        out.to.client.settle(&held);
        next
    }

    /// Nothing of a response goes out before it is whole, and nothing ever of one that is not the last.
    pub(super) fn bridged_response(
        &mut self,
        core: &mut Core,
        now: Time,
        input: &[u8],
        out: &mut Output,
    ) -> Option<Phase> {
        let limit = core.config.limits.head;
        let How::Bridged(bridged) = &mut self.how else { return None };
        if bridged.heads.missing_key3() > 0 && bridged.held.len() < limit {
            bridged.held.extend_from_slice(input);
            out.to.client.withhold();
            return None;
        }
        let (mut at, mut next) = (0, None);
        while next.is_none() {
            let rest = input.get(at..).unwrap_or_default();
            let progress = self.response.feed(rest, &self.translator, limit);
            let taken = progress.taken(rest.len());
            let mut edit = Edit { at, remove: taken, insert: Vec::new() };
            at += taken;
            if progress == Progress::More {
                out.to.client.edit(edit);
                return None;
            }
            let behind = rest.get(taken..).unwrap_or_default();
            let (response, made_up) = self.response_for_client(&progress);
            edit.insert = response;
            out.to.client.edit(edit);
            next = match made_up {
                Answered::Opens(note) => Some(self.open_bridge(core, now, note, out)),
                Answered::Interim => self.conclude(core, now, true, behind, out),
                Answered::Refuses => {
                    // A refusal is the upstream's own, and no frames follow.
                    self.how = How::Faithful;
                    self.conclude(core, now, false, behind, out)
                }
            };
        }
        core.pass(now, Side::Server, input.get(at..).unwrap_or_default(), at, out);
        next
    }

    /// What the client gets for the head that has come, and what that makes of the handshake.
    fn response_for_client(&mut self, progress: &Progress) -> (Vec<u8>, Answered) {
        let raw = &self.response.raw;
        let status = Head::of_response(raw).status();
        let is_whole = matches!(progress, Progress::Complete(_));
        if is_whole && matches!(status, Some(100 | 102..=199)) {
            return (Vec::new(), Answered::Interim);
        }
        let response = match &self.how {
            How::Bridged(bridged) => bridged.heads.answer(Head::of_response(&self.response.forwarded)),
            How::Faithful | How::Completed(_) => None,
        };
        match response.filter(|_| is_whole && status == Some(101)) {
            Some((response, note)) => {
                self.response.changes = whole_head(raw, &response);
                self.response.forwarded.clone_from(&response);
                (response, Answered::Opens(note))
            }
            None => (self.response.forwarded.clone(), Answered::Refuses),
        }
    }

    fn open_bridge(&mut self, core: &mut Core, now: Time, note: Option<&'static str>, out: &mut Output) -> Phase {
        let head = std::mem::take(&mut self.response);
        self.log_response(now, &head, Some(101), true, &mut out.log);
        self.log_open(now, &head.raw, &mut out.log);
        if let Some(words) = note {
            out.log.event(now, Event::Note(Level::Note, words.into()));
        }
        core.clock.check_anew();
        if self.dialect.facts().framing == Framing::Hixie {
            out.acts.push(Act::Pace(Side::Server));
            self.judge_draft(now, &head.raw, &head.raw, &mut out.log);
        } else {
            self.judge_head(core, now, head.raw, &[], &mut out.log);
        }
        if core.judgement.is_awaited() {
            core.judgement.open(now, false, &mut out.log);
        }
        let mut own_key3 = None;
        if let How::Bridged(bridged) = &self.how {
            own_key3 = Some(bridged.key3().to_vec());
            let (client, to) = (bridged.client, bridged.to);
            let dialects = PerSide::new(client, to.dialect);
            // What the client's head ends with was taken with it.
            let proofs = PerSide { client: 0, ..draft::proofs(to.dialect) };
            core.open_lanes(dialects, proofs, None);
            for side in [Side::Client, Side::Server] {
                let bridge = Bridge::new(side, client, to, &core.config.limits);
                core.lanes[side].passage.add(Box::new(bridge));
            }
        }
        self.read_bridged_early(core, now, out);
        Phase::Open(self.become_open(own_key3))
    }

    /// What the client said early goes out now, whatever else the call brought for the server.
    fn read_bridged_early(&mut self, core: &mut Core, now: Time, out: &mut Output) {
        let Early::Kept(early) = std::mem::replace(&mut self.early, Early::Read) else { return };
        let before = std::mem::take(&mut out.to.server);
        core.pass(now, Side::Client, &early, 0, out);
        core.note_close_frame(Side::Client);
        let mut said = Vec::new();
        std::mem::replace(&mut out.to.server, before).take(&early, &mut said);
        out.to.server.append(&said);
    }
}

/// What the upstream's head makes of the handshake.
enum Answered {
    /// Both sides are open, with what had to be made up.
    Opens(Option<&'static str>),
    /// Another head follows.
    Interim,
    Refuses,
}
