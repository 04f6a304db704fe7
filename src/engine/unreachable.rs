//! Upstreams that can't be reached, as findings: what a browser would have said, had it dialled there itself.

use crate::diagnose::handshake;
use crate::record::finding::{Finding, FindingKind};

use super::dial::{DialCause, Stage};
use super::tls::TlsFault;

/// What was found where there is no connection.
pub(super) fn finding(cause: &DialCause) -> Finding {
    let (kind, error) = match cause {
        DialCause::NotFound { .. } | DialCause::Slow { stage: Stage::Name, .. } => {
            (FindingKind::TcpDns, "ERR_NAME_NOT_RESOLVED")
        }
        DialCause::Refused(_) => (FindingKind::TcpRefused, "ERR_CONNECTION_REFUSED"),
        DialCause::Unreachable { .. } => (FindingKind::TcpConnectTimeout, "ERR_ADDRESS_UNREACHABLE"),
        DialCause::Slow { stage: Stage::Connect, .. } => (FindingKind::TcpConnectTimeout, "ERR_CONNECTION_TIMED_OUT"),
        DialCause::Slow { stage: Stage::Handshake, .. } => (FindingKind::TlsNotTls, "ERR_TIMED_OUT"),
        DialCause::Tls(fault) => return of_tls(fault),
    };
    explained(kind, error, &cause.to_string())
}

/// What was found where TLS failed.
pub(super) fn of_tls(fault: &TlsFault) -> Finding {
    let (kind, error) = match fault {
        TlsFault::Expired(_) | TlsFault::NotValidYet(_) => (FindingKind::TlsBadCert, "ERR_CERT_DATE_INVALID"),
        TlsFault::WrongName(_) => (FindingKind::TlsBadCert, "ERR_CERT_COMMON_NAME_INVALID"),
        TlsFault::UnknownIssuer | TlsFault::SignedItself => (FindingKind::TlsBadCert, "ERR_CERT_AUTHORITY_INVALID"),
        TlsFault::BadSignature | TlsFault::Certificate(_) => (FindingKind::TlsBadCert, "ERR_CERT_INVALID"),
        TlsFault::UnknownName => (FindingKind::TlsBadCert, "ERR_SSL_UNRECOGNIZED_NAME_ALERT"),
        TlsFault::ClientCertificate => (FindingKind::TlsBadCert, "ERR_SSL_CLIENT_AUTH_CERT_NEEDED"),
        TlsFault::Version => (FindingKind::TlsNotTls, "ERR_SSL_VERSION_OR_CIPHER_MISMATCH"),
        TlsFault::Closed => (FindingKind::TlsNotTls, "ERR_CONNECTION_CLOSED"),
        _ => (FindingKind::TlsNotTls, "ERR_SSL_PROTOCOL_ERROR"),
    };
    explained(kind, error, &fault.to_string())
}

/// The sentences for people say the cause, and behind a semicolon what to do.
fn explained(kind: FindingKind, error: &str, sentence: &str) -> Finding {
    match sentence.rsplit_once("; ") {
        Some((cause, fix)) => handshake::unreachable(kind, error, cause).cause(cause.to_owned(), fix.to_owned()),
        None => handshake::unreachable(kind, error, sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_with_chrome_s_words_and_what_to_do() {
        let found = finding(&DialCause::Refused(vec!["127.0.0.1:9".parse().unwrap()]));
        assert_eq!(found.kind, FindingKind::TcpRefused);
        let words = "Error in connection establishment: net::ERR_CONNECTION_REFUSED";
        assert_eq!(found.chrome.as_deref(), Some(words));
        assert_eq!(found.cause.as_deref(), Some("nothing listens on 127.0.0.1:9"));
        assert_eq!(found.fix.as_deref(), Some("start the server, or check the port in --upstream"));
        let found = finding(&DialCause::Tls(TlsFault::Plain));
        assert_eq!((found.kind, found.detail.as_str()), (FindingKind::TlsNotTls, "it does not speak TLS there"));
        assert_eq!(of_tls(&TlsFault::SignedItself).kind, FindingKind::TlsBadCert);
    }
}
