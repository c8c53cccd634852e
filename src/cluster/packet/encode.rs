//! Writing a packet.

use super::*;

impl Packet {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (header, mut out) = (&self.header, Vec::with_capacity(2 * HEADER));
        let (entries, has_name) = match &self.body {
            Body::Gossip { entries, hostname } => (entries.len() as u16, !hostname.is_empty()),
            _ => (0, false),
        };
        out.extend_from_slice(SIGNATURE);
        out.extend_from_slice(&[0; 4]); // the length, when it is known
        for number in [VERSION, header.address.port, self.kind as u16, entries] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        for number in [header.current_epoch, header.config_epoch, header.offset] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(header.sender.as_bytes());
        out.extend_from_slice(header.slots.as_bytes());
        out.extend_from_slice(&header.master.map_or([0; 40], |id| *id.as_bytes()));
        push_padded(&mut out, &header.address.ip, IP);
        out.extend_from_slice(&u16::from(has_name).to_be_bytes());
        out.extend_from_slice(&[0; 30]);
        for number in [header.address.plain_port, header.address.bus_port, header.flags.0] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        let mflags =
            [(header.paused, PAUSED), (header.force_vote, FORCE_VOTE), (has_name, HAS_EXTENSIONS)];
        let mflags = mflags.iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, bit)| all | bit);
        out.extend_from_slice(&[u8::from(header.is_down), mflags, 0, 0]);
        debug_assert_eq!(out.len(), HEADER);
        self.encode_body(&mut out);
        let length = out.len() as u32;
        out[4..8].copy_from_slice(&length.to_be_bytes());
        out
    }

    fn encode_body(&self, out: &mut Vec<u8>) {
        match &self.body {
            Body::Gossip { entries, hostname } => {
                entries.iter().for_each(|entry| entry.encode(out));
                if !hostname.is_empty() {
                    let padded = (hostname.len() + 1).next_multiple_of(8);
                    out.extend_from_slice(&((EXTENSION + padded) as u32).to_be_bytes());
                    out.extend_from_slice(&HOSTNAME.to_be_bytes());
                    out.extend_from_slice(&[0; 2]);
                    push_padded(out, hostname, padded);
                }
            }
            Body::Fail(id) => out.extend_from_slice(id.as_bytes()),
            Body::Message { channel, message } => {
                for length in [channel.len(), message.len()] {
                    out.extend_from_slice(&(length as u32).to_be_bytes());
                }
                out.extend_from_slice(channel);
                out.extend_from_slice(message);
            }
            Body::Update { id, config_epoch, slots } => {
                out.extend_from_slice(&config_epoch.to_be_bytes());
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(slots.as_bytes());
            }
            Body::Nothing => {}
        }
    }
}

impl Gossip {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.ping_sent_s.to_be_bytes());
        out.extend_from_slice(&self.pong_received_s.to_be_bytes());
        push_padded(out, &self.address.ip, IP);
        let Address { port, bus_port, plain_port, .. } = self.address;
        for number in [port, bus_port, self.flags.0, plain_port, 0] {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

/// A text, and zeros up to a length; one zero at the least.
fn push_padded(out: &mut Vec<u8>, text: &str, len: usize) {
    let text = &text.as_bytes()[..text.len().min(len - 1)];
    out.extend_from_slice(text);
    out.resize(out.len() + len - text.len(), 0);
}
