//! The bytes of an RDB file by name.
//!
//! ```text
//! file    = "REDIS" version(4 digits)  item*  FF  crc64(8 bytes, low first)
//!         | "VALKEY" version(3 digits) ...            from Valkey 9.0 on: see version.rs
//! item    = opcode operands | type key value
//! number  = 00xxxxxx                                  0..63
//!         | 01xxxxxx xxxxxxxx                         0..16383, high byte first
//!         | 10000000 (4 bytes, high first)            32 bits
//!         | 10000001 (8 bytes, high first)            64 bits
//! string  = number bytes
//!         | 11000000 i8 | 11000001 i16 | 11000010 i32 an integer, low byte first, read as its digits
//!         | 11000011 number number bytes              LZF: compressed length, length
//! ```
//!
//! Everything else is made of numbers, strings, and a few fixed-width integers. Types were added
//! and never removed: a file of 2009 still loads, which is why half of the names below are of
//! forms that nothing writes any more.

/// The first version with a checksum behind its end.
pub const FIRST_WITH_CHECKSUM: u16 = 5;

/// What comes next is not a key; see [`Type`] for what is one.
pub mod opcode {
    /// Slots that were being moved here (Valkey 9.0).
    pub const SLOT_IMPORT: u8 = 243;
    /// Which slot of a cluster the next keys belong to, and how many they are (7.4): a hint.
    pub const SLOT_INFO: u8 = 244;
    /// A library of functions: its source as a string.
    pub const FUNCTION: u8 = 245;
    /// The same, as release candidates of 7.0 wrote it.
    pub const FUNCTION_PRE_RELEASE: u8 = 246;
    /// What a module keeps beside its keys.
    pub const MODULE_AUX: u8 = 247;
    /// Seconds since the next key's last use: a number.
    pub const IDLE: u8 = 248;
    /// The next key's counter of uses: one byte.
    pub const FREQUENCY: u8 = 249;
    /// A fact about the file: two strings. Unknown ones are skipped.
    pub const AUX: u8 = 250;
    /// How many keys, and how many that expire, the database has: two numbers, a hint.
    pub const RESIZE_DB: u8 = 251;
    /// When the next key expires: 8 bytes, Unix milliseconds, low first.
    pub const EXPIRE_MS: u8 = 252;
    /// When the next key expires: 4 bytes, Unix seconds, low first.
    pub const EXPIRE_SECONDS: u8 = 253;
    /// The next keys belong to this database: a number.
    pub const SELECT_DB: u8 = 254;
    /// The end.
    pub const EOF: u8 = 255;
}

/// The two high bits of a length that say it is no length, but a string of another form.
pub const SPECIAL: u8 = 0b1100_0000;
/// A 32-bit length follows.
pub const LENGTH_32: u8 = 0x80;
/// A 64-bit length follows.
pub const LENGTH_64: u8 = 0x81;
/// `SPECIAL` strings: an integer of 8 bits.
pub const STRING_I8: u8 = 0;
/// An integer of 16 bits.
pub const STRING_I16: u8 = 1;
/// An integer of 32 bits.
pub const STRING_I32: u8 = 2;
/// Compressed.
pub const STRING_LZF: u8 = 3;

/// A text score of [`Type::ZsetText`] of this length is not a number.
pub const SCORE_NAN: u8 = 253;
/// ... is positive infinity.
pub const SCORE_INFINITY: u8 = 254;
/// ... is negative infinity.
pub const SCORE_NEGATIVE_INFINITY: u8 = 255;

/// A node of [`Type::ListQuicklist2`] that is one element.
pub const NODE_PLAIN: u64 = 1;
/// A node that is a listpack.
pub const NODE_PACKED: u64 = 2;

/// Length of a DUMP payload's trailer: version (2 bytes) and CRC-64 (8), low first.
pub const TRAILER: usize = 10;

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The type of a value: how it is written, which is more than what it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Type { $($(#[$doc])* $name = $code,)* }

        impl Type {
            /// The type with this code.
            pub fn of_code(code: u8) -> Option<Type> {
                match code { $($code => Some(Type::$name),)* _ => None }
            }
        }
    };
}

types! {
    /// A string.
    String = 0,
    /// A number of elements, then each as a string.
    List = 1,
    /// A number of members, then each as a string.
    Set = 2,
    /// A number of members, then each as a string with its score in decimal digits.
    ZsetText = 3,
    /// A number of fields, then field and value of each.
    Hash = 4,
    /// As `ZsetText`, the score in 8 bytes of binary, low first.
    Zset = 5,
    /// A module's value, as release candidates of 4.0 wrote it.
    ModulePreRelease = 6,
    /// A module's value.
    Module = 7,
    /// A hash in a zipmap, until 2.6.
    HashZipmap = 9,
    /// A list in one ziplist, until 3.2.
    ListZiplist = 10,
    /// A set of integers as a sorted array.
    SetIntset = 11,
    /// A sorted set in a ziplist, until 7.0.
    ZsetZiplist = 12,
    /// A hash in a ziplist, until 7.0.
    HashZiplist = 13,
    /// A list in a number of ziplists, until 7.0.
    ListQuicklist = 14,
    /// A stream, until 7.0: listpacks, then counters and groups.
    StreamListpacks = 15,
    /// A hash in a listpack.
    HashListpack = 16,
    /// A sorted set in a listpack.
    ZsetListpack = 17,
    /// A list in a number of nodes, each a listpack or one large element.
    ListQuicklist2 = 18,
    /// As `StreamListpacks`, with the counters that lag is computed from.
    StreamListpacks2 = 19,
    /// A set in a listpack, from 7.2.
    SetListpack = 20,
    /// As `StreamListpacks2`, with the time a consumer was last active, from 7.2.
    StreamListpacks3 = 21,
    /// A hash whose fields expire, as release candidates of 7.4 wrote it; in Valkey's files, its own form.
    HashExpiringPreRelease = 22,
    /// The same in a listpack.
    HashListpackExpiringPreRelease = 23,
    /// A hash whose fields expire, from 7.4.
    HashExpiring = 24,
    /// The same in a listpack.
    HashListpackExpiring = 25,
}
