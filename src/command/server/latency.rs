//! LATENCY: what the latency monitor saw, and how long each command's calls took.
//!
//! | subcommand                   | source                                              |
//! |------------------------------|-----------------------------------------------------|
//! | LATEST HISTORY GRAPH DOCTOR  | [`crate::engine::latency`]: spikes over a threshold          |
//! | HISTOGRAM                    | [`crate::engine::stats`]: every call of every command        |
//!
//! DOCTOR speaks to people, and in our own words.

use std::fmt::Write;

use hdrhistogram::Histogram;

use crate::catalogue::spec::Flags;
use crate::catalogue::{self, ROWS, Row};
use crate::command::context::Context;
use crate::command::error::{Error, Result, until_nul};
use crate::engine::latency::Event;
use crate::engine::stats::{LONGEST_LATENCY_NS, Stats};
use crate::resp::{Args, Reply};

/// `LATENCY LATEST`
pub fn latency_latest(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let events = ctx.engine.latency.events();
    reply.array(events.len());
    for (name, event) in events {
        let (time_s, latency_ms) =
            event.latest().map_or((0, 0), |sample| (sample.time_s, sample.latency_ms));
        reply.array(4);
        reply.bulk(name.as_bytes());
        reply.integer(time_s);
        reply.integer(latency_ms.into());
        reply.integer(event.max_ms.into());
    }
    Ok(())
}

/// `LATENCY HISTORY event`
pub fn latency_history(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let Some(event) = ctx.engine.latency.event(&args[2]) else {
        reply.array(0);
        return Ok(());
    };
    reply.array(event.samples().len());
    for sample in event.samples() {
        reply.array(2);
        reply.integer(sample.time_s);
        reply.integer(sample.latency_ms.into());
    }
    Ok(())
}

/// `LATENCY RESET [event [event ...]]`
pub fn latency_reset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let named = args.from(2);
    let is_named = |event: &str| named.iter().any(|name| name == event.as_bytes());
    let all = args.len() == 2;
    reply.count(ctx.engine.latency.reset(|event| all || is_named(event)));
    Ok(())
}

/// `LATENCY HISTOGRAM [command [command ...]]`
pub fn latency_histogram(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let stats = &ctx.engine.stats;
    let mut commands: Vec<&Row> = Vec::new();
    for name in args.from(2).iter() {
        let Some(row) = ctx.engine.config.command_names.by_name(name) else { continue };
        commands.push(row);
        // A container has no calls of its own: its subcommands are meant.
        if row.is(Flags::CONTAINER) {
            commands.extend(catalogue::subcommands(row));
        }
    }
    if args.len() == 2 {
        commands.extend(ROWS);
    }
    commands.retain(|row| stats.latency(row.command).is_some());
    reply.map(commands.len());
    for row in commands {
        reply_histogram(stats, row, reply);
    }
    Ok(())
}

/// The first step of the histogram, in nanoseconds; each next one is twice as long.
const FIRST_STEP_NS: u64 = 1024;
/// The histogram's last bucket ends here: the next power of two above [`LONGEST_LATENCY_NS`].
const LAST_STEP_NS: u64 = LONGEST_LATENCY_NS.next_power_of_two() - 1;

/// One command: how many calls, and how many of them took at most so many microseconds.
fn reply_histogram(stats: &Stats, row: &Row, reply: &mut Reply) {
    let steps = stats.latency(row.command).map(steps).unwrap_or_default();
    reply.bulk(row.name.as_bytes());
    reply.map(2);
    reply.bulk(b"calls");
    reply.integer(steps.last().map_or(0, |(_, calls)| *calls as i64));
    reply.bulk(b"histogram_usec");
    reply.map(steps.len());
    for (end_ns, calls) in steps {
        reply.integer((end_ns / 1000) as i64);
        reply.integer(calls as i64);
    }
}

/// The ends of the steps in which calls fell, and how many took no longer than that.
pub fn steps(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let mut steps: Vec<(u64, u64)> = Vec::new();
    let (mut step, mut calls) = (FIRST_STEP_NS, 0);
    for bucket in histogram.iter_recorded() {
        while step < bucket.value_iterated_to()
            && !histogram.equivalent(step, bucket.value_iterated_to())
        {
            step *= 2;
        }
        calls += bucket.count_since_last_iteration();
        let end = histogram.highest_equivalent(step).min(LAST_STEP_NS);
        steps.pop_if(|(last, _)| *last == end);
        steps.push((end, calls));
    }
    steps
}

/// `LATENCY GRAPH event`
pub fn latency_graph(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let now_s = ctx.now_ms / 1000;
    let name = args.at(2);
    let Some(event) = ctx.engine.latency.event(name) else {
        let text = [b"ERR No samples available for event '", until_nul(name), b"'"].concat();
        return Err(Error::text(text));
    };
    let name = String::from_utf8_lossy(name);
    reply.verbatim("txt", graph(&name, event, now_s).as_bytes());
    Ok(())
}

/// The width of a graph.
const COLUMNS: usize = 80;
/// Its height, without the labels.
const ROWS_OF_GRAPH: usize = 4;
/// What the top of a column is drawn with, from low to high within a row.
const TOPS: [char; 3] = ['_', 'o', '#'];

/// Draws a column for each sample, with its age written downwards below it.
///
/// ```text
///   #
///   |
/// _o|#
///
/// 5421
/// ssss
/// ```
fn graph(name: &str, event: &Event, now_s: i64) -> String {
    let samples: Vec<(u32, String)> =
        event.samples().map(|sample| (sample.latency_ms, age(now_s - sample.time_s))).collect();
    let low = samples.iter().map(|(latency, _)| *latency).min().unwrap_or(0);
    let high = samples.iter().map(|(latency, _)| *latency).max().unwrap_or(0);
    let max = event.max_ms;
    let mut graph = format!(
        "{name} - high {high} ms, low {low} ms (all time high {max} ms)\n{:-<COLUMNS$}\n",
        ""
    );
    for (index, part) in samples.chunks(COLUMNS).enumerate() {
        if index > 0 {
            graph.push('\n');
        }
        draw(part, low, high, &mut graph);
    }
    graph
}

fn draw(samples: &[(u32, String)], low: u32, high: u32, graph: &mut String) {
    let levels = ROWS_OF_GRAPH * TOPS.len();
    let range = f64::from((high - low).max(1));
    let level = |latency: u32| (f64::from(latency - low) * levels as f64 / range) as usize;
    for row in (0..ROWS_OF_GRAPH).rev() {
        graph.extend(samples.iter().map(|(latency, _)| {
            match level(*latency).min(levels - 1).checked_sub(row * TOPS.len()) {
                None => ' ',
                Some(above) => TOPS.get(above).copied().unwrap_or('|'),
            }
        }));
        graph.push('\n');
    }
    graph.push_str(&" ".repeat(samples.len()));
    graph.push('\n');
    let longest = samples.iter().map(|(_, label)| label.len()).max().unwrap_or(0);
    for at in 0..longest {
        let letters = samples.iter().map(|(_, label)| label.as_bytes().get(at).copied());
        graph.extend(letters.map(|letter| letter.map_or(' ', char::from)));
        graph.push('\n');
    }
}

/// How long ago, in the largest unit that fits.
fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `LATENCY DOCTOR`
pub fn latency_doctor(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.verbatim("txt", report(ctx).as_bytes());
    Ok(())
}

fn report(ctx: &Context<'_>) -> String {
    let config = &ctx.engine.config;
    let threshold = config.latency_monitor_threshold;
    if threshold == 0 && ctx.engine.latency.events().len() == 0 {
        return "The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> \
                turns it on.\n"
            .into();
    }
    let mut report = String::new();
    for (name, event) in ctx.engine.latency.events() {
        let latencies: Vec<f64> = event.samples().map(|it| f64::from(it.latency_ms)).collect();
        let count = latencies.len() as f64;
        let mean = latencies.iter().sum::<f64>() / count;
        let deviation = latencies.iter().map(|ms| (ms - mean).abs()).sum::<f64>() / count;
        let _ = writeln!(
            report,
            "{name}: {count} spikes, {mean:.0} ms on average, {deviation:.0} ms mean deviation, \
             {} ms the worst.",
            event.max_ms
        );
    }
    if report.is_empty() {
        return format!("Nothing took {threshold} ms or longer so far.\n");
    }
    report.push_str("\nWhat may help:\n");
    for advice in advice(ctx) {
        let _ = writeln!(report, "- {advice}");
    }
    report
}

/// What to do about the events there were.
fn advice(ctx: &Context<'_>) -> Vec<String> {
    let monitor = &ctx.engine.latency;
    let config = &ctx.engine.config;
    let mut advice = Vec::new();
    if monitor.event(b"command").is_some() {
        let threshold_us = config.latency_monitor_threshold.saturating_mul(1000);
        let logged_from = u64::try_from(config.slowlog_log_slower_than).unwrap_or(u64::MAX);
        if logged_from > threshold_us {
            advice.push(format!(
                "The slow log doesn't show what the monitor sees: CONFIG SET \
                 slowlog-log-slower-than {threshold_us}"
            ));
        }
        advice.push("SLOWLOG GET shows which requests were slow, and who sent them.".into());
    }
    if monitor.event(b"fast-command").is_some() {
        let text = "Commands of constant time were slow: look at the machine (swapping, a busy \
                    processor) before looking at the requests.";
        advice.push(text.into());
    }
    if monitor.event(b"expire-cycle").is_some() {
        let text = "Many keys expire at the same moment: spread their times to live.";
        advice.push(text.into());
    }
    if advice.is_empty() {
        advice.push("LATENCY HISTORY <event> shows when it happened.".into());
    }
    advice
}
