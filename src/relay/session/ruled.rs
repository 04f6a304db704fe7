//! What rules do to a session as a whole: they refuse its handshake or slow it down, and they end it.

use crate::record::{ClosedBy, ClosedHow, Ending, Event, PerSide, RuledEvent, Side, Time};
use crate::relay::rules::{Finish, Knock};

use super::closing::Closing;
use super::core::First;
use super::{Act, Output, Phase, Reason, Session};

impl Session {
    /// What the rules make of the client's request.
    pub(super) fn knock(&mut self, now: Time, request: &[u8], out: &mut Output) {
        let Knock { refused, slowed, told } = Knock::of(&self.core.config.rule_cell, request);
        let refusing = told.last().map(|(rule, _)| rule.clone());
        for (rule, what) in told {
            out.log.event(now, Event::Ruled(RuledEvent { frame: None, from: Side::Client, rule, what }));
        }
        if slowed > 0 {
            self.core.slow = Some(Time(now.0.saturating_add(slowed)));
        }
        if let (Some(status), Some(rule)) = (refused, refusing) {
            out.to.server.withhold();
            self.core.note_first(First {
                by: ClosedBy::Proxy,
                how: ClosedHow::Answered,
                code: None,
                reason: Vec::new(),
            });
            let closing = self.core.respond(now, status, Reason::Ruled(rule), out);
            self.go_on(Some(Phase::Closing(closing)));
        }
    }

    /// A rule ends the session.
    pub(super) fn finish_by_rule(&mut self, now: Time, finish: Finish, out: &mut Output) {
        let how = match finish {
            Finish::Close(code) => return self.close(now, ClosedBy::Proxy, code, "", out),
            Finish::Fin => ClosedHow::Fin,
            Finish::Reset => ClosedHow::Reset,
        };
        self.core.note_first(First { by: ClosedBy::Proxy, how, code: None, reason: Vec::new() });
        self.core.lanes.iter_mut().for_each(|lane| lane.shut(out));
        if finish == Finish::Reset {
            self.core.cut = PerSide::new(true, true);
            out.acts.push(Act::ResetBoth);
        } else {
            self.core.end_both(out);
        }
        self.phase = Phase::Closing(Closing::over(now));
    }

    /// The end of a side that came behind what rules delay, once all of that has gone.
    pub(super) fn end_late(&mut self, now: Time, out: &mut Output) {
        for from in [Side::Client, Side::Server] {
            if self.core.ending[from] && !self.core.lanes[from].only_delays() {
                self.core.ending[from] = false;
                self.end(now, from, Ending::Fin, out);
            }
        }
    }
}
