//! TLS as the configuration wants it.
//!
//! The files are read at the start and whenever a `tls-*` parameter is set, also to the value that it
//! has: that is how new certificates are taken, without a restart. What can't be used changes nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::config::{Config, TlsAuthClients};
use crate::system::tls::identity::Files;
use crate::system::tls::{ClientCertificates, Outgoing, Settings, Tls};

/// What Redis says about a client's certificate that nobody could decide about.
const NO_AUTHORITY: &str = "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when \
    tls-cluster, tls-replication or tls-auth-clients are enabled!";

/// Whether the configuration asks for TLS anywhere.
fn is_wanted(config: &Config) -> bool {
    config.tls_port != 0 || config.tls_replication || config.tls_cluster
}

/// What the configuration asks for. The error is one line about what is missing.
fn settings(config: &Config) -> Result<Settings<'_>, String> {
    if config.tls_cert_file.is_empty() {
        return Err("No tls-cert-file configured!".to_owned());
    }
    if config.tls_key_file.is_empty() {
        return Err("No tls-key-file configured!".to_owned());
    }
    let client_certificates = match config.tls_auth_clients {
        TlsAuthClients::No => ClientCertificates::Ignored,
        TlsAuthClients::Optional => ClientCertificates::Optional,
        TlsAuthClients::Yes => ClientCertificates::Required,
    };
    let believes_some = client_certificates != ClientCertificates::Ignored
        || config.tls_cluster
        || config.tls_replication;
    if believes_some && config.tls_ca_cert_file.is_empty() && config.tls_ca_cert_dir.is_empty() {
        return Err(NO_AUTHORITY.to_owned());
    }
    let time = Duration::from_secs(config.tls_session_cache_timeout.into());
    Ok(Settings {
        files: Files {
            certificate: &config.tls_cert_file,
            key: &config.tls_key_file,
            password: &config.tls_key_file_pass,
        },
        // One without the other is no identity yet: CONFIG SET may set them one by one.
        client_files: match config.tls_client_key_file.is_empty() {
            true => Files::default(),
            false => Files {
                certificate: &config.tls_client_cert_file,
                key: &config.tls_client_key_file,
                password: &config.tls_client_key_file_pass,
            },
        },
        ca_file: &config.tls_ca_cert_file,
        ca_dir: &config.tls_ca_cert_dir,
        client_certificates,
        protocols: &config.tls_protocols,
        ciphers: &config.tls_ciphers,
        cipher_suites: &config.tls_ciphersuites,
        prefers_own_order: config.tls_prefer_server_ciphers,
        sessions: config
            .tls_session_caching
            .then_some((config.tls_session_cache_size as usize, time)),
    })
}

impl Engine {
    /// Reads what the configuration names. After an error everything is as before.
    pub fn configure_tls(&mut self) -> Result<(), String> {
        self.tls = match is_wanted(&self.config) {
            true => Some(Arc::new(Tls::new(&settings(&self.config)?)?)),
            false => None,
        };
        Ok(())
    }

    /// How a connection to a master is encrypted; None: not at all.
    pub fn tls_to_master(&self) -> Option<Outgoing> {
        self.outgoing_tls(self.config.tls_replication)
    }

    /// How a connection to another node is encrypted, and that over which MIGRATE moves keys; None: not
    /// at all.
    pub fn tls_to_node(&self) -> Option<Outgoing> {
        self.outgoing_tls(self.config.tls_cluster)
    }

    fn outgoing_tls(&self, is_wanted: bool) -> Option<Outgoing> {
        self.tls.as_ref().filter(|_| is_wanted).map(|tls| tls.outgoing.clone())
    }

    /// The port at which others are to look for us.
    pub fn announced_port(&self) -> u16 {
        let config = &self.config;
        if config.tls_replication && config.tls_port != 0 { config.tls_port } else { self.port }
    }
}
