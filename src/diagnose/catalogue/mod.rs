//! The catalogue of findings: one entry for each kind.

mod application;
mod close;
mod draft;
mod extension;
mod frame;
mod handshake;
mod http;
mod message;
mod tcp;
mod unseen;

use crate::record::Side;
use crate::record::finding::{FindingKind, Level};

pub use unseen::{UNSEEN, Unseen};

/// All that is said about a kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// How much it matters.
    pub level: Level,
    /// One plain sentence: lower case, no final stop.
    pub title: &'static str,
    /// Where the rule stands.
    pub spec: &'static str,
    /// What Chrome does.
    pub chrome: &'static str,
    /// What Firefox does.
    pub firefox: &'static str,
    /// What Safari does.
    pub safari: &'static str,
    /// The browsers in which the page fares otherwise than in Chrome.
    pub differs: &'static [Browser],
    /// What there is to say of browsers where the client sent it; `None` where the cells above hold for it too.
    pub from_client: Option<&'static str>,
    /// The usual cause.
    pub cause: &'static str,
    /// What to change.
    pub fix: &'static str,
    /// What the policy `repair` does about it; `None` for nothing.
    pub repair: Option<&'static str>,
}

/// A browser besides Chrome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Firefox.
    Firefox,
    /// Safari.
    Safari,
}

impl Words {
    /// What browsers make of it: Chrome, Firefox, Safari.
    #[must_use]
    pub fn browsers(&self, from: Side) -> [&'static str; 3] {
        match (from, self.from_client) {
            (Side::Client, Some(words)) => [words; 3],
            _ => [self.chrome, self.firefox, self.safari],
        }
    }
}

const FIREFOX_REFUSES: &str = "Firefox can’t establish a connection to the server at <url>. (close 1006 for the page)";
const FIREFOX_FAILS: &str =
    "The connection to <url> was interrupted while the page was loading. (close 1006 for the page)";
const SAFARI_REFUSES: &str = "There was a bad response from the server. (close 1006 for the page)";
const SAFARI_FAILS: &str = "The operation couldn’t be completed. Protocol error (close 1006 for the page)";
const NOT_KNOWN: &str = "not known";
const NEVER: &str = "a browser never sends this";
const REPAIR_HEAD: &str = "completes the handshake itself, with a right head of wsproxy's own";

/// How much a kind matters.
#[must_use]
pub const fn level(kind: FindingKind) -> Level {
    words(kind).level
}

/// The entry for a kind.
#[must_use]
pub const fn words(kind: FindingKind) -> Words {
    match kind {
        FindingKind::TcpRefused => tcp::TCP_REFUSED,
        FindingKind::TcpDns => tcp::TCP_DNS,
        FindingKind::TcpConnectTimeout => tcp::TCP_CONNECT_TIMEOUT,
        FindingKind::TcpClosedBeforeResponse => tcp::TCP_CLOSED_BEFORE_RESPONSE,
        FindingKind::TcpResetInHandshake => tcp::TCP_RESET_IN_HANDSHAKE,
        FindingKind::TlsNotTls => tcp::TLS_NOT_TLS,
        FindingKind::TlsClientHelloOnPlainPort => tcp::TLS_CLIENT_HELLO_ON_PLAIN_PORT,
        FindingKind::TlsBadCert => tcp::TLS_BAD_CERT,
        FindingKind::PageClosedWhileConnecting => tcp::PAGE_CLOSED_WHILE_CONNECTING,
        FindingKind::HandshakeTimeout => tcp::HANDSHAKE_TIMEOUT,
        FindingKind::HandshakeUnhandled => tcp::HANDSHAKE_UNHANDLED,
        FindingKind::ServerHangs => tcp::SERVER_HANGS,
        FindingKind::TcpDropAfterOpen => tcp::TCP_DROP_AFTER_OPEN,
        FindingKind::TcpIdleTimeout => tcp::TCP_IDLE_TIMEOUT,
        FindingKind::TcpNotReading => tcp::TCP_NOT_READING,
        FindingKind::SessionsSameSilence => tcp::SESSIONS_SAME_SILENCE,
        FindingKind::SessionsOneWorker => tcp::SESSIONS_ONE_WORKER,
        FindingKind::SessionsLimit => tcp::SESSIONS_LIMIT,
        FindingKind::HttpStatus200 => http::HTTP_STATUS_200,
        FindingKind::HttpStatus3xx => http::HTTP_STATUS_3XX,
        FindingKind::HttpStatus400 => http::HTTP_STATUS_400,
        FindingKind::HttpStatus401 => http::HTTP_STATUS_401,
        FindingKind::HttpStatus403 => http::HTTP_STATUS_403,
        FindingKind::HttpStatus404 => http::HTTP_STATUS_404,
        FindingKind::HttpStatus407 => http::HTTP_STATUS_407,
        FindingKind::HttpStatus426 => http::HTTP_STATUS_426,
        FindingKind::HttpStatus5xx => http::HTTP_STATUS_5XX,
        FindingKind::HttpStatus101Truncated => http::HTTP_STATUS_101_TRUNCATED,
        FindingKind::HttpMissingBlankLine => http::HTTP_MISSING_BLANK_LINE,
        FindingKind::HttpExtraCrlf => http::HTTP_EXTRA_CRLF,
        FindingKind::HttpExtraLf => http::HTTP_EXTRA_LF,
        FindingKind::HttpLfOnly => http::HTTP_LF_ONLY,
        FindingKind::HttpCrcrlf => http::HTTP_CRCRLF,
        FindingKind::HttpCrOnly => http::HTTP_CR_ONLY,
        FindingKind::HttpLfcr => http::HTTP_LFCR,
        FindingKind::HttpLiteralEscapes => http::HTTP_LITERAL_ESCAPES,
        FindingKind::HttpObsFold => http::HTTP_OBS_FOLD,
        FindingKind::HttpIndentedHeaders => http::HTTP_INDENTED_HEADERS,
        FindingKind::HttpJunkBeforeStatus => http::HTTP_JUNK_BEFORE_STATUS,
        FindingKind::HttpNotHttp => http::HTTP_NOT_HTTP,
        FindingKind::HttpNotHttpOddPort => http::HTTP_NOT_HTTP_ODD_PORT,
        FindingKind::HttpVersion10 => http::HTTP_VERSION_10,
        FindingKind::HttpStatusLineMalformed => http::HTTP_STATUS_LINE_MALFORMED,
        FindingKind::HttpStatusUnparsable => http::HTTP_STATUS_UNPARSABLE,
        FindingKind::HttpHeaderTooLarge => http::HTTP_HEADER_TOO_LARGE,
        FindingKind::HttpHeaderNonascii => http::HTTP_HEADER_NONASCII,
        FindingKind::HttpHeaderNull => http::HTTP_HEADER_NULL,
        FindingKind::HttpDupLocationLength => http::HTTP_DUP_LOCATION_LENGTH,
        FindingKind::Http101WithBody => http::HTTP_101_WITH_BODY,
        FindingKind::Http100Or103First => http::HTTP_100_OR_103_FIRST,
        FindingKind::HttpPipelinedEarlyData => http::HTTP_PIPELINED_EARLY_DATA,
        FindingKind::HttpUpgradeStripped => http::HTTP_UPGRADE_STRIPPED,
        FindingKind::PollingNotSticky => http::POLLING_NOT_STICKY,
        FindingKind::PollingNoCors => http::POLLING_NO_CORS,
        FindingKind::RespUpgradeMissing => handshake::RESP_UPGRADE_MISSING,
        FindingKind::RespUpgradeWrong => handshake::RESP_UPGRADE_WRONG,
        FindingKind::RespUpgradeMultiple => handshake::RESP_UPGRADE_MULTIPLE,
        FindingKind::RespConnectionMissing => handshake::RESP_CONNECTION_MISSING,
        FindingKind::RespConnectionWrong => handshake::RESP_CONNECTION_WRONG,
        FindingKind::RespConnectionList => handshake::RESP_CONNECTION_LIST,
        FindingKind::RespAcceptMissing => handshake::RESP_ACCEPT_MISSING,
        FindingKind::RespAcceptMismatch => handshake::RESP_ACCEPT_MISMATCH,
        FindingKind::RespAcceptTrailingNewline => handshake::RESP_ACCEPT_TRAILING_NEWLINE,
        FindingKind::RespAcceptDuplicate => handshake::RESP_ACCEPT_DUPLICATE,
        FindingKind::RespAcceptWhitespace => handshake::RESP_ACCEPT_WHITESPACE,
        FindingKind::RespProtocolUnrequested => handshake::RESP_PROTOCOL_UNREQUESTED,
        FindingKind::RespProtocolMismatch => handshake::RESP_PROTOCOL_MISMATCH,
        FindingKind::RespProtocolMissing => handshake::RESP_PROTOCOL_MISSING,
        FindingKind::RespProtocolList => handshake::RESP_PROTOCOL_LIST,
        FindingKind::RespProtocolDuplicate => handshake::RESP_PROTOCOL_DUPLICATE,
        FindingKind::RespProtocolEmpty => handshake::RESP_PROTOCOL_EMPTY,
        FindingKind::RespHixieHeaders => handshake::RESP_HIXIE_HEADERS,
        FindingKind::RespHixie76Only => handshake::RESP_HIXIE76_ONLY,
        FindingKind::ReqMethod => handshake::REQ_METHOD,
        FindingKind::ReqHttp10 => handshake::REQ_HTTP10,
        FindingKind::ReqHostMissing => handshake::REQ_HOST_MISSING,
        FindingKind::ReqHostForeign => handshake::REQ_HOST_FOREIGN,
        FindingKind::ReqUpgradeMissing => handshake::REQ_UPGRADE_MISSING,
        FindingKind::ReqConnectionMissing => handshake::REQ_CONNECTION_MISSING,
        FindingKind::ReqKeyMissing => handshake::REQ_KEY_MISSING,
        FindingKind::ReqKeyBadLength => handshake::REQ_KEY_BAD_LENGTH,
        FindingKind::ReqKeyReused => handshake::REQ_KEY_REUSED,
        FindingKind::ReqKeyDuplicate => handshake::REQ_KEY_DUPLICATE,
        FindingKind::ReqVersionMissing => handshake::REQ_VERSION_MISSING,
        FindingKind::ReqVersionUnsupported => handshake::REQ_VERSION_UNSUPPORTED,
        FindingKind::ReqVersionDuplicate => handshake::REQ_VERSION_DUPLICATE,
        FindingKind::ReqOriginMissing => handshake::REQ_ORIGIN_MISSING,
        FindingKind::ReqSubprotocolInvalid => handshake::REQ_SUBPROTOCOL_INVALID,
        FindingKind::ReqBody => handshake::REQ_BODY,
        FindingKind::ExtUnsolicited => extension::EXT_UNSOLICITED,
        FindingKind::ExtNameCase => extension::EXT_NAME_CASE,
        FindingKind::ExtCommaParams => extension::EXT_COMMA_PARAMS,
        FindingKind::ExtMalformed => extension::EXT_MALFORMED,
        FindingKind::ExtEmptyHeader => extension::EXT_EMPTY_HEADER,
        FindingKind::PmdDuplicate => extension::PMD_DUPLICATE,
        FindingKind::PmdUnknownParam => extension::PMD_UNKNOWN_PARAM,
        FindingKind::PmdDupParam => extension::PMD_DUP_PARAM,
        FindingKind::PmdTakeoverWithValue => extension::PMD_TAKEOVER_WITH_VALUE,
        FindingKind::PmdWindowBitsRange => extension::PMD_WINDOW_BITS_RANGE,
        FindingKind::PmdClientBitsNoValue => extension::PMD_CLIENT_BITS_NO_VALUE,
        FindingKind::PmdClientBitsUnoffered => extension::PMD_CLIENT_BITS_UNOFFERED,
        FindingKind::PmdServerBits8 => extension::PMD_SERVER_BITS_8,
        FindingKind::Rsv1NotNegotiated => extension::RSV1_NOT_NEGOTIATED,
        FindingKind::Rsv1OnContinuation => extension::RSV1_ON_CONTINUATION,
        FindingKind::Rsv1OnControl => extension::RSV1_ON_CONTROL,
        FindingKind::DeflateBadData => extension::DEFLATE_BAD_DATA,
        FindingKind::DeflateMissingRsv1 => extension::DEFLATE_MISSING_RSV1,
        FindingKind::DeflateZlibHeader => extension::DEFLATE_ZLIB_HEADER,
        FindingKind::DeflateTailKept => extension::DEFLATE_TAIL_KEPT,
        FindingKind::DeflateNoSyncFlush => extension::DEFLATE_NO_SYNC_FLUSH,
        FindingKind::DeflateContextMismatch => extension::DEFLATE_CONTEXT_MISMATCH,
        FindingKind::DeflateBomb => extension::DEFLATE_BOMB,
        FindingKind::ExtXWebkitDeflateFrame => extension::EXT_X_WEBKIT_DEFLATE_FRAME,
        FindingKind::SafariPmdBugs => extension::SAFARI_PMD_BUGS,
        FindingKind::FrameRsv => frame::FRAME_RSV,
        FindingKind::FrameOpcodeReservedData => frame::FRAME_OPCODE_RESERVED_DATA,
        FindingKind::FrameOpcodeReservedControl => frame::FRAME_OPCODE_RESERVED_CONTROL,
        FindingKind::FrameServerMasked => frame::FRAME_SERVER_MASKED,
        FindingKind::FrameClientUnmasked => frame::FRAME_CLIENT_UNMASKED,
        FindingKind::FrameMaskWeak => frame::FRAME_MASK_WEAK,
        FindingKind::FrameLen16Nonminimal => frame::FRAME_LEN16_NONMINIMAL,
        FindingKind::FrameLen64Nonminimal => frame::FRAME_LEN64_NONMINIMAL,
        FindingKind::FrameLen64In4Bytes => frame::FRAME_LEN64_IN_4_BYTES,
        FindingKind::FrameLen64Msb => frame::FRAME_LEN64_MSB,
        FindingKind::FrameLenHuge => frame::FRAME_LEN_HUGE,
        FindingKind::FrameLenLittleEndian => frame::FRAME_LEN_LITTLE_ENDIAN,
        FindingKind::FrameLen7bitOverflow => frame::FRAME_LEN_7BIT_OVERFLOW,
        FindingKind::FrameLenCharsNotBytes => frame::FRAME_LEN_CHARS_NOT_BYTES,
        FindingKind::FrameHeaderUtf8 => frame::FRAME_HEADER_UTF8,
        FindingKind::FrameControlLong => frame::FRAME_CONTROL_LONG,
        FindingKind::FrameControlFragmented => frame::FRAME_CONTROL_FRAGMENTED,
        FindingKind::FrameUnexpectedContinuation => frame::FRAME_UNEXPECTED_CONTINUATION,
        FindingKind::FrameInterleaved => frame::FRAME_INTERLEAVED,
        FindingKind::FrameMissingFin => frame::FRAME_MISSING_FIN,
        FindingKind::FrameTruncated => frame::FRAME_TRUNCATED,
        FindingKind::FrameNotAFrame => frame::FRAME_NOT_A_FRAME,
        FindingKind::FrameTlsRecord => frame::FRAME_TLS_RECORD,
        FindingKind::FrameHixieFraming => frame::FRAME_HIXIE_FRAMING,
        FindingKind::FrameTrailingNewline => frame::FRAME_TRAILING_NEWLINE,
        FindingKind::FrameStrayNul => frame::FRAME_STRAY_NUL,
        FindingKind::FrameDoubleFramed => frame::FRAME_DOUBLE_FRAMED,
        FindingKind::FrameEchoNotUnmasked => frame::FRAME_ECHO_NOT_UNMASKED,
        FindingKind::FrameMaskedLump => frame::FRAME_MASKED_LUMP,
        FindingKind::FrameHybi06Opcodes => frame::FRAME_HYBI06_OPCODES,
        FindingKind::FrameEmptyFragments => frame::FRAME_EMPTY_FRAGMENTS,
        FindingKind::FramePingNoPong => frame::FRAME_PING_NO_PONG,
        FindingKind::MsgInvalidUtf8 => message::MSG_INVALID_UTF8,
        FindingKind::MsgLatin1 => message::MSG_LATIN1,
        FindingKind::MsgUtf16 => message::MSG_UTF16,
        FindingKind::MsgUtf8Split => message::MSG_UTF8_SPLIT,
        FindingKind::MsgUtf8IncompleteAtFin => message::MSG_UTF8_INCOMPLETE_AT_FIN,
        FindingKind::MsgOverlongOrNonchar => message::MSG_OVERLONG_OR_NONCHAR,
        FindingKind::MsgTooBig => message::MSG_TOO_BIG,
        FindingKind::Close1byte => close::CLOSE_1BYTE,
        FindingKind::CloseCodeReserved => close::CLOSE_CODE_RESERVED,
        FindingKind::CloseCodeRange => close::CLOSE_CODE_RANGE,
        FindingKind::CloseCodeLittleEndian => close::CLOSE_CODE_LITTLE_ENDIAN,
        FindingKind::CloseCodeAscii => close::CLOSE_CODE_ASCII,
        FindingKind::CloseReasonUtf8 => close::CLOSE_REASON_UTF8,
        FindingKind::CloseReasonLong => close::CLOSE_REASON_LONG,
        FindingKind::CloseDataAfter => close::CLOSE_DATA_AFTER,
        FindingKind::CloseNoReply => close::CLOSE_NO_REPLY,
        FindingKind::CloseNoTcpClose => close::CLOSE_NO_TCP_CLOSE,
        FindingKind::CloseBeforeHandshake => close::CLOSE_BEFORE_HANDSHAKE,
        FindingKind::CloseCleanErrorCodes => close::CLOSE_CLEAN_ERROR_CODES,
        FindingKind::CloseOwnReason => close::CLOSE_OWN_REASON,
        FindingKind::CloseAtOnce => close::CLOSE_AT_ONCE,
        FindingKind::CloseBrowser1001 => close::CLOSE_BROWSER_1001,
        FindingKind::CloseFromBrowser1002 => close::CLOSE_FROM_BROWSER_1002,
        FindingKind::SocketioVersion => application::SOCKETIO_VERSION,
        FindingKind::SocketioRefused => application::SOCKETIO_REFUSED,
        FindingKind::SocketioNotAPacket => application::SOCKETIO_NOT_A_PACKET,
        FindingKind::SocketioNoConnect => application::SOCKETIO_NO_CONNECT,
        FindingKind::SocketioNoPong => application::SOCKETIO_NO_PONG,
        FindingKind::SocketioDisconnected => application::SOCKETIO_DISCONNECTED,
        FindingKind::GraphqlOldAndNew => application::GRAPHQL_OLD_AND_NEW,
        FindingKind::GraphqlRefused => application::GRAPHQL_REFUSED,
        FindingKind::GraphqlError => application::GRAPHQL_ERROR,
        FindingKind::MqttRefused => application::MQTT_REFUSED,
        FindingKind::MqttText => application::MQTT_TEXT,
        FindingKind::MqttNoSubprotocol => application::MQTT_NO_SUBPROTOCOL,
        FindingKind::MqttKeepAlive => application::MQTT_KEEP_ALIVE,
        FindingKind::MqttDisconnected => application::MQTT_DISCONNECTED,
        FindingKind::MqttSubscriptionRefused => application::MQTT_SUBSCRIPTION_REFUSED,
        FindingKind::StompNoNul => application::STOMP_NO_NUL,
        FindingKind::StompError => application::STOMP_ERROR,
        FindingKind::SignalrNoSeparator => application::SIGNALR_NO_SEPARATOR,
        FindingKind::SignalrRefused => application::SIGNALR_REFUSED,
        FindingKind::SignalrClosed => application::SIGNALR_CLOSED,
        FindingKind::PhoenixRefused => application::PHOENIX_REFUSED,
        FindingKind::PhoenixError => application::PHOENIX_ERROR,
        FindingKind::PhoenixNoHeartbeat => application::PHOENIX_NO_HEARTBEAT,
        FindingKind::ActioncableRejected => application::ACTIONCABLE_REJECTED,
        FindingKind::ActioncableDisconnected => application::ACTIONCABLE_DISCONNECTED,
        FindingKind::WampAborted => application::WAMP_ABORTED,
        FindingKind::WampGoodbye => application::WAMP_GOODBYE,
        FindingKind::AppGreetingUnanswered => application::APP_GREETING_UNANSWERED,
        FindingKind::AppTextAsBinary => application::APP_TEXT_AS_BINARY,
        FindingKind::AppJsonAsBinary => application::APP_JSON_AS_BINARY,
        FindingKind::AppFirstUnanswered => application::APP_FIRST_UNANSWERED,
        FindingKind::AppHeartbeatBroken => application::APP_HEARTBEAT_BROKEN,
        FindingKind::Hixie75StatusLine => draft::HIXIE75_STATUS_LINE,
        FindingKind::Hixie75HeaderOrder => draft::HIXIE75_HEADER_ORDER,
        FindingKind::Hixie75OriginLocation => draft::HIXIE75_ORIGIN_LOCATION,
        FindingKind::Hixie76Headers => draft::HIXIE76_HEADERS,
        FindingKind::Hixie76Challenge => draft::HIXIE76_CHALLENGE,
        FindingKind::Hixie76Key3Withheld => draft::HIXIE76_KEY3_WITHHELD,
        FindingKind::Hixie76KeysInvalid => draft::HIXIE76_KEYS_INVALID,
        FindingKind::Hixie76NoClose => draft::HIXIE76_NO_CLOSE,
        FindingKind::HixieBinary => draft::HIXIE_BINARY,
        FindingKind::HixieFrameError => draft::HIXIE_FRAME_ERROR,
        FindingKind::HybiVersion412 => draft::HYBI_VERSION_4_12,
        FindingKind::V8OriginHeader => draft::V8_ORIGIN_HEADER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_titles_are_lower_case_without_a_stop() {
        let kinds = FindingKind::ALL;
        for kind in kinds {
            let (id, title) = (kind.id(), words(*kind).title);
            assert_eq!(kinds.iter().filter(|other| other.id() == id).count(), 1, "{id}");
            assert!(title.starts_with(|first: char| !first.is_uppercase()) && !title.ends_with('.'), "{id}: {title}");
        }
    }

    #[test]
    fn every_cell_has_words() {
        for kind in FindingKind::ALL {
            let entry = words(*kind);
            let cells = [entry.title, entry.spec, entry.chrome, entry.firefox, entry.safari, entry.cause, entry.fix];
            for cell in cells.into_iter().chain(entry.from_client).chain(entry.repair) {
                assert!(!cell.trim().is_empty() && !cell.contains("illegal"), "{}: {cell}", kind.id());
                assert!(cell.trim() == cell && !cell.contains("  "), "{}: {cell}", kind.id());
            }
        }
    }

    #[test]
    fn what_is_unseen_has_other_ids() {
        for (index, unseen) in UNSEEN.iter().enumerate() {
            assert!(FindingKind::ALL.iter().all(|kind| kind.id() != unseen.id), "{}", unseen.id);
            assert!(UNSEEN.iter().skip(index + 1).all(|other| other.id != unseen.id), "{}", unseen.id);
        }
    }

    #[test]
    fn no_two_kinds_have_the_same_title() {
        let mut titles: Vec<_> = FindingKind::ALL.iter().map(|kind| words(*kind).title).collect();
        titles.sort_unstable();
        let all = titles.len();
        titles.dedup();
        assert_eq!(titles.len(), all);
    }
}
