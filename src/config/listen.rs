//! `listen-addr`: address and port in one word, the notation of Docker files and Go programs.
//!
//! ```text
//! :5001              port 5001 of all addresses
//! 127.0.0.1:5001     of this one
//! [::1]:5001         IPv6 needs brackets, since the address has colons itself
//! 127.0.0.1:0        a free port that the system picks; the log says which
//! 5001               the same as :5001
//! ```
//!
//! It is a shorthand: setting it sets `bind` and `port`, and a `port` that comes later wins. Only
//! the last form says something that those two cannot, because `port 0` means "no TCP" in Redis.
//! So the text is kept, and `Config::listens_on_tcp` looks at both.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::value::{Kind, one_word, text};
use super::words::quote;

/// The notation `HOST:PORT`.
pub struct ListenAddress;

impl Kind for ListenAddress {
    type Value = String;

    fn parse(&self, words: &[&[u8]], _now: &String) -> Result<String, String> {
        let word = text(one_word(words)?)?;
        if !word.is_empty() {
            split(word).ok_or("argument must be an address such as :5001 or 127.0.0.1:5001")?;
        }
        Ok(word.to_owned())
    }

    fn format(&self, value: &String) -> Vec<u8> {
        value.clone().into()
    }

    fn lines(&self, value: &String) -> Vec<String> {
        vec![quote(value)]
    }

    fn syntax(&self) -> String {
        "[address]:port".to_owned()
    }
}

/// Host and port of a `listen-addr`; no host means all addresses.
pub fn split(text: &str) -> Option<(Option<&str>, u16)> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = if port.bytes().all(|byte| byte.is_ascii_digit()) {
        port.parse().ok()?
    } else {
        return None;
    };
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let all = host.is_empty() || host == "*";
    Some((if all { None } else { Some(host) }, port))
}

/// `web`: where the window is. Who says only a port means this machine: `:8001` is `127.0.0.1:8001`, and all addresses are `*:8001`.
pub struct WebAddress;

impl Kind for WebAddress {
    type Value = String;

    fn parse(&self, words: &[&[u8]], now: &String) -> Result<String, String> {
        let word = ListenAddress.parse(words, now)?;
        if !word.is_empty() && web_address(&word).is_none() {
            return Err("argument must be an address such as 127.0.0.1:8001".to_owned());
        }
        Ok(word)
    }

    fn format(&self, value: &String) -> Vec<u8> {
        ListenAddress.format(value)
    }

    fn lines(&self, value: &String) -> Vec<String> {
        ListenAddress.lines(value)
    }

    fn syntax(&self) -> String {
        ListenAddress.syntax()
    }
}

/// The address that `web` names.
pub fn web_address(text: &str) -> Option<SocketAddr> {
    let (host, port) = split(text)?;
    let address = match host {
        None if text.starts_with('*') => Ipv4Addr::UNSPECIFIED.into(),
        None | Some("localhost") => Ipv4Addr::LOCALHOST.into(),
        Some(host) => host.parse::<IpAddr>().ok()?,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::outcome;

    #[test]
    fn address_and_port_are_told_apart() {
        assert_eq!(split(":5001"), Some((None, 5001)));
        assert_eq!(split("5001"), Some((None, 5001)));
        assert_eq!(split("*:5001"), Some((None, 5001)));
        assert_eq!(split("127.0.0.1:0"), Some((Some("127.0.0.1"), 0)));
        assert_eq!(split("localhost:80"), Some((Some("localhost"), 80)));
        assert_eq!(split("[::1]:80"), Some((Some("::1"), 80)));
        for text in ["::1", "a:b", ":65536", ":", "[::1:80", ":+1"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn the_window_is_on_this_machine_unless_it_is_told_otherwise() {
        let address = |text: &str| web_address(text).map(|address| address.to_string());
        assert_eq!(address(":8001").as_deref(), Some("127.0.0.1:8001"));
        assert_eq!(address("8001").as_deref(), Some("127.0.0.1:8001"));
        assert_eq!(address("localhost:0").as_deref(), Some("127.0.0.1:0"));
        assert_eq!(address("*:8001").as_deref(), Some("0.0.0.0:8001"));
        assert_eq!(address("[::1]:8001").as_deref(), Some("[::1]:8001"));
        let set = |text| outcome(&WebAddress, &String::new(), text);
        assert_eq!(set(":8001"), ":8001");
        let error = "argument must be an address such as 127.0.0.1:8001";
        assert_eq!(set("example.com:80"), error);
        assert_eq!(set(""), "");
    }
}
