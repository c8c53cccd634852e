//! A cursor that counts backwards.
//!
//! Redis' tables are arrays of chains, with a power of two of them: a key is in the chain that the lowest
//! bits of its hash say. A walk visits chain after chain, and between two steps the array may become twice
//! as long, or half. `next` says which chain comes after `cursor` in an array of `size`; 0 is the beginning
//! and the end. Counting up misses keys when the array changes. Let it count so that the *highest* bit
//! changes first and carries go down (0, 4, 2, 6, 1, 5, 3, 7 of 8), and find out why that misses none.
//! A cursor may come from a larger array, and have bits that this one hasn't: those don't count.

pub fn next(cursor: u32, size: u32) -> u32 {
    (cursor + 1) % size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(size: u32) -> Vec<u32> {
        let (mut order, mut cursor) = (vec![0], next(0, size));
        while cursor != 0 && order.len() <= size as usize {
            order.push(cursor);
            cursor = next(cursor, size);
        }
        order
    }

    #[test]
    fn visits_each_chain_once() {
        assert_eq!(order(8), [0, 4, 2, 6, 1, 5, 3, 7]);
        assert_eq!(order(1), [0]);
        for size in [2, 64, 1024] {
            let mut chains = order(size);
            chains.sort_unstable();
            assert!(chains.into_iter().eq(0..size), "of {size}");
        }
    }

    /// Walks while the array has these sizes, one after the other, step by step. Tells the keys that were
    /// missed, of 0..100, each of which is its own hash.
    fn missed(sizes: &mut dyn FnMut() -> u32) -> Vec<u32> {
        let (mut seen, mut cursor) = ([false; 100], 0);
        for _ in 0..100_000 {
            let size = sizes();
            (0..100)
                .filter(|key| key % size == cursor % size)
                .for_each(|key| seen[key as usize] = true);
            cursor = next(cursor, size);
            if cursor == 0 {
                return (0..100).filter(|key| !seen[*key as usize]).collect();
            }
        }
        panic!("the walk doesn't end");
    }

    #[test]
    fn an_array_that_grows() {
        for after in 1..8 {
            let mut step = 0;
            let missed = missed(&mut || {
                step += 1;
                if step <= after { 8 } else { 32 }
            });
            assert!(missed.is_empty(), "grown after {after} steps: {missed:?}");
        }
    }

    #[test]
    fn an_array_that_shrinks() {
        for after in 1..32 {
            let mut step = 0;
            let missed = missed(&mut || {
                step += 1;
                if step <= after { 32 } else { 8 }
            });
            assert!(missed.is_empty(), "shrunk after {after} steps: {missed:?}");
        }
    }

    #[test]
    fn an_array_that_does_both() {
        for seed in 1..200u32 {
            let mut state = seed;
            let missed = missed(&mut || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                4 << (state >> 29)
            });
            assert!(missed.is_empty(), "seed {seed}: {missed:?}");
        }
    }
}
