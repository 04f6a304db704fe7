//! Each event as it is written: its fields in their order. Fields may be added, never renamed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Versioned<'a> {
    pub(super) v: u8,
    #[serde(flatten)]
    pub(super) line: Line<'a>,
}

/// What left in place of a frame.
#[derive(Serialize)]
pub(super) struct Sent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<String>,
    pub(super) by: &'static str,
}

/// What a decoder says of a message.
#[derive(Serialize)]
pub(super) struct Decoded<'a> {
    pub(super) by: &'static str,
    pub(super) event: Option<&'a str>,
    pub(super) summary: String,
    pub(super) role: Option<&'static str>,
    pub(super) id: Option<&'a str>,
}

/// Each event, its fields in the order in which they are written.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Listening {
        addr: String,
        upstream: &'a str,
        policy: &'static str,
    },
    Upstream {
        time: String,
        ok: bool,
        reason: Option<&'a str>,
    },
    SessionOpened {
        session: Option<u64>,
        time: String,
        client: String,
        path: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path_bytes: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<String>,
    },
    Head {
        session: Option<u64>,
        time: String,
        from: &'static str,
        dialect: &'static str,
        status: Option<u16>,
        bytes: String,
        changed: Vec<&'a str>,
        complete: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sent: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<String>,
    },
    HeadHeld {
        session: Option<u64>,
        time: String,
        from: &'static str,
        bytes: String,
        query: &'a str,
    },
    HeadReleased {
        session: Option<u64>,
        time: String,
        from: &'static str,
        how: &'static str,
        by: &'static str,
    },
    Open {
        session: Option<u64>,
        time: String,
        dialect_client: &'static str,
        dialect_server: &'static str,
        subprotocol: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        subprotocol_bytes: Option<String>,
        extensions: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        extensions_bytes: Option<String>,
    },
    Frame {
        session: Option<u64>,
        frame: u64,
        time: String,
        from: &'static str,
        opcode: String,
        fin: bool,
        rsv: u8,
        masked: bool,
        mask_key: Option<String>,
        length: u64,
        length_form: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        inflated: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decoded: Option<Decoded<'a>>,
        truncated: bool,
        origin: &'static str,
        relayed: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        sent: Option<Sent>,
    },
    Finding {
        session: Option<u64>,
        frame: Option<u64>,
        time: String,
        from: &'static str,
        id: &'static str,
        level: &'static str,
        title: &'static str,
        at: Place,
        bytes: String,
        bytes_at: u64,
        detail: &'a str,
        spec: &'static str,
        chrome: &'a str,
        firefox: &'static str,
        safari: &'static str,
        cause: &'a str,
        fix: &'a str,
        repaired: bool,
    },
    Verdict {
        session: Option<u64>,
        time: String,
        browser: &'static str,
        outcome: &'static str,
        error_text: Option<&'a str>,
        close_code: Option<u16>,
        was_clean: Option<bool>,
        finding: Option<&'static str>,
        frame: Option<u64>,
        undelivered: Option<u64>,
        basis: &'static str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        differs: bool,
    },
    Stall {
        session: Option<u64>,
        time: String,
        lane: &'static str,
        what: &'static str,
        finding: &'static str,
        since: String,
        frame: Option<u64>,
        over: bool,
        detail: String,
    },
    Held {
        held: u64,
        session: Option<u64>,
        frame: u64,
        time: String,
        from: &'static str,
        length: u64,
        waits: &'static str,
        query: &'a str,
    },
    Released {
        session: Option<u64>,
        frame: Option<u64>,
        frames: Vec<u64>,
        time: String,
        from: &'static str,
        how: &'static str,
        by: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sent: Option<Sent>,
    },
    Ruled {
        session: Option<u64>,
        frame: Option<u64>,
        time: String,
        from: &'static str,
        rule: &'a str,
        what: &'a str,
    },
    Raw {
        session: Option<u64>,
        time: String,
        from: &'static str,
        length: u64,
        payload: String,
        truncated: bool,
        origin: &'static str,
    },
    Answered {
        session: Option<u64>,
        time: String,
        status: u16,
        reason: &'a str,
    },
    Ended {
        session: Option<u64>,
        time: String,
        from: &'static str,
        how: &'static str,
    },
    SessionClosed {
        session: Option<u64>,
        time: String,
        by: &'static str,
        how: &'static str,
        code: Option<u16>,
        reason: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason_bytes: Option<String>,
        frames: Sides,
        bytes: Sides,
    },
    Http {
        time: String,
        method: &'a str,
        path: &'a str,
        status: u16,
    },
    Note {
        session: Option<u64>,
        time: String,
        level: &'static str,
        message: &'a str,
    },
    Lost {
        records: u64,
    },
    Summary {
        sessions: u64,
        frames: u64,
        bytes: u64,
        findings: BTreeMap<&'static str, u64>,
        lost: u64,
        hidden: u64,
    },
}

/// A place in a head or frame, in bytes.
#[derive(Serialize)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// A count for each side.
#[derive(Serialize)]
pub(super) struct Sides {
    pub(super) client: u64,
    pub(super) server: u64,
}
