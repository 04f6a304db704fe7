//! `wsproxy ctl`: one command, or lines, for a running proxy; and what it says, for people.

mod run;
mod told;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command, Error};

use crate::control::protocol::table::COMMANDS;

pub use run::CtlEnd;

/// A command for a running proxy, as typed.
#[derive(Args, Debug)]
#[command(after_help = commands())]
pub struct CtlArguments {
    /// Print the replies and events as they come, as JSON Lines
    #[arg(long)]
    pub json: bool,

    /// The socket, as in `--control PATH` of the proxy
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The command, or - for lines of JSON from standard input
    #[arg(value_name = "COMMAND", value_parser = NameParser, hide_possible_values = true)]
    pub command: String,

    /// What goes with it: flags such as `--last 10`, then its words
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// The commands, for the help.
fn commands() -> String {
    let list = COMMANDS.iter().map(|command| format!("  {:<34} {}\n", command.usage(), first(command.about)));
    let list: String = list.collect();
    format!(
        "Commands:\n{list}\nEach field of a command is a flag as well, as in frames --last 10; docs/control.md has them \
         all.\nExit codes: 0 done, 1 refused by the proxy, 2 the command is wrong, 3 nobody answers at PATH"
    )
}

/// The first part of a sentence.
fn first(about: &str) -> &str {
    about.split([';', ',', '.']).next().unwrap_or(about)
}

/// Knows the names of commands, for completion. What is no name is told by the protocol's own words.
#[derive(Clone, Copy, Debug)]
struct NameParser;

impl TypedValueParser for NameParser {
    type Value = String;

    fn parse_ref(&self, _command: &Command, _arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        Ok(value.to_string_lossy().into_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(COMMANDS.iter().map(|command| PossibleValue::new(command.name).help(first(command.about)))))
    }
}
