//! docs/decoders.md tells of the decoders that there are.

use wsproxy::decode::Decoder;

use crate::support::document;

#[test]
fn the_page_s_table_is_that_of_the_code() {
    let mut table = "| name | protocol | what it reads | when it is guessed |\n|---|---|---|---|\n".to_owned();
    for decoder in Decoder::ALL {
        let cells = [decoder.title(), decoder.reads(), decoder.guessed()].map(|cell| cell.replace('|', "\\|"));
        table += &format!("| `{}` | {} |\n", decoder.name(), cells.join(" | "));
    }
    document::check_section("docs/decoders.md", "decoders", &table);
}
