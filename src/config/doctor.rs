//! What `wsproxy doctor` was asked for, checked.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::cli::DoctorArguments;
use crate::doctor::Plan;
use crate::engine::dial::Dialer;
use crate::headless::{Colour, Format};
use crate::text;
use crate::wire::request::Request;

use super::address;

/// How long the doctor listens by itself, and where it waits for a text.
const LISTEN: u64 = 3;
const LISTEN_FOR_EXPECTED: u64 = 10;

/// The checked command line.
pub struct DoctorConfig {
    /// The server, with path and query.
    pub url: String,
    /// The way to it.
    pub dialer: Dialer,
    /// What to ask, say and wait for.
    pub plan: Plan,
    /// Whether other dialects are tried in any case.
    pub dialects: bool,
    /// Whether a page from elsewhere is tried, too: where the page's origin is not known.
    pub tries_elsewhere: bool,
    /// How to tell.
    pub format: Format,
    /// In colours or not.
    pub colour: Colour,
}

impl DoctorConfig {
    /// Checks what was typed. Reads the file of `--ca` and the system's roots, where the URL asks for TLS.
    ///
    /// # Errors
    /// One sentence that says what is wrong and shows a right value.
    pub fn new(arguments: &DoctorArguments) -> Result<Self> {
        let (upstream, target) = address::target(&arguments.url)?;
        let scheme = if upstream.secure { "https" } else { "http" };
        let own_origin = || format!("{scheme}://{}", upstream.authority());
        let request = Request {
            authority: upstream.authority(),
            origin: super::origin(arguments.origin.as_deref())?.unwrap_or_else(own_origin),
            protocols: arguments.protocol.iter().map(|name| protocol(name)).collect::<Result<_>>()?,
            fields: arguments.header.iter().map(|line| field(line)).collect::<Result<_>>()?,
            target: target.clone(),
        };
        let listen = if arguments.expect.is_empty() { LISTEN } else { LISTEN_FOR_EXPECTED };
        let patience = Duration::from_secs(arguments.timeout);
        let tls = super::tls(arguments.insecure, arguments.ca.as_ref())?;
        let scheme = if upstream.secure { "wss" } else { "ws" };
        Ok(Self {
            url: format!("{scheme}://{}{target}", upstream.authority()),
            dialer: Dialer::new(upstream, &tls, patience)?,
            plan: Plan {
                request,
                send: arguments.send.clone(),
                expect: arguments.expect.clone(),
                listen: Duration::from_secs(arguments.listen.unwrap_or(listen)),
                patience,
            },
            dialects: arguments.dialects,
            tries_elsewhere: arguments.origin.is_none(),
            format: if arguments.json { Format::Json } else { Format::Text },
            colour: Colour::of_output(),
        })
    }
}

fn is_token(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// A subprotocol is a token (RFC 6455 4.1); Chrome throws a SyntaxError for anything else.
fn protocol(name: &str) -> Result<String> {
    ensure!(
        is_token(name),
        "--protocol {} can't be the name of a subprotocol: write letters, digits and hyphens, as in chat.v1; \
         repeat the flag for several",
        text::escape(name.as_bytes())
    );
    Ok(name.to_owned())
}

fn field(line: &str) -> Result<String> {
    let name = line.split_once(':').map(|(name, _)| name);
    ensure!(
        name.is_some_and(is_token) && !line.contains(|character: char| character.is_control()),
        "--header {} is no header line: write 'Cookie: session=1', for example",
        text::escape(line.as_bytes())
    );
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, CliCommand};

    fn config(line: &[&str]) -> Result<DoctorConfig> {
        let arguments = Arguments::try_parse_from([&["wsproxy", "doctor"], line].concat())?;
        let Some(CliCommand::Doctor(arguments)) = arguments.command else { panic!() };
        DoctorConfig::new(&arguments)
    }

    #[test]
    fn a_url_gives_what_a_page_would_ask_for() {
        for (value, url, authority, target, origin) in [
            ("localhost:1", "ws://localhost:1/", "localhost:1", "/", "http://localhost:1"),
            ("ws://localhost/a?b=c", "ws://localhost/a?b=c", "localhost", "/a?b=c", "http://localhost"),
            ("ws://[::1]:80?b", "ws://[::1]/?b", "[::1]", "/?b", "http://[::1]"),
            ("http://LOCALHOST:8/a/", "ws://localhost:8/a/", "localhost:8", "/a/", "http://localhost:8"),
        ] {
            let config = config(&[value]).unwrap();
            let request = &config.plan.request;
            assert_eq!(config.url, url);
            assert_eq!((request.authority.as_str(), request.target.as_str()), (authority, target));
            assert_eq!(request.origin, origin);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_something_right() {
        for (line, sentence) in [
            (&["localhost"][..], "localhost has no port: write localhost:9999, or ws://localhost for port 80"),
            (&["ws://localhost/#a"], "fragment"),
            (&["ftp://localhost"], "scheme other than ws"),
            (&["ws://a:b@localhost"], "user name"),
            (&["ws://localhost/a b?c d"], "write it as %20"),
            (&["ws://localhost", "--protocol", "a, b"], "repeat the flag"),
            (&["ws://localhost", "--header", "no colon"], "write 'Cookie: session=1'"),
            (&["ws://localhost", "--header", "a: b\r\nc: d"], "is no header line"),
            (&["ws://localhost", "--origin", "a b"], "can't stand in a header"),
        ] {
            let error = config(line).err().unwrap().to_string();
            assert!(error.contains(sentence), "{line:?}: {error}");
        }
    }
}
