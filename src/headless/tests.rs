//! Runs: from the journal to the end of the output.

use std::sync::Mutex;

use jiff::tz::TimeZone;

use super::*;
use crate::diagnose;
use crate::export::printed::{client, event, proxy, whole};
use crate::record::finding::{FindingKind, Level};
use crate::record::{Event, ProxyEvent, SessionId, Side};
use crate::wire::opcode::Opcode;

#[test]
fn run_prints_what_there_is_and_ends_with_a_summary() {
    let journal = Arc::new(Journal::new(1 << 20));
    journal.push(Some(SessionId(1)), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    journal.push(Some(SessionId(1)), whole(Side::Client, Opcode::TEXT, b"Hello"));
    let (mut remote, inbox) = channel(&journal, Printer::new(Format::Text, TimeZone::UTC));
    remote.stop();
    let mut out = Vec::new();
    run(&inbox, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.ends_with("1 session, 1 frame, 0 problems\n"), "{out}");
}

#[test]
fn a_run_comes_to_a_line_that_says_where_its_problems_are_explained() {
    let error = FindingKind::HttpExtraCrlf;
    let first_of = |level| *FindingKind::ALL.iter().find(|kind| diagnose::words(**kind).level == level).unwrap();
    let (warning, note) = (first_of(Level::Warning), first_of(Level::Note));
    for (sessions, frames, findings, expected) in [
        (0, 0, &[][..], None),
        (
            0,
            0,
            &[(error, 1)],
            Some("0 sessions, 0 frames, 1 problem (wsproxy explain http-extra-crlf says more of it)"),
        ),
        (1, 1, &[], Some("1 session, 1 frame, 0 problems")),
        (1, 2, &[(note, 4)], Some("1 session, 2 frames, 0 problems")),
        (
            3,
            120,
            &[(error, 2), (note, 1)],
            Some("3 sessions, 120 frames, 2 problems (wsproxy explain http-extra-crlf says more of them)"),
        ),
        (
            3,
            120,
            &[(warning, 7), (error, 1)],
            Some("3 sessions, 120 frames, 8 problems (wsproxy explain http-extra-crlf says more of the worst)"),
        ),
    ] {
        let findings = findings.iter().copied().collect();
        assert_eq!(export::counts(sessions, frames, &findings).as_deref(), expected);
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let journal = Arc::new(Journal::new(1 << 20));
    journal.push(None, proxy(ProxyEvent::Note(Level::Note, "x".into())));
    let (_remote, inbox) = channel(&journal, Printer::new(Format::Json, TimeZone::UTC));
    run(&inbox, &mut Gone).unwrap();
}

/// Output that takes a write only when it is told to.
struct Gate {
    entered: SyncSender<()>,
    go: Receiver<()>,
    out: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.entered.send(()).unwrap();
        if self.go.recv().is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.out.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_hangs_is_told_from_a_slow_one_and_what_is_lost_is_counted() {
    let journal = Arc::new(Journal::new(1 << 24));
    for number in 0..100 {
        // Blocks of more than one write.
        for _ in 0..10 {
            journal.push(Some(SessionId(number)), whole(Side::Client, Opcode::TEXT, &[b'x'; 500]));
        }
    }
    let (mut remote, inbox) = channel(&journal, Printer::new(Format::Json, TimeZone::UTC));
    let ((entered, entrances), (open, go)) = (sync_channel(0), sync_channel(0));
    let out = Arc::new(Mutex::new(Vec::new()));
    let mut gate = Gate { entered, go, out: Arc::clone(&out) };
    let thread = std::thread::spawn(move || run(&inbox, &mut gate));
    entrances.recv().unwrap();
    remote.stop();
    for _ in 0..20 {
        open.send(()).unwrap();
        entrances.recv().unwrap();
        assert_eq!(remote.lost(), None, "it is slow");
    }
    let lost = remote.lost().expect("it hangs");
    let lines = |out: &[u8]| out.iter().filter(|byte| **byte == b'\n').count() as u64;
    let written = lines(&out.lock().unwrap());
    assert!(written > 0, "{written}");
    assert_eq!(written + lost, 1000 + 1);
    // It was given up: what still gets through does not end as if it were all.
    open.send(()).unwrap();
    while entrances.recv().is_ok() {
        open.send(()).unwrap();
    }
    thread.join().unwrap().unwrap();
    let out = String::from_utf8(out.lock().unwrap().clone()).unwrap();
    assert!(!out.contains("summary") && lines(out.as_bytes()) < 1000, "{out}");
}
