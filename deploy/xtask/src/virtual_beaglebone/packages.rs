//! The Debian packages that each step needs, installed where that is possible.

use std::process::Command;

use crate::tool::{self, Failure};

/// A program or file that shows whether a package is there.
struct Need {
    package: &'static str,
    shows: Shows,
}

enum Shows {
    Program(&'static str),
    File(&'static str),
}

use Shows::{File, Program};

const fn program(package: &'static str, name: &'static str) -> Need {
    Need {
        package,
        shows: Program(name),
    }
}

const fn file(package: &'static str, path: &'static str) -> Need {
    Need {
        package,
        shows: File(path),
    }
}

const KERNEL: &[Need] = &[
    program("gcc", "gcc"),
    program("make", "make"),
    program("flex", "flex"),
    program("bison", "bison"),
    program("bc", "bc"),
    program("cpio", "cpio"),
    program("xz-utils", "xz"),
    program("dpkg-dev", "dpkg-source"),
    program("patch", "patch"),
    file("libelf-dev", "/usr/include/libelf.h"),
    file("libssl-dev", "/usr/include/openssl/ssl.h"),
    program("gcc-arm-linux-gnueabihf", "arm-linux-gnueabihf-gcc"),
];

const ROOTFS: &[Need] = &[
    program("mmdebstrap", "mmdebstrap"),
    program("arch-test", "arch-test"),
    program("binfmt-support", "update-binfmts"),
    program("qemu-user-static", "qemu-arm-static"),
];

const DISK: &[Need] = &[program("e2fsprogs", "mke2fs")];

const MACHINE: &[Need] = &[
    program("qemu-system-arm", "qemu-system-arm"),
    program("qemu-utils", "qemu-img"),
    program("util-linux", "setpriv"),
];

/// Sees to it that what a step needs is installed.
///
/// # Errors
/// Where it is not and can't be, with the line that installs it.
pub(crate) fn need(step: &str) -> Result<(), Failure> {
    let needs = match step {
        "kernel" => KERNEL,
        "rootfs" => ROOTFS,
        "disk" => DISK,
        _ => MACHINE,
    };
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let by_hand = format!("help: sudo apt-get install {}", packages.join(" "));
    if !tool::is_root() || tool::find("apt-get").is_none() {
        return Err(Failure::new(format!(
            "packages are missing for this step ({step})\n{by_hand}"
        )));
    }
    tool::heading(&format!("installing {}", packages.join(" ")));
    apt(&["update", "-qq"], &[])?;
    let plain = apt(&["install"], &packages);
    if plain.is_err() && from_backports() {
        // An emulator's parts must be of one version, and some came from backports.
        with_backports(&packages)?;
    } else {
        plain?;
    }
    let still = missing(needs);
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} did not bring what this step ({step}) needs\n{by_hand}",
        still.join(" ")
    )))
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    let absent = needs.iter().filter(|need| match need.shows {
        Program(name) => {
            tool::find(name).is_none() && !std::path::Path::new("/usr/sbin").join(name).is_file()
        }
        File(path) => !std::path::Path::new(path).exists(),
    });
    absent.map(|need| need.package).collect()
}

fn apt(verb: &[&str], packages: &[&str]) -> Result<(), Failure> {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(verb);
    if !packages.is_empty() {
        apt.args(["-y", "-qq", "--no-install-recommends"])
            .args(packages);
    }
    tool::capture(&mut apt).map(drop)
}

fn from_backports() -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Version}", "qemu-utils"]);
    query
        .output()
        .is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("~bpo"))
}

/// Takes the packages from backports, beside the host's own sources and leaving them alone.
fn with_backports(packages: &[&str]) -> Result<(), Failure> {
    let script = r#"
set -eu
. /etc/os-release
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
mirror=${PUMPD_VBB_MIRROR:-http://deb.debian.org/debian}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $VERSION_CODENAME-backports main" >"$folder/sources"
set -- -qq -o "Dir::Etc::SourceList=$folder/sources" -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" "$@"
apt-get "$@" update
"#;
    let install =
        "apt-get \"$@\" -y --no-install-recommends -t \"$VERSION_CODENAME-backports\" install";
    let mut shell = Command::new("sh");
    shell.env("DEBIAN_FRONTEND", "noninteractive");
    shell.args(["-c", &format!("{script}{install} {}", packages.join(" "))]);
    tool::capture(&mut shell).map(drop)
}
