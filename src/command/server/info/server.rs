//! INFO server, clients and cpu: the process and who is connected to it.

use super::Fields;
use crate::command::context::Context;
use crate::config::{Config, VERSION};
use crate::engine::client::Client;
use crate::engine::eviction;
use crate::system::supervisor::{self, Manager};

/// `INFO server`
pub fn server(ctx: &mut Context<'_>, fields: &mut Fields) {
    let engine = &ctx.engine;
    let system = rustix::system::uname();
    let (name, release, machine) = (system.sysname(), system.release(), system.machine());
    let os = [name, release, machine].map(|part| part.to_string_lossy().into_owned()).join(" ");
    let uptime = engine.clock.since(engine.started).as_secs();
    let executable = std::env::current_exe().unwrap_or_default();
    let config_file = engine.config.config_file.clone().unwrap_or_default();
    fields.put("redis_version", engine.config.compat_version.version());
    fields.put("redis_git_sha1", "00000000");
    fields.put("redis_git_dirty", 0);
    fields.put("redis_build_id", "0");
    fields.put("redis_mode", engine.mode());
    fields.put("cacheflow_version", VERSION);
    fields.put("os", os);
    fields.put("arch_bits", usize::BITS);
    fields.put("monotonic_clock", "POSIX clock_gettime");
    fields.put("multiplexing_api", "threads");
    fields.put("atomicvar_api", "rust-std");
    fields.put("gcc_version", "0.0.0");
    fields.put("process_id", std::process::id());
    fields.put(
        "process_supervised",
        match supervisor::manager() {
            Manager::Nobody => "no",
            Manager::Systemd => "systemd",
            Manager::Upstart => "upstart",
        },
    );
    fields.put("run_id", &engine.run_id);
    fields.put("tcp_port", if engine.port == 0 { engine.config.tls_port } else { engine.port });
    fields.put("server_time_usec", engine.unix_us_at(engine.clock.tick()));
    fields.put("uptime_in_seconds", uptime);
    fields.put("uptime_in_days", uptime / 86_400);
    fields.put("hz", engine.config.hz);
    fields.put("configured_hz", engine.config.hz);
    fields.put("lru_clock", eviction::clock(ctx.now_ms));
    fields.put("executable", executable.display());
    fields.put("config_file", config_file.display());
    fields.put("io_threads_active", 0);
    listeners(&engine.config, engine.port, fields);
    if let Some(leaving) = &engine.leaving {
        fields.put("shutdown_in_milliseconds", leaving.remaining().as_millis());
    }
}

/// The addresses that clients can connect to, by kind.
fn listeners(config: &Config, port: u16, fields: &mut Fields) {
    let bound = || config.bind.iter().map(|address| format!(",bind={address}")).collect::<String>();
    let tcp = (port != 0).then(|| format!("name=tcp{},port={port}", bound()));
    let path = &config.unixsocket;
    let unix = (!path.is_empty()).then(|| format!("name=unix,bind={path}"));
    let tls =
        (config.tls_port != 0).then(|| format!("name=tls{},port={}", bound(), config.tls_port));
    for (number, listener) in [tcp, unix, tls].into_iter().flatten().enumerate() {
        fields.put_later(format_args!("listener{number}"), listener);
    }
}

/// `INFO clients`
pub fn clients(ctx: &mut Context<'_>, fields: &mut Fields) {
    let second = ctx.engine.clock.since(ctx.engine.started).as_secs();
    let stats = &mut ctx.engine.stats;
    let (input, output) =
        (stats.largest_input.largest(second), stats.largest_output.largest(second));
    let clients = &ctx.engine.clients;
    let connections = clients.connections();
    let replicas = connections.iter().filter(|key| clients.get(**key).is_replica()).count();
    fields.put("connected_clients", connections.len() - replicas);
    let links = ctx.engine.cluster.as_ref().map_or(0, |cluster| cluster.links().count());
    fields.put("cluster_connections", links);
    fields.put("maxclients", ctx.engine.config.maxclients);
    fields.put("client_recent_max_input_buffer", input);
    fields.put("client_recent_max_output_buffer", output);
    fields.put("blocked_clients", ctx.engine.blocking.clients());
    fields.put("tracking_clients", ctx.engine.tracking.clients());
    let count = |is_one: fn(&Client) -> bool| {
        connections.iter().filter(|key| is_one(clients.get(**key))).count()
    };
    fields.put_later("pubsub_clients", count(|client| !client.subscriptions.is_empty()));
    fields.put_later("watching_clients", count(|client| !client.watches.is_empty()));
    let blocking = &ctx.engine.blocking;
    fields.put("clients_in_timeout_table", blocking.with_deadline());
    fields.put_later("total_watched_keys", ctx.engine.watched.len());
    let (keys, also_missing) = blocking.count_keys();
    fields.put_later("total_blocking_keys", keys);
    fields.put_later("total_blocking_keys_on_nokey", also_missing);
}

/// `INFO cpu`
///
/// The kernel counts in ticks of ten milliseconds. There are no child processes.
pub fn cpu(_ctx: &mut Context<'_>, fields: &mut Fields) {
    let (user, system) = times("/proc/self/stat");
    let (main_user, main_system) = times("/proc/thread-self/stat");
    fields.put("used_cpu_sys", format_args!("{system:.6}"));
    fields.put("used_cpu_user", format_args!("{user:.6}"));
    fields.put("used_cpu_sys_children", "0.000000");
    fields.put("used_cpu_user_children", "0.000000");
    fields.put("used_cpu_sys_main_thread", format_args!("{main_system:.6}"));
    fields.put("used_cpu_user_main_thread", format_args!("{main_user:.6}"));
}

/// Seconds of user and of system time, from a `stat` file of `/proc`.
fn times(path: &str) -> (f64, f64) {
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    // The name, second field, is in parentheses and may contain anything.
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
    let seconds = |index: usize| {
        let ticks = rest.split(' ').nth(index).and_then(|ticks| ticks.parse::<f64>().ok());
        ticks.unwrap_or(0.0) / ticks_per_second
    };
    (seconds(11), seconds(12))
}
