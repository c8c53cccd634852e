//! Delta debugging: from two thousand commands to the three that matter.
//!
//! Zeller's `ddmin`: cut the list into n pieces and try to do without each of them. When one can
//! go, go on with the rest; when none can, cut twice as fine; when a piece is a single item and
//! none can go, the list is minimal in the sense that every single item is needed.
//!
//! What it leaves out on purpose: trying pieces alone instead of their complements. It wins little
//! for a failure that needs commands from several places, which is the usual kind here.

/// Returns a short sublist for which `fails` still holds. Stops early when `budget` tries are used
/// up: the best list so far is still worth reading.
pub fn minimize<T: Clone>(
    items: &[T],
    mut budget: usize,
    mut fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut items = items.to_vec();
    let mut pieces = 2;
    while items.len() > 1 {
        let size = items.len().div_ceil(pieces);
        let mut reduced = false;
        let mut start = 0;
        while start < items.len() {
            if budget == 0 {
                return items;
            }
            budget -= 1;
            let end = (start + size).min(items.len());
            let rest = [&items[..start], &items[end..]].concat();
            if fails(&rest) {
                // The next piece has moved to where this one was.
                items = rest;
                reduced = true;
            } else {
                start = end;
            }
        }
        if !reduced {
            if size == 1 {
                break;
            }
            pieces = (pieces * 2).min(items.len());
        } else {
            pieces = items.len().div_ceil(size).max(2);
        }
    }
    items
}

#[test]
fn only_what_is_needed_remains() {
    let items: Vec<u32> = (0..2000).collect();
    let needed = [3, 17, 1999];
    let mut tries = 0;
    let left = minimize(&items, 1000, |items| {
        tries += 1;
        needed.iter().all(|item| items.contains(item))
    });
    assert_eq!(left, needed);
    assert!(tries < 200, "{tries} tries");
}

#[test]
fn a_budget_is_kept() {
    let mut tries = 0;
    let left = minimize(&[1, 2, 3, 4, 5, 6, 7, 8], 3, |items| {
        tries += 1;
        items.contains(&8)
    });
    assert!(left.contains(&8) && left.len() > 1);
    assert_eq!(tries, 3);
}
