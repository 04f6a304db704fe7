//! What an upstream that has failed a session says when it is asked by wsproxy itself: a TLS hello, a plain GET, the first
//! words of other protocols. Pure; `engine::inquiry` has the sockets.

mod protocol;
mod silent;

use std::borrow::Cow;

use crate::wire::head::{self, Head};

pub use protocol::Protocol;
pub use silent::silent;

/// What a session wants to know of its upstream, which has failed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// It took the request, and closed or reset the connection without a byte.
    Closed,
    /// It took the request, and has sent nothing for a while.
    Silent,
}

/// What came of a plain request for `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// Nobody took the connection.
    #[default]
    Unreachable,
    /// Not a byte in time.
    Silence,
    /// An end without a byte.
    Closed,
    /// These bytes, as far as they were waited for.
    Bytes(Vec<u8>),
}

/// What an upstream said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replies {
    /// Its port.
    pub port: u16,
    /// Whether it answered a TLS hello as TLS does.
    pub speaks_tls: bool,
    /// What came of a plain request.
    pub get: Reply,
    /// The protocol whose first words it answered.
    pub protocol: Option<Protocol>,
}

/// A cause, and what to change.
pub type Why = (Cow<'static, str>, Cow<'static, str>);

impl Reply {
    /// The response that it is: its status, its head and its body.
    #[must_use]
    pub fn response(&self) -> Option<(u16, Head<'_>, &[u8])> {
        let Self::Bytes(bytes) = self else { return None };
        let (head, body) = bytes.split_at_checked(head::response_end(bytes, 0)?)?;
        let head = Head::of_response(head);
        Some((head.status()?, head, body))
    }
}

/// Why an upstream closed without a byte; `None` where its replies say no more than that.
#[must_use]
pub fn closed(replies: &Replies) -> Option<Why> {
    if replies.speaks_tls {
        return Some((
            "the server speaks TLS on this port (it answers a TLS hello), and got a request without".into(),
            format!("use wss:// in place of ws:// for port {}", replies.port).into(),
        ));
    }
    if let Some(protocol) = replies.protocol {
        return Some(protocol.why());
    }
    if let Some((status, head, body)) = replies.get.response() {
        return Some(upgrade_alone(status, head, body));
    }
    match &replies.get {
        Reply::Unreachable => Some((
            "nothing listens there any more: the server's process ended over this request".into(),
            "look into the server's log for the exception, and catch it in the upgrade handler".into(),
        )),
        Reply::Closed => Some(no_web_server(replies.port)),
        // Redis takes GET for a command of its own.
        Reply::Bytes(bytes) => Protocol::of_greeting(bytes).map(Protocol::why),
        Reply::Silence => None,
    }
}

/// Plain requests are answered, upgrades are closed.
fn upgrade_alone(status: u16, head: Head<'_>, body: &[u8]) -> Why {
    let cause = format!("a plain GET / gets {status}, so the server runs and closes upgrades of this path alone");
    if is_vite(body) {
        return (
            format!("{cause}: most likely the target of Vite's server.proxy can't be reached").into(),
            "start the server that server.proxy names in target, and compare its port; Vite prints \"ws proxy error\""
                .into(),
        );
    }
    if is_node(head) {
        return (
            format!(
                "{cause}: most likely a Node server whose 'upgrade' listener destroys the socket, or a proxy in it (http-proxy) \
                 that can't reach its target"
            )
            .into(),
            "look into the server's log for ECONNREFUSED and for who calls socket.destroy(); compare path and target".into(),
        );
    }
    (
        format!("{cause}: its handler threw or ended the connection before it answered").into(),
        "look into the server's log for the exception, and answer a request that is refused with a 4xx status".into(),
    )
}

/// What is asked plainly is closed without a byte as well.
fn no_web_server(port: u16) -> Why {
    match Protocol::of_port(port) {
        Some(protocol) => {
            let (cause, fix) = protocol.why();
            (format!("a plain GET is closed likewise, and {port} is a well-known port: most likely {cause}").into(), fix)
        }
        None => (
            "a plain GET is closed likewise: most likely no web server is on this port, but another protocol's or a TCP proxy \
             whose server is down (HAProxy: mode tcp); or a web server that is told to close (nginx: return 444)"
                .into(),
            "compare the port in --upstream with the one that the server prints; behind a TCP proxy, start the server".into(),
        ),
    }
}

/// Vite puts this script into each page (vite 5 to 8, `transformIndexHtml`).
fn is_vite(body: &[u8]) -> bool {
    body.windows(13).any(|part| part == b"/@vite/client")
}

/// Node's http module writes these fields one behind the other, in this case (`_storeHeader` in lib/_http_outgoing.js), and
/// Express its name.
fn is_node(head: Head<'_>) -> bool {
    let names: Vec<_> = head.fields().map(|field| field.name).collect();
    let follows = |pair: [&str; 2]| names.windows(2).any(|two| two == pair.map(str::as_bytes));
    let is_node =
        head.value("server").is_none() && (follows(["Date", "Connection"]) || follows(["Connection", "Keep-Alive"]));
    is_node || head.value("x-powered-by") == Some(b"Express")
}

#[cfg(test)]
mod tests;
