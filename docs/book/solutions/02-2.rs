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
    // The lock is given back at the end of this statement. What is sent to was copied: that is cheap,
    // and a listener that comes a moment later gets the next message.
    let listeners = data.lock().unwrap().channels.get(channel).cloned().unwrap_or_default();
    for listener in &listeners {
        let _ = listener.send(text.to_owned());
    }
    listeners.len()
}
