//! The doctor's last line.

use serde::Serialize;

use crate::doctor::{Attempt, Check, Report, Spoken};

use super::{VERSION, put};

#[derive(Serialize)]
struct Doctor<'a> {
    v: u8,
    event: &'static str,
    url: &'a str,
    ok: bool,
    outcome: &'static str,
    sentence: &'a str,
    fix: Option<&'a str>,
    timing: Timing,
    checks: Vec<CheckLine<'a>>,
    dialects: Vec<AttemptLine<'a>>,
}

/// In microseconds; null for what did not happen.
#[derive(Serialize)]
struct Timing {
    connect: Option<u128>,
    tls: Option<u128>,
    response: Option<u128>,
    first_message: Option<u128>,
}

#[derive(Serialize)]
struct CheckLine<'a> {
    name: &'static str,
    result: &'static str,
    words: &'a str,
}

#[derive(Serialize)]
struct AttemptLine<'a> {
    dialect: &'static str,
    spoken: bool,
    why: &'a str,
}

/// Adds the line for a report.
pub fn write(report: &Report, out: &mut Vec<u8>) {
    let micros = |time: Option<std::time::Duration>| time.map(|time| time.as_micros());
    let timing = &report.timing;
    let doctor = Doctor {
        v: VERSION,
        event: "doctor",
        url: &report.url,
        ok: report.outcome.fine,
        outcome: report.outcome.page.name(),
        sentence: &report.outcome.sentence,
        fix: report.outcome.fix.as_deref(),
        timing: Timing {
            connect: micros(timing.connect),
            tls: micros(timing.tls),
            response: micros(timing.response),
            first_message: micros(timing.first_message),
        },
        checks: report.checks.iter().map(check).collect(),
        dialects: report.attempts.iter().map(attempt).collect(),
    };
    put(&doctor, out);
}

fn check(check: &Check) -> CheckLine<'_> {
    CheckLine { name: check.name, result: check.mark.name(), words: &check.words }
}

fn attempt(attempt: &Attempt) -> AttemptLine<'_> {
    let spoken = attempt.spoken == Spoken::Yes;
    AttemptLine { dialect: attempt.dialect.facts().name, spoken, why: &attempt.why }
}
