//! A table as comma-separated values (RFC 4180).

use std::io::Write as _;

use super::table::{Cell, Sink, Table, decimal, utc};
use crate::failure::Failure;
use crate::history::quoted;
use crate::output::{Output, Ready};

pub(super) struct Csv(Output);

impl Csv {
    pub(super) fn begin(table: &Table, output: Output) -> Result<Self, Failure> {
        let mut csv = Self(output);
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        csv.line(&names.join(","))?;
        Ok(csv)
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.0, "{line}").map_err(|error| {
            let shown = self.0.shown();
            Failure::input(format_args!("{shown}: can't be written: {error}"))
        })
    }
}

impl Sink for Csv {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        let cells = cells.iter().map(|cell| match cell {
            Cell::Nothing => String::new(),
            Cell::Count(count) => count.to_string(),
            Cell::Volume(volume) => decimal(*volume),
            Cell::Text(text) => quoted(text),
            Cell::Utc(ns) => utc(*ns),
        });
        let line = cells.collect::<Vec<_>>().join(",");
        self.line(&line)
    }

    fn end(self: Box<Self>) -> Result<Ready, Failure> {
        self.0.ready()
    }
}
