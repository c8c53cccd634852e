//! Positions: members of a sorted set whose scores say where on the globe they are.
//!
//! There is no type of its own: a key that GEOADD has written answers ZRANGE and ZREM like any other
//! sorted set. How a position becomes a score and back is in [`crate::store::geo`]; finding what is
//! near is in [`crate::command::geo::search`].

pub mod search;

use super::args::{Options, float, is};
use super::context::Context;
use super::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::number::{Precision, format_i64};
use crate::resp::{Args, Reply, Request};
use crate::store::SortedSet;
use crate::store::geo::{self, Position};
use crate::store::packed::PackedLimits;
use crate::store::sorted_set::Inserted;

/// Parses `longitude latitude`, which must lie on the map.
pub fn position(longitude: &[u8], latitude: &[u8]) -> Result<Position> {
    let position = Position { longitude: float(longitude)?, latitude: float(latitude)? };
    match geo::encode(position) {
        Some(_) => Ok(position),
        None => Err(Error::text(format!(
            "ERR invalid longitude,latitude pair {:.6},{:.6}",
            position.longitude, position.latitude
        ))),
    }
}

/// Parses a unit of length; the result is in metres.
pub fn unit(word: &[u8]) -> Result<f64> {
    geo::metres_in(word)
        .ok_or(Error::new("ERR unsupported unit provided. please use M, KM, FT, MI"))
}

/// How large a sorted set may get before it is indexed.
pub fn limits(ctx: &Context<'_>) -> PackedLimits {
    let config = &ctx.engine.config;
    PackedLimits {
        entries: config.zset_max_listpack_entries,
        value: config.zset_max_listpack_value,
    }
}

/// Writes a position as two coordinates.
pub fn reply_position(position: Position, reply: &mut Reply) {
    reply.array(2);
    for degrees in [position.longitude, position.latitude] {
        match reply.precision {
            Precision::Seventeen => reply.double_text(&geo::format_coordinate(degrees)),
            Precision::Shortest => reply.double(degrees),
        }
    }
}

/// The options of GEOADD.
#[derive(Default)]
struct AddOptions {
    only_new: bool,
    only_existing: bool,
    count_changed: bool,
}

/// `GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]`
pub fn geoadd(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let mut add = AddOptions::default();
    let mut options = Options::new(args, 2);
    while let Some(option) = options.peek() {
        match option {
            _ if is(option, "NX") => add.only_new = true,
            _ if is(option, "XX") => add.only_existing = true,
            _ if is(option, "CH") => add.count_changed = true,
            _ => break,
        }
        options.next();
    }
    let places = options.rest();
    if !places.len().is_multiple_of(3) || add.only_new && add.only_existing {
        return Err(error::SYNTAX);
    }
    // All positions are checked before the first one is added.
    let mut members = Vec::with_capacity(places.len() / 3);
    for index in (0..places.len()).step_by(3) {
        let position = position(&places[index], &places[index + 1])?;
        members.push((places.at(index + 2), geo::encode(position).unwrap_or_default()));
    }
    if members.is_empty() {
        return Err(error::SYNTAX);
    }
    let limits = limits(ctx);
    if ctx.write_as::<SortedSet>(key)?.is_none() && add.only_existing {
        reply.integer(0);
        return Ok(());
    }
    let zset = ctx.write_or_create::<SortedSet>(key)?;
    let (mut added, mut updated) = (0, 0);
    for (member, score) in &members {
        if (add.only_new || add.only_existing) && zset.score(member).is_some() == add.only_new {
            continue;
        }
        match zset.insert(member, *score, limits) {
            Inserted::Added => added += 1,
            Inserted::Updated(_) => updated += 1,
            Inserted::Same => {}
        }
    }
    if added + updated > 0 {
        ctx.modified(EventClasses::ZSET, "zadd", key);
        propagate_as_zadd(ctx, args.first(args.len() - places.len()), &members);
    }
    reply.integer(if add.count_changed { added + updated } else { added });
    Ok(())
}

/// The effect of GEOADD is a ZADD of the scores, with the same options.
fn propagate_as_zadd(ctx: &mut Context<'_>, options: Args<'_>, members: &[(&[u8], f64)]) {
    let mut request = Request::new([&b"zadd"[..]]);
    options.iter().skip(1).for_each(|option| request.push(option));
    for (member, score) in members {
        request.push(format_i64(*score as i64).as_bytes());
        request.push(member);
    }
    ctx.propagate_request(request.args());
}

/// `GEOPOS key member [member ...]`
pub fn geopos(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let zset = ctx.read_as::<SortedSet>(&args[1])?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => reply_position(geo::decode(score), reply),
            None => reply.null_array(),
        }
    }
    Ok(())
}

/// `GEOHASH key member [member ...]`
pub fn geohash(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let zset = ctx.read_as::<SortedSet>(&args[1])?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        reply.bulk_or_null(zset.and_then(|zset| zset.score(member)).map(geo::geohash));
    }
    Ok(())
}

/// `GEODIST key member1 member2 [M|KM|FT|MI]`
pub fn geodist(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let metres = match args.len() {
        4 => 1.0,
        5 => unit(&args[4])?,
        _ => return Err(error::SYNTAX),
    };
    let zset = ctx.read_as::<SortedSet>(&args[1])?;
    let place = |member| Some(geo::decode(zset?.score(member)?));
    match (place(args.at(2)), place(args.at(3))) {
        (Some(a), Some(b)) => {
            reply.bulk(geo::format_distance(geo::distance(a, b) / metres).as_bytes());
        }
        _ => reply.null(),
    }
    Ok(())
}
