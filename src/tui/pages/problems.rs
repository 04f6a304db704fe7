//! What went wrong: as a list, of kinds or of each, and one in full.

use std::cmp::Reverse;
use std::collections::HashMap;

use ratatui::style::Style;
use ratatui::text::Line;

use crate::diagnose::render::{self, Part, RenderedLine};
use crate::diagnose::words;
use crate::journal::{Index, Scope, SessionSummary, UpstreamState};
use crate::record::finding::{Finding, Level};
use crate::record::{FrameNumber, SessionId, Side, Time};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::pages::trouble::{Trouble, earlier_findings, troubles};
use crate::tui::theme::Theme;

use super::Terms;
use super::words::level_style;

/// Problems that are listed at most: who has more than this reads the first of them first.
const LISTED: usize = 1000;

/// Sessions and frames that are named for one kind.
const NAMED: usize = 8;

/// What has a line of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// Each kind of problem.
    #[default]
    Kinds,
    /// Each problem.
    Each,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The worst.
    #[default]
    Worst,
    /// The newest.
    Newest,
    /// What was seen most often.
    Most,
}

/// A problem, or all of one kind, of which it is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// What it is told apart by.
    pub key: String,
    /// How much it matters.
    pub level: Level,
    /// How often it was seen.
    pub count: usize,
    /// When it was seen last.
    pub time: Time,
    /// Where; `None` for what was found apart from any, or in several.
    pub session: Option<SessionId>,
    /// The side that it is about, and the frame, where there is one.
    pub frame: Option<(Side, FrameNumber)>,
    /// What happened, in a line.
    pub text: String,
    /// Sessions, with the frame where there is one, newest first.
    places: Vec<(u64, Option<FrameNumber>)>,
}

/// The problems of the chosen scope.
#[must_use]
pub(crate) fn items(view: &Index, scope: Scope, grouping: Grouping, order: Order) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for summary in sessions(view, scope) {
        for (time, trouble) in troubles(summary) {
            let place = (summary.id.0, trouble.frame());
            let key = match grouping {
                Grouping::Kinds => trouble.kind(),
                Grouping::Each => format!("{} {} {}", summary.id.0, time.0, trouble.kind()),
            };
            let from = trouble.side().unwrap_or(Side::Server);
            let new = Item {
                key: key.clone(),
                level: trouble.level(),
                count: 1,
                time,
                session: Some(summary.id),
                frame: trouble.frame().map(|frame| (from, frame)),
                text: trouble.text(),
                places: vec![place],
            };
            let index = *by_key.entry(key).or_insert(items.len());
            match items.get_mut(index) {
                Some(item) => {
                    let (count, mut places) = (item.count + 1, std::mem::take(&mut item.places));
                    places.insert(0, place);
                    places.truncate(NAMED);
                    *item = Item { count, places, ..new };
                }
                None => items.push(new),
            }
        }
    }
    if !matches!(scope, Scope::Session(_)) {
        items.extend(shared(view));
    }
    items.sort_by_key(|item| {
        let rank = match order {
            Order::Worst => item.level as usize,
            Order::Newest => 0,
            Order::Most => item.count,
        };
        Reverse((rank, item.time))
    });
    items.truncate(LISTED);
    if let UpstreamState::Down(time, trouble) = view.upstream() {
        let text = text::escape(trouble.as_bytes());
        let (key, level, time) = ("upstream".to_owned(), Level::Error, *time);
        items.insert(0, Item { key, level, count: 1, time, session: None, frame: None, text, places: Vec::new() });
    }
    items
}

fn sessions(view: &Index, scope: Scope) -> impl Iterator<Item = &SessionSummary> {
    let (one, all) = match scope {
        Scope::Session(id) => (view.session(id), None),
        _ => (None, Some(view.sessions())),
    };
    one.into_iter().chain(all.into_iter().flatten())
}

/// How many findings of the scope are only counted, in words.
#[must_use]
pub(crate) fn earlier(view: &Index, scope: Scope) -> Option<String> {
    earlier_findings(sessions(view, scope))
}

/// One of the list in full, the newest of its kind, and where the others are.
#[must_use]
pub(crate) fn in_full(terms: &Terms<'_>, view: &Index, item: &Item, columns: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let Some(summary) = item.session.and_then(|id| view.session(id)) else {
        let style = level_style(item.level, terms.theme);
        match view.shared().iter().rev().find(|(_, _, finding)| shared_key(finding) == item.key) {
            Some((_, from, finding)) => {
                rendered(render::lines(None, from.name(), finding, columns), style, terms.theme, columns, &mut out);
            }
            None => wrapped(&format!("{}: {}", item.level.name(), item.text), style, columns, &mut out),
        }
        return out;
    };
    let is_it = |(time, trouble): &(Time, Trouble<'_>)| {
        *time == item.time && trouble.text() == item.text && trouble.frame() == item.frame.map(|(_, frame)| frame)
    };
    if let Some((time, trouble)) = troubles(summary).find(is_it) {
        problem(terms, summary, time, &trouble, columns, &mut out);
        out.pop();
    }
    if item.count > 1 {
        wrapped(&places(item), terms.theme.dim, columns, &mut out);
    }
    out
}

/// What was found in no one session: the newest of each kind, and how often there was one.
fn shared(view: &Index) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for (time, _, finding) in view.shared().iter().rev() {
        let key = shared_key(finding);
        if let Some(item) = items.iter_mut().find(|item| item.key == key) {
            item.count += 1;
            continue;
        }
        let (level, text) = (words(finding.kind).level, render::sentence(finding));
        items.push(Item { key, level, count: 1, time: *time, session: None, frame: None, text, places: Vec::new() });
    }
    items
}

fn shared_key(finding: &Finding) -> String {
    format!("shared {}", finding.kind.id())
}

/// How often it was seen, and where.
fn places(item: &Item) -> String {
    let name = |(session, frame): &(u64, Option<FrameNumber>)| match frame {
        Some(frame) => format!("{session}:{frame}"),
        None => format!("session {session}"),
    };
    let named: Vec<_> = item.places.iter().map(name).collect();
    let more = if item.count > named.len() { ", …" } else { "" };
    format!("  seen {} times, the newest first: {}{more}", item.count, named.join(", "))
}

/// One problem in full.
pub(crate) fn problem(
    terms: &Terms<'_>,
    summary: &SessionSummary,
    time: Time,
    trouble: &Trouble<'_>,
    columns: usize,
    out: &mut Vec<Line<'static>>,
) {
    let theme = terms.theme;
    let style = level_style(trouble.level(), theme);
    let lasts = trouble.since().map(|since| clock::lasted(since, terms.now));
    let lines = match trouble {
        Trouble::Finding(from, finding) => Some(render::lines(Some(summary.id.0), from.name(), finding, columns)),
        Trouble::Stall(stall) => Some(render::stall_lines(Some(summary.id.0), stall, lasts.as_deref(), columns)),
        _ => None,
    };
    if let Some(lines) = lines {
        rendered(lines, style, theme, columns, out);
    } else {
        wrapped(&format!("{}: {}", trouble.level().name(), trouble.text()), style, columns, out);
        let clock = clock::clock(time, terms.zone, Digits::Milliseconds);
        let path = text::preview(&summary.path, 100);
        wrapped(&format!("  session {} {path} · {clock}", summary.id.0), theme.dim, columns, out);
    }
    out.push(Line::default());
}

/// A finding's lines, of which the title and what underlines bytes have its `style`.
fn rendered(lines: Vec<RenderedLine>, style: Style, theme: &Theme, columns: usize, out: &mut Vec<Line<'static>>) {
    for line in lines {
        let style = match line.part {
            Part::Title | Part::Underline => style,
            Part::Place => theme.dim,
            Part::Hex | Part::Fact => theme.text,
            Part::Help => theme.good,
        };
        wrapped(&line.text, style, columns, out);
    }
}

/// A text in as many lines as it needs; further ones stand a little to the right.
pub(crate) fn wrapped(text: &str, style: Style, columns: usize, out: &mut Vec<Line<'static>>) {
    const INDENT: usize = 4;
    let first = fit::wrap(text, columns).into_iter().next().unwrap_or_default();
    let rest = text.get(first.len()..).unwrap_or_default().trim_start();
    out.push(Line::styled(first, style));
    if !rest.is_empty() {
        let lines = fit::wrap(rest, columns.saturating_sub(INDENT)).into_iter();
        out.extend(lines.map(|line| Line::styled(format!("{:INDENT$}{line}", ""), style)));
    }
}
