//! The commands that are sent, as tables of syntax lines, one table per family.
//!
//! A line reads like the syntax in a manual and is expanded at random by `generator.rs`:
//!
//! ```text
//! SET string value [NX|XX] [GET]     capitals, digits and signs stand for themselves
//! string list hash set zset ...      a key, mostly one that holds this type
//! value int score seconds ...        an argument; generator.rs lists them
//! [a|b]                              nothing, a or b
//! (a|b)                              a or b
//! member...                          once or a few times
//! SPOP set ; SCARD $1 ; DEL $1       further commands; $1 is argument 1 of the first
//! ```
//!
//! The number in front is a weight within the family. The [`Check`] says how much of the reply has
//! to agree. A command that changes data at random (SPOP) cannot be followed by both servers: its
//! reply is compared in shape, its effect by a count, and then the key is deleted on both.
//!
//! What has a further command is never spoiled, so one is added where a wrong argument would ask for
//! something that each server answers in its own way: another cursor than 0, say.
//!
//! What it leaves out on purpose: commands about the server and not the data (INFO, CONFIG, CLIENT,
//! DEBUG), whatever waits, and expiry within the run. Those need a script that knows what it waits
//! for. Offsets stay small or beyond the limit: between the two lies half a gigabyte of zeros.

use crate::compare::Check::{self, Exact, Near, Pairs, Shape, Unordered};

/// Weight, how to compare the reply, syntax.
pub type Row = (u32, Check, &'static str);

/// How often a family is chosen, its name in `FAMILIES`, and its rows.
pub const FAMILIES: &[(u32, &str, &[Row])] = &[
    (10, "strings", STRINGS),
    (8, "keys", KEYS),
    (10, "lists", LISTS),
    (10, "hashes", HASHES),
    (10, "sets", SETS),
    (10, "sortedsets", SORTED_SETS),
    (2, "lex", LEX),
    (10, "streams", STREAMS),
    (5, "bitmaps", BITMAPS),
    (2, "hyperloglog", HYPERLOGLOG),
    (4, "geo", GEO),
    (2, "transactions", TRANSACTIONS),
    (3, "encodings", ENCODINGS),
];

/// What came after 7.0: families for the later server, with the commands that they need of the others. Only what
/// both servers answer alike stands in them.
pub const LATER_FAMILIES: &[(u32, &str, &[Row])] = &[
    (10, "hashfields", HASH_FIELDS),
    (5, "fieldorder", FIELD_ORDER),
    (10, "references", REFERENCES),
    (4, "options", LATER_OPTIONS),
];

/// What is sent when `FAMILIES` is not set: the families that the server has.
pub const DEFAULT_FAMILIES: &str =
    "strings,keys,lists,hashes,sets,sortedsets,lex,streams,bitmaps,hyperloglog,geo";

/// Entries that go with or without what groups know of them.
const REFERENCES: &[Row] = &[
    // Of a stream that was trimmed with DELREF or ACKED, 8.2.3 may trim too many entries or too few the next
    // time; so the key goes.
    (
        10,
        Exact,
        "XADD stream [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [MAXLEN [=] count|MINID [=] id] new_id \
         field value ; XRANGE $1 - + ; DEL $1",
    ),
    (
        4,
        Exact,
        "XADD stream [MAXLEN [=] count|MINID [=] id] [KEEPREF|DELREF|ACKED] new_id field value ; \
         XRANGE $1 - + ; DEL $1",
    ),
    (8, Exact, "XADD stream new_id field value"),
    (3, Exact, "XGROUP CREATE stream group (0|$|id) [MKSTREAM]"),
    (1, Exact, "XGROUP SETID stream group (id|$)"),
    (8, Exact, "XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS stream > ; PING"),
    (6, Exact, "XACK stream group id..."),
    (1, Exact, "XCLAIM stream group consumer 0 id... [FORCE] JUSTID"),
    (1, Exact, "XDEL stream id..."),
    (3, Exact, "XDELEX stream [KEEPREF|DELREF|ACKED] IDS (1 id|2 id id|3 id id id|count id|0 id)"),
    (1, Exact, "XDELEX stream IDS (1 id|2 id id|value id) [KEEPREF|DELREF|ACKED] [ACKED]"),
    (
        4,
        Exact,
        "XACKDEL stream group [KEEPREF|DELREF|ACKED] IDS (1 id|2 id id|count id|4 id id id id)",
    ),
    (1, Exact, "XACKDEL (key|string) group IDS (1 id|count id|1 value)"),
    (
        3,
        Exact,
        "XTRIM stream [KEEPREF|DELREF|ACKED] (MAXLEN|MINID) [=] count [DELREF|ACKED] ; XRANGE $1 - + ; DEL $1",
    ),
    (
        3,
        Exact,
        "XTRIM stream (MAXLEN|MINID) [=] id (KEEPREF|DELREF|ACKED) ; XRANGE $1 - + ; DEL $1",
    ),
    (4, Exact, "XPENDING stream group"),
    (
        2,
        Exact,
        "XREAD [COUNT count] STREAMS (stream +|stream stream + read_id|stream stream read_id +|key +) ; PING",
    ),
];

/// What old commands have learned.
const LATER_OPTIONS: &[Row] = &[
    (6, Exact, "SET string value"),
    (2, Exact, "SETBIT string bit_offset (0|1)"),
    (8, Exact, "BITOP (DIFF|DIFF1|ANDOR|ONE) string string..."),
    (2, Exact, "BITOP (DIFF|DIFF1|ANDOR|ONE) string key..."),
    (4, Exact, "ZADD zset (1|2|3|-7|+INF|100) value ; ZCARD $1"),
    (4, Exact, "(ZRANK|ZREVRANK) zset value [WITHSCORE]"),
    (1, Exact, "(ZRANK|ZREVRANK) key value (WITHSCORE|value|WITHSCORE 1)"),
    (1, Exact, "DEL key"),
];

const STRINGS: &[Row] = &[
    (
        12,
        Exact,
        "SET string value [NX|XX] [GET] [EX seconds|PX millis|EXAT when|PXAT when_ms|KEEPTTL]",
    ),
    (8, Exact, "SET string number"),
    (10, Exact, "GET string"),
    (2, Exact, "GETDEL string"),
    (4, Exact, "GETEX string [EX seconds|PX millis|EXAT when|PXAT when_ms|PERSIST]"),
    (2, Exact, "GETSET string value"),
    (3, Exact, "SETNX string value"),
    (2, Exact, "SETEX string seconds value"),
    (2, Exact, "PSETEX string millis value"),
    (4, Exact, "MSET (string value)..."),
    (2, Exact, "MSETNX (string value)..."),
    (4, Exact, "MGET string..."),
    (6, Exact, "APPEND string value"),
    (3, Exact, "STRLEN string"),
    (4, Exact, "(GETRANGE|SUBSTR) string index index"),
    (5, Exact, "SETRANGE string offset value"),
    (5, Exact, "(INCR|DECR) string"),
    (5, Exact, "(INCRBY|DECRBY) string int"),
    (5, Exact, "INCRBYFLOAT string float"),
    (2, Exact, "LCS string string [LEN|IDX] [MINMATCHLEN count] [WITHMATCHLEN]"),
];

const KEYS: &[Row] = &[
    (4, Exact, "(DEL|UNLINK) key..."),
    (4, Exact, "(EXISTS|TOUCH) key..."),
    (4, Exact, "TYPE key"),
    (5, Exact, "EXPIRE key seconds [NX|XX|GT|LT]"),
    (3, Exact, "PEXPIRE key millis [NX|XX|GT|LT]"),
    (3, Exact, "EXPIREAT key when [NX|XX|GT|LT]"),
    (3, Exact, "PEXPIREAT key when_ms [NX|XX|GT|LT]"),
    (4, Near(2), "(TTL|EXPIRETIME) key"),
    (4, Near(2000), "(PTTL|PEXPIRETIME) key"),
    (3, Exact, "PERSIST key"),
    (4, Exact, "(RENAME|RENAMENX) key key"),
    (4, Exact, "COPY key key [DB db] [REPLACE]"),
    (2, Exact, "MOVE key db"),
    (3, Unordered, "KEYS pattern"),
    (3, Unordered, "SCAN 0 [MATCH pattern] COUNT 10000 [TYPE type] ; DBSIZE"),
    (2, Exact, "DBSIZE"),
    (1, Shape, "RANDOMKEY"),
    (2, Exact, "SELECT db"),
    // In Redis, a sorted set that was sorted is a skiplist ever after; so the key goes.
    (4, Exact, "SORT (list|key) [LIMIT index count] [ASC|DESC] [STORE list] ; DEL $1"),
    // The C library's collation ends at a zero byte: only words without one have an order.
    (2, Unordered, "SORT key ALPHA ; DEL $1"),
    (2, Exact, "DEL list ; RPUSH $1 (Fig|PEAR|Zoo|10|9|A)... ; SORT $1 ALPHA [DESC] [LIMIT 1 2]"),
    // Elements of equal weight keep the order of a set's hash table, which is nobody's business.
    (2, Unordered, "SORT_RO list BY (weight_*|hash:*->field) [GET #] [GET string:*] ; DEL $1"),
    (
        1,
        Exact,
        "DEL list ; RPUSH $1 value... ; \
         SORT_RO $1 BY NOSORT [DESC] [LIMIT index count] [GET string:*] [GET #]",
    ),
    (1, Exact, "SORT_RO list (ALPHA|BY|LIMIT 1|STORE X|GET) ; DEL $1"),
    (1, Exact, "SWAPDB db db"),
    (1, Exact, "ECHO value"),
    (1, Exact, "PING [value]"),
];

const LISTS: &[Row] = &[
    (12, Exact, "(LPUSH|RPUSH) list value..."),
    (3, Exact, "(LPUSHX|RPUSHX) list value..."),
    (6, Exact, "(LPOP|RPOP) list [count]"),
    (3, Exact, "LLEN list"),
    (6, Exact, "LRANGE list index index"),
    (4, Exact, "LINDEX list index"),
    (4, Exact, "LSET list index value"),
    (4, Exact, "LINSERT list (BEFORE|AFTER) value value"),
    (4, Exact, "LREM list index value"),
    (3, Exact, "LTRIM list index index"),
    (2, Exact, "LPOS list value [COUNT count] [MAXLEN count]"),
    (3, Exact, "LPOS list value RANK rank [COUNT count] [MAXLEN count] ; LLEN $1"),
    (4, Exact, "LMOVE list list (LEFT|RIGHT) (LEFT|RIGHT)"),
    (2, Exact, "RPOPLPUSH list list"),
    (3, Exact, "LMPOP (1 list|2 list list|numkeys list list) (LEFT|RIGHT) [COUNT count]"),
    (1, Exact, "LRANGE list 0 -1"),
];

const HASHES: &[Row] = &[
    (12, Exact, "HSET hash (field value)..."),
    (2, Exact, "HMSET hash (field value)..."),
    (3, Exact, "HSETNX hash field value"),
    (6, Exact, "HGET hash field"),
    (3, Exact, "HMGET hash field..."),
    (5, Exact, "HDEL hash field..."),
    (3, Exact, "(HEXISTS|HSTRLEN) hash field"),
    (2, Exact, "HLEN hash"),
    (3, Pairs, "HGETALL hash"),
    (3, Unordered, "(HKEYS|HVALS) hash"),
    (4, Exact, "HINCRBY hash field int"),
    (4, Exact, "HINCRBYFLOAT hash field float"),
    (2, Shape, "HRANDFIELD hash [count [WITHVALUES]]"),
    (2, Unordered, "HSCAN hash 0 COUNT 10000 [MATCH pattern] ; HLEN $1"),
];

/// Fields that expire. Conditions come with absolute times only: the same moment is another millisecond for
/// each server.
const HASH_FIELDS: &[Row] = &[
    (10, Exact, "HSET hash (field value)..."),
    (2, Exact, "HSETNX hash field value"),
    (3, Exact, "HGET hash field"),
    (3, Exact, "HMGET hash field..."),
    (4, Exact, "HDEL hash field..."),
    (2, Exact, "(HEXISTS|HSTRLEN) hash field"),
    (2, Exact, "HLEN hash"),
    (3, Pairs, "HGETALL hash"),
    (2, Unordered, "(HKEYS|HVALS) hash"),
    (3, Exact, "HINCRBY hash field int"),
    (2, Exact, "HINCRBYFLOAT hash field float"),
    (2, Shape, "HRANDFIELD hash [count [WITHVALUES]]"),
    (2, Unordered, "HSCAN hash 0 COUNT 10000 NOVALUES [MATCH pattern] ; HLEN $1"),
    (2, Exact, "DEL hash"),
    (2, Exact, "COPY hash hash [REPLACE]"),
    (1, Exact, "RENAME hash hash"),
    (1, Exact, "SET hash value"),
    (2, Exact, "SORT list BY NOSORT GET hash:*->field"),
    (1, Exact, "RPUSH list (0|1|2|3)..."),
    (3, Exact, "HEXPIRE hash seconds FIELDS (1 field|2 field field|numkeys field)"),
    (3, Exact, "HPEXPIRE hash millis FIELDS (1 field|3 field field field|numkeys field)"),
    (4, Exact, "HEXPIREAT hash when [NX|XX|GT|LT] FIELDS (1 field|2 field field|numkeys field)"),
    (
        6,
        Exact,
        "HPEXPIREAT hash when_ms [NX|XX|GT|LT] FIELDS (1 field|2 field field|numkeys field)",
    ),
    (4, Exact, "HPERSIST hash FIELDS (1 field|2 field field|numkeys field)"),
    (2, Near(2), "(HTTL|HEXPIRETIME) hash FIELDS (1 field|2 field field|numkeys field)"),
    (2, Near(2000), "(HPTTL|HPEXPIRETIME) hash FIELDS (1 field|2 field field|numkeys field)"),
    (4, Exact, "HGETDEL hash FIELDS (1 field|2 field field|numkeys field)"),
    (
        5,
        Exact,
        "HGETEX hash [EX seconds|PX millis|EXAT when|PXAT when_ms|PERSIST] \
         FIELDS (1 field|2 field field|numkeys field)",
    ),
    (
        6,
        Exact,
        "HSETEX hash [FNX|FXX] [EX seconds|PX millis|EXAT when|PXAT when_ms|KEEPTTL] \
         FIELDS (1 field value|2 field value field value|numkeys field value)",
    ),
];

/// A packed hash is in the order of its times, which is compared here: few fields, few times, nothing large.
const FIELD_ORDER: &[Row] = &[
    (6, Exact, "HSET lex (A|B|C|D|E|F|G) number"),
    (3, Exact, "HDEL lex (A|B|C|D|E|F|G)"),
    (
        6,
        Exact,
        "HPEXPIREAT lex (9000000000000|9000000000001|9000000000002) [NX|XX|GT|LT] FIELDS 1 (A|B|C|D|E|F|G)",
    ),
    (2, Exact, "HPEXPIREAT lex (9000000000000|9000000000001) FIELDS 2 (A|B|C) (D|E|F)"),
    (3, Exact, "HPERSIST lex FIELDS 1 (A|B|C|D|E|F|G)"),
    (3, Exact, "HGETEX lex [PERSIST|PXAT 9000000000001] FIELDS 2 (A|B|C) (A|D|E)"),
    (
        4,
        Exact,
        "HSETEX lex [KEEPTTL|PXAT 9000000000001|PXAT 9000000000000] FIELDS 2 (A|B) number (A|C|D) number",
    ),
    (3, Exact, "HINCRBY lex (A|B|C|D|E|F|G) number"),
    (2, Exact, "HGETDEL lex FIELDS 1 (A|B|C|D|E|F|G)"),
    (4, Exact, "HGETALL lex"),
    (2, Exact, "(HKEYS|HVALS) lex"),
    (1, Exact, "HSCAN lex 0 [NOVALUES] ; HLEN $1"),
    (1, Exact, "COPY lex lex [REPLACE]"),
    (1, Exact, "DEL lex"),
];

const SETS: &[Row] = &[
    (12, Exact, "SADD set member..."),
    (5, Exact, "SREM set member..."),
    (3, Exact, "SISMEMBER set member"),
    (3, Exact, "SMISMEMBER set member..."),
    (2, Exact, "SCARD set"),
    (3, Unordered, "SMEMBERS set"),
    (3, Exact, "SMOVE set set member"),
    (6, Unordered, "(SINTER|SUNION|SDIFF) set..."),
    (5, Exact, "(SINTERSTORE|SUNIONSTORE|SDIFFSTORE) set set..."),
    (3, Exact, "SINTERCARD (1 set|2 set set|numkeys set) [LIMIT count]"),
    (2, Shape, "SRANDMEMBER set [count]"),
    (2, Shape, "SPOP set [count] ; SCARD $1 ; DEL $1"),
    (2, Unordered, "SSCAN set 0 COUNT 10000 [MATCH pattern] ; SCARD $1"),
];

const SORTED_SETS: &[Row] = &[
    (12, Exact, "ZADD zset [NX|XX] [GT|LT] [CH] (score member)..."),
    (3, Exact, "ZADD zset [NX|XX] [GT|LT] [CH] INCR score member"),
    (4, Exact, "ZREM zset member..."),
    (3, Exact, "ZSCORE zset member"),
    (2, Exact, "ZMSCORE zset member..."),
    (4, Exact, "ZINCRBY zset score member"),
    (2, Exact, "ZCARD zset"),
    (3, Exact, "ZCOUNT zset score_bound score_bound"),
    // A third argument is an option since 7.2.
    (4, Exact, "(ZRANK|ZREVRANK) zset member ; ZCARD $1"),
    (4, Exact, "ZRANGE zset index index [REV] [WITHSCORES]"),
    (
        3,
        Exact,
        "ZRANGE zset score_bound score_bound BYSCORE [REV] [LIMIT index count] [WITHSCORES]",
    ),
    (2, Exact, "ZRANGESTORE zset zset index index [REV]"),
    (2, Exact, "ZRANGESTORE zset zset score_bound score_bound BYSCORE [REV] [LIMIT index count]"),
    (2, Exact, "ZREVRANGE zset index index [WITHSCORES]"),
    (
        3,
        Exact,
        "(ZRANGEBYSCORE|ZREVRANGEBYSCORE) zset score_bound score_bound [WITHSCORES] \
         [LIMIT index count]",
    ),
    (2, Exact, "ZREMRANGEBYRANK zset index index"),
    (2, Exact, "ZREMRANGEBYSCORE zset score_bound score_bound"),
    (3, Exact, "(ZPOPMIN|ZPOPMAX) zset [count]"),
    (2, Exact, "ZMPOP (1 zset|2 zset zset) (MIN|MAX) [COUNT count]"),
    (3, Exact, "(ZUNION|ZINTER) 2 zset zset [WEIGHTS float float] [AGGREGATE (SUM|MIN|MAX)]"),
    (
        3,
        Exact,
        "(ZUNION|ZINTER) 3 zset (zset|set) (zset|set) [WEIGHTS score score score] \
         [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
    ),
    (2, Exact, "ZDIFF (2 zset zset|3 zset zset set|numkeys zset zset) [WITHSCORES]"),
    (3, Exact, "(ZUNIONSTORE|ZINTERSTORE) zset 2 (zset|set) zset [WEIGHTS float float]"),
    (2, Exact, "ZDIFFSTORE zset 2 zset zset"),
    (2, Exact, "ZINTERCARD 2 zset zset [LIMIT count]"),
    (2, Shape, "ZRANDMEMBER zset [count [WITHSCORES]]"),
    (2, Pairs, "ZSCAN zset 0 COUNT 10000 [MATCH pattern] ; ZCARD $1"),
];

/// Ranges by name mean something only where all scores are equal; elsewhere the answer depends on
/// the levels a skip list has rolled. These keys have no other writers.
const LEX: &[Row] = &[
    (4, Exact, "ZADD lex (0 member)... ; ZCARD $1"),
    (3, Exact, "ZRANGE lex lex_bound lex_bound BYLEX [REV] [LIMIT index count] ; ZCARD $1"),
    (
        3,
        Exact,
        "(ZRANGEBYLEX|ZREVRANGEBYLEX) lex lex_bound lex_bound [LIMIT index count] ; ZCARD $1",
    ),
    (1, Exact, "ZRANGESTORE lex lex lex_bound lex_bound BYLEX [REV] ; ZCARD $1"),
    (2, Exact, "ZLEXCOUNT lex lex_bound lex_bound ; ZCARD $1"),
    (2, Exact, "ZREMRANGEBYLEX lex lex_bound lex_bound ; ZCARD $1"),
];

const STREAMS: &[Row] = &[
    (12, Exact, "XADD stream [NOMKSTREAM] [MAXLEN [=] count|MINID [=] id] new_id (field value)..."),
    (4, Exact, "XADD stream new_id (field value)..."),
    (2, Exact, "XADD stream (MAXLEN|MINID) ~ count [LIMIT count] new_id field value"),
    (1, Exact, "XADD stream (1-*|40-*|99-*) field value"),
    (1, Shape, "XADD stream * field value ; XLEN $1 ; DEL $1"),
    (4, Exact, "(XRANGE stream (-|id) (+|id)|XREVRANGE stream (+|id) (-|id)) [COUNT count]"),
    (1, Exact, "(XRANGE|XREVRANGE) stream id_bound id_bound"),
    (2, Exact, "XLEN stream"),
    (3, Exact, "XDEL stream id..."),
    (2, Exact, "XTRIM stream (MAXLEN|MINID) [=] count"),
    (2, Exact, "XTRIM stream (MAXLEN count|MINID id|MAXLEN ~ count|MINID ~ id) [LIMIT count]"),
    (
        3,
        Exact,
        "XREAD [COUNT count] STREAMS (stream read_id|stream stream read_id read_id|stream $) ; PING",
    ),
    (
        1,
        Exact,
        "XREAD [BLOCK 1] [COUNT count] [NOACK] STREAMS stream stream (read_id|$|>)... ; PING",
    ),
    (3, Exact, "XGROUP CREATE stream group (0|$|id) [MKSTREAM] [ENTRIESREAD count]"),
    (1, Exact, "XGROUP (DESTROY stream group|SETID stream group (id|$|-|+) [ENTRIESREAD count])"),
    (1, Exact, "XGROUP (CREATECONSUMER|DELCONSUMER) stream group consumer"),
    (5, Exact, "XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS stream (>|id)"),
    (2, Exact, "XREADGROUP GROUP group consumer [BLOCK 1] STREAMS stream stream > (>|id)"),
    (4, Exact, "XACK stream group id..."),
    (2, Exact, "XPENDING stream group"),
    (2, Near(5000), "XPENDING stream group (-|id) + 10 [consumer]"),
    (1, Near(5000), "XPENDING stream group [IDLE (0|999999)] id_bound id_bound count [consumer]"),
    (2, Exact, "XCLAIM stream group consumer 0 id... [JUSTID]"),
    (
        2,
        Exact,
        "XCLAIM stream group consumer (0|int) id... [IDLE count|TIME millis] [RETRYCOUNT int] \
         [FORCE] [JUSTID] [LASTID id]",
    ),
    (2, Exact, "XAUTOCLAIM stream group consumer (0|999999) (0|id_bound) [COUNT count] [JUSTID]"),
    (1, Exact, "XSETID stream id [ENTRIESADDED count] [MAXDELETEDID id]"),
    (2, Exact, "XINFO GROUPS stream"),
    (1, Near(5000), "XINFO CONSUMERS stream group"),
    (2, Exact, "XINFO STREAM stream"),
    (1, Near(5000), "XINFO STREAM stream FULL [COUNT count]"),
];

const BITMAPS: &[Row] = &[
    (8, Exact, "SETBIT string bit_offset (0|1|int)"),
    (4, Exact, "GETBIT string bit_offset"),
    (4, Exact, "BITCOUNT string [index index [BYTE|BIT]]"),
    (4, Exact, "BITPOS string (0|1) [index [index [BYTE|BIT]]]"),
    (3, Exact, "BITOP (AND|OR|XOR) string string..."),
    (1, Exact, "BITOP NOT string string"),
    (6, Exact, "BITFIELD string [OVERFLOW (WRAP|SAT|FAIL)] (bitfield_op)..."),
    (2, Exact, "BITFIELD_RO string (GET bit_type bit_offset)..."),
];

const HYPERLOGLOG: &[Row] = &[
    (8, Exact, "PFADD hll member..."),
    (4, Exact, "PFCOUNT hll..."),
    (2, Exact, "PFMERGE hll hll..."),
    (1, Exact, "PFDEBUG (ENCODING|DECODE|TODENSE) hll"),
];

const GEO: &[Row] = &[
    (8, Exact, "GEOADD geo [NX|XX] [CH] (longitude latitude member)..."),
    (3, Exact, "(GEOPOS|GEOHASH) geo member..."),
    (3, Exact, "GEODIST geo member member [M|KM|FT|MI]"),
    (
        4,
        Exact,
        "GEOSEARCH geo (FROMMEMBER member|FROMLONLAT longitude latitude) \
         (BYRADIUS radius KM|BYBOX radius radius (KM|MI)) [WITHDIST] [WITHCOORD] [WITHHASH] \
         [ASC|DESC]",
    ),
    (2, Exact, "GEOSEARCH geo FROMMEMBER member BYRADIUS radius (M|FT) COUNT count ANY"),
    (
        2,
        Exact,
        "GEOSEARCHSTORE geo geo FROMMEMBER member BYBOX radius radius KM [COUNT count ANY] \
         [STOREDIST]",
    ),
    (
        3,
        Exact,
        "(GEORADIUS|GEORADIUS_RO) geo longitude latitude radius (KM|MI) [WITHDIST] [WITHCOORD] \
         [WITHHASH] [ASC|DESC]",
    ),
    (2, Exact, "(GEORADIUSBYMEMBER|GEORADIUSBYMEMBER_RO) geo member radius KM [WITHDIST] [DESC]"),
    (2, Exact, "GEORADIUS geo longitude latitude radius KM [ASC] (STORE|STOREDIST) geo"),
    (1, Exact, "GEORADIUSBYMEMBER geo member radius KM [ASC] (STORE|STOREDIST) geo"),
];

const TRANSACTIONS: &[Row] = &[
    (4, Exact, "MULTI ; SET string value ; (INCR|LPOP|DEL) key ; GET string ; (EXEC|DISCARD)"),
    (2, Exact, "WATCH key ; MULTI ; LPUSH list value ; (NOSUCH|MULTI|GET key key) ; EXEC"),
    (2, Exact, "WATCH key... ; SET key value [NX] ; MULTI ; APPEND string value ; EXEC"),
    (1, Exact, "(EXEC|DISCARD|UNWATCH)"),
];

/// What holds a value, which no program should ask but several tools show.
const ENCODINGS: &[Row] = &[(1, Exact, "OBJECT ENCODING key")];
