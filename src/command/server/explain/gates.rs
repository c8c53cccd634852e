//! The gates of a request that is explained: which it has come to, and why each has let it pass.

use crate::catalogue::Row;
use crate::catalogue::spec::Flags;
use crate::command::context::Context;
use crate::command::error::Result;
use crate::command::gates::{Gate, Walker, walk};
use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::execution::Origin;
use crate::resp::{Args, Protocol};

/// The gates that a request has come to, in order.
#[derive(Default)]
struct Seen(Vec<(Gate, &'static str)>);

impl Walker for Seen {
    fn comes_to(&mut self, gate: Gate, place: &'static str) {
        self.0.push((gate, place));
    }
}

/// Lets a request pass all gates as any client's, and tells about each. The flags are those by which they have judged it.
pub fn pass(ctx: &mut Context<'_>, row: &Row, request: Args<'_>) -> Result<Flags> {
    let mut seen = Seen::default();
    let passed = walk(ctx.engine, ctx.client, row, request, Origin::Client, &mut seen);
    let refuses = passed.as_ref().err().and(seen.0.last()).map(|(gate, _)| *gate);
    for (gate, place) in seen.0 {
        let name = format!("{gate:?}").to_ascii_lowercase();
        let is_passed = refuses != Some(gate);
        let why = match &passed {
            Err(error) if !is_passed => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            _ => why(ctx.engine, ctx.engine.clients.get(ctx.client), gate, row),
        };
        let verdict = if is_passed { "passed" } else { "refused" };
        let step = super::journey(ctx).add("gate", format!("{name} {verdict}: {why}"), place);
        step.text("name", name).flag("passed", is_passed).text("why", why);
    }
    passed
}

/// Why a gate has let a request pass.
fn why(engine: &Engine, client: &Client, gate: Gate, row: &Row) -> String {
    let config = &engine.config;
    let writes = row.is(Flags::WRITE);
    let text = match gate {
        Gate::Authentication if row.is(Flags::NO_AUTH) => "allowed to anybody",
        Gate::Authentication if client.authenticated => {
            return format!("the client is user {}", String::from_utf8_lossy(&client.user));
        }
        Gate::Authentication => "the default user needs no password",
        Gate::Transaction if client.transaction.is_some() => "it may stand inside MULTI",
        Gate::Transaction => "not inside MULTI",
        Gate::Permission if client.unrestricted => "this user may do everything",
        Gate::Permission => "this user may run the command, with these keys and channels",
        Gate::Cluster if engine.cluster.is_none() => "this server is no node of a cluster",
        Gate::Cluster => match client.routing.slot {
            Some(slot) => return format!("slot {slot} is served here"),
            None => "it has no keys",
        },
        Gate::Memory if config.maxmemory == 0 => "maxmemory is 0: no limit",
        Gate::Memory if engine.scripting.out_of_memory => "memory is short, but it needs none",
        Gate::Memory => "there is memory, or there is again after eviction",
        Gate::Disk if writes => "the disk takes what is written",
        Gate::Disk => "it writes nothing",
        Gate::Replication if !engine.is_replica() && config.min_replicas_to_write == 0 => {
            "a master, which needs no replicas to write"
        }
        Gate::Replication if !engine.is_replica() => "a master, with enough good replicas",
        Gate::Replication if writes => "a replica that clients may write to",
        Gate::Replication => "a replica, whose data may be read",
        Gate::Subscription if client.protocol == Protocol::Resp3 => {
            "RESP3 tells pushes from replies"
        }
        Gate::Subscription => "the client listens to nothing",
        Gate::Loading if engine.loading => "allowed while the data is loaded",
        Gate::Loading => "the data is there",
        Gate::Script if engine.scripting.running.is_some() => "allowed while a script runs",
        Gate::Script => "no script runs",
        Gate::Connection => "neither a monitor's connection nor a replica's",
    };
    text.to_owned()
}
