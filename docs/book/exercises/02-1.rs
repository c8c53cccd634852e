//! A lost update.
//!
//! `increment` takes the lock twice: once to read, once to write. In between, others run. The call of
//! `pause` makes sure of that, as a thread that is interrupted there would by chance. Change `increment`
//! so that no increment is lost, with `pause` called where it is now: between reading and writing.

use std::collections::HashMap;
use std::sync::Mutex;

pub type Data = Mutex<HashMap<String, u64>>;

/// Adds one to the number that a key holds, and answers it.
pub fn increment(data: &Data, key: &str, pause: impl Fn()) -> u64 {
    let number = data.lock().unwrap().get(key).copied().unwrap_or(0);
    pause();
    data.lock().unwrap().insert(key.to_owned(), number + 1);
    number + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn none_is_lost() {
        let data = Data::default();
        let pauses = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        increment(&data, "visits", || {
                            pauses.fetch_add(1, Ordering::Relaxed);
                            thread::sleep(Duration::from_millis(2));
                        });
                    }
                });
            }
        });
        assert_eq!(data.lock().unwrap()["visits"], 20);
        assert_eq!(pauses.into_inner(), 20, "each has paused");
    }

    #[test]
    fn the_lock_is_free_afterwards() {
        let data = Data::default();
        assert_eq!(increment(&data, "visits", || ()), 1);
        assert_eq!(increment(&data, "visits", || ()), 2);
        assert!(data.try_lock().is_ok());
    }
}
