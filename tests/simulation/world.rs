//! The world around the nodes: time, and the network.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use cacheflow::cluster::key::LinkKey;
use cacheflow::cluster::output::{Network, Order, Save};
use cacheflow::cluster::tick::TICK_MS;
use cacheflow::cluster::{Cluster, SLOTS, Slot};
use cacheflow::system::logging::{self, Level};
use cacheflow::system::random::Random;

use super::checks::Witness;
use super::host::{BUS_PORT, Host, PORT};

/// A connection: its two ends, each a host, its life, and the link's name there.
struct Connection {
    ends: [Option<(usize, u64, LinkKey)>; 2],
    /// When the last packet arrives at each end: they keep their order.
    last_ms: [u64; 2],
}

/// What happens at some time.
enum Event {
    Tick {
        host: usize,
        life: u64,
    },
    /// A connection is asked for by (host, life, link).
    Syn {
        from: (usize, u64, LinkKey),
        to: usize,
    },
    Packet {
        connection: u64,
        end: usize,
        bytes: Arc<[u8]>,
    },
    /// One end learns that the connection has ended.
    Fin {
        connection: u64,
        end: usize,
    },
}

pub struct World {
    pub now_ms: u64,
    pub hosts: Vec<Host>,
    pub random: Random,
    masters: usize,
    events: BinaryHeap<Reverse<(u64, u64)>>,
    what: BTreeMap<u64, Event>,
    next: u64,
    connections: BTreeMap<u64, Connection>,
    /// Hosts on different sides don't reach each other.
    pub side: Vec<u8>,
    /// Pairs that are cut, one way.
    pub cut: Vec<(usize, usize)>,
    /// Packets take so long, at most.
    pub slowest_ms: u64,
    pub witness: Witness,
    /// All begin with the same epoch.
    pub same_epochs: bool,
    /// Counts addresses that were given anew.
    moves: usize,
}

impl World {
    /// Hosts that run, and know nobody.
    pub fn new(seed: u64, masters: usize, replicas: usize, node_timeout_ms: u64) -> World {
        logging::set_level(Level::Warning); // a hundred nodes have a lot to say
        let count = masters * (1 + replicas);
        let mut world = World {
            now_ms: 1_000_000,
            hosts: (0..count).map(|index| Host::new(index, seed, node_timeout_ms)).collect(),
            random: Random::from_seed(seed),
            masters,
            events: BinaryHeap::new(),
            what: BTreeMap::new(),
            next: 0,
            connections: BTreeMap::new(),
            side: vec![0; count],
            cut: Vec::new(),
            slowest_ms: 5,
            witness: Witness::default(),
            same_epochs: false,
            moves: 0,
        };
        (0..count).for_each(|host| world.start(host));
        world
    }

    pub fn random_below(&mut self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    fn at(&mut self, ms: u64, event: Event) {
        self.next += 1;
        self.events.push(Reverse((ms, self.next)));
        self.what.insert(self.next, event);
    }

    /// What redis-cli does to make a cluster of them.
    pub fn form(&mut self) {
        let count = self.hosts.len();
        for host in 0..count {
            let (masters, same) = (self.masters, self.same_epochs);
            self.tell(host, |node| {
                node.set_config_epoch(if same { 1 } else { host as i64 + 1 }).unwrap();
                if host < masters {
                    let bounds = [host, host + 1].map(|part| part * SLOTS / masters);
                    let slots: Vec<Slot> = (bounds[0]..bounds[1]).map(|s| s as Slot).collect();
                    node.add_slots(&slots).unwrap();
                }
            });
        }
        let first = self.hosts[0].ip.clone();
        for host in 1..count {
            self.tell(host, |node| node.meet(&first, PORT.into(), BUS_PORT.into()).unwrap());
        }
        let knows_all = |world: &World| {
            let known = |host: &Host| host.running().nodes().filter(|(_, n)| n.is_known()).count();
            world.hosts.iter().all(|host| known(host) == count)
        };
        for _ in 0..600 {
            if knows_all(self) {
                break;
            }
            self.run_for(100);
        }
        assert!(knows_all(self), "they get to know each other");
        for host in self.masters..count {
            let master = self.hosts[host % self.masters].running().myself().id;
            self.tell(host, |node| node.replicate(master.as_bytes(), false).unwrap());
        }
    }

    pub fn start(&mut self, host: usize) {
        if self.hosts[host].node.is_none() {
            self.hosts[host].start(self.now_ms);
            let life = self.hosts[host].life;
            let first = self.now_ms + self.random_below(TICK_MS);
            self.at(first, Event::Tick { host, life });
            self.carry_out(host);
        }
    }

    /// Ends the process; with the power, what wasn't synced is lost.
    pub fn stop(&mut self, host: usize, with_power: bool) {
        let ends: Vec<(u64, usize)> = self.hosts[host].links.values().copied().collect();
        for (connection, end) in ends {
            self.hang_up(connection, end);
        }
        let host = &mut self.hosts[host];
        (host.node, host.paused_until_ms) = (None, 0);
        host.links.clear();
        if with_power {
            host.written = host.synced.clone();
        }
    }

    /// A host that doesn't run gets another address.
    pub fn move_away(&mut self, host: usize) {
        self.moves += 1;
        let ip = format!("10.9.{}.{}", self.moves / 200, self.moves % 200 + 1);
        let old = std::mem::replace(&mut self.hosts[host].ip, ip);
        assert!(self.hosts[host].node.is_none(), "{old} runs");
    }

    /// Whether what one host sends arrives at another one.
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        self.side[from] == self.side[to] && !self.cut.contains(&(from, to))
    }

    /// Tells a node something, and does what it wants to have done.
    pub fn tell<T>(&mut self, host: usize, tell: impl FnOnce(&mut Cluster) -> T) -> Option<T> {
        let local = self.hosts[host].local(self.now_ms);
        let node = self.hosts[host].node.as_mut()?;
        node.begin(local);
        let told = tell(node);
        node.settle();
        self.carry_out(host);
        Some(told)
    }

    fn carry_out(&mut self, index: usize) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[index];
        let Some(node) = host.node.as_mut() else { return };
        let outputs = node.take_outputs();
        if outputs.save != Save::Nothing {
            host.written = node.to_file();
        }
        if outputs.save == Save::Synced {
            host.synced = host.written.clone();
        }
        for order in outputs.orders {
            match order {
                Order::Follow { ip, .. } => {
                    (host.master, host.heard_ms) = (Some(ip), host.heard_ms.or(Some(now_ms)));
                }
                Order::Promote => {
                    (host.master, host.heard_ms) = (None, None);
                    let (id, epoch) = (node.myself().id, node.myself().config_epoch);
                    self.witness.sees_winner(epoch, id);
                }
                Order::HoldWrites(held) => host.holds_writes = held,
                Order::DropSlots(_) | Order::SlotsMoved | Order::Publish { .. } => {}
            }
        }
        let life = host.life;
        for action in outputs.network {
            match action {
                Network::Connect { link, ip, .. } => {
                    let to = self.hosts.iter().position(|host| host.ip == ip);
                    let from = (index, life, link);
                    match to {
                        Some(to) => self.at(now_ms + 1, Event::Syn { from, to }),
                        None => _ = self.tell(index, |node| node.disconnected(link)),
                    }
                }
                Network::Send { link, packet } => self.send(index, link, packet),
                Network::Close { link } => {
                    if let Some((connection, end)) = self.hosts[index].links.remove(&link) {
                        self.hang_up(connection, end);
                    }
                }
            }
        }
    }

    fn send(&mut self, host: usize, link: LinkKey, bytes: Arc<[u8]>) {
        self.witness.sees_packet(&bytes);
        let Some((connection, end)) = self.hosts[host].links.get(&link).copied() else { return };
        let delay = 1 + self.random_below(self.slowest_ms);
        let Some(line) = self.connections.get_mut(&connection) else { return };
        let other = 1 - end;
        let arrives = (self.now_ms + delay).max(line.last_ms[other]);
        line.last_ms[other] = arrives;
        self.at(arrives, Event::Packet { connection, end: other, bytes });
    }

    /// One end hangs up; the other one learns of it.
    fn hang_up(&mut self, connection: u64, end: usize) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        line.ends[end] = None;
        let at_ms = (self.now_ms + 1).max(line.last_ms[1 - end]);
        self.at(at_ms, Event::Fin { connection, end: 1 - end });
    }

    pub fn run_for(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(Reverse((at_ms, number))) = self.events.peek().copied() {
            if at_ms > end {
                break;
            }
            self.events.pop();
            self.now_ms = self.now_ms.max(at_ms);
            let event = self.what.remove(&number).expect("each event is there once");
            self.happen(event);
        }
        self.now_ms = end;
    }

    fn happen(&mut self, event: Event) {
        // A host that stands still finds everything later.
        let awakes = |world: &World, host: usize| {
            let host = &world.hosts[host];
            (world.now_ms < host.paused_until_ms).then_some(host.paused_until_ms)
        };
        match event {
            Event::Tick { host, life } => {
                if self.hosts[host].life != life || self.hosts[host].node.is_none() {
                    return;
                }
                let next = awakes(self, host);
                if next.is_none() {
                    self.replicate(host);
                    self.tell(host, Cluster::tick);
                }
                let at_ms = next.unwrap_or(self.now_ms + TICK_MS);
                self.at(at_ms, Event::Tick { host, life });
            }
            Event::Syn { from: (from, life, link), to } => {
                if self.hosts[from].life != life || self.hosts[from].node.is_none() {
                    return;
                }
                let is_open = self.reaches(from, to)
                    && self.reaches(to, from)
                    && self.hosts[to].node.is_some();
                if !is_open {
                    self.tell(from, |node| node.disconnected(link));
                    return;
                }
                self.connect((from, life, link), to);
            }
            Event::Packet { connection, end, bytes } => {
                let Some(line) = self.connections.get(&connection) else { return };
                let Some((host, _, link)) = line.ends[end] else { return };
                let other = line.ends[1 - end].map(|(other, ..)| other);
                if let Some(at_ms) = awakes(self, host) {
                    return self.at(at_ms, Event::Packet { connection, end, bytes });
                }
                if other.is_none_or(|other| self.reaches(other, host)) {
                    self.tell(host, |node| node.receive(link, &bytes));
                }
            }
            Event::Fin { connection, end } => {
                let Some(line) = self.connections.get(&connection) else { return };
                if let Some((host, life, link)) = line.ends[end] {
                    if let Some(at_ms) = awakes(self, host) {
                        return self.at(at_ms, Event::Fin { connection, end });
                    }
                    if self.hosts[host].life == life {
                        self.hosts[host].links.remove(&link);
                        self.tell(host, |node| node.disconnected(link));
                    }
                }
                self.connections.remove(&connection);
            }
        }
    }

    fn connect(&mut self, from: (usize, u64, LinkKey), to: usize) {
        self.next += 1;
        let connection = self.next;
        let (ip, peer) = (self.hosts[to].ip.clone(), self.hosts[from.0].ip.clone());
        // Before it is known under its name nothing can be sent on it.
        let line = Connection { ends: [Some(from), None], last_ms: [self.now_ms; 2] };
        self.connections.insert(connection, line);
        let (here, there) = (ip.clone(), peer.clone());
        let accepted = self.tell(to, |node| node.accepted(here, there)).expect("it runs");
        let end = Some((to, self.hosts[to].life, accepted));
        self.connections.get_mut(&connection).expect("it was just made").ends[1] = end;
        self.hosts[to].links.insert(accepted, (connection, 1));
        self.hosts[from.0].links.insert(from.2, (connection, 0));
        self.tell(from.0, |node| node.connected(from.2, peer, ip));
    }

    /// The data: masters write, replicas have what their masters have.
    fn replicate(&mut self, index: usize) {
        let writes = self.random_below(1000);
        let now_ms = self.now_ms;
        let host = &self.hosts[index];
        let Some(ip) = &host.master else {
            if !host.holds_writes {
                self.hosts[index].offset += writes;
            }
            return;
        };
        let master = self.hosts.iter().position(|host| host.ip == *ip);
        let Some(master) = master.filter(|m| self.hosts[*m].is_awake(now_ms)) else { return };
        if self.reaches(master, index) && self.reaches(index, master) {
            let offset = self.hosts[master].offset;
            let host = &mut self.hosts[index];
            (host.offset, host.heard_ms) = (offset, Some(now_ms));
        }
    }

    /// Everything works again.
    pub fn heal(&mut self) {
        self.side.fill(0);
        self.cut.clear();
        self.slowest_ms = 5;
        for host in 0..self.hosts.len() {
            self.hosts[host].paused_until_ms = 0;
            self.start(host);
        }
        // What redis-cli does to moves that were interrupted: a slot that is being imported is nobody else's matter.
        for host in 0..self.hosts.len() {
            self.tell(host, |node| {
                (0..SLOTS as Slot).for_each(|slot| {
                    if node.importing_from(slot).or(node.migrating_to(slot)).is_some() {
                        node.settle_slot(slot);
                    }
                });
            });
        }
    }
}
