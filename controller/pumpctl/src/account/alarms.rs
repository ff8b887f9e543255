//! The alarms of a stretch of the journal, with their beginnings and ends.

use std::collections::BTreeMap;

use pump_core::alarm::Row;

use super::{Listed, MOST_LISTED, Moment};

/// One alarm from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlarmSpan {
    pub(crate) alarm: String,
    pub(crate) priority: String,
    /// `None`: before the stretch began.
    pub(crate) raised: Option<Moment>,
    /// `None`: it is active still.
    pub(crate) cleared: Option<Moment>,
}

impl AlarmSpan {
    /// How long it was active, by the pump's clock; `None` where one end is not known.
    pub(crate) fn lasted_ns(&self) -> Option<u64> {
        let (raised, cleared) = (self.raised?, self.cleared?);
        Some(cleared.pump_ns.saturating_sub(raised.pump_ns))
    }
}

/// How often an alarm was raised, and how long it was active where both ends are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlarmTimes {
    pub(crate) raised: u64,
    pub(crate) lasted_ns: u64,
}

/// The alarms of a stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alarms {
    pub(crate) listed: Listed<AlarmSpan>,
    pub(crate) times: BTreeMap<String, AlarmTimes>,
    /// The active ones, with their place in the list; `None`: it was full.
    active: BTreeMap<String, (Option<usize>, Option<Moment>)>,
}

impl Alarms {
    /// They were active when the stretch began.
    pub(super) fn open(&mut self, names: &[String]) {
        for name in names {
            let row = Row::named(name);
            self.begin(name, row.map_or("", |row| row.priority.name()), None);
        }
    }

    pub(super) fn raise(&mut self, name: &str, priority: &str, at: Moment) {
        let times = self.times.entry(name.to_owned()).or_default();
        times.raised = times.raised.saturating_add(1);
        self.begin(name, priority, Some(at));
    }

    fn begin(&mut self, name: &str, priority: &str, raised: Option<Moment>) {
        let place = self.listed.first.len();
        self.listed.push(AlarmSpan {
            alarm: name.to_owned(),
            priority: priority.to_owned(),
            raised,
            cleared: None,
        });
        let place = (place < MOST_LISTED).then_some(place);
        self.active.insert(name.to_owned(), (place, raised));
    }

    pub(super) fn clear(&mut self, name: &str, at: Moment) {
        let Some((place, raised)) = self.active.remove(name) else {
            return;
        };
        let times = self.times.entry(name.to_owned()).or_default();
        let lasted = raised.map_or(0, |raised| at.pump_ns.saturating_sub(raised.pump_ns));
        times.lasted_ns = times.lasted_ns.saturating_add(lasted);
        if let Some(span) = place.and_then(|place| self.listed.first.get_mut(place)) {
            span.cleared = Some(at);
        }
    }

    /// The daemon came back: it knows nothing of those that were active.
    pub(super) fn forget(&mut self, at: Moment) {
        let active: Vec<String> = self.active.keys().cloned().collect();
        for name in active {
            self.clear(&name, at);
        }
    }
}
