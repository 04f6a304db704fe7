//! Recorders over a journal, and what is in their files.

use std::fs::{self, File};
use std::io::BufReader;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::capture::{Reader, Tail};
use crate::record::{Event, SessionId};

/// Something of a session, of so many bytes and with a number to know it by.
fn seen(number: u64, bytes: usize) -> Log {
    let mut log = Log::default();
    log.event(Time(number), Event::Note(Level::Note, "x".repeat(bytes)));
    log
}

/// The same, and that a client came.
fn came(number: u64, bytes: usize) -> Log {
    let (mut log, client) = (Log::default(), std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
    log.event(Time(number), Event::SessionOpened { client, path: b"/".to_vec() });
    log.append(seen(number + 1, bytes));
    log
}

/// The numbers of all that is in a file, apart from what it tells again.
fn numbers(path: &Path) -> (Vec<u64>, Tail) {
    let mut reader = Reader::open(BufReader::new(File::open(path).unwrap())).unwrap();
    let mut numbers = Vec::new();
    for entry in reader.entries().to_vec().into_iter().filter(|entry| !entry.is_repeated) {
        let loaded = reader.load(&entry).unwrap();
        if loaded.session.is_some() {
            numbers.extend(loaded.log.records.iter().map(|record| record.time().0));
        }
    }
    (numbers, reader.tail().clone())
}

fn config(place: &TempDir, naming: Naming, rotate: Option<Rotate>) -> CaptureConfig {
    CaptureConfig { path: place.path().join("talk.wscap"), naming, rotate, existing: Existing::Keep }
}

fn unheard() -> Say {
    Box::new(|_| ())
}

/// Waits for a condition, with a deadline.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        thread::yield_now();
    }
}

#[test]
fn a_capture_has_all_that_came_before_and_after_it_began_however_small_the_history() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(64 * 1024));
    journal.push(Some(SessionId(1)), seen(0, 100));
    let recorder = Recorder::capture(config(&place, Naming::One, None), &journal, unheard()).unwrap();
    (1..2000).for_each(|number| journal.push(Some(SessionId(number % 7 + 1)), seen(number, 5000)));
    let recorded = recorder.finish();
    assert_eq!(recorded.state, RecordedState::Writing);
    let (numbers, tail) = numbers(&recorded.file);
    assert_eq!((numbers, tail), ((0..2000).collect(), Tail::Ended));
    assert_eq!(recorded.bytes, fs::metadata(&recorded.file).unwrap().len());
}

#[test]
fn what_came_is_with_the_system_within_a_second_while_nothing_more_comes() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(1 << 20));
    let recorder = Recorder::capture(config(&place, Naming::One, None), &journal, unheard()).unwrap();
    journal.push(Some(SessionId(1)), seen(7, 10));
    let path = recorder.status().get().file;
    until("it is not in the file", || numbers(&path) == (vec![7], Tail::Open));
    recorder.finish();
}

#[test]
fn further_files_begin_when_one_is_full_and_tell_again_how_live_sessions_began() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(1 << 20));
    let naming = Naming::Numbered { keep: None };
    let recorder =
        Recorder::capture(config(&place, naming, Some(Rotate::Bytes(100_000))), &journal, unheard()).unwrap();
    for number in 0..100 {
        journal.push(Some(SessionId(number + 1)), came(2 * number, 5000));
        until("it is not taken", || !journal.room().is_full);
    }
    let recorded = recorder.finish();
    let mut all = Vec::new();
    let parts = fs::read_dir(place.path()).unwrap().count();
    assert!((4..=7).contains(&parts), "{parts}");
    for part in 1..=parts {
        let path = place.path().join(format!("talk.{part}.wscap"));
        let reader = Reader::open(BufReader::new(File::open(&path).unwrap())).unwrap();
        assert_eq!(reader.about_file().part, part as u64);
        let told_again = reader.entries().iter().filter(|entry| entry.is_repeated).count();
        assert_eq!(told_again, all.len() / 2, "each session that began before");
        let (numbers, tail) = numbers(&path);
        assert_eq!(tail, Tail::Ended);
        all.extend(numbers);
    }
    assert_eq!(all, (0..200).collect::<Vec<_>>());
    assert_eq!(recorded.file, place.path().join(format!("talk.{parts}.wscap")));
}

#[cfg(unix)]
#[test]
fn a_disk_that_fails_ends_the_capture_at_once_with_a_word_and_nobody_waits() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(1 << 20));
    let (sender, said) = sync_channel(10);
    let say = Box::new(move |words: &str| sender.send(words.to_owned()).unwrap());
    let naming = Naming::Numbered { keep: None };
    let config =
        CaptureConfig { existing: Existing::Overwrite, ..config(&place, naming, Some(Rotate::Bytes(100_000))) };
    let recorder = Recorder::capture(config, &journal, say).unwrap();
    // The next file has no place to be.
    fs::create_dir(place.path().join("talk.2.wscap")).unwrap();
    (0..100).for_each(|number| journal.push(Some(SessionId(1)), seen(number, 5000)));
    let words = said.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(words.contains("talk.1.wscap ends here") && words.contains("the relay goes on"), "{words}");
    until("it is told", || !recorder.status().get().is_safe());
    assert_eq!(journal.room(), crate::journal::Room::default());
    let recorded = recorder.finish();
    assert!(recorded.outcome().contains("not all that was seen"), "{}", recorded.outcome());
    let (numbers, _) = numbers(&place.path().join("talk.1.wscap"));
    assert!(numbers.len() > 10 && numbers.iter().copied().eq(0..numbers.len() as u64), "all before is there");
}

#[test]
fn an_autosave_has_what_memory_has_and_takes_no_more_room() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(1 << 20));
    let recorder = Recorder::autosave(place.path(), 1 << 20, &journal).unwrap();
    journal.push(Some(SessionId(1)), came(0, 10));
    (2..2000).for_each(|number| journal.push(Some(SessionId(1)), seen(number, 5000)));
    let recorded = recorder.finish();
    assert_eq!(recorded.what, RecordedAs::Autosave);
    let mut names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let size: u64 = names.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(names.len() <= 2 && size <= (1 << 20) + 100_000, "{size} bytes in {names:?}");
    let all: Vec<u64> = names.iter().flat_map(|path| numbers(path).0).collect();
    assert!(all.len() > 90 && all.ends_with(&[1998, 1999]) && all.is_sorted(), "{}", all.len());
}

#[test]
fn a_run_without_a_session_leaves_no_autosave() {
    let place = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(1 << 20));
    let recorder = Recorder::autosave(place.path(), 1 << 20, &journal).unwrap();
    let mut log = Log::default();
    log.proxy(Time(1), ProxyEvent::Note(Level::Note, "x".into()));
    journal.push(None, log);
    recorder.finish();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn runs_at_the_same_time_leave_one_another_alone() {
    let place = tempfile::tempdir().unwrap();
    let journals = [1u64, 2].map(|_| Arc::new(Journal::new(1 << 20)));
    let path = |number: u64| place.path().join(format!("2020010{number}-000000-1.1.wscap"));
    // Two captures with names of old autosaves: the locks are what counts.
    let [first, second] = [1, 2].map(|number| {
        let config = CaptureConfig { path: path(number), ..config(&place, Naming::One, None) };
        let journal = &journals[number as usize - 1];
        journal.push(Some(SessionId(1)), seen(number, 10));
        Recorder::capture(config, journal, unheard()).unwrap()
    });
    let journal = Arc::new(Journal::new(1 << 20));
    Recorder::autosave(place.path(), 0, &journal).unwrap().finish();
    assert!(path(1).exists() && path(2).exists());
    first.finish();
    Recorder::autosave(place.path(), 0, &journal).unwrap().finish();
    assert!(!path(1).exists() && path(2).exists());
    second.finish();
}

#[cfg(unix)]
#[test]
fn a_capture_is_found_as_the_last_run_s() {
    let (place, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let journal = Arc::new(Journal::new(1 << 20));
    journal.push(Some(SessionId(1)), seen(3, 10));
    let recorder = Recorder::capture(config(&place, Naming::One, None), &journal, unheard()).unwrap();
    recorder.note_in(state.path(), 1 << 20);
    recorder.finish();
    let noted = fs::read_dir(state.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(numbers(&noted).0, [3]);
}
