//! `pumpctl strategy check`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use strategy_check::{CHECKS, Found, Progress, Report, Subject, Verdict, fuzz, named, reproduce};
use strategy_host::{FolderError, Helper, Image, PROBE_TIMEOUT, Probed};

use super::{document, steps};
use crate::cli::CheckStrategyArgs;
use crate::failure::Failure;
use crate::output;

/// Makes the checks, then searches by chance where that was asked for.
pub(crate) fn run(args: &CheckStrategyArgs) -> Result<(), Failure> {
    if args.list {
        return list(args.json);
    }
    let only: Vec<&str> = args.only.iter().map(String::as_str).collect();
    if let Some(unknown) = only.iter().find(|name| named(name).is_none()) {
        return Err(Failure::Usage(format!(
            "no check is called `{unknown}`; `pumpctl strategy check --list` shows them"
        )));
    }
    // The command line wants a file unless the list is asked for.
    let file = args.file.as_deref().unwrap_or(Path::new(""));
    let helper = Helper::find().map_err(Failure::input)?;
    let probed = match probe(file, &helper) {
        Ok(probed) => probed,
        Err(error @ FolderError::Image(strategy_host::ImageError::Read { .. })) => {
            return Err(Failure::input(error));
        }
        Err(error) => {
            let report = strategy_check::unopened(&error);
            return told(args, &report, None, None);
        }
    };
    let subject = Subject::new(Arc::new(probed), helper);
    if let Some(seed) = args.reproduce {
        let found = reproduce(&subject, seed).map_err(Failure::input)?;
        return told(args, &Report::default(), found.as_ref(), None);
    }
    let report = strategy_check::check(&subject, &only);
    let (mut found, mut progress) = (None, None);
    // What breaks a rule at every turn is not worth a search.
    if let Some(time) = args.fuzz.filter(|_| report.is_good()) {
        let time = std::time::Duration::from_nanos(time.0);
        let (made, first) =
            fuzz(&subject, args.seed, usize::from(args.jobs), time).map_err(Failure::input)?;
        (found, progress) = (first, Some(made));
    }
    told(args, &report, found.as_ref(), progress)?;
    if !args.json && args.only.is_empty() {
        output::print(&steps::after_check(file, subject.declaration()))?;
    }
    Ok(())
}

fn probe(file: &Path, helper: &Helper) -> Result<Probed, FolderError> {
    let image = Image::read(file).map_err(FolderError::Image)?;
    image
        .probe(helper, PROBE_TIMEOUT)
        .map_err(FolderError::Probe)
}

/// Prints what was found. An error where that is anything.
fn told(
    args: &CheckStrategyArgs,
    report: &Report,
    found: Option<&Found>,
    progress: Option<Progress>,
) -> Result<(), Failure> {
    let good = found.is_none() && (args.reproduce.is_some() || report.is_good());
    let text = if args.json {
        document(&json!({
            "good": good,
            "checks": report.outcomes,
            "stories": progress,
            "found": found,
        }))?
    } else {
        let mut text = table(report);
        if args.fuzz.is_some() && progress.is_none() {
            text.push_str("\nno search by chance before all of these are good\n");
        }
        if let Some(Progress { stories, refused }) = progress {
            let _ = writeln!(
                text,
                "\nby chance: {stories} stories, {refused} refused values"
            );
        }
        match found {
            Some(found) => text.push_str(&story(args, found)),
            None if args.reproduce.is_some() => text.push_str("this seed breaks no rule\n"),
            None => {}
        }
        text
    };
    output::print(&text)?;
    if good { Ok(()) } else { Err(Failure::Told) }
}

fn table(report: &Report) -> String {
    let mut text = String::new();
    for outcome in &report.outcomes {
        let (mark, detail) = match &outcome.verdict {
            Verdict::Passed(detail) => ("good", detail),
            Verdict::Failed(detail) => ("FAILED", detail),
            Verdict::NotJudged(detail) => ("not judged", detail),
        };
        let _ = writeln!(text, "{:<16} {mark:<11} {detail}", outcome.check);
        if let Some(advice) = outcome.advice {
            let _ = writeln!(text, "{:<16} {:<11} {advice}", "", "  to do:");
        }
    }
    text
}

fn story(args: &CheckStrategyArgs, found: &Found) -> String {
    let mut text = format!("\nfound by chance: {}\n  {}\n", found.check, found.what);
    let advice = named(found.check).map_or("", |check| check.advice);
    let _ = writeln!(text, "  to do: {advice}");
    let _ = writeln!(text, "  with {}", found.values);
    for line in found.story.lines() {
        let _ = writeln!(text, "    {line}");
    }
    let file = args.file.as_deref().unwrap_or(Path::new(""));
    let _ = writeln!(
        text,
        "again: {} strategy check {} --reproduce {}",
        steps::program(),
        steps::word(file),
        found.seed
    );
    text
}

fn list(as_json: bool) -> Result<(), Failure> {
    if as_json {
        let list = CHECKS.iter().map(
            |check| json!({ "name": check.name, "about": check.about, "advice": check.advice }),
        );
        return output::print(&document(&list.collect())?);
    }
    let mut text = String::new();
    for check in CHECKS {
        let _ = writeln!(text, "{}", check.name);
        for line in wrapped(check.about, 84) {
            let _ = writeln!(text, "    {line}");
        }
    }
    output::print(&text)
}

/// The words in lines of at most so many characters.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.len() + word.len() >= most);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
