//! What is said about findings in the layer `handshake`.

use crate::record::finding::Level;

use super::{Browser, FIREFOX_REFUSES, REPAIR_HEAD, SAFARI_REFUSES, Words};

pub(super) const RESP_UPGRADE_MISSING: Words = Words {
    level: Level::Error,
    title: "the response has no Upgrade header",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "Error during WebSocket handshake: 'Upgrade' header is missing (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a proxy took it away, its name is misspelt, or an empty line ended the head too early",
    fix: "send Upgrade: websocket",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_UPGRADE_WRONG: Words = Words {
    level: Level::Error,
    title: "the response's Upgrade header does not say websocket",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: 'Upgrade' header value is not 'WebSocket': <value> (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a wrong constant, or a version behind the name",
    fix: "send Upgrade: websocket, in any case and with nothing behind it",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_UPGRADE_MULTIPLE: Words = Words {
    level: Level::Error,
    title: "the response has more than one value of Upgrade",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: 'Upgrade' header must not appear more than once in a response (close 1006 \
        for the page)",
    firefox: "accepts it where one of them is websocket",
    safari: "not known; Safari up to 14 refuses",
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the application and a proxy both add it, or the proxy adds h2c",
    fix: "send Upgrade: websocket once",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_CONNECTION_MISSING: Words = Words {
    level: Level::Error,
    title: "the response has no Connection header",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "Error during WebSocket handshake: 'Connection' header is missing (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a proxy took it away, or an empty line ended the head too early",
    fix: "send Connection: Upgrade",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_CONNECTION_WRONG: Words = Words {
    level: Level::Error,
    title: "the response's Connection header does not say Upgrade",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: 'Connection' header value must contain 'Upgrade' (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a framework or proxy put its default there: keep-alive or close",
    fix: "send Connection: Upgrade; in nginx set Connection \"upgrade\" for this location",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_CONNECTION_LIST: Words = Words {
    level: Level::Note,
    title: "the response's Connection header has Upgrade among other words",
    spec: "RFC 6455 4.1, which allows it",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "probably accepts it; Safari up to 14 refuses: 'Connection' header value is not 'Upgrade'",
    differs: &[],
    from_client: None,
    cause: "a framework adds keep-alive",
    fix: "send Upgrade alone if old clients matter",
    repair: None,
};

pub(super) const RESP_ACCEPT_MISSING: Words = Words {
    level: Level::Error,
    title: "the response has no Sec-WebSocket-Accept header",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Accept' header is missing (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a server from before 2011, a misspelt name (WebSocket-Accept), or an empty line that ended the head too early",
    fix: "send base64(sha1(key + \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\")) as Sec-WebSocket-Accept",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_ACCEPT_MISMATCH: Words = Words {
    level: Level::Error,
    title: "the accept value does not belong to the request's key",
    spec: "RFC 6455 4.1, 4.2.2",
    chrome: "Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "the hash was made of something else (decoded key, no GUID, a misspelt GUID, a line end in the key) or \
        written in another form (hex, base64 of hex, no padding)",
    fix: "hash the key's text as it came, with the GUID behind it, and encode the 20 raw bytes with base64: \
        base64.b64encode(hashlib.sha1(key + GUID).digest()); base64_encode(sha1($key . $guid, true)); \
        crypto.createHash(\"sha1\").update(key + GUID).digest(\"base64\")",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_ACCEPT_TRAILING_NEWLINE: Words = Words {
    level: Level::Error,
    title: "the accept value ends in a line feed, which ends the head early",
    spec: "RFC 6455 4.2.2; RFC 9112 2.2",
    chrome: "where it is the last header, opens and then: Invalid frame header; else Error during WebSocket handshake: \
        'Upgrade' header is missing or 'Connection' header is missing (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), or refuses \
        the handshake",
    safari: "not known; Safari up to 14 refuses: Unexpected LF in value",
    differs: &[],
    from_client: None,
    cause: "a base64 function that adds a line feed: Python base64.encodebytes, Ruby Base64.encode64, Perl \
        encode_base64, OpenSSL's BIO",
    fix: "base64.b64encode, Base64.strict_encode64, encode_base64($x, \"\"), BIO_FLAGS_BASE64_NO_NL; or strip() the value",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_ACCEPT_DUPLICATE: Words = Words {
    level: Level::Error,
    title: "the response has more than one Sec-WebSocket-Accept",
    spec: "RFC 6455 11.3.3",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Accept' header must not appear more than once in a \
        response (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses",
    differs: &[],
    from_client: None,
    cause: "the application and a library or proxy both send it",
    fix: "send it once",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_ACCEPT_WHITESPACE: Words = Words {
    level: Level::Note,
    title: "there are blanks around the value of Sec-WebSocket-Accept",
    spec: "RFC 6455 4.1, which has clients ignore them",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "not known; Safari up to 14 refuses blanks behind the value",
    differs: &[],
    from_client: None,
    cause: "the value is printed into a padded field",
    fix: "print it without padding",
    repair: None,
};

pub(super) const RESP_PROTOCOL_UNREQUESTED: Words = Words {
    level: Level::Error,
    title: "the response names a subprotocol, and the client asked for none",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: Response must not include 'Sec-WebSocket-Protocol' header if not present \
        in request: <value> (close 1006 for the page)",
    firefox: "accepts it",
    safari: "not known; Safari up to 14 refuses: Sec-WebSocket-Protocol mismatch",
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the server always sends the same subprotocol",
    fix: "send it only where the request has one, or name it in the page: new WebSocket(url, \"chat\")",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_PROTOCOL_MISMATCH: Words = Words {
    level: Level::Error,
    title: "the response names a subprotocol that the client did not ask for",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header value '<value>' in response does not \
        match any of sent values (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses: Sec-WebSocket-Protocol mismatch",
    differs: &[],
    from_client: None,
    cause: "a fixed value in the server, or another case of the letters",
    fix: "answer with exactly one of the requested names, letter by letter",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_PROTOCOL_MISSING: Words = Words {
    level: Level::Error,
    title: "the client asked for a subprotocol, and the response names none",
    spec: "WHATWG WebSockets; RFC 6455 4.2.2 allows it",
    chrome: "Error during WebSocket handshake: Sent non-empty 'Sec-WebSocket-Protocol' header but no response was \
        received (close 1006 for the page)",
    firefox: "accepts it",
    safari: "not known; Safari up to 14 accepts it",
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the server ignores the header, or a proxy took it away",
    fix: "choose one of the requested names and send it back, or drop the second argument of new WebSocket()",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_PROTOCOL_LIST: Words = Words {
    level: Level::Error,
    title: "the response repeats a list of subprotocols in place of one",
    spec: "RFC 6455 4.2.2",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header must not appear more than once in a \
        response (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses: Sec-WebSocket-Protocol mismatch",
    differs: &[],
    from_client: None,
    cause: "the server copies the request's header into its response",
    fix: "choose one of the names",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_PROTOCOL_DUPLICATE: Words = Words {
    level: Level::Error,
    title: "the response has more than one Sec-WebSocket-Protocol header",
    spec: "RFC 6455 11.3.4",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header must not appear more than once in a \
        response (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses",
    differs: &[],
    from_client: None,
    cause: "the application and a library or middleware both send it",
    fix: "send it once",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_PROTOCOL_EMPTY: Words = Words {
    level: Level::Error,
    title: "the response's Sec-WebSocket-Protocol is empty",
    spec: "RFC 6455 4.2.2",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header value '' in response does not match any \
        of sent values, or Response must not include 'Sec-WebSocket-Protocol' header if not present in request \
        (close 1006 for the page)",
    firefox: "refuses it where a subprotocol was requested, else accepts it",
    safari: "not known; Safari up to 14 refuses",
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the header is set from a variable that is empty",
    fix: "leave the header out where there is nothing to say",
    repair: Some(REPAIR_HEAD),
};

pub(super) const RESP_HIXIE_HEADERS: Words = Words {
    level: Level::Note,
    title: "the response has headers of the drafts of 2010 besides those of RFC 6455",
    spec: "RFC 6455 4.2.2 does not know them",
    chrome: "ignores them",
    firefox: "ignores them",
    safari: "ignores them",
    differs: &[],
    from_client: None,
    cause: "code copied from an old tutorial",
    fix: "leave out WebSocket-Origin, WebSocket-Location and their Sec- forms",
    repair: None,
};

pub(super) const RESP_HIXIE76_ONLY: Words = Words {
    level: Level::Error,
    title: "the server answers with the handshake of 2010 (hixie-75 or -76), which browsers dropped in 2012",
    spec: "RFC 6455 4.1",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Accept' header is missing (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: None,
    cause: "a server library from before RFC 6455",
    fix: "update the library; or let wsproxy speak its dialect: --policy repair finds it out, --dialect hixie-76 names it",
    repair: Some("gives the browser a right response of wsproxy's own and translates the frames"),
};

pub(super) const REQ_METHOD: Words = Words {
    level: Level::Error,
    title: "the request's method is not GET",
    spec: "RFC 6455 4.1",
    chrome: "sends GET",
    firefox: "sends GET",
    safari: "sends GET",
    differs: &[],
    from_client: None,
    cause: "a script or a tool that was told another method",
    fix: "send GET",
    repair: None,
};

pub(super) const REQ_HTTP10: Words = Words {
    level: Level::Error,
    title: "the request is HTTP/1.0",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends HTTP/1.1",
    firefox: "sends HTTP/1.1",
    safari: "sends HTTP/1.1",
    differs: &[],
    from_client: None,
    cause: "a proxy in front, nginx by default",
    fix: "nginx: proxy_http_version 1.1;",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_HOST_MISSING: Words = Words {
    level: Level::Error,
    title: "the request has no Host header",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "always sends it",
    firefox: "always sends it",
    safari: "always sends it",
    differs: &[],
    from_client: None,
    cause: "a client that writes its request by hand",
    fix: "send Host: NAME:PORT",
    repair: None,
};

pub(super) const REQ_HOST_FOREIGN: Words = Words {
    level: Level::Warning,
    title: "the request names a host other than wsproxy, so no address in it was translated",
    spec: "RFC 9110 7.2; RFC 6455 10.2",
    chrome: "sends the host in the URL, whatever machine that name leads to",
    firefox: "sends the host in the URL, whatever machine that name leads to",
    safari: "sends the host in the URL, whatever machine that name leads to",
    differs: &[],
    from_client: None,
    cause: "this machine has a name that wsproxy was not told of; or a page from elsewhere points its own name at this \
        machine (DNS rebinding), and the upstream has to see that name to refuse it",
    fix: "if the name is yours, start wsproxy with --allow-host NAME; if it is not, close the page that sent this",
    repair: None,
};

pub(super) const REQ_UPGRADE_MISSING: Words = Words {
    level: Level::Error,
    title: "the request has no Upgrade: websocket",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends Upgrade: websocket",
    firefox: "sends Upgrade: websocket",
    safari: "sends Upgrade: websocket",
    differs: &[],
    from_client: None,
    cause: "a proxy in front took it away",
    fix: "let the proxy pass it on (nginx: proxy_set_header Upgrade $http_upgrade;)",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_CONNECTION_MISSING: Words = Words {
    level: Level::Error,
    title: "the request's Connection header does not say Upgrade",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends Connection: Upgrade",
    firefox: "sends Connection: keep-alive, Upgrade",
    safari: "sends Connection: Upgrade",
    differs: &[],
    from_client: None,
    cause: "a proxy in front wrote its own",
    fix: "let the proxy send Connection: upgrade (nginx: proxy_set_header Connection \"upgrade\";)",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_KEY_MISSING: Words = Words {
    level: Level::Error,
    title: "the request has no Sec-WebSocket-Key",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends 16 random bytes in base64",
    firefox: "sends 16 random bytes in base64",
    safari: "sends 16 random bytes in base64",
    differs: &[],
    from_client: None,
    cause: "a health check, a client from before 2011, or a proxy in front",
    fix: "send base64 of 16 random bytes",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_KEY_BAD_LENGTH: Words = Words {
    level: Level::Warning,
    title: "the request's Sec-WebSocket-Key is not base64 of 16 bytes",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends 16 random bytes in base64",
    firefox: "sends 16 random bytes in base64",
    safari: "sends 16 random bytes in base64",
    differs: &[],
    from_client: None,
    cause: "a key written by hand, or in hex",
    fix: "base64.b64encode(os.urandom(16)); crypto.randomBytes(16).toString(\"base64\")",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_KEY_REUSED: Words = Words {
    level: Level::Note,
    title: "the key was used on another connection before",
    spec: "RFC 6455 4.1",
    chrome: "draws a new one for each connection",
    firefox: "draws a new one for each connection",
    safari: "draws a new one for each connection",
    differs: &[],
    from_client: None,
    cause: "a constant in a script, often the sample key of the RFC",
    fix: "draw 16 random bytes for each connection",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_KEY_DUPLICATE: Words = Words {
    level: Level::Warning,
    title: "the request has more than one Sec-WebSocket-Key",
    spec: "RFC 6455 11.3.1",
    chrome: "sends one",
    firefox: "sends one",
    safari: "sends one",
    differs: &[],
    from_client: None,
    cause: "something in front adds its own",
    fix: "send one",
    repair: None,
};

pub(super) const REQ_VERSION_MISSING: Words = Words {
    level: Level::Warning,
    title: "the request has no Sec-WebSocket-Version",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "sends 13",
    firefox: "sends 13",
    safari: "sends 13",
    differs: &[],
    from_client: None,
    cause: "a client that writes its request by hand, or one from before 2011",
    fix: "send Sec-WebSocket-Version: 13",
    repair: Some(REPAIR_HEAD),
};

pub(super) const REQ_VERSION_UNSUPPORTED: Words = Words {
    level: Level::Warning,
    title: "the request asks for a version other than 13",
    spec: "RFC 6455 4.1, 4.4, 11.6",
    chrome: "sends 13",
    firefox: "sends 13",
    safari: "sends 13",
    differs: &[],
    from_client: None,
    cause: "a client from 2011 (7 or 8), or a wrong constant",
    fix: "send Sec-WebSocket-Version: 13",
    repair: None,
};

pub(super) const REQ_VERSION_DUPLICATE: Words = Words {
    level: Level::Warning,
    title: "the request has more than one Sec-WebSocket-Version",
    spec: "RFC 6455 11.3.5",
    chrome: "sends one",
    firefox: "sends one",
    safari: "sends one",
    differs: &[],
    from_client: None,
    cause: "something in front adds its own",
    fix: "send one",
    repair: None,
};

pub(super) const REQ_ORIGIN_MISSING: Words = Words {
    level: Level::Note,
    title: "the request has no Origin header, so it comes from no browser",
    spec: "RFC 6455 4.1, 4.2.1",
    chrome: "always sends it",
    firefox: "always sends it",
    safari: "always sends it",
    differs: &[],
    from_client: None,
    cause: "a client that is a program; nothing is wrong with that",
    fix: "let the server ask for an Origin only where browsers alone may come; try --origin to see whether it does",
    repair: None,
};

pub(super) const REQ_SUBPROTOCOL_INVALID: Words = Words {
    level: Level::Warning,
    title: "the request's list of subprotocols is empty, repeats a name, or has characters that no name may have",
    spec: "RFC 6455 4.1",
    chrome: "throws SyntaxError in the page: The subprotocol '<name>' is invalid. or is duplicated.; nothing is sent",
    firefox: "throws SyntaxError in the page; nothing is sent",
    safari: "throws SyntaxError in the page; nothing is sent",
    differs: &[],
    from_client: None,
    cause: "a token with =, / or blanks, sent as a subprotocol",
    fix: "use base64url without padding",
    repair: None,
};

pub(super) const REQ_BODY: Words = Words {
    level: Level::Warning,
    title: "the request has or announces a body",
    spec: "RFC 6455 4.1",
    chrome: "sends none",
    firefox: "sends none",
    safari: "sends none",
    differs: &[],
    from_client: None,
    cause: "a tool that sends GET with a body; a hixie-76 client's eight bytes behind the head",
    fix: "send no body and no Content-Length",
    repair: None,
};
