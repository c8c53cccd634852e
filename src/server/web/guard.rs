//! Who may ask: what a browser says of itself, and of whom it asks for.
//!
//! Any page that somebody visits can have the browser send requests here. Three things tell them from our own page's:
//!
//! | attack                                                      | what gives it away                       |
//! |-------------------------------------------------------------|------------------------------------------|
//! | a name of the attacker's that suddenly means this address (DNS rebinding) | `Host` is that name: it is no address |
//! | a form or script of another page posts here                 | `Origin`, `Sec-Fetch-Site` name the other page; a form can't send JSON |
//! | another page listens to the events                          | `Sec-Fetch-Site`; and it may not read what comes |
//!
//! Who is no browser can say what it wants. Passwords are for those.

use std::net::IpAddr;

use base64ct::{Base64, Encoding};

use super::http::{Refusal, Request, refuse};

/// Refuses what doesn't come from our own page, or from no page at all. `names` are the names that the window has besides its address.
pub fn check(request: &Request, names: &[String]) -> Result<(), Refusal> {
    let host = request.header("host").unwrap_or_default();
    if !is_here(host, names) {
        let text = "the Host is neither an address nor localhost, nor one of web-hosts";
        return refuse(403, text);
    }
    let is_api = request.path.starts_with("/api/");
    let site = request.header("sec-fetch-site");
    if is_api && site.is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return refuse(403, "another site's page has sent this");
    }
    let origin = request.header("origin");
    let authority = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    if origin.is_some_and(|origin| authority(origin).as_deref() != Some(host)) {
        return refuse(403, "another site's page has sent this");
    }
    let content_type = request.header("content-type").unwrap_or_default();
    let is_json = content_type.split(';').next().unwrap_or_default().trim() == "application/json";
    if request.method == "POST" && !is_json {
        return refuse(415, "send application/json");
    }
    Ok(())
}

/// Whether a Host can only mean us. An address is not looked up, so nobody else can decide what it means.
fn is_here(host: &str, names: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The cookie's name. Cookies know no ports, and there may be several servers on a machine.
pub fn cookie_name(port: u16) -> String {
    format!("cacheflow-{port}")
}

/// The session that a request belongs to.
pub fn cookie<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let cookies = request.header("cookie")?.split(';');
    let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(cookie, _)| *cookie == name).map(|(_, value)| value)
}

/// Name and password, as `Authorization: Basic` has them.
pub fn basic(request: &Request) -> Option<(String, String)> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    let bytes = Base64::decode_vec(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_known_name() {
        let names = ["cache.example".to_owned()];
        for here in
            ["127.0.0.1", "127.0.0.1:8001", "[::1]:8001", "[::1]", "LocalHost:1", "10.0.0.7"]
        {
            assert!(is_here(here, &[]), "{here}");
        }
        for elsewhere in
            ["", "evil.example", "evil.example:8001", "127.0.0.1.evil.example", "localhost.evil"]
        {
            assert!(!is_here(elsewhere, &names), "{elsewhere}");
        }
        assert!(is_here("Cache.example:8001", &names) && !is_here("cache.example", &[]));
    }
}
