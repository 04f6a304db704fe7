//! Requests by wsproxy's own names and by others, and their responses.

use super::*;

fn rules() -> AddressRules {
    let own = OwnAddress { names: vec!["devbox.lan".into()], ..OwnAddress::default() };
    AddressRules { own, ..AddressRules::to("upstream:9999") }
}

/// For a client that asks for `/` by this Host.
fn by(rules: AddressRules, host: &str) -> Translator {
    Arc::new(rules).for_client(b"/", [host.as_bytes()])
}

fn own() -> Translator {
    by(rules(), "localhost:9000")
}

/// A request as it goes to the upstream, and the fields that were changed.
fn sent(rules: AddressRules, request: &str) -> (String, Vec<String>) {
    let translator = Arc::new(rules).for_request(Head::new(request.as_bytes()));
    let (out, changes) = translator.request(request.as_bytes());
    (String::from_utf8(out).unwrap(), changes.into_iter().map(|change| change.field).collect())
}

/// A request with this Host and this Origin.
fn request(host: &str, origin: &str) -> String {
    format!("GET /chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nOrigin: {origin}\r\n\r\n")
}

fn is_untouched(request: &str) -> bool {
    sent(rules(), request) == (request.to_owned(), Vec::new())
}

#[test]
fn host_and_own_origin_become_the_upstream_s_and_nothing_else_changes() {
    let head = "GET /chat HTTP/1.1\r\nhOST:  localhost:9000\r\nOrigin: http://localhost:9000\r\nX:y\r\n\r\n";
    let (out, fields) = sent(rules(), head);
    assert_eq!(out, "GET /chat HTTP/1.1\r\nhOST:  upstream:9999\r\nOrigin: http://upstream:9999\r\nX:y\r\n\r\n");
    assert_eq!(fields, ["hOST", "Origin"]);
}

#[test]
fn each_own_name_is_translated() {
    for host in ["localhost", "LOCALHOST.:9000", "app.localhost:1", "127.0.0.1:9000", "[::1]:9000", "DevBox.Lan.:9000"]
    {
        let (out, _) = sent(rules(), &request(host, &format!("http://{}", host.to_lowercase())));
        assert_eq!(out, request("upstream:9999", "http://upstream:9999"), "{host}");
    }
}

#[test]
fn a_rebound_page_s_request_goes_on_as_it_came() {
    for host in [
        "evil.example:9000",
        "evil.example.:9000",
        "localhost.evil.example:9000",
        "localhost@evil.example:9000",
        "evil.example@localhost:9000",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
        "",
    ] {
        let head = request(host, &format!("http://{host}"));
        assert!(is_untouched(&head), "{head}");
        assert_eq!(by(rules(), host).foreign(), Some(host.as_bytes()));
    }
}

#[test]
fn nothing_in_a_response_to_a_foreign_name_is_translated() {
    let translator = by(rules(), "evil.example:9000");
    assert_eq!(translator.response_value(b"Location", b"http://upstream:9999/x"), None);
    assert!(!translator.may_change(b"Location"));
}

#[test]
fn another_page_s_origin_stays() {
    for origin in [
        "https://app.example",
        "null",
        "",
        "localhost:9000",
        "http://localhost",
        "http://localhost:9001",
        "http://127.0.0.1:9000",
        "https://localhost:9000",
        "ws://localhost:9000",
        "xhttp://localhost:9000",
        "http://localhost:9000@evil.example",
        "http://me@localhost:9000",
        "http://localhost:9000.evil.example",
        "http://localhost.:9000",
        "http://localhost:9000/",
        "http://evil.example/http://localhost:9000",
    ] {
        let (out, fields) = sent(rules(), &request("localhost:9000", origin));
        assert_eq!(out, request("upstream:9999", origin));
        assert_eq!(fields, ["Host"]);
    }
}

#[test]
fn a_page_has_the_scheme_that_wsproxy_listens_with() {
    let mut rules = rules();
    rules.own.scheme = crate::relay::own::Scheme::Https;
    let translator = by(rules, "localhost:9000");
    assert_eq!(translator.request_value(b"Origin", b"http://localhost:9000"), None);
    assert_eq!(translator.request_value(b"Origin", b"https://localhost:9000").unwrap(), b"http://upstream:9999");
    let location = translator.response_value(b"WebSocket-Location", b"ws://upstream:9999/x");
    assert_eq!(location.unwrap(), b"wss://localhost:9000/x");
}

#[test]
fn a_request_without_host_goes_on_as_it_came_and_is_not_foreign() {
    let head = "GET /chat HTTP/1.0\r\nUpgrade: websocket\r\nOrigin: http://localhost:9000\r\n\r\n";
    assert!(is_untouched(head));
    assert_eq!(Arc::new(rules()).for_request(Head::new(head.as_bytes())).foreign(), None);
}

#[test]
fn the_upstream_s_own_name_is_not_foreign() {
    assert!(is_untouched(&request("Upstream:9999", "http://upstream:9999")));
    assert_eq!(by(rules(), "Upstream:9999").foreign(), None);
}

#[test]
fn of_two_hosts_none_is_wsproxy_s() {
    for (hosts, foreign) in [
        (["localhost:9000", "evil.example"], "evil.example"),
        (["evil.example", "localhost:9000"], "evil.example"),
        (["localhost:9000", "127.0.0.1:9000"], "127.0.0.1:9000"),
        (["localhost:9000", "localhost:9000"], "localhost:9000"),
    ] {
        let head = request(&hosts.join("\r\nHost: "), "http://localhost:9000");
        assert!(is_untouched(&head), "{head}");
        let translator = Arc::new(rules()).for_request(Head::new(head.as_bytes()));
        assert_eq!(translator.foreign(), Some(foreign.as_bytes()));
    }
}

#[test]
fn an_absolute_target_has_to_name_what_host_names() {
    let head = |target: &str, host: &str| request(host, "http://localhost:9000").replacen("/chat", target, 1);
    for target in ["http://evil.example/", "http://localhost:9000@evil.example/", "ws://localhost:9001/", "x://?"] {
        assert!(is_untouched(&head(target, "localhost:9000")), "{target}");
    }
    assert!(is_untouched(&head("http://localhost:9000/chat", "evil.example")));
    for target in ["http://LocalHost:9000/chat", "/chat?from=http://evil.example/"] {
        let (out, _) = sent(rules(), &head(target, "localhost:9000"));
        assert_eq!(out, request("upstream:9999", "http://upstream:9999").replacen("/chat", target, 1));
    }
}

#[test]
fn keep_host_changes_nothing_but_the_own_origin_where_another_is_given() {
    let rules = || AddressRules { keep_host: true, ..rules() };
    let head = request("localhost:9000", "http://localhost:9000");
    assert_eq!(sent(rules(), &head).0, head);
    let forced = AddressRules { origin: Some("https://me".into()), ..rules() };
    assert_eq!(sent(forced, &head).0, request("localhost:9000", "https://me"));
    let translator = by(rules(), "evil.example");
    assert_eq!((translator.foreign(), translator.response_value(b"Location", b"http://upstream:9999/x")), (None, None));
}

#[test]
fn an_origin_of_the_user_s_replaces_the_own_one_only() {
    let rules = || AddressRules { origin: Some("https://me".into()), ..rules() };
    let (out, fields) = sent(rules(), &request("localhost:9000", "http://localhost:9000"));
    assert_eq!((out, fields.len()), (request("upstream:9999", "https://me"), 2));
    for origin in ["null", "https://evil.example"] {
        assert_eq!(sent(rules(), &request("localhost:9000", origin)).0, request("upstream:9999", origin));
    }
    let rebound = request("evil.example:9000", "http://evil.example:9000");
    assert_eq!(sent(rules(), &rebound).0, rebound);
}

#[test]
fn an_origin_of_the_user_s_is_added_where_there_is_none() {
    let rules = || AddressRules { origin: Some("https://me".into()), ..rules() };
    for (fields, end, name) in [
        ("Sec-WebSocket-Version: 13", "\r\n", "Origin"),
        ("Sec-WebSocket-Version: 13", "\n", "Origin"),
        ("Sec-WebSocket-Version: 8", "\r\n", "Sec-WebSocket-Origin"),
        ("Sec-WebSocket-Version: 7", "\r\n", "Sec-WebSocket-Origin"),
        ("Sec-WebSocket-Key1: 1", "\r\n", "Origin"),
        ("Upgrade: WebSocket", "\r\n", "Origin"),
    ] {
        let head = |host: &str| format!("GET / HTTP/1.1{end}Host: {host} {end}{fields}{end}{end}");
        let (out, changed) = sent(rules(), &head("localhost:9000"));
        let added = format!("Host: upstream:9999 {end}{name}: https://me{end}{fields}");
        assert_eq!(out, format!("GET / HTTP/1.1{end}{added}{end}{end}"));
        assert_eq!(changed, ["Host", name]);
        assert_eq!(sent(rules(), &head("evil.example")).0, head("evil.example"));
    }
}

#[test]
fn a_head_that_ends_in_its_host_gets_no_origin() {
    let rules = AddressRules { origin: Some("https://me".into()), ..rules() };
    assert_eq!(sent(rules, "GET / HTTP/1.1\r\nHost: localhost").0, "GET / HTTP/1.1\r\nHost: upstream:9999");
}

#[test]
fn the_upstream_s_path_goes_in_front_and_comes_off_again() {
    let rules = || AddressRules { path: "/api/ws".into(), secure: true, ..rules() };
    let translator = by(rules(), "localhost:9000");
    assert_eq!(translator.target(b"/").unwrap(), b"/api/ws");
    assert_eq!(translator.target(b"/x?y").unwrap(), b"/api/ws/x?y");
    assert_eq!(translator.target(b"*"), None);
    assert_eq!(by(rules(), "evil.example").target(b"/x").unwrap(), b"/api/ws/x", "the path is the user's");
    assert_eq!(
        translator.response_value(b"Location", b"https://upstream:9999/api/ws/x").unwrap(),
        b"http://localhost:9000/x"
    );
}

#[test]
fn addresses_in_answers_become_the_proxy_s_only_where_they_name_the_upstream() {
    let translator = own();
    assert_eq!(
        translator.response_value(b"Sec-WebSocket-Location", b"ws://upstream:9999/demo").unwrap(),
        b"ws://localhost:9000/demo"
    );
    assert_eq!(translator.response_value(b"location", b"http://elsewhere/"), None);
    assert_eq!(translator.response_value(b"location", b"/relative"), None);
    assert_eq!(translator.response_value(b"server", b"http://upstream:9999/"), None);
}

proptest::proptest! {
    /// Whatever a rebound page's name is: by its request the upstream can't take it for its own.
    #[test]
    fn what_ends_in_a_foreign_domain_is_foreign(front in "[ -~]{0,20}", port in "(:[0-9]{0,5})?") {
        let host = format!("{front}.evil.example{port}");
        let head = request(host.trim(), &format!("http://{}", host.trim()));
        proptest::prop_assert!(is_untouched(&head));
    }

    #[test]
    fn any_head_is_taken(head: Vec<u8>, host: Vec<u8>) {
        let rules = Arc::new(AddressRules { origin: Some("https://me".into()), ..rules() });
        let _ = rules.for_request(Head::new(&head)).request(&head);
        let _ = rules.for_client(&head, [&host[..]]).foreign();
        let head = [b"GET / HTTP/1.1\r\nHost: ", &host[..], b"\r\n", &head[..]].concat();
        let _ = rules.for_request(Head::new(&head)).request(&head);
    }
}
