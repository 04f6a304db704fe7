//! temporary
use super::*;
use std::time::Duration;
use tokio::net::TcpStream;
#[derive(Clone)]
pub struct Dialer(Arc<Upstream>);
pub type Stream = TcpStream;
#[derive(Debug, thiserror::Error)]
#[error("upstream: {0}")]
pub struct DialError(io::Error);
impl DialError {
    pub fn status(&self) -> u16 {
        502
    }
}
impl Dialer {
    pub fn new(u: Upstream, _o: &TlsOptions, _t: Duration) -> Result<Self, tls::TlsSetupError> {
        Ok(Self(Arc::new(u)))
    }
    pub async fn dial(&self) -> Result<Stream, DialError> {
        let s = TcpStream::connect((self.0.host.as_str(), self.0.port)).await.map_err(DialError)?;
        s.set_nodelay(true).ok();
        Ok(s)
    }
}
