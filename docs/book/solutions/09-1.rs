use std::ops::Range;

pub const NOT_FLOAT: &str = "ERR min or max is not a float";

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    pub score: f64,
    pub excluded: bool,
}

pub fn parse(text: &str) -> Result<End, &'static str> {
    let (text, excluded) = match text.strip_prefix('(') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let score: f64 = text.parse().map_err(|_| NOT_FLOAT)?;
    if score.is_nan() { Err(NOT_FLOAT) } else { Ok(End { score, excluded }) }
}

pub fn ranks(scores: &[f64], min: End, max: End) -> Range<usize> {
    let is_before = |it: &f64| *it < min.score || min.excluded && *it == min.score;
    let is_before_end = |it: &f64| *it < max.score || !max.excluded && *it == max.score;
    scores.partition_point(is_before)..scores.partition_point(is_before_end)
}
