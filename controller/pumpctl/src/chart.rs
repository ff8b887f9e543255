//! A run in 80 columns of text.

use pump_simulator::Report;

use crate::series::Series;
use crate::units::{number, time, volume_unit};

const WIDTH: usize = 68;
const ROWS: usize = 5;
const NS_PER_H: f64 = 3.6e12;

/// The commanded rate over time, and under it what happened when.
pub(crate) fn rate(series: &Series, report: &Report, nl_per_step: f64) -> String {
    let columns = resample(series);
    let to_nl_per_h = nl_per_step * NS_PER_H;
    let highest = columns.iter().copied().fold(0.0, f64::max) * to_nl_per_h;
    let (unit, size) = volume_unit(highest);
    let mut text = format!("rate, {unit}/h\n");
    for row in (0..ROWS).rev() {
        let label = match row {
            row if row == ROWS - 1 => number(highest / size),
            0 => "0".to_owned(),
            _ => String::new(),
        };
        text.push_str(&format!("{label:>9} │"));
        let line: String = columns
            .iter()
            .map(|rate| block(*rate * to_nl_per_h / highest, row))
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&format!("{:>9} └{}\n", "", "─".repeat(WIDTH)));
    let marks = marks(report);
    if !marks.trim().is_empty() {
        text.push_str(&format!("{:>9}  {}\n", "", marks.trim_end()));
    }
    let (middle, end) = (time(report.duration_ns / 2), time(report.duration_ns));
    let half = WIDTH / 2;
    let rest = (WIDTH - half).saturating_sub(end.chars().count());
    text.push_str(&format!("{:>9}  {:<half$}{middle:<rest$}{end}\n", "", 0));
    if !marks.trim().is_empty() {
        text.push_str(&format!(
            "{:>9}  ● bolus   × refused   ! alarm   ⌁ power cut\n",
            ""
        ));
    }
    text
}

/// The highest rate in each of the chart's columns.
fn resample(series: &Series) -> Vec<f64> {
    let count = series.columns.len();
    let column = |n: usize| {
        let from = n * count / WIDTH;
        let to = ((n + 1) * count / WIDTH).max(from + 1).min(count);
        let part = series.columns.get(from..to).unwrap_or_default();
        part.iter().map(|column| column.highest).fold(0.0, f64::max)
    };
    (0..WIDTH).map(column).collect()
}

/// The part of a bar that lies in a row.
fn block(share: f64, row: usize) -> char {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let eighths = (share * (ROWS * 8) as f64).ceil() as usize;
    let here = eighths.saturating_sub(row * 8).min(8);
    EIGHTHS.get(here).copied().unwrap_or(' ')
}

/// One sign for each column; of several the most serious.
fn marks(report: &Report) -> String {
    let mut marks = vec![' '; WIDTH];
    let mut put = |at_ns: u64, sign: char, over: &[char]| {
        let place = (at_ns as f64 / report.duration_ns.max(1) as f64 * WIDTH as f64) as usize;
        let mark = marks.get_mut(place.min(WIDTH - 1));
        if let Some(mark) = mark.filter(|mark| **mark == ' ' || over.contains(mark)) {
            *mark = sign;
        }
    };
    for bolus in &report.boluses {
        match bolus.outcome {
            "refused" => put(bolus.asked_at_ns, '×', &['●']),
            _ => put(bolus.started_at_ns, '●', &[]),
        }
    }
    for alarm in &report.alarms {
        put(alarm.at_ns, '!', &['●', '×']);
    }
    for restart in &report.restarts {
        put(restart.at_ns, '⌁', &['●', '×', '!']);
    }
    marks.into_iter().collect()
}
