//! GEOSEARCH and its older relatives: which members are near.
//!
//! Six commands, one search. They differ in where the key and the area stand among the arguments
//! (`Form`), and in whether the result may be stored:
//!
//! ```text
//! GEORADIUS         key longitude latitude radius unit  options, STORE key
//! GEORADIUSBYMEMBER key member             radius unit  options, STORE key
//! GEOSEARCH             key  FROMMEMBER|FROMLONLAT, BYRADIUS|BYBOX, options
//! GEOSEARCHSTORE  dest  key  the same, STOREDIST
//! ```
//!
//! Without ASC, DESC or COUNT the order is that of the search: box by box, and by score in each.
//! Distances are computed in metres and divided at the very end, as Redis does: rounded digits show.

use std::ops::Bound;

use super::{limits, position, reply_position, unit};
use crate::command::args::{Options, float, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::SortedSet;
use crate::store::geo::{self, Position, Shape};
use crate::store::packed::PackedLimits;
use crate::store::sorted_set::ScoreRange;
use crate::store::value::Kind;

/// `GEORADIUS key longitude latitude radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT
/// count [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]`
pub fn georadius(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::Radius { may_store: true })
}

/// `GEORADIUS_RO key longitude latitude radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH]
/// [COUNT count [ANY]] [ASC|DESC]`
pub fn georadius_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::Radius { may_store: false })
}

/// `GEORADIUSBYMEMBER key member radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count
/// [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]`
pub fn georadiusbymember(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::ByMember { may_store: true })
}

/// `GEORADIUSBYMEMBER_RO key member radius <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH]
/// [COUNT count [ANY]] [ASC|DESC]`
pub fn georadiusbymember_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::ByMember { may_store: false })
}

/// `GEOSEARCH key <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius
/// <M|KM|FT|MI>|BYBOX width height <M|KM|FT|MI>> [ASC|DESC] [COUNT count [ANY]] [WITHCOORD]
/// [WITHDIST] [WITHHASH]`
pub fn geosearch(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::Search)
}

/// `GEOSEARCHSTORE destination source <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS
/// radius <M|KM|FT|MI>|BYBOX width height <M|KM|FT|MI>> [ASC|DESC] [COUNT count [ANY]] [STOREDIST]`
pub fn geosearchstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    search(ctx, args, reply, Form::SearchStore)
}

/// How a command spells its search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Radius { may_store: bool },
    ByMember { may_store: bool },
    Search,
    SearchStore,
}

impl Form {
    fn is_search(self) -> bool {
        matches!(self, Form::Search | Form::SearchStore)
    }

    fn may_store(self) -> bool {
        matches!(self, Form::Radius { may_store: true } | Form::ByMember { may_store: true })
    }
}

/// Where and what to search for.
#[derive(Default)]
struct Query<'a> {
    /// The centre; unknown if it is a member of a key that doesn't exist.
    center: Option<Position>,
    /// FROMMEMBER was there.
    by_member: bool,
    shape: Option<Shape>,
    /// The unit of lengths, in metres.
    unit: f64,
    with_distance: bool,
    with_hash: bool,
    with_position: bool,
    order: Option<Order>,
    /// At most so many; 0 means all.
    count: usize,
    /// The first ones found will do, they need not be the nearest.
    any: bool,
    destination: Option<&'a [u8]>,
    store_distances: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

impl<'a> Query<'a> {
    fn parse(args: Args<'a>, form: Form, zset: Option<&SortedSet>) -> Result<Self> {
        let mut query = Query { unit: 1.0, ..Query::default() };
        let first_option = match form {
            Form::Radius { .. } => {
                query.center = Some(position(&args[2], &args[3])?);
                query.set_circle(&args[4], &args[5])?;
                6
            }
            Form::ByMember { .. } => {
                // Without a key there is nothing to be near to, and the radius isn't looked at.
                if zset.is_some() {
                    query.set_center(zset, &args[2])?;
                    query.set_circle(&args[3], &args[4])?;
                }
                5
            }
            Form::Search => 2,
            Form::SearchStore => {
                query.destination = Some(args.at(1));
                3
            }
        };
        let mut options = Options::new(args, first_option);
        while let Some(option) = options.next() {
            if !query.take_flag(option, form)
                && !query.take_area(option, &mut options, form, zset)?
                && !query.take_value(option, &mut options, form)?
            {
                return Err(error::SYNTAX);
            }
        }
        query.check(args, form)?;
        Ok(query)
    }

    fn take_flag(&mut self, option: &[u8], form: Form) -> bool {
        match option {
            _ if is(option, "WITHDIST") => self.with_distance = true,
            _ if is(option, "WITHHASH") => self.with_hash = true,
            _ if is(option, "WITHCOORD") => self.with_position = true,
            _ if is(option, "ANY") => self.any = true,
            _ if is(option, "ASC") => self.order = Some(Order::Ascending),
            _ if is(option, "DESC") => self.order = Some(Order::Descending),
            _ if is(option, "STOREDIST") && form == Form::SearchStore => {
                self.store_distances = true;
            }
            _ => return false,
        }
        true
    }

    fn take_value(&mut self, option: &[u8], options: &mut Options<'a>, form: Form) -> Result<bool> {
        const NO_COUNT: Error = Error::new("ERR COUNT must be > 0");
        if options.left() == 0 {
            return Ok(false);
        }
        match option {
            _ if is(option, "COUNT") => {
                let count = options.integer()?;
                self.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(NO_COUNT)?;
            }
            _ if is(option, "STORE") && form.may_store() => {
                self.store_distances = false;
                self.destination = Some(options.value()?);
            }
            _ if is(option, "STOREDIST") && form.may_store() => {
                self.store_distances = true;
                self.destination = Some(options.value()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The options that GEOSEARCH has in place of fixed arguments.
    fn take_area(
        &mut self,
        option: &[u8],
        options: &mut Options<'a>,
        form: Form,
        zset: Option<&SortedSet>,
    ) -> Result<bool> {
        let from_point = self.center.is_some() && !self.by_member;
        let (is_circle, is_box) = match self.shape {
            Some(Shape::Circle { .. }) => (true, false),
            Some(Shape::Box { .. }) => (false, true),
            None => (false, false),
        };
        let left = options.left();
        if !form.is_search() {
            return Ok(false);
        }
        match option {
            _ if is(option, "FROMMEMBER") && left >= 1 && !from_point => {
                self.set_center(zset, options.value()?)?;
            }
            _ if is(option, "FROMLONLAT") && left >= 2 && !self.by_member => {
                self.center = Some(position(options.value()?, options.value()?)?);
            }
            _ if is(option, "BYRADIUS") && left >= 2 && !is_box => {
                self.set_circle(options.value()?, options.value()?)?;
            }
            _ if is(option, "BYBOX") && left >= 3 && !is_circle => {
                self.set_box(options.value()?, options.value()?, options.value()?)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_center(&mut self, zset: Option<&SortedSet>, member: &[u8]) -> Result {
        self.by_member = true;
        if let Some(zset) = zset {
            let score = zset.score(member);
            let score = score.ok_or(Error::new("ERR could not decode requested zset member"))?;
            self.center = Some(geo::decode(score));
        }
        Ok(())
    }

    fn set_circle(&mut self, radius: &[u8], unit_name: &[u8]) -> Result {
        let radius = float(radius).map_err(|_| Error::new("ERR need numeric radius"))?;
        if radius < 0.0 {
            return Err(Error::new("ERR radius cannot be negative"));
        }
        self.unit = unit(unit_name)?;
        self.shape = Some(Shape::Circle { radius: radius * self.unit });
        Ok(())
    }

    fn set_box(&mut self, width: &[u8], height: &[u8], unit_name: &[u8]) -> Result {
        let width = float(width).map_err(|_| Error::new("ERR need numeric width"))?;
        let height = float(height).map_err(|_| Error::new("ERR need numeric height"))?;
        if width < 0.0 || height < 0.0 {
            return Err(Error::new("ERR height or width cannot be negative"));
        }
        self.unit = unit(unit_name)?;
        self.shape = Some(Shape::Box { width: width * self.unit, height: height * self.unit });
        Ok(())
    }

    /// What can only be judged when all options are known.
    fn check(&self, args: Args<'a>, form: Form) -> Result {
        let with = self.with_distance || self.with_hash || self.with_position;
        if self.destination.is_some() && with {
            let what =
                if form.is_search() { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Error::text(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let missing = |text: &str| Err(Error::text([text.as_bytes(), args.at(0)].concat()));
        if form.is_search() && self.center.is_none() && !self.by_member {
            return missing("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ");
        }
        if form.is_search() && self.shape.is_none() {
            return missing("ERR exactly one of BYRADIUS and BYBOX can be specified for ");
        }
        if self.any && self.count == 0 {
            return Err(Error::new("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }
}

/// A member inside the area.
struct Found<'z> {
    member: &'z [u8],
    score: f64,
    position: Position,
    /// From the centre, in metres.
    distance: f64,
}

/// Every member inside the shape, or the first `limit` ones.
fn find_inside(zset: &SortedSet, center: Position, shape: Shape, limit: usize) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for scores in shape.score_ranges(center) {
        let scores =
            ScoreRange { min: Bound::Included(scores.start), max: Bound::Excluded(scores.end) };
        for (member, score) in zset.range(zset.ranks_by_score(&scores)) {
            if found.len() == limit {
                return found;
            }
            let position = geo::decode(score);
            if let Some(distance) = shape.distance_if_inside(center, position) {
                found.push(Found { member, score, position, distance });
            }
        }
    }
    found
}

fn search(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, form: Form) -> Result {
    let limits = limits(ctx);
    let source = args.at(if form == Form::SearchStore { 2 } else { 1 });
    let zset = ctx.read_as::<SortedSet>(source)?;
    let query = Query::parse(args, form, zset)?;
    let mut found = Vec::new();
    if let (Some(zset), Some(center), Some(shape)) = (zset, query.center, query.shape) {
        let limit = if query.any { query.count } else { usize::MAX };
        found = find_inside(zset, center, shape, limit);
    }
    // The first few are of use only if they are the nearest.
    let nearest = (query.count > 0 && !query.any).then_some(Order::Ascending);
    match query.order.or(nearest) {
        Some(Order::Ascending) => found.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
        Some(Order::Descending) => found.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
        None => {}
    }
    if query.count > 0 {
        found.truncate(query.count);
    }
    match query.destination {
        None => write_found(&query, &found, reply),
        Some(destination) => {
            let result = as_sorted_set(&query, &found, limits);
            reply.count(result.len());
            let event = if form.is_search() { "geosearchstore" } else { "georadiusstore" };
            store(ctx, destination, result, event);
        }
    }
    Ok(())
}

fn write_found(query: &Query<'_>, found: &[Found<'_>], reply: &mut Reply) {
    let details = [query.with_distance, query.with_hash, query.with_position];
    let details = details.iter().filter(|wanted| **wanted).count();
    reply.array(found.len());
    for Found { member, score, position, distance } in found {
        if details > 0 {
            reply.array(1 + details);
        }
        reply.bulk(member);
        if query.with_distance {
            reply.bulk(geo::format_distance(distance / query.unit).as_bytes());
        }
        if query.with_hash {
            reply.integer(*score as i64);
        }
        if query.with_position {
            reply_position(*position, reply);
        }
    }
}

fn as_sorted_set(query: &Query<'_>, found: &[Found<'_>], limits: PackedLimits) -> SortedSet {
    let mut result = SortedSet::new();
    for Found { member, score, distance, .. } in found {
        let score = if query.store_distances { distance / query.unit } else { *score };
        result.insert(member, score, limits);
    }
    result
}

/// Stores a result in place of what was there; an empty result leaves no key.
fn store(ctx: &mut Context<'_>, key: &[u8], result: SortedSet, event: &str) {
    if !result.is_empty() {
        ctx.set(key, result.into_value());
        ctx.modified(EventClasses::ZSET, event, key);
    } else if ctx.remove(key) {
        ctx.modified(EventClasses::GENERIC, "del", key);
    }
}
