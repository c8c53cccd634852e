pub fn minimize(items: &[u32], mut fails: impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    let mut items = items.to_vec();
    let mut size = items.len().div_ceil(2);
    while items.len() > 1 {
        let (before, mut start) = (items.len(), 0);
        while start < items.len() {
            let end = (start + size).min(items.len());
            let rest = [&items[..start], &items[end..]].concat();
            if !rest.is_empty() && fails(&rest) {
                items = rest; // the next piece begins where this one did
            } else {
                start = end;
            }
        }
        let reduced = items.len() < before;
        if size == 1 && !reduced {
            break;
        }
        // Single ones are tried until none can go; larger pieces once.
        size = if size == 1 { 1 } else { size.div_ceil(2).min(items.len()) };
    }
    items
}
