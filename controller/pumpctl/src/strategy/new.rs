//! `pumpctl strategy new`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{sdk, steps};
use crate::cli::{Language, NewStrategyArgs};
use crate::failure::Failure;
use crate::output;
use crate::places;

/// A file of the new folder, and its text before the words are put in.
type Template = (&'static str, &'static str);

const COMMON: [Template; 3] = [
    ("README.md", include_str!("template/README.md.in")),
    (
        steps::PRESCRIPTION,
        include_str!("template/prescription.toml.in"),
    ),
    (steps::SCENARIO, include_str!("template/scenario.toml.in")),
];
const RUST: [Template; 5] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("tests/story.rs", include_str!("template/story.rs.in")),
    (
        "tests/conformance.rs",
        include_str!("template/conformance.rs.in"),
    ),
    (".gitignore", include_str!("template/gitignore-rust.in")),
];
const C: [Template; 4] = [
    ("{{lib}}.c", include_str!("template/plugin.c.in")),
    ("test.c", include_str!("template/test.c.in")),
    ("Makefile", include_str!("template/Makefile.in")),
    (".gitignore", include_str!("template/gitignore-c.in")),
];

/// Makes a folder with a strategy that builds, passes its tests and runs, whole or not at all.
pub(crate) fn run(args: &NewStrategyArgs) -> Result<(), Failure> {
    let name = &args.name;
    check_name(name)?;
    let installed = places::strategies(&args.strategies)?;
    if installed.names().contains(name) {
        return Err(Failure::Input(format!(
            "a strategy `{name}` is installed already, and a name that is found twice is \
             refused; choose another (`pumpctl strategy list` shows those that are taken)"
        )));
    }
    let sdk = sdk::find(args.sdk.as_deref())?;
    let shown = sdk.to_str().filter(|text| is_plain(text));
    let shown = shown.ok_or_else(|| {
        Failure::Input(format!(
            "{}: this path can't be written into a build file; name a plainer one with --sdk DIR",
            sdk.display()
        ))
    })?;
    let steps = steps::after_new(name, args.lang);
    let words = [
        ("{{name}}", name.clone()),
        ("{{lib}}", name.replace('-', "_")),
        ("{{Type}}", type_name(name)),
        ("{{sdk}}", shown.to_owned()),
        ("{{steps}}", steps.clone()),
    ];
    let files = match args.lang {
        Language::Rust => RUST.as_slice(),
        Language::C => C.as_slice(),
    };
    write(Path::new(name), COMMON.iter().chain(files), &words)?;
    output::print(&format!(
        "{name}: a strategy that builds, passes its tests and runs\n\n{steps}"
    ))
}

/// Whether a path means itself in TOML, in a Makefile and in a shell.
fn is_plain(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "\"'\\$#:*?[]`".contains(c);
    !text.chars().any(odd)
}

/// Words that can't be a crate's name, or a type's.
const TAKEN: [&str; 50] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "static",
    "std",
    "strategy",
    "strategy-abi",
    "strategy-sdk",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
];
const TAKEN_TOO: [&str; 13] = [
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "self",
    "build",
    "deps",
    "examples",
    "incremental",
];

fn check_name(name: &str) -> Result<(), Failure> {
    let parts = name.split('-').all(|part| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !part.is_empty() && part.chars().all(plain)
    });
    if !parts || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(Failure::Usage(format!(
            "`{}` can't be a strategy's name: lower-case letters and digits joined by single `-`, \
             a letter first",
            crate::story::printable(name)
        )));
    }
    // A zero ends it in the declaration.
    let longest = strategy_abi::NAME_LEN - 1;
    if name.len() > longest {
        return Err(Failure::Usage(format!(
            "`{name}` can't be a strategy's name: it has more than {longest} characters"
        )));
    }
    if TAKEN.contains(&name) || TAKEN_TOO.contains(&name) {
        return Err(Failure::Usage(format!(
            "`{name}` can't be a strategy's name: the word means something to Rust or cargo"
        )));
    }
    Ok(())
}

/// `SlowDrip` for `slow-drip`.
fn type_name(name: &str) -> String {
    let word = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    // Names of the prelude and of the SDK stay theirs.
    format!("{}Strategy", name.split('-').map(word).collect::<String>())
}

fn write<'a>(
    folder: &Path,
    files: impl Iterator<Item = &'a Template>,
    words: &[(&str, String)],
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Input(format!("{}: can't be made: {error}", folder.display()))
    };
    let there = || {
        Failure::Input(format!(
            "{}: it is there already; nothing was changed. Choose another name, or remove it",
            folder.display()
        ))
    };
    if folder.symlink_metadata().is_ok() {
        return Err(there());
    }
    let filled = |text: &str| {
        let put_in = |text: String, (place, word): &(&str, String)| text.replace(place, word);
        words.iter().fold(text.to_owned(), put_in)
    };
    // Beside its place, so that it comes there in one step; in a folder of this one's own,
    // so that it has the rights that the umask gives.
    let prefix = output::unfinished_prefix(std::process::id());
    let beside = tempfile::Builder::new().prefix(&prefix).tempdir_in(".");
    let beside = beside.map_err(failed)?;
    let unfinished = beside.path().join("new");
    for (path, text) in files {
        let path = unfinished.join(filled(path));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, filled(text)).map_err(failed)?;
    }
    fs::rename(&unfinished, folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => there(),
        _ => failed(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_strategy_can_have_is_refused() {
        let long = "a".repeat(32);
        for bad in [
            "", "A", "a_b", "-a", "a-", "a--b", "1a", "a b", "a/b", "..", "fn", "std", "test",
            "a\u{e4}", &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        for good in ["a", "slow-drip", "pca2", &long[1..]] {
            assert!(check_name(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn the_type_is_named_after_the_strategy() {
        assert_eq!(type_name("slow-drip"), "SlowDripStrategy");
        assert_eq!(type_name("a2-b"), "A2BStrategy");
    }
}
