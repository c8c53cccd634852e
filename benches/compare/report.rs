//! What comes out: a markdown table for people and a JSON file for programs.
//!
//! Each row keeps the numbers of every round. The two servers were measured in pairs, one right
//! after the other, so what is compared is the ratio inside each pair, and the median of those
//! ratios: a slow minute of the machine hits both sides of a pair and cancels out, which it would
//! not in a ratio of two medians. The smallest and largest ratio stand beside the median, since a
//! difference smaller than that spread is none.
//!
//! What it leaves out on purpose: confidence intervals. Five rounds carry no more than a median
//! and a range, and a formula would only pretend otherwise.

use std::fmt::Write as _;
use std::fs;
use std::io::Result;
use std::path::Path;

use crate::cases::Unit;
use crate::servers;

const BEGIN: &str =
    "<!-- bench:begin (written by `make bench`; edits between these lines are lost) -->";
const END: &str = "<!-- bench:end -->";

/// What a new `docs/performance.md` says around the table.
const PREFACE: &str = "\
# Performance

Measured by `make bench` (`benches/compare/`): cacheflow and redis-server side by side on one
machine, over loopback, driven by redis-benchmark. The ratio is cacheflow's number divided by
redis-server's inside one pair of runs; the table shows the median over all rounds and the range.
";

/// The measured section: a title, a unit and its rows.
pub struct Table {
    /// The heading.
    pub title: &'static str,
    /// What the numbers count.
    pub unit: Unit,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One case with the pairs of all rounds.
pub struct Row {
    /// The case's name.
    pub name: String,
    /// One (cacheflow, redis) pair a round.
    pub pairs: Vec<(f64, f64)>,
}

impl Row {
    fn ratios(&self) -> Vec<f64> {
        self.pairs.iter().map(|(ours, theirs)| ours / theirs).collect()
    }
}

/// The middle value, or the mean of the two in the middle. NaN for no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// Renders every table with a line that says where the numbers come from.
pub fn markdown(tables: &[Table], rounds: usize) -> String {
    let mut out = format!("{}\n", machine(rounds));
    for table in tables {
        let unit = table.unit.name();
        let better = if table.unit.more_is_better() { "more" } else { "less" };
        let _ = write!(
            out,
            "\n### {}\n\nIn {unit}; {better} is better.\n\n\
             | case | cacheflow | redis-server | ratio | range |\n|---|--:|--:|--:|--:|\n",
            table.title
        );
        for row in &table.rows {
            let ours = median(row.pairs.iter().map(|pair| pair.0).collect());
            let theirs = median(row.pairs.iter().map(|pair| pair.1).collect());
            let ratios = row.ratios();
            let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let high = ratios.iter().copied().fold(0.0, f64::max);
            let _ = writeln!(
                out,
                "| {} | {} | {} | **{:.2}** | {low:.2}–{high:.2} |",
                row.name,
                number(ours),
                number(theirs),
                median(ratios)
            );
        }
    }
    out
}

/// The same numbers for programs, every round of them.
pub fn json(tables: &[Table], rounds: usize) -> String {
    let rows: Vec<String> = tables
        .iter()
        .flat_map(|table| table.rows.iter().map(move |row| (table, row)))
        .map(|(table, row)| {
            let list = |side: fn(&(f64, f64)) -> f64| {
                row.pairs.iter().map(|pair| format!("{:.3}", side(pair))).collect::<Vec<_>>()
            };
            format!(
                "    {{\"section\": {:?}, \"case\": {:?}, \"unit\": {:?}, \
                 \"cacheflow\": [{}], \"redis\": [{}], \"ratio\": {:.4}}}",
                table.title,
                row.name,
                table.unit.name(),
                list(|pair| pair.0).join(", "),
                list(|pair| pair.1).join(", "),
                median(row.ratios())
            )
        })
        .collect();
    format!(
        "{{\n  \"machine\": {:?},\n  \"results\": [\n{}\n  ]\n}}\n",
        machine(rounds),
        rows.join(",\n")
    )
}

/// Puts `text` between the markers of the file at `path`, which is created when it is missing.
pub fn insert(path: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(path).unwrap_or_else(|_| format!("{PREFACE}\n{BEGIN}\n{END}\n"));
    let new = match (old.find(BEGIN), old.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{BEGIN}\n\n{text}\n{}", &old[..begin], &old[end..])
        }
        _ => format!("{old}\n{BEGIN}\n\n{text}\n{END}\n"),
    };
    write(path, &new)
}

/// Writes a file and the directories above it.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

/// 1234567.8 becomes `1,234,568`; a small number keeps its fraction.
fn number(value: f64) -> String {
    if value < 100.0 {
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
fn machine(rounds: usize) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "an unnamed processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let redis = std::process::Command::new("redis-server").arg("--version").output().ok();
    let redis = redis.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let redis = redis.as_deref().and_then(|text| text.split(" v=").nth(1)?.split(' ').next());
    let ours = match servers::replacement() {
        Some(binary) => format!("{} in place of cacheflow", binary.display()),
        None => format!("cacheflow {}", env!("CARGO_PKG_VERSION")),
    };
    let redis = redis.unwrap_or("(version unknown)");
    format!("{ours} against redis-server {redis}; {cpu}, {cores} cores; rounds: {rounds}.")
}
