//! Who refused: servers and proxies known by the shape of their own responses.
//!
//! Each rule comes from a response that the software gave when it ran (tests/corpus/refusals.jsonl), or from its source
//! where that is cited. A rule looks at what the software writes itself, never at Server alone: proxies pass that on.

use crate::wire::head::Head;

use super::others;

/// A cause, and what to change.
pub(super) type Why = (&'static str, &'static str);

/// A response to be told by its shape.
pub(super) struct Shape<'a> {
    head: Head<'a>,
    body: &'a str,
    lower: String,
    server: String,
}

/// A proxy that passed on what another server wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Nginx,
    Apache,
    Varnish,
}

impl Front {
    /// The lines that let an upgrade through.
    const fn lines(self) -> &'static str {
        match self {
            Self::Nginx => NGINX_LINES,
            Self::Apache => APACHE_LINES,
            Self::Varnish => VARNISH_LINES,
        }
    }
}

const APACHE_LINES: &str =
    "Apache: ProxyPass /path http://backend/path upgrade=websocket, with mod_proxy_http and mod_proxy_wstunnel";

const VARNISH_LINES: &str = "in Varnish's VCL: sub vcl_recv { if (req.http.upgrade ~ \"(?i)websocket\") { return (pipe); } } sub \
    vcl_pipe { if (req.http.upgrade) { set bereq.http.upgrade = req.http.upgrade; set bereq.http.connection = \
    req.http.connection; } }";

const NGINX_LINES: &str = "in nginx's location for the path: proxy_http_version 1.1; proxy_set_header Upgrade \
    $http_upgrade; proxy_set_header Connection \"upgrade\";";

impl<'a> Shape<'a> {
    pub(super) fn new(head: Head<'a>, body: &'a str) -> Self {
        let server = head.value("server").map(|value| String::from_utf8_lossy(value).to_lowercase());
        Self { head, body, lower: body.to_lowercase(), server: server.unwrap_or_default() }
    }

    /// What is known of whoever gives a response of this shape.
    pub(super) fn why(&self) -> Option<Why> {
        self.proxy().or_else(|| self.node()).or_else(|| self.python()).or_else(|| others::why(self))
    }

    /// The lines that let an upgrade through whatever stands in front.
    pub(super) fn passes_upgrade(&self) -> &'static str {
        match self.front() {
            Some(front) => front.lines(),
            None => {
                "make the proxy pass them on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                 proxy_set_header Connection \"upgrade\"; Apache: ProxyPass with upgrade=websocket)"
            }
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.head.status().unwrap_or(0)
    }

    /// The names of the fields, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.head.fields().map(|field| String::from_utf8_lossy(field.name).into_owned()).collect()
    }

    pub(super) const fn body(&self) -> &str {
        self.body
    }

    /// The body in lower case.
    pub(super) fn lower(&self) -> &str {
        &self.lower
    }

    /// Whether the body is plain text in UTF-8, as it says.
    pub(super) fn is_plain_text(&self) -> bool {
        self.head.value("content-type") == Some(b"text/plain; charset=utf-8")
    }

    fn is_empty(&self) -> bool {
        self.body.trim().is_empty() && self.head.value("transfer-encoding").is_none()
    }

    /// Who stands in front of whoever wrote the body, by what it adds to each response that it passes on.
    fn front(&self) -> Option<Front> {
        let via = self.head.value("via").map(|via| String::from_utf8_lossy(via).to_lowercase()).unwrap_or_default();
        if via.contains("varnish") && !self.lower.contains("varnish cache server") {
            Some(Front::Varnish)
        } else if self.server.starts_with("nginx") && !self.lower.contains("<hr><center>nginx") {
            Some(Front::Nginx)
        } else if self.server.starts_with("apache") && !self.lower.starts_with("<!doctype html public") {
            Some(Front::Apache)
        } else {
            None
        }
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
        if self.server == "varnish" && self.lower.contains("varnish cache server") {
            return Some(VARNISH);
        }
        if self.server.starts_with("apache") && self.lower.starts_with("<!doctype html public") {
            return if self.lower.contains("error reading from remote server") {
                Some(APACHE_UNANSWERED)
            } else {
                apache(self.status())
            };
        }
        // Go's net/http on a port with TLS.
        if self.lower.starts_with("client sent an http request to an https server.") {
            return Some(("the server speaks TLS on this port", "use wss:// in the upstream's URL"));
        }
        self.page().or_else(|| self.file())
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

    /// An application that names itself served a page, as for any path that no route of its takes (a catch-all route).
    fn page(&self) -> Option<Why> {
        let name = self.head.value("x-powered-by").filter(|_| self.status() == 200)?;
        // Both names in one response: it came through a proxy.
        match self.front() {
            Some(front) => Some((page_behind(front), front.lines())),
            None if name == b"Express" => Some((
                "Express served a page in place of the WebSocket: its catch-all route or express.static took the path, and no \
                 WebSocket library is attached to its HTTP server (or a proxy in front took Upgrade away)",
                "give the HTTP server to the WebSocket library (new WebSocketServer({ server })), and listen with that server \
                 and not with app.listen()",
            )),
            None => None,
        }
    }

    fn node(&self) -> Option<Why> {
        let names = self.names();
        // abortHandshake() of ws: the status' phrase as HTML without a tag or a charset, which proxies leave as they are.
        if self.head.value("content-type") == Some(b"text/html")
            && let Some(why) = ws(self.status(), self.body.trim())
        {
            return Some(why);
        }
        if self.lower.contains("<pre>cannot get ") {
            return Some(match self.front() {
                Some(front) => (lost_before_express(front), front.lines()),
                None => (
                    "Express has no route for this path, and no WebSocket server took the upgrade: it is not attached to \
                     this HTTP server, or the path is another; or a proxy in front took Upgrade away",
                    "give the HTTP server to the WebSocket library (new WebSocketServer({ server })), listen with that \
                     server and not with app.listen(), and connect to the path that it serves",
                ),
            });
        }
        if self.status() == 404 && self.lower.contains("\"message\":\"route get:") {
            return Some((
                "Fastify has no route for this path: the path is another, @fastify/websocket is not registered before the \
                 route, or a proxy in front took Upgrade away",
                "await app.register(require(\"@fastify/websocket\")) first, then app.get(path, { websocket: true }, handler), \
                 prefixes of plugins included",
            ));
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
        self.python_server().or_else(|| self.python_framework())
    }

    /// Refusals that the server itself writes.
    fn python_server(&self) -> Option<Why> {
        let status = self.status();
        let line = self.head.start_line();
        match status {
            403 if self.server.starts_with("hypercorn") && self.is_empty() => Some((
                "Hypercorn: the application has no WebSocket route for this path, or closed in front of accept()",
                "compare the path with @app.websocket(...), prefixes of routers and mounts included; look into the server's \
                 log for who closed before accept()",
            )),
            500 if self.server.starts_with("hypercorn") && self.is_empty() => Some((
                "Hypercorn: the application threw before it accepted the WebSocket",
                "look into Hypercorn's log for the traceback: the handler, a dependency or a middleware raised it",
            )),
            500 if self.body == "Internal Server Error" && self.is_plain_text() => Some((
                "most likely uvicorn: the application threw before it accepted the WebSocket (Channels: No route found for \
                     path)",
                "look into uvicorn's log for the traceback: the handler, a dependency, a middleware or URLRouter raised it",
            )),
            // gunicorn's write_error (util.py): these fields, and a paragraph within the heading.
            500 if self.lower.contains("<h1><p>internal server error</p></h1>") => Some((
                "gunicorn: the application threw, or its worker does not fit: an ASGI application (FastAPI, Starlette) needs an \
                 ASGI worker",
                "gunicorn -k uvicorn.workers.UvicornWorker for ASGI (pip install uvicorn-worker); else look into gunicorn's log \
                 for the traceback",
            )),
            // Its phrases are its own, and proxies keep them.
            403 if self.body.trim().is_empty() && line == b"HTTP/1.1 403 Access denied" => Some((
                "daphne: the consumer closed in front of accept(), or AllowedHostsOriginValidator refused the page's origin",
                "add the origin's host to ALLOWED_HOSTS (or take OriginValidator([...])); let connect() call self.accept(), and \
                 see which check calls self.close()",
            )),
            // daphne says nothing more of an exception; Channels' URLRouter raises "No route found for path".
            500 if self.body.trim().is_empty() && line == b"HTTP/1.1 500 Internal server error" => Some((
                "most likely daphne, whose application threw: with Channels, URLRouter has no route for this path, or \
                 ProtocolTypeRouter has none for \"websocket\"",
                "look into daphne's log for \"No route found for path\", and add the path to URLRouter([...]); for \"No \
                 application configured for scope type 'websocket'\", add \"websocket\" to ProtocolTypeRouter",
            )),
            _ => None,
        }
    }

    fn python_framework(&self) -> Option<Why> {
        let status = self.status();
        match status {
            403 if self.is_uvicorn_refusal() => Some((
                "most likely uvicorn: the application has no WebSocket route for this path, or closed or threw in front of \
                 accept(), as a failing dependency does",
                "compare the path with @app.websocket(...), prefixes of routers and mounts included; look into the server's \
                 log for who closed before accept()",
            )),
            404 if self.body.trim() == "{\"detail\":\"Not Found\"}" => Some(self.starlette()),
            400 if self
                .lower
                .contains("the browser (or proxy) sent a request that this server could not understand.") =>
            {
                Some(werkzeug(self.front()))
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
            404 if self.server.starts_with("tornadoserver") => Some((
                "Tornado has no handler for this path",
                "compare the path with the patterns of tornado.web.Application([...]): each has to match the whole path",
            )),
            200 | 404 if self.server.starts_with("simplehttp/") => Some((
                "Python's http.server answers on this port, which serves files and knows no WebSocket",
                "connect to the port of the WebSocket server itself; http.server can serve the page alone",
            )),
            _ => None,
        }
    }

    /// A plain GET of a WebSocket's route. uvicorn writes `server` in lower case, and proxies write the name anew.
    fn starlette(&self) -> Why {
        let is_direct = self.server == "uvicorn" && self.names().iter().any(|name| name == "server");
        if is_direct {
            return (
                "FastAPI or Starlette saw a plain GET: uvicorn has no WebSocket library or runs with --ws none, or a proxy in \
                 front took Upgrade away",
                "pip install 'uvicorn[standard]', or websockets; then see that the proxy in front passes Upgrade and Connection \
                 on",
            );
        }
        let cause = "FastAPI or Starlette saw a plain GET: most likely the proxy in front took Upgrade away; else its server has \
                     no WebSocket library";
        match self.front() {
            Some(front) => (cause, front.lines()),
            None if self.server == "uvicorn" => (
                cause,
                "Apache: ProxyPass /path http://backend/path upgrade=websocket; Traefik and Caddy pass it on by themselves; \
                 nginx: proxy_http_version 1.1 and the Upgrade lines; then pip install 'uvicorn[standard]'",
            ),
            None => (
                cause,
                "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; \
                 then pip install 'uvicorn[standard]'",
            ),
        }
    }

    /// uvicorn refuses with an empty 403: with websockets as text in UTF-8, which proxies leave, with wsproto as nothing at all.
    fn is_uvicorn_refusal(&self) -> bool {
        let names = self.names();
        self.is_empty()
            && (self.is_plain_text() || self.head.start_line() == b"HTTP/1.1 403 " && names == ["content-length"])
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
            "nginx got no response from the server behind it: nothing listens at the address in proxy_pass, or it closed, as one \
             does that speaks TLS on that port (proxy_pass https://)",
            "start that server, and compare its address, port and scheme with proxy_pass; nginx's error log says which it is",
        ),
        503 => (
            "nginx itself turned the request away: limit_req, limit_conn, or return 503",
            "raise that limit for this path; nginx's error log says \"limiting requests\" or \"limiting connections\"",
        ),
        414 | 494 => (
            "nginx takes no request line that long: most likely a token in the query (large_client_header_buffers)",
            "large_client_header_buffers 4 32k; in the server block, or send the token as the first message or in a cookie",
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
                "HAProxy has no server for this: the backend lists none, all are down or refuse connections (after its retries, some 3 s), \
                 or their maxconn is taken for all of timeout queue",
                "start the server, and compare its address and maxconn with the backend's server line; HAProxy's log says which (SC, sQ)",
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
        200 => (
            "Caddy answers 200 with nothing: no site in its Caddyfile has this Host, or the site has nothing for the path",
            "add a site for the name that the client calls by (localhost:9999 { reverse_proxy localhost:3000 }), or call by the \
             site's name (--keep-host leaves Host as it came)",
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
            "most likely ws for Node, which does not serve this path (its option path, or shouldHandle); where two \
             WebSocketServers share one HTTP server, the first refuses the path of the second",
            "connect to the path that WebSocketServer was given, query aside, and compare the path that a proxy in front makes of \
             it (nginx: proxy_pass with and without a path); for several servers, take noServer: true and choose in one \
             'upgrade' listener",
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

const fn werkzeug(front: Option<Front>) -> Why {
    match front {
        Some(Front::Nginx) => (
            "Werkzeug (Flask) got a plain GET for a WebSocket route: most likely nginx in front of it did not pass Upgrade on",
            NGINX_LINES,
        ),
        Some(front) => (
            "Werkzeug (Flask) got a plain GET for a WebSocket route: most likely the proxy in front did not pass Upgrade on",
            front.lines(),
        ),
        None => (
            "Werkzeug (Flask) has a plain route for this path, where a WebSocket was asked for; or a proxy in front took \
             Upgrade away from one for a WebSocket",
            "declare the route for WebSockets: @sock.route(\"/path\") of flask-sock, or websocket=True",
        ),
    }
}

const fn page_behind(front: Front) -> &'static str {
    match front {
        Front::Nginx => {
            "the application behind nginx served a page to a plain GET: nginx did not pass Upgrade on, or its catch-all route took \
             the path, with no WebSocket library on its HTTP server"
        }
        Front::Apache => {
            "the application behind Apache served a page to a plain GET: Apache did not pass Upgrade on, or its catch-all route took \
             the path, with no WebSocket library on its HTTP server"
        }
        Front::Varnish => {
            "the application behind Varnish served a page to a plain GET: Varnish did not pass Upgrade on, or its catch-all route \
             took the path, with no WebSocket library on its HTTP server"
        }
    }
}

const fn lost_before_express(front: Front) -> &'static str {
    match front {
        Front::Nginx => {
            "Express saw a plain GET without a route: most likely nginx in front of it did not pass Upgrade on; else no \
             WebSocket library is attached to its HTTP server"
        }
        Front::Apache => {
            "Express saw a plain GET without a route: most likely Apache in front of it did not pass Upgrade on; else no \
             WebSocket library is attached to its HTTP server"
        }
        Front::Varnish => {
            "Express saw a plain GET without a route: most likely Varnish in front of it did not pass Upgrade on; else no \
             WebSocket library is attached to its HTTP server"
        }
    }
}

const VARNISH: Why = (
    "Varnish could not fetch from its backend: nothing listens at the address in backend default { }, or it gave no response in \
     first_byte_timeout",
    "start that server, and compare its address with the VCL's .host and .port; varnishlog says FetchError",
);

const APACHE_UNANSWERED: Why = (
    "the server behind Apache took the request and gave no response: it closed, or was silent for ProxyTimeout (60 s by default)",
    "look into the log of that server and where it waits before its 101; for ws:// in ProxyPass mod_proxy_wstunnel has to be \
     loaded",
);
