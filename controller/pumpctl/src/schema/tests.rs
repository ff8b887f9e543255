use pump_prescription::{Dimension, quantity as read};
use regex_lite::Regex;

use super::*;

const DIMENSIONS: [Dimension; 8] = [
    Dimension::Volume,
    Dimension::Mass,
    Dimension::VolumeRate,
    Dimension::MassRate,
    Dimension::Time,
    Dimension::Concentration,
    Dimension::Frequency,
    Dimension::Length,
];

/// Whatever is written as a quantity: the reader takes it, and only then does the pattern. What
/// only arithmetic tells (a fraction over nothing, too many digits) is not tried.
#[test]
fn a_pattern_takes_what_the_reader_of_quantities_takes() {
    let numbers = [
        "1", "0.5", "007.50", "1/7", "1 / 7", "1.5/3", "", "-1", "+1", ".5", "5.", "1,5", "1e3",
        "x",
    ];
    let units = [
        "", "nL", "uL", "µL", "μL", "mL", "L", "ml", "ng", "ug", "mcg", "mg", "g", "Mg", "us",
        "ms", "s", "min", "h", "day", "hr", "Hz", "um", "mm", "m", "kg", "IU", "mg/mL", "mg / mL",
        "mL/h", "mL/ms", "mg/min", "g/L", "mL/day", "h/mL", "Hz/s", "mL/h/h", "mm/s", "ng/nL",
    ];
    let patterns: Vec<(Dimension, Regex)> = DIMENSIONS
        .iter()
        .map(|&dimension| {
            let schema = quantity(&[dimension], true, "");
            let pattern = schema["pattern"].as_str().expect("a pattern");
            (dimension, Regex::new(pattern).expect(pattern))
        })
        .collect();
    let mut taken = 0;
    for number in numbers {
        for unit in units {
            for text in [
                format!("{number} {unit}"),
                format!("{number}{unit}"),
                format!(" {number}  {unit} "),
            ] {
                let wanted = read(&text).ok().map(|quantity| quantity.dimension);
                taken += usize::from(wanted.is_some());
                for (dimension, pattern) in &patterns {
                    let matches = pattern.is_match(&text);
                    assert_eq!(
                        matches,
                        wanted == Some(*dimension),
                        "{text:?} {dimension:?}"
                    );
                }
            }
        }
    }
    assert!(taken > 300, "{taken}");
}

#[test]
fn microseconds_are_only_for_those_who_may() {
    let matches = |microseconds| {
        let schema = quantity(&[Dimension::Time], microseconds, "");
        let pattern = schema["pattern"].as_str().expect("a pattern");
        Regex::new(pattern).expect(pattern).is_match("20 us")
    };
    assert!(matches(true));
    assert!(!matches(false));
}

/// Every table of the schema and of the readers, side by side.
fn same(keys: &Keys, schema: &Value, tables: &mut usize) {
    *tables += 1;
    let properties = schema["properties"].as_object().expect("properties");
    let mut written: Vec<&str> = properties.keys().map(String::as_str).collect();
    let mut read: Vec<&str> = keys.keys.iter().map(|key| key.name).collect();
    written.sort_unstable();
    read.sort_unstable();
    if keys.open {
        written.retain(|name| read.contains(name));
    } else {
        assert_eq!(schema["additionalProperties"], false, "{}", keys.name);
    }
    assert_eq!(written, read, "{}", keys.name);
    for key in keys.keys {
        let property = &schema["properties"][key.name];
        assert!(!property["description"].as_str().expect(key.name).is_empty());
        let below = match &key.takes {
            Takes::Table(_) => property,
            Takes::Tables(..) => &property["items"],
            Takes::Wire(_) => &property["anyOf"][1],
            _ => continue,
        };
        same(key.takes.below().expect("a table"), below, tables);
    }
}

#[test]
fn a_schema_has_the_keys_that_the_readers_know_and_no_others() {
    let mut tables = 0;
    for (keys, schema) in [
        (&PRESCRIPTION, prescription(&[])),
        (&DEVICE, document(&DEVICE, table(&DEVICE))),
        (&DRUG_LIBRARY, document(&DRUG_LIBRARY, table(&DRUG_LIBRARY))),
    ] {
        same(keys, &schema, &mut tables);
    }
    assert_eq!(tables, 6 + 23 + 5);
}
