//! Users in files: the ACL file, `user` lines of the configuration, and what a wrong one does.

use std::fs;
use std::path::Path;

use cacheflow::Server;
use cacheflow::config::Config;

fn start(configure: impl FnOnce(&mut Config)) -> std::io::Result<Server> {
    Server::builder().bind("127.0.0.1:0").configure(configure).start()
}

fn connect(server: &Server) -> redis::Connection {
    redis::Client::open(format!("redis://{}/", server.address())).unwrap().get_connection().unwrap()
}

fn call<T: redis::FromRedisValue>(
    connection: &mut redis::Connection,
    request: &str,
) -> redis::RedisResult<T> {
    let mut words = request.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    words.for_each(|word| _ = command.arg(word));
    command.query(connection)
}

fn users(connection: &mut redis::Connection) -> Vec<String> {
    call(connection, "ACL LIST").unwrap()
}

fn with_file(path: &Path) -> std::io::Result<Server> {
    let path = path.to_str().unwrap().to_owned();
    start(|config| config.aclfile = path)
}

#[test]
fn users_survive_in_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.acl");
    fs::write(&path, "user eve on nopass +get ~k* (+set ~z)\n").unwrap();
    let server = with_file(&path).unwrap();
    let mut admin = connect(&server);
    let eve = "user eve on nopass ~k* resetchannels -@all +get (~z resetchannels -@all +set)";
    assert_eq!(users(&mut admin), ["user default on nopass ~* &* +@all", eve]);
    call::<()>(&mut admin, "ACL SETUSER bob on >secret +@all").unwrap();
    call::<()>(&mut admin, "ACL SAVE").unwrap();
    let saved = fs::read_to_string(&path).unwrap();
    assert!(saved.lines().count() == 3 && saved.contains("user bob on #2bb80d53"), "{saved}");
    assert!(!saved.contains("secret"));
    drop(server);
    let server = with_file(&path).unwrap();
    assert_eq!(users(&mut connect(&server)).len(), 3);
}

#[test]
fn loading_takes_all_or_nothing_and_ends_connections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.acl");
    fs::write(&path, "user eve on nopass +@all ~*\n").unwrap();
    let server = with_file(&path).unwrap();
    let (mut admin, mut eve) = (connect(&server), connect(&server));
    call::<()>(&mut eve, "AUTH eve x").unwrap();
    fs::write(&path, "user eve off\nuser bob +nosuch\n").unwrap();
    let error = call::<()>(&mut admin, "ACL LOAD").unwrap_err().to_string();
    let reason = ":2: Error in applying operation '+nosuch': Unknown command or category name";
    assert!(error.contains(reason), "{error}");
    assert!(call::<String>(&mut eve, "PING").is_ok());
    fs::write(&path, "user bob on nopass\n").unwrap();
    call::<()>(&mut admin, "ACL LOAD").unwrap();
    assert!(call::<String>(&mut eve, "PING").is_err());
    assert_eq!(users(&mut admin).len(), 2);
}

#[test]
fn the_configuration_can_have_users() {
    let words = |line: &str| line.split(' ').map(|word| word.into()).collect::<Vec<Vec<u8>>>();
    let server = start(|config| {
        config.users = vec![words("eve on nopass ( +get ~k* )"), words("default on >x ~* +ping")];
        config.requirepass = b"y".to_vec();
    })
    .unwrap();
    let url = format!("redis://:x@{}/", server.address());
    let mut client = redis::Client::open(url).unwrap().get_connection().unwrap();
    // Both passwords, and all of what the default user had before.
    call::<()>(&mut client, "AUTH x").unwrap();
    call::<()>(&mut client, "AUTH y").unwrap();
    let eve = "user eve on nopass resetchannels -@all (~k* resetchannels -@all +get)";
    assert_eq!(users(&mut client)[1], eve);
}

#[test]
fn a_wrong_rule_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.acl");
    let reason = with_file(&path).err().unwrap().to_string();
    assert!(reason.contains("opening file") && reason.contains("No such file"), "{reason}");
    fs::write(&path, "user default foo\n").unwrap();
    let reason = with_file(&path).err().unwrap().to_string();
    assert!(reason.ends_with("no change to the previously active ACL rules was performed"));
    let line = ["eve", "+nosuch"].map(|word| word.as_bytes().to_vec()).to_vec();
    let reason = start(|config| config.users = vec![line]).err().unwrap().to_string();
    assert_eq!(
        reason,
        "Error loading ACL rule '+nosuch' for the user named 'eve': \
         Unknown command or category name in ACL"
    );
}
