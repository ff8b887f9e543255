//! Files that are no plugin for this machine are refused before anything opens them.

mod fixtures;

use fixtures::{Bench, assert_refused, probe};
use rustix::fs::{CWD, FileType, Mode};
use strategy_host::elf::{self, ElfFault};

/// Offsets in an ELF header of either class.
const CLASS: usize = 4;
const BYTE_ORDER: usize = 5;
const TYPE: usize = 16;
const MACHINE: usize = 18;

fn with(bytes: &[u8], offset: usize, byte: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[offset] = byte;
    bytes
}

#[test]
fn a_good_file_passes() {
    let bench = Bench::new();
    let probed = probe(&bench.plugin(&[])).unwrap();
    assert_eq!(probed.declaration().name, "fixture");
}

#[test]
fn what_is_no_file_is_refused() {
    let bench = Bench::new();
    assert_refused(
        &bench.path().join("libnot_there.so"),
        "can't be read: No such file",
    );
    assert_refused(bench.path(), "it is no regular file");
    let pipe = bench.path().join("libpipe.so");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_refused(&pipe, "it is no regular file");
}

#[test]
fn an_empty_file_is_refused() {
    let bench = Bench::new();
    assert_refused(&bench.file("libempty.so", b""), "the file is empty");
}

#[test]
fn text_is_refused() {
    let bench = Bench::new();
    let script = b"INPUT(-lc)\n/* a linker script is no library */";
    assert_refused(
        &bench.file("libtext.so", script),
        "it is no shared library (no ELF file)",
    );
    assert_refused(
        &bench.file("liba.so", b"\x7fELF"),
        "truncated: the ELF header",
    );
}

#[test]
fn a_file_truncated_at_any_byte_is_refused() {
    let bench = Bench::new();
    let whole = std::fs::read(bench.plugin(&[])).unwrap();
    assert_eq!(elf::check(&whole), Ok(()));
    for length in 0..whole.len() {
        let fault = elf::check(&whole[..length]).expect_err("a truncated file passed");
        match fault {
            ElfFault::Empty => assert_eq!(length, 0),
            ElfFault::Truncated(_) => {}
            other => panic!("at {length}: {other}"),
        }
    }
    // The same through every step, for some of them.
    for length in (1..whole.len()).step_by(whole.len() / 20) {
        assert_refused(
            &bench.file("libshort.so", &whole[..length]),
            "the file is truncated",
        );
    }
}

#[test]
fn no_single_damaged_byte_harms_the_one_who_looks() {
    let bench = Bench::new();
    let whole = std::fs::read(bench.plugin(&[])).unwrap();
    for offset in 0..whole.len() {
        for byte in [0, 0xff, whole[offset] ^ 0x80] {
            // Whatever it says, it says it without a panic.
            let _ = elf::check(&with(&whole, offset, byte));
        }
    }
    // What passes the check may still break the loader; then that is the child's death.
    for offset in (0..whole.len()).step_by(whole.len() / 60) {
        let file = bench.file("libdamaged.so", &with(&whole, offset, whole[offset] ^ 0xff));
        if let Err(error) = probe(&file) {
            assert!(
                error.contains("libdamaged.so: "),
                "no file name in: {error}"
            );
        }
    }
}

#[test]
fn another_machine_is_refused() {
    let bench = Bench::new();
    let whole = std::fs::read(bench.plugin(&[])).unwrap();
    // MIPS, which no test runs on.
    let mips = bench.file("libmips.so", &with(&whole, MACHINE, 8));
    assert_refused(&mips, "it is built for machine 8, and this machine is");
    let other_class = if whole[CLASS] == 2 { 1 } else { 2 };
    let class = bench.file("libclass.so", &with(&whole, CLASS, other_class));
    assert_refused(&class, "-bit machines as this one");
    let order = bench.file("liborder.so", &with(&whole, BYTE_ORDER, 2));
    assert_refused(&order, "the other byte order");
}

#[test]
fn a_program_or_an_object_file_is_refused() {
    let bench = Bench::new();
    let whole = std::fs::read(bench.plugin(&[])).unwrap();
    for kind in [1, 2, 4] {
        let file = bench.file("libprogram.so", &with(&whole, TYPE, kind));
        assert_refused(&file, "it is an ELF file, but no shared library");
    }
}

#[test]
fn a_library_without_section_headers_is_refused() {
    let bench = Bench::new();
    let mut bytes = std::fs::read(bench.plugin(&[])).unwrap();
    let word = size_of::<usize>();
    // The offset of the table of sections follows three words of the header.
    let offset = 24 + 2 * word;
    bytes[offset..offset + word].fill(0);
    assert_refused(
        &bench.file("libnosections.so", &bytes),
        "it has no section headers",
    );
}

#[test]
fn a_library_that_is_no_strategy_is_refused() {
    let bench = Bench::new();
    let library = bench.plugin(&["WITHOUT_ENTRY"]);
    assert_refused(
        &library,
        "it is no strategy: it does not export the symbol `strategy_entry`",
    );
}

#[test]
fn a_symbol_that_is_no_entry_is_refused() {
    let bench = Bench::new();
    for text in [
        "__attribute__((visibility(\"default\"))) void strategy_entry(void) {}",
        "__attribute__((visibility(\"default\"))) int strategy_entry = 1;",
    ] {
        let source = bench.file("other.c", text.as_bytes());
        let library = bench.compile("libother.so", &source, &[]);
        assert_refused(
            &library,
            "its symbol `strategy_entry` is no static of the type `Entry`",
        );
    }
}
