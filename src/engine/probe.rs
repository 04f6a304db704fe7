//! Whether the upstream answers, before anybody needs it: a connection (with TLS where that is asked for) that is closed
//! at once. Nothing is sent over it, and once it was there no further one is made, for the sake of servers that log each.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep, timeout};

use crate::journal::Journal;
use crate::record::{Log, ProxyEvent};

use super::clock;
use super::dial::Dialer;
use super::handle::Handle;

/// Time between two tries.
const AGAIN: Duration = Duration::from_secs(3);
/// Time for the farewell over TLS.
const FAREWELL: Duration = Duration::from_secs(1);

/// Probes until the upstream answers, a client comes (whose session tells more), or everything ends. Tells the journal
/// each time that the result changes.
pub(super) async fn run(dialer: Dialer, journal: Arc<Journal>, handle: Handle, came: impl Fn() -> bool) {
    let mut shutdown = handle.shutdown();
    tokio::select! {
        () = probe(&dialer, &journal, came) => {}
        _ = shutdown.wait_for(|quit| *quit) => {}
    }
}

async fn probe(dialer: &Dialer, journal: &Journal, came: impl Fn() -> bool) {
    let mut told = None;
    loop {
        let trouble = dial(dialer).await.err();
        if told.as_ref() != Some(&trouble) {
            let mut log = Log::default();
            log.proxy(clock::now(), ProxyEvent::Upstream { trouble: trouble.clone() });
            journal.push(None, log);
        }
        if trouble.is_none() || came() {
            return;
        }
        told = Some(trouble);
        sleep(AGAIN).await;
        if came() {
            return;
        }
    }
}

async fn dial(dialer: &Dialer) -> Result<(), String> {
    let mut stream = dialer.dial().await.map_err(|error| error.to_string())?;
    // It was there: whether it hears the farewell does not matter.
    let _ = timeout(FAREWELL, stream.shutdown()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::engine::{TlsOptions, Upstream};
    use crate::record::Record;

    async fn told(port: u16) -> Option<String> {
        let upstream = Upstream { secure: false, host: "127.0.0.1".into(), port, path: String::new() };
        let dialer = Dialer::new(upstream, &TlsOptions::default(), Duration::from_secs(20)).unwrap();
        let journal = Arc::new(Journal::new(1 << 20));
        let mut reader = journal.subscribe(|| ());
        run(dialer, journal, Handle::default(), || true).await;
        let mut blocks = Vec::new();
        reader.read(&mut blocks);
        let Some(Record::Proxy(_, event)) = blocks.first().and_then(|block| block.log.records.first()) else {
            panic!()
        };
        let ProxyEvent::Upstream { trouble } = &**event else { panic!("{event:?}") };
        trouble.clone()
    }

    #[tokio::test]
    async fn an_upstream_that_answers_gets_one_connection_and_no_byte() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(told(port).await, None);
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        assert_eq!(socket.read_to_end(&mut bytes).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_upstream_that_is_down_is_told_with_the_cause() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let trouble = told(port).await.unwrap();
        assert!(trouble.contains("nothing listens on"), "{trouble}");
    }
}
