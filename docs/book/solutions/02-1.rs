use std::collections::HashMap;
use std::sync::Mutex;

pub type Data = Mutex<HashMap<String, u64>>;

/// Adds one to the number that a key holds, and answers it.
pub fn increment(data: &Data, key: &str, pause: impl Fn()) -> u64 {
    let mut data = data.lock().unwrap(); // until the end of the function
    let number = data.get(key).copied().unwrap_or(0);
    pause();
    data.insert(key.to_owned(), number + 1);
    number + 1
}
