//! `strategy list` and `strategy describe`.

use serde_json::Value;

use super::strategy;
use crate::rig::{Rig, built};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("standard output is one JSON document")
}

#[test]
fn a_parameter_is_described_with_its_range_its_default_and_what_it_bounds() {
    let rig = Rig::new();
    let done = strategy(&rig, &["describe", "pca"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let page = done.out();
    let line = |begins: &str| {
        let mut lines = page.lines();
        let found = lines.find(|line| line.starts_with(begins));
        let words = found.unwrap_or_else(|| panic!("no {begins} in {page}"));
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("lockout "),
        "lockout time 1 min to 24 h required lockout"
    );
    assert_eq!(
        line("basal "),
        "basal rate 0 mL/h to 1500 mL/h 0 mL/h max-basal"
    );
    assert_eq!(
        line("max_per_24h "),
        "max_per_24h count 1 to 1440 required max-count in 24 h"
    );
    assert!(
        page.contains("may give a basal, boluses on demand"),
        "{page}"
    );
}

#[test]
fn a_profile_is_described_by_its_rows_and_an_editor_knows_them() {
    let rig = Rig::new();
    let page = strategy(&rig, &["describe", "day-profile"]).out();
    let row = page.lines().find(|line| line.starts_with("profile "));
    let words: Vec<&str> = row.expect("its row").split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "profile profile rows of days, at and rate; 0 mL/h to 1500 mL/h, at most 336 steps a week \
         required max-basal"
    );
    let schema = json(&strategy(&rig, &["describe", "day-profile", "--schema"]).out());
    let rows = &schema["properties"]["profile"];
    assert_eq!(rows["type"], "array");
    assert_eq!(rows["maxItems"], 336);
    let required = &rows["items"]["required"];
    assert_eq!(*required, serde_json::json!(["days", "at", "rate"]));
}

#[test]
fn a_file_is_described_as_its_name_is_and_both_say_the_hash_that_the_list_says() {
    let rig = Rig::new();
    let file = built().join("libpca.so");
    let by_file = strategy(&rig, &["describe", &file.display().to_string(), "--json"]);
    let by_file = json(&by_file.out());
    let by_name = json(&strategy(&rig, &["describe", "pca", "--json"]).out());
    assert_eq!(by_file["sha256"], by_name["sha256"]);
    assert_eq!(by_file["parameters"], by_name["parameters"]);
    let list = json(&strategy(&rig, &["list", "--json"]).out());
    let list = list.as_array().expect("a list");
    let listed = list.iter().find(|entry| entry["name"] == "pca");
    let listed = listed.expect("pca is installed");
    assert_eq!(listed["sha256"], by_name["sha256"]);
    assert_eq!(listed["version"], by_name["version"]);
    assert_eq!(listed["path"], file.display().to_string());
}

#[test]
fn what_can_not_be_used_is_in_the_list_with_its_reason_and_is_not_described() {
    let rig = Rig::new();
    rig.write("libmute.so", "no library");
    let list = strategy(&rig, &["list", "--strategies", "."]);
    assert_eq!(list.code(), 0);
    assert!(list.out().contains("mute: can't be used"), "{}", list.out());
    for named in ["mute", "./libmute.so"] {
        let done = strategy(&rig, &["describe", named, "--strategies", "."]);
        assert_eq!((done.code(), done.out()), (1, String::new()));
        assert!(done.err().contains("no ELF file"), "{}", done.err());
    }
    let none = strategy(&rig, &["describe", "nobody"]);
    assert_eq!(none.code(), 1);
    assert!(none.err().contains("libnobody.so"), "{}", none.err());
}

#[test]
fn the_schema_requires_what_the_strategy_requires_and_nothing_else() {
    let rig = Rig::new();
    let schema = json(&strategy(&rig, &["describe", "pca", "--schema"]).out());
    let told = json(&strategy(&rig, &["describe", "pca", "--json"]).out());
    let required = schema["required"].as_array().expect("a list");
    let parameters = told["parameters"].as_array().expect("a list");
    for parameter in parameters {
        let name = &parameter["name"];
        assert_eq!(
            required.contains(name),
            parameter["required"] == true,
            "{name}"
        );
        let property = &schema["properties"][name.as_str().expect("a text")];
        assert!(property["description"].is_string(), "{name}");
    }
    assert_eq!(required.len(), 2 + parameters.len() - 1);
    assert_eq!(schema["properties"]["strategy"]["const"], "pca");
    assert_eq!(schema["properties"]["max_per_1h"]["maximum"], 60);
    assert_eq!(
        schema["properties"]["lockout_edge"]["enum"][1],
        "end-to-start"
    );
    assert_eq!(schema["properties"]["basal"]["default"], "0 mL/h");
    assert_eq!(schema["additionalProperties"], false);
}
