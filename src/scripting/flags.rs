//! What a script says about itself: the shebang in its first line, and flags.
//!
//! ```text
//! #!lua flags=no-writes,allow-stale       a script
//! #!lua name=mylib                        a library of functions
//! ```

use crate::resp::args::is;
use crate::resp::inline::words;

/// What a script may do, or has promised not to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptFlags(u8);

impl ScriptFlags {
    /// It never writes.
    pub const NO_WRITES: ScriptFlags = ScriptFlags(1);
    /// It may run while memory is short.
    pub const ALLOW_OOM: ScriptFlags = ScriptFlags(2);
    /// It may run on a replica that has lost its master.
    pub const ALLOW_STALE: ScriptFlags = ScriptFlags(4);
    /// It doesn't run in a cluster.
    pub const NO_CLUSTER: ScriptFlags = ScriptFlags(8);
    /// It may use keys of different slots.
    pub const ALLOW_CROSS_SLOT_KEYS: ScriptFlags = ScriptFlags(16);
    /// It has no shebang: everything is judged when it is called.
    pub const COMPATIBLE: ScriptFlags = ScriptFlags(32);

    const NAMES: [(&'static str, ScriptFlags); 5] = [
        ("no-writes", ScriptFlags::NO_WRITES),
        ("allow-oom", ScriptFlags::ALLOW_OOM),
        ("allow-stale", ScriptFlags::ALLOW_STALE),
        ("no-cluster", ScriptFlags::NO_CLUSTER),
        ("allow-cross-slot-keys", ScriptFlags::ALLOW_CROSS_SLOT_KEYS),
    ];

    /// The flag of this name.
    pub fn named(name: &[u8]) -> Option<ScriptFlags> {
        let known = Self::NAMES.iter().find(|(known, _)| known.as_bytes() == name);
        known.map(|(_, flag)| *flag)
    }

    /// The names of the flags, in the order in which they are listed.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, flag)| self.has(*flag)).map(|(name, _)| name)
    }

    /// Whether it has this one.
    pub fn has(self, flag: ScriptFlags) -> bool {
        self.0 & flag.0 != 0
    }

    /// Adds one.
    pub fn add(&mut self, flag: ScriptFlags) {
        self.0 |= flag.0;
    }
}

/// Reads the flags of a script; the second value is where the code begins.
pub fn script_flags(source: &[u8]) -> Result<(ScriptFlags, usize), Vec<u8>> {
    if !source.starts_with(b"#!") {
        return Ok((ScriptFlags::COMPATIBLE, 0));
    }
    let invalid = || b"ERR Invalid script shebang".to_vec();
    let end = end_of_line(source).ok_or_else(invalid)?;
    let no_engine = || b"ERR Invalid engine in script shebang".to_vec();
    let words = words(&source[..end]).map_err(|_| no_engine())?;
    let (engine, options) = words.split_first().ok_or_else(no_engine)?;
    if engine != b"#!lua" {
        return Err([&b"ERR Unexpected engine in script shebang: "[..], engine].concat());
    }
    let mut flags = ScriptFlags::default();
    for option in options {
        let Some(list) = option.strip_prefix(b"flags=") else {
            return Err([&b"ERR Unknown lua shebang option: "[..], option].concat());
        };
        for name in list.split(|byte| *byte == b',').filter(|_| !list.is_empty()) {
            let unexpected = || [&b"ERR Unexpected flag in script shebang: "[..], name].concat();
            flags.add(ScriptFlags::named(name).ok_or_else(unexpected)?);
        }
    }
    Ok((flags, end))
}

/// Where the first line ends. In Redis it is C's string: one with a NUL has no end.
fn end_of_line(source: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', 0, source).filter(|end| source[*end] == b'\n')
}

/// Reads the name of a library; the second value is where the code begins.
pub fn library_name(source: &[u8]) -> Result<(Vec<u8>, usize), Vec<u8>> {
    if !source.starts_with(b"#!") {
        return Err(b"ERR Missing library metadata".to_vec());
    }
    let invalid = || b"ERR Invalid library metadata".to_vec();
    let end = end_of_line(source).ok_or_else(invalid)?;
    let words = words(&source[..end]).map_err(|_| invalid())?;
    let (engine, options) = words.split_first().ok_or_else(invalid)?;
    let mut name = None;
    for option in options {
        let given = option.get(..5).filter(|head| is(head, "name=")).map(|_| &option[5..]);
        let Some(given) = given else {
            return Err([&b"ERR Invalid metadata value given: "[..], option].concat());
        };
        if name.replace(given.to_vec()).is_some() {
            let text = "ERR Invalid metadata value, name argument was given multiple times";
            return Err(text.as_bytes().to_vec());
        }
    }
    let name = name.ok_or_else(|| b"ERR Library name was not given".to_vec())?;
    check_name(&name).map_err(|text| format!("ERR {text}").into_bytes())?;
    let engine = &engine[2..];
    if !is(engine, "lua") {
        return Err([b"ERR Engine '", engine, b"' not found"].concat());
    }
    Ok((name, end))
}

/// Refuses what can't be the name of a library or function.
pub fn check_name(name: &[u8]) -> Result<(), &'static str> {
    let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if !name.is_empty() && name.iter().all(is_fine) {
        return Ok(());
    }
    Err("Library names can only contain letters, numbers, or underscores(_) and must be at least \
         one character long")
}
