//! The scripts of examples/, as somebody would run them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::holding::{Server, connect};
use crate::support::chromium::Browser;
use crate::support::program::Program;
use crate::support::proxy::server;

/// A script of examples/, by its interpreter.
fn script(interpreter: &str, file: &str) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file));
    command
}

/// A headless proxy, and the port on which it listens.
fn proxy(arguments: &[&str]) -> (Program, u16) {
    let mut program = Program::start(&[&["--listen", "0", "--json", "--no-probe"], arguments].concat());
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let address: std::net::SocketAddr = listening["addr"].as_str().unwrap().parse().unwrap();
    (program, address.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_edits_a_message_of_a_live_page() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control");
    let path = path.to_str().unwrap();
    let (_proxy, port) = proxy(&["--upstream", &address.to_string(), "--control", path]);
    let mut tab = browser.open("about:blank").await;
    let (mut server, ()) = tokio::join!(Server::accept(&listener), connect(&mut tab, port));

    let mut script = Program::spawn(script("python3", "control/edit_in_flight.py").args([path, "tea", "coffee"]));
    assert_eq!(script.line(), "holding\n");
    tab.eval("socket.send('{\"order\":\"water\"}'); socket.send('{\"order\":\"tea\"}')").await;
    assert_eq!(server.text().await, r#"{"order":"water"}"#);
    assert_eq!(server.text().await, r#"{"order":"coffee"}"#);
    assert_eq!(script.line(), "came {\"order\":\"tea\"}\n");
    assert_eq!(script.line(), "went {\"order\":\"coffee\"}\n");
    assert!(script.end().1.success());
    tab.eval("socket.send('{\"order\":\"tea\"}')").await;
    assert_eq!(server.text().await, r#"{"order":"tea"}"#, "it holds no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_takes_tokens_out_of_a_live_page_s_messages() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    let hook = format!("exec python3 {}/examples/hooks/redact.py", env!("CARGO_MANIFEST_DIR"));
    let query = "from:client json:.token";
    let arguments = ["--upstream", &address.to_string(), "--hook", query, &hook, "--hook-timeout", "30"];
    let (_proxy, port) = proxy(&arguments);
    let mut tab = browser.open("about:blank").await;
    let (mut server, ()) = tokio::join!(Server::accept(&listener), connect(&mut tab, port));
    tab.eval("for (const text of ['hello', '{\"token\":\"s3cret\"}', 'hello again']) socket.send(text)").await;
    for text in ["hello", r#"{"token": "..."}"#, "hello again"] {
        assert_eq!(server.text().await, text);
    }
    // The reverse passes as it came, compressed in fragments.
    server.say(r#"{"token":"mine"}"#, 2).await;
    tab.until(r#"got[0] == '{"token":"mine"}'"#).await;
}
