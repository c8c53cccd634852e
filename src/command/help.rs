//! The HELP subcommand of every container, made from the table.
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
use crate::catalogue::{self, Row};
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
        let mut subcommands: Vec<&Row> = catalogue::subcommands(container).collect();
        subcommands.sort_unstable_by_key(|row| row.name);
        for row in subcommands {
            let (_, subcommand) = row.name.split_once('|').unwrap_or_default();
            let usage = format!("{} {}", subcommand.to_ascii_uppercase(), row.doc.syntax);
            lines.push(usage.trim_end().to_owned());
            lines.push(format!("    {}", row.doc.summary));
        }
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
