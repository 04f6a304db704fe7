//! What is said about findings in the layer `http`.

use crate::record::finding::Level;

use super::{
    Browser, FIREFOX_FAILS, FIREFOX_REFUSES, NEVER, NOT_KNOWN, REPAIR_HEAD, SAFARI_FAILS, SAFARI_REFUSES, Words,
};

pub(super) const HTTP_STATUS_200: Words = Words {
    level: Level::Error,
    title: "the server answered 200 instead of 101",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "Error during WebSocket handshake: Unexpected response code: 200 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "the request reached a plain HTTP handler: a catch-all route that serves index.html, or a proxy in front \
        that took the Upgrade header away",
    fix: "route this path to the WebSocket handler, and let the proxy in front pass Upgrade and Connection on",
    repair: None,
};

pub(super) const HTTP_STATUS_3XX: Words = Words {
    level: Level::Error,
    title: "the server redirects the handshake, and browsers do not follow",
    spec: "RFC 6455 4.1; WHATWG WebSockets",
    chrome: "Error during WebSocket handshake: Unexpected response code: 30x; no redirect is followed (close 1006 for \
        the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a slash at the end of the path, a redirect from http to https, or a login page",
    fix: "connect to the address in Location: its scheme (wss:// for https://) and its exact path",
    repair: None,
};

pub(super) const HTTP_STATUS_400: Words = Words {
    level: Level::Error,
    title: "the server refused the handshake with a status from 400 to 499",
    spec: "RFC 6455 4.2.1",
    chrome: "Error during WebSocket handshake: Unexpected response code: 400 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "in this order: the path is not one that the WebSocket server serves, a check of Host, Origin or a token failed, \
        or something in front took Upgrade away; the response does not say which",
    fix: "look into the log of whoever answered; compare the path; behind nginx, pass the upgrade on (proxy_http_version \
        1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";)",
    repair: None,
};

pub(super) const HTTP_STATUS_401: Words = Words {
    level: Level::Error,
    title: "the server asks for credentials",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "HTTP Authentication failed; no valid credentials available (close 1006 for the page), once stored \
        credentials or those in the URL did not do",
    firefox: "Firefox can’t establish a connection to the server at <url>. (close 1006 for the page), perhaps after a prompt",
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "authentication in front of the socket; page script can't set an Authorization header on a WebSocket",
    fix: "use a cookie, or a short-lived ticket in the query or the subprotocol",
    repair: None,
};

pub(super) const HTTP_STATUS_403: Words = Words {
    level: Level::Error,
    title: "the server forbids the handshake",
    spec: "RFC 6455 4.2.2",
    chrome: "Error during WebSocket handshake: Unexpected response code: 403 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "the page's Origin is not on the server's list (CheckOrigin, allowedHosts, CORS settings), or a token is missing",
    fix: "add the Origin that the request shows to the server's list; for a page that is loaded through \
        wsproxy, --origin shows whether that is it",
    repair: None,
};

pub(super) const HTTP_STATUS_404: Words = Words {
    level: Level::Error,
    title: "the server knows no such path",
    spec: "RFC 6455 4.2.2",
    chrome: "Error during WebSocket handshake: Unexpected response code: 404 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a wrong path, a path that a proxy rewrote, or a route that exists for other methods only",
    fix: "compare the path in the request with the server's route; mind proxy_pass with and without a path",
    repair: None,
};

pub(super) const HTTP_STATUS_407: Words = Words {
    level: Level::Error,
    title: "the response asks for credentials of a proxy",
    spec: "RFC 9110 15.5.8",
    chrome: "Error in connection establishment: net::ERR_UNEXPECTED_PROXY_AUTH (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the upstream is a forward proxy, or copies the status of one",
    fix: "point --upstream at the WebSocket server itself",
    repair: None,
};

pub(super) const HTTP_STATUS_426: Words = Words {
    level: Level::Error,
    title: "the server wants another version of the protocol, or no longer sees Upgrade",
    spec: "RFC 6455 4.2.2, 4.4",
    chrome: "Error during WebSocket handshake: Unexpected response code: 426; it does not try another version (close \
        1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "the Upgrade header was lost on the way, or the server speaks a draft only",
    fix: "pass Upgrade and Connection on; speak version 13",
    repair: None,
};

pub(super) const HTTP_STATUS_5XX: Words = Words {
    level: Level::Error,
    title: "the server failed while it answered the handshake",
    spec: "RFC 9110 15.6",
    chrome: "Error during WebSocket handshake: Unexpected response code: 5xx (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "an exception in the handler, or a gateway whose backend is down or slow",
    fix: "look into the log of whoever answered; the Server header and the body say who it was",
    repair: None,
};

pub(super) const HTTP_STATUS_101_TRUNCATED: Words = Words {
    level: Level::Error,
    title: "the connection ended in the middle of the response head",
    spec: "RFC 9112 8",
    chrome: "Error during WebSocket handshake: net::ERR_CONNECTION_CLOSED (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "The network connection was lost. (close 1006 for the page)",
    differs: &[],
    from_client: None,
    cause: "the process ended while it wrote, or the head ends with a single line end and then the socket was closed",
    fix: "end the head with an empty line (\\r\\n\\r\\n), and keep the socket open",
    repair: None,
};

pub(super) const HTTP_MISSING_BLANK_LINE: Words = Words {
    level: Level::Error,
    title: "the empty line that ends the response head does not come",
    spec: "RFC 9112 2.1; RFC 6455 4.2.2",
    chrome: "waits; WebSocket opening handshake timed out after 240 seconds; frames that follow are read as header \
        lines, and lost (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>., after 20 seconds (close 1006 for the page)",
    safari: "The request timed out. (close 1006 for the page)",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the last header was written with one line end, and nothing after it",
    fix: "end the head with \\r\\n\\r\\n, and flush",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_EXTRA_CRLF: Words = Words {
    level: Level::Error,
    title: "two stray bytes follow the response head, and the first frame is read from them",
    spec: "RFC 6455 5.2, 5.5",
    chrome: "Invalid frame header; every frame of the same read is lost (close 1006 for the page)",
    firefox: "waits for ten more bytes, then: The connection to <url> was interrupted while the page was loading. (close \
        1006 for the page)",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "one line end too many: println() or echo of a block that was complete already, a template with an empty \
        last line, or an accept value that ends in a line feed",
    fix: "write the head with one \\r\\n\\r\\n at its end and print() or write(), not println()",
    repair: Some("drops the stray bytes"),
};

pub(super) const HTTP_EXTRA_LF: Words = Words {
    level: Level::Error,
    title: "a stray line feed follows the response head, and the first frame is read from it",
    spec: "RFC 6455 5.2, 5.5",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "println() or puts of a head that was complete already",
    fix: "write the head with print() or write(), which add nothing",
    repair: Some("drops the stray byte"),
};

pub(super) const HTTP_LF_ONLY: Words = Words {
    level: Level::Warning,
    title: "the lines of the head end in a line feed alone",
    spec: "RFC 9112 2.2",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "not known; Safari up to 14 refuses: Status line does not end with CRLF",
    differs: &[Browser::Safari],
    from_client: Some("a browser never sends this, and many servers accept it"),
    cause: "WriteLine on Linux, a triple-quoted string, a heredoc",
    fix: "write \\r\\n at the end of each line",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_CRCRLF: Words = Words {
    level: Level::Error,
    title: "the lines of the head end in two carriage returns and a line feed",
    spec: "RFC 9112 2.2",
    chrome: "finds no end of the head and waits: WebSocket opening handshake timed out after 240 seconds (close 1006 for \
        the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a stream in text mode on Windows turned the \\n of each \\r\\n into \\r\\n once more",
    fix: "open the stream in binary mode (Python: newline=\"\" or mode \"wb\"; C: _setmode(fd, _O_BINARY))",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_CR_ONLY: Words = Words {
    level: Level::Error,
    title: "the lines of the head end in a carriage return alone",
    spec: "RFC 9112 2.2",
    chrome: "finds no end of the head and waits: WebSocket opening handshake timed out after 240 seconds (close 1006 for \
        the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "\\r written where \\r\\n was meant",
    fix: "write \\r\\n at the end of each line",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_LFCR: Words = Words {
    level: Level::Error,
    title: "the lines of the head end in line feed and carriage return, the wrong way round",
    spec: "RFC 9112 2.2; RFC 6455 5.2",
    chrome: "opens, then reads the byte left over as a frame: Invalid frame header (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the two escapes are swapped: \\n\\r",
    fix: "write \\r\\n",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_LITERAL_ESCAPES: Words = Words {
    level: Level::Error,
    title: "the head has backslash, r, backslash, n as four characters in place of line ends",
    spec: "RFC 9112 2.2",
    chrome: "finds no end of the head and waits: WebSocket opening handshake timed out after 240 seconds (close 1006 for \
        the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a string in single quotes, where escapes are not read (PHP, Ruby, shell)",
    fix: "use double quotes (PHP, Ruby) or $'...' (bash)",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_OBS_FOLD: Words = Words {
    level: Level::Warning,
    title: "a header is folded over two lines, has a blank before its colon, or has no colon",
    spec: "RFC 9112 5.1, 5.2",
    chrome: "accepts it, and skips a line without a colon",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some("a browser never sends this, and servers may refuse it"),
    cause: "a template whose lines were wrapped or padded",
    fix: "write each header on one line, with nothing between name and colon",
    repair: None,
};

pub(super) const HTTP_INDENTED_HEADERS: Words = Words {
    level: Level::Error,
    title: "header lines begin with blanks, so that they count as parts of the line before",
    spec: "RFC 9112 5.2",
    chrome: "Error during WebSocket handshake: 'Upgrade' header is missing, or whichever header was swallowed (close \
        1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a head written as an indented multi-line string",
    fix: "remove the indentation: textwrap.dedent() in Python, <<~ in Ruby, text blocks in Java",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_JUNK_BEFORE_STATUS: Words = Words {
    level: Level::Warning,
    title: "there are bytes in front of the status line",
    spec: "RFC 9112 2.2",
    chrome: "skips up to four of them; with more: Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE \
        (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: "not known; Safari up to 14 refuses: Status line contains non-ASCII character",
    differs: &[Browser::Safari],
    from_client: Some(NEVER),
    cause: "a byte order mark at the start of a PHP file, or output before the head",
    fix: "save the file as UTF-8 without a mark, and print nothing before the head",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_NOT_HTTP: Words = Words {
    level: Level::Error,
    title: "the response is no HTTP",
    spec: "RFC 9112 4",
    chrome: "Error during WebSocket handshake: Invalid status line, on port 80 and 443 (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "another service listens there (SSH, SMTP, a database), or the server sends frames before its 101",
    fix: "check the port; send the 101 first",
    repair: None,
};

pub(super) const HTTP_NOT_HTTP_ODD_PORT: Words = Words {
    level: Level::Error,
    title: "the response is no HTTP, on a port where browsers refuse what has no status line",
    spec: "RFC 9112 4",
    chrome: "Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE (close 1006 for the page); with fewer than \
        8 bytes it waits",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "another service listens there (SSH, SMTP, a database, TLS), or the server sends text or frames before its 101",
    fix: "check the port; begin with HTTP/1.1 101 Switching Protocols",
    repair: None,
};

pub(super) const HTTP_VERSION_10: Words = Words {
    level: Level::Warning,
    title: "the response's version is not HTTP/1.1",
    spec: "RFC 6455 4.2.2; RFC 9110 7.8",
    chrome: "accepts it, whatever the version",
    firefox: "refuses HTTP/1.0: Firefox can’t establish a connection to the server at <url>. (close 1006 for the page)",
    safari: "not known; Safari up to 14 refuses: Invalid HTTP version string: HTTP/1.0",
    differs: &[Browser::Firefox, Browser::Safari],
    from_client: None,
    cause: "the default of a simple HTTP server, Python's BaseHTTPRequestHandler for one",
    fix: "answer HTTP/1.1 (Python: protocol_version = \"HTTP/1.1\")",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_STATUS_LINE_MALFORMED: Words = Words {
    level: Level::Warning,
    title: "the status line is not \"HTTP/1.1 101 Switching Protocols\"",
    spec: "RFC 9112 4",
    chrome: "accepts a line that begins with HTTP and has 101 behind a blank; without HTTP: Error during WebSocket \
        handshake: net::ERR_INVALID_HTTP_RESPONSE (close 1006 for the page)",
    firefox: "accepts a missing reason; else not known",
    safari: "not known; Safari up to 14 refuses: No response code found",
    differs: &[Browser::Safari],
    from_client: None,
    cause: "the line was written by hand",
    fix: "write HTTP/1.1 101 Switching Protocols",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_STATUS_UNPARSABLE: Words = Words {
    level: Level::Error,
    title: "the status line has no number where the status belongs",
    spec: "RFC 9112 4",
    chrome: "Error during WebSocket handshake: Unexpected response code: 200, though there is no 200 on the wire (close \
        1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "a tab in place of the blank, or an empty, signed or misspelt number",
    fix: "write HTTP/1.1 101 Switching Protocols",
    repair: None,
};

pub(super) const HTTP_HEADER_TOO_LARGE: Words = Words {
    level: Level::Error,
    title: "the head is longer than what is read of one",
    spec: "RFC 9110 5.4",
    chrome: "Error during WebSocket handshake: net::ERR_RESPONSE_HEADERS_TOO_BIG beyond 256 KiB (close 1006 for the page)",
    firefox: "Firefox can’t establish a connection to the server at <url>. beyond 384 KiB (close 1006 for the page)",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some("a browser sends a request head of this size only where a site has set that many cookies"),
    cause: "a flood of cookies, or a head without an end",
    fix: "send fewer and shorter headers; wsproxy's own bound is --max-head",
    repair: None,
};

pub(super) const HTTP_HEADER_NONASCII: Words = Words {
    level: Level::Note,
    title: "a header of the handshake holds bytes beyond ASCII",
    spec: "RFC 9110 5.5",
    chrome: "Error during WebSocket handshake: 'Upgrade' header value is not 'WebSocket': <value>, or what it says of a \
        wrong value of the header concerned (close 1006 for the page); it accepts such bytes in other headers",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses some",
    differs: &[],
    from_client: Some("a browser sends such a byte only in a cookie"),
    cause: "text written as Latin-1 or UTF-16, a localized date, a typographic quote pasted into code",
    fix: "write heads in ASCII",
    repair: None,
};

pub(super) const HTTP_HEADER_NULL: Words = Words {
    level: Level::Error,
    title: "the head holds a NUL byte",
    spec: "RFC 9110 5.5",
    chrome: "Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: "not known; Safari up to 14 refuses: Status line contains embedded null",
    differs: &[],
    from_client: Some(NEVER),
    cause: "a C buffer was sent with sizeof() in place of strlen()",
    fix: "send strlen(buffer) bytes",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_DUP_LOCATION_LENGTH: Words = Words {
    level: Level::Error,
    title: "the head has two different values of Content-Length, Location or Content-Disposition",
    spec: "RFC 9112 6.3",
    chrome: "Error during WebSocket handshake: net::ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH, _LOCATION or \
        _CONTENT_DISPOSITION (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the application and something in front of it both set the header",
    fix: "set it in one place; a 101 needs none of them",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HTTP_101_WITH_BODY: Words = Words {
    level: Level::Warning,
    title: "the 101 announces or carries a body, and what follows it is read as frames",
    spec: "RFC 9110 6.4.1, 15.2; RFC 6455 5.2",
    chrome: "ignores Content-Length and Transfer-Encoding of a 101; chunk sizes in the stream: One or more reserved bits \
        are on: reserved1 = 0, reserved2 = 1, reserved3 = 1 (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: None,
    cause: "a web framework or middleware treats the 101 as a normal response (chunked, gzip, res.write(\"ok\"))",
    fix: "write the 101 to the raw socket, or leave it to a WebSocket library",
    repair: None,
};

pub(super) const HTTP_100_OR_103_FIRST: Words = Words {
    level: Level::Error,
    title: "an interim response comes before the 101",
    spec: "RFC 9110 15.2",
    chrome: "Error during WebSocket handshake: Unexpected response code: 100 (or 102, 103) (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the server sends 100 Continue or 103 Early Hints to every request",
    fix: "send no interim response to a handshake",
    repair: None,
};

pub(super) const HTTP_PIPELINED_EARLY_DATA: Words = Words {
    level: Level::Warning,
    title: "the client sent bytes behind its request before the response came",
    spec: "RFC 6455 4.1",
    chrome: "never sends this",
    firefox: "never sends this",
    safari: "never sends this",
    differs: &[],
    from_client: None,
    cause: "a client that does not wait for the 101; the eight bytes of a hixie-76 client belong there",
    fix: "wait for the whole response before the first frame",
    repair: None,
};

pub(super) const HTTP_UPGRADE_STRIPPED: Words = Words {
    level: Level::Error,
    title: "the request was changed by something in front, which took Upgrade away",
    spec: "RFC 6455 4.2.1",
    chrome: "Error during WebSocket handshake: Unexpected response code: 200, 400, 404 or 426, as the server answers \
        (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a proxy between browser and wsproxy: nginx without proxy_http_version 1.1, Apache without \
        mod_proxy_wstunnel, an HTTP load balancer",
    fix: "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \
        \"upgrade\"; Apache: ProxyPass with upgrade=websocket",
    repair: Some(REPAIR_HEAD),
};

pub(super) const POLLING_NOT_STICKY: Words = Words {
    level: Level::Error,
    title: "the polling requests of one client reach different processes, which refuse them",
    spec: "Engine.IO protocol 4",
    chrome: "shows the request in red with 400; socket.io-client begins anew, over and over; no WebSocket may ever be tried",
    firefox: "as Chrome",
    safari: "as Chrome",
    differs: &[],
    from_client: None,
    cause: "Socket.IO runs in several processes, and the load balancer spreads the requests of a session over them: the \
        one that is asked does not know the session (\"Session ID unknown\")",
    fix: "send all requests of a client to one process (nginx: ip_hash or hash $remote_addr consistent; in the upstream block; \
        HAProxy: balance source or cookie; Node's cluster: @socket.io/sticky), or let the client use transports: \
        [\"websocket\"] alone",
    repair: None,
};

pub(super) const POLLING_NO_CORS: Words = Words {
    level: Level::Error,
    title: "a page from elsewhere may not read the response that comes before its WebSocket, so none is tried",
    spec: "Fetch, CORS protocol",
    chrome: "Access to XMLHttpRequest at '<url>' from origin '<origin>' has been blocked by CORS policy; the page's library \
        reports \"xhr poll error\" or \"Failed to complete negotiation\"",
    firefox: "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at <url>.",
    safari: "Origin <origin> is not allowed by Access-Control-Allow-Origin.",
    differs: &[],
    from_client: None,
    cause: "Socket.IO, SignalR and SockJS begin with plain HTTP, and this response has no Access-Control-Allow-Origin for the \
        page's origin",
    fix: "Socket.IO: new Server(http, { cors: { origin: \"http://localhost:3000\" } }); SignalR: AddCors with that origin and \
        AllowCredentials; or transports: [\"websocket\"], which needs none",
    repair: None,
};
