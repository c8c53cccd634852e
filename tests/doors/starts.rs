//! Files that are wrong, and what can't be had: one clear line, and no server.

use std::fs;
use std::process::Command;

use cacheflow::system::tls::identity::{Files, Identity};

use super::certificates::Authority;
use super::server::try_start;
use super::{call, connect_with, servers, start, text};

/// The last line of the log of a start that has to fail, without its beginning.
fn refused(flags: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let started = try_start(directory.path(), &[&["--tls-port", "7000"], flags].concat());
    let (status, log) = started.err().unwrap_or_else(|| panic!("{flags:?}"));
    assert_eq!(status.code(), Some(1), "{log}");
    let last = log.lines().last().unwrap();
    last.split_once(" # ").unwrap_or_else(|| panic!("{log}")).1.to_owned()
}

#[test]
fn what_is_wrong_is_one_line_and_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let ca = Authority::new(directory.path(), "ca");
    let (one, two) = (ca.issue("one"), ca.issue("two"));
    let nonsense = directory.path().join("nonsense");
    fs::write(&nonsense, "nothing of the kind").unwrap();
    let cut = directory.path().join("cut");
    fs::write(&cut, &fs::read(&one.certificate).unwrap()[..300]).unwrap();
    let cut = cut.to_str().unwrap();
    let nonsense = nonsense.to_str().unwrap();
    let (cert, key) = (["--tls-cert-file", &one.certificate], ["--tls-key-file", &one.key]);
    let pair = [cert, key].concat();
    let all = [&pair[..], &["--tls-ca-cert-file", &ca.file]].concat();
    let with = |first: &[&'static str]| [&all[..], first].concat();

    assert_eq!(refused(&[]), "No tls-cert-file configured!");
    assert_eq!(refused(&cert), "No tls-key-file configured!");
    assert_eq!(
        refused(&pair),
        "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, \
         tls-replication or tls-auth-clients are enabled!"
    );
    let certificate = |path| refused(&[&["--tls-cert-file", path], &key[..], &all[4..]].concat());
    let private = |path| refused(&[&cert[..], &["--tls-key-file", path], &all[4..]].concat());
    let no_file = "No such file or directory";
    assert_eq!(certificate("/none"), format!("Failed to load certificate: /none: {no_file}"));
    assert_eq!(
        certificate(nonsense),
        format!("Failed to load certificate: {nonsense}: has no certificate in PEM")
    );
    let endless = "/dev/zero";
    assert_eq!(
        certificate(endless),
        format!("Failed to load certificate: {endless}: is too long for certificates")
    );
    assert_eq!(
        certificate(cut),
        format!("Failed to load certificate: {cut}: is cut off, or no PEM")
    );
    assert_eq!(private("/none"), format!("Failed to load private key: /none: {no_file}"));
    assert_eq!(
        private(nonsense),
        format!("Failed to load private key: {nonsense}: has no private key in PEM")
    );
    assert_eq!(
        private(&two.key),
        format!("Failed to load private key: {}: the certificate is for another key", two.key)
    );
    let authorities = "Failed to configure CA certificate(s) file/directory";
    let believing = |flag, path| refused(&[&pair[..], &[flag, path]].concat());
    assert_eq!(
        believing("--tls-ca-cert-file", "/none"),
        format!("{authorities}: /none: {no_file}")
    );
    assert_eq!(believing("--tls-ca-cert-dir", "/none"), format!("{authorities}: /none: {no_file}"));

    for old in ["TLSv1", "TLSv1.1"] {
        let flags: [&str; 2] = ["--tls-protocols", &format!("TLSv1.2 {old}")];
        let reason = format!("{old} of tls-protocols is insecure, and not supported.");
        assert_eq!(refused(&[&all[..], &flags].concat()), reason);
    }
    assert_eq!(
        refused(&with(&["--tls-protocols", "SSLv3"])),
        "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and \
         'TLSv1.3'."
    );
    assert_eq!(
        refused(&with(&["--tls-ciphers", "RC4-SHA"])),
        "Failed to configure ciphers: RC4-SHA is not supported."
    );
    assert_eq!(
        refused(&with(&["--tls-ciphersuites", "TLS_AES_128_CCM_SHA256"])),
        "Failed to configure ciphersuites: TLS_AES_128_CCM_SHA256 is not supported."
    );
}

#[test]
fn protocols_and_ciphers_are_those_that_were_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let ca = Authority::new(directory.path(), "ca");
    let issued = ca.issue("server");
    let flags = ["--tls-protocols", "TLSv1.2", "--tls-ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"];
    let (_process, port) = start(directory.path(), &ca, &issued, &flags);
    let only = |protocols| ca.tls_of(&issued, protocols).unwrap();
    let mut client = connect_with(port, &only("TLSv1.2")).unwrap();
    assert_eq!(text(call(&mut client, "PING")), "PONG");
    assert!(connect_with(port, &only("TLSv1.3")).is_err());
}

#[test]
fn directories_of_certificates_and_another_certificate_for_outgoing_connections() {
    let directory = tempfile::tempdir().unwrap();
    let (ca, other) =
        (Authority::new(directory.path(), "ca"), Authority::new(directory.path(), "b"));
    let issued = ca.issue("server");
    let outgoing = other.issue("outgoing");
    let port = servers::free_port().unwrap();
    let all = directory.path().join("all");
    fs::create_dir(&all).unwrap();
    fs::write(all.join("README"), "what else lies there").unwrap();
    for file in [&ca.file, &other.file] {
        fs::copy(file, all.join(file.rsplit('/').next().unwrap())).unwrap();
    }
    let process = super::server::start(
        directory.path(),
        &[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &issued.certificate,
            "--tls-key-file",
            &issued.key,
            "--tls-ca-cert-dir",
            all.to_str().unwrap(),
            "--tls-client-cert-file",
            &outgoing.certificate,
            "--tls-client-key-file",
            &outgoing.key,
        ],
    );
    // Clients of both authorities come in; the server is one of the first.
    for client in [&issued, &outgoing] {
        let mut client = connect_with(port, &ca.tls(client)).unwrap();
        assert_eq!(text(call(&mut client, "PING")), "PONG");
    }
    let (health, _) = check(&format!("tls:127.0.0.1:{port}"), &[]);
    assert!(health, "it wants a certificate, so it is well");
    let set = |words: &str| text(process.call(&format!("CONFIG SET {words}")));
    assert_eq!(set("tls-client-key-file  tls-client-cert-file "), "OK");
    // One by one, as Redis takes them.
    assert_eq!(set(&format!("tls-client-cert-file {}", outgoing.certificate)), "OK");
    assert_eq!(set(&format!("tls-client-key-file {}", outgoing.key)), "OK");
    let words = "CONFIG SET tls-client-key-file /none";
    let refused = text(process.call(words));
    assert!(
        refused.ends_with("Unable to update TLS configuration. Check server logs."),
        "{refused}"
    );
}

/// The names of these authorities fill more than the message in which a server could tell them.
#[test]
fn nobody_is_told_whom_a_server_believes() {
    let directory = tempfile::tempdir().unwrap();
    let ca = Authority::new(directory.path(), "ca");
    let issued = ca.issue("server");
    let all = directory.path().join("all");
    fs::create_dir(&all).unwrap();
    for number in 0..8 {
        Authority::named(&all, &number.to_string(), &"x".repeat(10_000));
    }
    // Opening it waits for somebody who writes.
    assert!(Command::new("mkfifo").arg(all.join("pipe")).status().unwrap().success());
    let flags = ["--tls-ca-cert-dir", all.to_str().unwrap()];
    let (_process, port) = start(directory.path(), &ca, &issued, &flags);
    for protocols in ["TLSv1.2", "TLSv1.3"] {
        let mut client = connect_with(port, &ca.tls_of(&issued, protocols).unwrap()).unwrap();
        assert_eq!(text(call(&mut client, "PING")), "PONG");
    }
}

/// `cacheflow healthcheck`, with these in its environment.
pub fn check(address: &str, environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(super::server::binary());
    command.args(["healthcheck", address]).envs(environment.iter().copied());
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_health_check_over_tls() {
    let server = super::Encrypted::start(&["--requirepass", "secret"]);
    let address = format!("tls:127.0.0.1:{}", server.port);
    assert!(check(&address, &[]).0, "it wants to know who asks");
    let client = server.authority.issue("health");
    let files = [
        ("CACHEFLOW_TLS_CERT_FILE", &*client.certificate),
        ("CACHEFLOW_TLS_KEY_FILE", &client.key),
    ];
    assert!(check(&address, &files).0, "it wants a password");
    let (is_well, reason) = check(&format!("tls:{}", server.process.address), &files);
    assert!(!is_well && reason.contains("corrupt message"), "no TLS is spoken there: {reason}");
    let (is_well, reason) = check(&format!("127.0.0.1:{}", server.port), &[]);
    assert!(!is_well, "{reason}");
}

/// A key of OpenSSL, protected by a password.
#[test]
fn a_key_that_a_password_protects() {
    let path = |name: &str| format!("{}/tests/data/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let load = |key: &str, password: &[u8]| {
        let (certificate, key) = (path("server.crt"), path(key));
        let files = Files { certificate: &certificate, key: &key, password };
        let load = Identity::load(&files).map(drop);
        load.map_err(|reason| reason.rsplit(": ").next().unwrap().to_owned())
    };
    assert_eq!(load("aes256.key", b"secret"), Ok(()));
    assert_eq!(load("des3.key", b"secret"), Ok(()));
    let wrong = "the password is wrong".to_owned();
    assert_eq!(load("aes256.key", b"guess"), Err(wrong));
    let none = "is encrypted, and there is no password for it".to_owned();
    assert_eq!(load("aes256.key", b""), Err(none));
    let old = load("traditional.key", b"secret").unwrap_err();
    assert!(old.starts_with("is encrypted in the form of OpenSSL before 1.0"), "{old}");
}
