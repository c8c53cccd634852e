//! What the configuration says of the cluster, as far as the state machine asks.

/// The parameters `cluster-*`, and what this node is to announce. Times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A node that doesn't answer for so long is suspected.
    pub node_timeout_ms: u64,
    /// How old a replica's data may be for an election, in node timeouts; 0 for any.
    pub validity_factor: u64,
    /// How often a master pings its replicas.
    pub ping_replica_period_ms: u64,
    /// Replicas that a master keeps when one moves away.
    pub migration_barrier: usize,
    /// Nothing is served unless all slots are.
    pub full_coverage: bool,
    /// Whether replicas move to masters without any.
    pub replica_migration: bool,
    /// This node never wants to be elected.
    pub no_failover: bool,
    /// The address to announce; empty for the one that others see.
    pub announced_ip: String,
    /// The name to announce.
    pub hostname: String,
    /// The port for clients, as others see it.
    pub port: u16,
    /// The port for clients without TLS, if the first one is with it.
    pub plain_port: u16,
    /// Masters are copied without TLS, though the cluster speaks it.
    pub follows_plainly: bool,
    /// The port for nodes, as others see it.
    pub bus_port: u16,
    /// More bytes than these don't wait for another node; 0 for no limit.
    pub link_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            node_timeout_ms: 15_000,
            validity_factor: 10,
            ping_replica_period_ms: 10_000,
            migration_barrier: 1,
            full_coverage: true,
            replica_migration: true,
            no_failover: false,
            announced_ip: String::new(),
            hostname: String::new(),
            port: 6379,
            plain_port: 0,
            follows_plainly: false,
            bus_port: 16_379,
            link_limit: 0,
        }
    }
}
