//! Upstreams that can't be reached: which cause each error of the dialer's and of TLS's is.

use std::io;

use crate::diagnose::net_errors::NoConnection;
use crate::record::finding::Finding;

use super::dial::{DialCause, Stage};
use super::tls::TlsFault;

/// What was found where there is no connection; nothing where that is wsproxy's own trouble.
pub(super) fn finding(cause: &DialCause) -> Option<Finding> {
    let is_ours = matches!(cause, DialCause::Exhausted(_));
    (!is_ours).then(|| no_connection(cause).finding(&cause.to_string()))
}

/// What was found where TLS failed.
pub(super) fn of_tls(fault: &TlsFault) -> Finding {
    no_tls(fault).finding(&fault.to_string())
}

/// The cause, as Chrome tells causes apart.
pub(super) fn no_connection(cause: &DialCause) -> NoConnection {
    match cause {
        DialCause::NotFound { .. } | DialCause::Slow { stage: Stage::Name, .. } => NoConnection::NameNotResolved,
        DialCause::Refused(_) | DialCause::OtherFamily { .. } => NoConnection::Refused,
        DialCause::Unreachable { .. } => NoConnection::AddressUnreachable,
        DialCause::Slow { stage: Stage::Connect, .. } => NoConnection::ConnectTimedOut,
        DialCause::Slow { stage: Stage::Handshake, .. } => NoConnection::HandshakeTimedOut,
        DialCause::Exhausted(_) => NoConnection::Broken,
        DialCause::Tls(fault) => no_tls(fault),
    }
}

fn no_tls(fault: &TlsFault) -> NoConnection {
    match fault {
        TlsFault::Expired(_) | TlsFault::NotValidYet(_) => NoConnection::CertificateDate,
        TlsFault::WrongName(_) => NoConnection::CertificateName,
        TlsFault::UnknownIssuer | TlsFault::SignedItself | TlsFault::BadSignature => NoConnection::CertificateAuthority,
        TlsFault::Certificate(_) => NoConnection::CertificateInvalid,
        TlsFault::ClientCertificate => NoConnection::ClientCertificate,
        TlsFault::Version => NoConnection::Version,
        TlsFault::UnknownName => NoConnection::Alert(rustls::AlertDescription::UnrecognisedName.into()),
        TlsFault::Alert(alert) => NoConnection::Alert((*alert).into()),
        TlsFault::Plain | TlsFault::Other(_) => NoConnection::NotTls,
        TlsFault::Closed => NoConnection::Closed,
        TlsFault::Reset => NoConnection::Reset,
        TlsFault::Io(error) => match error.kind() {
            io::ErrorKind::TimedOut => NoConnection::ConnectTimedOut,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => NoConnection::AddressUnreachable,
            _ => NoConnection::Broken,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::AlertDescription;

    use super::*;
    use crate::record::finding::FindingKind;

    #[test]
    fn a_cause_is_told_with_chrome_s_words_and_what_to_do() {
        let found = finding(&DialCause::Refused(vec!["127.0.0.1:9".parse().unwrap()])).unwrap();
        assert_eq!(found.kind, FindingKind::TcpRefused);
        let words = "Error in connection establishment: net::ERR_CONNECTION_REFUSED";
        assert_eq!(found.chrome.as_deref(), Some(words));
        assert_eq!(found.cause.as_deref(), Some("nothing listens on 127.0.0.1:9"));
        assert_eq!(found.fix.as_deref(), Some("start the server, or check the port in --upstream"));
        let found = finding(&DialCause::Tls(TlsFault::Plain)).unwrap();
        assert_eq!((found.kind, found.detail.as_str()), (FindingKind::TlsNotTls, "it does not speak TLS there"));
        assert_eq!(of_tls(&TlsFault::SignedItself).kind, FindingKind::TlsBadCert);
    }

    #[test]
    fn causes_are_told_apart_as_chrome_does() {
        let slow = |stage| no_connection(&DialCause::Slow { stage, time: Duration::from_secs(1) });
        assert_eq!(slow(Stage::Name), NoConnection::NameNotResolved);
        assert_eq!(slow(Stage::Connect), NoConnection::ConnectTimedOut);
        assert_eq!(slow(Stage::Handshake), NoConnection::HandshakeTimedOut);
        let io = |kind: io::ErrorKind| no_tls(&TlsFault::from(io::Error::from(kind)));
        assert_eq!(io(io::ErrorKind::UnexpectedEof), NoConnection::Closed);
        assert_eq!(io(io::ErrorKind::ConnectionReset), NoConnection::Reset);
        assert_eq!(io(io::ErrorKind::TimedOut), NoConnection::ConnectTimedOut);
        assert_eq!(io(io::ErrorKind::Other), NoConnection::Broken);
        assert_eq!(no_tls(&TlsFault::BadSignature), NoConnection::CertificateAuthority);
        let alert = |alert| no_tls(&TlsFault::from(rustls::Error::AlertReceived(alert)));
        let failure = TlsFault::from(rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)).to_string();
        assert!(failure.contains("with the alert \"handshake failure\""), "{failure}");
        assert_eq!(alert(AlertDescription::HandshakeFailure), NoConnection::Alert(40));
        assert_eq!(alert(AlertDescription::UnrecognisedName), NoConnection::Alert(112));
    }
}
