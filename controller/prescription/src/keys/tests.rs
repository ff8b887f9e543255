use std::collections::BTreeSet;

use strategy_link::Declaration;

use super::Needed::{Never, Sometimes};
use super::*;
use crate::section::asked;
use crate::{Catalogue, CatalogueError, Input, check};

struct Nothing;

impl Catalogue for Nothing {
    fn declaration(&self, _: &str) -> Result<Declaration, CatalogueError> {
        Err(CatalogueError::Unknown)
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Files with every table that there is, and with each branch that a reader may take.
const PRESCRIPTION_TEXT: &str = include_str!("../../tests/bench/prescription.toml");
const LIBRARY_TEXT: &str = include_str!("../../../../config/drug-library.toml");
const DEVICE_TEXT: &str = include_str!("../../../../config/pump.toml");
const GEOMETRY_TEXT: &str = "[mechanics]\nsyringe_bore = \"14.5 mm\"\n\
    [air]\n[gpio]\nstep = { line = \"a\" }\n[indicators]\n[watchdog]\n[counter]\n[realtime]\n";
const KVO_TEXT: &str = "[on_strategy_loss]\naction = \"kvo\"\n";

fn tables(keys: &'static Keys) -> Vec<&'static Keys> {
    let below = keys.keys.iter().filter_map(|key| key.takes.below());
    std::iter::once(keys)
        .chain(below.flat_map(tables))
        .collect()
}

fn all() -> Vec<&'static Keys> {
    [&PRESCRIPTION, &DEVICE, &DRUG_LIBRARY]
        .into_iter()
        .flat_map(tables)
        .collect()
}

#[test]
fn every_key_of_the_tables_is_read_and_needed_where_they_say_so() {
    asked::begin();
    for (prescription, device, library) in [
        (PRESCRIPTION_TEXT, DEVICE_TEXT, LIBRARY_TEXT),
        (KVO_TEXT, GEOMETRY_TEXT, "[[drug]]\n"),
    ] {
        check(
            &Input::new("rx.toml", prescription),
            &Input::new("pump.toml", device),
            &Input::new("drug-library.toml", library),
            &Nothing,
        );
    }
    let (read, required) = asked::end();
    let mut written = BTreeSet::new();
    for keys in all() {
        for key in keys.keys {
            let both = (keys.name, key.name);
            written.insert(both);
            assert!(
                read.contains(&both),
                "{both:?} is in a table and never read"
            );
            let needed = key.needed != Never;
            assert_eq!(
                required.contains(&both),
                needed,
                "{both:?} is needed or not"
            );
        }
    }
    let unknown: Vec<_> = read.difference(&written).collect();
    assert!(unknown.is_empty(), "read and in no table: {unknown:?}");
}

#[test]
fn no_two_tables_have_a_name_in_common_and_no_table_a_key_twice() {
    let mut known: Vec<&Keys> = Vec::new();
    for keys in all() {
        let twin = known.iter().find(|other| other.name == keys.name);
        assert!(
            twin.is_none_or(|twin| std::ptr::eq(*twin, keys)),
            "{}",
            keys.name
        );
        known.push(keys);
        let names: BTreeSet<&str> = keys.keys.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), keys.keys.len(), "{}", keys.name);
        for key in keys.keys {
            assert!(!key.help.is_empty(), "{}", key.name);
        }
    }
}

#[test]
fn a_rule_is_about_keys_that_are_sometimes_needed() {
    for keys in all() {
        let mut ruled = BTreeSet::new();
        for rule in keys.rules {
            match rule {
                Rule::Either(one, other) => ruled.extend(one.iter().chain(*other).copied()),
                Rule::Belongs { key, word, needs } => {
                    ruled.insert(*needs);
                    let key = keys.find(key).expect("a key of the table");
                    assert!(
                        matches!(key.takes, Takes::Choice(words) if words.contains(word)),
                        "{word}"
                    );
                }
            }
        }
        let sometimes = keys.keys.iter().filter(|key| key.needed == Sometimes);
        let sometimes: BTreeSet<&str> = sometimes.map(|key| key.name).collect();
        assert_eq!(ruled, sometimes, "{}", keys.name);
    }
}

#[test]
fn every_example_of_a_quantity_is_one() {
    for keys in all() {
        for key in keys.keys {
            let Takes::Quantity {
                dimensions,
                example,
                ..
            } = key.takes
            else {
                continue;
            };
            let read = crate::quantity(example).expect(example);
            assert!(
                dimensions.contains(&read.dimension),
                "{} {example}",
                key.name
            );
        }
    }
}
