//! The exchange with the proxy.

use std::io::{self, Write};
use std::thread;

use serde_json::Value;

use crate::control::protocol::{self, Asked, Request};
use crate::engine::control_client::ControlClient;
use crate::text;

use super::CtlArguments;
use super::told;

/// How it ended.
#[derive(Debug)]
pub enum CtlEnd {
    /// All was done.
    Done,
    /// The proxy refused something; why, where that was not printed.
    Refused(Option<String>),
    /// The command is wrong.
    Wrong(String),
    /// Nobody answers.
    NoProxy(String),
}

impl CtlArguments {
    /// Has a command carried out, and prints what the proxy says of it.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn run(&self, out: &mut dyn Write) -> io::Result<CtlEnd> {
        if self.command == "-" {
            return self.lines(out);
        }
        let words: Vec<_> = [&self.command].into_iter().chain(&self.words).cloned().collect();
        let line = match protocol::line(&words) {
            Ok(line) => line.to_string(),
            Err(why) => return Ok(CtlEnd::Wrong(why)),
        };
        let asked = match protocol::read(line.as_bytes()) {
            Ok(asked) => asked,
            Err(wrong) => return Ok(CtlEnd::Wrong(wrong.why)),
        };
        match self.connect() {
            Ok(client) => self.ask(client, &line, &asked, out),
            Err(end) => Ok(end),
        }
    }

    fn connect(&self) -> Result<ControlClient, CtlEnd> {
        ControlClient::connect(&self.path).map_err(|error| {
            let path = text::escape(self.path.as_os_str().as_encoded_bytes());
            CtlEnd::NoProxy(format!("nobody answers at {path} ({error}): start the proxy with --control {path}"))
        })
    }

    /// Sends one line, and prints the reply; behind a subscription all that follows.
    fn ask(&self, mut client: ControlClient, line: &str, asked: &Asked, out: &mut dyn Write) -> io::Result<CtlEnd> {
        let gone = || CtlEnd::NoProxy("the proxy has ended without a reply".to_owned());
        if client.send(line).is_err() {
            return Ok(gone());
        }
        let reply = client.line().unwrap_or_default();
        let Ok(object) = serde_json::from_slice::<Value>(&reply) else { return Ok(gone()) };
        if let Some(why) = object.get("error").and_then(Value::as_str) {
            if self.json {
                out.write_all(&reply)?;
            }
            return Ok(CtlEnd::Refused((!self.json).then(|| why.to_owned())));
        }
        let follows = matches!(asked.request, Request::Subscribe { .. });
        if self.json {
            out.write_all(&reply)?;
        } else if !follows {
            told::reply(&object, out)?;
        }
        out.flush()?;
        if !follows {
            return Ok(CtlEnd::Done);
        }
        loop {
            let line = client.line().unwrap_or_default();
            if line.is_empty() {
                return Ok(CtlEnd::Done);
            }
            match serde_json::from_slice::<Value>(&line) {
                Ok(event) if !self.json => told::event(&event, out)?,
                _ => out.write_all(&line)?,
            }
            out.flush()?;
        }
    }

    /// Passes standard input on as it is, and prints what comes back.
    fn lines(&self, out: &mut dyn Write) -> io::Result<CtlEnd> {
        let mut client = match self.connect() {
            Ok(client) => client,
            Err(end) => return Ok(end),
        };
        let mut sender = client.sender()?;
        thread::Builder::new().name("lines".into()).spawn(move || io::copy(&mut io::stdin().lock(), &mut sender))?;
        let mut is_refused = false;
        loop {
            let line = client.line().unwrap_or_default();
            if line.is_empty() {
                return Ok(if is_refused { CtlEnd::Refused(None) } else { CtlEnd::Done });
            }
            let object = serde_json::from_slice::<Value>(&line);
            is_refused |= object.is_ok_and(|object| object.get("ok") == Some(&Value::Bool(false)));
            out.write_all(&line)?;
            out.flush()?;
        }
    }
}
