//! Any bytes as what other nodes of a cluster send, in pieces of a stream: whatever comes, the state of the
//! node can be written to its file and read again, it stays itself, and it stays bounded.

#![no_main]

use cacheflow::bus::reading::Packets;
use cacheflow::cluster::output::Network;
use cacheflow::cluster::settings::Settings;
use cacheflow::cluster::state::Local;
use cacheflow::cluster::table::MOST_NODES;
use cacheflow::cluster::{Cluster, SLOTS, Slot};
use cacheflow::system::random::Random;
use libfuzzer_sys::fuzz_target;
use pieces::Pieces;

#[path = "../pieces.rs"]
mod pieces;

/// Two masters and a replica; `fuzz/seeds/packets` is what they send, after the size of pieces.
const STATE: &str = "\
0000000000000000000000000000000000000000 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n\
1111111111111111111111111111111111111111 10.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n\
2222222222222222222222222222222222222222 10.0.0.3:7000@17000 slave \
0000000000000000000000000000000000000000 0 0 1 connected\n\
vars currentEpoch 2 lastVoteEpoch 0\n";

fn read(text: &str) -> Option<Cluster> {
    Cluster::from_file(text, Settings::default(), Random::from_seed(1), 1_000_000)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let _ = cacheflow::system::logging::set_file(Some("/dev/null".as_ref()));
    let mut cluster = read(STATE).expect("the state is right");
    let mut now_ms = 1_000_000;
    let mut tell = |cluster: &mut Cluster, what: &mut dyn FnMut(&mut Cluster)| {
        now_ms += 500;
        cluster.begin(Local { now_ms, ..Local::default() });
        what(cluster);
        cluster.settle();
        for action in cluster.take_outputs().network {
            if let Network::Connect { link, ip, .. } = action {
                cluster.connected(link, "10.0.0.1".into(), ip);
            }
        }
    };
    let link = cluster.accepted("10.0.0.1".into(), "10.0.0.2".into());
    let size = usize::from(piece) * 16 + 1;
    let mut packets = Packets::new(Pieces { rest: bytes, size });
    while let Ok(Some(packet)) = packets.read() {
        tell(&mut cluster, &mut |cluster| cluster.receive(link, packet));
        tell(&mut cluster, &mut |cluster| cluster.tick());
    }
    let text = cluster.to_file();
    let again = read(&text).unwrap_or_else(|| panic!("can't be read again:\n{text}"));
    assert_eq!(again.myself().id, cluster.myself().id);
    assert!(cluster.nodes().count() <= MOST_NODES);
    for slot in 0..SLOTS as Slot {
        let owner = |cluster: &Cluster| cluster.owner(slot).map(|key| cluster.node(key).id);
        assert_eq!(owner(&again), owner(&cluster));
    }
});
