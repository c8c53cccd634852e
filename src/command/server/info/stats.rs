//! INFO stats, commandstats, errorstats, latencystats and lock: what was counted.

use super::{Fields, kilobytes};
use crate::catalogue::ROWS;
use crate::command::context::Context;
use crate::engine::contention::Durations;
use crate::engine::pubsub::Space;
use crate::engine::stats::CommandStats;

/// `INFO stats`
pub fn stats(ctx: &mut Context<'_>, fields: &mut Fields) {
    let stats = &ctx.engine.stats;
    fields.put("total_connections_received", stats.total_connections_received);
    fields.put("total_commands_processed", stats.total_commands_processed);
    fields.put("instantaneous_ops_per_sec", stats.operations.per_second());
    fields.put("total_net_input_bytes", stats.total_net_input_bytes);
    fields.put("total_net_output_bytes", stats.total_net_output_bytes);
    fields.zeros(&["total_net_repl_input_bytes", "total_net_repl_output_bytes"]);
    let (input, output) = (stats.net_input.per_second(), stats.net_output.per_second());
    fields.put("instantaneous_input_kbps", format_args!("{:.2}", kilobytes(input)));
    fields.put("instantaneous_output_kbps", format_args!("{:.2}", kilobytes(output)));
    fields.put("instantaneous_input_repl_kbps", "0.00");
    fields.put("instantaneous_output_repl_kbps", "0.00");
    fields.put("rejected_connections", stats.rejected_connections);
    let replication = &ctx.engine.replication;
    fields.put("sync_full", replication.sync_full);
    fields.put("sync_partial_ok", replication.sync_partial_ok);
    fields.put("sync_partial_err", replication.sync_partial_err);
    fields.put("expired_keys", stats.expired_keys);
    fields.put("expired_stale_perc", "0.00");
    fields.put("expired_subkeys", stats.expired_subkeys); // younger than 7.0, as the hashes that have them
    fields.put("expired_time_cap_reached_count", stats.expired_time_cap_reached_count);
    fields.put("expire_cycle_cpu_milliseconds", 0);
    fields.put("evicted_keys", stats.evicted_keys);
    fields.put("evicted_clients", stats.evicted_clients);
    fields.put_later("evicted_scripts", stats.evicted_scripts);
    fields.zeros(&["total_eviction_exceeded_time", "current_eviction_exceeded_time"]);
    fields.put("keyspace_hits", stats.keyspace_hits);
    fields.put("keyspace_misses", stats.keyspace_misses);
    let (pubsub, tracking) = (&ctx.engine.pubsub, &ctx.engine.tracking);
    fields.put("pubsub_channels", pubsub.len(Space::Channel));
    fields.put("pubsub_patterns", pubsub.len(Space::Pattern));
    fields.put("pubsubshard_channels", pubsub.len(Space::Shard));
    fields.zeros(&["latest_fork_usec", "total_forks"]);
    fields.put("migrate_cached_sockets", ctx.engine.migrations.idle_connections());
    fields.put("slave_expires_tracked_keys", ctx.engine.expiry.own.len());
    fields.zeros(&[
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "total_active_defrag_time",
        "current_active_defrag_time",
    ]);
    fields.put("tracking_total_keys", tracking.keys());
    fields.put("tracking_total_items", tracking.items());
    fields.put("tracking_total_prefixes", tracking.prefixes());
    fields.put("unexpected_error_replies", stats.unexpected_error_replies);
    fields.put("total_error_replies", stats.total_error_replies);
    fields.put("dump_payload_sanitizations", 0);
    fields.put("total_reads_processed", stats.total_reads_processed);
    fields.put("total_writes_processed", stats.total_writes_processed);
    fields.zeros(&["io_threaded_reads_processed", "io_threaded_writes_processed"]);
    fields
        .zeros_later(&["io_threaded_total_prefetch_batches", "io_threaded_total_prefetch_entries"]);
    fields.put_later("client_query_buffer_limit_disconnections", stats.closed_for_input);
    fields.put_later("client_output_buffer_limit_disconnections", stats.closed_for_output);
    fields.zeros(&["reply_buffer_shrinks", "reply_buffer_expands"]);
    fields.zeros_later(&[
        "eventloop_cycles",
        "eventloop_duration_sum",
        "eventloop_duration_cmd_sum",
        "instantaneous_eventloop_cycles_per_sec",
        "instantaneous_eventloop_duration_usec",
    ]);
    // Younger than 7.0, but what whoever has users wants to watch.
    fields.put("acl_access_denied_auth", stats.acl_access_denied_auth);
    fields.put("acl_access_denied_cmd", stats.acl_access_denied_cmd);
    fields.put("acl_access_denied_key", stats.acl_access_denied_key);
    fields.put("acl_access_denied_channel", stats.acl_access_denied_channel);
}

/// INFO commandstats: the commands that were called, or would have been.
pub fn commandstats(ctx: &mut Context<'_>, fields: &mut Fields) {
    for (row, command) in ROWS.iter().zip(&ctx.engine.stats.commands) {
        if command.calls + command.rejected_calls + command.failed_calls == 0 {
            continue;
        }
        fields.put(format_args!("cmdstat_{}", row.name), counters(command));
    }
}

fn counters(command: &CommandStats) -> String {
    let CommandStats { calls, time_ns, rejected_calls, failed_calls } = command;
    let usec = time_ns / 1000;
    let per_call = *time_ns as f64 / 1000.0 / (*calls).max(1) as f64;
    format!(
        "calls={calls},usec={usec},usec_per_call={per_call:.2},rejected_calls={rejected_calls},\
         failed_calls={failed_calls}"
    )
}

/// INFO errorstats: error replies by their first word.
pub fn errorstats(ctx: &mut Context<'_>, fields: &mut Fields) {
    for (code, count) in &ctx.engine.stats.errors {
        let line = [b"errorstat_", &code[..], format!(":count={count}").as_bytes()].concat();
        fields.line(&line);
    }
}

/// INFO latencystats: percentiles of each command's latency, in microseconds.
pub fn latencystats(ctx: &mut Context<'_>, fields: &mut Fields) {
    let config = &ctx.engine.config;
    if !config.latency_tracking {
        return;
    }
    for row in ROWS {
        let Some(histogram) = ctx.engine.stats.latency(row.command) else { continue };
        let percentile = |percentile: &f64| {
            let microseconds = histogram.value_at_percentile(*percentile) as f64 / 1000.0;
            format!("p{percentile}={microseconds:.3}")
        };
        let percentiles = &config.latency_tracking_info_percentiles;
        let shown: Vec<String> = percentiles.iter().map(percentile).collect();
        fields.put(format_args!("latency_percentiles_usec_{}", row.name), shown.join(","));
    }
}

/// `INFO lock`
pub fn lock(ctx: &mut Context<'_>, fields: &mut Fields) {
    let contention = &ctx.engine.contention;
    for (name, durations) in [("held", &contention.held), ("waited", &contention.waited)] {
        let microseconds = |ns: u64| ns as f64 / 1000.0;
        fields.put(format_args!("lock_{name}"), durations.count());
        let total = microseconds(durations.total_ns);
        fields.put(format_args!("lock_{name}_usec"), format_args!("{total:.0}"));
        let longest = microseconds(durations.longest_ns);
        fields.put(format_args!("lock_{name}_longest_usec"), format_args!("{longest:.3}"));
        let percentile = |(name, permille): (&str, u64)| {
            format!("{name}={:.3}", microseconds(durations.permille(permille)))
        };
        let percentiles = [("p50", 500), ("p99", 990), ("p99.9", 999)].map(percentile);
        fields.put(format_args!("lock_{name}_percentiles_usec"), percentiles.join(","));
        fields.put(format_args!("lock_{name}_histogram_usec"), histogram(durations));
    }
}

/// How many took up to so many microseconds, and longer than those before.
fn histogram(durations: &Durations) -> String {
    let bucket = |(end, count): (u64, u64)| format!("{:.3}={count}", end as f64 / 1000.0);
    durations.buckets().map(bucket).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_below_a_microsecond_add_up() {
        let mut command = CommandStats::default();
        for _ in 0..100_000 {
            command.calls += 1;
            command.time_ns += 109;
        }
        let shown = "calls=100000,usec=10900,usec_per_call=0.11,rejected_calls=0,failed_calls=0";
        assert_eq!(counters(&command), shown);
    }
}
