//! Other sites' pages, which a browser lets ask for much.

use serde_json::json;

use super::Opened;
use super::browser::{get, post, send};

/// A name that suddenly means this address: the browser takes it for the attacker's own site.
#[test]
fn a_foreign_host_is_refused() {
    let opened = Opened::start(&["--web-hosts", "cache.example"]);
    let (window, port) = (opened.window, opened.window.port());
    let ask = |path: &str, host: &str| {
        send(window, &format!("GET {path} HTTP/1.1\r\n{host}\r\n\r\n")).unwrap().status
    };
    for path in ["/", "/app.js", "/api/session", "/api/events", "/metrics"] {
        for host in [
            "Host: evil.example",
            &format!("Host: evil.example:{port}"),
            "Host: 127.0.0.1.evil.example",
            "Host: localhost.evil.example",
            "Host: ",
            "X: y",
        ] {
            assert_eq!(ask(path, host), 403, "{path} {host}");
        }
    }
    for host in
        ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9", "10.1.2.3:8001", "Cache.Example"]
    {
        assert_eq!(ask("/", &format!("Host: {host}")), 200, "{host}");
    }
    // Two of them, of which one may be looked at and the other believed.
    assert_eq!(ask("/", "Host: localhost\r\nHost: evil.example"), 400);
}

#[test]
fn another_sites_page_can_neither_post_nor_listen() {
    let opened = Opened::start(&[]);
    let window = opened.window;
    let own = format!("Origin: http://{window}");
    let command = json!({"line": "SET x 1"});
    let status = |headers: &[&str]| post(window, "/api/command", &command, headers).status;
    for headers in [
        &["Origin: http://evil.example"][..],
        &["Origin: null"],
        &["Origin: http://127.0.0.1:1"],
        &["Origin: http://localhost"],
        &["Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: same-site"],
        &[&own, "Sec-Fetch-Site: cross-site"],
    ] {
        assert_eq!(status(headers), 403, "{headers:?}");
        let login = json!({"user": "default", "password": "x"});
        assert_eq!(post(window, "/api/login", &login, headers).status, 403, "{headers:?}");
        assert_eq!(get(window, "/api/events", headers).status, 403, "{headers:?}");
        assert_eq!(get(window, "/api/session", headers).status, 403, "{headers:?}");
    }
    assert_eq!(opened.call("EXISTS x"), super::Value::Integer(0));
    assert_eq!(status(&[&own, "Sec-Fetch-Site: same-origin"]), 200);
    assert_eq!(status(&[&own.replace("http:", "https:")]), 200); // behind something that speaks TLS
    assert_eq!(status(&["Sec-Fetch-Site: none"]), 200);

    // A form can't send JSON without the browser asking first, which nobody answers.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; a=b"] {
        let text = format!(
            "POST /api/command HTTP/1.1\r\nHost: {window}\r\nContent-Type: {kind}\r\n\
             Content-Length: 18\r\n\r\n{{\"line\": \"SET x 2\"}}"
        );
        assert_eq!(send(window, &text).unwrap().status, 415, "{kind}");
    }
    let text = format!("OPTIONS /api/command HTTP/1.1\r\nHost: {window}\r\n{own}\r\n\r\n");
    let answer = send(window, &text).unwrap();
    assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (405, None));
    // The page itself may be linked to.
    assert_eq!(get(window, "/", &["Sec-Fetch-Site: cross-site"]).status, 200);
}
