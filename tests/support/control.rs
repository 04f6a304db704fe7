//! A client of the control socket, line by line.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use crate::support::proxy::in_time;

pub(crate) struct Control {
    socket: BufReader<UnixStream>,
    /// Events that came before a reply.
    events: VecDeque<Value>,
}

impl Control {
    pub(crate) async fn connect(path: &Path) -> Self {
        Self { socket: BufReader::new(UnixStream::connect(path).await.unwrap()), events: VecDeque::new() }
    }

    pub(crate) async fn send(&mut self, line: &str) {
        self.send_bytes(line.as_bytes()).await;
    }

    /// The same for bytes that need not be text.
    pub(crate) async fn send_bytes(&mut self, line: &[u8]) {
        self.try_send(line).await.unwrap();
    }

    /// The same where the other end may have closed already.
    pub(crate) async fn try_send(&mut self, line: &[u8]) -> io::Result<()> {
        self.socket.get_mut().write_all(&[line, b"\n"].concat()).await
    }

    /// The next line; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let count = in_time("a line", self.socket.read_line(&mut line)).await.unwrap_or_default();
        (count > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The reply to a line. Events that come before it are kept.
    pub(crate) async fn ask(&mut self, line: &str) -> Value {
        self.send(line).await;
        loop {
            let next = self.next().await.expect("a reply");
            if next.get("ok").is_some() && next.get("event").is_none() {
                return next;
            }
            self.events.push_back(next);
        }
    }

    /// The same, where it must be done.
    pub(crate) async fn done(&mut self, line: &str) -> Value {
        let reply = self.ask(line).await;
        assert_eq!(reply["ok"], true, "{line}: {reply}");
        reply
    }

    /// The next event of a kind; others are passed over.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let next = match self.events.pop_front() {
                Some(event) => event,
                None => self.next().await.unwrap_or_else(|| panic!("no {name} came")),
            };
            if next["event"] == name {
                return next;
            }
        }
    }
}
