//! What is said about findings in the layer `tcp`.

use crate::record::finding::Level;

use super::{Browser, FIREFOX_REFUSES, NOT_KNOWN, Words};

pub(super) const TCP_REFUSED: Words = Words {
    level: Level::Error,
    title: "nothing listens at the upstream's address and port",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_CONNECTION_REFUSED (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "Could not connect to the server. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the server is not running, listens on another port, or listens on another address of its machine (127.0.0.1 \
        inside a container is not reachable from outside)",
    fix: "start the server, compare its port with --upstream, and let it listen on 0.0.0.0 or :: if it runs in a \
        container",
    repair: None,
};

pub(super) const TCP_DNS: Words = Words {
    level: Level::Error,
    title: "the upstream's name has no address",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_NAME_NOT_RESOLVED (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "A server with the specified hostname could not be found. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the name is misspelt, or is known only inside a container network",
    fix: "use a name or address that this machine can look up, and publish the container's port",
    repair: None,
};

pub(super) const TCP_CONNECT_TIMEOUT: Words = Words {
    level: Level::Error,
    title: "the upstream does not answer the attempt to connect",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_CONNECTION_TIMED_OUT (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "a firewall or security group drops the packets, or the address belongs to no machine",
    fix: "open the port in the firewall, or correct the address",
    repair: None,
};

pub(super) const TCP_CLOSED_BEFORE_RESPONSE: Words = Words {
    level: Level::Error,
    title: "the server closed the connection without a byte of a response",
    spec: "RFC 6455 4.2.1",
    chrome: "Connection closed before receiving a handshake response (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "The network connection was lost. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the handshake handler threw, the process ended, or the server speaks another protocol on this port",
    fix: "look into the server's log for an exception, and answer a request that is refused with a 4xx status",
    repair: None,
};

pub(super) const TCP_RESET_IN_HANDSHAKE: Words = Words {
    level: Level::Error,
    title: "the server reset the connection before its response was whole",
    spec: "RFC 6455 7.2.1",
    chrome: "Error during WebSocket handshake: net::ERR_CONNECTION_RESET (close 1006 for the page); Error in connection \
        establishment: net::ERR_CONNECTION_RESET where the reset comes at once",
    firefox: FIREFOX_REFUSES,
    safari: "The network connection was lost. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the process crashed, a load balancer gave up, a TLS port got plain ws://, or the socket was closed while \
        bytes of the request were still unread",
    fix: "read the whole request before closing; shut down sending, read until the end, then close",
    repair: None,
};

pub(super) const TLS_NOT_TLS: Words = Words {
    level: Level::Error,
    title: "the upstream answered the TLS handshake with bytes that are not TLS",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_SSL_PROTOCOL_ERROR (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>. (close 1015 for the page)",
    safari: "An SSL error has occurred and a secure connection to the server cannot be made. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "wss:// leads to a port that speaks plain ws://",
    fix: "write ws:// for this port, or put TLS in front of it",
    repair: None,
};

pub(super) const TLS_CLIENT_HELLO_ON_PLAIN_PORT: Words = Words {
    level: Level::Error,
    title: "the client began with a TLS handshake, on a port that takes plain HTTP",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_SSL_PROTOCOL_ERROR (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>. (close 1015 for the page)",
    safari: "An SSL error has occurred and a secure connection to the server cannot be made. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the page uses wss://, or https:// and HSTS made it so, where the listener is plain",
    fix: "use ws://localhost:PORT in the page, or serve TLS on that port",
    repair: None,
};

pub(super) const TLS_BAD_CERT: Words = Words {
    level: Level::Error,
    title: "the upstream's certificate is not trusted",
    spec: "RFC 6455 4.1",
    chrome: "Error in connection establishment: net::ERR_CERT_AUTHORITY_INVALID, ERR_CERT_COMMON_NAME_INVALID or \
        ERR_CERT_DATE_INVALID, without a dialog (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>. (close 1015 for the page)",
    safari: "The certificate for this server is invalid (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the certificate is signed by itself, out of date, or made for another name",
    fix: "install a certificate that fits the name; for a test open the https:// address once and accept it, or give \
        wsproxy --ca FILE or --insecure",
    repair: None,
};

pub(super) const PAGE_CLOSED_WHILE_CONNECTING: Words = Words {
    level: Level::Warning,
    title: "the client gave up before the handshake was answered",
    spec: "WHATWG WebSockets, close()",
    chrome: "WebSocket is closed before the connection is established. (close 1006 for the page)",
    firefox: "reports nothing of its own (close 1006 for the page)",
    safari: "WebSocket is closed before the connection is established. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the page called close() or was left while the socket was connecting: effects that run twice in React's \
        StrictMode, hot reloading, a time limit of the page's own",
    fix: "close the socket in the page only after its open event, or make the server respond sooner",
    repair: None,
};

pub(super) const HANDSHAKE_TIMEOUT: Words = Words {
    level: Level::Error,
    title: "the server does not answer the handshake",
    spec: "RFC 6455 4.2.2",
    chrome: "WebSocket opening handshake timed out, after 240 seconds of silence (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out., after 60 seconds (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the handler blocks, waits for a body that never comes, or has not ended its head with an empty line",
    fix: "send the 101 and its empty line at once, and flush; do slow work after it",
    repair: None,
};

pub(super) const HANDSHAKE_UNHANDLED: Words = Words {
    level: Level::Warning,
    title: "the server leaves the handshake without a response, though it answers plain requests",
    spec: "RFC 6455 4.2.2",
    chrome: "WebSocket opening handshake timed out, after 240 seconds of silence (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out., after 60 seconds (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "most likely nobody handles the upgrade of this path: a dev server whose proxy has no ws: true for it, an \
        'upgrade' listener that passes it by; or its handler waits for something before its 101",
    fix: "Vite and webpack: ws: true in the proxy's entry for the path; Node: handleUpgrade() for the path, and \
        socket.destroy() for all others; send the 101 first and do slow work after it",
    repair: None,
};

pub(super) const SERVER_HANGS: Words = Words {
    level: Level::Warning,
    title: "the server answers neither the handshake nor a plain request",
    spec: "RFC 6455 4.2.2",
    chrome: "WebSocket opening handshake timed out, after 240 seconds of silence (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out., after 60 seconds (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the process is stopped (a debugger's breakpoint, ctrl-z), its event loop is blocked by a loop or a slow call, or \
        all of its workers are taken; the system takes connections for it all the same",
    fix: "look what the process does (its state in ps: T is stopped; a stack of it: py-spy dump, node --inspect), and move \
        slow work off the event loop",
    repair: None,
};

pub(super) const SESSIONS_SAME_SILENCE: Words = Words {
    level: Level::Warning,
    title: "sessions are cut after the same silence, without a close frame",
    spec: "RFC 6455 7.1.5, 5.5.2",
    chrome: "says nothing in the console and fires no error event (close 1006 for the page)",
    firefox: "says nothing after a FIN (close 1006 for the page)",
    safari: "The network connection was lost., with an error event (close 1006 for the page)",
    differs: &[Browser::Safari],
    from_client: None,
    cause: "a limit for silence of a proxy or load balancer (nginx's proxy_read_timeout, 60 s by default; HAProxy's timeout \
        tunnel, client or server; AWS ELB 60 s, Heroku 55, Cloudflare 100, Azure 240), or of the server itself",
    fix: "let the server send a ping every 20 to 30 seconds, or raise the limit (nginx: proxy_read_timeout 3600s; HAProxy: \
        timeout tunnel 1h)",
    repair: None,
};

pub(super) const SESSIONS_ONE_WORKER: Words = Words {
    level: Level::Warning,
    title: "a session is answered only when another one has ended",
    spec: "RFC 6455 4.2.2",
    chrome: "waits, and gives up after 240 seconds: WebSocket opening handshake timed out (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out., after 60 seconds (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the server has one worker for all connections, and a WebSocket holds it for as long as it is open: gunicorn's \
        sync worker, a server without threads, maxconn 1 in HAProxy",
    fix: "give each WebSocket a thread or a task: gunicorn --threads 100, -k gevent, or -k uvicorn.workers.UvicornWorker for \
        ASGI; HAProxy: raise maxconn of the server line",
    repair: None,
};

pub(super) const SESSIONS_LIMIT: Words = Words {
    level: Level::Warning,
    title: "sessions are refused while others of the same path are open",
    spec: "RFC 6585 4; RFC 9110 15.6.4",
    chrome: "Error during WebSocket handshake: Unexpected response code: 429 or 503 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "There was a bad response from the server. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "a limit on connections at a time, or on how many may begin within some time (nginx: limit_conn, limit_req; \
        HAProxy: maxconn; uvicorn: --limit-concurrency)",
    fix: "raise the limit, and close sockets that the page no longer uses (effects of React without a clean-up)",
    repair: None,
};

pub(super) const TCP_DROP_AFTER_OPEN: Words = Words {
    level: Level::Warning,
    title: "the connection ended without a close frame",
    spec: "RFC 6455 7.1.5",
    chrome: "says nothing in the console and fires no error event (close 1006 for the page)",
    firefox: "says nothing after a FIN; The connection to <url> was interrupted while the page was loading. after a reset \
        (close 1006 for the page)",
    safari: "The network connection was lost., with an error event (close 1006 for the page)",
    differs: &[Browser::Safari],
    from_client: Some(
        "a browser sends a close frame where a page is left or closes the socket; it ends like this when it crashes \
        or loses its network",
    ),
    cause: "the process ended, the handler returned or threw, or something in between cut the connection",
    fix: "send a close frame with 1000, 1001 or 1012 before closing the connection; a missing one is usually an \
        exception, so look into the server's log",
    repair: Some("sends a close frame with 1001 to the other side before the end"),
};

pub(super) const TCP_IDLE_TIMEOUT: Words = Words {
    level: Level::Warning,
    title: "the connection was cut after a long silence, without a close frame",
    spec: "RFC 6455 7.1.5, 5.5.2",
    chrome: "says nothing in the console and fires no error event (close 1006 for the page)",
    firefox: "says nothing after a FIN (close 1006 for the page)",
    safari: "The network connection was lost., with an error event (close 1006 for the page)",
    differs: &[Browser::Safari],
    from_client: None,
    cause: "a proxy or load balancer drops idle connections: nginx after 60 seconds, Heroku 55, Cloudflare 100, AWS NLB 350",
    fix: "let the server send a ping every 20 to 30 seconds, or raise the limit (nginx: proxy_read_timeout 3600s;)",
    repair: Some("sends a close frame with 1001 to the other side before the end"),
};

pub(super) const TCP_NOT_READING: Words = Words {
    level: Level::Warning,
    title: "a side takes no more bytes, so that what the other one sends piles up",
    spec: "RFC 9293 3.8.6",
    chrome: "reads on whatever the page does; what page script has not taken yet is kept in memory",
    firefox: "reads on whatever the page does",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the side is busy, stopped in a debugger or suspended, or its handler waits for something and reads no more",
    fix: "read all the time, in a task of its own; what is slow goes behind a queue with a limit",
    repair: None,
};
