//! Steering a proxy from scripts: the socket of one that runs, and `wsproxy ctl`, which is its other end.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use tokio::runtime::Runtime;
use wsproxy::cli::ctl::{CtlArguments, CtlEnd};
use wsproxy::config::Config;
use wsproxy::control;
use wsproxy::engine::control_socket::{ControlSocket, ControlWorld};
use wsproxy::engine::handle::Handle;
use wsproxy::export::Printer;
use wsproxy::headless;
use wsproxy::journal::Journal;

use super::{FAILED, Failure, OrFail as _, SEEN, WRONG, written_or_unread};

/// Has a running proxy do something.
pub(super) fn ctl(arguments: &CtlArguments) -> Result<ExitCode, Failure> {
    let (code, why) = match arguments.run(&mut io::stdout().lock()) {
        Ok(CtlEnd::Done) => return Ok(ExitCode::SUCCESS),
        Ok(CtlEnd::Refused(None)) => return Ok(ExitCode::from(SEEN)),
        Ok(CtlEnd::Refused(Some(why))) => (SEEN, why),
        Ok(CtlEnd::Wrong(why)) => (WRONG, why),
        Ok(CtlEnd::NoProxy(why)) => (FAILED, why),
        Err(error) => return written_or_unread(Err(error)).map(|()| ExitCode::SUCCESS),
    };
    Err(anyhow!(why)).or_fail(code)
}

/// The socket by which scripts steer the proxy, where one is wanted.
pub(super) fn control_socket(
    config: &Config,
    runtime: &Runtime,
    handle: &Handle,
    journal: &Arc<Journal>,
) -> Result<Option<ControlSocket>, Failure> {
    let Some(path) = &config.control else { return Ok(None) };
    let preference = config.preference.clone();
    let lines: control::LineMaker = Box::new(move |query| {
        let printer = Printer::new(headless::Format::Json, TimeZone::system()).reading(preference.clone());
        Box::new(match query {
            Some(query) => printer.filtered(query),
            None => printer,
        })
    });
    let world = ControlWorld { control: Arc::new(handle.clone()), journal: Arc::clone(journal), lines };
    let _context = runtime.enter();
    ControlSocket::serve(path, world).map(Some).context("--control").or_fail(FAILED)
}
