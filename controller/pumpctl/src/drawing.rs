//! What all charts have in common: colours, the axis of time, keys.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::units::number;

pub(crate) const NS_PER_H: f64 = 3.6e12;

pub(crate) const INK: RGBColor = RGBColor(40, 44, 52);
pub(crate) const RATE: RGBColor = RGBColor(0, 98, 155);
pub(crate) const GIVEN: RGBColor = RGBColor(0, 128, 96);
pub(crate) const REFUSED: RGBColor = RGBColor(200, 32, 44);
pub(crate) const WINDOW_COLOURS: [RGBColor; 3] = [
    RGBColor(0, 98, 155),
    RGBColor(217, 130, 0),
    RGBColor(120, 64, 160),
];

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Failed<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// The unit of the time axis.
pub(crate) struct TimeAxis {
    since: &'static str,
    unit: &'static str,
    ns: f64,
    pub(crate) end: f64,
}

impl TimeAxis {
    pub(crate) fn for_run(duration_ns: u64) -> Self {
        let (unit, ns) = match duration_ns {
            ns if ns <= 180_000_000_000 => ("s", 1e9),
            ns if ns <= 10_800_000_000_000 => ("min", 6e10),
            ns if ns <= 259_200_000_000_000 => ("h", NS_PER_H),
            _ => ("days", 8.64e13),
        };
        Self {
            since: "the start",
            unit,
            ns,
            end: duration_ns.max(1) as f64 / ns,
        }
    }

    /// Counted from something else than the start.
    pub(crate) fn since(self, since: &'static str) -> Self {
        Self { since, ..self }
    }

    pub(crate) fn at(&self, ns: f64) -> f64 {
        ns / self.ns
    }

    pub(crate) fn label(&self) -> String {
        format!("time since {} [{}]", self.since, self.unit)
    }

    pub(crate) fn range(&self) -> Range<f64> {
        0.0..self.end
    }
}

pub(crate) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

pub(crate) fn legend<'a, 'b: 'a>(
    chart: &mut Chart<'a, 'b>,
    place: SeriesLabelPosition,
) -> Result<(), Failed<'b>> {
    chart
        .configure_series_labels()
        .position(place)
        .background_style(WHITE.mix(0.85))
        .border_style(INK.mix(0.3))
        .label_font(("sans-serif", 14).into_font().color(&INK))
        .draw()
}

pub(crate) fn line_key<'b>(
    colour: RGBColor,
) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> + 'b {
    move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], colour.stroke_width(2))
}

pub(crate) fn area_key<'b>(colour: RGBColor) -> impl Fn((i32, i32)) -> Rectangle<(i32, i32)> + 'b {
    move |(x, y)| Rectangle::new([(x, y - 5), (x + 20, y + 5)], colour.mix(0.25).filled())
}

/// The lines behind a chart, and what its axes are called.
pub(crate) fn mesh<'b>(
    chart: &mut Chart<'_, 'b>,
    axis: &TimeAxis,
    y_label: &str,
) -> Result<(), Failed<'b>> {
    chart
        .configure_mesh()
        .x_desc(axis.label())
        .y_desc(y_label)
        .x_labels(13)
        .y_labels(6)
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(&|y| number(*y))
        .label_style(("sans-serif", 14).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 15).into_font().color(&INK))
        .bold_line_style(INK.mix(0.18))
        .light_line_style(WHITE)
        .axis_style(INK)
        .draw()
}

/// Every n-th, where there are more than `most` of them.
pub(crate) fn thinned(marks: impl ExactSizeIterator<Item = u64>, most: usize) -> Vec<u64> {
    let every = marks.len().div_ceil(most).max(1);
    marks.step_by(every).collect()
}
