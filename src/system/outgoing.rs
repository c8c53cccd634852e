//! Connections that we make: to a name or an address, and from one of this machine's addresses.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::clock::machine_now;
use super::stream::Stream;
use super::tls::Outgoing;

/// Connects to the first address of `host` that can be reached; each may take `timeout`. With a
/// `source`, only from there: a firewall may let nobody else through, or count on that nobody comes
/// from elsewhere. With `tls`, encrypted, and only to who is believed by that; the handshake may take
/// `timeout`, too.
pub fn connect(
    host: &str,
    port: u16,
    source: &str,
    timeout: Duration,
    tls: Option<&Outgoing>,
) -> io::Result<Stream> {
    let sources = resolve(source, 0)?;
    let mut last = io::Error::other(format!("{host} has no address"));
    for target in resolve(host, port)? {
        let from = sources.iter().find(|from| from.is_ipv4() == target.is_ipv4());
        let connected = match from {
            None if source.is_empty() => TcpStream::connect_timeout(&target, timeout),
            None => Err(io::Error::new(
                ErrorKind::AddrNotAvailable,
                format!("{source} is of another kind than {}", target.ip()),
            )),
            Some(from) => connect_from(*from, target, timeout),
        };
        match connected {
            Ok(socket) => {
                return match tls {
                    Some(tls) => tls.connect(socket, host, machine_now() + timeout),
                    None => Ok(socket.into()),
                };
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The addresses of a host; an empty name has none.
fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if host.is_empty() { Ok(Vec::new()) } else { Ok((host, port).to_socket_addrs()?.collect()) }
}

fn connect_from(from: SocketAddr, to: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    let refused = |error: io::Error| {
        io::Error::new(error.kind(), format!("can't connect from {}: {error}", from.ip()))
    };
    socket.bind(&from.into()).map_err(refused)?;
    socket.connect_timeout(&to.into(), timeout)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn a_connection_comes_from_where_it_should_or_not_at_all() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = |source| {
            let stream = connect("127.0.0.1", port, source, PATIENCE, None)?;
            listener.accept()?; // or it would wait for the next one
            io::Result::Ok(stream.local().unwrap().ip().unwrap().to_string())
        };
        assert_eq!(peer("").unwrap(), "127.0.0.1");
        assert_eq!(peer("127.0.0.7").unwrap(), "127.0.0.7"); // all of 127/8 is this machine
        let error = peer("192.0.2.1").unwrap_err(); // nobody has an address for documentation
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        assert!(error.to_string().starts_with("can't connect from 192.0.2.1"), "{error}");
        assert_eq!(peer("::1").unwrap_err().kind(), ErrorKind::AddrNotAvailable);
    }
}
