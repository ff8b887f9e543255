//! A prescription: any bytes, against the bench's device and drug library.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_fuzz::{Declarations, text, within_reason};
use pump_prescription::{Input, check};

fuzz_target!(|bytes: &[u8]| {
    let prescription = Input::new("prescription.toml", bytes);
    let device = Input::new("pump.toml", text::DEVICE);
    let library = Input::new("drug-library.toml", text::DRUG_LIBRARY);
    within_reason(&check(&prescription, &device, &library, &Declarations));
});
