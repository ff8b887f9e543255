//! `pumpctl strategy describe`.

use std::fmt::Write as _;

use pump_prescription::{Dimension, Exact, show};
use serde_json::{Value, json};
use strategy_abi::{Fraction, MAX_STEPS};
use strategy_host::Probed;
use strategy_link::{Declaration, Kind, Param, Role};

use super::{document, probed};
use crate::cli::DescribeArgs;
use crate::failure::Failure;
use crate::output;
use crate::places;
use crate::schema;

/// Tells what one strategy declares.
pub(crate) fn run(args: &DescribeArgs) -> Result<(), Failure> {
    let strategies = places::strategies(&args.strategies)?;
    let probed = probed(&strategies, &args.strategy)?;
    let text = if args.schema {
        document(&schema::of_regimen(probed.declaration()))?
    } else if args.json {
        document(&full(&probed))?
    } else {
        page(&probed)
    };
    output::print(&text)
}

/// A value as a prescription writes it, without the quotes.
pub(crate) fn written(param: &Param, value: Fraction) -> String {
    let Some(exact) = Exact::from_fraction(value) else {
        return "?".to_owned();
    };
    let whole = || exact.floor().to_string();
    match param.kind {
        Kind::Dose => show(exact, Dimension::Volume),
        Kind::Rate | Kind::Profile => show(exact, Dimension::VolumeRate),
        Kind::Time => show(exact, Dimension::Time),
        Kind::Count => whole(),
        Kind::Flag => (!exact.is_zero()).to_string(),
        Kind::Choice => {
            let index = usize::try_from(exact.floor()).unwrap_or(usize::MAX);
            param.choices.get(index).cloned().unwrap_or_else(whole)
        }
    }
}

/// What may be written, in words.
pub(crate) fn range(param: &Param) -> String {
    match param.kind {
        Kind::Choice => param.choices.join(" or "),
        Kind::Flag => "true or false".to_owned(),
        Kind::Profile => format!(
            "rows of days, at and rate; {} to {}, at most {MAX_STEPS} steps a week",
            written(param, param.min),
            written(param, param.max)
        ),
        _ => format!(
            "{} to {}",
            written(param, param.min),
            written(param, param.max)
        ),
    }
}

/// How it bounds the dose, in words.
pub(crate) fn role(param: &Param) -> String {
    match param.role {
        Role::MaxCount => format!(
            "{} in {}",
            param.role,
            show(Exact::whole(u128::from(param.period.0)), Dimension::Time)
        ),
        role => role.to_string(),
    }
}

fn default(param: &Param) -> String {
    match param.default {
        Some(value) => written(param, value),
        None => "required".to_owned(),
    }
}

fn page(probed: &Probed) -> String {
    let declared = probed.declaration();
    let mut text = String::new();
    let _ = writeln!(text, "{} {}", declared.name, declared.version);
    let _ = writeln!(text, "{}", declared.summary);
    let _ = writeln!(text, "  {}", gives(declared));
    let _ = writeln!(text, "  sha256 {}", probed.sha256());
    let _ = writeln!(text, "  {}", probed.path().display());
    if declared.params.is_empty() {
        let _ = writeln!(text, "\nIt takes no parameter.");
        return text;
    }
    text.push('\n');
    let head = ["parameter", "kind", "allowed", "default", "bounds the dose"].map(str::to_owned);
    let rows = declared.params.iter().map(|param| {
        [
            param.name.clone(),
            param.kind.to_string(),
            range(param),
            default(param),
            role(param),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    let mut widths = [0_usize; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let helps = std::iter::once(None).chain(declared.params.iter().map(|p| Some(&p.help)));
    for (row, help) in rows.iter().zip(helps) {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
        if let Some(help) = help {
            let _ = writeln!(text, "    {help}");
        }
    }
    text
}

/// What kind of delivery its roles allow.
fn gives(declared: &Declaration) -> String {
    let has = |role| declared.by_role(role).is_some();
    let gives = [
        (has(Role::MaxBasal), "a basal"),
        (has(Role::Lockout), "boluses on demand"),
        (has(Role::Interval), "boluses unasked"),
    ];
    let gives: Vec<&str> = gives
        .iter()
        .filter_map(|&(given, what)| given.then_some(what))
        .collect();
    match gives.as_slice() {
        [] => "may give nothing: no parameter has the role max-basal or max-bolus".to_owned(),
        some => format!("may give {}", some.join(", ")),
    }
}

fn full(probed: &Probed) -> Value {
    let declared = probed.declaration();
    let fraction = |value: Fraction| json!([value.num, value.den]);
    let params = declared.params.iter().map(|param| {
        json!({
            "name": param.name,
            "help": param.help,
            "kind": param.kind.name(),
            "role": param.role.name(),
            "period_ns": (param.role == Role::MaxCount).then_some(param.period.0),
            "required": param.required,
            "min": fraction(param.min),
            "max": fraction(param.max),
            "default": param.default.map(fraction),
            "choices": param.choices,
            "written": {
                "min": written(param, param.min),
                "max": written(param, param.max),
                "default": param.default.map(|value| written(param, value)),
            },
        })
    });
    json!({
        "name": declared.name,
        "version": declared.version,
        "summary": declared.summary,
        "sha256": probed.sha256().to_string(),
        "path": probed.path(),
        "parameters": params.collect::<Vec<Value>>(),
    })
}
