//! TLS towards the upstream: whom to trust, and what went wrong in plain words.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, OtherError,
    RootCertStore, SignatureScheme,
};

use super::{TlsOptions, Upstream, x509};
use crate::text;

/// TLS can't be set up as the command line asks.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of `--ca` can't be read, or is no PEM.
    #[error("can't read certificates from --ca {}: {source}; give a PEM file", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The file of `--ca` has no certificate in it.
    #[error("--ca {} holds no certificate; give a PEM file with a line BEGIN CERTIFICATE", .0.display())]
    Empty(PathBuf),
    /// A certificate in the file of `--ca` can't be a root.
    #[error("a certificate in --ca {} can't be used as a root: {source}; give another file", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Error,
    },
    /// This machine trusts nobody.
    #[error("this machine has no root certificates; install ca-certificates, or use --ca FILE or --insecure")]
    NoRoots,
    /// The upstream's name can't be in a certificate.
    #[error("{0} is neither a name nor an address that a certificate can hold; check --upstream")]
    Name(String),
    /// rustls does not take the set-up.
    #[error("TLS can't be set up: {0}")]
    Other(#[from] Error),
}

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// The certificate's time is over.
    #[error("its certificate expired{0}; renew it, or use --insecure")]
    Expired(String),
    /// The certificate's time has not come.
    #[error("its certificate is not valid before{0}; check the clocks, or use --insecure")]
    NotValidYet(String),
    /// The certificate is somebody else's.
    #[error("its certificate {0}; connect by a name that it holds, or use --insecure")]
    WrongName(String),
    /// Nobody whom this machine trusts has signed it.
    #[error(
        "nobody whom this machine trusts has signed its certificate; name its root with --ca FILE, or use --insecure"
    )]
    UnknownIssuer,
    /// It names itself as its issuer, or it is an authority's, so most likely made by `openssl req -x509`, which signs with
    /// the certificate's own key.
    #[error("it signed its certificate itself; name that certificate with --ca FILE, or use --insecure")]
    SignedItself,
    /// A signature does not fit the key, most often that of a root with the same name.
    #[error(
        "its certificate has a wrong signature; if its root was made anew, name the new one with --ca FILE, or use --insecure"
    )]
    BadSignature,
    /// Something else is wrong with the certificate.
    #[error("its certificate is not acceptable ({0}); if it signed itself, name it with --ca FILE, or use --insecure")]
    Certificate(String),
    /// The first bytes were no TLS.
    #[error("it does not speak TLS there; use ws:// in place of wss://, or http:// in place of https://")]
    Plain,
    /// There is no version of TLS that both speak.
    #[error("it speaks neither TLS 1.2 nor 1.3; turn one of them on at the server")]
    Version,
    /// The server wants to know who the client is.
    #[error("it asks for a client certificate, and wsproxy has none; turn that off for this address at the server")]
    ClientCertificate,
    /// The server has no certificate for the name that was asked for.
    #[error("it has no certificate for that name; check the host in --upstream")]
    UnknownName,
    /// The server ended the handshake with another alert.
    #[error(
        "it refused the TLS handshake with the alert \"{words}\"; look into the server's log",
        words = spelled(&format!("{:?}", .0))
    )]
    Alert(AlertDescription),
    /// The connection ended in the middle.
    #[error("it closed the connection during the TLS handshake; check that it speaks TLS on this port")]
    Closed,
    /// The connection was reset in the middle.
    #[error("it reset the connection during the TLS handshake; check that it speaks TLS on this port")]
    Reset,
    /// TLS broke otherwise.
    #[error("the TLS handshake failed: {0}")]
    Other(Error),
    /// The connection broke otherwise.
    #[error("the connection broke during the TLS handshake: {0}")]
    Io(io::Error),
}

impl From<io::Error> for TlsFault {
    fn from(error: io::Error) -> Self {
        Self::inside(&error).unwrap_or_else(|| match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Reset,
            _ => Self::Io(error),
        })
    }
}

impl TlsFault {
    /// The fault of TLS that an I/O error wraps. A server that speaks TLS 1.3 refuses a client without a certificate
    /// only after the handshake, so this is worth asking for each error of a connection.
    #[must_use]
    pub fn inside(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Error>().map(|error| Self::from(error.clone()))
    }
}

impl From<Error> for TlsFault {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::from(error),
            Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
                Self::Plain
            }
            Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => Self::Version,
            Error::AlertReceived(AlertDescription::CertificateRequired) => Self::ClientCertificate,
            Error::AlertReceived(AlertDescription::UnrecognisedName) => Self::UnknownName,
            Error::AlertReceived(alert) => Self::Alert(alert),
            error => Self::Other(error),
        }
    }
}

impl From<CertificateError> for TlsFault {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Expired => Self::Expired(String::new()),
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(format!(" on {}", day(not_after))),
            CertificateError::NotValidYet => Self::NotValidYet(" a later day".to_owned()),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotValidYet(format!(" {}", day(not_before)))
            }
            CertificateError::NotValidForName => Self::WrongName("is for another name".to_owned()),
            CertificateError::NotValidForNameContext { expected, presented } => {
                let names: Vec<&str> = presented.iter().map(|name| inner_name(name)).collect();
                let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
                Self::WrongName(format!(
                    "is for {}, not for {}",
                    text::preview(names.as_bytes(), 200),
                    expected.to_str()
                ))
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            // A root of the same name, with a key of another kind.
            CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Self::BadSignature,
            CertificateError::BadEncoding => Self::Certificate("it is not in the form of X.509".to_owned()),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Certificate("it is not made for servers: its extended key usage lacks serverAuth".to_owned())
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. } => {
                Self::Certificate("it is signed with an algorithm that wsproxy does not take, such as SHA-1".to_owned())
            }
            CertificateError::Other(error) => match error.0.downcast_ref() {
                Some(Self::SignedItself) => Self::SignedItself,
                // webpki's own error, which is not to be had by its type without another dependency.
                _ if error.to_string() == "CaUsedAsEndEntity" => Self::SignedItself,
                _ => Self::Certificate(spelled(&error.to_string())),
            },
            error => Self::Certificate(spelled(&format!("{error:?}"))),
        }
    }
}

/// Whether it says no more than that nobody vouches for the certificate, or not with the key that is known.
const fn is_of_issuer(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

/// The name of a variant in words, without what it holds: `UnsupportedCertVersion { .. }` is `unsupported cert version`.
fn spelled(variant: &str) -> String {
    let mut out = String::new();
    for character in variant.chars().take_while(|character| character.is_ascii_alphanumeric()) {
        if character.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// webpki tells names as `DnsName("example.org")`.
fn inner_name(presented: &str) -> &str {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(presented).trim_matches('"')
}

fn day(time: UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(second)
        .map_or_else(|_| "an odd day".to_owned(), |day| day.strftime("%Y-%m-%d").to_string())
}

/// How to greet the upstream: the name to ask for.
pub(super) fn server_name(upstream: &Upstream) -> Result<ServerName<'static>, TlsSetupError> {
    ServerName::try_from(upstream.host.clone()).map_err(|_| TlsSetupError::Name(upstream.host.clone()))
}

/// Reads the roots and sets TLS up. Costs a few milliseconds: once for all connections.
pub(super) fn client_config(options: &TlsOptions) -> Result<ClientConfig, TlsSetupError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> =
        if options.insecure { Arc::new(Anyone(Arc::clone(&provider))) } else { trusted(options, &provider)? };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn trusted(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Arc<Trusted>, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    // Platforms carry some roots that nothing can read; the others are as good as ever.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let mut pinned = Vec::new();
    if let Some(path) = &options.ca {
        let unreadable = |source| TlsSetupError::Pem { path: path.clone(), source };
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            let certificate = certificate.map_err(unreadable)?;
            roots.add(certificate.clone()).map_err(|source| TlsSetupError::Root { path: path.clone(), source })?;
            pinned.push(certificate);
        }
        if pinned.is_empty() {
            return Err(TlsSetupError::Empty(path.clone()));
        }
    }
    if roots.is_empty() {
        return Err(TlsSetupError::NoRoots);
    }
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    Ok(Arc::new(Trusted { webpki, pinned }))
}

/// The usual judgement, with one thing more. `openssl req -x509` makes certificates that sign themselves and call
/// themselves an authority; webpki takes no authority for a server, though the user named that very certificate.
#[derive(Debug)]
struct Trusted {
    webpki: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.webpki.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.pinned.contains(certificate) => {
                // As with every root, the dates are not looked at.
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            // Whose name is in no root's, or in that of another one, made for the same name.
            Err(Error::InvalidCertificate(error)) if is_of_issuer(&error) && x509::is_self_issued(certificate) => {
                Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(TlsFault::SignedItself)))))
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// `--insecure`: any certificate will do. Its holder must still show that the key is theirs.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
