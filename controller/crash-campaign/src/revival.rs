//! Another daemon starts on what is left.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use pump_control::{Request, Status};
use pump_rt::clock;
use rustix::process::Signal;

use crate::afterlife::Found;
use crate::daemon::{Hand, Place, send};
use crate::life::Lives;
use crate::probe::{HOUR, STEP_NL};
use crate::story::{LOCKOUT_NS, Step, Story};
use crate::truth::{Truth, within};

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts one, sees that it is still and what it knows, and lets it infuse. The truth's witness
/// must lie beside what is left.
///
/// # Errors
/// What does not hold.
pub(crate) fn revive(place: &Place, story: Story, found: &Found) -> Result<(), String> {
    let truth = Truth::read(&place.witness());
    let mut daemon = place.start(None)?;
    daemon.listens()?;
    let hand = daemon.hand();
    let alarmed = |status: &Status, name: &str| status.alarms.iter().any(|it| it.name == name);
    // What it knew from the start it has said by then.
    let ready = |status: &Status| alarmed(status, "restarted") && place.log().contains("ready");
    let began = match found.anything {
        true => until(&hand, ready)?,
        false => until(&hand, |_| true)?,
    };
    let Some(status) = began else { return Ok(()) };
    if status.state != "disarmed" {
        return Err(format!("the daemon came back as {}", status.state));
    }
    // The rotor alone may have moved too, which is an alarm and no credit.
    if found.uncertain > 0 && !alarmed(&status, "uncertain-volume") {
        return Err(format!("no word of {} uncertain steps", found.uncertain));
    }
    let tells = format!("{} steps may or may not have been given", found.uncertain);
    let told = until(&hand, |_| {
        place.log().contains(&tells) || found.uncertain == 0
    });
    told.map_err(|_| format!("the log does not tell that {tells}"))?;
    let mut lives = Lives::default();
    let steps = [
        Step::Arm(story.prescription()),
        Step::Tell(Request::Start),
        Step::Tell(Request::Press),
    ];
    lives.live(place, &hand, &steps, &AtomicBool::new(false))?;
    let Some(seen) = until(&hand, |status| !status.windows.is_empty())? else {
        return Ok(());
    };
    let now = clock::now().0;
    let known: Vec<u64> = seen.windows.iter().map(|window| window.given_nl).collect();
    for (known, hours) in known.iter().zip([1, 4, 24]) {
        // What has left in this life is in the status or not.
        let steps = truth.until(u64::MAX);
        let given = within(steps, now, hours * HOUR) * STEP_NL;
        if *known < given {
            return Err(format!(
                "its window of {hours} h holds {known} of {given} nl"
            ));
        }
    }
    let last = truth.until(u64::MAX).last().copied();
    let locked = |at: u64| last.is_some_and(|last| at < last + LOCKOUT_NS);
    if story.lockout() == Some(pump_core::prescription::LockoutEdge::EndToStart) && locked(now) {
        let refused = |status: &Status| status.demands.refused.contains_key("lockout");
        let seen = until(&hand, |status| refused(status) || status.demands.given > 0)?;
        if seen.is_some_and(|seen| !refused(&seen)) {
            return Err("it gave a bolus within the true lockout".to_owned());
        }
    }
    send(daemon.pid(), Signal::KILL);
    daemon.wait().map(drop)
}

/// Waits for something. `None`: the machine stood still, and the sentinel has cut the motor off;
/// nothing is wrong then with what is known.
fn until(hand: &Hand, holds: impl Fn(&Status) -> bool) -> Result<Option<Status>, String> {
    let begun = Instant::now();
    loop {
        let status = hand.status().map_err(|error| error.to_string())?;
        if holds(&status) {
            return Ok(Some(status));
        }
        if status.health.braked {
            return Ok(None);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("it never came to that: {status:?}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
