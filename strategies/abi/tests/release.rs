//! What the first release of the contract said still holds: each field is where it was, each
//! number is what it was. Its header is kept beside its guests, and never changes.

mod compiler;

use std::fmt::Write as _;
use std::path::Path;

use compiler::{C, C11, check, in_a_file};

/// The messages that a later minor version may append fields to.
const GROWING: [&str; 2] = ["strategy_snapshot_t", "strategy_order_t"];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path).expect("the header is readable")
}

fn first() -> String {
    read("tests/release-1.0/strategy.h")
}

fn today() -> String {
    read("strategy.h")
}

/// Without what stands behind `//` and between `/*` and `*/`.
fn without_comments(header: &str) -> String {
    let (_, header) = header.split_once("*/").expect("an essay at its head");
    let lines = header
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The names of all structs, each with the names of its fields.
fn structs(header: &str) -> Vec<(String, Vec<String>)> {
    let text = without_comments(header);
    let parts = text.split("typedef struct {").skip(1);
    let one = |part: &str| {
        let (body, rest) = part.split_once('}').expect("a struct ends");
        let (name, _) = rest.split_once(';').expect("a struct has a name");
        let fields = body.split(';').filter_map(|field| {
            let declared = field.split('[').next().unwrap_or("").trim();
            let name = declared.rsplit([' ', '*']).next().unwrap_or("");
            (!name.is_empty()).then(|| name.to_owned())
        });
        (name.trim().to_owned(), fields.collect())
    };
    parts.map(one).collect()
}

/// The names of all numbers.
fn numbers(header: &str) -> Vec<String> {
    let defined = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define "));
    let number = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        value
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| name.to_owned())
    };
    defined.filter_map(number).collect()
}

/// The types of all functions, to the letter.
fn functions(header: &str) -> Vec<String> {
    let text = without_comments(header);
    let typedefs = text.split(';').filter_map(|text| {
        let begins = text.find("typedef ")?;
        let text = text.get(begins..)?;
        text.contains("(*").then(|| {
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ")
        })
    });
    // A struct holds no function type of its own.
    typedefs.filter(|text| !text.contains('{')).collect()
}

/// A source that compiles only where everything of the first release is in today's header as
/// it was.
fn comparison(today: &str) -> String {
    let first = first();
    // Both in one source: the first release's names are made others.
    let renamed = first
        .replace("strategy_", "first_")
        .replace("STRATEGY_", "FIRST_");
    let mut text = format!("{today}\n{renamed}\n");
    let mut say =
        |what: String| writeln!(text, "STRATEGY_ASSERT({what});").expect("a string takes it");
    for (name, fields) in structs(&first) {
        let was = name.replace("strategy_", "first_");
        for field in fields {
            say(format!(
                "offsetof({name}, {field}) == offsetof({was}, {field})"
            ));
            say(format!(
                "sizeof((({name} *)0)->{field}) == sizeof((({was} *)0)->{field})"
            ));
        }
        let same = format!("sizeof({name}) == sizeof({was})");
        say(match GROWING.contains(&name.as_str()) {
            true => format!(
                "STRATEGY_ABI_MINOR == FIRST_ABI_MINOR ? {same} : sizeof({name}) >= sizeof({was})"
            ),
            false => same,
        });
    }
    for name in numbers(&first) {
        let was = name.replace("STRATEGY_", "FIRST_");
        say(match name.as_str() {
            "STRATEGY_ABI_MINOR" => format!("{name} >= {was}"),
            _ => format!("{name} == {was}"),
        });
    }
    text
}

/// The compiler's word on a header in the place of today's.
fn judge(today: &str) -> Result<(), String> {
    let mut told = Ok(());
    in_a_file(&comparison(today), |file| told = check(C, C11, file));
    told
}

#[test]
fn all_of_the_first_release_is_compared() {
    let first = first();
    let structs = structs(&first);
    let of = |name: &str| {
        let found = structs.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.len()
    };
    let fields = [
        "strategy_fraction_t",
        "strategy_param_t",
        "strategy_descriptor_t",
        "strategy_snapshot_t",
        "strategy_order_t",
        "strategy_entry_t",
    ]
    .map(of);
    assert_eq!((structs.len(), fields), (6, [2, 11, 6, 19, 11, 12]));
    assert_eq!((numbers(&first).len(), functions(&first).len()), (64, 6));
}

#[test]
fn every_field_and_every_number_of_the_first_release_is_where_it_was() {
    if let Err(told) = judge(&today()) {
        panic!("plugins that people have would be misunderstood:\n{told}");
    }
}

#[test]
fn every_function_of_the_first_release_is_called_as_it_was() {
    let today = functions(&today());
    for function in functions(&first()) {
        assert!(today.contains(&function), "no longer so: {function}");
    }
}

#[test]
fn what_would_break_a_guest_of_the_first_release_is_seen() {
    let today = today();
    assert_eq!(judge(&without_its_own_word(&today)), Ok(()));
    for (what, from, to) in [
        (
            "two fields that change places",
            "uint32_t refusal;\n    // Zero.\n    uint32_t reserved;",
            "uint32_t reserved;\n    uint32_t refusal;",
        ),
        (
            "a field in between",
            "    uint64_t seq;\n",
            "    uint64_t seq;\n    uint64_t more;\n",
        ),
        ("a narrower field", "uint32_t refusal;", "uint16_t refusal;"),
        (
            "a larger parameter",
            "    uint64_t period_ns;\n",
            "    uint64_t period_ns;\n    uint64_t p;\n",
        ),
        // On 32 bits one alone lies where the padding was, and only a PC's compiler sees it.
        (
            "a table that grows",
            "    strategy_extension_fn extension;\n",
            "    strategy_extension_fn extension;\n    void *more[2];\n",
        ),
        (
            "another number",
            "#define STRATEGY_STATUS_REFUSED 2",
            "#define STRATEGY_STATUS_REFUSED 4",
        ),
    ] {
        assert!(today.contains(from), "{what}: no {from}");
        let other = today.replace(from, to);
        let told = judge(&without_its_own_word(&other)).expect_err(what);
        assert!(told.contains("static assertion failed"), "{what}: {told}");
    }
    // A later minor version may have longer messages, but not the same one.
    let what = "a message that grows within a version";
    let field = "    uint64_t wake_in_ns;\n";
    let grown = first().replace(field, &format!("{field}    uint64_t more;\n"));
    let told = judge(&without_its_own_word(&grown)).expect_err(what);
    assert!(told.contains("static assertion failed"), "{what}: {told}");
}

/// A header without what it says of its own sizes, which would speak up before.
fn without_its_own_word(header: &str) -> String {
    let (header, _) = header
        .split_once("STRATEGY_ASSERT(sizeof")
        .expect("its own word");
    format!("{header}\n#endif\n")
}
