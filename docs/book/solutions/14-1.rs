use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// Values, and when they are over.
    pub keys: BTreeMap<String, (String, Option<i64>)>,
}

pub fn execute(data: &mut Data, command: &str, now_ms: i64, random: usize) -> Option<String> {
    let words: Vec<&str> = command.split(' ').collect();
    let in_seconds = |text: &str| now_ms + text.parse::<i64>().unwrap() * 1000;
    match words[..] {
        ["SET", key, value] => set(data, key, value, None),
        ["SETEX", key, seconds, value] => set(data, key, value, Some(in_seconds(seconds))),
        ["SET", key, value, "PXAT", at] => set(data, key, value, Some(at.parse().unwrap())),
        ["EXPIRE", key, seconds] => expire(data, key, in_seconds(seconds)),
        ["PEXPIREAT", key, at] => expire(data, key, at.parse().unwrap()),
        ["DEL", key] => delete(data, key),
        ["RANDOMPOP"] => {
            let key = data.keys.keys().nth(random % data.keys.len().max(1))?.clone();
            delete(data, &key)
        }
        _ => None,
    }
}

fn set(data: &mut Data, key: &str, value: &str, at: Option<i64>) -> Option<String> {
    data.keys.insert(key.to_owned(), (value.to_owned(), at));
    let time = at.map_or(String::new(), |at| format!(" PXAT {at}"));
    Some(format!("SET {key} {value}{time}"))
}

fn expire(data: &mut Data, key: &str, at: i64) -> Option<String> {
    data.keys.get_mut(key)?.1 = Some(at);
    Some(format!("PEXPIREAT {key} {at}"))
}

fn delete(data: &mut Data, key: &str) -> Option<String> {
    data.keys.remove(key)?;
    Some(format!("DEL {key}"))
}
