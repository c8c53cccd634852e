//! THE table of parameters. Every way in and out of the configuration reads it: command line,
//! `redis.conf`, `CACHEFLOW_*` environment variables, CONFIG GET, SET and REWRITE, and `--help`.
//!
//! Names, aliases, limits and defaults are those of Redis 7.0.15 (`tests/data/config-defaults.txt`
//! records what it answers to `CONFIG GET *`), with these exceptions: `port` defaults to 5001, and
//! `listen-addr`, `web` and `compat-version` are our own. What later servers brought stands beside it, so
//! that their files work: of Redis 8.2 every name (`tests/data/config-defaults-8.2.txt`), of Valkey
//! those it documents. How to read a row is explained in `define.rs`; to add a parameter,
//! add a row. `NoEffect` marks what cacheflow accepts so that an existing file works, but has no
//! use for, be it because the mechanism does not exist here (fork, jemalloc) or because
//! what it switches on is always on (`lazyfree-*`, `sanitize-dump-payload`).

use std::path::PathBuf;

use super::choices::*;
use super::compat::CompatVersion;
use super::compound::*;
use super::define::{Flag, Parameter, parameters, syntax_of};
use super::events::{EventClasses, Events};
use super::limits::*;
use super::listen::{ListenAddress, WebAddress};
use super::title::check_template;
use super::value::*;
use super::verbatim::*;
use crate::catalogue::Names;
use crate::system::logging::Level;

parameters! {
    "Network" {
        /// Address and port in one, such as :5001 or 127.0.0.1:0 (0 picks a free port)
        "listen-addr" listen_addr: String = String::new() => ListenAddress, [Immutable];
        /// TCP port; 0 does not listen on TCP
        "port" port: u16 = 5001 => integer(0, 65535);
        /// Addresses to listen on; * is all, a leading - means "if this machine has it"
        "bind" bind: Vec<String> = vec!["*".into(), "-::*".into()] => Addresses, [Multi];
        /// Local address of connections to a master
        "bind-source-addr" bind_source_addr: String = String::new() => Text("address");
        /// Refuse other machines while there is no password
        "protected-mode" protected_mode: bool = true => YesNo;
        /// Length of the queue of connections not yet accepted
        "tcp-backlog" tcp_backlog: u32 = 511 => integer(0, INT_MAX), [Immutable];
        /// Seconds between TCP keepalive probes; 0 sends none
        "tcp-keepalive" tcp_keepalive: u32 = 300 => integer(0, INT_MAX);
        /// Close connections that are idle for this many seconds; 0 never
        "timeout" timeout: u32 = 0 => integer(0, INT_MAX);
        /// Listen on this Unix socket as well
        "unixsocket" unixsocket: String = String::new() => Text("path"), [Immutable];
        /// Permissions of the Unix socket; 0 is 700
        "unixsocketperm" unixsocketperm: u32 = 0 => Octal, [Immutable];
        /// Serve a page about the server, and /metrics; :8001 is local
        "web" web: String = String::new() => WebAddress, [Immutable];
        /// Names of that page's host, beside addresses and localhost
        "web-hosts" web_hosts: Vec<String> = Vec::new() => Addresses, [Multi];
        /// Mark of the listening sockets, for packet filters
        "socket-mark-id" socket_mark_id: u32 = 0
            => integer(0, u32::MAX as i64), [Immutable];
    }
    "General" {
        /// Number of databases
        "databases" databases: usize = 16 => integer(1, INT_MAX), [Immutable];
        /// Redis to be like where later versions answer differently
        "compat-version" compat_version: CompatVersion = CompatVersion::Redis7
            => one_of(), [Immutable];
        /// How much to log
        "loglevel" loglevel: Level = Level::Notice => one_of();
        /// Keep what clients have sent and stored out of the log
        "hide-user-data-from-log" hide_user_data_from_log: bool = false => YesNo;
        /// Append the log to this file; empty for standard output
        "logfile" logfile: String = String::new() => Text("path"), [Immutable];
        /// Working directory: where the dump and the append-only files live
        "dir" dir: PathBuf = std::env::current_dir().unwrap_or_default()
            => Directory, [Protected];
        /// How often per second background tasks run, 1 to 500
        "hz" hz: u32 = 10 => integer(0, INT_MAX).clamped(1, 500);
        /// Run background tasks more often when there are many clients
        "dynamic-hz" dynamic_hz: bool = true => YesNo, [NoEffect];
        /// Write the process id to this file
        "pidfile" pidfile: String = String::new() => Text("path"), [Immutable];
        /// Run in the background (use a service manager instead)
        "daemonize" daemonize: bool = false => YesNo, [Immutable NoEffect];
        /// Tell a service manager about the start
        "supervised" supervised: Supervision = Supervision::No
            => one_of(), [Immutable];
        /// What SIGINT does
        "shutdown-on-sigint" shutdown_on_sigint: ShutdownMode = ShutdownMode::default()
            => OnSignal, [Multi];
        /// What SIGTERM does
        "shutdown-on-sigterm" shutdown_on_sigterm: ShutdownMode = ShutdownMode::default()
            => OnSignal, [Multi];
        /// Seconds that a shutdown waits for replicas that lag
        "shutdown-timeout" shutdown_timeout: u32 = 10 => integer(0, INT_MAX);
        /// Log to syslog
        "syslog-enabled" syslog_enabled: bool = false => YesNo, [Immutable NoEffect];
        /// Name in syslog
        "syslog-ident" syslog_ident: String = "redis".into()
            => Text("name"), [Immutable NoEffect];
        /// Facility in syslog
        "syslog-facility" syslog_facility: SyslogFacility = SyslogFacility::Local0
            => one_of(), [Immutable NoEffect];
        /// Draw a logo at the start
        "always-show-logo" always_show_logo: bool = false => YesNo, [Immutable NoEffect];
        /// Show state in the process title
        "set-proc-title" set_proc_title: bool = true => YesNo, [Immutable];
        /// What the process title shows
        "proc-title-template" proc_title_template: String
            = "{title} {listen-addr} {server-mode}".into()
            => Checked("template", check_template);
        /// Write a report to the log on a crash
        "crash-log-enabled" crash_log_enabled: bool = true => YesNo, [NoEffect];
        /// Test the memory on a crash
        "crash-memcheck-enabled" crash_memcheck_enabled: bool = true => YesNo, [NoEffect];
        /// Exit instead of aborting on a panic
        "use-exit-on-panic" use_exit_on_panic: bool = false => YesNo, [Hidden NoEffect];
        /// Milliseconds after which a watchdog logs what blocks the server
        "watchdog-period" watchdog_period: u32 = 0 => integer(0, INT_MAX), [Hidden NoEffect];
        /// Names of start-up warnings to suppress
        "ignore-warnings" ignore_warnings: String = String::new() => Text("names"), [NoEffect];
    }
    "Memory" {
        /// Most bytes of data before keys are evicted; 0 for no limit
        "maxmemory" maxmemory: u64 = 0 => memory(0, u64::MAX);
        /// Which keys to evict at maxmemory
        "maxmemory-policy" maxmemory_policy: EvictionPolicy = EvictionPolicy::NoEviction
            => one_of();
        /// How many keys to compare when looking for one to evict
        "maxmemory-samples" maxmemory_samples: usize = 5 => integer(1, INT_MAX);
        /// How long one command may spend evicting, 0 to 100
        "maxmemory-eviction-tenacity" maxmemory_eviction_tenacity: u8 = 10 => integer(0, 100);
        /// Most memory of all connections together; 0 for no limit
        "maxmemory-clients" maxmemory_clients: Share = Share::Bytes(0) => BytesOrPercent;
        /// Replicas leave eviction to their master
        "replica-ignore-maxmemory" | "slave-ignore-maxmemory"
            replica_ignore_maxmemory: bool = true => YesNo;
        /// How slowly the counter of the LFU policies grows
        "lfu-log-factor" lfu_log_factor: u32 = 10 => integer(0, INT_MAX);
        /// Minutes after which the counter of the LFU policies decays
        "lfu-decay-time" lfu_decay_time: u32 = 1 => integer(0, INT_MAX);
        /// How hard to look for expired keys, 1 to 10
        "active-expire-effort" active_expire_effort: u8 = 1 => integer(1, 10), [NoEffect];
        /// Resize hash tables in the background
        "activerehashing" activerehashing: bool = true => YesNo, [NoEffect];
        /// Free evicted values in the background
        "lazyfree-lazy-eviction" lazyfree_lazy_eviction: bool = false => YesNo;
        /// Free expired values in the background
        "lazyfree-lazy-expire" lazyfree_lazy_expire: bool = false => YesNo;
        /// Free overwritten values in the background
        "lazyfree-lazy-server-del" lazyfree_lazy_server_del: bool = false => YesNo, [NoEffect];
        /// DEL frees like UNLINK
        "lazyfree-lazy-user-del" lazyfree_lazy_user_del: bool = false => YesNo, [NoEffect];
        /// FLUSHALL frees like FLUSHALL ASYNC
        "lazyfree-lazy-user-flush" lazyfree_lazy_user_flush: bool = false => YesNo, [NoEffect];
        /// Defragment memory
        "activedefrag" activedefrag: bool = false => YesNo, [NoEffect];
        /// Least share of CPU for defragmentation
        "active-defrag-cycle-min" active_defrag_cycle_min: u8 = 1 => integer(1, 99), [NoEffect];
        /// Greatest share of CPU for defragmentation
        "active-defrag-cycle-max" active_defrag_cycle_max: u8 = 25 => integer(1, 99), [NoEffect];
        /// Wasted bytes below which nothing is defragmented
        "active-defrag-ignore-bytes" active_defrag_ignore_bytes: u64 = 100 << 20
            => memory(1, LONG_MAX as u64), [NoEffect];
        /// Longest collection to defragment at once
        "active-defrag-max-scan-fields" active_defrag_max_scan_fields: u64 = 1000
            => integer(1, LONG_MAX), [NoEffect];
        /// Percentage of waste at which defragmentation starts
        "active-defrag-threshold-lower" active_defrag_threshold_lower: u16 = 10
            => integer(0, 1000), [NoEffect];
        /// Percentage of waste at which it runs at full effort
        "active-defrag-threshold-upper" active_defrag_threshold_upper: u16 = 100
            => integer(0, 1000), [NoEffect];
        /// Let jemalloc free memory in a thread of its own
        "jemalloc-bg-thread" jemalloc_bg_thread: bool = true => YesNo, [NoEffect];
    }
    "Snapshots (RDB)" {
        /// Snapshot after so many seconds if so many keys changed; "" for never
        "save" save: Vec<SavePoint> = default_save_points() => SavePoints, [Multi Accumulates];
        /// File name of the snapshot
        "dbfilename" dbfilename: String = "dump.rdb".into()
            => Checked("name", check_dbfilename), [Protected];
        /// Compress strings in the snapshot
        "rdbcompression" rdbcompression: bool = true => YesNo;
        /// Put a checksum at the end of the snapshot and verify it
        "rdbchecksum" rdbchecksum: bool = true => YesNo, [Immutable];
        /// Version of snapshots and DUMP; 0 is 10, or 12 if fields of hashes expire
        "rdb-version" rdb_version: RdbVersion = RdbVersion::AsNeeded => one_of();
        /// Refuse writes after a snapshot failed
        "stop-writes-on-bgsave-error" stop_writes_on_bgsave_error: bool = true => YesNo;
        /// Delete the file of a full synchronisation (cacheflow always does)
        "rdb-del-sync-files" rdb_del_sync_files: bool = false => YesNo, [NoEffect];
        /// fsync a snapshot piece by piece while writing it
        "rdb-save-incremental-fsync" rdb_save_incremental_fsync: bool = true => YesNo;
        /// Verify payloads deeply (cacheflow always does)
        "sanitize-dump-payload" sanitize_dump_payload: Sanitize = Sanitize::No
            => one_of(), [NoEffect];
        /// Microseconds to sleep after each key saved, for tests
        "rdb-key-save-delay" rdb_key_save_delay: i32 = 0
            => integer(i32::MIN as i64, INT_MAX), [Hidden];
        /// Microseconds to sleep after each key loaded, for tests
        "key-load-delay" key_load_delay: i32 = 0
            => integer(i32::MIN as i64, INT_MAX), [Hidden];
        /// Bytes loaded between two looks at the network
        "loading-process-events-interval-bytes" loading_process_events_interval_bytes: u64 = 2 << 20
            => integer(1024, INT_MAX), [Hidden NoEffect];
    }
    "Append-only file (AOF)" {
        /// Log every write to the append-only file
        "appendonly" appendonly: bool = false => YesNo;
        /// When to make the append-only file durable
        "appendfsync" appendfsync: FsyncPolicy = FsyncPolicy::Everysec => one_of();
        /// Base of the names of append-only files
        "appendfilename" appendfilename: String = "appendonly.aof".into()
            => Checked("name", check_appendfilename), [Immutable];
        /// Directory of the append-only files, inside dir
        "appenddirname" appenddirname: String = "appendonlydir".into()
            => Checked("name", check_appenddirname), [Immutable];
        /// Do not fsync the append-only file while it is being rewritten
        "no-appendfsync-on-rewrite" no_appendfsync_on_rewrite: bool = false => YesNo;
        /// Rewrite the append-only file once it grew by this percentage; 0 never
        "auto-aof-rewrite-percentage" auto_aof_rewrite_percentage: u32 = 100
            => integer(0, INT_MAX);
        /// Do not rewrite an append-only file smaller than this
        "auto-aof-rewrite-min-size" auto_aof_rewrite_min_size: u64 = 64 << 20
            => memory(0, LONG_MAX as u64);
        /// Cut off an incomplete command at the end of the append-only file and start
        "aof-load-truncated" aof_load_truncated: bool = true => YesNo;
        /// Begin rewritten append-only files with a snapshot
        "aof-use-rdb-preamble" aof_use_rdb_preamble: bool = true => YesNo;
        /// Write timestamps into the append-only file
        "aof-timestamp-enabled" aof_timestamp_enabled: bool = false => YesNo;
        /// fsync a rewrite piece by piece while writing it
        "aof-rewrite-incremental-fsync" aof_rewrite_incremental_fsync: bool = true => YesNo;
        /// Keep append-only files that a rewrite replaced
        "aof-disable-auto-gc" aof_disable_auto_gc: bool = false => YesNo;
    }
    "Replication" {
        /// Be a replica of this master; "no one" for none
        "replicaof" | "slaveof" replicaof: Option<(String, u16)> = None
            => MasterAddress, [Immutable Multi];
        /// Password to give to the master
        "masterauth" | "primaryauth" masterauth: Vec<u8> = Vec::new() => Bytes("password"), [Sensitive];
        /// User name to give to the master
        "masteruser" | "primaryuser" masteruser: Vec<u8> = Vec::new() => Bytes("name"), [Sensitive];
        /// Replicas refuse writes of clients
        "replica-read-only" | "slave-read-only" replica_read_only: bool = true => YesNo;
        /// Replicas answer with old data while the master is away
        "replica-serve-stale-data" | "slave-serve-stale-data"
            replica_serve_stale_data: bool = true => YesNo;
        /// Sentinel promotes the replica with the lowest priority; 0 never
        "replica-priority" | "slave-priority" replica_priority: u32 = 100 => integer(0, INT_MAX);
        /// Show this replica to Sentinel
        "replica-announced" replica_announced: bool = true => YesNo;
        /// Address that a replica reports to its master
        "replica-announce-ip" | "slave-announce-ip" replica_announce_ip: Vec<u8> = Vec::new()
            => Bytes("address");
        /// Port that a replica reports to its master
        "replica-announce-port" | "slave-announce-port" replica_announce_port: u16 = 0
            => integer(0, 65535);
        /// Free the old data set in the background before loading the master's
        "replica-lazy-flush" | "slave-lazy-flush" replica_lazy_flush: bool = false
            => YesNo, [NoEffect];
        /// Replicas go on when they cannot write to disk
        "replica-ignore-disk-write-errors" replica_ignore_disk_write_errors: bool = false
            => YesNo, [NoEffect];
        /// What to do about a command of the master that fails
        "propagation-error-behavior" propagation_error_behavior: PropagationErrors
            = PropagationErrors::Ignore => one_of();
        /// Bytes of history kept for replicas that reconnect
        "repl-backlog-size" repl_backlog_size: u64 = 1 << 20
            => memory(1, LONG_MAX as u64).at_least(16 << 10);
        /// Seconds without replicas after which the history is dropped; 0 never
        "repl-backlog-ttl" repl_backlog_ttl: u64 = 3600 => integer(0, LONG_MAX);
        /// Seconds of silence after which a replication link is dead
        "repl-timeout" repl_timeout: u32 = 60 => integer(1, INT_MAX);
        /// Seconds between the pings of a master
        "repl-ping-replica-period" | "repl-ping-slave-period" repl_ping_replica_period: u32 = 10
            => integer(1, INT_MAX);
        /// Send snapshots to replicas without writing them to disk
        "repl-diskless-sync" repl_diskless_sync: bool = true => YesNo;
        /// Seconds to wait for more replicas before such a snapshot
        "repl-diskless-sync-delay" repl_diskless_sync_delay: u32 = 5 => integer(0, INT_MAX);
        /// Do not wait once that many replicas are there
        "repl-diskless-sync-max-replicas" repl_diskless_sync_max_replicas: u32 = 0
            => integer(0, INT_MAX);
        /// Load snapshots of the master without writing them to disk
        "repl-diskless-load" repl_diskless_load: DisklessLoad = DisklessLoad::Disabled
            => one_of(), [NoEffect];
        /// Send to replicas in fewer, later packets
        "repl-disable-tcp-nodelay" repl_disable_tcp_nodelay: bool = false => YesNo;
        /// Refuse writes with fewer good replicas than this; 0 never
        "min-replicas-to-write" | "min-slaves-to-write" min_replicas_to_write: u32 = 0
            => integer(0, INT_MAX);
        /// Seconds of lag up to which a replica is good
        "min-replicas-max-lag" | "min-slaves-max-lag" min_replicas_max_lag: u32 = 10
            => integer(0, INT_MAX);
    }
    "Security" {
        /// Password of the default user
        "requirepass" requirepass: Vec<u8> = Vec::new() => Bytes("password"), [Sensitive];
        /// File with the users
        "aclfile" aclfile: String = String::new() => Text("path"), [Immutable];
        /// Length of ACL LOG
        "acllog-max-len" acllog_max_len: usize = 128 => integer(0, LONG_MAX);
        /// Which channels new users may use
        "acl-pubsub-default" acl_pubsub_default: AclPubsubDefault
            = AclPubsubDefault::ResetChannels => one_of();
        /// Who may CONFIG SET dir and dbfilename
        "enable-protected-configs" enable_protected_configs: Allowed = Allowed::No
            => one_of(), [Immutable];
        /// Who may use DEBUG
        "enable-debug-command" enable_debug_command: Allowed = Allowed::No
            => one_of(), [Immutable];
        /// Who may use MODULE
        "enable-module-command" enable_module_command: Allowed = Allowed::No
            => one_of(), [Immutable NoEffect];
    }
    "Clients" {
        /// Most connections at a time
        "maxclients" maxclients: u32 = 10_000 => integer(1, u32::MAX as i64);
        /// Most bytes of replies a client may leave unread
        "client-output-buffer-limit" client_output_buffer_limit: BufferLimits
            = BufferLimits::default() => OutputLimits, [Multi];
        /// Most bytes of one client's unfinished request
        "client-query-buffer-limit" client_query_buffer_limit: u64 = 1 << 30
            => memory(1 << 20, LONG_MAX as u64);
        /// Longest argument of a request
        "proto-max-bulk-len" proto_max_bulk_len: u64 = 512 << 20
            => memory(1 << 20, LONG_MAX as u64);
        /// Most keys remembered for client-side caches
        "tracking-table-max-keys" tracking_table_max_keys: u64 = 1_000_000
            => integer(0, LONG_MAX);
        /// Which keyspace events to publish
        "notify-keyspace-events" notify_keyspace_events: EventClasses = EventClasses(0) => Events;
    }
    "Slow log, latency, scripts" {
        /// Microseconds after which a command is logged as slow; -1 never
        "slowlog-log-slower-than" | "commandlog-execution-slower-than"
            slowlog_log_slower_than: i64 = 10_000 => integer(-1, LONG_MAX);
        /// Length of the slow log
        "slowlog-max-len" | "commandlog-slow-execution-max-len"
            slowlog_max_len: u64 = 128 => integer(0, LONG_MAX);
        /// Milliseconds from which an event is recorded for LATENCY; 0 never
        "latency-monitor-threshold" latency_monitor_threshold: u64 = 0 => integer(0, LONG_MAX);
        /// Keep a histogram for each command
        "latency-tracking" latency_tracking: bool = true => YesNo;
        /// Percentiles shown by INFO latencystats
        "latency-tracking-info-percentiles" latency_tracking_info_percentiles: Vec<f64>
            = vec![50.0, 99.0, 99.9] => Percentiles, [Multi];
        /// Milliseconds after which a script no longer blocks other clients
        "busy-reply-threshold" | "lua-time-limit" busy_reply_threshold: u64 = 5000
            => integer(0, LONG_MAX);
        /// Memory that scripts may take, and functions likewise
        "lua-memory-limit" lua_memory_limit: u64 = 1024 * 1024 * 1024
            => memory(1024 * 1024, LONG_MAX as u64), [Hidden];
    }
    "Data structures" {
        /// Most fields of a hash in compact form
        "hash-max-listpack-entries" | "hash-max-ziplist-entries"
            hash_max_listpack_entries: usize = 512 => integer(0, LONG_MAX);
        /// Longest field or value of a hash in compact form
        "hash-max-listpack-value" | "hash-max-ziplist-value"
            hash_max_listpack_value: usize = 64 => memory(0, LONG_MAX as u64);
        /// Size of a list's nodes: elements, or -1 to -5 for 4 to 64 kb
        "list-max-listpack-size" | "list-max-ziplist-size"
            list_max_listpack_size: i32 = -2 => integer(i32::MIN as i64, INT_MAX);
        /// Nodes at each end of a list left uncompressed; 0 compresses none
        "list-compress-depth" list_compress_depth: u32 = 0 => integer(0, INT_MAX), [NoEffect];
        /// Most members of a set of integers in compact form
        "set-max-intset-entries" set_max_intset_entries: usize = 512 => integer(0, LONG_MAX);
        /// Most members of a sorted set in compact form
        "zset-max-listpack-entries" | "zset-max-ziplist-entries"
            zset_max_listpack_entries: usize = 128 => integer(0, LONG_MAX);
        /// Longest member of a sorted set in compact form
        "zset-max-listpack-value" | "zset-max-ziplist-value"
            zset_max_listpack_value: usize = 64 => memory(0, LONG_MAX as u64);
        /// Largest HyperLogLog in sparse form
        "hll-sparse-max-bytes" hll_sparse_max_bytes: usize = 3000 => memory(0, LONG_MAX as u64);
        /// Most bytes of a stream's node; 0 for no limit
        "stream-node-max-bytes" stream_node_max_bytes: usize = 4096 => memory(0, LONG_MAX as u64);
        /// Most entries of a stream's node; 0 for no limit
        "stream-node-max-entries" stream_node_max_entries: usize = 100 => integer(0, LONG_MAX);
    }
    "Kernel" {
        /// Threads for sockets (cacheflow has one per connection)
        "io-threads" io_threads: u32 = 1 => integer(1, 128), [Immutable NoEffect];
        /// Let those threads read, too
        "io-threads-do-reads" io_threads_do_reads: bool = false => YesNo, [Immutable NoEffect];
        /// CPUs for the server, such as 0,2-5,8-14:2
        "server_cpulist" | "server-cpulist" server_cpulist: String = String::new() => Text("cpus"), [Immutable];
        /// CPUs for freeing memory and syncing files
        "bio_cpulist" | "bio-cpulist" bio_cpulist: String = String::new() => Text("cpus"), [Immutable];
        /// CPUs for AOF rewrites
        "aof_rewrite_cpulist" | "aof-rewrite-cpulist" aof_rewrite_cpulist: String = String::new()
            => Text("cpus"), [Immutable];
        /// CPUs for snapshots
        "bgsave_cpulist" | "bgsave-cpulist" bgsave_cpulist: String = String::new() => Text("cpus"), [Immutable];
        /// Tell the kernel which processes to sacrifice first
        "oom-score-adj" oom_score_adj: OomScoreAdj = OomScoreAdj::No => one_of();
        /// The scores for that
        "oom-score-adj-values" oom_score_adj_values: [i32; 3] = [0, 200, 800]
            => OomScores, [Multi];
        /// Switch transparent huge pages off
        "disable-thp" disable_thp: bool = true => YesNo, [Immutable NoEffect];
    }
    "Cluster" {
        /// Be a node of a cluster
        "cluster-enabled" cluster_enabled: bool = false => YesNo, [Immutable];
        /// File of the cluster's state
        "cluster-config-file" cluster_config_file: String = "nodes.conf".into()
            => Text("name"), [Immutable];
        /// Port of the cluster bus; 0 is port + 10000
        "cluster-port" cluster_port: u16 = 0 => integer(0, 65535), [Immutable];
        /// Milliseconds after which a node counts as failed
        "cluster-node-timeout" cluster_node_timeout: u64 = 15_000
            => integer(0, LONG_MAX);
        /// Address to announce to the cluster
        "cluster-announce-ip" cluster_announce_ip: Vec<u8> = Vec::new()
            => Bytes("address");
        /// Host name to announce to the cluster
        "cluster-announce-hostname" cluster_announce_hostname: String = String::new()
            => Checked("name", check_hostname);
        /// Port to announce to the cluster
        "cluster-announce-port" cluster_announce_port: u16 = 0 => integer(0, 65535);
        /// TLS port to announce to the cluster
        "cluster-announce-tls-port" cluster_announce_tls_port: u16 = 0
            => integer(0, 65535);
        /// Bus port to announce to the cluster
        "cluster-announce-bus-port" cluster_announce_bus_port: u16 = 0
            => integer(0, 65535);
        /// What clients are redirected to
        "cluster-preferred-endpoint-type" cluster_preferred_endpoint_type: EndpointType
            = EndpointType::Ip
            => one_of();
        /// Refuse to serve while slots are missing
        "cluster-require-full-coverage" cluster_require_full_coverage: bool = true
            => YesNo;
        /// Serve reads while the cluster is down
        "cluster-allow-reads-when-down" cluster_allow_reads_when_down: bool = false
            => YesNo;
        /// Serve shard channels while the cluster is down
        "cluster-allow-pubsubshard-when-down" cluster_allow_pubsubshard_when_down: bool = true
            => YesNo;
        /// Let replicas move to masters that have none
        "cluster-allow-replica-migration" cluster_allow_replica_migration: bool = true
            => YesNo;
        /// Replicas a master keeps when one migrates
        "cluster-migration-barrier" cluster_migration_barrier: u32 = 1
            => integer(0, INT_MAX);
        /// Never try to become master
        "cluster-replica-no-failover" | "cluster-slave-no-failover"
            cluster_replica_no_failover: bool = false
            => YesNo;
        /// How old data may be for a failover
        "cluster-replica-validity-factor" | "cluster-slave-validity-factor"
            cluster_replica_validity_factor: u32 = 10
            => integer(0, INT_MAX);
        /// Most bytes queued for another node; 0 for no limit
        "cluster-link-sendbuf-limit" cluster_link_sendbuf_limit: u64 = 0
            => memory(0, u64::MAX);
    }
    "TLS" {
        /// TLS port; 0 does not listen for TLS
        "tls-port" tls_port: u16 = 0 => integer(0, 65535);
        /// Speak TLS to the master
        "tls-replication" tls_replication: bool = false => YesNo;
        /// Speak TLS to other nodes, and where MIGRATE moves keys to
        "tls-cluster" tls_cluster: bool = false => YesNo;
        /// Certificate, in PEM
        "tls-cert-file" tls_cert_file: String = String::new() => Text("path"), [Volatile];
        /// Its private key, in PEM
        "tls-key-file" tls_key_file: String = String::new() => Text("path"), [Volatile];
        /// Password of the private key
        "tls-key-file-pass" tls_key_file_pass: Vec<u8> = Vec::new()
            => Bytes("password"), [Sensitive];
        /// Certificate for outgoing connections, if it is another
        "tls-client-cert-file" tls_client_cert_file: String = String::new()
            => Text("path"), [Volatile];
        /// Private key for outgoing connections
        "tls-client-key-file" tls_client_key_file: String = String::new()
            => Text("path"), [Volatile];
        /// Its password
        "tls-client-key-file-pass" tls_client_key_file_pass: Vec<u8> = Vec::new()
            => Bytes("password"), [Sensitive];
        /// Diffie-Hellman parameters (every key exchange is over elliptic curves)
        "tls-dh-params-file" tls_dh_params_file: String = String::new()
            => Text("path"), [NoEffect];
        /// Certificates that are trusted, in PEM
        "tls-ca-cert-file" tls_ca_cert_file: String = String::new()
            => Text("path"), [Volatile];
        /// Directory with files of trusted certificates
        "tls-ca-cert-dir" tls_ca_cert_dir: String = String::new() => Text("path"), [Volatile];
        /// Whether clients need a certificate
        "tls-auth-clients" tls_auth_clients: TlsAuthClients = TlsAuthClients::Yes => one_of();
        /// Protocol versions, of TLSv1.2 and TLSv1.3
        "tls-protocols" tls_protocols: String = String::new() => Text("names");
        /// Ciphers of TLS 1.2
        "tls-ciphers" tls_ciphers: String = String::new() => Text("names");
        /// Ciphers of TLS 1.3
        "tls-ciphersuites" tls_ciphersuites: String = String::new() => Text("names");
        /// Prefer the order of the server
        "tls-prefer-server-ciphers" tls_prefer_server_ciphers: bool = false => YesNo;
        /// Resume sessions
        "tls-session-caching" tls_session_caching: bool = true => YesNo;
        /// How many sessions to remember; 0 for no limit
        "tls-session-cache-size" tls_session_cache_size: u32 = 20_480 => integer(0, INT_MAX);
        /// For how many seconds
        "tls-session-cache-timeout" tls_session_cache_timeout: u32 = 300
            => integer(0, INT_MAX);
    }
    "Of later servers: Redis 7.2 to 8.2" {
        /// Most members of a set that is called a listpack
        "set-max-listpack-entries" set_max_listpack_entries: usize = 128
            => integer(0, LONG_MAX);
        /// Longest member of such a set
        "set-max-listpack-value" set_max_listpack_value: usize = 64
            => integer(0, LONG_MAX);
        /// Most connections accepted at once (a thread accepts them one by one)
        "max-new-connections-per-cycle" max_new_connections_per_cycle: u32 = 10
            => integer(0, INT_MAX), [NoEffect];
        /// The same for TLS
        "max-new-tls-connections-per-cycle" max_new_tls_connections_per_cycle: u32 = 1
            => integer(0, INT_MAX), [NoEffect];
        /// Most bytes of stream a replica keeps beside a snapshot (the master keeps them)
        "replica-full-sync-buffer-limit" replica_full_sync_buffer_limit: u64 = 0
            => memory(0, u64::MAX), [NoEffect];
        /// Send snapshots to replicas over a connection of their own (they share one)
        "repl-rdb-channel" repl_rdb_channel: bool = true => YesNo, [Hidden NoEffect];
        /// The order of SORT ALPHA: that of bytes
        "locale-collate" locale_collate: String = String::new() => Checked("C", check_locale), [OnlyDefault];
        /// A name for people, beside a node's id in the log
        "cluster-announce-human-nodename" cluster_announce_human_nodename: String = String::new()
            => Checked("name", check_hostname), [NoEffect];
        /// How many commands of a hundred to look at for what a cluster would refuse
        "cluster-compatibility-sample-ratio" cluster_compatibility_sample_ratio: u8 = 0
            => integer(0, 100), [NoEffect];
        /// Count what is done in each slot
        "cluster-slot-stats-enabled" cluster_slot_stats_enabled: bool = false => YesNo;
        /// Milliseconds between the pings of a cluster's nodes; 0 is the default
        "cluster-ping-interval" cluster_ping_interval: u32 = 0
            => integer(0, INT_MAX), [Hidden NoEffect];
        /// Search vector sets in one thread (there are none)
        "vset-force-single-threaded-execution" vset_force_single_threaded_execution: bool = false
            => YesNo, [NoEffect];
        /// How many commands bring their keys near together
        "prefetch-batch-max-size" prefetch_batch_max_size: u8 = 16
            => integer(0, 128), [Hidden NoEffect];
        /// Expire keys that a command meets by the way
        "lazyexpire-nested-arbitrary-keys" lazyexpire_nested_arbitrary_keys: bool = true
            => YesNo, [Hidden NoEffect];
        /// Let scripts have what Lua has deprecated
        "lua-enable-deprecated-api" lua_enable_deprecated_api: bool = false
            => OnlyNo("cacheflow's scripts have no getfenv, setfenv or newproxy"), [Hidden OnlyDefault];
    }
    "Of later servers: Valkey" {
        /// Where this server is, for clients that ask
        "availability-zone" availability_zone: String = String::new() => Text("name"), [NoEffect];
        /// Send snapshots over a connection of their own
        "dual-channel-replication-enabled" dual_channel_replication_enabled: bool = false
            => YesNo, [NoEffect];
        /// Load snapshots of versions that aren't known
        "rdb-version-check" rdb_version_check: VersionCheck = VersionCheck::Strict
            => one_of(), [NoEffect];
        /// How lines of the log look
        "log-format" log_format: LogFormat = LogFormat::Legacy => one_of(), [NoEffect];
        /// How times look in the log
        "log-timestamp-format" log_timestamp_format: TimestampFormat = TimestampFormat::Legacy
            => one_of(), [NoEffect];
        /// Size of a request from which COMMANDLOG keeps it; -1 never
        "commandlog-request-larger-than" commandlog_request_larger_than: i64 = 1 << 20
            => integer(-1, LONG_MAX);
        /// How many it keeps
        "commandlog-large-request-max-len" commandlog_large_request_max_len: u64 = 128
            => integer(0, LONG_MAX);
        /// Size of a reply from which COMMANDLOG keeps its request; -1 never
        "commandlog-reply-larger-than" commandlog_reply_larger_than: i64 = 1 << 20
            => integer(-1, LONG_MAX);
        /// How many it keeps
        "commandlog-large-reply-max-len" commandlog_large_reply_max_len: u64 = 128
            => integer(0, LONG_MAX);
        /// Group of the Unix socket
        "unixsocketgroup" unixsocketgroup: String = String::new()
            => Checked("", check_no_socket_group), [Immutable OnlyDefault];
        /// Take users' names from certificates
        "tls-auth-clients-user" tls_auth_clients_user: bool = false
            => Off("cacheflow takes no user's name from a certificate"), [OnlyDefault];
        /// Take in data without expiring or evicting any
        "import-mode" import_mode: bool = false
            => OnlyNo("cacheflow has no import mode"), [OnlyDefault];
        /// Databases of a cluster
        "cluster-databases" cluster_databases: usize = 1 => integer(1, 1), [Immutable OnlyDefault];
        /// Address of this node for clients over IPv4
        "cluster-announce-client-ipv4" cluster_announce_client_ipv4: String = String::new()
            => Checked("", check_one_address), [OnlyDefault];
        /// Address of this node for clients over IPv6
        "cluster-announce-client-ipv6" cluster_announce_client_ipv6: String = String::new()
            => Checked("", check_one_address), [OnlyDefault];
        /// Seconds for which a node that was forgotten isn't met again
        "cluster-blacklist-ttl" cluster_blacklist_ttl: u32 = 60 => integer(0, INT_MAX), [NoEffect];
        /// Milliseconds that a manual failover may take
        "cluster-manual-failover-timeout" cluster_manual_failover_timeout: u32 = 5000
            => integer(1, INT_MAX), [NoEffect];
        /// How many migrations of slots are remembered
        "cluster-slot-migration-log-max-len" cluster_slot_migration_log_max_len: u64 = 1000
            => integer(0, LONG_MAX), [NoEffect];
        /// How far a slot may lag when it changes its node
        "slot-migration-max-failover-repl-bytes" slot_migration_max_failover_repl_bytes: i64 = 0
            => integer(-1, LONG_MAX), [NoEffect];
        /// Microseconds of one step of defragmentation
        "active-defrag-cycle-us" active_defrag_cycle_us: u32 = 500
            => integer(0, 100_000), [NoEffect];
        /// Let TCP use several paths
        "mptcp" mptcp: bool = false => YesNo, [Immutable NoEffect];
        /// The same to a master
        "repl-mptcp" repl_mptcp: bool = false => YesNo, [Immutable NoEffect];
        /// Seed of the hash tables, for an order of SCAN that is the same everywhere
        "hash-seed" hash_seed: Vec<u8> = Vec::new()
            => Bytes("text"), [Immutable Sensitive NoEffect];
        /// Say `redis` where Valkey says its own name (cacheflow always does)
        "extended-redis-compatibility" extended_redis_compatibility: bool = false
            => YesNo, [NoEffect];
        /// Let scripts have what Lua has deprecated
        "lua-enable-insecure-api" lua_enable_insecure_api: bool = false
            => OnlyNo("cacheflow's scripts have no getfenv, setfenv or newproxy"), [Hidden OnlyDefault];
    }
}
