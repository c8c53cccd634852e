//! The listener that doesn't listen.
//!
//! `publish` sends a message to all who listen to a channel, with the lock in hand. A listener's queue
//! holds one message. One who takes nothing out of it stops everybody: `publish` waits for room, and
//! the lock with it. Change `publish` so that it waits without the lock. It still returns how many
//! listeners there are.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::SyncSender;

#[derive(Default)]
pub struct Data {
    pub keys: HashMap<String, String>,
    pub channels: HashMap<String, Vec<SyncSender<String>>>,
}

/// Sends a message to whoever listens to a channel.
pub fn publish(data: &Mutex<Data>, channel: &str, text: &str) -> usize {
    let data = data.lock().unwrap();
    let Some(listeners) = data.channels.get(channel) else { return 0 };
    for listener in listeners {
        let _ = listener.send(text.to_owned());
    }
    listeners.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::thread;
    use std::time::{Duration, Instant};

    fn listen(data: &Mutex<Data>) -> Receiver<String> {
        let (tx, rx) = sync_channel(1);
        data.lock().unwrap().channels.entry("news".into()).or_default().push(tx);
        rx
    }

    #[test]
    fn everybody_gets_the_message() {
        let data = Mutex::default();
        let listeners = [listen(&data), listen(&data)];
        assert_eq!(publish(&data, "news", "hello"), 2);
        assert_eq!(publish(&data, "nobody", "hello"), 0);
        assert!(listeners.iter().all(|rx| rx.try_recv().as_deref() == Ok("hello")));
    }

    #[test]
    fn who_does_not_listen_keeps_nobody_waiting() {
        let data = Arc::new(Mutex::default());
        let rx = listen(&data);
        assert_eq!(publish(&data, "news", "first"), 1); // now its queue is full
        let (shared, (done, ended)) = (Arc::clone(&data), sync_channel(1));
        thread::spawn(move || done.send(publish(&shared, "news", "second")));
        assert!(ended.recv_timeout(Duration::from_millis(50)).is_err(), "no room, no end");
        let patience = Instant::now() + Duration::from_millis(500);
        while data.try_lock().is_err() {
            assert!(Instant::now() < patience, "the lock is taken while a listener is waited for");
            thread::yield_now();
        }
        assert_eq!([rx.recv().unwrap(), rx.recv().unwrap()], ["first", "second"]);
        assert_eq!(ended.recv_timeout(Duration::from_secs(5)), Ok(1));
    }
}
