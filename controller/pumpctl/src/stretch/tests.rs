//! What reports come to, against a daemon that knows what it has written.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::written::{DAY, S, Steps, Written};
use super::*;
use crate::cli::RunName;
use crate::fact::Ledger;

/// What may happen.
#[derive(Clone, Debug)]
enum Deed {
    Arm,
    Disarm,
    Restart,
    LosePower { durable: u64, unknown: u64 },
    Give(u64),
    StartBolus(u64),
    Flow(u64),
    EndBolus,
    Miss(u64),
    Displace(u64),
    Pass(u64),
    ClockLost,
    ClockFound,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => Just(Deed::Arm),
        1 => Just(Deed::Disarm),
        1 => Just(Deed::Restart),
        1 => (0..50_u64, 0..50_u64)
            .prop_map(|(durable, unknown)| Deed::LosePower { durable, unknown }),
        5 => (0..5_000_u64).prop_map(Deed::Give),
        3 => (1..500_u64).prop_map(Deed::StartBolus),
        4 => (0..400_u64).prop_map(Deed::Flow),
        3 => Just(Deed::EndBolus),
        1 => (1..9_u64).prop_map(Deed::Miss),
        1 => (1..17_u64).prop_map(Deed::Displace),
        6 => (1..30 * 3_600_u64).prop_map(|s| Deed::Pass(s * S)),
        1 => Just(Deed::ClockLost),
        2 => Just(Deed::ClockFound),
    ]
}

/// What the daemon did: what was given of each arming, and in boluses of it.
#[derive(Default)]
struct Oracle {
    given: BTreeMap<u64, Steps>,
    boluses: BTreeMap<u64, u64>,
    days: u64,
}

fn write(deeds: &[Deed]) -> (tempfile::TempDir, Oracle) {
    let mut written = Written::new(DAY + 7 * S);
    let mut oracle = Oracle::default();
    let mut now = DAY + 7 * S;
    for deed in deeds {
        let arming = written.arming;
        let armed = written.armed;
        match *deed {
            Deed::Arm => written.arm("water"),
            Deed::Disarm if armed => written.disarm(),
            Deed::Restart => written.restart(),
            Deed::LosePower { durable, unknown } => {
                written.lose_power(durable, unknown);
                if armed {
                    oracle.given.insert(arming, written.steps);
                }
            }
            Deed::Give(steps) if armed => written.give(steps),
            Deed::StartBolus(steps) if armed => {
                written.start_bolus("demand", steps);
            }
            Deed::Flow(steps) if armed => {
                let before = written.steps.delivered;
                written.flow(steps);
                let flowed = written.steps.delivered - before;
                *oracle.boluses.entry(arming).or_default() += flowed;
            }
            Deed::EndBolus => written.end_bolus(None),
            Deed::Miss(steps) if armed => written.steps.missed += steps,
            Deed::Displace(steps) if armed => written.steps.displaced += steps,
            Deed::Pass(ns) => {
                written.pass(ns);
                now += ns;
            }
            Deed::ClockLost => written.utc_ns = None,
            Deed::ClockFound => written.utc_ns = Some(now),
            _ => {}
        }
        if written.armed {
            // It is said so now and then; here, each time.
            written.status();
            written.commit();
            oracle.given.insert(written.arming, written.steps);
        }
    }
    oracle.days = (now - DAY) / DAY_NS + 1;
    (written.close(), oracle)
}

fn steps(ledger: Ledger) -> Steps {
    Steps {
        delivered: ledger.delivered,
        missed: ledger.missed,
        uncertain: ledger.uncertain,
        displaced: ledger.displaced,
    }
}

fn account(folder: &Path, choose: impl Fn(&mut Runs<'_>) -> Option<Stretch>) -> Option<Account> {
    let mut reader = pump_journal::Reader::open(folder).expect("a journal");
    let mut runs = Runs::new(&mut reader).expect("its runs");
    let stretch = choose(&mut runs)?;
    let account = stretch.account(&mut runs, |_, _| Ok(()));
    Some(account.expect("an account"))
}

fn check(deeds: &[Deed]) {
    let (folder, oracle) = write(deeds);
    let folder = folder.path();
    let mut reader = pump_journal::Reader::open(folder).expect("a journal");
    let runs = Runs::new(&mut reader).expect("its runs").list(usize::MAX);
    let runs = runs.expect("a list");
    let names: Vec<u64> = runs.iter().map(|run| run.papers.arming).collect();
    assert_eq!(names, oracle.given.keys().copied().collect::<Vec<_>>());
    for listed in &runs {
        let arming = listed.papers.arming;
        let run = |runs: &mut Runs<'_>| runs.named(RunName::Arming(arming)).ok();
        let mut reader = pump_journal::Reader::open(folder).expect("a journal");
        let named = run(&mut Runs::new(&mut reader).expect("its runs")).expect("the run");
        assert_eq!(&named, listed);
        let account = account(folder, |runs| run(runs).map(Stretch::of_run)).expect("an account");
        assert_eq!(account.parts.len(), 1, "run {arming}");
        let part = &account.parts[0];
        assert_eq!(Some(&steps(part.given())), oracle.given.get(&arming));
        let boluses = oracle.boluses.get(&arming).copied().unwrap_or(0);
        assert_eq!(account.boluses.steps(), boluses, "run {arming}");
        assert_eq!(part.ended.is_some(), listed.end.is_some(), "run {arming}");
    }
    // The days add up to the runs, entry by entry and step by step.
    let (mut summed, mut entries, mut boluses) = (BTreeMap::<u64, Steps>::new(), 0, 0);
    for day in 0..oracle.days + 2 {
        let begin = DAY + day * DAY_NS;
        let day = account(folder, |runs| Stretch::of_day(runs, begin).ok());
        let Some(day) = day else { continue };
        entries += day.kinds.values().sum::<u64>();
        boluses += day.boluses.steps();
        for part in &day.parts {
            let (sum, given) = (summed.entry(part.papers.arming).or_default(), part.given());
            sum.delivered += given.delivered;
            sum.missed += given.missed;
            sum.uncertain += given.uncertain;
            sum.displaced += given.displaced;
        }
    }
    assert_eq!(summed, oracle.given);
    assert_eq!(boluses, oracle.boluses.values().sum::<u64>());
    assert_eq!(entries, reader.head().expect("a head").seq);
}

/// Each case writes a journal: as many as take seconds.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.min(300),
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever happens, what is reported of runs and of days is what the ledger has.
    #[test]
    fn reports_come_to_what_the_daemon_has_written(
        deeds in prop::collection::vec(deed(), 1..60),
    ) {
        check(&deeds);
    }
}

#[test]
fn a_power_cut_within_a_bolus_is_booked_once() {
    check(&[
        Deed::Arm,
        Deed::Give(100),
        Deed::StartBolus(200),
        Deed::Flow(50),
        Deed::Pass(20 * 3_600 * S),
        Deed::LosePower {
            durable: 7,
            unknown: 40,
        },
        Deed::Pass(20 * 3_600 * S),
        Deed::Restart,
        Deed::Arm,
        Deed::Give(3),
    ]);
}

#[test]
fn a_bolus_over_midnight_belongs_to_both_days_by_what_was_given_of_it() {
    check(&[
        Deed::Arm,
        Deed::Pass(86_000 * S),
        Deed::StartBolus(300),
        Deed::Flow(100),
        Deed::Pass(2_000 * S),
        Deed::Flow(200),
        Deed::EndBolus,
        Deed::Give(1),
    ]);
}

#[test]
fn alarms_presses_and_operators_are_told_with_their_instants() {
    let mut written = Written::new(DAY);
    written.arm("water");
    written.command("start", "infusing");
    written.alarm("occlusion", "high", true);
    written.pass(90 * S);
    written.alarm("occlusion", "high", false);
    written.alarm("reservoir-low", "medium", true);
    written.refuse("lockout");
    written.refuse("lockout");
    let folder = written.close();
    let last = |runs: &mut Runs<'_>| runs.named(RunName::Last).ok().map(Stretch::of_run);
    let account = account(folder.path(), last).expect("an account");
    assert_eq!(account.pressed, 2);
    let refused: Vec<_> = account.refused.into_iter().collect();
    let why = ("press".to_owned(), "lockout".to_owned());
    assert_eq!(refused, [(why, 2)]);
    let [over, active] = account.alarms.listed.first.as_slice() else {
        panic!("{:?}", account.alarms);
    };
    assert_eq!(over.lasted_ns(), Some(90 * S));
    assert_eq!(
        (active.alarm.as_str(), active.cleared),
        ("reservoir-low", None)
    );
    assert_eq!(account.actions.count, 1);
    assert_eq!(account.state.as_deref(), Some("infusing"));
    assert_eq!(account.parts[0].ended, None, "it is not over");
}

/// Where the journal is too long to be read whole for a report, this is what is left.
#[test]
fn a_stretch_with_an_entry_that_was_changed_or_is_missing_comes_to_nothing() {
    for statement in [
        "UPDATE entry SET body = replace(body, 'water', 'wine') WHERE kind = 'armed'",
        "DELETE FROM entry WHERE kind = 'operator'",
        "UPDATE entry SET mono_ns = mono_ns + 1 WHERE kind = 'state'",
    ] {
        let mut written = Written::new(DAY);
        written.arm("water");
        written.command("start", "infusing");
        written.give(3);
        let folder = written.close();
        let file = rusqlite::Connection::open(folder.path().join("journal.db")).expect("a file");
        assert!(file.execute(statement, ()).expect("it is done") > 0);
        drop(file);
        let mut reader = pump_journal::Reader::open(folder.path()).expect("a journal");
        let mut runs = Runs::new(&mut reader).expect("its runs");
        let run = Stretch::of_run(runs.named(RunName::Last).expect("the run"));
        let outcome = run.account(&mut runs, |_, _| Ok(()));
        assert!(outcome.is_err(), "{statement}");
    }
}
