//! The table.

use super::{Action, Clears, Priority, Row};

macro_rules! alarms {
    ($($place:literal $variant:ident, $name:literal, $priority:ident, $action:ident, $clears:ident, $text:literal,
        cause: $cause:literal, remedy: $remedy:literal;)*) => {
        /// Something that someone must know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Alarm {
            $(#[doc = $text] $variant,)*
        }

        /// Every alarm, its urgency, its action and how it clears.
        pub const ALARMS: &[Row] = &[$(Alarm::$variant.row(),)*];

        $(const _: () = assert!(
            !$text.is_empty() && !$cause.is_empty() && !$remedy.is_empty(),
            "an operator is told what has happened, why that may be and what to do",
        );)*

        impl Alarm {
            /// Its place in the table, and in [`ActiveAlarms`](super::ActiveAlarms).
            pub(super) const fn place(self) -> u32 {
                match self {
                    $(Alarm::$variant => $place,)*
                }
            }

            /// Its row in [`ALARMS`].
            pub const fn row(self) -> Row {
                match self {
                    $(Alarm::$variant => Row {
                        alarm: Alarm::$variant,
                        name: $name,
                        priority: Priority::$priority,
                        action: Action::$action,
                        clears: Clears::$clears,
                        text: $text,
                        cause: $cause,
                        remedy: $remedy,
                    },)*
                }
            }
        }
    };
}

alarms! {
    0 Occlusion, "occlusion", High, StopAndDisable, WhenRestarted, "the line is blocked downstream",
        cause: "A closed clamp, a kinked or clotted line, a blocked filter, or a pressure switch that sticks.",
        remedy: "Relieve the pressure away from the rig first: what was pumped against the blockage (`history` tells how much) leaves at once when it opens. Clear the line, then `resume`.";
    1 AirInLine, "air-in-line", High, StopAndDisable, WhenRestarted, "there is air in the line",
        cause: "An empty reservoir, a leaking connector, a line that was not primed, or a wet or dirty air sensor. Where `pump.toml` has limits of air, more of it would have passed than they allow.",
        remedy: "Disconnect the line, find where the air gets in, get it out of the line, connect it again, then `resume`.";
    2 Stall, "stall", High, StopAndDisable, WhenRestarted, "the motor does not turn",
        cause: "Mechanics that jam, an end stop, a supply that is too weak, or a motor cable that is loose. Steps before the alarm may have moved nothing though they count as given.",
        remedy: "Free the mechanics and check supply and cable. Hold the reservoir against the ledger (`refill` with what was found), then `resume`.";
    3 DoorOpen, "door-open", High, StopAndDisable, WhenRestarted, "the pump's door is open",
        cause: "The door was opened or does not latch, or its switch or cable is broken.",
        remedy: "Close the door, then `resume`.";
    4 MotorFault, "motor-fault", High, StopAndDisable, WhenArmed, "a step could not be issued",
        cause: "The kernel refused a change of the STEP line: another program holds it, or the GPIO chip is gone. Whether the step left is not known, so it counts as given.",
        remedy: "Read the daemon's log for what the kernel said. When `preflight` is green, arm again.";
    5 InternalError, "internal-error", High, StopAndDisable, WhenArmed, "the control law found itself in a state that can't be",
        cause: "A fault of this program or of the machine's memory: the loop allocated, or the journal's repetition of the run came to other edges.",
        remedy: "Keep the journal and report it: `replay` repeats the run. Arm again only once it is known what happened.";
    6 OverInfusion, "over-infusion", High, StopAndDisable, WhenArmed, "a step would have passed a cap",
        cause: "A window was full though every grant had left room for it. The step was not made.",
        remedy: "Read `ledger` and `history` for what was given, and report it: a grant should have prevented this. Arm again only once it is known what happened.";
    7 ReservoirEmpty, "reservoir-empty", High, Stop, WhenRestarted, "the reservoir is empty",
        cause: "The ledger has come to the reservoir's empty mark, or its sensor says that it is empty or not there.",
        remedy: "Fill it and say so with `refill`, then `resume`.";
    8 ReservoirLow, "reservoir-low", Medium, Warn, WithItsCondition, "the reservoir is low",
        cause: "What the ledger has left in the reservoir is at its low mark.",
        remedy: "`ledger` says for how long it lasts. Have the next filling ready, and say so with `refill` when it is in.";
    9 StrategyLostStop, "strategy-lost-stop", High, Warn, WithItsCondition, "a strategy is lost and its regimen has stopped",
        cause: "A strategy's process crashed, hangs, or let its order lapse, and the prescription says `stop` for that, or the time that it may be held for is used up.",
        remedy: "It is started again by itself and its next order ends this. Where `status` says that it was given up, stop, see to the plugin (`strategy check`), and arm again.";
    10 StrategyLostKvo, "strategy-lost-kvo", Medium, Kvo, WithItsCondition, "a strategy is lost and its regimen gives the keep-vein-open rate",
        cause: "A strategy's process crashed, hangs, or let its order lapse, and the prescription says `kvo` for that.",
        remedy: "It is started again by itself and its next order ends this. Where `status` says that it was given up, stop, see to the plugin (`strategy check`), and arm again.";
    11 StrategyLostHold, "strategy-lost-hold", Medium, HoldBasal, WithItsCondition, "a strategy is lost and its regimen holds its last basal",
        cause: "A strategy's process crashed, hangs, or let its order lapse, and the prescription says `hold-basal` for that. When the time for it is used up, the regimen stops.",
        remedy: "It is started again by itself and its next order ends this. Where `status` says that it was given up, stop, see to the plugin (`strategy check`), and arm again.";
    12 WindowsFull, "windows-full", Medium, Warn, WithItsCondition, "what was given before leaves no room for the basal under a cap: nothing is given until it does",
        cause: "A cap is lower than before, or an arming, a restart or a start counted volume that the last prescription had not planned for. Windows belong to the subject and outlive every arming.",
        remedy: "Wait: delivery begins by itself when the windows fit; `status` shows them. Where the subject is another one, and only there, `new-subject` empties them.";
    13 CreditSpent, "credit-spent", High, Warn, WithItsCondition, "the journal has not made more volume durable: the pump is at rest",
        cause: "The disk is full, failing or very slow. Nothing is given that could not be accounted for after a power cut.",
        remedy: "See what `status` says of the journal, and make room on the disk or replace it. Delivery goes on by itself when the journal is written.";
    14 Uncertain, "uncertain-volume", Medium, Warn, WhenArmed, "volume may or may not have been given when the controller ended; it counts as given, and arming asks to acknowledge it",
        cause: "The power failed or the daemon ended in the midst of a run. What was made durable beforehand may have left or not.",
        remedy: "Measure what the reservoir holds (`refill`), then `arm` with --acknowledge-uncertain, which is recorded.";
    15 Restarted, "restarted", Medium, Warn, WhenArmed, "the controller restarted; the pump is disarmed",
        cause: "The power failed, or the daemon was ended or crashed. Nothing resumes by itself.",
        remedy: "Find out why (`history`, the system's log), then arm and start.";
    16 SensorLost, "sensor-lost", High, StopAndDisable, WhenRestarted, "a sensor can't be read",
        cause: "The kernel no longer gives a sensor's line, or the line changes so fast that it can't be true: a loose cable, or interference. No reading is never taken for a good one.",
        remedy: "Check cable and connector; `preflight` says which line it is. When it can be read again, `resume`.";
    17 LoopStalled, "loop-stalled", High, StopAndDisable, WhenArmed, "the dosing loop stood still or ran wild, and the motor was disabled",
        cause: "The loop did not show itself for 50 ms: a machine that is overloaded or held up by its firmware, a kernel without PREEMPT_RT, or a fault of this program.",
        remedy: "Measure with `latency --load`, and see `status --threads` for what the kernel grants. When the cause is gone, arm again.";
    18 CountDiffers, "step-count-differs", High, StopAndDisable, WhenArmed, "the hardware counter has seen other steps than the ledger",
        cause: "Noise on the STEP line, a cable of the counter that is loose, or another program that steps the motor; or the counter can't be read any more. More or less may have been given than the ledger says.",
        remedy: "Hold the reservoir against the ledger (`refill` with what was found). Check the wiring of the counter, then arm again.";
    19 RepeatedStop, "repeated-stop", High, StopAndDisable, WhenArmed, "the same alarm has stopped the pump three times in ten minutes: find the cause, then arm again",
        cause: "The cause of the other active alarm was not removed, and the run was resumed all the same.",
        remedy: "`history --kind alarm` says which alarm it was, and `explain` what to do about it. Then arm again; `resume` is refused.";
    20 InputsStalled, "inputs-stalled", High, Warn, WithItsCondition, "the lines of button and sensors are not being read",
        cause: "The thread that reads the lines hangs: an overloaded machine, or a GPIO chip that does not answer. A blockage or air would not be seen.",
        remedy: "`pause` or `stop` if it lasts. See the daemon's log, and restart the daemon if it does not go.";
    21 JournalStalled, "journal-stalled", High, Warn, WithItsCondition, "nothing is being made durable",
        cause: "The journal's thread hangs, mostly on a disk that does not answer. The pump comes to rest when its credit is spent.",
        remedy: "See what `status` says of the journal and the system's log of the disk. Make room, or replace it.";
    22 LinkStalled, "link-stalled", Medium, Warn, WithItsCondition, "a thread that speaks with a strategy hangs",
        cause: "An overloaded machine, or a fault of this program. That strategy's order lapses, and then the regimen does what the prescription says for its loss.",
        remedy: "See `status --threads` and the daemon's log. If it does not go, stop and restart the daemon.";
    23 ControlStalled, "control-stalled", Medium, Warn, WithItsCondition, "the daemon does not answer its operators",
        cause: "The thread behind the control socket hangs: an overloaded machine, or a fault of this program. Delivery goes on as it was.",
        remedy: "If it lasts, end the run at the pump's own switch or with `systemctl stop pumpd`, then read the daemon's log.";
    24 SelfTestFailed, "self-test-failed", Medium, Warn, WithItsCondition, "a self-test that is repeated while the pump runs has failed",
        cause: "What arming found to be good has turned bad since: a thread's priority, a pinned file, the disk, a clock, a line.",
        remedy: "`preflight` says what is red and how to mend it. The test is repeated every 15 minutes.";
    25 RecordsLost, "records-lost", Medium, Warn, WhenArmed, "something that happened found no room on its way to the journal: the log has a gap",
        cause: "The machine was too busy, or the disk too slow, for what there was to tell. The ledger itself is not concerned.",
        remedy: "Do not take `history`, `report` or `replay` of this run for complete. It goes with the next arming.";
    26 ResidueDiffers, "residue-differs", Medium, Stop, WhenAcknowledged, "what was measured in the reservoir differs from the ledger: nothing starts before that is acknowledged",
        cause: "A leak, a stall or a blockage that nobody saw, a calibration that is wrong, a count that was disturbed, or a slip in measuring.",
        remedy: "Find out what became of the difference. Then `refill --acknowledge --reason` with what it was, which is recorded.";
    27 UnderInfusion, "under-infusion", Medium, Warn, WithItsCondition, "less than nine tenths of what fell due in the last fifteen minutes of delivery was given",
        cause: "Steps came so late that the next one was due already, and were left out rather than made up for by a burst: the machine is too busy for this rate.",
        remedy: "`status` says how much was missed and `latency` how punctual the loop is. Take load off the machine, or arm a lower rate.";
}

impl Alarm {
    /// The alarms after which no step may be trusted any more.
    pub(crate) const ABOUT_THE_PUMP: [Alarm; 3] =
        [Alarm::MotorFault, Alarm::InternalError, Alarm::OverInfusion];
}
