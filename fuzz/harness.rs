//! What the targets share that execute commands: an engine of their own, and which input they leave
//! alone.

use cacheflow::config::{Allowed, Config};
use cacheflow::engine::Engine;
use cacheflow::engine::client::Client;
use cacheflow::engine::execution::Origin;
use cacheflow::resp::{Reply, Request};

/// Values are small, so that a few requests can't take all memory, and nothing is logged.
pub fn config() -> Config {
    let _ = cacheflow::system::logging::set_file(Some("/dev/null".as_ref()));
    Config {
        proto_max_bulk_len: 1 << 20,
        enable_debug_command: Allowed::Yes,
        save: Vec::new(),
        dbfilename: String::new(),
        ..Config::default()
    }
}

/// A digest of all data, as DEBUG DIGEST has it.
pub fn digest(engine: &mut Engine) -> Vec<u8> {
    let client = engine.clients.add(Client::internal);
    let (request, mut reply) = (Request::new([&b"DEBUG"[..], b"DIGEST"]), Reply::default());
    engine.execute(client, request.args(), &mut reply, Origin::Client);
    reply.as_bytes().to_vec()
}

/// Whether this may ask for what is not data: files, time, other servers, the end of the process.
pub fn reaches_outside(bytes: &[u8]) -> bool {
    const NAMES: [&str; 9] = [
        "debug",
        "save",
        "config",
        "shutdown",
        "replicaof",
        "slaveof",
        "rewriteaof",
        "acl",
        "failover",
    ];
    mentions(bytes, &NAMES)
}

/// Whether the same input may have another outcome the next time: random choices, and the clock.
pub fn is_random(bytes: &[u8]) -> bool {
    mentions(bytes, &["spop", "xadd", "xautoclaim", "xclaim", "xreadgroup", "rand"])
}

fn mentions(bytes: &[u8], names: &[&str]) -> bool {
    let bytes = bytes.to_ascii_lowercase();
    names.iter().any(|name| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
}
