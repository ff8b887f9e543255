//! The volume and whose it is: `ledger`, `refill`, `new-subject`, and what `arm` asks about.

use std::path::Path;
use std::process::Command;

use pump_control::{Account, Amount, Code, Drug, Mass, Prescribed, Refusal, Request, Subject};
use pump_core::checkpoint::Checkpoint;
use pump_core::pump::Pump;
use pump_journal::{Batch, Boot, Durable, Kept, Stamp, Store};

use super::bench::{Daemon, TOKEN};
use super::pty::Terminal;
use crate::rig::Done;

fn amount(steps: u64) -> Amount {
    Amount {
        steps,
        nl: 50 * steps,
        masses: vec![Mass {
            drug: "blue dye".into(),
            pg: 100_000 * steps,
        }],
    }
}

fn account() -> Account {
    Account {
        state: "infusing".into(),
        prescription: Some(Prescribed {
            id: "test rig".into(),
            sha256: "ab".repeat(32),
        }),
        nl_per_step: Some("50/1".into()),
        drugs: vec![Drug {
            name: "blue dye".into(),
            ng_per_nl: "2/1".into(),
        }],
        delivered: amount(27_000),
        missed: amount(1),
        uncertain: amount(60),
        displaced: amount(16),
        remaining: Some(amount(38_000)),
        capacity_nl: Some(20_000_000),
        lasts_ns: Some(7_380_000_000_000),
        refill_in_ns: Some(172_800_000_000_000),
        refill_utc_ns: Some(1_790_000_000_000_000_000),
        subject: Subject {
            given_1h_nl: 200_000,
            given_4h_nl: 800_000,
            given_24h_nl: 1_350_000,
            boluses_24h: 2,
        },
        ..Account::default()
    }
}

fn daemon() -> Daemon {
    let daemon = Daemon::new();
    *daemon.shared.account.lock().unwrap() = account();
    std::fs::write(daemon.folder.path().join("rx.toml"), "format = 1\n").expect("a file");
    daemon
}

fn lines(done: &Done, expected: &[&str]) {
    assert_eq!(done.code(), 0, "{}", done.err());
    for line in expected {
        assert!(
            done.out().lines().any(|told| told == *line),
            "{line}\n{}",
            done.out()
        );
    }
}

#[test]
fn the_ledger_tells_volume_and_mass_and_when_to_refill() {
    let daemon = daemon();
    let done = daemon.run(&["ledger"]);
    lines(
        &done,
        &[
            "infusing  test rig  sha256 abababababab…",
            "delivered  1.35 mL, 2.7 mg blue dye",
            "missed     50 nL, 0.1 µg blue dye",
            "uncertain  3 µL, 6 µg blue dye",
            "displaced  800 nL, 1.6 µg blue dye",
            "remaining  1.9 mL, 3.8 mg blue dye",
            "time left  2h03m at the present basal",
            "refill by  2026-09-21T14:13:20Z, 2 days ahead, if every allowed bolus is used",
        ],
    );
    assert_eq!(daemon.asked(), [Request::Ledger]);
    let done = daemon.run(&["ledger", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["source"], "daemon");
    assert_eq!(
        read["account"]["delivered"]["masses"][0]["pg"],
        2_700_000_000_u64
    );
}

#[test]
fn without_a_daemon_and_a_journal_the_ledger_says_which_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        let command = command.current_dir(folder.path());
        Done(command.args(words).output().expect("it runs"))
    };
    let done = run(&["--socket", "nothing", "ledger", "--state-dir", "here"]);
    assert_eq!((done.code(), done.out().as_str()), (1, ""));
    assert!(
        done.err().contains("there is no journal here/journal.db"),
        "{}",
        done.err()
    );
    assert!(
        !done.err().contains("nothing"),
        "the daemon was not asked: {}",
        done.err()
    );
}

/// A journal as a daemon leaves it whose credit was not used up.
fn left(folder: &Path, told: Option<Account>, utc_ns: Option<u64>, credit: u64) {
    let mut checkpoint = vec![0; Checkpoint::MAX_BYTES];
    let length = Pump::new().checkpoint().encode(&mut checkpoint);
    checkpoint.truncate(length);
    let kept = Kept {
        ahead_ns: 0,
        told: told.map(|account| serde_json::to_value(account).expect("a document")),
        checkpoint,
    };
    let durable = Durable {
        arming: 1,
        credit,
        checkpoint: kept.write(),
        stamp: Stamp {
            boot: Boot([0xab; 16]),
            mono_ns: 7_380_000_000_000,
            utc_ns,
        },
    };
    let (mut store, _) = Store::open(folder).expect("a journal");
    let batch = Batch {
        entries: Vec::new(),
        durable: Some(durable),
    };
    store.commit(&batch).expect("it is written");
}

/// With the daemon down, killed even, the journal tells what it knows and what it does not.
#[test]
fn without_a_daemon_the_ledger_is_read_from_its_journal_and_says_so() {
    let daemon = daemon();
    let folder = daemon.folder.path();
    left(
        folder,
        Some(account()),
        Some(1_790_000_000_000_000_000),
        120,
    );
    let words = ["ledger", "--state-dir", "."];
    lines(
        &daemon.run(&words),
        &[
            "  from the journal in ., as of 2026-09-21T14:13:20Z",
            "  120 steps more may have left since, and count as given when the daemon is back",
            "delivered  1.35 mL, 2.7 mg blue dye",
        ],
    );
    assert!(daemon.asked().is_empty());
    let done = daemon.run(&[&words[..], &["--json"]].concat());
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["source"], "journal");
    assert_eq!(read["journal"]["unaccounted_steps"], 120);
    left(folder, Some(account()), None, 0);
    let done = daemon.run(&words);
    let line = "as of 2h03m after the boot abababab; the time of day was not known";
    assert!(done.out().contains(line), "{}", done.out());
    assert!(!done.out().contains("may have left"), "{}", done.out());
    left(folder, None, None, 0);
    let done = daemon.run(&words);
    assert_eq!((done.code(), done.out().as_str()), (1, ""));
    assert!(done.err().contains("kept no account"), "{}", done.err());
}

#[test]
fn a_refill_is_told_with_what_was_found_against_the_ledger() {
    let daemon = daemon();
    let words = [
        "refill",
        "--residue",
        "3.1 mL",
        "--filled",
        "20 mL",
        "--lot",
        "L123",
    ];
    lines(
        &daemon.run(&words),
        &[
            "the reservoir now holds 20 mL",
            "3.1 mL found, 0.1 mL more than the 3 mL of the ledger; 1 mL may be",
        ],
    );
    let asked = Request::Refill {
        residue_nl: 3_100_000,
        filled_nl: 20_000_000,
        lot: "L123".into(),
    };
    assert_eq!(daemon.asked(), [asked]);
    let words = [
        "refill",
        "--residue",
        "5 mL",
        "--filled",
        "20 mL",
        "--lot",
        "L123",
    ];
    let done = daemon.run(&words);
    lines(&done, &["  pumpctl refill --acknowledge --reason TEXT"]);
    let done = daemon.run(&[&words[..], &["--json"]].concat());
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(
        (&read["differs"], &read["content_nl"]),
        (&true.into(), &20_000_000.into())
    );
}

#[test]
fn a_residue_is_acknowledged_with_a_reason_or_not_at_all() {
    let daemon = daemon();
    let done = daemon.run(&["refill", "--acknowledge"]);
    assert_eq!(done.code(), 2);
    assert!(done.err().contains("--reason"), "{}", done.err());
    let done = daemon.run(&["refill", "--acknowledge", "--reason", "spilled"]);
    lines(&done, &["the residue is acknowledged; stopped"]);
    let reason = "spilled".into();
    assert_eq!(daemon.asked(), [Request::AcknowledgeResidue { reason }]);
}

#[test]
fn a_refill_that_makes_no_sense_is_not_sent() {
    let daemon = daemon();
    for (words, part) in [
        (vec!["refill"], "--residue"),
        (
            vec![
                "refill",
                "--residue",
                "3",
                "--filled",
                "20 mL",
                "--lot",
                "L",
            ],
            "3",
        ),
        (
            vec![
                "refill",
                "--residue",
                "3 mL",
                "--filled",
                "20 mg",
                "--lot",
                "L",
            ],
            "no volume",
        ),
        (
            vec!["refill", "--residue", "3 mL", "--filled", "20 mL"],
            "--lot",
        ),
        (
            vec![
                "refill",
                "--residue",
                "1 mL",
                "--acknowledge",
                "--reason",
                "x",
            ],
            "--residue",
        ),
    ] {
        let done = daemon.run(&words);
        assert_eq!(done.code(), 2, "{words:?}: {}", done.err());
        assert!(done.err().contains(part), "{words:?}: {}", done.err());
    }
    assert!(daemon.asked().is_empty());
}

#[test]
fn what_a_new_subject_clears_is_shown_before_it_is_confirmed() {
    let daemon = daemon();
    let shown = [
        "  given in 1 h 0.2 mL, in 4 h 0.8 mL, in 24 h 1.35 mL",
        "  2 boluses in 24 h, and every lockout",
        "and forgets that test rig is armed",
    ];
    let done = daemon.run(&["new-subject"]);
    assert_eq!((done.code(), done.out().as_str()), (2, ""));
    assert!(daemon.asked().is_empty());
    let done = daemon.run(&["new-subject", "--yes"]);
    lines(&done, &shown);
    lines(&done, &["the pump has a new subject; disarmed"]);
    assert_eq!(daemon.asked(), [Request::Ledger, Request::NewSubject]);
    let done = daemon.run(&["new-subject", "--yes", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["cleared"]["given_24h_nl"], 1_350_000);

    for (answer, code) in [("yes", 1), ("new-subject", 0)] {
        let before = daemon.asked().len();
        let mut terminal = Terminal::run(daemon.command(&["new-subject"]));
        terminal.expect("Type `new-subject`");
        terminal.enter(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.seen);
        let asked = daemon.asked().split_off(before);
        assert_eq!(asked.contains(&Request::NewSubject), code == 0, "{asked:?}");
    }
}

fn confirm(acknowledge_uncertain: bool) -> Request {
    Request::Confirm {
        token: TOKEN.into(),
        reason: None,
        acknowledge_uncertain,
    }
}

/// P05: `--yes` confirms the arming and acknowledges nothing.
#[test]
fn uncertain_volume_is_shown_and_acknowledged_by_itself() {
    let daemon = daemon();
    *daemon.shared.uncertain.lock().unwrap() = Some(amount(60));
    let cancel = Request::Cancel {
        token: TOKEN.into(),
    };
    let done = daemon.run(&["arm", "rx.toml", "--yes"]);
    assert_eq!(done.code(), 1);
    assert!(
        done.err().contains("--acknowledge-uncertain"),
        "{}",
        done.err()
    );
    assert!(
        done.out().contains("3 µL, 6 µg blue dye (60 steps)"),
        "{}",
        done.out()
    );
    assert_eq!(daemon.asked().last(), Some(&cancel));
    let done = daemon.run(&["arm", "rx.toml", "--yes", "--acknowledge-uncertain"]);
    lines(&done, &["armed: test rig"]);
    assert_eq!(daemon.asked().last(), Some(&confirm(true)));

    // Alone it confirms nothing.
    let done = daemon.run(&["arm", "rx.toml", "--acknowledge-uncertain"]);
    assert_eq!(done.code(), 2);
    assert_eq!(daemon.asked().last(), Some(&confirm(true)));

    for (answer, code, last) in [("arm", 1, cancel), ("counts as given", 0, confirm(true))] {
        let mut terminal = Terminal::run(daemon.command(&["arm", "rx.toml"]));
        terminal.expect("Type `counts as given`");
        terminal.enter(answer);
        if code == 0 {
            terminal.expect("Type `arm` to arm it");
            terminal.enter("arm");
        }
        assert_eq!(terminal.end(), code, "{}", terminal.seen);
        assert_eq!(daemon.asked().last(), Some(&last));
    }
    *daemon.shared.uncertain.lock().unwrap() = Some(Amount {
        masses: Vec::new(),
        ..amount(60)
    });
    let done = daemon.run(&["arm", "rx.toml", "--yes", "--acknowledge-uncertain"]);
    let line = "(60 steps, of a mixture that is not known)";
    assert!(done.out().contains(line), "{}", done.out());
}

#[test]
fn what_nobody_answered_for_is_told_with_its_fix() {
    let daemon = daemon();
    let refusal = Refusal::new(Code::NeedsAcknowledgement, "2 mL too little")
        .fix("`pumpctl refill --acknowledge --reason TEXT`");
    *daemon.shared.refusal.lock().unwrap() = Some(refusal);
    let done = daemon.run(&["start"]);
    assert_eq!((done.code(), done.out().as_str()), (1, ""));
    assert!(
        done.err().contains("fix: `pumpctl refill --acknowledge"),
        "{}",
        done.err()
    );
}
