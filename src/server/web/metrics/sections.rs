//! What becomes of each reply: lines of INFO whose figures have labels, the slow log, latencies, the cluster.

use std::collections::BTreeMap;

use super::Kind::{Counter, Gauge, Histogram, Summary};
use super::Metrics;
use super::names::ROWS;
use crate::server::reply::Reply;

/// INFO: a line is a field, or one of several that are alike.
pub fn info(text: &str, metrics: &mut Metrics) {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let fields: BTreeMap<&str, &str> = pairs.clone().collect();
    instance(&fields, metrics);
    for (field, name, kind, help) in ROWS {
        let value = match fields.get(field) {
            Some(&"ok") => "1",
            Some(value) if value.parse::<f64>().is_err() => "0",
            Some(value) => value,
            None => continue,
        };
        metrics.add(name, *kind, help, &[], value);
    }
    for (field, value) in pairs {
        let parts: BTreeMap<&str, &str> =
            value.split(',').filter_map(|part| part.split_once('=')).collect();
        if let Some(cmd) = field.strip_prefix("cmdstat_") {
            command(cmd, &parts, metrics);
        } else if let Some(error) = field.strip_prefix("errorstat_") {
            let count = parts.get("count").copied().unwrap_or_default();
            metrics.add(
                "errors_total",
                Counter,
                "Error replies by code.",
                &[("err", error)],
                count,
            );
        } else if field.starts_with("db") && parts.contains_key("keys") {
            database(field, &parts, metrics);
        } else if field.starts_with("slave") && parts.contains_key("offset") {
            replica(&parts, metrics);
        }
    }
    percentiles(text, &fields, metrics);
    following(&fields, metrics);
}

fn instance(fields: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    const LABELS: [&str; 10] = [
        "role",
        "redis_version",
        "redis_build_id",
        "redis_mode",
        "os",
        "maxmemory_policy",
        "tcp_port",
        "run_id",
        "process_id",
        "cacheflow_version",
    ];
    let label = |name| (name, fields.get(name).copied().unwrap_or_default());
    let labels = LABELS.map(label);
    metrics.add("instance_info", Gauge, "What server this is.", &labels, "1");
    let number = |name| fields.get(name).and_then(|text| text.parse::<u64>().ok());
    let started = number("server_time_usec").zip(number("uptime_in_seconds"));
    if let Some((now_us, uptime)) = started {
        let started = (now_us / 1_000_000).saturating_sub(uptime).to_string();
        metrics.add("start_time_seconds", Gauge, "When the server was started.", &[], &started);
    }
}

fn command(cmd: &str, parts: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    let labels = [("cmd", cmd)];
    let part = |name| parts.get(name).copied().unwrap_or_default();
    metrics.add("commands_total", Counter, "Calls of a command.", &labels, part("calls"));
    let seconds = part("usec").parse::<f64>().unwrap_or_default() / 1e6;
    let help = "Seconds that calls of a command have taken.";
    let seconds = seconds.to_string();
    metrics.add("commands_duration_seconds_total", Counter, help, &labels, &seconds);
    let help = "Calls that were refused before they were executed.";
    let rejected = part("rejected_calls");
    metrics.add("commands_rejected_calls_total", Counter, help, &labels, rejected);
    let help = "Calls that have ended with an error.";
    metrics.add("commands_failed_calls_total", Counter, help, &labels, part("failed_calls"));
}

fn database(name: &str, parts: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    let labels = [("db", name)];
    let part = |name| parts.get(name).copied().unwrap_or_default();
    metrics.add("db_keys", Gauge, "Keys of a database.", &labels, part("keys"));
    metrics.add("db_keys_expiring", Gauge, "Keys of it that expire.", &labels, part("expires"));
    let seconds = (part("avg_ttl").parse::<f64>().unwrap_or_default() / 1000.0).to_string();
    metrics.add(
        "db_avg_ttl_seconds",
        Gauge,
        "The mean time that they have left.",
        &labels,
        &seconds,
    );
}

fn replica(parts: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    let part = |name| parts.get(name).copied().unwrap_or_default();
    let labels =
        [("slave_ip", part("ip")), ("slave_port", part("port")), ("slave_state", part("state"))];
    let help = "The offset that a replica has acknowledged.";
    metrics.add("connected_slave_offset_bytes", Gauge, help, &labels, part("offset"));
    let help = "Seconds since a replica has acknowledged something.";
    metrics.add("connected_slave_lag_seconds", Gauge, help, &labels, part("lag"));
}

/// What a replica tells of its master.
fn following(fields: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    let Some(host) = fields.get("master_host") else { return };
    let field = |name| fields.get(name).copied().unwrap_or_default();
    let labels = [("master_host", *host), ("master_port", field("master_port"))];
    let up = if field("master_link_status") == "up" { "1" } else { "0" };
    metrics.add("master_link_up", Gauge, "Whether the master is connected.", &labels, up);
    let help = "Seconds since the master was heard of.";
    let seconds = field("master_last_io_seconds_ago");
    metrics.add("master_last_io_seconds_ago", Gauge, help, &labels, seconds);
    let help = "Whether everything is being copied from the master.";
    let syncs = field("master_sync_in_progress");
    metrics.add("master_sync_in_progress", Gauge, help, &labels, syncs);
    let help = "The offset up to which the master's stream was read.";
    metrics.add("slave_repl_offset", Gauge, help, &labels, field("slave_repl_offset"));
    let labels = [labels[0], labels[1], ("read_only", field("slave_read_only"))];
    metrics.add("slave_info", Gauge, "What replica this is.", &labels, "1");
}

/// INFO latencystats. The quantiles are written as `redis_exporter` writes them, in hundredths.
fn percentiles(text: &str, fields: &BTreeMap<&str, &str>, metrics: &mut Metrics) {
    let name = "latency_percentiles_usec";
    let help = "Microseconds that calls of a command take at most.";
    for (field, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let Some(cmd) = field.strip_prefix("latency_percentiles_usec_") else { continue };
        for (percentile, usec) in value.split(',').filter_map(|part| part.split_once('=')) {
            let labels = [("cmd", cmd), ("quantile", percentile.trim_start_matches('p'))];
            metrics.add(name, Summary, help, &labels, usec);
        }
        let (calls, usec) = totals(fields, cmd);
        metrics.add_part(name, "_sum", Summary, help, &[("cmd", cmd)], usec);
        metrics.add_part(name, "_count", Summary, help, &[("cmd", cmd)], calls);
    }
}

/// Calls and microseconds of a command.
fn totals<'f>(fields: &BTreeMap<&str, &'f str>, cmd: &str) -> (&'f str, &'f str) {
    let stats = fields.get(format!("cmdstat_{cmd}").as_str()).copied().unwrap_or_default();
    let part = |wanted| {
        let mut parts = stats.split(',').filter_map(|part| part.split_once('='));
        parts.find(|(name, _)| *name == wanted).map_or("0", |(_, value)| value)
    };
    (part("calls"), part("usec"))
}

/// LATENCY HISTOGRAM.
pub fn latency_histograms(info: &str, reply: &Reply, metrics: &mut Metrics) {
    let fields: BTreeMap<&str, &str> =
        info.lines().filter_map(|line| line.split_once(':')).collect();
    let name = "commands_latencies_usec";
    let help = "Microseconds that calls of a command take.";
    for command in reply.items().chunks_exact(2) {
        let cmd = String::from_utf8_lossy(command[0].bytes().unwrap_or_default()).into_owned();
        let [_, calls, _, steps] = command[1].items() else { continue };
        let calls = calls.number().unwrap_or_default().to_string();
        for step in steps.items().chunks_exact(2) {
            let number = |reply: &Reply| reply.number().unwrap_or_default().to_string();
            let labels = [("cmd", cmd.as_str()), ("le", &number(&step[0]))];
            metrics.add_part(name, "_bucket", Histogram, help, &labels, &number(&step[1]));
        }
        let labels = [("cmd", cmd.as_str()), ("le", "+Inf")];
        metrics.add_part(name, "_bucket", Histogram, help, &labels, &calls);
        let (_, usec) = totals(&fields, &cmd);
        metrics.add_part(name, "_sum", Histogram, help, &[("cmd", &cmd)], usec);
        metrics.add_part(name, "_count", Histogram, help, &[("cmd", &cmd)], &calls);
    }
}

/// SLOWLOG LEN.
pub fn slowlog_length(reply: &Reply, metrics: &mut Metrics) {
    let len = reply.number().unwrap_or_default().to_string();
    metrics.add("slowlog_length", Gauge, "Entries of the slow log.", &[], &len);
}

/// SLOWLOG GET 1.
pub fn slowlog_last(reply: &Reply, metrics: &mut Metrics) {
    let last = reply.items().first().map_or(&[][..], Reply::items);
    let number = |index: usize| last.get(index).and_then(Reply::number).unwrap_or_default();
    let id = number(0).to_string();
    metrics.add("slowlog_last_id", Gauge, "Number of the newest entry of the slow log.", &[], &id);
    let help = "Seconds that the newest entry of the slow log has taken.";
    let seconds = (number(2) as f64 / 1e6).to_string();
    metrics.add("last_slow_execution_duration_seconds", Gauge, help, &[], &seconds);
}

/// LATENCY LATEST.
pub fn latency_spikes(reply: &Reply, metrics: &mut Metrics) {
    for event in reply.items() {
        let [name, at_s, latest_ms, ..] = event.items() else { continue };
        let name = String::from_utf8_lossy(name.bytes().unwrap_or_default()).into_owned();
        let labels = [("event_name", name.as_str())];
        let at_s = at_s.number().unwrap_or_default().to_string();
        let help = "When an event was slow last.";
        metrics.add("latency_spike_last", Gauge, help, &labels, &at_s);
        let seconds = latest_ms.number().unwrap_or_default() as f64 / 1000.0;
        let help = "Seconds that it took then.";
        let seconds = seconds.to_string();
        metrics.add("latency_spike_duration_seconds", Gauge, help, &labels, &seconds);
    }
}

/// CLUSTER INFO.
pub fn cluster(reply: &Reply, metrics: &mut Metrics) {
    let text = String::from_utf8_lossy(reply.bytes().unwrap_or_default()).into_owned();
    for (field, value) in text.lines().filter_map(|line| line.split_once(':')) {
        match field {
            "cluster_stats_messages_sent" => {
                let help = "Packets that were sent to nodes.";
                metrics.add("cluster_messages_sent_total", Gauge, help, &[], value);
            }
            "cluster_stats_messages_received" => {
                let help = "Packets that have come from nodes.";
                metrics.add("cluster_messages_received_total", Gauge, help, &[], value);
            }
            "cluster_state" => {
                let ok = if value == "ok" { "1" } else { "0" };
                metrics.add(field, Gauge, "Whether the cluster serves all slots.", &[], ok);
            }
            _ if field.starts_with("cluster_stats") => {}
            _ => metrics.add(field, Gauge, "As CLUSTER INFO has it.", &[], value),
        }
    }
}
