//! File descriptors: as many as the sessions may need, in a table that has its full size before there are threads.
//!
//! The kernel doubles a process's table as numbers run out. Where other threads share it, that waits until no processor
//! can look at the old one any more: 8 ms each time (measured on Linux 6), in which the thread that wanted one more socket
//! relays nothing. Before there are threads, it waits for nobody.

use std::io;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside the sockets of sessions: listeners, plain HTTP connections, a terminal, files.
const OTHERS: u64 = 64;
/// Numbers for which there is room from the start, at most: half a mebibyte of the kernel's memory. A limit on sessions
/// that is no limit must not take more.
const READY: u64 = 64 * 1024;

/// Raises this process's limit as far as it may be, and makes room for two sockets for each of so many sessions, or for as
/// many as it may have. It has to be called before there are threads to be of use.
pub fn reserve(sessions: usize) {
    let wanted = (sessions as u64).saturating_mul(2).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let mut current = limit.current.unwrap_or(u64::MAX);
    let allowed = limit.maximum.unwrap_or(u64::MAX);
    // Where it can't be raised, clients beyond it are refused, and that is said then.
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if current < allowed && setrlimit(Resource::Nofile, raised).is_ok() {
        current = allowed;
    }
    let last = current.min(wanted).min(READY).saturating_sub(1);
    // The duplicate is closed at once; the table stays as it is.
    let _ = fcntl_dupfd_cloexec(io::stdin(), i32::try_from(last).unwrap_or(i32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_its_full_size_and_its_numbers_are_free_again() {
        reserve(300);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")?.trim().parse::<u64>().ok());
        assert!(size.is_none_or(|size| size >= 600 + OTHERS), "{size:?}");
        let least = fcntl_dupfd_cloexec(io::stdin(), 600).unwrap();
        assert!((600..664).contains(&std::os::fd::AsRawFd::as_raw_fd(&least)), "{least:?}");
    }

    #[test]
    fn a_limit_that_is_none_is_no_fault() {
        reserve(usize::MAX);
    }
}
