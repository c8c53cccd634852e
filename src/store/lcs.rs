//! The longest common subsequence of two strings: the most bytes that both contain in this order.
//!
//! The classic table: cell (i, j) is the answer for the first i bytes of `a` and the first j of
//! `b`. Equal bytes extend the answer of the cell up left by one; otherwise the better of the cells
//! above and to the left counts:
//!
//! ```text
//!          n  e  w          Walking back from the last cell, each diagonal step is a byte of
//!       0  0  0  0          the result. Where bytes differ the walk follows the larger of
//!    t  0  0  0  0          "up" and "left"; *left* if they are equal, as Redis does, or
//!    w  0  0  0  1          another one of several longest subsequences would come out.
//!    e  0  0  1  1
//! ```
//!
//! Redis keeps the whole table in 4 bytes a cell. A cell here is one bit, "up is larger", since
//! that is all the walk asks for; the numbers themselves are needed one row at a time.
//!
//! Left out on purpose: the linear-space algorithm of Hirschberg, which breaks ties differently.

/// Bytes of a cell in Redis' table; see [`table_size`].
const REDIS_CELL_SIZE: usize = 4;

/// A run of bytes that both strings have in common. The ends are inclusive, as in replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// First and last index in the first string.
    pub a: (usize, usize),
    /// First and last index in the second string.
    pub b: (usize, usize),
}

impl Match {
    /// How many bytes match.
    pub fn length(&self) -> usize {
        self.a.1 - self.a.0 + 1
    }
}

/// What two strings have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// The subsequence itself.
    pub text: Vec<u8>,
    /// Where its runs are, the last one first.
    pub matches: Vec<Match>,
}

/// The memory that Redis needs for its table; `None` if it can't be expressed.
///
/// Redis refuses to compare strings if this exceeds `proto-max-bulk-len`. The limit keeps the time
/// bounded, too, so it is worth having although this table is 32 times smaller.
pub fn table_size(a: &[u8], b: &[u8]) -> Option<usize> {
    (a.len() + 1).checked_mul(b.len() + 1)?.checked_mul(REDIS_CELL_SIZE)
}

/// The length of the longest common subsequence, in the memory of one row.
pub fn length(a: &[u8], b: &[u8]) -> usize {
    // A row as long as the shorter string; the length is the same either way.
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let mut row = vec![0; short.len() + 1];
    for byte in long {
        next_row(&mut row, *byte, short, |_| {});
    }
    row[short.len()] as usize
}

/// The longest common subsequence and where it is. Check [`table_size`] first.
pub fn compare(a: &[u8], b: &[u8]) -> Common {
    let up_is_larger = fill_table(a, b);
    let mut common = Common { text: Vec::new(), matches: Vec::new() };
    // The match that the walk is in: it grows at its start.
    let mut current: Option<Match> = None;
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            i -= 1;
            j -= 1;
            common.text.push(a[i]);
            let run = current.get_or_insert(Match { a: (i, i), b: (j, j) });
            (run.a.0, run.b.0) = (i, j);
            continue;
        }
        common.matches.extend(current.take());
        if up_is_larger.get((i - 1) * b.len() + j - 1) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    common.matches.extend(current);
    common.text.reverse();
    common
}

/// One bit a cell, row by row.
struct BitTable(Vec<u64>);

impl BitTable {
    fn get(&self, cell: usize) -> bool {
        self.0[cell / 64] >> (cell % 64) & 1 == 1
    }
}

/// Computes, for every pair of bytes that differ, whether the cell above is the larger one.
fn fill_table(a: &[u8], b: &[u8]) -> BitTable {
    let mut table = BitTable(vec![0; (a.len() * b.len()).div_ceil(64)]);
    let mut row = vec![0; b.len() + 1];
    for (i, byte) in a.iter().enumerate() {
        next_row(&mut row, *byte, b, |j| {
            let cell = i * b.len() + j;
            table.0[cell / 64] |= 1 << (cell % 64);
        });
    }
    table
}

/// Turns the row for the bytes before `byte` into the one that includes it.
///
/// `up_is_larger` is called with the index of each byte of `b` where that is so.
fn next_row(row: &mut [u32], byte: u8, b: &[u8], mut up_is_larger: impl FnMut(usize)) {
    let (mut up_left, mut left) = (row[0], row[0]);
    for (j, other) in b.iter().enumerate() {
        let up = row[j + 1];
        left = if byte == *other {
            up_left + 1
        } else if up > left {
            up_is_larger(j);
            up
        } else {
            left
        };
        row[j + 1] = left;
        up_left = up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Ends = (usize, usize);
    type Case = (&'static str, &'static str, &'static str, &'static [(Ends, Ends)]);

    /// Recorded from redis-server 7.0.15 (`LCS a b`, `LCS a b IDX`).
    #[test]
    fn subsequences_as_redis_finds_them() {
        let cases: &[Case] = &[
            ("ohmytext", "mynewtext", "mytext", &[((4, 7), (5, 8)), ((2, 3), (0, 1))]),
            ("abcbdab", "bdcaba", "bdab", &[((5, 6), (3, 4)), ((3, 4), (0, 1))]),
            ("abc", "abc", "abc", &[((0, 2), (0, 2))]),
            ("abc", "xyz", "", &[]),
            ("", "abc", "", &[]),
            ("ab", "ba", "b", &[((1, 1), (0, 0))]),
            ("aXbXc", "aYbYc", "abc", &[((4, 4), (4, 4)), ((2, 2), (2, 2)), ((0, 0), (0, 0))]),
            ("aaaa", "aa", "aa", &[((2, 3), (0, 1))]),
        ];
        for (a, b, text, matches) in cases {
            let common = compare(a.as_bytes(), b.as_bytes());
            assert_eq!(common.text, text.as_bytes(), "{a} {b}");
            let found: Vec<_> = common.matches.iter().map(|found| (found.a, found.b)).collect();
            assert_eq!(found, *matches, "{a} {b}");
            let total: usize = common.matches.iter().map(Match::length).sum();
            assert_eq!(total, text.len());
            assert_eq!(length(a.as_bytes(), b.as_bytes()), text.len());
        }
    }

    #[test]
    fn the_limit_counts_what_redis_would_allocate() {
        assert_eq!(table_size(b"abc", b"de"), Some(4 * 3 * 4));
        assert_eq!(table_size(b"", b""), Some(4));
    }
}
