//! A scenario: any text as a file, and its first line as one `--at`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_simulator::Scenario;

fuzz_target!(|text: &str| {
    let regimens = ["background".to_owned(), "patient".to_owned()];
    for (as_file, said) in [(true, text), (false, text.lines().next().unwrap_or(""))] {
        let mut scenario = Scenario::new();
        let read = if as_file {
            scenario.add_toml("scenario.toml", said, &regimens)
        } else {
            scenario.add_line(said, &regimens)
        };
        if let Err(findings) = read {
            assert!(!findings.to_string().is_empty());
            assert!(
                scenario.events().is_empty(),
                "a refused scenario left events behind"
            );
        }
    }
});
