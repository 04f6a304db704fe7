//! Proxies that lose the upgrade, reach nobody, or serve something else.

use std::net::TcpListener;

use super::stand::*;

#[test]
fn nginx_without_the_upgrade_lines() {
    let Some((_ws, port)) = echo("server.js") else { return };
    let location = |lines: &str| format!("location / {{ {lines} proxy_pass http://127.0.0.1:{port}; }}");
    let Some(wrong) = nginx("", &location("")) else { return };
    let mut watched = Watched::before(wrong.port);
    let _client = watched.dial("/chat");
    watched.finding("http-upgrade-stripped").says("did not pass Upgrade and Connection on", "in nginx's location");

    let right = nginx("", &location(UPGRADE)).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}

#[test]
fn nginx_that_speaks_http_1_0_to_the_server() {
    let Some((_websockets, port)) = echo("server.py") else { return };
    let location = |version: &str| {
        format!(
            "location / {{ {} {version} proxy_pass http://127.0.0.1:{port}; }}",
            UPGRADE.replace("proxy_http_version 1.1;", "")
        )
    };
    let Some(wrong) = nginx("", &location("")) else { return };
    let mut watched = Watched::before(wrong.port);
    let _client = watched.dial("/chat");
    watched.finding("http-upgrade-stripped").says("a proxy in front of the server", "proxy_http_version 1.1");

    let right = nginx("", &location("proxy_http_version 1.1;")).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}

#[test]
fn nginx_that_serves_a_file() {
    let Some(wrong) = nginx("", "location / { try_files $uri /index.html; }") else { return };
    let mut watched = Watched::before(wrong.port);
    let _client = watched.dial("/chat");
    watched.finding("http-status-200").says("nginx served a file", "proxy_pass to the WebSocket server");
}

#[test]
fn nginx_whose_server_is_down_or_silent() {
    let lines = format!("{UPGRADE} proxy_read_timeout 1s;");
    let Some(down) = nginx("", &format!("location / {{ {lines} proxy_pass http://127.0.0.1:{}; }}", free_port()))
    else {
        return;
    };
    let mut watched = Watched::before(down.port);
    let _client = watched.dial("/chat");
    let found = watched.finding("http-status-5xx");
    found.says("nothing listens at the address in proxy_pass", "start that server");
    assert!(found.detail.contains("at once"), "{}", found.detail);

    // It takes connections and no more.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let slow = nginx("", &format!("location / {{ {lines} proxy_pass http://127.0.0.1:{port}; }}")).unwrap();
    let mut watched = Watched::before(slow.port);
    let _client = watched.dial("/chat");
    let found = watched.finding("http-status-5xx");
    found.says("did not answer the handshake within proxy_read_timeout", "waits before its 101");
    assert!(found.detail.contains("after 1."), "{}", found.detail);
}

#[test]
fn nginx_with_a_limit_on_connections() {
    let Some((_ws, port)) = echo("server.js") else { return };
    let zone = "limit_conn_zone $binary_remote_addr zone=clients:1m;";
    let location = |limit: u8| {
        format!("limit_conn clients {limit}; location / {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}")
    };
    let Some(wrong) = nginx(zone, &location(1)) else { return };
    let mut watched = Watched::before(wrong.port);
    let mut first = watched.dial("/chat?page=1");
    first.opens();
    let _second = watched.dial("/chat?page=2");
    // The session's own finding and that of both may come in either order.
    let mut found = [watched.event("finding"), watched.event("finding")];
    found.sort_by_key(|line| line["id"].to_string());
    assert_eq!((&found[0]["id"], &found[1]["id"]), (&"http-status-5xx".into(), &"sessions-limit".into()));
    assert_eq!(found[1]["session"], serde_json::Value::Null);
    let detail = found[1]["detail"].as_str().unwrap();
    assert!(detail.contains("while 1 session of this path is open; 2 began within a minute"), "{detail}");

    let right = nginx(zone, &location(5)).unwrap();
    let mut watched = Watched::before(right.port);
    let mut first = watched.dial("/chat?page=1");
    first.opens();
    watched.is_silent_about("/chat?page=2");
}

#[test]
fn haproxy_whose_server_is_down() {
    let Some(wrong) = haproxy("", "", &format!(" server s 127.0.0.1:{}", free_port())) else { return };
    let mut watched = Watched::before(wrong.port);
    let _client = watched.dial("/chat");
    watched.finding("http-status-5xx").says("HAProxy has no server for this", "server line");

    let Some((_ws, port)) = echo("server.js") else { return };
    let right = haproxy("", "", &format!(" server s 127.0.0.1:{port}")).unwrap();
    Watched::before(right.port).is_silent_about("/chat");
}
