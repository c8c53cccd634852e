//! Three of two thousand.
//!
//! `fails` tells whether a list of commands still shows the failure. Write `minimize`: the shortest list that
//! you can find, the commands in their order, such that leaving out any single one of it no longer fails.
//! The whole list does fail. Trying each command by itself, two thousand times, is too slow: the
//! tests count how often you ask.

pub fn minimize(items: &[u32], mut fails: impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    items.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(needed: &[u32], most: usize) -> Vec<u32> {
        let items: Vec<u32> = (0..2000).collect();
        let mut tries = 0;
        let left = minimize(&items, |items| {
            tries += 1;
            needed.iter().all(|item| items.contains(item))
        });
        assert!(tries <= most, "{tries} tries");
        left
    }

    #[test]
    fn one_is_found_fast() {
        assert_eq!(found(&[1234], 60), [1234]);
    }

    #[test]
    fn what_is_needed_together_is_found_together() {
        assert_eq!(found(&[3, 17, 1999], 250), [3, 17, 1999]);
    }

    #[test]
    fn nothing_can_be_left_out() {
        let items = [5, 6, 7, 8, 9];
        assert_eq!(minimize(&items, |items| items.len() >= 3).len(), 3);
        assert_eq!(minimize(&items, |items| items == [5, 6, 7, 8, 9]), items);
        let odd = |items: &[u32]| items.iter().sum::<u32>() % 2 == 1;
        let left = minimize(&items, odd);
        assert!(odd(&left) && left.len() == 1, "{left:?}");
    }
}
