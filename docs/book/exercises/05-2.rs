//! Effects.
//!
//! `execute` does what a command says, and answers what is to be journalled. A copy executes that, a week
//! later perhaps, and must end with the same data. So far it journals what was sent, even if that has
//! changed nothing. Mend it, with commands that `execute` knows already:
//!
//! - what has changed nothing has no effect
//! - a time that is relative becomes an absolute one (`PXAT`)
//! - what was drawn at random is named
//!
//! What means the same anywhere and at any time stays as it is.

use std::collections::BTreeMap;

/// A value, and the millisecond at which it ends, if it does.
pub type Data = BTreeMap<String, (String, Option<u64>)>;

/// Executes a command at the time `now_ms`; `random` draws a number below the one it is given. Answers
/// the effects.
pub fn execute(
    data: &mut Data,
    command: &str,
    now_ms: u64,
    random: &mut dyn FnMut(usize) -> usize,
) -> Vec<String> {
    data.retain(|_, (_, ends)| ends.is_none_or(|at| at > now_ms));
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["SET", key, value] => {
            data.insert(key.into(), (value.into(), None));
        }
        ["SET", key, value, "PX", ms] => {
            data.insert(key.into(), (value.into(), Some(now_ms + ms.parse::<u64>().unwrap())));
        }
        ["SET", key, value, "PXAT", at] => {
            data.insert(key.into(), (value.into(), Some(at.parse().unwrap())));
        }
        ["APPEND", key, tail] => {
            data.entry(key.into()).or_default().0.push_str(tail);
        }
        ["DEL", key] => {
            data.remove(key);
        }
        ["DELRANDOM"] => {
            if !data.is_empty() {
                let key = data.keys().nth(random(data.len())).unwrap().clone();
                data.remove(&key);
            }
        }
        _ => panic!("{command}"),
    }
    vec![command.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(data: &mut Data, commands: &[(u64, &str)], drawn: usize) -> Vec<String> {
        let each = commands.iter();
        each.flat_map(|(now, it)| execute(data, it, *now, &mut |below| drawn % below)).collect()
    }

    #[test]
    fn what_means_the_same_anywhere_stays() {
        let commands = [(5, "SET k v"), (6, "APPEND k x"), (7, "SET l v PXAT 900"), (8, "DEL k")];
        let effects = effects(&mut Data::new(), &commands, 0);
        assert_eq!(effects, commands.map(|(_, command)| command));
    }

    #[test]
    fn a_time_becomes_a_moment() {
        let effects = effects(&mut Data::new(), &[(1000, "SET k v PX 250")], 0);
        assert_eq!(effects, ["SET k v PXAT 1250"]);
    }

    #[test]
    fn nothing_has_no_effect() {
        let mut data = Data::new();
        assert_eq!(effects(&mut data, &[(1, "DEL k"), (2, "DELRANDOM")], 0), [""; 0]);
    }

    #[test]
    fn a_copy_ends_with_the_same() {
        let commands = [
            (100, "SET a 1"),
            (110, "SET b 2 PX 1000"),
            (120, "SET c 3"),
            (130, "DELRANDOM"),
            (140, "APPEND b x"),
            (150, "DEL nosuch"),
            (160, "SET d 4"),
            (170, "DELRANDOM"),
        ];
        for drawn in 0..4 {
            let (mut data, mut copy) = (Data::new(), Data::new());
            let journal = effects(&mut data, &commands, drawn);
            let later: Vec<(u64, &str)> = journal.iter().map(|it| (900, it.as_str())).collect();
            let again = effects(&mut copy, &later, drawn + 1);
            assert_eq!(copy, data, "a copy draws other numbers, later");
            assert_eq!(again, journal, "a copy of a copy gets the same");
        }
    }
}
