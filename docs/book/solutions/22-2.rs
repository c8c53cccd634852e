pub fn matches(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        Some((line, rest)) => actual
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && matches(rest, others)),
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let parts = expected.split_once('<').zip(expected.split_once('>'));
    let Some(((before, rest), (_, after))) = parts else { return expected == actual };
    let word = rest.split('>').next().unwrap_or_default();
    let bounds = word.strip_prefix("int ").and_then(|bounds| bounds.split_once(".."));
    if word != "any" && bounds.is_none() {
        return expected == actual;
    }
    let middle = actual.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let Some(middle) = middle else { return false };
    let Some((low, high)) = bounds else { return true };
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| !text.starts_with('+'));
    let (Some(low), Some(high)) = (number(low), number(high)) else { return false };
    number(middle).is_some_and(|number| (low..=high).contains(&number))
}
