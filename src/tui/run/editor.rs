//! The user's own editor over a text, in place of the screen.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files;

/// What POSIX has for an editor where none is chosen.
const DEFAULT: &str = "vi";

/// Opens the text in `$VISUAL`, else `$EDITOR`, else vi, and gives what it has become. The terminal must be free, and
/// nobody else may read from it.
///
/// # Errors
///
/// A sentence where it did not work. The text is then as it was.
pub(crate) fn edit(text: &str) -> Result<String, String> {
    let chosen = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let command = chosen("VISUAL").or_else(|| chosen("EDITOR")).unwrap_or_else(|| DEFAULT.to_owned());
    edit_with(&command, text)
}

fn edit_with(command: &str, text: &str) -> Result<String, String> {
    let draft = Draft::new(text).map_err(|error| format!("can't write a file for the editor: {error}"))?;
    let words = words(command);
    let (program, arguments) = words.split_first().ok_or("set EDITOR to a program")?;
    let status = Command::new(program).args(arguments).arg(&draft.path).status();
    let status = status.map_err(|error| format!("can't start {program}: {error}; set EDITOR to another editor"))?;
    if !status.success() {
        return Err(format!("{program} failed ({status}), so the text is as it was"));
    }
    let mut edited = read(&draft.path)?;
    // Editors end the last line, which the text need not.
    if edited.ends_with('\n') && !text.ends_with('\n') {
        edited.pop();
    }
    Ok(edited)
}

fn read(path: &Path) -> Result<String, String> {
    let edited = fs::read(path).map_err(|error| format!("can't read what the editor wrote: {error}"))?;
    let text = String::from_utf8(edited);
    text.map_err(|_| "what the editor wrote is not UTF-8, so the text is as it was; for bytes there is /bin".to_owned())
}

/// A file for the user only, as long as it lives.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn new(text: &str) -> io::Result<Self> {
        let kind = if text.trim_start().starts_with(['{', '[']) { "json" } else { "txt" };
        let path = env::temp_dir().join(format!("wsproxy-{:016x}.{kind}", rand::random::<u64>()));
        let mut file = files::open_private(OpenOptions::new().write(true).create_new(true), &path)?;
        let draft = Self { path };
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // The editor may have removed it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The words of a command, without a shell: parted by blanks, which quotes and backslashes keep in a word.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            (mark @ ('"' | '\''), None) => {
                quote = Some(mark);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (blank, None) if blank.is_whitespace() => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_parted_into_words_without_a_shell() {
        assert_eq!(words("code --wait"), ["code", "--wait"]);
        assert_eq!(
            words("  '/my apps/ed'  \"a \\\" b\" c\\ d '' $HOME;x "),
            ["/my apps/ed", "a \" b", "c d", "", "$HOME;x"]
        );
        assert_eq!(words("\"open"), ["open"]);
        assert!(words(" ").is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_changes_the_text_in_a_private_file_that_goes_away() {
        assert_eq!(edit_with("sed -i s/one/two/", "one\nline"), Ok("two\nline".into()));
        assert_eq!(edit_with("sh -c 'echo more >> \"$0\"'", "x\n"), Ok("x\nmore\n".into()));
        assert_eq!(edit_with("sh -c 'echo whole > \"$0\"'", ""), Ok("whole".into()));
        let look = "sh -c 'ls -l \"$0\" | cut -c 1-10 > \"$0.seen\"; cat \"$0.seen\" > \"$0\"; echo \"$0\" >> \"$0\"; rm \"$0.seen\"'";
        let seen = edit_with(look, "[1]").unwrap();
        let (mode, path) = seen.split_once('\n').unwrap();
        assert_eq!(mode, "-rw-------");
        assert!(path.ends_with(".json") && !Path::new(path).exists(), "{path}");
    }

    #[cfg(unix)]
    #[test]
    fn what_goes_wrong_is_told_in_a_sentence() {
        let told = |command| edit_with(command, "x").unwrap_err();
        assert!(told("/no/such/editor --wait").starts_with("can't start /no/such/editor: "));
        assert_eq!(told("false"), "false failed (exit status: 1), so the text is as it was");
        assert!(told("sh -c 'printf \"\\377\" > \"$0\"'").starts_with("what the editor wrote is not UTF-8"));
        assert!(told("rm").starts_with("can't read what the editor wrote"));
        assert_eq!(told("''"), told("''"));
    }
}
