//! Quantities and times as people type them: any text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_prescription::{quantity, read_span};

fuzz_target!(|text: &str| {
    if let Err(error) = quantity(text) {
        assert!(
            text.get(error.span.clone()).is_some(),
            "the place is not in the text"
        );
        assert!(!error.message().is_empty());
        assert_ne!(error.help(text), Some(String::new()));
    }
    if let Err(error) = read_span(text) {
        assert!(
            text.get(error.place.clone()).is_some(),
            "the place is not in the text"
        );
        assert!(!error.to_string().is_empty());
    }
});
