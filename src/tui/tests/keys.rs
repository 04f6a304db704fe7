//! Stories told with keys and the mouse, through the real update.

use crossterm::event::{KeyCode, MouseEventKind};

use crate::journal::Scope;
use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{Ending, Event, FrameNumber, Log, Policy, ProxyEvent, SessionId, Side, Time};
use crate::relay::injection::{Injection, Refusal, Reply, Token, Wait};
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::view::row::MARKS;
use crate::tui::{Effect, Message};
use crate::wire::opcode::Opcode;

use super::stage::{Actor, KEPT, NOON, Stage, ended, unreachable, usual, wrong_accept};

fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    usual(&stage.journal);
    stage.at(3_000_000).sync();
    stage
}

fn chosen(stage: &Stage) -> Option<u64> {
    stage.model.selected(stage.feed.shown())
}

#[test]
fn new_frames_do_not_move_the_selection() {
    let mut stage = stage();
    stage.keys("kk");
    let before = stage.here();
    for id in 2..40 {
        ended(&stage.journal, id, id * 100_000);
    }
    stage.sync();
    assert_eq!(stage.here(), before);
    assert!(stage.shows("FOLLOW off, +342 new"), "{}", stage.screen());
    stage.keys("F");
    assert!(stage.shows(" FOLLOW ") && stage.here() > before);
    stage.keys("g");
    assert_eq!(chosen(&stage), Some(0));
    stage.keys("G");
    assert!(stage.shows(" FOLLOW "));
}

#[test]
fn the_selected_frame_stays_selected_when_only_its_session_is_shown() {
    let mut stage = stage();
    ended(&stage.journal, 2, 3_000_000);
    stage.sync().keys("F").keys("kkkkkkkk");
    let id = stage.model.selected_row(stage.feed.shown()).unwrap().id;
    stage.keys("]]");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)));
    assert_eq!(stage.model.selected_row(stage.feed.shown()).unwrap().id, id);
}

#[test]
fn a_text_is_sent_and_its_answers_are_shown() {
    let mut stage = stage();
    stage.keys("shello").press(KeyCode::Enter);
    let injection = Injection::whole(Opcode::TEXT, b"hello".to_vec());
    let expected = Effect::Inject { session: SessionId(1), to: Side::Server, injection, token: Token(0) };
    assert_eq!(stage.effects, [expected]);
    stage.send(Message::Reply(Token(0), Reply::Waiting(Wait::Message))).at(6_000_000);
    assert!(stage.shows("unfinished message since 3 s"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.shows("unfinished message since 3 s"), "{}", stage.screen());
    stage.send(Message::Reply(Token(0), Reply::Sent { frame: Some(FrameNumber::new(12)) }));
    assert!(stage.shows("sent as frame 12"), "{}", stage.screen());
    stage.keys("c").press(KeyCode::Up);
    assert!(stage.shows("│ hello"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    stage.send(Message::Reply(Token(1), Reply::Refused(Refusal::AfterClose)));
    assert!(stage.shows("refused: a close frame has already gone this way"), "{}", stage.screen());
}

#[test]
fn the_next_problem_is_the_next_row_that_tells_of_one_and_goes_round() {
    let mut stage = Stage::with_usual_traffic(120, 40);
    stage.keys("!");
    assert!(stage.shows("no problems seen"));
    wrong_accept(&stage.journal, 4, 3_500_000);
    unreachable(&stage.journal, 5, 3_600_000);
    stage.sync().keys("!");
    let first = stage.here();
    assert!(stage.shows("problem 1 of 2"));
    stage.keys("!");
    assert!(stage.shows("problem 2 of 2") && stage.here() > first);
    stage.keys("!");
    assert_eq!(stage.here(), first);
    stage.ctrl('o').ctrl('o');
    assert_eq!(stage.here(), first, "a jump can be taken back");
}

#[test]
fn the_next_problem_says_when_there_is_none_in_the_chosen_session() {
    let mut stage = Stage::with_usual_traffic(120, 40);
    wrong_accept(&stage.journal, 4, 3_500_000);
    stage.sync().keys("]!");
    assert!(stage.shows("no problem in session 1; 1 in others: choose all sessions"), "{}", stage.screen());
}

#[test]
fn the_why_page_goes_from_problem_to_problem_and_closes() {
    let mut stage = Stage::with_usual_traffic(120, 40);
    stage.keys("W");
    assert!(stage.shows("Why · session 1 · frame 11") && stage.shows("Nothing is wrong with frame 11"));
    wrong_accept(&stage.journal, 4, 3_500_000);
    stage.sync().keys("q!W");
    assert!(stage.shows("Why · session 4") && stage.shows("error[resp-accept-mismatch]"), "{}", stage.screen());
    stage.keys("q");
    assert!(!stage.shows("Why · session 4"));
}

/// A screen after a session in which the server did that, once it was open.
fn after(act: impl Fn(&mut Actor) -> &mut Actor) -> Stage {
    let mut stage = Stage::new(120, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/chat");
    actor.after(1_000).opens().frame(Side::Server, 0x81, b"hello").after(200_000);
    act(&mut actor);
    actor.ends(Side::Server, Ending::Fin).ends(Side::Client, Ending::Fin).finish();
    stage.sync();
    stage
}

#[test]
fn a_crash_in_a_message_is_told_as_one_and_not_as_chrome_s_silence() {
    let mut stage = after(|actor| actor.bytes(Side::Server, b"\x81\x7e\x01\x00{\"half\":"));
    assert!(stage.shows("session 1: the stream stopped inside a frame"), "{}", stage.screen());
    stage.keys("]W");
    assert!(stage.shows("error[frame-truncated]") && !stage.shows("says nothing"), "{}", stage.screen());
    let mut stage = after(|actor| actor.frame(Side::Server, 0x01, b"half"));
    assert!(stage.shows("session 1: a message was begun, and its end does not come"), "{}", stage.screen());
    stage.keys("]W");
    assert!(stage.shows("error[frame-missing-fin]"), "{}", stage.screen());
}

#[test]
fn a_stall_has_the_why_page_of_a_finding() {
    let mut stage = Stage::new(120, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/chat");
    actor.opens().bytes(Side::Server, b"\x81\x7e\x01\x00{\"half\":").after(5_000_000).ticks().hand_over();
    stage.at(9_000_000).sync();
    assert!(stage.shows("a frame of the server's is short"), "{}", stage.screen());
    stage.keys("]W");
    for part in [
        "Chrome waits, and says nothing",
        "warning[frame-truncated]: a frame of the server's is short: its header promises 256 bytes, 8 have come, for",
        "81 7e 01 00",
        "= rule: RFC 6455 5.2",
        "= usual cause: the length is larger than the payload",
        "help: take the length from the bytes that are written",
    ] {
        assert!(stage.shows(part), "{part}\n{}", stage.screen());
    }
}

#[test]
fn a_server_that_closes_for_a_reason_is_told_with_it() {
    let mut stage = after(|actor| actor.frame(Side::Server, 0x88, b"\x03\xf3database connection lost"));
    assert!(stage.shows("session 1: the server says why itself: database connection lost"), "{}", stage.screen());
    stage.keys("]W");
    assert!(stage.shows("The server closed the socket: code 1011, internal error"), "{}", stage.screen());
    assert!(!stage.shows("Chrome is content"), "{}", stage.screen());
    let mut stage = after(|actor| actor.frame(Side::Server, 0x88, b"\x11\x31token expired"));
    assert!(stage.shows("no problems seen"), "what an application means is no fault: {}", stage.screen());
    stage.keys("]W");
    assert!(stage.shows("code 4401, private use") && stage.shows("token expired"), "{}", stage.screen());
}

#[test]
fn a_wrong_line_is_told_while_it_is_typed_and_is_not_sent() {
    let mut stage = stage();
    stage.keys("s/bin 0g").press(KeyCode::Enter);
    assert!(stage.effects.is_empty() && stage.shows("^ "), "{}", stage.screen());
    assert!(matches!(stage.model.overlay, Some(Overlay::Composer(_))));
}

#[test]
fn a_paste_with_line_breaks_is_one_message() {
    let mut stage = stage();
    stage.keys("s").send(Message::Paste("{\r\n \"a\": 1\r\n}".into()));
    stage.press(KeyCode::Enter);
    let [Effect::Inject { injection, .. }] = stage.effects.as_slice() else { panic!("{:?}", stage.effects) };
    assert_eq!(*injection, Injection::whole(Opcode::TEXT, b"{\n \"a\": 1\n}".to_vec()));
}

#[test]
fn a_command_is_completed() {
    let mut stage = stage();
    stage.keys("s/cl").press(KeyCode::Tab).keys("1000 bye").press(KeyCode::Enter);
    let [Effect::Inject { injection, .. }] = stage.effects.as_slice() else { panic!("{:?}", stage.effects) };
    assert_eq!(*injection, Injection::whole(Opcode::CLOSE, b"\x03\xe8bye".to_vec()));
}

#[test]
fn a_frame_is_sent_once_more_with_its_first_byte_and_without_its_mask() {
    let mut stage = stage();
    stage.keys("]gjjjj").keys("r");
    let [Effect::Inject { to, injection, .. }] = stage.effects.as_slice() else { panic!("{:?}", stage.effects) };
    let payload = br#"{"type":"hello","user":"anna","tags":["a","b"]}"#.to_vec();
    assert_eq!((*to, injection), (Side::Server, &Injection::Frame { first: 0x81, payload }));
    stage.keys("Gr");
    assert_eq!(stage.effects.len(), 1, "an unfinished frame is not sent once more");
    assert!(stage.shows("not all of this frame was kept"), "{}", stage.screen());
}

#[test]
fn quitting_asks_only_while_a_session_is_open() {
    let mut stage = stage();
    stage.keys("qn");
    assert!(stage.effects.is_empty() && stage.model.overlay.is_none());
    stage.keys("qy");
    assert_eq!(stage.effects, [Effect::Quit]);
    let mut idle = Stage::new(80, 24);
    ended(&idle.journal, 1, 0);
    // Whose frames are nowhere else is asked with q, too.
    idle.sync().keys("Q");
    assert_eq!(idle.effects, [Effect::Quit]);
    let mut capital = self::stage();
    capital.keys("Q");
    assert!(capital.effects.is_empty() && capital.shows("1 session is open."), "{}", capital.screen());
    capital.keys("y");
    assert_eq!(capital.effects, [Effect::Quit]);
    let mut sudden = self::stage();
    sudden.ctrl('c');
    assert_eq!(sudden.effects, [Effect::Quit]);
}

#[test]
fn what_is_typed_for_a_session_that_is_over_is_no_command() {
    for key in ["s", "c"] {
        let mut stage = Stage::new(80, 24);
        ended(&stage.journal, 1, 0);
        stage.sync().keys(key).keys("Quit now");
        assert!(stage.shows("· session 1 (over)") && stage.shows("Quit now"), "{}", stage.screen());
        stage.press(KeyCode::Enter);
        assert!(stage.effects.is_empty() && stage.remembered.is_empty());
        assert!(stage.shows("session 1 is over: ctrl-n turns to a live one"), "{}", stage.screen());
        assert!(stage.shows("Quit now"), "the text stays");
    }
}

#[test]
fn ctrl_c_clears_what_is_typed_then_closes_and_only_on_the_panes_quits() {
    for (open, typed) in
        [("s", "Quit now"), ("/", "Quit"), (":", "foll"), ("\t/", "Quit"), ("?", ""), ("W", ""), ("y", "")]
    {
        let mut stage = stage();
        for key in open.chars() {
            stage.press(if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) });
        }
        let place = stage.model.place();
        assert!(!place.is_pane(), "{open}");
        if !typed.is_empty() {
            stage.keys(typed);
            assert!(stage.shows(typed), "{}", stage.screen());
            stage.ctrl('c');
            assert!(!stage.shows(typed) && stage.model.place() == place, "{open}: {}", stage.screen());
        }
        stage.ctrl('c');
        assert!(stage.model.place().is_pane() && stage.effects.is_empty(), "{open}");
        stage.ctrl('c');
        assert_eq!(stage.effects, [Effect::Quit]);
    }
}

#[test]
fn the_why_page_goes_by_level() {
    let page = |first: u8| {
        let mut stage = Stage::new(100, 50);
        let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
        // A key that only programs choose is worth a note; a reserved bit is an error.
        actor.after(900).opens().after(10).frame(Side::Client, 0x81, b"a").frame(Side::Server, first, b"b").hand_over();
        let note = Finding::new(FindingKind::ReqOriginMissing, Place::Head).bytes(b"GET / HTTP/1.1", 4, 1);
        actor.event(Event::Finding(Side::Client, note)).hand_over();
        stage.sync().keys("gW");
        for _ in 0..20 {
            if stage.shows("Why · session 1 · frame 1") {
                break;
            }
            stage.press(KeyCode::Esc).keys("jW");
        }
        let red = stage.buffer().content().iter().any(|cell| cell.fg == stage.model.look.theme.error.fg.unwrap());
        (stage, red)
    };
    let (noted, red) = page(0x81);
    assert!(noted.shows("What was noted of the session:"), "{}", noted.screen());
    assert!(!red, "{}", noted.screen());
    let (wrong, red) = page(0xa1);
    assert!(wrong.shows("What is wrong with the session:"), "{}", wrong.screen());
    assert!(red);
}

#[test]
fn times_of_wsproxy_s_own_events_count_from_its_beginning() {
    let mut stage = Stage::new(100, 24);
    let mut log = Log::default();
    log.proxy(Time(NOON + 2_250_000), ProxyEvent::Upstream { trouble: None });
    stage.journal.push(None, log);
    stage.sync().keys("5T");
    assert!(stage.shows("times: since wsproxy began"), "{}", stage.screen());
    assert!(stage.shows(" 0.000") && stage.shows(" 3.250"), "{}", stage.screen());
}

#[test]
fn a_key_without_a_meaning_says_so() {
    let mut stage = stage();
    stage.keys("Z");
    assert!(stage.shows("Z does nothing here: ? lists the keys"), "{}", stage.screen());
    stage.keys("\u{202e}");
    assert!(stage.shows("this key does nothing here"), "{}", stage.screen());
    stage.keys("yZ");
    assert!(stage.shows("Z does nothing here") && !stage.shows("lists the keys"), "{}", stage.screen());
}

#[test]
fn q_goes_back_before_it_quits() {
    let mut stage = Stage::new(80, 24);
    stage.keys("3q");
    assert!(stage.effects.is_empty() && stage.model.panes.tab == Tab::Frames);
    stage.press(KeyCode::Enter).keys("q");
    assert!(stage.effects.is_empty());
    stage.keys("q");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn closing_a_session_asks_and_is_done_once() {
    let mut stage = stage();
    stage.keys("Xy");
    assert_eq!(stage.effects, [Effect::Close(SessionId(1))]);
    let mut over = Stage::new(80, 24);
    ended(&over.journal, 1, 0);
    over.sync().keys("X");
    assert!(over.effects.is_empty() && over.shows("session 1 is over"), "{}", over.screen());
}

#[test]
fn a_frozen_display_stays_while_the_numbers_go_on() {
    let mut stage = stage();
    stage.keys("p");
    let before = stage.lines()[3..20].to_vec();
    ended(&stage.journal, 2, 0);
    stage.sync();
    assert_eq!(stage.lines()[3..20], before);
    assert!(stage.shows("FROZEN (p) · 1 open · 13 frames"), "{}", stage.screen());
    stage.keys("p");
    assert!(stage.shows("2 /chat"), "{}", stage.screen());
}

#[test]
fn what_was_frozen_outlives_the_budget() {
    let mut stage = Stage::with_budget(80, 24, 20_000);
    usual(&stage.journal);
    stage.sync().keys("p");
    let before = stage.lines()[3..20].to_vec();
    for id in 2..100 {
        ended(&stage.journal, id, 0);
    }
    stage.sync().keys("kjG");
    assert_eq!(stage.lines()[4..14], before[1..11]);
    stage.keys("p");
    assert!(stage.shows("older left memory") && !stage.shows("binary"), "{}", stage.screen());
}

#[test]
fn findings_that_left_memory_are_counted_where_the_others_are_shown() {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/chat");
    actor.after(10).opens();
    actor.frame(Side::Server, 0x81, b"right").frame(Side::Server, 0x81, b"right");
    for number in 1..=102 {
        let finding = Finding::new(FindingKind::FrameRsv, Place::Frame(FrameNumber::new(number)));
        actor.event(Event::Finding(Side::Server, finding));
    }
    actor.hand_over();
    stage.sync().keys("4");
    assert!(stage.keys("G").shows("2 earlier findings left memory"), "{}", stage.screen());
    assert!(stage.keys("[3G").shows("2 earlier findings left memory"), "{}", stage.screen());
    stage.keys("1gjjjjj");
    assert!(stage.keys("W").shows("frame 1") && stage.shows("if anything, has left memory"), "{}", stage.screen());
}

#[test]
fn a_session_that_leaves_memory_gives_way_to_all() {
    let mut stage = stage();
    stage.model.lists.scope = Scope::Session(SessionId(77));
    stage.sync();
    stage.journal.push(None, Log::default());
    stage.sync();
    assert_eq!(stage.model.lists.scope, Scope::All);
}

#[test]
fn the_mouse_selects_and_scrolls() {
    let mut stage = stage();
    ended(&stage.journal, 2, 0);
    stage.sync();
    stage.click(18, 1);
    assert_eq!(stage.model.panes.tab, Tab::Sessions);
    stage.click(2, 1).click(5, 4);
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(1)));
    stage.click(40, 6);
    let rows = stage.rows();
    let row = stage.model.selected(stage.feed.shown()).unwrap();
    assert_eq!(row, stage.model.lists.frames.top() + u64::from(6 - rows.y));
    stage.mouse(MouseEventKind::ScrollUp, 40, 6);
    assert_eq!(chosen(&stage), Some(row - 3));
    let problem = stage.model.drawn.problem;
    stage.click(problem.x, problem.y);
    assert_eq!(stage.model.panes.tab, Tab::Diagnosis);
}

#[test]
fn panes_are_maximised_moved_and_resized() {
    let mut stage = stage();
    let width = stage.rows().width;
    stage.keys("\\");
    assert!(stage.rows().width == 100 && stage.detail().is_empty());
    stage.keys("\\|");
    assert!(stage.model.drawn.detail_is_right && stage.rows().width < width);
    let right = stage.detail().width;
    stage.keys(">");
    assert!(stage.detail().width > right);
    stage.keys("|");
    assert!(!stage.model.drawn.detail_is_right);
}

#[test]
fn times_are_shown_as_the_user_likes() {
    let mut stage = stage();
    assert!(stage.shows("12:00:02.187"));
    stage.keys("T");
    assert!(stage.shows("  2.187") && !stage.shows("12:00:01.287"), "{}", stage.screen());
    stage.keys("T");
    assert!(stage.shows("+900.0ms"), "{}", stage.screen());
}

#[test]
fn help_lists_the_keys_of_the_pane_and_no_others() {
    let mut stage = Stage::new(120, 60);
    stage.press(KeyCode::Enter).keys("?");
    assert!(stage.shows("Keys · Detail") && stage.shows("show the payload as hex"), "{}", stage.screen());
    stage.keys("q").keys("2?");
    assert!(!stage.shows("show the payload as hex"), "{}", stage.screen());
}

#[test]
fn help_says_what_the_marks_of_the_log_mean() {
    let mut stage = Stage::new(120, 100);
    stage.keys("?");
    for (mark, meaning) in MARKS {
        let shown = stage.lines().iter().any(|line| line.contains(&format!(" {mark} ")) && line.contains(meaning));
        assert!(shown, "{mark}: {}", stage.screen());
    }
    stage.keys("q").keys("2?");
    assert!(!stage.shows("found by your search"), "{}", stage.screen());
}

#[test]
fn what_became_of_a_frame_is_marked_in_its_row() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks_under(&stage.journal, 1, Policy::Repair);
    actor.after(10).opens().bytes(Side::Server, b"\xa1\x05whole\x83\x04lost\x81\x04fine").hand_over();
    stage.sync();
    let row = |text: &str| stage.lines().into_iter().find(|line| line.contains(text)).unwrap();
    assert!(row("whole").contains("~ whole"), "{}", stage.screen());
    assert!(row("lost").contains("not relayed lost"), "{}", stage.screen());
    assert!(!row("fine").contains('~') && !row("fine").contains("not relayed"), "{}", stage.screen());
}

#[test]
fn a_message_passes_and_the_keys_are_back() {
    let mut stage = Stage::new(80, 24);
    stage.keys("s");
    assert!(stage.shows("there is no session yet"), "{}", stage.screen());
    assert!(stage.model.next_change().is_some());
    stage.at(60_000_000);
    assert!(stage.shows("? help") && stage.model.next_change().is_none(), "{}", stage.screen());
}

#[test]
fn a_part_of_a_frame_grows_in_its_row() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().bytes(Side::Server, &[0x82, 0x05, 1]).hand_over();
    stage.sync();
    assert!(stage.shows("1 B of 5 B 01"), "{}", stage.screen());
    actor.bytes(Side::Server, &[2, 3, 4, 5]).hand_over();
    stage.sync();
    assert!(stage.shows("01 02 03 04 05") && !stage.shows("of 5 B"), "{}", stage.screen());
}

#[test]
fn a_frame_that_was_not_kept_whole_says_so_and_is_not_sent_once_more() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().frame(Side::Client, 0x82, &vec![7; KEPT + 1000]).hand_over();
    stage.sync();
    assert!(stage.shows("5096   truncated to 4.1 kB 07 07"), "{}", stage.screen());
    stage.keys("r");
    assert!(stage.effects.is_empty(), "{:?}", stage.effects);
}

#[test]
fn a_session_that_ended_while_the_screen_was_held_up_is_not_shown_as_open() {
    let mut stage = Stage::with_budget(100, 30, 60_000);
    let mut known = Actor::asks(&stage.journal, 1, 0, "/known");
    known.after(10).opens().hand_over();
    stage.sync();
    assert!(stage.shows("1 open"), "{}", stage.screen());
    known.after(10).ends(Side::Server, Ending::Reset).finish();
    let mut late = Actor::asks(&stage.journal, 2, 0, "/late");
    late.after(10).opens().hand_over();
    for id in 3..300 {
        ended(&stage.journal, id, id * 100_000);
    }
    stage.sync();
    let summary = |id| stage.feed.shown().session(SessionId(id));
    assert!(summary(1).is_some_and(|summary| !summary.is_live()));
    assert!(summary(2).is_some_and(|summary| summary.is_live() && summary.path == b"/late"));
    assert!(summary(3).is_none() && summary(299).is_some());
}
