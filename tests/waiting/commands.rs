//! The commands that wait.

use crate::client::Client;
use crate::{Server, ask, text};

/// A command that waits.
pub struct Case {
    pub command: &'static str,
    /// What has to be there before.
    before: &'static [&'static str],
    /// What ends its wait.
    pub wake: &'static str,
    /// A question, and its answer if nobody was served.
    look: (&'static str, &'static str),
}

pub const CASES: &[Case] = &[
    list("BLPOP other q 0"),
    list("BRPOP q 0"),
    list("BLMOVE q target LEFT RIGHT 0"),
    list("BRPOPLPUSH q target 0"),
    list("BLMPOP 0 2 other q LEFT COUNT 10"),
    sorted_set("BZPOPMIN q other 0"),
    sorted_set("BZPOPMAX q 0"),
    sorted_set("BZMPOP 0 1 q MIN"),
    Case {
        command: "XREADGROUP GROUP g consumer BLOCK 0 STREAMS s >",
        before: &["XGROUP CREATE s g $ MKSTREAM"],
        wake: "XADD s 1-1 field value",
        look: ("XPENDING s g", "0 nil nil nil"),
    },
    Case {
        command: "XREAD BLOCK 0 STREAMS s $",
        before: &[],
        wake: "XADD s 1-1 field value",
        look: ("XLEN s", "1"),
    },
    Case { command: "WAIT 1 0", before: &[], wake: "SET k v", look: ("GET k", "v") },
    in_pause("SET held 1", "GET held", "nil"),
    in_pause("INCR held", "EXISTS held", "0"),
    in_pause("PUBLISH channel held", "DBSIZE", "0"),
];

const fn list(command: &'static str) -> Case {
    Case { command, before: &[], wake: "RPUSH q element", look: ("LRANGE q 0 -1", "element") }
}

const fn sorted_set(command: &'static str) -> Case {
    Case { command, before: &[], wake: "ZADD q 1 element", look: ("ZRANGE q 0 -1", "element") }
}

const fn in_pause(command: &'static str, look: &'static str, answer: &'static str) -> Case {
    let before = &["CLIENT PAUSE 100000 WRITE"];
    Case { command, before, wake: "CLIENT UNPAUSE", look: (look, answer) }
}

impl Case {
    /// Empties the server, and makes ready.
    pub fn prepare(&self, server: &Server) {
        let mut client = server.connect();
        for command in ["CLIENT UNPAUSE", "FLUSHALL"].iter().chain(self.before) {
            ask(&mut client, command);
        }
    }

    /// Something comes; nobody was there for it any more.
    pub fn assert_nobody_was_served(&self, observer: &mut Client, how: &str) {
        ask(observer, self.wake);
        let (look, answer) = self.look;
        assert_eq!(text(&ask(observer, look)), answer, "{} by a client that {how}", self.command);
    }
}
