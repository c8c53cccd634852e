//! Removing from the middle.
//!
//! `remove` is LREM: it removes elements that equal `element`, at most `count` of them from the front on, or,
//! if `count` is negative, from the back on; 0 is all. It returns how many. Then it tidies up: no chunk is
//! empty, and neighbours that have at most half a chunk together are one.

pub const CHUNK: usize = 8;

pub type List = Vec<Vec<char>>;

pub fn remove(list: &mut List, element: char, count: i64) -> usize {
    let before: usize = list.iter().map(Vec::len).sum();
    list.iter_mut().for_each(|chunk| chunk.retain(|other| *other != element));
    before - list.iter().map(Vec::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(chunks: &[&str]) -> List {
        chunks.iter().map(|chunk| chunk.chars().collect()).collect()
    }

    fn text(list: &List) -> String {
        list.iter().flatten().collect()
    }

    #[test]
    fn so_many_from_an_end() {
        for (count, removed, left) in [
            (1, 1, "abxcdxefxgx"),
            (2, 2, "abcdxefxgx"),
            (-1, 1, "xabxcdxefxg"),
            (-3, 3, "xabxcdefg"),
            (0, 5, "abcdefg"),
            (99, 5, "abcdefg"),
            (-99, 5, "abcdefg"),
            (i64::MIN, 5, "abcdefg"),
            (i64::MAX, 5, "abcdefg"),
        ] {
            let mut list = of(&["xabxcd", "xef", "xgx"]);
            assert_eq!((remove(&mut list, 'x', count), &*text(&list)), (removed, left), "{count}");
        }
        assert_eq!(remove(&mut of(&["abc"]), 'x', 0), 0);
    }

    #[test]
    fn no_chunk_is_empty() {
        let mut list = of(&["abcdefgh", "xxxx", "ijklmnop"]);
        assert_eq!(remove(&mut list, 'x', 0), 4);
        assert_eq!(list, of(&["abcdefgh", "ijklmnop"]));
        let mut list = of(&["xxx"]);
        assert_eq!((remove(&mut list, 'x', 0), list.len()), (3, 0));
    }

    #[test]
    fn small_neighbours_are_merged() {
        let mut list = of(&["abxxxx", "xxxcd", "efgh"]);
        remove(&mut list, 'x', 0);
        assert_eq!(list, of(&["abcd", "efgh"]), "half a chunk together, and no more");
        let mut list = of(&["axxx", "xxxx", "bxxx", "cxxx", "dxxx", "exxx"]);
        remove(&mut list, 'x', 0);
        assert_eq!(text(&list), "abcde");
        assert!(list.windows(2).all(|pair| pair[0].len() + pair[1].len() > CHUNK / 2), "{list:?}");
        let mut list = of(&["abcde", "fgh", "xij"]);
        remove(&mut list, 'x', 1);
        assert_eq!(list, of(&["abcde", "fgh", "ij"]));
    }
}
