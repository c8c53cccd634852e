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
            let at = now_ms + ms.parse::<u64>().unwrap();
            data.insert(key.into(), (value.into(), Some(at)));
            return vec![format!("SET {key} {value} PXAT {at}")];
        }
        ["SET", key, value, "PXAT", at] => {
            data.insert(key.into(), (value.into(), Some(at.parse().unwrap())));
        }
        ["APPEND", key, tail] => {
            data.entry(key.into()).or_default().0.push_str(tail);
        }
        ["DEL", key] => {
            if data.remove(key).is_none() {
                return Vec::new();
            }
        }
        ["DELRANDOM"] => {
            if data.is_empty() {
                return Vec::new();
            }
            let key = data.keys().nth(random(data.len())).unwrap().clone();
            data.remove(&key);
            return vec![format!("DEL {key}")];
        }
        _ => panic!("{command}"),
    }
    vec![command.into()]
}
