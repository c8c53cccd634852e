use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Resp2,
    Resp3,
}

pub struct Subscriber {
    pub channel: String,
    pub protocol: Protocol,
    pub queue: Vec<Arc<[u8]>>,
}

pub fn publish(
    subscribers: &mut [Subscriber],
    channel: &str,
    encode: &mut dyn FnMut(Protocol) -> Vec<u8>,
) -> usize {
    let mut receivers = 0;
    let mut encoded: [Option<Arc<[u8]>>; 2] = [None, None];
    for subscriber in subscribers.iter_mut().filter(|it| it.channel == channel) {
        let protocol = subscriber.protocol;
        let message = encoded[protocol as usize].get_or_insert_with(|| encode(protocol).into());
        subscriber.queue.push(Arc::clone(message));
        receivers += 1;
    }
    receivers
}
