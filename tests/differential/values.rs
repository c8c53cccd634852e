//! The arguments that make trouble: the edges of every type, and what lies just beyond them.
//!
//! `generator.rs` draws from these lists now and then, and harmless values otherwise. What it
//! leaves out on purpose: anything valid but enormous. An offset of 500 million and a count of
//! minus two billion random members are legal, and would measure the machine and not the server.

/// What replaces an argument in a spoiled command.
pub const EDGES: &[&[u8]] = &[
    b"",
    b"0",
    b"-1",
    b"abc",
    b"\x00\x01\xfe\xff\r\n",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"nan",
    b" 1",
];

/// Integers and what almost is one.
pub const INTS: &[&[u8]] = &[
    b"0",
    b"-0",
    b"1",
    b"-1",
    b"+1",
    b"01",
    b" 1",
    b"1 ",
    b"1.0",
    b"1e3",
    b"",
    b"abc",
    b"2147483648",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"-9223372036854775807",
    b"18446744073709551616",
];

/// Without large negative numbers that are valid: they ask for so many random members.
pub const COUNTS: &[&[u8]] = &[
    b"0",
    b"-1",
    b"-7",
    b"+1",
    b"01",
    b"1.0",
    b"",
    b"abc",
    b"2147483648",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
];

/// Ranks of LPOS. The least `i64` has no positive counterpart, and no defined answer.
pub const RANKS: &[&[u8]] = &[
    b"0",
    b"+1",
    b"01",
    b"1.0",
    b"",
    b"abc",
    b"9223372036854775807",
    b"-9223372036854775807",
    b"9223372036854775808",
];

/// Floats, in every spelling that one of the two servers might take for one.
pub const FLOATS: &[&[u8]] = &[
    b"0",
    b"-0",
    b"1.5",
    b"-2.25",
    b"0.1",
    b"3.0e2",
    b"1e-5",
    b"1e17",
    b"1e308",
    b"-1e308",
    b"inf",
    b"-inf",
    b"+Infinity",
    b"nan",
    b"0x1p3",
    b"",
    b"abc",
    b" 1",
    b"1 ",
    b"1.2.3",
    b"1e400",
    b"5e-324",
];

/// Scores of sorted sets.
pub const SCORES: &[&[u8]] =
    &[b"1.5", b"-2.25", b"0.1", b"-0", b"1e17", b"1e308", b"inf", b"-inf", b"nan", b"", b"abc"];

/// Ends of a range of scores.
pub const SCORE_BOUNDS: &[&[u8]] =
    &[b"-inf", b"+inf", b"inf", b"(1", b"(5", b"(-inf", b"1.5", b"(abc", b"nan", b"("];

/// Ends of a range of names.
pub const LEX_BOUNDS: &[&[u8]] =
    &[b"-", b"+", b"[a", b"(a", b"[m3", b"(m5", b"[z", b"m", b"", b"("];

/// Byte offsets that must be refused.
pub const OFFSETS: &[&[u8]] =
    &[b"-1", b"536870912", b"9223372036854775807", b"9223372036854775808", b"abc", b"1.5"];

/// Bit offsets that must be refused.
pub const BIT_OFFSETS: &[&[u8]] = &[b"-1", b"4294967296", b"9223372036854775807", b"abc", b"#1"];

/// BITFIELD's types, good and bad.
pub const BIT_TYPES: &[&[u8]] =
    &[b"u8", b"i8", b"u1", b"u4", b"i16", b"u32", b"i64", b"u63", b"i5", b"u64", b"i0", b"x8"];

/// Times that delete at once or must be refused.
pub const TIMES: &[&[u8]] = &[
    b"0",
    b"-1",
    b"1.5",
    b"abc",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775",
    b"9223372036854776",
];

/// Names of types.
pub const TYPES: &[&[u8]] = &[b"string", b"list", b"hash", b"set", b"zset", b"stream", b"nosuch"];

/// Globs.
pub const PATTERNS: &[&[u8]] = &[
    b"*",
    b"string:*",
    b"*:[12]",
    b"*:[^12]",
    b"?ist:?",
    b"",
    b"[a-z]*:0",
    b"\\*",
    b"*[",
    b"m?",
    b"m[0-3]",
    b"list:0",
];

/// Where ranges of stream IDs begin and end.
pub const ID_BOUNDS: &[&[u8]] = &[
    b"-",
    b"+",
    b"0",
    b"9-30",
    b"(0-0",
    b"(18446744073709551615-18446744073709551615",
    b"(",
    b"(-",
];

/// Without `*`, which is the time of day.
pub const IDS: &[&[u8]] = &[
    b"0-0",
    b"0",
    b"-",
    b"+",
    b"1-1-1",
    b"abc",
    b"18446744073709551615-18446744073709551615",
    b"18446744073709551616-0",
    b"(1-1",
];
