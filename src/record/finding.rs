//! Findings: deviations, each with its place in the bytes. The words for them are in the catalogue (`diagnose`).

use std::borrow::Cow;

use super::FrameNumber;

/// Declares every kind of finding once: by layer, the variant and its id.
macro_rules! kinds {
    ($($layer:ident { $($kind:ident = $id:literal,)+ })+) => {
        /// What was seen. One enum for all, so that the catalogue is an exhaustive match.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingKind {
            $($(
                #[doc = concat!("`", $id, "`")]
                $kind,
            )+)+
        }

        impl FindingKind {
            /// Every kind, by layer.
            pub const ALL: &'static [Self] = &[$($(Self::$kind,)+)+];

            /// The name used on the command line, in JSON and in the documentation.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $($(Self::$kind => $id,)+)+
                }
            }

            /// What it is a deviation of.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self {
                    $($(Self::$kind)|+ => Layer::$layer,)+
                }
            }
        }
    };
}

kinds! {
    Tcp {
        TcpRefused = "tcp-refused",
        TcpDns = "tcp-dns",
        TcpConnectTimeout = "tcp-connect-timeout",
        TcpClosedBeforeResponse = "tcp-closed-before-response",
        TcpResetInHandshake = "tcp-reset-in-handshake",
        TlsNotTls = "tls-not-tls",
        TlsClientHelloOnPlainPort = "tls-client-hello-on-plain-port",
        TlsBadCert = "tls-bad-cert",
        PageClosedWhileConnecting = "page-closed-while-connecting",
        HandshakeTimeout = "handshake-timeout",
        HandshakeUnhandled = "handshake-unhandled",
        ServerHangs = "server-hangs",
        TcpDropAfterOpen = "tcp-drop-after-open",
        TcpIdleTimeout = "tcp-idle-timeout",
        TcpNotReading = "tcp-not-reading",
        SessionsSameSilence = "sessions-same-silence",
        SessionsOneWorker = "sessions-one-worker",
        SessionsLimit = "sessions-limit",
    }
    Http {
        HttpStatus200 = "http-status-200",
        HttpStatus3xx = "http-status-3xx",
        HttpStatus400 = "http-status-400",
        HttpStatus401 = "http-status-401",
        HttpStatus403 = "http-status-403",
        HttpStatus404 = "http-status-404",
        HttpStatus407 = "http-status-407",
        HttpStatus426 = "http-status-426",
        HttpStatus5xx = "http-status-5xx",
        HttpStatus101Truncated = "http-status-101-truncated",
        HttpMissingBlankLine = "http-missing-blank-line",
        HttpExtraCrlf = "http-extra-crlf",
        HttpExtraLf = "http-extra-lf",
        HttpLfOnly = "http-lf-only",
        HttpCrcrlf = "http-crcrlf",
        HttpCrOnly = "http-cr-only",
        HttpLfcr = "http-lfcr",
        HttpLiteralEscapes = "http-literal-escapes",
        HttpObsFold = "http-obs-fold",
        HttpIndentedHeaders = "http-indented-headers",
        HttpJunkBeforeStatus = "http-junk-before-status",
        HttpNotHttp = "http-not-http",
        HttpNotHttpOddPort = "http-not-http-odd-port",
        HttpVersion10 = "http-version-10",
        HttpStatusLineMalformed = "http-status-line-malformed",
        HttpStatusUnparsable = "http-status-unparsable",
        HttpHeaderTooLarge = "http-header-too-large",
        HttpHeaderNonascii = "http-header-nonascii",
        HttpHeaderNull = "http-header-null",
        HttpDupLocationLength = "http-dup-location-length",
        Http101WithBody = "http-101-with-body",
        Http100Or103First = "http-100-or-103-first",
        HttpPipelinedEarlyData = "http-pipelined-early-data",
        HttpUpgradeStripped = "http-upgrade-stripped",
        PollingNotSticky = "polling-not-sticky",
        PollingNoCors = "polling-no-cors",
    }
    Handshake {
        RespUpgradeMissing = "resp-upgrade-missing",
        RespUpgradeWrong = "resp-upgrade-wrong",
        RespUpgradeMultiple = "resp-upgrade-multiple",
        RespConnectionMissing = "resp-connection-missing",
        RespConnectionWrong = "resp-connection-wrong",
        RespConnectionList = "resp-connection-list",
        RespAcceptMissing = "resp-accept-missing",
        RespAcceptMismatch = "resp-accept-mismatch",
        RespAcceptTrailingNewline = "resp-accept-trailing-newline",
        RespAcceptDuplicate = "resp-accept-duplicate",
        RespAcceptWhitespace = "resp-accept-whitespace",
        RespProtocolUnrequested = "resp-protocol-unrequested",
        RespProtocolMismatch = "resp-protocol-mismatch",
        RespProtocolMissing = "resp-protocol-missing",
        RespProtocolList = "resp-protocol-list",
        RespProtocolDuplicate = "resp-protocol-duplicate",
        RespProtocolEmpty = "resp-protocol-empty",
        RespHixieHeaders = "resp-hixie-headers",
        RespHixie76Only = "resp-hixie76-only",
        ReqMethod = "req-method",
        ReqHttp10 = "req-http10",
        ReqHostMissing = "req-host-missing",
        ReqHostForeign = "req-host-foreign",
        ReqUpgradeMissing = "req-upgrade-missing",
        ReqConnectionMissing = "req-connection-missing",
        ReqKeyMissing = "req-key-missing",
        ReqKeyBadLength = "req-key-bad-length",
        ReqKeyReused = "req-key-reused",
        ReqKeyDuplicate = "req-key-duplicate",
        ReqVersionMissing = "req-version-missing",
        ReqVersionUnsupported = "req-version-unsupported",
        ReqVersionDuplicate = "req-version-duplicate",
        ReqOriginMissing = "req-origin-missing",
        ReqSubprotocolInvalid = "req-subprotocol-invalid",
        ReqBody = "req-body",
    }
    Extension {
        ExtUnsolicited = "ext-unsolicited",
        ExtNameCase = "ext-name-case",
        ExtCommaParams = "ext-comma-params",
        ExtMalformed = "ext-malformed",
        ExtEmptyHeader = "ext-empty-header",
        PmdDuplicate = "pmd-duplicate",
        PmdUnknownParam = "pmd-unknown-param",
        PmdDupParam = "pmd-dup-param",
        PmdTakeoverWithValue = "pmd-takeover-with-value",
        PmdWindowBitsRange = "pmd-window-bits-range",
        PmdClientBitsNoValue = "pmd-client-bits-no-value",
        PmdClientBitsUnoffered = "pmd-client-bits-unoffered",
        PmdServerBits8 = "pmd-server-bits-8",
        Rsv1NotNegotiated = "rsv1-not-negotiated",
        Rsv1OnContinuation = "rsv1-on-continuation",
        Rsv1OnControl = "rsv1-on-control",
        DeflateBadData = "deflate-bad-data",
        DeflateMissingRsv1 = "deflate-missing-rsv1",
        DeflateZlibHeader = "deflate-zlib-header",
        DeflateTailKept = "deflate-tail-kept",
        DeflateNoSyncFlush = "deflate-no-sync-flush",
        DeflateContextMismatch = "deflate-context-mismatch",
        DeflateBomb = "deflate-bomb",
        ExtXWebkitDeflateFrame = "ext-x-webkit-deflate-frame",
        SafariPmdBugs = "safari-pmd-bugs",
    }
    Frame {
        FrameRsv = "frame-rsv",
        FrameOpcodeReservedData = "frame-opcode-reserved-data",
        FrameOpcodeReservedControl = "frame-opcode-reserved-control",
        FrameServerMasked = "frame-server-masked",
        FrameClientUnmasked = "frame-client-unmasked",
        FrameMaskWeak = "frame-mask-weak",
        FrameLen16Nonminimal = "frame-len16-nonminimal",
        FrameLen64Nonminimal = "frame-len64-nonminimal",
        FrameLen64In4Bytes = "frame-len64-in-4-bytes",
        FrameLen64Msb = "frame-len64-msb",
        FrameLenHuge = "frame-len-huge",
        FrameLenLittleEndian = "frame-len-little-endian",
        FrameLen7bitOverflow = "frame-len-7bit-overflow",
        FrameLenCharsNotBytes = "frame-len-chars-not-bytes",
        FrameHeaderUtf8 = "frame-header-utf8",
        FrameControlLong = "frame-control-long",
        FrameControlFragmented = "frame-control-fragmented",
        FrameUnexpectedContinuation = "frame-unexpected-continuation",
        FrameInterleaved = "frame-interleaved",
        FrameMissingFin = "frame-missing-fin",
        FrameTruncated = "frame-truncated",
        FrameNotAFrame = "frame-not-a-frame",
        FrameTlsRecord = "frame-tls-record",
        FrameHixieFraming = "frame-hixie-framing",
        FrameTrailingNewline = "frame-trailing-newline",
        FrameStrayNul = "frame-stray-nul",
        FrameDoubleFramed = "frame-double-framed",
        FrameEchoNotUnmasked = "frame-echo-not-unmasked",
        FrameMaskedLump = "frame-masked-lump",
        FrameHybi06Opcodes = "frame-hybi06-opcodes",
        FrameEmptyFragments = "frame-empty-fragments",
        FramePingNoPong = "frame-ping-no-pong",
    }
    Message {
        MsgInvalidUtf8 = "msg-invalid-utf8",
        MsgLatin1 = "msg-latin1",
        MsgUtf16 = "msg-utf16",
        MsgUtf8Split = "msg-utf8-split",
        MsgUtf8IncompleteAtFin = "msg-utf8-incomplete-at-fin",
        MsgOverlongOrNonchar = "msg-overlong-or-nonchar",
        MsgTooBig = "msg-too-big",
    }
    Close {
        Close1byte = "close-1byte",
        CloseCodeReserved = "close-code-reserved",
        CloseCodeRange = "close-code-range",
        CloseCodeLittleEndian = "close-code-little-endian",
        CloseCodeAscii = "close-code-ascii",
        CloseReasonUtf8 = "close-reason-utf8",
        CloseReasonLong = "close-reason-long",
        CloseDataAfter = "close-data-after",
        CloseNoReply = "close-no-reply",
        CloseNoTcpClose = "close-no-tcp-close",
        CloseBeforeHandshake = "close-before-handshake",
        CloseCleanErrorCodes = "close-clean-error-codes",
        CloseOwnReason = "close-own-reason",
        CloseAtOnce = "close-at-once",
        CloseBrowser1001 = "close-browser-1001",
        CloseFromBrowser1002 = "close-from-browser-1002",
    }
    Application {
        SocketioVersion = "socketio-version",
        SocketioRefused = "socketio-refused",
        SocketioNotAPacket = "socketio-not-a-packet",
        SocketioNoConnect = "socketio-no-connect",
        SocketioNoPong = "socketio-no-pong",
        SocketioDisconnected = "socketio-disconnected",
        GraphqlOldAndNew = "graphql-old-and-new",
        GraphqlRefused = "graphql-refused",
        GraphqlError = "graphql-error",
        MqttRefused = "mqtt-refused",
        MqttText = "mqtt-text",
        MqttNoSubprotocol = "mqtt-no-subprotocol",
        MqttKeepAlive = "mqtt-keep-alive",
        MqttDisconnected = "mqtt-disconnected",
        MqttSubscriptionRefused = "mqtt-subscription-refused",
        StompNoNul = "stomp-no-nul",
        StompError = "stomp-error",
        SignalrNoSeparator = "signalr-no-separator",
        SignalrRefused = "signalr-refused",
        SignalrClosed = "signalr-closed",
        PhoenixRefused = "phoenix-refused",
        PhoenixError = "phoenix-error",
        PhoenixNoHeartbeat = "phoenix-no-heartbeat",
        ActioncableRejected = "actioncable-rejected",
        ActioncableDisconnected = "actioncable-disconnected",
        WampAborted = "wamp-aborted",
        WampGoodbye = "wamp-goodbye",
        AppGreetingUnanswered = "app-greeting-unanswered",
        AppTextAsBinary = "app-text-as-binary",
        AppJsonAsBinary = "app-json-as-binary",
        AppFirstUnanswered = "app-first-unanswered",
        AppHeartbeatBroken = "app-heartbeat-broken",
    }
    Draft {
        Hixie75StatusLine = "hixie75-status-line",
        Hixie75HeaderOrder = "hixie75-header-order",
        Hixie75OriginLocation = "hixie75-origin-location",
        Hixie76Headers = "hixie76-headers",
        Hixie76Challenge = "hixie76-challenge",
        Hixie76Key3Withheld = "hixie76-key3-withheld",
        Hixie76KeysInvalid = "hixie76-keys-invalid",
        Hixie76NoClose = "hixie76-no-close",
        HixieBinary = "hixie-binary",
        HixieFrameError = "hixie-frame-error",
        HybiVersion412 = "hybi-version-4-12",
        V8OriginHeader = "v8-origin-header",
    }
}

/// The part of a connection that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The connection itself: dialling, TLS, its end.
    Tcp,
    /// The syntax of a head.
    Http,
    /// The fields of a head.
    Handshake,
    /// Negotiation of extensions, and compressed payloads.
    Extension,
    /// Frame headers and their order.
    Frame,
    /// Payloads of messages.
    Message,
    /// Close frames and the end.
    Close,
    /// What applications say in messages, by the rules of their own protocols.
    Application,
    /// The protocol's drafts of 2009 to 2011.
    Draft,
}

impl Layer {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Handshake => "handshake",
            Self::Extension => "extension",
            Self::Frame => "frame",
            Self::Message => "message",
            Self::Close => "close",
            Self::Application => "application",
            Self::Draft => "draft",
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// May break something.
    Warning,
    /// Breaks something.
    Error,
}

impl Level {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where a finding is; its offsets count from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The head, and what was read right behind it.
    Head,
    /// The frame of that number in the session, from the first byte of its header.
    Frame(FrameNumber),
    /// A place between frames, or one from which on no frames can be told apart.
    Stream,
    /// No byte at all: the connection's end, or a silence.
    Connection,
}

/// One deviation in the bytes of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Where it is.
    pub place: Place,
    /// Offset of the first guilty byte in the head or frame.
    pub at: u64,
    /// Count of guilty bytes; 0 where something is missing at `at`.
    pub length: u64,
    /// The bytes around it, as they came.
    pub window: Vec<u8>,
    /// Offset of `window` in the head or frame.
    pub window_at: u64,
    /// What is special about this one (expected and actual values), made safe to show.
    pub detail: String,
    /// Chrome's words for this very case, where the catalogue has but their pattern.
    pub chrome: Option<Cow<'static, str>>,
    /// The cause, where the bytes name it better than the catalogue can.
    pub cause: Option<Cow<'static, str>>,
    /// What to change, where `cause` is named.
    pub fix: Option<Cow<'static, str>>,
    /// Whether what was sent on is repaired.
    pub repaired: bool,
}

/// Bytes of a window before and behind the guilty ones.
const AROUND: usize = 16;
/// Guilty bytes of which a window shows no more than these.
const SHOWN: usize = 64;

impl Finding {
    /// One without bytes; the other fields are the catalogue's.
    #[must_use]
    pub const fn new(kind: FindingKind, place: Place) -> Self {
        Self {
            kind,
            place,
            at: 0,
            length: 0,
            window: Vec::new(),
            window_at: 0,
            detail: String::new(),
            chrome: None,
            cause: None,
            fix: None,
            repaired: false,
        }
    }

    /// With guilty bytes: `length` of them from `at` on in `bytes`, which begin where the place begins. A window around
    /// them is kept.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8], at: usize, length: usize) -> Self {
        let start = at.min(bytes.len()).saturating_sub(AROUND);
        let end = at.saturating_add(length.min(SHOWN)).saturating_add(AROUND).min(bytes.len());
        (self.at, self.length, self.window_at) = (at as u64, length as u64, start as u64);
        self.window = bytes.get(start..end).unwrap_or_default().to_vec();
        self
    }

    /// With what is special about this one.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With Chrome's words for this very case.
    #[must_use]
    pub fn chrome(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.chrome = Some(words.into());
        self
    }

    /// With the bug that these bytes give away, and what to change.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Cow<'static, str>>, fix: impl Into<Cow<'static, str>>) -> Self {
        (self.cause, self.fix) = (Some(cause.into()), Some(fix.into()));
        self
    }

    /// Bytes of memory that it holds beside its own. What the catalogue has is nobody's.
    #[must_use]
    pub fn held(&self) -> usize {
        let made = |words: &Option<Cow<'static, str>>| match words {
            Some(Cow::Owned(words)) => words.len(),
            _ => 0,
        };
        self.window.len() + self.detail.len() + made(&self.chrome) + made(&self.cause) + made(&self.fix)
    }

    /// The number of the frame it is in.
    #[must_use]
    pub const fn frame(&self) -> Option<FrameNumber> {
        match self.place {
            Place::Frame(number) => Some(number),
            Place::Head | Place::Stream | Place::Connection => None,
        }
    }
}
