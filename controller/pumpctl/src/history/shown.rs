//! Entries of the journal as text.

use jiff::Timestamp;
use pump_journal::{Row, Stamp};
use serde_json::{Value, json};

use crate::cli::HistoryArgs;
use crate::story::printable;

/// How they are shown.
enum Form {
    Lines,
    Csv,
    /// One document, or one for each entry.
    Json {
        each: bool,
    },
}

/// Shows one entry after the other.
pub(crate) struct Shown {
    form: Form,
    last: u64,
}

impl Shown {
    pub(crate) fn new(args: &HistoryArgs) -> Self {
        let form = match (args.json, args.csv) {
            (true, _) => Form::Json { each: args.follow },
            (_, true) => Form::Csv,
            _ => Form::Lines,
        };
        Self { form, last: 0 }
    }

    /// The number of the last entry that was shown.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn begin(&self) -> String {
        match self.form {
            Form::Csv => "seq,utc_ns,boot,mono_ns,kind,body,sha256\n".to_owned(),
            Form::Json { each: false } => "[".to_owned(),
            _ => String::new(),
        }
    }

    pub(crate) fn end(&self) -> String {
        match self.form {
            Form::Json { each: false } => "\n]\n".to_owned(),
            _ => String::new(),
        }
    }

    pub(crate) fn row(&mut self, row: &Row) -> String {
        let first = self.last == 0;
        self.last = row.seq;
        match self.form {
            Form::Lines => line(row),
            Form::Csv => csv(row),
            Form::Json { each: true } => format!("{}\n", document(row)),
            Form::Json { each: false } if first => format!("\n{}", document(row)),
            Form::Json { each: false } => format!(",\n{}", document(row)),
        }
    }
}

fn line(row: &Row) -> String {
    format!(
        "{:>8}  {:<24}  {:<20}  {}\n",
        row.seq,
        when(&row.stamp),
        printable(&row.kind),
        printable(&told(&row.body))
    )
}

/// In UTC, or since which boot.
pub(crate) fn when(stamp: &Stamp) -> String {
    let utc = stamp
        .utc_ns
        .and_then(|utc| Timestamp::from_nanosecond(utc.into()).ok());
    match utc {
        Some(utc) => format!("{utc:.3}"),
        None => {
            let boot: String = stamp.boot.to_string().chars().take(8).collect();
            let (s, ms) = (
                stamp.mono_ns / 1_000_000_000,
                stamp.mono_ns / 1_000_000 % 1000,
            );
            format!("{boot}+{s}.{ms:03}s")
        }
    }
}

/// A longer word than a hash is no word that people read.
const LONGEST_WORD: usize = 100;

/// What an event says of itself, else an object as words, anything else as it is. A text of
/// several lines, which a prescription is, and what was recorded for a replay are for `--json`.
fn told(body: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(body) else {
        return body.to_owned();
    };
    if let (Some(_), Some(Value::String(text))) = (fields.get("kind"), fields.get("text")) {
        return text.clone();
    }
    let words = fields.iter().map(|(name, value)| match value {
        Value::String(text) if text.contains('\n') => {
            format!("{name}=({} lines)", text.lines().count())
        }
        Value::String(text) if is_word(text) && text.len() > LONGEST_WORD => {
            format!("{name}=({} characters)", text.len())
        }
        Value::String(text) if is_word(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"' || c == '=')
}

fn csv(row: &Row) -> String {
    let utc = row.stamp.utc_ns.map(|utc| utc.to_string());
    format!(
        "{},{},{},{},{},{},{}\n",
        row.seq,
        utc.unwrap_or_default(),
        row.stamp.boot,
        row.stamp.mono_ns,
        quoted(&row.kind),
        quoted(&row.body),
        row.hash
    )
}

/// As RFC 4180 has it.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn document(row: &Row) -> Value {
    // A body that is no JSON was not written by the daemon; it is shown all the same.
    let body = serde_json::from_str(&row.body).unwrap_or_else(|_| Value::from(row.body.clone()));
    json!({
        "seq": row.seq,
        "kind": row.kind,
        "utc_ns": row.stamp.utc_ns,
        "boot": row.stamp.boot.to_string(),
        "mono_ns": row.stamp.mono_ns,
        "body": body,
        "sha256": row.hash.to_string(),
    })
}
