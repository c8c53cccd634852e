//! Where the window opens, and where it doesn't; the page itself.

use std::fs;
use std::net::TcpStream;

use serde_json::json;

use super::client::{Value, text};
use super::{Opened, browser, server, tasks};
use browser::{get, post, send};

#[test]
fn it_is_closed_unless_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let server = server::start(directory.path(), &[]);
    let nothing = Value::Array(vec![Value::Bulk("web".into()), Value::Bulk("".into())]);
    assert_eq!(server.call("CONFIG GET web"), nothing);
    let names = tasks::of_each_thread(&server.pid().to_string(), "comm");
    assert!(!names.iter().any(|name| name.trim() == "window"), "{names:?}");
    assert!(!fs::read_to_string(directory.path().join("log")).unwrap().contains("window"));
}

#[test]
fn the_address_is_a_parameter_like_others() {
    let opened = Opened::start(&["--web-hosts", "cache.example", "other.example"]);
    let get = |name: &str| match opened.call(&format!("CONFIG GET {name}")) {
        Value::Array(mut pair) => text(pair.remove(1)),
        other => panic!("{other:?}"),
    };
    assert_eq!(get("web"), "127.0.0.1:0");
    assert_eq!(get("web-hosts"), "cache.example other.example");
    let refused = text(opened.call("CONFIG SET web :1"));
    assert!(refused.contains("can't set immutable config"), "{refused}");
    let file = opened.directory.path().join("cacheflow.conf");
    fs::write(&file, "web localhost:0\n").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let other = server::start(directory.path(), &["--include", file.to_str().unwrap()]);
    let Value::Array(shown) = other.call("CONFIG GET web") else { panic!() };
    assert_eq!(text(shown[1].clone()), "localhost:0");
}

/// As Redis' protected mode.
#[test]
fn it_opens_to_others_only_with_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let Err((_, log)) = server::try_start(directory.path(), &["--web", "*:0"]) else {
        panic!("it has opened to everybody")
    };
    assert!(log.contains("Refusing to open the window at 0.0.0.0:0"), "{log}");
    for flags in [&["--requirepass", "secret"], &["--protected-mode", "no"]] {
        server::start(directory.path(), &[&["--web", "*:0"], &flags[..]].concat());
    }
    let Err((_, log)) = server::try_start(directory.path(), &["--web", "192.0.2.1:0"]) else {
        panic!("this is nobody's address")
    };
    assert!(log.contains("Refusing to open the window at 192.0.2.1:0"), "{log}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let Err((_, log)) = server::try_start(directory.path(), &["--web", &address]) else {
        panic!("somebody else is there")
    };
    assert!(log.contains(&format!("Can't open the window at {address}: ")), "{log}");
    let Err((_, log)) = server::try_start(directory.path(), &["--web", "127.0.0.1:1x"]) else {
        panic!("that is no port")
    };
    assert!(log.contains("argument must be an address such as"), "{log}");
}

#[test]
fn the_page_comes_with_a_strict_policy() {
    let opened = Opened::start(&[]);
    for (path, kind, file) in [
        ("/", "text/html", "index.html"),
        ("/app.js", "text/javascript", "app.js"),
        ("/app.css", "text/css", "app.css"),
    ] {
        let answer = get(opened.window, path, &[]);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Content-Type"), Some(&*format!("{kind}; charset=utf-8")));
        let source = format!("{}/src/server/web/page/{file}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(answer.body, fs::read_to_string(source).unwrap());
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    }
    let page = get(opened.window, "/?a=b", &[]).body;
    let handles = |word: &str| word.starts_with("on") && word.contains('=');
    assert!(!page.contains("<script>") && !page.contains("style="));
    assert!(!page.split_whitespace().any(handles), "no event's handler is written into the page");
    assert!(!page.contains("//"), "the page asks for nothing from elsewhere");
    for (path, status) in [("/x", 404), ("/app.js/", 404), ("/../Cargo.toml", 404)] {
        assert_eq!(get(opened.window, path, &[]).status, status, "{path}");
    }
    assert_eq!(get(opened.window, "/api/command", &[]).status, 405);
    for (path, status) in [("/", 200), ("/metrics", 200), ("/nothing", 404), ("/api/events", 405)] {
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: {}\r\n\r\n", opened.window);
        let answer = send(opened.window, &request).unwrap();
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.is_empty() && answer.header("Content-Length") != Some("0"), "{path}");
    }
    assert_eq!(post(opened.window, "/metrics", &json!({}), &[]).status, 405);
}

/// A server that ends doesn't wait for who looks.
#[test]
fn it_closes_with_the_server() {
    let opened = Opened::start(&[]);
    let mut listener = browser::Listener::open(opened.window, &[]);
    listener.next();
    let begun = std::time::Instant::now();
    let mut client = opened.connect();
    let _ = client.call(&["SHUTDOWN", "NOSAVE"], server::PATIENCE);
    while TcpStream::connect(opened.window).is_ok() {
        assert!(begun.elapsed() < server::PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn it_can_be_had_in_a_rust_program() {
    let server = cacheflow::Server::builder()
        .bind("127.0.0.1:0")
        .configure(|config| config.web = "127.0.0.1:0".to_owned())
        .start()
        .unwrap();
    let session = get(server.window().unwrap(), "/api/session", &[]).json();
    assert_eq!(session["address"], json!(server.address().to_string()));
    let plain = cacheflow::Server::builder().bind("127.0.0.1:0").start().unwrap();
    assert_eq!(plain.window(), None);
}
