//! A server over TLS: everything that goes over a connection goes over this one, too.

use std::fs;
use std::time::Duration;

use super::certificates::Authority;
use super::client::{Client, Output, Value, request};
use super::server::wait_until;
use super::{Encrypted, PATIENCE, call, connect_with, next, servers, text};

#[test]
fn requests_and_replies_of_every_size() {
    let server = Encrypted::start(&[]);
    let mut client = server.connect();
    assert_eq!(text(call(&mut client, "PING")), "PONG");
    for size in [1, 100, 16_383, 16_384, 16_385, 100_000, 5_000_000] {
        let value = vec![b'v'; size];
        let set = client.call(&[b"SET", &b"k"[..], &value], PATIENCE).unwrap();
        assert_eq!(text(set), "OK");
        assert!(call(&mut client, "GET k") == Value::Bulk(value), "{size}");
    }
    let pipeline: Vec<u8> =
        (0..5000).flat_map(|n| request(&["APPEND", "log", &format!("{n} ")])).collect();
    client.send_raw(&pipeline).unwrap();
    (0..5000).for_each(|_| assert!(matches!(next(&mut client), Value::Integer(_))));
    let line = text(call(&mut client, "CLIENT INFO"));
    assert!(line.contains(&format!("laddr=127.0.0.1:{} ", server.port)), "{line}");
    assert!(line.contains(" flags=N "), "{line}");
}

#[test]
fn pushes_come_while_the_reader_sleeps_and_while_it_sends() {
    let server = Encrypted::start(&[]);
    let (mut listener, mut publisher) = (server.connect(), server.connect());
    call(&mut listener, "HELLO 3");
    call(&mut listener, "SUBSCRIBE news");
    let message = "m".repeat(30_000);
    for _ in 0..200 {
        publisher.send(&["PUBLISH", "news", &message]).unwrap();
        listener.send(&["ECHO", "still here"]).unwrap();
    }
    let (mut pushes, mut replies) = (0, 0);
    while pushes + replies < 400 {
        match next(&mut listener) {
            Value::Push(words) => {
                assert!(words[2] == Value::Bulk(message.clone().into()));
                pushes += 1;
            }
            reply => {
                assert_eq!(text(reply), "still here");
                replies += 1;
            }
        }
    }
    assert_eq!((pushes, replies), (200, 200));
    (0..200).for_each(|_| assert_eq!(next(&mut publisher), Value::Integer(1)));
}

/// More than a socket takes, and nothing else is sent that would push the rest along.
#[test]
fn a_reader_that_pauses_gets_everything_in_the_end() {
    let server = Encrypted::start(&[]);
    let (mut listener, mut publisher) = (server.connect(), server.connect());
    call(&mut listener, "SUBSCRIBE news");
    for size in [1, 5_000, 100_000, 3_000_000, 17, 8_000_000, 12_345] {
        publisher.call(&["PUBLISH", "news", &"m".repeat(size)], PATIENCE).unwrap();
    }
    let backlog = || {
        let list = text(server.process.call("CLIENT LIST"));
        list.lines().find(|line| line.contains(" sub=1 ")).unwrap().to_owned()
    };
    wait_until(|| backlog().contains(" oll=1 ") || backlog().contains(" oll=2 "), backlog);
    std::thread::sleep(Duration::from_millis(50));
    for size in [1, 5_000, 100_000, 3_000_000, 17, 8_000_000, 12_345] {
        let Value::Array(words) = next(&mut listener) else { panic!("no message") };
        assert!(words[2] == Value::Bulk("m".repeat(size).into()), "{size}");
    }
    assert!(matches!(listener.read(Duration::from_millis(50)).unwrap(), Output::Nothing));
    // Replies the same way: many megabytes of them, asked for by somebody who then looks away.
    call(&mut publisher, "SET k 1");
    let large = "v".repeat(2_000_000);
    publisher.call(&["SET", "k", &large], PATIENCE).unwrap();
    (0..10).for_each(|_| publisher.send(&["GET", "k"]).unwrap());
    std::thread::sleep(Duration::from_millis(200));
    (0..10).for_each(|_| assert!(next(&mut publisher) == Value::Bulk(large.clone().into())));
    assert_eq!(text(call(&mut publisher, "PING")), "PONG");
}

/// More than sockets hold, in both directions.
#[test]
fn who_sends_all_before_it_reads_gets_all() {
    const REQUESTS: usize = 400;
    let server = Encrypted::start(&[]);
    let mut client = server.connect();
    let value = "v".repeat(100_000);
    client.send_raw(&request(&["ECHO", &value]).repeat(REQUESTS)).unwrap();
    (0..REQUESTS).for_each(|_| assert!(next(&mut client) == Value::Bulk(value.clone().into())));
}

#[test]
fn who_waits_is_woken_and_who_has_hung_up_takes_nothing() {
    let server = Encrypted::start(&[]);
    let (mut waiter, mut other) = (server.connect(), server.connect());
    waiter.send_raw(&request(&["BLPOP", "q", "0"])).unwrap();
    waiter.send_raw(&request(&["PING"])).unwrap(); // is read meanwhile, and kept
    let waits = |count: &str| {
        let is_so = || server.process.info("blocked_clients") == count;
        wait_until(is_so, || format!("{count} wait"));
    };
    waits("1");
    call(&mut other, "RPUSH q a");
    assert_eq!(next(&mut waiter), Value::Array(vec![bulk("q"), bulk("a")]));
    assert_eq!(text(next(&mut waiter)), "PONG");

    waiter.send(&["BLPOP", "q", "0"]).unwrap();
    waits("1");
    drop(waiter);
    waits("0");
    assert_eq!(call(&mut other, "RPUSH q b"), Value::Integer(1));
    assert_eq!(call(&mut other, "LLEN q"), Value::Integer(1));
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

#[test]
fn a_killed_connection_ends_and_a_client_that_leaves_is_gone() {
    let server = Encrypted::start(&[]);
    let (mut victim, mut other) = (server.connect(), server.connect());
    let id = call(&mut victim, "CLIENT ID");
    let Value::Integer(id) = id else { panic!("{id:?}") };
    assert_eq!(call(&mut other, &format!("CLIENT KILL ID {id}")), Value::Integer(1));
    assert!(matches!(victim.read(PATIENCE), Ok(Output::Closed) | Err(_)));
    drop(other);
    let is_gone = || server.process.info("connected_clients") == "1"; // who asks
    wait_until(is_gone, || "all are gone".to_owned());
    // QUIT is answered, then the end is told, and that is no error.
    let mut leaving = server.connect();
    assert_eq!(text(call(&mut leaving, "QUIT")), "OK");
    assert!(matches!(leaving.read(PATIENCE).unwrap(), Output::Closed));
}

#[test]
fn certificates_are_replaced_and_connections_stay() {
    let server = Encrypted::start(&[]);
    let mut before = server.connect();
    let process = &server.process;
    let set = |client: &mut Client, words: &[&str]| {
        text(client.call(&[&["CONFIG", "SET"], words].concat(), PATIENCE).unwrap())
    };

    // What doesn't fit changes nothing.
    let foreign = Authority::new(server.directory.path(), "foreign");
    let (alien, issued) = (foreign.issue("alien"), foreign.issue("replacement"));
    let refused = set(&mut before, &["tls-cert-file", &alien.certificate]);
    let reason = "ERR CONFIG SET failed (possibly related to argument 'tls-cert-file') - Unable to \
                  update TLS configuration. Check server logs.";
    assert_eq!(refused, reason);
    process.wait_for_log("server.key: the certificate is for another key");
    assert_eq!(text(call(&mut server.connect(), "PING")), "PONG");

    // Another certificate with its key, and others who are believed.
    let files = ["tls-cert-file", &issued.certificate, "tls-key-file", &issued.key];
    let words = [&files[..], &["tls-ca-cert-file", &foreign.file]].concat();
    assert_eq!(set(&mut before, &words), "OK");
    let theirs = foreign.tls(&alien);
    let mut after = connect_with(server.port, &theirs).unwrap();
    assert_eq!(text(call(&mut after, "PING")), "PONG");
    let error =
        connect_with(server.port, &server.tls).err().expect("it believes another").to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert_eq!(text(call(&mut before, "PING")), "PONG", "it was here before");

    // The same names, other contents: what a renewal looks like.
    let renewed = server.authority.issue("renewed");
    for (from, to) in [
        (&renewed.certificate, &issued.certificate),
        (&renewed.key, &issued.key),
        (&server.authority.file, &foreign.file),
    ] {
        fs::copy(from, to).unwrap();
    }
    let mut still = connect_with(server.port, &theirs).unwrap();
    assert_eq!(text(call(&mut still, "PING")), "PONG", "nobody has told it");
    assert_eq!(set(&mut before, &words), "OK");
    assert_eq!(text(call(&mut server.connect(), "PING")), "PONG");
    assert_eq!(text(call(&mut still, "PING")), "PONG");
}

#[test]
fn the_port_can_be_opened_moved_and_closed() {
    let server = Encrypted::start(&[]);
    let mut client = server.connect();
    let port = servers::free_port().unwrap();
    assert_eq!(text(call(&mut client, &format!("CONFIG SET tls-port {port}"))), "OK");
    assert_eq!(text(call(&mut connect_with(port, &server.tls).unwrap(), "PING")), "PONG");
    assert!(connect_with(server.port, &server.tls).is_err(), "nobody is there any more");
    assert_eq!(text(call(&mut client, "PING")), "PONG");
    let taken = server.process.address.port();
    let refused = text(call(&mut client, &format!("CONFIG SET tls-port {taken}")));
    let reason = "ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to \
                  listen on this port. Check server logs.";
    assert_eq!(refused, reason);
    assert_eq!(text(call(&mut connect_with(port, &server.tls).unwrap(), "PING")), "PONG");
    assert_eq!(text(call(&mut client, "CONFIG SET tls-port 0")), "OK");
    assert!(connect_with(port, &server.tls).is_err());
    // Without the other port, INFO shows this one.
    assert_eq!(text(call(&mut client, &format!("CONFIG SET tls-port {port}"))), "OK");
    assert_eq!(text(call(&mut client, "CONFIG SET port 0")), "OK");
    let info = text(call(&mut connect_with(port, &server.tls).unwrap(), "INFO server"));
    assert!(info.contains(&format!("tcp_port:{port}\r\n")), "{info}");
}

#[test]
fn a_client_certificate_is_wanted_or_welcome_or_nobody_s_business() {
    let server = Encrypted::start(&[]);
    let nobody = cacheflow::system::tls::Outgoing::trusting(None);
    let ping = |tls: &cacheflow::system::tls::Outgoing| {
        let socket = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(10);
        let stream = tls.connect(socket, "localhost", until)?;
        Client::over(stream).call(&["PING"], PATIENCE)
    };
    let foreign = Authority::new(server.directory.path(), "foreign");
    let foreigner = foreign.issue("foreigner");
    let files = cacheflow::system::tls::identity::Files {
        certificate: &foreigner.certificate,
        key: &foreigner.key,
        password: b"",
    };
    let identity = cacheflow::system::tls::identity::Identity::load(&files).unwrap();
    let foreigner = cacheflow::system::tls::Outgoing::trusting(Some(identity));
    let mut client = server.connect();
    for (setting, for_nobody, for_foreigner, for_ours) in
        [("yes", false, false, true), ("optional", true, false, true), ("no", true, true, true)]
    {
        let set = call(&mut client, &format!("CONFIG SET tls-auth-clients {setting}"));
        assert_eq!(text(set), "OK");
        assert_eq!(ping(&nobody).is_ok(), for_nobody, "{setting}: without a certificate");
        assert_eq!(ping(&foreigner).is_ok(), for_foreigner, "{setting}: of another authority");
        assert_eq!(ping(&server.tls.outgoing).is_ok(), for_ours, "{setting}: ours");
    }
}

/// Whoever may connect could otherwise have data evicted, or writes refused, by connecting again and again.
#[test]
fn sessions_that_are_remembered_take_no_room_of_data() {
    let server = Encrypted::start(&[]);
    let mut client = server.connect();
    let used = |client: &mut super::Client| -> u64 {
        let info = text(call(client, "INFO memory"));
        let field =
            |name| info.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let number = |name| field(name).trim().parse::<u64>().unwrap();
        number("used_memory:") - number("mem_not_counted_for_evict:")
    };
    let come_and_go = |times| {
        for _ in 0..times {
            assert_eq!(text(call(&mut server.connect(), "PING")), "PONG");
        }
    };
    come_and_go(150); // then the allocator keeps for the workers what it always will
    let before = used(&mut client);
    come_and_go(300);
    let all = |client: &mut super::Client| text(call(client, "INFO memory"));
    assert!(!all(&mut client).contains("mem_not_counted_for_evict:0\r\n"), "{}", all(&mut client));
    let grown = used(&mut client).saturating_sub(before);
    assert!(grown < 200_000, "{grown} bytes, by 300 connections");
}
