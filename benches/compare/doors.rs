//! The other ways in: TLS and the Unix socket, with small values and with some that make several records.
//!
//! redis-benchmark speaks both. Both servers have the same certificate, made for the occasion, and choose
//! the same cipher with it (TLS 1.3, AES-256-GCM). The last row is the handshake: a connection for each
//! request.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::servers::free_port;
use crate::wire::Wire;

const CLIENTS: &str = "50";

/// How a server is reached.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Tls,
    Unix,
}

/// What is sent, and how often.
struct Load {
    door: Door,
    command: &'static str,
    bytes: usize,
    pipeline: usize,
    /// A connection for each request.
    anew: bool,
    requests: usize,
}

const fn load(door: Door, command: &'static str, bytes: usize, pipeline: usize, n: usize) -> Load {
    Load { door, command, bytes, pipeline, anew: false, requests: n }
}

const LOADS: [Load; 9] = [
    load(Door::Tls, "GET", 3, 1, 50_000),
    load(Door::Tls, "SET", 3, 1, 50_000),
    load(Door::Tls, "GET", 3, 16, 300_000),
    load(Door::Tls, "GET", 16 * 1024, 1, 20_000),
    load(Door::Tls, "SET", 16 * 1024, 1, 20_000),
    load(Door::Tls, "GET", 16 * 1024, 16, 30_000),
    Load { anew: true, ..load(Door::Tls, "GET", 3, 1, 1_500) },
    load(Door::Unix, "GET", 3, 1, 80_000),
    load(Door::Unix, "GET", 3, 16, 500_000),
];

/// The section.
pub fn section(scale: Scale) -> Section {
    Section {
        key: "doors".to_owned(),
        title: "TLS and Unix sockets: 50 clients".to_owned(),
        unit: Unit::RequestsPerSecond,
        against: Against::Others,
        repeats: true,
        cases: LOADS.into_iter().map(|load| case(load, scale)).collect(),
    }
}

fn case(load: Load, scale: Scale) -> Case {
    let requests = scale.of(load.requests);
    Case {
        rows: vec![load.name()],
        measure: Box::new(move |contestant| Ok(vec![load.rate(contestant, requests)?])),
    }
}

/// An authority, and a certificate of it with its key: `ca.crt`, `server.crt`, `server.key`.
fn make_certificates(directory: &Path) -> Result<()> {
    let mut params = CertificateParams::new(Vec::new()).map_err(Error::other)?;
    params.distinguished_name.push(DnType::CommonName, "authority"); // or it would be its own
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(Error::other)?;
    let authority = CertifiedIssuer::self_signed(params, key).map_err(Error::other)?;
    let params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(Error::other)?;
    let key = KeyPair::generate().map_err(Error::other)?;
    let server = params.signed_by(&key, &authority).map_err(Error::other)?;
    std::fs::write(directory.join("ca.crt"), authority.pem())?;
    std::fs::write(directory.join("server.crt"), server.pem())?;
    std::fs::write(directory.join("server.key"), key.serialize_pem())
}

impl Load {
    fn name(&self) -> String {
        let door = if self.door == Door::Tls { "TLS" } else { "Unix" };
        let size = if self.bytes > 1024 { " of 16 KB" } else { "" };
        let pipeline =
            if self.pipeline > 1 { format!(" P={}", self.pipeline) } else { String::new() };
        let anew = if self.anew { ", a connection each" } else { "" };
        format!("{door}: {}{size}{pipeline}{anew}", self.command)
    }

    fn rate(&self, contestant: &Contestant, requests: usize) -> Result<f64> {
        let directory = tempfile::tempdir()?;
        let path = |name: &str| directory.path().join(name).display().to_string();
        let port = free_port()?.to_string();
        let (authority, socket) = (path("ca.crt"), path("socket"));
        let mut benchmark = Command::new("redis-benchmark");
        let server = match self.door {
            Door::Tls => {
                make_certificates(directory.path())?;
                benchmark.args(["--tls", "--cacert", &authority, "-h", "localhost", "-p", &port]);
                let (certificate, key) = (path("server.crt"), path("server.key"));
                let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
                let how = ["--tls-port", &port, "--tls-auth-clients", "no"];
                contestant.fresh(&[&how[..], &files].concat())?
            }
            Door::Unix => {
                benchmark.args(["-s", &socket]);
                contestant.fresh(&["--unixsocket", &socket])?
            }
        };
        let value = "v".repeat(self.bytes);
        Wire::open(&server)?.call(&["SET", "key:__rand_int__", &value])?;
        benchmark.args(["-t", &self.command.to_lowercase(), "-n", &requests.to_string(), "--csv"]);
        benchmark.args(["-c", CLIENTS, "-P", &self.pipeline.to_string()]);
        benchmark.args(["-d", &self.bytes.to_string(), "-k", if self.anew { "0" } else { "1" }]);
        let output = benchmark.output()?;
        let table = String::from_utf8_lossy(&output.stdout);
        let mut fields = table.lines().last().unwrap_or_default().split(',').skip(1);
        let rate = fields.next().and_then(|field| field.trim_matches('"').parse().ok());
        let complaint = String::from_utf8_lossy(&output.stderr);
        rate.ok_or_else(|| Error::other(format!("redis-benchmark printed {table}{complaint}")))
    }
}
