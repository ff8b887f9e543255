//! A row of CSV for each step.

use std::io::{self, Write as _};
use std::path::Path;

use pump_core::quantity::Nanoseconds;

use crate::failure::Failure;
use crate::output::Output;

/// Writes `t_ns,step`, the instant on the simulation's clock and the number from 1.
pub(crate) struct Edges {
    output: Output,
    step: u64,
    /// The first thing that went wrong; nothing is written after it.
    error: Option<io::Error>,
}

impl Edges {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let mut edges = Self {
            output: Output::create(path)?,
            step: 0,
            error: None,
        };
        edges.error = writeln!(edges.output, "t_ns,step").err();
        Ok(edges)
    }

    pub(crate) fn edge(&mut self, at: Nanoseconds) {
        self.step += 1;
        if self.error.is_none() {
            self.error = writeln!(self.output, "{},{}", at.0, self.step).err();
        }
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.error {
            Some(error) => {
                let shown = self.output.shown();
                Err(Failure::input(format_args!(
                    "{shown}: can't be written: {error}"
                )))
            }
            None => self.output.finish(),
        }
    }
}
