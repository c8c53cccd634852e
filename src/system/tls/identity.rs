//! Who we are: a certificate, those that lead from it to one that others believe, and the key to it.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::memmem;
use pkcs8::der::Document;
use pkcs8::{EncryptedPrivateKeyInfo, SecretDocument};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

/// A system's whole collection has a quarter of a megabyte; a device that never ends has more.
const LONGEST_FILE: u64 = 16 << 20;

/// Where a certificate and its key are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'f> {
    /// The certificate, and behind it those that have signed it, in PEM.
    pub certificate: &'f str,
    /// Its key.
    pub key: &'f str,
    /// The password of the key; empty for none.
    pub password: &'f [u8],
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct Identity(pub(super) Arc<CertifiedKey>);

impl Identity {
    /// Reads the files. The error is one line, as Redis begins it.
    pub fn load(files: &Files<'_>) -> Result<Identity, String> {
        let no_certificate =
            |reason: String| format!("Failed to load certificate: {}: {reason}", files.certificate);
        let no_key =
            |reason: String| format!("Failed to load private key: {}: {reason}", files.key);
        let chain = certificates(files.certificate).map_err(no_certificate)?;
        let key = private_key(files.key, files.password).map_err(no_key)?;
        let key = rustls::crypto::ring::sign::any_supported_type(&key)
            .map_err(|_| no_key("RSA, ECDSA (P-256, P-384) or Ed25519 is needed".to_owned()))?;
        // A certificate has the public key in it, in just this form.
        let fits = key.public_key().is_none_or(|key| memmem::find(&chain[0], &key).is_some());
        if !fits {
            return Err(no_key("the certificate is for another key".to_owned()));
        }
        Ok(Identity(Arc::new(CertifiedKey::new(chain, key))))
    }
}

/// The certificates of a file; there is at least one.
pub(super) fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("has no certificate in PEM".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err("is cut off, or no PEM".to_owned()),
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| reason(&error))?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut text).map_err(|error| reason(&error))?;
    match text.len() as u64 {
        0..=LONGEST_FILE => Ok(text),
        _ => Err("is too long for certificates".to_owned()),
    }
}

/// What the system says, without its number for it.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn private_key(path: &str, password: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    if memmem::find(&text, b"Proc-Type: 4,ENCRYPTED").is_some() {
        return Err(
            "is encrypted in the form of OpenSSL before 1.0; `openssl pkcs8 -topk8` makes \
                    one of today's form of it"
                .to_owned(),
        );
    }
    match encrypted(&text) {
        Some(_) if password.is_empty() => {
            Err("is encrypted, and there is no password for it".to_owned())
        }
        Some(block) => decrypt(block, password),
        None => {
            PrivateKeyDer::from_pem_slice(&text).map_err(|_| "has no private key in PEM".to_owned())
        }
    }
}

const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";

/// The encrypted key of a file, with the lines around it.
fn encrypted(text: &[u8]) -> Option<&[u8]> {
    let begin = memmem::find(text, BEGIN)?;
    let end = begin + memmem::find(&text[begin..], END)? + END.len();
    Some(&text[begin..end])
}

fn decrypt(block: &[u8], password: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let text = std::str::from_utf8(block).map_err(|_| "is no PEM".to_owned())?;
    let (_, document) = Document::from_pem(text).map_err(|_| "is cut off, or no PEM".to_owned())?;
    let info = EncryptedPrivateKeyInfo::try_from(document.as_bytes()).map_err(|_| {
        "is encrypted in a form that isn't known here (PBES2 with AES or 3DES is)".to_owned()
    })?;
    let key: SecretDocument = info
        .decrypt(password)
        .map_err(|_| "can't be decrypted: the password is wrong".to_owned())?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}
