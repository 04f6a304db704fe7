//! How a run without a screen ends, what it is held to, and who is told.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow, bail, ensure};

use crate::cli::EndArguments;
use crate::export::{Demand, ReportKind};
use crate::query::Query;
use crate::text;

/// A day: longer runs end by a signal.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// When a run ends by itself, and what is asserted of it.
#[derive(Debug, Default)]
pub struct Ends {
    /// After this time.
    pub time: Option<Duration>,
    /// Once so many sessions have ended.
    pub sessions: Option<u64>,
    /// What is asserted.
    pub demands: Vec<(Demand, Query)>,
    /// Who is told.
    pub reports: Vec<Report>,
}

/// A report for a CI system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which.
    pub kind: ReportKind,
    /// The file; `None` for standard output.
    pub file: Option<PathBuf>,
}

impl Ends {
    /// Checks what was typed.
    ///
    /// # Errors
    /// One sentence that says what is wrong and shows a right value.
    pub(super) fn new(arguments: &EndArguments) -> Result<Self> {
        let expected = arguments.expect.iter().map(|query| (Demand::Expect, query));
        let rejected = arguments.reject.iter().map(|query| (Demand::Reject, query));
        Ok(Self {
            time: arguments.time.as_deref().map(time).transpose()?,
            sessions: arguments.sessions,
            demands: expected
                .chain(rejected)
                .map(|(demand, query)| self::demand(demand, query))
                .collect::<Result<_>>()?,
            reports: arguments.report.iter().map(|value| report(value)).collect::<Result<_>>()?,
        })
    }

    /// The first flag of those that need a run without a screen.
    pub(super) fn flag(arguments: &EndArguments) -> Option<&'static str> {
        let EndArguments { time, sessions, expect, reject, report } = arguments;
        let flags = [
            ("--for", time.is_some()),
            ("--sessions", sessions.is_some()),
            ("--expect", !expect.is_empty()),
            ("--reject", !reject.is_empty()),
            ("--report", !report.is_empty()),
        ];
        flags.into_iter().find_map(|(flag, is_there)| is_there.then_some(flag))
    }
}

fn demand(demand: Demand, text: &str) -> Result<(Demand, Query)> {
    let flag = demand.flag();
    let query = super::query(flag, text)?.ok_or_else(|| anyhow!("{flag} asks for nothing: write from:server hello"))?;
    ensure!(
        !query.asks_for_replies() && !query.asks_for_marks(),
        "{flag} {} asks for marks or for later replies, which only the screen knows: leave out marked and is:unreplied",
        text::escape(text.as_bytes())
    );
    Ok((demand, query))
}

/// A time with its unit, or in seconds.
fn time(value: &str) -> Result<Duration> {
    let end = value.find(|one: char| !one.is_ascii_digit()).unwrap_or(value.len());
    let (digits, unit) = value.split_at(end);
    let number: Option<u64> = digits.parse().ok();
    let time = match (number, unit) {
        (Some(number), "ms") => Some(Duration::from_millis(number)),
        (Some(number), "" | "s") => Some(Duration::from_secs(number)),
        (Some(number), "m") => number.checked_mul(60).map(Duration::from_secs),
        (Some(number), "h") => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    };
    let time = time.filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or_else(|| anyhow!("--for {} is no time: write 30s, 2m or 500ms", text::escape(value.as_bytes())))
}

fn report(value: &str) -> Result<Report> {
    match value.split_once('=') {
        None if value == "github" => Ok(Report { kind: ReportKind::Github, file: None }),
        Some(("junit", file)) if !file.is_empty() => Ok(Report { kind: ReportKind::Junit, file: Some(file.into()) }),
        _ if value.starts_with("junit") => bail!("--report junit needs a file: write --report junit=wsproxy.xml"),
        _ => bail!(
            "--report {} is neither of the two that there are: write github, or junit=wsproxy.xml",
            text::escape(value.as_bytes())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (value, millis) in [("30s", 30_000), ("2", 2000), ("500ms", 500), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(time(value).unwrap(), Duration::from_millis(millis), "{value}");
        }
        for value in ["", "0", "x", "1d", "-1s", "25h", "99999999999999999999s", "1.5s"] {
            assert!(time(value).unwrap_err().to_string().ends_with("is no time: write 30s, 2m or 500ms"), "{value}");
        }
    }

    #[test]
    fn a_wrong_report_gets_a_right_one() {
        assert_eq!(report("junit=a=b.xml").unwrap().file, Some("a=b.xml".into()));
        for (value, words) in [("junit", "write --report junit=wsproxy.xml"), ("gitlab", "write github, or junit=")] {
            assert!(report(value).unwrap_err().to_string().contains(words), "{value}");
        }
    }
}
