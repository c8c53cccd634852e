//! The arithmetic of tables: medians, and ratios inside of rounds.
//!
//! It knows numbers only, so that `tests/benchmark.rs` can check it.

/// The middle value, or the mean of the two in the middle. NaN for no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// One server's number divided by another's, for each round in which both have one.
pub fn ratios(one: &[f64], other: &[f64]) -> Vec<f64> {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| one / other).filter(|ratio| ratio.is_finite()).collect()
}

/// Ratios as a cell of a table: the median and the range.
pub fn cell(ratios: Vec<f64>) -> String {
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match ratios.len() {
        0 => "–".to_owned(),
        1 => format!("**{low:.2}**"),
        _ => format!("**{:.2}** {low:.2}–{high:.2}", median(ratios)),
    }
}

/// 1234567.8 becomes `1,234,568`; a small number keeps its fraction.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
