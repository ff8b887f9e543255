//! What may be done at the keys.

use pump_control::{MAX_SILENCE_S, Request, Status};

use crate::daemon::status::urgent_first;
use crate::story::printable;

/// Something that a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Start,
    Pause,
    Resume,
    Stop,
    Press,
    /// The most urgent alarm that nobody has acknowledged.
    Ack(String),
    Silence,
}

impl Deed {
    /// Those that fit the pump's state.
    pub(super) fn allowed(status: &Status) -> Vec<Self> {
        let mut deeds = match status.state.as_str() {
            "armed" => vec![Self::Start],
            "infusing" => vec![Self::Pause, Self::Stop, Self::Press],
            "paused" => vec![Self::Resume, Self::Stop],
            // After an alarm delivery goes on by `resume`, if it may at all; the daemon says.
            "stopped" => vec![Self::Resume],
            _ => vec![],
        };
        let alarms = urgent_first(&status.alarms);
        if let Some(alarm) = alarms.iter().find(|alarm| !alarm.acked) {
            deeds.push(Self::Ack(alarm.name.clone()));
        }
        if alarms.iter().any(|alarm| !alarm.silenced) {
            deeds.push(Self::Silence);
        }
        deeds
    }

    pub(super) const fn key(&self) -> char {
        match self {
            Self::Start => 's',
            Self::Pause => 'p',
            Self::Resume => 'r',
            Self::Stop => 'x',
            Self::Press => 'b',
            Self::Ack(_) => 'a',
            Self::Silence => 'm',
        }
    }

    /// In a word or two, beside its key.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Press => "press",
            Self::Ack(_) => "acknowledge",
            Self::Silence => "silence",
        }
    }

    /// What changes delivery, or says that somebody has seen an alarm, is asked for twice.
    pub(super) const fn confirmed(&self) -> bool {
        !matches!(self, Self::Silence)
    }

    pub(super) fn question(&self) -> String {
        match self {
            Self::Start => "Start delivery?".into(),
            Self::Pause => "Halt delivery?".into(),
            Self::Resume => "Go on with delivery?".into(),
            Self::Stop => "End delivery?".into(),
            Self::Press => "Press the patient's button?".into(),
            Self::Ack(alarm) => format!("Acknowledge {}?", printable(alarm)),
            Self::Silence => format!("Silence the alarms for {MAX_SILENCE_S} s?"),
        }
    }

    pub(super) fn request(&self) -> Request {
        match self {
            Self::Start => Request::Start,
            Self::Pause => Request::Pause,
            Self::Resume => Request::Resume,
            Self::Stop => Request::Stop,
            Self::Press => Request::Press,
            Self::Ack(alarm) => Request::Ack {
                alarm: alarm.clone(),
            },
            Self::Silence => Request::Silence {
                seconds: MAX_SILENCE_S,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use pump_control::Alarm;

    use super::*;

    fn keys(state: &str, alarms: Vec<Alarm>) -> String {
        let status = Status {
            state: state.into(),
            alarms,
            ..Status::default()
        };
        Deed::allowed(&status).iter().map(Deed::key).collect()
    }

    #[test]
    fn each_state_has_the_keys_that_fit_it() {
        for (state, wanted) in [
            ("disarmed", ""),
            ("armed", "s"),
            ("infusing", "pxb"),
            ("paused", "rx"),
            ("stopped", "r"),
            ("complete", ""),
            ("faulted", ""),
            ("something newer", ""),
        ] {
            assert_eq!(keys(state, vec![]), wanted, "{state}");
        }
    }

    #[test]
    fn the_most_urgent_alarm_that_nobody_has_seen_is_acknowledged() {
        let alarm = |name: &str, priority: &str, acked, silenced| Alarm {
            name: name.into(),
            priority: priority.into(),
            acked,
            silenced,
            ..Alarm::default()
        };
        let alarms = vec![
            alarm("reservoir-low", "medium", false, true),
            alarm("stall", "high", true, true),
            alarm("occlusion", "high", false, true),
        ];
        let status = Status {
            alarms: alarms.clone(),
            ..Status::default()
        };
        assert_eq!(Deed::allowed(&status), [Deed::Ack("occlusion".into())]);
        assert_eq!(keys("faulted", alarms), "a", "all of them are silent");
        let one = alarm("stall", "high", true, false);
        assert_eq!(keys("faulted", vec![one]), "m");
    }
}
