//! Real Chromium, headless, driven over its own debugging protocol.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::proxy::{DEADLINE, in_time};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A running browser with a profile of its own.
pub(crate) struct Browser {
    child: Child,
    port: u16,
    _profile: tempfile::TempDir,
}

/// One page.
pub(crate) struct Tab {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// What the browser wrote to the page's console.
    console: Vec<String>,
    /// What it told of its traffic.
    network: Vec<Value>,
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

impl Browser {
    /// Starts Chromium; `None` where there is none, unless WSPROXY_TEST_BROWSER says that there must be.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = find() else {
            let required = std::env::var("WSPROXY_TEST_BROWSER").is_ok_and(|value| value == "required");
            assert!(!required, "WSPROXY_TEST_BROWSER=required, but there is no Chromium in PATH");
            eprintln!("skipped: no Chromium in PATH");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // A tab that is not in front must go on as well.
            .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
            .args(["--disable-backgrounding-occluded-windows"])
            .args(["--remote-debugging-port=0", "--disable-dev-shm-usage", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let file = profile.path().join("DevToolsActivePort");
        let start = Instant::now();
        let port = loop {
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some(port) = written.lines().next().and_then(|line| line.parse().ok()) {
                break port;
            }
            assert!(start.elapsed() < DEADLINE, "Chromium did not say where it listens");
            tokio::task::yield_now().await;
        };
        Some(Self { child, port, _profile: profile })
    }

    /// Opens a page in a tab of its own.
    pub(crate) async fn open(&self, url: &str) -> Tab {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        // What follows the question mark is unescaped, and ends at an ampersand.
        let url = url.replace('&', "%26");
        let authority = format!("localhost:{}", self.port);
        let request = format!("PUT /json/new?{url} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Chromium may keep the connection, so the body's own end counts.
        in_time("a new tab", async {
            let mut buffer = [0; 4096];
            while !answer.trim_end().ends_with('}') {
                let read = socket.read(&mut buffer).await.unwrap();
                assert!(read > 0, "{answer}");
                answer.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
        })
        .await;
        let body = &answer[answer.find("\r\n\r\n").unwrap()..];
        let target: Value = serde_json::from_str(body.trim()).unwrap();
        let url = target["webSocketDebuggerUrl"].as_str().unwrap();
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut tab = Tab { socket, next: 0, console: Vec::new(), network: Vec::new() };
        tab.call("Log.enable", json!({})).await;
        tab
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Tab {
    /// Runs script in the page and gives its value; a promise is awaited.
    pub(crate) async fn eval(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters).await;
        assert!(answer["result"]["exceptionDetails"].is_null(), "{script}: {answer}");
        answer["result"]["result"]["value"].clone()
    }

    /// Waits for the browser to write something to the console, and gives it.
    pub(crate) async fn console(&mut self) -> String {
        loop {
            if !self.console.is_empty() {
                return self.console.remove(0);
            }
            self.message("a console line").await;
        }
    }

    /// From now on the browser tells what the page sends and gets.
    pub(crate) async fn watch_network(&mut self) {
        self.call("Network.enable", json!({})).await;
    }

    /// What it told of that, up to an event of this name.
    pub(crate) async fn network_until(&mut self, method: &str) -> Vec<Value> {
        while self.network.iter().all(|event| event["method"] != method) {
            self.message(method).await;
        }
        std::mem::take(&mut self.network)
    }

    async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let call = json!({ "id": id, "method": method, "params": parameters });
        self.socket.send(Message::text(call.to_string())).await.unwrap();
        loop {
            let answer = self.message(method).await;
            if answer["id"] == id {
                return answer;
            }
        }
    }

    async fn message(&mut self, what: &str) -> Value {
        let message = in_time(what, self.socket.next()).await.unwrap().unwrap();
        let text = message.into_text().unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if value["method"] == "Log.entryAdded" {
            self.console.push(value["params"]["entry"]["text"].as_str().unwrap_or_default().to_owned());
        }
        if value["method"].as_str().is_some_and(|method| method.starts_with("Network.")) {
            self.network.push(value.clone());
        }
        value
    }

    /// Asks again and again until an expression is true in the page, and gives its value.
    pub(crate) async fn until(&mut self, expression: &str) -> Value {
        let guarded = format!("(() => {{ try {{ return ({expression}) }} catch {{ return null }} }})()");
        let start = Instant::now();
        loop {
            let value = self.eval(&guarded).await;
            if !matches!(&value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if start.elapsed() > DEADLINE {
                let page = "document.visibilityState + ' ' + document.body.innerText";
                panic!("waited in vain for {expression}; the page: {}", self.eval(page).await);
            }
        }
    }
}
