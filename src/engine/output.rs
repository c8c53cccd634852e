//! What is sent to a client, and when it is too much.
//!
//! `client-output-buffer-limit` says how much may wait for a client that is slower than what it is sent.
//! The hard limit binds at once: for what waits in its [outbox](super::outbox), and for a reply while it is
//! being written (see [`Client::reply_limit`]). The soft limit binds when so much has waited for too long,
//! which `cron` finds out, should nobody send anything more.

use std::sync::Arc;

use super::ClientKey;
use super::client::{Client, Clients};
use super::outbox::Outbox;
use crate::config::{BufferLimit, BufferLimits, Config};
use crate::resp::Protocol;

/// So many bytes may wait whatever the limits are, so that a client can still be told of them: Redis
/// doesn't count them either, they lie inside of what it keeps for each client.
const NEVER_TOO_MANY: usize = 16 * 1024;

/// The most bytes that a hard limit lets wait.
fn most_bytes(limit: BufferLimit) -> usize {
    match limit.hard {
        0 => usize::MAX,
        hard => (hard as usize - 1).saturating_add(NEVER_TOO_MANY),
    }
}

impl Client {
    /// Lets replies and pushes go through an outbox from now on.
    pub fn open_outbox(&mut self) {
        if let (None, Some(stream)) = (&self.outbox, &self.stream) {
            match Outbox::open(Arc::clone(stream), Arc::clone(&self.pen)) {
                Ok(outbox) => self.outbox = Some(outbox),
                Err(error) => {
                    crate::warning!("Can't start the writer threads: {error}");
                    self.disconnect();
                }
            }
        }
    }

    /// Tracking may send pushes from now on: before the first reply that one could overtake, both are
    /// made to go the same way.
    pub fn expect_pushes(&mut self) {
        self.expects_pushes = true;
        self.set_protocol(self.protocol);
    }

    /// From now on the client speaks this.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
        if self.expects_pushes && protocol == Protocol::Resp3 {
            self.open_outbox();
        }
    }

    /// Sends what the client hasn't asked for just now.
    pub fn push(&mut self, message: &Arc<[u8]>, limits: &BufferLimits) {
        self.open_outbox();
        self.hand_over_answer(limits);
        if self.holds_pushes {
            self.held_back.push(Arc::clone(message));
        } else if !self.close_after_reply {
            self.send(Arc::clone(message), limits);
        }
    }

    /// Puts a push into the outbox. If the client has been reading too slowly for too long, the
    /// connection ends instead: whoever publishes must not pay for it.
    fn send(&mut self, message: Arc<[u8]>, limits: &BufferLimits) {
        if let Some(outbox) = &self.outbox {
            let backlog = outbox.send(message);
            self.check(backlog, limits);
        }
    }

    /// Puts a reply into the outbox, which its own thread is about to flush, and behind it the pushes
    /// that had to wait for it.
    pub fn hand_over(&mut self, reply: &[u8], limits: &BufferLimits) {
        let Some(outbox) = &self.outbox else { return };
        let mut backlog = outbox.put(reply.into());
        for message in std::mem::take(&mut self.held_back) {
            backlog = outbox.put(message);
        }
        self.check(backlog, limits);
    }

    /// The same for the reply to a command that has waited: what comes now must come behind it,
    /// though the thread that serves the connection isn't awake yet.
    pub fn hand_over_answer(&mut self, limits: &BufferLimits) {
        if !self.answer.is_empty() {
            let answer = std::mem::take(&mut self.answer);
            self.hand_over(&answer, limits);
        }
    }

    /// Ends the connection if too much is waiting to be sent to it.
    pub fn check_backlog(&mut self, limits: &BufferLimits) {
        self.check(self.unsent(), limits);
    }

    /// Bytes that wait to be sent: in its outbox, or with its thread.
    pub fn unsent(&self) -> usize {
        self.unsent_by_thread() + self.outbox.as_ref().map_or(0, Outbox::backlog)
    }

    /// Bytes that its thread is writing, and that nobody has taken yet.
    pub fn unsent_by_thread(&self) -> usize {
        self.pen.unsent()
    }

    /// Its thread is about to write so much, beside what is in its outbox. If that is above the soft limit, the
    /// time runs.
    #[inline]
    pub fn note_unsent(&mut self, bytes: usize, limits: &BufferLimits) {
        let bytes = bytes + self.outbox.as_ref().map_or(0, Outbox::backlog);
        if bytes > NEVER_TOO_MANY || self.above_soft_limit.is_some() {
            self.is_too_slow(bytes, limits);
        }
    }

    fn check(&mut self, backlog: usize, limits: &BufferLimits) {
        if !self.close_after_reply && self.is_too_slow(backlog, limits) {
            self.close_for_output();
        }
    }

    /// Ends the connection, for more waits to be sent to it than may.
    #[cold]
    pub fn close_for_output(&mut self) {
        crate::warning!(
            "Client id={} addr={} closed for overcoming of output buffer limits.",
            self.id,
            self.peer.as_ref().map_or(String::new(), |peer| peer.to_string())
        );
        self.was_too_slow = true;
        self.disconnect();
    }

    /// The limits for what waits to be sent to a client of this kind.
    fn buffer_limit(&self, limits: &BufferLimits) -> BufferLimit {
        if self.subscriptions.is_empty() { limits.normal } else { limits.pubsub }
    }

    /// How many bytes of replies may be put together for it in memory.
    pub fn reply_limit(&self, limits: &BufferLimits) -> usize {
        most_bytes(self.buffer_limit(limits))
    }

    /// Whether so many unread bytes are too many, or have been for too long.
    fn is_too_slow(&mut self, backlog: usize, limits: &BufferLimits) -> bool {
        let limit = self.buffer_limit(limits);
        if backlog > most_bytes(limit) {
            return true;
        }
        let backlog = (backlog.saturating_sub(NEVER_TOO_MANY)) as u64;
        if limit.soft == 0 || backlog < limit.soft {
            self.above_soft_limit = None;
            return false;
        }
        let since = *self.above_soft_limit.get_or_insert_with(|| self.clock.tick());
        self.clock.since(since).as_secs() > limit.soft_seconds
    }
}

impl Clients {
    /// Sends a client what it hasn't asked for just now.
    pub fn push(&mut self, key: ClientKey, message: &Arc<[u8]>, config: &Config) {
        self.get_mut(key).push(message, &config.client_output_buffer_limit);
        if config.maxmemory_clients.is_set() {
            self.weigh(key);
        }
    }
}
