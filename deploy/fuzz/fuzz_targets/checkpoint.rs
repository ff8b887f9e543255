//! What the journal hands to a pump that comes back: any bytes, or those of a pump that has
//! given a bolus with any of them changed. What is taken for a checkpoint is as sound as one
//! that a pump wrote: it comes back from its own bytes, and its pump can be armed and run.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pump_core::checkpoint::Checkpoint;
use pump_core::prescription::Prescription;
use pump_core::pump::{Command, Inputs, Pump};
use pump_core::quantity::{MonoNs, Nanoseconds, Steps, Volume};
use pump_fuzz::{Declarations, text};
use pump_prescription::{Input, check};

static PRESCRIPTION: LazyLock<Prescription> = LazyLock::new(|| {
    let prescription = Input::new("prescription.toml", text::PRESCRIPTION);
    let device = Input::new("pump.toml", text::DEVICE);
    let library = Input::new("drug-library.toml", text::DRUG_LIBRARY);
    let outcome = check(&prescription, &device, &library, &Declarations);
    outcome.checked.expect("a sound prescription").core
});

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut pump = Box::new(Pump::new());
    run(&mut pump, MonoNs(0));
    written(&pump.checkpoint())
});

fn written(checkpoint: &Checkpoint) -> Vec<u8> {
    let mut bytes = vec![0; Checkpoint::MAX_BYTES];
    let len = checkpoint.encode(&mut bytes);
    bytes.truncate(len);
    bytes
}

/// Arms the pump where it can be, and gives a bolus of the operator's.
fn run(pump: &mut Pump, from: MonoNs) {
    if pump.arm(from, &PRESCRIPTION).is_err() {
        return;
    }
    let command = |command| Inputs {
        command: Some(command),
        credit: Some(Steps(1000)),
        ..Inputs::default()
    };
    pump.tick(from, &command(Command::Start));
    let bolus = Command::ClinicianBolus {
        volume: Volume::from_nl(5_000),
        over: Nanoseconds::from_secs(30),
    };
    pump.tick(from, &command(bolus));
    for seconds in 1..20 {
        let now = from.after(Nanoseconds::from_secs(seconds));
        pump.tick(now, &Inputs::default());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, bytes)) = bytes.split_first() else {
        return;
    };
    let bytes = if kind & 1 == 0 {
        bytes.to_vec()
    } else {
        let mut changed = SOUND.clone();
        let (changes, _) = bytes.as_chunks::<3>();
        for &[low, high, value] in changes {
            let at = usize::from(u16::from_le_bytes([low, high])) % changed.len();
            changed[at] = value;
        }
        changed
    };
    match Checkpoint::decode(&bytes) {
        Ok(checkpoint) => {
            assert_eq!(
                Checkpoint::decode(&written(&checkpoint)),
                Ok(checkpoint.clone())
            );
            let credit = Steps(u64::from(kind) << 8);
            let mut pump = Box::new(Pump::restore(&checkpoint, credit, checkpoint.at()));
            run(&mut pump, checkpoint.at());
            let after = pump.checkpoint();
            assert_eq!(Checkpoint::decode(&written(&after)), Ok(after));
        }
        Err(flaw) => assert!(!flaw.to_string().is_empty()),
    }
});
