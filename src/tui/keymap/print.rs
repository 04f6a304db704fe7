//! The table as documentation.

use std::fmt::Write as _;

use super::{BINDINGS, Place};

/// `docs/keys.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Keys\n\n\
         Written from the one table that the screen itself uses (`src/tui/keymap/table.rs`); a test keeps it so.\n\
         On the screen, `?` shows the keys of the pane you are in, and the last line those that work now.\n",
    );
    for place in Place::ALL {
        let _ = write!(out, "\n## {}\n\n| key | does |\n|---|---|\n", place.name());
        for binding in BINDINGS.iter().filter(|binding| binding.places.contains(&place)) {
            let keys: Vec<String> = binding.keys.iter().map(|key| code(&key.to_string())).collect();
            let _ = writeln!(out, "| {} | {} |", keys.join(" "), binding.help);
        }
    }
    out.push_str(
        "\n## Counts\n\nA number in front of a motion does it so many times: `20j`, `60n`, `03]`, `120G` for frame 120; `esc` drops \
         it. The digits 1 to 5 turn to their page at once, so a count begins with 6 to 9, or with a 0 in front: `05n`, \
         `012j`. Where 0 or 6 to 9 come right behind a page's digit, as in `20j`, a count was meant, and the page is turned \
         back. On the why page, in comparisons and in the list of marks, any digit begins a count.\n",
    );
    out.push_str(
        "\nThe mouse works too: a click takes a row, a pane or a tab, the wheel scrolls, \
         and what divides the panes can be dragged. Hold shift to select text as your \
         terminal does.\n",
    );
    out
}

/// A key in a table cell, where a bar would end the cell.
fn code(key: &str) -> String {
    format!("`{}`", key.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        if std::env::var_os("WSPROXY_BLESS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == markdown(), "docs/keys.md is out of date: run WSPROXY_BLESS=1 cargo test keymap");
    }
}
