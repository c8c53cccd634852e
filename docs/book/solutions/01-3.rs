/// The data: one number. `INCR` adds one to it, and answers it.
#[derive(Default)]
pub struct Data {
    pub number: u32,
}

#[derive(Default)]
pub struct Client {
    /// Since MULTI: how many INCR wait. There is no other command, so that says it all.
    queue: Option<u32>,
    /// A request was refused since then.
    is_doomed: bool,
}

impl Client {
    /// What the client is told.
    pub fn answer(&mut self, data: &mut Data, request: &str) -> String {
        let mut incr = || {
            data.number += 1;
            data.number.to_string()
        };
        match (request, &mut self.queue) {
            ("MULTI", None) => {
                (self.queue, self.is_doomed) = (Some(0), false);
                "OK".into()
            }
            ("MULTI", Some(_)) => "ERR MULTI calls can not be nested".into(),
            ("EXEC", None) => "ERR EXEC without MULTI".into(),
            ("EXEC", queue) => match queue.take() {
                Some(count) if !self.is_doomed => {
                    let replies: Vec<String> = (0..count).map(|_| incr()).collect();
                    format!("[{}]", replies.join(" "))
                }
                _ => "EXECABORT".into(),
            },
            ("DISCARD", None) => "ERR DISCARD without MULTI".into(),
            ("DISCARD", queue) => {
                *queue = None;
                "OK".into()
            }
            ("INCR", Some(count)) => {
                *count += 1;
                "QUEUED".into()
            }
            ("INCR", None) => incr(),
            _ => {
                self.is_doomed = true;
                "ERR unknown command".into()
            }
        }
    }
}
