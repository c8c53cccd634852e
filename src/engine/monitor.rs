//! Who watches with MONITOR, and what is shown to them.
//!
//! ```text
//! +1795300312.298137 [0 127.0.0.1:46240] "SET" "k" "a b\x00"
//!  time              db  who             the request, quoted
//! ```

use std::sync::Arc;

use super::ClientKey;
use super::Engine;
use crate::catalogue::Command;
use crate::config::words::quote_to;
use crate::resp::Args;
use crate::resp::args::is;
use crate::system::stream::Address;

/// The client watches no more.
pub fn stop(engine: &mut Engine, client: ClientKey) {
    if std::mem::take(&mut engine.clients.get_mut(client).monitors) {
        engine.monitors.retain(|monitor| *monitor != client);
    }
}

/// Shows a request to all who watch.
pub fn show(
    engine: &mut Engine,
    client: ClientKey,
    command: Command,
    args: Args<'_>,
    from_script: bool,
) {
    let now_us = engine.unix_us_at(engine.clock.tick());
    let from = engine.clients.get(client);
    let peer = match &from.peer {
        _ if from_script => "lua".to_owned(),
        Some(Address::Unix(path)) => format!("unix:{}", path.display()),
        Some(peer) => peer.to_string(),
        None => "?:0".to_owned(),
    };
    let (seconds, micros) = (now_us / 1_000_000, now_us % 1_000_000);
    let mut line = format!("+{seconds}.{micros:06} [{} {peer}]", from.db);
    for (index, arg) in args.iter().enumerate() {
        line.push(' ');
        let shown = if is_secret(command, args, index) { b"(redacted)" } else { arg };
        quote_to(shown, &mut line);
    }
    line.push_str("\r\n");
    let line: Arc<[u8]> = line.into_bytes().into();
    let Engine { monitors, clients, config, .. } = engine;
    for monitor in monitors {
        clients.push(*monitor, &line, config);
    }
}

/// Whether an argument belongs to AUTH, or to the AUTH option of HELLO or MIGRATE.
pub fn is_secret(command: Command, args: Args<'_>, index: usize) -> bool {
    match command {
        Command::Auth => index > 0,
        Command::Migrate => is_migrate_secret(args, index),
        Command::Hello => (1..=2).any(|back| index >= 2 + back && is(&args[index - back], "AUTH")),
        _ => false,
    }
}

/// Whether an argument is the password of AUTH, or user or password of AUTH2; behind KEYS there are only keys.
fn is_migrate_secret(args: Args<'_>, index: usize) -> bool {
    let mut next = 6;
    while let Some(option) = args.get(next).filter(|option| !is(option, "KEYS")) {
        let secrets = usize::from(is(option, "AUTH")) + 2 * usize::from(is(option, "AUTH2"));
        if (next + 1..=next + secrets).contains(&index) {
            return true;
        }
        next += 1 + secrets;
    }
    false
}
