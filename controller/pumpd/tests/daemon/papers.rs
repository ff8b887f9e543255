//! What the journal tells of an arming and of its end.

use pump_control::Request;
use pump_journal::{Query, Reader, Row};
use serde_json::Value;

use crate::rig::{Daemon, brisk, delivered};

fn rows(daemon: &Daemon, kinds: &[&str]) -> Vec<(u64, Value)> {
    let folder = daemon.folder.path().join("state");
    let query = Query {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..Query::default()
    };
    let rows = Reader::open(&folder).and_then(|mut reader| Ok(reader.rows(&query)?));
    let body = |row: &Row| serde_json::from_str(&row.body).expect("JSON");
    let rows = rows.expect("a journal");
    rows.iter().map(|row| (row.seq, body(row))).collect()
}

/// P04, P06.
#[test]
fn a_run_begins_with_its_papers_and_ends_with_its_ledger() {
    let mut daemon = Daemon::start(&[]);
    let text = brisk("");
    daemon.infuse(&text);
    daemon.ask(&Request::Stop).expect("it stops");
    let stopped = daemon.until("it stops", |status| status.state == "stopped");
    daemon.arm(&text).expect("it is armed again");
    assert!(daemon.terminate().success());

    let armed = rows(&daemon, &["armed"]);
    assert_eq!(armed.len(), 2);
    let (first, papers) = &armed[0];
    assert_eq!(papers["arming"], 1);
    assert_eq!(papers["prescription"], Value::from(text));
    assert_eq!(papers["sha256"].as_str().map(str::len), Some(64));
    for hash in ["device_sha256", "drug_library_sha256"] {
        assert_eq!(papers[hash].as_str().map(str::len), Some(64), "{hash}");
    }
    let regimen = &papers["regimens"][0];
    assert_eq!(regimen["strategy"], "continuous");
    assert_eq!(regimen["plugin_sha256"].as_str().map(str::len), Some(64));
    assert!(papers["confirmed_by"].is_string());

    let (second, again) = &armed[1];
    assert_eq!(again["arming"], 2);
    let states = rows(&daemon, &["status"]);
    let last = states.iter().rfind(|(seq, _)| seq < second && seq > first);
    let (_, last) = last.expect("the ledger of the first run");
    assert_eq!(last["arming"], 1);
    assert_eq!(last["ledger"]["delivered_steps"], delivered(&stopped));
    assert_eq!(rows(&daemon, &["daemon-ended"]).len(), 1);
}

/// I8: what was armed has an end, though nobody was there to write it down.
#[test]
fn a_restart_is_the_end_of_a_run_and_says_what_of_it_is_not_known() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    daemon.kill();
    daemon.restart(&[]);
    let alarm = |status: &pump_control::Status| !status.alarms.is_empty();
    daemon.until("it says so", alarm);
    assert!(daemon.terminate().success());
    let started = rows(&daemon, &["daemon-started"]);
    assert_eq!(started[0].1["arming"], 0);
    let (_, again) = &started[1];
    assert_eq!(again["arming"], 2);
    assert_eq!(again["in_good_order"], false);
    let uncertain = rows(&daemon, &["uncertain"]);
    assert_eq!(uncertain[0].1["steps"], again["uncertain_steps"]);
    assert!(again["uncertain_steps"].as_u64() > Some(0));
}
