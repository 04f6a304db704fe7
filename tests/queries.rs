//! docs/query.md tells of the fields and the properties that there are.

use wsproxy::query::{About, FIELDS, PROPERTIES};

use crate::support::document;

#[test]
fn the_page_s_tables_are_those_of_the_code() {
    let row = |example: &str, help: &str| format!("| `{example}` | {} |\n", help.replace('|', "\\|"));
    let fields: String = FIELDS.iter().map(|About { example, help, .. }| row(example, help)).collect();
    document::check_section(
        "docs/query.md",
        "fields",
        &format!("| for example | what it asks for |\n|---|---|\n{fields}"),
    );
    let properties: String =
        PROPERTIES.iter().map(|About { name, help, .. }| row(&format!("is:{name}"), help)).collect();
    document::check_section("docs/query.md", "properties", &format!("| | rows |\n|---|---|\n{properties}"));
}
