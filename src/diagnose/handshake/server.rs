//! Who refused: servers and proxies known by the shape of their own responses.
//!
//! Each rule comes from a response that the software gave when it ran (tests/corpus/refusals.jsonl), or from its source
//! where that is cited. A rule looks at what the software writes itself, never at Server alone: proxies pass that on.

use crate::wire::head::Head;

/// A cause, and what to change.
pub(super) type Why = (&'static str, &'static str);

/// A response to be told by its shape.
pub(super) struct Shape<'a> {
    head: Head<'a>,
    body: &'a str,
    lower: String,
    server: String,
}

const NGINX_LINES: &str = "in nginx's location for the path: proxy_http_version 1.1; proxy_set_header Upgrade \
    $http_upgrade; proxy_set_header Connection \"upgrade\";";

impl<'a> Shape<'a> {
    pub(super) fn new(head: Head<'a>, body: &'a str) -> Self {
        let server = head.value("server").map(|value| String::from_utf8_lossy(value).to_lowercase());
        Self { head, body, lower: body.to_lowercase(), server: server.unwrap_or_default() }
    }

    /// What is known of whoever gives a response of this shape.
    pub(super) fn why(&self) -> Option<Why> {
        self.proxy().or_else(|| self.node()).or_else(|| self.python())
    }

    /// The lines that let an upgrade through whatever stands in front.
    pub(super) fn passes_upgrade(&self) -> &'static str {
        if self.server.starts_with("nginx") {
            NGINX_LINES
        } else if self.server.starts_with("apache") {
            "Apache: ProxyPass /path http://backend/path upgrade=websocket, with mod_proxy_http and mod_proxy_wstunnel"
        } else {
            "make the proxy pass them on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection \"upgrade\"; Apache: ProxyPass with upgrade=websocket)"
        }
    }

    fn status(&self) -> u16 {
        self.head.status().unwrap_or(0)
    }

    /// The names of the fields, in order.
    fn names(&self) -> Vec<String> {
        self.head.fields().map(|field| String::from_utf8_lossy(field.name).into_owned()).collect()
    }

    fn is_empty(&self) -> bool {
        self.body.trim().is_empty() && self.head.value("transfer-encoding").is_none()
    }

    /// Whether nginx stands in front of whoever wrote the body.
    fn is_behind_nginx(&self) -> bool {
        self.server.starts_with("nginx") && !self.lower.contains("<hr><center>nginx")
    }

    fn proxy(&self) -> Option<Why> {
        if self.lower.contains("<hr><center>nginx") {
            return nginx(self.status());
        }
        // HAProxy's own pages: no Server field, these three fields, and these sentences.
        if self.names() == ["content-length", "cache-control", "content-type"] {
            return haproxy(&self.lower);
        }
        if self.server == "caddy" && self.is_empty() {
            return caddy(self.status());
        }
        if self.server.starts_with("apache") && self.lower.starts_with("<!doctype html public") {
            return apache(self.status());
        }
        self.file()
    }

    /// A file was served: only a file has both of these.
    fn file(&self) -> Option<Why> {
        let is_file = self.status() == 200
            && self.head.field("etag").is_some()
            && self.head.value("accept-ranges") == Some(b"bytes");
        if !is_file {
            return None;
        }
        Some(match self.server.as_str() {
            server if server.starts_with("nginx") => (
                "nginx served a file in place of the WebSocket: the path falls to root or try_files, as all that has no \
                 location of its own",
                "give the path a location with proxy_pass to the WebSocket server, proxy_http_version 1.1; \
                 proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
            ),
            "caddy" => (
                "Caddy served a file in place of the WebSocket: the path falls to file_server",
                "put reverse_proxy for the path in front of file_server: handle /ws* { reverse_proxy localhost:9999 }",
            ),
            _ => (
                "a file was served in place of the WebSocket: the path belongs to static files or a catch-all",
                "connect to the WebSocket's own path, or pass that path on to its server",
            ),
        })
    }

    fn node(&self) -> Option<Why> {
        let names = self.names();
        // abortHandshake() of ws: these fields in this order and no Date.
        if names == ["Connection", "Content-Type", "Content-Length"]
            && self.head.value("content-type") == Some(b"text/html")
        {
            return ws(self.status(), self.body.trim());
        }
        if self.lower.contains("<pre>cannot get ") {
            return Some(if self.is_behind_nginx() {
                (
                    "Express saw a plain GET without a route: most likely nginx in front of it did not pass Upgrade on; else \
                     no WebSocket library is attached to its HTTP server",
                    NGINX_LINES,
                )
            } else {
                (
                    "Express has no route for this path, and no WebSocket server took the upgrade: it is not attached to \
                     this HTTP server, or the path is another; or a proxy in front took Upgrade away",
                    "give the HTTP server to the WebSocket library (new WebSocketServer({ server })), listen with that \
                     server and not with app.listen(), and connect to the path that it serves",
                )
            });
        }
        // Node's http module keeps these two together, in this case, and names no server.
        let is_node = names.windows(2).any(|pair| pair == ["Connection", "Keep-Alive"]) && self.server.is_empty();
        (is_node && self.status() == 200).then_some((
            "most likely Node's http server, in which nothing takes the upgrade: without a listener it serves the request \
             as a plain GET",
            "give this HTTP server to the WebSocket library (new WebSocketServer({ server })), or handle its 'upgrade' \
             event; behind a proxy, see that it passes Upgrade on",
        ))
    }

    fn python(&self) -> Option<Why> {
        let status = self.status();
        match status {
            403 if self.is_uvicorn_refusal() => Some((
                "most likely uvicorn: the application has no WebSocket route for this path, or closed or threw in front of \
                 accept(), as a failing dependency does",
                "compare the path with @app.websocket(...), prefixes of routers and mounts included; look into the server's \
                 log for who closed before accept()",
            )),
            404 if self.body.trim() == "{\"detail\":\"Not Found\"}" => Some(starlette(&self.server)),
            400 if self
                .lower
                .contains("the browser (or proxy) sent a request that this server could not understand.") =>
            {
                Some(werkzeug(self.is_behind_nginx()))
            }
            404 if self.lower.contains("if you entered the url manually please check your spelling and try again.") => {
                Some((
                    "Werkzeug (Flask) has no route for this path",
                    "compare the path with @sock.route(...), blueprints' prefixes and slashes included",
                ))
            }
            404 if self.server.starts_with("wsgiserver") => Some((
                "Django's development server without Channels: it serves plain HTTP (WSGI), and takes the upgrade for a GET",
                "put daphne first in INSTALLED_APPS and set ASGI_APPLICATION, or run the project's asgi.py with an ASGI server",
            )),
            404 if self.server.contains("aiohttp") => Some((
                "aiohttp has no route for this path",
                "compare the path with app.router.add_get(...), prefixes and slashes included",
            )),
            // daphne says nothing more of an exception; Channels' URLRouter raises "No route found for path".
            500 if self.names().is_empty() && self.head.start_line() == b"HTTP/1.1 500 Internal server error" => {
                Some((
                    "most likely daphne, whose application threw: with Channels, URLRouter has no route for this path",
                    "look into daphne's log for \"No route found for path\", and add the path to URLRouter([...])",
                ))
            }
            _ => None,
        }
    }

    /// uvicorn refuses with an empty 403: with websockets in the library's fields and order, with wsproto in nothing else.
    fn is_uvicorn_refusal(&self) -> bool {
        let names = self.names();
        self.is_empty()
            && (names == ["Date", "Connection", "Content-Length", "Content-Type"]
                || self.head.start_line() == b"HTTP/1.1 403 " && names == ["content-length"])
    }
}

/// `nginx` writes these pages itself.
const fn nginx(status: u16) -> Option<Why> {
    Some(match status {
        403 => (
            "nginx itself forbids the path (deny, or a folder without an index): the request reached no WebSocket server",
            "give the path a location with proxy_pass to the WebSocket server; nginx's error log names the rule",
        ),
        404 => (
            "nginx has no location that passes this path on, and found no file of that name",
            "give the path a location with proxy_pass to the WebSocket server, and the Upgrade lines: proxy_http_version \
             1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
        ),
        401 => (
            "nginx itself asks for credentials (auth_basic or auth_request); page script can't set Authorization",
            "take auth_basic off this path (auth_basic off;), and check a cookie or a ticket in the server",
        ),
        502 => (
            "nginx got no answer from the server behind it: nothing listens at the address in proxy_pass, or it closed",
            "start that server, and compare its address and port with proxy_pass; nginx's error log says which of both",
        ),
        503 => (
            "nginx itself turned the request away: limit_req, limit_conn, or return 503",
            "raise that limit for this path; nginx's error log says \"limiting requests\" or \"limiting connections\"",
        ),
        504 => (
            "the server behind nginx did not answer the handshake within proxy_read_timeout or proxy_connect_timeout",
            "look where that server waits before its 101; raising proxy_read_timeout only delays the 504",
        ),
        _ => return None,
    })
}

fn haproxy(body: &str) -> Option<Why> {
    [
        (
            "no server is available to handle this request.",
            (
                "HAProxy has no server for this: the backend lists none, all are down, or connections to them are refused",
                "start the server, and compare its address with the backend's server line; HAProxy's log says which",
            ),
        ),
        (
            "the server didn't respond in time.",
            (
                "the server behind HAProxy did not answer the handshake within timeout server",
                "look where that server waits before its 101; raising timeout server only delays the 504",
            ),
        ),
        (
            "request forbidden by administrative rules.",
            (
                "a rule of HAProxy's forbids the request (http-request deny)",
                "let the path through in that rule, or send what it asks for",
            ),
        ),
    ]
    .into_iter()
    .find_map(|(sentence, why)| body.contains(sentence).then_some(why))
}

const fn caddy(status: u16) -> Option<Why> {
    Some(match status {
        502 => (
            "Caddy could not reach the server behind it: nothing listens at the address in reverse_proxy, or it closed",
            "start that server, and compare its address and port with reverse_proxy; Caddy's log says dial or EOF",
        ),
        404 => (
            "Caddy has nothing for this path: no reverse_proxy matches it, and there is no file of that name",
            "add reverse_proxy for the path: handle /ws* { reverse_proxy localhost:9999 }",
        ),
        _ => return None,
    })
}

const fn apache(status: u16) -> Option<Why> {
    Some(match status {
        403 => (
            "Apache itself forbids the path (Require, or a folder without an index): the request reached no WebSocket server",
            "add ProxyPass for the path, and see that <Location> grants it; Apache's error log names the rule",
        ),
        404 => (
            "Apache passes this path on to nobody, and found no file of that name",
            "ProxyPass /path ws://backend/path, with mod_proxy and mod_proxy_wstunnel",
        ),
        502 | 503 => (
            "Apache could not reach the server behind it: nothing listens at the address in ProxyPass, or it failed before",
            "start that server, and compare its address and port with ProxyPass; Apache's error log says AH00957",
        ),
        _ => return None,
    })
}

fn ws(status: u16, body: &str) -> Option<Why> {
    Some(match (status, body) {
        (400, "Bad Request") => (
            "most likely ws for Node, which does not serve this path (its option path, or shouldHandle)",
            "connect to the path that WebSocketServer was given, query aside; compare slashes and prefixes",
        ),
        (401, "Unauthorized") => (
            "most likely ws for Node: verifyClient said no",
            "look into verifyClient for what it checks; page script can send a cookie, a query or a subprotocol, not Authorization",
        ),
        (503, "Service Unavailable") => (
            "most likely ws for Node, whose server is closing",
            "connect again once it has started anew; see who calls close() on the WebSocketServer",
        ),
        _ => return None,
    })
}

fn starlette(server: &str) -> Why {
    if server == "uvicorn" {
        (
            "FastAPI or Starlette saw a plain GET: uvicorn has no WebSocket library or runs with --ws none, or a proxy in \
             front took Upgrade away",
            "pip install 'uvicorn[standard]', or websockets; then see that the proxy in front passes Upgrade and Connection on",
        )
    } else {
        (
            "FastAPI or Starlette saw a plain GET: most likely the proxy in front took Upgrade away; else its server has no \
             WebSocket library",
            "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; \
             then pip install 'uvicorn[standard]'",
        )
    }
}

const fn werkzeug(is_behind_nginx: bool) -> Why {
    if is_behind_nginx {
        (
            "Werkzeug (Flask) got a plain GET for a WebSocket route: most likely nginx in front of it did not pass Upgrade on",
            NGINX_LINES,
        )
    } else {
        (
            "Werkzeug (Flask) has a plain route for this path, where a WebSocket was asked for; or a proxy in front took \
             Upgrade away from one for a WebSocket",
            "declare the route for WebSockets: @sock.route(\"/path\") of flask-sock, or websocket=True",
        )
    }
}
