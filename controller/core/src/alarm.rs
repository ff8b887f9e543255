//! The alarms of the control law: one table, one row per alarm.

/// How urgent an alarm is, in the sense of IEC 60601-1-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Be aware.
    Low,
    /// Respond soon.
    Medium,
    /// Respond now.
    High,
}

impl Priority {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What an alarm does to delivery; of several active alarms the highest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    None,
    /// Tell.
    Warn,
    /// The regimen keeps its last basal.
    HoldBasal,
    /// The regimen falls to its keep-vein-open rate.
    Kvo,
    /// Delivery ends.
    Stop,
    /// Delivery ends and the motor is disabled.
    StopAndDisable,
}

/// When an alarm clears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clears {
    /// As soon as its condition is gone.
    WithItsCondition,
    /// When the operator resumes or starts after its condition is gone.
    WhenRestarted,
    /// Only by arming again.
    WhenArmed,
    /// Only when somebody acknowledges it, with a reason; neither an arming nor a restart
    /// clears it.
    WhenAcknowledged,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which alarm.
    pub alarm: Alarm,
    /// The stable kebab-case name.
    pub name: &'static str,
    /// How urgent.
    pub priority: Priority,
    /// What it does.
    pub action: Action,
    /// How it clears.
    pub clears: Clears,
    /// What has happened, for an operator.
    pub text: &'static str,
}

macro_rules! alarms {
    ($($place:literal $variant:ident, $name:literal, $priority:ident, $action:ident, $clears:ident, $text:literal;)*) => {
        /// Something that someone must know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Alarm {
            $(#[doc = $text] $variant,)*
        }

        /// Every alarm, its urgency, its action and how it clears.
        pub const ALARMS: &[Row] = &[
            $(Row {
                alarm: Alarm::$variant,
                name: $name,
                priority: Priority::$priority,
                action: Action::$action,
                clears: Clears::$clears,
                text: $text,
            },)*
        ];

        impl Alarm {
            /// Its place in the table, and in [`ActiveAlarms`].
            const fn place(self) -> u32 {
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
                    },)*
                }
            }
        }
    };
}

alarms! {
    0 Occlusion, "occlusion", High, StopAndDisable, WhenRestarted, "the line is blocked downstream";
    1 AirInLine, "air-in-line", High, StopAndDisable, WhenRestarted, "there is air in the line";
    2 Stall, "stall", High, StopAndDisable, WhenRestarted, "the motor does not turn";
    3 DoorOpen, "door-open", High, StopAndDisable, WhenRestarted, "the pump's door is open";
    4 MotorFault, "motor-fault", High, StopAndDisable, WhenArmed, "a step could not be issued";
    5 InternalError, "internal-error", High, StopAndDisable, WhenArmed, "the control law found itself in a state that can't be";
    6 OverInfusion, "over-infusion", High, StopAndDisable, WhenArmed, "a step would have passed a cap";
    7 ReservoirEmpty, "reservoir-empty", High, Stop, WhenRestarted, "the reservoir is empty";
    8 ReservoirLow, "reservoir-low", Medium, Warn, WithItsCondition, "the reservoir is low";
    9 StrategyLostStop, "strategy-lost-stop", High, Warn, WithItsCondition, "a strategy is lost and its regimen has stopped";
    10 StrategyLostKvo, "strategy-lost-kvo", Medium, Kvo, WithItsCondition, "a strategy is lost and its regimen gives the keep-vein-open rate";
    11 StrategyLostHold, "strategy-lost-hold", Medium, HoldBasal, WithItsCondition, "a strategy is lost and its regimen holds its last basal";
    12 WindowsFull, "windows-full", Medium, Warn, WithItsCondition, "what was given before leaves no room for the basal under a cap: nothing is given until it does";
    13 CreditSpent, "credit-spent", High, Warn, WithItsCondition, "the journal has not made more volume durable: the pump is at rest";
    14 Uncertain, "uncertain-volume", Medium, Warn, WhenArmed, "volume may or may not have been given when the controller ended; it counts as given, and arming asks to acknowledge it";
    15 Restarted, "restarted", Medium, Warn, WhenArmed, "the controller restarted; the pump is disarmed";
    16 SensorLost, "sensor-lost", High, StopAndDisable, WhenRestarted, "a sensor can't be read";
    17 LoopStalled, "loop-stalled", High, StopAndDisable, WhenArmed, "the dosing loop stood still or ran wild, and the motor was disabled";
    18 CountDiffers, "step-count-differs", High, StopAndDisable, WhenArmed, "the hardware counter has seen other steps than the ledger";
    19 RepeatedStop, "repeated-stop", High, StopAndDisable, WhenArmed, "the same alarm has stopped the pump three times in ten minutes: find the cause, then arm again";
    20 InputsStalled, "inputs-stalled", High, Warn, WithItsCondition, "the lines of button and sensors are not being read";
    21 JournalStalled, "journal-stalled", High, Warn, WithItsCondition, "nothing is being made durable";
    22 LinkStalled, "link-stalled", Medium, Warn, WithItsCondition, "a thread that speaks with a strategy hangs";
    23 ControlStalled, "control-stalled", Medium, Warn, WithItsCondition, "the daemon does not answer its operators";
    24 SelfTestFailed, "self-test-failed", Medium, Warn, WithItsCondition, "a self-test that is repeated while the pump runs has failed";
    25 RecordsLost, "records-lost", Medium, Warn, WhenArmed, "something that happened found no room on its way to the journal: the log has a gap";
    26 ResidueDiffers, "residue-differs", Medium, Stop, WhenAcknowledged, "what was measured in the reservoir differs from the ledger: nothing starts before that is acknowledged";
}

impl Alarm {
    /// The alarms after which no step may be trusted any more.
    pub(crate) const ABOUT_THE_PUMP: [Alarm; 3] =
        [Alarm::MotorFault, Alarm::InternalError, Alarm::OverInfusion];
}

/// The alarms that are active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveAlarms(u32);

impl ActiveAlarms {
    /// No alarm.
    pub const NONE: Self = Self(0);

    const fn bit(alarm: Alarm) -> u32 {
        1_u32.wrapping_shl(alarm.place())
    }

    /// Whether `alarm` is active.
    pub const fn contains(self, alarm: Alarm) -> bool {
        self.0 & Self::bit(alarm) != 0
    }

    /// The active alarms, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Alarm> {
        ALARMS
            .iter()
            .map(|row| row.alarm)
            .filter(move |alarm| self.contains(*alarm))
    }

    /// The strongest action of the active alarms.
    pub fn action(self) -> Action {
        self.iter()
            .map(|alarm| alarm.row().action)
            .max()
            .unwrap_or(Action::None)
    }

    /// Adds one. Whether it is new.
    pub(crate) fn raise(&mut self, alarm: Alarm) -> bool {
        let before = self.0;
        self.0 |= Self::bit(alarm);
        self.0 != before
    }

    /// Removes one. Whether it was there.
    pub(crate) fn clear(&mut self, alarm: Alarm) -> bool {
        let before = self.0;
        self.0 &= !Self::bit(alarm);
        self.0 != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_has_one_row_and_one_bit() {
        assert!(ALARMS.len() <= 32);
        for (place, row) in (0..).zip(ALARMS) {
            assert_eq!(row.alarm.place(), place);
            assert_eq!(row.alarm.row(), *row);
        }
    }
}
