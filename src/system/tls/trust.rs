//! Whom we believe.
//!
//! A certificate is believed if one of ours has signed it, or one that ours have signed; and so is each
//! of ours itself. Names are not looked at, in neither direction, as in Redis: whoever has a certificate
//! of this authority belongs to us, wherever it is. Replicas, Sentinels and nodes know each other by
//! addresses, which no certificate could list.

use std::fs;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::ClientCertificates;
use super::identity::{certificates, reason};

/// The certificates that we believe.
#[derive(Clone, Debug)]
pub struct Trust {
    certificates: Vec<CertificateDer<'static>>,
    /// The same, as those that sign others.
    roots: Arc<RootCertStore>,
}

impl Trust {
    /// Reads the certificates of a file, and of all files of a directory. The error is one line, as
    /// Redis begins it.
    pub fn load(file: &str, directory: &str) -> Result<Trust, String> {
        let refused = |path: &str, reason: String| {
            format!("Failed to configure CA certificate(s) file/directory: {path}: {reason}")
        };
        let mut ours = match file {
            "" => Vec::new(),
            file => certificates(file).map_err(|reason| refused(file, reason))?,
        };
        if !directory.is_empty() {
            let entries =
                fs::read_dir(directory).map_err(|error| refused(directory, reason(&error)))?;
            // What else lies there is none of our business, and a pipe would be waited for.
            let paths = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
            let files = paths.filter_map(|path| path.to_str().map(str::to_owned));
            let found = files.flat_map(|path| certificates(&path).unwrap_or_default());
            ours.extend(found);
        }
        // A system's directory has each of them several times.
        ours.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        ours.dedup();
        let mut roots = RootCertStore::empty();
        for certificate in &ours {
            // One of many that can't be read isn't believed, and the others are.
            let _ = roots.add(certificate.clone());
        }
        if roots.is_empty() && !ours.is_empty() {
            return Err(refused(file, "has no certificate that could be read".to_owned()));
        }
        Ok(Trust { certificates: ours, roots: Arc::new(roots) })
    }

    /// Decides about those who connect.
    pub fn of_clients(
        &self,
        wanted: ClientCertificates,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, String> {
        // Who connects isn't told whom we believe, as in Redis: nobody has asked, a client that holds a
        // certificate of an authority between would think it of no use, and a directory of authorities
        // has more names than fit into the message.
        let builder = || {
            let (roots, provider) = (Arc::clone(&self.roots), Arc::clone(provider));
            WebPkiClientVerifier::builder_with_provider(roots, provider).clear_root_hint_subjects()
        };
        let inner = match wanted {
            ClientCertificates::Ignored => return Ok(WebPkiClientVerifier::no_client_auth()),
            ClientCertificates::Optional => builder().allow_unauthenticated().build(),
            ClientCertificates::Required => builder().build(),
        };
        let inner = inner.map_err(|error| {
            format!("Failed to configure CA certificate(s) file/directory: {error}")
        })?;
        Ok(Arc::new(Clients { inner, ours: self.certificates.clone() }))
    }

    /// Decides about those whom we connect to.
    pub fn of_servers(&self, provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
        let algorithms = provider.signature_verification_algorithms;
        Arc::new(Servers { trust: Some(self.clone()), algorithms })
    }
}

/// Believes every server.
pub fn everybody(provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
    let algorithms = provider.signature_verification_algorithms;
    Arc::new(Servers { trust: None, algorithms })
}

/// What is wrong with a certificate, though it is one of ours: only that its time is over, or has not
/// come. That nobody has signed it, or that it is one to sign others with, doesn't matter then.
fn unless_ours(
    ours: &[CertificateDer<'_>],
    certificate: &CertificateDer<'_>,
    error: Error,
) -> Result<(), Error> {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let is_about_time = matches!(
        error,
        Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    );
    let is_ours = ours.iter().any(|one| **one == **certificate);
    if is_ours && !is_about_time { Ok(()) } else { Err(error) }
}

/// Decides about servers.
#[derive(Debug)]
struct Servers {
    /// None: everybody is believed.
    trust: Option<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trust) = &self.trust {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            let all = self.algorithms.all;
            let chain = intermediates;
            verify_server_cert_signed_by_trust_anchor(&parsed, &trust.roots, chain, now, all)
                .or_else(|error| unless_ours(&trust.certificates, end_entity, error))?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Decides about clients: as rustls does, but for our own certificates.
#[derive(Debug)]
struct Clients {
    inner: Arc<dyn ClientCertVerifier>,
    ours: Vec<CertificateDer<'static>>,
}

impl ClientCertVerifier for Clients {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.inner.verify_client_cert(end_entity, intermediates, now).or_else(|error| {
            unless_ours(&self.ours, end_entity, error).map(|()| ClientCertVerified::assertion())
        })
    }

    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
