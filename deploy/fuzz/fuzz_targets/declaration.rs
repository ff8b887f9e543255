//! What a plugin says of itself: a sound descriptor with any bytes of it changed.
//!
//! The input is a list of changes, so that nearly every one of them is more than noise.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_fuzz::descriptor;
use strategy_abi::{Descriptor, Fraction, Message};
use strategy_link::Declaration;

fuzz_target!(|changes: &[u8]| {
    let mut message = descriptor().as_bytes().to_vec();
    let (changes, _) = changes.as_chunks::<3>();
    for &[low, high, value] in changes {
        let at = usize::from(u16::from_le_bytes([low, high])) % message.len();
        message[at] = value;
    }
    let message = Descriptor::from_bytes(&message).expect("the right size");
    let declaration = match Declaration::from_descriptor(&message) {
        Ok(declaration) => declaration,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for pick in [
        |p: &strategy_link::Param| p.min,
        |p: &strategy_link::Param| p.max,
    ] {
        let values: Vec<Fraction> = declaration.params.iter().map(pick).collect();
        match declaration.envelope(&values) {
            // No role, no dose.
            Ok(envelope) => {
                let role = |role| declaration.by_role(role).is_some();
                assert!(role(strategy_link::Role::MaxBasal) || envelope.basal.is_zero());
                assert!(role(strategy_link::Role::MaxBolus) || envelope.bolus.is_none());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
