//! I11: a run that was recorded comes to the same when it is done again, and a recording that
//! is not of that run is noticed.
//!
//! A driver as rough as a loop can be (late, refused, without its strategy, at odds with its
//! journal) drives a control law; a recorder that sees its calls writes them down.

#[allow(dead_code, reason = "not all of it happens here")]
mod driver;

use driver::{Act, Run, drive};
use proptest::collection::vec;
use proptest::prelude::*;
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_recording::codec::{Decoder, Encoder, Item, Then};
use pump_recording::row::{Block, Bytes, Opening};
use pump_recording::{Call, Edge, Replay, Stop, Unseen, Witness};

const MS: u64 = 1_000_000;

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1..90_000_u64).prop_map(|ms| Act::Run(Nanoseconds::from_millis(ms))),
        3 => Just(Act::Press),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::Stop),
        1 => Just(Act::Bolus),
        2 => (1..4_000 * MS).prop_map(|ns| Act::Late(Nanoseconds(ns))),
        1 => Just(Act::Refuse),
        2 => (0..2_usize).prop_map(Act::Lose),
        2 => (0..2_usize).prop_map(Act::Reborn),
        1 => (0..5_u8).prop_map(Act::Line),
        1 => any::<bool>().prop_map(Act::Stalled),
        1 => any::<bool>().prop_map(Act::CreditStops),
        1 => Just(Act::Arm),
        2 => Just(Act::Block),
    ]
}

/// All edges of a replay, with the instants at which they were due.
#[derive(Default)]
struct Seen(Vec<Edge>);

impl Witness for Seen {
    fn edge(&mut self, edge: &Edge) {
        self.0.push(*edge);
    }
}

fn replay(opening: &Opening, blocks: &[Block], seen: &mut dyn Witness) -> Result<Replay, Stop> {
    let mut replay = Replay::begin(opening).map_err(Stop::Refused)?;
    for block in blocks {
        replay.block(block, seen)?;
    }
    Ok(replay)
}

fn items(block: &Block) -> Vec<Item> {
    let decoder = Decoder::new(&block.inputs.0).expect("a block");
    decoder.collect::<Result<_, _>>().expect("items")
}

fn with_items(block: &Block, items: &[Item]) -> Block {
    let mut encoder = Encoder::new();
    items.iter().for_each(|item| encoder.push(item));
    Block {
        inputs: Bytes(encoder.finish()),
        ..block.clone()
    }
}

/// Every run of a case gives the same edges and ends with an equal pump.
fn comes_to_the_same(runs: &[Run]) -> Result<(), TestCaseError> {
    for run in runs {
        let mut seen = Seen::default();
        let replay = replay(&run.opening, &run.blocks, &mut seen);
        let replay = replay.map_err(|stop| TestCaseError::fail(format!("{stop:?}")))?;
        prop_assert_eq!(&seen.0, &run.edges);
        if let Some(end) = &run.end {
            prop_assert!(replay.pump() == &**end, "another pump came out");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn i11_a_run_comes_to_the_same_again(acts in vec(act(), 1..40)) {
        comes_to_the_same(&drive(&acts))?;
    }

    /// The broken twin: one thing that was told is missing, or was told at another instant.
    #[test]
    fn i11_what_is_missing_or_moved_is_noticed(
        acts in vec(act(), 5..40), at in any::<usize>(), by in 1..50 * MS, forth in any::<bool>(),
    ) {
        for run in drive(&acts) {
            let Some(place) = at.checked_rem(run.blocks.len()) else { continue };
            let sound = items(&run.blocks[place]);
            let place_of_item = at % sound.len();

            let mut missing = sound.clone();
            missing.remove(place_of_item);
            let mut blocks = run.blocks.clone();
            blocks[place] = with_items(&blocks[place], &missing);
            let is_mark = matches!(sound[place_of_item].then, Then::Mark { .. })
                && sound[place_of_item].foretold == 0;
            let noticed = replay(&run.opening, &blocks, &mut Unseen);
            prop_assert!(noticed.is_err() || is_mark, "nobody missed {:?}", sound[place_of_item]);

            let mut moved = sound.clone();
            let Then::Call(Call::Tick(told)) = &mut moved[place_of_item].then else { continue };
            let before = told.now;
            told.now = match forth {
                true => told.now.after(Nanoseconds(by)),
                false => MonoNs(told.now.0.saturating_sub(by)),
            };
            if told.now == before {
                continue;
            }
            let mut blocks = run.blocks.clone();
            blocks[place] = with_items(&blocks[place], &moved);
            let noticed = replay(&run.opening, &blocks, &mut Unseen);
            prop_assert!(noticed.is_err(), "nobody saw {:?}", sound[place_of_item]);
        }
    }
}

/// The twin that matters most, by hand: of ten thousand edges one is planned a nanosecond later.
#[test]
fn a_nanosecond_in_a_single_planned_edge_is_another_digest() {
    let acts = [
        Act::Run(Nanoseconds::from_mins(3)),
        Act::Late(Nanoseconds(3 * MS)),
    ];
    let runs = drive(&acts);
    let run = &runs[0];
    assert!(run.edges.len() > 300, "{}", run.edges.len());
    comes_to_the_same(&runs).expect("the same");
    // The basal's order comes a tick later: every planned instant moves.
    let mut blocks = run.blocks.clone();
    let mut changed = items(&blocks[0]);
    let order = changed.iter_mut().find_map(|item| match &mut item.then {
        Then::Call(Call::Tick(told)) if told.inputs.orders[0].is_some() => Some(told),
        _ => None,
    });
    order.expect("an order").now.0 += 1;
    blocks[0] = with_items(&blocks[0], &changed);
    let Err(Stop::Differs(difference)) = replay(&run.opening, &blocks, &mut Unseen) else {
        panic!("it went unnoticed");
    };
    assert!(difference.after <= difference.by);
    assert!(!difference.what.to_string().is_empty());
}

#[test]
fn a_block_that_is_missing_or_of_another_run_is_refused() {
    let acts = [
        Act::Run(Nanoseconds::from_secs(5)),
        Act::Block,
        Act::Run(Nanoseconds::from_secs(5)),
    ];
    let run = &drive(&acts)[0];
    assert_eq!(run.blocks.len(), 2);
    let missing = replay(&run.opening, &run.blocks[1..], &mut Unseen);
    assert!(matches!(missing, Err(Stop::Refused(_))));
    let mut other = run.opening.clone();
    other.run += 1;
    let other = replay(&other, &run.blocks, &mut Unseen);
    assert!(matches!(other, Err(Stop::Refused(_))));
    for change in [0, 1, 7] {
        let mut damaged = run.opening.clone();
        let cut = damaged.state.0.len() - 1 - change;
        damaged.state.0.truncate(cut);
        assert!(Replay::begin(&damaged).is_err());
    }
}

/// The journal's thread of the daemon, which records, has a stack of half a mebibyte.
#[test]
fn a_run_is_begun_and_replayed_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(448 * 1024);
    let thread = small.spawn(|| {
        let runs = drive(&[Act::Run(Nanoseconds::from_secs(9)), Act::Arm]);
        comes_to_the_same(&runs).expect("the same");
    });
    let done = thread.expect("a thread").join();
    assert!(done.is_ok());
}
