//! What was tried, one line each: a mark, a word, and what came of it.

use std::time::Duration;

use crate::diagnose::{self, end};
use crate::record::{Ending, Time};
use crate::text;
use crate::wire::close::Code;

use super::story::{Beside, Closed, Connected, Foreign, Likeness, Story, Talk};
use super::visit::Plan;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should.
    Good,
    /// Not as it should, though a page may live with it.
    Odd,
    /// A page would not get what it wants.
    Bad,
    /// It was not tried, or could not be told.
    Open,
}

impl Mark {
    /// The sign in front of a line.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Odd => '!',
            Self::Bad => '✗',
            Self::Open => '-',
        }
    }

    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Odd => "odd",
            Self::Bad => "bad",
            Self::Open => "not tried",
        }
    }
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it went.
    pub mark: Mark,
    /// In a few words.
    pub words: String,
    /// What to change, where that is known.
    pub fix: Option<String>,
}

fn check(name: &'static str, mark: Mark, words: impl Into<String>) -> Check {
    Check { name, mark, words: words.into(), fix: None }
}

/// All that was tried at a visit, in the order of time.
#[must_use]
pub(super) fn checks(connected: &Connected, plan: &Plan, story: &Story) -> Vec<Check> {
    let talk = &story.talk;
    let mut out = vec![check("connect", Mark::Good, format!("{} in {}", connected.address, span(connected.tcp)))];
    if let Some((version, time)) = &connected.tls {
        out.push(check("TLS", Mark::Good, format!("{version} in {}", span(*time))));
    }
    out.push(handshake(story));
    if talk.opened.is_none() {
        out.extend(beside(&story.beside));
        return out;
    }
    out.extend(subprotocol(plan, story));
    out.push(first_message(plan, talk));
    out.extend(story.stalls.iter().map(|stall| check("messages", Mark::Odd, stall.text())));
    out.extend(plan.expect.iter().zip(&talk.met).map(|(text, met)| expectation(text, *met)));
    if story.failed() && talk.close_sent.is_none() {
        out.push(check("frames", Mark::Bad, "Chrome would be gone by now, so nothing more was tried"));
        return out;
    }
    out.push(compression(story));
    out.push(fragments(plan, story));
    out.push(ping(story));
    out.extend(close(plan, story));
    out.extend(story.foreign.as_ref().map(foreign));
    out
}

/// What the server says to other questions than the handshake.
fn beside(beside: &Beside) -> Vec<Check> {
    let mut out = Vec::new();
    if beside.speaks_tls {
        let fix = Some("use wss:// in place of ws://".to_owned());
        out.push(Check { fix, ..check("TLS", Mark::Bad, "the server answers a TLS hello on this port") });
    }
    out.extend(beside.get.map(|(status, likeness)| match likeness {
        Likeness::Same => check(
            "plain GET",
            Mark::Odd,
            format!(
                "the same path gets the same page ({status}): Upgrade is lost on the way, or a catch-all route answers"
            ),
        ),
        Likeness::Other => {
            check("plain GET", Mark::Good, format!("the same path gets {status}, so the server saw the upgrade"))
        }
        Likeness::Alone => check("plain GET", Mark::Good, format!("the same path gets {status}, so the server runs")),
    }));
    if beside.is_socket_io {
        let words = "a Socket.IO server answers at /socket.io/";
        let fix = "connect with socket.io-client, or to /socket.io/?EIO=4&transport=websocket";
        out.push(Check { fix: Some(fix.to_owned()), ..check("Socket.IO", Mark::Odd, words) });
    }
    out
}

/// How a page from elsewhere fares.
fn foreign(foreign: &Foreign) -> Check {
    let Foreign { origin, status } = foreign;
    match status {
        101 => check("origin", Mark::Good, format!("a page from elsewhere ({origin}) is let in, too")),
        status => {
            let words = format!("a page from elsewhere ({origin}) gets {status}: give your page's with --origin");
            check("origin", Mark::Odd, words)
        }
    }
}

fn handshake(story: &Story) -> Check {
    let asked = story.asked.as_ref().map_or(Time::default(), |(time, _)| *time);
    let name = "handshake";
    let Some((time, response)) = story.responses.last() else {
        let words = match &story.ended {
            Some(_) if story.fault.is_some() => story.fault.clone().unwrap_or_default(),
            _ if story.talk.no_response => "no response came in time".to_owned(),
            Some((_, how)) => format!("the server {} without a response", ended(*how)),
            None => "no response yet".to_owned(),
        };
        return check(name, Mark::Bad, words);
    };
    let took = since(asked, *time);
    let status = response.status.map_or("no status".to_owned(), |status| status.to_string());
    match story.talk.opened.is_some() {
        true => check(name, Mark::Good, format!("{status} in {took}")),
        false if story.talk.no_response => check(name, Mark::Bad, "the response's head did not end in time"),
        false => check(name, Mark::Bad, format!("{status} in {took}, and Chrome opens nothing")),
    }
}

fn subprotocol(plan: &Plan, story: &Story) -> Option<Check> {
    let chosen = story.open.as_ref().and_then(|open| open.subprotocol.as_deref());
    let chosen = chosen.map(|name| text::preview(name, 80));
    match (plan.request.protocols.is_empty(), chosen) {
        (true, None) => None,
        (_, Some(name)) => Some(check("subprotocol", Mark::Good, name)),
        (false, None) => Some(check("subprotocol", Mark::Odd, "the server chose none of those that were offered")),
    }
}

fn first_message(plan: &Plan, talk: &Talk) -> Check {
    let opened = talk.opened.unwrap_or_default();
    match &talk.first {
        Some((time, words)) => {
            let count = if talk.messages == 1 { String::new() } else { format!("; {} in all", talk.messages) };
            check("messages", Mark::Good, format!("the first after {}: {words}{count}", since(opened, *time)))
        }
        None => check("messages", Mark::Open, format!("none came in {}", span(plan.listen))),
    }
}

fn expectation(text: &str, met: bool) -> Check {
    let (mark, words) = if met { (Mark::Good, "came") } else { (Mark::Bad, "did not come") };
    check("expect", mark, format!("\"{}\" {words}", text::preview(text.as_bytes(), 60)))
}

fn compression(story: &Story) -> Check {
    let talk = &story.talk;
    let name = "compression";
    let agreed = story.open.as_ref().and_then(|open| open.extensions.as_deref()).unwrap_or_default();
    if !story.compresses() {
        return check(name, Mark::Open, "not agreed to, which is fine");
    }
    let mut words = text::preview(agreed, 100);
    if talk.sent_compressed {
        words.push_str("; texts were sent compressed");
    }
    if talk.unreadable > 0 {
        return check(
            name,
            Mark::Bad,
            format!("{words}; {} of {} can't be inflated", talk.unreadable, talk.compressed),
        );
    }
    if talk.compressed > 0 {
        words.push_str(&format!("; {} came so", talk.compressed));
    }
    check(name, Mark::Good, words)
}

fn fragments(plan: &Plan, story: &Story) -> Check {
    let talk = &story.talk;
    let name = "fragments";
    let alive = talk.ping.is_some_and(|ping| ping.pong.is_some());
    match talk.fragments {
        Some(fragments) if fragments.echoed => check(name, Mark::Good, "a text in two frames came back whole"),
        Some(_) if talk.echoes => check(name, Mark::Odd, "texts come back, but not the one that went in two frames"),
        Some(_) if alive => check(name, Mark::Good, "a text in two frames was taken without complaint"),
        Some(_) => check(name, Mark::Odd, "after a text in two frames the server answered nothing more"),
        None if plan.send.is_empty() => check(name, Mark::Open, "not tried: there was nothing to send (--send TEXT)"),
        None => check(name, Mark::Open, "not tried: the server does not echo (a second --send goes in fragments)"),
    }
}

fn ping(story: &Story) -> Check {
    let name = "ping";
    let Some(ping) = story.talk.ping else { return check(name, Mark::Open, "not tried: it was over before") };
    match ping.pong {
        Some(pong) => check(name, Mark::Good, format!("a pong with the same bytes after {}", since(ping.sent, pong))),
        None if ping.other => check(name, Mark::Odd, "a pong with other bytes came"),
        None => check(name, Mark::Odd, "no pong came"),
    }
}

fn close(plan: &Plan, story: &Story) -> Vec<Check> {
    let talk = &story.talk;
    let end = match story.ended {
        Some((_, how)) => check("end", Mark::Good, format!("the server {}", ended(how))),
        None => check("end", Mark::Odd, "the server did not close the connection"),
    };
    let close = match (talk.close_sent, &talk.close_came) {
        (Some(sent), Some(closed)) => {
            let (words, took) = (&closed.words, since(sent, closed.time));
            check("close", Mark::Good, format!("close 1000 was answered with {words} after {took}"))
        }
        (Some(_), None) => {
            // Without the close frame's reply there is nothing behind which it could close.
            let silent = story.ended.is_none();
            let words = if silent { "close 1000 was not answered" } else { "closed without a close frame of its own" };
            return if silent {
                vec![check("close", Mark::Odd, words)]
            } else {
                vec![check("close", Mark::Odd, words), end]
            };
        }
        (None, Some(closed)) => by_itself(plan, talk, closed),
        // The user ended it.
        (None, None) if story.ended.is_none() => return Vec::new(),
        (None, None) => {
            let how = story.ended.map_or("is still there", |(_, how)| ended(how));
            return vec![check(
                "close",
                Mark::Bad,
                format!("the server {how} without a close frame: 1006 for the page"),
            )];
        }
    };
    match story.ended {
        Some((_, Ending::Reset)) => vec![close, Check { mark: Mark::Odd, ..end }],
        _ => vec![close, end],
    }
}

/// The server closed before the doctor did. Where all that was to come has come, it may well.
fn by_itself(plan: &Plan, talk: &Talk, closed: &Closed) -> Check {
    let words = format!("the server closed by itself: {}", closed.words);
    if let Some(code) = closed.code.filter(|code| end::tells_why(*code)) {
        let kind = end::closed(code);
        let fix = diagnose::words(kind).fix.to_owned();
        return Check { fix: Some(fix), ..check("close", Mark::Bad, words) };
    }
    let is_met = !talk.met.is_empty() && talk.met.iter().all(|met| *met);
    let behind = |from: Option<Time>| from.filter(|from| closed.time.since(*from) <= end::AT_ONCE);
    let first = talk.first.as_ref().map(|(time, _)| *time);
    let at_once = match (behind(first), behind(talk.opened)) {
        (Some(time), _) => Some((time, "its first message")),
        (None, Some(time)) => Some((time, "it opened")),
        (None, None) => None,
    };
    if let Some((time, what)) = at_once.filter(|_| !is_met) {
        let fix = "let the handler read in a loop until the client closes; express-ws: see that the route's path is \
                   the one asked for";
        let took = since(time, closed.time);
        let words = format!("{words}, {took} after {what}, as where its handler returns");
        return Check { fix: Some(fix.to_owned()), ..check("close", Mark::Bad, words) };
    }
    let mark = if plan.expect.is_empty() && closed.code != Some(Code::NORMAL) { Mark::Odd } else { Mark::Good };
    check("close", mark, words)
}

const fn ended(how: Ending) -> &'static str {
    match how {
        Ending::Fin => "closed the connection",
        Ending::Reset => "reset the connection",
    }
}

fn since(from: Time, to: Time) -> String {
    span(to.since(from))
}

/// A time for people.
pub(super) fn span(time: Duration) -> String {
    match time.as_micros() {
        0..10_000 => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        10_000..1_000_000 => format!("{} ms", time.as_millis()),
        _ if time.subsec_millis() == 0 => format!("{} s", time.as_secs()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
