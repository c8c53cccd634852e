//! A connection while a slow script holds the lock: the script's thread executes its requests.
//!
//! Few are allowed then, and most are answered with `-BUSY`. The request is copied, since what is handed
//! to another thread can't be borrowed, and that thread writes the reply, too; everything else is as
//! always. See [`crate::engine::busy`].

use std::io;

use super::session::{BatchEnd, Session, limits_of};
use crate::command::execute;
use crate::engine::Engine;
use crate::engine::execution::{Flow, Origin};
use crate::resp::Request;

impl Session<'_> {
    /// Lets requests be executed from `next` on, until there are no more or the script has ended.
    pub(super) fn delegate_from(&mut self, next: &mut usize) -> io::Result<BatchEnd> {
        while *next < self.reader.parsed().len() {
            let request = Request::from(self.reader.parsed().request(*next));
            let (client, mut output) = (self.client, self.output.fork());
            let executed = self.shared.engine.delegate(move |engine: &mut Engine| {
                output.begin(engine, client);
                let args = request.args();
                let flow = execute(engine, client, args, &mut output.reply, Origin::Client);
                output.hand_over(engine, client);
                output.note_what_waits(engine, client);
                (flow, output, limits_of(engine, client))
            });
            let Ok((flow, output, limits)) = executed else { return Ok(BatchEnd::Done) };
            self.output.join(output);
            self.limits = limits;
            match flow {
                Flow::Continue => *next += 1,
                Flow::Close => return Ok(BatchEnd::Close),
                Flow::Abort => return Ok(BatchEnd::Abort),
                // What waits for something else waits for the script, too. (Only a pause does: no command
                // waits that is allowed now.)
                Flow::Paused { .. } | Flow::Blocked | Flow::Exchange => {
                    let engine = self.shared.engine.lock();
                    return self.execute_from(engine, next);
                }
            }
        }
        Ok(BatchEnd::Done)
    }
}
