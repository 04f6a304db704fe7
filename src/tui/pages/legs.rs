//! A handshake on its two legs: what each peer sent, and what the other one got of it. Side by side where there is room,
//! so that what wsproxy changed stands against what it was; else one leg under the other.

use std::fmt::Write as _;
use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::compare::{self, Stretch};
use crate::journal::{HeldHead, SessionSummary};
use crate::record::HeadEvent;
use crate::text;
use crate::tui::theme::Theme;

use super::page::Page;
use super::{BodyShown, MAX_ROWS};

/// Columns from which the legs stand side by side.
pub(super) const WIDE: usize = 100;
/// What stands between them.
pub(super) const BETWEEN: &str = " │ ";
/// Columns that the mark of a changed line takes.
const MARK: usize = 2;

const LEGS: [&str; 2] = ["client leg: client ⇄ wsproxy", "server leg: wsproxy ⇄ server"];

/// A head as it was on one leg.
struct Leg<'a> {
    title: String,
    bytes: &'a [u8],
    /// Its lines, and what stands for each on the other leg; nothing where a line is only there.
    lines: Vec<[&'a [u8]; 2]>,
    /// What there is to say in place of bytes, or besides.
    remark: Option<String>,
}

/// Adds both legs. Under `BodyShown::Hex`, heads are shown as their bytes.
pub(super) fn write(page: &mut Page<'_>, summary: &SessionSummary, body: BodyShown) {
    let exchanges = [request(summary), response(summary)];
    let heads = [&summary.request, &summary.response];
    if heads.iter().any(|head| head.as_ref().is_some_and(|head| head.bytes != head.forwarded)) {
        let is_edited = heads.iter().any(|head| head.as_ref().is_some_and(|head| head.is_edited));
        let who = if is_edited { "you or wsproxy changed" } else { "wsproxy changed" };
        page.blank();
        page.row(&format!("~ marks what {who} on the way"), page.theme.injected);
    }
    if page.width() >= WIDE {
        side_by_side(page, &exchanges, body);
    } else {
        stacked(page, &exchanges, body);
    }
}

/// A head that is held: on the leg on which it came, and on no other.
fn held<'a>(held: &'a HeldHead, titles: [&str; 2], order: Order) -> [Leg<'a>; 2] {
    let came = |title: &str| Leg {
        title: format!("{title}, {}", super::bytes(held.bytes.len() as u64)),
        bytes: &held.bytes,
        lines: pairs(&held.bytes, &held.bytes),
        remark: Some("held: nothing of it has gone on".to_owned()),
    };
    let remark = || Some("held".to_owned());
    let waits = |title: &str| Leg { title: title.to_owned(), bytes: &[], lines: Vec::new(), remark: remark() };
    match order {
        Order::ReceivedFirst => [came(titles[0]), waits(titles[1])],
        Order::ForwardedFirst => [waits(titles[0]), came(titles[1])],
    }
}

fn request(summary: &SessionSummary) -> [Leg<'_>; 2] {
    let head = summary.request.as_ref();
    let titles = ["request, as the client sent it", "request, as sent on"];
    if let Some(head) = &summary.held_heads.client {
        return held(head, titles, Order::ReceivedFirst);
    }
    legs(head, titles, Order::ReceivedFirst, None)
}

fn response(summary: &SessionSummary) -> [Leg<'_>; 2] {
    let answered = summary.answered.as_ref().map(|(status, _)| format!("wsproxy itself answered with {status}"));
    let head = summary.response.as_ref();
    let titles = ["response, as the client got it", "response, as the server sent it"];
    if let Some(head) = &summary.held_heads.server {
        return held(head, titles, Order::ForwardedFirst);
    }
    legs(head, titles, Order::ForwardedFirst, answered)
}

/// Which of its two forms a head has on the client's leg.
#[derive(Clone, Copy)]
enum Order {
    ReceivedFirst,
    ForwardedFirst,
}

fn legs<'a>(head: Option<&'a HeadEvent>, titles: [&str; 2], order: Order, answered: Option<String>) -> [Leg<'a>; 2] {
    let Some(head) = head else {
        let nothing = "nothing has come".to_owned();
        let remarks = [answered.unwrap_or_else(|| nothing.clone()), nothing];
        let mut remarks = remarks.into_iter();
        return titles.map(|title| {
            let (title, remark) = (title.to_owned(), remarks.next());
            Leg { title, bytes: &[], lines: Vec::new(), remark }
        });
    };
    let (received, forwarded) = (head.bytes.as_slice(), head.forwarded.as_slice());
    let remark = (!head.complete).then(|| "unfinished: the empty line at its end has not come".to_owned());
    let leg = |title: &str, bytes: &'a [u8], lines| Leg {
        title: format!("{title}, {}", super::bytes(bytes.len() as u64)),
        bytes,
        lines,
        remark: remark.clone(),
    };
    let lines = pairs(received, forwarded);
    let turned = lines.iter().map(|[received, forwarded]| [*forwarded, *received]).collect();
    match order {
        Order::ReceivedFirst => [leg(titles[0], received, lines), leg(titles[1], forwarded, turned)],
        Order::ForwardedFirst => [leg(titles[0], forwarded, turned), leg(titles[1], received, lines)],
    }
}

fn side_by_side(page: &mut Page<'_>, exchanges: &[[Leg<'_>; 2]; 2], body: BodyShown) {
    let theme = page.theme;
    let columns = page.width().saturating_sub(BETWEEN.chars().count()) / 2;
    page.blank();
    let titles = LEGS.map(|title| vec![Line::styled(title, theme.title)]);
    page.rows(beside(titles, columns, theme));
    for exchange in exchanges {
        page.rows(beside([vec![Line::default()], vec![Line::default()]], columns, theme));
        let [client, server] = exchange.each_ref().map(|leg| blocks(leg, columns, theme, body, Across::Hidden));
        let count = client.len().max(server.len());
        let (mut client, mut server) = (client.into_iter(), server.into_iter());
        for _ in 0..count {
            let pair = [client.next().unwrap_or_default(), server.next().unwrap_or_default()];
            page.rows(beside(pair, columns, theme));
        }
    }
}

fn stacked(page: &mut Page<'_>, exchanges: &[[Leg<'_>; 2]; 2], body: BodyShown) {
    let (theme, width) = (page.theme, page.width());
    for (index, title) in LEGS.into_iter().enumerate() {
        page.title(title);
        for leg in exchanges.iter().filter_map(|exchange| exchange.get(index)) {
            // The other leg is screens away, so what it has in place of a value stands behind it.
            let across = if index == 0 { Across::Shown } else { Across::Hidden };
            for block in blocks(leg, width, theme, body, across) {
                page.rows(block);
            }
            page.blank();
        }
    }
}

/// Rows that belong together, each in its column.
pub(super) fn beside([client, server]: [Vec<Line<'static>>; 2], columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let count = client.len().max(server.len());
    let (mut client, mut server) = (client.into_iter(), server.into_iter());
    let row = |_| {
        let mut row = client.next().unwrap_or_default();
        let gap = columns.saturating_sub(row.width());
        row.push_span(Span::raw(" ".repeat(gap)));
        row.push_span(Span::styled(BETWEEN, theme.border));
        row.spans.extend(server.next().unwrap_or_default().spans);
        row
    };
    (0..count).map(row).collect()
}

/// A head in so many columns: its title, then a block of rows for each of its lines.
fn blocks(leg: &Leg<'_>, columns: usize, theme: &Theme, body: BodyShown, across: Across) -> Vec<Vec<Line<'static>>> {
    let page = || Page::new(theme, columns as u16, MAX_ROWS);
    let mut title = page();
    title.row(&leg.title, theme.key);
    let mut blocks = vec![title.finish()];
    if let Some(remark) = &leg.remark {
        let mut page = page();
        page.row(&format!("  {remark}"), theme.warning);
        blocks.push(page.finish());
    }
    if body == BodyShown::Hex {
        blocks.extend(hex(leg.bytes, columns, theme).into_iter().map(|row| vec![row]));
        return blocks;
    }
    for (index, [line, other]) in leg.lines.iter().enumerate() {
        let changed = difference(line, other);
        if *line == b"\r\n" && changed.is_none() {
            continue;
        }
        let mut page = page();
        if line.is_empty() {
            // Beside it stands a line that is only there.
            page.text(if across == Across::Shown { "~ only on the server leg: " } else { "~" }, theme.injected);
            if across == Across::Shown {
                page.bytes(other.trim_ascii(), theme.injected);
            }
            page.end_row();
            blocks.push(page.finish());
            continue;
        }
        let is_changed = changed.is_some();
        self::line(&mut page, line, index == 0, changed);
        if is_changed && across == Across::Shown {
            page.text("    on the server leg: ", theme.dim);
            page.bytes(value(other), theme.injected);
            page.end_row();
        }
        blocks.push(page.finish());
    }
    blocks
}

/// The lines of two heads beside one another: those of the same field are a pair.
fn pairs<'a>(one: &'a [u8], other: &'a [u8]) -> Vec<[&'a [u8]; 2]> {
    let lines = |bytes: &'a [u8]| bytes.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
    let (one, other) = (lines(one), lines(other));
    let name = |(index, line): (usize, &&[u8])| {
        let end = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        // First lines belong together, whatever they say.
        let name = if index == 0 { &[][..] } else { line.get(..end).unwrap_or_default() };
        (index == 0, name.to_ascii_lowercase())
    };
    let names = |lines: &[&[u8]]| lines.iter().enumerate().map(name).collect::<Vec<_>>();
    let line = |lines: &[&'a [u8]], at: Option<usize>| at.and_then(|at| lines.get(at).copied()).unwrap_or_default();
    let mut pairs = Vec::new();
    for stretch in compare::stretches(&names(&one), &names(&other)) {
        let (Stretch::Same(mut left, mut right) | Stretch::Changed(mut left, mut right)) = stretch;
        for _ in 0..left.len().max(right.len()) {
            pairs.push([line(&one, left.next()), line(&other, right.next())]);
        }
    }
    pairs
}

/// Whether a changed line has under it what the other leg has in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Across {
    Shown,
    Hidden,
}

/// What stands behind the colon; the whole line where there is none.
fn value(line: &[u8]) -> &[u8] {
    let colon = line.iter().position(|byte| *byte == b':').map_or(0, |colon| colon + 1);
    line.get(colon..).unwrap_or_default().trim_ascii()
}

/// What of a line, or a message, is not the same in another; `None` where all is.
#[must_use]
pub(crate) fn difference(line: &[u8], other: &[u8]) -> Option<Range<usize>> {
    if line == other {
        return None;
    }
    let same = |one: &mut dyn Iterator<Item = (&u8, &u8)>| one.take_while(|(one, other)| one == other).count();
    let start = same(&mut line.iter().zip(other));
    let rest = line.len().min(other.len()) - start;
    let end = same(&mut line.iter().rev().zip(other.iter().rev())).min(rest);
    Some(start..line.len() - end)
}

fn line(page: &mut Page<'_>, line: &[u8], is_first: bool, changed: Option<Range<usize>>) {
    let theme = page.theme;
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let has_cr = content.ends_with(b"\r");
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    page.set_indent(2 * MARK);
    page.text(if changed.is_some() { "~ " } else { "  " }, theme.injected);
    let name = content.iter().position(|byte| *byte == b':').filter(|_| !is_first).map_or(0, |colon| colon + 1);
    let changed = changed.unwrap_or_default();
    let mut at = 0;
    let mut edges = [name, changed.start, changed.end, content.len()].map(|edge| edge.min(content.len()));
    edges.sort_unstable();
    for edge in edges {
        let style = if changed.contains(&at) {
            theme.injected
        } else if at < name {
            theme.key
        } else if is_first {
            theme.bold
        } else {
            theme.text
        };
        page.bytes(content.get(at..edge).unwrap_or_default(), style);
        at = at.max(edge);
    }
    // Lines end in CR LF (RFC 9112 2.2); another end is shown.
    if !has_cr && line.ends_with(b"\n") {
        page.text("\\n", theme.warning);
    }
    page.end_row();
}

/// Offset, bytes, characters, as many to a row as fit.
fn hex(bytes: &[u8], columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let fits = |per_row: &usize| MARK + 4 + 1 + 3 * per_row + 1 + per_row <= columns;
    let per_row = [16, 8, 4, 2].into_iter().find(fits).unwrap_or(1);
    let row = |(index, row): (usize, &[u8])| {
        let mut digits = String::new();
        for byte in row {
            // A `String` takes all that is written.
            let _ = write!(digits, "{byte:02x} ");
        }
        digits.pop();
        let characters: String = row.iter().map(|byte| text::ascii(*byte)).collect();
        Line::from(vec![
            Span::styled(format!("  {:04x} ", index * per_row), theme.hex_offset),
            Span::styled(format!("{digits:<columns$}  ", columns = 3 * per_row - 1), Style::new()),
            Span::styled(characters, theme.dim),
        ])
    };
    bytes.chunks(per_row).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(difference(b"Host: a\r\n", b"Host: a\r\n"), None);
        assert_eq!(difference(b"Host: localhost:9000\r\n", b"Host: localhost:9999\r\n"), Some(17..20));
        assert_eq!(difference(b"Host: aa\r\n", b"Host: aaa\r\n"), Some(8..8));
        assert_eq!(difference(b"x", b""), Some(0..1));
    }

    proptest! {
        #[test]
        fn both_legs_keep_to_their_columns(
            one in proptest::collection::vec(any::<u8>(), 0..120),
            other in proptest::collection::vec(any::<u8>(), 0..120),
            width in 1u16..220,
            shown in prop_oneof![Just(BodyShown::Auto), Just(BodyShown::Hex)],
        ) {
            let theme = Theme::default();
            let mut page = Page::new(&theme, width, MAX_ROWS);
            let lines = pairs(&one, &other);
            let turned: Vec<_> = lines.iter().map(|[one, other]| [*other, *one]).collect();
            let leg = |bytes, lines: &Vec<_>| Leg { title: "a title".into(), bytes, lines: lines.clone(), remark: None };
            let exchange = || [leg(&one[..], &lines), leg(&other[..], &turned)];
            let exchanges = [exchange(), exchange()];
            side_by_side(&mut page, &exchanges, shown);
            let rows = page.finish();
            let divider = |row: &Line<'_>| {
                row.spans.iter().take_while(|span| span.content != BETWEEN).map(Span::width).sum::<usize>()
            };
            let columns = usize::from(width).saturating_sub(3) / 2;
            if columns >= 13 {
                prop_assert!(rows.iter().skip(2).all(|row| divider(row) == columns), "{rows:?}");
                prop_assert!(rows.iter().skip(2).all(|row| row.width() <= usize::from(width)), "{rows:?}");
            }
        }
    }
}
