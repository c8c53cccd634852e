//! INFO persistence, replication, modules, cluster and keyspace: the data and its copies.

use super::Fields;
use crate::command::context::Context;

/// INFO persistence
pub fn persistence(ctx: &mut Context<'_>, fields: &mut Fields) {
    let engine = &ctx.engine;
    fields.put("loading", u8::from(engine.loading));
    fields.zeros(&["async_loading", "current_cow_peak", "current_cow_size"]);
    fields.put("current_cow_size_age", 0);
    fields.put("current_fork_perc", "0.00");
    fields.zeros(&["current_save_keys_processed", "current_save_keys_total"]);
    fields.put("rdb_changes_since_last_save", engine.dirty);
    fields.put("rdb_bgsave_in_progress", 0);
    fields.put("rdb_last_save_time", engine.saving.last_save);
    fields.put("rdb_last_bgsave_status", if engine.saving.last_ok { "ok" } else { "err" });
    fields.put("rdb_last_bgsave_time_sec", -1);
    fields.put("rdb_current_bgsave_time_sec", -1);
    fields.put("rdb_saves", engine.saving.saves);
    fields.put("rdb_last_cow_size", 0);
    fields.put("rdb_last_load_keys_expired", engine.saving.keys_expired);
    fields.put("rdb_last_load_keys_loaded", engine.saving.keys_loaded);
    fields.zeros(&["aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled"]);
    fields.put("aof_last_rewrite_time_sec", -1);
    fields.put("aof_current_rewrite_time_sec", -1);
    fields.put("aof_last_bgrewrite_status", "ok");
    fields.zeros(&["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    fields.put("aof_last_write_status", "ok");
    fields.zeros(&["aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"]);
}

/// INFO replication
pub fn replication(ctx: &mut Context<'_>, fields: &mut Fields) {
    let engine = &ctx.engine;
    fields.put("role", "master");
    fields.put("connected_slaves", 0);
    fields.put("master_failover_state", "no-failover");
    fields.put("master_replid", &engine.run_id);
    fields.put("master_replid2", "0".repeat(40));
    fields.put("master_repl_offset", 0);
    fields.put("second_repl_offset", -1);
    fields.put("repl_backlog_active", 0);
    fields.put("repl_backlog_size", engine.config.repl_backlog_size);
    fields.zeros(&["repl_backlog_first_byte_offset", "repl_backlog_histlen"]);
}

/// INFO modules: there are none.
pub fn modules(_ctx: &mut Context<'_>, _fields: &mut Fields) {}

/// INFO cluster
pub fn cluster(_ctx: &mut Context<'_>, fields: &mut Fields) {
    fields.put("cluster_enabled", 0);
}

/// INFO keyspace: the databases that have keys.
pub fn keyspace(ctx: &mut Context<'_>, fields: &mut Fields) {
    for (number, keyspace) in ctx.engine.databases.iter().enumerate() {
        if !keyspace.is_empty() {
            let (keys, expires) = (keyspace.len(), keyspace.expiring());
            let average = keyspace.average_ttl_ms(ctx.now_ms);
            fields.put(
                format_args!("db{number}"),
                format_args!("keys={keys},expires={expires},avg_ttl={average}"),
            );
        }
    }
}
