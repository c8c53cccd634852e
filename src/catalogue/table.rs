//! THE TABLE: one row per command.
//!
//! ```text
//! Variant  "name"  arity  [flags]  @[categories]  [keys]  => handler;
//! ```
//!
//! * **arity** counts the name; negative means "at least".
//! * **categories** are those of the section, unless the row has its own; those that follow from
//!   the flags ([`spec::implied`](super::spec::implied)) are added.
//! * **keys** are specifications from [`spec`](super::spec); none means that the command takes no keys.
//! * **handler** is a function in the section's module, below `command`; `container` and `help` are
//!   shared by all sections.
//!
//! A subcommand is a row named `container|subcommand`. The rows are written once and read twice:
//! [`row`](mod@super::row) makes facts of them, which any room may ask for, and `command/dispatch.rs` the
//! `match` that calls the handlers. Adding a command is a function, a row, and a script under
//! `tests/scripts`.

/// Hands all rows to the macro `$emit`.
macro_rules! table {
    ($emit:ident) => {
        $emit! {
            [strings] "string" @[STRING] {
                Append       "append"            3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => append;
                Decr         "decr"              2 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => decr;
                Decrby       "decrby"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => decrby;
                Get          "get"               2 [READ FAST] [key(1, RO|ACCESS)] => get;
                Getdel       "getdel"            2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => getdel;
                Getex        "getex"            -2 [WRITE FAST] [key(1, RW|ACCESS|UPDATE)] => getex;
                Getrange     "getrange"          4 [READ] [key(1, RO|ACCESS)] => getrange;
                Getset       "getset"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => getset;
                Incr         "incr"              2 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incr;
                Incrby       "incrby"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incrby;
                Incrbyfloat  "incrbyfloat"       3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incrbyfloat;
                Lcs          "lcs"              -3 [READ] [range(1, 1, 1, RO|ACCESS)] => lcs;
                Mget         "mget"             -2 [READ FAST] [range(1, -1, 1, RO|ACCESS)] => mget;
                Mset         "mset"             -3 [WRITE DENYOOM] [range(1, -1, 2, OW|UPDATE)] => mset;
                Msetnx       "msetnx"           -3 [WRITE DENYOOM] [range(1, -1, 2, OW|INSERT)] => msetnx;
                Psetex       "psetex"            4 [WRITE DENYOOM] [key(1, OW|UPDATE)] => psetex;
                Set          "set"              -3 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE|VARIABLE_FLAGS)] => set;
                Setex        "setex"             4 [WRITE DENYOOM] [key(1, OW|UPDATE)] => setex;
                Setnx        "setnx"             3 [WRITE DENYOOM FAST] [key(1, OW|INSERT)] => setnx;
                Setrange     "setrange"          4 [WRITE DENYOOM] [key(1, RW|UPDATE)] => setrange;
                Strlen       "strlen"            2 [READ FAST] [key(1, RO)] => strlen;
                Substr       "substr"            4 [READ] [key(1, RO|ACCESS)] => getrange;
            }
            [lists] "list" @[LIST] {
                Lindex       "lindex"           3 [READ] [key(1, RO|ACCESS)] => lindex;
                Linsert      "linsert"          5 [WRITE DENYOOM] [key(1, RW|INSERT)] => linsert;
                Llen         "llen"             2 [READ FAST] [key(1, RO)] => llen;
                Lmove        "lmove"            5 [WRITE DENYOOM] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => lmove;
                Lmpop        "lmpop"           -4 [WRITE] [keynum(1, RW|ACCESS|DELETE)] => lmpop;
                Lpop         "lpop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => lpop;
                Lpos         "lpos"            -3 [READ] [key(1, RO|ACCESS)] => lpos;
                Lpush        "lpush"           -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => lpush;
                Lpushx       "lpushx"          -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => lpushx;
                Lrange       "lrange"           4 [READ] [key(1, RO|ACCESS)] => lrange;
                Lrem         "lrem"             4 [WRITE] [key(1, RW|DELETE)] => lrem;
                Lset         "lset"             4 [WRITE DENYOOM] [key(1, RW|UPDATE)] => lset;
                Ltrim        "ltrim"            4 [WRITE] [key(1, RW|DELETE)] => ltrim;
                Rpop         "rpop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => rpop;
                Rpoplpush    "rpoplpush"        3 [WRITE DENYOOM] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => rpoplpush;
                Rpush        "rpush"           -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => rpush;
                Rpushx       "rpushx"          -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => rpushx;
            }
            [bitmaps] "bitmap" @[BITMAP] {
                Bitcount     "bitcount"        -2 [READ] [key(1, RO|ACCESS)] => bitcount;
                Bitfield     "bitfield"        -2 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE|VARIABLE_FLAGS)] => bitfield;
                BitfieldRo   "bitfield_ro"     -2 [READ FAST] [key(1, RO|ACCESS)] => bitfield_ro;
                Bitop        "bitop"           -4 [WRITE DENYOOM] [key(2, OW|UPDATE), range(3, -1, 1, RO|ACCESS)] => bitop;
                Bitpos       "bitpos"          -3 [READ] [key(1, RO|ACCESS)] => bitpos;
                Getbit       "getbit"           3 [READ FAST] [key(1, RO|ACCESS)] => getbit;
                Setbit       "setbit"           4 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE)] => setbit;
            }
            [hyperloglog] "hyperloglog" @[HYPERLOGLOG] {
                Pfadd        "pfadd"           -2 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => pfadd;
                Pfcount      "pfcount"         -2 [READ] [range(1, -1, 1, RW|ACCESS)] => pfcount;
                Pfdebug      "pfdebug"          3 [WRITE DENYOOM ADMIN] [key(2, RW|ACCESS)] => pfdebug;
                Pfmerge      "pfmerge"         -2 [WRITE DENYOOM] [key(1, RW|ACCESS|INSERT), range(2, -1, 1, RO|ACCESS)] => pfmerge;
                Pfselftest   "pfselftest"       1 [ADMIN] [] => pfselftest;
            }
            [hashes] "hash" @[HASH] {
                Hdel         "hdel"            -3 [WRITE FAST] [key(1, RW|DELETE)] => hdel;
                Hexists      "hexists"          3 [READ FAST] [key(1, RO)] => hexists;
                Hget         "hget"             3 [READ FAST] [key(1, RO|ACCESS)] => hget;
                Hgetall      "hgetall"          2 [READ] [key(1, RO|ACCESS)] => hgetall;
                Hincrby      "hincrby"          4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => hincrby;
                Hincrbyfloat "hincrbyfloat"     4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => hincrbyfloat;
                Hkeys        "hkeys"            2 [READ] [key(1, RO|ACCESS)] => hkeys;
                Hlen         "hlen"             2 [READ FAST] [key(1, RO)] => hlen;
                Hmget        "hmget"           -3 [READ FAST] [key(1, RO|ACCESS)] => hmget;
                Hmset        "hmset"           -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => hmset;
                Hrandfield   "hrandfield"      -2 [READ] [key(1, RO|ACCESS)] => hrandfield;
                Hscan        "hscan"           -3 [READ] [key(1, RO|ACCESS)] => hscan;
                Hset         "hset"            -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => hset;
                Hsetnx       "hsetnx"           4 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => hsetnx;
                Hstrlen      "hstrlen"          3 [READ FAST] [key(1, RO)] => hstrlen;
                Hvals        "hvals"            2 [READ] [key(1, RO|ACCESS)] => hvals;
            }
            [sets] "set" @[SET] {
                Sadd         "sadd"            -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => sadd;
                Scard        "scard"            2 [READ FAST] [key(1, RO)] => scard;
                Sdiff        "sdiff"           -2 [READ] [range(1, -1, 1, RO|ACCESS)] => sdiff;
                Sdiffstore   "sdiffstore"      -3 [WRITE DENYOOM] [key(1, OW|UPDATE), range(2, -1, 1, RO|ACCESS)] => sdiffstore;
                Sinter       "sinter"          -2 [READ] [range(1, -1, 1, RO|ACCESS)] => sinter;
                Sintercard   "sintercard"      -3 [READ] [keynum(1, RO|ACCESS)] => sintercard;
                Sinterstore  "sinterstore"     -3 [WRITE DENYOOM] [key(1, RW|UPDATE), range(2, -1, 1, RO|ACCESS)] => sinterstore;
                Sismember    "sismember"        3 [READ FAST] [key(1, RO)] => sismember;
                Smembers     "smembers"         2 [READ] [key(1, RO|ACCESS)] => smembers;
                Smismember   "smismember"      -3 [READ FAST] [key(1, RO|ACCESS)] => smismember;
                Smove        "smove"            4 [WRITE FAST] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => smove;
                Spop         "spop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => spop;
                Srandmember  "srandmember"     -2 [READ] [key(1, RO|ACCESS)] => srandmember;
                Srem         "srem"            -3 [WRITE FAST] [key(1, RW|DELETE)] => srem;
                Sscan        "sscan"           -3 [READ] [key(1, RO|ACCESS)] => sscan;
                Sunion       "sunion"          -2 [READ] [range(1, -1, 1, RO|ACCESS)] => sunion;
                Sunionstore  "sunionstore"     -3 [WRITE DENYOOM] [key(1, OW|UPDATE), range(2, -1, 1, RO|ACCESS)] => sunionstore;
            }
            [sorted_sets] "sorted-set" @[SORTEDSET] {
                Zadd         "zadd"            -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => zadd;
                Zcard        "zcard"            2 [READ FAST] [key(1, RO)] => zcard;
                Zcount       "zcount"           4 [READ FAST] [key(1, RO|ACCESS)] => zcount;
                Zdiff        "zdiff"           -3 [READ] [keynum(1, RO|ACCESS)] => zdiff;
                Zdiffstore   "zdiffstore"      -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => zdiffstore;
                Zincrby      "zincrby"          4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => zincrby;
                Zinter       "zinter"          -3 [READ] [keynum(1, RO|ACCESS)] => zinter;
                Zintercard   "zintercard"      -3 [READ] [keynum(1, RO|ACCESS)] => zintercard;
                Zinterstore  "zinterstore"     -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => zinterstore;
                Zlexcount    "zlexcount"        4 [READ FAST] [key(1, RO|ACCESS)] => zlexcount;
                Zmpop        "zmpop"           -4 [WRITE] [keynum(1, RW|ACCESS|DELETE)] => zmpop;
                Zmscore      "zmscore"         -3 [READ FAST] [key(1, RO|ACCESS)] => zmscore;
                Zpopmax      "zpopmax"         -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => zpopmax;
                Zpopmin      "zpopmin"         -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => zpopmin;
                Zrandmember  "zrandmember"     -2 [READ] [key(1, RO|ACCESS)] => zrandmember;
                Zrange       "zrange"          -4 [READ] [key(1, RO|ACCESS)] => zrange;
                Zrangebylex  "zrangebylex"     -4 [READ] [key(1, RO|ACCESS)] => zrangebylex;
                Zrangebyscore "zrangebyscore"   -4 [READ] [key(1, RO|ACCESS)] => zrangebyscore;
                Zrangestore  "zrangestore"     -5 [WRITE DENYOOM] [key(1, OW|UPDATE), key(2, RO|ACCESS)] => zrangestore;
                Zrank        "zrank"            3 [READ FAST] [key(1, RO|ACCESS)] => zrank;
                Zrem         "zrem"            -3 [WRITE FAST] [key(1, RW|DELETE)] => zrem;
                Zremrangebylex "zremrangebylex"   4 [WRITE] [key(1, RW|DELETE)] => zremrangebylex;
                Zremrangebyrank "zremrangebyrank"   4 [WRITE] [key(1, RW|DELETE)] => zremrangebyrank;
                Zremrangebyscore "zremrangebyscore"   4 [WRITE] [key(1, RW|DELETE)] => zremrangebyscore;
                Zrevrange    "zrevrange"       -4 [READ] [key(1, RO|ACCESS)] => zrevrange;
                Zrevrangebylex "zrevrangebylex"  -4 [READ] [key(1, RO|ACCESS)] => zrevrangebylex;
                Zrevrangebyscore "zrevrangebyscore"  -4 [READ] [key(1, RO|ACCESS)] => zrevrangebyscore;
                Zrevrank     "zrevrank"         3 [READ FAST] [key(1, RO|ACCESS)] => zrevrank;
                Zscan        "zscan"           -3 [READ] [key(1, RO|ACCESS)] => zscan;
                Zscore       "zscore"           3 [READ FAST] [key(1, RO|ACCESS)] => zscore;
                Zunion       "zunion"          -3 [READ] [keynum(1, RO|ACCESS)] => zunion;
                Zunionstore  "zunionstore"     -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => zunionstore;
            }
            [keys] "generic" @[KEYSPACE] {
                Copy         "copy"            -3 [WRITE DENYOOM] [key(1, RO|ACCESS), key(2, OW|UPDATE)] => copy;
                Del          "del"             -2 [WRITE] [range(1, -1, 1, RM|DELETE)] => del;
                Exists       "exists"          -2 [READ FAST] [range(1, -1, 1, RO)] => exists;
                Keys         "keys"             2 [READ] @[DANGEROUS KEYSPACE] [] => keys;
                Move         "move"             3 [WRITE FAST] [key(1, RW|ACCESS|UPDATE)] => move_key;
                Randomkey    "randomkey"        1 [READ] [] => randomkey;
                Rename       "rename"           3 [WRITE] [key(1, RW|ACCESS|DELETE), key(2, OW|UPDATE)] => rename;
                Renamenx     "renamenx"         3 [WRITE FAST] [key(1, RW|ACCESS|DELETE), key(2, OW|INSERT)] => renamenx;
                Scan         "scan"            -2 [READ] [] => scan;
                Touch        "touch"           -2 [READ FAST] [range(1, -1, 1, RO)] => touch;
                Type         "type"             2 [READ FAST] [key(1, RO)] => type_of;
                Unlink       "unlink"          -2 [WRITE FAST] [range(1, -1, 1, RM|DELETE)] => del;
            }
            [keys::expiry] "generic" @[KEYSPACE] {
                Expire       "expire"          -3 [WRITE FAST] [key(1, RW|UPDATE)] => expire;
                Expireat     "expireat"        -3 [WRITE FAST] [key(1, RW|UPDATE)] => expireat;
                Expiretime   "expiretime"       2 [READ FAST] [key(1, RO|ACCESS)] => expiretime;
                Persist      "persist"          2 [WRITE FAST] [key(1, RW|UPDATE)] => persist;
                Pexpire      "pexpire"         -3 [WRITE FAST] [key(1, RW|UPDATE)] => pexpire;
                Pexpireat    "pexpireat"       -3 [WRITE FAST] [key(1, RW|UPDATE)] => pexpireat;
                Pexpiretime  "pexpiretime"      2 [READ FAST] [key(1, RO|ACCESS)] => pexpiretime;
                Pttl         "pttl"             2 [READ FAST] [key(1, RO|ACCESS)] => pttl;
                Ttl          "ttl"              2 [READ FAST] [key(1, RO|ACCESS)] => ttl;
            }
            [acl] "server" @[] {
                Acl          "acl"             -2 [CONTAINER] [] => container;
                AclCat       "acl|cat"         -2 [NOSCRIPT LOADING STALE] [] => acl_cat;
                AclDeluser   "acl|deluser"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_deluser;
                AclDryrun    "acl|dryrun"      -4 [ADMIN NOSCRIPT LOADING STALE] [] => acl_dryrun;
                AclGenpass   "acl|genpass"     -2 [NOSCRIPT LOADING STALE] [] => acl_genpass;
                AclGetuser   "acl|getuser"      3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_getuser;
                AclHelp      "acl|help"         2 [LOADING STALE] [] => help;
                AclList      "acl|list"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_list;
                AclLoad      "acl|load"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_load;
                AclLog       "acl|log"         -2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_log;
                AclSave      "acl|save"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_save;
                AclSetuser   "acl|setuser"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_setuser;
                AclUsers     "acl|users"        2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_users;
                AclWhoami    "acl|whoami"       2 [NOSCRIPT LOADING STALE] [] => acl_whoami;
            }
            [pubsub] "pubsub" @[] {
                Psubscribe   "psubscribe"       -2 [PUBSUB NOSCRIPT LOADING STALE] [] => psubscribe;
                Publish      "publish"           3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [] => publish;
                Pubsub       "pubsub"           -2 [CONTAINER] [] => container;
                PubsubChannels "pubsub|channels"  -2 [PUBSUB LOADING STALE] [] => pubsub_channels;
                PubsubHelp   "pubsub|help"       2 [LOADING STALE] [] => help;
                PubsubNumpat "pubsub|numpat"     2 [PUBSUB LOADING STALE] [] => pubsub_numpat;
                PubsubNumsub "pubsub|numsub"    -2 [PUBSUB LOADING STALE] [] => pubsub_numsub;
                PubsubShardchannels "pubsub|shardchannels"  -2 [PUBSUB LOADING STALE] [] => pubsub_shardchannels;
                PubsubShardnumsub "pubsub|shardnumsub"  -2 [PUBSUB LOADING STALE] [] => pubsub_shardnumsub;
                Punsubscribe "punsubscribe"     -1 [PUBSUB NOSCRIPT LOADING STALE] [] => punsubscribe;
                Spublish     "spublish"          3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [key(1, NOT_KEY)] => spublish;
                Ssubscribe   "ssubscribe"       -2 [PUBSUB NOSCRIPT LOADING STALE] [range(1, -1, 1, NOT_KEY)] => ssubscribe;
                Subscribe    "subscribe"        -2 [PUBSUB NOSCRIPT LOADING STALE] [] => subscribe;
                Sunsubscribe "sunsubscribe"     -1 [PUBSUB NOSCRIPT LOADING STALE] [range(1, -1, 1, NOT_KEY)] => sunsubscribe;
                Unsubscribe  "unsubscribe"      -1 [PUBSUB NOSCRIPT LOADING STALE] [] => unsubscribe;
            }
            [server::monitor] "server" @[] {
                Monitor      "monitor"           1 [ADMIN NOSCRIPT LOADING STALE] [] => monitor;
            }
            [connection::tracking] "connection" @[CONNECTION] {
                ClientCaching "client|caching"   3 [NOSCRIPT LOADING STALE] [] => client_caching;
                ClientGetredir "client|getredir"   2 [NOSCRIPT LOADING STALE] [] => client_getredir;
                ClientTracking "client|tracking"  -3 [NOSCRIPT LOADING STALE] [] => client_tracking;
                ClientTrackinginfo "client|trackinginfo"   2 [NOSCRIPT LOADING STALE] [] => client_trackinginfo;
            }
            [transactions] "transactions" @[TRANSACTION] {
                Discard      "discard"           1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => discard;
                Exec         "exec"              1 [NOSCRIPT LOADING STALE SKIP_SLOWLOG] [] => exec;
                Multi        "multi"             1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => multi;
                Unwatch      "unwatch"           1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => unwatch;
                Watch        "watch"            -2 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [range(1, -1, 1, RO)] => watch;
            }
            [geo] "geo" @[GEO] {
                Geoadd       "geoadd"          -5 [WRITE DENYOOM] [key(1, RW|UPDATE)] => geoadd;
                Geodist      "geodist"         -4 [READ] [key(1, RO|ACCESS)] => geodist;
                Geohash      "geohash"         -2 [READ] [key(1, RO|ACCESS)] => geohash;
                Geopos       "geopos"          -2 [READ] [key(1, RO|ACCESS)] => geopos;
                Georadius    "georadius"       -6 [WRITE DENYOOM] [key(1, RO|ACCESS), after("STORE", 6, 0, 0, OW|UPDATE), after("STOREDIST", 6, 0, 0, OW|UPDATE)] => georadius;
                GeoradiusRo  "georadius_ro"    -6 [READ] [key(1, RO|ACCESS)] => georadius_ro;
                Georadiusbymember "georadiusbymember"  -5 [WRITE DENYOOM] [key(1, RO|ACCESS), after("STORE", 5, 0, 0, OW|UPDATE), after("STOREDIST", 5, 0, 0, OW|UPDATE)] => georadiusbymember;
                GeoradiusbymemberRo "georadiusbymember_ro"  -5 [READ] [key(1, RO|ACCESS)] => georadiusbymember_ro;
                Geosearch    "geosearch"       -7 [READ] [key(1, RO|ACCESS)] => geosearch;
                Geosearchstore "geosearchstore"  -8 [WRITE DENYOOM] [key(1, OW|UPDATE), key(2, RO|ACCESS)] => geosearchstore;
            }
            [keys::dump] "generic" @[KEYSPACE] {
                Dump         "dump"             2 [READ] [key(1, RO|ACCESS)] => dump;
                Restore      "restore"         -4 [WRITE DENYOOM] @[DANGEROUS KEYSPACE] [key(1, OW|UPDATE)] => restore;
                RestoreAsking "restore-asking"  -4 [WRITE DENYOOM ASKING] @[DANGEROUS KEYSPACE] [key(1, OW|UPDATE)] => restore_asking;
            }
            [persistence] "server" @[] {
                Lastsave     "lastsave"         1 [LOADING STALE FAST] @[ADMIN DANGEROUS] [] => lastsave;
                Bgrewriteaof "bgrewriteaof"     1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] => bgrewriteaof;
                Bgsave       "bgsave"          -1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] => bgsave;
                Save         "save"             1 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => save;
            }
            [keys::sort] "generic" @[KEYSPACE] {
                Sort         "sort"            -2 [WRITE DENYOOM] @[DANGEROUS LIST SET SORTEDSET] [key(1, RO|ACCESS), unknown(RO|ACCESS), unknown(OW|UPDATE)] => sort;
                SortRo       "sort_ro"         -2 [READ] @[DANGEROUS LIST SET SORTEDSET] [key(1, RO|ACCESS), unknown(RO|ACCESS)] => sort_ro;
            }
            [connection] "connection" @[CONNECTION] {
                Auth         "auth"            -2 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => auth;
                Echo         "echo"             2 [LOADING STALE FAST] [] => echo;
                Hello        "hello"           -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => hello;
                Ping         "ping"            -1 [FAST] [] => ping;
                Quit         "quit"            -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => quit;
                Reset        "reset"            1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => reset;
                Select       "select"           2 [LOADING STALE FAST] [] => select;
            }
            [connection::client] "connection" @[CONNECTION] {
                Client       "client"          -2 [CONTAINER] @[] [] => container;
                ClientGetname "client|getname"   2 [NOSCRIPT LOADING STALE] [] => client_getname;
                ClientHelp   "client|help"      2 [LOADING STALE] [] => help;
                ClientId     "client|id"        2 [NOSCRIPT LOADING STALE] [] => client_id;
                ClientInfo   "client|info"      2 [NOSCRIPT LOADING STALE] [] => client_info;
                ClientKill   "client|kill"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_kill;
                ClientList   "client|list"     -2 [ADMIN NOSCRIPT LOADING STALE] [] => client_list;
                ClientNoEvict "client|no-evict"   3 [ADMIN NOSCRIPT LOADING STALE] [] => client_no_evict;
                ClientPause  "client|pause"    -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_pause;
                ClientReply  "client|reply"     3 [NOSCRIPT LOADING STALE] [] => client_reply;
                ClientSetinfo "client|setinfo"   4 [NOSCRIPT LOADING STALE] [] => client_setinfo;
                ClientSetname "client|setname"   3 [NOSCRIPT LOADING STALE] [] => client_setname;
                ClientUnpause "client|unpause"   2 [ADMIN NOSCRIPT LOADING STALE] [] => client_unpause;
            }
            [server::command] "server" @[CONNECTION] {
                Command      "command"         -1 [LOADING STALE CONTAINER] [] => command;
                CommandCount "command|count"    2 [LOADING STALE] [] => command_count;
                CommandDocs  "command|docs"    -2 [LOADING STALE] [] => command_docs;
                CommandGetkeys "command|getkeys"  -4 [LOADING STALE] [] => command_getkeys;
                CommandGetkeysandflags "command|getkeysandflags"  -4 [LOADING STALE] [] => command_getkeysandflags;
                CommandHelp  "command|help"     2 [LOADING STALE] [] => help;
                CommandInfo  "command|info"    -2 [LOADING STALE] [] => command_info;
                CommandList  "command|list"    -2 [LOADING STALE] [] => command_list;
            }
            [keys::object] "generic" @[KEYSPACE] {
                Object       "object"          -2 [CONTAINER] @[] [] => container;
                ObjectEncoding "object|encoding"   3 [READ] [key(2, RO)] => object_encoding;
                ObjectFreq   "object|freq"      3 [READ] [key(2, RO)] => object_freq;
                ObjectHelp   "object|help"      2 [LOADING STALE] [] => help;
                ObjectIdletime "object|idletime"   3 [READ] [key(2, RO)] => object_idletime;
                ObjectRefcount "object|refcount"   3 [READ] [key(2, RO)] => object_refcount;
            }
            [server::admin] "server" @[] {
                Dbsize       "dbsize"           1 [READ FAST] @[KEYSPACE] [] => dbsize;
                Flushall     "flushall"        -1 [WRITE] @[DANGEROUS KEYSPACE] [] => flushall;
                Flushdb      "flushdb"         -1 [WRITE] @[DANGEROUS KEYSPACE] [] => flushdb;
                Lolwut       "lolwut"          -1 [READ FAST] [] => lolwut;
                Module       "module"          -2 [CONTAINER] [] => container;
                ModuleHelp   "module|help"      2 [LOADING STALE] [] => help;
                ModuleList   "module|list"      2 [ADMIN NOSCRIPT] [] => module_list;
                Shutdown     "shutdown"        -1 [ADMIN NOSCRIPT LOADING STALE NO_MULTI ALLOW_BUSY] [] => shutdown;
                Swapdb       "swapdb"           3 [WRITE FAST] @[DANGEROUS KEYSPACE] [] => swapdb;
                Time         "time"             1 [LOADING STALE FAST] [] => time;
            }
            [server::config] "server" @[] {
                Config       "config"          -2 [CONTAINER] @[] [] => container;
                ConfigGet    "config|get"      -3 [ADMIN NOSCRIPT LOADING STALE] [] => config_get;
                ConfigHelp   "config|help"      2 [LOADING STALE] [] => help;
                ConfigResetstat "config|resetstat"   2 [ADMIN NOSCRIPT LOADING STALE] [] => config_resetstat;
                ConfigRewrite "config|rewrite"   2 [ADMIN NOSCRIPT LOADING STALE] [] => config_rewrite;
                ConfigSet    "config|set"      -4 [ADMIN NOSCRIPT LOADING STALE] [] => config_set;
            }
            [server::info] "server" @[] {
                Info         "info"            -1 [LOADING STALE] @[DANGEROUS] [] => info;
            }
            [server::memory] "server" @[] {
                Memory       "memory"          -2 [CONTAINER] @[] [] => container;
                MemoryDoctor "memory|doctor"    2 [] [] => memory_doctor;
                MemoryHelp   "memory|help"      2 [LOADING STALE] [] => help;
                MemoryMallocStats "memory|malloc-stats"   2 [] [] => memory_malloc_stats;
                MemoryPurge  "memory|purge"     2 [] [] => memory_purge;
                MemoryStats  "memory|stats"     2 [] [] => memory_stats;
                MemoryUsage  "memory|usage"    -3 [READ] [key(2, RO)] => memory_usage;
            }
            [server::debug] "server" @[] {
                Debug        "debug"           -2 [ADMIN NOSCRIPT LOADING STALE] [] => debug;
            }
            [blocking] "list" @[LIST] {
                Blmove       "blmove"            6 [WRITE DENYOOM NOSCRIPT BLOCKING] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => blmove;
                Blmpop       "blmpop"           -5 [WRITE BLOCKING] [keynum(2, RW|ACCESS|DELETE)] => blmpop;
                Blpop        "blpop"            -3 [WRITE NOSCRIPT BLOCKING] [range(1, -2, 1, RW|ACCESS|DELETE)] => blpop;
                Brpop        "brpop"            -3 [WRITE NOSCRIPT BLOCKING] [range(1, -2, 1, RW|ACCESS|DELETE)] => brpop;
                Brpoplpush   "brpoplpush"        4 [WRITE DENYOOM NOSCRIPT BLOCKING] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => brpoplpush;
            }
            [blocking] "sorted-set" @[SORTEDSET] {
                Bzmpop       "bzmpop"          -5 [WRITE BLOCKING] [keynum(2, RW|ACCESS|DELETE)] => bzmpop;
                Bzpopmax     "bzpopmax"        -3 [WRITE NOSCRIPT BLOCKING FAST] [range(1, -2, 1, RW|ACCESS|DELETE)] => bzpopmax;
                Bzpopmin     "bzpopmin"        -3 [WRITE NOSCRIPT BLOCKING FAST] [range(1, -2, 1, RW|ACCESS|DELETE)] => bzpopmin;
            }
            [blocking] "connection" @[CONNECTION] {
                ClientUnblock "client|unblock"  -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_unblock;
            }
            [server::latency] "server" @[] {
                Latency      "latency"         -2 [CONTAINER] [] => container;
                LatencyDoctor "latency|doctor"   2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_doctor;
                LatencyGraph "latency|graph"    3 [ADMIN NOSCRIPT LOADING STALE] [] => latency_graph;
                LatencyHelp  "latency|help"     2 [LOADING STALE] [] => help;
                LatencyHistogram "latency|histogram"  -2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_histogram;
                LatencyHistory "latency|history"   3 [ADMIN NOSCRIPT LOADING STALE] [] => latency_history;
                LatencyLatest "latency|latest"   2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_latest;
                LatencyReset "latency|reset"   -2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_reset;
            }
            [server::slowlog] "server" @[] {
                Slowlog      "slowlog"         -2 [CONTAINER] [] => container;
                SlowlogGet   "slowlog|get"     -2 [ADMIN LOADING STALE] [] => slowlog_get;
                SlowlogHelp  "slowlog|help"     2 [LOADING STALE] [] => help;
                SlowlogLen   "slowlog|len"      2 [ADMIN LOADING STALE] [] => slowlog_len;
                SlowlogReset "slowlog|reset"    2 [ADMIN LOADING STALE] [] => slowlog_reset;
            }
            [replication] "server" @[] {
                Failover     "failover"        -1 [ADMIN NOSCRIPT STALE] [] => failover;
                Psync        "psync"           -3 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => psync;
                Replconf     "replconf"        -1 [ADMIN NOSCRIPT LOADING STALE ALLOW_BUSY] [] => replconf;
                Replicaof    "replicaof"        3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] => replicaof;
                Role         "role"             1 [NOSCRIPT LOADING STALE FAST] @[ADMIN DANGEROUS] [] => role;
                Slaveof      "slaveof"          3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] => slaveof;
                Sync         "sync"             1 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => sync;
            }
            [replication] "generic" @[] {
                Wait         "wait"             3 [NOSCRIPT] @[CONNECTION] [] => wait;
            }
            [streams] "stream" @[STREAM] {
                Xack         "xack"            -4 [WRITE FAST] [key(1, RW|UPDATE)] => xack;
                Xadd         "xadd"            -5 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => xadd;
                Xautoclaim   "xautoclaim"      -6 [WRITE FAST] [key(1, RW|DELETE)] => xautoclaim;
                Xclaim       "xclaim"          -6 [WRITE FAST] [key(1, RW|UPDATE)] => xclaim;
                Xdel         "xdel"            -3 [WRITE FAST] [key(1, RW|DELETE)] => xdel;
                Xgroup       "xgroup"          -2 [CONTAINER] @[] [] => container;
                XgroupCreate "xgroup|create"   -5 [WRITE DENYOOM] [key(2, RW|INSERT)] => xgroup_create;
                XgroupCreateconsumer "xgroup|createconsumer"   5 [WRITE DENYOOM] [key(2, RW|INSERT)] => xgroup_createconsumer;
                XgroupDelconsumer "xgroup|delconsumer"   5 [WRITE] [key(2, RW|DELETE)] => xgroup_delconsumer;
                XgroupDestroy "xgroup|destroy"   4 [WRITE] [key(2, RW|DELETE)] => xgroup_destroy;
                XgroupHelp   "xgroup|help"      2 [LOADING STALE] [] => help;
                XgroupSetid  "xgroup|setid"    -5 [WRITE] [key(2, RW|UPDATE)] => xgroup_setid;
                Xinfo        "xinfo"           -2 [CONTAINER] @[] [] => container;
                XinfoConsumers "xinfo|consumers"   4 [READ] [key(2, RO|ACCESS)] => xinfo_consumers;
                XinfoGroups  "xinfo|groups"     3 [READ] [key(2, RO|ACCESS)] => xinfo_groups;
                XinfoHelp    "xinfo|help"       2 [LOADING STALE] [] => help;
                XinfoStream  "xinfo|stream"    -3 [READ] [key(2, RO|ACCESS)] => xinfo_stream;
                Xlen         "xlen"             2 [READ FAST] [key(1, RO)] => xlen;
                Xpending     "xpending"        -3 [READ] [key(1, RO|ACCESS)] => xpending;
                Xrange       "xrange"          -4 [READ] [key(1, RO|ACCESS)] => xrange;
                Xread        "xread"           -4 [READ BLOCKING] [after("STREAMS", 1, -1, 2, RO|ACCESS)] => xread;
                Xreadgroup   "xreadgroup"      -7 [WRITE BLOCKING] [after("STREAMS", 4, -1, 2, RO|ACCESS)] => xreadgroup;
                Xrevrange    "xrevrange"       -4 [READ] [key(1, RO|ACCESS)] => xrevrange;
                Xsetid       "xsetid"          -3 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => xsetid;
                Xtrim        "xtrim"           -4 [WRITE] [key(1, RW|DELETE)] => xtrim;
            }
        }
    };
}
pub(crate) use table;
