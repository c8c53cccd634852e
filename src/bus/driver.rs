//! The bus' thread: it ticks, saves, and sends what the state machine wants to have sent.

use std::io;
use std::net::{Shutdown, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::file::{NodesFile, SharedFile, damaged};
use super::links::Links;
use crate::cluster::Cluster;
use crate::cluster::output::{Network, Save};
use crate::cluster::tick::TICK_MS;
use crate::config::Config;
use crate::engine::cluster::{SaveNodes, Snapshot, save_now, settings, take_snapshot, tell};
use crate::engine::{EngineGuard, SharedEngine};
use crate::system::clock::machine_now;
use crate::system::random::Random;
use crate::system::service::essential;

/// After a failure to save, the next try comes so much later.
const RETRY: Duration = Duration::from_millis(500);

/// The running bus of a node.
pub struct Bus {
    shared: Arc<SharedEngine>,
    links: Arc<Links>,
    listeners: Vec<Arc<TcpListener>>,
    threads: Vec<JoinHandle<()>>,
}

/// What a node was when it was here last, from its file.
pub fn remember(shared: &SharedEngine) -> io::Result<NodesFile> {
    let mut engine = shared.lock();
    let path = path(&engine.config);
    let (file, text) = NodesFile::open(&path)?;
    let settings = settings(&engine.config);
    if text.is_empty() {
        let cluster = engine.cluster.as_mut().expect("this is a node");
        cluster.configure(settings);
        crate::notice!("No cluster configuration found, I'm {}", cluster.myself().id);
        return Ok(file);
    }
    let now_ms = engine.unix_ms().max(0) as u64;
    let mut cluster = Cluster::from_file(&text, settings.clone(), Random::from_system(), now_ms)
        .ok_or_else(damaged)?;
    cluster.configure(settings);
    crate::notice!("Node configuration loaded, I'm {}", cluster.myself().id);
    engine.cluster = Some(Box::new(cluster));
    Ok(file)
}

fn path(config: &Config) -> PathBuf {
    config.dir.join(&config.cluster_config_file)
}

impl Bus {
    /// Starts the bus: from now on this node is there for others.
    pub fn start(
        shared: &Arc<SharedEngine>,
        file: NodesFile,
        listeners: Vec<TcpListener>,
    ) -> io::Result<Bus> {
        let links = Links::new(Arc::clone(shared));
        let listeners: Vec<_> = listeners.into_iter().map(Arc::new).collect();
        let file = SharedFile::new(file);
        shared.lock().cluster_file = Some(Box::new(file.clone()));
        let driver = Driver { shared: Arc::clone(shared), links: Arc::clone(&links), file };
        let thread = Builder::new().name("bus".into());
        let mut threads = vec![thread.spawn(essential(move || driver.run()))?];
        for listener in &listeners {
            let (shared, links) = (Arc::clone(shared), Arc::clone(&links));
            let listener = Arc::clone(listener);
            let thread = Builder::new().name("bus-accept".into());
            threads.push(thread.spawn(essential(move || accept(&shared, &links, &listener)))?);
        }
        Ok(Bus { shared: Arc::clone(shared), links, listeners, threads })
    }

    /// Ends it. The server is stopping.
    pub fn stop(self) {
        for listener in &self.listeners {
            let _ = SockRef::from(&**listener).shutdown(Shutdown::Both); // wakes who accepts
        }
        let mut engine = self.shared.lock();
        _ = save_now(&mut engine); // what it has promised is there already
        engine.cluster_file = None;
        engine.bus_wanted.notify_all();
        drop(engine);
        self.threads.into_iter().for_each(|thread| _ = thread.join());
        self.links.close_all();
    }
}

fn accept(shared: &SharedEngine, links: &Arc<Links>, listener: &TcpListener) {
    while !shared.is_stopping() {
        match listener.accept() {
            Ok((stream, _)) => links.accept(stream),
            Err(_) if shared.is_stopping() => {}
            Err(error) => {
                crate::warning!("Accepting a connection of the cluster: {error}");
                std::thread::sleep(Duration::from_millis(10)); // mostly too many open files
            }
        }
    }
}

struct Driver {
    shared: Arc<SharedEngine>,
    links: Arc<Links>,
    file: SharedFile,
}

impl Driver {
    fn run(mut self) {
        let period = Duration::from_millis(TICK_MS);
        let mut next_tick = machine_now();
        while !self.shared.is_stopping() {
            let mut engine = self.wait_until(next_tick);
            let ticks = machine_now() >= next_tick;
            if ticks {
                next_tick = machine_now() + period;
                self.tick(&mut engine);
            }
            let Some(cluster) = engine.cluster.as_deref_mut() else { return };
            let saves = ticks || cluster.outputs().save == Save::Synced;
            let snapshot = if saves { take_snapshot(cluster) } else { None };
            let network = cluster.take_network();
            drop(engine);
            self.carry_out(network, snapshot);
        }
    }

    /// Waits for something to do, and returns with the lock.
    fn wait_until(&self, moment: Instant) -> EngineGuard<'_> {
        let mut engine = self.shared.lock();
        let wanted = Arc::clone(&engine.bus_wanted);
        loop {
            let left = moment.saturating_duration_since(machine_now());
            let is_urgent =
                engine.cluster.as_ref().is_some_and(|cluster| cluster.outputs().are_urgent());
            if is_urgent || left.is_zero() || self.shared.is_stopping() {
                return engine;
            }
            engine = self.shared.wait(&wanted, engine, left);
        }
    }

    fn tick(&self, engine: &mut EngineGuard<'_>) {
        if engine.loading {
            return; // what is to be said about the data isn't known yet
        }
        let settings = settings(&engine.config);
        let waiting = self.links.waiting();
        tell(engine, |cluster| {
            cluster.settings = settings;
            waiting.into_iter().for_each(|(link, bytes)| cluster.note_unsent(link, bytes));
            cluster.tick();
        });
    }

    fn carry_out(&mut self, network: Vec<Network>, snapshot: Option<Snapshot>) {
        let saved = snapshot.map_or(Ok(()), |snapshot| self.file.save(&snapshot));
        if let Err(error) = &saved {
            crate::warning!("The cluster's state can't be saved, so nothing is sent: {error}");
            tell(&mut self.shared.lock(), |cluster| cluster.save_by_command());
            std::thread::sleep(RETRY);
        }
        for action in network {
            match action {
                Network::Connect { link, ip, port } => self.links.connect(link, ip, port),
                Network::Send { link, packet } if saved.is_ok() => self.links.send(link, packet),
                Network::Send { .. } => {} // as if it had been lost
                Network::Close { link } => self.links.close(link),
            }
        }
    }
}
