//! A drug library: any bytes, under the bench's prescription and device.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_fuzz::{Declarations, text, within_reason};
use pump_prescription::{Input, check};

fuzz_target!(|bytes: &[u8]| {
    let prescription = Input::new("prescription.toml", text::PRESCRIPTION);
    let device = Input::new("pump.toml", text::DEVICE);
    let library = Input::new("drug-library.toml", bytes);
    within_reason(&check(&prescription, &device, &library, &Declarations));
});
