//! What comes out: markdown tables and charts for people, a JSON file for programs.
//!
//! Each row keeps the numbers of every round. The contestants were measured one right after the other,
//! so what is compared is the ratio inside each round, and the median of those ratios: a slow minute of
//! the machine hits all sides and cancels out, which it would not in a ratio of two medians. The
//! smallest and largest ratio stand beside the median, since a difference smaller than that spread is
//! none. Where cacheflow loses, the row looks the same.
//!
//! What it leaves out on purpose: confidence intervals. Three rounds carry no more than a median and a
//! range, and a formula would only pretend otherwise.

use std::fmt::Write as _;

use crate::cases::{Against, Section};
use crate::page;
use crate::servers;

/// What was measured in a section.
pub struct Table<'s> {
    /// The section.
    pub section: &'s Section,
    /// The names of the contestants.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// How often each was measured.
    pub rounds: usize,
}

/// One row of a table.
pub struct Row {
    /// Its name.
    pub name: String,
    /// For each contestant, a number for each round; NaN where measuring failed.
    pub numbers: Vec<Vec<f64>>,
}

impl Row {
    /// cacheflow's number divided by the next contestant's, for each round.
    pub fn ratios(&self) -> Vec<f64> {
        self.ratios_of(0, 1)
    }

    /// One contestant's number divided by another's, for each round.
    fn ratios_of(&self, one: usize, other: usize) -> Vec<f64> {
        let pairs = self.numbers[one].iter().zip(&self.numbers[other]);
        pairs.map(|(one, other)| one / other).filter(|ratio| ratio.is_finite()).collect()
    }
}

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

/// A section of the page: the table, the chart, and where the numbers come from.
pub fn markdown(table: &Table<'_>) -> String {
    let unit = table.section.unit;
    let better = if unit.more_is_better() { "more" } else { "less" };
    let is_ceiling = table.section.against == Against::Ceiling;
    let ratio = if is_ceiling { "of the ceiling" } else { "ratio" };
    let mut out = format!("In {}; {better} is better.\n\n| case |", unit.name());
    table.columns.iter().for_each(|name| _ = write!(out, " {name} |"));
    let more = if is_ceiling { " the ceiling, of redis-server |" } else { "" };
    let _ = writeln!(out, " {ratio} | range |{more}");
    let columns = table.columns.len() + usize::from(is_ceiling);
    let _ = writeln!(out, "|---|{}--:|--:|", "--:|".repeat(columns));
    for row in &table.rows {
        let _ = write!(out, "| {} |", row.name);
        row.numbers.iter().for_each(|of| _ = write!(out, " {} |", number(median(of.clone()))));
        let ratios = row.ratios();
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let _ = match ratios.len() {
            0 => write!(out, " – | – |"),
            1 => write!(out, " **{low:.2}** | – |"),
            _ => write!(out, " **{:.2}** | {low:.2}–{high:.2} |", median(ratios)),
        };
        if is_ceiling {
            let _ = write!(out, " {:.2} |", median(row.ratios_of(1, 2)));
        }
        out.push('\n');
    }
    let Section { key, title, .. } = table.section;
    let _ = write!(out, "\n![{title}](charts/{key}.svg)\n\n{}", origin(table.rounds));
    out
}

/// The same numbers for programs, every round of them.
pub fn json(tables: &[Table<'_>]) -> String {
    let mut results = Vec::new();
    for table in tables {
        for row in &table.rows {
            let numbers = table.columns.iter().zip(&row.numbers).map(|(name, numbers)| {
                let numbers: Vec<String> =
                    numbers.iter().map(|number| json_number(*number)).collect();
                format!("{name:?}: [{}]", numbers.join(", "))
            });
            results.push(format!(
                "    {{\"section\": {:?}, \"case\": {:?}, \"unit\": {:?}, \"ratio\": {}, {}}}",
                table.section.key,
                row.name,
                table.section.unit.name(),
                json_number(median(row.ratios())),
                numbers.collect::<Vec<_>>().join(", ")
            ));
        }
    }
    let rounds = tables.iter().map(|table| table.rounds).max().unwrap_or(0);
    let origin = origin(rounds);
    format!("{{\n  \"origin\": {origin:?},\n  \"results\": [\n{}\n  ]\n}}\n", results.join(",\n"))
}

fn json_number(value: f64) -> String {
    if value.is_finite() { format!("{value:.4}") } else { "null".to_owned() }
}

/// 1234567.8 becomes `1,234,568`; a small number keeps its fraction.
fn number(value: f64) -> String {
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

/// One line on what was measured and where.
fn origin(rounds: usize) -> String {
    let redis = std::process::Command::new("redis-server").arg("--version").output().ok();
    let redis = redis.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let redis = redis.as_deref().and_then(|text| text.split(" v=").nth(1)?.split(' ').next());
    let redis = redis.unwrap_or("(version unknown)");
    let ours = match servers::replacement() {
        Some(binary) => format!("{} in place of cacheflow", binary.display()),
        None => format!("cacheflow {}", env!("CARGO_PKG_VERSION")),
    };
    let rounds = if rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds") };
    format!("{ours}, redis-server {redis}; {}; {rounds}.", page::machine())
}
