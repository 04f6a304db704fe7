//! Programs, clients and what wsproxy says of them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::correct_peers::peer;
use crate::support::program::Program;

/// More than anything takes on a slow machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// The lines that let an upgrade through nginx.
pub(super) const UPGRADE: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
    proxy_set_header Connection \"upgrade\";";

/// A program that is ended when dropped, and its files.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether a program is there; where it has to be, that is checked.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let required = std::env::var("WSPROXY_TEST_PEERS").is_ok_and(|value| value == "required");
    assert!(found || !required, "WSPROXY_TEST_PEERS=required, but there is no {program}");
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}

/// Starts a program, and waits until its port takes connections.
fn start(command: &mut Command, port: u16, directory: TempDir) -> Server {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = Server { child, port, _directory: directory };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < DEADLINE, "{command:?} does not listen");
        thread::yield_now();
    }
    server
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// nginx with one server, in which these lines are; `http` is beside it. Files of the server's root are in `root`.
pub(super) fn nginx(http: &str, server: &str) -> Option<Server> {
    is_there("nginx").then(|| {
        let (port, directory) = (free_port(), TempDir::new().unwrap());
        let root = directory.path().to_str().unwrap();
        write(directory.path(), "index.html", "<!doctype html><html>the app</html>");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {root}/{name}; "))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid {root}/pid; error_log {root}/error; events {{}} http {{ access_log off; \
             {temporary} {http} server {{ listen 127.0.0.1:{port}; root {root}; {server} }} }}"
        );
        let path = write(directory.path(), "nginx.conf", &configuration);
        start(Command::new("nginx").args(["-c", &path, "-p", root, "-e", &format!("{root}/error")]), port, directory)
    })
}

/// HAProxy with a frontend for the backend's lines; `bind` is behind the port, `defaults` beside the usual.
pub(super) fn haproxy(defaults: &str, bind: &str, backend: &str) -> Option<Server> {
    is_there("haproxy").then(|| {
        let (port, directory) = (free_port(), TempDir::new().unwrap());
        let configuration = format!(
            "defaults\n mode http\n timeout connect 2s\n timeout client 30s\n timeout server 30s\n{defaults}\n\
             frontend f\n bind 127.0.0.1:{port} {bind}\n default_backend b\nbackend b\n{backend}\n"
        );
        let path = write(directory.path(), "haproxy.cfg", &configuration);
        start(Command::new("haproxy").args(["-f", &path, "-db"]), port, directory)
    })
}

/// An echo server of a library: `server.js` or `server.py`.
pub(super) fn echo(name: &str) -> Option<(Program, u16)> {
    let mut server = peer(name, &[])?;
    let port = server.line().trim().parse().unwrap();
    Some((server, port))
}

/// wsproxy in front of a port.
pub(super) struct Watched {
    program: Program,
    address: SocketAddr,
}

impl Watched {
    pub(super) fn before(port: u16) -> Self {
        Self::start(&["--upstream", &format!("127.0.0.1:{port}")])
    }

    pub(super) fn start(flags: &[&str]) -> Self {
        let mut program = Program::start(&[&["--json", "--listen", "127.0.0.1:0"], flags].concat());
        let listening: Value = serde_json::from_str(&program.line()).unwrap();
        Self { program, address: listening["addr"].as_str().unwrap().parse().unwrap() }
    }

    /// Asks for a WebSocket as Chrome does.
    pub(super) fn dial(&self, path: &str) -> Client {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Origin: http://localhost:3000\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {}\r\n\r\n",
            self.address.port(),
            key()
        );
        socket.write_all(request.as_bytes()).unwrap();
        Client { socket }
    }

    /// Asks for a path plainly, as a page of that origin, and waits for the whole response.
    pub(super) fn get(&self, path: &str, origin: &str) {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let port = self.address.port();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        Client { socket }.ends();
    }

    /// The next event of that kind.
    pub(super) fn event(&mut self, event: &str) -> Value {
        loop {
            let line: Value = serde_json::from_str(&self.program.line()).unwrap();
            if line["event"] == event {
                return line;
            }
        }
    }

    /// The next finding that is more than a note, which has to be of that kind: its detail, its cause and its fix.
    pub(super) fn finding(&mut self, id: &str) -> Found {
        loop {
            let line = self.event("finding");
            if line["level"] != "note" {
                assert_eq!(line["id"], id, "{line:#}");
                let [detail, cause, fix] =
                    ["detail", "cause", "fix"].map(|name| line[name].as_str().unwrap().to_owned());
                return Found { detail, cause, fix };
            }
        }
    }

    /// The ids of all that is found up to the end of a session, notes left out.
    pub(super) fn alarms_until_closed(&mut self) -> Vec<String> {
        let mut alarms = Vec::new();
        loop {
            let line: Value = serde_json::from_str(&self.program.line()).unwrap();
            match line["event"].as_str().unwrap() {
                "session_closed" => return alarms,
                "finding" if line["level"] != "note" => alarms.push(format!("{}: {}", line["id"], line["detail"])),
                _ => {}
            }
        }
    }

    /// A client that opens, hears its own words and closes raises nothing.
    pub(super) fn is_silent_about(&mut self, path: &str) {
        let mut client = self.dial(path);
        client.opens();
        client.says(b"\x81\x85\0\0\0\0hello");
        client.hears(b"hello");
        client.says(b"\x88\x82\0\0\0\0\x03\xe8");
        client.ends();
        drop(client);
        assert_eq!(self.alarms_until_closed(), Vec::<String>::new());
    }
}

/// What a finding says.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) detail: String,
    pub(super) cause: String,
    pub(super) fix: String,
}

impl Found {
    /// Holds cause and fix to words that have to stand in them.
    pub(super) fn says(&self, cause: &str, fix: &str) {
        assert!(self.cause.contains(cause), "{cause:?} in {self:#?}");
        assert!(self.fix.contains(fix), "{fix:?} in {self:#?}");
    }
}

/// A page's socket.
pub(super) struct Client {
    socket: TcpStream,
}

impl Client {
    /// Waits for a response that opens it.
    pub(super) fn opens(&mut self) {
        let head = self.until(|bytes| bytes.windows(4).any(|part| part == b"\r\n\r\n"));
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    }

    pub(super) fn says(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Waits until these bytes have come.
    pub(super) fn hears(&mut self, part: &[u8]) {
        self.until(|bytes| bytes.windows(part.len()).any(|window| window == part));
    }

    /// Waits for the end of what comes.
    pub(super) fn ends(&mut self) {
        let mut rest = Vec::new();
        let _ = self.socket.read_to_end(&mut rest);
    }

    fn until(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while !is_enough(&bytes) {
            let count = self.socket.read(&mut buffer).unwrap();
            assert!(count > 0, "it ended after {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&buffer[..count]);
        }
        bytes
    }
}

/// A key that no other request has: 16 bytes in base64.
fn key() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 16]>())
}
