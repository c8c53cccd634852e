//! A copy that has all of a unit or none.
//!
//! Write `Copy::apply`. It gets the requests of a stream, some at a time, as they arrive. What stands between
//! MULTI and EXEC is executed when EXEC has come, all of it; what stands alone is executed at once. `executed`
//! gets the requests in order, without MULTI and EXEC. `position` says how many requests of the stream are
//! dealt with: should the connection break, the stream goes on from there, so it never stands within a unit.
//! `reconnect` is called then.

#[derive(Default)]
pub struct Copy {
    pub executed: Vec<String>,
    pub position: usize,
}

impl Copy {
    pub fn apply(&mut self, requests: &[&str]) {
        for request in requests {
            self.executed.push(request.to_string());
            self.position += 1;
        }
    }

    /// The connection has broken. What comes next comes from `position` on.
    pub fn reconnect(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: [&str; 9] =
        ["SET a 1", "MULTI", "SET b 2", "SET c 3", "EXEC", "DEL a", "MULTI", "DEL b", "EXEC"];
    const EXECUTED: [&str; 5] = ["SET a 1", "SET b 2", "SET c 3", "DEL a", "DEL b"];

    #[test]
    fn a_unit_is_executed_as_a_whole() {
        let mut copy = Copy::default();
        copy.apply(&STREAM[..3]);
        assert_eq!((&copy.executed[..], copy.position), (&["SET a 1".to_owned()][..], 1));
        copy.apply(&STREAM[3..6]);
        assert_eq!((copy.executed.len(), copy.position), (4, 6));
        copy.apply(&STREAM[6..]);
        assert_eq!((copy.executed, copy.position), (EXECUTED.map(str::to_owned).to_vec(), 9));
    }

    #[test]
    fn wherever_the_connection_breaks() {
        for breaks_at in 0..STREAM.len() {
            let mut copy = Copy::default();
            for request in &STREAM[..breaks_at] {
                copy.apply(&[*request]);
            }
            copy.reconnect();
            let position = copy.position;
            copy.apply(&STREAM[position..]);
            assert_eq!(copy.executed, EXECUTED, "it broke behind {breaks_at}");
            assert_eq!(copy.position, STREAM.len());
        }
    }
}
