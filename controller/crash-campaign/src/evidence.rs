//! What a cut has left, kept so that it can be judged again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pump_power_cut::Dice;

use crate::afterlife::{Cut, Ending, Found};
use crate::life::{Base, Lives};
use crate::story::Story;
use crate::truth::Truth;

const NAME: &str = "cut";

/// Writes down everything that [`judge_again`] needs beside what is left: a line for each fact.
///
/// # Errors
/// The folder can't be written.
pub(crate) fn keep(folder: &Path, cut: &Cut<'_>, dice: &Dice) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let lives = cut.lives;
    let mut text = format!(
        "story {}\nat {}\ndice {}\n",
        cut.story.name(),
        cut.at_ns,
        dice.0
    );
    let (ending, ns) = match cut.ending {
        Ending::Killed { now_ns } => ("killed", now_ns),
        Ending::PowerLost { up_ns } => ("power-lost", up_ns),
    };
    // Writing into a text can't fail.
    let _ = writeln!(text, "{ending} {ns}");
    for base in &lives.bases {
        let _ = writeln!(text, "base {} {} {}", base.arming, base.from_ns, base.steps);
    }
    for (at, head) in &lives.heads {
        let _ = writeln!(text, "head {at} {head}");
    }
    fs::write(folder.join(NAME), text).map_err(failed)?;
    let steps = cut.truth.until(cut.at_ns);
    let bytes: Vec<u8> = steps.iter().flat_map(|step| step.to_le_bytes()).collect();
    fs::write(folder.join("witness"), bytes).map_err(failed)
}

/// Judges what was kept, in a copy of the state folder.
///
/// # Errors
/// What does not hold, or can't be read.
pub(crate) fn judge_again(folder: &Path, left: &Path) -> Result<(Story, Found), String> {
    let path = folder.join(NAME);
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    let unreadable = || format!("{} can't be read", path.display());
    let (mut lives, mut story, mut ending) = (Lives::default(), None, None);
    let (mut at_ns, mut dice) = (0, Dice(0));
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').ok_or_else(unreadable)?;
        let numbers: Vec<u64> = rest.split(' ').flat_map(str::parse).collect();
        match (word, numbers.as_slice()) {
            ("story", _) => story = Story::ALL.into_iter().find(|it| it.name() == rest),
            ("at", [at]) => at_ns = *at,
            ("dice", [state]) => dice = Dice(*state),
            ("killed", [now_ns]) => ending = Some(Ending::Killed { now_ns: *now_ns }),
            ("power-lost", [up_ns]) => ending = Some(Ending::PowerLost { up_ns: *up_ns }),
            ("base", [arming, from_ns, steps]) => lives.bases.push(Base {
                arming: *arming,
                from_ns: *from_ns,
                steps: *steps,
            }),
            ("head", [at, ..]) => {
                let (_, head) = rest.split_once(' ').ok_or_else(unreadable)?;
                lives
                    .heads
                    .push((*at, head.parse().map_err(|_| unreadable())?));
            }
            _ => return Err(unreadable()),
        }
    }
    let story = story.ok_or_else(unreadable)?;
    let cut = Cut {
        story,
        left,
        truth: &Truth::read(&folder.join("witness")),
        lives: &lives,
        at_ns,
        ending: ending.ok_or_else(unreadable)?,
    };
    Ok((story, cut.judge(&mut dice)?))
}
