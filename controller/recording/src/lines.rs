//! The lines, and what watches them, as bits.

use pump_core::pump::{Sensors, Watch};
use pump_core::sensor::Sensor;

use crate::bytes::Flaw;

/// The lines as bits, in the order of [`Sensor::ALL`].
pub(crate) fn line_bits(lines: Sensors) -> u8 {
    let sensors = Sensor::ALL.iter().enumerate();
    let bad = sensors.filter(|(_, sensor)| sensor.read(&lines));
    bad.fold(0, |bits, (place, _)| bits | 1 << place)
}

pub(crate) fn lines_of(bits: u8) -> Result<Sensors, Flaw> {
    if bits >> Sensor::ALL.len() != 0 {
        return Err(Flaw::Word);
    }
    let mut lines = Sensors::SOUND;
    for (place, sensor) in Sensor::ALL.iter().enumerate() {
        sensor.write(&mut lines, bits & 1 << place != 0);
    }
    Ok(lines)
}

/// What is bad as bits.
pub(crate) fn watch_bits(watch: Watch) -> u16 {
    let Watch {
        sensor_lost,
        inputs_stalled,
        journal_stalled,
        link_stalled,
        control_stalled,
        loop_stalled,
        count_differs,
        internal_error,
        self_test_failed,
        records_lost,
    } = watch;
    let flags = [
        sensor_lost,
        inputs_stalled,
        journal_stalled,
        link_stalled,
        control_stalled,
        loop_stalled,
        count_differs,
        internal_error,
        self_test_failed,
        records_lost,
    ];
    let bad = flags.iter().enumerate().filter(|(_, bad)| **bad);
    bad.fold(0, |bits, (place, _)| bits | 1 << place)
}

pub(crate) fn watch_of(bits: u64) -> Result<Watch, Flaw> {
    if bits >> 10 != 0 {
        return Err(Flaw::Word);
    }
    let bad = |place: u32| bits & 1 << place != 0;
    Ok(Watch {
        sensor_lost: bad(0),
        inputs_stalled: bad(1),
        journal_stalled: bad(2),
        link_stalled: bad(3),
        control_stalled: bad(4),
        loop_stalled: bad(5),
        count_differs: bad(6),
        internal_error: bad(7),
        self_test_failed: bad(8),
        records_lost: bad(9),
    })
}
