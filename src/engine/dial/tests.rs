//! Each way in which a connection to the upstream fails, over real sockets.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// A root, and where its PEM is.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    path: PathBuf,
    _directory: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("root.pem");
        std::fs::write(&path, issuer.pem()).unwrap();
        Self { issuer, path, _directory: directory }
    }

    fn trusted(&self) -> TlsOptions {
        TlsOptions { insecure: false, ca: Some(self.path.clone()) }
    }

    fn server(&self, params: &CertificateParams) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        server(params.signed_by(&key, &self.issuer).unwrap().der().clone(), &key, rustls::ALL_VERSIONS, None)
    }
}

fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn server(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<RootCertStore>,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let builder = match clients {
        Some(roots) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
        ),
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    builder.with_single_cert(vec![certificate], key).unwrap()
}

/// Shakes hands with whoever comes, and sends `hi`.
async fn serve_tls(config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(mut tls) = acceptor.accept(socket).await {
                let _ = tls.write_all(b"hi").await;
                let _ = tls.shutdown().await;
            }
        }
    });
    port
}

fn upstream(secure: bool, host: &str, port: u16) -> Upstream {
    Upstream { secure, host: host.to_owned(), port, path: String::new() }
}

async fn dial_tls(host: &str, port: u16, options: &TlsOptions) -> Result<Stream, DialError> {
    Dialer::new(upstream(true, host, port), options, LONG).unwrap().dial().await
}

fn fault(result: Result<Stream, DialError>) -> (TlsFault, String) {
    let error = result.unwrap_err();
    assert_eq!(error.status(), 502);
    let sentence = error.to_string();
    assert!(!sentence.contains('\n') && sentence.starts_with("can't reach wss://"), "{sentence}");
    match error.cause {
        DialCause::Tls(fault) => (fault, sentence),
        other => panic!("{other}"),
    }
}

async fn greeting(stream: Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = stream;
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_closed_port_is_refused_by_name_and_by_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for host in ["127.0.0.1", "localhost"] {
        let error = Dialer::new(upstream(false, host, port), &TlsOptions::default(), LONG).unwrap().dial().await;
        let error = error.unwrap_err();
        assert!(matches!(error.cause, DialCause::Refused(_)), "{error}");
        assert_eq!(error.status(), 502);
        let start = format!("can't reach ws://{host}:{port}: nothing listens on ");
        assert!(error.to_string().starts_with(&start), "{error}");
        assert!(error.to_string().contains(&format!("127.0.0.1:{port}; start the server")), "{error}");
    }
}

#[tokio::test]
async fn localhost_is_found_on_either_family() {
    for bind in ["127.0.0.1:0", "[::1]:0"] {
        // A machine without IPv6 has nothing to find there.
        let Ok(listener) = TcpListener::bind(bind).await else { continue };
        let address = listener.local_addr().unwrap();
        let dialer = Dialer::new(upstream(false, "LocalHost", address.port()), &TlsOptions::default(), LONG).unwrap();
        let stream = dialer.dial().await.unwrap();
        assert_eq!(stream.tcp().peer_addr().unwrap(), address);
        assert!(stream.tcp().nodelay().unwrap());
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_not_found() {
    let error = Dialer::new(upstream(false, "nobody.invalid", 80), &TlsOptions::default(), LONG).unwrap().dial().await;
    let error = error.unwrap_err();
    assert!(matches!(error.cause, DialCause::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("the name nobody.invalid was not found"), "{error}");
}

#[tokio::test]
async fn a_root_that_is_named_is_trusted_and_an_unknown_one_is_not() {
    let authority = Authority::new("root");
    let port = serve_tls(authority.server(&named("localhost"))).await;
    let stream = dial_tls("localhost", port, &authority.trusted()).await.unwrap();
    assert_eq!(greeting(stream).await, b"hi");

    let other = Authority::new("other");
    let (why, sentence) = fault(dial_tls("localhost", port, &other.trusted()).await);
    assert!(matches!(why, TlsFault::UnknownIssuer), "{sentence}");
    assert!(sentence.contains("--ca FILE") && sentence.contains("--insecure"), "{sentence}");

    let anew = Authority::new("root");
    let (why, sentence) = fault(dial_tls("localhost", port, &anew.trusted()).await);
    assert!(matches!(why, TlsFault::BadSignature), "{sentence}");

    let insecure = TlsOptions { insecure: true, ca: None };
    assert_eq!(greeting(dial_tls("localhost", port, &insecure).await.unwrap()).await, b"hi");
}

#[tokio::test]
async fn addresses_are_names_too() {
    let authority = Authority::new("root");
    let port = serve_tls(authority.server(&named("127.0.0.1"))).await;
    let stream = dial_tls("127.0.0.1", port, &authority.trusted()).await.unwrap();
    assert_eq!(greeting(stream).await, b"hi");
}

#[tokio::test]
async fn dates_and_names_of_certificates_are_told() {
    let authority = Authority::new("root");
    let mut expired = named("localhost");
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    let mut early = named("localhost");
    (early.not_before, early.not_after) = (date_time_ymd(2999, 4, 5), date_time_ymd(3000, 1, 1));
    for (params, words) in [
        (expired, "its certificate expired on 2021-02-03"),
        (early, "its certificate is not valid before 2999-04-05"),
        (named("elsewhere.example"), "its certificate is for elsewhere.example, not for localhost"),
    ] {
        let port = serve_tls(authority.server(&params)).await;
        let (_, sentence) = fault(dial_tls("localhost", port, &authority.trusted()).await);
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_where_it_is_named() {
    // Once as most tools make it, and once as `openssl req -x509` does: an authority.
    let kinds = [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)];
    for is_ca in kinds {
        let key = KeyPair::generate().unwrap();
        let mut params = named("localhost");
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("own.pem");
        std::fs::write(&path, certificate.pem()).unwrap();
        let port = serve_tls(server(certificate.der().clone(), &key, rustls::ALL_VERSIONS, None)).await;

        let (_, sentence) = fault(dial_tls("localhost", port, &Authority::new("other").trusted()).await);
        assert!(sentence.contains("it signed its certificate itself") && sentence.contains("--ca FILE"), "{sentence}");
        let own = TlsOptions { insecure: false, ca: Some(path) };
        assert_eq!(greeting(dial_tls("localhost", port, &own).await.unwrap()).await, b"hi");
        let (why, sentence) = fault(dial_tls("127.0.0.1", port, &own).await);
        assert!(matches!(why, TlsFault::WrongName(_)), "{sentence}");
    }
}

#[tokio::test]
async fn a_root_of_the_same_name_with_another_kind_of_key_does_not_hide_that_a_certificate_signs_itself() {
    let key = KeyPair::generate().unwrap();
    let mut params = named("localhost");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let other = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("root.pem");
    std::fs::write(&path, params.self_signed(&other).unwrap().pem()).unwrap();

    let port =
        serve_tls(server(params.self_signed(&key).unwrap().der().clone(), &key, rustls::ALL_VERSIONS, None)).await;
    let (why, sentence) = fault(dial_tls("localhost", port, &TlsOptions { insecure: false, ca: Some(path) }).await);
    assert!(matches!(why, TlsFault::SignedItself), "{sentence}");
    assert!(!sentence.contains(['{', '[']), "{sentence}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut hello = [0; 5];
            let _ = socket.read_exact(&mut hello).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            // Held open until the client has read it.
            let _ = socket.read_to_end(&mut Vec::new()).await;
        }
    });
    let insecure = TlsOptions { insecure: true, ca: None };
    let (why, sentence) = fault(dial_tls("127.0.0.1", port, &insecure).await);
    assert!(matches!(why, TlsFault::Plain), "{sentence}");
    assert!(sentence.contains("use ws:// in place of wss://"), "{sentence}");
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_handshake_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let (why, sentence) = fault(dial_tls("127.0.0.1", port, &TlsOptions { insecure: true, ca: None }).await);
    // What it did not read makes its end a reset, where that is quick enough.
    assert!(matches!(why, TlsFault::Closed | TlsFault::Reset), "{sentence}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = TlsOptions { insecure: true, ca: None };
    let dialer = Dialer::new(upstream(true, "127.0.0.1", port), &options, Duration::from_millis(50)).unwrap();
    let error = dialer.dial().await.unwrap_err();
    assert!(matches!(error.cause, DialCause::Slow { stage: Stage::Handshake, .. }), "{error}");
    assert_eq!(error.status(), 504);
    assert!(error.to_string().contains("it did not answer the TLS handshake within 50ms"), "{error}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_told() {
    let authority = Authority::new("root");
    let mut roots = RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = named("localhost").signed_by(&key, &authority.issuer).unwrap().der().clone();

    let versions = [&rustls::version::TLS12];
    let port = serve_tls(server(certificate.clone(), &key, &versions, Some(roots.clone()))).await;
    let (why, sentence) = fault(dial_tls("localhost", port, &authority.trusted()).await);
    assert!(matches!(why, TlsFault::ClientCertificate), "{sentence}");

    // TLS 1.3 says so only afterwards.
    let versions = [&rustls::version::TLS13];
    let port = serve_tls(server(certificate, &key, &versions, Some(roots))).await;
    let mut stream = dial_tls("localhost", port, &authority.trusted()).await.unwrap();
    let error = stream.read(&mut [0; 10]).await.unwrap_err();
    assert!(matches!(TlsFault::inside(&error), Some(TlsFault::ClientCertificate)), "{error}");
}

#[test]
fn old_tls_is_told() {
    let fault = TlsFault::from(rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion));
    assert_eq!(fault.to_string(), "it speaks neither TLS 1.2 nor 1.3; turn one of them on at the server");
}

#[test]
fn a_file_of_roots_that_is_none_is_told() {
    let directory = TempDir::new().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "nothing here\n").unwrap();
    for (path, words) in
        [(directory.path().join("none.pem"), "can't read certificates from --ca"), (empty, "holds no certificate")]
    {
        let options = TlsOptions { insecure: false, ca: Some(path) };
        let Err(error) = Dialer::new(upstream(true, "localhost", 1), &options, LONG) else { panic!("it was taken") };
        assert!(error.to_string().contains(words), "{error}");
        // Nobody asks for a file that is not needed.
        assert!(Dialer::new(upstream(false, "localhost", 1), &options, LONG).is_ok());
    }
}

#[cfg(target_os = "linux")]
/// A listener that takes no connection any more, and what fills it.
fn full() -> (socket2::Socket, Vec<socket2::Socket>, u16) {
    let new = || {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    };
    let listener = new();
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let filling = (0..8).map(|_| {
        let socket = new();
        let _ = socket.connect(&address);
        socket
    });
    let filling = filling.collect();
    (listener, filling, address.as_socket().unwrap().port())
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_server_with_a_full_backlog_is_waited_for_as_long_as_chrome_does() {
    let (_listener, _filling, port) = full();
    let limit = crate::relay::limits::Limits::default().dial_time;
    let dialer = Dialer::new(upstream(false, "127.0.0.1", port), &TlsOptions::default(), limit).unwrap();
    let begun = tokio::time::Instant::now();
    let error = dialer.dial().await.unwrap_err();
    // Chrome gives up after 240 s.
    assert!((220..240).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(error.status(), 504);
    let expected = format!("it did not take the connection within {}s; check the host", limit.as_secs());
    assert!(error.to_string().contains(&expected), "{error}");
}

#[test]
fn what_the_system_gives_up_after_its_own_time_is_a_connection_that_timed_out() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let gave_up = vec![(address, io::ErrorKind::TimedOut.into())];
    let cause = cause(gave_up, Duration::from_secs(131));
    assert!(matches!(cause, DialCause::Slow { stage: Stage::Connect, .. }), "{cause}");
    assert!(cause.to_string().contains("within 131s"), "{cause}");
    let found = super::super::unreachable::finding(&cause).unwrap();
    assert_eq!(found.kind, crate::record::finding::FindingKind::TcpConnectTimeout);
    let words = "Error in connection establishment: net::ERR_CONNECTION_TIMED_OUT";
    assert_eq!(found.chrome.as_deref(), Some(words));
}

#[test]
fn a_limit_of_wsproxy_s_own_is_not_laid_to_the_upstream() {
    let failure = (SocketAddr::from(([127, 0, 0, 1], 9)), io::Error::from_raw_os_error(24));
    let cause = cause(vec![failure], Duration::ZERO);
    assert!(super::super::unreachable::finding(&cause).is_none());
    let error = DialError { upstream: "ws://a".into(), cause };
    assert_eq!(error.status(), 503);
    assert!(error.to_string().contains("ulimit -n"), "{error}");
}
