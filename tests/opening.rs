//! Captures that are opened: by the real program, in lines and on its screen.

use std::io::Cursor;
use std::path::Path;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use wsproxy::capture::{About, Reader, Writer};
use wsproxy::diagnose::examples::example;
use wsproxy::export::Printer;
use wsproxy::headless::{Format, print_capture};
use wsproxy::query::Query;
use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Log, Policy, SessionId, Time};

use crate::captures::play;
use crate::support::program::run;
use crate::support::terminal::Terminal;

fn about() -> About {
    About { program: "wsproxy".to_owned(), begun: Time(1), part: 1 }
}

/// A capture of logs, in blocks of so many.
fn capture(logs: &[(Option<SessionId>, Log)], each: usize) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), 7, &about()).unwrap();
    for (index, (session, log)) in logs.iter().enumerate() {
        writer.add(*session, log).unwrap();
        if index % each == 0 {
            writer.flush().unwrap();
        }
        if index % 7 == 0 {
            writer.index().unwrap();
        }
    }
    writer.finish().unwrap()
}

/// What a run prints that sees those logs.
fn live(logs: &[(Option<SessionId>, Log)], mut printer: Printer) -> String {
    let (mut out, mut findings) = (Vec::new(), std::collections::BTreeMap::new());
    for (session, log) in logs {
        log.findings().for_each(|kind| *findings.entry(kind).or_default() += 1);
        printer.log(*session, log, &mut out);
    }
    printer.finish(&findings, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn printed(file: &[u8], printer: Printer) -> String {
    let mut files = [Reader::open(Cursor::new(file)).unwrap()];
    let mut out = Vec::new();
    let printed = print_capture(&mut files, printer, |_| true, &mut out).unwrap().unwrap();
    assert_eq!(printed.trouble, None);
    String::from_utf8(out).unwrap()
}

/// Sessions of the catalogue's examples, one after the other.
fn sessions(kinds: &[FindingKind]) -> Vec<(Option<SessionId>, Log)> {
    let scenes = kinds.iter().filter_map(|kind| example(*kind).scene().cloned());
    (1..).zip(scenes).map(|(id, scene)| (Some(SessionId(id)), play(&scene, Policy::Repair))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_capture_prints_what_the_run_did(
        kinds in proptest::collection::vec(proptest::sample::select(FindingKind::ALL), 1..12),
        each in 1usize..5,
    ) {
        let logs = sessions(&kinds);
        let file = capture(&logs, each);
        for format in [Format::Json, Format::Text] {
            let printer = || Printer::new(format, TimeZone::UTC);
            prop_assert_eq!(printed(&file, printer()), live(&logs, printer()));
            let filtered = || printer().filtered(Query::parse("from:server or level:error").unwrap().unwrap());
            prop_assert_eq!(printed(&file, filtered()), live(&logs, filtered()));
        }
    }
}

/// Writes a capture of some sessions, and gives its bytes.
fn write(path: &Path) -> Vec<u8> {
    let file =
        capture(&sessions(&[FindingKind::HttpExtraCrlf, FindingKind::FrameRsv, FindingKind::FrameServerMasked]), 1);
    std::fs::write(path, &file).unwrap();
    file
}

#[test]
fn what_is_no_capture_is_one_sentence_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wscap");
    let whole = write(&path);
    let name = path.to_str().unwrap();
    let of = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let output = run(&["open", name, "--json"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        said.replace(name, "FILE")
    };
    assert_eq!(of(b""), "wsproxy: FILE is empty: nothing was captured in it\n");
    assert!(of(b"<html>").starts_with("wsproxy: can't open FILE: it is no capture"));
    assert!(of(&whole[..10]).contains("was cut after 10 bytes"));
    let output = run(&["open", "/no/such/file"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "wsproxy: can't open /no/such/file: there is no such file\n");
    assert_eq!(run(&["open"]).status.code(), Some(2));
}

#[test]
fn a_capture_that_is_cut_prints_what_is_there_and_says_where_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wscap");
    let whole = write(&path);
    let lines = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let output = run(&["open", path.to_str().unwrap(), "--json"]);
        (String::from_utf8(output.stdout).unwrap().lines().count(), String::from_utf8(output.stderr).unwrap())
    };
    let (all, said) = lines(&whole);
    assert_eq!(said, "");
    let (some, said) = lines(&whole[..whole.len() / 2]);
    assert!(some > 3 && some < all, "{some} of {all}");
    assert!(said.contains("it is cut at byte "), "{said}");
}

#[test]
fn a_rotated_capture_is_exported_with_all_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("a.1.wscap");
    write(&first);
    let first = first.to_str().unwrap();
    let alone = run(&["export", first, "--to", "jsonl"]).stdout;
    write(&folder.path().join("a.2.wscap"));
    let (opened, exported) = (run(&["open", first, "--json"]), run(&["export", first, "--to", "jsonl"]));
    assert_eq!(String::from_utf8_lossy(&exported.stderr), "");
    assert!(exported.stdout.len() > alone.len() * 3 / 2, "both are there");
    assert_eq!(String::from_utf8(opened.stdout).unwrap(), String::from_utf8(exported.stdout).unwrap());
}

#[test]
fn with_fail_on_a_capture_with_such_a_finding_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wscap");
    write(&path);
    let name = path.to_str().unwrap();
    assert_eq!(run(&["open", name]).status.code(), Some(0));
    assert_eq!(run(&["open", name, "--fail-on", "error"]).status.code(), Some(1));
}

#[test]
fn a_capture_on_the_screen_has_its_rows_and_refuses_what_needs_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traffic.wscap");
    write(&path);
    let mut terminal = Terminal::start(&["open", path.to_str().unwrap()], 24, 100);
    terminal.until_shows("traffic.wscap");
    terminal.until_shows("3 sessions");
    terminal.keys("g");
    terminal.until_shows("HTTP/1.1 101");
    terminal.keys("s");
    terminal.until_shows("this is a capture");
    terminal.keys("!");
    terminal.until_shows("error[");
    // Back from the page of the problem, and out: nothing is open, and all is saved, so that it asks nothing.
    terminal.keys("qq");
    assert_eq!(terminal.wait(), 0);
}
