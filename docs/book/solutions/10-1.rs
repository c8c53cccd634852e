use std::ops::Range;

pub fn range(len: usize, first: i64, last: i64) -> Range<usize> {
    let len = len as i64;
    let place = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let first = place(first).max(0);
    let last = place(last).min(len - 1);
    if first > last { 0..0 } else { first as usize..last as usize + 1 }
}
