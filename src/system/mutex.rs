//! Taking a mutex of the standard library, whatever became of the one who had it before.

use std::sync::{Mutex, MutexGuard};

/// Takes it. If somebody has panicked with it in hand, what it guards is as good as it was: here it guards
/// nothing that is half changed for a moment. (With THE lock that is another matter: `engine/lock.rs`.)
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
