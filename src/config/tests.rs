//! Command lines, right and wrong.

use clap::Parser as _;

use super::*;
use crate::cli::Arguments;
use crate::decode::{Choice, Decoder};

const SCREEN: Terminals = Terminals { input: true, output: true };

fn config(line: &[&str]) -> Result<Config> {
    let arguments = Arguments::try_parse_from([&["wsproxy"], line].concat())?;
    Config::new(&arguments.proxy, SCREEN)
}

fn upstream(value: &str) -> String {
    match config(&["--upstream", value]) {
        Ok(config) => config.upstream.unwrap().to_string(),
        Err(error) => format!("{error}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_limits() {
    let config = config(&[]).unwrap();
    assert_eq!(format!("{:?}", config.limits), format!("{:?}", Limits::default()));
    assert_eq!(config.listen, ["127.0.0.1:9000".parse().unwrap(), "[::1]:9000".parse().unwrap()]);
    assert_eq!((config.upstream, config.output, config.history), (None, Output::Screen, 256 << 20));
}

#[test]
fn upstreams_are_read_as_people_type_them() {
    for (value, secure, host, port, path) in [
        ("localhost:9999", false, "localhost", 9999, ""),
        ("ws://LOCALHOST:9999/", false, "localhost", 9999, ""),
        ("http://localhost", false, "localhost", 80, ""),
        ("WS://localhost/chat", false, "localhost", 80, "/chat"),
        ("wss://example.org", true, "example.org", 443, ""),
        ("https://example.org:8443/a/b", true, "example.org", 8443, "/a/b"),
        ("127.0.0.1:1", false, "127.0.0.1", 1, ""),
        ("[::1]:65535/x", false, "::1", 65535, "/x"),
        ("wss://[2001:db8::1]", true, "2001:db8::1", 443, ""),
        ("bücher.example:80", false, "xn--bcher-kva.example", 80, ""),
        ("ws://localhost:9999/@me", false, "localhost", 9999, "/@me"),
        ("localhost:9999/@me", false, "localhost", 9999, "/@me"),
    ] {
        let expected = Upstream { secure, host: host.into(), port, path: path.into() };
        assert_eq!(config(&["--upstream", value]).unwrap().upstream, Some(expected), "{value}");
    }
}

#[test]
fn a_wrong_upstream_gets_one_sentence_with_a_right_one() {
    for (value, expected) in [
        ("localhost", "--upstream localhost has no port: write localhost:9999, or ws://localhost for port 80"),
        ("[::1]", "--upstream [::1] has no port: write [::1]:9999, or ws://[::1] for port 80"),
        ("9999", "--upstream 9999 names a port, and no host: write localhost:9999"),
        ("", "--upstream  has no host: write localhost:9999, for example"),
        ("ws://", "--upstream ws:// has no host: write localhost:9999, for example"),
        (":9999", "--upstream :9999 has no host: write localhost:9999, for example"),
        (
            "ftp://x",
            "--upstream ftp://x has a scheme other than ws, wss, http and https: write ws://localhost:9999, for example",
        ),
        ("x:0", "--upstream x:0 has port 0, and a port is 1 to 65535: write localhost:9999, for example"),
        (
            "x:65536",
            "--upstream x:65536 has a port that is not a number from 1 to 65535: write localhost:9999, for example",
        ),
        (
            "x:+80",
            "--upstream x:+80 has a port that is not a number from 1 to 65535: write localhost:9999, for example",
        ),
        ("ws://x:", "--upstream ws://x: has no port behind its colon: write localhost:9999, for example"),
        ("::1:9999", "--upstream ::1:9999 is an IPv6 address without brackets: write [::1]:9999"),
        ("fe80::1", "--upstream fe80::1 is an IPv6 address without brackets: write [fe80::1]:9999"),
        ("::1", "--upstream ::1 is an IPv6 address without brackets: write [::1]:9999"),
        ("ws:x:1", "--upstream ws:x:1 has too many colons: write localhost:9999, for example"),
        (
            "[::1]9999",
            "--upstream [::1]9999 has something between the bracket and the port: write [::1]:9999, for example",
        ),
        ("a b:80", "--upstream a b:80 has a host that can't be one: write localhost:9999, for example"),
        (
            "x:1/#y",
            "--upstream x:1/#y has a fragment (#), which is never sent to a server: leave it out, as in \
             ws://localhost:9999/chat",
        ),
        (
            "x:1?y",
            "--upstream x:1?y has a query (?), but each client sends its own: leave it out, as in \
             ws://localhost:9999/chat",
        ),
        (
            "x:1/\u{1b}",
            "--upstream x:1/\\u{1b} has a character in its path that can't stand there: write it as %20, for example",
        ),
    ] {
        assert_eq!(upstream(value), expected);
    }
}

#[test]
fn an_upstream_may_stand_by_itself() {
    let upstream = |line: &[&str]| match config(line) {
        Ok(config) => config.upstream.unwrap().to_string(),
        Err(error) => format!("{error}"),
    };
    for (line, expected) in [
        (&["localhost:9999"][..], "ws://localhost:9999"),
        (&["wss://example.org/chat", "--headless"], "wss://example.org/chat"),
        (&["-l", "8000", "-u", "localhost:9999", "-p", "repair"], "ws://localhost:9999"),
        (&["localhost:9999", "-u", "ws://localhost:9999/"], "ws://localhost:9999"),
        (
            &["localhost:9999", "--upstream", "localhost:8888"],
            "there are two upstreams, ws://localhost:9999 and --upstream ws://localhost:8888, and wsproxy relays to one: \
             leave one out",
        ),
        (&["9999"], "9999 names a port, and no host: write localhost:9999"),
        (&["devbox"], "devbox has no port: write devbox:9999, or ws://devbox for port 80"),
        (
            &["explian"],
            "explian has no port: write explian:9999, or ws://explian for port 80; if you mean the command, write \
             wsproxy explain",
        ),
        (
            &["ws://me:secret@host:80"],
            "the upstream holds a user name, which wsproxy can't pass on: leave it out, as in ws://localhost:9999",
        ),
    ] {
        assert_eq!(upstream(line), expected, "{line:?}");
    }
    let short = config(&["-l", "8000", "-u", "localhost:9999", "-p", "repair"]).unwrap();
    assert_eq!((short.listen[0].port(), short.policy), (8000, Policy::Repair));
}

#[test]
fn a_password_is_refused_and_not_repeated() {
    for value in ["ws://me:secret@host:80", "me:secret@host:80/x", "ws://me@host"] {
        assert_eq!(
            upstream(value),
            "--upstream holds a user name, which wsproxy can't pass on: leave it out, as in ws://localhost:9999"
        );
    }
}

#[test]
fn listen_takes_a_port_or_a_host_with_one() {
    for (value, expected) in [
        ("9000", &["127.0.0.1:9000", "[::1]:9000"][..]),
        (":9000", &["127.0.0.1:9000", "[::1]:9000"]),
        ("localhost:9000", &["127.0.0.1:9000", "[::1]:9000"]),
        ("0", &["127.0.0.1:0", "[::1]:0"]),
        ("127.0.0.1:0", &["127.0.0.1:0"]),
        ("0.0.0.0:9000", &["0.0.0.0:9000"]),
        ("[::]:9000", &["[::]:9000"]),
    ] {
        let listen = config(&["--listen", value]).unwrap().listen;
        assert_eq!(listen.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{value}");
    }
}

#[test]
fn a_wrong_listen_gets_one_sentence_with_a_right_one() {
    for (value, expected) in [
        ("localhost", "--listen localhost has no port: write localhost:9000, or just 9000"),
        ("0.0.0.0", "--listen 0.0.0.0 has no port: write 0.0.0.0:9000, or just 9000"),
        ("65536", "--listen 65536 has a port that is not a number from 1 to 65535: write 9000, for example"),
        (":", "--listen : has no port behind its colon: write 9000, for example"),
        ("", "--listen  has no port behind its colon: write 9000, for example"),
        (
            "http://localhost:9000",
            "--listen http://localhost:9000 takes no scheme and no path: write 9000, or 0.0.0.0:9000",
        ),
        ("::1:9000", "--listen ::1:9000 is an IPv6 address without brackets: write [::1]:9000"),
        (
            "no-such-host.invalid:9000",
            "--listen no-such-host.invalid:9000 names a host that is not found: write 9000, or 0.0.0.0:9000",
        ),
    ] {
        assert_eq!(config(&["--listen", value]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn listening_wider_than_this_machine_is_told() {
    for (value, told) in [("9000", false), ("127.0.0.2:9000", false), ("0.0.0.0:9000", true), ("[::]:9000", true)] {
        assert_eq!(config(&["--listen", value]).unwrap().exposure().is_some(), told, "{value}");
    }
}

#[test]
fn an_upstream_that_is_the_proxy_itself_is_refused() {
    for (listen, upstream, refused) in [
        ("9000", "localhost:9000", true),
        ("9000", "ws://127.0.0.1:9000/x", true),
        ("9000", "[::1]:9000", true),
        ("0.0.0.0:9000", "127.0.0.1:9000", true),
        ("9000", "0.0.0.0:9000", true),
        ("9000", "localhost:9001", false),
        ("127.0.0.1:9000", "127.0.0.2:9000", false),
        ("9000", "example.org:9000", false),
    ] {
        let result = config(&["--listen", listen, "--upstream", upstream]);
        assert_eq!(result.is_err(), refused, "{listen} {upstream}");
    }
    let error = config(&["--upstream", "localhost:9000"]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the upstream ws://localhost:9000 is where wsproxy itself listens, so each connection would run in a circle: \
         write another port, as in --listen 9001"
    );
}

#[test]
fn sizes_have_suffixes_and_a_least() {
    for (value, bytes) in [("65536", 65536), ("64k", 65536), ("1M", 1 << 20), ("2g", 2 << 30)] {
        assert_eq!(size("--history", value, 1024).unwrap(), bytes, "{value}");
    }
    for value in ["", "k", "1kk", "-1", "+5", "1.5M", "99999999999G", "1T"] {
        let error = size("--history", value, 1024).unwrap_err().to_string();
        assert_eq!(error, format!("--history {value} is no count of bytes: write 65536, 64k, 256M or 1G"));
    }
    let error = size("--max-head", "10", 1024).unwrap_err().to_string();
    assert_eq!(error, "--max-head 10 is too little to work with: write 1k or more");
}

#[test]
fn the_output_follows_flags_then_terminals() {
    let output = |line: &[&str], input, output| {
        let arguments = Arguments::try_parse_from([&["wsproxy"], line].concat()).unwrap();
        Config::new(&arguments.proxy, Terminals { input, output }).map(|config| config.output)
    };
    assert_eq!(output(&[], true, false).unwrap(), Output::Lines(Format::Text));
    assert_eq!(output(&["--headless"], true, true).unwrap(), Output::Lines(Format::Text));
    assert_eq!(output(&["--json"], true, true).unwrap(), Output::Lines(Format::Json));
    assert_eq!(
        output(&[], false, true).unwrap_err().to_string(),
        "the screen needs a keyboard, but standard input is no terminal: add --headless for lines"
    );
}

#[test]
fn what_is_held_from_the_start_is_a_query_and_needs_the_screen() {
    assert_eq!(config(&[]).unwrap().hold, Conditions::default());
    let limits = config(&["--hold-frames", "5", "--hold-bytes", "2M", "--hold-time", "90", "--hold-control", "wait"]);
    let limits = limits.unwrap().limits;
    assert_eq!((limits.hold_frames, limits.hold_bytes, limits.hold_time.as_secs()), (5, 2 << 20, 90));
    assert_eq!(limits.hold_control, Controls::Wait);
    assert_eq!(limits.of_hold(), "5 frames or 2 MiB in a direction, and 90 s");
    assert!(limits.hold_all.take(8 * (16 << 20)), "no less than is usual");
    let held = config(&["--hold", "from:client op:text"]).unwrap().hold;
    assert!(held.iter().flatten().all(|condition| condition.text() == "from:client op:text"));
    assert_eq!(held.iter().flatten().count(), 2);
    for (line, words) in [
        (&["--hold", "op:soup"][..], "--hold op:»soup: "),
        (&["--hold", "level:error"], "nothing is held by level:"),
        (&["--hold", "a", "--json"], "--hold needs the screen"),
    ] {
        let error = config(line).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_decoder_is_known_by_its_name() {
    let decoder = |name: &str| config(&["--decoder", name]).map(|config| config.preference.choice);
    assert_eq!(config(&[]).unwrap().preference, Preference::default());
    assert_eq!(decoder("none").unwrap(), Choice::Plain);
    assert_eq!(decoder("socket.io").unwrap(), Choice::Named(Decoder::SocketIo));
    assert_eq!(
        decoder("stamp").unwrap_err().to_string(),
        "--decoder stamp names none: write auto, none, or a name in docs/decoders.md, stomp perhaps; or stamp=COMMAND for \
         a program of yours"
    );
}

#[test]
fn a_filter_that_can_not_be_read_gets_its_place() {
    assert_eq!(config(&["--filter", "op:text"]).unwrap().filter.unwrap().text(), "op:text");
    assert_eq!(config(&["--filter", " "]).unwrap().filter, None);
    for query in ["is:unreplied", "not marked"] {
        assert!(config(&["--filter", query]).is_ok());
        let why = config(&["--json", "--filter", query]).unwrap_err().to_string();
        assert!(why.contains("which only the screen knows"), "{why}");
    }
    let why = config(&["--filter", "from:client op:txet"]).unwrap_err().to_string();
    assert!(why.starts_with("--filter from:client op:»txet: ") && why.contains("text"), "{why}");
}

#[test]
fn a_decoder_may_be_a_command() {
    let preference = |values: &[&str]| {
        let line: Vec<_> = values.iter().flat_map(|value| ["--decoder", value]).collect();
        config(&line).map(|config| config.preference)
    };
    let both = preference(&["mine=cat", "my.other=tr a b | rev=1"]).unwrap();
    assert_eq!(both.given.iter().map(|decoder| decoder.name()).collect::<Vec<_>>(), ["mine", "my.other"]);
    assert_eq!(both.choice, Choice::Named(both.given[0]), "the first is chosen");
    let named = preference(&["mine=cat", "other=rev", "other"]).unwrap();
    assert_eq!(named.choice, Choice::Named(named.given[1]));
    assert_eq!(preference(&["mine=cat", "auto"]).unwrap().choice, Choice::Guessed);
    for (values, words) in [
        (&["=cat"][..], "needs a name of letters"),
        (&["a b=cat"], "needs a name of letters"),
        (&["mine="], "needs a command behind the sign"),
        (&["json=cat"], "there is a decoder json already"),
        (&["none=cat"], "there is a decoder none already"),
        (&["mine=cat", "mine=rev"], "there is a decoder mine already"),
    ] {
        let why = preference(values).unwrap_err().to_string();
        assert!(why.contains(words), "{values:?}: {why}");
    }
}

#[test]
fn files_and_header_values_are_checked() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.pem");
    let error = config(&["--ca", missing.to_str().unwrap()]).unwrap_err().to_string();
    assert!(error.starts_with("can't read the file of --ca, "), "{error}");
    let error = config(&["--log", directory.path().to_str().unwrap()]).unwrap_err().to_string();
    assert!(error.starts_with("can't write the file of --log, "), "{error}");
    let error = config(&["--origin", "a\r\nb"]).unwrap_err().to_string();
    assert_eq!(error, r"--origin a\r\nb can't stand in a header: write https://example.org, for example");
}

#[test]
fn own_names_are_those_of_listen_and_allow_host() {
    let names = |line: &[&str]| config(line).unwrap().names;
    assert_eq!(names(&[]), Vec::<String>::new());
    let line = ["--allow-host", "DevBox.Lan.", "--allow-host=bücher.example"];
    assert_eq!(names(&line), ["devbox.lan", "xn--bcher-kva.example"]);
    assert_eq!(names(&["--listen", "localhost:9000", "--allow-host", "a"]), ["localhost", "a"]);
    for (listen, name) in [
        ("DevBox.Lan.:9000", Some("devbox.lan")),
        ("9000", None),
        (":9000", None),
        ("0.0.0.0:9000", None),
        ("[::1]:9000", None),
    ] {
        assert_eq!(address::listen_name(listen).as_deref(), name, "{listen}");
    }
}

#[test]
fn a_wrong_own_name_gets_one_sentence_with_what_to_do() {
    for (value, expected) in [
        ("", "--allow-host  can't be a name: write devbox.lan, for example"),
        (".", "--allow-host . can't be a name: write devbox.lan, for example"),
        ("a b", "--allow-host a b can't be a name: write devbox.lan, for example"),
        ("a,b", "--allow-host a,b can't be a name: write devbox.lan, for example"),
        ("me@a", "--allow-host me@a can't be a name: write devbox.lan, for example"),
        ("a:9000", "--allow-host a:9000 takes no scheme, port or path: write devbox.lan, for example"),
        ("http://a", "--allow-host http://a takes no scheme, port or path: write devbox.lan, for example"),
        ("*.a", "--allow-host *.a is a pattern, and wsproxy takes whole names: repeat --allow-host for each"),
        ("[::1]", "--allow-host [::1] is an address, and each address is wsproxy's own already: leave it out"),
        ("10.0.0.1", "--allow-host 10.0.0.1 is an address, and each address is wsproxy's own already: leave it out"),
    ] {
        assert_eq!(config(&["--allow-host", value]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_schema_is_read_with_what_it_imports_or_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    write("chat/user.proto", b"syntax = 'proto3'; package chat; message User { string name = 1; }");
    let chat = b"syntax = 'proto3'; package chat; import 'chat/user.proto'; message Join { User user = 1; }";
    let chat = write("chat/chat.proto", chat);
    let decoders = config(&["--proto", &chat, "--proto", &format!("User={chat}")]).unwrap().preference.given;
    let message = b"\x0a\x05\x0a\x03Ann";
    let summary = |decoder: Decoder| {
        let payload = crate::decode::Payload::binary(message);
        decoder.read(crate::record::Side::Client, payload, &crate::decode::Limits::ROW).unwrap().summary()
    };
    assert_eq!(
        decoders.into_iter().map(summary).collect::<Vec<_>>(),
        ["Join {user:{name:\"Ann\"}}", "User {name:\"\\n\\u{3}Ann\"}",]
    );
    let broken = write("broken.proto", b"syntax = 'proto3';\nmessage A { string a }");
    let set = write("set.binpb", b"no set");
    for (value, expected) in [
        (&broken, "can't be used: broken.proto:2:22: expected '=', but found '}'"),
        (&set, "can't be used: it is no descriptor set: failed to decode file descriptor set"),
        (&format!("Leave={chat}"), "it has no message Leave; it has chat.Join"),
        (&format!("{chat}x"), "can't read the file of --proto"),
    ] {
        let error = format!("{:#}", config(&["--proto", value]).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}
