//! `pumpctl alarm-test`.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use pump_control::{Reply, Request, Urgency};

use crate::cli::{AlarmTestArgs, TestedPriority};
use crate::daemon::{Daemon, prompt, unexpected};
use crate::failure::Failure;
use crate::output;

/// The most urgent first, as it matters most.
const ALL: [TestedPriority; 3] = [
    TestedPriority::High,
    TestedPriority::Medium,
    TestedPriority::Low,
];

const fn urgency(priority: TestedPriority) -> Urgency {
    match priority {
        TestedPriority::High => Urgency::High,
        TestedPriority::Medium => Urgency::Medium,
        TestedPriority::Low => Urgency::Low,
    }
}

/// How its light looks, and how it sounds.
const fn looks(urgency: Urgency) -> (&'static str, &'static str) {
    match urgency {
        Urgency::High => (
            "a red light that flashes twice a second",
            "ten quick pulses",
        ),
        Urgency::Medium => (
            "a yellow light that flashes every two seconds",
            "three slower pulses",
        ),
        Urgency::Low => ("a cyan or yellow light that is on", "one pulse"),
    }
}

/// Has each priority shown, and asks what was seen and heard.
pub(crate) fn run(daemon: &Daemon, args: &AlarmTestArgs) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let why = "somebody has to look and listen: run it at a terminal";
        return Err(Failure::Usage(why.to_owned()));
    }
    let only = args.only.as_slice();
    let wanted = if only.is_empty() { &ALL } else { only };
    let mut missed = Vec::new();
    for priority in wanted {
        let urgency = urgency(*priority);
        let Reply::AlarmTest(test) = daemon.ask(&Request::AlarmTest { priority: urgency })? else {
            return Err(unexpected());
        };
        let (name, (light, sound)) = (urgency.name(), looks(urgency));
        let shown = [(test.light, light), (test.sound, sound)];
        let shown: Vec<&str> = shown
            .iter()
            .filter_map(|(is, what)| is.then_some(*what))
            .collect();
        output::print(&format!("{name}: {} …\n", shown.join(", and ")))?;
        std::thread::sleep(Duration::from_secs(u64::from(test.lasts_s)));
        let asked = |is: bool, question: &str| is.then(|| yes_or_no(question)).transpose();
        let seen = asked(test.light, "  Did you see it?")?;
        let heard = asked(test.sound, "  Did you hear it?")?;
        let tested = Request::AlarmTested {
            priority: urgency,
            seen,
            heard,
        };
        let Reply::Done(_) = daemon.ask(&tested)? else {
            return Err(unexpected());
        };
        for (answer, what) in [(seen, "not seen"), (heard, "not heard")] {
            if answer == Some(false) {
                missed.push(format!("{name} was {what}"));
            }
        }
    }
    if missed.is_empty() {
        return output::print("all was noticed; recorded\n");
    }
    Err(Failure::Input(format!(
        "{}; recorded. Do not rely on it before wiring and lamps are checked",
        missed.join(", ")
    )))
}

/// Asks until there is an answer.
fn yes_or_no(question: &str) -> Result<bool, Failure> {
    for _ in 0..5 {
        match prompt(&format!("{question} [y/n] "))?
            .to_lowercase()
            .as_str()
        {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
    Err(Failure::Input(
        "there was no answer; nothing is recorded of it".to_owned(),
    ))
}
