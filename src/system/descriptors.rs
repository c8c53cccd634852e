//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File descriptors that are not connections: listening sockets, logs, files being written.
const RESERVED_DESCRIPTORS: u64 = 32;

/// Raises the limit of open files to what so many clients need. The error says how many are
/// possible instead.
///
/// Each needs its socket, and another one while it waits ([`wakeup`](super::wakeup)): for these there
/// is room if the system allows it, and no fewer clients if it doesn't.
pub fn make_room_for_clients(clients: u32) -> Result<(), u32> {
    let wanted = u64::from(clients) + RESERVED_DESCRIPTORS;
    let best = wanted + u64::from(clients);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= best) {
        return Ok(());
    }
    let reachable = maximum.map_or(best, |maximum| maximum.min(best));
    let limit = Rlimit { current: Some(reachable), maximum };
    let granted = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => reachable,
        Err(_) => current.unwrap_or(reachable),
    };
    if granted >= wanted {
        return Ok(());
    }
    Err(granted.saturating_sub(RESERVED_DESCRIPTORS).max(1) as u32)
}
