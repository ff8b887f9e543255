//! A report as a document for programs. Steps are exact; of them, and of `nl_per_step` and
//! `ng_per_nl`, everything else is made.

use pump_journal::{Row, Stamp};
use pump_prescription::Exact;
use serde_json::{Value, json};

use super::page::{Whole, day};
use crate::account::{Account, AlarmSpan, Loss, Moment, Part};
use crate::stretch::{Stretch, Subject};

/// The document of an account.
pub(crate) fn of(stretch: &Stretch, account: &Account, whole: &Whole) -> Value {
    let subject = match &stretch.subject {
        Subject::Run(run) => json!({
            "run": run.papers.arming,
            "over": run.end.is_some(),
            "ended": run.end.as_ref().map(|end| end.name()),
        }),
        Subject::Day(_) => json!({ "day": day(stretch) }),
    };
    let boluses = account.boluses.by_kind().into_iter();
    let boluses = boluses.map(|(kind, (times, open))| {
        json!({
            "kind": kind,
            "started": times.started,
            "complete": times.complete,
            "cut": times.cut,
            "lost": times.lost,
            "open": open,
            "delivered_steps": times.steps,
        })
    });
    let refused = account.refused.iter();
    let refused =
        refused.map(|((what, reason), n)| json!({ "what": what, "reason": reason, "times": n }));
    let actions = account.actions.first.iter().map(|action| {
        json!({
            "at": stamp(&action.at),
            "who": action.deed.who,
            "did": action.deed.did,
            "reason": action.deed.reason,
            "alarm": action.deed.alarm,
        })
    });
    let faults = account.faults.first.iter();
    let faults = faults.map(|fault| json!({ "at": stamp(&fault.at), "text": fault.text }));
    json!({
        "subject": subject,
        "first_entry": account.first.as_ref().map(entry),
        "last_entry": account.last.as_ref().map(entry),
        "running_ns": account.pump_ns.map(|(from, to)| to.saturating_sub(from)),
        "state": account.state,
        "armed": account.parts.iter().map(part).collect::<Vec<_>>(),
        "boluses": boluses.collect::<Vec<_>>(),
        "presses": account.pressed,
        "refused": refused.collect::<Vec<_>>(),
        "alarms": account.alarms.listed.first.iter().map(alarm).collect::<Vec<_>>(),
        "alarms_count": account.alarms.listed.count,
        "strategies_lost": account.losses.first.iter().map(loss).collect::<Vec<_>>(),
        "strategies_lost_count": account.losses.count,
        "operators": actions.collect::<Vec<_>>(),
        "operators_count": account.actions.count,
        "troubles": faults.collect::<Vec<_>>(),
        "troubles_count": account.faults.count,
        "entries": account.kinds,
        "journal": {
            "head": whole.head,
            "entries_of_this_report_are_sound": true,
            "whole_is_sound": whole.verified.map(|_| true),
        },
    })
}

fn part(part: &Part) -> Value {
    let given = part.given();
    let papers = &part.papers;
    let nl = |steps| part.volume(steps).map(|nl| nl.floor());
    let most = given.delivered.saturating_add(given.uncertain);
    let most = most.saturating_add(given.displaced);
    let drugs = papers.drugs.iter().map(|drug| {
        let mass = |steps| -> Option<String> {
            let ng = part.volume(steps)?.times(drug.ng_per_nl.0)?;
            Some(fraction(ng))
        };
        json!({
            "name": drug.name,
            "ng_per_nl": drug.ng_per_nl.to_string(),
            "unit": drug.unit,
            "delivered_ng": mass(given.delivered),
            "at_most_given_ng": mass(most),
        })
    });
    let regimens = papers.regimens.iter().map(|regimen| {
        json!({
            "name": regimen.name,
            "strategy": regimen.strategy,
            "version": regimen.version,
            "plugin_sha256": regimen.plugin_sha256,
        })
    });
    json!({
        "run": papers.arming,
        "id": papers.id,
        "sha256": papers.sha256,
        "armed": stamp(&part.armed),
        "confirmed_by": papers.confirmed_by,
        "proposed_by": papers.proposed_by,
        "reason": papers.reason,
        "simulated": papers.simulated,
        "ended": part.ended,
        "ledger_told": part.told.as_ref().map(stamp),
        "nl_per_step": papers.nl_per_step.to_string(),
        "commanded_steps": given.commanded,
        "delivered_steps": given.delivered,
        "delivered_nl": nl(given.delivered),
        "missed_steps": given.missed,
        "uncertain_steps": given.uncertain,
        "displaced_steps": given.displaced,
        "at_most_given_steps": most,
        "reservoir_steps": given.reservoir,
        "drugs": drugs.collect::<Vec<_>>(),
        "regimens": regimens.collect::<Vec<_>>(),
        "device_sha256": papers.device_sha256,
        "drug_library_sha256": papers.drug_library_sha256,
    })
}

/// An exact fraction: `7/2`, or `3`.
fn fraction(exact: Exact) -> String {
    match exact.den() {
        1 => exact.num().to_string(),
        den => format!("{}/{den}", exact.num()),
    }
}

fn alarm(span: &AlarmSpan) -> Value {
    json!({
        "alarm": span.alarm,
        "priority": span.priority,
        "raised": span.raised.as_ref().map(moment),
        "cleared": span.cleared.as_ref().map(moment),
        "lasted_ns": span.lasted_ns(),
    })
}

fn loss(loss: &Loss) -> Value {
    json!({
        "regimen": loss.regimen,
        "lost": moment(&loss.lost),
        "back": loss.back.as_ref().map(moment),
    })
}

fn moment(moment: &Moment) -> Value {
    let mut document = stamp(&moment.stamp);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("pump_ns".to_owned(), json!(moment.pump_ns));
    }
    document
}

fn entry(row: &Row) -> Value {
    let mut document = stamp(&row.stamp);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("seq".to_owned(), json!(row.seq));
        fields.insert("sha256".to_owned(), json!(row.hash.to_string()));
    }
    document
}

/// An instant.
pub(crate) fn stamp(stamp: &Stamp) -> Value {
    json!({
        "utc_ns": stamp.utc_ns,
        "boot": stamp.boot.to_string(),
        "mono_ns": stamp.mono_ns,
    })
}
