//! Rules are written, switched and taken out, with keys through the real update and a real session.

use crossterm::event::KeyCode;

use crate::control::rules::RuleList;
use crate::record::Side;
use crate::tui::message::Message;

use super::stage::{Actor, Stage};

/// A screen with a session, which does what the screen wants.
struct Ruled {
    stage: Stage,
    actor: Actor,
}

impl Ruled {
    fn new(width: u16, height: u16) -> Self {
        let mut stage = Stage::new(width, height);
        let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
        actor.after(10).opens().hand_over();
        stage.sync();
        let mut ruled = Self { stage, actor };
        ruled.settle();
        ruled
    }

    fn says(&mut self, payload: &str) -> &mut Self {
        self.actor.after(1_000_000).frame(Side::Server, 0x81, payload.as_bytes());
        self.settle()
    }

    fn waits(&mut self, micros: u64) -> &mut Self {
        self.actor.after(micros).ticks();
        self.settle()
    }

    fn settle(&mut self) -> &mut Self {
        let effects = std::mem::take(&mut self.stage.effects);
        for reply in self.actor.obeys(effects) {
            self.stage.send(reply);
        }
        self.actor.hand_over();
        self.stage.send(Message::Rules(RuleList::of(&self.actor.rules)));
        self.stage.at(self.actor.now - super::stage::NOON).sync();
        self
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.stage.keys(keys);
        self.settle()
    }

    fn press(&mut self, code: KeyCode) -> &mut Self {
        self.stage.press(code);
        self.settle()
    }

    fn enters(&mut self, keys: &str) -> &mut Self {
        self.keys(keys).press(KeyCode::Enter)
    }

    fn shows(&self, text: &str) {
        assert!(self.stage.shows(text), "no `{text}`: {}", self.stage.screen());
    }

    fn hides(&self, text: &str) {
        assert!(!self.stage.shows(text), "`{text}`: {}", self.stage.screen());
    }
}

#[test]
fn a_rule_is_written_acts_is_switched_off_and_taken_out() {
    let mut ruled = Ruled::new(100, 30);
    ruled.keys("u").shows("no rules");
    ruled.keys("n").enters("lossy = op:text bad -> drop");
    ruled.shows("1 rule, 1 on · --seed 7");
    ruled.shows("lossy op:text bad -> drop");
    ruled.press(KeyCode::Esc).says("a bad one").says("a good one");
    ruled.shows("RULES lossy · 1 act ");
    ruled.shows("not relayed rule lossy a bad one");
    ruled.keys("k").press(KeyCode::Enter).shows("rule lossy: dropped");
    ruled.shows("not sent on: dropped by a rule");
    ruled.keys("q").keys("u").shows("1 of 1");
    ruled.keys("o").shows("1 rule, 0 on");
    ruled.press(KeyCode::Esc).says("another bad one").hides("RULES");
    ruled.keys("uX").shows("no rules");
}

#[test]
fn a_rule_is_edited_with_what_it_was_and_may_have_another_name() {
    let mut ruled = Ruled::new(100, 30);
    ruled.enters(":rule slow = -> delay 200ms").keys("ue");
    ruled.shows("slow = -> delay 200ms");
    ruled.enters(" first 3").shows("slow -> delay 200ms first 3");
    ruled.keys("e");
    for _ in 0..40 {
        ruled.press(KeyCode::Backspace);
    }
    ruled.enters("slower = -> delay 1s").shows("slower -> delay 1s");
    ruled.hides("first 3");
    ruled.shows("1 rule, 1 on");
}

#[test]
fn what_is_wrong_with_a_rule_is_pointed_at_and_the_line_stays() {
    let mut ruled = Ruled::new(80, 24);
    ruled.keys("un").enters("op:text -> delai 5");
    ruled.shows("did you mean delay?");
    ruled.shows("^");
    ruled.press(KeyCode::Esc).shows("no rules");
    ruled.press(KeyCode::Esc).enters(":rule drop").shows("a rule is a query, an arrow and an act");
    ruled.enters(":fault latensy").shows("did you mean latency?");
    ruled.press(KeyCode::Esc).enters(":unrule nothing").shows("there is no rule nothing");
}

#[test]
fn a_fault_delays_and_the_row_says_so_until_it_has_gone_on() {
    let mut ruled = Ruled::new(100, 30);
    ruled.enters(":fault latency 300ms").says("late");
    ruled.shows("delayed rule latency late");
    ruled.press(KeyCode::Enter).shows("delayed: it has not been sent on yet");
    ruled.waits(300_000).shows("sent on 300 ms later");
    ruled.hides("delayed rule latency");
    ruled.enters(":unrule").hides("RULES");
}

#[test]
fn rules_are_found_and_completed_by_name() {
    let mut ruled = Ruled::new(100, 30);
    ruled.keys(":fault la").press(KeyCode::Tab).shows(":fault latency");
    ruled.press(KeyCode::Enter).shows("RULES latency");
    ruled.keys(":unrule la").shows("-> delay 200ms±50ms");
    ruled.press(KeyCode::Tab).press(KeyCode::Enter).hides("RULES");
    ruled.says("x").enters(":rule x -> drop").says("x").enters(":filter is:ruled");
    ruled.stage.until_filtered();
    ruled.shows("not relayed rule drop x");
}

#[test]
fn the_list_is_drawn_on_any_screen() {
    for (width, height) in [(20, 5), (40, 10), (80, 24), (120, 40)] {
        let mut ruled = Ruled::new(width, height);
        for number in 0..20 {
            ruled.enters(&format!(":rule r{number} = \"\u{1f600} é\" -> delay 200ms"));
        }
        ruled.keys("uGknop").press(KeyCode::Esc).press(KeyCode::Esc);
    }
}
