//! Passwords, users, cookies, commands and their journeys.

use serde_json::{Value, json};

use super::browser::{Answer, Listener, get, post};
use super::client::text;
use super::{Opened, call};

fn run(opened: &Opened, line: &str, cookie: &str) -> Answer {
    post(opened.window, "/api/command", &json!({"line": line}), &[cookie])
}

fn login(opened: &Opened, user: &str, password: &str) -> Answer {
    post(opened.window, "/api/login", &json!({"user": user, "password": password}), &[])
}

/// What every command is answered with.
#[test]
fn a_command_has_a_reply_and_a_journey() {
    let opened = Opened::start(&[]);
    let first = run(&opened, "ZADD z 1 'a b'", "X: y");
    assert_eq!(first.status, 200);
    let cookie = first.cookie().unwrap();
    let set = first.header("Set-Cookie").unwrap();
    assert!(set.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{set}");
    assert!(cookie.starts_with(&format!("Cookie: cacheflow-{}=", opened.window.port())));
    let answer = first.json();
    assert_eq!(answer["reply"], "(integer) 1");
    assert_eq!(answer["is_error"], false);
    assert_eq!(answer["user"], "default");
    assert!(answer["took_us"].as_u64().unwrap() > 0);
    let journey = &answer["journey"];
    assert_eq!(journey["request"], json!(["ZADD", "z", "1", "a b"]));
    assert_eq!(journey["reply"], ":1\\r\\n");
    let steps = journey["steps"].as_array().unwrap();
    let kinds: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    for kind in ["request", "lock", "row", "gate", "handler", "key", "journal", "reply"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let handler = steps.iter().find(|step| step["step"] == "handler").unwrap();
    assert_eq!(handler["function"], "command::sorted_sets::add::zadd");

    let shown = |line: &str| run(&opened, line, &cookie).json();
    assert_eq!(shown("ZRANGE z 0 -1 WITHSCORES")["reply"], "1) \"a b\"\n2) \"1\"");
    assert_eq!(shown("GET z")["is_error"], true);
    assert!(shown("GET z")["reply"].as_str().unwrap().starts_with("(error) WRONGTYPE "));
    let info = shown("INFO server")["reply"].as_str().unwrap().to_owned();
    assert!(info.starts_with("# Server\r\nredis_version:7.0.15\r\n"), "{info}");
    let args = json!({"args": ["SET", "binary", "\u{e9}"]});
    let answer = post(opened.window, "/api/command", &args, &[&cookie]).json();
    assert_eq!(answer["reply"], "OK");
    assert_eq!(shown("GET binary")["reply"], "\"\\xc3\\xa9\"");
}

/// A session is a connection: what it has said lasts.
#[test]
fn a_session_is_one_connection() {
    let opened = Opened::start(&[]);
    let cookie = run(&opened, "PING", "X: y").cookie().unwrap();
    let shown = |line: &str| run(&opened, line, &cookie).json();
    assert_eq!(shown("SELECT 3")["db"], 3);
    let multi = shown("MULTI");
    assert_eq!((&multi["reply"], &multi["in_multi"]), (&json!("OK"), &json!(true)));
    assert_eq!(shown("SET a 1")["reply"], "QUEUED");
    let done = shown("EXEC");
    assert_eq!((&done["reply"], &done["in_multi"]), (&json!("1) OK"), &json!(false)));
    assert_eq!(shown("DBSIZE")["reply"], "(integer) 1");
    assert_eq!(shown("HELLO 3")["is_error"], false);
    assert_eq!(shown("CONFIG GET timeout")["reply"], "1# \"timeout\" => \"0\"");
    // What waits elsewhere doesn't here, and what has no single reply isn't there.
    assert_eq!(shown("BLPOP nothing 0")["reply"], "(nil)");
    let refused = shown("SUBSCRIBE c");
    assert!(refused["reply"].as_str().unwrap().contains("answered by pushes"), "{refused}");
    assert_eq!(refused["journey"], Value::Null);
    assert!(shown("MONITOR")["reply"].as_str().unwrap().starts_with("(error) ERR EXPLAIN can't"));
    assert!(shown("EXPLAIN PING")["reply"].as_str().unwrap().contains("request"));
    assert!(shown("NONE")["reply"].as_str().unwrap().starts_with("(error) ERR unknown command"));

    let mut client = opened.connect();
    let list = text(call(&mut client, "CLIENT LIST"));
    let line = list.lines().find(|line| line.contains(" name=window ")).expect(&list);
    assert!(line.contains(" db=3 ") && line.contains(&format!(" laddr={} ", opened.window)));
    let id = line.split(' ').next().unwrap().trim_start_matches("id=");
    call(&mut client, &format!("CLIENT KILL ID {id}"));
    // The session has ended. What was meant for it isn't executed elsewhere; the next command begins another one.
    let meant_for_it = run(&opened, "FLUSHALL", &cookie);
    assert_eq!(meant_for_it.status, 410, "{}", meant_for_it.error());
    assert!(text(call(&mut client, "INFO keyspace")).contains("db3:keys=1"));
    let after = run(&opened, "DBSIZE", "X: y");
    assert_eq!((after.status, &after.json()["db"]), (200, &json!(0)));
    assert_ne!(after.cookie().unwrap(), cookie);
}

/// The last command of a server has no reply.
#[test]
fn a_server_that_ends_says_so() {
    let opened = Opened::start(&[]);
    let answer = run(&opened, "SHUTDOWN NOSAVE", "X: y");
    assert_eq!(
        (answer.status, answer.error().starts_with("the connection was ended")),
        (410, true)
    );
}

#[test]
fn what_is_no_command_is_refused() {
    let opened = Opened::start(&[]);
    for body in [json!({}), json!({"line": "GET 'a"}), json!({"line": ""}), json!([1])] {
        let answer = post(opened.window, "/api/command", &body, &[]);
        assert_eq!((answer.status, answer.error().is_empty()), (400, false), "{body}");
    }
}

/// The server's password is the window's.
#[test]
fn nothing_is_shown_without_the_password() {
    let opened = Opened::start(&["--requirepass", "secret"]);
    let session = get(opened.window, "/api/session", &[]).json();
    assert_eq!((&session["user"], &session["needs_login"]), (&Value::Null, &json!(true)));
    assert_eq!(session["sees"], json!([]));
    for answer in [
        run(&opened, "GET x", "X: y"),
        run(&opened, "GET x", &format!("Cookie: cacheflow-{}=made-up", opened.window.port())),
        get(opened.window, "/api/events", &[]),
    ] {
        assert_eq!((answer.status, answer.error().starts_with("log in first")), (401, true));
    }
    let wrong = login(&opened, "default", "wrong");
    assert_eq!((wrong.status, wrong.cookie()), (401, None));
    assert!(wrong.error().starts_with("WRONGPASS "), "{wrong:?}");
    let right = login(&opened, "default", "secret");
    let cookie = right.cookie().unwrap();
    assert_eq!(run(&opened, "PING", &cookie).json()["reply"], "PONG");
    Listener::open(opened.window, &[&cookie]).next();
    let session = get(opened.window, "/api/session", &[&cookie]).json();
    assert_eq!((&session["user"], &session["needs_login"]), (&json!("default"), &json!(false)));
    // It is in the log of users, as of any client.
    let log = run(&opened, "ACL LOG", &cookie).json()["reply"].as_str().unwrap().to_owned();
    assert!(log.contains("\"auth\"") && log.contains("name=window"), "{log}");

    let out = post(opened.window, "/api/logout", &json!({}), &[&cookie]);
    assert_eq!((out.status, &out.json()["user"]), (200, &Value::Null));
    assert_eq!(run(&opened, "PING", &cookie).status, 401);
}

/// What a user may not do it may not do here, and what it may not ask for it doesn't see.
#[test]
fn users_see_what_they_may_ask_for() {
    let opened = Opened::start(&["--requirepass", "secret"]);
    let admin = login(&opened, "default", "secret").cookie().unwrap();
    for line in [
        "ACL SETUSER anna on >a ~a:* +get +set +explain +info",
        "ACL SETUSER berta on >b ~* +get",
        "ACL SETUSER clara on >c ~* +@all",
    ] {
        assert_eq!(run(&opened, line, &admin).json()["reply"], "OK");
    }
    let anna = login(&opened, "anna", "a").cookie().unwrap();
    let session = get(opened.window, "/api/session", &[&anna]).json();
    assert_eq!((&session["user"], &session["sees"]), (&json!("anna"), &json!(["info"])));
    assert_eq!(run(&opened, "SET a:1 x", &anna).json()["reply"], "OK");
    let refused = run(&opened, "SET b:1 x", &anna).json();
    assert!(refused["reply"].as_str().unwrap().starts_with("(error) NOPERM "), "{refused}");
    let (_, state) = Listener::open(opened.window, &[&anna]).next();
    assert!(state["server"].is_object() && state["keyspace"].is_array());
    assert_eq!((&state["clients"], &state["slowlog"]), (&Value::Null, &Value::Null));

    // Without EXPLAIN there are commands, but no journeys.
    let berta = login(&opened, "berta", "b").cookie().unwrap();
    let got = run(&opened, "GET a:1", &berta).json();
    assert_eq!((&got["reply"], &got["journey"]), (&json!("\"x\""), &Value::Null));
    let (_, state) = Listener::open(opened.window, &[&berta]).next();
    for part in ["server", "keyspace", "lock", "journal", "memory", "latency", "clients"] {
        assert_eq!(state[part], Value::Null, "{part}");
    }

    // A user who is no more sees no more.
    let clara = login(&opened, "clara", "c").cookie().unwrap();
    let mut listener = Listener::open(opened.window, &[&clara]);
    listener.next();
    assert_eq!(run(&opened, "ACL DELUSER clara", &admin).json()["reply"], "(integer) 1");
    let ended = (0..20).map(|_| listener.next()).find(|(name, _)| name == "end");
    assert!(ended.unwrap().1["error"].is_string());
    assert_eq!(run(&opened, "PING", &clara).status, 401);
}

/// There are no more sessions than some, each with a connection; the one that was away longest ends.
#[test]
fn sessions_are_few() {
    let opened = Opened::start(&[]);
    let first = run(&opened, "SELECT 1", "X: y").cookie().unwrap();
    let second = run(&opened, "SELECT 2", "X: y").cookie().unwrap();
    assert_eq!(run(&opened, "PING", &first).json()["db"], 1);
    for _ in 0..31 {
        run(&opened, "PING", "X: y");
    }
    assert_eq!(run(&opened, "PING", &first).json()["db"], 1);
    assert_eq!(
        run(&opened, "PING", &second).status,
        410,
        "what was meant for it isn't executed elsewhere"
    );
    let list = text(opened.call("CLIENT LIST"));
    assert!(list.matches(" name=window ").count() <= 33, "{list}");
}
