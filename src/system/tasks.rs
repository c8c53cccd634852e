//! What a thread is doing at this moment, as the system tells.
//!
//! The thread itself notes nothing: whoever wants to know asks the kernel, which shows in `/proc/self/task/NUMBER/syscall` what
//! call a sleeping thread has not come back from. So it costs nothing while nobody looks.
//!
//! ```text
//! running                                 it computes, or could
//! 202 0x7f3c... 0x80 ...                  number of the call, and its arguments: futex, for a lock
//! ```
//!
//! The numbers differ from one kind of processor to the next.

use std::fs;

use rustix::thread::{Pid, gettid};

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task(Pid);

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It computes, or waits for a processor.
    Running,
    /// It waits for another thread: a lock, a condition.
    Waiting,
    /// It writes to a socket that takes no more.
    Sending,
    /// It waits for the disk.
    Syncing,
    /// It waits for something to read, or for time to pass.
    Asleep,
    /// The system doesn't tell.
    Unknown,
}

impl Task {
    /// The thread that asks.
    pub fn current() -> Task {
        Task(gettid())
    }

    /// What it does.
    pub fn doing(self) -> Doing {
        let path = format!("/proc/self/task/{}/syscall", self.0.as_raw_nonzero());
        fs::read_to_string(path).map_or(Doing::Unknown, |text| interpret(&text))
    }
}

fn interpret(text: &str) -> Doing {
    let Some(first) = text.split_ascii_whitespace().next() else { return Doing::Unknown };
    match first.parse::<u32>() {
        _ if first == "running" => Doing::Running,
        Ok(call) => {
            let known = CALLS.iter().find(|(calls, _)| calls.contains(&call));
            known.map_or(Doing::Unknown, |(_, doing)| *doing)
        }
        Err(_) => Doing::Unknown,
    }
}

/// futex; write, writev, sendto, sendmsg; fsync, fdatasync, sync_file_range; read, recvfrom, recvmsg, poll, ppoll, nanosleep,
/// clock_nanosleep, sched_yield.
#[cfg(target_arch = "x86_64")]
const CALLS: [(&[u32], Doing); 4] = [
    (&[202], Doing::Waiting),
    (&[1, 20, 44, 46], Doing::Sending),
    (&[74, 75, 277], Doing::Syncing),
    (&[0, 45, 47, 7, 271, 35, 230, 24], Doing::Asleep),
];
/// The same, in the same order.
#[cfg(target_arch = "aarch64")]
const CALLS: [(&[u32], Doing); 4] = [
    (&[98], Doing::Waiting),
    (&[64, 66, 206, 211], Doing::Sending),
    (&[82, 83, 84], Doing::Syncing),
    (&[63, 207, 212, 73, 101, 115, 124], Doing::Asleep),
];
/// Nothing is known of others.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const CALLS: [(&[u32], Doing); 0] = [];

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_thread_is_seen_to_sleep_and_to_wait() {
        if Task::current().doing() == Doing::Unknown && !cfg!(target_arch = "x86_64") {
            return; // a system that doesn't tell
        }
        let (tell, told) = mpsc::channel();
        let (socket, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let sleeper = std::thread::spawn({
            let tell = tell.clone();
            move || {
                tell.send(Task::current()).unwrap();
                std::io::Read::read(&mut &socket, &mut [0]).unwrap()
            }
        });
        let (go, wait) = mpsc::channel::<()>();
        let task = told.recv().unwrap();
        await_doing(task, Doing::Asleep);
        drop(other);
        sleeper.join().unwrap();
        let waiter = std::thread::spawn(move || {
            tell.send(Task::current()).unwrap();
            let _ = wait.recv();
        });
        await_doing(told.recv().unwrap(), Doing::Waiting);
        drop(go);
        waiter.join().unwrap();
    }

    fn await_doing(task: Task, wanted: Doing) {
        let until = Instant::now() + Duration::from_secs(5);
        while task.doing() != wanted {
            assert!(Instant::now() < until, "{:?}", task.doing());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_the_kernel_says_is_understood_or_unknown() {
        assert_eq!(interpret("running\n"), Doing::Running);
        assert_eq!(interpret(""), Doing::Unknown);
        assert_eq!(interpret("-1 0x0 0x0"), Doing::Unknown);
        assert_eq!(interpret("4711 0x0 0x0"), Doing::Unknown);
    }
}
