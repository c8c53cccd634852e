#[derive(Debug, PartialEq)]
pub struct Ratio {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

#[derive(Debug, PartialEq)]
pub enum Verdict {
    Faster,
    Slower,
    NoDifference,
}

pub fn compare(rounds: &[(f64, f64)]) -> Option<Ratio> {
    let told = rounds.iter().filter(|(_, theirs)| *theirs != 0.0);
    let mut ratios: Vec<f64> = told.map(|(ours, theirs)| ours / theirs).collect();
    ratios.sort_by(f64::total_cmp);
    let (lowest, highest) = (*ratios.first()?, *ratios.last()?);
    let middle = ratios.len() / 2;
    let median = match ratios.len() % 2 {
        0 => (ratios[middle - 1] + ratios[middle]) / 2.0,
        _ => ratios[middle],
    };
    Some(Ratio { median, lowest, highest })
}

pub fn verdict(ratio: &Ratio) -> Verdict {
    match ratio {
        Ratio { lowest, .. } if *lowest > 1.0 => Verdict::Faster,
        Ratio { highest, .. } if *highest < 1.0 => Verdict::Slower,
        _ => Verdict::NoDifference,
    }
}
