//! A bar for each row: how many times as good as the other server.
//!
//! ```text
//!              |          1
//! SET          |##########|#######      1.62
//! GET          |########  |             0.83
//! ```
//!
//! A ratio where less is better is turned over, so that a longer bar is always better, and the line at
//! 1 is where both are equal. Bars that don't reach it have another colour. The number stands beside
//! each, since a bar is cut off at [`LONGEST`].
//!
//! Where a measurement has several numbers, the first is drawn.
//!
//! SVG is text, and these are a handful of rectangles: no crate is needed for it.

use std::fmt::Write as _;

use crate::ratios::median;
use crate::report::Table;

/// Ratios above this are drawn as this.
const LONGEST: f64 = 4.0;
/// Height of a row, in pixels as all of these.
const ROW: usize = 22;
/// Where bars begin; names stand before.
const LEFT: usize = 300;
/// The length of a bar of ratio 1.
const ONE: f64 = 90.0;
/// Space above the rows, for the title.
const TOP: usize = 56;
/// The whole width.
const WIDTH: usize = LEFT + 420;

/// Colours that can be told apart in grey and with any eyes: ahead, behind.
const AHEAD: &str = "#2a6fbb";
const BEHIND: &str = "#d98a1f";

/// Draws a table.
pub fn svg(table: &Table<'_>) -> String {
    let parts = table.section.unit.parts().len();
    let height = TOP + table.rows.len() / parts * ROW + 16;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    text(&mut out, 12, 22, "start", &table.section.title);
    let subtitle = format!("times {} (longer is better)", table.columns[1]);
    text(&mut out, LEFT, 44, "start", &subtitle);
    for (index, row) in table.rows.iter().step_by(parts).enumerate() {
        let y = TOP + index * ROW;
        text(&mut out, LEFT - 8, y + 15, "end", &row.name);
        let ratio = median(row.ratios());
        if ratio.is_nan() {
            text(&mut out, LEFT + 8, y + 15, "start", "not measured");
            continue;
        }
        let good = if table.section.unit.more_is_better() { ratio } else { 1.0 / ratio };
        let length = ONE * good.min(LONGEST);
        let colour = if good >= 1.0 { AHEAD } else { BEHIND };
        let _ = writeln!(
            out,
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/>",
            y + 3,
            ROW - 6
        );
        text(&mut out, LEFT + length as usize + 6, y + 15, "start", &format!("{good:.2}"));
    }
    let one = LEFT as f64 + ONE;
    let _ = writeln!(
        out,
        "<line x1=\"{one}\" y1=\"{}\" x2=\"{one}\" y2=\"{}\" stroke=\"black\"/>\n</svg>",
        TOP - 4,
        height - 12
    );
    out
}

fn text(out: &mut String, x: usize, y: usize, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
}
