//! Certificates to try TLS with: an authority of your own, and what it signs for a server and a client.
//!
//! ```console
//! $ cargo run --example certificates -- /tmp/certificates
//! $ ls /tmp/certificates
//! ca.crt  client.crt  client.key  server.crt  server.key
//! ```
//!
//! The key of the authority is thrown away, so nobody can sign any more with it. For more than a trial use
//! what your organisation has, or `openssl`.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, IsCa, KeyPair};

fn params(name: &str, hosts: &[&str]) -> Result<CertificateParams, Error> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("where to? certificates DIRECTORY")?;
    let directory = Path::new(&directory);
    std::fs::create_dir_all(directory)?;
    let mut authority = params("cacheflow example authority", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    std::fs::write(directory.join("ca.crt"), authority.pem())?;
    for (name, hosts) in [("server", &["localhost", "127.0.0.1", "::1"][..]), ("client", &[])] {
        let key = KeyPair::generate()?;
        let certificate = params(name, hosts)?.signed_by(&key, &authority)?;
        std::fs::write(directory.join(format!("{name}.crt")), certificate.pem())?;
        std::fs::write(directory.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}
