//! Protocols and ciphers, under the names by which OpenSSL, and so a `redis.conf`, knows them.
//!
//! There are fewer of them here: what rustls has left out on purpose (RC4, CBC, key exchange without
//! forward secrecy, TLS 1.0 and 1.1) can't be asked for, and who does is told so by name.

use rustls::SupportedCipherSuite;
use rustls::SupportedProtocolVersion;
use rustls::crypto::ring::cipher_suite as suites;
use rustls::version::{TLS12, TLS13};

/// The ciphers of TLS 1.3, best first.
static TLS13_SUITES: [(&str, SupportedCipherSuite); 3] = [
    ("TLS_AES_256_GCM_SHA384", suites::TLS13_AES_256_GCM_SHA384),
    ("TLS_AES_128_GCM_SHA256", suites::TLS13_AES_128_GCM_SHA256),
    ("TLS_CHACHA20_POLY1305_SHA256", suites::TLS13_CHACHA20_POLY1305_SHA256),
];

/// Those of TLS 1.2.
static TLS12_SUITES: [(&str, SupportedCipherSuite); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-AES256-GCM-SHA384", suites::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-AES128-GCM-SHA256", suites::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-CHACHA20-POLY1305", suites::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

/// What stands for many ciphers in OpenSSL's lists, all of ours among them.
const MANY: [&str; 8] =
    ["DEFAULT", "ALL", "COMPLEMENTOFALL", "HIGH", "ECDHE", "EECDH", "AEAD", "TLSv1.2"];
/// Redis' words for an unknown protocol.
const UNKNOWN_PROTOCOL: &str = "Invalid tls-protocols specified. Use a combination of 'TLSv1', \
    'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.";

/// The versions of `tls-protocols`; nothing said, all that there are.
pub fn versions(text: &str) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let mut versions = Vec::new();
    for word in text.split_ascii_whitespace() {
        match word.to_ascii_lowercase().as_str() {
            "tlsv1.3" => versions.push(&TLS13),
            "tlsv1.2" => versions.push(&TLS12),
            "tlsv1" | "tlsv1.1" => {
                return Err(format!("{word} of tls-protocols is insecure, and not supported."));
            }
            _ => return Err(UNKNOWN_PROTOCOL.to_owned()),
        }
    }
    if versions.is_empty() { Ok(vec![&TLS13, &TLS12]) } else { Ok(versions) }
}

/// The ciphers of `tls-ciphers` and `tls-ciphersuites`, in this order; nothing said, all that there are.
pub fn cipher_suites(
    ciphers: &str,
    cipher_suites: &str,
) -> Result<Vec<SupportedCipherSuite>, String> {
    let mut suites = chosen(cipher_suites, &TLS13_SUITES)
        .map_err(|name| format!("Failed to configure ciphersuites: {name} is not supported."))?;
    suites.extend(
        chosen(ciphers, &TLS12_SUITES)
            .map_err(|name| format!("Failed to configure ciphers: {name} is not supported."))?,
    );
    Ok(suites)
}

/// The ciphers of a list, in its order. What it excludes is not there anyway, unless it is one that is.
fn chosen(
    list: &str,
    known: &[(&str, SupportedCipherSuite)],
) -> Result<Vec<SupportedCipherSuite>, String> {
    let names: Vec<&str> =
        list.split([':', ',', ' ']).map(str::trim).filter(|name| !name.is_empty()).collect();
    let find = |name: &str| known.iter().find(|row| row.0.eq_ignore_ascii_case(name));
    let (mut suites, mut excluded) = (Vec::new(), Vec::new());
    let mut includes = false;
    for name in names {
        if let Some(name) = name.strip_prefix(['!', '-']) {
            excluded.extend(find(name).map(|row| row.1.suite()));
        } else if let Some((_, suite)) = find(name) {
            includes = true;
            suites.push(*suite);
        } else if MANY.iter().any(|many| many.eq_ignore_ascii_case(name)) {
            includes = true;
            suites.extend(known.iter().map(|row| row.1));
        } else if name != "@STRENGTH" {
            return Err(name.to_owned());
        }
    }
    if !includes {
        suites.extend(known.iter().map(|row| row.1));
    }
    let mut seen = excluded;
    suites.retain(|suite| {
        let is_new = !seen.contains(&suite.suite());
        seen.push(suite.suite());
        is_new
    });
    Ok(suites)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insecure_protocols_are_refused_by_name() {
        assert_eq!(versions("").unwrap(), [&TLS13, &TLS12]);
        assert_eq!(versions("TLSv1.2").unwrap(), [&TLS12]);
        assert_eq!(versions("tlsv1.3 TLSv1.2").unwrap(), [&TLS13, &TLS12]);
        for old in ["TLSv1", "TLSv1.1"] {
            let error = versions(&format!("TLSv1.2 {old}")).unwrap_err();
            assert_eq!(error, format!("{old} of tls-protocols is insecure, and not supported."));
        }
        assert_eq!(versions("TLSv1.4").unwrap_err(), UNKNOWN_PROTOCOL);
    }

    #[test]
    fn lists_of_openssl_mean_what_there_is_of_them() {
        let count = |ciphers, suites| cipher_suites(ciphers, suites).map(|suites| suites.len());
        assert_eq!(count("", ""), Ok(9));
        assert_eq!(count("DEFAULT:!MEDIUM", ""), Ok(9));
        assert_eq!(count("HIGH:!aNULL:!MD5@STRENGTH", ""), Ok(9));
        assert_eq!(count("!ECDHE-RSA-CHACHA20-POLY1305", ""), Ok(8));
        let two = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
        assert_eq!(count(two, "TLS_AES_128_GCM_SHA256"), Ok(3));
        let refused =
            |kind, name| Err(format!("Failed to configure {kind}: {name} is not supported."));
        assert_eq!(count("AES128-SHA", ""), refused("ciphers", "AES128-SHA"));
        assert_eq!(
            count("", "TLS_AES_128_CCM_SHA256"),
            refused("ciphersuites", "TLS_AES_128_CCM_SHA256")
        );
    }
}
