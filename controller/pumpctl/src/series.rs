//! What the pictures are drawn from, gathered in bounded memory while a run goes by.

use pump_core::quantity::{Nanoseconds, Steps};
use pump_simulator::windows::WindowSums;

/// So many columns of time; no picture shows more.
const COLUMNS: usize = 1_200;
/// A run with more changes of rate than this is drawn by columns.
const MOST_SEGMENTS: usize = 4_000;

/// A time in which the commanded rate did not change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) from_ns: f64,
    pub(crate) to_ns: f64,
    pub(crate) steps_per_ns: f64,
}

/// One column of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Column {
    /// The highest commanded rate in it, steps a nanosecond.
    pub(crate) highest: f64,
    /// Steps commanded in it.
    pub(crate) commanded: f64,
    /// Edges in it.
    pub(crate) edges: u64,
    /// The highest window sums in it, in steps.
    pub(crate) sums: [u64; 3],
}

/// A run as a picture sees it.
pub(crate) struct Series {
    width_ns: u64,
    pub(crate) columns: Vec<Column>,
    segments: Vec<Segment>,
    too_many: bool,
    last: (u64, f64),
    sums: WindowSums,
    /// Columns whose window sums are settled.
    settled: usize,
}

impl Series {
    pub(crate) fn new(duration: Nanoseconds) -> Self {
        let width_ns = duration.0.div_ceil(COLUMNS as u64).max(1);
        let columns = duration.0.div_ceil(width_ns).max(1) as usize;
        Self {
            width_ns,
            columns: vec![Column::default(); columns],
            segments: Vec::new(),
            too_many: false,
            last: (0, 0.0),
            sums: WindowSums::new(),
            settled: 0,
        }
    }

    /// The nanoseconds of a column.
    pub(crate) fn width_ns(&self) -> f64 {
        self.width_ns as f64
    }

    /// Every change of rate, unless there were too many to draw.
    pub(crate) fn segments(&self) -> Option<&[Segment]> {
        (!self.too_many).then_some(&self.segments)
    }

    pub(crate) fn edge(&mut self, at: Nanoseconds) {
        self.settle_before(at.0);
        self.sums.push(at);
        let sums = self.sums.at(at);
        let place = self.column(at.0);
        if let Some(column) = self.columns.get_mut(place) {
            column.edges += 1;
            for (highest, Steps(sum)) in column.sums.iter_mut().zip(sums) {
                *highest = (*highest).max(sum);
            }
        }
    }

    pub(crate) fn commanded(&mut self, at: Nanoseconds, steps: f64) {
        let (from, before) = self.last;
        if at.0 <= from {
            self.last.1 = steps;
            return;
        }
        let (from_ns, to_ns) = (from as f64, at.0 as f64);
        let segment = Segment {
            from_ns,
            to_ns,
            steps_per_ns: (steps - before) / (to_ns - from_ns),
        };
        self.last = (at.0, steps);
        for place in self.column(from)..=self.column(at.0) {
            let start = place as f64 * self.width_ns();
            let overlap = to_ns.min(start + self.width_ns()) - from_ns.max(start);
            if let Some(column) = self.columns.get_mut(place).filter(|_| overlap > 0.0) {
                column.highest = column.highest.max(segment.steps_per_ns);
                column.commanded += overlap * segment.steps_per_ns;
            }
        }
        if self.too_many {
            return;
        }
        match self.segments.last_mut() {
            // The same rate again: something else happened.
            Some(last) if same(last.steps_per_ns, segment.steps_per_ns) => last.to_ns = to_ns,
            _ => self.segments.push(segment),
        }
        if self.segments.len() > MOST_SEGMENTS {
            self.too_many = true;
            self.segments = Vec::new();
        }
    }

    /// The run has ended: the sums of the last columns are what the past leaves.
    pub(crate) fn finish(&mut self) {
        let end = self.columns.len() as u64 * self.width_ns;
        self.settle_before(end.saturating_add(self.width_ns));
    }

    /// A column that begins without an edge begins with what is left of earlier ones.
    fn settle_before(&mut self, at: u64) {
        while (self.settled as u64) * self.width_ns <= at && self.settled < self.columns.len() {
            let start = self.settled as u64 * self.width_ns;
            let sums = self.sums.at(Nanoseconds(start));
            if let Some(column) = self.columns.get_mut(self.settled) {
                column.sums = sums.map(|steps| steps.0);
            }
            self.settled += 1;
        }
    }

    fn column(&self, at: u64) -> usize {
        // The very end belongs to the last column.
        ((at / self.width_ns) as usize).min(self.columns.len().saturating_sub(1))
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= a.abs().max(b.abs()) * 1e-6
}
