//! docs/rules.md: the tables of acts, options and faults.

use super::{ACTS, FAULTS, OPTIONS};

/// The tables in Markdown.
#[must_use]
pub fn document() -> String {
    let mut out = String::from("| act | does | besides |\n|---|---|---|\n");
    for help in ACTS {
        let name = format!("{} {}", help.name, help.arguments);
        row(&mut out, &[&format!("{}<br>e.g. {}", code(&name), code(help.example)), help.about, help.besides]);
    }
    out += "\n| option | means |\n|---|---|\n";
    for (option, about) in OPTIONS {
        row(&mut out, &[&code(option), about]);
    }
    out += "\n| fault | is | where nothing is written |\n|---|---|---|\n";
    for help in FAULTS {
        row(&mut out, &[&code(&format!("{} {}", help.name, help.argument)), help.about, &code(help.usual)]);
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    *out += &format!("| {} |\n", cells.join(" | "));
}

/// In Markdown a bar ends a cell, in code too.
fn code(text: &str) -> String {
    format!("`{}`", text.trim().replace('|', "\\|"))
}
