//! What scripts and functions declare of themselves, as the gates have to know it before they run.

use crate::catalogue::Command;
use crate::catalogue::spec::Flags;
use crate::engine::Engine;
use crate::resp::Args;
use crate::scripting::{ScriptFlags, flags};

/// What gates have to know of a request that runs a script: its flags say more than the command's.
pub fn flags_of(engine: &Engine, command: Command, flags: Flags, args: Args<'_>) -> Flags {
    let scripting = &engine.scripting;
    let declared = match command {
        Command::Eval | Command::EvalRo => args.get(1).and_then(|source| {
            // Most scripts declare nothing, which is seen at once.
            if source.starts_with(b"#!") { flags::script_flags(source).ok() } else { None }
                .map(|(flags, _)| flags)
        }),
        Command::Evalsha | Command::EvalshaRo => {
            args.get(1).and_then(|sha1| scripting.script(sha1)).map(|script| script.flags)
        }
        Command::Fcall | Command::FcallRo => {
            args.get(1).and_then(|name| scripting.function(name)).map(|function| function.flags)
        }
        _ => None,
    };
    match declared {
        Some(declared) if !declared.has(ScriptFlags::COMPATIBLE) => command_flags(flags, declared),
        _ => flags,
    }
}

/// The flags of the command, as a script has declared them.
fn command_flags(flags: Flags, declared: ScriptFlags) -> Flags {
    let mut flags =
        flags.without(Flags::STALE | Flags::DENYOOM | Flags::WRITE | Flags::MAY_REPLICATE);
    let never_writes = declared.has(ScriptFlags::NO_WRITES);
    if !never_writes {
        flags |= Flags::WRITE;
    }
    if !never_writes && !declared.has(ScriptFlags::ALLOW_OOM) {
        flags |= Flags::DENYOOM;
    }
    if declared.has(ScriptFlags::ALLOW_STALE) {
        flags |= Flags::STALE;
    }
    flags
}
