//! The pictures of a report: rate, volume, windows against their caps, alarms.

use plotters::prelude::*;

use crate::account::{Account, AlarmSpan};
use crate::curves::Point;
use crate::drawing::{
    Area, Chart, Failed, GIVEN, INK, NS_PER_H, RATE, REFUSED, TimeAxis, WINDOW_COLOURS, legend,
    line_key, mesh, thinned,
};
use crate::failure::Failure;
use crate::units::{number, volume_unit};

const WIDTH: u32 = 1_000;
const HEIGHT: u32 = 300;
/// Room for the names of alarms; in all pictures, so that their times lie under each other.
const LABELS: u32 = 150;
/// The height of one alarm's bar, and of what is around the bars.
const BAR_HEIGHT: u32 = 26;
const FRAME_HEIGHT: u32 = 96;
/// So many alarms have a bar; the table has the others.
const MOST_BARS: usize = 16;
/// More marks than this can't be told apart; every n-th is drawn.
const MOST_MARKS: usize = 1_000;
const MANY_MARKS: usize = 100;

/// A picture.
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) svg: String,
}

/// All pictures of an account; those of which there is nothing are left out.
pub(super) fn of(account: &Account) -> Result<Vec<Plot>, Failure> {
    let Some((from_ns, to_ns)) = account.pump_ns.filter(|(from, to)| to > from) else {
        return Ok(Vec::new());
    };
    let scene = Scene {
        account,
        from_ns,
        to_ns,
        axis: TimeAxis::for_run(to_ns.saturating_sub(from_ns)).since("the first entry"),
    };
    let mut plots = Vec::new();
    if !account.curves.rate().is_empty() {
        plots.push(draw("Granted rate", HEIGHT, |area| scene.rate(area))?);
    }
    if !account.curves.volume.0.is_empty() {
        let title = "Delivered volume and boluses";
        plots.push(draw(title, HEIGHT, |area| scene.volume(area))?);
    }
    if account
        .curves
        .windows
        .iter()
        .any(|curve| !curve.0.is_empty())
    {
        let title = "Volume in the last 1, 4 and 24 h against its cap";
        plots.push(draw(title, HEIGHT, |area| scene.windows(area))?);
    }
    let names = scene.alarm_names();
    if !names.is_empty() {
        let bars = u32::try_from(names.len()).unwrap_or(1);
        let height = FRAME_HEIGHT + BAR_HEIGHT * bars;
        plots.push(draw("Alarms", height, |area| scene.alarms(area, &names))?);
    }
    Ok(plots)
}

fn draw(
    title: &'static str,
    height: u32,
    paint: impl for<'b> Fn(&Area<'b>) -> Result<(), Failed<'b>>,
) -> Result<Plot, Failure> {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let painted = area.fill(&WHITE).and_then(|()| paint(&area));
        painted
            .and_then(|()| area.present())
            .map_err(|error| format!("the plot can't be drawn: {error}"))
    };
    drawn.map_err(Failure::Input)?;
    Ok(Plot { title, svg })
}

struct Scene<'a> {
    account: &'a Account,
    from_ns: u64,
    to_ns: u64,
    axis: TimeAxis,
}

impl Scene<'_> {
    fn at(&self, pump_ns: u64) -> f64 {
        self.axis.at(pump_ns.saturating_sub(self.from_ns) as f64)
    }

    fn chart<'a, 'b>(
        &self,
        area: &'a Area<'b>,
        title: &str,
        y_label: &str,
        top: f64,
    ) -> Result<Chart<'a, 'b>, Failed<'b>> {
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 17).into_font().color(&INK))
            .margin_top(8)
            .margin_left(12)
            .margin_right(24)
            .x_label_area_size(44)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(self.axis.range(), 0.0..top)?;
        mesh(&mut chart, &self.axis, y_label)?;
        Ok(chart)
    }

    /// A value holds until the next one.
    fn stairs(&self, points: &[Point]) -> Vec<(f64, f64)> {
        let mut corners = Vec::new();
        let mut last = 0.0;
        for (at_ns, value) in points {
            corners.push((self.at(*at_ns), last));
            corners.push((self.at(*at_ns), *value));
            last = *value;
        }
        corners.push((self.at(self.to_ns), last));
        corners
    }

    fn rate<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let rate = self.account.curves.rate();
        let highest = rate.iter().map(|(_, rate)| *rate).fold(0.0, f64::max) * NS_PER_H;
        let (unit, size) = volume_unit(highest);
        let scale = |points: &[Point]| -> Vec<Point> {
            let scaled = |(at, nl): &Point| (*at, nl * NS_PER_H / size);
            points.iter().map(scaled).collect()
        };
        let top = if highest > 0.0 {
            highest / size * 1.55
        } else {
            1.0
        };
        let mut chart = self.chart(area, "Granted rate", &format!("rate [{unit}/h]"), top)?;
        let total = self.stairs(&scale(&rate));
        let line = LineSeries::new(total, RATE.stroke_width(2));
        chart
            .draw_series(line)?
            .label("basal and boluses")
            .legend(line_key(RATE));
        let basal = self.stairs(&scale(&self.account.curves.basal.0));
        let line = LineSeries::new(basal, GIVEN.stroke_width(2));
        chart
            .draw_series(line)?
            .label("basal")
            .legend(line_key(GIVEN));
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }

    fn volume<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let points = &self.account.curves.volume.0;
        let total = points.last().map_or(0.0, |(_, nl)| *nl);
        let (unit, size) = volume_unit(total);
        let top = if total > 0.0 {
            total / size * 1.25
        } else {
            1.0
        };
        let title = "Delivered volume and boluses";
        let mut chart = self.chart(area, title, &format!("volume [{unit}]"), top)?;
        let curve = points.iter().map(|(at, nl)| (self.at(*at), nl / size));
        let line = LineSeries::new(curve, INK.stroke_width(2));
        chart
            .draw_series(line)?
            .label("delivered")
            .legend(line_key(INK));
        let height = |at_ns: u64| {
            let after = points.partition_point(|(at, _)| *at <= at_ns);
            let before = after.checked_sub(1).and_then(|place| points.get(place));
            before.map_or(0.0, |(_, nl)| nl / size)
        };
        let given = instants(&self.account.curves.given.0);
        if !given.is_empty() {
            let radius = if given.len() > MANY_MARKS { 2 } else { 4 };
            let mark = |at: &u64| Circle::new((self.at(*at), height(*at)), radius, GIVEN.filled());
            let key = |(x, y)| Circle::new((x + 10, y), 4, GIVEN.filled());
            chart
                .draw_series(given.iter().map(mark))?
                .label("bolus")
                .legend(key);
        }
        let refused = instants(&self.account.curves.refused.0);
        if !refused.is_empty() {
            // Along the axis: a refusal has no volume.
            let (radius, style) = (
                if refused.len() > MANY_MARKS { 3 } else { 5 },
                REFUSED.stroke_width(1),
            );
            let mark = |at: &u64| Cross::new((self.at(*at), top * 0.04), radius, style);
            let key = move |(x, y)| Cross::new((x + 10, y), 5, style);
            chart
                .draw_series(refused.iter().map(mark))?
                .label("refused")
                .legend(key);
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    }

    fn windows<'b>(&self, area: &Area<'b>) -> Result<(), Failed<'b>> {
        let curves = &self.account.curves.windows;
        let shares = curves.iter().flat_map(|curve| &curve.0);
        let highest = shares.map(|(_, share)| *share).fold(100.0, f64::max);
        let title = "Volume in the last 1, 4 and 24 h against its cap";
        // The legend stands above the caps, not on them.
        let mut chart = self.chart(area, title, "share of the cap [%]", highest * 1.7)?;
        for ((curve, name), colour) in curves
            .iter()
            .zip(["1 h", "4 h", "24 h"])
            .zip(WINDOW_COLOURS)
        {
            if curve.0.is_empty() {
                continue;
            }
            let points = curve.0.iter().map(|(at, share)| (self.at(*at), *share));
            let line = LineSeries::new(points, colour.stroke_width(2));
            chart
                .draw_series(line)?
                .label(self.cap(name))
                .legend(line_key(colour));
        }
        let cap = [(0.0, 100.0), (self.axis.end, 100.0)];
        chart
            .draw_series(LineSeries::new(cap, REFUSED.stroke_width(1)))?
            .label("cap")
            .legend(line_key(REFUSED));
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }

    /// A window with its cap, where one arming alone set it.
    fn cap(&self, name: &str) -> String {
        let [part] = self.account.parts.as_slice() else {
            return name.to_owned();
        };
        let caps = part.papers.caps_steps;
        let cap = match name {
            "1 h" => caps.h1,
            "4 h" => caps.h4,
            _ => caps.h24,
        };
        let Some(nl) = cap.and_then(|cap| part.volume(cap)) else {
            return name.to_owned();
        };
        let nl = nl.floor() as f64;
        let (unit, size) = volume_unit(nl);
        format!("{name} (cap {} {unit})", number(nl / size))
    }

    /// Those that have a bar, in the order in which they were raised.
    fn alarm_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for span in &self.account.alarms.listed.first {
            if !names.contains(&span.alarm) {
                names.push(span.alarm.clone());
            }
        }
        names.truncate(MOST_BARS);
        names
    }

    fn alarms<'b>(&self, area: &Area<'b>, names: &[String]) -> Result<(), Failed<'b>> {
        let rows = names.len();
        let mut chart = ChartBuilder::on(area)
            .caption("Alarms", ("sans-serif", 17).into_font().color(&INK))
            .margin_top(8)
            .margin_left(12)
            .margin_right(24)
            .x_label_area_size(44)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(self.axis.range(), 0.0..rows as f64)?;
        chart
            .configure_mesh()
            .x_desc(self.axis.label())
            .disable_y_mesh()
            .x_labels(13)
            .y_labels(0)
            .x_label_formatter(&|x| number(*x))
            .label_style(("sans-serif", 14).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 15).into_font().color(&INK))
            .bold_line_style(INK.mix(0.18))
            .light_line_style(WHITE)
            .axis_style(INK)
            .draw()?;
        // A bar is seen, however short it is.
        let least = self.axis.end * 0.003;
        let bars = self.account.alarms.listed.first.iter().filter_map(|span| {
            let row = names.iter().position(|name| *name == span.alarm)?;
            let y = (rows - row) as f64;
            let from = span.raised.map_or(0.0, |moment| self.at(moment.pump_ns));
            let to = span.cleared.map_or(self.axis.end, |it| self.at(it.pump_ns));
            let bar = [(from, y - 0.2), (to.max(from + least), y - 0.8)];
            Some(Rectangle::new(bar, colour(span).filled()))
        });
        chart.draw_series(bars)?;
        let style = ("sans-serif", 14).into_font().color(&INK);
        let style = style.pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        ));
        for (row, name) in names.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(0.0, (rows - row) as f64 - 0.5));
            area.draw_text(name, &style, (x - 10, y))?;
        }
        Ok(())
    }
}

fn colour(span: &AlarmSpan) -> RGBColor {
    match span.priority.as_str() {
        "high" => REFUSED,
        "medium" => RGBColor(217, 130, 0),
        _ => RATE,
    }
}

fn instants(marks: &[Point]) -> Vec<u64> {
    thinned(marks.iter().map(|(at, _)| *at), MOST_MARKS)
}
