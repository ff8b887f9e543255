//! A device file: any bytes, under the bench's prescription.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_fuzz::{Declarations, text, within_reason};
use pump_prescription::{Input, check};

fuzz_target!(|bytes: &[u8]| {
    let prescription = Input::new("prescription.toml", text::PRESCRIPTION);
    let device = Input::new("pump.toml", bytes);
    let library = Input::new("drug-library.toml", text::DRUG_LIBRARY);
    within_reason(&check(&prescription, &device, &library, &Declarations));
});
