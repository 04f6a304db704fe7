//! `wsproxy doctor`: a visit to a server, and the report of it.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use tokio::runtime::Builder;
use wsproxy::config::DoctorConfig;
use wsproxy::doctor::Report;
use wsproxy::doctor::dialects::smells_old;
use wsproxy::engine::visit;
use wsproxy::export::Printer;
use wsproxy::headless::{self, Format};
use wsproxy::record::{Log, SessionId};

use super::{FAILED, Failure, OrFail as _, SEEN, end_signal, written_or_unread};

/// Visits a server and prints the report. ctrl-c ends the visit, and the report is on what was seen up to then.
pub(super) fn doctor(config: DoctorConfig) -> Result<ExitCode, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("can't start").or_fail(FAILED)?;
    let report = runtime.block_on(examine(&config))?;
    runtime.shutdown_background();
    let written = io::stdout().lock().write_all(&headless::report(&report, config.format, config.colour));
    written_or_unread(written)?;
    Ok(if report.outcome.fine { ExitCode::SUCCESS } else { ExitCode::from(SEEN) })
}

async fn examine(config: &DoctorConfig) -> Result<Report, Failure> {
    let signal = end_signal().context("can't listen for signals").or_fail(FAILED)?;
    tokio::pin!(signal);
    let url = config.url.clone();
    let call = tokio::select! {
        call = visit::call(&config.dialer, config.plan.clone()) => call,
        () = &mut signal => return Ok(Report::of_interrupt(url)),
    };
    let mut call = match call {
        Ok(call) => call,
        Err(error) => return Ok(visit::no_connection(url, &error)),
    };
    let mut printer = (config.format == Format::Json).then(|| Printer::new(Format::Json, TimeZone::UTC));
    let mut attempts = Vec::new();
    tokio::select! {
        () = call.run(|log| print_seen(printer.as_mut(), log)) => {
            if config.tries_elsewhere && call.visit.is_over_well() {
                tokio::select! {
                    foreign = visit::foreign(&config.dialer, &config.plan) => {
                        foreign.into_iter().for_each(|foreign| call.visit.note_foreign(foreign));
                    }
                    () = &mut signal => {}
                }
            }
            if call.visit.story().talk.opened.is_none() {
                tokio::select! {
                    () = call.look_beside() => {}
                    () = &mut signal => {}
                }
            }
            if config.dialects || smells_old(call.visit.story()) {
                tokio::select! {
                    tried = visit::dialects(&config.dialer, &config.plan) => attempts = tried,
                    () = &mut signal => {}
                }
            }
        }
        () = &mut signal => {}
    }
    Ok(Report::of_visit(url, &call.connected, &call.visit, attempts))
}

/// Prints what the doctor saw, where it is to be printed as it comes.
fn print_seen(printer: Option<&mut Printer>, log: Log) {
    let Some(printer) = printer else { return };
    let mut lines = Vec::new();
    printer.log(Some(SessionId(1)), &log, &mut lines);
    // Where nobody reads, the report will find out.
    let _ = io::stdout().lock().write_all(&lines);
}
