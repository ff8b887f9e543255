//! A table as Parquet, without compression: a run is small, and the codecs are not.

use std::io::Write as _;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::table::{Cell, Column, Kind, Sink, Table};
use crate::failure::Failure;
use crate::output::{Output, Ready};

/// So many rows are held before they are written.
const GROUP: usize = 4_096;

pub(super) struct Parquet {
    table: &'static Table,
    shown: String,
    writer: SerializedFileWriter<Output>,
    /// By column.
    held: Vec<Vec<Cell>>,
}

impl Parquet {
    pub(super) fn begin(table: &'static Table, output: Output) -> Result<Self, Failure> {
        let shown = output.shown().to_owned();
        let fail = |error| failed(&shown, &error);
        let columns: Result<Vec<_>, _> = table.columns.iter().map(typed).collect();
        let columns = columns.map_err(fail)?.into_iter().map(Arc::new).collect();
        let schema = Type::group_type_builder(table.name).with_fields(columns);
        let schema = Arc::new(schema.build().map_err(fail)?);
        let properties = Arc::new(WriterProperties::builder().build());
        let writer = SerializedFileWriter::new(output, schema, properties).map_err(fail)?;
        Ok(Self {
            held: vec![Vec::new(); table.columns.len()],
            table,
            shown,
            writer,
        })
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let fail = |error| failed(&self.shown, &error);
        let mut group = self.writer.next_row_group().map_err(fail)?;
        for (column, cells) in self.table.columns.iter().zip(&mut self.held) {
            if let Some(mut writer) = group.next_column().map_err(fail)? {
                write(&mut writer, column, cells).map_err(fail)?;
                writer.close().map_err(fail)?;
            }
            cells.clear();
        }
        group.close().map_err(fail)?;
        Ok(())
    }
}

impl Sink for Parquet {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        for (held, cell) in self.held.iter_mut().zip(cells) {
            held.push(cell.clone());
        }
        match self.held.first().map(Vec::len) {
            Some(GROUP) => self.flush(),
            _ => Ok(()),
        }
    }

    fn end(mut self: Box<Self>) -> Result<Ready, Failure> {
        if self.held.first().is_some_and(|cells| !cells.is_empty()) {
            self.flush()?;
        }
        let Self { shown, writer, .. } = *self;
        let mut output = writer
            .into_inner()
            .map_err(|error| failed(&shown, &error))?;
        output
            .flush()
            .map_err(|error| Failure::input(format_args!("{shown}: can't be written: {error}")))?;
        output.ready()
    }
}

fn typed(column: &Column) -> Result<Type, ParquetError> {
    let physical = match column.kind {
        Kind::Count | Kind::Utc => Physical::INT64,
        Kind::Volume => Physical::DOUBLE,
        Kind::Text => Physical::BYTE_ARRAY,
    };
    let builder =
        Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL);
    let builder = match column.kind {
        Kind::Utc => builder.with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        Kind::Text => builder
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
        Kind::Count | Kind::Volume => builder,
    };
    builder.build()
}

/// Writes the cells of a column, each of which may be nothing.
fn write(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    cells: &[Cell],
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = cells
        .iter()
        .map(|cell| i16::from(*cell != Cell::Nothing))
        .collect();
    match column.kind {
        Kind::Count | Kind::Utc => {
            let number = |cell: &Cell| match cell {
                // No count and no clock of a pump comes so far.
                Cell::Count(n) | Cell::Utc(n) => Some(i64::try_from(*n).unwrap_or(i64::MAX)),
                _ => None,
            };
            let values: Vec<i64> = cells.iter().filter_map(number).collect();
            let writer = writer.typed::<Int64Type>();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        Kind::Volume => {
            // What reads it computes in doubles anyway; the steps beside it are exact.
            let number = |cell: &Cell| match cell {
                Cell::Volume(nl) => Some(nl.num() as f64 / nl.den() as f64),
                _ => None,
            };
            let values: Vec<f64> = cells.iter().filter_map(number).collect();
            let writer = writer.typed::<DoubleType>();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        Kind::Text => {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            };
            let values: Vec<ByteArray> = cells.iter().filter_map(text).collect();
            let writer = writer.typed::<ByteArrayType>();
            writer.write_batch(&values, Some(&levels), None)?;
        }
    }
    Ok(())
}

fn failed(shown: &str, error: &ParquetError) -> Failure {
    Failure::input(format_args!("{shown}: can't be written: {error}"))
}
