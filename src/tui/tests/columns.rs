//! Wide characters, emoji, marks that combine, and text from right to left: no row is wider or narrower than the screen,
//! and what divides the panes stays where it is.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use crate::record::Side;
use crate::tui::fit;

use super::stage::{Actor, Stage};

/// Pieces that terminals have trouble with.
const PIECES: [&str; 16] = [
    "a",
    " ",
    "日本",
    "한글",
    "👍🏽",
    "👨‍👩‍👧",
    "❤️",
    "🇩🇪",
    "e\u{301}",
    "\u{301}\u{302}",
    "שלום",
    "مرحبا",
    "ｆｕｌｌ",
    "\u{200b}",
    "\u{fe0f}",
    "ไทยกำ",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

/// Columns that each row of the screen takes, as a terminal counts them.
fn widths(stage: &Stage) -> Vec<usize> {
    stage.lines().iter().map(|line| fit::width(line)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn each_row_is_as_wide_as_the_screen(
        texts in proptest::collection::vec(text(), 1..6),
        path in text(),
        (width, height) in (20u16..160, 8u16..45),
        keys in "[1-5jk|tx]{0,8}",
    ) {
        let mut stage = Stage::new(width, height);
        let mut actor = Actor::asks(&stage.journal, 1, 0, &format!("/{}", path.replace(' ', "")));
        actor.after(900).opens();
        for (index, text) in texts.iter().enumerate() {
            let from = if index % 2 == 0 { Side::Client } else { Side::Server };
            actor.after(10).frame(from, 0x81, text.as_bytes());
        }
        actor.after(10).frame(Side::Server, 0x88, format!("\u{3}\u{e8}{path}").as_bytes());
        actor.hand_over();
        stage.at(1_000_000).sync();
        for key in keys.chars() {
            stage.press(KeyCode::Char(key));
            for (row, drawn) in widths(&stage).into_iter().enumerate() {
                prop_assert_eq!(drawn, usize::from(width), "row {} of {}", row, stage.screen());
            }
            let buffer = stage.buffer();
            for (area, _) in stage.model.drawn.dividers.iter().filter(|(area, _)| area.width == 1) {
                for y in area.top() + 1..area.bottom() {
                    prop_assert_eq!(buffer[(area.x, y)].symbol(), "│", "{}", stage.screen());
                }
            }
        }
    }
}
