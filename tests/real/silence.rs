//! Connections that are cut for their silence, and upgrades that nobody handles.

use std::process::Command;

use crate::support::program::Program;

use super::stand::*;

#[test]
fn nginx_cuts_what_is_silent_for_its_read_timeout() {
    let Some((_ws, port)) = echo("server.js") else { return };
    let location = |seconds: u8| {
        format!("location / {{ {UPGRADE} proxy_read_timeout {seconds}s; proxy_pass http://127.0.0.1:{port}; }}")
    };
    let Some(wrong) = nginx("", &location(2)) else { return };
    let mut watched = Watched::before(wrong.port);
    let mut client = watched.dial("/chat");
    client.opens();
    client.ends();
    watched.finding("tcp-idle-timeout").says("nginx's proxy_read_timeout of 2 s", "proxy_read_timeout 3600s");

    let right = nginx("", &location(60)).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}

#[test]
fn haproxy_cuts_two_sessions_after_the_same_silence() {
    let Some((_ws, port)) = echo("server.js") else { return };
    let backend = format!(" server s 127.0.0.1:{port}");
    // No whole number of seconds, so that one session alone does not tell.
    let Some(wrong) = haproxy(" timeout tunnel 1650ms", "", &backend) else { return };
    let mut watched = Watched::before(wrong.port);
    for _ in 0..2 {
        let mut client = watched.dial("/chat");
        client.opens();
        client.ends();
    }
    watched.finding("tcp-drop-after-open");
    let mut found = [watched.event("finding"), watched.event("finding")];
    found.sort_by_key(|line| line["id"].to_string());
    assert_eq!((&found[0]["id"], &found[1]["id"]), (&"sessions-same-silence".into(), &"tcp-drop-after-open".into()));
    let (detail, cause) = (found[0]["detail"].as_str().unwrap(), found[0]["cause"].as_str().unwrap());
    assert!(detail.contains("sessions 1 and 2 were cut by the server after 1.6"), "{detail}");
    assert!(
        cause.contains("it is a limit of 1.") && found[0]["fix"].as_str().unwrap().contains("timeout tunnel"),
        "{cause}"
    );

    let right = haproxy(" timeout tunnel 1h", "", &backend).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}

/// A server of Node's http module that answers plain requests, and leaves upgrades of other paths than /chat alone.
const PASSES_BY: &str = "
    const { WebSocketServer } = require('ws');
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data.toString())));
    const server = require('http').createServer((request, response) => response.end('hello'));
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/chat') {
        sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened));
      }
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

#[test]
fn node_leaves_an_upgrade_alone_that_no_listener_takes() {
    // Whether ws is there, or has to be.
    if echo("server.js").is_none() {
        return;
    }
    let mut node = Program::spawn(Command::new("node").env("NODE_PATH", "/usr/share/nodejs").args(["-e", PASSES_BY]));
    let port = node.line().trim().parse().unwrap();
    let mut watched = Watched::before(port);
    let _client = watched.dial("/caht");
    let found = watched.finding("handshake-unhandled");
    found.says("'upgrade' listeners pass this path by", "handleUpgrade()");
    assert!(found.detail.contains("a plain GET / beside it got 200"), "{}", found.detail);

    Watched::before(port).is_silent_about("/chat");
}
