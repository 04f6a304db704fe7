//! What keeps a page from its server without leaving a trace between them: no byte of it reaches wsproxy, so it is no
//! finding. It is here to be looked up.

/// One reason of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The name used on the command line and in the documentation.
    pub id: &'static str,
    /// One plain sentence: lower case, no final stop.
    pub title: &'static str,
    /// What Chrome says.
    pub chrome: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// What to change.
    pub fix: &'static str,
}

/// All of them.
pub const UNSEEN: &[Unseen] = &[
    Unseen {
        id: "page-bad-url",
        title: "the page gives new WebSocket() an address that is none",
        chrome: "throws SyntaxError: The URL '<url>' is invalid.; The URL contains a fragment identifier ('<name>'). \
                 Fragment identifiers are not allowed in WebSocket URLs.",
        cause: "an address put together from pieces, one of them empty, or with a #",
        fix: "write ws://HOST:PORT/PATH without a #; print the address before it is used",
    },
    Unseen {
        id: "page-mixed-content",
        title: "a page loaded over https may not open ws://",
        chrome: "Mixed Content: The page at '<page>' was loaded over HTTPS, but attempted to connect to the insecure \
                 WebSocket endpoint '<url>'. This request has been blocked; this endpoint must be available over \
                 WSS.; localhost is exempt",
        cause: "the address of the socket is ws:// in a page that is served over https://",
        fix: "use wss://, with TLS in front of the server; or open the page over http:// for a test",
    },
    Unseen {
        id: "page-csp",
        title: "the page's Content-Security-Policy does not allow the connection",
        chrome: "Connecting to '<url>' violates the following Content Security Policy directive: \"connect-src ...\". \
                 The action has been blocked.",
        cause: "connect-src lists https: or 'self', and not the address of the socket with its port",
        fix: "add ws://HOST:PORT or wss://HOST to connect-src; wsproxy's port counts as another address",
    },
    Unseen {
        id: "page-local-network-access",
        title: "a public page may not connect to a local address",
        chrome: "net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS, for WebSockets since Chrome 147",
        cause: "a page on the internet that talks to a program on this machine or in this network",
        fix: "grant the permission when Chrome asks, or set LocalNetworkAccessAllowedForUrls by policy",
    },
    Unseen {
        id: "page-bad-port",
        title: "the port is one that browsers never connect to",
        chrome: "Error in connection establishment: net::ERR_UNSAFE_PORT (close 1006 for the page)",
        cause: "a server on a port of another protocol: 6000, 6665 to 6669, 5060, 10080 and the like, or 0",
        fix: "use another port; wsproxy may listen on a good one and have the server on the bad one as upstream",
    },
    Unseen {
        id: "page-socket-limit",
        title: "the page holds as many sockets as the browser allows",
        chrome: "Insufficient resources (close 1006 for the page), beyond 255 of them",
        cause: "a loop that connects again and never closes",
        fix: "close the old socket, and wait longer before each new try",
    },
    Unseen {
        id: "page-send-when-closed",
        title: "the page sends on a socket that is not open",
        chrome: "WebSocket is already in CLOSING or CLOSED state.; while it connects, send() throws \
                 InvalidStateError: Still in CONNECTING state.",
        cause: "send() right after new WebSocket(), or after a close that the page did not notice",
        fix: "send in or after the open event, and look at readyState",
    },
    Unseen {
        id: "tls-client-cert-requested",
        title: "the server asks the browser for a certificate",
        chrome: "WebSocket opening handshake was canceled (close 1006 for the page)",
        cause: "mutual TLS on an address that browsers use",
        fix: "do not ask for client certificates on the WebSocket's host",
    },
    Unseen {
        id: "proxy-tunnel-failed",
        title: "the browser's own proxy does not let it through",
        chrome: "Establishing a tunnel via proxy server failed. (close 1006 for the page)",
        cause: "a company's proxy that allows CONNECT to port 443 only",
        fix: "use wss:// on port 443, or exempt the host from the proxy",
    },
    Unseen {
        id: "h2-no-extended-connect",
        title: "the server speaks HTTP/2 and no WebSocket over it",
        chrome: "opens another connection with HTTP/1.1",
        cause: "SETTINGS_ENABLE_CONNECT_PROTOCOL is not 1",
        fix: "allow HTTP/1.1 beside HTTP/2 (ALPN), or turn RFC 8441 on; wsproxy speaks HTTP/1.1 to both sides",
    },
    Unseen {
        id: "h2-status-not-200",
        title: "the response to an extended CONNECT over HTTP/2 is not 200",
        chrome: "Error during WebSocket handshake: Unexpected response code: 101 (close 1006 for the page)",
        cause: "code for HTTP/1.1 that answers 101 over HTTP/2 too",
        fix: "answer :status 200 (RFC 8441 5)",
    },
    Unseen {
        id: "h2-stream-reset",
        title: "the server resets the HTTP/2 stream of the handshake",
        chrome: "Stream closed with error: net::ERR_HTTP2_PROTOCOL_ERROR (close 1006 for the page)",
        cause: "a server or proxy that announces RFC 8441 and does not do it",
        fix: "turn HTTP/2 off for this host, or update the server",
    },
];
