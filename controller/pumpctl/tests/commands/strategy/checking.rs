//! `strategy check`.

use serde_json::Value;

use super::strategy;
use crate::rig::{Done, Rig, built};

fn check(rig: &Rig, library: &str, words: &[&str]) -> Done {
    let file = built().join(library).display().to_string();
    strategy(rig, &[&["check", &file][..], words].concat())
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.out()).expect("standard output is one JSON document")
}

#[test]
fn a_good_plugin_passes_and_the_next_step_is_told() {
    let rig = Rig::new();
    let done = check(&rig, "libcontinuous.so", &[]);
    assert_eq!(done.code(), 0, "{}{}", done.out(), done.err());
    assert!(!done.out().contains("FAILED"), "{}", done.out());
    assert!(done.out().contains("simulate RX.toml"), "{}", done.out());
}

#[test]
fn a_bad_plugin_is_told_by_the_check_with_what_to_do_and_exits_with_1() {
    let rig = Rig::new();
    let done = check(&rig, "libzoo_open_socket.so", &[]);
    assert_eq!(done.code(), 1);
    let text = done.out();
    let mut lines = text.lines();
    let failed = lines.find(|line| line.contains("FAILED")).expect("one");
    assert!(
        failed.starts_with("pure") && failed.contains("`socket`"),
        "{text}"
    );
    let advice = lines.next().expect("a line more");
    assert!(advice.contains("to do:"), "{text}");
    assert!(!text.contains("Next"), "{text}");

    let document = json(&check(&rig, "libzoo_open_socket.so", &["--json"]));
    assert_eq!(document["good"], false);
    let checks = document["checks"].as_array().expect("a list");
    let pure = checks.iter().find(|check| check["check"] == "pure");
    assert_eq!(pure.expect("it")["verdict"], "failed");
}

#[test]
fn what_can_not_be_opened_fails_one_check_and_an_absent_file_none() {
    let rig = Rig::new();
    rig.write("libmute.so", "no library");
    let done = strategy(&rig, &["check", "libmute.so", "--json"]);
    assert_eq!(done.code(), 1);
    let document = json(&done);
    let checks = document["checks"].as_array().expect("a list").iter();
    let failed: Vec<&Value> = checks
        .filter(|check| check["verdict"] == "failed")
        .collect();
    assert_eq!(
        (failed.len(), &failed[0]["check"]),
        (1, &Value::from("abi"))
    );
    let absent = strategy(&rig, &["check", "absent.so"]);
    assert_eq!((absent.code(), absent.out()), (1, String::new()));
    assert!(absent.err().contains("absent.so"), "{}", absent.err());
}

#[test]
fn one_check_alone_can_be_asked_for_and_an_unknown_one_is_a_mistake_of_the_command_line() {
    let rig = Rig::new();
    let document = json(&check(&rig, "libpca.so", &["--only", "memory", "--json"]));
    assert_eq!(document["good"], true, "{document}");
    assert_eq!(document["checks"].as_array().map(Vec::len), Some(1));
    let unknown = check(&rig, "libpca.so", &["--only", "beauty"]);
    assert_eq!(unknown.code(), 2);
    assert!(unknown.err().contains("--list"), "{}", unknown.err());
    assert_eq!(strategy(&rig, &["check"]).code(), 2);
}

#[test]
fn the_list_says_what_each_check_looks_at() {
    let rig = Rig::new();
    let list = strategy(&rig, &["check", "--list", "--json"]);
    assert_eq!(list.code(), 0);
    let list = json(&list);
    let text = strategy(&rig, &["check", "--list"]).out();
    for check in list.as_array().expect("a list") {
        let name = check["name"].as_str().expect("a name");
        assert!(text.lines().any(|line| line == name), "{name}");
        assert!(
            check["about"]
                .as_str()
                .is_some_and(|about| about.len() > 40)
        );
    }
}

#[test]
fn what_a_search_finds_is_printed_with_the_words_that_bring_it_back() {
    let rig = Rig::new();
    let guest = "libzoo_lockout_off_by_one.so";
    let done = check(&rig, guest, &["--fuzz", "5min", "-j", "2"]);
    assert_eq!(done.code(), 1, "{}{}", done.out(), done.err());
    let text = done.out();
    assert!(text.contains("found by chance: refusals"), "{text}");
    let again = text.lines().find_map(|line| line.strip_prefix("again: "));
    let seed = again.and_then(|line| line.rsplit(' ').next());
    let seed = seed.expect("a seed");
    let again = check(&rig, guest, &["--reproduce", seed]);
    assert_eq!(again.code(), 1);
    let story = |text: &str| {
        let from = text.find("found by chance").expect("a story");
        text[from..].to_owned()
    };
    assert_eq!(story(&again.out()), story(&text));
    let harmless = check(&rig, "libpca.so", &["--reproduce", seed]);
    assert_eq!(harmless.code(), 0, "{}", harmless.out());
}
