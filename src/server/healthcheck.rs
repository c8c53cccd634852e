//! `cacheflow healthcheck [ADDRESS]`: is that server well? For containers without redis-cli.
//!
//! The address is `host:port`, `tls:host:port` or `unix:path`. Connects, sends an inline `PING` and looks at the first line of the answer:
//!
//! | answer                             | healthy | because                                      |
//! |------------------------------------|---------|----------------------------------------------|
//! | `+PONG`                            | yes     |                                              |
//! | `-NOAUTH ...`                      | yes     | it serves, only not us: we have no password  |
//! | "who are you?", over TLS           | yes     | the same: we have no certificate             |
//! | `-LOADING ...`, `-MASTERDOWN ...`  | no      | it cannot serve yet, or no longer            |
//! | `-MISCONF ...`, other errors       | no      | it refuses writes, or worse                  |
//! | nothing within the time            | no      |                                              |
//!
//! The password is not asked for on purpose: it would have to be in the container's definition. A certificate
//! is shown if `CACHEFLOW_TLS_CERT_FILE` and its like name one, and the server's isn't looked at: this is
//! about whether it answers, and tells it nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::config::Config;
use crate::system::clock::machine_now;
use crate::system::stream::Stream;
use crate::system::tls::identity::{Files, Identity};
use crate::system::tls::{self, Outgoing};

/// How long each step may take. Docker's own limit for a check is 30 seconds by default.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The longest first line of an answer worth reading.
const MAX_LINE: u64 = 1024;

/// Asks the server at `address`. The error is one line about what is wrong.
pub fn check(address: &str, config: &Config) -> Result<(), String> {
    let asked = connect(address, config).and_then(|stream| ask(&stream));
    let answer = match asked {
        Err(error) if tls::wants_certificate(&error) => return Ok(()),
        asked => asked.map_err(|error| format!("{address}: {error}"))?,
    };
    if answer == "+PONG" || answer.starts_with("-NOAUTH") {
        return Ok(());
    }
    match answer.as_str() {
        "" => Err(format!("{address}: closed the connection without an answer")),
        answer => Err(format!("{address}: answered {answer}")),
    }
}

fn connect(address: &str, config: &Config) -> std::io::Result<Stream> {
    if let Some(path) = address.strip_prefix("unix:") {
        return Ok(UnixStream::connect(path)?.into());
    }
    let (address, is_encrypted) = match address.strip_prefix("tls:") {
        Some(rest) => (rest, true),
        None => (address, false),
    };
    let mut failure = std::io::Error::other("no such address");
    for resolved in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&resolved, TIMEOUT) {
            Ok(socket) if !is_encrypted => return Ok(socket.into()),
            Ok(socket) => {
                let tls = Outgoing::trusting(identity(config).map_err(std::io::Error::other)?);
                let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
                return tls.connect(socket, host, machine_now() + TIMEOUT);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The certificate to show, if there is one.
fn identity(config: &Config) -> Result<Option<Identity>, String> {
    let client = Files {
        certificate: &config.tls_client_cert_file,
        key: &config.tls_client_key_file,
        password: &config.tls_client_key_file_pass,
    };
    let server = Files {
        certificate: &config.tls_cert_file,
        key: &config.tls_key_file,
        password: &config.tls_key_file_pass,
    };
    let given = [client, server].into_iter().find(|files| !files.certificate.is_empty());
    given.map(|files| Identity::load(&files)).transpose()
}

fn ask(mut stream: &Stream) -> std::io::Result<String> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"PING\r\n")?;
    let mut line = Vec::new();
    BufReader::new(stream.take(MAX_LINE)).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// The outcome of a check of a server that gives this answer.
    fn check_answer(answer: &'static str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 6];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(&request, b"PING\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let outcome = check(&address, &Config::default());
        server.join().unwrap();
        outcome.map_err(|message| message.replace(&address, "A"))
    }

    #[test]
    fn a_server_that_answers_or_wants_a_password_is_healthy() {
        assert_eq!(check_answer("+PONG\r\n"), Ok(()));
        assert_eq!(check_answer("-NOAUTH Authentication required.\r\n"), Ok(()));
    }

    #[test]
    fn a_server_that_loads_or_fails_or_is_silent_is_not() {
        let loading = check_answer("-LOADING Redis is loading the dataset in memory\r\n");
        let message = "A: answered -LOADING Redis is loading the dataset in memory";
        assert_eq!(loading, Err(message.to_owned()));
        assert!(check_answer("-MISCONF no disk\r\n").is_err());
        let silent = "A: closed the connection without an answer".to_owned();
        assert_eq!(check_answer(""), Err(silent));
    }

    #[test]
    fn no_server_is_not_healthy_either() {
        // Bound and dropped at once, so nobody listens there.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let check = |address: &str| check(address, &Config::default());
        assert!(check(&address).unwrap_err().contains("refused"));
        assert!(check("unix:/nonexistent").unwrap_err().contains("No such file"));
        assert!(check("nonsense").is_err());
    }
}
