//! TLS towards the broker, verified by the `rustls` this package configures.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::settings::SettingsError;

/// The certificate files of a `mqtts://` link, all optional, all PEM.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TlsFiles<'a> {
    /// Certificates to trust instead of the system's.
    pub(super) ca: Option<&'a Path>,
    /// The client's own certificate chain; needs `client_key`.
    pub(super) client_cert: Option<&'a Path>,
    /// The client's private key; needs `client_cert`.
    pub(super) client_key: Option<&'a Path>,
}

/// Reads the files and builds the transport.
pub(super) fn transport(files: TlsFiles<'_>) -> Result<Transport, SettingsError> {
    let roots = match files.ca {
        Some(path) => roots_of(path)?,
        None => system_roots()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let config = match (files.client_cert, files.client_key) {
        (Some(cert), Some(key)) => {
            let chain = certificates("client_cert_file", cert)?;
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| SettingsError::file("client_key_file", key, &error))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| SettingsError::file("client_key_file", key, &error))?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) => return Err(SettingsError::Missing("client_key_file", "client_cert_file")),
        (None, Some(_)) => return Err(SettingsError::Missing("client_cert_file", "client_key_file")),
    };
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
}

fn roots_of(path: &Path) -> Result<RootCertStore, SettingsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", path)? {
        roots.add(certificate).map_err(|error| SettingsError::file("ca_file", path, &error))?;
    }
    Ok(roots)
}

/// The system's trust store. A single entry that cannot be read is no reason to refuse the rest.
fn system_roots() -> Result<RootCertStore, SettingsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(SettingsError::Tls("no certificates found on this system; set ca_file".into()));
    }
    Ok(roots)
}

fn certificates(field: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| SettingsError::file(field, path, &error))?;
    if chain.is_empty() {
        return Err(SettingsError::File {
            field,
            path: PathBuf::from(path),
            why: "holds no certificate".into(),
        });
    }
    Ok(chain)
}
