//! `pumpctl schema` as its users see it, and the schemas that are shipped.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::rig::{Done, Rig, repository};

const KINDS: [&str; 4] = ["prescription", "pump", "drug-library", "scenario"];

fn schema(rig: &Rig, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    let command = command.current_dir(rig.folder.path()).arg("schema");
    Done(command.args(words).output().expect("the program runs"))
}

/// `UPDATE=1 cargo test -p pumpctl schema` writes them anew.
#[test]
fn the_schemas_that_are_shipped_are_what_the_code_prints() {
    let rig = Rig::new();
    for kind in KINDS {
        let done = schema(&rig, &[kind]);
        assert_eq!(done.code(), 0, "{}", done.err());
        let path = repository().join(format!("config/schema/{kind}.schema.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, done.out()).expect("the repository can be written");
        }
        let shipped = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            shipped == done.out(),
            "{} is not what `pumpctl schema {kind}` prints; UPDATE=1 writes it",
            path.display()
        );
    }
}

/// Every parameter of a strategy that comes with the pump, as `describe` tells it.
#[test]
fn the_schema_of_a_prescription_has_every_strategys_parameters() {
    let rig = Rig::new();
    let schema: Value = serde_json::from_str(&schema(&rig, &["prescription"]).out()).expect("JSON");
    let regimen = &schema["properties"]["regimen"]["items"];
    let names = regimen["properties"]["strategy"]["enum"]
        .as_array()
        .expect("names");
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    let house = [
        "continuous",
        "day-profile",
        "intermittent-bolus",
        "loading",
        "pca",
        "pieb",
        "pulse-train",
        "taper",
    ];
    assert_eq!(names, house, "and none of the zoo");
    for (name, branch) in names
        .iter()
        .zip(regimen["allOf"].as_array().expect("branches"))
    {
        assert_eq!(branch["if"]["properties"]["strategy"]["const"], *name);
        let body = &branch["then"];
        assert_eq!(body["additionalProperties"], false);
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        let command = command.args(["strategy", "describe", name, "--json"]);
        let described = command.output().expect("the program runs").stdout;
        let described: Value = serde_json::from_slice(&described).expect("JSON");
        let parameters = described["parameters"].as_array().expect("parameters");
        let properties = body["properties"].as_object().expect("properties");
        assert_eq!(properties.len(), parameters.len() + 2, "{name}");
        for parameter in parameters {
            let key = parameter["name"].as_str().expect("a name");
            assert!(properties.contains_key(key), "{name}: {key}");
            let needed = body["required"]
                .as_array()
                .expect("a list")
                .contains(&parameter["name"]);
            assert_eq!(needed, parameter["required"] == true, "{name}: {key}");
            let told = regimen["properties"][key]["description"]
                .as_str()
                .expect(key);
            assert!(
                told.contains(parameter["help"].as_str().expect("help")),
                "{key}"
            );
        }
    }
}

#[test]
fn every_example_names_its_schema() {
    let config = repository().join("config");
    let mut files = vec![
        (config.join("pump.toml"), "schema/pump"),
        (config.join("drug-library.toml"), "schema/drug-library"),
    ];
    for (folder, schema) in [
        ("prescriptions", "../schema/prescription"),
        ("scenarios", "../schema/scenario"),
    ] {
        for entry in fs::read_dir(config.join(folder)).expect("a folder") {
            files.push((entry.expect("an entry").path(), schema));
        }
    }
    assert!(files.len() >= 12, "{files:?}");
    for (path, schema) in files {
        let text = fs::read_to_string(&path).expect("an example");
        let first = text.lines().next().expect("a line");
        assert_eq!(
            first,
            format!("#:schema {schema}.schema.json"),
            "{}",
            path.display()
        );
        let named = path
            .parent()
            .expect("a folder")
            .join(format!("{schema}.schema.json"));
        assert!(named.is_file(), "{}", named.display());
    }
}
