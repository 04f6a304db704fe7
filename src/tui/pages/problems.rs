//! What went wrong, folded by what it is.

use std::cmp::Reverse;
use std::collections::HashMap;

use ratatui::style::Style;
use ratatui::text::Line;

use crate::diagnose::render::{self, Part};
use crate::journal::{Index, Scope, SessionSummary, UpstreamState};
use crate::record::{FrameNumber, Time};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::pages::trouble::{Trouble, earlier_findings, troubles};

use super::Terms;
use super::words::{level_glyph, level_style};

/// Kinds of problems that are written out. Who has more than this reads the first of them first.
const SHOWN: usize = 100;

/// Sessions and frames that are named for one kind.
const NAMED: usize = 8;

/// Problems of one kind: the newest in full, and where the others are.
struct Group<'a> {
    summary: &'a SessionSummary,
    time: Time,
    trouble: Trouble<'a>,
    count: usize,
    /// Sessions, with the frame where there is one, newest first.
    places: Vec<(u64, Option<FrameNumber>)>,
}

/// The problems of the chosen scope, folded by what they are: the worst first, the newest of each in full.
#[must_use]
pub(crate) fn lines(terms: &Terms<'_>, view: &Index, scope: Scope, columns: usize) -> Vec<Line<'static>> {
    let theme = terms.theme;
    let sessions: Vec<&SessionSummary> = match scope {
        Scope::Session(id) => view.session(id).into_iter().collect(),
        _ => view.sessions().collect(),
    };
    let mut out = Vec::new();
    if let UpstreamState::Down(_, trouble) = view.upstream() {
        wrapped(&format!("error: {}", text::escape(trouble.as_bytes())), theme.error, columns, &mut out);
        out.push(Line::default());
    }
    let groups = groups(&sessions);
    if groups.len() > 1 {
        contents(terms, &groups, columns, &mut out);
    }
    for group in groups.iter().take(SHOWN) {
        problem(terms, group.summary, group.time, &group.trouble, columns, &mut out);
        if group.count > 1 {
            out.pop();
            wrapped(&places(group), theme.dim, columns, &mut out);
            out.push(Line::default());
        }
    }
    out.extend(earlier_findings(sessions).map(|words| Line::styled(words, theme.dim)));
    if out.is_empty() {
        out.push(Line::styled("No problems seen.", theme.good));
    }
    out
}

fn groups<'a>(sessions: &[&'a SessionSummary]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let all = sessions.iter().flat_map(|summary| troubles(summary).map(move |(time, it)| (*summary, time, it)));
    for (summary, time, trouble) in all {
        let place = (summary.id.0, trouble.frame());
        let index = *by_name.entry(trouble.kind()).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => {
                group.count += 1;
                group.places.insert(0, place);
                group.places.truncate(NAMED);
                (group.summary, group.time, group.trouble) = (summary, time, trouble);
            }
            None => groups.push(Group { summary, time, trouble, count: 1, places: vec![place] }),
        }
    }
    groups.sort_by_key(|group| Reverse((group.trouble.level(), group.time)));
    groups
}

/// What there is, a line each.
fn contents(terms: &Terms<'_>, groups: &[Group<'_>], columns: usize, out: &mut Vec<Line<'static>>) {
    for group in groups.iter().take(SHOWN) {
        let level = group.trouble.level();
        let words = format!("{} {:>5} × {}", level_glyph(level), group.count, group.trouble.text());
        out.push(Line::styled(fit::cut(&words, columns), level_style(level, terms.theme)));
    }
    let more = groups.len().saturating_sub(SHOWN);
    if more > 0 {
        out.push(Line::styled(format!("… and {more} more kinds"), terms.theme.dim));
    }
    out.push(Line::default());
}

/// How often it was seen, and where.
fn places(group: &Group<'_>) -> String {
    let name = |(session, frame): &(u64, Option<FrameNumber>)| match frame {
        Some(frame) => format!("{session}:{frame}"),
        None => format!("session {session}"),
    };
    let named: Vec<_> = group.places.iter().map(name).collect();
    let more = if group.count > named.len() { ", …" } else { "" };
    format!("  seen {} times, the newest first: {}{more}", group.count, named.join(", "))
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
        for line in lines {
            let style = match line.part {
                Part::Title => style,
                Part::Underline => style,
                Part::Place => theme.dim,
                Part::Hex | Part::Fact => theme.text,
                Part::Help => theme.good,
            };
            wrapped(&line.text, style, columns, out);
        }
    } else {
        wrapped(&format!("{}: {}", trouble.level().name(), trouble.text()), style, columns, out);
        let clock = clock::clock(time, terms.zone, Digits::Milliseconds);
        let path = text::preview(&summary.path, 100);
        wrapped(&format!("  session {} {path} · {clock}", summary.id.0), theme.dim, columns, out);
    }
    out.push(Line::default());
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
