//! TLS: who we are, whom we believe, and what is agreed on. The protocol itself is rustls'.
//!
//! ```text
//! Settings ── files are read, names looked up ──> Tls ─┬─ incoming ── a connection that was accepted
//! (paths, names)                                       '─ outgoing ── a connection that we make
//! ```
//!
//! | file         | what it is                                                            |
//! |--------------|-----------------------------------------------------------------------|
//! | [`identity`] | a certificate with its key, from files                                |
//! | [`trust`]    | whose certificates are believed                                       |
//! | [`names`]    | protocols and ciphers, under the names by which OpenSSL knows them    |
//! | [`sessions`] | what is remembered of peers, so that they needn't prove themselves again |
//!
//! A [`Tls`] doesn't change. When certificates are replaced, there is a new one; connections keep what
//! they began with.

pub mod identity;
pub mod names;
pub mod sessions;
pub mod trust;

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::{AlertDescription, ClientConfig, ServerConfig};

use self::identity::{Files, Identity};
use self::sessions::Sessions;
use self::trust::Trust;
use super::stream::Stream;
use super::stream::encrypted::TlsStream;

/// Whether who connects has to show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It isn't asked for one.
    Ignored,
    /// If it shows one, it has to be right.
    Optional,
    /// It has to.
    Required,
}

/// What TLS is to be like. Empty texts say nothing.
#[derive(Clone, Debug)]
pub struct Settings<'s> {
    /// Who we are.
    pub files: Files<'s>,
    /// Who we are to those whom we connect to, if that is somebody else.
    pub client_files: Files<'s>,
    /// A file with the certificates that are believed, and what they have signed.
    pub ca_file: &'s str,
    /// A directory of such files.
    pub ca_dir: &'s str,
    /// Whether who connects has to show a certificate.
    pub client_certificates: ClientCertificates,
    /// Versions of the protocol.
    pub protocols: &'s str,
    /// Ciphers of TLS 1.2.
    pub ciphers: &'s str,
    /// Ciphers of TLS 1.3.
    pub cipher_suites: &'s str,
    /// Our order of ciphers decides, and not the client's.
    pub prefers_own_order: bool,
    /// How many sessions are remembered, and for how long. None: none are.
    pub sessions: Option<(usize, Duration)>,
}

/// TLS, ready to be used.
#[derive(Debug)]
pub struct Tls {
    /// For connections that come.
    pub incoming: Incoming,
    /// For connections that we make.
    pub outgoing: Outgoing,
    /// Who was here; None: nobody is remembered.
    sessions: Option<Arc<Sessions>>,
}

impl Tls {
    /// About how many bytes it takes to remember who was here.
    pub fn session_bytes(&self) -> usize {
        self.sessions.as_ref().map_or(0, |sessions| sessions.bytes())
    }

    /// Reads the files. The error is one line about what is wrong.
    pub fn new(settings: &Settings<'_>) -> Result<Tls, String> {
        let versions = names::versions(settings.protocols)?;
        let identity = Identity::load(&settings.files)?;
        let trust = Trust::load(settings.ca_file, settings.ca_dir)?;
        let provider = Arc::new(CryptoProvider {
            cipher_suites: names::cipher_suites(settings.ciphers, settings.cipher_suites)?,
            ..rustls::crypto::ring::default_provider()
        });
        let resolver = |identity: Identity| Arc::new(SingleCertAndKey::from(identity.0));
        let client_identity = match settings.client_files.certificate {
            "" => identity.clone(),
            _ => Identity::load(&settings.client_files)?,
        };

        let clients = trust.of_clients(settings.client_certificates, &provider)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let mut server = builder
            .with_protocol_versions(&versions)
            .map_err(|_| "The ciphers are of none of the protocols.".to_owned())?
            .with_client_cert_verifier(clients)
            .with_cert_resolver(resolver(identity));
        server.ignore_client_order = settings.prefers_own_order;
        let sessions = settings.sessions.map(|(count, time)| Arc::new(Sessions::new(count, time)));
        match &sessions {
            Some(sessions) => server.session_storage = Arc::clone(sessions) as _,
            None => {
                server.session_storage = Arc::new(NoServerSessionStorage {});
                server.send_tls13_tickets = 0;
            }
        }

        let servers = trust.of_servers(&provider);
        let builder = ClientConfig::builder_with_provider(provider);
        let mut client = builder
            .with_protocol_versions(&versions)
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(servers)
            .with_client_cert_resolver(resolver(client_identity));
        client.resumption = Resumption::disabled(); // a link is made once, and lasts
        let (incoming, outgoing) = (Incoming(Arc::new(server)), Outgoing(Arc::new(client)));
        Ok(Tls { incoming, outgoing, sessions })
    }
}

/// Whether an error says that the other side wants a certificate, and got none.
pub fn wants_certificate(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    error == Some(&rustls::Error::AlertReceived(AlertDescription::CertificateRequired))
}

/// How connections that come are encrypted.
#[derive(Clone)]
pub struct Incoming(Arc<ServerConfig>);

impl Incoming {
    /// The stream over a socket that was accepted; [`Stream::open`] has to be the first that is done
    /// with it.
    pub fn accept(&self, socket: TcpStream) -> io::Result<Stream> {
        Ok(TlsStream::accepted(socket, Arc::clone(&self.0))?.into())
    }
}

/// How connections that we make are encrypted.
#[derive(Clone)]
pub struct Outgoing(Arc<ClientConfig>);

impl Outgoing {
    /// For who only wants to know whether somebody answers: shows a certificate if there is one, and
    /// believes whoever answers.
    pub fn trusting(identity: Option<Identity>) -> Outgoing {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder
            .with_safe_default_protocol_versions()
            .expect("the ring provider has ciphers for each version")
            .dangerous()
            .with_custom_certificate_verifier(trust::everybody(&provider));
        Outgoing(Arc::new(match identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.0)))
            }
            None => builder.with_no_client_auth(),
        }))
    }

    /// The stream over a socket that is connected to `host`. The handshake is over when this returns.
    pub fn connect(&self, socket: TcpStream, host: &str, until: Instant) -> io::Result<Stream> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.or_else(|_| Ok::<_, io::Error>(socket.peer_addr()?.ip().into()))?;
        let stream = Stream::from(TlsStream::connected(socket, name, Arc::clone(&self.0))?);
        stream.open(until)?;
        Ok(stream)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Incoming")
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing")
    }
}
