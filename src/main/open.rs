//! `wsproxy open`: a capture on the screen, or as lines.

use std::io;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use tokio::runtime::Builder;
use wsproxy::archive::{self, Capture};
use wsproxy::config::{OpenConfig, Output};
use wsproxy::control;
use wsproxy::engine::clock;
use wsproxy::export::{Printer, Redaction};
use wsproxy::headless::{self, Format};
use wsproxy::text;
use wsproxy::tui;
use wsproxy::tui::theme::Colouring;

use super::{FAILED, Failure, OrFail as _, SEEN, WRONG, is_failure, leave_if_stalled, on_signal, say};

/// Shows a capture, on the screen or in lines.
pub(super) fn open(config: OpenConfig, colouring: Colouring) -> Result<ExitCode, Failure> {
    match config.output {
        Output::Lines(format) | Output::Aside(format) => print(config, format),
        Output::Screen | Output::Quiet => show(config, colouring).map(|()| ExitCode::SUCCESS),
    }
}

fn show(config: OpenConfig, colouring: Colouring) -> Result<(), Failure> {
    let capture = Capture::open(&config.path).map_err(anyhow::Error::from).or_fail(WRONG)?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("can't start threads").or_fail(FAILED)?;
    let (remote, inbox) = tui::channel();
    let (on_screen, gone) = mpsc::sync_channel::<()>(1);
    on_signal(&runtime, move || {
        remote.quit();
        thread::spawn(move || leave_if_stalled(&gone));
    })?;
    let world = tui::World {
        source: tui::Source::Capture(Arc::new(capture)),
        control: Arc::new(control::Nobody),
        clock: clock::now,
        preference: config.preference,
        filter: config.filter,
        redaction: Redaction::default(),
        colouring,
    };
    let nowhere =
        tui::Info { addresses: Vec::new(), upstream: String::new(), playground: false, hold_limits: String::new() };
    let result = tui::run(inbox, world, nowhere);
    drop(on_screen);
    runtime.shutdown_background();
    result.context("can't use the terminal").or_fail(FAILED)
}

fn print(config: OpenConfig, format: Format) -> Result<ExitCode, Failure> {
    let mut files = archive::open(&config.path).map_err(anyhow::Error::from).or_fail(WRONG)?;
    if let Some(tail) = archive::cut(&files) {
        say(&format!("{}: {tail}", text::escape(config.path.as_os_str().as_encoded_bytes())));
    }
    let mut printer = Printer::new(format, TimeZone::system()).reading(config.preference);
    if let Some(query) = config.filter {
        printer = printer.filtered(query);
    }
    let printed = match headless::print_capture(&mut files, printer, |_| true, &mut io::stdout().lock()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        result => result.context("can't write to standard output").or_fail(WRONG)?.unwrap_or_default(),
    };
    if let Some(trouble) = printed.trouble {
        return Err(anyhow!(trouble)).or_fail(WRONG);
    }
    let has_failed = printed.findings.keys().any(|kind| is_failure(config.fail_on, *kind));
    Ok(if has_failed { ExitCode::from(SEEN) } else { ExitCode::SUCCESS })
}
