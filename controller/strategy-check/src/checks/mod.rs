//! The catalogue of checks.

mod file;
mod orders;
mod resources;
mod restarts;
mod steadiness;
mod strangeness;

use crate::bench::Bench;
use crate::report::{Outcome, Report, Verdict};
use crate::subject::Subject;
use strategy_host::{FolderError, ImageError, ProbeError, ProbeFault};

/// One property of a plugin.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What is looked at, and why.
    pub about: &'static str,
    /// What to do where it fails.
    pub advice: &'static str,
    run: fn(&Bench<'_>) -> Result<String, Verdict>,
}

/// Every check, in the order in which they are made.
pub const CHECKS: &[Check] = &[
    Check {
        name: "abi",
        about: "The file is a shared library for this machine, exports `strategy_entry`, and is \
                built for a version of the contract that this pump serves. Anything else is not \
                opened.",
        advice: "build it for this machine as a cdylib with one `strategy_sdk::export!`, or in C \
                 against this pump's strategy.h",
        run: file::opened,
    },
    Check {
        name: "opens",
        about: "Opening the library takes no time, prints nothing and does nothing. Constructors \
                run before anybody can ask what the plugin is, in the pump's preflight too.",
        advice: "remove what runs when the library is loaded (constructors, static \
                 initialisers)",
        run: file::opened,
    },
    Check {
        name: "declaration",
        about: "The declared name, texts, ranges, defaults and roles make sense together, so that \
                a prescription can be checked and an envelope be derived; and the file is called \
                as the strategy is.",
        advice: "correct the declaration as the message says; the SDK's `Declaration` checks most \
                 of it when it compiles",
        run: file::declared,
    },
    Check {
        name: "symbols",
        about: "The library exports `strategy_entry` and nothing else. A second exported name may \
                take the place of another library's, or be taken by it.",
        advice: "in C: compile with -fvisibility=hidden and make functions static; in Rust: \
                 remove other `#[no_mangle]`",
        run: file::symbols,
    },
    Check {
        name: "parameters",
        about: "With values from anywhere in the declared ranges (as usual, the least, the most, \
                each end alone, by chance) the strategy begins or refuses, and begins with some \
                of them.",
        advice: "return `Refused` from `new` where values do not go together, and only there; \
                 widen or narrow the declared ranges to what the strategy can do",
        run: file::parameters,
    },
    Check {
        name: "pure",
        about: "An order follows from parameters, state and snapshot alone. The fixed stories are \
                played with a filter under which nothing but computing is left: any other system \
                call, also for a clock or a random number, ends the process. On x86 so does \
                reading the processor's clock.",
        advice: "take the time from the snapshot; use BTreeMap instead of HashMap, which draws a \
                 random number; do no I/O, print nothing, start no thread",
        run: resources::pure,
    },
    Check {
        name: "memory",
        about: "`step` and `save` get no memory: the heap is not larger after a story than after \
                its first step, and the process is not allowed to get more. What grows in a \
                step runs out after weeks.",
        advice: "allocate in `new` and `load` only; keep a fixed number of things",
        run: resources::memory,
    },
    Check {
        name: "answers",
        about: "The strategy answers every snapshot of the fixed stories: no crash, no panic, no \
                exit, no status but OK. A strategy that fails loses its live order.",
        advice: "reproduce it in a test of your own with the instant and the words that are \
                 shown; use checked or saturating arithmetic",
        run: resources::answers,
    },
    Check {
        name: "in-time",
        about: "Every step is answered, and costs at most 1 ms of processor time on this machine \
                (the least of three runs counts). The pump waits for 100 ms, on a board that is \
                some twenty times slower.",
        advice: "bound every loop; compute in `new` what does not change",
        run: resources::in_time,
    },
    Check {
        name: "well-formed",
        about: "Every order is one that the contract knows, answers the snapshot that was shown, \
                and no demand but the one that was shown.",
        advice: "fill in every field of the order; leave `seq` and `size` to the SDK",
        run: orders::well_formed,
    },
    Check {
        name: "envelope",
        about: "Every order keeps within what its own declared parameters allow: the basal rate, \
                the bolus's size and speed, and that it may give a bolus at all. The governor \
                would hold it there in any case.",
        advice: "give the parameter that the dose comes from its role, and propose no more than \
                 its value",
        run: orders::envelope,
    },
    Check {
        name: "leases",
        about: "Every order lives for 200 ms at least, so that the pump can ask anew before it \
                ends. A strategy without a live order is lost.",
        advice: "leave `valid_for` out: the pump shortens it to its own lease",
        run: orders::leases,
    },
    Check {
        name: "refusals",
        about: "A demand is refused only for what is so: the lockout while something of it is \
                left (its very end is allowed), a running bolus while one runs. And a bolus that \
                was refused is not asked for again and again: twice in ten seconds at \
                most, beside what its interval brings.",
        advice: "compare with `snapshot.lockout_left() > Duration::ZERO`; wait for a change or \
                 for the next time that is due",
        run: orders::refusals,
    },
    Check {
        name: "deterministic",
        about: "The same snapshots bring the same orders in a second process.",
        advice: "keep everything that decides in the strategy's own fields",
        run: steadiness::deterministic,
    },
    Check {
        name: "side-by-side",
        about: "Two instances in one process do not know of each other: their orders are those \
                that each gave alone.",
        advice: "remove globals that change (static mut, atomics, thread-locals)",
        run: steadiness::side_by_side,
    },
    Check {
        name: "extra-snapshots",
        about: "Snapshots come when something happens and at any other time too. With every \
                snapshot shown twice, the orders are the same.",
        advice: "count no snapshots; reckon with `snapshot.now()`",
        run: steadiness::extra_snapshots,
    },
    Check {
        name: "asks-once",
        about: "Each order that carries a bolus is a new request. Shown the same again before \
                the pump has reported on it, the strategy does not ask a second time.",
        advice: "remember in a field that the bolus was asked for (`snapshot.seq()`), until a \
                 report with that `seq` comes",
        run: steadiness::asks_once,
    },
    Check {
        name: "saved-state",
        about: "`save` and `load` carry all of the state: with the instance saved, made anew and \
                loaded after every single step, the orders are the same. That is how a strategy \
                goes on after its process was lost.",
        advice: "write every field that changes in `save`, and read it in the same order in \
                 `load`",
        run: restarts::saved_state,
    },
    Check {
        name: "foreign-state",
        about: "A state comes from a disk. Shortened, lengthened or with bits turned it is \
                refused or taken, never a crash; and what the strategy then orders keeps within \
                its envelope.",
        advice: "check in `load` what you read, and refuse what can't be",
        run: restarts::foreign_state,
    },
    Check {
        name: "any-order",
        about: "Shown 3000 snapshots that no story would bring, with times, reports and demands \
                by chance up to the ends of their ranges, the strategy still answers within its \
                envelope.",
        advice: "use checked or saturating arithmetic on everything that comes from a snapshot",
        run: strangeness::any_order,
    },
    Check {
        name: "clock-jumps",
        about: "The wall clock is set forward and back by days, and is now good and now not. The \
                strategy still answers within its envelope. (Doses by time of day may move with \
                it.)",
        advice: "use `snapshot.wall_clock()` for schedules by time of day only, and be ready for \
                 it to be absent or to go back",
        run: strangeness::clock_jumps,
    },
    Check {
        name: "stops",
        about: "An instance can be ended at any moment and gives back all its memory: sixty that \
                were made, used and ended leave nothing behind.",
        advice: "free in `destroy` all that `create` and `load` have taken",
        run: strangeness::stops,
    },
];

/// The check of this name.
pub fn named(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

/// Makes the checks of these names; all, where there is none.
pub fn check(subject: &Subject, only: &[&str]) -> Report {
    let bench = Bench::new(subject);
    let wanted = CHECKS
        .iter()
        .filter(|check| only.is_empty() || only.contains(&check.name));
    let mut report = Report::default();
    for check in wanted {
        let verdict = match (check.run)(&bench) {
            Ok(seen) => Verdict::Passed(seen),
            Err(verdict) => verdict,
        };
        report.outcomes.push(check.outcome(verdict));
    }
    report
}

impl Check {
    fn outcome(&self, verdict: Verdict) -> Outcome {
        let failed = matches!(verdict, Verdict::Failed(_));
        Outcome {
            check: self.name,
            verdict,
            advice: failed.then_some(self.advice),
        }
    }
}

/// The report on a file that could not even be opened.
pub fn unopened(error: &FolderError) -> Report {
    let owner = match error {
        FolderError::Probe(ProbeError { cause, .. }) => match cause {
            ProbeFault::Declaration(_) => "declaration",
            ProbeFault::Refused(_) => "abi",
            ProbeFault::Helper { .. } => "",
            _ => "opens",
        },
        FolderError::Image(ImageError::Elf { .. }) => "abi",
        FolderError::OtherName { .. } => "declaration",
        _ => "",
    };
    let outcomes = CHECKS.iter().map(|check| {
        check.outcome(if check.name == owner {
            Verdict::Failed(error.to_string())
        } else {
            Verdict::NotJudged("the plugin could not be opened".to_owned())
        })
    });
    Report {
        outcomes: outcomes.collect(),
    }
}
