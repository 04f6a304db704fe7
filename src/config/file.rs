//! The configuration file: TOML, in which each flag of the proxy has a value under its own name, and keys and colours have
//! tables. What is typed goes before what the file says.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::{ArgAction, CommandFactory as _, Parser as _};
use toml::de::{DeTable, DeValue};

use crate::cli::{Arguments, CliCommand};
use crate::text;
use crate::tui::keymap::{self, Chosen};
use crate::tui::theme::Colouring;

use super::{Config, Terminals};

/// Bytes of a file at most: a thousand times what anybody writes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Flags that ask for something else than a proxy, or for this very file.
const NO_SETTINGS: [&str; 3] = ["config", "help", "version"];

/// Flags that a run without a screen is held to.
const ENDS: [&str; 5] = ["for", "sessions", "expect", "reject", "report"];

/// What a file says.
#[derive(Debug, Default)]
pub struct Settings {
    /// Flags with their values, as they would be typed.
    flags: Vec<(String, OsString)>,
    /// Keys for what is done.
    pub keys: Chosen,
    /// Colours for what is meant.
    pub colours: Colouring,
}

/// Reads the command line, and the file that it names or that is in its usual place. An end of the program that the command
/// line asks for, as `--help` does, happens here.
///
/// # Errors
/// One sentence that says what is wrong with the file, and in which line.
pub fn read(typed: &[OsString]) -> Result<(Arguments, Settings)> {
    let arguments = Arguments::parse_from(typed);
    let (proxy, is_run) = match &arguments.command {
        None => (&arguments.proxy, false),
        Some(CliCommand::Run(run)) => (&run.proxy, true),
        Some(_) => return Ok((arguments, Settings::default())),
    };
    let settings = match (&proxy.config, usual_place()) {
        (Some(path), _) => {
            let text =
                read_file(path).map_err(|why| anyhow!("can't read the file of --config, {}: {why}", shown(path)));
            Settings::parse(&text?, path)?
        }
        (None, Some(path)) if path.is_file() => {
            let text = read_file(&path).map_err(|why| anyhow!("can't read {}: {why}", shown(&path)));
            Settings::parse(&text?, &path)?
        }
        (None, _) => Settings::default(),
    };
    // What is typed goes before what excludes it.
    let is_typed = |flag: &str| match flag {
        "upstream" => proxy.to.is_some(),
        "insecure" => proxy.ca.is_some(),
        "ca" => proxy.insecure,
        // A command is given a port that is free.
        "listen" => is_run,
        _ => false,
    };
    let free_port = is_run.then(|| OsString::from("--listen=127.0.0.1:0"));
    let flags = settings.flags.iter().filter(|(flag, _)| !is_typed(flag)).map(|(_, value)| value.clone());
    let (front, rest) = typed.split_at(typed.len().min(1 + usize::from(is_run)));
    let all = front.iter().cloned().chain(free_port).chain(flags).chain(rest.iter().cloned());
    Ok((Arguments::parse_from(all), settings))
}

/// Where the file is looked for: `wsproxy/config.toml` under `$XDG_CONFIG_HOME`, under `%APPDATA%` on Windows, or else under
/// `~/.config`.
#[must_use]
pub fn usual_place() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(absolute("HOME")?.join(".config"));
    let data = || if cfg!(windows) { absolute("APPDATA") } else { None };
    let folder = absolute("XDG_CONFIG_HOME").or_else(data).or_else(home)?;
    Some(folder.join("wsproxy").join("config.toml"))
}

fn read_file(path: &Path) -> Result<String> {
    // A device may have no end, and a length of nothing.
    if fs::metadata(path)?.len() > LONGEST {
        return Err(anyhow!("it is larger than {}", text::byte_count(LONGEST)));
    }
    String::from_utf8(fs::read(path)?).map_err(|_| anyhow!("it is not UTF-8"))
}

fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_encoded_bytes())
}

impl Settings {
    /// Reads a file's text; `path` is for what is said of it.
    ///
    /// # Errors
    /// One sentence that says what is wrong, and in which line.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let fault = |span: Option<Range<usize>>, why: &str| {
            let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            anyhow!("{}, line {line}: {}", shown(path), text::escape(why.as_bytes()))
        };
        let table = DeTable::parse(text).map_err(|error| fault(error.span(), error.message()))?;
        let (mut settings, mut moved) = (Self::default(), Vec::new());
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        // In the order in which they are written.
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let (span, name) = (name.span(), name.get_ref().as_ref());
            match (name, value.get_ref()) {
                ("keys", DeValue::Table(keys)) => {
                    for (action, keys) in keys {
                        let keys = strings(keys.get_ref()).ok_or("write keys as in follow = [\"F\", \"ctrl-f\"]");
                        let chosen =
                            keys.map_err(str::to_owned).and_then(|keys| settings.keys.choose(action.get_ref(), &keys));
                        chosen.map_err(|why| fault(Some(action.span()), &why))?;
                        moved.push((format!(" {} ", action.get_ref()), action.span()));
                    }
                }
                ("colours", DeValue::Table(colours)) => {
                    for (meaning, style) in colours {
                        let style = if let DeValue::String(style) = style.get_ref() { Some(style) } else { None };
                        let style = style.ok_or_else(|| "write a colour as in error = \"bold red\"".to_owned());
                        let chosen = style.and_then(|style| settings.colours.choose(meaning.get_ref(), style));
                        chosen.map_err(|why| fault(Some(meaning.span()), &why))?;
                    }
                }
                ("keys" | "colours", _) => {
                    return Err(fault(Some(span), &format!("{name} is a table: write [{name}] in a line of its own")));
                }
                (name, value) => {
                    let flags = flags(name, value).map_err(|why| fault(Some(span.clone()), &why))?;
                    check(name, &flags).map_err(|why| fault(Some(span), &why))?;
                    settings.flags.extend(flags.into_iter().map(|flag| (name.to_owned(), flag)));
                }
            }
        }
        // Two actions are named, at least one of which the file has given the key.
        settings.keys.check().map_err(|why| {
            let line = moved.iter().find(|(action, _)| why.contains(action)).map(|(_, span)| span.clone());
            fault(line, &why)
        })?;
        Ok(settings)
    }
}

/// A value, or several, as they would be typed behind their flag.
fn flags(name: &str, value: &DeValue<'_>) -> Result<Vec<OsString>, String> {
    let command = Arguments::command();
    let known = || command.get_arguments().filter_map(|argument| Some((argument.get_long()?, argument)));
    let settings = || known().filter(|(long, _)| !NO_SETTINGS.contains(long));
    let Some((_, argument)) = settings().find(|(long, _)| *long == name) else {
        let others = ["keys", "colours"].into_iter();
        let nearest = settings().map(|(long, _)| long).chain(others).min_by_key(|long| text::distance(long, name));
        return Err(format!("there is no {name}: did you mean {}?", nearest.unwrap_or("listen")));
    };
    let flag = |value: &str| OsString::from(format!("--{name}={value}"));
    match (argument.get_action(), value) {
        (ArgAction::SetTrue, DeValue::Boolean(true)) => Ok(vec![OsString::from(format!("--{name}"))]),
        (ArgAction::SetTrue, DeValue::Boolean(false)) => Ok(Vec::new()),
        (ArgAction::SetTrue, _) => Err(format!("{name} is true or false")),
        (ArgAction::Append, value) => {
            let values = strings(value).ok_or_else(|| format!("write {name} as a list: {name} = [\"…\"]"))?;
            Ok(values.iter().map(|value| flag(value)).collect())
        }
        (_, DeValue::String(value)) => Ok(vec![flag(value)]),
        (_, DeValue::Integer(value)) => Ok(vec![flag(value.as_str())]),
        _ => Err(format!("write {name} as text or as a number: {name} = \"…\"")),
    }
}

/// One text, or a list of them.
fn strings(value: &DeValue<'_>) -> Option<Vec<String>> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        _ => None,
    };
    match value {
        DeValue::Array(values) => values.iter().map(|value| text(value.get_ref())).collect(),
        value => Some(vec![text(value)?]),
    }
}

/// Reads flags as if they were all that is typed, so that what is wrong with a value is told with its line.
fn check(name: &str, flags: &[OsString]) -> Result<(), String> {
    let typed = std::iter::once(OsString::from("wsproxy")).chain(flags.iter().cloned());
    let arguments = Arguments::try_parse_from(typed).map_err(|error| {
        let words = error.to_string();
        words.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    let checked = if ENDS.contains(&name) {
        Config::around_command(&arguments.proxy)
    } else {
        Config::new(&arguments.proxy, Terminals { input: true, output: true })
    };
    checked.map(drop).map_err(|error| format!("{error:#}"))
}

/// A file in which all is as it is without one, with what each setting means: what `wsproxy config` prints.
#[must_use]
pub fn default_file() -> String {
    let mut out = String::from(
        "# wsproxy's configuration. Each flag has a value here under its own name; what is typed goes before it.\n\
         # wsproxy looks for it in wsproxy/config.toml under $XDG_CONFIG_HOME, or else under ~/.config (%APPDATA% on\n\
         # Windows); --config FILE names another.\n",
    );
    let command = Arguments::command();
    for argument in command.get_arguments() {
        let Some(long) = argument.get_long().filter(|long| !NO_SETTINGS.contains(long)) else { continue };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        for line in crate::diagnose::render::wrap(&help, 0, 100) {
            out += &format!("\n# {line}");
        }
        let values: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
        if !values.is_empty() && !is_flag {
            out += &format!("\n# One of {}", values.join(", "));
        }
        let default = argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
        let value = match (argument.get_action(), default) {
            (ArgAction::SetTrue, _) => "false".to_owned(),
            (ArgAction::Append, _) => "[]".to_owned(),
            (_, Some(default)) if default.bytes().all(|byte| byte.is_ascii_digit()) => default,
            (_, Some(default)) => format!("\"{default}\""),
            (_, None) => "\"\"".to_owned(),
        };
        out += &format!("\n# {long} = {value}\n");
    }
    out += "\n# Keys, by the names that the command line behind : has for them\n# [keys]\n";
    for (action, keys) in keymap::defaults() {
        let keys: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        out += &format!("# {action} = [{}]\n", keys.join(", "));
    }
    out += "\n# Colours, as in \"bold red\", \"#ff8800 on black\" or \"cyan underlined\", instead of those of the theme\n# [colours]\n";
    for meaning in Colouring::MEANINGS {
        out += &format!("# {meaning} = \"\"\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<String>, String> {
        let settings = Settings::parse(text, Path::new("c.toml")).map_err(|error| error.to_string())?;
        Ok(settings.flags.into_iter().map(|(_, flag)| flag.into_string().unwrap()).collect())
    }

    #[test]
    fn flags_have_values_under_their_own_names() {
        let file = "listen = 8000\nheadless = true\njson = false\nredact = ['Cookie', '.auth.token']\nhistory = '1G'\n\
            expect = 'hello'\n[keys]\nfollow = 'ctrl-f'\n[colours]\nerror = 'bold magenta'\n";
        let flags = [
            "--listen=8000",
            "--headless",
            "--redact=Cookie",
            "--redact=.auth.token",
            "--history=1G",
            "--expect=hello",
        ];
        assert_eq!(parsed(file).unwrap(), flags);
    }

    #[test]
    fn a_wrong_file_is_one_sentence_with_the_line() {
        for (file, words) in [
            ("\nlisen = 8000", "c.toml, line 2: there is no lisen: did you mean listen?"),
            ("listen = 99999", "c.toml, line 1: --listen 99999"),
            ("a = [", "c.toml, line 1: "),
            ("\n\nheadless = 1", "c.toml, line 3: headless is true or false"),
            ("policy = 'lax'", "c.toml, line 1: invalid value 'lax' for '--policy"),
            ("filter = 'from:me'", "c.toml, line 1: --filter"),
            ("expect = '('", "c.toml, line 1: --expect"),
            ("listen = 1.5", "c.toml, line 1: write listen as text or as a number"),
            ("keys = 1", "c.toml, line 1: keys is a table"),
            ("[keys]\nfolow = 'x'", "c.toml, line 2: there is no folow: did you mean follow?"),
            ("[keys]\n\nfollow = 'ctrl-alt'", "c.toml, line 3: ctrl-alt is no key"),
            ("[keys]\nfollow = 'q'", "c.toml, line 2: in [keys], q would be both"),
            ("[colours]\nerorr = 'red'", "c.toml, line 2: there is no erorr: did you mean error?"),
            ("[colours]\nerror = 'rde'", "c.toml, line 2: rde is no colour"),
            ("config = 'x'", "c.toml, line 1: there is no config"),
        ] {
            let error = parsed(file).unwrap_err();
            assert!(error.contains(words), "{file}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
    }

    #[test]
    fn the_default_file_says_nothing_and_is_right_when_its_values_are_taken() {
        let file = default_file();
        assert_eq!(parsed(&file).unwrap(), Vec::<String>::new());
        let is_value = |line: &&str| line.starts_with("# ") && (line.contains(" = ") || line.starts_with("# ["));
        let values = file.lines().filter(|line| is_value(line) && !line.ends_with("\"\""));
        let values: String = values.map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
        let flags = parsed(&values).unwrap();
        assert!(flags.contains(&"--listen=9000".to_owned()), "{flags:?}");
    }
}
