//! Effects.
//!
//! Write `execute`: it executes a command on the data, and returns its effect: a command that does the same on
//! any copy, whenever it is executed there. None: nothing has changed. The commands:
//!
//! | command | does | effect |
//! |---|---|---|
//! | `SET key value` | as ever; a time to live ends | the same |
//! | `SETEX key seconds value` | sets a time to live, too | `SET key value PXAT milliseconds` |
//! | `SET key value PXAT milliseconds` | the same, absolute | the same |
//! | `EXPIRE key seconds` | only if the key is there | `PEXPIREAT key milliseconds` |
//! | `PEXPIREAT key milliseconds` | the same, absolute | the same |
//! | `DEL key` | only if the key is there | the same |
//! | `RANDOMPOP` | removes the key that `random` chooses, of all in order | `DEL key` |

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// Values, and when they are over.
    pub keys: BTreeMap<String, (String, Option<i64>)>,
}

pub fn execute(data: &mut Data, command: &str, now_ms: i64, random: usize) -> Option<String> {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["SET", key, value] => {
            data.keys.insert(key.to_owned(), (value.to_owned(), None));
            Some(command.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 12] = [
        "SET a 1",
        "SETEX b 10 2",
        "EXPIRE a 5",
        "EXPIRE nosuch 5",
        "SET c 3",
        "RANDOMPOP",
        "SET d 4",
        "DEL nosuch",
        "SETEX d 1 5",
        "SET b 6",
        "RANDOMPOP",
        "DEL d",
    ];

    fn run(commands: &[String], now_ms: i64, random: usize) -> (Data, Vec<String>) {
        let (mut data, mut effects) = (Data::default(), Vec::new());
        for (at, command) in commands.iter().enumerate() {
            effects.extend(execute(&mut data, command, now_ms + at as i64, random * at));
        }
        (data, effects)
    }

    #[test]
    fn each_command() {
        let mut data = Data::default();
        let mut effect = |command: &str| execute(&mut data, command, 1000, 1);
        assert_eq!(effect("SETEX k 10 v").as_deref(), Some("SET k v PXAT 11000"));
        assert_eq!(effect("EXPIRE k 5").as_deref(), Some("PEXPIREAT k 6000"));
        assert_eq!(effect("SET l v").as_deref(), Some("SET l v"));
        assert_eq!(effect("RANDOMPOP").as_deref(), Some("DEL l"));
        assert_eq!(effect("SET k w PXAT 7").as_deref(), Some("SET k w PXAT 7"));
        assert_eq!(effect("PEXPIREAT k 8").as_deref(), Some("PEXPIREAT k 8"));
        assert_eq!(effect("DEL k").as_deref(), Some("DEL k"));
        for nothing in ["DEL k", "EXPIRE k 1", "PEXPIREAT k 1", "RANDOMPOP"] {
            assert_eq!(effect(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_copy_is_the_same_whenever_it_is_made() {
        let commands = COMMANDS.map(str::to_owned);
        let (data, effects) = run(&commands, 1_000, 7);
        assert!(!data.keys.is_empty());
        // Later, elsewhere, with another generator:
        let (copy, again) = run(&effects, 5_000_000, 3);
        assert_eq!(copy, data);
        assert_eq!(again, effects, "an effect is its own effect");
    }
}
