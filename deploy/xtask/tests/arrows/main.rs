//! Holds the arrows between the crates: who may depend on whom.
//!
//! A rule is worth what it can catch, so each kind is also shown a house that breaks it.

mod graph;
mod rules;

use std::process::Command;

use graph::{Graph, Package};
use rules::RULES;

#[test]
fn the_crates_depend_on_each_other_only_where_the_design_says_so() {
    let graph = workspace();
    for package in [
        "pump-core",
        "pump-prescription",
        "strategy-host",
        "pumpctl",
        "pca",
    ] {
        assert!(graph.is_member(package), "{package} is no member any more");
    }
    assert!(graph.plugins().len() >= 3, "{:?}", graph.plugins());
    let broken = rules::broken(&graph);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// What cargo says of this checkout.
fn workspace() -> Graph {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    // What is built here is what is there without a network.
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--offline",
            "--manifest-path",
            root,
        ])
        .args(["--filter-platform", &host()])
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Graph::read(&output.stdout)
}

fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .expect("rustc starts");
    let said = String::from_utf8(output.stdout).expect("text");
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("a host").to_owned()
}

/// The house as it is meant to be, in small.
fn sound() -> Vec<Package> {
    let member = |name: &str, uses: &[&str]| Package::new(name, true, uses);
    let foreign = |name: &str, uses: &[&str]| Package::new(name, false, uses);
    vec![
        member("pump-core", &[]),
        member("strategy-abi", &[]),
        member("strategy-sdk", &["strategy-abi"]),
        member("pca", &["strategy-sdk"]),
        member("strategy-link", &["pump-core", "strategy-abi"]),
        member("pump-prescription", &["pump-core", "strategy-link", "toml"]),
        member("pump-hal", &["pump-core", "gpio-cdev"]),
        member("pump-lane", &["crossbeam-channel"]),
        member("pump-rt", &["pump-core", "libc"]),
        member("pump-control", &["libc"]),
        member("pump-journal", &["rusqlite"]),
        member("pump-recording", &["pump-core"]),
        member(
            "pump-simulator",
            &["pump-core", "pump-hal", "pump-prescription"],
        ),
        member("strategy-host", &["strategy-link", "libloading"]),
        member("pumpctl", &["pump-simulator", "strategy-host"]),
        member("pump-power-cut", &[]),
        member("crash-campaign", &["pump-control", "pump-power-cut"]),
        member("pumpd", &["pump-core", "pump-hal", "strategy-link"]),
        member("xtask", &[]),
        foreign("toml", &[]),
        foreign("crossbeam-channel", &[]),
        foreign("gpio-cdev", &["libc"]),
        foreign("rusqlite", &[]),
        foreign("libloading", &["cfg-if"]),
        foreign("wrapper", &["libloading"]),
        foreign("tokio", &[]),
        foreign("libc", &[]),
        foreign("cfg-if", &[]),
    ]
}

/// What the rules say once `name` depends on `used` too.
fn with_arrow(name: &str, used: &str) -> Vec<String> {
    let mut packages = sound();
    let package = packages.iter_mut().find(|package| package.name == name);
    package.expect("a package").uses.push(used.to_owned());
    rules::broken(&Graph::new(packages))
}

#[test]
fn a_sound_house_breaks_no_rule() {
    assert_eq!(rules::broken(&Graph::new(sound())), Vec::<String>::new());
}

#[test]
fn every_wrong_arrow_is_caught_and_named() {
    for (name, used, why) in [
        ("pump-core", "pump-hal", "pump-core may depend on nothing"),
        ("pump-core", "libc", "pump-core may depend on nothing"),
        ("strategy-abi", "libc", "strategy-abi may depend on nothing"),
        ("xtask", "toml", "xtask may depend on nothing"),
        (
            "strategy-sdk",
            "pump-core",
            "strategy-sdk may depend only on strategy-abi",
        ),
        (
            "pca",
            "pump-core",
            "the plugin pca may depend, of ours, only on strategy-sdk, strategy-abi",
        ),
        (
            "pumpctl",
            "libloading",
            "only strategy-host may depend on libloading",
        ),
        (
            "pumpctl",
            "gpio-cdev",
            "only pump-hal may depend on gpio-cdev",
        ),
        (
            "pumpd",
            "strategy-host",
            "pumpd may not reach strategy-host: pumpd → strategy-host",
        ),
        ("pumpd", "tokio", "pumpd may not reach tokio"),
        (
            "pump-lane",
            "libc",
            "pump-lane may depend only on crossbeam-channel",
        ),
        ("pump-rt", "pump-hal", "pump-rt may depend only on"),
        (
            "pump-control",
            "pump-core",
            "pump-control may not reach pump-core",
        ),
        (
            "pump-journal",
            "pump-core",
            "pump-journal may depend only on",
        ),
        (
            "pumpctl",
            "rusqlite",
            "only pump-journal may depend on rusqlite",
        ),
        (
            "pump-prescription",
            "strategy-host",
            "pump-prescription may not reach libloading",
        ),
        (
            "pump-simulator",
            "wrapper",
            "pump-simulator → wrapper → libloading",
        ),
        (
            "strategy-link",
            "pump-hal",
            "strategy-link may not reach gpio-cdev",
        ),
        ("pump-simulator", "pumpctl", "nothing may depend on pumpctl"),
    ] {
        let broken = with_arrow(name, used);
        let caught = broken.iter().any(|line| line.contains(why));
        assert!(caught, "{name} → {used}: {broken:#?}");
    }
}

#[test]
fn a_rule_about_a_crate_that_is_gone_is_noticed() {
    let mut packages = sound();
    packages.retain(|package| package.name != "pump-core");
    let broken = rules::broken(&Graph::new(packages));
    assert!(
        broken
            .iter()
            .any(|line| line.contains("there is no pump-core")),
        "{broken:#?}"
    );
    assert!(!RULES.is_empty());
}
