//! Refusals that real software gave (tests/corpus/refusals.jsonl): the cause is named first, and the fix is for that server
//! or proxy.
//!
//! Each line has the software with its version, the setting that made it refuse, the request and the whole response. They
//! were recorded by starting that software on a loopback port and sending it a request as Chrome does.

use serde_json::Value;
use wsproxy::diagnose::handshake;
use wsproxy::record::finding::Finding;
use wsproxy::wire::head;

/// By recording: the finding, and what stands in its cause and in its fix.
const EXPECTED: [(&str, &str, &str, &str); 72] = [
    ("ws-other-path", "http-status-400", "most likely ws for Node, which does not serve this path", "WebSocketServer"),
    ("ws-verify-client", "http-status-401", "says why itself: No token here", "cookie, query or subprotocol"),
    ("express-no-upgrade", "http-status-404", "Express has no route for this path", "new WebSocketServer({ server })"),
    ("node-no-upgrade", "http-status-200", "most likely Node's http server", "'upgrade' event"),
    ("uvicorn-no-route", "http-status-403", "most likely uvicorn", "@app.websocket"),
    ("uvicorn-closed-before-accept", "http-status-403", "closed or threw in front of accept()", "log"),
    ("uvicorn-wsproto-closed", "http-status-403", "most likely uvicorn", "accept()"),
    ("uvicorn-no-websockets", "http-status-404", "uvicorn has no WebSocket library", "uvicorn[standard]"),
    (
        "nginx-uvicorn-lost",
        "http-status-404",
        "most likely the proxy in front took Upgrade away",
        "proxy_http_version 1.1",
    ),
    ("werkzeug-no-route", "http-status-404", "Werkzeug (Flask) has no route", "@sock.route"),
    ("werkzeug-plain-route", "http-status-400", "has a plain route for this path", "@sock.route"),
    ("nginx-werkzeug-lost", "http-status-400", "most likely nginx in front of it", "proxy_http_version 1.1"),
    (
        "websockets-origin",
        "http-status-403",
        "invalid Origin header: http://localhost:3000",
        "from http://localhost:3000",
    ),
    ("websockets-subprotocol", "http-status-400", "missing subprotocol", "this request offers none"),
    ("nginx-websockets-lost", "http-upgrade-stripped", "did not pass Upgrade", "in nginx's location"),
    ("apache-websockets-lost", "http-upgrade-stripped", "did not pass Upgrade", "upgrade=websocket"),
    ("nginx-ws-lost", "http-upgrade-stripped", "did not pass Upgrade", "in nginx's location"),
    ("apache-ws-lost", "http-upgrade-stripped", "did not pass Upgrade", "Apache: ProxyPass"),
    ("nginx-express-lost", "http-status-404", "most likely nginx in front of it", "proxy_http_version 1.1"),
    ("nginx-aiohttp-lost", "http-upgrade-stripped", "did not pass Upgrade", "in nginx's location"),
    ("aiohttp-no-route", "http-status-404", "aiohttp has no route", "add_get"),
    ("django-runserver", "http-status-404", "Django's development server without Channels", "ASGI_APPLICATION"),
    ("daphne-no-route", "http-status-5xx", "URLRouter has no route for this path", "No route found for path"),
    ("nginx-spa", "http-status-200", "nginx served a file", "proxy_pass"),
    ("nginx-refused", "http-status-5xx", "nginx got no response from the server behind it", "proxy_pass"),
    ("nginx-silent", "http-status-5xx", "did not answer the handshake within proxy_read_timeout", "101"),
    ("nginx-deny", "http-status-403", "nginx itself forbids the path", "error log"),
    ("nginx-auth", "http-status-401", "nginx itself asks for credentials", "auth_basic off"),
    ("nginx-no-location", "http-status-404", "nginx has no location", "proxy_pass"),
    ("nginx-limit", "http-status-5xx", "limit_req", "raise that limit"),
    ("nginx-plain-to-tls", "http-status-400", "speaks TLS on this port", "wss://"),
    (
        "nginx-client-certificate",
        "http-status-400",
        "No required SSL certificate was sent",
        "ssl_verify_client optional",
    ),
    ("haproxy-no-server", "http-status-5xx", "HAProxy has no server for this", "server line"),
    ("haproxy-refused", "http-status-5xx", "all are down or refuse connections", "start the server"),
    ("haproxy-silent", "http-status-5xx", "within timeout server", "101"),
    ("haproxy-deny", "http-status-403", "a rule of HAProxy's forbids", "rule"),
    ("caddy-refused", "http-status-5xx", "Caddy could not reach the server behind it", "reverse_proxy"),
    ("caddy-spa", "http-status-200", "Caddy served a file", "handle /ws*"),
    ("caddy-no-file", "http-status-404", "Caddy has nothing for this path", "reverse_proxy"),
    ("apache-no-file", "http-status-404", "Apache passes this path on to nobody", "ProxyPass"),
    ("apache-deny", "http-status-403", "Apache itself forbids the path", "ProxyPass"),
    ("apache-refused", "http-status-5xx", "Apache could not reach the server behind it", "ProxyPass"),
    ("socketio-transport", "http-status-400", "does not take the transport", "transport=websocket"),
    ("socketio-unknown-sid", "http-status-400", "does not know this session", "sticky sessions"),
    ("apache-express-lost", "http-status-404", "most likely Apache in front of it", "upgrade=websocket"),
    ("apache-uvicorn-lost", "http-status-404", "most likely the proxy in front took Upgrade away", "upgrade=websocket"),
    ("apache-silent", "http-status-5xx", "was silent for ProxyTimeout", "waits before its 101"),
    ("caddy-other-host", "http-status-200", "no site in its Caddyfile has this Host", "--keep-host"),
    ("varnish-express-lost", "http-status-404", "most likely Varnish in front of it", "return (pipe)"),
    ("varnish-refused", "http-status-5xx", "Varnish could not fetch from its backend", ".host and .port"),
    (
        "nginx-express-page",
        "http-status-200",
        "nginx did not pass Upgrade on, or its catch-all",
        "proxy_http_version 1.1",
    ),
    ("express-page", "http-status-200", "Express served a page", "new WebSocketServer({ server })"),
    ("nginx-long-line", "http-status-400", "nginx takes no request line that long", "large_client_header_buffers"),
    ("uvicorn-threw", "http-status-5xx", "most likely uvicorn: the application threw", "traceback"),
    (
        "gunicorn-asgi",
        "http-status-5xx",
        "an ASGI application (FastAPI, Starlette) needs",
        "uvicorn.workers.UvicornWorker",
    ),
    ("daphne-closed", "http-status-403", "daphne: the consumer closed in front of accept()", "self.accept()"),
    ("daphne-origin", "http-status-403", "AllowedHostsOriginValidator refused", "ALLOWED_HOSTS"),
    ("hypercorn-no-route", "http-status-403", "Hypercorn: the application has no WebSocket route", "@app.websocket"),
    ("hypercorn-threw", "http-status-5xx", "Hypercorn: the application threw", "traceback"),
    ("tornado-no-route", "http-status-404", "Tornado has no handler", "tornado.web.Application"),
    (
        "python-http-server",
        "http-status-404",
        "Python's http.server answers on this port",
        "port of the WebSocket server",
    ),
    ("fastify-no-plugin", "http-status-404", "Fastify has no route for this path", "websocket: true"),
    ("caddy-tls", "http-status-400", "the server speaks TLS on this port", "wss://"),
    ("vite-token", "http-status-400", "most likely Vite refuses its own client", "server.allowedHosts"),
    ("nginx-ws-path", "http-status-400", "most likely ws for Node", "proxy_pass with and without a path"),
    ("apache-ws-path", "http-status-400", "most likely ws for Node", "WebSocketServer was given"),
    ("haproxy-ws-path", "http-status-400", "most likely ws for Node", "WebSocketServer was given"),
    ("nginx-uvicorn-no-route", "http-status-403", "most likely uvicorn", "@app.websocket"),
    ("haproxy-uvicorn-no-route", "http-status-403", "most likely uvicorn", "@app.websocket"),
    ("nginx-uvicorn-threw", "http-status-5xx", "most likely uvicorn: the application threw", "traceback"),
    ("nginx-daphne-closed", "http-status-403", "daphne: the consumer closed", "self.accept()"),
    ("nginx-daphne-no-route", "http-status-5xx", "most likely daphne", "URLRouter"),
];

fn recordings() -> Vec<Value> {
    include_str!("corpus/refusals.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The cause and the fix.
fn told(found: &Finding) -> (&str, &str) {
    (found.cause.as_deref().unwrap_or("none"), found.fix.as_deref().unwrap_or("none"))
}

#[test]
fn a_refusal_names_its_cause_and_a_fix_for_that_server() {
    let mut amiss = Vec::new();
    let recordings = recordings();
    for recording in &recordings {
        let id = recording["id"].as_str().unwrap();
        let (_, kind, cause, fix) = EXPECTED.into_iter().find(|(name, ..)| *name == id).unwrap();
        let (request, answer) = (recording["request"].as_str().unwrap(), recording["answer"].as_str().unwrap());
        let (head, body) = answer.as_bytes().split_at(head::end(answer.as_bytes(), 0).unwrap());
        let judged = handshake::response(request.as_bytes(), head, body);
        let [found] = judged.findings.as_slice() else { panic!("{id}: {:#?}", judged.findings) };
        let told = told(found);
        if found.kind.id() != kind || !told.0.contains(cause) || !told.1.contains(fix) {
            amiss.push(format!("{id}: {}: {} / {}", found.kind.id(), told.0, told.1));
        }
    }
    assert_eq!(amiss, Vec::<String>::new());
    assert_eq!(recordings.len(), EXPECTED.len());
}

#[test]
fn what_a_refusal_says_itself_comes_first() {
    let request = "GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Protocol: chat.v2\r\n\r\n";
    for (status, body, said, fix) in [
        (
            "400 Bad Request",
            "invalid subprotocol; expected one of chat.v1",
            "expected one of chat.v1",
            "offers chat.v2",
        ),
        ("400 Bad Request", "400 Invalid protocol selected", "Invalid protocol selected", "name the subprotocol"),
        (
            "403 Forbidden",
            "{\"error\":{\"message\":\"Invalid token\"}}",
            "Invalid token",
            "cookie, query or subprotocol",
        ),
        ("400 Bad Request", "{\"error\":\"Invalid token\"}", "itself: Invalid token", "cookie, query or subprotocol"),
        ("429 Too Many Requests", "<h1>Too many connections from you</h1>", "Too many connections", "raise that limit"),
        ("500 Oops", "5\r\nno db\r\n0\r\n\r\n", "itself: no db", "look for that sentence"),
    ] {
        let chunked = if body.ends_with("0\r\n\r\n") { "Transfer-Encoding: chunked\r\n" } else { "" };
        let answer = format!("HTTP/1.1 {status}\r\n{chunked}\r\n");
        let judged = handshake::response(request.as_bytes(), answer.as_bytes(), body.as_bytes());
        let told = told(&judged.findings[0]);
        assert!(told.0.contains(said) && told.1.contains(fix), "{body}: {told:?}");
    }
}

#[test]
fn servers_are_known_by_what_their_sources_write() {
    let request =
        "GET / HTTP/1.1\r\nHost: a:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n";
    let go =
        "Content-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\nX-Content-Type-Options: nosniff\r\n";
    let envoy = "content-length: 99\r\ncontent-type: text/plain\r\nserver: envoy\r\n";
    let failed = "upstream connect error or disconnect/reset before headers. reset reason: connection failure";
    for (line, fields, body, cause, fix) in [
        ("403 Forbidden", go, "Forbidden\n", "CheckOrigin says no", "websocket.Upgrader{CheckOrigin"),
        (
            "404 Not Found",
            "content-type: text/plain; charset=utf-8\r\n",
            "Page not found",
            "Action Cable",
            "allowed_request_origins",
        ),
        ("503 Service Unavailable", envoy, failed, "Envoy (Istio) could not connect", "start that server"),
    ] {
        let head = format!("HTTP/1.1 {line}\r\n{fields}\r\n");
        let judged = handshake::response(request.as_bytes(), head.as_bytes(), body.as_bytes());
        let told = told(&judged.findings[0]);
        assert!(told.0.contains(cause) && told.1.contains(fix), "{line}: {told:?}");
    }
}

#[test]
fn a_body_that_only_repeats_the_status_names_no_cause() {
    let request =
        "GET / HTTP/1.1\r\nHost: a:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n";
    for body in ["", "Bad Request", "400 Bad Request", "400: Bad Request.", "<h1>400</h1>", "{}"] {
        let judged =
            handshake::response(request.as_bytes(), b"HTTP/1.1 400 Bad Request\r\nX: y\r\n\r\n", body.as_bytes());
        assert_eq!(judged.findings[0].cause, None, "{body}");
    }
}
