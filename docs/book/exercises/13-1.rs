//! Encoded once.
//!
//! `publish` gives every subscriber of a channel a message, in the protocol that it speaks. As it is, each
//! gets a copy of its own. Change it: a message is encoded at most once for each protocol, and only if
//! somebody speaks it; all who get it share the bytes. It returns how many got it.

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
    for subscriber in subscribers.iter_mut().filter(|it| it.channel == channel) {
        subscriber.queue.push(encode(subscriber.protocol).into());
        receivers += 1;
    }
    receivers
}

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::{Resp2, Resp3};

    fn subscribers(of: &[(&str, Protocol)]) -> Vec<Subscriber> {
        let new = |(channel, protocol): &(&str, Protocol)| Subscriber {
            channel: channel.to_string(),
            protocol: *protocol,
            queue: Vec::new(),
        };
        of.iter().map(new).collect()
    }

    #[test]
    fn each_protocol_once_and_only_if_it_is_spoken() {
        let mut all = subscribers(&[("a", Resp2), ("b", Resp3), ("a", Resp2), ("a", Resp2)]);
        let mut encoded = Vec::new();
        let count = publish(&mut all, "a", &mut |protocol| {
            encoded.push(protocol);
            b"*3".to_vec()
        });
        assert_eq!((count, encoded.len()), (3, 1));
        assert!(encoded[0] == Resp2 && all[1].queue.is_empty());
        assert!(Arc::ptr_eq(&all[0].queue[0], &all[3].queue[0]), "shared");
    }

    #[test]
    fn everybody_gets_its_own_protocol() {
        let mut all = subscribers(&[("a", Resp3), ("a", Resp2), ("a", Resp3), ("a", Resp2)]);
        let mut encoded = 0;
        let count = publish(&mut all, "a", &mut |protocol| {
            encoded += 1;
            if protocol == Resp2 { b"*3".to_vec() } else { b">3".to_vec() }
        });
        assert_eq!((count, encoded), (4, 2));
        let first = all.iter().map(|it| it.queue[0][0]).collect::<Vec<u8>>();
        assert_eq!(first, b">*>*");
    }

    #[test]
    fn nobody_listens() {
        let mut all = subscribers(&[("a", Resp2)]);
        assert_eq!(publish(&mut all, "b", &mut |_| panic!("for nobody")), 0);
    }
}
