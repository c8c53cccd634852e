//! THE TABLE: one row per command.
//!
//! ```text
//! Variant  "name"  arity  [flags]  @[categories]  [keys]  => handler;
//!     "syntax"
//!     "since"  "complexity"  "summary"
//!     .tips(&["tip"]).replaced("since", "by what").internal().notes(&[(0, "of the first key")])
//! ```
//!
//! The first line says how the command behaves, those below explain it to people; of the last one
//! there is only what the command needs.
//!
//! * **arity** counts the name; negative means "at least".
//! * **categories** are those of the section, unless the row has its own; those that follow from
//!   the flags ([`spec::implied`](super::spec::implied)) are added.
//! * **keys** are specifications from [`spec`](super::spec); none means that the command takes no keys.
//! * **handler** is a function in the section's module, below `command`, or in a file of it
//!   (`pop::zmpop`); `container` and `help` are shared by all sections. Its doc comment begins with
//!   the command's name and syntax.
//! * **syntax** has the notation of [`syntax`](super::syntax), **since** is the version of Redis
//!   that brought the command; [`Doc`](super::doc::Doc) explains the rest.
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
                    "key value"
                    "2.0.0"  "O(1)" "Adds bytes at the end of a string; a missing key starts out empty."
                Decr         "decr"              2 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => decr;
                    "key"
                    "1.0.0"  "O(1)" "Takes one from the number in a key."
                Decrby       "decrby"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => decrby;
                    "key decrement"
                    "1.0.0"  "O(1)" "Takes an amount from the number in a key."
                Delex        "delex"            -2 [WRITE FAST] [key(1, RW|DELETE|VARIABLE_FLAGS)] => compare::delex;
                    "key [IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]"
                    "8.4.0"  "O(1); with a digest O(N), N being the bytes of the value" "Removes a key, if its value is the one that is meant."
                    .notes(&[(0, "Reads the key only to compare")])
                Delifeq      "delifeq"           3 [WRITE FAST] [key(1, RM|ACCESS|DELETE)] => compare::delifeq;
                    "key value"
                    "9.0.0"  "O(1)" "Removes a key if it holds this value."
                Digest       "digest"            2 [READ FAST] [key(1, RO|ACCESS)] => compare::digest;
                    "key"
                    "8.4.0"  "O(N), N being the bytes of the value" "Computes the XXH3 digest of a string."
                Get          "get"               2 [READ FAST] [key(1, RO|ACCESS)] => get;
                    "key"
                    "1.0.0"  "O(1)" "Reads the string in a key."
                Getdel       "getdel"            2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => getdel;
                    "key"
                    "6.2.0"  "O(1)" "Reads a string and removes its key."
                Getex        "getex"            -2 [WRITE FAST] [key(1, RW|ACCESS|UPDATE)] => getex;
                    "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]"
                    "6.2.0"  "O(1)" "Reads a string and changes when its key expires."
                    .notes(&[(0, "Changes when the key expires, not its value")])
                Getrange     "getrange"          4 [READ] [key(1, RO|ACCESS)] => getrange;
                    "key start end"
                    "2.4.0"  "O(N), N being the bytes returned" "Reads part of a string, from one offset to another."
                Getset       "getset"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => getset;
                    "key value"
                    "1.0.0"  "O(1)" "Stores a string and replies what was there before."
                    .replaced("6.2.0", "SET GET")
                Incr         "incr"              2 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incr;
                    "key"
                    "1.0.0"  "O(1)" "Adds one to the number in a key."
                Incrby       "incrby"            3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incrby;
                    "key increment"
                    "1.0.0"  "O(1)" "Adds an amount to the number in a key."
                Incrbyfloat  "incrbyfloat"       3 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => incrbyfloat;
                    "key amount"
                    "2.6.0"  "O(1)" "Adds a fraction to the number in a key."
                Lcs          "lcs"              -3 [READ] [range(1, 1, 1, RO|ACCESS)] => lcs::lcs;
                    "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"
                    "7.0.0"  "O(N*M), N and M being the two lengths" "Finds the longest sequence that two strings have in common."
                Mget         "mget"             -2 [READ FAST] [range(1, -1, 1, RO|ACCESS)] => many::mget;
                    "key [key ...]"
                    "1.0.0"  "O(N), N being the keys" "Reads the strings in several keys."
                    .tips(&["request_policy:multi_shard"])
                Mset         "mset"             -3 [WRITE DENYOOM] [range(1, -1, 2, OW|UPDATE)] => many::mset;
                    "key value [key value ...]"
                    "1.0.1"  "O(N), N being the keys" "Stores strings in several keys at once."
                    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
                Msetex       "msetex"           -4 [WRITE DENYOOM] [keynum_step(1, 2, OW|UPDATE)] => many::msetex;
                    "numkeys key value [key value ...] [NX|XX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]"
                    "8.4.0"  "O(N), N being the keys" "Stores strings in several keys, on conditions and with one expiry for all if asked for."
                    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
                Msetnx       "msetnx"           -3 [WRITE DENYOOM] [range(1, -1, 2, OW|INSERT)] => many::msetnx;
                    "key value [key value ...]"
                    "1.0.1"  "O(N), N being the keys" "Stores strings in several keys, if none of them is there yet."
                    .tips(&["request_policy:multi_shard", "response_policy:agg_min"])
                Psetex       "psetex"            4 [WRITE DENYOOM] [key(1, OW|UPDATE)] => psetex;
                    "key milliseconds value"
                    "2.6.0"  "O(1)" "Stores a string that expires after so many milliseconds."
                Set          "set"              -3 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE|VARIABLE_FLAGS)] => set;
                    "key value [NX|XX|IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]"
                    "1.0.0"  "O(1)" "Stores a string, on conditions and with an expiry if asked for."
                    .notes(&[(0, "Reads the key only with GET and to compare")])
                Setex        "setex"             4 [WRITE DENYOOM] [key(1, OW|UPDATE)] => setex;
                    "key seconds value"
                    "2.0.0"  "O(1)" "Stores a string that expires after so many seconds."
                Setnx        "setnx"             3 [WRITE DENYOOM FAST] [key(1, OW|INSERT)] => setnx;
                    "key value"
                    "1.0.0"  "O(1)" "Stores a string if the key is not there yet."
                Setrange     "setrange"          4 [WRITE DENYOOM] [key(1, RW|UPDATE)] => setrange;
                    "key offset value"
                    "2.2.0"  "O(N), N being the bytes written" "Overwrites part of a string from an offset on."
                Strlen       "strlen"            2 [READ FAST] [key(1, RO)] => strlen;
                    "key"
                    "2.2.0"  "O(1)" "Counts the bytes of a string."
                Substr       "substr"            4 [READ] [key(1, RO|ACCESS)] => getrange;
                    "key start end"
                    "1.0.0"  "O(N), N being the bytes returned" "Reads part of a string; the older name of GETRANGE."
                    .replaced("2.0.0", "GETRANGE")
            }
            [lists] "list" @[LIST] {
                Lindex       "lindex"           3 [READ] [key(1, RO|ACCESS)] => lindex;
                    "key index"
                    "1.0.0"  "O(N), N being the distance to the nearer end" "Reads the element at a position."
                Linsert      "linsert"          5 [WRITE DENYOOM] [key(1, RW|INSERT)] => linsert;
                    "key <BEFORE|AFTER> pivot element"
                    "2.2.0"  "O(N), N being the elements before the pivot" "Puts an element before or after another one."
                Llen         "llen"             2 [READ FAST] [key(1, RO)] => llen;
                    "key"
                    "1.0.0"  "O(1)" "Counts the elements of a list."
                Lmove        "lmove"            5 [WRITE DENYOOM] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => moving::lmove;
                    "source destination <LEFT|RIGHT> <LEFT|RIGHT>"
                    "6.2.0"  "O(1)" "Moves an element between the ends of two lists."
                Lmpop        "lmpop"           -4 [WRITE] [keynum(1, RW|ACCESS|DELETE)] => lmpop;
                    "numkeys key [key ...] <LEFT|RIGHT> [COUNT count]"
                    "7.0.0"  "O(N+M), N being the keys and M the elements returned" "Takes elements from the first list that has any."
                Lpop         "lpop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => lpop;
                    "key [count]"
                    "1.0.0"  "O(N), N being the elements returned" "Takes elements from the front of a list."
                Lpos         "lpos"            -3 [READ] [key(1, RO|ACCESS)] => lpos;
                    "key element [RANK rank] [COUNT num-matches] [MAXLEN len]"
                    "6.0.6"  "O(N), N being the elements of the list" "Finds the positions of an element."
                Lpush        "lpush"           -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => lpush;
                    "key element [element ...]"
                    "1.0.0"  "O(N), N being the elements added" "Adds elements at the front of a list, creating it if need be."
                Lpushx       "lpushx"          -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => lpushx;
                    "key element [element ...]"
                    "2.2.0"  "O(N), N being the elements added" "Adds elements at the front of a list that exists."
                Lrange       "lrange"           4 [READ] [key(1, RO|ACCESS)] => lrange;
                    "key start stop"
                    "1.0.0"  "O(S+N), S being the distance to the start and N the elements returned" "Reads the elements between two positions."
                Lrem         "lrem"             4 [WRITE] [key(1, RW|DELETE)] => lrem;
                    "key count element"
                    "1.0.0"  "O(N+M), N being the list's length and M the elements removed" "Removes elements that equal a value."
                Lset         "lset"             4 [WRITE DENYOOM] [key(1, RW|UPDATE)] => lset;
                    "key index element"
                    "1.0.0"  "O(N), N being the distance to the nearer end" "Replaces the element at a position."
                Ltrim        "ltrim"            4 [WRITE] [key(1, RW|DELETE)] => ltrim;
                    "key start stop"
                    "1.0.0"  "O(N), N being the elements removed" "Keeps only the elements between two positions."
                Rpop         "rpop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => rpop;
                    "key [count]"
                    "1.0.0"  "O(N), N being the elements returned" "Takes elements from the back of a list."
                Rpoplpush    "rpoplpush"        3 [WRITE DENYOOM] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => moving::rpoplpush;
                    "source destination"
                    "1.2.0"  "O(1)" "Moves the last element of a list to the front of another."
                    .replaced("6.2.0", "LMOVE source destination RIGHT LEFT")
                Rpush        "rpush"           -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => rpush;
                    "key element [element ...]"
                    "1.0.0"  "O(N), N being the elements added" "Adds elements at the back of a list, creating it if need be."
                Rpushx       "rpushx"          -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => rpushx;
                    "key element [element ...]"
                    "2.2.0"  "O(N), N being the elements added" "Adds elements at the back of a list that exists."
            }
            [bitmaps] "bitmap" @[BITMAP] {
                Bitcount     "bitcount"        -2 [READ] [key(1, RO|ACCESS)] => bitcount;
                    "key [start end [BYTE|BIT]]"
                    "2.6.0"  "O(N), N being the bytes" "Counts the bits that are set in a string."
                Bitfield     "bitfield"        -2 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE|VARIABLE_FLAGS)] => bitfield::bitfield;
                    "key [<GET encoding offset|[OVERFLOW <WRAP|SAT|FAIL>] <SET encoding offset value|INCRBY encoding offset increment>> [...]]"
                    "3.2.0"  "O(1) for each operation" "Reads, sets and increments integers of any width within a string."
                    .notes(&[(0, "Changes the key only with SET or INCRBY")])
                BitfieldRo   "bitfield_ro"     -2 [READ FAST] [key(1, RO|ACCESS)] => bitfield::bitfield_ro;
                    "key [GET encoding offset [GET encoding offset ...]]"
                    "6.0.0"  "O(1) for each operation" "Reads integers of any width within a string."
                Bitop        "bitop"           -4 [WRITE DENYOOM] [key(2, OW|UPDATE), range(3, -1, 1, RO|ACCESS)] => bitop;
                    "<AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE> destination key [key ...]"
                    "2.6.0"  "O(N), N being the longest string" "Combines strings bit by bit, and stores the result."
                Bitpos       "bitpos"          -3 [READ] [key(1, RO|ACCESS)] => bitpos;
                    "key bit [start [end [BYTE|BIT]]]"
                    "2.8.7"  "O(N), N being the bytes" "Finds the first bit that is set, or the first that is clear."
                Getbit       "getbit"           3 [READ FAST] [key(1, RO|ACCESS)] => getbit;
                    "key offset"
                    "2.2.0"  "O(1)" "Reads the bit at an offset."
                Setbit       "setbit"           4 [WRITE DENYOOM] [key(1, RW|ACCESS|UPDATE)] => setbit;
                    "key offset bit"
                    "2.2.0"  "O(1)" "Sets or clears the bit at an offset."
            }
            [hyperloglog] "hyperloglog" @[HYPERLOGLOG] {
                Pfadd        "pfadd"           -2 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => pfadd;
                    "key [element [element ...]]"
                    "2.8.9"  "O(1) for each element" "Shows elements to a HyperLogLog, creating it if need be."
                Pfcount      "pfcount"         -2 [READ MAY_REPLICATE] [range(1, -1, 1, RW|ACCESS)] => pfcount;
                    "key [key ...]"
                    "2.8.9"  "O(N), N being the keys" "Estimates how many different elements HyperLogLogs have seen."
                    .notes(&[(0, "May store the estimate in the value, for the next time")])
                Pfdebug      "pfdebug"          3 [WRITE DENYOOM ADMIN] [key(2, RW|ACCESS)] => pfdebug;
                    "subcommand key"
                    "2.8.9"  "O(N), N being the registers" "Looks into a HyperLogLog, for tests."
                    .internal()
                Pfmerge      "pfmerge"         -2 [WRITE DENYOOM] [key(1, RW|ACCESS|INSERT), range(2, -1, 1, RO|ACCESS)] => pfmerge;
                    "destkey sourcekey [sourcekey ...]"
                    "2.8.9"  "O(N), N being the keys" "Unites HyperLogLogs into one."
                Pfselftest   "pfselftest"       1 [ADMIN] [] => pfselftest;
                    ""
                    "2.8.9"  "O(N), N being the registers tried" "Checks the HyperLogLog code against itself."
                    .internal()
            }
            [keys::migrate] "generic" @[KEYSPACE DANGEROUS] {
                Migrate      "migrate"         -6 [WRITE] [key(3, RW|ACCESS|DELETE), after("KEYS", -2, -1, 0, RW|ACCESS|DELETE|INCOMPLETE)] => migrate;
                    "host port <key|\"\"> destination-db milliseconds [COPY] [REPLACE] [AUTH password|AUTH2 username password] [KEYS key [key ...]]"
                    "2.6.0"  "O(N), N being the size of the values" "Moves keys to another server, or copies them there."
                    .tips(&["nondeterministic_output"])
            }
            [hashes] "hash" @[HASH] {
                Hdel         "hdel"            -3 [WRITE FAST] [key(1, RW|DELETE)] => hdel;
                    "key field [field ...]"
                    "2.0.0"  "O(N), N being the fields given" "Removes fields from a hash."
                Hexists      "hexists"          3 [READ FAST] [key(1, RO)] => hexists;
                    "key field"
                    "2.0.0"  "O(1)" "Tells whether a hash has a field."
                Hget         "hget"             3 [READ FAST] [key(1, RO|ACCESS)] => hget;
                    "key field"
                    "2.0.0"  "O(1)" "Reads a field of a hash."
                Hgetall      "hgetall"          2 [READ] [key(1, RO|ACCESS)] => hgetall;
                    "key"
                    "2.0.0"  "O(N), N being the fields" "Lists the fields of a hash with their values."
                    .tips(&["nondeterministic_output_order"])
                Hincrby      "hincrby"          4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => hincrby;
                    "key field increment"
                    "2.0.0"  "O(1)" "Adds an amount to the number in a field."
                Hincrbyfloat "hincrbyfloat"     4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => hincrbyfloat;
                    "key field amount"
                    "2.6.0"  "O(1)" "Adds a fraction to the number in a field."
                Hkeys        "hkeys"            2 [READ] [key(1, RO|ACCESS)] => hkeys;
                    "key"
                    "2.0.0"  "O(N), N being the fields" "Lists the fields of a hash."
                    .tips(&["nondeterministic_output_order"])
                Hlen         "hlen"             2 [READ FAST] [key(1, RO)] => hlen;
                    "key"
                    "2.0.0"  "O(1)" "Counts the fields of a hash."
                Hmget        "hmget"           -3 [READ FAST] [key(1, RO|ACCESS)] => hmget;
                    "key field [field ...]"
                    "2.0.0"  "O(N), N being the fields asked for" "Reads several fields of a hash."
                Hmset        "hmset"           -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => hmset;
                    "key field value [field value ...]"
                    "2.0.0"  "O(N), N being the fields given" "Sets several fields of a hash."
                    .replaced("4.0.0", "HSET with several fields")
                Hrandfield   "hrandfield"      -2 [READ] [key(1, RO|ACCESS)] => hrandfield;
                    "key [count [WITHVALUES]]"
                    "6.2.0"  "O(N), N being the fields returned" "Picks random fields of a hash."
                    .tips(&["nondeterministic_output"])
                Hscan        "hscan"           -3 [READ] [key(1, RO|ACCESS)] => hscan;
                    "key cursor [MATCH pattern] [COUNT count] [NOVALUES]"
                    "2.8.0"  "O(1) a call, O(N) for all N fields" "Walks over the fields of a hash, a few at a time."
                    .tips(&["nondeterministic_output"])
                Hset         "hset"            -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => hset;
                    "key field value [field value ...]"
                    "2.0.0"  "O(N), N being the fields given" "Sets fields of a hash, creating it if need be."
                Hsetnx       "hsetnx"           4 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => hsetnx;
                    "key field value"
                    "2.0.0"  "O(1)" "Sets a field of a hash, if it is not there yet."
                Hstrlen      "hstrlen"          3 [READ FAST] [key(1, RO)] => hstrlen;
                    "key field"
                    "3.2.0"  "O(1)" "Counts the bytes of a field's value."
                Hvals        "hvals"            2 [READ] [key(1, RO|ACCESS)] => hvals;
                    "key"
                    "2.0.0"  "O(N), N being the fields" "Lists the values of a hash."
                    .tips(&["nondeterministic_output_order"])
            }
            [hashes::expiry] "hash" @[HASH] {
                Hexpire      "hexpire"         -6 [WRITE FAST] [key(1, RW|UPDATE)] => hexpire;
                    "key seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Lets fields expire after so many seconds."
                Hexpireat    "hexpireat"       -6 [WRITE FAST] [key(1, RW|UPDATE)] => hexpireat;
                    "key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Lets fields expire at a Unix time in seconds."
                Hexpiretime  "hexpiretime"     -5 [READ FAST] [key(1, RO|ACCESS)] => hexpiretime;
                    "key FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Tells when fields expire, as Unix times in seconds."
                Hpersist     "hpersist"        -5 [WRITE FAST] [key(1, RW|UPDATE)] => hpersist;
                    "key FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Lets fields stay that would have expired."
                Hpexpire     "hpexpire"        -6 [WRITE FAST] [key(1, RW|UPDATE)] => hpexpire;
                    "key milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Lets fields expire after so many milliseconds."
                Hpexpireat   "hpexpireat"      -6 [WRITE FAST] [key(1, RW|UPDATE)] => hpexpireat;
                    "key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Lets fields expire at a Unix time in milliseconds."
                Hpexpiretime "hpexpiretime"    -5 [READ FAST] [key(1, RO|ACCESS)] => hpexpiretime;
                    "key FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Tells when fields expire, as Unix times in milliseconds."
                Hpttl        "hpttl"           -5 [READ FAST] [key(1, RO|ACCESS)] => hpttl;
                    "key FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Tells how many milliseconds fields have left."
                    .tips(&["nondeterministic_output"])
                Httl         "httl"            -5 [READ FAST] [key(1, RO|ACCESS)] => httl;
                    "key FIELDS numfields field [field ...]"
                    "7.4.0"  "O(N), N being the fields given" "Tells how many seconds fields have left."
                    .tips(&["nondeterministic_output"])
            }
            [hashes::combined] "hash" @[HASH] {
                Hgetdel      "hgetdel"         -5 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => hgetdel;
                    "key FIELDS numfields field [field ...]"
                    "8.0.0"  "O(N), N being the fields given" "Reads fields and removes them."
                Hgetex       "hgetex"          -5 [WRITE FAST] [key(1, RW|ACCESS|UPDATE)] => hgetex;
                    "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] FIELDS numfields field [field ...]"
                    "8.0.0"  "O(N), N being the fields given" "Reads fields and changes when they expire."
                Hsetex       "hsetex"          -6 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => hsetex;
                    "key [FNX|FXX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL] FIELDS numfields field value [field value ...]"
                    "8.0.0"  "O(N), N being the fields given" "Sets fields that expire, if they are there or if they aren't."
            }
            [sets] "set" @[SET] {
                Sadd         "sadd"            -3 [WRITE DENYOOM FAST] [key(1, RW|INSERT)] => sadd;
                    "key member [member ...]"
                    "1.0.0"  "O(N), N being the members added" "Adds members to a set, creating it if need be."
                Scard        "scard"            2 [READ FAST] [key(1, RO)] => scard;
                    "key"
                    "1.0.0"  "O(1)" "Counts the members of a set."
                Sdiff        "sdiff"           -2 [READ] [range(1, -1, 1, RO|ACCESS)] => algebra::sdiff;
                    "key [key ...]"
                    "1.0.0"  "O(N), N being the members of all sets" "Lists the members of the first set that no other one has."
                    .tips(&["nondeterministic_output_order"])
                Sdiffstore   "sdiffstore"      -3 [WRITE DENYOOM] [key(1, OW|UPDATE), range(2, -1, 1, RO|ACCESS)] => algebra::sdiffstore;
                    "destination key [key ...]"
                    "1.0.0"  "O(N), N being the members of all sets" "Stores what SDIFF would reply."
                Sinter       "sinter"          -2 [READ] [range(1, -1, 1, RO|ACCESS)] => algebra::sinter;
                    "key [key ...]"
                    "1.0.0"  "O(N*M), N being the members of the smallest set and M the sets" "Lists the members that all sets have."
                    .tips(&["nondeterministic_output_order"])
                Sintercard   "sintercard"      -3 [READ] [keynum(1, RO|ACCESS)] => algebra::sintercard;
                    "numkeys key [key ...] [LIMIT limit]"
                    "7.0.0"  "O(N*M), N being the members of the smallest set and M the sets" "Counts the members that all sets have."
                Sinterstore  "sinterstore"     -3 [WRITE DENYOOM] [key(1, RW|UPDATE), range(2, -1, 1, RO|ACCESS)] => algebra::sinterstore;
                    "destination key [key ...]"
                    "1.0.0"  "O(N*M), N being the members of the smallest set and M the sets" "Stores what SINTER would reply."
                Sismember    "sismember"        3 [READ FAST] [key(1, RO)] => sismember;
                    "key member"
                    "1.0.0"  "O(1)" "Tells whether a set has a member."
                Smembers     "smembers"         2 [READ] [key(1, RO|ACCESS)] => smembers;
                    "key"
                    "1.0.0"  "O(N), N being the members" "Lists the members of a set."
                    .tips(&["nondeterministic_output_order"])
                Smismember   "smismember"      -3 [READ FAST] [key(1, RO|ACCESS)] => smismember;
                    "key member [member ...]"
                    "6.2.0"  "O(N), N being the members asked for" "Tells of several members whether a set has them."
                Smove        "smove"            4 [WRITE FAST] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => smove;
                    "source destination member"
                    "1.0.0"  "O(1)" "Moves a member from one set to another."
                Spop         "spop"            -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => spop;
                    "key [count]"
                    "1.0.0"  "O(N), N being the members returned" "Takes random members out of a set."
                    .tips(&["nondeterministic_output"])
                Srandmember  "srandmember"     -2 [READ] [key(1, RO|ACCESS)] => srandmember;
                    "key [count]"
                    "1.0.0"  "O(N), N being the members returned" "Picks random members of a set."
                    .tips(&["nondeterministic_output"])
                Srem         "srem"            -3 [WRITE FAST] [key(1, RW|DELETE)] => srem;
                    "key member [member ...]"
                    "1.0.0"  "O(N), N being the members given" "Removes members from a set."
                Sscan        "sscan"           -3 [READ] [key(1, RO|ACCESS)] => sscan;
                    "key cursor [MATCH pattern] [COUNT count]"
                    "2.8.0"  "O(1) a call, O(N) for all N members" "Walks over the members of a set, a few at a time."
                    .tips(&["nondeterministic_output"])
                Sunion       "sunion"          -2 [READ] [range(1, -1, 1, RO|ACCESS)] => algebra::sunion;
                    "key [key ...]"
                    "1.0.0"  "O(N), N being the members of all sets" "Lists the members that any of the sets has."
                    .tips(&["nondeterministic_output_order"])
                Sunionstore  "sunionstore"     -3 [WRITE DENYOOM] [key(1, OW|UPDATE), range(2, -1, 1, RO|ACCESS)] => algebra::sunionstore;
                    "destination key [key ...]"
                    "1.0.0"  "O(N), N being the members of all sets" "Stores what SUNION would reply."
            }
            [sorted_sets] "sorted-set" @[SORTEDSET] {
                Zadd         "zadd"            -4 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => add::zadd;
                    "key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]"
                    "1.2.0"  "O(log(N)) for each member added, N being the members" "Adds members with their scores, or changes scores."
                Zcard        "zcard"            2 [READ FAST] [key(1, RO)] => zcard;
                    "key"
                    "1.2.0"  "O(1)" "Counts the members of a sorted set."
                Zcount       "zcount"           4 [READ FAST] [key(1, RO|ACCESS)] => range::zcount;
                    "key min max"
                    "2.0.0"  "O(log(N)), N being the members" "Counts the members whose scores lie in a range."
                Zdiff        "zdiff"           -3 [READ] [keynum(1, RO|ACCESS)] => algebra::zdiff;
                    "numkeys key [key ...] [WITHSCORES]"
                    "6.2.0"  "O(L+(N-K)*log(N)), L being all members, N those of the first set, K those returned" "Lists the members of the first sorted set that no other one has."
                Zdiffstore   "zdiffstore"      -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => algebra::zdiffstore;
                    "destination numkeys key [key ...]"
                    "6.2.0"  "O(L+(N-K)*log(N)), L being all members, N those of the first set, K those stored" "Stores what ZDIFF would reply."
                Zincrby      "zincrby"          4 [WRITE DENYOOM FAST] [key(1, RW|ACCESS|UPDATE)] => add::zincrby;
                    "key amount member"
                    "1.2.0"  "O(log(N)), N being the members" "Adds an amount to a member's score."
                Zinter       "zinter"          -3 [READ] [keynum(1, RO|ACCESS)] => algebra::zinter;
                    "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]"
                    "6.2.0"  "O(N*K)+O(M*log(M)), N being the smallest of K sets and M the result" "Lists the members that all sorted sets have."
                Zintercard   "zintercard"      -3 [READ] [keynum(1, RO|ACCESS)] => algebra::zintercard;
                    "numkeys key [key ...] [LIMIT limit]"
                    "7.0.0"  "O(N*K), N being the smallest of K sets" "Counts the members that all sorted sets have."
                Zinterstore  "zinterstore"     -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => algebra::zinterstore;
                    "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]"
                    "2.0.0"  "O(N*K)+O(M*log(M)), N being the smallest of K sets and M the result" "Stores what ZINTER would reply."
                Zlexcount    "zlexcount"        4 [READ FAST] [key(1, RO|ACCESS)] => range::zlexcount;
                    "key min-member max-member"
                    "2.8.9"  "O(log(N)), N being the members" "Counts the members that lie in an alphabetical range."
                Zmpop        "zmpop"           -4 [WRITE] [keynum(1, RW|ACCESS|DELETE)] => pop::zmpop;
                    "numkeys key [key ...] <MIN|MAX> [COUNT count]"
                    "7.0.0"  "O(K)+O(M*log(N)), K being the keys, M the members taken of N" "Takes the lowest or highest members of the first sorted set that has any."
                Zmscore      "zmscore"         -3 [READ FAST] [key(1, RO|ACCESS)] => zmscore;
                    "key member [member ...]"
                    "6.2.0"  "O(N), N being the members asked for" "Reads the scores of several members."
                Zpopmax      "zpopmax"         -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => pop::zpopmax;
                    "key [count]"
                    "5.0.0"  "O(M*log(N)), M being the members taken of N" "Takes the members with the highest scores."
                Zpopmin      "zpopmin"         -2 [WRITE FAST] [key(1, RW|ACCESS|DELETE)] => pop::zpopmin;
                    "key [count]"
                    "5.0.0"  "O(M*log(N)), M being the members taken of N" "Takes the members with the lowest scores."
                Zrandmember  "zrandmember"     -2 [READ] [key(1, RO|ACCESS)] => zrandmember;
                    "key [count [WITHSCORES]]"
                    "6.2.0"  "O(N), N being the members returned" "Picks random members of a sorted set."
                    .tips(&["nondeterministic_output"])
                Zrange       "zrange"          -4 [READ] [key(1, RO|ACCESS)] => range::zrange;
                    "key from to [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]"
                    "1.2.0"  "O(log(N)+M), M being the members returned of N" "Lists members by rank, by score or alphabetically."
                Zrangebylex  "zrangebylex"     -4 [READ] [key(1, RO|ACCESS)] => range::zrangebylex;
                    "key min-member max-member [LIMIT offset count]"
                    "2.8.9"  "O(log(N)+M), M being the members returned of N" "Lists the members of an alphabetical range."
                    .replaced("6.2.0", "ZRANGE BYLEX")
                Zrangebyscore "zrangebyscore"   -4 [READ] [key(1, RO|ACCESS)] => range::zrangebyscore;
                    "key min max [WITHSCORES] [LIMIT offset count]"
                    "1.0.5"  "O(log(N)+M), M being the members returned of N" "Lists the members whose scores lie in a range."
                    .replaced("6.2.0", "ZRANGE BYSCORE")
                Zrangestore  "zrangestore"     -5 [WRITE DENYOOM] [key(1, OW|UPDATE), key(2, RO|ACCESS)] => range::zrangestore;
                    "destination source from to [BYSCORE|BYLEX] [REV] [LIMIT offset count]"
                    "6.2.0"  "O(log(N)+M), M being the members stored of N" "Stores what ZRANGE would reply."
                Zrank        "zrank"           -3 [READ FAST] [key(1, RO|ACCESS)] => zrank;
                    "key member [WITHSCORE]"
                    "2.0.0"  "O(log(N)), N being the members" "Tells the rank of a member, counted from the lowest score."
                Zrem         "zrem"            -3 [WRITE FAST] [key(1, RW|DELETE)] => remove::zrem;
                    "key member [member ...]"
                    "1.2.0"  "O(M*log(N)), M being the members removed of N" "Removes members from a sorted set."
                Zremrangebylex "zremrangebylex"   4 [WRITE] [key(1, RW|DELETE)] => remove::zremrangebylex;
                    "key min-member max-member"
                    "2.8.9"  "O(log(N)+M), M being the members removed of N" "Removes the members of an alphabetical range."
                Zremrangebyrank "zremrangebyrank"   4 [WRITE] [key(1, RW|DELETE)] => remove::zremrangebyrank;
                    "key start stop"
                    "2.0.0"  "O(log(N)+M), M being the members removed of N" "Removes the members between two ranks."
                Zremrangebyscore "zremrangebyscore"   4 [WRITE] [key(1, RW|DELETE)] => remove::zremrangebyscore;
                    "key min max"
                    "1.2.0"  "O(log(N)+M), M being the members removed of N" "Removes the members whose scores lie in a range."
                Zrevrange    "zrevrange"       -4 [READ] [key(1, RO|ACCESS)] => range::zrevrange;
                    "key start stop [WITHSCORES]"
                    "1.2.0"  "O(log(N)+M), M being the members returned of N" "Lists the members between two ranks, the highest score first."
                    .replaced("6.2.0", "ZRANGE REV")
                Zrevrangebylex "zrevrangebylex"  -4 [READ] [key(1, RO|ACCESS)] => range::zrevrangebylex;
                    "key max-member min-member [LIMIT offset count]"
                    "2.8.9"  "O(log(N)+M), M being the members returned of N" "Lists the members of an alphabetical range backwards."
                    .replaced("6.2.0", "ZRANGE REV BYLEX")
                Zrevrangebyscore "zrevrangebyscore"  -4 [READ] [key(1, RO|ACCESS)] => range::zrevrangebyscore;
                    "key max min [WITHSCORES] [LIMIT offset count]"
                    "2.2.0"  "O(log(N)+M), M being the members returned of N" "Lists the members whose scores lie in a range, the highest first."
                    .replaced("6.2.0", "ZRANGE REV BYSCORE")
                Zrevrank     "zrevrank"        -3 [READ FAST] [key(1, RO|ACCESS)] => zrevrank;
                    "key member [WITHSCORE]"
                    "2.0.0"  "O(log(N)), N being the members" "Tells the rank of a member, counted from the highest score."
                Zscan        "zscan"           -3 [READ] [key(1, RO|ACCESS)] => zscan;
                    "key cursor [MATCH pattern] [COUNT count] [NOSCORES]"
                    "2.8.0"  "O(1) a call, O(N) for all N members" "Walks over the members of a sorted set, a few at a time."
                    .tips(&["nondeterministic_output"])
                Zscore       "zscore"           3 [READ FAST] [key(1, RO|ACCESS)] => zscore;
                    "key member"
                    "1.2.0"  "O(1)" "Reads the score of a member."
                Zunion       "zunion"          -3 [READ] [keynum(1, RO|ACCESS)] => algebra::zunion;
                    "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]"
                    "6.2.0"  "O(N)+O(M*log(M)), N being all members and M the result" "Lists the members that any of the sorted sets has."
                Zunionstore  "zunionstore"     -4 [WRITE DENYOOM] [key(1, OW|UPDATE), keynum(2, RO|ACCESS)] => algebra::zunionstore;
                    "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]"
                    "2.0.0"  "O(N)+O(M*log(M)), N being all members and M the result" "Stores what ZUNION would reply."
            }
            [keys] "generic" @[KEYSPACE] {
                Copy         "copy"            -3 [WRITE DENYOOM] [key(1, RO|ACCESS), key(2, OW|UPDATE)] => copy;
                    "source destination [DB destination-db] [REPLACE]"
                    "6.2.0"  "O(N) for collections, N being the elements; O(1) for strings" "Copies a value to another key."
                Del          "del"             -2 [WRITE] [range(1, -1, 1, RM|DELETE)] => del;
                    "key [key ...]"
                    "1.0.0"  "O(N), N being the keys" "Removes keys."
                    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
                Exists       "exists"          -2 [READ FAST] [range(1, -1, 1, RO)] => exists;
                    "key [key ...]"
                    "1.0.0"  "O(N), N being the keys" "Counts how many of the keys are there."
                    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
                Keys         "keys"             2 [READ] @[DANGEROUS KEYSPACE] [] => keys;
                    "pattern"
                    "1.0.0"  "O(N), N being the keys of the database" "Lists all keys that match a pattern."
                    .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
                Move         "move"             3 [WRITE FAST] [key(1, RW|ACCESS|UPDATE)] => move_key;
                    "key db"
                    "1.0.0"  "O(1)" "Moves a key to another database."
                Randomkey    "randomkey"        1 [READ] [] => randomkey;
                    ""
                    "1.0.0"  "O(1)" "Picks any key of the database."
                    .tips(&["request_policy:all_shards", "nondeterministic_output"])
                Rename       "rename"           3 [WRITE] [key(1, RW|ACCESS|DELETE), key(2, OW|UPDATE)] => rename;
                    "key newkey"
                    "1.0.0"  "O(1)" "Gives a key another name, over whatever has that name."
                Renamenx     "renamenx"         3 [WRITE FAST] [key(1, RW|ACCESS|DELETE), key(2, OW|INSERT)] => renamenx;
                    "key newkey"
                    "1.0.0"  "O(1)" "Gives a key another name, if nothing has that name."
                Scan         "scan"            -2 [READ] [] => scan::scan;
                    "cursor [MATCH pattern] [COUNT count] [TYPE type]"
                    "2.8.0"  "O(1) a call, O(N) for all N keys" "Walks over the keys of the database, a few at a time."
                    .tips(&["nondeterministic_output", "request_policy:special"])
                Touch        "touch"           -2 [READ FAST] [range(1, -1, 1, RO)] => touch;
                    "key [key ...]"
                    "3.2.1"  "O(N), N being the keys" "Marks keys as just used, and counts those that are there."
                    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
                Type         "type"             2 [READ FAST] [key(1, RO)] => type_of;
                    "key"
                    "1.0.0"  "O(1)" "Tells the data type of a key."
                Unlink       "unlink"          -2 [WRITE FAST] [range(1, -1, 1, RM|DELETE)] => del;
                    "key [key ...]"
                    "4.0.0"  "O(N), N being the keys; their memory is freed in the background" "Removes keys and frees their memory later."
                    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
            }
            [keys::expiry] "generic" @[KEYSPACE] {
                Expire       "expire"          -3 [WRITE FAST] [key(1, RW|UPDATE)] => expire;
                    "key seconds [NX|XX|GT|LT]"
                    "1.0.0"  "O(1)" "Lets a key expire after so many seconds."
                Expireat     "expireat"        -3 [WRITE FAST] [key(1, RW|UPDATE)] => expireat;
                    "key unix-time-seconds [NX|XX|GT|LT]"
                    "1.2.0"  "O(1)" "Lets a key expire at a second of Unix time."
                Expiretime   "expiretime"       2 [READ FAST] [key(1, RO|ACCESS)] => expiretime;
                    "key"
                    "7.0.0"  "O(1)" "Tells at which second of Unix time a key expires."
                Persist      "persist"          2 [WRITE FAST] [key(1, RW|UPDATE)] => persist;
                    "key"
                    "2.2.0"  "O(1)" "Takes a key's expiry away."
                Pexpire      "pexpire"         -3 [WRITE FAST] [key(1, RW|UPDATE)] => pexpire;
                    "key milliseconds [NX|XX|GT|LT]"
                    "2.6.0"  "O(1)" "Lets a key expire after so many milliseconds."
                Pexpireat    "pexpireat"       -3 [WRITE FAST] [key(1, RW|UPDATE)] => pexpireat;
                    "key unix-time-milliseconds [NX|XX|GT|LT]"
                    "2.6.0"  "O(1)" "Lets a key expire at a millisecond of Unix time."
                Pexpiretime  "pexpiretime"      2 [READ FAST] [key(1, RO|ACCESS)] => pexpiretime;
                    "key"
                    "7.0.0"  "O(1)" "Tells at which millisecond of Unix time a key expires."
                Pttl         "pttl"             2 [READ FAST] [key(1, RO|ACCESS)] => pttl;
                    "key"
                    "2.6.0"  "O(1)" "Tells how many milliseconds a key has left."
                    .tips(&["nondeterministic_output"])
                Ttl          "ttl"              2 [READ FAST] [key(1, RO|ACCESS)] => ttl;
                    "key"
                    "1.0.0"  "O(1)" "Tells how many seconds a key has left."
                    .tips(&["nondeterministic_output"])
            }
            [acl] "server" @[] {
                Acl          "acl"             -2 [CONTAINER] [] => container;
                    ""
                    "6.0.0"  "Depends on the subcommand" "Manages users and what they may do."
                AclCat       "acl|cat"         -2 [NOSCRIPT LOADING STALE] [] => acl_cat;
                    "[categoryname]"
                    "6.0.0"  "O(1)" "Lists the categories, or the commands of one."
                AclDeluser   "acl|deluser"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_deluser;
                    "username [username ...]"
                    "6.0.0"  "O(1) for each user" "Removes users and ends their connections."
                AclDryrun    "acl|dryrun"      -4 [ADMIN NOSCRIPT LOADING STALE] [] => acl_dryrun;
                    "username command [arg [arg ...]]"
                    "7.0.0"  "O(1)" "Tells whether a user may run a command, without running it."
                AclGenpass   "acl|genpass"     -2 [NOSCRIPT LOADING STALE] [] => acl_genpass;
                    "[bits]"
                    "6.0.0"  "O(1)" "Makes up a password."
                AclGetuser   "acl|getuser"      3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_getuser;
                    "username"
                    "6.0.0"  "O(N), N being the user's rules" "Shows the rules of a user."
                AclHelp      "acl|help"         2 [LOADING STALE] [] => help;
                    ""
                    "6.0.0"  "O(1)" "Lists the subcommands."
                AclList      "acl|list"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_list;
                    ""
                    "6.0.0"  "O(N), N being the users" "Shows all users, as an ACL file has them."
                AclLoad      "acl|load"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_load;
                    ""
                    "6.0.0"  "O(N), N being the users" "Reads the ACL file again."
                AclLog       "acl|log"         -2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_log;
                    "[count|RESET]"
                    "6.0.0"  "O(N), N being the entries shown" "Shows what was denied lately."
                AclSave      "acl|save"         2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_save;
                    ""
                    "6.0.0"  "O(N), N being the users" "Writes the users to the ACL file."
                AclSetuser   "acl|setuser"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => acl_setuser;
                    "username [rule [rule ...]]"
                    "6.0.0"  "O(N), N being the rules" "Creates a user, or changes what it may do."
                AclUsers     "acl|users"        2 [ADMIN NOSCRIPT LOADING STALE] [] => acl_users;
                    ""
                    "6.0.0"  "O(N), N being the users" "Lists the names of all users."
                AclWhoami    "acl|whoami"       2 [NOSCRIPT LOADING STALE] [] => acl_whoami;
                    ""
                    "6.0.0"  "O(1)" "Tells the connection's user."
            }
            [pubsub] "pubsub" @[] {
                Psubscribe   "psubscribe"       -2 [PUBSUB NOSCRIPT LOADING STALE] [] => psubscribe;
                    "pattern [pattern ...]"
                    "2.0.0"  "O(N), N being the patterns" "Subscribes to all channels that match patterns."
                Publish      "publish"           3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [] => publish;
                    "channel message"
                    "2.0.0"  "O(N+M), N being the channel's subscribers and M all patterns" "Sends a message to a channel."
                Pubsub       "pubsub"           -2 [CONTAINER] [] => container;
                    ""
                    "2.8.0"  "Depends on the subcommand" "Looks into publish/subscribe."
                PubsubChannels "pubsub|channels"  -2 [PUBSUB LOADING STALE] [] => pubsub_channels;
                    "[pattern]"
                    "2.8.0"  "O(N), N being the active channels" "Lists the channels that have subscribers."
                PubsubHelp   "pubsub|help"       2 [LOADING STALE] [] => help;
                    ""
                    "6.2.0"  "O(1)" "Lists the subcommands."
                PubsubNumpat "pubsub|numpat"     2 [PUBSUB LOADING STALE] [] => pubsub_numpat;
                    ""
                    "2.8.0"  "O(1)" "Counts the patterns that have subscribers."
                PubsubNumsub "pubsub|numsub"    -2 [PUBSUB LOADING STALE] [] => pubsub_numsub;
                    "[channel [channel ...]]"
                    "2.8.0"  "O(N), N being the channels asked for" "Counts the subscribers of channels."
                PubsubShardchannels "pubsub|shardchannels"  -2 [PUBSUB LOADING STALE] [] => pubsub_shardchannels;
                    "[pattern]"
                    "7.0.0"  "O(N), N being the active shard channels" "Lists the shard channels that have subscribers."
                PubsubShardnumsub "pubsub|shardnumsub"  -2 [PUBSUB LOADING STALE] [] => pubsub_shardnumsub;
                    "[shardchannel [shardchannel ...]]"
                    "7.0.0"  "O(N), N being the shard channels asked for" "Counts the subscribers of shard channels."
                Punsubscribe "punsubscribe"     -1 [PUBSUB NOSCRIPT LOADING STALE] [] => punsubscribe;
                    "[pattern [pattern ...]]"
                    "2.0.0"  "O(N), N being the patterns" "Ends subscriptions to patterns."
                Spublish     "spublish"          3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [key(1, NOT_KEY)] => spublish;
                    "shardchannel message"
                    "7.0.0"  "O(N), N being the subscribers" "Sends a message to a shard channel."
                Ssubscribe   "ssubscribe"       -2 [PUBSUB NOSCRIPT LOADING STALE] [range(1, -1, 1, NOT_KEY)] => ssubscribe;
                    "shardchannel [shardchannel ...]"
                    "7.0.0"  "O(N), N being the shard channels" "Subscribes to shard channels."
                Subscribe    "subscribe"        -2 [PUBSUB NOSCRIPT LOADING STALE] [] => subscribe;
                    "channel [channel ...]"
                    "2.0.0"  "O(N), N being the channels" "Subscribes to channels."
                Sunsubscribe "sunsubscribe"     -1 [PUBSUB NOSCRIPT LOADING STALE] [range(1, -1, 1, NOT_KEY)] => sunsubscribe;
                    "[shardchannel [shardchannel ...]]"
                    "7.0.0"  "O(N), N being the shard channels" "Ends subscriptions to shard channels."
                Unsubscribe  "unsubscribe"      -1 [PUBSUB NOSCRIPT LOADING STALE] [] => unsubscribe;
                    "[channel [channel ...]]"
                    "2.0.0"  "O(N), N being the channels" "Ends subscriptions to channels."
            }
            [server::monitor] "server" @[] {
                Monitor      "monitor"           1 [ADMIN NOSCRIPT LOADING STALE] [] => monitor;
                    ""
                    "1.0.0"  "O(1) for each command shown" "Shows every command that the server executes."
            }
            [connection::tracking] "connection" @[CONNECTION] {
                ClientCaching "client|caching"   3 [NOSCRIPT LOADING STALE] [] => client_caching;
                    "<YES|NO>"
                    "6.0.0"  "O(1)" "Says whether the next command's keys are tracked, in OPTIN or OPTOUT mode."
                ClientGetredir "client|getredir"   2 [NOSCRIPT LOADING STALE] [] => client_getredir;
                    ""
                    "6.0.0"  "O(1)" "Tells which connection gets the invalidation messages."
                ClientTracking "client|tracking"  -3 [NOSCRIPT LOADING STALE] [] => client_tracking;
                    "<ON|OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]"
                    "6.0.0"  "O(1); prefixes cost more" "Switches tracking of keys for client-side caching on or off."
                ClientTrackinginfo "client|trackinginfo"   2 [NOSCRIPT LOADING STALE] [] => client_trackinginfo;
                    ""
                    "6.2.0"  "O(1)" "Tells how the connection tracks keys."
            }
            [transactions] "transactions" @[TRANSACTION] {
                Discard      "discard"           1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => discard;
                    ""
                    "2.0.0"  "O(N), N being the queued commands" "Drops the commands queued since MULTI."
                Exec         "exec"              1 [NOSCRIPT LOADING STALE SKIP_SLOWLOG] [] => exec;
                    ""
                    "1.2.0"  "Depends on the queued commands" "Runs the commands queued since MULTI, all of them or none."
                Multi        "multi"             1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => multi;
                    ""
                    "1.2.0"  "O(1)" "Starts a transaction: commands are queued until EXEC."
                Unwatch      "unwatch"           1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] => unwatch;
                    ""
                    "2.2.0"  "O(1)" "Forgets the watched keys."
                Watch        "watch"            -2 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [range(1, -1, 1, RO)] => watch;
                    "key [key ...]"
                    "2.2.0"  "O(1) for each key" "Lets the next EXEC fail if any of these keys changes before."
            }
            [scripting] "scripting" @[SCRIPTING] {
                Eval         "eval"             -3 [NOSCRIPT STALE SKIP_MONITOR MAY_REPLICATE NO_MANDATORY_KEYS] [keynum(2, RW|ACCESS|UPDATE)] => eval::eval;
                    "script numkeys [key [key ...]] [arg [arg ...]]"
                    "2.6.0"  "Depends on the script" "Runs a Lua script."
                    .notes(&[(0, "A script may do anything with its keys")])
                EvalRo       "eval_ro"          -3 [READ NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS] [keynum(2, RO|ACCESS)] => eval::eval_ro;
                    "script numkeys [key [key ...]] [arg [arg ...]]"
                    "7.0.0"  "Depends on the script" "Runs a Lua script that may not write."
                    .notes(&[(0, "A script may read anything of its keys")])
                Evalsha      "evalsha"          -3 [NOSCRIPT STALE SKIP_MONITOR MAY_REPLICATE NO_MANDATORY_KEYS] [keynum(2, RW|ACCESS|UPDATE)] => eval::evalsha;
                    "sha1 numkeys [key [key ...]] [arg [arg ...]]"
                    "2.6.0"  "Depends on the script" "Runs a cached script, found by its SHA1."
                EvalshaRo    "evalsha_ro"       -3 [READ NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS] [keynum(2, RO|ACCESS)] => eval::evalsha_ro;
                    "sha1 numkeys [key [key ...]] [arg [arg ...]]"
                    "7.0.0"  "Depends on the script" "Runs a cached script that may not write."
                Fcall        "fcall"            -3 [NOSCRIPT STALE SKIP_MONITOR MAY_REPLICATE NO_MANDATORY_KEYS] [keynum(2, RW|ACCESS|UPDATE)] => eval::fcall;
                    "function numkeys [key [key ...]] [arg [arg ...]]"
                    "7.0.0"  "Depends on the function" "Calls a function of a library."
                    .notes(&[(0, "A function may do anything with its keys")])
                FcallRo      "fcall_ro"         -3 [READ NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS] [keynum(2, RO|ACCESS)] => eval::fcall_ro;
                    "function numkeys [key [key ...]] [arg [arg ...]]"
                    "7.0.0"  "Depends on the function" "Calls a function that may not write."
                    .notes(&[(0, "A function may read anything of its keys")])
                Function     "function"         -2 [CONTAINER] @[] [] => container;
                    ""
                    "7.0.0"  "Depends on the subcommand" "Manages libraries of functions."
                FunctionDelete "function|delete" 3 [WRITE NOSCRIPT] [] => function::delete;
                    "library-name"
                    "7.0.0"  "O(1)" "Removes a library and its functions."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                FunctionDump "function|dump"     2 [NOSCRIPT] [] => transport::dump;
                    ""
                    "7.0.0"  "O(N), N being the libraries" "Returns all libraries in one payload."
                FunctionFlush "function|flush"  -2 [WRITE NOSCRIPT] [] => function::flush;
                    "[ASYNC|SYNC]"
                    "7.0.0"  "O(N), N being the functions" "Removes all libraries."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                FunctionHelp "function|help"     2 [LOADING STALE] [] => help;
                    ""
                    "7.0.0"  "O(1)" "Lists the subcommands."
                FunctionKill "function|kill"     2 [NOSCRIPT ALLOW_BUSY] [] => function::kill;
                    ""
                    "7.0.0"  "O(1)" "Ends the function that is running."
                    .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
                FunctionList "function|list"    -2 [NOSCRIPT] [] => function::list;
                    "[LIBRARYNAME library-name-pattern] [WITHCODE]"
                    "7.0.0"  "O(N), N being the functions" "Lists libraries and their functions."
                    .tips(&["nondeterministic_output_order"])
                FunctionLoad "function|load"    -3 [WRITE DENYOOM NOSCRIPT] [] => function::load;
                    "[REPLACE] function-code"
                    "7.0.0"  "O(1), but for what the code does" "Adds a library of functions."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                FunctionRestore "function|restore" -3 [WRITE DENYOOM NOSCRIPT] [] => transport::restore;
                    "serialized-value [FLUSH|APPEND|REPLACE]"
                    "7.0.0"  "O(N), N being the libraries" "Adds the libraries of a payload."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                FunctionStats "function|stats"   2 [NOSCRIPT ALLOW_BUSY] [] => function::stats;
                    ""
                    "7.0.0"  "O(1)" "Tells which function is running, and how many there are."
                    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                Script       "script"           -2 [CONTAINER] @[] [] => container;
                    ""
                    "2.6.0"  "Depends on the subcommand" "Manages the cache of scripts."
                ScriptDebug  "script|debug"      3 [NOSCRIPT] [] => script::debug;
                    "<YES|SYNC|NO>"
                    "3.2.0"  "O(1)" "Is refused: there is no debugger."
                ScriptExists "script|exists"    -3 [NOSCRIPT] [] => script::exists;
                    "sha1 [sha1 ...]"
                    "2.6.0"  "O(N), N being the scripts asked for" "Tells which scripts are cached."
                    .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"])
                ScriptFlush  "script|flush"     -2 [NOSCRIPT] [] => script::flush;
                    "[ASYNC|SYNC]"
                    "2.6.0"  "O(N), N being the scripts" "Empties the cache."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                ScriptHelp   "script|help"       2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                ScriptKill   "script|kill"       2 [NOSCRIPT ALLOW_BUSY] [] => script::kill;
                    ""
                    "2.6.0"  "O(1)" "Ends the script that is running."
                    .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
                ScriptLoad   "script|load"       3 [NOSCRIPT STALE] [] => script::load;
                    "script"
                    "2.6.0"  "O(N), N being the script's bytes" "Compiles a script and keeps it."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            }
            [geo] "geo" @[GEO] {
                Geoadd       "geoadd"          -5 [WRITE DENYOOM] [key(1, RW|UPDATE)] => geoadd;
                    "key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]"
                    "3.2.0"  "O(log(N)) for each member added, N being the members" "Adds members with their longitude and latitude."
                Geodist      "geodist"         -4 [READ] [key(1, RO|ACCESS)] => geodist;
                    "key member1 member2 [M|KM|FT|MI]"
                    "3.2.0"  "O(log(N)), N being the members" "Measures the distance between two members."
                Geohash      "geohash"         -2 [READ] [key(1, RO|ACCESS)] => geohash;
                    "key member [member ...]"
                    "3.2.0"  "O(log(N)) for each member, N being the members" "Tells the standard geohash of members."
                Geopos       "geopos"          -2 [READ] [key(1, RO|ACCESS)] => geopos;
                    "key member [member ...]"
                    "3.2.0"  "O(N), N being the members asked for" "Reads longitude and latitude of members."
                Georadius    "georadius"       -6 [WRITE DENYOOM] [key(1, RO|ACCESS), after("STORE", 6, 0, 0, OW|UPDATE), after("STOREDIST", 6, 0, 0, OW|UPDATE)] => search::georadius;
                    "key longitude latitude radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]"
                    "3.2.0"  "O(N+log(M)), N being the members near the circle, of M" "Finds members within a circle, and may store them."
                    .replaced("6.2.0", "GEOSEARCH and GEOSEARCHSTORE with BYRADIUS")
                GeoradiusRo  "georadius_ro"    -6 [READ] [key(1, RO|ACCESS)] => search::georadius_ro;
                    "key longitude latitude radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]"
                    "3.2.10" "O(N+log(M)), N being the members near the circle, of M" "Finds members within a circle."
                    .replaced("6.2.0", "GEOSEARCH with BYRADIUS")
                Georadiusbymember "georadiusbymember"  -5 [WRITE DENYOOM] [key(1, RO|ACCESS), after("STORE", 5, 0, 0, OW|UPDATE), after("STOREDIST", 5, 0, 0, OW|UPDATE)] => search::georadiusbymember;
                    "key member radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]"
                    "3.2.0"  "O(N+log(M)), N being the members near the circle, of M" "Finds members within a circle around a member, and may store them."
                    .replaced("6.2.0", "GEOSEARCH and GEOSEARCHSTORE with FROMMEMBER and BYRADIUS")
                GeoradiusbymemberRo "georadiusbymember_ro"  -5 [READ] [key(1, RO|ACCESS)] => search::georadiusbymember_ro;
                    "key member radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]"
                    "3.2.10" "O(N+log(M)), N being the members near the circle, of M" "Finds members within a circle around a member."
                    .replaced("6.2.0", "GEOSEARCH with FROMMEMBER and BYRADIUS")
                Geosearch    "geosearch"       -7 [READ] [key(1, RO|ACCESS)] => search::geosearch;
                    "key <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius <M|KM|FT|MI>|BYBOX width height <M|KM|FT|MI>> [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]"
                    "6.2.0"  "O(N+log(M)), N being the members near the area, of M" "Finds members within a circle or a rectangle."
                Geosearchstore "geosearchstore"  -8 [WRITE DENYOOM] [key(1, OW|UPDATE), key(2, RO|ACCESS)] => search::geosearchstore;
                    "destination source <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius <M|KM|FT|MI>|BYBOX width height <M|KM|FT|MI>> [ASC|DESC] [COUNT count [ANY]] [STOREDIST]"
                    "6.2.0"  "O(N+log(M)), N being the members near the area, of M" "Stores what GEOSEARCH would reply."
            }
            [keys::dump] "generic" @[KEYSPACE] {
                Dump         "dump"             2 [READ] [key(1, RO|ACCESS)] => dump;
                    "key"
                    "2.6.0"  "O(N), N being the size of the value" "Serializes the value of a key, for RESTORE."
                    .tips(&["nondeterministic_output"])
                Restore      "restore"         -4 [WRITE DENYOOM] @[DANGEROUS KEYSPACE] [key(1, OW|UPDATE)] => restore;
                    "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]"
                    "2.6.0"  "O(N), N being the size of the value; O(N*log(N)) for sorted sets" "Creates a key from what DUMP has made."
            }
            [keys::dump] "server" @[KEYSPACE] {
                RestoreAsking "restore-asking"  -4 [WRITE DENYOOM ASKING] @[DANGEROUS KEYSPACE] [key(1, OW|UPDATE)] => restore_asking;
                    "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]"
                    "3.0.0"  "O(N), N being the size of the value; O(N*log(N)) for sorted sets" "RESTORE as a cluster sends it while slots move."
                    .internal()
            }
            [persistence] "server" @[] {
                Lastsave     "lastsave"         1 [LOADING STALE FAST] @[ADMIN DANGEROUS] [] => lastsave;
                    ""
                    "1.0.0"  "O(1)" "Tells when the data was last saved."
                    .tips(&["nondeterministic_output"])
                Bgrewriteaof "bgrewriteaof"     1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] => bgrewriteaof;
                    ""
                    "1.0.0"  "O(1); the work is done in the background" "Rewrites the append-only file in the background."
                Bgsave       "bgsave"          -1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] => bgsave;
                    "[SCHEDULE]"
                    "1.0.0"  "O(1); the work is done in the background" "Saves the data in the background."
                Save         "save"             1 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => save;
                    ""
                    "1.0.0"  "O(N), N being the keys of all databases" "Saves the data while everybody waits."
            }
            [keys::sort] "generic" @[KEYSPACE] {
                Sort         "sort"            -2 [WRITE DENYOOM] @[DANGEROUS LIST SET SORTEDSET] [key(1, RO|ACCESS), unknown(RO|ACCESS), unknown(OW|UPDATE)] => sort;
                    "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA] [STORE destination]"
                    "1.0.0"  "O(N+M*log(M)), N being the elements and M those returned" "Sorts a list, a set or a sorted set, and may store the result."
                    .notes(&[(1, "The keys of BY and GET follow from the elements"), (2, "STORE may be anywhere behind the key")])
                SortRo       "sort_ro"         -2 [READ] @[DANGEROUS LIST SET SORTEDSET] [key(1, RO|ACCESS), unknown(RO|ACCESS)] => sort_ro;
                    "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]"
                    "7.0.0"  "O(N+M*log(M)), N being the elements and M those returned" "Sorts a list, a set or a sorted set without storing anything."
                    .notes(&[(1, "The keys of BY and GET follow from the elements")])
            }
            [connection] "connection" @[CONNECTION] {
                Auth         "auth"            -2 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => auth;
                    "[username] password"
                    "1.0.0"  "O(N), N being the user's passwords" "Proves who the connection belongs to."
                Echo         "echo"             2 [LOADING STALE FAST] [] => echo;
                    "message"
                    "1.0.0"  "O(1)" "Replies its argument."
                Hello        "hello"           -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => hello;
                    "[protover [AUTH username password] [SETNAME clientname]]"
                    "6.0.0"  "O(1)" "Introduces the connection and chooses the protocol."
                Ping         "ping"            -1 [FAST] [] => ping;
                    "[message]"
                    "1.0.0"  "O(1)" "Replies PONG, or its argument."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                Quit         "quit"            -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => quit;
                    ""
                    "1.0.0"  "O(1)" "Ends the connection."
                Reset        "reset"            1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] => reset;
                    ""
                    "6.2.0"  "O(1)" "Puts the connection back to how it was at the start."
                Select       "select"           2 [LOADING STALE FAST] [] => select;
                    "index"
                    "1.0.0"  "O(1)" "Chooses the connection's database."
            }
            [connection::client] "connection" @[CONNECTION] {
                Client       "client"          -2 [CONTAINER] @[] [] => container;
                    ""
                    "2.4.0"  "Depends on the subcommand" "Manages connections."
                ClientGetname "client|getname"   2 [NOSCRIPT LOADING STALE] [] => client_getname;
                    ""
                    "2.6.9"  "O(1)" "Tells the connection's name."
                ClientHelp   "client|help"      2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                ClientId     "client|id"        2 [NOSCRIPT LOADING STALE] [] => client_id;
                    ""
                    "5.0.0"  "O(1)" "Tells the connection's number."
                ClientInfo   "client|info"      2 [NOSCRIPT LOADING STALE] [] => client_info;
                    ""
                    "6.2.0"  "O(1)" "Describes this connection."
                    .tips(&["nondeterministic_output"])
                ClientKill   "client|kill"     -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_kill;
                    "<ip:port|<ID client-id|TYPE <NORMAL|MASTER|REPLICA|PUBSUB>|USER username|ADDR ip:port|LADDR ip:port|SKIPME <YES|NO>|MAXAGE maxage> [...]>"
                    "2.4.0"  "O(N), N being the connections" "Closes connections."
                ClientList   "client|list"     -2 [ADMIN NOSCRIPT LOADING STALE] [] => client_list;
                    "[TYPE <NORMAL|MASTER|REPLICA|PUBSUB>] [ID client-id [client-id ...]]"
                    "2.4.0"  "O(N), N being the connections" "Describes all connections, or some of them."
                    .tips(&["nondeterministic_output"])
                ClientNoEvict "client|no-evict"   3 [ADMIN NOSCRIPT LOADING STALE] [] => client_no_evict;
                    "<ON|OFF>"
                    "7.0.0"  "O(1)" "Spares the connection when memory for clients is short."
                ClientNoTouch "client|no-touch"   3 [NOSCRIPT LOADING STALE] [] => client_no_touch;
                    "<ON|OFF>"
                    "7.2.0"  "O(1)" "Lets the connection's commands be no use of keys, for what evicts them."
                ClientPause  "client|pause"    -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_pause;
                    "milliseconds [WRITE|ALL]"
                    "2.9.50" "O(1)" "Lets commands wait for a while."
                ClientReply  "client|reply"     3 [NOSCRIPT LOADING STALE] [] => client_reply;
                    "<ON|OFF|SKIP>"
                    "3.2.0"  "O(1)" "Switches the connection's replies on or off."
                ClientSetinfo "client|setinfo"   4 [NOSCRIPT LOADING STALE] [] => client_setinfo;
                    "<LIB-NAME library-name|LIB-VER library-version>"
                    "7.2.0"  "O(1)" "Notes which client library uses the connection."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                ClientSetname "client|setname"   3 [NOSCRIPT LOADING STALE] [] => client_setname;
                    "connection-name"
                    "2.6.9"  "O(1)" "Gives the connection a name."
                ClientUnpause "client|unpause"   2 [ADMIN NOSCRIPT LOADING STALE] [] => client_unpause;
                    ""
                    "6.2.0"  "O(N), N being the waiting connections" "Ends a CLIENT PAUSE."
            }
            [server::command] "server" @[CONNECTION] {
                Command      "command"         -1 [LOADING STALE CONTAINER] [] => command;
                    ""
                    "2.8.13" "O(N), N being the commands" "Describes all commands."
                    .tips(&["nondeterministic_output_order"])
                CommandCount "command|count"    2 [LOADING STALE] [] => command_count;
                    ""
                    "2.8.13" "O(1)" "Counts the commands."
                CommandDocs  "command|docs"    -2 [LOADING STALE] [] => command_docs;
                    "[command-name [command-name ...]]"
                    "7.0.0"  "O(N), N being the commands asked for" "Explains commands."
                    .tips(&["nondeterministic_output_order"])
                CommandGetkeys "command|getkeys"  -4 [LOADING STALE] [] => command_getkeys;
                    "command [arg [arg ...]]"
                    "2.8.13" "O(N), N being the arguments" "Finds the keys in a command."
                CommandGetkeysandflags "command|getkeysandflags"  -4 [LOADING STALE] [] => command_getkeysandflags;
                    "command [arg [arg ...]]"
                    "7.0.0"  "O(N), N being the arguments" "Finds the keys in a command, and what it does with them."
                CommandHelp  "command|help"     2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                CommandInfo  "command|info"    -2 [LOADING STALE] [] => command_info;
                    "[command-name [command-name ...]]"
                    "2.8.13" "O(N), N being the commands asked for" "Describes commands."
                    .tips(&["nondeterministic_output_order"])
                CommandList  "command|list"    -2 [LOADING STALE] [] => command_list;
                    "[FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]"
                    "7.0.0"  "O(N), N being the commands" "Lists the names of the commands."
                    .tips(&["nondeterministic_output_order"])
            }
            [keys::object] "generic" @[KEYSPACE] {
                Object       "object"          -2 [CONTAINER] @[] [] => container;
                    ""
                    "2.2.3"  "Depends on the subcommand" "Looks into how a value is kept."
                ObjectEncoding "object|encoding"   3 [READ] [key(2, RO)] => object_encoding;
                    "key"
                    "2.2.3"  "O(1)" "Tells in which internal form a value is kept."
                    .tips(&["nondeterministic_output"])
                ObjectFreq   "object|freq"      3 [READ] [key(2, RO)] => object_freq;
                    "key"
                    "4.0.0"  "O(1)" "Tells how often a key is used, on a logarithmic scale."
                    .tips(&["nondeterministic_output"])
                ObjectHelp   "object|help"      2 [LOADING STALE] [] => help;
                    ""
                    "6.2.0"  "O(1)" "Lists the subcommands."
                ObjectIdletime "object|idletime"   3 [READ] [key(2, RO)] => object_idletime;
                    "key"
                    "2.2.3"  "O(1)" "Tells how many seconds ago a key was last used."
                    .tips(&["nondeterministic_output"])
                ObjectRefcount "object|refcount"   3 [READ] [key(2, RO)] => object_refcount;
                    "key"
                    "2.2.3"  "O(1)" "Tells how many references there are to a value."
                    .tips(&["nondeterministic_output"])
            }
            [server::admin] "server" @[] {
                Dbsize       "dbsize"           1 [READ FAST] @[KEYSPACE] [] => dbsize;
                    ""
                    "1.0.0"  "O(1)" "Counts the keys of the database."
                    .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
                Flushall     "flushall"        -1 [WRITE] @[DANGEROUS KEYSPACE] [] => flushall;
                    "[ASYNC|SYNC]"
                    "1.0.0"  "O(N), N being the keys of all databases" "Removes all keys of all databases."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                Flushdb      "flushdb"         -1 [WRITE] @[DANGEROUS KEYSPACE] [] => flushdb;
                    "[ASYNC|SYNC]"
                    "1.0.0"  "O(N), N being the keys of the database" "Removes all keys of the database."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                Lolwut       "lolwut"          -1 [READ FAST] [] => lolwut;
                    "[VERSION version]"
                    "5.0.0"  "O(1)" "Shows a piece of computer art, and the version."
                Module       "module"          -2 [CONTAINER] [] => container;
                    ""
                    "4.0.0"  "Depends on the subcommand" "Manages modules."
                ModuleHelp   "module|help"      2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                ModuleList   "module|list"      2 [ADMIN NOSCRIPT] [] => module_list;
                    ""
                    "4.0.0"  "O(N), N being the modules" "Lists the modules."
                    .tips(&["nondeterministic_output_order"])
                Shutdown     "shutdown"        -1 [ADMIN NOSCRIPT LOADING STALE NO_MULTI ALLOW_BUSY] [] => shutdown;
                    "[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]"
                    "1.0.0"  "O(N) when saving, N being the keys of all databases" "Stops the server, and saves the data before if need be."
                Swapdb       "swapdb"           3 [WRITE FAST] @[DANGEROUS KEYSPACE] [] => swapdb;
                    "index1 index2"
                    "4.0.0"  "O(N), N being the clients that watch or wait for keys in them" "Swaps two databases."
                Time         "time"             1 [LOADING STALE FAST] [] => time;
                    ""
                    "2.6.0"  "O(1)" "Tells the server's time."
                    .tips(&["nondeterministic_output"])
            }
            [server::config] "server" @[] {
                Config       "config"          -2 [CONTAINER] @[] [] => container;
                    ""
                    "2.0.0"  "Depends on the subcommand" "Reads and changes the configuration."
                ConfigGet    "config|get"      -3 [ADMIN NOSCRIPT LOADING STALE] [] => config_get;
                    "pattern [pattern ...]"
                    "2.0.0"  "O(N), N being the parameters" "Reads the parameters that match patterns."
                ConfigHelp   "config|help"      2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                ConfigResetstat "config|resetstat"   2 [ADMIN NOSCRIPT LOADING STALE] [] => config_resetstat;
                    ""
                    "2.0.0"  "O(1)" "Sets the counters of INFO back."
                ConfigRewrite "config|rewrite"   2 [ADMIN NOSCRIPT LOADING STALE] [] => config_rewrite;
                    ""
                    "2.8.0"  "O(N), N being the lines of the file" "Writes the configuration in force to the file."
                ConfigSet    "config|set"      -4 [ADMIN NOSCRIPT LOADING STALE] [] => config_set;
                    "parameter value [parameter value ...]"
                    "2.0.0"  "O(N), N being the parameters" "Changes parameters, all of them or none."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            }
            [server::info] "server" @[] {
                Info         "info"            -1 [LOADING STALE] @[DANGEROUS] [] => info;
                    "[section [section ...]]"
                    "1.0.0"  "O(1)" "Reports state and counters of the server."
                    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
            }
            [server::memory] "server" @[] {
                Memory       "memory"          -2 [CONTAINER] @[] [] => container;
                    ""
                    "4.0.0"  "Depends on the subcommand" "Looks into memory."
                MemoryDoctor "memory|doctor"    2 [] [] => memory_doctor;
                    ""
                    "4.0.0"  "O(1)" "Explains what is wrong with memory, for people."
                    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                MemoryHelp   "memory|help"      2 [LOADING STALE] [] => help;
                    ""
                    "4.0.0"  "O(1)" "Lists the subcommands."
                MemoryMallocStats "memory|malloc-stats"   2 [] [] => memory_malloc_stats;
                    ""
                    "4.0.0"  "Depends on the allocator" "Shows the allocator's own report."
                    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                MemoryPurge  "memory|purge"     2 [] [] => memory_purge;
                    ""
                    "4.0.0"  "Depends on the allocator" "Asks the allocator to give memory back."
                    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                MemoryStats  "memory|stats"     2 [] [] => memory_stats;
                    ""
                    "4.0.0"  "O(1)" "Shows what memory is used for."
                    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                MemoryUsage  "memory|usage"    -3 [READ] [key(2, RO)] => memory_usage;
                    "key [SAMPLES count]"
                    "4.0.0"  "O(N), N being the samples" "Estimates the bytes that a key takes."
            }
            [server::debug] "server" @[] {
                Debug        "debug"           -2 [ADMIN NOSCRIPT LOADING STALE] [] => debug;
                    ""
                    "1.0.0"  "Depends on the subcommand" "Does things that only tests of the server need."
                    .internal()
            }
            [server::explain] "server" @[] {
                Explain      "explain"          -2 [ADMIN NOSCRIPT LOADING STALE SKIP_SLOWLOG MAY_REPLICATE] [] => explain;
                    "[JSON] command [arg [arg ...]]"
                    "0.1.0"  "That of the command" "Executes a command, and replies the way that it has taken through the server."
                    .tips(&["nondeterministic_output"])
            }
            [lists::blocking] "list" @[LIST] {
                Blmove       "blmove"            6 [WRITE DENYOOM NOSCRIPT BLOCKING] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => blmove;
                    "source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout"
                    "6.2.0"  "O(1)" "Moves an element between the ends of two lists, and waits for one if there is none."
                Blmpop       "blmpop"           -5 [WRITE BLOCKING] [keynum(2, RW|ACCESS|DELETE)] => blmpop;
                    "timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]"
                    "7.0.0"  "O(N+M), N being the keys and M the elements returned" "Takes elements from the first list that has any, and waits if none has."
                Blpop        "blpop"            -3 [WRITE NOSCRIPT BLOCKING] [range(1, -2, 1, RW|ACCESS|DELETE)] => blpop;
                    "key [key ...] timeout"
                    "2.0.0"  "O(N), N being the keys" "Takes the first element of the first list that has one, and waits if none has."
                Brpop        "brpop"            -3 [WRITE NOSCRIPT BLOCKING] [range(1, -2, 1, RW|ACCESS|DELETE)] => brpop;
                    "key [key ...] timeout"
                    "2.0.0"  "O(N), N being the keys" "Takes the last element of the first list that has one, and waits if none has."
                Brpoplpush   "brpoplpush"        4 [WRITE DENYOOM NOSCRIPT BLOCKING] [key(1, RW|ACCESS|DELETE), key(2, RW|INSERT)] => brpoplpush;
                    "source destination timeout"
                    "2.2.0"  "O(1)" "Moves the last element of a list to the front of another, and waits for one if there is none."
                    .replaced("6.2.0", "BLMOVE source destination RIGHT LEFT timeout")
            }
            [sorted_sets::blocking] "sorted-set" @[SORTEDSET] {
                Bzmpop       "bzmpop"          -5 [WRITE BLOCKING] [keynum(2, RW|ACCESS|DELETE)] => bzmpop;
                    "timeout numkeys key [key ...] <MIN|MAX> [COUNT count]"
                    "7.0.0"  "O(K)+O(M*log(N)), K being the keys, M the members taken of N" "Takes the lowest or highest members of the first sorted set that has any, and waits if none has."
                Bzpopmax     "bzpopmax"        -3 [WRITE NOSCRIPT BLOCKING FAST] [range(1, -2, 1, RW|ACCESS|DELETE)] => bzpopmax;
                    "key [key ...] timeout"
                    "5.0.0"  "O(log(N)), N being the members" "Takes the highest member of the first sorted set that has one, and waits if none has."
                Bzpopmin     "bzpopmin"        -3 [WRITE NOSCRIPT BLOCKING FAST] [range(1, -2, 1, RW|ACCESS|DELETE)] => bzpopmin;
                    "key [key ...] timeout"
                    "5.0.0"  "O(log(N)), N being the members" "Takes the lowest member of the first sorted set that has one, and waits if none has."
            }
            [connection::client] "connection" @[CONNECTION] {
                ClientUnblock "client|unblock"  -3 [ADMIN NOSCRIPT LOADING STALE] [] => client_unblock;
                    "client-id [TIMEOUT|ERROR]"
                    "5.0.0"  "O(log(N)), N being the connections" "Ends the wait of a blocked connection."
            }
            [server::latency] "server" @[] {
                Latency      "latency"         -2 [CONTAINER] [] => container;
                    ""
                    "2.8.13" "Depends on the subcommand" "Looks into what was slow."
                LatencyDoctor "latency|doctor"   2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_doctor;
                    ""
                    "2.8.13" "O(1)" "Explains what was slow, for people."
                    .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                LatencyGraph "latency|graph"    3 [ADMIN NOSCRIPT LOADING STALE] [] => latency_graph;
                    "event"
                    "2.8.13" "O(1)" "Draws the latency of an event over time."
                    .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                LatencyHelp  "latency|help"     2 [LOADING STALE] [] => help;
                    ""
                    "2.8.13" "O(1)" "Lists the subcommands."
                LatencyHistogram "latency|histogram"  -2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_histogram;
                    "[command [command ...]]"
                    "7.0.0"  "O(N), N being the commands shown" "Shows how long commands take."
                    .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                LatencyHistory "latency|history"   3 [ADMIN NOSCRIPT LOADING STALE] [] => latency_history;
                    "event"
                    "2.8.13" "O(1)" "Lists the latency of an event over time."
                    .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                LatencyLatest "latency|latest"   2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_latest;
                    ""
                    "2.8.13" "O(1)" "Lists the latest latency of all events."
                    .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                LatencyReset "latency|reset"   -2 [ADMIN NOSCRIPT LOADING STALE] [] => latency_reset;
                    "[event [event ...]]"
                    "2.8.13" "O(1)" "Forgets the latency of events."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            }
            [server::slowlog] "server" @[] {
                Commandlog   "commandlog"      -2 [CONTAINER] [] => container;
                    ""
                    "8.1.0"  "Depends on the subcommand" "Looks into the logs of commands that cost much."
                CommandlogGet "commandlog|get"  4 [ADMIN LOADING STALE] [] => commandlog_get;
                    "count <SLOW|LARGE-REQUEST|LARGE-REPLY>"
                    "8.1.0"  "O(N), N being the entries returned" "Lists the latest commands of a log."
                    .tips(&["request_policy:all_nodes", "nondeterministic_output"])
                CommandlogHelp "commandlog|help" 2 [LOADING STALE] [] => help;
                    ""
                    "8.1.0"  "O(1)" "Lists the subcommands."
                CommandlogLen "commandlog|len"  3 [ADMIN LOADING STALE] [] => commandlog_len;
                    "<SLOW|LARGE-REQUEST|LARGE-REPLY>"
                    "8.1.0"  "O(1)" "Counts the entries of a log."
                    .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
                CommandlogReset "commandlog|reset" 3 [ADMIN LOADING STALE] [] => commandlog_reset;
                    "<SLOW|LARGE-REQUEST|LARGE-REPLY>"
                    "8.1.0"  "O(N), N being the entries" "Empties a log."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                Slowlog      "slowlog"         -2 [CONTAINER] [] => container;
                    ""
                    "2.2.12" "Depends on the subcommand" "Looks into the log of slow commands."
                SlowlogGet   "slowlog|get"     -2 [ADMIN LOADING STALE] [] => slowlog_get;
                    "[count]"
                    "2.2.12" "O(N), N being the entries returned" "Lists the latest slow commands."
                    .tips(&["request_policy:all_nodes", "nondeterministic_output"])
                SlowlogHelp  "slowlog|help"     2 [LOADING STALE] [] => help;
                    ""
                    "6.2.0"  "O(1)" "Lists the subcommands."
                SlowlogLen   "slowlog|len"      2 [ADMIN LOADING STALE] [] => slowlog_len;
                    ""
                    "2.2.12" "O(1)" "Counts the entries of the slow log."
                    .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
                SlowlogReset "slowlog|reset"    2 [ADMIN LOADING STALE] [] => slowlog_reset;
                    ""
                    "2.2.12" "O(N), N being the entries" "Empties the slow log."
                    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            }
            [replication] "server" @[] {
                Failover     "failover"        -1 [ADMIN NOSCRIPT STALE] [] => failover;
                    "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]"
                    "6.2.0"  "O(1)" "Hands the master's role to a replica."
                Psync        "psync"           -3 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => psync;
                    "replicationid offset"
                    "2.8.0"  "O(N) for a full copy, N being the keys" "Makes the connection a replica, from an offset on if possible."
                Replconf     "replconf"        -1 [ADMIN NOSCRIPT LOADING STALE ALLOW_BUSY] [] => replconf;
                    "[option value [option value ...]]"
                    "3.0.0"  "O(1)" "Settles details between master and replica."
                    .internal()
                Replicaof    "replicaof"        3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] => replicaof;
                    "<host port|NO ONE>"
                    "5.0.0"  "O(1)" "Makes the server a replica of another one, or a master."
                Role         "role"             1 [NOSCRIPT LOADING STALE FAST] @[ADMIN DANGEROUS] [] => role;
                    ""
                    "2.8.12" "O(1)" "Tells the server's role in replication."
                Slaveof      "slaveof"          3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] => slaveof;
                    "<host port|NO ONE>"
                    "1.0.0"  "O(1)" "Makes the server a replica of another one, or a master; the older name of REPLICAOF."
                    .replaced("5.0.0", "REPLICAOF")
                Sync         "sync"             1 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] => sync;
                    ""
                    "1.0.0"  "O(N), N being the keys" "Makes the connection a replica, with a full copy."
            }
            [replication] "generic" @[] {
                Wait         "wait"             3 [NOSCRIPT] @[CONNECTION] [] => wait;
                    "numreplicas milliseconds"
                    "3.0.0"  "O(1)" "Waits until replicas have received this connection's writes."
                    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
                Waitaof      "waitaof"           4 [BLOCKING] @[CONNECTION] [] => waitaof;
                    "numlocal numreplicas milliseconds"
                    "7.2.0"  "O(1)" "Waits until this connection's writes are on disks: this server's, and those of replicas."
                    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
            }
            [streams] "stream" @[STREAM] {
                Xack         "xack"            -4 [WRITE FAST] [key(1, RW|UPDATE)] => group::xack;
                    "key group id [id ...]"
                    "5.0.0"  "O(1) for each ID" "Marks messages as done, so that they are no longer pending."
                Xackdel      "xackdel"         -6 [WRITE FAST] [key(1, RW|UPDATE|DELETE)] => remove::xackdel;
                    "key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]"
                    "8.2.0"  "O(1) for each ID" "Marks messages as done, and removes entries that groups don't need any more."
                Xadd         "xadd"            -5 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => xadd;
                    "key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [<MAXLEN|MINID> [=|~] threshold [LIMIT count]] <*|id> field value [field value ...]"
                    "5.0.0"  "O(1); with trimming O(N), N being the entries removed" "Adds an entry at the end of a stream, and may trim it."
                    .tips(&["nondeterministic_output"]).notes(&[(0, "May remove entries, if trimming is asked for")])
                Xautoclaim   "xautoclaim"      -6 [WRITE FAST] [key(1, RW|DELETE)] => claim::xautoclaim;
                    "key group consumer min-idle-time start-id [COUNT count] [JUSTID]"
                    "6.2.0"  "O(1) for a small COUNT" "Takes over messages that others have left pending for long."
                    .tips(&["nondeterministic_output"])
                Xclaim       "xclaim"          -6 [WRITE FAST] [key(1, RW|UPDATE)] => claim::xclaim;
                    "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]"
                    "5.0.0"  "O(log(N)) for each ID, N being the pending messages" "Makes a consumer the owner of pending messages."
                    .tips(&["nondeterministic_output"])
                Xdel         "xdel"            -3 [WRITE FAST] [key(1, RW|DELETE)] => xdel;
                    "key id [id ...]"
                    "5.0.0"  "O(1) for each ID" "Removes entries from a stream."
                Xdelex       "xdelex"          -5 [WRITE FAST] [key(1, RW|DELETE)] => remove::xdelex;
                    "key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]"
                    "8.2.0"  "O(1) for each ID" "Removes entries from a stream, and says what that means for groups."
                Xgroup       "xgroup"          -2 [CONTAINER] @[] [] => container;
                    ""
                    "5.0.0"  "Depends on the subcommand" "Manages the consumer groups of a stream."
                XgroupCreate "xgroup|create"   -5 [WRITE DENYOOM] [key(2, RW|INSERT)] => group::xgroup_create;
                    "key groupname <id|$> [MKSTREAM] [ENTRIESREAD entries-read]"
                    "5.0.0"  "O(1)" "Creates a consumer group."
                XgroupCreateconsumer "xgroup|createconsumer"   5 [WRITE DENYOOM] [key(2, RW|INSERT)] => group::xgroup_createconsumer;
                    "key groupname consumername"
                    "6.2.0"  "O(1)" "Creates a consumer in a group."
                XgroupDelconsumer "xgroup|delconsumer"   5 [WRITE] [key(2, RW|DELETE)] => group::xgroup_delconsumer;
                    "key groupname consumername"
                    "5.0.0"  "O(N), N being its pending messages" "Removes a consumer from its group."
                XgroupDestroy "xgroup|destroy"   4 [WRITE] [key(2, RW|DELETE)] => group::xgroup_destroy;
                    "key groupname"
                    "5.0.0"  "O(N), N being the pending messages" "Removes a consumer group."
                XgroupHelp   "xgroup|help"      2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                XgroupSetid  "xgroup|setid"    -5 [WRITE] [key(2, RW|UPDATE)] => group::xgroup_setid;
                    "key groupname <id|$> [ENTRIESREAD entries-read]"
                    "5.0.0"  "O(1)" "Sets up to which entry a group has read."
                Xinfo        "xinfo"           -2 [CONTAINER] @[] [] => container;
                    ""
                    "5.0.0"  "Depends on the subcommand" "Looks into streams and their consumer groups."
                XinfoConsumers "xinfo|consumers"   4 [READ] [key(2, RO|ACCESS)] => info::xinfo_consumers;
                    "key groupname"
                    "5.0.0"  "O(N), N being the consumers" "Lists the consumers of a group."
                    .tips(&["nondeterministic_output"])
                XinfoGroups  "xinfo|groups"     3 [READ] [key(2, RO|ACCESS)] => info::xinfo_groups;
                    "key"
                    "5.0.0"  "O(N), N being the groups" "Lists the consumer groups of a stream."
                XinfoHelp    "xinfo|help"       2 [LOADING STALE] [] => help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                XinfoStream  "xinfo|stream"    -3 [READ] [key(2, RO|ACCESS)] => info::xinfo_stream;
                    "key [FULL [COUNT count]]"
                    "5.0.0"  "O(1); with FULL O(N), N being what it shows" "Shows the state of a stream."
                Xlen         "xlen"             2 [READ FAST] [key(1, RO)] => xlen;
                    "key"
                    "5.0.0"  "O(1)" "Counts the entries of a stream."
                Xpending     "xpending"        -3 [READ] [key(1, RO|ACCESS)] => group::xpending;
                    "key group [[IDLE min-idle-time] start-id end-id count [consumer]]"
                    "5.0.0"  "O(N), N being the messages returned" "Lists the pending messages of a group, or sums them up."
                    .tips(&["nondeterministic_output"])
                Xrange       "xrange"          -4 [READ] [key(1, RO|ACCESS)] => read::xrange;
                    "key start-id end-id [COUNT count]"
                    "5.0.0"  "O(N), N being the entries returned" "Lists the entries between two IDs."
                Xread        "xread"           -4 [READ BLOCKING] [after("STREAMS", 1, -1, 2, RO|ACCESS)] => read::xread;
                    "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]"
                    "5.0.0"  "O(N), N being the entries returned" "Reads new entries of several streams, and waits for some if asked to."
                Xreadgroup   "xreadgroup"      -7 [WRITE BLOCKING] [after("STREAMS", 4, -1, 2, RO|ACCESS)] => read::xreadgroup;
                    "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]"
                    "5.0.0"  "O(N), N being the entries returned" "Reads new entries as a consumer of a group, and waits for some if asked to."
                Xrevrange    "xrevrange"       -4 [READ] [key(1, RO|ACCESS)] => read::xrevrange;
                    "key end-id start-id [COUNT count]"
                    "5.0.0"  "O(N), N being the entries returned" "Lists the entries between two IDs backwards."
                Xsetid       "xsetid"          -3 [WRITE DENYOOM FAST] [key(1, RW|UPDATE)] => xsetid;
                    "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-entry-id]"
                    "5.0.0"  "O(1)" "Sets the last ID of a stream, for replication."
                Xtrim        "xtrim"           -4 [WRITE] [key(1, RW|DELETE)] => trim::xtrim;
                    "key <MAXLEN|MINID> [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]"
                    "5.0.0"  "O(N), N being the entries removed" "Removes the oldest entries of a stream."
                    .tips(&["nondeterministic_output"])
            }
            [cluster] "cluster" @[] {
                Cluster      "cluster"         -2 [CONTAINER] [] => container;
                    ""
                    "3.0.0"  "It depends on the subcommand" "Commands about the cluster."
                ClusterAddslots "cluster|addslots"   -3 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::addslots;
                    "slot [slot ...]"
                    "3.0.0"  "O(N), N being the slots" "Gives slots to this node."
                ClusterAddslotsrange "cluster|addslotsrange"   -4 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::addslotsrange;
                    "start-slot end-slot [start-slot end-slot ...]"
                    "7.0.0"  "O(N), N being the slots" "Gives ranges of slots to this node."
                ClusterBumpepoch "cluster|bumpepoch"    2 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::bumpepoch;
                    ""
                    "3.0.0"  "O(1)" "Takes the next configuration epoch."
                    .tips(&["nondeterministic_output"])
                ClusterCountFailureReports "cluster|count-failure-reports"    3 [ADMIN STALE] [] => nodes::count_failure_reports;
                    "node-id"
                    "3.0.0"  "O(N), N being the reports" "Counts who reports that a node has failed."
                    .tips(&["nondeterministic_output"])
                ClusterCountkeysinslot "cluster|countkeysinslot"    3 [STALE] [] => keys::countkeysinslot;
                    "slot"
                    "3.0.0"  "O(1)" "Counts the keys of a slot."
                ClusterDelslots "cluster|delslots"   -3 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::delslots;
                    "slot [slot ...]"
                    "3.0.0"  "O(N), N being the slots" "Takes slots away from this node."
                ClusterDelslotsrange "cluster|delslotsrange"   -4 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::delslotsrange;
                    "start-slot end-slot [start-slot end-slot ...]"
                    "7.0.0"  "O(N), N being the slots" "Takes ranges of slots away from this node."
                ClusterFailover "cluster|failover"   -2 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::failover;
                    "[FORCE|TAKEOVER]"
                    "3.0.0"  "O(1)" "Lets a replica take over from its master."
                ClusterFlushslots "cluster|flushslots"    2 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::flushslots;
                    ""
                    "3.0.0"  "O(1)" "Takes all slots away from this node."
                ClusterForget "cluster|forget"    3 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::forget;
                    "node-id"
                    "3.0.0"  "O(1)" "Removes a node from the table of nodes."
                ClusterGetkeysinslot "cluster|getkeysinslot"    4 [STALE] [] => keys::getkeysinslot;
                    "slot count"
                    "3.0.0"  "O(log(N)), N being the keys asked for" "Lists keys of a slot."
                    .tips(&["nondeterministic_output"])
                ClusterHelp  "cluster|help"     2 [LOADING STALE] [] => cluster_help;
                    ""
                    "5.0.0"  "O(1)" "Lists the subcommands."
                ClusterInfo  "cluster|info"     2 [STALE] [] => shown::info;
                    ""
                    "3.0.0"  "O(1)" "Tells the state of the cluster."
                    .tips(&["nondeterministic_output"])
                ClusterKeyslot "cluster|keyslot"    3 [STALE] [] => keys::keyslot;
                    "key"
                    "3.0.0"  "O(N), N being the bytes of the key" "Tells the slot of a key."
                ClusterLinks "cluster|links"    2 [STALE] [] => maps::links;
                    ""
                    "7.0.0"  "O(N), N being the nodes" "Lists the connections to other nodes."
                    .tips(&["nondeterministic_output"])
                ClusterMeet  "cluster|meet"    -4 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::meet;
                    "ip port [cluster-bus-port]"
                    "3.0.0"  "O(1)" "Connects this node with another one."
                ClusterMyid  "cluster|myid"     2 [STALE] [] => shown::myid;
                    ""
                    "3.0.0"  "O(1)" "Tells the id of this node."
                ClusterMyshardid "cluster|myshardid"    2 [STALE] [] => shown::myshardid;
                    ""
                    "7.2.0"  "O(1)" "Tells the id of this node's shard."
                    .tips(&["nondeterministic_output"])
                ClusterNodes "cluster|nodes"    2 [STALE] [] => shown::nodes;
                    ""
                    "3.0.0"  "O(N), N being the nodes" "Lists the nodes and their slots."
                    .tips(&["nondeterministic_output"])
                ClusterReplicas "cluster|replicas"    3 [ADMIN STALE] [] => shown::replicas;
                    "node-id"
                    "5.0.0"  "O(1)" "Lists the replicas of a node."
                    .tips(&["nondeterministic_output"])
                ClusterReplicate "cluster|replicate"    3 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::replicate;
                    "node-id"
                    "3.0.0"  "O(1)" "Makes this node a replica of another one."
                ClusterReset "cluster|reset"   -2 [ADMIN NOSCRIPT STALE] [] => nodes::reset;
                    "[HARD|SOFT]"
                    "3.0.0"  "O(N), N being the nodes" "Makes this node forget the cluster."
                ClusterSaveconfig "cluster|saveconfig"    2 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::saveconfig;
                    ""
                    "3.0.0"  "O(1)" "Writes the cluster's state to its file."
                ClusterSetConfigEpoch "cluster|set-config-epoch"    3 [ADMIN STALE NO_ASYNC_LOADING] [] => nodes::set_config_epoch;
                    "config-epoch"
                    "3.0.0"  "O(1)" "Sets the configuration epoch of a new node."
                ClusterSetslot "cluster|setslot"   -4 [ADMIN STALE NO_ASYNC_LOADING] [] => slots::setslot;
                    "slot <IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE>"
                    "3.0.0"  "O(1)" "Says whose a slot is, or where it moves."
                ClusterShards "cluster|shards"    2 [STALE] [] => maps::shards;
                    ""
                    "7.0.0"  "O(N), N being the nodes" "Lists the shards with their nodes and slots."
                    .tips(&["nondeterministic_output"])
                ClusterSlaves "cluster|slaves"    3 [ADMIN STALE] [] => shown::slaves;
                    "node-id"
                    "3.0.0"  "O(1)" "Lists the replicas of a node."
                    .tips(&["nondeterministic_output"]).replaced("5.0.0", "CLUSTER REPLICAS")
                ClusterSlotStats "cluster|slot-stats"   -4 [STALE LOADING] [] => slot_stats::slot_stats;
                    "<SLOTSRANGE start-slot end-slot|ORDERBY metric [LIMIT limit] [ASC|DESC]>"
                    "8.2.0"  "O(N) for SLOTSRANGE, O(N log(N)) for ORDERBY, N being the slots" "Tells how many keys slots have, and what is done with them."
                    .tips(&["nondeterministic_output", "request_policy:all_shards"])
                ClusterSlots "cluster|slots"    2 [STALE] [] => maps::slots;
                    ""
                    "3.0.0"  "O(N), N being the nodes" "Lists ranges of slots with their nodes."
                    .tips(&["nondeterministic_output"]).replaced("7.0.0", "CLUSTER SHARDS")
            }
            [cluster] "cluster" @[CONNECTION] {
                Asking       "asking"           1 [FAST] [] => routing::asking;
                    ""
                    "3.0.0"  "O(1)" "Says that the next command was redirected here by -ASK."
                Readonly     "readonly"         1 [LOADING STALE FAST] [] => routing::readonly;
                    ""
                    "3.0.0"  "O(1)" "Allows reading from a replica of the cluster."
                Readwrite    "readwrite"        1 [LOADING STALE FAST] [] => routing::readwrite;
                    ""
                    "3.0.0"  "O(1)" "Ends what READONLY has allowed."
            }
        }
    };
}
pub(crate) use table;
