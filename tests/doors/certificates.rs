//! Certificates, made for one test.

use std::fs;
use std::path::{Path, PathBuf};

use cacheflow::system::tls::identity::Files;
use cacheflow::system::tls::{ClientCertificates, Settings, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

/// Who signs certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Where its files are.
    directory: PathBuf,
    /// Its own certificate.
    pub file: String,
}

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

impl Authority {
    /// A new one, whose files are in this directory.
    pub fn new(directory: &Path, name: &str) -> Authority {
        Self::named(directory, name, name)
    }

    /// The same, with a name that no file could have.
    pub fn named(directory: &Path, file: &str, name: &str) -> Authority {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let path = directory.join(format!("{file}.crt"));
        fs::write(&path, issuer.pem()).unwrap();
        Authority { issuer, directory: directory.to_owned(), file: text(&path) }
    }

    /// A certificate for this name.
    pub fn issue(&self, name: &str) -> Issued {
        self.sign(name, params(name))
    }

    /// One whose time is over.
    pub fn issue_expired(&self, name: &str) -> Issued {
        let mut params = params(name);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(name, params)
    }

    fn sign(&self, name: &str, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |ending| self.directory.join(format!("{name}.{ending}"));
        fs::write(path("crt"), certificate.pem()).unwrap();
        fs::write(path("key"), key.serialize_pem()).unwrap();
        Issued { certificate: text(&path("crt")), key: text(&path("key")) }
    }

    /// The parameters of a server that has this certificate and believes this authority.
    pub fn flags<'f>(&'f self, issued: &'f Issued) -> Vec<&'f str> {
        let (certificate, key) = (issued.certificate.as_str(), issued.key.as_str());
        let files = ["--tls-cert-file", certificate, "--tls-key-file", key];
        [&files[..], &["--tls-ca-cert-file", &self.file]].concat()
    }

    /// TLS for both sides, as whoever has this certificate and believes this authority.
    pub fn tls(&self, issued: &Issued) -> Tls {
        self.tls_of(issued, "").unwrap()
    }

    /// The same, with these protocols only.
    pub fn tls_of(&self, issued: &Issued, protocols: &str) -> Result<Tls, String> {
        Tls::new(&Settings {
            files: Files { certificate: &issued.certificate, key: &issued.key, password: b"" },
            client_files: Files::default(),
            ca_file: &self.file,
            ca_dir: "",
            client_certificates: ClientCertificates::Required,
            protocols,
            ciphers: "",
            cipher_suites: "",
            prefers_own_order: false,
            sessions: None,
        })
    }
}
