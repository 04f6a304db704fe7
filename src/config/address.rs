//! Addresses as people type them: `localhost:9999`, `wss://example.org/chat`, `9000`, `[::]:9000`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use url::Host;

use crate::engine::Upstream;
use crate::text;

/// Reads the value of `--upstream`.
///
/// # Errors
/// One sentence that names the value and shows a right one.
pub(super) fn upstream(value: &str) -> Result<Upstream> {
    // What stands in front of an @ may be a password, so such a value is not repeated.
    ensure!(
        !authority(value).contains('@'),
        "--upstream holds a user name, which wsproxy can't pass on: leave it out, as in ws://localhost:9999"
    );
    parse_upstream(value).map_err(|error| anyhow!("--upstream {} {error}", text::escape(value.as_bytes())))
}

/// Reads an upstream that stands by itself on the command line, where a command could, too.
///
/// # Errors
/// One sentence that names the value and shows a right one, and the command that it is nearly, if it is.
pub(super) fn bare_upstream(value: &str, commands: &[String]) -> Result<Upstream> {
    ensure!(
        !authority(value).contains('@'),
        "the upstream holds a user name, which wsproxy can't pass on: leave it out, as in ws://localhost:9999"
    );
    parse_upstream(value).map_err(|error| {
        let shown = text::escape(value.as_bytes());
        match commands.iter().find(|command| 3 * text::distance(value, command) <= command.len()) {
            Some(command) => anyhow!("{shown} {error}; if you mean the command, write wsproxy {command}"),
            None => anyhow!("{shown} {error}"),
        }
    })
}

/// Reads the URL that the doctor visits: the server, and the target of the request.
///
/// # Errors
/// One sentence that names the value and shows a right one.
pub(super) fn target(value: &str) -> Result<(Upstream, String)> {
    ensure!(
        !authority(value).contains('@'),
        "the URL holds a user name, which a browser does not send: leave it out, as in ws://localhost:9999"
    );
    let fragment = value.find('#').unwrap_or(value.len());
    let (address, query) = value.split_at(value.find('?').unwrap_or(value.len()).min(fragment));
    let parsed = query_of(query).and_then(|()| parse_upstream(address));
    let upstream = parsed.map_err(|error| anyhow!("{} {error}", text::escape(value.as_bytes())))?;
    let path = if upstream.path.is_empty() { "/" } else { &upstream.path };
    let target = format!("{path}{query}");
    Ok((Upstream { path: String::new(), ..upstream }, target))
}

fn query_of(query: &str) -> Result<()> {
    ensure!(
        !query.contains('#'),
        "has a fragment (#), which is never sent to a server: leave it out, as in ws://localhost:9999/chat"
    );
    ensure!(
        query.bytes().all(|byte| byte.is_ascii_graphic()),
        "has a character in its query that can't stand there: write it as %20, for example"
    );
    Ok(())
}

fn authority(value: &str) -> &str {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn parse_upstream(value: &str) -> Result<Upstream> {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, value),
    };
    let secure = match scheme.map(str::to_ascii_lowercase).as_deref() {
        None | Some("ws" | "http") => false,
        Some("wss" | "https") => true,
        Some(_) => bail!("has a scheme other than ws, wss, http and https: write ws://localhost:9999, for example"),
    };
    let authority = authority(value);
    let path = path(&rest[authority.len()..])?;
    // Else it would be an address of four bytes, written as one number.
    ensure!(!is_number(authority) || authority.is_empty(), "names a port, and no host: write localhost:{authority}");
    let (host, port) = host_and_port(authority, "localhost:9999")?;
    let port = match (port, scheme) {
        (Some(0), _) => bail!("has port 0, and a port is 1 to 65535: write localhost:9999, for example"),
        (Some(port), _) => port,
        (None, Some(_)) if secure => 443,
        (None, Some(_)) => 80,
        (None, None) => bail!("has no port: write {authority}:9999, or ws://{authority} for port 80"),
    };
    let host = match host {
        Host::Domain(name) => name,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Ok(Upstream { secure, host, port, path })
}

/// Whatever follows the authority; a single `/` is the same as nothing.
fn path(rest: &str) -> Result<String> {
    ensure!(
        !rest.contains('#'),
        "has a fragment (#), which is never sent to a server: \
         leave it out, as in ws://localhost:9999/chat"
    );
    ensure!(
        !rest.contains('?'),
        "has a query (?), but each client sends its own: \
         leave it out, as in ws://localhost:9999/chat"
    );
    ensure!(
        rest.bytes().all(|byte| byte.is_ascii_graphic()),
        "has a character in its path that can't stand there: write it as %20, for example"
    );
    Ok(if rest == "/" { String::new() } else { rest.to_owned() })
}

/// Reads the value of `--listen`. A bare port, `:PORT` and `localhost:PORT` are this machine only. Port 0 is a free one.
/// Names are looked up, which may take time.
///
/// # Errors
/// One sentence that names the value and shows a right one.
pub(super) fn listen(value: &str) -> Result<Vec<SocketAddr>> {
    parse_listen(value).map_err(|error| anyhow!("--listen {} {error}", text::escape(value.as_bytes())))
}

fn parse_listen(value: &str) -> Result<Vec<SocketAddr>> {
    ensure!(!value.contains('/'), "takes no scheme and no path: write 9000, or 0.0.0.0:9000");
    let bare = value.strip_prefix(':').filter(|rest| !rest.contains(':'));
    if let Some(port) = bare.or_else(|| is_number(value).then_some(value)) {
        return Ok(loopback(parse_port(port, "9000")?));
    }
    let (host, port) = host_and_port(value, "localhost:9000")?;
    let Some(port) = port else { bail!("has no port: write {value}:9000, or just 9000") };
    match host {
        Host::Ipv4(address) => Ok(vec![SocketAddr::from((address, port))]),
        Host::Ipv6(address) => Ok(vec![SocketAddr::from((address, port))]),
        Host::Domain(name) if name == "localhost" => Ok(loopback(port)),
        Host::Domain(name) => {
            let addresses = (name.as_str(), port).to_socket_addrs();
            let addresses = addresses.context("names a host that is not found: write 9000, or 0.0.0.0:9000")?;
            Ok(addresses.collect())
        }
    }
}

/// The name in the value of `--listen`, where there is one: lower case, without a dot at its end.
#[must_use]
pub(super) fn listen_name(value: &str) -> Option<String> {
    match host_and_port(value, "localhost:9000") {
        Ok((Host::Domain(name), _)) => Some(name.trim_end_matches('.').to_owned()),
        _ => None,
    }
}

/// Reads a value of `--allow-host`: a name as a browser writes it, lower case and without a dot at its end.
///
/// # Errors
/// One sentence that names the value and shows a right one.
pub(super) fn own_name(value: &str) -> Result<String> {
    parse_own_name(value).map_err(|error| anyhow!("--allow-host {} {error}", text::escape(value.as_bytes())))
}

fn parse_own_name(value: &str) -> Result<String> {
    ensure!(!value.contains('*'), "is a pattern, and wsproxy takes whole names: repeat --allow-host for each");
    ensure!(
        !value.contains([':', '/']) || value.starts_with('['),
        "takes no scheme, port or path: write devbox.lan, for example"
    );
    match Host::parse(value) {
        Ok(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_its = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            ensure!(!name.is_empty() && name.bytes().all(is_its), "can't be a name: write devbox.lan, for example");
            Ok(name.to_owned())
        }
        Ok(_) => bail!("is an address, and each address is wsproxy's own already: leave it out"),
        Err(_) => bail!("can't be a name: write devbox.lan, for example"),
    }
}

fn loopback(port: u16) -> Vec<SocketAddr> {
    vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

fn host_and_port(authority: &str, example: &str) -> Result<(Host, Option<u16>)> {
    let (host, port) = if let Some(bracket) = authority.find(']') {
        let (host, rest) = authority.split_at(bracket + 1);
        match rest.strip_prefix(':') {
            _ if rest.is_empty() => (host, None),
            Some(port) => (host, Some(port)),
            None => bail!("has something between the bracket and the port: write [::1]:9999, for example"),
        }
    } else {
        match authority.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => bail!("{}", too_many_colons(authority, example)),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    ensure!(!host.is_empty(), "has no host: write {example}, for example");
    let host = Host::parse(host).map_err(|_| anyhow!("has a host that can't be one: write {example}, for example"))?;
    let port = port.map(|port| parse_port(port, example)).transpose()?;
    Ok((host, port))
}

fn too_many_colons(authority: &str, example: &str) -> String {
    let is_address = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    match authority.rsplit_once(':') {
        Some((host, port)) if is_address(host) => format!("is an IPv6 address without brackets: write [{host}]:{port}"),
        _ if is_address(authority) => format!("is an IPv6 address without brackets: write [{authority}]:9999"),
        _ => format!("has too many colons: write {example}, for example"),
    }
}

fn parse_port(port: &str, example: &str) -> Result<u16> {
    ensure!(!port.is_empty(), "has no port behind its colon: write {example}, for example");
    let parsed = if is_number(port) { port.parse().ok() } else { None };
    parsed.with_context(|| format!("has a port that is not a number from 1 to 65535: write {example}, for example"))
}

/// Whether a connection to `upstream` would come back to one of `listen`, as far as that shows without asking anybody.
#[must_use]
pub(super) fn would_loop(listen: &[SocketAddr], upstream: &Upstream) -> bool {
    let reached: Vec<IpAddr> = match upstream.host.parse() {
        Ok(address) => vec![address],
        Err(_) if upstream.host == "localhost" => loopback(0).iter().map(SocketAddr::ip).collect(),
        Err(_) => return false,
    };
    listen.iter().filter(|address| address.port() == upstream.port).any(|address| {
        let own = address.ip();
        // To dial the unspecified address is to dial this machine, and to listen on it is to listen on all of them.
        let covers = |reached: &IpAddr| {
            *reached == own
                || own.is_unspecified() && reached.is_loopback()
                || own.is_loopback() && reached.is_unspecified()
        };
        reached.iter().any(covers)
    })
}
