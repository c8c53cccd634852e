//! A program that always ends.
//!
//! A tiny machine has one stack of numbers, and these instructions. Write `run`.
//!
//! | instruction | does |
//! |---|---|
//! | `Push(n)` | puts a number on the stack |
//! | `Add` | takes two, puts their sum there (it wraps) |
//! | `Copy` | puts the topmost there once more |
//! | `JumpIfPositive(place)` | takes one; if it is above 0, goes on at that place |
//! | `Return` | ends with what is on top |
//!
//! How it ends: `Ok` with a number; `Failed` if the stack is too short, a place isn't there, or the program
//! runs off its end; `OutOfMemory` if the stack would have more than `limits.stack` numbers; `Killed` when
//! `limits.tick` says so. `tick` is called before every `limits.every`th instruction, counted from 1, and
//! its `false` means: end it.

#[derive(Clone, Copy)]
pub enum Instruction {
    Push(i64),
    Add,
    Copy,
    JumpIfPositive(usize),
    Return,
}

#[derive(Debug, PartialEq)]
pub enum End {
    Failed,
    OutOfMemory,
    Killed,
}

pub struct Limits<F: FnMut() -> bool> {
    pub stack: usize,
    pub every: usize,
    pub tick: F,
}

pub fn run<F: FnMut() -> bool>(program: &[Instruction], mut limits: Limits<F>) -> Result<i64, End> {
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::Instruction::*;
    use super::*;

    fn run_for(program: &[Instruction], mut ticks: usize) -> Result<i64, End> {
        let tick = move || {
            ticks = ticks.saturating_sub(1);
            ticks > 0
        };
        run(program, Limits { stack: 100, every: 10, tick })
    }

    #[test]
    fn programs_that_end() {
        assert_eq!(run_for(&[Push(2), Push(3), Add, Return], 100), Ok(5));
        // 10, 9, 8 ... 0
        let countdown = [Push(10), Push(-1), Add, Copy, JumpIfPositive(1), Return];
        assert_eq!(run_for(&countdown, 100), Ok(0));
        assert_eq!(run_for(&[Push(i64::MAX), Push(1), Add, Return], 100), Ok(i64::MIN));
    }

    #[test]
    fn programs_that_fail() {
        for program in [&[Add][..], &[Push(1), Add], &[Copy], &[Return], &[], &[Push(1)]] {
            assert_eq!(run_for(program, 100), Err(End::Failed));
        }
        assert_eq!(run_for(&[Push(1), JumpIfPositive(7)], 100), Err(End::Failed));
    }

    #[test]
    fn programs_that_never_would() {
        let forever = [Push(1), JumpIfPositive(0)];
        assert_eq!(run_for(&forever, 100), Err(End::Killed));
        assert_eq!(run_for(&[Push(1), Copy, JumpIfPositive(0)], 100), Err(End::OutOfMemory));
    }

    #[test]
    fn the_clock_is_looked_at_now_and_then() {
        let mut ticks = 0;
        let countdown = [Push(25), Push(-1), Add, Copy, JumpIfPositive(1), Return];
        let tick = || {
            ticks += 1;
            true
        };
        assert_eq!(run(&countdown, Limits { stack: 10, every: 10, tick }), Ok(0));
        assert_eq!(ticks, 10, "1 + 25 * 4 + 1 instructions");
    }
}
