//! EXPLAIN: executes a command and replies the way it has taken through the server, a line for each step, each with
//! its place in the source. The last element is the command's own reply.
//!
//! ```text
//! explain ─ request, lock, row ─ gates ─ keys before ─ run_explained ─ handler, keys after, effects, ... ─ reply
//!              ('look_up')      ('walk')                     │
//!                                       EXEC, scripts: call_explained, a journey inside of this one
//! ```
//!
//! Nothing of it costs anything while nobody asks. No handler knows of it: the request passes the same gates, seen by a
//! [`Walker`], and is executed by the same functions; what it has done is found by comparing what was before
//! with what is after ([`Before`]). The few things that leave no trace are noted where they happen
//! ([`Journey`]), in places that ordinary commands don't come to.
//!
//! | file        | what                                                         |
//! |-------------|--------------------------------------------------------------|
//! | this one    | the way                                                      |
//! | [`gates`]   | why each gate lets a request pass                            |
//! | [`compare`] | what is looked at before and after                           |
//! | [`show`]    | a journey as lines, and as JSON                              |
//! | [`places`]  | where functions are                                          |
//!
//! A command is executed as EXEC would execute it: under the lock that EXPLAIN holds, without waiting, and with one
//! reply. So what can't stand in a transaction can't be explained, nor what is answered by pushes.
//!
//! [`Walker`]: crate::command::gates::Walker

mod compare;
mod gates;
mod places;
mod show;

pub use show::unescape;

use crate::catalogue::spec::Flags;
use crate::catalogue::{Command, Row};
use crate::command::args::is;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::command::execute::{call, reject, run_explained};
use crate::command::gates::look_up;
use crate::command::pubsub::is_subscription;
use crate::command::redirection::is_redirection;
use crate::command::transactions::queue::{is_queued, queue};
use crate::engine::SharedEngine;
use crate::engine::execution::Origin;
use crate::engine::journey::Journey;
use crate::engine::routing::Asking;
use crate::resp::writer::encode_request;
use crate::resp::{Args, Batch, Reply};
use compare::Before;
use places::{place, place_of_handler};
use show::quoted;

/// `EXPLAIN [JSON] command [arg [arg ...]]`
pub fn explain(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.propagate_nothing(); // what the command changes is journalled as its own
    if ctx.origin != Origin::Client {
        return Err(Error::new("ERR EXPLAIN is for clients"));
    }
    let as_json = args.len() > 2 && is(args.at(1), "JSON");
    let request = args.from(if as_json { 2 } else { 1 });
    let mut answer = reply.part();
    ctx.engine.journey = Some(Box::default());
    let outcome = travel(ctx, request, &mut answer);
    let journey = ctx.engine.journey.take().unwrap_or_default();
    reply.protocol = answer.protocol; // HELLO and RESET change it
    ctx.client().routing.slot = None; // the command has been counted for it
    match outcome? {
        // Clients of a cluster act on it.
        End::Elsewhere => reply.append(&answer),
        End::Here if as_json => reply.bulk(show::json(request, &journey.steps, &answer).as_bytes()),
        End::Here => show::lines(&journey.steps, &answer, reply),
    }
    Ok(())
}

/// How a journey ends.
enum End {
    /// With a reply.
    Here,
    /// With a redirection to another node.
    Elsewhere,
}

/// Takes a request through everything that it passes on its way.
fn travel(ctx: &mut Context<'_>, request: Args<'_>, answer: &mut Reply) -> Result<End> {
    let begun = ctx.engine.clock.tick();
    tell_arrival(ctx, request);
    let row = match look_up(&ctx.engine.config, request, Origin::Client) {
        Ok(row) => row,
        Err(error) => {
            let text = format!("refused: {}", shown(error.as_bytes()));
            journey(ctx).add("row", text, place(&look_up)).text("error", shown(error.as_bytes()));
            refuse(ctx, request, answer, &error);
            return Ok(End::Here);
        }
    };
    check_explainable(row)?;
    tell_row(ctx, row);
    let routing = &mut ctx.client().routing;
    if routing.asking == Asking::Now {
        routing.asking = Asking::Next; // it was said for this one
    }
    let flags = match gates::pass(ctx, row, request) {
        Ok(flags) => flags,
        Err(error) => {
            let is_elsewhere = is_redirection(&error);
            refuse(ctx, request, answer, &error);
            return Ok(if is_elsewhere { End::Elsewhere } else { End::Here });
        }
    };
    let state = ctx.client();
    state.last_command = Some(row.command);
    if state.transaction.is_some() && is_queued(row.command) {
        queue(state, row, flags, request, answer);
        let queued = state.transaction.as_ref().map_or(0, |transaction| transaction.len());
        let text = format!("not executed: request {queued} of the transaction, until EXEC");
        journey(ctx).add("queue", text, place(&queue)).number("queued", queued as u64);
    } else {
        execute(ctx, row, flags, request, answer, run_explained);
    }
    tell_reply(ctx, answer, 0);
    let held_ns = ctx.engine.clock.tick().since(begun);
    let text =
        format!("held for {} so far: it is released when this reply is written", micros(held_ns));
    let step = journey(ctx).add("lock", text, place(&SharedEngine::enter));
    step.number("held_ns", held_ns);
    Ok(End::Here)
}

/// Executes a request whose gates are passed, and tells what it does.
fn execute(
    ctx: &mut Context<'_>,
    row: &Row,
    flags: Flags,
    request: Args<'_>,
    answer: &mut Reply,
    run: impl FnOnce(&mut Context<'_>, &Row, Args<'_>, &mut Reply),
) {
    let before = Before::look(ctx, row, flags, request);
    let outer = std::mem::take(journey(ctx));
    run(ctx, row, request, answer);
    let Journey { steps: inside, events, invalidations, would_wait_for } =
        std::mem::replace(journey(ctx), outer);
    let took_ns = before.handler_ns(ctx, row);
    let (path, at) = place_of_handler(row.command);
    let step = journey(ctx).add("handler", format!("{path} took {}", micros(took_ns)), at);
    step.text("function", path).number("took_ns", took_ns);
    step.inside = inside;
    if let Some(keys) = would_wait_for {
        let text = format!("it would wait here for {keys} keys; EXPLAIN doesn't, as EXEC doesn't");
        journey(ctx).add("block", text, place(&Context::block_on)).number("keys", keys as u64);
    }
    before.compare(ctx, &events, invalidations);
}

/// What EXEC and scripts call in place of [`call`] while they are explained: the command's journey is told inside of
/// theirs.
#[cold]
pub fn call_explained(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, reply: &mut Reply) {
    let start = reply.len();
    tell_request(ctx, args);
    tell_row(ctx, row);
    execute(ctx, row, row.flags, args, reply, call);
    tell_reply(ctx, reply, start);
}

/// The journey of what is being executed.
fn journey<'c>(ctx: &'c mut Context<'_>) -> &'c mut Journey {
    ctx.engine.journey.get_or_insert_default()
}

/// What can't be executed as EXEC would execute it.
fn check_explainable(row: &Row) -> Result {
    let name = row.name.to_ascii_uppercase();
    if row.command == Command::Explain {
        return Err(Error::new("ERR EXPLAIN explains other commands, not itself"));
    }
    if is_subscription(row.command) {
        let text =
            format!("ERR EXPLAIN can't show {name}: it is answered by pushes, not by a reply");
        return Err(Error::text(text));
    }
    if row.is(Flags::NO_MULTI) || row.command == Command::Monitor {
        let text = format!("ERR EXPLAIN can't show {name}: it executes commands as EXEC does");
        return Err(Error::text(text));
    }
    Ok(())
}

/// Replies the error of a request that was refused, with everything that follows from it.
fn refuse(ctx: &mut Context<'_>, request: Args<'_>, answer: &mut Reply, error: &Error) {
    reject(ctx.engine, ctx.client, request, answer, Origin::Client, error);
    tell_reply(ctx, answer, 0);
}

fn tell_arrival(ctx: &mut Context<'_>, request: Args<'_>) {
    let reads = ctx.client().meter.executing_reads();
    let waited_ns = ctx.engine.lock_wait_ns();
    let bytes = tell_request(ctx, request);
    let step = journey(ctx).steps.last_mut().expect("the request was told");
    step.number("reads", reads as u64);
    step.text = match reads {
        0 => format!("{bytes}, read along with requests before it"),
        1 => format!("{bytes}, all of its batch in one read"),
        _ => format!("{bytes}, its batch in {reads} reads"),
    };
    let text = match waited_ns {
        0 => "free, or held already for requests before this one".to_owned(),
        _ => format!("waited for {}", micros(waited_ns)),
    };
    let step = journey(ctx).add("lock", text, place(&SharedEngine::enter));
    step.number("waited_ns", waited_ns);
}

/// Tells what a request consists of.
fn tell_request(ctx: &mut Context<'_>, request: Args<'_>) -> String {
    let mut resp = Vec::new();
    encode_request(&mut resp, request.iter());
    let text = format!("{} ({} bytes)", quoted(&resp), resp.len());
    let step = journey(ctx).add("request", text.clone(), place(&Batch::request));
    step.number("bytes", resp.len() as u64).text("resp", quoted(&resp));
    text
}

fn tell_row(ctx: &mut Context<'_>, row: &Row) {
    let flags: Vec<String> = row.flags.names().map(str::to_owned).collect();
    let categories: Vec<String> =
        row.categories.names().map(|name: &str| format!("@{name}")).collect();
    let text = format!(
        "{}, arity {}, flags {}, categories {}",
        row.name,
        row.arity,
        flags.join(" "),
        categories.join(" ")
    );
    let step = journey(ctx).add("row", text, place(&look_up));
    step.text("name", row.name).text("arity", row.arity.to_string());
    step.list("flags", flags).list("categories", categories);
}

fn tell_reply(ctx: &mut Context<'_>, answer: &Reply, start: usize) {
    let bytes = &answer.as_bytes()[start.min(answer.len())..];
    let kind = show::kind(bytes);
    let text = format!("{kind}, {} bytes", bytes.len());
    let step = journey(ctx).add("reply", text, place(&Reply::as_bytes));
    step.text("kind", kind).number("bytes", bytes.len() as u64);
}

fn micros(ns: u64) -> String {
    format!("{}.{:03} us", ns / 1000, ns % 1000)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
