//! How many threads there may be. A thread that can't have its stack, or what it keeps for itself, ends the
//! whole process, so the limit has to be known before it is reached.
//!
//! | limit                               | how much of it a thread takes                                  |
//! |-------------------------------------|----------------------------------------------------------------|
//! | `vm.max_map_count`, 65,530 areas of memory unless somebody raised it | four, its stack and the one on which an overflow of the first is reported, each with a guard page, and up to two for its heap |
//! | `threads-max`, `pid_max`, `ulimit -u`, and `pids.max` of the control group and those around it | one, beside other processes' |
//! | `ulimit -v`, the address space       | its stack; the C library's heaps take 64 MB each, so there has to be just one ([`save_address_space`]) |
//!
//! That is enough for 10,000 connections where nobody has lowered anything.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::Lazy;
use rustix::process::{Resource, getrlimit};

/// Areas of memory that a thread takes.
const AREAS_EACH: usize = 6;
/// Areas that everything else may take: libraries, the heap, large values.
const AREAS_RESERVED: usize = 4000;
/// What the kernel allows, if it doesn't say.
const DEFAULT_AREAS: usize = 65_530;
/// Address space that a thread takes beside its stack: guard pages, the second stack.
const ADDRESSES_EACH: usize = 64 * 1024;
/// Address space that has to be left to everything else when threads are started.
const ADDRESSES_RESERVED: usize = 32 << 20;
/// How the C library is told how many heaps to make.
const HEAPS: &str = "MALLOC_ARENA_MAX";

static LIMIT: Lazy<usize> = Lazy::new(|| {
    let areas = number_in("/proc/sys/vm/max_map_count").unwrap_or(DEFAULT_AREAS);
    let areas = areas.saturating_sub(AREAS_RESERVED) / AREAS_EACH;
    // Other processes need some of these, too.
    let shared = ["/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max"];
    let shared = shared.iter().filter_map(number_in);
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = limit_of_groups(&groups, Path::new("/sys/fs/cgroup"));
    let tasks = shared.chain(group).min().unwrap_or(usize::MAX);
    let processes = getrlimit(Resource::Nproc).current.map_or(usize::MAX, |most| most as usize);
    areas.min(tasks / 4 * 3).min(processes / 4 * 3)
});

/// The number that a file of the kernel's consists of.
fn number_in(path: impl AsRef<Path>) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The least `pids.max` of the control groups that a process is in, each of which is inside of others.
/// `groups` is what the kernel says of them, lines of `number:controllers:path`: version 2 has one without
/// controllers, version 1 one for each hierarchy, with a directory of its own. In a container the path
/// may be that of the host, of which only the last part, the root, is to be seen.
fn limit_of_groups(groups: &str, mounted: &Path) -> Option<usize> {
    let directories = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let root: PathBuf = match controllers {
            "" => mounted.to_owned(),
            _ if controllers.split(',').any(|name| name == "pids") => mounted.join("pids"),
            _ => return None,
        };
        Some((root.clone(), root.join(path.trim_start_matches('/'))))
    });
    let limits = directories.flat_map(|(root, directory)| {
        let around: Vec<PathBuf> = directory.ancestors().map(Path::to_owned).collect();
        around.into_iter().take_while(move |path| path.starts_with(&root))
    });
    limits.filter_map(|directory| number_in(directory.join("pids.max"))).min()
}

/// Address space that is left; None: it is not limited.
fn addresses_left() -> Option<usize> {
    let limit = getrlimit(Resource::As).current? as usize;
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split(' ').next()?.parse().ok()?;
    Some(limit.saturating_sub(pages * rustix::param::page_size()))
}

/// Where address space is limited, starts the program again, as the same process, and has the C library
/// use one heap for all threads: each other one would take 64 MB of it. For the beginning of a program.
pub fn save_address_space() {
    let is_limited = getrlimit(Resource::As).current.is_some();
    if let (true, None, Ok(program)) =
        (is_limited, std::env::var_os(HEAPS), std::env::current_exe())
    {
        let mut arguments = std::env::args_os();
        let mut again = Command::new(program);
        again.args(arguments.by_ref().skip(1)).env(HEAPS, "1");
        if let Some(name) = std::env::args_os().next() {
            again.arg0(name);
        }
        let _ = again.exec(); // returns only if that was impossible
    }
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// The right to run some threads; given back when it is dropped.
#[derive(Debug)]
pub struct Permit(usize);

impl Permit {
    /// The right to run `count` threads more with stacks of so many bytes, if there may be so many.
    pub fn take(count: usize, stack: usize) -> Option<Permit> {
        let needed = count * (stack + ADDRESSES_EACH) + ADDRESSES_RESERVED;
        if addresses_left().is_some_and(|left| left < needed) {
            return None;
        }
        let more = |running: usize| Some(running + count).filter(|sum| *sum <= *LIMIT);
        RUNNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Permit(count))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        RUNNING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn permits_are_limited_and_come_back() {
        assert!(Permit::take(*LIMIT + 1, 4096).is_none());
        drop(Permit::take(10, 4096).unwrap());
        // Other tests of this process may hold a few.
        assert!(Permit::take(*LIMIT / 2, 4096).is_some());
    }

    #[test]
    fn the_least_limit_of_all_control_groups_around_binds() {
        let mounted = tempfile::tempdir().unwrap();
        let limit = |path: &str, text: &str| {
            let directory = mounted.path().join(path);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("pids.max"), text).unwrap();
        };
        let of = |groups: &str| limit_of_groups(groups, mounted.path());
        assert_eq!(of("0::/a/b/c\n"), None);
        limit("a", "300\n");
        limit("a/b", "max\n");
        limit("a/b/c", "5000\n");
        assert_eq!(of("0::/a/b/c\n"), Some(300));
        assert_eq!(of("0::/a/b/c/d\n"), Some(300));
        limit("a/b/c", "20\n");
        assert_eq!(of("0::/a/b/c\n"), Some(20));
        assert_eq!(of("0::/\n"), None);
        // In a container, what is to be seen is its own root, whatever it is called outside.
        limit("", "70\n");
        assert_eq!(of("0::/\n"), Some(70));
        assert_eq!(of("0::/docker/1234\n"), Some(70));
        // Version 1.
        limit("pids/x/y", "40\n");
        let groups = "12:cpu,cpuacct:/a\n11:pids:/x/y\n1:name=systemd:/a/b\n";
        assert_eq!(of(groups), Some(40));
        assert_eq!(of("11:pids,rdma:/x/y/z\n"), Some(40));
        assert_eq!(of("11:cpuset:/x/y\nnonsense\n"), None);
    }
}
