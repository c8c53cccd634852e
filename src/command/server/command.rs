//! COMMAND: the table, told to clients.
//!
//! Cluster clients and proxies route by it, and redis-cli completes by it, so the replies have the
//! shape of Redis to the last field. What they say is derived, not stored a second time:
//!
//! * `movablekeys`, and the first key, last key and step of older clients, follow from the key
//!   specifications ([`moves_keys`], [`legacy_range`]);
//! * the tree of arguments follows from the documented syntax.
//!
//! Commands are listed in the table's order. There are no modules, so a filter by module finds
//! nothing.

use crate::catalogue::doc::Doc;
use crate::catalogue::find_keys::{FoundKey, find_keys, has_keys};
use crate::catalogue::spec::{Begin, Categories, Find, Flags, KeyFlags, KeySpec};
use crate::catalogue::syntax::{self, Argument};
use crate::catalogue::{self, Names, Row};
use crate::command::args::is;
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::CompatVersion;
use crate::number::glob;
use crate::resp::{Args, Reply};

/// The commands; subcommands are told with their containers.
fn commands(names: &Names) -> impl Iterator<Item = &'static Row> {
    names.callable().filter(|row| row.container().is_none())
}

/// The rows that are asked for by name, or all.
fn asked(names: &Names, args: Args<'_>) -> Vec<Option<&'static Row>> {
    if args.len() == 2 {
        commands(names).map(Some).collect()
    } else {
        args.iter().skip(2).map(|name| names.by_name(name)).collect()
    }
}

/// `COMMAND`
pub fn command(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let names = &ctx.engine.config.command_names;
    reply.array(commands(names).count());
    let compat = ctx.engine.config.compat_version;
    commands(names).for_each(|row| info(row, compat, reply));
    Ok(())
}

/// `COMMAND COUNT`
pub fn command_count(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(commands(&ctx.engine.config.command_names).count());
    Ok(())
}

/// `COMMAND INFO [command-name [command-name ...]]`
pub fn command_info(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.engine.config.compat_version;
    let rows = asked(&ctx.engine.config.command_names, args);
    reply.array(rows.len());
    for row in rows {
        match row {
            Some(row) => info(row, compat, reply),
            None => reply.null(),
        }
    }
    Ok(())
}

/// `COMMAND DOCS [command-name [command-name ...]]`
pub fn command_docs(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let rows: Vec<&Row> =
        asked(&ctx.engine.config.command_names, args).into_iter().flatten().collect();
    reply.map(rows.len());
    let compat = ctx.compat();
    rows.into_iter().for_each(|row| documentation(row, compat, reply));
    Ok(())
}

/// `COMMAND LIST [FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]`
pub fn command_list(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let names = &ctx.engine.config.command_names;
    let names: Vec<&str> = match (args.len(), args.get(3)) {
        (2, _) => commands(names).map(|row| row.name).collect(),
        (5, Some(filter)) if is(args.at(2), "FILTERBY") => filtered(names, filter, args.at(4))?,
        _ => return Err(error::SYNTAX),
    };
    reply.array(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    Ok(())
}

/// The names that pass a filter of COMMAND LIST; it looks at subcommands, too.
fn filtered(names: &Names, filter: &[u8], value: &[u8]) -> Result<Vec<&'static str>> {
    let passes: Box<dyn Fn(&Row) -> bool + '_> = match filter {
        _ if is(filter, "MODULE") => Box::new(|_| false),
        _ if is(filter, "ACLCAT") => {
            let category = Categories::NAMES.iter().find(|(_, name)| is(value, name));
            Box::new(move |row| category.is_some_and(|(bit, _)| row.categories.has(*bit)))
        }
        _ if is(filter, "PATTERN") => {
            Box::new(|row| glob::matches(value, row.name.as_bytes(), true))
        }
        _ => return Err(error::SYNTAX),
    };
    Ok(names.callable().filter(|row| passes(row)).map(|row| row.name).collect())
}

/// `COMMAND GETKEYS command [arg [arg ...]]`
pub fn command_getkeys(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let request = args.from(2);
    let keys = keys_of(&ctx.engine.config.command_names, request)?;
    reply.array(keys.len());
    keys.iter().for_each(|key| reply.bulk(request.at(key.index)));
    Ok(())
}

/// `COMMAND GETKEYSANDFLAGS command [arg [arg ...]]`
pub fn command_getkeysandflags(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let request = args.from(2);
    let keys = keys_of(&ctx.engine.config.command_names, request)?;
    reply.array(keys.len());
    for key in keys {
        reply.array(2);
        reply.bulk(request.at(key.index));
        names(key.flags.names(), reply);
    }
    Ok(())
}

/// The keys of a request, or what is wrong with it.
fn keys_of(names: &Names, request: Args<'_>) -> Result<Vec<FoundKey>> {
    // With a container in its place, there was no such subcommand.
    let row = names.lookup(request);
    let row = row.filter(|row| !row.is(Flags::CONTAINER) || request.len() == 1);
    let row = row.ok_or(Error::new("ERR Invalid command specified"))?;
    if !has_keys(row) {
        return Err(Error::new("ERR The command has no key arguments"));
    }
    if !row.accepts(request.len()) {
        return Err(Error::new("ERR Invalid number of arguments specified for command"));
    }
    let keys = find_keys(row, request);
    if keys.is_empty() && !row.is(Flags::NO_MANDATORY_KEYS) {
        return Err(Error::new("ERR Invalid arguments specified for command"));
    }
    Ok(keys)
}

/// Names as status replies: a set in RESP3.
fn names(names: impl Iterator<Item = &'static str>, reply: &mut Reply) {
    let names: Vec<&str> = names.collect();
    reply.set(names.len());
    names.iter().for_each(|name| reply.simple(name));
}

/// One command as COMMAND INFO tells it.
fn info(row: &Row, compat: CompatVersion, reply: &mut Reply) {
    let (first, last, step) = legacy_range(row.keys);
    let moves = moves_keys(row.keys).then_some("movablekeys");
    reply.array(10);
    reply.bulk(row.name.as_bytes());
    reply.integer(compat.arity(row).into());
    names(compat.flags(row).names().chain(moves), reply);
    reply.integer(first);
    reply.integer(last);
    reply.integer(step);
    let categories: Vec<&str> = row.categories.names().collect();
    reply.set(categories.len());
    categories.iter().for_each(|name| reply.simple(&format!("@{name}")));
    let tips = compat.tips(row);
    reply.set(tips.len());
    tips.iter().for_each(|tip| reply.bulk(tip.as_bytes()));
    reply.set(row.keys.len());
    row.keys.iter().enumerate().for_each(|(index, spec)| specification(row, index, spec, reply));
    let subcommands: Vec<&Row> = catalogue::subcommands(row).collect();
    reply.set(subcommands.len());
    subcommands.into_iter().for_each(|row| info(row, compat, reply));
}

/// One key specification.
fn specification(row: &Row, index: usize, spec: &KeySpec, reply: &mut Reply) {
    let note = row.doc.note(index);
    reply.map(3 + usize::from(note.is_some()));
    if let Some(note) = note {
        reply.bulk(b"notes");
        reply.bulk(note.as_bytes());
    }
    reply.bulk(b"flags");
    names(spec.flags.names(), reply);
    reply.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => typed(reply, "index", &[("index", index as i64)]),
        Begin::Keyword(keyword, start) => {
            typed(reply, "keyword", &[]);
            reply.map(2);
            reply.bulk(b"keyword");
            reply.bulk(keyword.as_bytes());
            reply.bulk(b"startfrom");
            reply.integer(start);
        }
        Begin::Unknown => unknown(reply),
    }
    reply.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => {
            let fields = [("lastkey", last), ("keystep", step as i64), ("limit", limit as i64)];
            typed(reply, "range", &fields);
        }
        Find::Keynum { step } => {
            typed(reply, "keynum", &[("keynumidx", 0), ("firstkey", 1), ("keystep", step as i64)]);
        }
        Find::Unknown => unknown(reply),
    }
}

/// `type` and `spec`; the numbers of the latter, unless the caller writes them.
fn typed(reply: &mut Reply, name: &str, fields: &[(&str, i64)]) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(name.as_bytes());
    reply.bulk(b"spec");
    if !fields.is_empty() {
        reply.map(fields.len());
        for (field, value) in fields {
            reply.bulk(field.as_bytes());
            reply.integer(*value);
        }
    }
}

fn unknown(reply: &mut Reply) {
    typed(reply, "unknown", &[]);
    reply.map(0);
}

/// Whether a client has to ask for the keys, because first, last and step can't tell them all.
fn moves_keys(specs: &[KeySpec]) -> bool {
    let is_plain =
        |spec: &KeySpec| matches!((spec.begin, spec.find), (Begin::Index(_), Find::Range { .. }));
    !specs.iter().all(is_plain)
}

/// First key, last key (negative: from the end) and step, as Redis before 7.0 described keys.
///
/// One specification is told as it is. Of several, those with step 1 that join without a gap are
/// told as one range; the first that doesn't join ends it.
fn legacy_range(specs: &[KeySpec]) -> (i64, i64, i64) {
    let plain = specs.iter().filter_map(|spec| match (spec.begin, spec.find) {
        (Begin::Index(first), Find::Range { last, step, .. }) => {
            let first = first as i64;
            Some((first, if last < 0 { last } else { first + last }, step as i64))
        }
        _ => None,
    });
    let mut whole: Option<(i64, i64, i64)> = None;
    for (first, last, step) in plain {
        whole = match whole {
            None if step == 1 || specs.len() == 1 => Some((first, last, step)),
            Some((start, end, 1)) if step == 1 && end == first - 1 => Some((start, last, 1)),
            _ => break,
        };
    }
    whole.unwrap_or_default()
}

/// One command as COMMAND DOCS tells it: its name, and a map of what there is to say.
fn documentation(row: &Row, compat: CompatVersion, reply: &mut Reply) {
    reply.bulk(row.name.as_bytes());
    let doc = row.doc;
    let arguments = syntax::parse(doc.syntax);
    let subcommands: Vec<&Row> = catalogue::subcommands(row).collect();
    let replaced = compat.replaced(row);
    let flags = doc_flags(doc, replaced.is_some());
    let fields = 4
        + usize::from(!flags.is_empty())
        + 2 * usize::from(replaced.is_some())
        + usize::from(!arguments.is_empty())
        + usize::from(!subcommands.is_empty());
    reply.map(fields);
    text(reply, "summary", doc.summary);
    text(reply, "since", doc.since);
    text(reply, "group", row.group);
    text(reply, "complexity", doc.complexity);
    if !flags.is_empty() {
        reply.bulk(b"doc_flags");
        names(flags.into_iter(), reply);
    }
    if let Some((since, by)) = replaced {
        text(reply, "deprecated_since", since);
        text(reply, "replaced_by", by);
    }
    if !arguments.is_empty() {
        let shows = compat.shows_display_text();
        reply.bulk(b"arguments");
        write_arguments(&arguments, &mut SpecIndexes::new(row.keys), shows, reply);
    }
    if !subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(subcommands.len());
        subcommands.into_iter().for_each(|row| documentation(row, compat, reply));
    }
}

fn doc_flags(doc: &Doc, is_deprecated: bool) -> Vec<&'static str> {
    let flags = [(is_deprecated, "deprecated"), (doc.internal, "syscmd")];
    flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

fn text(reply: &mut Reply, field: &str, value: &str) {
    reply.bulk(field.as_bytes());
    reply.bulk(value.as_bytes());
}

/// `shows`: whether what an argument is displayed as is told, which is its name.
fn write_arguments(
    arguments: &[Argument],
    indexes: &mut SpecIndexes,
    shows: bool,
    reply: &mut Reply,
) {
    reply.array(arguments.len());
    for argument in arguments {
        let spec_index = if argument.type_name() == "key" { indexes.next() } else { None };
        let flags: Vec<&str> = argument.flags().collect();
        let members = argument.members();
        let is_displayed = shows && members.is_empty();
        let fields = 2
            + usize::from(is_displayed)
            + usize::from(spec_index.is_some())
            + usize::from(argument.token.is_some())
            + usize::from(!flags.is_empty())
            + usize::from(!members.is_empty());
        reply.map(fields);
        text(reply, "name", &argument.name);
        text(reply, "type", argument.type_name());
        if is_displayed {
            text(reply, "display_text", &argument.name);
        }
        if let Some(index) = spec_index {
            reply.bulk(b"key_spec_index");
            reply.count(index);
        }
        if let Some(token) = argument.token {
            text(reply, "token", token);
        }
        if !flags.is_empty() {
            reply.bulk(b"flags");
            names(flags.into_iter(), reply);
        }
        if !members.is_empty() {
            reply.bulk(b"arguments");
            write_arguments(members, indexes, shows, reply);
        }
    }
}

/// Which specification a key argument belongs to: they come in the same order, and the last one
/// has all that follow. Those of keys that are never written out (SORT's patterns) are left out.
struct SpecIndexes {
    indexes: Vec<usize>,
    next: usize,
}

impl SpecIndexes {
    fn new(specs: &[KeySpec]) -> Self {
        let is_written =
            |spec: &KeySpec| spec.begin != Begin::Unknown || !spec.flags.has(KeyFlags::RO);
        let indexes = (0..specs.len()).filter(|index| is_written(&specs[*index])).collect();
        SpecIndexes { indexes, next: 0 }
    }

    fn next(&mut self) -> Option<usize> {
        let index = self.indexes.get(self.next).or(self.indexes.last()).copied();
        self.next += 1;
        index
    }
}
