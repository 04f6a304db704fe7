//! Documents that tests write: `WSPROXY_BLESS=1 cargo test` rewrites them, without it they are compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Sections of one document are written by tests that run side by side.
static DOCUMENTS: Mutex<()> = Mutex::new(());

/// Holds a whole file against what it should be.
pub(crate) fn check(path: &str, expected: &str) {
    let _alone = DOCUMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let file = absolute(path);
    let actual = fs::read_to_string(&file).unwrap_or_default();
    settle(path, &file, &actual, expected);
}

/// Holds the part between `<!-- NAME -->` and `<!-- end of NAME -->` against what it should be.
pub(crate) fn check_section(path: &str, name: &str, expected: &str) {
    let _alone = DOCUMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let file = absolute(path);
    let actual = fs::read_to_string(&file).unwrap();
    let wanted = with_section(&actual, name, expected);
    settle(path, &file, &actual, &wanted.unwrap_or_else(|| panic!("{path} has no section {name}")));
}

fn absolute(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn settle(path: &str, file: &Path, actual: &str, expected: &str) {
    if actual == expected {
        return;
    }
    if std::env::var_os("WSPROXY_BLESS").is_some() {
        fs::write(file, expected).unwrap();
        return;
    }
    let line = actual.lines().zip(expected.lines()).take_while(|(actual, expected)| actual == expected).count();
    let show = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!(
        "{path} is not up to date: `WSPROXY_BLESS=1 cargo test` rewrites it\nline {}\n  is      {}\n  must be {}",
        line + 1,
        show(actual),
        show(expected)
    );
}

/// `document` with another content of a section; `None` where it has no such section.
fn with_section(document: &str, name: &str, content: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) = document.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{}\n{end}{after}", content.trim_end_matches('\n')))
}

#[test]
fn a_section_is_replaced_and_the_rest_stays() {
    let document = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n";
    assert_eq!(with_section(document, "x", "new\n").unwrap(), "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n");
    assert_eq!(with_section(document, "y", "new"), None);
}
