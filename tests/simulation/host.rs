//! A host: a node, its disk and its data.

use std::collections::BTreeMap;

use cacheflow::cluster::Cluster;
use cacheflow::cluster::key::LinkKey;
use cacheflow::cluster::settings::Settings;
use cacheflow::cluster::state::Local;
use cacheflow::system::random::Random;

pub const PORT: u16 = 7000;
pub const BUS_PORT: u16 = 17_000;

pub struct Host {
    pub ip: String,
    /// The node; None: it doesn't run.
    pub node: Option<Cluster>,
    /// Counts starts.
    pub life: u64,
    /// What a power failure leaves.
    pub synced: String,
    /// What the end of the process leaves.
    pub written: String,
    /// It stands still until then.
    pub paused_until_ms: u64,
    /// Its ends of connections: which one, and which end.
    pub links: BTreeMap<LinkKey, (u64, usize)>,
    /// How far its data has come.
    pub offset: u64,
    /// Whom it copies.
    pub master: Option<String>,
    /// When it heard of its master.
    pub heard_ms: Option<u64>,
    /// Writes wait.
    pub holds_writes: bool,
    random: Random,
    node_timeout_ms: u64,
}

impl Host {
    pub fn new(index: usize, seed: u64, node_timeout_ms: u64) -> Host {
        Host {
            ip: format!("10.0.{}.{}", index / 200, index % 200 + 1),
            node: None,
            life: 0,
            synced: String::new(),
            written: String::new(),
            paused_until_ms: 0,
            links: BTreeMap::new(),
            offset: 0,
            master: None,
            heard_ms: None,
            holds_writes: false,
            random: Random::from_seed(seed * 10_007 + index as u64),
            node_timeout_ms,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            node_timeout_ms: self.node_timeout_ms,
            port: PORT,
            bus_port: BUS_PORT,
            ..Settings::default()
        }
    }

    /// Starts the process, with what the disk has.
    pub fn start(&mut self, now_ms: u64) {
        let random = Random::from_seed(self.random.next_u64());
        self.life += 1;
        self.node = Some(match self.written.is_empty() {
            true => Cluster::new(self.settings(), random, now_ms),
            false => Cluster::from_file(&self.written, self.settings(), random, now_ms)
                .expect("what was written is read"),
        });
        (self.master, self.heard_ms, self.holds_writes) = (None, None, false);
    }

    /// What the node is told of its data.
    pub fn local(&self, now_ms: u64) -> Local {
        Local {
            now_ms,
            offset: self.offset,
            is_following: self.master.is_some(),
            data_age_ms: self.heard_ms.map(|heard| now_ms - heard),
        }
    }

    /// Whether it does anything at this moment.
    pub fn is_awake(&self, now_ms: u64) -> bool {
        self.node.is_some() && now_ms >= self.paused_until_ms
    }

    pub fn running(&self) -> &Cluster {
        self.node.as_ref().expect("it runs")
    }
}
