//! Whether and how connections are encrypted.

use std::pin::Pin;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::task::{Context, Poll};

use ironflow_domain::store::{StoreError, StoreErrorKind};
#[cfg(feature = "tls")]
use rustls::pki_types::CertificateDer;
#[cfg(feature = "tls")]
use rustls::pki_types::pem::PemObject;
#[cfg(feature = "tls")]
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};
#[cfg(feature = "tls")]
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Options;

/// How connections are made.
#[derive(Clone)]
pub(crate) enum Tls {
    /// As they are.
    None,
    /// Encrypted, and only with a server that can prove who it is.
    #[cfg(feature = "tls")]
    Verified(MakeRustlsConnect),
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            #[cfg(feature = "tls")]
            Self::Verified(_) => "Verified",
        })
    }
}

/// What carries a connection's messages, as long as there are any.
pub(crate) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Tls {
    /// Encrypts where the URL says `sslmode=require`. `prefer`, which it says where it says nothing,
    /// would encrypt without knowing whom it talks to, if the server likes: not worth anything.
    pub(crate) fn new(config: &mut Config, options: &Options) -> Result<Self, StoreError> {
        if config.get_ssl_mode() != SslMode::Require {
            config.ssl_mode(SslMode::Disable);
            return Ok(Self::None);
        }
        Self::verified(options)
    }

    #[cfg(not(feature = "tls"))]
    fn verified(_: &Options) -> Result<Self, StoreError> {
        let message = "failed to connect: the URL says sslmode=require, and ironflow-postgres was built without TLS: \
             switch on its feature `tls`";
        Err(StoreError::new(StoreErrorKind::Unsupported, message))
    }

    #[cfg(feature = "tls")]
    fn verified(options: &Options) -> Result<Self, StoreError> {
        let roots = match &options.root_certificates {
            Some(pem) => roots_in(pem)?,
            None => roots_of_the_system(),
        };
        // Named, so that it need not be the one that the application has chosen for itself.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused("failed to connect: TLS cannot be set up").because(error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::Verified(MakeRustlsConnect::new(tls)))
    }

    /// Opens one connection.
    pub(crate) async fn connect(
        &self,
        config: &Config,
        notified: impl Fn(AsyncMessage) + Send + 'static,
    ) -> Result<(Client, Driver), tokio_postgres::Error> {
        match self {
            Self::None => {
                let (client, connection) = config.connect(NoTls).await?;
                Ok((client, driver(connection, notified)))
            }
            #[cfg(feature = "tls")]
            Self::Verified(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                Ok((client, driver(connection, notified)))
            }
        }
    }
}

#[cfg(feature = "tls")]
fn roots_in(pem: &[u8]) -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = certificate.map(|certificate| roots.add(certificate));
        match added {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(refused(UNREADABLE).because(error)),
            Err(error) => return Err(refused(UNREADABLE).because(error)),
        }
    }
    if roots.is_empty() {
        let message = "failed to connect: the root certificates are none: expected PEM with BEGIN CERTIFICATE";
        return Err(refused(message));
    }
    Ok(roots)
}

#[cfg(feature = "tls")]
const UNREADABLE: &str = "failed to connect: a root certificate cannot be read";

/// Whom the operating system trusts. Some that it has may be too old or odd to be used.
#[cfg(feature = "tls")]
fn roots_of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(feature = "tls")]
fn refused(message: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Other, message)
}

/// Carries messages until the connection ends. Why it does, whoever uses it gets to know.
fn driver<S, T>(
    mut connection: Connection<S, T>,
    notified: impl Fn(AsyncMessage) + Send + 'static,
) -> Driver
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(std::future::poll_fn(move |context: &mut Context<'_>| {
        loop {
            match connection.poll_message(context) {
                Poll::Ready(Some(Ok(message))) => notified(message),
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }))
}
