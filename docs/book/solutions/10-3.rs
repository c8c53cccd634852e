pub const CHUNK: usize = 8;

pub type List = Vec<Vec<char>>;

pub fn remove(list: &mut List, element: char, count: i64) -> usize {
    let equal = list.iter().flatten().filter(|other| **other == element).count();
    let limit = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let removed = equal.min(limit);
    // The numbers of those that go, counting only the equal ones.
    let first = if count < 0 { equal - removed } else { 0 };
    let mut number = 0;
    for chunk in list.iter_mut() {
        chunk.retain(|other| {
            let is_equal = *other == element;
            let goes = is_equal && (first..first + removed).contains(&number);
            number += usize::from(is_equal);
            !goes
        });
    }
    for chunk in std::mem::take(list) {
        match list.last_mut() {
            _ if chunk.is_empty() => {}
            Some(last) if last.len() + chunk.len() <= CHUNK / 2 => last.extend(chunk),
            _ => list.push(chunk),
        }
    }
    removed
}
