//! LCS: what two strings have in common, in order. The algorithm is in [`crate::store::lcs`].

use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::resp::{Args, Reply};
use crate::store::lcs::{compare, length, table_size};
use crate::store::{Str, Value};

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]`
pub fn lcs(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (a, b) = (text(ctx, &args[1])?, text(ctx, &args[2])?);
    let (mut only_length, mut with_indexes, mut with_lengths, mut shortest) =
        (false, false, false, 0);
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "IDX") => with_indexes = true,
            _ if is(option, "LEN") => only_length = true,
            _ if is(option, "WITHMATCHLEN") => with_lengths = true,
            _ if is(option, "MINMATCHLEN") && options.left() > 0 => {
                shortest = integer(options.value()?)?.max(0) as usize;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    if with_indexes && only_length {
        return Err(Error::new(
            "ERR If you want both the length and indexes, please just use IDX.",
        ));
    }
    let limit = ctx.engine.config.proto_max_bulk_len as usize;
    if table_size(&a, &b).is_none_or(|size| size > limit) {
        return Err(Error::new(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    if only_length {
        reply.count(length(&a, &b));
        return Ok(());
    }
    let common = compare(&a, &b);
    if !with_indexes {
        reply.bulk(&common.text);
        return Ok(());
    }
    reply.map(2);
    reply.bulk(b"matches");
    let matches: Vec<_> = common.matches.iter().filter(|m| m.length() >= shortest).collect();
    reply.array(matches.len());
    for found in matches {
        reply.array(if with_lengths { 3 } else { 2 });
        for (first, last) in [found.a, found.b] {
            reply.array(2);
            reply.count(first);
            reply.count(last);
        }
        if with_lengths {
            reply.count(found.length());
        }
    }
    reply.bulk(b"len");
    reply.count(common.text.len());
    Ok(())
}

/// A missing key is an empty string.
fn text(ctx: &mut Context<'_>, key: &[u8]) -> Result<Vec<u8>> {
    match ctx.read(key) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(<Str>::bytes(text).into_owned()),
        Some(_) => Err(Error::new("ERR The specified keys must contain string values")),
    }
}
