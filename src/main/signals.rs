//! Signals that ask the program to end.

use std::io;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use super::{FAILED, Failure, OrFail as _};

/// Calls `act` once, on the first signal that asks the program to end.
pub(super) fn on_signal(runtime: &Runtime, act: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let context = runtime.enter();
    let signal = end_signal().context("can't listen for signals").or_fail(FAILED)?;
    drop(context);
    runtime.spawn(async move {
        signal.await;
        act();
    });
    Ok(())
}

/// Resolves on the first signal that asks the program to end: ctrl-c, SIGTERM, or the terminal's end.
#[cfg(unix)]
pub(super) fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Resolves on ctrl-c.
#[cfg(not(unix))]
pub(super) fn end_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
