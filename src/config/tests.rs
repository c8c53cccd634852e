//! Tests of the configuration as a whole: against lists recorded from redis-server 7.0.15, and
//! through the entrance that `main` uses.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::system::logging::Level;

/// What `CONFIG GET *` of a freshly started redis-server 7.0.15 shows, with its own port and a
/// directory instead of the recording machine's.
const REDIS_DEFAULTS: &str = include_str!("../../tests/data/config-defaults.txt");

/// The same of redis-server 8.2.3.
const REDIS_8_DEFAULTS: &str = include_str!("../../tests/data/config-defaults-8.2.txt");

/// What Valkey 9.0 documents, and Redis 8.2 doesn't have.
const VALKEY: &[&str] = &[
    "active-defrag-cycle-us",
    "availability-zone",
    "cluster-announce-client-ipv4",
    "cluster-announce-client-ipv6",
    "cluster-blacklist-ttl",
    "cluster-databases",
    "cluster-manual-failover-timeout",
    "cluster-slot-migration-log-max-len",
    "commandlog-execution-slower-than",
    "commandlog-large-reply-max-len",
    "commandlog-large-request-max-len",
    "commandlog-reply-larger-than",
    "commandlog-request-larger-than",
    "commandlog-slow-execution-max-len",
    "dual-channel-replication-enabled",
    "extended-redis-compatibility",
    "hash-seed",
    "import-mode",
    "log-format",
    "log-timestamp-format",
    "mptcp",
    "primaryauth",
    "primaryuser",
    "rdb-version-check",
    "repl-mptcp",
    "slot-migration-max-failover-repl-bytes",
    "tls-auth-clients-user",
    "unixsocketgroup",
];

/// Names and values of a record of `CONFIG GET *`.
fn recorded(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    text.lines().map(|line| line.split_once(' ').unwrap_or((line, ""))).collect()
}

fn run(arguments: &[&str]) -> Result<Box<Config>, String> {
    run_with(arguments, &[], "")
}

fn run_with(
    arguments: &[&str],
    environment: &[(&str, &str)],
    stdin: &str,
) -> Result<Box<Config>, String> {
    let arguments = std::iter::once("cacheflow").chain(arguments.iter().copied());
    match from_command_line(arguments, environment.iter().copied(), stdin.as_bytes()) {
        Ok(Invocation::Run(config)) => Ok(config),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

/// CONFIG GET.
fn matching(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let found = config.get_matching(patterns.iter().map(|pattern| pattern.as_bytes()));
    found.into_iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn get(config: &Config, name: &str) -> String {
    let found = matching(config, &[name]);
    assert_eq!(found.len(), 1, "{name}");
    found[0].1.clone()
}

#[test]
fn names_and_defaults_are_those_of_redis() {
    let (seven, eight) = (recorded(REDIS_DEFAULTS), recorded(REDIS_8_DEFAULTS));
    assert_eq!((seven.len(), eight.len()), (192, 205));
    let mut expected: BTreeMap<&str, &str> = eight.into_iter().chain(seven).collect();
    // The documented exceptions, and the directory, which is wherever the test runs.
    assert_eq!(expected.insert("port", "5001"), Some("6379"));
    let here = std::env::current_dir().unwrap();
    expected.insert("dir", here.to_str().unwrap());
    let ours = matching(&Config::default(), &["*"]);
    let mut shown: BTreeMap<&str, &str> =
        ours.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(shown.len(), ours.len(), "a name appears twice");
    for name in
        VALKEY.iter().chain(&["listen-addr", "compat-version", "rdb-version", "web", "web-hosts"])
    {
        assert!(shown.remove(name).is_some(), "{name} isn't there");
    }
    assert_eq!(shown, expected);
}

#[test]
fn what_a_later_server_protects_with_is_had_or_refused() {
    for (line, reason) in [
        ("tls-auth-clients-user CN", "cacheflow takes no user's name from a certificate"),
        ("unixsocketgroup wheel", "cacheflow gives its socket to no other group"),
        ("import-mode yes", "cacheflow has no import mode"),
        ("lua-enable-deprecated-api yes", "cacheflow's scripts have no getfenv"),
        ("lua-enable-insecure-api yes", "cacheflow's scripts have no getfenv"),
        ("cluster-databases 2", "argument must be between 1 and 1 inclusive"),
        ("cluster-announce-client-ipv4 1.2.3.4", "cacheflow announces the same address"),
        ("locale-collate en_US.UTF-8", "cacheflow sorts by bytes"),
        ("loglevel none", "debug, verbose, notice, warning, nothing"),
    ] {
        let error = run_with(&["-"], &[], line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
    let config = run_with(&["-"], &[], "hide-user-data-from-log yes\nloglevel nothing").unwrap();
    assert!(config.hide_user_data_from_log && config.without_effect().is_empty());
}

#[test]
fn every_default_can_be_set_as_it_is_shown() {
    let mut config = Config::default();
    for parameter in PARAMETERS {
        // Nobody is nobody's replica: Redis cannot be told that by an empty value either.
        if parameter.name == "replicaof" {
            continue;
        }
        let shown = (parameter.get)(&config);
        let words = change::words_of(parameter, &shown);
        (parameter.set)(&mut config, &words)
            .unwrap_or_else(|reason| panic!("{}: {reason}", parameter.name));
        assert_eq!((parameter.get)(&config), shown, "{}", parameter.name);
        assert!(!parameter.help.is_empty() && parameter.help.len() <= 80, "{}", parameter.name);
        assert!(!parameter.help.ends_with('.'), "{}", parameter.name);
    }
}

/// What Debian's /etc/redis/redis.conf sets, with directories that exist here.
const DEBIAN: &str = r#"
    bind 127.0.0.1 -::1
    protected-mode yes
    port 6379
    tcp-backlog 511
    timeout 0
    tcp-keepalive 300
    daemonize yes
    pidfile /run/redis/redis-server.pid
    loglevel notice
    logfile /var/log/redis/redis-server.log
    databases 16
    always-show-logo no
    set-proc-title yes
    proc-title-template "{title} {listen-addr} {server-mode}"
    stop-writes-on-bgsave-error yes
    rdbcompression yes
    rdbchecksum yes
    dbfilename dump.rdb
    rdb-del-sync-files no
    dir /tmp
    replica-serve-stale-data yes
    replica-read-only yes
    repl-diskless-sync yes
    repl-diskless-sync-delay 5
    repl-diskless-sync-max-replicas 0
    repl-diskless-load disabled
    repl-disable-tcp-nodelay no
    replica-priority 100
    acllog-max-len 128
    lazyfree-lazy-eviction no
    lazyfree-lazy-expire no
    lazyfree-lazy-server-del no
    replica-lazy-flush no
    lazyfree-lazy-user-del no
    lazyfree-lazy-user-flush no
    oom-score-adj no
    oom-score-adj-values 0 200 800
    disable-thp yes
    appendonly no
    appendfilename "appendonly.aof"
    appenddirname "appendonlydir"
    appendfsync everysec
    no-appendfsync-on-rewrite no
    auto-aof-rewrite-percentage 100
    auto-aof-rewrite-min-size 64mb
    aof-load-truncated yes
    aof-use-rdb-preamble yes
    aof-timestamp-enabled no
    slowlog-log-slower-than 10000
    slowlog-max-len 128
    latency-monitor-threshold 0
    notify-keyspace-events ""
    hash-max-listpack-entries 512
    hash-max-listpack-value 64
    list-max-listpack-size -2
    list-compress-depth 0
    set-max-intset-entries 512
    zset-max-listpack-entries 128
    zset-max-listpack-value 64
    hll-sparse-max-bytes 3000
    stream-node-max-bytes 4096
    stream-node-max-entries 100
    activerehashing yes
    client-output-buffer-limit normal 0 0 0
    client-output-buffer-limit replica 256mb 64mb 60
    client-output-buffer-limit pubsub 32mb 8mb 60
    hz 10
    dynamic-hz yes
    aof-rewrite-incremental-fsync yes
    rdb-save-incremental-fsync yes
    jemalloc-bg-thread yes
"#;

#[test]
fn the_configuration_of_debian_is_accepted() {
    let config = run_with(&["-"], &[], DEBIAN).unwrap();
    assert_eq!(config.bind, ["127.0.0.1", "-::1"]);
    assert_eq!(config.port, 6379);
    assert_eq!(config.logfile, "/var/log/redis/redis-server.log");
    assert_eq!(config.dir, Path::new("/tmp").canonicalize().unwrap());
    // Of all that has no effect, only what asks for something else than the default is worth a
    // line of log.
    let idle: Vec<_> = config.without_effect().iter().map(|row| row.name).collect();
    assert_eq!(idle, ["daemonize"]);
}

#[test]
fn arguments_are_configuration_text() {
    let config = run(&["--save", "900", "1", "300", "10", "--bind", "127.0.0.1", "::1"]).unwrap();
    assert_eq!(get(&config, "save"), "900 1 300 10");
    assert_eq!(get(&config, "bind"), "127.0.0.1 ::1");
    for (arguments, name, value) in [
        (&["--save", ""][..], "save", ""),
        (&["--save", "900 1"], "save", "900 1"),
        (&["--save", "--port", "1"], "save", ""),
        (&["--save", "900", "1", "--save", "300", "10"], "save", "900 1 300 10"),
        (&["--replicaof", "h", "1"], "replicaof", "h 1"),
        (&["--replicaof", "h 1"], "replicaof", "h 1"),
        (&["--slaveof", "h 1", "--replicaof", "no", "one"], "replicaof", ""),
        (&["--maxmemory", "1gb", "--maxmemory", "2gb"], "maxmemory", "2147483648"),
        (&["--TIMEOUT", "7"], "timeout", "7"),
        (&["--timeout 7"], "timeout", "7"),
        (&["--timeout=7"], "timeout", "7"),
        (&["--list-max-ziplist-size", "-1"], "list-max-listpack-size", "-1"),
        (&["--save", "900", "1", "--save"], "save", ""),
        (&["--requirepass", "--abc"], "requirepass", "--abc"),
        (&["--requirepass", "--port", "--port", "7"], "requirepass", "--port"),
        (&["--proc-title-template", "--a", "--hz", "7"], "hz", "7"),
        (&["--requirepass", "-v"], "requirepass", "-v"),
        (&["--requirepass", "a \"b\" \\"], "requirepass", "a \"b\" \\"),
        (&["--requirepass="], "requirepass", ""),
        (
            &["--client-output-buffer-limit", "replica", "0", "0", "1"],
            "client-output-buffer-limit",
            "normal 0 0 0 slave 0 0 1 pubsub 33554432 8388608 60",
        ),
    ] {
        assert_eq!(get(&run(arguments).unwrap(), name), value, "{arguments:?}");
    }
    let config = run(&["--user", "bob", "on", ">x", "--user", "eve off"]).unwrap();
    assert_eq!(config.users, [vec![&b"bob"[..], b"on", b">x"], vec![b"eve", b"off"]]);
}

#[test]
fn listen_addr_is_address_and_port_in_one_and_the_later_option_wins() {
    let listen = |arguments: &[&str]| {
        let config = run(arguments).unwrap();
        (config.bind.join(" "), config.port, config.listens_on_tcp(), config.listen_addr.clone())
    };
    let all = "* -::*".to_owned();
    assert_eq!(listen(&[]), (all.clone(), 5001, true, String::new()));
    assert_eq!(listen(&["--listenAddr", ":7000"]), (all.clone(), 7000, true, ":7000".into()));
    assert_eq!(listen(&["--listen-addr=[::1]:7"]), ("::1".into(), 7, true, "[::1]:7".into()));
    assert_eq!(
        listen(&["--listen-addr", "127.0.0.1:0"]),
        ("127.0.0.1".into(), 0, true, "127.0.0.1:0".into())
    );
    assert_eq!(listen(&["--port", "0"]), (all.clone(), 0, false, String::new()));
    assert_eq!(
        listen(&["--listen-addr", ":1", "--port", "2"]),
        (all.clone(), 2, true, String::new())
    );
    assert_eq!(listen(&["--port", "2", "--listen-addr", ":1"]), (all, 1, true, ":1".into()));
    assert_eq!(
        listen(&["--listen-addr", ":0", "--bind", "::1"]),
        ("::1".into(), 0, true, "[::1]:0".into())
    );
}

#[test]
fn later_sources_win() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.conf");
    std::fs::write(&path, "timeout 1\nhz 11\nmaxclients 100\nmaxmemory 1\nsave 1 1\n").unwrap();
    let environment = [("CACHEFLOW_HZ", "33"), ("CACHEFLOW_MAXCLIENTS", "300")];
    let arguments = [path.to_str().unwrap(), "--maxclients", "400", "--save", "2", "2", "-"];
    let config = run_with(&arguments, &environment, "timeout 2\nhz 22\n").unwrap();
    assert_eq!(config.maxmemory, 1);
    assert_eq!(config.timeout, 2);
    assert_eq!(config.hz, 33);
    assert_eq!(config.maxclients, 400);
    assert_eq!(get(&config, "save"), "1 1 2 2");
    assert_eq!(config.config_file.as_deref(), Some(path.as_path()));
    assert_eq!(run(&[]).unwrap().config_file, None);
}

/// As redis-server 7.0.15 reports them.
#[test]
fn mistakes_on_the_command_line_are_those_of_a_file() {
    let fatal = |number: usize, line: &str, reason: &str| {
        format!(
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at \
             line {number}\n>>> '{line}'\n{reason}"
        )
    };
    let number = "argument couldn't be parsed into an integer";
    let count = "wrong number of arguments";
    let bad = "Bad directive or wrong number of arguments";
    for (arguments, line, shown, reason) in [
        (&["--port", "abc"][..], 2, r#"port "abc""#, number),
        (&["--port"], 2, "port", count),
        (&["--port", "7", "stray"], 2, r#"port "7" "stray""#, count),
        (&["--port", "7", "--timeout", "1", "2"], 3, r#"timeout "1" "2""#, count),
        (&["--port", "--timeout", "1"], 2, r#"port "--timeout" "1""#, count),
        (&["--Timeout x"], 2, "Timeout x", number),
        (&["--save", "900"], 2, r#"save "900""#, "Invalid save parameters"),
        (&["--replicaof", "no", "one", "--hz", "x"], 3, r#"hz "x""#, number),
        (&["--replicaof", ""], 2, r#"replicaof """#, count),
        (&["--hz", "1", "--help"], 3, "help", bad),
        (&["-x"], 2, r#""-x""#, bad),
        (&["--hz", "1", "--xyzzy", "a\"\n"], 3, r#"xyzzy "a\"\n""#, bad),
        (&["/dev/null", "b.conf"], 2, r#""b.conf""#, bad),
        (&["--requirepass", "a", "b"], 2, "requirepass ...", count),
        (&["--maxmemry", "1"], 2, r#"maxmemry "1""#, &format!("{bad}; did you mean maxmemory?")),
        (&["--loadmodule", "x.so"], 2, r#"loadmodule "x.so""#, "cacheflow cannot load modules"),
        (&["--rename-command", "GET"], 2, r#"rename-command "GET""#, bad),
        (
            &["--rename-command", "GET", "SET"],
            2,
            r#"rename-command "GET" "SET""#,
            "Target command name already exists",
        ),
    ] {
        assert_eq!(run(arguments).unwrap_err(), fatal(line, shown, reason), "{arguments:?}");
    }
    let counted = |arguments: &[&str], stdin| run_with(arguments, &[], stdin).unwrap_err();
    assert_eq!(counted(&["--port", "1", "-"], "\ntimeout x"), fatal(2, "timeout x", number));
    assert_eq!(counted(&["-", "--hz", "x"], "timeout 1\n"), fatal(3, r#"hz "x""#, number));
    assert!(run(&["--tls-port", "0", "--tls-cert-file", "x"]).is_ok());
    assert!(run(&["--port", "7", "--"]).is_ok());
    assert_eq!(
        run(&["/nonexistent.conf", "b"]).unwrap_err(),
        "Fatal error, can't open config file '/nonexistent.conf': No such file or directory"
    );
    for (arguments, message) in [
        (&["healthcheck", "a", "b"][..], "unexpected argument 'b' found"),
        (
            &["--aclfile", "x", "--user", "a", "on"],
            "users are declared both in the configuration and in an aclfile; \
             keep them in one place",
        ),
    ] {
        assert_eq!(run(arguments).unwrap_err(), format!("cacheflow: {message}"), "{arguments:?}");
    }
}

#[test]
fn text_is_bytes_wherever_it_comes_from() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
    let arguments = ["cacheflow", "-", "--masterauth"].map(OsString::from);
    let arguments = arguments.into_iter().chain([bytes(b"a\xffb")]);
    let environment = [("CACHEFLOW_MASTERUSER", bytes(b"\xfe"))];
    let stdin = &b"# caf\xe9\nrequirepass \xe9\nreplica-announce-ip \"\\xea\"\nuser \xeb >\xec"[..];
    let Ok(Invocation::Run(config)) = from_command_line(arguments, environment, stdin) else {
        panic!()
    };
    assert_eq!(config.masterauth, b"a\xffb");
    assert_eq!(config.masteruser, b"\xfe");
    assert_eq!(config.requirepass, b"\xe9");
    assert_eq!(config.replica_announce_ip, b"\xea");
    assert_eq!(config.users, [[&b"\xeb"[..], b">\xec"]]);
    // And it is written down so that it is the same again.
    let mut loader = file::Loader::default();
    loader.text(&config.rewritten("", rewrite::Extent::Changes), None).unwrap();
    assert_eq!(loader.config.requirepass, config.requirepass);
    assert_eq!(loader.config.users, config.users);
}

#[test]
fn version_help_and_healthcheck() {
    let invoke = |arguments: &[&str], environment: &[(&str, &str)]| {
        let environment = environment.iter().copied();
        let arguments = std::iter::once("cacheflow").chain(arguments.iter().copied());
        from_command_line(arguments, environment, std::io::empty()).unwrap()
    };
    for arguments in [["-v"], ["--version"]] {
        let Invocation::PrintAndExit(text) = invoke(&arguments, &[]) else { panic!() };
        assert!(text.starts_with("Redis server v=7.0.15 "), "{text}");
        assert!(text.ends_with(&format!(" cacheflow={VERSION}")), "{text}");
    }
    for (arguments, shows_all) in [(["-h"], false), (["--help"], true)] {
        let Invocation::PrintAndExit(text) = invoke(&arguments, &[]) else { panic!() };
        assert!(text.contains("Examples:") && text.contains("--maxmemory <bytes>"), "{text}");
        assert_eq!(text.contains("--maxmemory-samples"), shows_all, "{text}");
    }
    let Invocation::PrintAndExit(text) = invoke(&["--print-config"], &[]) else { panic!() };
    assert!(text.starts_with("# Every parameter") && text.contains("\n#port 5001\n"), "{text}");
    let Invocation::PrintAndExit(text) = invoke(&["healthcheck", "--help"], &[]) else { panic!() };
    assert!(text.contains("[ADDRESS]"), "{text}");
    let address = |arguments: &[&str], environment: &[(&str, &str)]| {
        let invoked = invoke(arguments, environment);
        let Invocation::Healthcheck { address, .. } = invoked else { panic!() };
        address
    };
    assert_eq!(address(&["healthcheck"], &[]), "127.0.0.1:5001");
    assert_eq!(address(&["healthcheck", "h:1"], &[]), "h:1");
    assert_eq!(address(&["healthcheck"], &[("CACHEFLOW_PORT", "7")]), "127.0.0.1:7");
    assert_eq!(address(&["healthcheck"], &[("CACHEFLOW_LISTEN_ADDR", "[::1]:7")]), "[::1]:7");
    assert_eq!(address(&["healthcheck"], &[("CACHEFLOW_LISTEN_ADDR", "0.0.0.0:7")]), "127.0.0.1:7");
    let (no_port, tls) = (("CACHEFLOW_PORT", "0"), ("CACHEFLOW_TLS_PORT", "8"));
    assert_eq!(address(&["healthcheck"], &[tls]), "127.0.0.1:5001");
    assert_eq!(address(&["healthcheck"], &[no_port, tls]), "tls:127.0.0.1:8");
    let socket = ("CACHEFLOW_UNIXSOCKET", "/run/c.sock");
    assert_eq!(address(&["healthcheck"], &[no_port, socket]), "unix:/run/c.sock");
}

/// Every refusal as redis-server 7.0.15 words it.
#[test]
fn config_set_refuses_with_the_words_of_redis() {
    let failed = |name: &str, reason: &str| {
        format!("CONFIG SET failed (possibly related to argument '{name}') - {reason}")
    };
    let unknown =
        |name: &str| format!("Unknown option or number of arguments for CONFIG SET - '{name}'");
    let integer = "argument couldn't be parsed into an integer";
    let cases: Vec<(&[(&str, &str)], String)> = vec![
        (&[("nosuch", "1")], unknown("nosuch")),
        (&[("user", "x")], unknown("user")),
        (&[("timeout", "1"), ("NoSuch", "2"), ("nosuch2", "x")], unknown("NoSuch")),
        (&[("timeout", "1"), ("timeout", "2")], failed("timeout", "duplicate parameter")),
        (&[("TimeOut", "x"), ("timeout", "y")], failed("timeout", "duplicate parameter")),
        (&[("TimeOut", "x")], failed("timeout", integer)),
        (&[("slave-priority", "x")], failed("slave-priority", integer)),
        (&[("timeout", "x"), ("maxmemory", "y")], failed("timeout", integer)),
        (
            &[("timeout", "9"), ("databases", "y")],
            failed("databases", "can't set immutable config"),
        ),
        (&[("dir", "9"), ("databases", "y")], failed("dir", "can't set protected config")),
        (&[("dbfilename", "x")], failed("dbfilename", "can't set protected config")),
        (&[("save", "900 1 300")], failed("save", "Invalid save parameters")),
        (&[("save", " 900  1 ")], failed("save", "Invalid save parameters")),
        (&[("save", "\"900 1\"")], failed("save", "Invalid save parameters")),
        (
            &[("maxmemory-clients", "101%")],
            failed("maxmemory-clients", "percentage argument must be less or equal to 100"),
        ),
        (
            &[("maxmemory-clients", "x")],
            failed("maxmemory-clients", "argument must be a memory or percent value"),
        ),
        (&[("maxmemory", "1t")], failed("maxmemory", "argument must be a memory value")),
        (
            &[("proto-max-bulk-len", "1")],
            failed(
                "proto-max-bulk-len",
                "argument must be between 1048576 and 9223372036854775807 inclusive",
            ),
        ),
        (
            &[("appendfsync", "everysec always")],
            failed("appendfsync", "argument(s) must be one of the following: everysec, always, no"),
        ),
    ];
    for (pairs, message) in cases {
        let mut config = Config::default();
        let error = config.set_many(pairs, false).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(format!("{config:?}"), "Config { .. }", "{pairs:?} left something behind");
    }
}

#[test]
fn config_set_is_all_or_nothing_and_tells_what_changed() {
    let mut config = Config::default();
    let pairs = [("timeout", "0"), ("MaxMemory", "1k"), ("slave-priority", "7"), ("hz", "9999")];
    let changed = config.set_many(&pairs, false).unwrap();
    let mut names: Vec<_> = changed.iter().map(|parameter| parameter.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["hz", "maxmemory", "replica-priority"]);
    assert_eq!((config.maxmemory, config.replica_priority, config.hz), (1000, 7, 500));
    // An alias beside its parameter is no duplicate.
    config.set_many(&[("slave-priority", "1"), ("replica-priority", "2")], false).unwrap();
    assert_eq!(config.replica_priority, 2);
    config.set_many(&[("save", ""), ("bind", ""), ("loglevel", "DEBUG")], false).unwrap();
    assert!(config.save.is_empty() && config.bind.is_empty());
    assert_eq!(config.loglevel, Level::Debug);
}

#[test]
fn protected_parameters_depend_on_who_asks() {
    for (setting, local, allowed) in
        [("yes", false, true), ("local", true, true), ("local", false, false), ("no", true, false)]
    {
        let mut config = run(&["--enable-protected-configs", setting]).unwrap();
        let outcome = config.set_many(&[("dbfilename", "x.rdb")], local);
        assert_eq!(outcome.is_ok(), allowed, "{setting} {local}");
    }
}

#[test]
fn config_get_takes_patterns_names_and_aliases() {
    let config = Config::default();
    let names = |patterns: &[&str]| {
        let mut names: Vec<_> =
            matching(&config, patterns).into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&["TIME*", "timeout", "slave-prio*"]), ["slave-priority", "timeout"]);
    assert_eq!(names(&["TIMEOUT", "time*"]), ["TIMEOUT"]);
    assert_eq!(names(&["hash-max-*-value"]), ["hash-max-listpack-value", "hash-max-ziplist-value"]);
    assert_eq!(names(&["rdb-key-save-d*"]), Vec::<String>::new());
    assert_eq!(names(&["rdb-key-save-delay"]), ["rdb-key-save-delay"]);
    assert_eq!(names(&["nosuch", "user"]), Vec::<String>::new());
}

#[test]
fn secrets_are_not_shown_by_debug() {
    let config = run(&["--requirepass", "hush", "--masterauth", "hush", "--hz", "20"]).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("requirepass") && shown.contains("20") && !shown.contains("hush"));
}
