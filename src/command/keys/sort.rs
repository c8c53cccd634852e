//! SORT: the elements of a list, set or sorted set in order, or what other keys say about them.
//!
//! ```text
//! SORT ids BY weight_* GET name:*->first GET #
//!
//! ids: 1 2     weight_1: 20    name:1 {first: Ann}         2) Bob, 2
//!              weight_2: 10    name:2 {first: Bob}    ->   1) Ann, 1
//! ```
//!
//! The `*` of a pattern is replaced by the element, which makes it the name of a key; `->` and a
//! field behind it ask for one field of a hash. `#` is the element itself. A `BY` pattern without
//! a `*` weighs all elements alike, so nothing is sorted: the way to use GET alone.
//!
//! Everything is copied out before it is sorted, since looking up a weight may remove an expired key.
//! Where Redis would return elements of equal weight in the order of its hash table, this
//! returns them in the order of ours. Left out on purpose: collation by the locale of the server's
//! environment (bytes are compared, as in the C locale), and the change of a sorted set's encoding
//! that a SORT of it causes in Redis.

use std::cmp::Ordering;

use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::command::permission::may_read_anything;
use crate::config::EventClasses;
use crate::engine::execution::Origin;
use crate::number::parse_f64;
use crate::resp::{Args, Reply};
use crate::store::hash_slot::hash_slot;
use crate::store::list::End;
use crate::store::value::Kind;
use crate::store::{Bytes, Hash, List, Str, Value};

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]
/// [STORE destination]`
pub fn sort(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let query = Query::parse(args, true, Lookups::of(ctx, args))?;
    run(ctx, args.at(1), query, reply)
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC]
/// [ALPHA]`
pub fn sort_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let query = Query::parse(args, false, Lookups::of(ctx, args))?;
    run(ctx, args.at(1), query, reply)
}

/// Whether patterns may lead to other keys.
#[derive(Clone, Copy)]
enum Lookups {
    /// They may.
    Allowed,
    /// The user may not read every key.
    NoPermission,
    /// The keys may be on other nodes.
    InCluster,
    /// They may be, unless they are certain to be in this slot.
    InSlot(u16),
}

impl Lookups {
    fn of(ctx: &mut Context<'_>, args: Args<'_>) -> Self {
        match ctx.is_in_cluster() {
            true if ctx.compat().sorts_within_slot() => Lookups::InSlot(hash_slot(args.at(1))),
            true => Lookups::InCluster,
            false if may_read_anything(ctx, args) => Lookups::Allowed,
            false => Lookups::NoPermission,
        }
    }

    /// Refuses an option that needs them.
    fn check(self, option: &str, pattern: &[u8]) -> Result {
        match self {
            Lookups::Allowed => Ok(()),
            Lookups::NoPermission => Err(Error::text(format!(
                "ERR {option} option of SORT denied due to insufficient ACL permissions."
            ))),
            Lookups::InCluster => {
                Err(Error::text(format!("ERR {option} option of SORT denied in Cluster mode.")))
            }
            Lookups::InSlot(slot) if pattern == b"#" || slot_of_all(pattern) == Some(slot) => {
                Ok(())
            }
            Lookups::InSlot(_) => Err(Error::text(format!(
                "ERR {option} option of SORT denied in Cluster mode when keys formed by the pattern \
                 may be in different slots."
            ))),
        }
    }
}

/// The slot of all keys that a pattern leads to, if it is the same for all: it has a hash tag before
/// whatever stands for something else.
fn slot_of_all(pattern: &[u8]) -> Option<u16> {
    let fixed = pattern.iter().position(|byte| b"*?[\\".contains(byte)).unwrap_or(pattern.len());
    let fixed = &pattern[..fixed];
    let open = fixed.iter().position(|byte| *byte == b'{');
    let tag = open.and_then(|open| fixed[open + 1..].iter().position(|byte| *byte == b'}'));
    (fixed.len() == pattern.len() || tag.is_some_and(|len| len > 0)).then(|| hash_slot(pattern))
}

/// What is asked for.
struct Query<'a> {
    weights: Weights<'a>,
    alphabetic: bool,
    descending: bool,
    /// Offset and count; a negative count means all.
    limit: (i64, i64),
    get: Vec<Pattern<'a>>,
    destination: Option<&'a [u8]>,
}

/// What elements are sorted by.
#[derive(Clone, Copy)]
enum Weights<'a> {
    /// Themselves.
    Elements,
    /// What is stored elsewhere.
    Pattern(Pattern<'a>),
    /// Nothing: they stay as they are.
    None,
}

impl<'a> Query<'a> {
    fn parse(args: Args<'a>, may_store: bool, lookups: Lookups) -> Result<Self> {
        let mut query = Query {
            weights: Weights::Elements,
            alphabetic: false,
            descending: false,
            limit: (0, -1),
            get: Vec::new(),
            destination: None,
        };
        let mut options = Options::new(args, 2);
        while let Some(option) = options.next() {
            let left = options.left();
            match option {
                _ if is(option, "ASC") => query.descending = false,
                _ if is(option, "DESC") => query.descending = true,
                _ if is(option, "ALPHA") => query.alphabetic = true,
                _ if is(option, "LIMIT") && left >= 2 => {
                    query.limit = (options.integer()?, options.integer()?);
                }
                _ if is(option, "STORE") && may_store && left >= 1 => {
                    query.destination = Some(options.value()?);
                }
                _ if is(option, "BY") && left >= 1 => {
                    let pattern = options.value()?;
                    if pattern.contains(&b'*') {
                        lookups.check("BY", pattern)?;
                    }
                    // Once a pattern was constant, nothing is sorted, whatever another BY says.
                    query.weights = match (pattern.contains(&b'*'), query.weights) {
                        (false, _) | (true, Weights::None) => Weights::None,
                        (true, _) => Weights::Pattern(Pattern(pattern)),
                    };
                }
                _ if is(option, "GET") && left >= 1 => {
                    let pattern = options.value()?;
                    lookups.check("GET", pattern)?;
                    query.get.push(Pattern(pattern));
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Ok(query)
    }

    /// The part of `len` elements that LIMIT leaves.
    fn page(&self, len: usize) -> std::ops::Range<usize> {
        let (offset, count) = self.limit;
        let start = usize::try_from(offset).unwrap_or(0).min(len);
        let count = usize::try_from(count).unwrap_or(len);
        start..start.saturating_add(count).min(len)
    }
}

/// A name with a `*` in it: the key, or the field of a hash, that belongs to an element.
#[derive(Clone, Copy)]
struct Pattern<'a>(&'a [u8]);

impl Pattern<'_> {
    /// What it stands for, if there is such a thing.
    fn look_up(self, ctx: &mut Context<'_>, element: &[u8]) -> Option<Bytes> {
        if self.0 == b"#" {
            return Some(Bytes::new(element));
        }
        let star = self.0.iter().position(|byte| *byte == b'*')?;
        let (prefix, rest) = (&self.0[..star], &self.0[star + 1..]);
        let arrow = rest.windows(2).position(|pair| pair == b"->");
        // An arrow at the very end is part of the name.
        let (suffix, field) = match arrow {
            Some(at) if at + 2 < rest.len() => (&rest[..at], Some(&rest[at + 2..])),
            _ => (rest, None),
        };
        let clock = ctx.field_clock();
        let value = ctx.read(&[prefix, element, suffix].concat())?;
        match field {
            Some(field) => Hash::of(value).ok()?.get_live(field, clock).map(Bytes::new),
            None => Str::of(value).ok().map(|text| text.with_bytes(Bytes::new)),
        }
    }
}

fn run(ctx: &mut Context<'_>, key: &[u8], mut query: Query<'_>, reply: &mut Reply) -> Result {
    let value = ctx.read(key).cloned();
    if value.as_ref().is_some_and(|value| !is_sortable(value)) {
        return Err(error::WRONG_TYPE);
    }
    let unsorted_set = matches!((&query.weights, &value), (Weights::None, Some(Value::Set(_))));
    if unsorted_set && (query.destination.is_some() || ctx.origin == Origin::Script) {
        // A set has no order of its own. Here the result is kept, so it gets one.
        query.weights = Weights::Elements;
        query.alphabetic = true;
    }
    let elements = value.map_or(Vec::new(), |value| elements(&value, &query));
    let elements = match query.weights {
        Weights::None => elements,
        _ => sorted(ctx, elements, &query)?,
    };
    match query.destination {
        None => {
            reply.array(elements.len() * query.get.len().max(1));
            reply.each(&elements, |reply, element| {
                if query.get.is_empty() {
                    reply.bulk(element);
                }
                for pattern in &query.get {
                    reply.bulk_or_null(pattern.look_up(ctx, element));
                }
            });
        }
        Some(destination) => {
            let mut list = List::new();
            for element in &elements {
                if query.get.is_empty() {
                    list.push(End::Back, element);
                }
                for pattern in &query.get {
                    let found = pattern.look_up(ctx, element);
                    list.push(End::Back, found.as_deref().unwrap_or_default());
                }
            }
            reply.count(list.len());
            store(ctx, destination, list);
        }
    }
    Ok(())
}

fn is_sortable(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Set(_) | Value::SortedSet(_))
}

/// Copies elements out: the asked-for page if nothing will be sorted, otherwise all of them.
fn elements(value: &Value, query: &Query<'_>) -> Vec<Bytes> {
    let unsorted = matches!(query.weights, Weights::None);
    let page = |len| if unsorted { query.page(len) } else { 0..len };
    // DESC without sorting walks from the end. A set has none, and ignores it.
    let backwards = unsorted && query.descending;
    let mirrored = |len: usize| {
        let page = page(len);
        if backwards { len - page.end..len - page.start } else { page }
    };
    let mut elements: Vec<Bytes> = match value {
        Value::List(list) => list.range(mirrored(list.len())).map(|each| each.to_bytes()).collect(),
        Value::SortedSet(zset) => {
            zset.range(mirrored(zset.len())).map(|(member, _)| Bytes::new(member)).collect()
        }
        Value::Set(set) => {
            let page = page(set.len());
            let members = set.iter().skip(page.start).take(page.len());
            return members.map(|member| member.into_bytes()).collect();
        }
        _ => Vec::new(),
    };
    if backwards {
        elements.reverse();
    }
    elements
}

/// What an element is compared by.
enum Weight {
    Number(f64),
    Text(Option<Bytes>),
}

fn sorted(ctx: &mut Context<'_>, elements: Vec<Bytes>, query: &Query<'_>) -> Result<Vec<Bytes>> {
    let mut weighed = Vec::with_capacity(elements.len());
    let mut all_numbers = true;
    for element in elements {
        let found = match query.weights {
            Weights::Pattern(pattern) => pattern.look_up(ctx, &element),
            _ => Some(element.clone()),
        };
        let weight = match found {
            found if query.alphabetic => Weight::Text(found),
            Some(text) => Weight::Number(parse_weight(&text).unwrap_or_else(|| {
                all_numbers = false;
                0.0
            })),
            // What has no weight weighs nothing.
            None => Weight::Number(0.0),
        };
        weighed.push((weight, element));
    }
    if !all_numbers {
        return Err(Error::new("ERR One or more scores can't be converted into double"));
    }
    let compare = |(a, a_element): &(Weight, Bytes), (b, b_element): &(Weight, Bytes)| {
        let order = match (a, b) {
            (Weight::Number(a), Weight::Number(b)) => {
                // Not `total_cmp`, for which -0 is less than 0.
                a.partial_cmp(b).unwrap_or(Ordering::Equal).then_with(|| a_element.cmp(b_element))
            }
            (Weight::Text(a), Weight::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        };
        if query.descending { order.reverse() } else { order }
    };
    weighed.sort_by(compare);
    let page = query.page(weighed.len());
    let on_page = weighed.into_iter().skip(page.start).take(page.len());
    Ok(on_page.map(|(_, element)| element).collect())
}

/// Reads a weight as C's `strtod` does: blanks may come first, nothing counts as 0, and a zero
/// byte ends the text. Numbers too small to be exact are out of its range.
fn parse_weight(text: &[u8]) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !is_blank(byte))?;
    parse_f64(&text[start..]).filter(|weight| !weight.is_subnormal())
}

/// Stores the result in place of what was there; an empty result leaves no key.
fn store(ctx: &mut Context<'_>, key: &[u8], list: List) {
    if !list.is_empty() {
        ctx.set(key, list.into_value());
        ctx.modified(EventClasses::LIST, "sortstore", key);
    } else if ctx.remove(key) {
        ctx.modified(EventClasses::GENERIC, "del", key);
    }
}
