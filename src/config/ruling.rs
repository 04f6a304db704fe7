//! The rules of the command line, and those in files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::relay::rules::MOST;
use crate::rules::{self, FileRule};
use crate::text;

/// Bytes of a file of rules: a hundred of them with what they respond with.
const FILE: u64 = 1024 * 1024;

/// Those of `--rules` in the order of the files, and then those of `--rule`, so that one of these takes the place of one of
/// the same name in a file.
pub(super) fn rules(written: &[String], files: &[PathBuf]) -> Result<Vec<FileRule>> {
    let mut all: Vec<FileRule> = Vec::new();
    for path in files {
        for rule in file(path)? {
            put(&mut all, rule);
        }
    }
    for text in written {
        let is_taken = |name: &str| all.iter().any(|other| other.rule.name() == name);
        let rule = rules::parse(text, is_taken).map_err(|error| {
            let (before, behind) = text.split_at_checked(error.at).unwrap_or((text, ""));
            let [before, behind] = [before, behind].map(|part| text::escape(part.as_bytes()));
            anyhow!("--rule {before}»{behind}: {error} (at the »)")
        })?;
        put(&mut all, FileRule { rule, is_on: true });
    }
    ensure!(
        all.len() <= MOST,
        "there are {} rules, and {MOST} is the most that there may be: leave some out",
        all.len()
    );
    Ok(all)
}

fn put(all: &mut Vec<FileRule>, rule: FileRule) {
    match all.iter_mut().find(|other| other.rule.name() == rule.rule.name()) {
        Some(place) => *place = rule,
        None => all.push(rule),
    }
}

fn file(path: &Path) -> Result<Vec<FileRule>> {
    let name = path.display();
    let length = fs::metadata(path).with_context(|| format!("can't read the file of --rules, {name}"))?.len();
    ensure!(length <= FILE, "the file of --rules, {name}, has {length} bytes: {FILE} is the most that there may be");
    let text = fs::read_to_string(path).with_context(|| format!("can't read the file of --rules, {name}"))?;
    rules::file(&text).map_err(|error| anyhow!("--rules {name}, {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn told(written: &[&str], files: &[&str]) -> Result<Vec<String>> {
        let written: Vec<_> = written.iter().map(|text| (*text).to_owned()).collect();
        let files: Vec<_> = files
            .iter()
            .map(|text| {
                let mut file = tempfile::NamedTempFile::new().unwrap();
                file.write_all(text.as_bytes()).unwrap();
                file
            })
            .collect();
        let paths: Vec<_> = files.iter().map(|file| file.path().to_owned()).collect();
        let told =
            |it: FileRule| format!("{} = {}{}", it.rule.name(), it.rule.text(), if it.is_on { "" } else { " (off)" });
        rules(&written, &paths).map(|rules| rules.into_iter().map(told).collect())
    }

    #[test]
    fn rules_of_files_come_first_and_one_of_the_same_name_takes_the_place() {
        let file = "[[rule]]\nname = \"a\"\nact = \"drop\"\n[[rule]]\nname = \"b\"\nact = \"flip\"\non = false\n";
        assert_eq!(
            told(&["a = op:text -> delay 1s", "-> drop", "-> drop"], &[file]).unwrap(),
            ["a = op:text -> delay 1s", "b = -> flip (off)", "drop = -> drop", "drop-2 = -> drop"]
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence_with_its_place() {
        let error = told(&["op:text -> delay 5"], &[]).unwrap_err().to_string();
        assert!(error.starts_with("--rule op:text -> delay »5: write a time"), "{error}");
        let error = told(&[], &["[[rule]]\nact = \"drob\"\n"]).unwrap_err().to_string();
        assert!(error.contains(", line 2, column 8: there is no act drob; did you mean drop?"), "{error}");
        let error = told(&["-> \x1b[1m"], &[]).unwrap_err().to_string();
        assert!(!error.contains('\x1b'), "{error}");
        let error = rules(&[], &["/no/such/file".into()]).unwrap_err();
        assert!(format!("{error:#}").starts_with("can't read the file of --rules, /no/such/file"), "{error:#}");
    }
}
