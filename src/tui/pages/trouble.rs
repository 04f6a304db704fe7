//! What went wrong in a session, in plain words.

use crate::diagnose::{self, render};
use crate::journal::{SessionState, SessionSummary};
use crate::record::finding::{Finding, Level};
use crate::record::{ClosedBy, ClosedHow, Ending, FrameNumber, FrameRecord, Outcome, Side, Stall, Time, Verdict};
use crate::text;
use crate::tui::fit;
use crate::wire::close::Code;

/// Something that went wrong in a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble<'a> {
    /// A peer broke a rule.
    Finding(Side, &'a Finding),
    /// A peer owes something.
    Stall(&'a Stall),
    /// wsproxy had to answer by itself.
    Answered(u16, &'a str),
    /// Chrome opens no socket with such an answer.
    Verdict(&'a Verdict),
    /// The server refused the handshake.
    Refused(Option<u16>),
    /// A side tore the connection down.
    Reset(Side),
    /// A side ended an open session without a close frame.
    NoCloseFrame(Side),
    /// A limit of time was met.
    TimedOut,
    /// A side closed with a code that tells of trouble.
    Code(ClosedBy, Code, &'a [u8]),
}

impl Trouble<'_> {
    /// How much it matters.
    #[must_use]
    pub(crate) const fn level(&self) -> Level {
        match self {
            Self::Finding(_, finding) => diagnose::words(finding.kind).level,
            Self::Answered(..) | Self::Refused(_) | Self::Verdict(_) => Level::Error,
            Self::NoCloseFrame(Side::Client) | Self::Reset(Side::Client) => Level::Note,
            Self::Stall(_)
            | Self::Reset(Side::Server)
            | Self::NoCloseFrame(Side::Server)
            | Self::TimedOut
            | Self::Code(..) => Level::Warning,
        }
    }

    /// What problems of the same kind have in common.
    #[must_use]
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Finding(side, finding) => format!("{} {}", side.name(), finding.kind.id()),
            Self::Stall(stall) => format!("{} {}", stall.lane.name(), stall.kind.name()),
            other => other.text(),
        }
    }

    /// The frame that it is about.
    #[must_use]
    pub(crate) const fn frame(&self) -> Option<FrameNumber> {
        match self {
            Self::Finding(_, finding) => finding.frame(),
            Self::Stall(stall) => stall.frame,
            _ => None,
        }
    }

    /// The side whose bytes it is about, where it is about those.
    #[must_use]
    pub(crate) const fn side(&self) -> Option<Side> {
        match self {
            Self::Finding(side, _) | Self::Reset(side) | Self::NoCloseFrame(side) => Some(*side),
            Self::Stall(stall) => Some(stall.lane),
            _ => None,
        }
    }

    /// Since when it lasts, where it is not over.
    #[must_use]
    pub(crate) const fn since(&self) -> Option<Time> {
        match self {
            Self::Stall(stall) => Some(stall.since),
            _ => None,
        }
    }

    /// In a line: the cause where the bytes name one, since that is what to act on, and what happened behind it.
    #[must_use]
    pub(crate) fn headline(&self) -> String {
        let text = self.text();
        match self {
            Self::Finding(_, Finding { cause: Some(cause), .. }) => {
                format!("{} ({text})", text::escape(cause.as_bytes()))
            }
            _ => text,
        }
    }

    /// What happened, in plain words, safe to show.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Finding(_, finding) => render::sentence(finding),
            Self::Stall(stall) => stall.text(),
            Self::Answered(status, reason) => format!("answered {status}: {}", text::escape(reason.as_bytes())),
            Self::Verdict(verdict) => self::verdict(verdict),
            Self::Refused(Some(status)) => format!("the server answered {status}, not 101"),
            Self::Refused(None) => "the server's answer is no HTTP".to_owned(),
            Self::Reset(side) => format!("the {} tore the connection down (RST)", side.name()),
            Self::NoCloseFrame(side) => {
                format!("the {} ended the connection without a close frame; the other side sees 1006", side.name())
            }
            Self::TimedOut => "nothing came in time".to_owned(),
            Self::Code(by, code, reason) => {
                let reason =
                    if reason.is_empty() { String::new() } else { format!(": {}", text::preview(reason, 120)) };
                format!("{} closed with {code} {}{reason}", by.name(), code.name())
            }
        }
    }
}

/// All that is wrong with a session, in the order in which it happened.
pub(crate) fn troubles(summary: &SessionSummary) -> impl Iterator<Item = (Time, Trouble<'_>)> {
    let findings = summary.findings.iter().map(|(time, from, finding)| (*time, Trouble::Finding(*from, finding)));
    let answered = summary.answered.iter().map(|(status, reason)| (summary.last, Trouble::Answered(*status, reason)));
    // What a finding has in its own words, the verdict need not repeat.
    let verdict =
        summary.verdict.as_ref().filter(|(_, verdict)| verdict.outcome == Outcome::Fails && verdict.finding.is_none());
    let verdict = verdict.map(|(time, verdict)| (*time, Trouble::Verdict(verdict)));
    let stalls = summary.stalls.iter().map(|stall| (stall.since, Trouble::Stall(stall)));
    findings.chain(stalls).chain(answered).chain(verdict).chain(refused(summary)).chain(bad_end(summary))
}

/// How many findings of these sessions have left memory, in words; `None` where all are remembered.
#[must_use]
pub(crate) fn earlier_findings<'a>(summaries: impl IntoIterator<Item = &'a SessionSummary>) -> Option<String> {
    match summaries.into_iter().map(|summary| summary.earlier_findings).sum() {
        0 => None,
        1 => Some("1 earlier finding left memory".to_owned()),
        count => Some(format!("{} earlier findings left memory", fit::number(count))),
    }
}

/// Chrome's verdict in a line.
#[must_use]
pub(crate) fn verdict(verdict: &Verdict) -> String {
    let outcome = verdict.outcome.name();
    match (&verdict.error_text, verdict.close_code) {
        (Some(words), _) => format!("Chrome {outcome}: {}", text::preview(words.as_bytes(), 300)),
        (None, Some(code)) => format!("Chrome {outcome}: the page sees a close with {code}, the console not a word"),
        (None, None) => format!("Chrome {outcome}"),
    }
}

fn refused(summary: &SessionSummary) -> Option<(Time, Trouble<'_>)> {
    let is_told = summary.open.is_some() || summary.answered.is_some() || summary.verdict.is_some();
    let response = summary.response.as_ref().filter(|_| !is_told)?;
    let interim = matches!(response.status, Some(100..=199)) && response.complete;
    (!interim || summary.state == SessionState::Closed).then_some((summary.last, Trouble::Refused(response.status)))
}

fn bad_end(summary: &SessionSummary) -> Option<(Time, Trouble<'_>)> {
    let (time, closed) = summary.closed.as_ref()?;
    if summary.findings.iter().any(|(_, _, finding)| diagnose::end::is_of_end(finding.kind)) {
        return None;
    }
    let trouble = match (closed.how, closed.by, closed.code) {
        (ClosedHow::Timeout, ..) => Trouble::TimedOut,
        (ClosedHow::Reset, ClosedBy::Peer(side), _) => Trouble::Reset(side),
        (ClosedHow::Fin, ClosedBy::Peer(side), _) if summary.open.is_some() => Trouble::NoCloseFrame(side),
        (ClosedHow::CloseFrame, by @ ClosedBy::Peer(_), Some(code)) if tells_of_trouble(code) => {
            Trouble::Code(by, code, &closed.reason)
        }
        _ => return None,
    };
    Some((*time, trouble))
}

/// Whether a close code is other than what ends a session that went well.
const fn tells_of_trouble(code: Code) -> bool {
    matches!(code.value(), 1002..=1015 | 0..=999)
}

/// How a side's bytes ended, in words.
#[must_use]
pub(crate) const fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Fin => "FIN: it will send no more",
        Ending::Reset => "RST: the connection was torn down",
    }
}

/// Whether the page never gets what a frame of the server's carries.
#[must_use]
pub(crate) fn is_undelivered(summary: &SessionSummary, frame: &FrameRecord) -> bool {
    let lost = summary.verdict.as_ref().and_then(|(_, verdict)| verdict.undelivered);
    let carries = frame.from == Side::Server && !frame.header.opcode().is_control();
    carries && lost.is_some_and(|first| frame.number >= first)
}
