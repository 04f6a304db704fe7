//! What becomes of a message by the rules, on one lane.

use std::sync::Arc;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::query::{Query, Sight};
use crate::record::{FrameNumber, FrameRecord, Origin, PerSide, Relayed, SessionId, Side, Span, Time};
use crate::relay::hold::NOWHERE;
use crate::relay::injection::Injection;
use crate::subject::{Said, Setting};
use crate::wire::close::Code;
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

use super::act::later;
use super::cell::Entry;
use super::draft::Draft;
use super::{Act, Rule, RuleCell};

/// Microseconds that a message waits for the next one, behind which it is to go: a person sees that nothing comes, and the
/// peer does not give up yet.
const REORDER: u64 = 1_000_000;

/// A message, as far as it has come.
pub(in crate::relay) struct Whole<'a> {
    /// What queries are asked of.
    pub said: Said<'a>,
    /// Frames of it.
    pub frames: usize,
    /// Whether that is all of it.
    pub is_whole: bool,
    /// Whether all that it says is there: it is not compressed, or inflated to its end.
    pub is_readable: bool,
    /// Whether compressed messages behind it lean on it.
    pub takes_over: bool,
}

/// What goes out in place of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Made {
    pub injection: Injection,
    /// Whether it is compressed as it came.
    pub is_packed: bool,
}

/// A frame of a rule's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Post {
    pub injection: Injection,
    /// The rule's name.
    pub rule: String,
    /// What it is, in words.
    pub what: String,
}

/// How a rule ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Finish {
    /// With close frames.
    Close(Code),
    /// By the end of the bytes, to both sides.
    Fin,
    /// By a reset, to both sides.
    Reset,
}

/// What follows once a message has left, or was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) struct After {
    /// Behind it.
    pub behind: Vec<Post>,
    /// To its sender.
    pub back: Vec<Post>,
    pub finish: Option<Finish>,
}

/// What the rules make of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) struct Ruling {
    /// It goes on no earlier.
    pub not_before: Option<Time>,
    /// It goes on behind the next one, if one comes until then.
    pub yields_until: Option<Time>,
    pub is_dropped: bool,
    /// The user decides.
    pub is_held: bool,
    pub made: Option<Made>,
    pub after: After,
    /// Which rules did something, and what.
    pub told: Vec<(String, String)>,
}

/// A rule on a lane.
#[derive(Debug)]
struct Live {
    entry: Entry,
    random: StdRng,
    /// Messages that its query fitted.
    matched: u64,
    /// When the link that it plays is free.
    free: Time,
}

/// The rules on a lane.
#[derive(Debug)]
pub(in crate::relay) struct Judge {
    live: Vec<Live>,
    /// When the session began.
    began: Time,
    /// Bytes of a message that may come of a rule.
    limit: usize,
}

impl Judge {
    /// The rules that may act on what a side sends; `None` where none may. Those that were there before go on where they
    /// are.
    pub(in crate::relay) fn of(
        cell: &RuleCell,
        (from, path): (Side, &[u8]),
        (began, limit): (Time, usize),
        before: Option<&mut Self>,
    ) -> Option<Box<Self>> {
        let mut old = before.map_or_else(Vec::new, |before| std::mem::take(&mut before.live));
        let record = FrameRecord {
            time: Time(0),
            number: FrameNumber::FIRST,
            header: FrameHeader::new(Opcode::CONTINUATION, 0, None),
            kept: Span::default(),
            received: 0,
            from,
            origin: Origin::Peer,
            relayed: Relayed::AsIs,
        };
        let setting = Setting { session: Some(cell.session()), path, decoder: None, zone: &NOWHERE, mark: None };
        let lane = Said::passing(setting, &record, 0, &[], None, false);
        let may_act = |rule: &Rule| {
            let fits = rule.query().map_or(Some(true), |query| query.decide_of_lane(&lane));
            fits != Some(false) && !rule.act().is_of_handshake()
        };
        let entries = cell.acting().into_iter().filter(|entry| may_act(&entry.rule));
        let live = entries.map(|entry| {
            let same = old.iter().position(|live| Arc::ptr_eq(&live.entry.rule, &entry.rule));
            same.map(|at| old.swap_remove(at)).unwrap_or_else(|| {
                let random = random(cell.seed(), cell.session(), from, entry.rule.name());
                Live { entry, random, matched: 0, free: Time(0) }
            })
        });
        let live: Vec<_> = live.collect();
        (!live.is_empty()).then(|| Box::new(Self { live, began, limit }))
    }

    /// Whether any rule may act on a message; `None` where that depends on what is not known of it yet.
    pub(in crate::relay) fn asks(&self, said: &Said<'_>, sight: Sight, now: Time) -> Option<bool> {
        let mut asks = Some(false);
        let is_control = said.record.header.opcode().is_control();
        for live in self.live.iter().filter(|live| live.is_awake(self.began, now) && live.is_for(is_control)) {
            match live.entry.rule.query().map_or(Some(true), |query| query.decide(said, sight)) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => asks = None,
            }
        }
        asks
    }

    /// Whether one of them lets the user decide.
    pub(in crate::relay) fn holds(&self) -> bool {
        self.live.iter().any(|live| *live.entry.rule.act() == Act::Hold)
    }

    /// What becomes of a message. To be asked once of each, in their order.
    pub(in crate::relay) fn rule(&mut self, whole: &Whole<'_>, now: Time) -> Ruling {
        let (began, limit) = (self.began, self.limit);
        let mut case = Case { whole, now, limit, draft: None, ruling: Ruling::default() };
        for live in &mut self.live {
            let fits = |rule: &Rule| rule.query().is_none_or(|query| query.matches(&whole.said));
            let is_for = live.is_for(whole.said.record.header.opcode().is_control());
            if !is_for || !live.is_awake(began, now) || !fits(&live.entry.rule) || !live.falls() {
                continue;
            }
            if let Some(words) = case.act(live) {
                live.entry.counts.note_act();
                case.ruling.told.push((live.entry.rule.name().to_owned(), words));
            }
            if case.ruling.is_dropped {
                break;
            }
        }
        case.over()
    }
}

impl Live {
    fn is_awake(&self, began: Time, now: Time) -> bool {
        let options = self.entry.rule.options();
        !options.count.is_over(self.matched) && options.window.has(now.since(began))
    }

    /// Whether it acts on control frames, or is asked of something else: those are held only where the query names them, as
    /// nobody wants a ping to wait for a person.
    fn is_for(&self, is_control: bool) -> bool {
        let rule = &self.entry.rule;
        !is_control || *rule.act() != Act::Hold || rule.query().is_some_and(Query::names_control)
    }

    /// Whether it acts on the message that its query fits.
    fn falls(&mut self) -> bool {
        self.matched += 1;
        self.entry.counts.note_match();
        let options = self.entry.rule.options();
        options.count.takes(self.matched) && options.chance.is_none_or(|chance| chance.falls(&mut self.random))
    }
}

/// A message on which rules act, one after the other.
struct Case<'a> {
    whole: &'a Whole<'a>,
    now: Time,
    limit: usize,
    draft: Option<Draft>,
    ruling: Ruling,
}

impl Case<'_> {
    /// Does what a rule does. Says what that was, if it was anything.
    fn act(&mut self, live: &mut Live) -> Option<String> {
        let Live { entry, random, free, .. } = live;
        let (rule, act) = (&entry.rule, entry.rule.act());
        if act.needs_whole() && !self.whole.is_whole {
            return None;
        }
        let post = |injection: &Injection, what: &str| Post {
            injection: injection.clone(),
            rule: rule.name().to_owned(),
            what: what.to_owned(),
        };
        match act {
            Act::Drop => {
                self.ruling.is_dropped = true;
                Some("dropped".to_owned())
            }
            Act::Delay(jitter) => {
                let by = jitter.draw(random);
                self.delay(later(self.now, by));
                Some(format!("delayed by {}", lasting(by)))
            }
            Act::Throttle(rate) => {
                let takes = self.whole.said.length.saturating_mul(1_000_000) / (*rate).max(1);
                *free = later((*free).max(self.now), takes);
                self.delay(*free);
                Some(format!("slowed down by {}", lasting(free.0.saturating_sub(self.now.0))))
            }
            Act::Duplicate(copies) => {
                let copy = self.draft_or(Draft::as_it_reads)?.injection();
                for _ in 0..*copies {
                    self.ruling
                        .after
                        .behind
                        .push(post(&copy, &format!("a copy of frame {}", self.whole.said.record.number)));
                }
                Some(if *copies == 1 {
                    "sent twice".to_owned()
                } else {
                    format!("sent {} times", u64::from(*copies) + 1)
                })
            }
            Act::Reorder => {
                self.ruling.yields_until = Some(later(self.now, REORDER));
                Some("lets the next one go first".to_owned())
            }
            Act::Truncate(length) => self.edit(|draft| draft.truncate(*length)),
            Act::Flip(bits) => self.edit(|draft| draft.flip(*bits, random)),
            Act::Replace(replacement) => {
                let limit = self.limit;
                self.edit(|draft| draft.replace(replacement, limit))
            }
            Act::Split(frames) => self.cut(*frames),
            Act::Merge => self.cut(1),
            Act::Respond(injection) => {
                let what = format!("the response to frame {}", self.whole.said.record.number);
                self.ruling.after.back.push(post(injection, &what));
                Some("responded to".to_owned())
            }
            Act::Inject(injection) => {
                let what = format!("put in behind frame {}", self.whole.said.record.number);
                self.ruling.after.behind.push(post(injection, &what));
                Some("something put in behind it".to_owned())
            }
            Act::Close(code) => Some(self.finish(Finish::Close(*code), &format!("session closed with {code}"))),
            Act::Fin => Some(self.finish(Finish::Fin, "both connections ended")),
            Act::Reset => Some(self.finish(Finish::Reset, "both connections reset")),
            Act::Hold => {
                self.ruling.is_held = true;
                Some("held".to_owned())
            }
            Act::Refuse(_) | Act::SlowHandshake(_) => None,
        }
    }

    fn delay(&mut self, until: Time) {
        let until = self.ruling.not_before.map_or(until, |other| other.max(until));
        self.ruling.not_before = Some(until);
    }

    fn finish(&mut self, finish: Finish, words: &str) -> String {
        self.ruling.after.finish = Some(finish);
        self.ruling.is_dropped = true;
        format!("dropped, {words}")
    }

    /// What goes out so far, or what the message is in some form.
    fn draft_or(&self, of: fn(&Whole<'_>) -> Option<Draft>) -> Option<Draft> {
        match &self.draft {
            Some(draft) if !draft.is_packed() => Some(draft.clone()),
            _ => of(self.whole),
        }
    }

    /// Changes what the message says.
    fn edit(&mut self, change: impl FnOnce(&mut Draft) -> Option<String>) -> Option<String> {
        let frames = self.draft.as_ref().map(Draft::frames);
        let mut draft = self.draft_or(Draft::as_it_reads)?;
        frames.into_iter().for_each(|frames| draft.set_frames(frames));
        let words = change(&mut draft)?;
        self.draft = Some(draft);
        Some(words)
    }

    /// Changes the frames in which it goes out.
    fn cut(&mut self, frames: usize) -> Option<String> {
        let header = self.whole.said.record.header;
        // A control frame has no fragments (RFC 6455 5.5), and those of the drafts of 2010 have none at all.
        if header.opcode().is_control() || header.is_hixie() {
            return None;
        }
        let mut draft = match &self.draft {
            Some(draft) => draft.clone(),
            None => Draft::to_be_cut(self.whole)?,
        };
        let before = draft.frames();
        if before == frames {
            return None;
        }
        draft.set_frames(frames);
        self.draft = Some(draft);
        Some(match frames {
            1 => format!("{before} fragments merged"),
            _ => format!("split into {frames} fragments"),
        })
    }

    fn over(self) -> Ruling {
        let mut ruling = self.ruling;
        ruling.made = self.draft.map(|draft| Made { injection: draft.injection(), is_packed: draft.is_packed() });
        ruling
    }
}

/// Microseconds for people.
pub(super) fn lasting(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros} µs"),
        1000..10_000_000 => format!("{} ms", micros / 1000),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// What a rule's chances on a lane are drawn from.
pub(super) fn random(seed: u64, session: SessionId, from: Side, name: &str) -> StdRng {
    let lane = PerSide::new(0_u8, 1)[from];
    // FNV-1a: it only has to keep lanes and rules apart, and to be the same in each version.
    let bytes = seed.to_be_bytes().into_iter().chain(session.0.to_be_bytes()).chain([lane]).chain(name.bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    StdRng::seed_from_u64(hash)
}
