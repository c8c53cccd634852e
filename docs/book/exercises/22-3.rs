//! Every order of two threads.
//!
//! A thread is a list of steps, and each step is done in one piece. Write
//!
//! - `orders`: every order in which two threads with so many steps can run; each as a list of whose turn it
//!   is, 0 or 1. No order may be missing, and none be there twice.
//! - `find_failure`: runs two threads in every order, each time on a fresh state, and gives back the first
//!   order after which `is_right` says no.

pub type Step<S> = fn(&mut S);

pub fn orders(first: usize, second: usize) -> Vec<Vec<usize>> {
    Vec::new()
}

pub fn find_failure<S: Default>(
    threads: [&[Step<S>]; 2],
    is_right: fn(&S) -> bool,
) -> Option<Vec<usize>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[derive(Default)]
    struct Counter {
        value: i32,
        read: [i32; 2],
    }

    #[test]
    fn all_orders() {
        assert_eq!(orders(1, 1), [[0, 1], [1, 0]]);
        assert_eq!(orders(2, 0), [[0, 0]]);
        let all = orders(4, 3);
        assert_eq!(all.len(), 35, "7 over 3");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 35);
        assert!(all.iter().all(|order| order.iter().sum::<usize>() == 3));
    }

    #[test]
    fn a_lost_update_is_found() {
        let first: [Step<Counter>; 2] =
            [|it| it.read[0] = it.value, |it| it.value = it.read[0] + 1];
        let second: [Step<Counter>; 2] =
            [|it| it.read[1] = it.value, |it| it.value = it.read[1] + 1];
        let failure = find_failure([&first, &second], |it| it.value == 2).unwrap();
        let mut sorted = failure.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 0, 1, 1]);
        assert!(failure != [0, 0, 1, 1] && failure != [1, 1, 0, 0]);
    }

    #[test]
    fn what_is_done_in_one_piece_is_right() {
        let increment: [Step<Counter>; 1] = [|it| it.value += 1];
        assert!(find_failure([&increment, &increment], |it| it.value == 2).is_none());
    }
}
