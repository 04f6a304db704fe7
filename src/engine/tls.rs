//! temporary
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct TlsSetupError;
