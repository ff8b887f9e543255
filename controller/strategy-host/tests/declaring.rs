//! `strategy-host declare`, for those that load nothing.

mod fixtures;

use fixtures::hosted::hash_of;
use fixtures::{Bench, build_folder, helper};
use std::path::Path;
use std::process::{Command, Output};
use strategy_link::protocol::{Declared, NotDeclared};

fn declare(folders: &[&Path], name: &str) -> Output {
    let mut command = Command::new(helper().path());
    command.arg("declare");
    for folder in folders {
        command.arg("--strategies").arg(folder);
    }
    command.arg(name).env_clear().output().expect("it runs")
}

fn refusal(folders: &[&Path], name: &str) -> String {
    let output = declare(folders, name);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).expect("plain text");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn a_strategy_comes_with_its_file_hash_and_declaration() {
    let folder = build_folder();
    let output = declare(&[&folder], "intermittent-bolus");
    assert_eq!(output.status.code(), Some(0));
    let declared = Declared::from_bytes(&output.stdout).unwrap();
    assert_eq!(declared.sha256, hash_of(&declared.path));
    assert!(declared.path.ends_with("libintermittent_bolus.so"));
    let declaration = declared.declaration().unwrap();
    assert_eq!(declaration.name, "intermittent-bolus");
    assert_eq!(declaration.params.len(), 4);
    assert_eq!(declared.to_bytes().unwrap(), output.stdout);
}

#[test]
fn what_is_refused_says_why_in_one_line() {
    let folder = build_folder();
    let said = refusal(&[&folder], "nothing-of-the-kind");
    assert!(
        said.starts_with("no strategy is called `nothing-of-the-kind`"),
        "{said}"
    );
    let said = refusal(&[Path::new("/nowhere")], "pca");
    assert!(said.contains("the strategy folder can't be read"), "{said}");
    let bench = Bench::new();
    bench.plugin(&["CONSTRUCTOR=abort()"]);
    let said = refusal(&[bench.path()], "fixture");
    assert!(said.contains("opening it crashed with SIGABRT"), "{said}");
    let said = refusal(&[&folder], "zoo-wrong-abi");
    assert!(said.contains("it is built for version 99."), "{said}");
    bench.file("libpca.so", b"");
    let said = refusal(&[&folder, bench.path()], "pca");
    assert!(said.contains("the strategy `pca` is there twice"), "{said}");
}

#[test]
fn an_answer_that_is_cut_or_longer_is_none() {
    let bytes = declare(&[&build_folder()], "continuous").stdout;
    for length in 0..bytes.len() {
        assert_eq!(
            Declared::from_bytes(&bytes[..length]).err(),
            Some(NotDeclared)
        );
    }
    let longer = [&bytes[..], b"x"].concat();
    assert_eq!(Declared::from_bytes(&longer).err(), Some(NotDeclared));
}
