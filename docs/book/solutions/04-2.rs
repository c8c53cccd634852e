/// What a row says of a command.
#[derive(Clone, Copy, Default)]
pub struct Flags {
    pub writes: bool,
    pub deny_oom: bool,
    pub no_auth: bool,
    pub no_multi: bool,
    pub while_loading: bool,
}

/// What the gates know of server and client.
#[derive(Clone, Copy, Default)]
pub struct State {
    pub is_authenticated: bool,
    pub is_in_multi: bool,
    pub is_out_of_memory: bool,
    pub is_replica: bool,
    pub is_loading: bool,
    /// The request comes from the master that this server copies.
    pub is_from_master: bool,
}

pub fn check(flags: Flags, state: State) -> Result<(), &'static str> {
    if state.is_from_master {
        return Ok(());
    }
    if !state.is_authenticated && !flags.no_auth {
        return Err("NOAUTH");
    }
    if state.is_in_multi && flags.no_multi {
        return Err("ERR not in MULTI");
    }
    if state.is_out_of_memory && flags.deny_oom {
        return Err("OOM");
    }
    if state.is_replica && flags.writes {
        return Err("READONLY");
    }
    if state.is_loading && !flags.while_loading {
        return Err("LOADING");
    }
    Ok(())
}
