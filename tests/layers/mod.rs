//! Reads the sources and holds them to the map of the crate, since one package has no walls inside.

mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Source, words};

/// Each room and its layer. A room may use only rooms of lower layers.
const LAYERS: [(&str, usize); 27] = [
    ("text", 0),
    ("files", 0),
    ("wire", 0),
    ("record", 1),
    ("capture", 2),
    ("decode", 2),
    ("query", 2),
    ("diagnose", 3),
    ("programs", 3),
    ("subject", 3),
    ("relay", 4),
    ("journal", 5),
    ("doctor", 5),
    ("compose", 5),
    ("archive", 6),
    ("rules", 6),
    ("compare", 6),
    ("control", 7),
    ("json", 6),
    ("engine", 8),
    ("export", 8),
    ("playground", 8),
    ("tui", 9),
    ("headless", 9),
    ("cli", 10),
    ("config", 11),
    ("main", 12),
];

/// The folders and files within `tui`, likewise.
const SCREEN: [(&str, usize); 13] = [
    ("fit", 0),
    ("clock", 0),
    ("theme", 0),
    ("keymap", 0),
    ("pages", 1),
    ("search", 2),
    ("state", 3),
    ("message", 4),
    ("update", 5),
    ("view", 5),
    ("feed", 6),
    ("run", 7),
    ("mod", 8),
];

/// Rooms that are under another and yet nothing to it: the screen steers the proxy through `control` alone.
const APART: [(&str, &[&str]); 1] = [("tui", &["engine", "playground"])];

/// Lines of a file at most, its tests not among them, and of a function.
const FILE: usize = 600;
const FUNCTION: usize = 80;

/// Functions that are longer, which is no model: the list may only become shorter.
const LONG: [(&str, &str); 1] = [("diagnose/catalogue/mod.rs", "words")];

/// What stands in few places only: the words, the rooms or files that may have them, and why.
const KEPT_IN_PLACE: [(&[&str], &[&str], &str); 4] = [
    (
        &["println!", "eprintln!", "print!", "eprint!", "dbg!"],
        &["main", "headless", "cli"],
        "printing is the program's",
    ),
    (
        &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"],
        &["engine/clock.rs"],
        "elsewhere time is an argument",
    ),
    (&["tokio::"], &["engine", "playground", "main"], "only rooms with sockets know tokio"),
    (&["unbounded_channel", "unbounded", "std::sync::mpsc::channel"], &[], "channels are bounded"),
];

/// Libraries that must not be on the data path: they fail first, and hide what they were asked to show.
const WEBSOCKET_LIBRARIES: [&str; 5] = ["tungstenite", "websocket", "soketto", "wtx", "ws"];

#[test]
fn the_sources_keep_to_the_map() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    assert!(files.len() > 30, "the sources are not where they were: {files:?}");
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        found.extend(violations(&path, &fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_document_tells_the_same_map() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let told: Vec<&str> = document.lines().filter(|line| line.contains(" | `")).collect();
    assert_eq!(told.len(), LAYERS.len(), "rooms in docs/architecture.md: {told:#?}");
    for (room, layer) in LAYERS {
        let row = format!("| {layer} | `{room}` | ");
        assert!(told.iter().any(|line| line.starts_with(&row)), "docs/architecture.md has no row {row}");
    }
}

#[test]
fn no_websocket_library_is_on_the_data_path() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert_eq!(websocket_libraries(&manifest), Vec::<&str>::new());
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What breaks the rules in one file; `path` is relative to `src`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let source = Source::new(text);
    let room = path.split('/').next().unwrap().trim_end_matches(".rs");
    let mut found = Vec::new();
    if room != "lib" {
        found.extend(layer_violations(path, room, &source));
    }
    for line in source.lines_with("unsafe") {
        found.push(format!("src/{path}:{line}: unsafe, and a measurement has not asked for it"));
    }
    if path.ends_with("tests.rs") || path.contains("tests/") {
        return found;
    }
    let code = source.without_tests();
    found.extend(screen_violations(path, &code));
    for (line, used) in code.rooms_used() {
        if APART.iter().any(|(one, others)| *one == room && others.contains(&used.as_str())) {
            found.push(format!("src/{path}:{line}: `{room}` must not know `{used}`"));
        }
    }
    found.extend(budget_violations(path, &code));
    for (banned, allowed, reason) in KEPT_IN_PLACE {
        if allowed.iter().any(|place| *place == room || *place == path) {
            continue;
        }
        for word in banned {
            let lines = code.lines_with(word);
            found
                .extend(lines.iter().map(|line| format!("src/{path}:{line}: `{word}` does not belong here: {reason}")));
        }
    }
    for line in code.unbounded_channels() {
        found.push(format!("src/{path}:{line}: a channel without a bound"));
    }
    found
}

fn layer_violations(path: &str, room: &str, source: &Source) -> Vec<String> {
    let layer = |room: &str| LAYERS.iter().find(|(name, _)| *name == room).map(|(_, layer)| *layer);
    let Some(own) = layer(room) else {
        return vec![format!("src/{path}: the room `{room}` is not on the map (tests/layers)")];
    };
    let mut found = Vec::new();
    for (line, used) in source.rooms_used() {
        if used != room && layer(&used).is_none_or(|layer| layer >= own) {
            found.push(format!("src/{path}:{line}: `{room}` must not use `{used}`, which is not under it"));
        }
    }
    found
}

/// What in the screen's room uses what is not under it, or changes the state while it draws.
fn screen_violations(path: &str, code: &Source) -> Vec<String> {
    let Some(folder) = path.strip_prefix("tui/").and_then(|rest| rest.split(['/', '.']).next()) else {
        return Vec::new();
    };
    let layer = |name: &str| SCREEN.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer);
    let Some(own) = layer(folder) else {
        return vec![format!("src/{path}: `tui/{folder}` is not on the map (tests/layers)")];
    };
    let mut found = Vec::new();
    // The parent of a folder's own module is `tui`.
    let is_right_under = path.ends_with("/mod.rs") || path.split('/').count() == 2;
    let above = if is_right_under { code.names_behind("super") } else { Vec::new() };
    for (line, used) in code.names_behind("crate::tui").into_iter().chain(above) {
        // A name that is none of a folder is one of those that `tui` itself gives out.
        if used != folder && layer(&used).is_some_and(|layer| layer >= own) {
            found.push(format!("src/{path}:{line}: `tui/{folder}` must not use `tui/{used}`, which is not under it"));
        }
    }
    if folder == "view" {
        // Types are named by their imports: what is of the state must not be taken to be changed.
        let of_the_state = code.imported_from("crate::tui::state").into_iter().chain(["Model".to_owned()]);
        for name in of_the_state.collect::<BTreeSet<_>>() {
            let lines = code.lines_with(&format!("&mut {name}"));
            found.extend(lines.iter().map(|line| format!("src/{path}:{line}: the view writes the state's {name}")));
        }
    }
    found
}

/// What is too long for a reader.
fn budget_violations(path: &str, code: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if code.length() > FILE {
        found.push(format!("src/{path}: {} lines, and {FILE} are enough", code.length()));
    }
    for (line, name, length) in code.functions() {
        if length > FUNCTION && !LONG.contains(&(path, name)) {
            found.push(format!("src/{path}:{line}: `{name}` has {length} lines, and {FUNCTION} are enough"));
        }
    }
    for (_, long) in LONG.iter().filter(|(file, _)| *file == path) {
        if !code.functions().iter().any(|(_, name, length)| name == long && *length > FUNCTION) {
            found.push(format!("src/{path}: `{long}` is short by now: take it from the list in tests/layers"));
        }
    }
    found
}

/// The WebSocket libraries among the dependencies that are built into the program.
fn websocket_libraries(manifest: &str) -> Vec<&str> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let is_built_in = section == "dependencies" || section.ends_with(".dependencies");
        let name = line.split(['=', ' ', '.']).next().unwrap_or_default();
        if is_built_in
            && words(name).iter().any(|word| WEBSOCKET_LIBRARIES.iter().any(|library| is_about(word, library)))
        {
            found.push(name);
        }
    }
    found
}

fn is_about(word: &str, library: &str) -> bool {
    word == library || library.len() > 3 && word.contains(library)
}

#[test]
fn a_room_that_reaches_up_is_caught() {
    for (path, text) in [
        ("wire/head.rs", "use crate::relay::session::Session;"),
        ("diagnose/verdict.rs", "fn f() { crate::relay::limits::x() }"),
        ("engine/tls.rs", "use crate::{\n    text,\n    tui::{self, Model},\n};"),
        ("headless/mod.rs", "use crate::tui;"),
        ("tui/run/mod.rs", "use crate::engine::clock;"),
        ("journal/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::engine::start;\n}"),
        ("wire/mod.rs", "pub use crate :: config :: Config;"),
        ("surprise/mod.rs", ""),
        ("wire/mod.rs", "use crate::surprise;"),
    ] {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn a_folder_of_the_screen_that_reaches_up_is_caught() {
    for (path, text) in [
        ("tui/view/row.rs", "use crate::tui::update::update;"),
        ("tui/update/mod.rs", "use crate::tui::{fit, view::view};"),
        ("tui/state/model.rs", "fn f() { crate::tui::update::actions::perform() }"),
        ("tui/pages/why.rs", "use crate::tui::state::model::Model;"),
        ("tui/theme.rs", "use crate::tui::pages::Terms;"),
        ("tui/surprise/mod.rs", ""),
        ("tui/view/row.rs", "fn f(model: &mut Model) {}"),
        ("tui/view/row.rs", "use crate::tui::state::{cursor::{Cursor, Scroll}, look::Look};\nfn f(it: &mut Scroll) {}"),
        ("tui/view/row.rs", "use crate::tui::state::lists::Lists;\nfn f(it: &mut Lists) {}"),
        ("tui/view/mod.rs", "use super::update::update;"),
    ] {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}");
    }
    let fine = "use crate::tui::state::model::Model;\nuse crate::tui::Info;\nfn f(model: &Model) {}";
    assert_eq!(violations("tui/view/row.rs", fine), Vec::<String>::new());
}

#[test]
fn what_is_too_long_is_caught() {
    let function = |lines: usize| format!("impl A {{\n    fn f() {{\n{}    }}\n}}\n", "        g();\n".repeat(lines));
    assert_eq!(violations("wire/head.rs", &function(FUNCTION - 2)), Vec::<String>::new());
    assert_eq!(violations("wire/head.rs", &function(FUNCTION - 1)).len(), 1);
    assert_eq!(violations("wire/head.rs", &"const A: u8 = 1;\n".repeat(FILE)), Vec::<String>::new());
    assert_eq!(violations("wire/head.rs", &"const A: u8 = 1;\n".repeat(FILE + 1)).len(), 1);
    let tests = "const A: u8 = 1;\n".repeat(FILE);
    assert_eq!(violations("wire/head.rs", &format!("#[cfg(test)]\nmod tests {{\n{tests}}}\n")), Vec::<String>::new());
    assert_eq!(violations("wire/tests.rs", &"const A: u8 = 1;\n".repeat(FILE + 1)), Vec::<String>::new());
    assert_eq!(violations("diagnose/catalogue/mod.rs", "fn words() {}").len(), 1);
}

#[test]
fn what_does_not_belong_in_a_place_is_caught() {
    for (path, text) in [
        ("wire/head.rs", "unsafe { *pointer }"),
        ("engine/driver/mod.rs", "println!(\"x\");"),
        ("tui/run.rs", "let now = std::time::Instant::now();"),
        ("engine/driver/mod.rs", "SystemTime::now()"),
        ("engine/clock.rs", "eprintln!(\"x\");"),
        ("headless/mod.rs", "use tokio::sync::mpsc;"),
        ("engine/driver/mod.rs", "let (a, b) = mpsc::unbounded_channel();"),
        ("engine/driver/mod.rs", "let (a, b) = mpsc::channel();"),
        ("tui/run.rs", "let (a, b) = mpsc::channel::<Vec<(u8, u8)>>();"),
        ("tui/run.rs", "use std::sync::mpsc::{Receiver, channel};"),
        ("tui/run.rs", "#[cfg(test)]\nmod tests { }\nfn f() { dbg!(1) }"),
    ] {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn what_is_allowed_passes() {
    for (path, text) in [
        ("relay/lane.rs", "use crate::wire::mask;\nuse crate::relay::limits::Limits;\nuse crate::text;"),
        ("config/mod.rs", "use crate::cli::Arguments;\nuse crate::{engine, headless::Format};"),
        ("main.rs", "use tokio::runtime::Builder;\nfn main() { eprintln!(\"x\") }"),
        ("engine/clock.rs", "pub fn now() { SystemTime::now() }"),
        ("engine/driver/mod.rs", "let (a, b) = tokio::sync::mpsc::channel(64);"),
        ("tui/run.rs", "let (remote, inbox) = channel();\nuse std::sync::mpsc::{Receiver, sync_channel};"),
        ("wire/head.rs", "/// As `crate::tui` and `tokio::spawn` do, unsafe.\n/* a /* nested */ println!() */"),
        ("wire/head.rs", "const A: &str = \"crate::tui \\\" unsafe\"; const B: &str = r#\"\" println!()\"#;"),
        ("wire/head.rs", "fn f<'a>(x: &'a str) -> char { let quote = '\"'; '\\'' } // unsafe"),
        ("wire/head.rs", "#[cfg(test)]\nmod tests {\n    fn f() { println!(\"{}\", Instant::now()) }\n}"),
        ("wire/tests.rs", "fn f() { println!() }"),
        ("wire/mod.rs", "#![forbid(unsafe_code)]"),
    ] {
        assert_eq!(violations(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn a_websocket_library_among_the_dependencies_is_caught() {
    let manifest = "[dependencies]\nbytes = \"1\"\ntokio-tungstenite = \"1\"\nws.workspace = true\n\
                    [dev-dependencies]\nfastwebsockets = \"1\"\n[target.'cfg(unix)'.dependencies]\nwtx = \"1\"\n";
    assert_eq!(websocket_libraries(manifest), ["tokio-tungstenite", "ws", "wtx"]);
}
