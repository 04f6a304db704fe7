//! Rules are written, switched and taken out, with keys through the real update and a real session.

use crossterm::event::KeyCode;

use super::acting::Acting;

#[test]
fn a_rule_is_written_acts_is_switched_off_and_taken_out() {
    let mut ruled = Acting::new(100, 30);
    ruled.keys("u").shows("no rules");
    ruled.keys("n").enters("lossy = op:text bad -> drop");
    ruled.shows("1 rule, 1 on · --seed 7");
    ruled.shows("lossy op:text bad -> drop");
    ruled.press(KeyCode::Esc).says(0x81, b"a bad one").says(0x81, b"a good one");
    ruled.shows("RULES lossy · 1 act ");
    ruled.shows("not relayed rule lossy a bad one");
    ruled.keys("k").press(KeyCode::Enter).shows("rule lossy: dropped");
    ruled.shows("not sent on: dropped by a rule");
    ruled.keys("q").keys("u").shows("1 of 1");
    ruled.keys("o").shows("1 rule, 0 on");
    ruled.press(KeyCode::Esc).says(0x81, b"another bad one").hides("RULES");
    ruled.keys("uX").shows("no rules");
}

#[test]
fn a_rule_is_edited_with_what_it_was_and_may_have_another_name() {
    let mut ruled = Acting::new(100, 30);
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
    let mut ruled = Acting::new(80, 24);
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
    let mut ruled = Acting::new(100, 30);
    ruled.enters(":fault latency 300ms").says(0x81, b"late");
    ruled.shows("delayed rule latency late");
    ruled.press(KeyCode::Enter).shows("delayed: it has not been sent on yet");
    ruled.waits(300_000).shows("sent on 300 ms later");
    ruled.hides("delayed rule latency");
    ruled.enters(":unrule").hides("RULES");
}

#[test]
fn rules_are_found_and_completed_by_name() {
    let mut ruled = Acting::new(100, 30);
    ruled.keys(":fault la").press(KeyCode::Tab).shows(":fault latency");
    ruled.press(KeyCode::Enter).shows("RULES latency");
    ruled.keys(":unrule la").shows("-> delay 200ms±50ms");
    ruled.press(KeyCode::Tab).press(KeyCode::Enter).hides("RULES");
    ruled.says(0x81, b"x").enters(":rule x -> drop").says(0x81, b"x").enters(":filter is:ruled");
    ruled.stage.until_filtered();
    ruled.shows("not relayed rule drop x");
}

#[test]
fn the_list_is_drawn_on_any_screen() {
    for (width, height) in [(20, 5), (40, 10), (80, 24), (120, 40)] {
        let mut ruled = Acting::new(width, height);
        for number in 0..20 {
            ruled.enters(&format!(":rule r{number} = \"\u{1f600} é\" -> delay 200ms"));
        }
        ruled.keys("uGknop").press(KeyCode::Esc).press(KeyCode::Esc);
    }
}
