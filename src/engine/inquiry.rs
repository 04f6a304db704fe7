//! Asks an upstream that has failed a session why: by a TLS hello, by a plain GET of `/`, by the first words of other
//! protocols. What it said is kept for a while, so that clients that come again and again cost it no more than one
//! round of questions. An upstream that works is never asked anything.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::diagnose::inquiry::{Protocol, Replies, Reply};
use crate::record::Time;

use super::dial::{DialCause, Dialer};
use super::tls::TlsFault;
use super::{TlsOptions, Upstream, clock};

/// Time for each question. A server that is well answers on a loopback within a millisecond, and over a continent in 300.
const PATIENCE: Duration = Duration::from_millis(1000);
/// How long what was said is kept.
const KEPT: Duration = Duration::from_secs(10);
/// Bytes of a response that are read: its head, and the start of a page, where Vite puts its script.
const READ: usize = 16 * 1024;

/// Asks one upstream.
pub struct Inquirer {
    dialer: Dialer,
    /// The same address over TLS, where the upstream is reached without.
    tls: Option<Dialer>,
    known: Mutex<Option<(Time, Arc<Replies>)>>,
}

impl Inquirer {
    /// For the upstream of that dialer's.
    #[must_use]
    pub fn new(dialer: &Dialer) -> Self {
        let upstream = dialer.upstream();
        let tls = match upstream.secure {
            true => None,
            false => {
                let options = TlsOptions { insecure: true, ca: None };
                let secure = Upstream { secure: true, ..upstream.clone() };
                // A name that no certificate can hold is one that nobody asks for over TLS.
                Dialer::new(secure, &options, PATIENCE).ok()
            }
        };
        Self { dialer: dialer.clone(), tls, known: Mutex::default() }
    }

    /// What the upstream says, now or a while ago. Those who ask at the same time share one round.
    pub async fn replies(&self) -> Arc<Replies> {
        let mut known = self.known.lock().await;
        if let Some((time, replies)) = &*known
            && clock::now().since(*time) < KEPT
        {
            return Arc::clone(replies);
        }
        let replies = Arc::new(self.ask().await);
        *known = Some((clock::now(), Arc::clone(&replies)));
        replies
    }

    async fn ask(&self) -> Replies {
        let port = self.dialer.upstream().port;
        let (speaks_tls, get) = tokio::join!(self.speaks_tls(), self.get("/"));
        let mut replies = Replies { port, speaks_tls, get, protocol: None };
        if !speaks_tls && replies.get == Reply::Closed {
            replies.protocol = self.protocol().await;
        }
        replies
    }

    async fn speaks_tls(&self) -> bool {
        let Some(dialer) = &self.tls else { return false };
        match dialer.dial().await {
            Ok(mut stream) => {
                let _ = timeout(PATIENCE, stream.shutdown()).await;
                true
            }
            Err(error) => matches!(
                error.cause,
                DialCause::Tls(
                    TlsFault::Alert(_) | TlsFault::Version | TlsFault::ClientCertificate | TlsFault::UnknownName
                )
            ),
        }
    }

    /// What comes of a plain GET of a path.
    pub async fn get(&self, target: &str) -> Reply {
        let host = self.dialer.upstream().authority();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        self.say(request.as_bytes(), |bytes| bytes.len() >= READ).await
    }

    async fn protocol(&self) -> Option<Protocol> {
        for words in Protocol::FIRST_WORDS {
            if let Reply::Bytes(reply) = self.say(words, |bytes| !bytes.is_empty()).await
                && let Some(protocol) = Protocol::of_reply(words, &reply)
            {
                return Some(protocol);
            }
        }
        None
    }

    /// Says these words, and hears until `is_enough`, the end, or for as long as it takes to answer.
    async fn say(&self, words: &[u8], is_enough: impl Fn(&[u8]) -> bool) -> Reply {
        let mut bytes = Vec::new();
        let heard = timeout(PATIENCE, async {
            let Ok(mut stream) = self.dialer.dial().await else { return Some(Reply::Unreachable) };
            stream.write_all(words).await.ok()?;
            stream.flush().await.ok()?;
            let mut buffer = [0; 4096];
            while !is_enough(&bytes) {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                }
            }
            None
        })
        .await;
        match heard {
            Ok(Some(reply)) => reply,
            Ok(None) if bytes.is_empty() => Reply::Closed,
            // Of a page that goes on and on, the head is enough.
            Err(_) if bytes.is_empty() => Reply::Silence,
            Ok(None) | Err(_) => Reply::Bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;

    /// An upstream that answers the words of each connection with these; gives how many there were.
    async fn upstream(answer: &'static [u8]) -> (Inquirer, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                seen.fetch_add(1, Ordering::Relaxed);
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(answer).await;
                let _ = socket.shutdown().await;
            }
        });
        let upstream = Upstream { secure: false, host: "127.0.0.1".into(), port, path: String::new() };
        let dialer = Dialer::new(upstream, &TlsOptions::default(), Duration::from_secs(20)).unwrap();
        (Inquirer::new(&dialer), count)
    }

    #[tokio::test]
    async fn who_asks_again_soon_costs_the_upstream_nothing() {
        let (inquirer, count) = upstream(b"").await;
        let (one, two) = tokio::join!(inquirer.replies(), inquirer.replies());
        assert_eq!((&one.get, one.speaks_tls, one.protocol), (&Reply::Closed, false, None));
        assert_eq!(one, two);
        // A TLS hello, a plain request, and the first words of three protocols.
        assert_eq!(count.load(Ordering::Relaxed), 5);
        inquirer.replies().await;
        assert_eq!(count.load(Ordering::Relaxed), 5);
    }

    #[tokio::test]
    async fn a_web_server_is_asked_no_other_protocol() {
        let (inquirer, count) = upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let replies = inquirer.replies().await;
        assert_eq!(replies.get.response().map(|(status, ..)| status), Some(200));
        assert_eq!((replies.speaks_tls, count.load(Ordering::Relaxed)), (false, 2));
    }

    #[tokio::test]
    async fn a_protocol_is_known_by_its_reply() {
        let (inquirer, _) = upstream(b"+PONG\r\n").await;
        assert_eq!(inquirer.protocol().await, Some(Protocol::Redis));
    }
}
