//! The alarms of the control law: one table, one row per alarm.
//!
//! The rows are in `alarm/table.rs`. A row says how urgent its alarm is, what it does to
//! delivery and when it clears, and to an operator what has happened, why that may be and what
//! to do. A row that leaves one of them out does not compile.

mod table;

pub use table::{ALARMS, Alarm};

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

impl Action {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warn => "warn",
            Self::HoldBasal => "hold-basal",
            Self::Kvo => "kvo",
            Self::Stop => "stop",
            Self::StopAndDisable => "stop-and-disable",
        }
    }

    /// What it does, for an operator.
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Warn => "it tells, and stops nothing by itself",
            Self::HoldBasal => "the regimen goes on with its last basal, for a limited time",
            Self::Kvo => "the regimen falls to the keep-vein-open rate",
            Self::Stop => "delivery ends, and a running bolus is cut",
            Self::StopAndDisable => {
                "delivery ends at once, a running bolus is cut, and the motor is disabled"
            }
        }
    }
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

impl Clears {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WithItsCondition => "with-its-condition",
            Self::WhenRestarted => "when-restarted",
            Self::WhenArmed => "when-armed",
            Self::WhenAcknowledged => "when-acknowledged",
        }
    }

    /// When that is, for an operator.
    pub const fn text(self) -> &'static str {
        match self {
            Self::WithItsCondition => "by itself, as soon as its condition is gone",
            Self::WhenRestarted => {
                "it stays on when its condition is gone, until `resume` or `start` succeeds, or \
                 until a prescription is armed again"
            }
            Self::WhenArmed => "it stays on until a prescription is armed again",
            Self::WhenAcknowledged => {
                "it stays on, over armings and restarts, until somebody answers for it"
            }
        }
    }
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
    /// What may be behind it.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Row {
    /// The row of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALARMS.iter().find(|row| row.name == name)
    }
}

/// A set of alarms: those that are active, for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveAlarms(u32);

impl ActiveAlarms {
    /// No alarm.
    pub const NONE: Self = Self(0);

    const fn bit(alarm: Alarm) -> u32 {
        1_u32.wrapping_shl(alarm.place())
    }

    /// The set as a number, for another thread to read.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of a number that [`bits`](Self::bits) gave.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The set with this alarm in it.
    #[must_use]
    pub const fn with(self, alarm: Alarm) -> Self {
        Self(self.0 | Self::bit(alarm))
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

impl FromIterator<Alarm> for ActiveAlarms {
    fn from_iter<T: IntoIterator<Item = Alarm>>(alarms: T) -> Self {
        alarms
            .into_iter()
            .fold(Self::NONE, |set, alarm| Self(set.0 | Self::bit(alarm)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_has_one_row_one_name_and_one_bit() {
        assert!(ALARMS.len() <= 32);
        for (place, row) in (0..).zip(ALARMS) {
            assert_eq!(row.alarm.place(), place);
            assert_eq!(row.alarm.row(), *row);
            assert_eq!(Row::named(row.name), Some(row));
        }
    }

    /// W09.
    #[test]
    fn what_stops_delivery_is_urgent_and_does_not_go_by_itself() {
        for row in ALARMS.iter().filter(|row| row.action >= Action::Stop) {
            assert!(row.priority >= Priority::Medium, "{}", row.name);
            assert_ne!(row.clears, Clears::WithItsCondition, "{}", row.name);
        }
    }
}
