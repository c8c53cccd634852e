//! A busy machine: for each core, a process that does nothing but use it.
//!
//! A server seldom has a machine for itself, and one that looks for requests before it sleeps, or that
//! counts on a free core for its next thread, pays for company in its own way. The processes compete
//! with the server and the client at the same priority, so each of those gets a share of the cores
//! only, and waits for its turn when it wakes.

use std::hint::black_box;
use std::io::Result;
use std::os::unix::process::parent_id;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The argument that makes this program use a core.
pub const ARGUMENT: &str = "--spin";
/// What is computed between two looks at whether anybody still wants that: some milliseconds.
const SPINS: u64 = 10_000_000;
/// From the start of the processes until the kernel has spread them over the cores.
const SETTLING: Duration = Duration::from_millis(100);

/// Whether `BUSY` asks for company in all that is measured.
pub fn is_wanted() -> bool {
    std::env::var("BUSY").is_ok_and(|value| !value.is_empty() && value != "0")
}

/// The processes; they end with this value.
pub struct Company {
    spinning: Vec<Child>,
}

impl Company {
    /// Starts as many as there are cores.
    pub fn start() -> Result<Company> {
        let cores = std::thread::available_parallelism()?.get();
        let mut company = Company { spinning: Vec::new() };
        for _ in 0..cores {
            let mut command = Command::new(std::env::current_exe()?);
            company.spinning.push(command.arg(ARGUMENT).stdin(Stdio::null()).spawn()?);
        }
        std::thread::sleep(SETTLING);
        Ok(company)
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        for child in &mut self.spinning {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Uses a core until whoever has started this process is gone.
pub fn spin() {
    let parent = parent_id();
    while parent_id() == parent {
        (0..SPINS).for_each(|number| _ = black_box(number));
    }
}
