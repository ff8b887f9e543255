//! `pumpctl export`.

mod csv;
mod folder;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod table;

use std::io::Write as _;
use std::path::Path;

use pump_journal::Reader;
use serde_json::{Value, json};

use crate::cli::ExportArgs;
use crate::failure::Failure;
use crate::history::refused;
use crate::output::{Output, Ready};
use crate::report;
use crate::runs::{Run, Runs};
use crate::stretch::Stretch;
use folder::Folder;
use rows::Rows;
use table::{Sink, TABLES, Table};

/// How tables are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Parquet,
}

impl Form {
    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    fn sink(self, table: &'static Table, output: Output) -> Result<Box<dyn Sink>, Failure> {
        match self {
            Self::Csv => Ok(Box::new(csv::Csv::begin(table, output)?)),
            #[cfg(feature = "parquet")]
            Self::Parquet => Ok(Box::new(parquet::Parquet::begin(table, output)?)),
            #[cfg(not(feature = "parquet"))]
            Self::Parquet => Err(no_parquet()),
        }
    }
}

#[cfg(not(feature = "parquet"))]
fn no_parquet() -> Failure {
    Failure::input(
        "this pumpctl was built without Parquet; --csv writes the same tables, and `cargo build \
         --release -p pumpctl --features parquet` builds one that can",
    )
}

/// The files beside the tables.
const BESIDE: [&str; 2] = ["prescription.toml", "run.json"];

pub(crate) fn run(args: &ExportArgs) -> Result<(), Failure> {
    #[cfg(not(feature = "parquet"))]
    if args.parquet.is_some() {
        return Err(no_parquet());
    }
    let forms = [
        (Form::Csv, args.csv.as_deref()),
        (Form::Parquet, args.parquet.as_deref()),
    ];
    let mut reader = Reader::open(&args.state_dir).map_err(refused)?;
    let mut folders = Vec::new();
    let mut ready = Vec::new();
    let run = Runs::new(&mut reader)?.named(args.run)?;
    for (form, path) in forms {
        let Some(path) = path else { continue };
        let folder = Folder::open(path, &names(form), args.force)?;
        ready.extend(write(&mut reader, &run, form, path)?);
        folders.push(folder);
    }
    for file in ready {
        file.put()?;
    }
    folders.into_iter().for_each(Folder::keep);
    Ok(())
}

/// The names of all files.
fn names(form: Form) -> Vec<String> {
    let tables = TABLES.iter();
    let tables = tables.map(|table| format!("{}.{}", table.name, form.extension()));
    tables
        .chain(BESIDE.iter().map(|name| (*name).to_owned()))
        .collect()
}

/// Prepares every file; none is seen before all are whole.
fn write(reader: &mut Reader, run: &Run, form: Form, path: &Path) -> Result<Vec<Ready>, Failure> {
    let mut sinks = Vec::new();
    for table in TABLES {
        let file = path.join(format!("{}.{}", table.name, form.extension()));
        sinks.push(form.sink(table, Output::create(&file)?)?);
    }
    let sinks: [Box<dyn Sink>; TABLES.len()] = sinks
        .try_into()
        .map_err(|_| Failure::input("the tables are not those that are known"))?;
    let mut rows = Rows::new(sinks, &run.papers);
    let stretch = Stretch::of_run(run.clone());
    let account = stretch.account(&mut Runs::new(reader)?, |row, fact| rows.take(row, fact))?;
    let mut ready = rows.end()?;
    let whole = report::whole(reader, false, None)?;
    let armed: Value = serde_json::from_str(&run.armed.body).unwrap_or(Value::Null);
    let tables = TABLES.iter().map(|table| {
        let columns = table.columns.iter();
        let columns = columns.map(|column| {
            let told = json!({ "kind": column.kind.name(), "what": column.what });
            (column.name.to_owned(), told)
        });
        let columns: serde_json::Map<String, Value> = columns.collect();
        (table.name.to_owned(), Value::from(columns))
    });
    let document = json!({
        "run": run.papers.arming,
        "armed": armed,
        "tables": tables.collect::<serde_json::Map<String, Value>>(),
        "report": report::document(&stretch, &account, &whole),
    });
    let texts = [run.papers.prescription.clone(), format!("{document:#}\n")];
    for (name, text) in BESIDE.iter().zip(texts) {
        let mut file = Output::create(&path.join(name))?;
        let written = file.write_all(text.as_bytes());
        written.map_err(|error| {
            Failure::input(format_args!("{}: can't be written: {error}", file.shown()))
        })?;
        ready.push(file.ready()?);
    }
    Ok(ready)
}
