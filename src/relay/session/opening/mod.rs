//! The handshake: the client's request has gone to the upstream, whose response is awaited or under way.

mod bridged;
mod gate;
mod held;
pub(super) mod judge;

use rand::RngExt as _;

use crate::diagnose::{NoResponse, handshake};
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Change, Ending, Event, HeadEvent, Log, OpenEvent, PerSide, Policy, Side, Time};
use crate::relay::bridge::Bridging;
use crate::relay::edits::Edit;
use crate::relay::hold;
use crate::relay::judgement::Judgement;
use crate::relay::repair;
use crate::relay::response::{Progress, ResponseHead};
use crate::relay::translate::Translator;
use crate::wire::accept::AcceptCheck;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::{self, Head};

use super::core::Core;
use super::draft::{self, KEY3, Proof};
use super::open::Open;
use super::pipe::{Pipe, Refusal};
use super::{Act, Output, Phase, Sent, agreed, joined};
use bridged::Bridged;
use gate::Gate;
use held::Completed;

/// How the response is dealt with; fixed from the start, for a half of it may have passed.
#[derive(Debug)]
enum How {
    /// It passes as it comes, but for the upstream's addresses.
    Faithful,
    /// It is held until it is whole, and then repaired or refused.
    Completed(Completed),
    /// wsproxy has a handshake of its own with each side.
    Bridged(Bridged),
}

/// What the client sends before there is a response.
#[derive(Debug)]
enum Early {
    /// Passed on as it came, and kept until it is known how to read it.
    Kept(Vec<u8>),
    /// There was too much to keep: it is read as if the response were 101.
    Read,
}

/// The first phase.
#[derive(Debug)]
pub(super) struct Opening {
    how: How,
    /// What the upstream speaks.
    dialect: Dialect,
    translator: Translator,
    /// The request, which the response is held against.
    request: Vec<u8>,
    response: ResponseHead,
    /// What is in front of the response.
    gate: Gate,
    /// The head that came, where the user edited the one that is read, until that is told.
    came: Option<Vec<u8>>,
    early: Early,
    /// What was told of a response that has not ended.
    told: Option<FindingKind>,
    /// Whether the upstream is asked why it says nothing.
    inquires: bool,
    /// The last finding in the response's head.
    blamed: Option<Finding>,
    /// Whether it was told that a client of hixie-76 withholds its eight bytes.
    pub(super) key3_is_withheld: bool,
}

impl Opening {
    /// Begins with the client's whole head; `came` is what came where the user edited it. What goes to the server is the
    /// head for the upstream.
    pub(super) fn begin(
        core: &mut Core,
        to: Option<Bridging>,
        now: Time,
        raw: &[u8],
        came: Option<&[u8]>,
        out: &mut Output,
    ) -> Self {
        let head = Head::new(raw);
        let client = Dialect::of_request(head);
        let translator = core.config.rules.for_request(head);
        let (mut forwarded, mut changes) = translator.request(raw);
        let (mut request, mut how) = (raw.to_vec(), How::Faithful);
        match (to, core.config.policy.get()) {
            (Some(to), _) => {
                let (bridged, own) = Bridged::begin(to, raw, &forwarded, &mut core.random);
                request.clone_from(&own);
                forwarded = [&own, bridged.key3()].concat();
                changes = whole_head(raw, &own);
                how = How::Bridged(bridged);
            }
            (None, Policy::Faithful) => {}
            (None, policy) if client.facts().framing == Framing::Rfc => {
                let mut key = None;
                if policy == Policy::Repair && client == Dialect::Rfc6455 {
                    let nonce = core.random.random();
                    if let Some(repaired) = repair::head::request(&forwarded, nonce, &mut changes) {
                        let (own, came) =
                            (Head::new(&repaired).value("sec-websocket-key"), head.value("sec-websocket-key"));
                        key = came.filter(|key| own != Some(*key)).map(<[u8]>::to_vec);
                        request.clone_from(&repaired);
                        forwarded = repaired;
                    }
                }
                how = How::Completed(Completed::new(policy, key));
            }
            // A draft of 2010 has an opening of its own.
            (None, _) => {}
        }
        let event = HeadEvent {
            from: Side::Client,
            bytes: came.unwrap_or(raw).to_vec(),
            forwarded: forwarded.clone(),
            changes: came.map_or_else(Vec::new, |came| hold::changes(came, raw)).into_iter().chain(changes).collect(),
            is_edited: came.is_some(),
            dialect: client,
            status: None,
            complete: true,
        };
        out.log.event(now, Event::Head(event));
        let foreign = translator.foreign().is_some().then(|| handshake::foreign_host(raw)).flatten();
        let keys = client.facts().has_keys.then(|| handshake::keys(raw)).flatten();
        let mut found: Vec<_> = handshake::request(raw).into_iter().chain(foreign).chain(keys).collect();
        if let Some(came) = came {
            found = judge::edited(found, handshake::request(came)).0;
        }
        for finding in found {
            out.log.event(now, Event::Finding(Side::Client, finding));
        }
        // Today's browsers speak nothing else, so there is nothing to say of drafts.
        if client == Dialect::Rfc6455 {
            core.judgement = Judgement::awaits_answer(now, &mut out.log);
        }
        core.lanes.client.bytes = raw.len() as u64;
        out.to.server = Sent::Instead(forwarded);
        Self {
            how,
            dialect: to.map_or(client, |to| to.dialect),
            translator,
            request,
            response: ResponseHead::default(),
            gate: Gate::default(),
            came: None,
            early: Early::Kept(Vec::new()),
            told: None,
            inquires: false,
            blamed: None,
            key3_is_withheld: false,
        }
    }

    /// Takes bytes of a side, and gives the phase that they lead to.
    pub(super) fn receive(
        &mut self,
        core: &mut Core,
        now: Time,
        from: Side,
        input: &[u8],
        out: &mut Output,
    ) -> Option<Phase> {
        match (&self.how, from) {
            (_, Side::Server) => {
                core.clock.last_response = now;
                self.receive_response(core, now, input, out)
            }
            (How::Bridged(_), Side::Client) => self.bridged_early(core, now, input, out),
            (How::Completed(_) | How::Faithful, Side::Client) => {
                self.read_or_keep_early(core, now, input, out);
                None
            }
        }
    }

    /// Takes bytes of the response that nothing holds.
    fn read_response(&mut self, core: &mut Core, now: Time, input: &[u8], out: &mut Output) -> Option<Phase> {
        match &self.how {
            How::Bridged(_) => self.bridged_response(core, now, input, out),
            How::Completed(_) => self.hold_response(core, now, input, out),
            How::Faithful => self.pass_response(core, now, input, out),
        }
    }

    fn read_or_keep_early(&mut self, core: &mut Core, now: Time, input: &[u8], out: &mut Output) {
        let Early::Kept(early) = &mut self.early else {
            return core.pass(now, Side::Client, input, 0, out);
        };
        if let (true, Some(finding)) = (early.is_empty(), handshake::early_data(&self.request, input)) {
            out.log.event(now, Event::Finding(Side::Client, finding));
        }
        early.extend_from_slice(input);
        if early.len() > core.config.limits.early {
            let proof = draft::proofs(self.dialect).client;
            core.lanes.client.open(self.dialect, self.dialect, proof, &core.config.limits);
            self.read_early(core, now, out);
        }
    }

    fn pass_response(&mut self, core: &mut Core, now: Time, input: &[u8], out: &mut Output) -> Option<Phase> {
        // The analysis must not end before a browser does.
        let limit = core.config.limits.head.max(handshake::CHROME_HEAD);
        let (mut at, mut next) = (0, None);
        while next.is_none() {
            let (passed, scanned) = (self.response.forwarded.len(), self.response.raw.len());
            let progress = self.response.feed(input.get(at..).unwrap_or_default(), &self.translator, limit);
            let taken = progress.taken(input.len() - at);
            let replacement = self.response.forwarded.get(passed..).unwrap_or_default();
            if Some(replacement) != input.get(at..at + taken) {
                out.to.client.edit(Edit { at, remove: taken, insert: replacement.to_vec() });
            }
            at += taken;
            next = match progress {
                Progress::More => {
                    self.judge_unfinished(core, now, scanned, &mut out.log);
                    return None;
                }
                Progress::Complete(_) => self.conclude(core, now, true, input.get(at..).unwrap_or_default(), out),
                Progress::TooLong => {
                    self.judge_unfinished(core, now, scanned, &mut out.log);
                    self.conclude(core, now, false, &[], out)
                }
            };
        }
        core.pass(now, Side::Server, input.get(at..).unwrap_or_default(), at, out);
        next
    }

    /// A head is whole (or as whole as it will be): says what it is, and gives the phase that follows. `rest` is what came
    /// behind it. After an interim response another head follows (RFC 9110 15.2).
    fn conclude(&mut self, core: &mut Core, now: Time, complete: bool, rest: &[u8], out: &mut Output) -> Option<Phase> {
        let head = std::mem::take(&mut self.response);
        let status = Head::of_response(&head.raw).status();
        let opens = complete && status == Some(101);
        self.log_response(now, &head, status, complete, &mut out.log);
        if opens {
            self.log_open(now, &head.raw, &mut out.log);
            if self.dialect.facts().framing == Framing::Hixie {
                self.judge_draft(now, &head.raw, &head.forwarded, &mut out.log);
            }
        }
        let agreement = match &self.how {
            How::Completed(Completed { repaired: Some(repaired), .. }) => repaired,
            _ => &head.raw,
        };
        let deflate = agreed(Head::of_response(agreement));
        core.subprotocol = Head::of_response(agreement).value("sec-websocket-protocol").map(Into::into);
        let response = if opens { head.raw.clone() } else { Vec::new() };
        let refusal = if complete { self.judge_head(core, now, head.raw, rest, &mut out.log) } else { None };
        out.acts.extend(status.filter(|status| *status == 101 || *status >= 200).map(Act::Answered));
        match status {
            Some(100 | 102..=199) if complete => None,
            _ if opens => {
                core.open_lanes(self.both(), draft::proofs(self.dialect), deflate);
                let failed = !core.judgement.is_live();
                if self.dialect.facts().framing == Framing::Rfc {
                    core.watch_application(now, &self.request, &response);
                }
                core.lanes.server.follows(response, failed);
                self.read_early(core, now, out);
                core.clock.check_anew();
                Some(Phase::Open(self.become_open(None)))
            }
            _ => Some(self.become_pipe(core, now, refusal, out)),
        }
    }

    fn become_open(&mut self, own_key3: Option<Vec<u8>>) -> Open {
        let request = std::mem::take(&mut self.request);
        Open::new(self.dialect).with_proof(Proof::new(self.dialect, request, own_key3, self.key3_is_withheld))
    }

    fn become_pipe(&mut self, core: &mut Core, now: Time, refusal: Option<Refusal>, out: &mut Output) -> Phase {
        core.lanes.client.be_raw();
        self.read_early(core, now, out);
        core.clock.check_anew();
        core.lanes.server.be_raw();
        Phase::Pipe(Pipe::new(refusal))
    }

    /// A server of a draft of 2010 opens as that draft says.
    fn judge_draft(&self, now: Time, raw: &[u8], forwarded: &[u8], log: &mut Log) {
        for finding in handshake::hixie_response(self.dialect, &self.request, raw, forwarded) {
            log.event(now, Event::Finding(Side::Server, finding));
        }
    }

    fn log_response(&self, now: Time, head: &ResponseHead, status: Option<u16>, complete: bool, log: &mut Log) {
        let came = self.came.as_deref();
        let edits = came.map_or_else(Vec::new, |came| hold::changes(came, &head.raw));
        let event = HeadEvent {
            from: Side::Server,
            bytes: came.unwrap_or(&head.raw).to_vec(),
            forwarded: head.forwarded.clone(),
            changes: edits.into_iter().chain(head.changes.iter().cloned()).collect(),
            is_edited: came.is_some(),
            dialect: self.dialect,
            status,
            complete,
        };
        log.event(now, Event::Head(event));
    }

    fn log_open(&self, now: Time, raw: &[u8], log: &mut Log) {
        let head = Head::of_response(raw);
        let accept = if self.dialect.facts().has_accept {
            let key = Head::new(&self.request).value("sec-websocket-key");
            AcceptCheck::of(key, head.value("sec-websocket-accept"))
        } else {
            AcceptCheck::NoKey
        };
        let open = OpenEvent {
            dialect_client: match &self.how {
                How::Bridged(bridged) => bridged.client(),
                How::Faithful | How::Completed(_) => self.dialect,
            },
            dialect_server: self.dialect,
            subprotocol: head.value("sec-websocket-protocol").map(<[u8]>::to_vec),
            extensions: joined(head, "sec-websocket-extensions"),
            accept,
        };
        log.event(now, Event::Open(open));
    }

    /// What the client sent early was passed on as it came; now it is known how to read it.
    fn read_early(&mut self, core: &mut Core, now: Time, out: &mut Output) {
        if let Early::Kept(early) = std::mem::replace(&mut self.early, Early::Read) {
            core.pass_late(now, Side::Client, &early, out);
            core.note_close_frame(Side::Client);
        }
    }

    /// Both sides speak the upstream's dialect.
    const fn both(&self) -> PerSide<Dialect> {
        PerSide::new(self.dialect, self.dialect)
    }

    /// A side's bytes have ended. Gives the phase that follows.
    pub(super) fn end(
        &mut self,
        core: &mut Core,
        now: Time,
        from: Side,
        how: Ending,
        out: &mut Output,
    ) -> Option<Phase> {
        match from {
            Side::Server => Some(self.end_of_response(core, now, how, out)),
            Side::Client => {
                // A page never ends its half alone; one that has waited for a while has given up, whatever the server does.
                let has_given_up = core.is_page && handshake::has_waited(core.clock.waited(now));
                if how == Ending::Reset || has_given_up {
                    self.page_left(core, now, &mut out.log);
                }
                None
            }
        }
    }

    fn end_of_response(&mut self, core: &mut Core, now: Time, how: Ending, out: &mut Output) -> Phase {
        let passed = self.response.forwarded.len();
        self.response.flush();
        let (raw, forwarded) = (self.response.raw.clone(), &self.response.forwarded);
        match &self.how {
            How::Faithful => out.to.client.append(forwarded.get(passed..).unwrap_or_default()),
            // Nothing of it has gone out before, and of what is refused nothing does.
            How::Bridged(_) => out.to.client.append(forwarded),
            How::Completed(_) if self.is_strict() => {}
            How::Completed(_) => out.to.client.append(forwarded),
        }
        let next = match raw.is_empty() {
            true => None,
            false => self.conclude(core, now, false, &[], out),
        };
        let next = next.unwrap_or_else(|| self.become_pipe(core, now, None, out));
        // A client that has gone before saw nothing of this.
        if core.lanes.client.ended.is_some() {
            self.page_left(core, now, &mut out.log);
            return next;
        }
        let end = match how {
            Ending::Reset => NoResponse::Reset,
            Ending::Fin if raw.is_empty() => NoResponse::Nothing,
            Ending::Fin if head::response_start(&raw).is_none() => NoResponse::NotHttp,
            Ending::Fin => NoResponse::CutShort,
        };
        self.judge_silence(core, now, end, &raw, out);
        self.refuse_if_failed(core, now, out).unwrap_or(next)
    }

    /// How many of the eight bytes behind the request came, where they are awaited.
    pub(super) fn missing_key3(&self) -> Option<usize> {
        if self.key3_is_withheld {
            return None;
        }
        match (&self.how, &self.early) {
            (How::Bridged(bridged), _) => bridged.missing_key3(),
            (_, Early::Kept(early)) if self.dialect.facts().has_keys => {
                let is_hixie = self.dialect.facts().framing == Framing::Hixie;
                (is_hixie && early.len() < KEY3).then_some(early.len())
            }
            _ => None,
        }
    }
}

/// The start line of a head of wsproxy's own, as a change of the one that came.
fn whole_head(from: &[u8], to: &[u8]) -> Vec<Change> {
    let line = |head: &[u8]| head.split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec();
    vec![Change { field: "the whole head".into(), from: line(from), to: line(to) }]
}
