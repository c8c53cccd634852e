//! What Redis 8.2 says differently of commands that 7.0 has, too. The table has 7.0's facts; whoever
//! asks for those of a version asks `CompatVersion`, which asks here.

use super::row::{Command, Row};
use super::spec::Flags;

/// How many arguments a command takes.
pub fn arity(row: &Row) -> i32 {
    match row.command {
        Command::CommandGetkeys | Command::CommandGetkeysandflags => -3,
        _ => row.arity,
    }
}

/// How a command behaves. What waits may be called by scripts, in which it doesn't wait.
pub fn flags(row: &Row) -> Flags {
    match row.command {
        Command::Blpop
        | Command::Brpop
        | Command::Blmove
        | Command::Brpoplpush
        | Command::Bzpopmin
        | Command::Bzpopmax => row.flags.without(Flags::NOSCRIPT),
        Command::Wait => row.flags.without(Flags::NOSCRIPT).with(Flags::BLOCKING),
        Command::ClusterSlots | Command::ClusterShards => row.flags.with(Flags::LOADING),
        _ => row.flags,
    }
}

/// Since when a command is deprecated, and in favour of what.
pub fn replaced(row: &Row) -> Option<(&'static str, &'static str)> {
    match row.command {
        Command::Setex => Some(("2.6.12", "`SET` with `EX`")),
        Command::Psetex => Some(("2.6.12", "`SET` with `PX`")),
        Command::Setnx => Some(("2.6.12", "`SET` with `NX`")),
        Command::Quit => Some(("7.2.0", "closing the connection")),
        _ => row.doc.replaced,
    }
}

/// How a proxy is to treat a command.
pub fn tips(row: &Row) -> Vec<&'static str> {
    const ALL_NODES: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];
    let more: &[&str] = match row.command {
        Command::ConfigRewrite
        | Command::ConfigResetstat
        | Command::ClientSetname
        | Command::AclDeluser
        | Command::AclSetuser
        | Command::AclSave => ALL_NODES,
        Command::Scan | Command::Randomkey => &["response_policy:special"],
        Command::LatencyReset => {
            return vec!["request_policy:all_nodes", "response_policy:agg_sum"];
        }
        Command::Msetnx => return Vec::new(),
        _ => &[],
    };
    row.doc.tips.iter().chain(more).copied().collect()
}
