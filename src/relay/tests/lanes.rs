//! Two lanes without a session, for what goes through stages.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::record::{Ending, FrameNumber, PerSide, Policy, Side, Time};
use crate::relay::hold::HoldCell;
use crate::relay::judgement::Judgement;
use crate::relay::lane::{Context, Lane};
use crate::relay::limits::Limits;
use crate::relay::passage::Stage;
use crate::relay::rules::RuleCell;
use crate::relay::session::Output;
use crate::relay::watch::Keys;
use crate::wire::dialect::Dialect;
use crate::wire::units::Unit;

/// Both lanes, and all that was seen.
pub(in crate::relay) struct Lanes {
    pub lanes: PerSide<Lane>,
    pub out: Output,
    pub limits: Limits,
    pub hold: HoldCell,
    told: PerSide<bool>,
    next: FrameNumber,
    now: Time,
}

/// What comes of what a side says.
#[derive(Debug, Default, PartialEq)]
pub(in crate::relay) struct Heard {
    pub forward: Vec<u8>,
    pub back: Vec<Unit>,
    pub ends: bool,
}

impl Lanes {
    /// Open, each side with its dialect and the stages for what it sends.
    pub(in crate::relay) fn new(
        dialects: PerSide<Dialect>,
        limits: Limits,
        stages: impl Fn(Side, &Limits) -> Vec<Box<dyn Stage>>,
    ) -> Self {
        let lanes = PerSide::from_fn(|side: Side| {
            let mut lane = Lane::new(side);
            lane.open(dialects[side], dialects[side.other()], 0, &limits);
            lane.examine(None, &limits);
            stages(side, &limits).into_iter().for_each(|stage| lane.passage.add(stage));
            lane
        });
        Self {
            lanes,
            out: Output::default(),
            limits,
            hold: HoldCell::default(),
            told: PerSide::default(),
            next: FrameNumber::FIRST,
            now: Time(1),
        }
    }

    fn call(&mut self, from: Side, input: &[u8], act: impl FnOnce(&mut Lane, &mut Context<'_>, &mut Output)) -> Heard {
        let mut context = Context {
            now: self.now,
            policy: Policy::Faithful,
            next: &mut self.next,
            random: &mut StdRng::from_seed([7; 32]),
            limits: &self.limits,
            judgement: &mut Judgement::none(),
            pings: &mut PerSide::default(),
            keys: &mut Keys::default(),
            told: &mut self.told,
            application: &mut None,
            own: &mut PerSide::default(),
            hold: &self.hold,
            rules: &RuleCell::default(),
            began: Time(0),
            path: &std::sync::Arc::from(*b"/chat"),
            subprotocol: &None,
        };
        let lane = &mut self.lanes[from];
        act(lane, &mut context, &mut self.out);
        let mut heard = Heard::default();
        self.out.to[from.other()].take(input, &mut heard.forward);
        if let Some(chain) = lane.passage.chain() {
            heard.back.append(&mut chain.outlet.back);
            heard.ends = chain.outlet.ends;
        }
        heard
    }

    /// Bytes of a side, so many at a time.
    pub(in crate::relay) fn say(&mut self, from: Side, bytes: &[u8], chunk: usize) -> Heard {
        let mut all = Heard::default();
        for piece in bytes.chunks(chunk) {
            let heard = self.call(from, piece, |lane, context, out| lane.receive(context, piece, 0, out));
            all.forward.extend(heard.forward);
            all.back.extend(heard.back);
            all.ends |= heard.ends;
        }
        all
    }

    /// A side ends.
    pub(in crate::relay) fn end(&mut self, from: Side) -> Heard {
        self.call(from, b"", |lane, context, out| lane.end(context, Ending::Fin, None, out))
    }

    /// So much later.
    pub(in crate::relay) fn tick(&mut self, from: Side, now: Time) -> Heard {
        self.now = now;
        self.call(from, b"", |lane, context, out| lane.tick(context, out))
    }
}
