//! Gates.
//!
//! Write `check`. The gates, in their order; the first that refuses decides:
//!
//! | gate | refuses | unless | with |
//! |---|---|---|---|
//! | authentication | everything, before the client has said who it is | `no_auth` | `NOAUTH` |
//! | transaction | what may not be queued, inside MULTI: `no_multi` | | `ERR not in MULTI` |
//! | memory | what needs memory (`deny_oom`), when there is none | | `OOM` |
//! | replication | what writes, on a replica | | `READONLY` |
//! | loading | everything, while the data is loaded | `while_loading` | `LOADING` |
//!
//! And one line before all of them: what a master sends passes every gate.

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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Flags = Flags {
        writes: false,
        deny_oom: false,
        no_auth: false,
        no_multi: false,
        while_loading: false,
    };
    const GET: Flags = NONE;
    const DEL: Flags = Flags { writes: true, ..NONE };
    const SET: Flags = Flags { deny_oom: true, ..DEL };
    const AUTH: Flags = Flags { no_auth: true, no_multi: true, while_loading: true, ..NONE };
    const LOGGED_IN: State = State {
        is_authenticated: true,
        is_in_multi: false,
        is_out_of_memory: false,
        is_replica: false,
        is_loading: false,
        is_from_master: false,
    };

    #[test]
    fn each_gate_refuses_what_it_is_for() {
        let stranger = State { is_authenticated: false, ..LOGGED_IN };
        assert_eq!(check(GET, stranger), Err("NOAUTH"));
        assert_eq!(check(AUTH, stranger), Ok(()));
        let in_multi = State { is_in_multi: true, ..LOGGED_IN };
        assert_eq!(check(AUTH, in_multi), Err("ERR not in MULTI"));
        assert_eq!(check(SET, in_multi), Ok(()));
        let full = State { is_out_of_memory: true, ..LOGGED_IN };
        assert_eq!([check(SET, full), check(DEL, full)], [Err("OOM"), Ok(())]);
        let replica = State { is_replica: true, ..LOGGED_IN };
        assert_eq!([check(GET, replica), check(DEL, replica)], [Ok(()), Err("READONLY")]);
        let loading = State { is_loading: true, ..LOGGED_IN };
        assert_eq!([check(GET, loading), check(AUTH, loading)], [Err("LOADING"), Ok(())]);
    }

    #[test]
    fn the_first_decides() {
        let mut state = State {
            is_authenticated: false,
            is_in_multi: true,
            is_out_of_memory: true,
            is_replica: true,
            is_loading: true,
            is_from_master: false,
        };
        let all = Flags { no_multi: true, ..SET };
        assert_eq!(check(all, state), Err("NOAUTH"));
        state.is_authenticated = true;
        assert_eq!(check(all, state), Err("ERR not in MULTI"));
        state.is_in_multi = false;
        assert_eq!(check(all, state), Err("OOM"));
        state.is_out_of_memory = false;
        assert_eq!(check(all, state), Err("READONLY"));
        state.is_replica = false;
        assert_eq!(check(all, state), Err("LOADING"));
    }

    #[test]
    fn a_master_is_obeyed() {
        let state = State { is_from_master: true, is_replica: true, ..State::default() };
        assert_eq!(check(SET, State { is_out_of_memory: true, ..state }), Ok(()));
        assert_eq!(check(GET, State { is_loading: true, ..state }), Ok(()));
        assert_eq!(check(GET, State { is_from_master: false, ..state }), Err("NOAUTH"));
    }
}
