//! How long commands take: a copy of the histograms that INFO latencystats shows.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::Visits;
use crate::catalogue::ROWS;
use crate::command::server::latency::steps;
use crate::engine::stats::CommandStats;

/// Commands that are shown: those of the most calls.
const MOST_COMMANDS: usize = 24;

/// Reads them, a command at a time.
pub fn read(visits: &mut Visits<'_>) -> Value {
    let commands = visits.visit(|engine| {
        let called = ROWS.iter().zip(&engine.stats.commands);
        let called = called.filter(|(_, stats)| stats.calls + stats.rejected_calls > 0);
        called.map(|(row, stats)| (row.command, row.name, *stats)).collect::<Vec<_>>()
    });
    let mut commands = commands;
    commands.sort_by_key(|(_, _, stats)| std::cmp::Reverse(stats.calls));
    commands.truncate(MOST_COMMANDS);
    let shown = commands.into_iter().map(|(command, name, stats)| {
        let copy = visits.visit(move |engine| engine.stats.latency(command).cloned());
        describe(name, &stats, copy.as_ref())
    });
    shown.collect()
}

fn describe(name: &str, stats: &CommandStats, histogram: Option<&Histogram<u64>>) -> Value {
    let at = |percentile| {
        histogram.map(|histogram| histogram.value_at_percentile(percentile) as f64 / 1000.0)
    };
    // They are counted from the beginning; here each by itself.
    let mut before = 0;
    let steps = histogram.map(steps).unwrap_or_default().into_iter().map(|(end_ns, calls)| {
        let more = calls - std::mem::replace(&mut before, calls);
        json!([end_ns / 1000, more])
    });
    json!({
        "command": name,
        "calls": stats.calls,
        "usec": stats.time_ns / 1000,
        "rejected": stats.rejected_calls,
        "failed": stats.failed_calls,
        "p50": at(50.0),
        "p99": at(99.0),
        "p999": at(99.9),
        "histogram": steps.collect::<Vec<_>>(),
    })
}
