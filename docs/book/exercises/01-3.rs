//! All or nothing.
//!
//! After MULTI, commands are not executed but answered with QUEUED. EXEC executes all that were
//! queued, at once, and DISCARD forgets them. If a request was refused in between (here: its name is
//! unknown), EXEC executes nothing. Write `Client::answer`.
//!
//! | said | outside of a transaction | inside |
//! |---|---|---|
//! | `MULTI` | `OK`, and one begins | `ERR MULTI calls can not be nested` |
//! | `EXEC` | `ERR EXEC without MULTI` | the replies, in brackets; or `EXECABORT` |
//! | `DISCARD` | `ERR DISCARD without MULTI` | `OK`, and nothing is left of it |
//! | `INCR` | the next number | `QUEUED` |
//! | anything else | `ERR unknown command` | the same, and the transaction is doomed |

/// The data: one number. `INCR` adds one to it, and answers it.
#[derive(Default)]
pub struct Data {
    pub number: u32,
}

#[derive(Default)]
pub struct Client {
    // What a connection has to remember goes here.
}

impl Client {
    /// What the client is told.
    pub fn answer(&mut self, data: &mut Data, request: &str) -> String {
        match request {
            "INCR" => {
                data.number += 1;
                data.number.to_string()
            }
            _ => "ERR unknown command".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn talk(conversation: &[(&str, &str)]) -> Data {
        let (mut data, mut client) = (Data::default(), Client::default());
        for (request, reply) in conversation {
            assert_eq!(client.answer(&mut data, request), *reply, "to {request}");
        }
        data
    }

    #[test]
    fn what_is_queued_is_executed_by_exec() {
        talk(&[("INCR", "1"), ("MULTI", "OK"), ("INCR", "QUEUED"), ("INCR", "QUEUED")]);
        let whole = [("MULTI", "OK"), ("INCR", "QUEUED"), ("INCR", "QUEUED"), ("EXEC", "[1 2]")];
        assert_eq!(talk(&whole).number, 2);
        assert_eq!(talk(&whole[..3]).number, 0, "nothing before EXEC");
        talk(&[("MULTI", "OK"), ("EXEC", "[]"), ("INCR", "1")]);
    }

    #[test]
    fn a_refused_request_dooms_it() {
        let doomed = [("MULTI", "OK"), ("INCR", "QUEUED"), ("INCRR", "ERR unknown command")];
        let end = [("INCR", "QUEUED"), ("EXEC", "EXECABORT"), ("INCR", "1")];
        talk(&[&doomed[..], &end].concat());
        talk(&[("INCRR", "ERR unknown command"), ("MULTI", "OK"), ("EXEC", "[]")]);
    }

    #[test]
    fn what_is_discarded_is_forgotten() {
        let discarded = [("MULTI", "OK"), ("INCR", "QUEUED"), ("DISCARD", "OK")];
        assert_eq!(talk(&discarded).number, 0);
        talk(&[&discarded[..], &[("INCR", "1"), ("MULTI", "OK"), ("EXEC", "[]")]].concat());
    }

    #[test]
    fn order_matters() {
        talk(&[("EXEC", "ERR EXEC without MULTI"), ("DISCARD", "ERR DISCARD without MULTI")]);
        let nested = ("MULTI", "ERR MULTI calls can not be nested");
        talk(&[("MULTI", "OK"), nested, ("INCR", "QUEUED"), ("EXEC", "[1]")]);
    }
}
