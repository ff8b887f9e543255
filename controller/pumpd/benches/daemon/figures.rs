//! Figures beside their targets.

use std::process::ExitCode;
use std::time::Duration;

/// What was measured, and what of it missed its target.
#[derive(Default)]
pub(crate) struct Figures {
    missed: Vec<String>,
}

impl Figures {
    /// A figure that must be below its target.
    pub(crate) fn below(&mut self, what: &str, figure: f64, target: f64, unit: &str) {
        let (figure, target) = (short(figure), short(target));
        println!("  {what}: {figure} {unit} (target: under {target} {unit})");
        if figure.parse::<f64>().unwrap_or(f64::MAX) >= target.parse().unwrap_or(0.0) {
            self.missed.push(format!("{what} {figure} {unit}"));
        }
    }

    /// The same of many: their middle and their worst, in milliseconds.
    pub(crate) fn all_below(&mut self, what: &str, mut times: Vec<Duration>, target: Duration) {
        times.sort();
        let ms = |time: Option<&Duration>| time.map_or(f64::MAX, |time| time.as_secs_f64() * 1e3);
        let (p50, max) = (ms(times.get(times.len() / 2)), ms(times.last()));
        let count = times.len();
        let name = format!("{what}, p50 {} ms of {count}, at most", short(p50));
        self.below(&name, max, target.as_secs_f64() * 1e3, "ms");
    }

    /// Whether every target was met.
    pub(crate) fn judge(self) -> ExitCode {
        if self.missed.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("missed: {}", self.missed.join("; "));
        ExitCode::FAILURE
    }
}

/// Three digits or so.
pub(crate) fn short(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
