/// Where the keys of a command are. Word 0 is its name.
#[derive(Clone, Copy)]
pub enum Keys {
    /// From word `first` to word `last`, every `step` words.
    Range { first: usize, last: isize, step: usize },
    /// Word `at` says how many there are; they stand right behind it.
    Counted { at: usize },
}

pub fn keys<'a>(place: Keys, request: &[&'a str]) -> Option<Vec<&'a str>> {
    let words = request.len();
    match place {
        Keys::Range { first, last, step } => {
            let last = if last < 0 { words.checked_add_signed(last)? } else { last as usize };
            // `get` is None if the range ends behind the last word, or before it begins.
            Some(request.get(first..last + 1)?.iter().step_by(step).copied().collect())
        }
        Keys::Counted { at } => {
            let count: usize = request.get(at)?.parse().ok()?;
            let end = (at + 1).checked_add(count)?;
            Some(request.get(at + 1..end)?.to_vec())
        }
    }
}
