//! Whether bytes are a shared library that this machine's loader can be given.
//!
//! The dynamic loader trusts the file: it maps what the headers say and dies of a bus
//! error where the file is shorter. So every part that a header names is checked to lie
//! inside the file. Whatever passes may still be malicious; that is what the probe's child
//! process is for.

use object::Endianness;
use object::elf;
use object::read::elf::{ElfFile, FileHeader, ProgramHeader, SectionHeader, Sym};
use std::fmt;

/// Why bytes are no plugin for this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElfFault {
    /// There are none.
    Empty,
    /// They do not begin as an ELF file does.
    NotElf,
    /// The file ends before this part of it.
    Truncated(&'static str),
    /// A header is damaged: the words of the parser.
    Damaged(&'static str),
    /// 32-bit code on a 64-bit machine or the other way round.
    WrongClass,
    /// The other byte order.
    WrongByteOrder,
    /// Code for another machine.
    WrongMachine {
        /// The ELF number of its machine.
        found: u16,
    },
    /// A program, an object file or a core dump.
    NotShared,
    /// It has no section headers, so that its parts can't be checked.
    NoSections,
    /// It does not export the symbol.
    NoEntry,
    /// The symbol is there but is no static of a sufficient size.
    EntryNotData,
}

impl fmt::Display for ElfFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = strategy_abi::ENTRY_SYMBOL;
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::NotElf => f.write_str("it is no shared library (no ELF file)"),
            Self::Truncated(part) => write!(f, "the file is truncated: {part} lies beyond its end"),
            Self::Damaged(what) => write!(f, "the file is damaged: {what}"),
            Self::WrongClass => {
                write!(f, "it is not for {}-bit machines as this one", usize::BITS)
            }
            Self::WrongByteOrder => f.write_str("it is for machines of the other byte order"),
            Self::WrongMachine { found } => write!(
                f,
                "it is built for {}, and this machine is {}",
                machine_name(*found),
                machine_name(HOST_MACHINE.0)
            ),
            Self::NotShared => f.write_str("it is an ELF file, but no shared library"),
            Self::NoSections => {
                f.write_str("it has no section headers; do not strip them from a plugin")
            }
            Self::NoEntry => {
                write!(
                    f,
                    "it is no strategy: it does not export the symbol `{symbol}`"
                )
            }
            Self::EntryNotData => {
                write!(f, "its symbol `{symbol}` is no static of the type `Entry`")
            }
        }
    }
}

impl std::error::Error for ElfFault {}

#[cfg(target_arch = "x86_64")]
const HOST_MACHINE: elf::Machine = elf::EM_X86_64;
#[cfg(target_arch = "x86")]
const HOST_MACHINE: elf::Machine = elf::EM_386;
#[cfg(target_arch = "aarch64")]
const HOST_MACHINE: elf::Machine = elf::EM_AARCH64;
#[cfg(target_arch = "arm")]
const HOST_MACHINE: elf::Machine = elf::EM_ARM;
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
const HOST_MACHINE: elf::Machine = elf::EM_RISCV;

fn machine_name(machine: u16) -> String {
    let name = match elf::Machine(machine) {
        elf::EM_X86_64 => "x86-64",
        elf::EM_386 => "x86",
        elf::EM_AARCH64 => "64-bit ARM",
        elf::EM_ARM => "32-bit ARM",
        elf::EM_RISCV => "RISC-V",
        _ => return format!("machine {machine}"),
    };
    name.to_owned()
}

#[cfg(target_pointer_width = "64")]
type Header = elf::FileHeader64<Endianness>;
#[cfg(target_pointer_width = "32")]
type Header = elf::FileHeader32<Endianness>;

/// Checks that these bytes are a shared library for this machine which exports
/// `strategy_entry`, and that every part of it lies inside them.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(bytes: &[u8]) -> Result<(), ElfFault> {
    check_ident(bytes)?;
    check_file::<Header>(bytes)
}

fn check_file<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<(), ElfFault> {
    let header = H::parse(bytes).map_err(|_| ElfFault::Truncated("the ELF header"))?;
    let endian = header.endian().map_err(|_| ElfFault::WrongByteOrder)?;
    let machine = header.e_machine(endian);
    if machine != HOST_MACHINE {
        return Err(ElfFault::WrongMachine { found: machine.0 });
    }
    if header.e_type(endian) != elf::ET_DYN {
        return Err(ElfFault::NotShared);
    }
    let segments = header
        .program_headers(endian, bytes)
        .map_err(|_| ElfFault::Truncated("the table of segments"))?;
    for segment in segments {
        segment
            .data(endian, bytes)
            .map_err(|()| ElfFault::Truncated("a segment"))?;
    }
    if header.e_shoff(endian).into() == 0 {
        return Err(ElfFault::NoSections);
    }
    let sections = header
        .section_headers(endian, bytes)
        .map_err(|_| ElfFault::Truncated("the table of sections"))?;
    for section in sections {
        section
            .data(endian, bytes)
            .map_err(|_| ElfFault::Truncated("a section"))?;
    }
    check_entry::<H>(bytes, endian)
}

/// The part of the header that says how to read the rest.
fn check_ident(bytes: &[u8]) -> Result<(), ElfFault> {
    if bytes.is_empty() {
        return Err(ElfFault::Empty);
    }
    if !bytes.starts_with(&elf::ELFMAG) {
        let begun = elf::ELFMAG.starts_with(bytes);
        return Err(if begun {
            ElfFault::Truncated("the ELF header")
        } else {
            ElfFault::NotElf
        });
    }
    let (Some(&class), Some(&order)) = (bytes.get(4), bytes.get(5)) else {
        return Err(ElfFault::Truncated("the ELF header"));
    };
    let host_class = if usize::BITS == 64 {
        elf::ELFCLASS64
    } else {
        elf::ELFCLASS32
    };
    if class != host_class.0 {
        return Err(ElfFault::WrongClass);
    }
    let little = cfg!(target_endian = "little");
    let host_order = if little {
        elf::ELFDATA2LSB
    } else {
        elf::ELFDATA2MSB
    };
    if order != host_order.0 {
        return Err(ElfFault::WrongByteOrder);
    }
    Ok(())
}

/// The names of the symbols that a checked library exports, sorted.
///
/// # Errors
/// Its tables can't be read.
pub fn exports(bytes: &[u8]) -> Result<Vec<String>, ElfFault> {
    let damaged = |_| ElfFault::Damaged("its tables");
    let file = ElfFile::<Header>::parse(bytes).map_err(damaged)?;
    let endian = file.endian();
    let symbols = file.elf_dynamic_symbol_table();
    let exported = symbols
        .iter()
        .filter(|symbol| !symbol.is_undefined(endian) && !symbol.is_local());
    let names = exported.map(|symbol| symbols.symbol_name(endian, symbol).map_err(damaged));
    let names = names.map(|name| name.map(|name| String::from_utf8_lossy(name).into_owned()));
    let mut names: Vec<String> = names.collect::<Result<_, _>>()?;
    // The file has a nameless first symbol.
    names.retain(|name| !name.is_empty());
    names.sort();
    Ok(names)
}

fn check_entry<H: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    endian: Endianness,
) -> Result<(), ElfFault> {
    let file = ElfFile::<H>::parse(bytes).map_err(|_| ElfFault::Damaged("its tables"))?;
    let symbols = file.elf_dynamic_symbol_table();
    let name_of = |symbol| symbols.symbol_name(endian, symbol);
    let symbol = symbols
        .iter()
        .find(|symbol| {
            !symbol.is_undefined(endian)
                && !symbol.is_local()
                && name_of(symbol) == Ok(strategy_abi::ENTRY_SYMBOL.as_bytes())
        })
        .ok_or(ElfFault::NoEntry)?;
    let size: u64 = symbol.st_size(endian).into();
    if symbol.st_type() != elf::STT_OBJECT || size < size_of::<strategy_abi::Entry>() as u64 {
        return Err(ElfFault::EntryNotData);
    }
    Ok(())
}
