//! The charge pump on the heartbeat line, followed in small steps at every corner of its
//! parts' tolerances: how long after the last edge it lets ENABLE go.

/// One edge each 10 ms, as the loop beats.
const BEAT_S: f64 = 0.010;
const STEP_S: f64 = 20e-6;

/// The parts as they are marked; R in ohms, C in farads. The letters are the schematic's.
const R1: f64 = 1e3;
const R2: f64 = 91e3;
const R3: f64 = 10e3;
const R4: f64 = 220e3;
const R5: f64 = 10e3;
const C1: f64 = 1e-6;
const C2: f64 = 0.47e-6;

/// What may be had instead of what is marked.
struct Corner {
    r2: f64,
    r4: f64,
    c1: f64,
    c2: f64,
    /// The heartbeat's high level \[V\].
    high: f64,
    /// A diode's forward voltage \[V\].
    diode: f64,
    /// Q1's base to emitter \[V\], and its gain.
    base: f64,
    gain: f64,
}

/// Every combination of the least and the most.
fn corners() -> impl Iterator<Item = Corner> {
    (0_u32..256).map(|bits| {
        let choose = |bit: u32, least: f64, most: f64| {
            if bits & (1 << bit) == 0 { least } else { most }
        };
        Corner {
            r2: R2 * choose(0, 0.99, 1.01),
            r4: R4 * choose(1, 0.99, 1.01),
            c1: C1 * choose(2, 0.95, 1.05),
            c2: C2 * choose(3, 0.95, 1.05),
            high: choose(4, 3.05, 3.45),
            diode: choose(5, 0.15, 0.30),
            base: choose(6, 0.52, 0.70),
            gain: choose(7, 420.0, 800.0),
        }
    })
}

/// The voltages on C1 and on C2.
#[derive(Default)]
struct Pump {
    c1: f64,
    c2: f64,
}

impl Pump {
    fn step(&mut self, parts: &Corner, heart: f64) {
        // The node between C1 and the diodes, if neither conducts.
        let free = (heart - self.c1) * R3 / (R1 + R3);
        let node = free.clamp(-parts.diode, self.c2 + parts.diode);
        let through_c1 = (heart - self.c1 - node) / R1;
        let pumped = if free > node {
            through_c1 - node / R3
        } else {
            0.0
        };
        let drained = ((self.c2 - parts.base) / parts.r2).max(0.0);
        self.c1 += through_c1 * STEP_S / parts.c1;
        self.c2 += (pumped - drained) * STEP_S / parts.c2;
    }

    fn beat(&mut self, parts: &Corner, heart: f64) {
        let mut passed = 0.0;
        while passed < BEAT_S {
            self.step(parts, heart);
            passed += STEP_S;
        }
    }
}

impl Corner {
    /// The voltage on C2 with which Q1 just carries the current of the pull-up R5 \[V\].
    fn threshold(&self) -> f64 {
        let collector = self.high / R5;
        self.base + (collector / self.gain + self.base / self.r4) * self.r2
    }

    /// The time from the last edge until ENABLE is let go \[s\], where the line then stays
    /// high or low. `None`: while it beats, the pump does not hold.
    fn holds(&self, stuck_high: bool) -> Option<f64> {
        let mut pump = Pump::default();
        for beat in 0..60 {
            pump.beat(self, if beat % 2 == 0 { 0.0 } else { self.high });
        }
        // The lowest point is before a rising edge.
        pump.beat(self, 0.0);
        let threshold = self.threshold();
        if pump.c2 < threshold * 1.1 {
            return None;
        }
        if !stuck_high {
            pump.beat(self, self.high);
        }
        let stays = if stuck_high { self.high } else { 0.0 };
        let mut passed = 0.0;
        while pump.c2 > threshold {
            pump.step(self, stays);
            passed += STEP_S;
            assert!(passed < 1.0, "it never lets go");
        }
        Some(passed)
    }
}

/// The shortest and the longest time from the last edge until ENABLE is let go \[ms\].
pub(crate) fn hold_ms() -> (f64, f64) {
    let (mut shortest, mut longest) = (f64::INFINITY, 0.0_f64);
    for corner in corners() {
        for stuck_high in [false, true] {
            let time = corner.holds(stuck_high).expect("it holds while it beats");
            shortest = shortest.min(time * 1e3);
            longest = longest.max(time * 1e3);
        }
    }
    (shortest, longest)
}

#[test]
fn a_line_that_stops_beating_lets_go_within_100_ms_and_a_late_beat_does_not() {
    let (shortest, longest) = hold_ms();
    assert!(longest < 100.0, "W08 wants 100 ms: {longest:.1}");
    // The next edge is due after 10 ms, and the sentinel lets go after 50 ms by itself.
    assert!(shortest > 30.0, "a beat that is 20 ms late: {shortest:.1}");
}

#[test]
fn a_line_that_never_beats_does_not_enable() {
    for corner in corners() {
        for level in [0.0, corner.high] {
            let mut pump = Pump::default();
            let mut highest = 0.0_f64;
            for _ in 0..100 {
                pump.beat(&corner, level);
                highest = highest.max(pump.c2);
            }
            // Its first and only edge may give one push.
            assert!(
                pump.c2 < corner.threshold(),
                "{:.2} V after a second",
                pump.c2
            );
            assert!(level > 0.0 || highest == 0.0);
        }
    }
}
