//! Threads that the server can't do without.
//!
//! A panic in a worker costs one connection. Without the thread that does things by the clock, or the one
//! that writes files in the background, the server would seem to go on, and expire nothing, save nothing,
//! and synchronise no replica any more. So a panic there ends the process with a report, as one under
//! the lock does: what the disk has is better than a server that is half alive.

use super::logging::inherit;

/// The work of such a thread, to be given to its start.
pub fn essential(job: impl FnOnce() + Send + 'static) -> impl FnOnce() + Send + 'static {
    inherit(move || {
        let _guard = Guard;
        job();
    })
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        let thread = std::thread::current();
        if std::thread::panicking() {
            let name = thread.name().unwrap_or("without a name");
            crate::warning!(
                "The thread '{name}' panicked, and nobody else does its work: stopping."
            );
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;
    use std::thread::Builder;

    use super::*;

    /// Set for the process that is to end.
    const VARIABLE: &str = "CACHEFLOW_TEST_PANIC_IN_SERVICE";

    #[test]
    fn a_panic_ends_the_process() {
        if std::env::var_os(VARIABLE).is_some() {
            crate::system::logging::report_panics();
            let thread = Builder::new().name("cron".into());
            let _ = thread.spawn(essential(|| panic!("only a test"))).unwrap().join();
            return; // not reached
        }
        let test = "system::service::tests::a_panic_ends_the_process";
        let mut this = Command::new(std::env::current_exe().unwrap());
        let output =
            this.args(["--exact", test, "--nocapture"]).env(VARIABLE, "1").output().unwrap();
        assert_eq!(output.status.signal(), Some(rustix::process::Signal::ABORT.as_raw()));
        let log = String::from_utf8_lossy(&output.stdout);
        assert!(log.contains("Thread 'cron': panicked at"), "{log}");
        assert!(log.contains("only a test"), "{log}");
        assert!(log.contains("The thread 'cron' panicked"), "{log}");
    }

    #[test]
    fn a_thread_that_has_done_its_work_ends_quietly() {
        let thread = Builder::new().spawn(essential(|| {})).unwrap();
        assert!(thread.join().is_ok());
    }
}
