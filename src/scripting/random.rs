//! `math.random`: the same numbers after every start, and after the same seed.
//!
//! The generator is POSIX' `drand48`: 48 bits, of which the upper 31 are given out. All scripts and
//! functions of a server share it, and go on where the last one stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lua::{
    Lua, MultiValue, Result, Table, Value, bad_argument, install as install_functions,
    number_argument, one, raise_here, to_i64,
};

/// The generator. It outlives the interpreters of its server, each of which has a clone.
#[derive(Clone, Debug)]
pub struct RandomNumbers(Arc<AtomicU64>);

impl Default for RandomNumbers {
    fn default() -> Self {
        RandomNumbers(Arc::new(AtomicU64::new(START)))
    }
}

const MASK: u64 = (1 << 48) - 1;
const START: u64 = 0x1234_abcd_330e;

/// Puts the functions into the table `math`.
pub fn install(lua: &Lua, math: &Table) -> Result<()> {
    install_functions(lua, math, &[("random", random), ("randomseed", randomseed)])
}

fn seeded(seed: i32) -> u64 {
    (u64::from(seed as u32) << 16) | 0x330e
}

impl RandomNumbers {
    /// The next number, below 2^31.
    fn next(&self) -> u64 {
        let value = self.0.load(Ordering::Relaxed);
        let value = value.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & MASK;
        self.0.store(value, Ordering::Relaxed);
        value >> 17
    }

    /// The generator of an interpreter.
    fn of(lua: &Lua) -> RandomNumbers {
        lua.app_data_ref::<RandomNumbers>().map(|numbers| numbers.clone()).unwrap_or_default()
    }
}

const LARGEST: u64 = (1 << 31) - 1;

/// `math.random([low,] [high])`
fn random(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    // The largest number would give exactly 1.
    let fraction = (RandomNumbers::of(lua).next() % LARGEST) as f64 / LARGEST as f64;
    let integer = |index| number_argument(lua, &args, index).map(|n| to_i64(n) as i32); // as C cuts it
    let (low, high) = match args.len() {
        0 => return one(Value::Number(fraction)),
        1 => (1, integer(0)?),
        2 => (integer(0)?, integer(1)?),
        _ => return raise_here(lua, "wrong number of arguments"),
    };
    if low > high {
        return bad_argument(lua, args.len(), "interval is empty");
    }
    let span = f64::from(high.wrapping_sub(low).wrapping_add(1));
    one(Value::Number((fraction * span).floor() + f64::from(low)))
}

/// `math.randomseed(seed)`
fn randomseed(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let seed = to_i64(number_argument(lua, &args, 0)?);
    RandomNumbers::of(lua).0.store(seeded(seed as i32), Ordering::Relaxed);
    Ok(MultiValue::new())
}
