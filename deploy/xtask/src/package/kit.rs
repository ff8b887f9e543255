//! The kit for writing strategies, as a package carries it: a workspace of its own with the
//! two crates that a plugin stands on. `pumpctl strategy new` finds it there.

use std::fs;
use std::path::Path;

use super::unusable;
use crate::checkout::Checkout;
use crate::tool::Failure;

/// Where it lies.
pub(super) const KIT: &str = "usr/share/pumpd/sdk";

/// Files and folders of the checkout, and where each lies in the kit.
pub(super) const FILES: [(&str, &str); 7] = [
    ("strategies/abi/Cargo.toml", "abi/"),
    ("strategies/abi/src", "abi/src/"),
    ("strategies/abi/strategy.h", "abi/"),
    ("strategies/abi/examples", "abi/examples/"),
    ("strategies/sdk/Cargo.toml", "sdk/"),
    ("strategies/sdk/src", "sdk/src/"),
    ("strategies/sdk/src/testkit", "sdk/src/testkit/"),
];

/// Writes the manifest above the two crates: what they inherit is cut out of this workspace's.
pub(super) fn write_manifest(here: &Checkout, root: &Path) -> Result<(), Failure> {
    let ours = here.path("Cargo.toml");
    let text = fs::read_to_string(&ours).map_err(|error| unusable(&ours, &error))?;
    let text = manifest(&text).ok_or_else(|| {
        Failure::new(format!(
            "{}: what the crates inherit is not there",
            ours.display()
        ))
    })?;
    let place = root.join(KIT).join("Cargo.toml");
    fs::write(&place, text).map_err(|error| unusable(&place, &error))
}

/// The kit's manifest out of the workspace's.
fn manifest(ours: &str) -> Option<String> {
    let begins = ours.find("[workspace.package]")?;
    let inherited = ours.get(begins..)?;
    let inherited = inherited.get(..inherited.find("[profile.")?)?;
    // The comment before the profiles is about them.
    let lines = inherited.lines().filter(|line| !line.starts_with('#'));
    let inherited: String = lines.map(|line| format!("{line}\n")).collect();
    Some(format!(
        "# What a strategy stands on. `pumpctl strategy new NAME` makes one that finds it here.\n\
         [workspace]\nresolver = \"3\"\nmembers = [\"abi\", \"sdk\"]\n\n{}\n",
        inherited.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_kit_inherits_what_the_workspace_gives_and_nothing_else() {
        let here = Checkout::find().unwrap();
        let text = manifest(&fs::read_to_string(here.path("Cargo.toml")).unwrap()).unwrap();
        for part in [
            "[workspace.package]",
            "edition = ",
            "[workspace.lints.rust]",
        ] {
            assert!(text.contains(part), "{text}");
        }
        for part in ["profile", "controller", "zoo"] {
            assert!(!text.contains(part), "{text}");
        }
    }

    #[test]
    fn every_source_of_the_two_crates_is_in_the_kit() {
        let here = Checkout::find().unwrap();
        let folders: BTreeSet<_> = FILES.iter().map(|(from, _)| here.path(from)).collect();
        let mut waiting = vec![
            here.path("strategies/abi/src"),
            here.path("strategies/sdk/src"),
        ];
        while let Some(folder) = waiting.pop() {
            assert!(
                folders.contains(&folder),
                "{} is left out",
                folder.display()
            );
            let entries = fs::read_dir(&folder).unwrap().flatten();
            waiting.extend(
                entries
                    .map(|entry| entry.path())
                    .filter(|path| path.is_dir()),
            );
        }
    }
}
