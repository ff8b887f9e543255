//! What those who write strategies type.

mod checking;
mod describing;
mod making;
mod transcript;

use std::process::Command;

use crate::rig::{Done, Rig};

/// `pumpctl strategy …` in the rig's folder.
pub(crate) fn strategy(rig: &Rig, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    command
        .current_dir(rig.folder.path())
        .env_remove("RUST_LOG")
        .arg("strategy")
        .args(words);
    Done(command.output().expect("the program runs"))
}
