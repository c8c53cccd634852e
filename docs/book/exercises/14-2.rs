//! Units.
//!
//! Write `Journal::flush`: the effects that the running command has left become one unit. Several effects stand
//! between MULTI and EXEC, a single one stands alone. Where the database changes, SELECT comes first; the first
//! SELECT of a unit stands in front of MULTI. No effects are no unit.

#[derive(Default)]
pub struct Journal {
    /// What the running command has left: databases and commands.
    pub pending: Vec<(usize, String)>,
    /// The database that the stream has selected; None: nothing was written yet.
    pub selected: Option<usize>,
    /// Everything so far.
    pub stream: Vec<String>,
}

impl Journal {
    pub fn add(&mut self, db: usize, effect: &str) {
        self.pending.push((db, effect.to_owned()));
    }

    pub fn flush(&mut self) {
        for (_, effect) in self.pending.drain(..) {
            self.stream.push(effect);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units are lists of `database effect`.
    fn stream(units: &[&[(usize, &str)]]) -> String {
        let mut journal = Journal::default();
        for unit in units {
            unit.iter().for_each(|(db, effect)| journal.add(*db, effect));
            journal.flush();
            assert!(journal.pending.is_empty());
        }
        journal.stream.join(", ")
    }

    #[test]
    fn one_effect_stands_alone() {
        assert_eq!(stream(&[&[(0, "SET a 1")], &[(0, "DEL a")]]), "SELECT 0, SET a 1, DEL a");
    }

    #[test]
    fn several_are_wrapped() {
        let text = stream(&[&[(0, "SET a 1"), (0, "SET b 2")], &[(0, "DEL a")]]);
        assert_eq!(text, "SELECT 0, MULTI, SET a 1, SET b 2, EXEC, DEL a");
    }

    #[test]
    fn databases_are_selected_where_they_change() {
        let text = stream(&[
            &[(3, "DEL a")],
            &[(4, "DEL b"), (4, "DEL c"), (0, "DEL d")],
            &[(0, "DEL e")],
        ]);
        let expected =
            "SELECT 3, DEL a, SELECT 4, MULTI, DEL b, DEL c, SELECT 0, DEL d, EXEC, DEL e";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_is_no_unit() {
        assert_eq!(stream(&[&[], &[(1, "DEL a")], &[], &[(1, "DEL b")]]), "SELECT 1, DEL a, DEL b");
    }
}
