//! The HELP subcommand of every container, made from the table and its documentation.
//!
//! ```text
//! CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
//! GETNAME
//!     Tells the connection's name.
//! ...
//! ```
//!
//! One simple string per line. Every server words this itself; the first line is the one that
//! people know. A subcommand that this server hasn't got is not listed, because it has no row.

use super::context::{Context, unknown_subcommand};
use super::error::Result;
use crate::catalogue::{self, docs};
use crate::resp::{Args, Reply};

/// The handler of a command that has only subcommands: it is never reached with one, for `execute`
/// finds the subcommand's own row.
pub fn container(_ctx: &mut Context<'_>, args: Args<'_>, _reply: &mut Reply) -> Result {
    Err(unknown_subcommand(args))
}

/// `<container> HELP`
pub fn help(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let name = catalogue::row(ctx.command).container().unwrap_or_default();
    let mut lines = vec![heading(args)];
    if let Some(container) = catalogue::by_name(name.as_bytes()) {
        let mut subcommands: Vec<&str> =
            catalogue::subcommands(container).map(|row| row.name).collect();
        subcommands.sort_unstable();
        subcommands.iter().filter_map(|name| docs::of(name)).for_each(|doc| {
            let (_, subcommand) = doc.name.split_once('|').unwrap_or_default();
            let usage = format!("{} {}", subcommand.to_ascii_uppercase(), doc.syntax);
            lines.push(usage.trim_end().to_owned());
            lines.push(format!("    {}", doc.summary));
        });
    }
    write(&lines, reply);
    Ok(())
}

/// The first line of a container's help.
pub fn heading(args: Args<'_>) -> String {
    let container = String::from_utf8_lossy(&args[0]).to_uppercase();
    format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
}

/// Lines of help, as Redis replies them: an array of simple strings.
pub fn write(lines: &[String], reply: &mut Reply) {
    reply.array(lines.len());
    lines.iter().for_each(|line| reply.simple(line));
}
