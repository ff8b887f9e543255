//! What came of a replay, in words and as a document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pump_recording::row::Opening;
use pump_simulator::outcome::Outcome;
use serde_json::{Value, json};

use super::Verdict;
use super::runs::Summary;
use super::tape::{OnTape, OtherEdge};
use crate::failure::Failure;
use crate::output;
use crate::story::printable;
use crate::units;

/// `12,345`.
fn count(number: u64) -> String {
    units::grouped(number, ',')
}

/// `3 boluses`, `1 bolus`.
fn counted(number: u64, one: &str, more: &str) -> String {
    let word = if number == 1 { one } else { more };
    format!("{} {word}", count(number))
}

fn document(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::input)?;
    output::print(&format!("{text}\n"))
}

/// The runs of a journal.
pub(super) fn list(runs: &[Summary], as_json: bool) -> Result<(), Failure> {
    let ended = |run: &Summary| match &run.closing {
        Some(closing) if closing.whole => closing.why.clone(),
        Some(closing) => format!("not whole: {}", closing.why),
        None => "under way, or its daemon died".to_owned(),
    };
    if as_json {
        let runs = runs.iter().map(|run| {
            json!({
                "run": run.run,
                "armed_at_ns": run.armed_at_ns,
                "armed_utc_ns": run.utc_ns,
                "id": run.id,
                "sha256": run.sha256,
                "edges": run.edges,
                "boluses": run.boluses,
                "until_ns": run.until_ns,
                "ended": run.closing.as_ref().map(|closing| &closing.why),
                "whole": run.closing.as_ref().map(|closing| closing.whole),
            })
        });
        return document(&Value::Array(runs.collect()));
    }
    if runs.is_empty() {
        return output::print("the journal holds no run\n");
    }
    let mut text = format!(
        "{:>5}  {:<20}  {:>10}  {:>12}  {:>8}  {:<28}  {}\n",
        "run", "armed", "lasted", "edges", "boluses", "ended", "prescription"
    );
    for run in runs {
        let utc = run
            .utc_ns
            .and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
        let armed = utc.map_or_else(|| "–".to_owned(), |utc| format!("{utc:.0}"));
        let lasted = units::time(run.until_ns.saturating_sub(run.armed_at_ns));
        text.push_str(&format!(
            "{:>5}  {armed:<20}  {lasted:>10}  {:>12}  {:>8}  {:<28}  {}\n",
            run.run,
            count(run.edges),
            count(run.boluses),
            ended(run),
            printable(&run.id),
        ));
    }
    output::print(&text)
}

/// An instant of the run: since its arming, and by the pump's clock.
fn instant(opening: &Opening, at_ns: u64) -> String {
    let since = at_ns.saturating_sub(opening.armed_at_ns);
    format!(
        "{} after arming (the pump's clock: {}.{:09} s)",
        units::time(since),
        at_ns / 1_000_000_000,
        at_ns % 1_000_000_000
    )
}

/// Whether a run is the same.
pub(super) fn verdict(verdict: &Verdict<'_>, as_json: bool) -> Result<(), Failure> {
    let (same, whole) = (verdict.is_same(), verdict.is_whole());
    if as_json {
        document(&verdict_document(verdict))?;
    } else {
        output::print(&verdict_text(verdict))?;
    }
    if same && whole {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

fn verdict_text(verdict: &Verdict<'_>) -> String {
    let opening = verdict.opening;
    let totals = &verdict.totals;
    let mut text = String::new();
    if verdict.is_same() {
        text.push_str(&format!(
            "same: {}, {}, {}\n",
            counted(totals.edges, "edge", "edges"),
            counted(totals.boluses, "bolus", "boluses"),
            counted(verdict.orders, "order", "orders"),
        ));
    }
    if let Some(difference) = &verdict.difference {
        text.push_str(&format!(
            "different: {}\n  the same until {}\n  different by   {}\n",
            difference.what,
            instant(opening, difference.after.0),
            instant(opening, difference.by.0),
        ));
    }
    if let Some(other) = &verdict.other_edge {
        let on_tape = match other.tape {
            Some(edge) => edge_text(opening, edge),
            None => "there is none".to_owned(),
        };
        text.push_str(&format!(
            "different: edge {} is not that of the tape\n  tape:   {on_tape}\n  replay: {}\n",
            count(other.number),
            edge_text(opening, other.replay),
        ));
    }
    for other in &verdict.other_orders {
        let regimen = opening.dossier.regimens.get(other.place);
        let name = regimen.map_or("?", |regimen| regimen.name.as_str());
        text.push_str(&format!(
            "different: regimen `{}`: {other}\n  told {}\n",
            printable(name),
            instant(opening, other.at.0),
        ));
    }
    if !verdict.is_same() && verdict.difference.is_none() && verdict.other_edge.is_none() {
        text.push_str(&format!(
            "the edges are the same: {}, {}\n",
            counted(totals.edges, "edge", "edges"),
            counted(totals.boluses, "bolus", "boluses"),
        ));
    }
    match verdict.closing {
        Some(closing) if !closing.whole => text.push_str(&format!(
            "it can't be replayed from {} on: {}\n",
            instant(opening, totals.until.0),
            printable(&closing.why),
        )),
        Some(_) => {}
        None => text.push_str("it is under way, or its daemon died: that is all there is yet\n"),
    }
    text
}

fn edge_text(opening: &Opening, edge: OnTape) -> String {
    let fate = if edge.taken { "taken" } else { "not taken" };
    format!("due {}, {fate}", instant(opening, edge.due_ns))
}

fn verdict_document(verdict: &Verdict<'_>) -> Value {
    let totals = &verdict.totals;
    let edge = |edge: OnTape| json!({ "due_ns": edge.due_ns, "taken": edge.taken });
    let other_edge = |other: &OtherEdge| {
        json!({
            "number": other.number,
            "tape": other.tape.map(edge),
            "replay": edge(other.replay),
        })
    };
    let others = verdict.other_orders.iter().map(|other| {
        let regimen = verdict.opening.dossier.regimens.get(other.place);
        json!({
            "regimen": regimen.map(|regimen| &regimen.name),
            "at_ns": other.at.0,
            "what": other.to_string(),
        })
    });
    json!({
        "run": verdict.opening.run,
        "same": verdict.is_same(),
        "whole": verdict.is_whole(),
        "ended": verdict.closing.map(|closing| &closing.why),
        "armed_at_ns": verdict.opening.armed_at_ns,
        "until_ns": totals.until.0,
        "calls": totals.calls,
        "late_calls": verdict.late,
        "edges": totals.edges,
        "uncertain_edges": totals.uncertain_edges,
        "digest": totals.digest.to_string(),
        "boluses": totals.boluses,
        "demands_given": totals.demands_given,
        "demands_refused": totals.demands_refused,
        "orders": verdict.orders,
        "difference": verdict.difference.map(|difference| json!({
            "same_until_ns": difference.after.0,
            "different_by_ns": difference.by.0,
            "what": difference.what.to_string(),
        })),
        "other_edge": verdict.other_edge.as_ref().map(other_edge),
        "other_orders": Value::Array(others.collect()),
    })
}

/// What a run came to, and what another would have.
pub(super) fn side_by_side(
    opening: &Opening,
    name: &str,
    then: &Outcome,
    now: &Outcome,
    as_json: bool,
) -> Result<(), Failure> {
    if as_json {
        return document(&json!({
            "run": opening.run,
            "with": name,
            "then": then,
            "now": now,
        }));
    }
    let mut text = format!(
        "{:<28}  {:>18}  {:>18}\n",
        "",
        format!("run {}", opening.run),
        "with the other"
    );
    let mut row = |what: &str, then: String, now: String| {
        let mark = if then == now { ' ' } else { '*' };
        text.push_str(&format!("{what:<28}  {then:>18}  {now:>18} {mark}\n"));
    };
    row(
        "given",
        units::volume(then.delivered_nl),
        units::volume(now.delivered_nl),
    );
    for (what, one, other) in [
        ("steps", then.delivered_steps, now.delivered_steps),
        ("missed steps", then.missed_steps, now.missed_steps),
        ("boluses", then.all_boluses(), now.all_boluses()),
        ("boluses cut", then.boluses_cut, now.boluses_cut),
        ("presses", then.demands, now.demands),
        ("presses given", then.demands_given, now.demands_given),
    ] {
        row(what, count(one), count(other));
    }
    for (what, one, other) in [
        ("bolus", &then.boluses, &now.boluses),
        ("press refused", &then.demands_refused, &now.demands_refused),
        ("bolus refused", &then.boluses_refused, &now.boluses_refused),
        ("alarm", &then.alarms, &now.alarms),
    ] {
        for (name, one, other) in both(one, other) {
            row(&format!("{what}: {name}"), count(one), count(other));
        }
    }
    row("at the end", then.state.to_owned(), now.state.to_owned());
    output::print(&format!("the other is {}\n{text}", printable(name)))
}

fn both<'a>(
    one: &'a BTreeMap<&'static str, u64>,
    other: &'a BTreeMap<&'static str, u64>,
) -> impl Iterator<Item = (&'static str, u64, u64)> {
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).copied().collect();
    let of = |counts: &BTreeMap<&'static str, u64>, name| counts.get(name).copied().unwrap_or(0);
    names
        .into_iter()
        .map(move |name| (name, of(one, name), of(other, name)))
}

#[cfg(test)]
mod tests {
    use super::{count, counted};

    #[test]
    fn a_number_is_read_in_groups_of_three() {
        let texts = [0, 7, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "bolus", "boluses"), "1 bolus");
        assert_eq!(counted(1_000, "bolus", "boluses"), "1,000 boluses");
    }
}
