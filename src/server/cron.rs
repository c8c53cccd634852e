//! What happens by itself: expiry, idle clients, statistics; and the thread that frees memory.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, park_timeout};
use std::time::Duration;

use crossbeam::channel::Receiver;

use super::Shared;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::acknowledgements;
use crate::engine::eviction::clients::evict_clients;
use crate::engine::eviction::evict::{self, Outcome};
use crate::engine::expiry::{self, Lap};
use crate::engine::lazy_free::Garbage;
use crate::persistence::background;
use crate::persistence::shutdown;
use crate::replication;
use crate::system::clock::{Tick, machine_now};
use crate::system::cores;
use crate::system::mutex::locked;
use crate::system::service::essential;

/// The part of each period that expiry, or eviction, may take at the most.
const EXPIRE_SHARE: f64 = 0.25;

/// Starts the thread that does what has to be done `hz` times a second.
pub fn start(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let thread = Builder::new().name("cron".into());
    let work = move || {
        while !shared.is_stopping() {
            park_timeout(period(&shared));
            round(&shared);
        }
    };
    thread.spawn(essential(work))
}

fn period(shared: &Shared) -> Duration {
    Duration::from_millis(1000 / u64::from(shared.engine.lock().config.hz.max(1)))
}

/// When some of it was done last.
pub struct Rounds {
    last_sample: Tick,
    replication: replication::cron::Timer,
}

impl Rounds {
    /// None yet.
    pub fn new(now: Tick) -> Self {
        Rounds { last_sample: now, replication: replication::cron::Timer::new(now) }
    }
}

/// Does all of it once. Who turns the clock has it done, too; one round at a time.
pub fn round(shared: &Shared) {
    let mut rounds = locked(&shared.rounds);
    let period = period(shared);
    if shared.engine.lock().debugging.cron_paused {
        return;
    }
    expire(shared, period);
    evict(shared, period);
    let mut engine = shared.engine.lock();
    engine.clock.adjust();
    close_idle_clients(&mut engine);
    close_slow_clients(&mut engine);
    evict_clients(&mut engine);
    engine.migrations.close_idle_connections();
    sample_clients(&mut engine);
    background::tick(&mut engine);
    replication::cron::tick(&mut engine, &mut rounds.replication);
    shutdown::tick(&mut engine);
    let elapsed = engine.clock.since(rounds.last_sample);
    if elapsed >= SAMPLE_PERIOD {
        let elapsed_ms = elapsed.as_millis() as u64;
        let served = sample_rates(&mut engine, elapsed_ms);
        if engine.ends_process {
            cores::note_served(served * 100 / elapsed_ms.max(1));
        }
        rounds.last_sample = engine.clock.tick();
    }
    let aof = Arc::clone(&engine.aof.writer);
    drop(engine);
    shared.buffers.trim();
    aof.retry();
    // What isn't told otherwise: another policy, a first base, the end of the file.
    acknowledgements::answer_waiters(&mut shared.engine.lock());
}

/// How often rates per second are sampled.
const SAMPLE_PERIOD: Duration = Duration::from_millis(100);

/// Removes expired keys, a step at a time. All steps together hold the lock for a quarter of the
/// period at the most; waiting for it doesn't count.
fn expire(shared: &Shared, period: Duration) {
    let (begun, mut held) = (machine_now(), Duration::ZERO);
    let mut lap = Lap::new(&shared.engine.lock());
    loop {
        let mut engine = shared.engine.lock();
        let (step, tick) = (machine_now(), engine.clock.tick());
        let goes_on = expiry::expire_some(&mut engine, &mut lap);
        held += step.elapsed();
        let took = engine.clock.since(tick);
        engine.note_latency("expire-cycle", took);
        if !goes_on {
            return;
        }
        if held > period.mul_f64(EXPIRE_SHARE) || begun.elapsed() > period {
            engine.stats.expired_time_cap_reached_count += 1;
            return;
        }
        drop(engine);
        shared.engine.yield_lock();
    }
}

/// Goes on where commands have left off making room, for a quarter of the period at the most, and
/// giving the lock back in between.
fn evict(shared: &Shared, period: Duration) {
    let deadline = machine_now() + period.mul_f64(EXPIRE_SHARE);
    while machine_now() < deadline {
        if evict::make_room(&mut shared.engine.lock()) != Outcome::Continues {
            return;
        }
        shared.engine.yield_lock();
    }
}

/// Closes the connections that have been reading too slowly for too long, though nobody sends them
/// anything now, or for which a limit is too low that was set meanwhile.
fn close_slow_clients(engine: &mut Engine) {
    let Engine { clients, config, .. } = engine;
    let may_be_slow = clients.iter_mut().filter(|client| {
        // What replicas get has a limit of its own.
        let waits = !client.is_replica() && !client.is_master && client.unsent() > 0;
        waits || client.above_soft_limit.is_some()
    });
    may_be_slow.for_each(|client| client.check_backlog(&config.client_output_buffer_limit));
}

fn close_idle_clients(engine: &mut Engine) {
    let timeout = engine.config.timeout;
    if timeout == 0 {
        return;
    }
    let timeout = Duration::from_secs(timeout.into());
    for key in engine.clients.connections() {
        let client = engine.clients.get(key);
        if client.wait.is_none()
            && client.subscriptions.is_empty()
            && !client.monitors
            && !client.is_master
            && !client.is_replica()
            && client.activity.idle() > timeout
        {
            crate::verbose!("Closing idle client");
            engine.clients.get_mut(key).disconnect();
        }
    }
}

/// The fewest clients that are looked at in one round.
const FEWEST_CLIENTS: usize = 5;

/// Notes the largest buffers of a part of all clients, so that each has its turn once a second.
fn sample_clients(engine: &mut Engine) {
    let second = engine.clock.since(engine.started).as_secs();
    let Engine { clients, stats, config, .. } = engine;
    let places = clients.connected() / config.hz.max(1) as usize;
    for client in clients.next_few(places.max(FEWEST_CLIENTS)) {
        stats.largest_input.see(client.meter.input(), second);
        stats.largest_output.see(client.unsent(), second);
    }
}

fn sample_rates(engine: &mut Engine, elapsed_ms: u64) -> u64 {
    let now_s = engine.unix_ms() / 1000;
    let stats = &mut engine.stats;
    crate::system::memory::look();
    stats.note_memory(crate::system::memory::used(), now_s);
    stats.net_input.sample(stats.total_net_input_bytes, elapsed_ms);
    stats.net_output.sample(stats.total_net_output_bytes, elapsed_ms);
    stats.operations.sample(stats.total_commands_processed, elapsed_ms)
}

/// Starts the thread that syncs the append-only file once a second.
pub fn start_syncer(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let engine = shared.engine.lock();
    let (aof, cpus) = (Arc::clone(&engine.aof.writer), engine.config.bio_cpulist.clone());
    drop(engine);
    let work = move || {
        cores::keep_to(&cpus);
        while !shared.is_stopping() {
            park_timeout(Duration::from_secs(1));
            if aof.sync_in_background() {
                acknowledgements::answer_waiters(&mut shared.engine.lock());
            }
        }
    };
    Builder::new().name("aof-sync".into()).spawn(essential(work))
}

/// Starts the thread that frees large values. It ends with the engine that sends them.
pub fn start_reaper(garbage: Receiver<Garbage>, config: &Config) -> io::Result<JoinHandle<()>> {
    let cpus = config.bio_cpulist.clone();
    let work = move || {
        cores::keep_to(&cpus);
        garbage.iter().for_each(drop);
    };
    Builder::new().name("reaper".into()).spawn(essential(work))
}
