//! What a recording takes, so that a month of it fits into a journal.

#[allow(dead_code, reason = "not all of it happens here")]
mod driver;

use driver::{Act, Run, drive_at, millilitre_a_day};
use pump_core::pump::Inputs;
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Volume};
use pump_recording::row::{Dossier, Row};
use pump_recording::{Call, GivenUp, LARGE_BLOCK, MOST_IN_A_DAY, Recorder, Rest, Told};

/// Of a day of 1 mL with two strategies that are renewed twice a second at the most.
const MOST_AT_A_MILLILITRE: usize = 3_000_000;

/// The bodies of the rows, as the journal holds them.
fn written(run: &Run) -> usize {
    let opening = Row::Run(Box::new(run.opening.clone()));
    let blocks = run.blocks.iter().cloned().map(Row::Inputs);
    let rows = blocks.chain([opening]);
    rows.map(|row| row.body().to_string().len()).sum()
}

/// The credit of 1 mL/day is topped up every two minutes, and blocks go with it.
#[test]
fn a_day_of_one_millilitre_with_presses_takes_less_than_three_megabytes() {
    let mut acts = Vec::new();
    for turn in 0..720 {
        if turn % 120 == 60 {
            acts.push(Act::Press);
        }
        acts.push(Act::Run(Nanoseconds::from_mins(2)));
        acts.push(Act::Block);
    }
    let run = &drive_at(millilitre_a_day(), &acts)[0];
    assert!(run.edges.len() > 20_000, "{}", run.edges.len());
    let blocks: usize = run.blocks.iter().map(|block| block.inputs.0.len()).sum();
    let written = written(run);
    println!(
        "a day of 1 mL, 6 presses: {} edges, {blocks} bytes in {} blocks, {written} as rows",
        run.edges.len(),
        run.blocks.len()
    );
    assert!(written < MOST_AT_A_MILLILITRE, "{written}");
}

/// Where nothing is late a fast pump takes no more than a slow one: its edges are foretold.
#[test]
fn fast_edges_that_are_in_time_take_next_to_nothing() {
    let fast = Rate::of(Volume::from_nl(450_000), Nanoseconds::from_hours(1));
    let acts = [Act::Run(Nanoseconds::from_mins(10)), Act::Block];
    let bytes = |rate: Rate| {
        let run = &drive_at(rate, &acts)[0];
        let bytes: usize = run.blocks.iter().map(|block| block.inputs.0.len()).sum();
        (run.edges.len(), bytes)
    };
    let (slow, fast) = (bytes(millilitre_a_day()), bytes(fast.expect("a rate")));
    println!("ten minutes: {slow:?} and {fast:?} edges and bytes");
    assert!(fast.0 > 10 * slow.0);
    assert!(fast.1 < 2 * slow.1);
}

/// On a machine on which every wake-up is late there is an end to it, and it is said.
#[test]
fn however_late_a_machine_is_there_is_an_end_to_what_is_written() {
    let run = &drive_at(millilitre_a_day(), &[])[0];
    let prescription = run.opening.prescription().expect("a prescription");
    let mut pump = run.opening.rested().expect("a pump");
    let (rest, at) = (Rest::of(&pump), MonoNs(run.opening.armed_at_ns));
    pump.arm(at, &prescription).expect("it is armed");
    let dossier = Dossier::default();
    let begun = Recorder::begin(1, rest, at, &pump, Nanoseconds::ZERO, dossier);
    let (mut recorder, _) = begun.expect("it can be begun");

    // 833 edges a second, 150 mL/h, and each told at an instant of its own.
    let (mut now, mut bytes) = (at, 0);
    let given_up = loop {
        now = now.after(Nanoseconds(1_200_007));
        let call = Call::Tick(Told {
            now,
            inputs: Inputs::default(),
            clocks: Default::default(),
        });
        let answer = call.perform(&mut pump);
        if let Err(given_up) = recorder.record(&call, &answer, pump.events()) {
            break given_up;
        }
        if recorder.waiting() > LARGE_BLOCK {
            bytes += recorder.take().map_or(0, |block| block.inputs.0.len());
        }
    };
    let lasted = now.since(at).0 / 1_000_000_000;
    println!("{bytes} bytes in {lasted} s, then: {given_up}");
    assert_eq!(given_up, GivenUp::TooMuch);
    let most = usize::try_from(MOST_IN_A_DAY).expect("it fits");
    assert!(bytes < most + most / 10, "{bytes}");
    // Thirty-one days as base64 fit into two thirds of a journal's gibibyte.
    assert!(31 * most / 3 * 4 < (1 << 30) / 3 * 2 + (1 << 26));
}
