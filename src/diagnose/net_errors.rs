//! Servers that can't be reached: which finding each cause is, and what Chrome says of it. One table, for the proxy's
//! findings and for the doctor's report.
//!
//! Measured where Chromium could be made to show it; else from its sources: the certificate verifier's errors, BoringSSL's
//! alerts, the system's errors, and `WebSocketStream`, which puts two of the net errors into words of its own.

use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;

/// Why there is no connection to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoConnection {
    /// Its name has no address, or the resolver did not say one in time.
    NameNotResolved,
    /// It refused the connection.
    Refused,
    /// There is no way to its address.
    AddressUnreachable,
    /// It did not take the connection in time.
    ConnectTimedOut,
    /// It took the connection, and not a byte of TLS came in time.
    HandshakeTimedOut,
    /// Its certificate is out of date, or not valid yet.
    CertificateDate,
    /// Its certificate is for another name.
    CertificateName,
    /// Nobody who is trusted has signed its certificate, or not with the key of that name.
    CertificateAuthority,
    /// Something else is wrong with its certificate.
    CertificateInvalid,
    /// It asks for a certificate of the client's.
    ClientCertificate,
    /// No version of TLS is common to both.
    Version,
    /// It ended the handshake with this alert (RFC 8446 6).
    Alert(u8),
    /// Its bytes make no sense as TLS.
    NotTls,
    /// It ended the connection during the handshake.
    Closed,
    /// It reset the connection during the handshake.
    Reset,
    /// The connection broke otherwise during the handshake.
    Broken,
}

/// Chrome's words for a net error that has none of its own.
macro_rules! net_error {
    ($name:literal) => {
        concat!("Error in connection establishment: net::ERR_", $name)
    };
}

impl NoConnection {
    /// Chrome's words without the "WebSocket connection to '...' failed: " in front.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NameNotResolved => net_error!("NAME_NOT_RESOLVED"),
            Self::Refused => net_error!("CONNECTION_REFUSED"),
            Self::AddressUnreachable => net_error!("ADDRESS_UNREACHABLE"),
            Self::ConnectTimedOut => net_error!("CONNECTION_TIMED_OUT"),
            // That is how it puts ERR_TIMED_OUT.
            Self::HandshakeTimedOut => "WebSocket opening handshake timed out",
            Self::CertificateDate => net_error!("CERT_DATE_INVALID"),
            Self::CertificateName => net_error!("CERT_COMMON_NAME_INVALID"),
            Self::CertificateAuthority => net_error!("CERT_AUTHORITY_INVALID"),
            Self::CertificateInvalid => net_error!("CERT_INVALID"),
            // It gives up as soon as the server asks, since a WebSocket has no dialog to choose one in: ERR_ABORTED.
            Self::ClientCertificate => "WebSocket opening handshake was canceled",
            Self::Version => net_error!("SSL_VERSION_OR_CIPHER_MISMATCH"),
            Self::Alert(alert) => of_alert(alert),
            Self::NotTls => net_error!("SSL_PROTOCOL_ERROR"),
            Self::Closed => net_error!("CONNECTION_CLOSED"),
            Self::Reset => net_error!("CONNECTION_RESET"),
            Self::Broken => net_error!("FAILED"),
        }
    }

    /// The finding that it is.
    #[must_use]
    pub const fn kind(self) -> FindingKind {
        match self {
            Self::NameNotResolved => FindingKind::TcpDns,
            Self::Refused => FindingKind::TcpRefused,
            Self::AddressUnreachable | Self::ConnectTimedOut => FindingKind::TcpConnectTimeout,
            Self::CertificateDate
            | Self::CertificateName
            | Self::CertificateAuthority
            | Self::CertificateInvalid
            | Self::ClientCertificate
            | Self::Alert(UNRECOGNIZED_NAME) => FindingKind::TlsBadCert,
            Self::HandshakeTimedOut
            | Self::Version
            | Self::Alert(_)
            | Self::NotTls
            | Self::Closed
            | Self::Reset
            | Self::Broken => FindingKind::TlsNotTls,
        }
    }

    /// What was found. `sentence` says the cause to people and, behind a semicolon, what to do.
    #[must_use]
    pub fn finding(self, sentence: &str) -> Finding {
        let (cause, fix) = sentence.rsplit_once("; ").map_or((sentence, None), |(cause, fix)| (cause, Some(fix)));
        let finding =
            Finding::new(self.kind(), Place::Connection).detail(text::escape(cause.as_bytes())).chrome(self.words());
        match fix {
            Some(fix) => finding.cause(cause.to_owned(), fix.to_owned()),
            None => finding,
        }
    }
}

const UNRECOGNIZED_NAME: u8 = 112;

const fn of_alert(alert: u8) -> &'static str {
    match alert {
        // handshake_failure, protocol_version, insufficient_security
        40 | 70 | 71 => net_error!("SSL_VERSION_OR_CIPHER_MISMATCH"),
        // bad_certificate to certificate_unknown, unknown_ca, access_denied
        42..=46 | 48 | 49 => net_error!("BAD_SSL_CLIENT_AUTH_CERT"),
        // bad_record_mac, decrypt_error
        20 => net_error!("SSL_BAD_RECORD_MAC_ALERT"),
        51 => net_error!("SSL_DECRYPT_ERROR_ALERT"),
        UNRECOGNIZED_NAME => net_error!("SSL_UNRECOGNIZED_NAME_ALERT"),
        _ => net_error!("SSL_PROTOCOL_ERROR"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chromium_156_said_is_what_is_told() {
        let prefix = "Error in connection establishment: net::ERR_";
        for (cause, measured) in [
            (NoConnection::NameNotResolved, "NAME_NOT_RESOLVED"),
            (NoConnection::Refused, "CONNECTION_REFUSED"),
            (NoConnection::CertificateAuthority, "CERT_AUTHORITY_INVALID"),
            (NoConnection::NotTls, "SSL_PROTOCOL_ERROR"),
            (NoConnection::Alert(40), "SSL_VERSION_OR_CIPHER_MISMATCH"),
            (NoConnection::Alert(70), "SSL_VERSION_OR_CIPHER_MISMATCH"),
            (NoConnection::Alert(112), "SSL_UNRECOGNIZED_NAME_ALERT"),
            (NoConnection::Closed, "CONNECTION_CLOSED"),
            (NoConnection::Reset, "CONNECTION_RESET"),
        ] {
            assert_eq!(cause.words().strip_prefix(prefix), Some(measured), "{cause:?}");
        }
        assert_eq!(NoConnection::HandshakeTimedOut.words(), "WebSocket opening handshake timed out");
    }

    #[test]
    fn a_sentence_is_a_cause_and_what_to_do() {
        let found = NoConnection::Refused.finding("nothing listens on 127.0.0.1:9; start the server");
        assert_eq!((found.kind, found.detail.as_str()), (FindingKind::TcpRefused, "nothing listens on 127.0.0.1:9"));
        assert_eq!(found.chrome.as_deref(), Some(NoConnection::Refused.words()));
        assert_eq!(found.cause.as_deref(), Some("nothing listens on 127.0.0.1:9"));
        assert_eq!(found.fix.as_deref(), Some("start the server"));
        assert_eq!(NoConnection::Broken.finding("it broke").fix, None);
    }
}
