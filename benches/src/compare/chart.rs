//! A CSV as bars, for a README: an SVG that is the same for the same CSV, and readable on light and dark pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::case::Case;
use crate::csv::{self, Record};
use crate::median::median;
use crate::table::significant;

/// The rows of modelsig that are drawn. Of its peers all are.
const OURS: [&str; 4] =
    ["modelsig verify", "modelsig verify --check whole", "modelsig verify of blake3 chunks", "modelsig sign"];

const WIDTH: u32 = 860;
const MARGIN: u32 = 28;
/// Where the bars begin, and how long the longest of a case is.
const AXIS: u32 = 270;
const LONGEST: f64 = 470.0;
const BAR: u32 = 15;
const PITCH: u32 = 21;

const OUR_COLOUR: &str = "#1a7f64";
const PEER_COLOUR: &str = "#b6bec8";
const TEXT: &str = "#1f2328";
const FAINT: &str = "#59636e";

pub(crate) fn draw(path: &Path, out: Option<&Path>, cases: &[Case]) -> Result<()> {
    let records = csv::read(path)?;
    let default = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/results/chart.svg"));
    let out = out.unwrap_or(default);
    let chart = svg(&records, cases).ok_or_else(|| format!("{} has nothing to draw", path.display()))?;
    fs::write(out, chart).map_err(|error| format!("{}: {error}", out.display()))?;
    Ok(())
}

/// The median of a row.
struct Bar<'r> {
    row: &'r str,
    is_ours: bool,
    seconds: f64,
    /// Bytes in a second.
    rate: f64,
}

/// `None` when no row of these cases is drawn.
fn svg(records: &[Record], cases: &[Case]) -> Option<String> {
    let groups: Vec<(Case, Vec<Bar>)> =
        cases.iter().map(|case| (*case, bars(records, *case))).filter(|(_, bars)| !bars.is_empty()).collect();
    let mut body = String::new();
    let mut y = MARGIN + 16;
    text(&mut body, MARGIN, y, Style { size: 18, weight: 600, ..PLAIN }, "modelsig beside its peers");
    legend(&mut body, y);
    for (case, bars) in &groups {
        y += 42;
        let title = heading(records, *case)?;
        text(&mut body, MARGIN, y, Style { size: 14, weight: 600, ..PLAIN }, &title);
        y += 10;
        let fastest = bars.iter().map(|bar| bar.rate).fold(0.0, f64::max);
        for bar in bars {
            draw_bar(&mut body, y, bar, fastest, *case);
            y += PITCH;
        }
    }
    y += 32;
    text(&mut body, MARGIN, y, Style { colour: FAINT, ..PLAIN }, &caption(records)?);
    let height = y + MARGIN - 8;
    (!groups.is_empty()).then(|| page(height, &body))
}

/// The bars of a case, the fastest first.
fn bars(records: &[Record], case: Case) -> Vec<Bar<'_>> {
    let of_case: Vec<&Record> = records.iter().filter(|record| record.case == case.id()).collect();
    let mut rows: Vec<&str> = of_case.iter().map(|record| record.row.as_str()).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut bars: Vec<Bar> = rows
        .into_iter()
        .filter_map(|row| {
            let is_ours = OURS.contains(&row);
            let is_peer = !["modelsig ", "before ", "roofline "].iter().any(|start| row.starts_with(start));
            let runs = of_case.iter().filter(|record| record.row == row);
            let seconds = median(runs.clone().map(|record| record.seconds));
            let rate = runs.clone().next()?.bytes as f64 / seconds;
            (is_ours || is_peer).then_some(Bar { row, is_ours, seconds, rate })
        })
        .collect();
    bars.sort_by(|left, right| right.rate.total_cmp(&left.rate));
    bars
}

fn heading(records: &[Record], case: Case) -> Option<String> {
    let is_row = |record: &&Record| record.case == case.id() && !record.row.starts_with("roofline ");
    let bytes = records.iter().find(is_row)?.bytes as f64;
    let size = if bytes >= 1e9 { format!("{:.1} GB", bytes / 1e9) } else { format!("{:.1} MB", bytes / 1e6) };
    Some(format!("{}, {size}", case.title()))
}

/// On what, when and how it was measured.
fn caption(records: &[Record]) -> Option<String> {
    let ours = records.iter().find(|record| record.row.starts_with("modelsig "))?;
    let runs = records.iter().map(|record| record.run).max()?;
    let Record { cpu, threads, kernel, date, program, commit, .. } = ours;
    let program = format!("{program} {commit}");
    let program = program.trim_end();
    Some(format!("{program}; {cpu}, {threads} threads, Linux {kernel}; {date}; medians of {runs} runs"))
}

fn legend(body: &mut String, y: u32) {
    let faint = Style { colour: FAINT, ..PLAIN };
    for (x, colour, name) in [(WIDTH - 290, OUR_COLOUR, "modelsig"), (WIDTH - 200, PEER_COLOUR, "others")] {
        let top = y - 11;
        let _ = writeln!(body, r#"<rect x="{x}" y="{top}" width="12" height="12" rx="2" fill="{colour}"/>"#);
        text(body, x + 18, y, faint, name);
    }
    text(body, WIDTH - MARGIN, y, Style { anchor: "end", ..faint }, "longer is faster");
}

fn draw_bar(body: &mut String, y: u32, bar: &Bar, fastest: f64, case: Case) {
    let length = (LONGEST * bar.rate / fastest).max(1.0);
    let (colour, weight) = if bar.is_ours { (OUR_COLOUR, 600) } else { (PEER_COLOUR, 400) };
    let _ = writeln!(
        body,
        r#"<rect x="{AXIS}" y="{y}" width="{length:.1}" height="{BAR}" rx="2" fill="{colour}"/>"#
    );
    let value = if case == Case::Small {
        format!("{} ms", significant(bar.seconds * 1e3))
    } else if fastest < 1e8 {
        format!("{} MB/s", significant(bar.rate / 1e6))
    } else {
        format!("{} GB/s", significant(bar.rate / 1e9))
    };
    let base = y + 12;
    text(body, AXIS - 8, base, Style { anchor: "end", weight, ..PLAIN }, bar.row);
    text(body, AXIS + length.round() as u32 + 6, base, Style { weight, ..PLAIN }, &value);
}

#[derive(Clone, Copy)]
struct Style {
    size: u32,
    weight: u32,
    colour: &'static str,
    anchor: &'static str,
}

const PLAIN: Style = Style { size: 12, weight: 400, colour: TEXT, anchor: "start" };

fn text(body: &mut String, x: u32, y: u32, style: Style, content: &str) {
    let Style { size, weight, colour, anchor } = style;
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        r#"<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}" text-anchor="{anchor}">{content}</text>"#
    );
}

fn page(height: u32, body: &str) -> String {
    let (inner_width, inner_height) = (WIDTH - 1, height - 1);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif">
<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="10" fill="#ffffff" stroke="#d1d9e0"/>
{body}</svg>
"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(case: &str, row: &str, run: u32, seconds: f64) -> Record {
        let (cpu, program) = ("A & B <C>".into(), "modelsig 0.1.0".into());
        Record {
            case: case.into(),
            row: row.into(),
            run,
            seconds,
            bytes: 1 << 30,
            cpu,
            program,
            ..Record::default()
        }
    }

    fn records() -> Vec<Record> {
        vec![
            record("one", "modelsig verify", 1, 0.5),
            record("one", "modelsig verify", 2, 0.3),
            record("one", "modelsig verify --access read", 1, 0.5),
            record("one", "before verify", 1, 0.7),
            record("one", "sha256sum", 1, 2.0),
            record("one", "roofline sha256 one stream", 1, 0.1),
            record("many", "modelsig verify", 1, 4.0),
        ]
    }

    #[test]
    fn bars_are_medians_of_what_is_to_be_drawn() {
        let records = records();
        let bars = bars(&records, Case::One);
        let rows: Vec<(&str, bool)> = bars.iter().map(|bar| (bar.row, bar.is_ours)).collect();
        assert_eq!(rows, [("modelsig verify", true), ("sha256sum", false)]);
        assert!((bars[0].seconds - 0.4).abs() < 1e-9);
    }

    #[test]
    fn the_same_records_make_the_same_chart() {
        let mut records = records();
        let chart = svg(&records, &Case::ALL).unwrap();
        assert_eq!(svg(&records, &Case::ALL).unwrap(), chart);
        records.reverse();
        assert_eq!(svg(&records, &Case::ALL).unwrap(), chart, "the order of the lines does not matter");
        assert!(chart.contains("A &amp; B &lt;C>") && chart.contains("medians of 2 runs"), "{chart}");
        assert!(!svg(&records, &[Case::One]).unwrap().contains("Many"));
        assert_eq!(svg(&records, &[Case::Cold]), None);
        assert_eq!(svg(&[], &Case::ALL), None);
    }
}
