//! The file, what it declares, and what it begins with.

use strategy_abi::ENTRY_SYMBOL;

use crate::bench::Bench;
use crate::report::Verdict;
use crate::values::told;

/// That a probe went well is what a subject is made of.
pub(super) fn opened(bench: &Bench<'_>) -> Result<String, Verdict> {
    Ok(format!("sha256 {}", bench.subject.probed().sha256()))
}

pub(super) fn declared(bench: &Bench<'_>) -> Result<String, Verdict> {
    let declared = bench.subject.declaration();
    let path = bench.subject.probed().path();
    let expected = format!("lib{}.so", declared.name.replace('-', "_"));
    let found = path.file_name().unwrap_or_default().to_string_lossy();
    if found != expected {
        return Err(Verdict::Failed(format!(
            "the file of the strategy `{}` must be called {expected}, and is called {found}",
            declared.name
        )));
    }
    let count = declared.params.len();
    Ok(format!(
        "{} {}, {count} parameters",
        declared.name, declared.version
    ))
}

pub(super) fn symbols(bench: &Bench<'_>) -> Result<String, Verdict> {
    let exported = bench.subject.probed().exports();
    let exported = exported.map_err(|error| Verdict::NotJudged(error.to_string()))?;
    let others: Vec<&str> = exported
        .iter()
        .map(String::as_str)
        .filter(|name| *name != ENTRY_SYMBOL)
        .collect();
    match others.as_slice() {
        [] => Ok(format!("exports `{ENTRY_SYMBOL}` only")),
        [first, ..] => Err(Verdict::Failed(format!(
            "it exports {} other symbols too, the first is `{first}`",
            others.len()
        ))),
    }
}

pub(super) fn parameters(bench: &Bench<'_>) -> Result<String, Verdict> {
    let begun = bench.begun()?;
    let declared = bench.subject.declaration();
    if let Some((values, ended)) = &begun.broken {
        let with = told(declared, values);
        return Err(Verdict::Failed(format!("with {with}: {ended}")));
    }
    if begun.taken.is_empty() {
        return Err(Verdict::Failed(format!(
            "it refuses all {} sets of values that were tried, among them every parameter as \
             usual, at its least and at its most",
            begun.refused
        )));
    }
    Ok(format!(
        "takes {} sets of values, refuses {}",
        begun.taken.len(),
        begun.refused
    ))
}
