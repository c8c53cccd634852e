//! What OBJECT ENCODING calls the form of a value. Redis 7.0's names are those of our forms; 8.2's follow
//! from what a value holds.
//!
//! | type   | 7.0                 | 8.2                                                             |
//! |--------|---------------------|-----------------------------------------------------------------|
//! | list   | quicklist           | listpack as long as it fits one node                            |
//! | set    | intset or hashtable | listpack within `set-max-listpack-entries` and `-value`         |
//! | string | embstr up to 44     | embstr while it fits 64 bytes with its key and its time to live |
//!
//! Redis 8.2 doesn't give a set that has shrunk its smaller form back, and a list only once it is half
//! as large. Here it isn't known that they were larger.

use crate::command::context::Context;
use crate::config::Config;
use crate::rdb::{NodeLimit, fits_one_node};
use crate::store::keyspace::Slot;
use crate::store::{Set, Value};

/// The name of the form of what is under a key.
pub fn encoding(ctx: &mut Context<'_>, slot: Slot) -> &'static str {
    let names_of_contents = ctx.compat().names_encodings_by_contents();
    let keyspace = &ctx.engine.databases[ctx.db];
    let entry = keyspace.entry(slot);
    if !names_of_contents {
        return entry.value.encoding();
    }
    let has_deadline = keyspace.deadline(slot).is_some();
    match (&entry.value, entry.value.encoding()) {
        (Value::Str(text), "embstr") if !is_embedded(entry.key.len(), text.len(), has_deadline) => {
            "raw"
        }
        (Value::List(list), _) => {
            let limit = NodeLimit::of_config(ctx.engine.config.list_max_listpack_size);
            if fits_one_node(list, limit) { "listpack" } else { "quicklist" }
        }
        (Value::Set(set), "hashtable") if is_small(set, &ctx.engine.config) => "listpack",
        (_, name) => name,
    }
}

/// Whether key and text fit one allocation of 64 bytes, with what Redis has around them.
fn is_embedded(key: usize, text: usize, has_deadline: bool) -> bool {
    const AROUND: usize = 23;
    const DEADLINE: usize = 8;
    key + text + AROUND + if has_deadline { DEADLINE } else { 0 } <= 64
}

fn is_small(set: &Set, config: &Config) -> bool {
    set.len() <= config.set_max_listpack_entries
        && set.iter().all(|member| member.len() <= config.set_max_listpack_value)
}
