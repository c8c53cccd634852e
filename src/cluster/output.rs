//! What the state machine wants to have done. It touches nothing itself.

use std::sync::Arc;

use super::key::LinkKey;
use super::slots::SlotSet;

/// What is to be done about connections, in this order.
#[derive(Clone, Debug)]
pub enum Network {
    /// Connect to another node.
    Connect {
        /// What the connection is called from now on.
        link: LinkKey,
        /// Whereto.
        ip: String,
        /// Its bus port.
        port: u16,
    },
    /// Send a packet.
    Send {
        /// On which connection.
        link: LinkKey,
        /// The bytes, shared by all who get them.
        packet: Arc<[u8]>,
    },
    /// End a connection.
    Close {
        /// Which.
        link: LinkKey,
    },
}

/// What is to be done about this node's data, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Copy this master.
    Follow {
        /// Where it is.
        ip: String,
        /// Its port for clients.
        port: u16,
    },
    /// Be a master.
    Promote,
    /// Remove the keys of these slots: they are another node's.
    DropSlots(SlotSet),
    /// Let writes wait, or let them go on.
    HoldWrites(bool),
    /// Hand a message to those who listen here.
    Publish {
        /// Where they listen.
        channel: Vec<u8>,
        /// What they are to get.
        message: Vec<u8>,
        /// Whether it is a shard channel.
        shard: bool,
    },
    /// Slots have other owners: look who waits for keys in vain.
    SlotsMoved,
}

/// Whether the state has to be written to its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Save {
    /// The file has it.
    #[default]
    Nothing,
    /// At the next tick: others tell it again, should it be forgotten.
    Written,
    /// Before anything more is sent: it holds a promise to others.
    Synced,
}

/// Everything that waits to be done.
#[derive(Debug, Default)]
pub struct Outputs {
    /// About connections.
    pub network: Vec<Network>,
    /// About data.
    pub orders: Vec<Order>,
    /// About the file.
    pub save: Save,
}

impl Outputs {
    /// Whether something can't wait for the next tick.
    pub fn are_urgent(&self) -> bool {
        !self.network.is_empty() || self.save == Save::Synced
    }
}
