//! While a script runs too long: others are told, and may end it.
//!
//! A script holds THE lock, and there is no giving it back in the midst of it. So its thread serves the
//! others from there: every now and then the interpreter lets it look ([`serve`]), and what connections
//! have [delegated](super::delegation) is executed right there, through the same `execute` as always.
//! Its gates refuse nearly everything with `-BUSY`; what they let pass changes no data.

use std::sync::Arc;

use super::{Engine, SinceTaken};

/// Serves those who wait, in the midst of a script.
pub fn serve(engine: &mut Engine) {
    let Some(running) = &mut engine.scripting.running else { return };
    let delegation = Arc::clone(&engine.delegation);
    if !running.is_slow {
        running.is_slow = true;
        crate::warning!(
            "Slow script detected: still in execution after {} milliseconds. You can try killing \
             the script using the {} KILL command. Script name is: {}.",
            running.elapsed().as_millis(),
            if running.is_function { "FUNCTION" } else { "SCRIPT" },
            String::from_utf8_lossy(&running.name),
        );
        delegation.open();
    }
    engine.since_taken = SinceTaken::Nothing; // the last command has ended long ago
    delegation.serve(engine);
}

/// The script has ended, though it is still known as the one that runs: who has come in time gets the
/// answer to that.
pub fn end(engine: &mut Engine) {
    if engine.scripting.is_slow() {
        Arc::clone(&engine.delegation).close(engine);
    }
}
