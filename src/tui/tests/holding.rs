//! Messages are held, released, edited and dropped, with keys through the real update and a real session.

use crossterm::event::KeyCode;

use crate::record::Side;
use crate::relay::hold::Decision;
use crate::relay::injection::Injection;
use crate::tui::Effect;
use crate::wire::opcode::Opcode;

use super::acting::Acting;

#[test]
fn a_hold_is_in_sight_with_what_stands_and_for_how_long() {
    let mut held = Acting::new(100, 30);
    held.keys("iop:text").shows("hold messages of both sides");
    held.press(KeyCode::Enter).shows("held from now on: op:text");
    held.shows("HOLD op:text");
    held.says(0x81, b"hello").says(0x82, b"\x01").says(0x81, b"again");
    held.shows("held hello");
    held.shows("HOLD op:text · 3 held, 11 B · 2 s");
    held.hides("nothing is held");
    held.keys("A").shows("3 messages released, in order");
    held.hides("held hello");
    held.shows("HOLD op:text ");
}

#[test]
fn the_first_is_released_while_the_newest_is_followed_and_else_the_chosen_one() {
    let mut held = Acting::holding_three();
    held.keys("a").shows("done: frame 1 of session 1 released");
    held.hides("held one");
    held.shows("held two");
    held.keys("k").keys("j").keys("a").shows("waiting for what is held in front of it");
    held.keys("k").keys("a");
    held.hides("held two");
    held.hides("held 01");
    held.keys("a").shows("nothing is held now");
}

#[test]
fn a_held_message_is_edited_in_the_composer_and_what_left_stands_beside_what_came() {
    let mut held = Acting::holding_three();
    held.keys("e").shows("Edit what the server sent · session 1 · frame 1");
    held.keys("!").shows("one!");
    held.press(KeyCode::Enter).shows("done: frame 1 of session 1 edited");
    held.keys("g").keys("/one").press(KeyCode::Enter);
    held.stage.until_searched("1 of 1");
    held.shows("~ one");
    held.shows("held for 2 s, edited by you");
    held.shows("left in its place: 6 bytes");
    held.shows("- one");
    held.shows("+ one!");
}

#[test]
fn an_edit_that_is_left_leaves_the_message_held_and_what_was_being_written_as_it_was() {
    let mut held = Acting::holding_three();
    held.keys("cdraft").press(KeyCode::Esc);
    held.keys("exyz").press(KeyCode::BackTab).shows("what is edited goes where");
    held.press(KeyCode::Esc).shows("frame 1 is still held, as it came");
    held.shows("held one");
    held.keys("c").shows("draft");
}

#[test]
fn the_composer_begins_with_what_one_would_type_for_the_message() {
    let mut held = Acting::holding_three();
    held.keys("k").keys("j").keys("e").shows("/bin 01 ff");
    held.press(KeyCode::Esc);
    held.says(0x01, b"in two ").says(0x80, b"parts");
    held.keys("G").keys("k").keys("e").shows("/frag 2 in two parts");
    held.stage.effects.clear();
    held.stage.press(KeyCode::Enter);
    let injection = Injection::fragmented(Opcode::TEXT, b"in two parts", 2);
    let effects = held.stage.effects.as_slice();
    assert!(
        matches!(effects, [Effect::Decide { decision: Decision::Edit(edit), .. }] if *edit == injection),
        "{effects:?}"
    );
}

#[test]
fn a_copy_is_edited_and_sent_while_the_message_stays_held() {
    let mut held = Acting::holding_three();
    held.keys("k").keys("k").keys("R").keys("!");
    held.stage.press(KeyCode::Enter);
    let expected = Injection::whole(Opcode::TEXT, b"one!".to_vec());
    let sent = std::mem::take(&mut held.stage.effects);
    assert!(
        matches!(sent.as_slice(), [Effect::Inject { to: Side::Client, injection, .. }] if *injection == expected),
        "{sent:?}"
    );
    held.press(KeyCode::Esc).shows("held one");
}

#[test]
fn x_drops_a_selected_held_message_and_asks_about_the_session_on_other_rows() {
    let mut held = Acting::holding_three();
    held.keys("k").keys("k").keys("X").shows("done: frame 1 of session 1 dropped");
    held.shows("not relayed one");
    held.shows("not sent on: dropped by you");
    held.keys("X").shows("Close?");
}

#[test]
fn keys_that_are_faster_than_the_journal_mean_the_next_message() {
    let mut held = Acting::holding_three();
    held.stage.keys("aaa");
    let frames = held.stage.effects.iter().map(|effect| match effect {
        Effect::Decide { frame, .. } => frame.value(),
        effect => panic!("{effect:?}"),
    });
    assert_eq!(frames.collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn keys_that_have_nothing_to_do_say_so() {
    let mut held = Acting::new(100, 30);
    held.keys("I").shows("nothing was held yet: i says what is to be");
    held.keys("a").shows("nothing is held: i says what is to be");
    held.keys("e").shows("nothing is held: i says what is to be");
    held.keys("A").shows("nothing is held now");
}

#[test]
fn a_hold_is_turned_off_and_on_and_what_was_held_goes_on() {
    let mut held = Acting::holding_three();
    held.keys("I").shows("nothing is held any more: 3 messages went on");
    held.hides("HOLD");
    held.hides("held one");
    held.keys("I").shows("HOLD server: all");
    held.keys(":hold from:client").press(KeyCode::Enter).shows("HOLD from:client");
    held.keys(":hold op:soup").press(KeyCode::Enter).shows("opcodes are");
}

#[test]
fn what_can_t_be_held_by_is_pointed_at_and_the_line_stays() {
    let mut held = Acting::new(100, 30);
    held.keys("iop:text is:held").press(KeyCode::Enter).shows("nothing is held by is:held");
    held.shows("        ^");
    held.press(KeyCode::Esc).hides("HOLD");
}

#[test]
fn quitting_says_what_happens_to_what_is_held() {
    let mut held = Acting::holding_three();
    held.stage.keys("Q");
    held.shows("What is held goes on first, in order.");
}

#[test]
fn everything_fits_where_there_is_little_room() {
    let mut held = Acting::new(80, 24);
    held.keys("ijson:.user.name~something op:text").press(KeyCode::Enter);
    held.says(0x81, br#"{"user":{"name":"something"}}"#).shows("HOLD 1, 29 B");
    for (width, height) in [(80, 24), (40, 12), (20, 5), (8, 3)] {
        held.stage.resize(width, height);
        held.keys("i").press(KeyCode::Esc).keys("e").press(KeyCode::Esc).keys("a").press(KeyCode::Esc);
    }
}

#[test]
fn what_is_held_and_what_became_of_it_can_be_asked_for() {
    let mut held = Acting::holding_three();
    held.keys("f").stage.keys("is:held");
    held.stage.until_filtered();
    held.press(KeyCode::Enter).shows("3 of ");
    held.keys("a");
    held.stage.until_filtered();
    held.shows("2 of ");
    held.keys("e").keys("!").press(KeyCode::Enter);
    held.stage.until_filtered();
    held.shows("1 of ");
    held.keys("gX");
    held.stage.until_filtered();
    held.shows("0 of ");
    held.press(KeyCode::Esc);
    for (query, rows) in [("is:edited", "1 of "), ("is:dropped", "1 of "), ("is:frame not is:held", "3 of ")] {
        held.keys("f");
        held.stage.ctrl('u').keys(query);
        held.stage.until_filtered();
        held.press(KeyCode::Enter).shows(rows);
        held.press(KeyCode::Esc);
    }
}
