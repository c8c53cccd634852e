//! WAIT.
//!
//! Write `Master`. A client's write adds bytes to the stream. `wait` answers how many replicas have acknowledged
//! everything that this client has written, if they are at least `wanted`; else the client waits (None), and
//! replicas have to be asked: `questions` counts how often they are. One question is enough for all whose
//! writes came before it; so who waits for an offset that was asked for already asks nothing. `acknowledge` is
//! what a replica says: how far it is. It returns the clients that need not wait any more, in the order in
//! which they came, with their answers. What is less than said before changes nothing.

use std::collections::HashMap;

pub type Client = u32;

#[derive(Default)]
pub struct Master {
    pub offset: u64,
    pub last_write: HashMap<Client, u64>,
    /// How far each replica is.
    pub replicas: HashMap<u32, u64>,
    /// Clients, the offsets they wait for, and how many replicas they want.
    pub waiting: Vec<(Client, u64, usize)>,
    pub questions: usize,
    /// The offset up to which replicas were asked last.
    pub asked_up_to: u64,
}

impl Master {
    pub fn write(&mut self, client: Client, bytes: u64) {
        self.offset += bytes;
        self.last_write.insert(client, self.offset);
    }

    pub fn wait(&mut self, client: Client, wanted: usize) -> Option<usize> {
        Some(self.replicas.len())
    }

    pub fn acknowledge(&mut self, replica: u32, offset: u64) -> Vec<(Client, usize)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> Master {
        Master { replicas: HashMap::from([(1, 0), (2, 0)]), ..Master::default() }
    }

    #[test]
    fn who_has_written_nothing_waits_for_nothing() {
        let mut master = master();
        master.write(7, 10);
        assert_eq!(master.wait(8, 2), Some(2));
        assert_eq!(master.wait(7, 0), Some(0));
        assert_eq!((master.questions, master.waiting.len()), (0, 0));
    }

    #[test]
    fn answered_when_enough_have_it() {
        let mut master = master();
        master.write(7, 10);
        assert_eq!(master.wait(7, 2), None);
        assert_eq!(master.acknowledge(1, 10), []);
        assert_eq!(master.acknowledge(2, 9), []);
        assert_eq!(master.acknowledge(2, 10), [(7, 2)]);
        assert_eq!(master.wait(7, 2), Some(2));
        master.acknowledge(2, 3);
        assert_eq!(master.wait(7, 2), Some(2), "it had that already");
    }

    #[test]
    fn each_waits_for_its_own_writes() {
        let mut master = master();
        for client in [7, 8, 9] {
            master.write(client, 10);
        }
        assert_eq!([9, 7, 8].map(|client| master.wait(client, 1)), [None; 3]);
        assert_eq!(master.acknowledge(1, 20), [(7, 1), (8, 1)]);
        assert_eq!(master.acknowledge(2, 30), [(9, 1)]);
        assert!(master.waiting.is_empty());
    }

    #[test]
    fn one_question_for_all() {
        let mut master = master();
        master.write(7, 10);
        master.write(8, 10);
        master.wait(7, 1);
        master.wait(8, 1);
        assert_eq!(master.questions, 1);
        master.write(9, 10);
        master.wait(9, 1);
        master.wait(9, 2);
        assert_eq!(master.questions, 2);
    }
}
