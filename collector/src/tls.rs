//! TLS, by rustls.

use std::io;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A certificate and its key, ready to be shown.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// A certificate or a key that cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file does not read as what it should be.
    #[error("{path}: {error}: it must be PEM")]
    File {
        /// Of the file.
        path: String,
        /// Why not.
        error: String,
    },
    /// The two do not go together.
    #[error("the certificate and the key cannot be used: {0}")]
    Pair(String),
}

impl Tls {
    /// Reads the certificate, with those that vouch for it, and the key.
    ///
    /// # Errors
    /// Files that do not read, or do not go together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let fault =
            |path: &Path, error: String| TlsError::File { path: path.display().to_string(), error };
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain: Vec<_> = chain.map_err(|error| fault(certificate, error.to_string()))?;
        let secret = PrivateKeyDer::from_pem_file(key);
        let secret = secret.map_err(|error| fault(key, error.to_string()))?;
        let pair = |error: tokio_rustls::rustls::Error| TlsError::Pair(error.to_string());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(pair)?;
        let mut config =
            config.with_no_client_auth().with_single_cert(chain, secret).map_err(pair)?;
        config.alpn_protocols = [&b"h2"[..], b"http/1.1"].map(<[u8]>::to_vec).into();
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
