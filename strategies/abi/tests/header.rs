//! The C header is generated from this crate, and means the same to a C compiler.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

mod compiler;

use compiler::{C, C11, C99, CPP, CPP17, compile, compile_if_there, in_a_file};
use strategy_abi::{Descriptor, Entry, Fraction, Order, Param, Snapshot};

const UPDATE: &str = "UPDATE_STRATEGY_H";

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

fn header_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("strategy.h")
}

/// What each type is called in C, where there is one name space for everything.
const TYPES: [(&str, &str); 12] = [
    ("Fraction", "strategy_fraction_t"),
    ("Snapshot", "strategy_snapshot_t"),
    ("Order", "strategy_order_t"),
    ("Param", "strategy_param_t"),
    ("Descriptor", "strategy_descriptor_t"),
    ("Entry", "strategy_entry_t"),
    ("CreateFn", "strategy_create_fn"),
    ("StepFn", "strategy_step_fn"),
    ("SaveFn", "strategy_save_fn"),
    ("LoadFn", "strategy_load_fn"),
    ("DestroyFn", "strategy_destroy_fn"),
    ("ExtensionFn", "strategy_extension_fn"),
];

fn generate() -> String {
    let read = |name| std::fs::read_to_string(source(name)).expect("the source is readable");
    let codes = read("codes.rs");
    let constants = codes.lines().filter_map(|line| {
        let name = line.strip_prefix("pub const ")?.split(':').next()?;
        Some((name.to_owned(), format!("STRATEGY_{name}")))
    });
    let types = TYPES.map(|(rust, c)| (rust.to_owned(), c.to_owned()));
    let rename: HashMap<String, String> = types.into_iter().chain(constants).collect();

    let lib = read("lib.rs");
    let essay = lib.lines().map_while(|line| line.strip_prefix("//!"));
    let mut preamble = String::from("/*\n");
    for line in essay {
        writeln!(preamble, " *{line}").expect("a string takes it");
    }
    preamble.push_str(
        " *\n * In this file every name of a number begins with STRATEGY_, which the comments \
         leave out.\n *\n * Generated from the crate strategy-abi. Do not edit.\n */\n\n\
         #ifndef STRATEGY_H\n#define STRATEGY_H\n\n\
         #include <stddef.h>\n#include <stdint.h>",
    );

    let config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(preamble),
        no_includes: true,
        trailer: Some(trailer()),
        style: cbindgen::Style::Type,
        documentation_style: cbindgen::DocumentationStyle::C99,
        line_length: 90,
        tab_width: 4,
        sort_by: cbindgen::SortKey::None,
        export: cbindgen::ExportConfig {
            rename,
            // `Entry` is what a plugin defines; nothing here refers to it.
            include: vec![
                "Entry".to_owned(),
                "Snapshot".to_owned(),
                "Order".to_owned(),
            ],
            ..Default::default()
        },
        ..Default::default()
    };
    // A function pointer in C may be null anyway, and cbindgen does not see through an
    // `Option` of a named function type.
    let entry = tempfile::NamedTempFile::new().expect("a file for the test");
    let nullable = read("entry.rs")
        .replace("Option<", "")
        .replace("Fn>,", "Fn,");
    std::fs::write(&entry, nullable).expect("the file is writable");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(source("codes.rs"))
        .with_src(source("messages.rs"))
        .with_src(entry.path())
        .generate()
        .expect("cbindgen reads the source");
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).expect("the header is UTF-8")
}

/// What cbindgen can't write: the exported constant, and the layout as every compiler that
/// reads the header must see it.
fn trailer() -> String {
    let mut text = String::from(
        "#if defined(__GNUC__)\n\
         #define STRATEGY_EXPORT __attribute__((visibility(\"default\")))\n\
         #else\n\
         #define STRATEGY_EXPORT\n\
         #endif\n\n\
         #ifdef __cplusplus\nextern \"C\" {\n#endif\n\n\
         // What a plugin defines.\n\
         extern STRATEGY_EXPORT const strategy_entry_t strategy_entry;\n\n\
         #ifdef __cplusplus\n}\n#endif\n\n\
         #if defined(__cplusplus) && __cplusplus >= 201103L\n\
         #define STRATEGY_ASSERT(what) static_assert(what, #what)\n\
         #elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n\
         #define STRATEGY_ASSERT(what) _Static_assert(what, #what)\n\
         #else\n\
         #define STRATEGY_ASSERT(what) struct strategy_no_assert\n\
         #endif\n\n",
    );
    for (name, size, _) in messages() {
        writeln!(text, "STRATEGY_ASSERT(sizeof({name}) == {size});").expect("a string takes it");
    }
    text.push_str("\n#endif /* STRATEGY_H */");
    text
}

/// The C name, the size, and every field with its offset. The pattern in it does not compile
/// when a field is left out.
macro_rules! layout {
    ($c:literal, $type:ident { $($field:ident),* $(,)? }) => {{
        let _ = |$type { $($field: _),* }: $type| ();
        let fields = vec![$((stringify!($field), offset_of!($type, $field))),*];
        ($c, size_of::<$type>(), fields)
    }};
}

type Layout = (&'static str, usize, Vec<(&'static str, usize)>);

fn messages() -> Vec<Layout> {
    vec![
        layout!("strategy_fraction_t", Fraction { num, den }),
        layout!(
            "strategy_snapshot_t",
            Snapshot {
                size,
                clock_good,
                seq,
                now_ns,
                demand_id,
                lockout_left_ns,
                basal_granted,
                delivered_nl,
                bolus_seq,
                bolus_kind,
                bolus_outcome,
                bolus_reason,
                bolus_running,
                bolus_started_ns,
                bolus_ended_ns,
                bolus_delivered_nl,
                utc_s,
                local_offset_plus_day_s,
                next_offset_change_utc_s,
            }
        ),
        layout!(
            "strategy_order_t",
            Order {
                size,
                bolus_kind,
                seq,
                basal,
                bolus_volume,
                bolus_over_ns,
                demand_id,
                refusal,
                reserved,
                valid_for_ns,
                wake_in_ns,
            }
        ),
        layout!(
            "strategy_param_t",
            Param {
                name,
                help,
                kind,
                role,
                required,
                choice_count,
                min,
                max,
                default_value,
                period_ns,
                choices,
            }
        ),
        layout!(
            "strategy_descriptor_t",
            Descriptor {
                size,
                param_count,
                name,
                version,
                summary,
                params,
            }
        ),
    ]
}

fn entry() -> Layout {
    layout!(
        "strategy_entry_t",
        Entry {
            magic,
            size,
            abi_major,
            abi_minor,
            reserved,
            descriptor,
            create,
            step,
            save,
            load,
            destroy,
            extension,
        }
    )
}

#[test]
fn the_header_is_the_one_generated_from_the_source() {
    let fresh = generate();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(header_path(), &fresh).expect("the header is writable");
    }
    let kept = std::fs::read_to_string(header_path()).unwrap_or_default();
    assert!(
        kept == fresh,
        "{} is stale: run `{UPDATE}=1 cargo test -p strategy-abi` and commit it",
        header_path().display()
    );
}

#[test]
fn every_constant_and_type_is_in_the_header_with_its_comment() {
    let header = generate();
    for source in ["codes.rs", "messages.rs", "entry.rs"].map(source) {
        let text = std::fs::read_to_string(source).expect("the source is readable");
        for comment in text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("/// "))
        {
            assert!(
                header.contains(comment),
                "missing from the header: {comment}"
            );
        }
        for name in text
            .lines()
            .filter_map(|line| line.strip_prefix("pub const "))
        {
            let name = name.split(':').next().expect("a name");
            assert!(
                header.contains(&format!("#define STRATEGY_{name} ")),
                "no {name}"
            );
        }
    }
    for (_, c) in TYPES {
        assert!(header.contains(c), "no {c} in the header");
    }
}

/// A source that does not compile where a size or an offset is another one.
fn layout_source(of: impl IntoIterator<Item = Layout>) -> String {
    let mut text = String::from("#include \"strategy.h\"\n");
    for (name, size, fields) in of {
        let mut say = |what| writeln!(text, "STRATEGY_ASSERT({what});").expect("a string takes it");
        say(format!("sizeof({name}) == {size}"));
        for (field, offset) in fields {
            say(format!("offsetof({name}, {field}) == {offset}"));
        }
    }
    text
}

#[test]
fn a_c_compiler_sees_the_same_layout() {
    let text = layout_source(messages().into_iter().chain([entry()]));
    in_a_file(&text, |file| {
        compile(C, C11, file);
        compile_if_there(CPP, CPP17, file);
    });
}

/// The compiler of a 64-bit PC also knows the 32-bit one, where a 64-bit number is aligned
/// to 4 bytes only: the strictest judge of what is said of padding.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_messages_are_the_same_on_32_bits() {
    let text = layout_source(messages());
    let arguments = [C11, &["-m32", "-ffreestanding"]].concat();
    in_a_file(&text, |file| compile(C, &arguments, file));
}

/// How the examples say they are built, and as C++: there a field that is left out is worth a
/// warning, which in C it is not.
#[test]
fn the_examples_compile_as_c99_and_as_cpp() {
    const CPP20: &[&str] = &["-std=c++20", "-x", "c++", "-Wno-missing-field-initializers"];
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for example in ["steady.c", "week.c", "pca.c"].map(|name| examples.join(name)) {
        compile(C, C99, &example);
        compile(C, C11, &example);
        compile_if_there(CPP, CPP20, &example);
    }
}

/// What an author must know of a function before it is written.
#[test]
fn every_function_says_who_calls_it_on_which_thread_what_it_may_do_and_why() {
    let header = generate();
    let functions = TYPES.iter().filter(|(rust, _)| rust.ends_with("Fn"));
    for (_, function) in functions {
        let definition = header
            .lines()
            .position(|line| {
                line.starts_with("typedef") && line.contains(&format!("(*{function})"))
            })
            .unwrap_or_else(|| panic!("no {function} in the header"));
        let before: Vec<&str> = header.lines().take(definition).collect();
        let comment = before
            .iter()
            .rev()
            .take_while(|line| line.starts_with("//"));
        let comment: Vec<&str> = comment.copied().collect();
        for said in [
            "Called: ",
            "Thread: ",
            "May allocate: ",
            "May block: ",
            "Returns: ",
            "Why: ",
        ] {
            assert!(
                comment.iter().any(|line| line.contains(said)),
                "{function} does not say `{said}`"
            );
        }
    }
}
