//! Reading a packet: all of it is right, or it is dropped.

use super::*;
use crate::cluster::node::{is_address, is_hostname};
use crate::cluster::slots::SET_BYTES;

/// Reads from the front of some bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn id(&mut self) -> Option<NodeId> {
        NodeId::parse(self.take(40)?)
    }

    fn slots(&mut self) -> Option<SlotSet> {
        Some(SlotSet::from_bytes(self.take(SET_BYTES)?.try_into().ok()?))
    }

    fn ip(&mut self) -> Option<String> {
        text(self.take(IP)?).filter(|ip| is_address(ip))
    }
}

/// A text that ends with a zero, or with its field.
fn text(field: &[u8]) -> Option<String> {
    let text = field.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(text).ok().map(str::to_owned)
}

impl Packet {
    /// Reads a packet. None: it isn't one, or of a version that isn't understood here.
    pub fn parse(bytes: &[u8]) -> Option<Packet> {
        let mut cursor = Cursor(bytes);
        if cursor.take(4)? != SIGNATURE
            || cursor.u32()? as usize != bytes.len()
            || cursor.u16()? != VERSION
        {
            return None;
        }
        let port = cursor.u16()?;
        let kind = Kind::of(cursor.u16()?)?;
        let entries = cursor.u16()?;
        let (current_epoch, config_epoch) = (cursor.u64()?, cursor.u64()?);
        let offset = cursor.u64()?;
        let sender = cursor.id()?;
        let slots = cursor.slots()?;
        let master = match cursor.array::<40>()? {
            zeros if zeros == [0; 40] => None,
            id => Some(NodeId::parse(&id)?),
        };
        let ip = cursor.ip()?;
        let extensions = cursor.u16()?;
        cursor.take(30)?;
        let (plain_port, bus_port) = (cursor.u16()?, cursor.u16()?);
        let flags = Flags(cursor.u16()?);
        let [state, mflags, ..] = cursor.array::<4>()?;
        let header = Header {
            address: Address { ip, port, bus_port, plain_port },
            current_epoch,
            config_epoch,
            offset,
            sender,
            slots,
            master,
            flags,
            is_down: state != 0,
            paused: mflags & PAUSED != 0,
            force_vote: mflags & FORCE_VOTE != 0,
        };
        let extensions = if mflags & HAS_EXTENSIONS != 0 { extensions } else { 0 };
        let body = cursor.body(kind, entries, extensions)?;
        // Nothing may follow, or its length would be a lie.
        (cursor.0.is_empty() || kind == Kind::Module).then_some(Packet { kind, header, body })
    }
}

impl Cursor<'_> {
    fn body(&mut self, kind: Kind, entries: u16, extensions: u16) -> Option<Body> {
        Some(match kind {
            Kind::Ping | Kind::Pong | Kind::Meet => {
                let entries: Option<Vec<Gossip>> = (0..entries).map(|_| self.gossip()).collect();
                let mut hostname = String::new();
                for _ in 0..extensions {
                    if let Some(name) = self.extension()? {
                        hostname = name;
                    }
                }
                Body::Gossip { entries: entries?, hostname }
            }
            Kind::Fail => Body::Fail(self.id()?),
            Kind::Publish | Kind::PublishShard => {
                let (channel, message) = (self.u32()? as usize, self.u32()? as usize);
                // The space of the smallest message is there even if the message is smaller.
                let (channel, rest) = self.take(self.0.len())?.split_at_checked(channel)?;
                let message = rest.get(..message).filter(|message| message.len() == rest.len())?;
                Body::Message { channel: channel.to_vec(), message: message.to_vec() }
            }
            Kind::Update => {
                let config_epoch = self.u64()?;
                Body::Update { config_epoch, id: self.id()?, slots: self.slots()? }
            }
            Kind::AuthRequest | Kind::AuthAck | Kind::ManualStart | Kind::Module => Body::Nothing,
        })
    }

    fn gossip(&mut self) -> Option<Gossip> {
        let id = self.id()?;
        let (ping_sent_s, pong_received_s) = (self.u32()?, self.u32()?);
        let ip = self.ip()?;
        let (port, bus_port) = (self.u16()?, self.u16()?);
        let flags = Flags(self.u16()?);
        let plain_port = self.u16()?;
        self.take(2)?;
        let address = Address { ip, port, bus_port, plain_port };
        Some(Gossip { id, ping_sent_s, pong_received_s, address, flags })
    }

    /// An extension; the name in it, if it is one that has a name.
    fn extension(&mut self) -> Option<Option<String>> {
        let length = self.u32()? as usize;
        let kind = self.u16()?;
        self.take(2)?;
        if !length.is_multiple_of(8) {
            return None;
        }
        let data = self.take(length.checked_sub(EXTENSION)?)?;
        if kind != HOSTNAME {
            return Some(None);
        }
        Some(Some(text(data).filter(|name| is_hostname(name))?))
    }
}
