//! A plugin's file before anything of it is run: any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strategy_host::elf;

fuzz_target!(|bytes: &[u8]| {
    if let Err(fault) = elf::check(bytes) {
        assert!(!fault.to_string().is_empty());
    }
});
