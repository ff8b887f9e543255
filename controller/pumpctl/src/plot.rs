//! A run as a drawing: rate, volume with boluses and refusals, windows against caps.

use plotters::prelude::*;
use pump_simulator::Report;

use crate::drawing::{
    Area, Failed, GIVEN, INK, NS_PER_H, RATE, REFUSED, TimeAxis, WINDOW_COLOURS, area_key, legend,
    line_key, mesh, thinned,
};
use crate::failure::Failure;
use crate::series::Series;
use crate::story::printable;
use crate::units::{number, time, volume, volume_unit};

const SIZE: (u32, u32) = (1_200, 1_140);
const TITLE_HEIGHT: i32 = 46;
/// More marks than this can't be told apart; of each kind every n-th is drawn.
const MOST_MARKS: usize = 2_000;
/// From here on the marks are small.
const MANY_MARKS: usize = 150;

/// Draws the run as SVG.
pub(crate) fn draw(report: &Report, series: &Series, nl_per_step: f64) -> Result<String, Failure> {
    let mut svg = String::new();
    let picture = Picture {
        report,
        series,
        nl_per_step,
        axis: TimeAxis::for_run(report.duration_ns),
    };
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        picture
            .all(&area)
            .map_err(|error| format!("the plot can't be drawn: {error}"))
    };
    drawn.map_err(Failure::Input)?;
    Ok(svg)
}

struct Picture<'a> {
    report: &'a Report,
    series: &'a Series,
    nl_per_step: f64,
    axis: TimeAxis,
}

impl Picture<'_> {
    fn all<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        area.fill(&WHITE)?;
        let (title, below) = area.split_vertically(TITLE_HEIGHT);
        let report = self.report;
        let text = format!(
            "{}: {} given in {}; boluses: {} given, {} refused",
            printable(&report.id),
            volume(report.delivered_nl),
            time(report.duration_ns),
            report
                .boluses
                .iter()
                .filter(|bolus| bolus.outcome != "refused")
                .count(),
            report.refusals.values().sum::<u64>(),
        );
        title.draw_text(&text, &("sans-serif", 22).into_font().color(&INK), (24, 16))?;
        let panels = below.split_evenly((3, 1));
        let [rate, volume, windows] = panels.as_slice() else {
            return Ok(());
        };
        self.rate(rate)?;
        self.volume(volume)?;
        self.windows(windows)?;
        area.present()
    }

    fn rate<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let to_nl_per_h = self.nl_per_step * NS_PER_H;
        let highest = self
            .series
            .columns
            .iter()
            .map(|column| column.highest)
            .fold(0.0, f64::max);
        let (unit, size) = volume_unit(highest * to_nl_per_h);
        let scale = to_nl_per_h / size;
        let top = if highest > 0.0 {
            highest * scale * 1.15
        } else {
            1.0
        };
        let mut chart = ChartBuilder::on(area)
            .caption("Commanded rate", ("sans-serif", 17).into_font().color(&INK))
            .margin_top(10)
            .margin_left(18)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(68)
            .build_cartesian_2d(self.axis.range(), 0.0..top)?;
        mesh(&mut chart, &self.axis, &format!("rate [{unit}/h]"))?;
        match self.series.segments() {
            Some(segments) => {
                let corners = segments.iter().flat_map(|segment| {
                    let rate = segment.steps_per_ns * scale;
                    [
                        (self.axis.at(segment.from_ns), rate),
                        (self.axis.at(segment.to_ns), rate),
                    ]
                });
                let line = LineSeries::new(corners, RATE.stroke_width(2));
                chart
                    .draw_series(line)?
                    .label("basal and boluses")
                    .legend(line_key(RATE));
            }
            None => {
                // Too many changes to draw each: the highest and the mean of each column.
                let width = self.series.width_ns();
                let columns = || self.series.columns.iter().enumerate();
                let at = |n: usize| self.axis.at((n as f64 + 0.5) * width);
                let highest = columns().map(|(n, column)| (at(n), column.highest * scale));
                let mean = columns().map(|(n, column)| (at(n), column.commanded / width * scale));
                let area = AreaSeries::new(highest, 0.0, RATE.mix(0.25));
                let name = format!("highest in {}", time(width as u64));
                chart.draw_series(area)?.label(name).legend(area_key(RATE));
                let line = LineSeries::new(mean, RATE.stroke_width(2));
                chart
                    .draw_series(line)?
                    .label("mean")
                    .legend(line_key(RATE));
            }
        }
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }

    fn volume<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let report = self.report;
        let (unit, size) = volume_unit(report.delivered_nl as f64);
        let top = match report.delivered_nl {
            0 => 1.0,
            nl => nl as f64 / size * 1.15,
        };
        let mut chart = ChartBuilder::on(area)
            .caption(
                "Delivered volume and boluses",
                ("sans-serif", 17).into_font().color(&INK),
            )
            .margin_top(10)
            .margin_left(18)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(68)
            .build_cartesian_2d(self.axis.range(), 0.0..top)?;
        mesh(&mut chart, &self.axis, &format!("volume [{unit}]"))?;

        let width = self.series.width_ns();
        let mut steps = 0;
        let sums: Vec<f64> = self
            .series
            .columns
            .iter()
            .map(|column| {
                steps += column.edges;
                steps as f64 * self.nl_per_step / size
            })
            .collect();
        let points = sums.iter().enumerate().map(|(n, sum)| {
            (
                self.axis.at((n as f64 + 1.0) * width).min(self.axis.end),
                *sum,
            )
        });
        let curve: Vec<(f64, f64)> = std::iter::once((0.0, 0.0)).chain(points).collect();

        let height = |ns: u64| {
            let place = (ns as f64 / width) as usize;
            sums.get(place.min(sums.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        let (refused, given): (Vec<_>, Vec<_>) = report
            .boluses
            .iter()
            .partition(|bolus| bolus.outcome == "refused");
        let given = thinned(given.iter().map(|bolus| bolus.started_at_ns), MOST_MARKS);
        let refused = thinned(refused.iter().map(|bolus| bolus.asked_at_ns), MOST_MARKS);
        let smaller = |marks: &[u64]| i32::from(marks.len() > MANY_MARKS);
        let line = LineSeries::new(curve.iter().copied(), INK.stroke_width(2));
        chart
            .draw_series(line)?
            .label("delivered")
            .legend(line_key(INK));
        if !given.is_empty() {
            let size = 4 - 2 * smaller(&given);
            let marks = given.iter().map(|ns| {
                Circle::new(
                    (self.axis.at(*ns as f64), height(*ns)),
                    size,
                    GIVEN.filled(),
                )
            });
            let key = |(x, y)| Circle::new((x + 10, y), 4, GIVEN.filled());
            chart.draw_series(marks)?.label("bolus").legend(key);
            // However many there are, the curve stays on top.
            chart.draw_series(LineSeries::new(curve, INK.stroke_width(1)))?;
        }
        if !refused.is_empty() {
            // Along the axis: a refusal has no volume.
            let (size, style) = (5 - 2 * smaller(&refused), REFUSED.stroke_width(1));
            let marks = refused
                .iter()
                .map(|ns| Cross::new((self.axis.at(*ns as f64), top * 0.035), size, style));
            let key = move |(x, y)| Cross::new((x + 10, y), 5, style);
            chart.draw_series(marks)?.label("refused").legend(key);
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    }

    fn windows<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let caps = &self.report.window_caps_nl;
        let caps = [("1 h", caps.h1), ("4 h", caps.h4), ("24 h", caps.h24)];
        let peaks = &self.report.window_peaks_nl;
        let highest = caps
            .iter()
            .zip([peaks.h1, peaks.h4, peaks.h24])
            .filter_map(|((_, cap), peak)| cap.map(|cap| peak as f64 / cap.max(1) as f64 * 100.0));
        // The legend stands above the caps, not on them.
        let top = highest.fold(100.0, f64::max) * 1.5;
        let mut chart = ChartBuilder::on(area)
            .caption(
                "Volume in the last 1, 4 and 24 h against its cap",
                ("sans-serif", 17).into_font().color(&INK),
            )
            .margin_top(10)
            .margin_left(18)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(68)
            .build_cartesian_2d(self.axis.range(), 0.0..top)?;
        mesh(&mut chart, &self.axis, "share of the cap [%]")?;
        let width = self.series.width_ns();
        for (n, ((name, cap), colour)) in caps.into_iter().zip(WINDOW_COLOURS).enumerate() {
            let Some(cap) = cap else { continue };
            let points = self
                .series
                .columns
                .iter()
                .enumerate()
                .map(|(place, column)| {
                    let sum = column.sums.get(n).copied().unwrap_or(0);
                    let share = sum as f64 * self.nl_per_step / cap.max(1) as f64 * 100.0;
                    (self.axis.at((place as f64 + 0.5) * width), share)
                });
            let line = LineSeries::new(points, colour.stroke_width(2));
            let (unit, size) = volume_unit(cap as f64);
            let label = format!("{name} (cap {} {unit})", number(cap as f64 / size));
            chart
                .draw_series(line)?
                .label(label)
                .legend(line_key(colour));
        }
        let cap = LineSeries::new(
            [(0.0, 100.0), (self.axis.end, 100.0)],
            REFUSED.stroke_width(1),
        );
        chart
            .draw_series(cap)?
            .label("cap")
            .legend(line_key(REFUSED));
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }
}
