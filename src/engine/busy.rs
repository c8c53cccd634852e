//! While a script runs too long: others are told, and may end it.

use super::Engine;

/// Serves those who wait, in the midst of a script.
pub fn serve(engine: &mut Engine) {
    if let Some(running) = &mut engine.scripting.running {
        running.is_slow = true;
    }
}

/// The script has ended.
pub fn end(_engine: &mut Engine) {}
