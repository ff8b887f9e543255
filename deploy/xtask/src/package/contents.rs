//! What is in the package, and where.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{files, kit, unusable};
use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::tool::{self, Failure};

/// The programs.
const PROGRAMS: [(&str, &str); 3] = [
    ("pumpd", "usr/sbin"),
    ("pumpctl", "usr/bin"),
    // Nobody types this one: the others find it here.
    ("strategy-host", "usr/lib/pumpd"),
];

const STRATEGIES: &str = "usr/lib/pumpd/strategies";

/// Files, or folders whose files are meant; a place that ends in `/` keeps their names.
const FILES: [(&str, &str); 16] = [
    ("config/pump.toml", "etc/pumpd/"),
    ("config/drug-library.toml", "etc/pumpd/"),
    // Each file names its schema from where it lies.
    ("config/schema", "etc/pumpd/schema/"),
    ("config/schema", "usr/share/doc/pumpd/examples/schema/"),
    (
        "config/prescriptions",
        "usr/share/doc/pumpd/examples/prescriptions/",
    ),
    (
        "config/scenarios",
        "usr/share/doc/pumpd/examples/scenarios/",
    ),
    ("strategies/abi/strategy.h", "usr/include/pumpd/"),
    (
        "strategies/abi/examples",
        "usr/share/doc/pumpd/examples/strategies/",
    ),
    ("deploy/systemd/pumpd.service", "usr/lib/systemd/system/"),
    (
        "deploy/systemd/pumpd.sysusers",
        "usr/lib/sysusers.d/pumpd.conf",
    ),
    ("deploy/udev/60-pumpd.rules", "usr/lib/udev/rules.d/"),
    (
        "deploy/beaglebone/README.md",
        "usr/share/doc/pumpd/beaglebone/",
    ),
    (
        "deploy/beaglebone/pumpd.dts",
        "usr/share/doc/pumpd/beaglebone/",
    ),
    (
        "deploy/beaglebone/safety.svg",
        "usr/share/doc/pumpd/beaglebone/",
    ),
    ("deploy/debian/copyright", "usr/share/doc/pumpd/"),
    ("deploy/debian/changelog", "usr/share/doc/pumpd/changelog"),
];

/// Puts everything below `root` as it will lie below `/`.
pub(super) fn stage(
    here: &Checkout,
    machine: &Machine,
    pages: &Path,
    root: &Path,
) -> Result<(), Failure> {
    let release = machine.release(here);
    for (name, folder) in PROGRAMS {
        let place = root.join(folder).join(name);
        copy(&release.join(name), &place, 0o755)?;
        strip(machine, &place)?;
    }
    for plugin in here.plugins()? {
        let name = format!("lib{}.so", plugin.replace('-', "_"));
        let place = root.join(STRATEGIES).join(&name);
        copy(&release.join(&name), &place, 0o644)?;
        strip(machine, &place)?;
    }
    let in_kit = |(from, to)| (from, format!("{}/{to}", kit::KIT));
    let kit = kit::FILES.map(in_kit);
    let others = FILES.map(|(from, to)| (from, to.to_owned()));
    for (from, to) in others.into_iter().chain(kit) {
        let from = here.path(from);
        let sources = match from.is_dir() {
            true => files(&from)?,
            false => vec![from],
        };
        for source in sources {
            let place = match (to.strip_suffix('/'), source.file_name()) {
                (Some(folder), Some(name)) => root.join(folder).join(name),
                _ => root.join(&to),
            };
            copy(&source, &place, 0o644)?;
        }
    }
    kit::write_manifest(here, root)?;
    for page in files(pages)? {
        let place = page.file_name().and_then(|name| name.to_str());
        let place = place
            .and_then(page_place)
            .ok_or_else(|| Failure::new(format!("{}: of no known kind", page.display())))?;
        copy(&page, &root.join(place), 0o644)?;
    }
    let manuals = [
        root.join("usr/share/man/man1"),
        root.join("usr/share/man/man8"),
    ];
    let mut squeezed = vec![root.join("usr/share/doc/pumpd/changelog")];
    for folder in manuals {
        squeezed.extend(files(&folder)?);
    }
    tool::run(Command::new("gzip").arg("-9n").args(squeezed))
}

/// Where a generated file belongs, going by its name.
fn page_place(name: &str) -> Option<String> {
    if let Some(program) = name.strip_prefix('_') {
        return Some(format!("usr/share/zsh/vendor-completions/_{program}"));
    }
    let (stem, kind) = name.rsplit_once('.')?;
    Some(match kind {
        "bash" => format!("usr/share/bash-completion/completions/{stem}"),
        "fish" => format!("usr/share/fish/vendor_completions.d/{name}"),
        "1" | "8" => format!("usr/share/man/man{kind}/{name}"),
        _ => return None,
    })
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    fs::copy(from, to).map_err(|error| unusable(from, &error))?;
    fs::set_permissions(to, Permissions::from_mode(mode)).map_err(|error| unusable(to, &error))
}

/// Without the tables for debuggers a program is a tenth of its size.
fn strip(machine: &Machine, file: &Path) -> Result<(), Failure> {
    tool::run(machine.tool("strip").arg("--strip-unneeded").arg(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_file_goes_where_its_reader_looks() {
        for (name, place) in [
            ("pumpctl-arm.1", "usr/share/man/man1/pumpctl-arm.1"),
            ("pumpd.8", "usr/share/man/man8/pumpd.8"),
            (
                "pumpctl.bash",
                "usr/share/bash-completion/completions/pumpctl",
            ),
            (
                "pumpctl.fish",
                "usr/share/fish/vendor_completions.d/pumpctl.fish",
            ),
            ("_pumpctl", "usr/share/zsh/vendor-completions/_pumpctl"),
        ] {
            assert_eq!(page_place(name).as_deref(), Some(place));
        }
        assert_eq!(page_place("notes.txt"), None);
    }

    #[test]
    fn everything_that_is_packed_is_in_the_checkout() {
        let here = Checkout::find().unwrap();
        for (from, _) in FILES.into_iter().chain(kit::FILES) {
            assert!(here.path(from).exists(), "{from}");
        }
    }

    #[test]
    fn no_strategy_that_misbehaves_is_packed() {
        let here = Checkout::find().unwrap();
        let zoo = fs::read_dir(here.path("strategies/zoo")).unwrap().count();
        assert!(zoo > 1, "there is nothing to keep out");
        let packed = here.plugins().unwrap();
        assert_eq!(
            packed,
            [
                "continuous",
                "day-profile",
                "intermittent-bolus",
                "loading",
                "pca",
                "pieb",
                "pulse-train",
                "taper"
            ]
        );
    }
}
