//! INFO persistence, replication, modules, cluster and keyspace: the data and its copies.

use std::sync::atomic::Ordering;

use super::Fields;
use crate::command::context::Context;
use crate::engine::Engine;
use crate::engine::append_only::AofState;
use crate::engine::background::Kind;
use crate::engine::role::{self, Link, Master};
use crate::replication::failover::address_of;

/// `INFO persistence`
pub fn persistence(ctx: &mut Context<'_>, fields: &mut Fields) {
    let engine = &ctx.engine;
    let background = &engine.background;
    fields.put("loading", u8::from(engine.loading));
    fields.zeros(&["async_loading", "current_cow_peak", "current_cow_size"]);
    fields.put("current_cow_size_age", 0);
    let (done, keys) = match &background.running {
        Some(running) => (background.control.keys_done(), running.keys),
        None => (0, 0),
    };
    let percentage = if keys == 0 { 0.0 } else { done as f64 * 100.0 / keys as f64 };
    fields.put("current_fork_perc", format_args!("{percentage:.2}"));
    fields.put("current_save_keys_processed", done);
    fields.put("current_save_keys_total", keys);
    saving(engine, fields);
    rewriting(engine, fields);
    fields.zeros(&["module_fork_in_progress", "module_fork_last_cow_size"]);
    if engine.aof.state != AofState::Off {
        append_only(engine, fields);
    }
    if engine.loading {
        loading(ctx, fields);
    }
}

fn saving(engine: &Engine, fields: &mut Fields) {
    let saving = &engine.saving;
    fields.put("rdb_changes_since_last_save", engine.dirty);
    fields.put("rdb_bgsave_in_progress", u8::from(engine.background.is_running(Kind::Save)));
    fields.put("rdb_last_save_time", saving.last_save);
    fields.put("rdb_last_bgsave_status", status(saving.last_ok));
    fields.put("rdb_last_bgsave_time_sec", seconds(saving.last_seconds));
    fields.put("rdb_current_bgsave_time_sec", seconds(running_for(engine, Kind::Save)));
    fields.put("rdb_saves", saving.saves);
    fields.put("rdb_last_cow_size", 0);
    fields.put("rdb_last_load_keys_expired", saving.keys_expired);
    fields.put("rdb_last_load_keys_loaded", saving.keys_loaded);
}

fn rewriting(engine: &Engine, fields: &mut Fields) {
    let (aof, background) = (&engine.aof, &engine.background);
    fields.put("aof_enabled", u8::from(aof.state != AofState::Off));
    let in_progress = background.is_running(Kind::Rewrite);
    fields.put("aof_rewrite_in_progress", u8::from(in_progress));
    let first_is_due = aof.state == AofState::Starting && !in_progress;
    let scheduled = background.rewrite_scheduled || first_is_due;
    fields.put("aof_rewrite_scheduled", u8::from(scheduled));
    fields.put("aof_last_rewrite_time_sec", seconds(aof.last_rewrite_seconds));
    fields.put("aof_current_rewrite_time_sec", seconds(running_for(engine, Kind::Rewrite)));
    fields.put("aof_last_bgrewrite_status", status(aof.last_rewrite_ok));
    fields.put("aof_rewrites", aof.rewrites);
    fields.put("aof_rewrites_consecutive_failures", aof.consecutive_failures);
    fields.put("aof_last_write_status", status(aof.writer.last_write_ok()));
    fields.put("aof_last_cow_size", 0);
}

fn append_only(engine: &Engine, fields: &mut Fields) {
    let aof = &engine.aof;
    fields.put("aof_current_size", aof.writer.size());
    fields.put("aof_base_size", aof.base_size);
    fields.put("aof_pending_rewrite", u8::from(aof.state == AofState::Starting));
    fields.put("aof_buffer_length", aof.writer.buffered());
    fields.put("aof_pending_bio_fsync", u8::from(aof.writer.is_syncing()));
    fields.put("aof_delayed_fsync", 0);
}

fn loading(ctx: &Context<'_>, fields: &mut Fields) {
    let progress = &ctx.engine.progress;
    let (loaded, total) = (progress.loaded(), progress.total());
    let elapsed = (ctx.now_ms / 1000 - progress.started_s()).max(0) as u64;
    let left = total.saturating_sub(loaded);
    fields.put("loading_start_time", progress.started_s());
    fields.put("loading_total_bytes", total);
    fields.put("loading_rdb_used_mem", 0);
    fields.put("loading_loaded_bytes", loaded);
    let percentage = loaded as f64 * 100.0 / total.max(1) as f64;
    fields.put("loading_loaded_perc", format_args!("{percentage:.2}"));
    // Before anything can be told of the speed, Redis says 1.
    let eta = if elapsed == 0 { 1 } else { elapsed * left / loaded.max(1) };
    fields.put("loading_eta_seconds", eta);
}

fn status(ok: bool) -> &'static str {
    if ok { "ok" } else { "err" }
}

/// -1 stands for "never", and for "not now".
fn seconds(seconds: Option<u64>) -> i64 {
    seconds.map_or(-1, |seconds| seconds as i64)
}

fn running_for(engine: &Engine, kind: Kind) -> Option<u64> {
    let running = engine.background.running.as_ref().filter(|running| running.kind == kind);
    running.map(|running| running.begun.elapsed().as_secs())
}

/// `INFO replication`
pub fn replication(ctx: &mut Context<'_>, fields: &mut Fields) {
    let (engine, replication) = (&ctx.engine, &ctx.engine.replication);
    match &replication.master {
        None => fields.put("role", "master"),
        Some(master) => {
            fields.put("role", "slave");
            following(ctx.engine, master, fields);
        }
    }
    fields.put("connected_slaves", replication.replicas.len());
    if engine.config.min_replicas_to_write > 0 && engine.config.min_replicas_max_lag > 0 {
        fields.put("min_slaves_good_slaves", role::count_good(engine));
    }
    for (number, key) in replication.replicas.iter().enumerate() {
        let client = engine.clients.get(*key);
        let Some(replica) = &client.replica else { continue };
        let (ip, port) = address_of(client);
        let (offset, phase) = (replica.acknowledged, replica.phase.name());
        let lag = replica.lag_s(&engine.clock).unwrap_or(0);
        let rest = format!(",port={port},state={phase},offset={offset},lag={lag}");
        let begin = format!("slave{number}:ip=");
        fields.line(&[begin.as_bytes(), &ip, rest.as_bytes()].concat());
    }
    let failover = replication.failover.as_ref();
    fields.put("master_failover_state", failover.map_or("no-failover", |failover| failover.name()));
    fields.put("master_replid", &replication.id);
    fields.put("master_replid2", &replication.second_id);
    fields.put("master_repl_offset", replication.offset());
    fields.put("second_repl_offset", replication.second_end.map_or(-1, |end| end as i64 + 1));
    let (start, len) = replication.backlog.range();
    let first = if replication.active { start + 1 } else { 0 };
    fields.put("repl_backlog_active", u8::from(replication.active));
    fields.put("repl_backlog_size", engine.config.repl_backlog_size);
    fields.put("repl_backlog_first_byte_offset", first);
    fields.put("repl_backlog_histlen", len);
}

/// What only a replica has to say.
fn following(engine: &Engine, master: &Master, fields: &mut Fields) {
    let up = master.link == Link::Up;
    let offset = engine.replication.offset();
    fields.put("master_host", &master.host);
    fields.put("master_port", master.port);
    fields.put("master_link_status", if up { "up" } else { "down" });
    let heard = if up { engine.clock.since(master.last_heard).as_secs() as i64 } else { -1 };
    fields.put("master_last_io_seconds_ago", heard);
    fields.put("master_sync_in_progress", u8::from(master.link == Link::Syncing));
    fields.put("slave_read_repl_offset", offset);
    fields.put("slave_repl_offset", offset);
    if master.link == Link::Syncing {
        let received = master.received.load(Ordering::Relaxed);
        let total = master.expected.unwrap_or(0);
        let percentage = received as f64 * 100.0 / total.max(1) as f64;
        fields.put("master_sync_total_bytes", total);
        fields.put("master_sync_read_bytes", received);
        fields.put("master_sync_left_bytes", total.saturating_sub(received));
        fields.put("master_sync_perc", format_args!("{percentage:.2}"));
        fields.put(
            "master_sync_last_io_seconds_ago",
            engine.clock.since(master.last_heard).as_secs(),
        );
    }
    if !up {
        let since =
            master.down_since.map_or(-1, |since| engine.clock.since(since).as_secs() as i64);
        fields.put("master_link_down_since_seconds", since);
        fields.put("master_link_down_reason", master.last_error.replace(['\r', '\n'], " "));
    }
    fields.put("master_stream_errors", engine.replication.stream_errors);
    fields.put("slave_priority", engine.config.replica_priority);
    fields.put("slave_read_only", u8::from(engine.config.replica_read_only));
    fields.put("replica_announced", u8::from(engine.config.replica_announced));
}

/// INFO modules: there are none.
pub fn modules(_ctx: &mut Context<'_>, _fields: &mut Fields) {}

/// `INFO cluster`
pub fn cluster(ctx: &mut Context<'_>, fields: &mut Fields) {
    fields.put("cluster_enabled", u8::from(ctx.engine.cluster.is_some()));
}

/// INFO keyspace: the databases that have keys.
pub fn keyspace(ctx: &mut Context<'_>, fields: &mut Fields) {
    for (number, keyspace) in ctx.engine.databases.iter().enumerate() {
        if !keyspace.is_empty() {
            let (keys, expires) = (keyspace.len(), keyspace.expiring());
            let average = keyspace.average_ttl_ms(ctx.now_ms);
            let more = match fields.shows_later {
                true => format!(",subexpiry={}", keyspace.expiring_hashes()),
                false => String::new(),
            };
            fields.put(
                format_args!("db{number}"),
                format_args!("keys={keys},expires={expires},avg_ttl={average}{more}"),
            );
        }
    }
}
