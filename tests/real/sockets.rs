//! Ports on which something else is spoken than what was asked for.

use std::net::TcpListener;
use std::process::Command;
use std::thread;

use tempfile::TempDir;

use crate::support::program::Program;

use super::stand::*;

#[test]
fn haproxy_that_wants_tls() {
    let Some((_ws, port)) = echo("server.js") else { return };
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("both.pem");
    std::fs::write(&path, key.cert.pem() + &key.signing_key.serialize_pem()).unwrap();
    let bind = format!("ssl crt {}", path.display());
    let Some(server) = haproxy("", &bind, &format!(" server s 127.0.0.1:{port}")) else { return };
    let mut watched = Watched::before(server.port);
    let _client = watched.dial("/chat");
    let fix = format!("use wss:// in place of ws:// for port {}", server.port);
    watched.finding("tcp-closed-before-response").says("the server speaks TLS on this port", &fix);

    let upstream = format!("wss://localhost:{}", server.port);
    Watched::start(&["--insecure", "--upstream", &upstream]).is_silent_about("/chat");
}

#[test]
fn haproxy_in_tcp_mode_whose_server_is_down() {
    let Some(wrong) = haproxy(" mode tcp\n retries 0", "", &format!(" server s 127.0.0.1:{}", free_port())) else {
        return;
    };
    let mut watched = Watched::before(wrong.port);
    let _client = watched.dial("/chat");
    watched.finding("tcp-closed-before-response").says("a TCP proxy whose server is down", "start the server");

    let Some((_ws, port)) = echo("server.js") else { return };
    let right = haproxy(" mode tcp", "", &format!(" server s 127.0.0.1:{port}")).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}

#[test]
fn a_server_on_the_other_loopback() {
    // A machine without IPv6 has no other one.
    let Ok(server) = TcpListener::bind("[::1]:0") else { return };
    let port = server.local_addr().unwrap().port();
    thread::spawn(move || server.incoming().for_each(drop));
    let mut watched = Watched::before(port);
    let _client = watched.dial("/chat");
    let cause = format!("nothing listens on 127.0.0.1:{port}, but something does on [::1]:{port}");
    watched.finding("tcp-refused").says(&cause, &format!("--upstream localhost:{port}"));
}

/// What Socket.IO answers to the request that begins a session, as far as it matters here: with a page's leave, or without.
const POLLED: &str = "
    const server = require('http').createServer((request, response) => {
      if (request.url.includes('leave')) response.setHeader('Access-Control-Allow-Origin', request.headers.origin);
      response.end('0{}');
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

#[test]
fn polling_that_a_page_from_elsewhere_may_not_read() {
    if echo("server.js").is_none() {
        return;
    }
    let mut node = Program::spawn(Command::new("node").args(["-e", POLLED]));
    let port = node.line().trim().parse().unwrap();
    let page = "http://localhost:3000";
    let mut watched = Watched::before(port);
    watched.get("/socket.io/?EIO=4&transport=polling&leave", page);
    watched.get("/socket.io/?EIO=4&transport=polling", page);
    let found = watched.finding("polling-no-cors");
    found.says("no Access-Control-Allow-Origin", "cors: { origin:");
    assert!(found.detail.contains("of a page from http://localhost:3000"), "{}", found.detail);
}
