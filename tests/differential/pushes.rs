//! Random pipelines of clients that cache and subscribe: byte for byte what a real server sends.
//!
//! ```text
//!   seed -> three connections, pipelines in turn --+--> cacheflow ----> all bytes of each connection
//!                                                  +--> redis-server -> all bytes of each connection
//! ```
//!
//! What matters here is where pushes stand between replies, so whole conversations are compared and
//! not single replies. They can only be if both servers execute the pipelines in the same order:
//! before the next one is sent, each must have executed this one. That shows in `INFO`, which counts
//! the bytes that were received.
//!
//! A round deals in part of the language only ([`Theme`]), so that what is different on purpose
//! (docs/compatibility.md) can't come up.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::client::{Client, Value, request};
use crate::generator::Random;
use crate::servers::Server;
use crate::{REPLY_TIMEOUT, minimize, seed};

/// Rounds of one run; `PUSH_ROUNDS` in the environment says otherwise.
const ROUNDS: usize = 200;
/// Pipelines in a round.
const PIPELINES: usize = 25;
/// Connections: `a`, `b`, `c`.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// When keys have expired that were given 150 ms.
const EXPIRED: Duration = Duration::from_millis(200);

/// What a round is about.
#[derive(Clone, Copy, Debug)]
enum Theme {
    /// Transactions, and one's own changes.
    Transactions,
    /// Messages, on the same connections as invalidations.
    Messages,
    /// Clients that wait for lists.
    Waiting,
    /// Keys that expire when they are next looked at.
    Expiry,
    /// NOLOOP.
    OwnChanges,
}

const THEMES: [Theme; 5] =
    [Theme::Transactions, Theme::Messages, Theme::Waiting, Theme::Expiry, Theme::OwnChanges];

/// What every round is made of.
const READS: &str =
    "GET k1; GET k2; MGET k1 k2 j1; EXISTS j1; STRLEN k1; LRANGE l1 0 -1; LLEN l2; TTL k1";
const WRITES: &str = "SET k1 v; SET k2 w; SET j1 v; APPEND k1 x; DEL k1; DEL k1 k2 l1; \
    MSET k1 a k2 b j1 c; RENAME k1 k2; COPY k2 j1 REPLACE; GETDEL k2; EXPIRE k1 100; PERSIST k1; \
    RPUSH l1 v; RPUSH l2 v w; LPOP l1; INCR l1; LMOVE l1 l2 LEFT RIGHT; FLUSHALL; FLUSHDB";
const OTHERS: &str = "SET k1; NOSUCH; PING; SELECT 1; SELECT 0; HELLO 2; HELLO 3; HELLO 3; RESET; \
    CLIENT TRACKING OFF; CLIENT CACHING YES; CLIENT CACHING YES; CLIENT CACHING NO; \
    CLIENT TRACKINGINFO";

/// How tracking begins. A name in angle brackets is the id of that connection.
const TRACKING: &str = "CLIENT TRACKING ON; CLIENT TRACKING ON; CLIENT TRACKING ON OPTIN; \
    CLIENT TRACKING ON OPTOUT; CLIENT TRACKING ON BCAST; CLIENT TRACKING ON BCAST PREFIX k; \
    CLIENT TRACKING ON BCAST PREFIX j PREFIX k1 PREFIX l";
const REDIRECTED: &str = "CLIENT TRACKING ON REDIRECT <a>; CLIENT TRACKING ON BCAST REDIRECT <a>; \
    CLIENT TRACKING ON OPTOUT REDIRECT <a>";
const NOLOOP: &str = "CLIENT TRACKING ON NOLOOP; CLIENT TRACKING ON NOLOOP OPTIN; \
    CLIENT TRACKING ON NOLOOP BCAST; CLIENT TRACKING ON NOLOOP BCAST PREFIX k";

impl Theme {
    /// What it adds to the common language.
    fn commands(self) -> &'static str {
        match self {
            Theme::Transactions => {
                "MULTI; MULTI; MULTI; EXEC; EXEC; EXEC; EXEC; DISCARD; WATCH k1; UNWATCH"
            }
            Theme::Messages => {
                "SUBSCRIBE c; PSUBSCRIBE c*; SSUBSCRIBE s; UNSUBSCRIBE; PUNSUBSCRIBE; \
                 SUNSUBSCRIBE; UNSUBSCRIBE c; UNSUBSCRIBE x; SUNSUBSCRIBE s; PUBLISH c m; \
                 PUBLISH c m; SPUBLISH s m; SPUBLISH s m; PUBSUB NUMSUB c; CLIENT REPLY OFF; \
                 CLIENT REPLY ON; CLIENT REPLY SKIP"
            }
            Theme::Waiting => {
                "BLPOP l1 0; BLPOP l2 l1 0; BLMOVE l1 l2 LEFT RIGHT 0; BLMOVE l2 l3 LEFT LEFT 0; \
                 RPUSH l1 x; RPUSH l2 y"
            }
            Theme::Expiry => "PING",
            Theme::OwnChanges => "MULTI; EXEC; EXEC",
        }
    }

    /// How its connections may track.
    fn tracking(self) -> Vec<&'static str> {
        let more = match self {
            Theme::Transactions | Theme::Messages => REDIRECTED,
            Theme::Waiting | Theme::Expiry => "CLIENT TRACKING ON",
            Theme::OwnChanges => NOLOOP,
        };
        TRACKING.split("; ").chain(more.split("; ")).collect()
    }

    /// What a connection may say. Where others redirect their messages to it, it changes nothing:
    /// those come after its reply, and in Redis before it or in its midst.
    fn language(self, on: usize) -> Vec<&'static str> {
        let is_quiet = on == 0 && matches!(self, Theme::Transactions | Theme::Messages);
        let mut language: Vec<&str> = READS.split("; ").chain(OTHERS.split("; ")).collect();
        if !is_quiet {
            language.extend(WRITES.split("; "));
        }
        for _ in 0..3 {
            language.extend(self.commands().split("; "));
        }
        if matches!(self, Theme::Transactions) {
            // Behind a redirection, Redis would still send to there what EXEC has collected.
            language.retain(|command| *command != "CLIENT TRACKING OFF");
        }
        language
    }
}

/// A command, on which connection, and in which pipeline.
#[derive(Clone, Debug)]
struct Sent {
    pipeline: usize,
    on: usize,
    command: String,
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn replies_and_pushes_come_in_the_same_order() {
    let rounds = std::env::var("PUSH_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let seed = seed::seed();
    let mut servers = Servers::start();
    for round in 0..rounds {
        let theme = THEMES[round % THEMES.len()];
        let sent = conversation(seed.wrapping_add(round as u64), theme);
        let Some(first) = servers.difference(&sent) else { continue };
        let shortest = minimize::minimize(&sent, 400, |sent| servers.difference(sent).is_some());
        let difference = servers.difference(&shortest);
        panic!(
            "round {round} ({theme:?}) with DIFF_SEED={seed}:\n{}\n{}",
            shown(&shortest),
            difference.unwrap_or(format!("not again (it depends on time); at first:\n{first}"))
        );
    }
}

/// The random pipelines of a round.
fn conversation(seed: u64, theme: Theme) -> Vec<Sent> {
    let mut random = Random::new(seed);
    let mut sent = Vec::new();
    for pipeline in 0..PIPELINES {
        let on = random.below(NAMES.len());
        let mut say = |command: &str| {
            sent.push(Sent { pipeline, on, command: command.into() });
        };
        if pipeline < NAMES.len() || random.below(6) == 0 {
            if random.below(4) > 0 {
                say("HELLO 3");
            }
            let ways = theme.tracking();
            say(ways[random.below(ways.len())]);
        }
        if let Theme::Expiry = theme
            && random.below(6) == 0
        {
            ["MSET k1 v k2 v", "PEXPIRE k1 150", "MGET k1 k2", "PEXPIRE k2 150", "(later)"]
                .into_iter()
                .for_each(say);
            continue;
        }
        for _ in 0..1 + random.below(6) {
            let language = theme.language(on);
            let command = language[random.below(language.len())];
            say(command);
            if command.starts_with('B') {
                break; // what follows would be executed whenever this one is served
            }
        }
    }
    sent
}

/// Both servers, each with a connection that asks it how far it is.
struct Servers([(Server, Client); 2]);

impl Servers {
    fn start() -> Servers {
        let args = ["--enable-debug-command", "yes"];
        let ours = Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args).unwrap();
        let theirs = Server::redis(&args).unwrap();
        Servers([ours, theirs].map(|server| {
            let mut asking = Client::connect(address(&server)).unwrap();
            ask(&mut asking, "DEBUG SET-ACTIVE-EXPIRE 0");
            (server, asking)
        }))
    }

    /// Holds the same conversation with both; `None` if they agree.
    fn difference(&mut self, sent: &[Sent]) -> Option<String> {
        let [ours, theirs] = self.0.each_mut().map(|(server, asking)| Talk::open(server, asking));
        let mut talks = [ours, theirs];
        for pipeline in sent.chunk_by(|one, other| one.pipeline == other.pipeline) {
            let on = pipeline[0].on;
            // What is sent to a client that waits would be executed at some other time.
            if talks.iter_mut().any(|talk| talk.is_waiting(on)) {
                continue;
            }
            talks.iter_mut().for_each(|talk| talk.send(pipeline));
            talks.iter_mut().for_each(Talk::settle);
            if pipeline.iter().any(|sent| sent.command == "(later)") {
                std::thread::sleep(EXPIRED);
            }
        }
        let [ours, theirs] = talks.map(Talk::end);
        let different = (0..NAMES.len()).filter(|on| ours[*on] != theirs[*on]);
        let lines: Vec<String> = different
            .map(|on| {
                let [ours, theirs] = [&ours[on], &theirs[on]].map(|bytes| bytes.escape_ascii());
                format!("{0} of cacheflow: {ours}\n{0} of redis:     {theirs}", NAMES[on])
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// One conversation with one server.
struct Talk<'s> {
    asking: &'s mut Client,
    connections: Vec<TcpStream>,
    /// The ids of the connections.
    ids: Vec<String>,
    /// Bytes that the server must have received by now.
    expected: u64,
}

impl<'s> Talk<'s> {
    fn open(server: &Server, asking: &'s mut Client) -> Talk<'s> {
        ask(asking, "FLUSHALL");
        let mut connections = Vec::new();
        let mut ids = Vec::new();
        for _ in NAMES {
            let mut stream = TcpStream::connect(address(server)).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(REPLY_TIMEOUT)).unwrap();
            stream.write_all(b"CLIENT ID\r\n").unwrap();
            ids.push(line(&mut stream).unwrap().trim_matches([':', '\r', '\n']).to_owned());
            connections.push(stream);
        }
        let mut talk = Talk { asking, connections, ids, expected: 0 };
        talk.expected = talk.received();
        talk
    }

    fn send(&mut self, pipeline: &[Sent]) {
        let mut requests = Vec::new();
        for sent in pipeline.iter().filter(|sent| sent.command != "(later)") {
            let mut command = sent.command.clone();
            for (name, id) in NAMES.iter().zip(&self.ids) {
                command = command.replace(&format!("<{name}>"), id);
            }
            requests.extend(request(&command.split(' ').collect::<Vec<_>>()));
        }
        self.expected += requests.len() as u64;
        self.connections[pipeline[0].on].write_all(&requests).unwrap();
    }

    /// Waits until everything that was sent has been executed.
    fn settle(&mut self) {
        let deadline = Instant::now() + REPLY_TIMEOUT;
        loop {
            let received = self.received();
            self.expected += QUESTION as u64;
            if received == self.expected {
                return;
            }
            assert!(Instant::now() < deadline, "{received} bytes of {}", self.expected);
        }
    }

    /// How many bytes the server has received from all clients, the question included.
    fn received(&mut self) -> u64 {
        let info = ask(self.asking, "INFO stats");
        let count = info.lines().find_map(|line| line.strip_prefix("total_net_input_bytes:"));
        count.and_then(|count| count.parse().ok()).expect("INFO counts bytes")
    }

    /// Whether a connection waits for a key.
    fn is_waiting(&mut self, on: usize) -> bool {
        let question = format!("CLIENT LIST ID {}", self.ids[on]);
        self.expected += request(&question.split(' ').collect::<Vec<_>>()).len() as u64;
        let list = ask(self.asking, &question);
        list.split(' ').any(|field| field.starts_with("flags=") && field.contains('b'))
    }

    /// Hangs up, and returns what came on each connection; what differs from server to server is
    /// made the same.
    fn end(self) -> Vec<Vec<u8>> {
        for stream in &self.connections {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let all = self.connections.into_iter().map(|mut stream| {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            for id in &self.ids {
                // In the replies to HELLO and to CLIENT TRACKINGINFO.
                for name in ["id", "redirect"] {
                    let (from, to) =
                        (format!("{name}\r\n:{id}\r\n"), format!("{name}\r\n:<id>\r\n"));
                    bytes = replace(&bytes, from.as_bytes(), to.as_bytes());
                }
            }
            // The null of "everything has changed".
            replace(&bytes, b"invalidate\r\n_\r\n", b"invalidate\r\n$-1\r\n")
        });
        all.collect()
    }
}

/// The length of the question that [`Talk::received`] asks.
const QUESTION: usize = b"*2\r\n$4\r\nINFO\r\n$5\r\nstats\r\n".len();

fn address(server: &Server) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.port))
}

fn ask(client: &mut Client, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    match client.call(&words, REPLY_TIMEOUT).unwrap() {
        Value::Bulk(text) | Value::Status(text) => String::from_utf8_lossy(&text).into_owned(),
        other => panic!("{command}: {other:?}"),
    }
}

/// Reads to the end of a line and not beyond it.
fn line(stream: &mut TcpStream) -> Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(from) {
            replaced.extend_from_slice(to);
            at += from.len();
        } else {
            replaced.push(bytes[at]);
            at += 1;
        }
    }
    replaced
}

/// A conversation, a pipeline a line.
fn shown(sent: &[Sent]) -> String {
    let line = |pipeline: &[Sent]| {
        let commands: Vec<&str> = pipeline.iter().map(|sent| sent.command.as_str()).collect();
        format!("{}> {}", NAMES[pipeline[0].on], commands.join("; "))
    };
    let lines: Vec<String> =
        sent.chunk_by(|one, other| one.pipeline == other.pipeline).map(line).collect();
    lines.join("\n")
}
