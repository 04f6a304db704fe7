//! With files as they are in the world.

use std::io::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::capture::{About, Writer};
use crate::record::finding::Level;
use crate::record::{ProxyEvent, SessionId};

/// Longer than any look takes.
const DEADLINE: Duration = Duration::from_secs(20);

fn writer(path: &Path, id: u64) -> Writer<File> {
    let about = About { program: "test".into(), begun: Time(1), part: 1 };
    Writer::new(File::create(path).unwrap(), id, &about).unwrap()
}

fn note(time: u64) -> Log {
    let mut log = Log::default();
    log.proxy(Time(time), ProxyEvent::Note(Level::Note, "a note".into()));
    log
}

/// Takes news until there is enough of it.
fn until(capture: &Capture, bell: &mpsc::Receiver<()>, mut is_enough: impl FnMut(&News) -> bool) {
    loop {
        if capture.news().iter().any(&mut is_enough) {
            return;
        }
        bell.recv_timeout(DEADLINE).expect("there should be news");
    }
}

fn with_bell(path: &Path) -> (Capture, mpsc::Receiver<()>) {
    let capture = Capture::open(path).unwrap();
    let (ring, bell) = mpsc::sync_channel(1);
    capture.on_news(move || {
        let _ = ring.try_send(());
    });
    (capture, bell)
}

#[test]
fn what_can_t_be_opened_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, content: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let said = Capture::open(&path).err().unwrap().to_string();
        said.replace(folder.path().to_str().unwrap(), "")
    };
    assert_eq!(of("none", None), "can't open /none: there is no such file");
    assert_eq!(of("empty", Some(b"")), "/empty is empty: nothing was captured in it");
    assert!(
        of("text", Some(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .starts_with("can't open /text: it is no capture")
    );
    assert!(of("tiny", Some(b"x")).starts_with("can't open /tiny: it is no capture"));
    assert!(of(".", None).ends_with(" is a folder: name a capture in it"));
    assert_eq!(of("a\u{1b}[2J", None), "can't open /a\\u{1b}[2J: there is no such file");
}

#[test]
fn what_is_added_and_the_file_that_comes_in_its_place_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wscap");
    let mut first = writer(&path, 1);
    first.add(Some(SessionId(1)), &note(5)).unwrap();
    first.flush().unwrap();
    let (capture, bell) = with_bell(&path);
    until(&capture, &bell, |news| matches!(news, News::Block(_)));
    assert_eq!(capture.status().end, ArchiveEnd::Missing);
    first.add(Some(SessionId(1)), &note(9)).unwrap();
    first.flush().unwrap();
    until(&capture, &bell, |news| matches!(news, News::Block(stored) if stored.entry.sums.latest == Time(9)));
    assert_eq!(capture.status().end, ArchiveEnd::Growing);
    // It is rotated.
    fs::rename(&path, folder.path().join("a.1.wscap")).unwrap();
    let mut second = writer(&path, 2);
    second.repeat(Some(SessionId(1)), &note(5)).unwrap();
    second.add(Some(SessionId(1)), &note(11)).unwrap();
    second.finish().unwrap();
    let mut next = None;
    until(&capture, &bell, |news| match news {
        News::Block(stored) if stored.file == 1 => {
            next.get_or_insert(Arc::clone(stored));
            true
        }
        _ => false,
    });
    let next = next.unwrap();
    assert_eq!(next.entry.sums.latest, Time(11), "what is repeated is left out");
    assert_eq!(capture.load(&next).unwrap().count(), 1);
    let status = capture.status();
    assert_eq!((status.range, status.name.as_str()), (Some((Time(5), Time(11))), "a.wscap"));
}

#[test]
fn a_capture_in_several_files_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        let mut part = writer(&folder.path().join(format!("a.{number}.wscap")), number);
        if number > 1 {
            part.repeat(Some(SessionId(1)), &note(10)).unwrap();
        }
        part.add(Some(SessionId(1)), &note(10 * number)).unwrap();
        part.finish().unwrap();
    }
    // The name that --capture was given stands for all of them.
    let path = folder.path().join("a.wscap");
    let (capture, _bell) = with_bell(&path);
    let blocks = capture.news().into_iter().filter_map(|news| match news {
        News::Block(stored) => Some((stored.file, stored.entry.sums.latest)),
        News::Events { .. } => None,
    });
    assert_eq!(blocks.collect::<Vec<_>>(), [(0, Time(10)), (1, Time(20)), (2, Time(30))]);
    assert_eq!(open(&path).unwrap().len(), 3);
    assert_eq!(capture.status().end, ArchiveEnd::Whole);
}

#[test]
fn a_capture_that_is_cut_opens_up_to_the_cut_and_says_where_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wscap");
    let mut whole = writer(&path, 1);
    for time in 0..50 {
        whole.add(Some(SessionId(time % 2)), &note(time)).unwrap();
    }
    whole.finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    let cut = folder.path().join("cut.wscap");
    let mut file = File::create(&cut).unwrap();
    file.write_all(&bytes[..bytes.len() / 3]).unwrap();
    let (capture, bell) = with_bell(&cut);
    let mut blocks = 0;
    until(&capture, &bell, |news| {
        blocks += usize::from(matches!(news, News::Block(_)));
        blocks > 5
    });
    let status = capture.status();
    assert_eq!((status.end, status.size), (ArchiveEnd::Cut(bytes.len() as u64 / 3), bytes.len() as u64 / 3));
    assert!(status.trouble.unwrap().starts_with("it is cut at byte "));
}
